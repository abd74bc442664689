/* member - one cgroup followed over time: looks in, decisions kept. */
#ifndef MEMBER_H
#define MEMBER_H

#include "backend.h"
#include "balance.h"
#include "budget.h"
#include "cg.h"
#include "look.h"
#include "machine.h"
#include "sample.h"

/* Prices per GiB, in any currency. */
struct price {
	double dram, disk;
};

struct config {
	struct balance_cfg law;
	struct backend_cfg backend;
	struct budget_cfg budget;
	struct price price;
	uint64_t write_limit_bytes_per_s; /* of a cgroup; NUM_NONE: none */
};

/* The state of the world that all cgroups share. */
struct world {
	struct machine machine;
	struct budget budget;
	size_t sharers; /* cgroups among which the budget is shared */
	double gap_s;	/* between two looks at a cgroup without rows of late */
};

/*
 * Of a filter, when its rows come: the longest gap between two of late.  Its
 * looks at the world tell a cgroup whose rows are rare from a pause of the
 * pipe.
 */
struct row_times {
	uint64_t gap_us, gap_looks;
	uint64_t look; /* of the newest */
	bool shares;   /* it is one of those that share the budget */
};

struct member {
	bool looked, warned;
	struct look then, now;
	struct window window;
	struct balance law;
	uint64_t areas_id; /* of the machine, when costs were learned */
	struct backend_state backend;
	double stood_s; /* so long it has been that, over runs */
	/* Its pool, and each limit up the tree; neither: not known. */
	bool zswap_has_room, zswap_is_full;
	double ratio, incompressible_pct;      /* the newest known; NAN */
	double huge_pct;		       /* see look_huge_pct() */
	struct sample sample;		       /* --forecast --probe */
	double taken_bytes, turned_away_bytes; /* by zswap, of late */
	double swapin_pressure_pct; /* that swap-ins caused of late; NAN */
	uint64_t written_bytes;	    /* to disks, in the window; NUM_NONE */
	struct bucket writes;	    /* of its own limit */
	struct row_times rows;
};

/*
 * Looks, and steps the laws; limit is the row's own write limit, cold_anon its
 * evidence, if any.
 */
int member_look(const struct cg_set *set, struct cg *cg,
		const struct world *world, const struct config *cfg,
		uint64_t limit_bytes_per_s, bool cold_anon);

/* What it may write to swap devices a second; NUM_MAX without a budget. */
uint64_t member_pace(const struct member *m, const struct world *world,
		     uint64_t limit_bytes_per_s);

/* What its offloaded memory would cost as DRAM, less what it costs now. */
double member_saved_price(const struct member *m, const struct config *cfg,
			  const struct machine *machine);

#endif
