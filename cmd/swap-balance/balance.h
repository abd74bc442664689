/*
 * balance - the law: counters of a window in, swappiness out.  No I/O.
 *
 * TMO's rule: take anonymous memory in proportion to the file cache's
 * refaults, step back when swap-ins follow.  As a number:
 *
 *	r = (rest_us * n0 + file_us * file refaults/s) /
 *	    (swapin_us * n0 + zswap_us * zswap-ins/s + device_us * swap-ins/s)
 *	swappiness = 200 * r / (1 + r)
 *
 * which with traffic is at rest where both kinds of refault cost the workload
 * the same.  n0 is the traffic that does not matter: 0.2 % of the cgroup's
 * memory a minute.  Where all costs that count are measured, rest_us is
 * file_us.  Else all are stated ones, n0 is subtracted from the rates, and
 * rest_us is such that r without traffic is the one of vm.swappiness
 * (Documentation/admin-guide/sysctl/vm.rst, "x + 2x = 200").
 */
#ifndef BALANCE_H
#define BALANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

/* Where a cost comes from: the best that there is evidence for. */
enum source { SOURCE_DEFAULT, SOURCE_DEVICE, SOURCE_PRESSURE };
const char *source_word(enum source source);

/* What one page costs the workload that waits for it, in microseconds. */
struct cost {
	double us;
	enum source source;
	double first_us; /* of one window, where nothing was known: no cost */
};

enum kind { KIND_FILE, KIND_ZSWAP, KIND_DEVICE, KIND_COUNT };

/* What happened in a window.  Page counts are those that mattered. */
struct window {
	double s;
	double pages[KIND_COUNT]; /* refaults of the workingset; swap-ins */
	double out_pages;	  /* anonymous pages taken */
	double back_pages;	  /* of such, back within the working set */
	double mem_stall_us, io_stall_us;
	double stated_us[KIND_COUNT]; /* costs, as the page states them */
	double kernel_ratio;	      /* r as vm.swappiness has it */
	double mem_some_pct;	      /* NAN unknown */
	double memory_pages;
	int64_t swap_used_mpct; /* -1 unknown */
	bool no_swap;		/* there is none, or all of it is shut */
	bool zram_full;		/* and the next page goes there */
	bool failed, limited;	/* memory.swap.events fail, max */
	bool budget_empty;	/* and a swap-out would write to a device */
	bool rotational;	/* all that swap there is */
	enum reason stand;	/* why there is no backend; 0: there is one */
	bool counters_missing;	/* no workingset counters */
	bool lru_gen;
	bool cold_anon; /* it is known which are cold: those are taken */
	enum kind next; /* where the next page taken would come back from */
};

struct balance_cfg {
	double smooth_s;	   /* time constant of the rates */
	double pressure_limit_pct; /* above it swap-ins are harm */
	int64_t swap_limit_mpct;   /* swap used: no more from here on */
};

/* A cgroup's memory of the law; zeroed is new. */
struct balance {
	bool known;
	double rate[KIND_COUNT]; /* pages a second, smoothed */
	double out_rate, back_rate;
	enum kind alone;   /* the one kind of traffic of late, */
	int alone_windows; /* in so many windows; 0: none */
	struct cost cost[KIND_COUNT];
	double us[KIND_COUNT]; /* what the law went by: all measured, or none */
	double r, published_r;
	int swappiness; /* published; -1 unknown */
	double since_change_s;
	double guard_s;	     /* what a failed swap-out has left to run */
	enum reason guard;   /* and what it was */
	enum reason stopped; /* the last guard, of a swappiness that is 0 */
	bool full;	     /* the swap-full guard is on */
	enum reason reason;
};

/* One step of the law; sets b->swappiness and b->reason. */
void balance_step(struct balance *b, const struct balance_cfg *cfg,
		  const struct window *w);

/*
 * Learns a kind's cost from a window in which hardly anything else happened;
 * from a device's latency (0: unknown) while no pressure has told it.  IO
 * pressure may be a neighbour's, or a write's: of it counts what the pages'
 * reads can have been, and none for zswap, which reads nothing.
 */
void cost_learn(struct cost cost[KIND_COUNT], const struct window *w,
		const double device_us[KIND_COUNT]);

#endif
