/*
 * blame - who stalls, and why: the child with the largest stall since the last
 * look, and what tells a limit of the cgroup's own from contention.
 */
#ifndef BLAME_H
#define BLAME_H

#include <stdint.h>

#include "sample.h"

struct blame {
	struct child {
		uint64_t ino, total_us;
	} * child;
	size_t n;
	uint64_t throttled, throttled_us, high, max, oom;
};

struct blamed {
	char key[CG_KEY_MAX + 256]; /* "" for none */
	uint64_t stall_us;
	uint64_t throttled, throttled_us, high, max, oom; /* or NUM_NONE */
};

/* Looks, and tells what changed since the last look; out may be NULL. */
void blame_look(struct blame *b, const struct cg_set *set, const struct cg *cg,
		enum psi_res res, enum psi_kind kind, struct blamed *out);
void blame_free(struct blame *b);

#endif
