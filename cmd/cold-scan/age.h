/*
 * age - from what the kernel tells of page frames to ages, pages by kind and
 * age, promotions.  Pure: no I/O, no clock.
 */
#ifndef AGE_H
#define AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Each page on the LRU is of one kind.  LAZYFREE, of MADV_FREE, is anonymous
 * memory that takes no swap. */
enum kind { ANON, FILES, DIRTY, SHMEM, UNEVICTABLE, LAZYFREE, KINDS };
const char *kind_name(enum kind kind);

/* The account of every page frame: what is known of it, or why nothing. */
enum cover {
	TRACKED,  /* marked in the pass before: idle or touched since */
	FRESH,	  /* on the LRU now, not at the pass before: age unknown */
	MIGRATED, /* idle, but not marked by us here: moved in with its flag */
	BUSY,	  /* locked or under writeback: the kernel could not look;
		     or it does not tell, of a last word that is short */
	OFF_LRU,  /* a user's page in a per-CPU batch, or isolated */
	KERNEL,
	SLAB,
	PGTABLE,
	HUGETLB,
	ZERO_PAGE,
	OFFLINE, /* ballooned, poisoned */
	FREE,
	HOLE,
	COVERS
};
const char *cover_name(enum cover cover);

/*
 * A page's age is the number of passes in a row that found it idle after it
 * was marked.  AGE_NONE: not marked by us; AGE_LEFT: touched, and left unmarked
 * for once.
 */
enum { AGES = 256, AGE_NONE = 255, AGE_LEFT = 254, AGE_MAX = 253 };

/* What one cgroup (by the inode that kpagecgroup tells) holds on one node. */
struct tally {
	uint64_t ino;
	int node;
	struct tally *next; /* in its hash bucket */
	struct tally *more; /* of the set */
	uint64_t pages[KINDS][AGES];
	uint64_t promoted[AGES]; /* touched again after so many passes */
	uint64_t unproven[AGES]; /* likewise, or freed and taken anew */
	uint64_t cover[COVERS];
	uint64_t marked_left; /* folios that we left unmarked, now idle */
	/* --sample: of each age and above, the sum of squared second
	 * differences along the units, what the last two had, and how many
	 * there were. */
	double square[2][AGES];
	int16_t last[2][2][AGES];
	uint64_t units;
	int known;	       /* ages above this cannot be told */
	uint64_t stale_us;     /* nobody looked for so long */
	bool named;	       /* the source has an entry for it */
	uint64_t own_pages;    /* lru-gen: anonymous, of the cgroup itself */
	uint64_t mapped_pages; /* files', that page tables lead to */
	uint64_t unsure_pages; /* files', whose age is no proven one */
	uint64_t unaged_pages; /* lru_gen: in lists that we have not aged */
	unsigned int agings;   /* of its list by us, in a row */
	uint64_t moved_us; /* page-idle: up to when others aged it; 0: never */
	uint64_t hidden_pages; /* of them and removed ones below: touched
				* where no aging looks, as far as is known */
	unsigned int unknown;  /* suspicions: why nothing of it is known */
};

struct tally_set {
	struct tally *bucket[1024];
	struct tally *all;
	struct tally *spare; /* zero, to be used again */
	struct tally *last;  /* found last: pages of a cgroup stand together */
};
struct tally *tally_of(struct tally_set *set, uint64_t ino, int node);
struct tally *tally_find(const struct tally_set *set, uint64_t ino, int node);
void tally_clear(struct tally *t);
void tally_add(struct tally *sum, const struct tally *t);
void tally_merge(struct tally_set *into, const struct tally_set *from);
void tally_free(struct tally_set *set);

/* Takes what is unproven for promoted, up to so many pages, the oldest first.
 */
void tally_believe(struct tally *t, uint64_t most_pages);

/* Of what is counted as file so many pages are MADV_FREE's, the oldest. */
void tally_lazyfree(struct tally *t, uint64_t pages);

/* Empties the set, whose tallies are zero again, and keeps their memory. */
void tally_reuse(struct tally_set *set);

/* What was read of a run of page frames, and what is known of them. */
struct chunk {
	size_t pages;
	const uint64_t *idle;	/* bitmap, before anything was marked */
	const uint64_t *flags;	/* kpageflags */
	const uint64_t *before; /* the same, before the bitmap was read: a mark
				 * there is still of the page that we marked;
				 * NULL: not asked */
	const uint64_t *cgroup; /* kpagecgroup, or NULL */
	uint8_t *age;		/* in and out */
	uint64_t *swap;		/* in and out: bit set: anon or shmem */
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
uint64_t age_cold(const uint64_t pages[AGES], int age);

/*
 * Idle time that pct of the pages do not exceed; NUM_NONE without pages, and
 * where some of them are as old as can be told: for them there is no bound.
 */
uint64_t age_percentile(const uint64_t pages[AGES],
			const struct age_scale *scale, int known, double pct);

/*
 * The smallest age whose promotions a minute are under the bound, as a share
 * of the working set; AGES: none.  Of the age known last there are none yet:
 * the pass that could have found them touched is the next.
 */
int age_recommend(const uint64_t promoted[AGES], uint64_t working_set_pages,
		  uint64_t window_us, double bound_pct, int known);

#endif
