/*
 * age - from what the kernel tells of page frames to ages, and what ages tell.
 * Pure: no I/O, no clock.
 */
#ifndef AGE_H
#define AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pack.h"
#include "tally.h"

/* include/uapi/linux/kernel-page-flags.h; not in every libc's headers. */
enum {
	PF_LOCKED = 0,
	PF_REFERENCED = 2,
	PF_UPTODATE = 3,
	PF_DIRTY = 4,
	PF_LRU = 5,
	PF_SLAB = 7,
	PF_WRITEBACK = 8,
	PF_BUDDY = 10,
	PF_MMAP = 11,
	PF_ANON = 12,
	PF_SWAPCACHE = 13,
	PF_SWAPBACKED = 14,
	PF_COMPOUND_HEAD = 15,
	PF_COMPOUND_TAIL = 16,
	PF_HUGE = 17,
	PF_UNEVICTABLE = 18,
	PF_HWPOISON = 19,
	PF_NOPAGE = 20,
	PF_OFFLINE = 23,
	PF_ZERO_PAGE = 24,
	PF_IDLE = 25,
	PF_PGTABLE = 26,
};

static inline bool page_has(uint64_t flags, int bit)
{
	return flags >> bit & 1;
}

/* What was read of a run of page frames, and what is known of them. */
struct chunk {
	size_t pages;
	const uint64_t *idle;	/* bitmap, before anything was marked */
	const uint64_t *flags;	/* kpageflags */
	const uint64_t *before; /* the same, before the bitmap was read: a mark
				 * there is still of the page that we marked;
				 * NULL: not asked */
	const uint64_t *cgroup; /* kpagecgroup, or NULL */
	const uint8_t *age;	/* as they were, of the first to count on */
	const uint64_t *swap;	/* likewise: bit set: anon or shmem */
	struct pack *pack;	/* out: as they are, of those to count */
	uint64_t *mark;		/* out: bits to write to the bitmap */
	int node;
	size_t in_bitmap; /* so many pages the bitmap has */
	size_t from;	  /* the first to count, those before only lead there */
	size_t at;	  /* the chunk's own place in the section */
	bool first;	  /* no pass before: idle bits are somebody else's */
	bool lru_gen; /* is on: read(2) leaves the mark, and a bit of its own */
	uint64_t base_pfn; /* of the section */
	uint32_t pass;	   /* the section's, from 0 on */
	uint32_t leave;	   /* one touched folio of so many stays unmarked, as
			    * proof where another marks it; 0: none */
};

/*
 * The state of a folio; of a huge one the head's is that of all its pages.  It
 * is judged once a pass, as it is marked then: the next chunk may go on in it.
 */
struct folio {
	size_t head; /* its place in the section; FOLIO_NONE: none yet */
	enum cover cover;
	enum kind kind;
	uint8_t age, was;
	bool promoted, unproven, swap;
	bool unsure;	  /* marked, and referenced, maybe from before */
	bool left;	  /* touched, and not marked */
	bool marked_left; /* was left so, and is idle now */
};
#define FOLIO_NONE SIZE_MAX

/* splitmix64: numbers without a pattern. */
uint64_t age_scatter(uint64_t x);

/* last: the folio that the chunk before ended in, and then this one. */
void age_chunk(const struct chunk *c, struct folio *last,
	       struct tally_set *out);

/*
 * Counts pages whose ages are told; AGE_NONE counts as not cold.  With idle,
 * what was touched or came since they were told has none; it marks nothing.
 */
void age_known(const struct chunk *c, struct tally_set *out);

/* A lower bound of the time idle for each age; known: up to this one. */
struct age_scale {
	uint64_t us[AGES];
	int known;
};

/*
 * A scale for sources that tell ages in time: from 0.1 s up to a month in
 * steps of 7 %, the ages asked for among them.
 */
void age_grid(struct age_scale *scale, const uint64_t *ask_us, size_t n);

/* The greatest age whose time is no more than us. */
int age_below(const struct age_scale *scale, uint64_t us);

/* The least age whose pages were idle for at least us, or AGES: none yet. */
int age_from(const struct age_scale *scale, uint64_t us);

/* Pages at or above that age; NUM_NONE where age is AGES. */
uint64_t age_cold(const struct counts *pages, int age);

/*
 * Idle time that pct of the pages do not exceed; NUM_NONE without pages, and
 * where some of them are as old as can be told: for them there is no bound.
 */
uint64_t age_percentile(const struct counts *pages,
			const struct age_scale *scale, int known, double pct);

/*
 * The smallest age whose promotions a minute are under the bound, as a share
 * of the working set; AGES: none.  known: as of the pass before, when they were
 * that old.
 */
int age_recommend(const struct counts *promoted, uint64_t working_set_pages,
		  uint64_t window_us, double bound_pct, int known);

#endif
