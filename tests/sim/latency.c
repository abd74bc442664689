#include <math.h>
#include <stdio.h>

#include "compare.h"
#include "loop.h"
#include "num.h"

enum { PERIODS = 1800 / PERIOD_S, LATE = 600 / PERIOD_S };

/*
 * The kernel may count a swap-in nowhere: no pressure for a folio that was not
 * in the working set, and no refault without its shadow.
 */
static const struct world_spec service = { .hot_bytes = 64 * MIB,
					   .cold_bytes = 96 * MIB,
					   .compression = 3,
					   .unseen = true };

/* Half an hour of it; of the waits the last ten minutes. */
struct outcome_of {
	double out_mib, waits_pct;
	unsigned int held; /* periods at the limit or beyond it */
	bool broke;	   /* a step was made in one of these */
};

/* One touch in 500 that waits: the percentile 99.8 is at its goal. */
enum { GOAL = 500 };

static int64_t harm_mpct(uint64_t waits, uint64_t touches)
{
	return touches ? (int64_t)(waits * GOAL * 100000 / touches) : -1;
}

static bool half_an_hour(uint64_t seed, bool told, struct outcome_of *out)
{
	struct loop l = { .swappiness = NUM_NONE, .lru_gen = true };
	struct subject b = { .cgs = 1 };
	uint64_t touches = 0, waits = 0, late_touches = 0, late_waits = 0;

	*out = (struct outcome_of){ 0 };
	if (world_open(&l.w, seed, &service, 1))
		return false;
	l.w.backend = WORLD_ZSWAP;
	l.w.swap_bytes = UINT64_C(1024) * MIB;
	l.w.swappiness = true;
	b.cg = l.w.cg;
	world_run(&l.w, 300);
	for (int i = 0; i < PERIODS; i++) {
		struct loop_step s;
		int64_t mpct;

		touches = b.cg->touches;
		waits = b.cg->waits;
		world_run(&l.w, PERIOD_S);
		mpct = harm_mpct(b.cg->waits - waits, b.cg->touches - touches);
		if (i >= PERIODS - LATE) {
			late_touches += b.cg->touches - touches;
			late_waits += b.cg->waits - waits;
		}
		l.harm_mpct = told ? mpct : -1;
		s = loop_period(&l, &b, "/n");
		if (!told || mpct < 100000)
			continue;
		out->held++;
		out->broke |= s.d.want_bytes || s.d.reason != REASON_HARM;
	}
	out->out_mib = (double)b.cg->out_anon_bytes / MIB;
	out->waits_pct = 100 * (double)late_waits / (double)late_touches;
	world_close(&l.w);
	return true;
}

bool compare_latency(uint64_t seed)
{
	struct outcome_of without, with;

	if (!half_an_hour(seed, false, &without) ||
	    !half_an_hour(seed, true, &with))
		return false;
	printf("#harm_pct\tcold_mib\tout_mib\twaits_pct\theld\n");
	printf("-\t%.0f\t%.0f\t%.2f\t-\n", (double)service.cold_bytes / MIB,
	       without.out_mib, without.waits_pct);
	printf("fed\t%.0f\t%.0f\t%.2f\t%u\n", (double)service.cold_bytes / MIB,
	       with.out_mib, with.waits_pct, with.held);
	return !with.broke && with.held && without.waits_pct > 300.0 / GOAL &&
	       with.waits_pct < 100.0 / GOAL &&
	       with.out_mib > 0.8 * (double)service.cold_bytes / MIB;
}
