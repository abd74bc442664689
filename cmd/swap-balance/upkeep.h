/*
 * upkeep - what is kept of zram devices between rounds of --maintain: when each
 * was last done, and the operator's limit on writeback while ours overrides it.
 */
#ifndef UPKEEP_H
#define UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "swap.h"
#include "zram.h"

struct upkeep {
	char dev[64];
	int64_t recompress_ms, writeback_ms; /* Unix time; 0: never */
	bool overridden;
	struct zram_limit operator; /* to be put back */
	uint64_t override_units;
};

struct upkeep_file {
	const char *path;
	struct upkeep v[SWAP_AREAS_MAX];
	int n;
};

/* 0, also for no file, or -errno. */
int upkeep_read(struct upkeep_file *f);
int upkeep_write(const struct upkeep_file *f);

/* That of a device; a new one has never been done. */
struct upkeep *upkeep_find(struct upkeep_file *f, const char *dev);

/*
 * Puts a limit of ours in the operator's place, which is on disk before: after
 * a kill the next round finds it.  0 or -errno.
 */
int upkeep_override_limit(struct upkeep_file *f, struct upkeep *u,
			  uint64_t units);
/*
 * Puts the operator's limit back, less what was used of it.  What is there and
 * cannot have become of ours is another process's: that stays.
 */
int upkeep_restore_limit(struct upkeep *u);

#endif
