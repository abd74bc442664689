/* action - a row of --maintain: one action on one device. */
#ifndef ACTION_H
#define ACTION_H

#include <stdint.h>

#include "rows.h"

struct action {
	const char *dev, *what, *state;
	uint64_t age_us, before_bytes, after_bytes, written_bytes;
	const char *why;
	const char *cgroup; /* NULL: of the whole device */
	uint64_t cold_bytes;
};

void action_emit(struct rows_out *out, const struct action *a);

#endif
