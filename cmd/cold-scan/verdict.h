/*
 * verdict - what makes the numbers doubtful: others that clear or set the
 * bits that tell of accesses.
 */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum suspicion {
	SUSPECT_LRU_GEN = 1,  /* page-idle: aging eats accesses, read(2) is
				 not seen */
	SUSPECT_DAMON = 2,    /* clears accessed bits */
	SUSPECT_NUMA = 4,     /* balancing unmaps and moves */
	SUSPECT_SCANNER = 8,  /* idle bits that we did not set */
	SUSPECT_FILE = 16,    /* lru-gen: file pages look too old */
	SUSPECT_STALE = 32,   /* lru-gen: no aging for longer than the age */
	SUSPECT_REGION = 64,  /* damon: an estimate by regions */
	SUSPECT_MEMCG = 128,  /* nothing tells which pages are this cgroup's */
	SUSPECT_SAMPLE = 256, /* no page of it was drawn */
	SUSPECT_SHARED = 512, /* lru-gen: touched where no aging looks */
	SUSPECT_MIGRATED =
		1024,	     /* page-idle: marks moved to frames with ages */
	SUSPECT_WALK = 2048, /* lru-gen: agings read no page tables */
};

enum { SUSPICIONS = 12, VERDICT_LEN = 112 };

/*
 * Why suspect:shared, as far as the operator can end it: page tables cannot be
 * read, page frames are hidden, or agings pass over page tables that look
 * unused.  Beside the suspicions.
 */
enum {
	WHY_UNSEEN = SUSPECT_SHARED,
	WHY_UNTOLD = 1 << SUSPICIONS,
	WHY_SKIPPED = WHY_UNTOLD << 1,
};

/* "ok", or "suspect:" and the words joined by ','. */
const char *verdict_text(unsigned int suspicions, char buf[VERDICT_LEN]);

/*
 * What runs on this machine now that disturbs a page-idle scan.  Any thread may
 * ask.
 */
unsigned int verdict_look(void);

/*
 * The command that ends the DAMON that is at work, of whatever owner; NULL:
 * none is.  damon_stat runs from boot on where a kernel (6.17) is configured
 * so.
 */
const char *verdict_damon_end(void);

/* Were more pages found idle unasked than the kernel can have moved? */
bool verdict_foreign_marks(uint64_t unexpected_pages, uint64_t moved_pages,
			   uint64_t tracked_pages);

/* Of those that we left unmarked, are more idle than can have moved there? */
bool verdict_marked_left(uint64_t folios, uint64_t moved_pages);

/*
 * Can so many have moved to frames whose pages had an age that the ages of more
 * than 1 % are others'?  Whose they are is not told: all can be of these.
 */
bool verdict_many_moved(uint64_t moved_pages, uint64_t tracked_pages);

/* Does the processor tell that it is virtual? */
bool verdict_in_vm(void);

#endif
