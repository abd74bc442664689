/*
 * limits - what protects a cgroup, and what swap is left to it: by its own
 * files, and by those of the cgroups above, which bind it as well.
 */
#ifndef LIMITS_H
#define LIMITS_H

#include <stddef.h>
#include <stdint.h>

#include "target.h"

struct level {
	size_t len; /* of its key */
	uint64_t swap_bytes, swap_max_bytes;
	uint64_t zswap_bytes, zswap_max_bytes;
	uint64_t min_bytes, low_bytes, current_bytes;
};

/*
 * Read once a tick and shared by all below: the levels that lead to the last
 * target.  In tree order, as targets mostly come, each is read once; otherwise
 * some are read again.
 */
struct ancestors {
	char path[CG_KEY_MAX]; /* of the lowest level */
	struct level *level;   /* from the top, without the root */
	size_t n, room;
};

/*
 * The swap and protection part of the bounds: 0, or -errno where it cannot be
 * read what protects the cgroup.
 */
int limits_read(const struct cg_set *set, const struct cg *cg, struct target *t,
		const struct reading *now, const struct host *h,
		struct ancestors *above, struct bounds_in *g);
void ancestors_forget(struct ancestors *a); /* a tick is over */
void ancestors_free(struct ancestors *a);

#endif
