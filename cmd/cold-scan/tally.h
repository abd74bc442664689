/*
 * tally - pages of a cgroup by kind, age and cause: of thousands of cgroups, so
 * no larger than what is known of each.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

/* Pages by age.  Those of an age from n on are none: most cgroups have few. */
struct counts {
	uint64_t *pages;
	int n;
};
uint64_t counts_of(const struct counts *c, int age);
void counts_widen(struct counts *c, int age);
static inline void counts_more(struct counts *c, int age, uint64_t pages)
{
	if (age >= c->n && pages)
		counts_widen(c, age);
	if (age < c->n)
		c->pages[age] += pages;
}
void counts_less(struct counts *c, int age, uint64_t pages);
void counts_clear(struct counts *c);
void counts_add(struct counts *sum, const struct counts *c);

/* What c has goes to sum. */
void counts_move(struct counts *c, struct counts *sum);

/*
 * --sample: of an age and above, anonymous and file: the sum of squared second
 * differences along the units, and what the last two had.
 */
struct spread {
	uint64_t square[2];
	int8_t last[2][2];
};

/* What one cgroup (by the inode that kpagecgroup tells) holds on one node. */
struct tally {
	uint64_t ino;
	int node;
	struct tally *next; /* in its hash bucket */
	struct counts pages[KINDS];
	struct counts promoted; /* touched again after so many passes */
	struct counts unproven; /* likewise, or freed and taken anew */
	uint64_t cover[COVERS];
	struct tally *more;    /* of the set */
	uint64_t marked_left;  /* folios that we left unmarked, now idle */
	struct spread *spread; /* --sample: of each age, n_spread of them */
	int n_spread;
	uint64_t units;		 /* that its spread is of */
	int known;		 /* ages above this cannot be told */
	uint64_t stale_us;	 /* nobody looked for so long */
	bool named;		 /* the source has an entry for it */
	uint64_t own_pages;	 /* lru-gen: anonymous, of the cgroup itself */
	uint64_t walked_entries; /* see walked.h; NUM_NONE: not told */
	uint64_t mapped_pages;	 /* files', that page tables lead to */
	uint64_t again_pages;	 /* shared memory's, see referenced.h */
	bool unsure_shmem;	 /* lru-gen: that is not known of it */
	uint64_t unsure_pages;	 /* files', whose age is no proven one */
	uint64_t unaged_pages;	 /* lru_gen: in lists that we have not aged */
	unsigned int agings;	 /* of its list by us, in a row */
	uint64_t moved_us; /* page-idle: up to when others aged it; 0: never */
	uint64_t hidden_pages;	 /* of them and removed ones below: touched
				  * where no aging looks, as far as is known */
	unsigned int unknown;	 /* suspicions: why nothing of it is known */
	unsigned int why_shared; /* why it is hidden, where that can be ended */
};

struct tally_set {
	struct tally *bucket[8192];
	struct tally *all;
	struct tally *spare; /* zero, to be used again */
	struct tally *last;  /* found last: pages of a cgroup stand together */
};
struct tally *tally_of(struct tally_set *set, uint64_t ino, int node);

/* They are to be counted soon: of thousands of cgroups few are in the cache. */
void tally_fetch(const struct tally_set *set, uint64_t ino, int node);
static inline void counts_fetch(const struct counts *c, int age)
{
	if (age < c->n)
		__builtin_prefetch(c->pages + age, 1);
}
struct tally *tally_find(const struct tally_set *set, uint64_t ino, int node);
void tally_clear(struct tally *t);
void tally_drop(struct tally *t);	  /* what one that is in no set has */
void tally_widen(struct tally *t, int n); /* its spread, to n ages */
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

#endif
