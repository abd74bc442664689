/*
 * usage: sim [-n SCENARIOS] [-s SEED] [-v] [-r FILE]
 *        sim [-s SEED] -t | -m | -l
 *
 * The decision of tmo-reclaim in a closed loop with simulated cgroups
 * (world.h), an hour each, thousands of them, all drawn from a seed: what must
 * never happen is looked for in each period.  A failure names its seed, and -n
 * 1 -s SEED -v shows that hour period by period.
 *
 * It prints, TAB-separated, what was run, the worst that was seen, and how many
 * scenarios broke a rule; the status is 1 where one did.  -r records each
 * period as tmo-reclaim --record does.
 *
 * -t runs a tree of small services beside the same memory in one cgroup
 * (tree.c), and -m the services that were measured on a machine (services.c):
 * the status is 1 where one is not as the other.  -l is of a program whose
 * latency alone tells that its memory is missing (latency.c).
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compare.h"
#include "loop.h"
#include "num.h"
#include "tmo-reclaim/options.h"

enum { PERIODS = 3600 / PERIOD_S, MINUTE = 60 / PERIOD_S, CGS_MAX = 3 };

/* What must never happen. */
enum rule {
	RULE_PROTECTED, /* memory.low was gone below */
	RULE_RATE,	/* more than the law's rate over a minute */
	RULE_UNKNOWN,	/* a step without a pressure reading */
	RULE_HARM,	/* a larger step for more harm, or one at its limit */
	RULE_LEFT,	/* plainly cold memory is left, and nothing holds */
	RULE_BACK,	/* 1.5 times what it holds came back in the hour */
	RULE_SWEPT,	/* or, where it turns, more than twice that */
	RULE_NOTHING,	/* more of what saves nothing than probes take */
	RULE_REPEAT,	/* the same observation was another decision */
	RULES
};
static const char *const rules[RULES] = { "protected", "rate",	  "unknown",
					  "harm",      "left",	  "back",
					  "swept",     "nothing", "repeat" };

/* Of one kind of load: what an hour brought, over all its cgroups. */
struct tally {
	unsigned int cgs;
	double cold, out, taken, back; /* MiB */
	double most_back, most_stall_ms;
};

static const char *const loads[WORLD_LOADS] = {
	"steady", "phases", "churn", "sweeps", "stream", "growth", "doubles",
};

/* What an hour of one cgroup is judged by. */
struct hour {
	struct subject b;
	uint64_t cold_at_start, most_bytes, mem_at_start_us;
	double got[MINUTE];
	int64_t harm_mpct;
};

struct sim {
	struct loop l;
	struct hour hour[CGS_MAX];
	size_t n;
	bool loud;
	unsigned int lost_pct, early_pct;
	bool fed;	   /* rows tell of harm: any, and none of the world's */
	struct world harm; /* a sequence of its own */
	uint64_t seed;
	unsigned int broken; /* a bit a rule */
	double worst[RULES];
};

static void broke(struct sim *s, enum rule rule, bool is, double how)
{
	if (how > s->worst[rule])
		s->worst[rule] = how;
	if (!is)
		return;
	if (s->loud && !(s->broken & 1U << rule))
		printf("# seed %" PRIu64 ": %s, %g\n", s->seed, rules[rule],
		       how);
	s->broken |= 1U << rule;
}

/* ---- a scenario ---- */

static struct world_spec draw_spec(struct sim *s)
{
	struct world *w = &s->l.w;
	struct world_spec spec = {
		.load = (enum world_load)world_random(w, WORLD_LOADS),
		.hot_bytes = (8 + world_random(w, 88)) * MIB,
		.cold_bytes = (16 + world_random(w, 144)) * MIB,
		.file_bytes = world_random(w, 2) * world_random(w, 96) * MIB,
		.compression = world_random(w, 8) ? 3 : 1,
		.huge = !world_random(w, 3),
	};

	if (!world_random(w, 4))
		spec.low_bytes = (spec.hot_bytes + spec.cold_bytes) / 2;
	return spec;
}

static int make(struct sim *s, uint64_t seed, bool loud)
{
	struct world_spec spec[CGS_MAX];
	struct world draw = { .random = seed * 2 + 1 };
	uint64_t all = 0;
	int err;

	*s = (struct sim){ .seed = seed, .loud = loud, .l.w = draw };
	for (int i = 0; i < 8; i++)
		world_random(&s->l.w, 2);
	s->n = 1 + world_random(&s->l.w, CGS_MAX);
	for (size_t i = 0; i < s->n; i++) {
		spec[i] = draw_spec(s);
		all += spec[i].hot_bytes + spec[i].cold_bytes;
	}
	draw = s->l.w;
	err = world_open(&s->l.w, seed, spec, s->n);
	if (err)
		return err;
	s->l.w.backend = (enum world_backend)world_random(&draw, 4);
	s->l.w.swap_bytes = all * (1 + world_random(&draw, 4)) / 2;
	s->l.w.sorted = 4 + (unsigned int)world_random(&draw, 16);
	s->l.w.swappiness = world_random(&draw, 4);
	s->l.evidence_us = world_random(&draw, 3) ? 0 : 1;
	s->l.swappiness = NUM_NONE;
	s->l.lru_gen = world_random(&draw, 2);
	s->lost_pct = (unsigned int)world_random(&draw, 2) * 5;
	s->early_pct = (unsigned int)world_random(&draw, 2) * 5;
	s->fed = !world_random(&draw, 4);
	s->harm = draw;
	/* All of it was touched at its start, and some minutes are gone. */
	world_run(&s->l.w, 300);
	for (size_t i = 0; i < s->n; i++) {
		struct hour *h = &s->hour[i];

		h->b.cg = &s->l.w.cg[i];
		h->b.cgs = 1;
		loop_counts(&h->b, &h->b.last);
		h->cold_at_start =
			world_cold_bytes(&s->l.w, h->b.cg, WORLD_ANON, 240);
		h->mem_at_start_us = h->b.cg->mem_total_us;
	}
	return 0;
}

/* ---- one period of one cgroup ---- */

/* Of a minute no more than the law's rate, and a trip and a half. */
static void check_rate(struct sim *s, struct hour *h, unsigned int period,
		       const struct world_got *got)
{
	static const double of_files_alone = 4;
	double sum = 0, trip = (double)h->b.cg->block_bytes;
	double most = 0.1 * (double)h->most_bytes;

	h->got[period % MINUTE] = (double)(got->anon_bytes + got->file_bytes);
	for (unsigned int i = 0; i < MINUTE; i++)
		sum += h->got[i];
	if (s->l.evidence_us)
		most *= 10;
	else if (!got->anon_bytes)
		most *= of_files_alone;
	broke(s, RULE_RATE, sum > most + 2 * trip, sum / (most + 2 * trip));
}

/* Some harm stays for a time, and then there is more, less or none. */
static void draw_harm(struct sim *s, struct hour *h)
{
	if (!s->fed)
		h->harm_mpct = -1;
	else if (!world_random(&s->harm, 5))
		h->harm_mpct = (int64_t)world_random(&s->harm, 150000) - 25000;
	s->l.harm_mpct = h->harm_mpct;
}

/* What was decided, and what more harm would have made of it. */
static void check_harm(struct sim *s, const struct memory *before,
		       const struct loop_step *step)
{
	static const int64_t more_mpct[] = { 0,	    20000, 45000, 55000,
					     80000, 99000, 100000 };
	const struct decision *d = &step->d;
	uint64_t last = d->want_bytes;

	broke(s, RULE_HARM, d->harm_mpct >= 100000 && d->want_bytes, 0);
	for (size_t i = 0; i < sizeof(more_mpct) / sizeof(*more_mpct); i++) {
		struct observation o = step->o;
		struct memory m = *before;
		uint64_t want;

		if (more_mpct[i] <= d->harm_mpct)
			continue;
		o.row.harm.mpct = more_mpct[i];
		want = decide(&policy_default, &o, &m).want_bytes;
		broke(s, RULE_HARM,
		      want > last || (more_mpct[i] >= 100000 && want),
		      (double)want - (double)last);
		last = want;
	}
}

static void period(struct sim *s, struct hour *h, unsigned int n)
{
	struct subject *b = &h->b;
	const char key[] = { '/', (char)('0' + (h - s->hour)), '\0' };
	struct memory before = b->memory, again = before;
	struct loop_step step;
	const struct observation *o = &step.o;
	const struct decision *d = &step.d;
	struct decision e;
	uint64_t low = b->cg->spec.low_bytes, now;

	draw_harm(s, h);
	step = loop_period(&s->l, b, key);
	e = decide(&policy_default, o, &again);
	now = world_current_bytes(b->cg);
	h->most_bytes = num_most(h->most_bytes, o->g.current_bytes);
	broke(s, RULE_REPEAT,
	      d->want_bytes != e.want_bytes || d->reason != e.reason, 0);
	broke(s, RULE_UNKNOWN, d->want_bytes && !o->psi.known, 0);
	/* Each write may bring a block more than it asks for. */
	if (d->want_bytes)
		broke(s, RULE_PROTECTED,
		      now + d->parts * b->cg->block_bytes < low,
		      (double)low - (double)now);
	check_rate(s, h, n, &step.got);
	check_harm(s, &before, &step);
	if (s->loud)
		printf("%u\t%zu\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		       "\t%" PRIu64 "\t%" PRIu64 "\t%.3f\n",
		       n, (size_t)(h - s->hour), reason_name(d->reason),
		       o->g.current_bytes >> 10, d->want_bytes >> 10,
		       step.got.anon_bytes >> 10, step.got.file_bytes >> 10,
		       o->refaulted_bytes >> 10, o->psi.mem_pct);
}

/* ---- the hour, and what is said of it ---- */

/* Could its cold anonymous memory be taken, all of it? */
static bool is_free(const struct sim *s, const struct subject *b)
{
	const struct world_spec *p = &b->cg->spec;

	return p->load == WORLD_STEADY && s->l.w.backend != WORLD_NO_SWAP &&
	       !p->low_bytes && s->l.w.swappiness && p->compression > 1 &&
	       !s->fed && s->l.w.swap_used_bytes < s->l.w.swap_bytes * 7 / 10;
}

static void judge(struct sim *s, const struct hour *h)
{
	const struct subject *b = &h->b;
	uint64_t left = world_cold_bytes(&s->l.w, b->cg, WORLD_ANON, 240);
	double share =
		h->cold_at_start ? (double)left / (double)h->cold_at_start : 0;
	double back = (double)b->back / (double)h->most_bytes;

	if (is_free(s, b) && h->cold_at_start > 16 * MIB)
		broke(s, RULE_LEFT, share > 0.4, share);
	if (b->cg->spec.load == WORLD_STEADY)
		broke(s, RULE_BACK, back > 1.5, back);
	if (b->cg->spec.load == WORLD_SWEEPS ||
	    b->cg->spec.load == WORLD_PHASES ||
	    b->cg->spec.load == WORLD_DOUBLES)
		broke(s, RULE_SWEPT, back > 2.5, back);
	if (b->cg->spec.compression <= 1 && s->l.w.backend == WORLD_ZSWAP)
		broke(s, RULE_NOTHING, b->taken_anon > 24 * MIB,
		      (double)b->taken_anon / MIB);
}

static void count(const struct hour *h, struct tally *t)
{
	const struct subject *b = &h->b;
	double back = (double)b->back / MIB;

	t->cgs++;
	t->cold += (double)h->cold_at_start / MIB;
	t->out += (double)b->cg->out_anon_bytes / MIB;
	t->taken += (double)b->taken / MIB;
	t->back += back;
	t->most_back = fmax(t->most_back, back);
	t->most_stall_ms =
		fmax(t->most_stall_ms,
		     (double)(b->cg->mem_total_us - h->mem_at_start_us) / 1e3);
}

static void print_tallies(const struct tally *tallies)
{
	printf("#load\tcgroups\tcold_mib\tout_mib\ttaken_mib\tback_mib\t"
	       "most_back_mib\tmost_stall_ms\n");
	for (int i = 0; i < WORLD_LOADS; i++) {
		const struct tally *t = &tallies[i];
		double n = t->cgs ? t->cgs : 1;

		printf("%s\t%u\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\n", loads[i],
		       t->cgs, t->cold / n, t->out / n, t->taken / n,
		       t->back / n, t->most_back, t->most_stall_ms);
	}
}

static int run(struct sim *s, uint64_t seed, bool loud, struct recorder *to)
{
	int err = make(s, seed, loud);

	if (err)
		return err;
	s->l.recorder = to;
	for (unsigned int n = 0; n < PERIODS; n++) {
		world_run(&s->l.w, PERIOD_S);
		for (size_t i = 0; i < s->n; i++) {
			if (world_random(&s->l.w, 100) < s->lost_pct)
				continue;
			period(s, &s->hour[i], n);
		}
		/* And again before its time: the clock that counts is ours. */
		if (world_random(&s->l.w, 100) < s->early_pct) {
			world_run(&s->l.w, PERIOD_S * 2 / 3);
			period(s, &s->hour[0], n);
		}
	}
	for (size_t i = 0; i < s->n; i++)
		judge(s, &s->hour[i]);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t scenarios = 300, seed = 1, periods = 0;
	unsigned int broken = 0, by[RULES] = { 0 };
	double worst[RULES] = { 0 };
	struct tally tallies[WORLD_LOADS] = { 0 };
	bool loud = false;
	struct sim *s = malloc(sizeof(*s));
	struct recorder *to = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "n:s:vr:tml")) != -1)
		switch (opt) {
		case 't': return !compare_tree(seed);
		case 'm': return !compare_services(seed);
		case 'l': return !compare_latency(seed);
		case 'n': scenarios = strtoull(optarg, NULL, 10); break;
		case 's': seed = strtoull(optarg, NULL, 10); break;
		case 'v': loud = true; break;
		case 'r':
			to = record_open(optarg);
			if (!to)
				return 2;
			break;
		default: return 2;
		}
	for (uint64_t i = 0; s && i < scenarios; i++) {
		if (run(s, seed + i, loud, to))
			return 2;
		periods += PERIODS * s->n;
		for (size_t k = 0; k < s->n; k++)
			count(&s->hour[k],
			      &tallies[s->hour[k].b.cg->spec.load]);
		for (int r = 0; r < RULES; r++) {
			worst[r] = fmax(worst[r], s->worst[r]);
			if (!(s->broken & 1U << r))
				continue;
			if (!by[r]++)
				printf("# %s: first in seed %" PRIu64 "\n",
				       rules[r], seed + i);
		}
		broken += s->broken != 0;
		world_close(&s->l.w);
	}
	free(s);
	if (to && record_close(to))
		return 2;
	printf("#scenarios\tperiods\tbroken\trule\tscenarios_broken\tworst\n");
	for (int r = 0; r < RULES; r++)
		printf("%" PRIu64 "\t%" PRIu64 "\t%u\t%s\t%u\t%.3g\n",
		       scenarios, periods, broken, rules[r], by[r], worst[r]);
	print_tallies(tallies);
	return broken != 0;
}
