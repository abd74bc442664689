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

enum { LAW_GAIN_MAX = 20 };
#define LAW_CAP 0.01 /* of the base, in a period */

/* Stall as shares of a window that was measured. */
struct pressure {
	bool known;
	uint64_t window_us;
	double mem_pct, io_pct;
	double mem_avg_pct, io_avg_pct; /* larger of avg10, avg60: oomd */
};

/* What became of the last period's writes. */
struct past {
	uint64_t got_bytes, scanned_bytes;
	bool partial; /* the last one ended early */
	bool late;    /* by its deadline: that is no harm */
};

struct law_in {
	struct pressure psi;
	struct past last;
	/* By own clock since the last step: less than a window earns less. */
	uint64_t elapsed_us;  /* 0 or NUM_NONE: a window */
	uint64_t least_bytes; /* that a write takes */
	double mem_limit_pct, io_limit_pct;
	double harm_pct; /* that its own program tells; 100 is its limit */
	bool harm_known;
	double ratio;
	uint64_t current_bytes;
	uint64_t base_bytes; /* of bounds_base() */
	/* Of the base, what no evidence tells of: all, the file LRU or 0. */
	uint64_t blind_bytes;
	bool files_alone; /* that is the file LRU */
	uint64_t floor_bytes;
	uint64_t asked_bytes;	  /* -b */
	uint64_t cold_bytes;	  /* known cold and not yet taken; NUM_NONE */
	uint64_t refaulted_bytes; /* since the last period */
	/* Anonymous memory taken and come back; half counts after 5 minutes. */
	double anon_taken_bytes, anon_back_bytes;
	bool held; /* nothing will be done: nothing is earned by that */
};

struct law_state {
	/* Blind steps and those by evidence earn theirs apart; 0: none yet. */
	double gain, cold_gain;
	double mem_slow_pct, io_slow_pct; /* decaying averages */
	double taken_bytes, back_bytes;	  /* decaying sums */
	double carry_bytes;
	/* senpai, oomd */
	uint64_t limit_bytes;
	double stalled_us, grace_s;
	unsigned int ticks;
};

struct law_out {
	uint64_t step_bytes; /* whole pages */
	enum reason reason;
	uint64_t lent_bytes; /* of it, what the law has not earned yet */
	bool cold;	     /* the step is of what evidence names */
	bool burst;	     /* more came back than a period may take blindly */
};

/* "default" "paper" "senpai" "oomd": 0 or -EINVAL. */
int law_find(const char *name, enum law *out);

/* The same, and "once"; that is no law to be chosen. */
const char *law_name(enum law law);
int law_of_name(const char *name, enum law *out);

struct law_out law_step(enum law law, const struct law_in *in,
			struct law_state *st);

#endif
