/*
 * zswap - the compressed pool before the swap areas, as the whole machine has
 * it (Documentation/admin-guide/mm/zswap.rst).
 */
#ifndef ZSWAP_H
#define ZSWAP_H

#include <stdbool.h>
#include <stdint.h>

/* /sys/module/zswap/parameters/enabled is Y. */
bool zswap_enabled(void);

/*
 * Once full, the pool takes no page until it is below accept_threshold_percent
 * of its bound (mm/zswap.c).  From nine tenths on it is said to be full, and
 * from then on until it is below that threshold: what a process has not seen
 * it cannot know.  Unknown where /proc/meminfo does not tell (before 5.19).
 */
enum zswap_pool { ZSWAP_POOL_UNKNOWN, ZSWAP_POOL_ROOM, ZSWAP_POOL_FULL };
enum zswap_pool zswap_pool(void);

/*
 * The same of a cgroup's limit, memory.zswap.max; NUM_MAX is none, and NUM_NONE
 * one that may be reached.
 */
bool zswap_fills(uint64_t used_bytes, uint64_t max_bytes);

/* Of that of dir below dirfd: what cannot be read may be one that binds. */
bool zswap_is_limited(int dirfd, const char *dir);

#endif
