/*
 * law - how much to ask for in this period: numbers in, decision out.
 *
 * Pure functions over two structs: what was measured, and what the law
 * remembers of one cgroup.  Nothing here knows of files, clocks or the kernel.
 */
#ifndef LAW_H
#define LAW_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

enum law {
	LAW_DEFAULT,
	LAW_PAPER,
	LAW_SENPAI,
	LAW_OOMD,
	LAW_COUNT,
	LAW_ONCE /* -b: what was asked for, unless there is harm */
};

enum {
	LAW_PAGE_BYTES = 4096,
	/* mm/vmscan.c reclaims SWAP_CLUSTER_MAX pages or more at a time: a
	   trip for less is wasted, and is carried over. */
	LAW_LEAST_BYTES = 32 * LAW_PAGE_BYTES,
	LAW_GAIN_MAX = 20,
};

struct law_in {
	uint64_t window_us; /* measured; pressures are shares of it */
	double mem_pct, io_pct;
	double mem_avg_pct, io_avg_pct; /* larger of avg10, avg60: oomd */
	double mem_limit_pct, io_limit_pct;
	double ratio;
	uint64_t current_bytes;
	uint64_t base_bytes; /* current, or the file LRU when only that */
	uint64_t floor_bytes;
	uint64_t asked_bytes; /* -b */
	uint64_t cold_bytes;  /* known cold and not yet taken; NUM_NONE */
	/* Since the last period. */
	uint64_t got_bytes, scanned_bytes, refaulted_bytes;
	bool partial; /* the last write ended early */
	bool late;    /* by its deadline: that is no harm */
};

struct law_state {
	double gain;
	double mem_slow_pct, io_slow_pct; /* decaying averages */
	double taken_bytes, back_bytes;	  /* decaying sums */
	double carry_bytes;
	bool harmed;   /* the last period showed harm */
	bool evidence; /* the last step was bounded by it */
	/* senpai, oomd */
	uint64_t limit_bytes;
	double stalled_us, grace_s;
	unsigned int ticks;
};

struct law_out {
	uint64_t step_bytes; /* whole pages */
	enum reason reason;
};

/* "default" "paper" "senpai" "oomd": 0 or -EINVAL. */
int law_find(const char *name, enum law *out);

struct law_out law_step(enum law law, const struct law_in *in,
			struct law_state *st);

#endif
