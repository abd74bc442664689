/* report - a row: what was seen and decided, and its columns. */
#ifndef REPORT_H
#define REPORT_H

#include "member.h"
#include "rows.h"

struct line {
	const char *key;
	int64_t time_ms;
	const struct member *m; /* NULL: it could not be looked at */
	enum reason reason;
	uint64_t pace_bytes_per_s;
	const struct world *world;
	const struct config *cfg;
};

enum {
	REPORT_KEY = 2,	     /* cgroup and time: not in a filter */
	REPORT_DEFAULT = 7,  /* shown without -o */
	REPORT_COLUMNS = 41, /* of the table */
};
extern const struct col report_columns[REPORT_COLUMNS];

#endif
