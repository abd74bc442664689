/*
 * bounds - of what a step is, and how far it may go, whatever the law says:
 * whether swap may be used, the base, and the floor below which no step goes.
 * What holds a cgroup back for a whole period is in guards.c.  Pure functions.
 */
#ifndef BOUNDS_H
#define BOUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

/* Everything the kernel or the policy says of one cgroup; NUM_NONE: unknown. */
struct bounds_in {
	uint64_t current_bytes;
	uint64_t anon_lru_bytes, file_lru_bytes;
	uint64_t busy_file_bytes; /* dirty or under writeback */
	uint64_t swapped_bytes;	  /* in swap or zswap; decide() leaves of it
				   * what this run has taken */
	uint64_t min_bytes, low_bytes;
	uint64_t below_bytes; /* that the same protect of cgroups below it */
	uint64_t headroom_bytes;
	uint64_t row_floor_bytes;
	uint64_t adaptive_bytes;  /* 0: none */
	uint64_t demotable_bytes; /* anonymous, to a slower node */
	uint64_t slow_anon_bytes; /* on one already */
	/* Swap. */
	uint64_t swap_left_bytes;
	int64_t swap_used_mpct, swap_limit_mpct;
	uint64_t swap_write;	 /* bytes per second allowed; NUM_NONE: any */
	double write_left_bytes; /* of that, earned and not yet written */
	uint64_t write_bytes;	 /* the least that is written at once */
	uint64_t swappiness;	 /* what the row asks for */
	bool rotational, zswap_full, zram_full;
	bool zswap_shut;    /* by a limit of 0: pages pass it by */
	bool saves_nothing; /* its compressed copies take what they stand for */
};

/* Is anonymous memory out of bounds, and why; REASON_LAW: it is not. */
enum reason bounds_swap(const struct bounds_in *in);

/* The floor, and which of its parts is the highest. */
struct bounds_floor {
	uint64_t bytes;
	enum reason reason;
};
struct bounds_floor bounds_floor(const struct bounds_in *in, bool file_only);

/*
 * What the law's ratio applies to: what reclaim can take, and what it has put
 * into swap in this run, up to as much again.  Locked memory, huge pages of
 * hugetlbfs and the kernel's own are not in it.  With what is away in it the
 * step stays what it was while memory goes: the paper's bound is of the
 * workload's size.  With file_only the clean page cache.  What is protected
 * below it reclaim passes over: without it, a step sized by the whole would be
 * of the small rest alone.
 */
uint64_t bounds_base(const struct bounds_in *in, bool file_only);

/*
 * step, no further than down to the floor; *reason is set when that bounds, or
 * leaves nothing that a small step could be saved up for.  0 where less is left
 * of it than the kernel takes at once.
 */
uint64_t bounds_step(const struct bounds_in *in, const struct bounds_floor *f,
		     uint64_t base_bytes, uint64_t max_step_bytes,
		     uint64_t step_bytes, enum reason *reason);

/*
 * The floor that refaults raise: to what the cgroup holds now when it is
 * harmed, and sinking by half in ten minutes otherwise.
 */
uint64_t bounds_adapt(uint64_t adaptive_bytes, uint64_t current_bytes,
		      uint64_t window_us, bool harmed);

/* A growth that is no noise: more than 1/16 of it, and than 8 MiB. */
bool bounds_grew(uint64_t current_bytes, uint64_t before_bytes);

#endif
