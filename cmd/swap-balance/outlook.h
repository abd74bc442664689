/*
 * outlook - the forecast of one cgroup's cold memory for one destination: what
 * of it can move there, by the same account as --account's, how it compresses,
 * how much of it comes back, and what is saved now.
 */
#ifndef OUTLOOK_H
#define OUTLOOK_H

#include "compression.h"
#include "forecast.h"
#include "gather.h"

struct subject {
	const struct member *m;
	const struct machine *machine;
	const struct told *told;
	const struct told *younger; /* the same row of a younger age, or NULL */
	struct gathered g;
};

struct outlook {
	bool in_use;		/* its next page goes there */
	uint64_t blocked_bytes; /* cold, and cannot go there */
	const char *blocked_by; /* by what most of it cannot */
	enum compression_source source;
	uint64_t saved_now_bytes; /* net; of what is in use */
	struct forecast f;
};

void outlook_find(const struct subject *s, enum destination to,
		  struct outlook *out);

#endif
