#include "law.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "mem.h"
#include "num.h"
#include "published.h"

/*
 * What the default law adds to the paper's formula, and why:
 *
 * 0.1 % of 6 s is 6 ms, a single fault of a slow disk.  So one period is
 * forgiven FORGIVEN_US of stall, and a slow average (SLOW_US) catches what
 * comes back period after period.  The larger of the two counts: a burst stops
 * the law in the period that shows it, noise under the limit never does.  The
 * slow average is bounded, so that no burst stops it for minutes.
 */
static const double FORGIVEN_US = 5000;
static const double SHORT_US = 2e6; /* a shorter look is taken for this */
static const double SLOW_US = 30e6;
static const double SLOW_MOST = 2; /* limits */

/*
 * Refaults show the wrong pages before pressure does, as a fast backend hides
 * them.  Of what was taken in the last minutes WASTE may be back, and a little
 * more, since a workload has refaults of its own.
 */
static const double TAKEN_US = 120e6;
static const double BACK_US = 20e6;
static const double WASTE = 0.03;
static const double WASTE_BYTES = 512 * 1024;
/*
 * Anonymous memory has no refaults of its own.  What of it comes back little by
 * little is as wrong as a burst: where all that is cold is away already, each
 * further step would be, for ever.
 */
static const double WASTE_ANON = 0.1;
static const double WASTE_ANON_BASE = 0.01; /* of the base, besides */

static const double FILES_ALONE = 4; /* times the cap, of file cache alone */
static const double CAP_COLD = 0.10; /* with evidence, at full gain */
static const double FIRST_COLD = 4;  /* gain of what is known */
static const double CALM = 0.5;	     /* brake above which the gain doubles */

/*
 * Pages stolen of pages scanned below which reclaim does harm by its CPU, from
 * so many trips on: 4M of small pages.  A huge page is looked at once, and
 * counted as 512 pages.
 */
static const double EFFICIENCY = 0.3;
static const uint64_t SCANNED_TRIPS = 32;

static const char *const names[] = {
	[LAW_DEFAULT] = "default", [LAW_PAPER] = "paper",
	[LAW_SENPAI] = "senpai",   [LAW_OOMD] = "oomd",
	[LAW_COUNT] = "",	   [LAW_ONCE] = "once",
};

const char *law_name(enum law law)
{
	return names[law];
}

int law_of_name(const char *name, enum law *out)
{
	for (int i = 0; i <= LAW_ONCE; i++)
		if (*name && !strcmp(name, names[i])) {
			*out = (enum law)i;
			return 0;
		}
	return -EINVAL;
}

int law_find(const char *name, enum law *out)
{
	enum law law;

	if (law_of_name(name, &law) || law == LAW_ONCE)
		return -EINVAL;
	*out = law;
	return 0;
}

double law_earned(const struct law_in *in)
{
	double share = (double)in->elapsed_us / (double)in->psi.window_us;

	return !in->elapsed_us || share > 0.9 ? 1 : share;
}

/* A huge page is asked for where all is calm only. */
static bool may_ask(uint64_t least_bytes, double go)
{
	return go >= CALM || least_bytes <= mem_reclaim_least_bytes();
}

/* What is left of a decaying sum after the window. */
static double decay(const struct law_in *in, double over_us)
{
	return exp(-(double)in->psi.window_us / over_us);
}

/* Pressure as a share of its limit: 1 stops.  *slow_pct is kept. */
static double press(const struct law_in *in, double pct, double limit_pct,
		    double *slow_pct)
{
	double window_us = (double)in->psi.window_us;
	double stall_us = pct / 100 * window_us;
	double now_pct = fmax(0, stall_us - FORGIVEN_US) /
			 fmax(window_us, SHORT_US) * 100;
	double kept = decay(in, SLOW_US);

	*slow_pct = fmin(*slow_pct * kept + pct * (1 - kept),
			 SLOW_MOST * limit_pct);
	if (limit_pct <= 0)
		return pct > 0 ? 1 : 0;
	return fmax(now_pct, *slow_pct) / limit_pct;
}

/*
 * The same of what came back.  The least that can be taken may be wrong, as a
 * whole huge page is where memory is in huge pages: one of them halves the
 * pace, and a second one stops.
 */
static double waste(const struct law_in *in, struct law_state *st)
{
	double trip = fmax(WASTE_BYTES, (double)in->least_bytes), now, slow;

	st->taken_bytes = st->taken_bytes * decay(in, TAKEN_US) +
			  (double)in->last.got_bytes;
	st->back_bytes = st->back_bytes * decay(in, BACK_US) +
			 (double)in->refaulted_bytes;
	now = st->back_bytes / (WASTE * st->taken_bytes +
				fmax(WASTE_BYTES, 2 * (double)in->least_bytes));
	slow = in->anon_back_bytes /
	       (WASTE_ANON * in->anon_taken_bytes +
		fmax(3 * trip, WASTE_ANON_BASE * (double)in->base_bytes));
	/* While all is being found out it is no brake. */
	return fmax(now, 2 * slow - 1);
}

/* Is there enough for a trip that is known to be cold? */
static bool has_cold(const struct law_in *in)
{
	return in->cold_bytes != NUM_NONE && in->cold_bytes >= in->least_bytes;
}

/* What a trip of the next step takes: no file cache comes in huge pages. */
static uint64_t next_least(const struct law_in *in)
{
	return in->files_alone && !has_cold(in) ? mem_reclaim_least_bytes()
						: in->least_bytes;
}

/* Scanning much to take little, as katalyst's refault policy judges it. */
static bool inefficient(const struct law_in *in)
{
	return in->last.scanned_bytes >= SCANNED_TRIPS * next_least(in) &&
	       (double)in->last.got_bytes <
		       EFFICIENCY * (double)in->last.scanned_bytes;
}

/*
 * 1: go; 0: stop; *why is what brakes most.  It is the reason of the row where
 * it stops, or takes more than half of a step of reason law; cap, cold and
 * small keep theirs.
 */
static double brake(const struct law_in *in, struct law_state *st,
		    enum reason *why)
{
	double mem = press(in, in->psi.mem_pct, in->mem_limit_pct,
			   &st->mem_slow_pct);
	double io =
		press(in, in->psi.io_pct, in->io_limit_pct, &st->io_slow_pct);
	double back = waste(in, st), harm = in->harm_pct / 100;
	double most = fmax(fmax(mem, io), fmax(back, harm));

	*why = most == mem    ? REASON_MEM_PRESSURE
	       : most == io   ? REASON_IO_PRESSURE
	       : most == harm ? REASON_HARM
			      : REASON_REFAULT;
	return fmax(0, 1 - most);
}

/* Doubles while calm, 1 at the first sign of harm. */
static double next_gain(const struct law_in *in, double gain, double first,
			double most, double go)
{
	if (go <= 0 || inefficient(in))
		return 1;
	if (gain < 1)
		return first;
	if (in->last.partial && !in->last.late)
		return fmax(1, gain / 2);
	if (go >= CALM && !in->last.late)
		return fmin(most, gain * exp2(law_earned(in)));
	return gain;
}

/*
 * Where evidence tells of anonymous memory, blind steps are of file cache
 * alone, and may go so many times as fast: the kernel keeps the part of it that
 * refaults, and there is no hot anonymous memory among it.
 */
static double haste(const struct law_in *in)
{
	return in->files_alone ? FILES_ALONE : 1;
}

/*
 * Of blind steps and of those by evidence: what one of them has earned does not
 * tell how good the other is, and what is not tried earns nothing.
 */
static void set_gains(const struct law_in *in, struct law_state *st, double go)
{
	double blind_most = LAW_GAIN_MAX * haste(in);
	bool cold = has_cold(in);

	st->gain = fmin(st->gain, go <= 0 ? 1 : blind_most);
	st->cold_gain = fmin(st->cold_gain, go <= 0 ? 1 : LAW_GAIN_MAX);
	if (in->held)
		return;
	if (cold)
		st->cold_gain = next_gain(in, st->cold_gain, FIRST_COLD,
					  LAW_GAIN_MAX, go);
	else if (in->blind_bytes)
		st->gain = next_gain(in, st->gain, 1, blind_most, go);
}

uint64_t law_whole_pages(struct law_state *st, double want, uint64_t least)
{
	uint64_t step = mem_whole_pages((uint64_t)want);

	if (step < least)
		step = 0;
	else if (least > mem_reclaim_least_bytes())
		step -= step % least; /* a part of a huge page brings it all */
	st->carry_bytes = want - (double)step;
	return step;
}

struct law_out law_finish(struct law_state *st, double want, uint64_t least,
			  enum reason reason)
{
	uint64_t step = law_whole_pages(st, want, least);

	return (struct law_out){
		.step_bytes = step,
		.reason = step ? reason : REASON_SMALL,
	};
}

/* Of what no evidence tells of: 1 % in a period at most, of files alone 4 %. */
static struct law_out blind_step(const struct law_in *in, struct law_state *st,
				 double go)
{
	uint64_t least = next_least(in);
	double base = (double)in->blind_bytes;
	double cap = LAW_CAP * haste(in) * base * law_earned(in);
	double fresh = base * in->ratio * st->gain * go * law_earned(in);
	/* A huge page is saved up for, and nothing that was is lost. */
	double most = least > mem_reclaim_least_bytes()
			      ? cap + (double)least
			      : fmax(cap, (double)least);
	double want = fmin(most, fmin(fresh, cap) + st->carry_bytes);

	if (!may_ask(least, go)) {
		st->carry_bytes = fmin(want, (double)least);
		return (struct law_out){ .reason = REASON_SMALL };
	}
	return law_finish(st, want, least,
			  fresh + st->carry_bytes > cap ? REASON_CAP
							: REASON_LAW);
}

/*
 * A program measures its latency over some time, so the harm of a step is known
 * some periods later: no step is larger than a blind one may be.
 */
static double most_by_harm(const struct law_in *in)
{
	return in->harm_known
		       ? LAW_CAP * (double)in->base_bytes * law_earned(in)
		       : INFINITY;
}

/*
 * What is known to be cold is taken by the share that the gain gives of it, but
 * bounded by that share squared of the cap: the first steps, 0.4 % of the base,
 * tell what the evidence is worth before much hangs on it.  None is below what
 * a trip takes, as it would tell nothing.
 */
static struct law_out cold_step(const struct law_in *in,
				const struct law_state *st, double go)
{
	double share = st->cold_gain / LAW_GAIN_MAX;
	double cold = (double)in->cold_bytes, base = (double)in->base_bytes;
	double late = most_by_harm(in);
	double most =
		fmin(late, CAP_COLD * base * share * share * law_earned(in));
	double law = fmin(
		late,
		fmax(base * in->ratio * st->cold_gain * go * law_earned(in),
		     fmin(cold * share * go * law_earned(in), most)));
	double least = go < CALM ? 0 : (double)in->least_bytes;
	double want = fmin(cold, fmax(least, law));
	uint64_t step = mem_whole_pages((uint64_t)want);

	if (step < in->least_bytes || !may_ask(in->least_bytes, go))
		return (struct law_out){ .reason = REASON_SMALL };
	return (struct law_out){
		.step_bytes = step,
		.lent_bytes = in->least_bytes > mem_reclaim_least_bytes() &&
					      want > law
				      ? (uint64_t)(want - law)
				      : 0,
		.cold = true,
		.reason =
			want < cold && want >= most ? REASON_CAP : REASON_COLD,
	};
}

/* What is known goes first: the harm of a blind step would stop both. */
static struct law_out law_default(const struct law_in *in, struct law_state *st)
{
	struct law_out out = { .reason = REASON_SMALL };
	enum reason why;
	double go = brake(in, st, &why);

	set_gains(in, st, go);
	if (go <= 0) {
		st->carry_bytes = 0;
		return (struct law_out){
			.reason = why,
			.burst = why == REASON_REFAULT &&
				 st->back_bytes >
					 LAW_CAP * (double)in->base_bytes,
		};
	}
	if (in->held)
		return out;
	if (has_cold(in))
		out = cold_step(in, st, go);
	else if (in->blind_bytes)
		out = blind_step(in, st, go);
	if (go < CALM && out.reason == REASON_LAW)
		out.reason = why;
	return out;
}

/* -b: an order, which only harm stops. */
static struct law_out law_once(const struct law_in *in, struct law_state *st)
{
	enum reason why;

	if (brake(in, st, &why) <= 0)
		return (struct law_out){ .reason = why };
	return (struct law_out){ .step_bytes = in->asked_bytes,
				 .reason = REASON_ASKED };
}

struct law_out law_step(enum law law, const struct law_in *in,
			struct law_state *st)
{
	switch (law) {
	case LAW_PAPER: return law_paper(in, st);
	case LAW_SENPAI: return law_senpai(in, st);
	case LAW_OOMD: return law_oomd(in, st);
	case LAW_ONCE: return law_once(in, st);
	case LAW_DEFAULT:
	case LAW_COUNT: break;
	}
	return law_default(in, st);
}
