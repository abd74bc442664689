/*
 * run - what the tool knows beside the cgroups, and what it does with one of
 * them: a period, a row of a recording, an order.
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "act.h"
#include "cg.h"
#include "limits.h"
#include "reason.h"
#include "record.h"
#include "target.h"

struct run {
	struct policy policy;
	struct cg_set set;
	struct host host;
	struct ancestors ancestors;
	struct act *act;
	struct recorder *recorder; /* --record, or NULL */
	char self[CG_KEY_MAX];	   /* own cgroup, "" if unknown */
	uint64_t start_us;
	uint64_t wait_us, waited_at_us; /* time left for writes */
	uint64_t own_us;		/* time in them, of all */
	unsigned int cpus;
	bool high; /* memory.reclaim is not there */
	bool probed, swappiness, swappiness_max; /* the kernel takes them */
	bool recorded; /* rows with memory_bytes, for -n: no kernel */
	uint64_t once_left_bytes;
	bool failed, short_of; /* statuses 3 and 1 */
	bool missing;	       /* a named cgroup is not there: said */
	/* Why anonymous memory is left alone and file cache with it: said. */
	uint64_t said_swap;
	bool said_late;	    /* that rows come too late */
	uint64_t logged_us; /* the last line of --log */
	bool said_harm;	    /* that a harm_pct is none */
};

/* What a row shows. */
struct result {
	const char *key;
	int64_t time_ms;
	uint64_t memory_bytes, want_bytes;
	struct yield y;
	const struct totals *sum; /* of the cgroup's rows, or NULL */
	int64_t saved_bytes, offloaded_bytes;
	bool accounted, paged_out;
	/* --park; --wake */
	bool parking, waking;
	uint64_t parked_bytes, left_bytes;
	uint64_t woken_bytes, missing_bytes, changed_processes;
	uint64_t stall_us, elapsed_us, floor_bytes, overshoot_bytes;
	double gain;
	int64_t harm_mpct;
	enum reason reason;
};

/* Warns of a harm_pct that is none, once; "" is no doubt. */
void say_harm(struct run *run, const char *where, const char *doubt);

/*
 * in: the row that asks for it.  With -b as many as the order takes; --park and
 * --wake instead, where the policy says so.
 */
void period(struct run *run, struct cg *cg, const struct row_input *in,
	    struct result *r);

/* The same of a recorded row, with its memory_bytes and time for a kernel. */
void period_recorded(struct run *run, struct cg *cg, const struct row_input *in,
		     struct result *r);

/* A row of --record, decided again. */
void replay(struct run *run, struct cg *cg, struct record *rec,
	    struct result *r);

#endif
