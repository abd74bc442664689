/*
 * zram - one zram device, by its name: what is in it, what it can do, and the
 * limit on its writeback.  Documentation/admin-guide/blockdev/zram.rst.
 */
#ifndef ZRAM_H
#define ZRAM_H

#include <stdbool.h>
#include <stdint.h>

enum { ZRAM_LIMIT_UNIT = 4096 }; /* of writeback_limit, whatever the page */

/* writeback_limit, which the kernel counts down where it is on. */
struct zram_limit {
	uint64_t units;
	bool on;
};

/* Memory that it uses, and bytes written back ever; NUM_NONE: unknown. */
uint64_t zram_used_bytes(const char *dev);
uint64_t zram_written_bytes(const char *dev);

/* Names what is missing for an action; NULL: nothing is. */
const char *zram_lacks_recompress(const char *dev);
const char *zram_lacks_writeback(const char *dev);

/* 0 or -errno; those of an age are -EINVAL where the kernel keeps none. */
int zram_recompress(const char *dev, uint64_t age_us);
int zram_mark_idle(const char *dev, uint64_t age_us);
int zram_write_back_idle(const char *dev);
/* What the words of "writeback" choose; -EIO: the limit was met. */
int zram_write_back(const char *dev, const char *words);
int zram_read_limit(const char *dev, struct zram_limit *out);
int zram_write_limit(const char *dev, uint64_t units);
int zram_switch_limit(const char *dev, bool on);

#endif
