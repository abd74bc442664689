/*
 * walked - how much of a cgroup's page tables an aging of ours has looked at.
 *
 * An aging passes over a process whose mmap_lock is held for writing
 * (mm/vmscan.c, walk_mm), and over all where lru_gen/enabled has not the bit of
 * the walk: what these touch stays as old as it came.  lru_gen_full counts the
 * entries that the walks looked at (MM_LEAF_TOTAL, empty ones among them, a
 * huge page's is one): in a sum, "T" or before 6.4 "L", or with
 * CONFIG_LRU_GEN_STATS by generation, "t" or "l".
 */
#ifndef WALKED_H
#define WALKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lrugen.h"

struct walked_vec {
	unsigned long id;
	int node;
	uint64_t sum;	  /* before the aging; NUM_NONE: not told */
	uint64_t seq;	  /* the newest generation before it */
	uint64_t entries; /* that it looked at; NUM_NONE: not told */
	bool ours;
};

struct walked {
	struct walked_vec *v;
	size_t n, at; /* found last: in the file they have one order */
	bool after;
};

/* Forgets the last aging, and takes the sums before the next. */
void walked_before(struct walked *w);

/* The lruvec was aged by us. */
void walked_aged(struct walked *w, const struct lrugen_vec *v);

/* Looks at the sums again. */
void walked_after(struct walked *w);

/* By the aging that is through; NUM_NONE: not ours, or not told. */
uint64_t walked_entries(struct walked *w, unsigned long id, int node);

/* One lruvec, before or after: what the two above do for each.  Pure. */
void walked_take(struct walked *w, const struct lrugen_vec *v);

/*
 * So many of a cgroup's own pages may be touched by processes that were passed
 * over, whose tables have so many entries.
 */
uint64_t walked_missed(uint64_t own_pages, uint64_t entries, uint64_t looked);

void walked_close(struct walked *w);

#endif
