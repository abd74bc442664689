/*
 * slots - which slots of a zram device have lain untouched for long enough, by
 * its block_state in debugfs, and the words that ask for their writeback.
 * Documentation/admin-guide/blockdev/zram.rst.
 */
#ifndef SLOTS_H
#define SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A huge one did not compress: it frees as much as it writes.  An undated one
 * has a time before there can be swap.
 */
enum slot { SLOT_OTHER, SLOT_COLD, SLOT_COLD_HUGE, SLOT_UNDATED };

struct slots {
	unsigned char *slot; /* enum slot, by index */
	size_t n;
	uint64_t huge; /* of these, SLOT_COLD_HUGE */
	uint64_t lines, undated;
};

/* Pure: a line of block_state at that time since boot. */
enum slot slots_judge(const char *line, uint64_t now_us, uint64_t age_us,
		      uint64_t *index);

/*
 * Pure: sorts the indexes, drops doubles, and keeps the first that are within
 * the most.  How many those are.
 */
size_t slots_choose(uint64_t *index, size_t n, uint64_t most);

/*
 * Pure: "page_indexes=LOW-HIGH ..." of as many of the sorted indexes as fit;
 * single: one index, as kernels before 6.16 take it.  How many those are.
 */
size_t slots_words(const uint64_t *index, size_t n, bool single, char *buf,
		   size_t size);

/*
 * Those of a device that were not touched within the age, and are not written
 * back yet.  0 or -errno: -ENOENT without block_state, -ENODATA where most are
 * undated: the kernel's times are wrong.
 */
int slots_read(struct slots *s, const char *dev, uint64_t age_us);
void slots_free(struct slots *s);

/* Can it be read?  NULL, or what it lacks. */
const char *slots_lack(const char *dev);

#endif
