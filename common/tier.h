/*
 * tier - slower memory nodes that reclaim demotes to
 * (Documentation/ABI/testing/sysfs-kernel-mm-numa): where that is on, pages of
 * the faster nodes are moved and not swapped out.
 */
#ifndef TIER_H
#define TIER_H

#include <stdint.h>

struct tier {
	uint64_t slow_nodes; /* a bit each, of the first 64; 0: no demotion */
	uint64_t left_bytes; /* what they still take */
};

void tier_read(struct tier *t);

/* Bytes on the anonymous LRU that are not on a slow node: memory.numa_stat. */
uint64_t tier_fast_anon_bytes(const struct tier *t, const char *numa_stat);

/* "0-1,3" as bits. */
uint64_t tier_nodes(const char *list);

#endif
