#include "published.h"

#include <math.h>

#include "mem.h"
#include "num.h"

/*
 * The paper, 3.3: current * ratio * max(0, 1 - psi / threshold), at most 1 %
 * of the workload.  IO pressure is watched with its own limit, as it says that
 * memory pressure alone is not enough, without giving the formula.
 */
struct law_out law_paper(const struct law_in *in, struct law_state *st)
{
	double mem = in->mem_limit_pct > 0 ? in->psi.mem_pct / in->mem_limit_pct
					   : in->psi.mem_pct > 0;
	double io = in->io_limit_pct > 0 ? in->psi.io_pct / in->io_limit_pct
					 : in->psi.io_pct > 0;
	double go = fmax(0, 1 - fmax(mem, io)), want, cap;

	if (go <= 0)
		return (struct law_out){ .reason =
						 mem >= io
							 ? REASON_MEM_PRESSURE
							 : REASON_IO_PRESSURE };
	cap = LAW_CAP * (double)in->base_bytes * law_earned(in);
	want = (double)in->base_bytes * in->ratio * go * law_earned(in);
	if (want + st->carry_bytes <= cap)
		return law_finish(st, want + st->carry_bytes, in->least_bytes,
				  REASON_LAW);
	want = fmin(want, cap) + st->carry_bytes;
	return law_finish(st, fmin(want, fmax(cap, (double)in->least_bytes)),
			  in->least_bytes, REASON_CAP);
}

/*
 * senpai.py at c51e8e2.  It holds memory.high at a limit; here what stands
 * above that limit is the step.  Its tick is 1 s and ours the window, so its
 * grace is counted in seconds.
 */
struct law_out law_senpai(const struct law_in *in, struct law_state *st)
{
	static const double pressure_us = 10000, interval_s = 6;
	static const double max_bytes = 100.0 * (1 << 30);
	double window_s = (double)in->psi.window_us / 1e6, f;
	double limit = (double)st->limit_bytes;

	/* What stands still while a guard holds is no probe that succeeded. */
	if (!st->limit_bytes || in->held) {
		st->limit_bytes = in->current_bytes;
		st->stalled_us = 0;
		st->grace_s = interval_s;
		return (struct law_out){ .reason = REASON_INTERVAL };
	}
	st->stalled_us += in->psi.mem_pct / 100 * (double)in->psi.window_us;
	st->grace_s -= window_s;
	if (st->stalled_us > pressure_us) {
		f = pow(st->stalled_us / pressure_us / 20, 2);
		limit *= 1 + fmin(f, 1.0);
	} else if (st->grace_s > 0) {
		return (struct law_out){ .reason = REASON_INTERVAL };
	} else {
		f = pow(pressure_us / fmax(st->stalled_us, 1) / 10, 2) * 0.01;
		limit *= 1 - fmin(f, 0.01);
	}
	limit = fmin(limit, fmax(max_bytes, (double)in->current_bytes));
	st->limit_bytes =
		num_most(mem_whole_pages((uint64_t)limit), in->floor_bytes);
	f = st->stalled_us;
	st->stalled_us = 0;
	st->grace_s = interval_s;
	if (st->limit_bytes >= in->current_bytes)
		return (struct law_out){ .reason = f > pressure_us
							   ? REASON_MEM_PRESSURE
							   : REASON_LAW };
	st->carry_bytes = 0;
	return (struct law_out){
		.step_bytes = law_whole_pages(
			st, (double)(in->current_bytes - st->limit_bytes),
			mem_page_bytes()),
		.reason = REASON_LAW,
	};
}

/*
 * oomd's Senpai with immediate_backoff, which Meta's configuration deploys:
 * one period in seven, 1 % of what stands above the floor, when both averages
 * of both pressures are below their limits.
 */
struct law_out law_oomd(const struct law_in *in, struct law_state *st)
{
	static const unsigned int interval = 6;
	uint64_t above = num_less(in->current_bytes, in->floor_bytes);

	if (st->ticks || in->held) {
		st->ticks -= st->ticks > 0;
		return (struct law_out){ .reason = REASON_INTERVAL };
	}
	if (in->psi.mem_avg_pct >= in->mem_limit_pct)
		return (struct law_out){ .reason = REASON_MEM_PRESSURE };
	if (in->psi.io_avg_pct >= in->io_limit_pct)
		return (struct law_out){ .reason = REASON_IO_PRESSURE };
	if (!above)
		return (struct law_out){ .reason = REASON_FLOOR };
	st->ticks = interval;
	st->carry_bytes = 0;
	return (struct law_out){
		.step_bytes = law_whole_pages(st, (double)above * 0.01,
					      mem_page_bytes()),
		.reason = REASON_LAW,
	};
}
