/*
 * decide - one period's decision: what was observed of a cgroup, and what is
 * remembered of it, in; how much to take of what, and why, out.
 *
 * Pure: no file, no clock, no allocation.  The same observation and memory give
 * the same decision.
 */
#ifndef DECIDE_H
#define DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "act.h"
#include "bounds.h"
#include "harm.h"
#include "law.h"
#include "options.h"
#include "reclaimer.h"
#include "share.h"

/* The cells of a row that we act upon; NUM_NONE: not there, or "-". */
struct row_input {
	bool piped;   /* it came when it came: see reason stale */
	bool has_psi; /* the row has a column mem_some_pct */
	bool has_io;
	int64_t mem_mpct, io_mpct; /* < 0: unknown */
	uint64_t window_us;
	uint64_t swappiness, swap_left_bytes, swap_write;
	bool tier;    /* the backend to be used */
	bool cold_ok; /* evidence that may be used; of file: NUM_NONE if not */
	uint64_t cold_anon_bytes, cold_file_bytes, age_us;
	uint64_t anon_bytes, file_bytes, memory_bytes;
	int64_t mem_limit_mpct, io_limit_mpct; /* < 0: not given */
	uint64_t floor_bytes, max_step_bytes;
	int64_t time_ms; /* < 0: not given */
	struct harm harm;
	/* Of a recorded run. */
	uint64_t got_bytes, refaulted_bytes;
};

/* A row input that says nothing. */
void row_input_clear(struct row_input *in);

/* All that a period is decided from.  Times are of one clock; 0 is never. */
struct observation {
	uint64_t now_us;
	uint64_t elapsed_us; /* since the last period; NUM_NONE: the first */
	uint64_t start_us;   /* of the run */
	uint64_t first_us;   /* when the cgroup was first seen */
	bool off;	     /* the kill switch is there */
	bool self;	     /* we are in it */
	bool frozen, empty;
	bool slept; /* the machine, since the last period */
	struct pressure psi;
	struct row_input row;
	/* Its memory, protection and swap, without what the policy says. */
	struct bounds_in g;
	uint64_t anon_bytes, anon_thp_bytes;
	uint64_t huge_page_bytes; /* 0: none */
	bool lru_gen;		  /* is on */
	bool zswap, next_device;  /* what takes the next page: a drive */
	bool cannot_tell_kinds;	  /* no swappiness= */
	bool cannot_tell_max;	  /* no swappiness=max */
	uint64_t refaulted_bytes; /* since the last period */
	uint64_t left_bytes;	  /* -b: still to be taken */
	/* What reclaim by others did: other processes, and ours above and
	 * below.
	 */
	bool others_known; /* the next two are known */
	uint64_t others_steal_bytes, high_bytes;
	uint64_t above_acted_us, below_acted_us, below_seen_us;
	int64_t below_harm_mpct; /* the most of those below; < 0: unknown */
};

/* Evidence of coldness, and what was taken since it was found. */
struct evidence {
	bool known;
	uint64_t seen_us; /* in a row */
	uint64_t anon_bytes, file_bytes;
	uint64_t of_anon_bytes, of_file_bytes;
	uint64_t taken_anon_bytes, taken_file_bytes;
};

/* Of what saved nothing so much is taken to see whether it still does. */
enum { DECIDE_PROBE_BYTES = 1 << 20 };

/* What was wrong is left alone for a time, for twice as long the next time. */
struct pause {
	uint64_t until_us, long_us; /* 0: it never was */
};

/* All that is remembered of a cgroup. */
struct memory {
	bool known;		/* there was a period */
	uint64_t current_bytes; /* at its end */
	uint64_t most_bytes;	/* that it was seen to hold: more cannot be */
	uint64_t peak_bytes;	/* decaying: to tell growth from churn */
	uint64_t grown_us;
	uint64_t file_back_us; /* when file cache last refaulted in numbers */
	unsigned int nested_periods; /* periods left to those below */
	struct past last;
	struct law_state law;
	struct share share;
	struct reclaimer other;
	struct evidence cold;
	uint64_t adaptive_bytes; /* the floor that refaults raised */
	/* Taken beyond what was wanted; < 0: wanted and not yet seen taken. */
	int64_t overshoot_bytes;
	/* What the budget of writes to the drive has left for it. */
	double write_left_bytes;
	/* Stored compressed, not yet judged or judged to save, and its cost. */
	double stored_bytes, cost_bytes;
	/* Copies saved nothing: not again until then, and for twice as long. */
	struct pause worthless;
	/* Anonymous memory, taken and back; half counts after 5 minutes. */
	double anon_taken_bytes, anon_back_bytes;
	/* Taken and not come back; and when much of it did so at once. */
	double away_bytes;
	struct pause came_back;
};

/* What was taken too much and is not yet paid for. */
uint64_t memory_overshoot(const struct memory *m);

struct decision {
	enum reason reason;
	enum reason swap; /* why file cache alone; REASON_LAW: it is not */
	uint64_t want_bytes;
	struct act_part part[2];
	size_t parts;
	uint64_t trip_bytes;  /* what a write takes at least */
	uint64_t floor_bytes; /* in force */
	double gain;
	int64_t harm_mpct; /* that it was decided by; < 0: unknown */
};

/*
 * In this order, and each leaves its reason in the row:
 * - the guards (guards.c, a table): the first that holds, and nothing is taken;
 * - the law (law.c): what brakes it most, mem_pressure, io_pressure, harm or
 *   refault, in brake(); else law, cold, cap or small;
 * - a bound that makes the step smaller, in place of the law's (bound() in
 *   decide.c, bounds.c): the floor by its highest part, --max-step, what was
 *   taken too much, the budget of writes, and why it is of file cache alone;
 * - the writes (kinds.c).
 * Before all this a row may be stale (period.c) or its cgroup unreadable
 * (observe.c), and afterwards how a write ended takes the place (take.c).
 * --park, --wake and --ranges decide nothing here: they have reasons of their
 * own (park.c, wake.c, ranges.c).
 */
struct decision decide(const struct policy *p, const struct observation *o,
		       struct memory *m);

/* What reclaim brought, and what came back of it. */
struct yield {
	uint64_t got_bytes, got_anon_bytes, got_file_bytes;
	uint64_t scanned_bytes, demoted_bytes, device_bytes;
	uint64_t refaulted_bytes, refaulted_anon_bytes, refaulted_file_bytes;
};

/* What a period brought; all since the last one. */
struct outcome {
	uint64_t window_us, now_us;
	uint64_t wanted_bytes; /* 0: nothing was written */
	bool alone;	       /* and nothing of it can be another's */
	uint64_t current_bytes;
	struct yield y;
	uint64_t written_bytes; /* to the drive */
	uint64_t stored_bytes, cost_bytes;
	unsigned int cpus;
	bool partial, late; /* the write ended early; by its deadline */
};
void memory_learn(struct memory *m, const struct outcome *l);

/* Was that then less than time_us ago; 0 is never. */
bool decide_within(uint64_t now_us, uint64_t then_us, uint64_t time_us);

#endif
