/*
 * bind - which setting, of a cgroup or of one above it, keeps memory in: the
 * one that leaves least of swap and of zswap, shuts zswap's writeback, or
 * protects most.
 */
#ifndef BIND_H
#define BIND_H

#include <stdint.h>

#include "cg.h"

struct bind {
	uint64_t bytes;	  /* what it leaves, or protects */
	uint64_t setting; /* what the file says */
	const char *file; /* NULL: there is none */
	char key[CG_KEY_MAX];
};

struct binds {
	struct bind swap;      /* NUM_MAX: any amount */
	struct bind zswap;     /* of compressed bytes */
	struct bind writeback; /* setting 0: it is shut */
	struct bind protects;  /* 0: nothing */
};

/*
 * Protection of a cgroup above is shared by size, as memory_recursiveprot does;
 * that of the cgroups right below is added up.
 */
void bind_read(const struct cg_set *set, const struct cg *cg,
	       uint64_t current_bytes, struct binds *out);

/*
 * What hugetlbfs has of it, by the files of the hugetlb controller; 0 where the
 * mount does not account that in memory.current, NUM_NONE unknown.
 */
uint64_t bind_hugetlb_bytes(const struct cg_set *set, const struct cg *cg);

#endif
