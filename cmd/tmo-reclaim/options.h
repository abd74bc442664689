/*
 * options - the policy: what an operator says, and what holds where nothing is
 * said.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "law.h"
#include "tool.h"

struct policy {
	enum law law;
	double mem_limit_pct, io_limit_pct, ratio;
	uint64_t headroom_bytes; /* NUM_NONE: by its size */
	uint64_t floor_bytes, max_step_bytes;
	uint64_t chunk_bytes, deadline_us, alarm_us;
	uint64_t grace_us, interval_us;
	int64_t swap_limit_mpct;
	bool rotational; /* swap to one is allowed */
	bool high;	 /* memory.high even where memory.reclaim is */
	int node;	 /* --node; -1: none */
	bool dry_run;
	const char *kill_switch, *targets;
	const char *record; /* the file, or NULL */
	bool wait;	    /* --wait: for a named cgroup that is missing */
	bool report, ranges;
	uint64_t log_us; /* --log; 0: none */
	bool park, wake;
	const char *park_dir; /* NULL: the default */
	uint64_t within_us;   /* for each cgroup of these two */
	uint64_t once_bytes;  /* -b: 0 is the law's step */
	double once_pct;
	unsigned int given; /* which options were */
};

extern const struct policy policy_default;

/* The tool's own options, for -h, and the one that takes them: see tool.h. */
extern const struct opt options[];
extern const size_t options_n;
void options_take(struct policy *p, int key, const char *arg);

/* Was an option given that sets the member of struct policy at that offset? */
bool options_given(const struct policy *p, size_t member);

#endif
