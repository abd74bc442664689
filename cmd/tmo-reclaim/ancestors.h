/*
 * ancestors - the limits of the cgroups above a target, which bound it as well:
 * read once a tick and shared by all below.
 */
#ifndef ANCESTORS_H
#define ANCESTORS_H

#include <stddef.h>
#include <stdint.h>

#include "cg.h"

struct level {
	size_t len; /* of its key */
	uint64_t swap_bytes, swap_max_bytes;
	uint64_t zswap_bytes, zswap_max_bytes;
	uint64_t min_bytes, low_bytes, current_bytes;
};

/*
 * The levels that lead to the last target.  In tree order, as targets mostly
 * come, each is read once; otherwise some are read again.
 */
struct ancestors {
	char path[CG_KEY_MAX]; /* of the lowest level */
	struct level *level;   /* from the top, without the root */
	size_t n, room;
};

/* What is above key; its number of levels. */
size_t ancestors_read(struct ancestors *a, const struct cg_set *set,
		      const char *key);
void ancestors_forget(struct ancestors *a); /* a tick is over */
void ancestors_free(struct ancestors *a);

#endif
