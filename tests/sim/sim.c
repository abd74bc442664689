/*
 * usage: sim [-n SCENARIOS] [-s SEED] [-v] [-r FILE]
 *
 * The decision of tmo-reclaim in a closed loop with simulated cgroups
 * (world.h), an hour each, thousands of them, all drawn from a seed: what must
 * never happen is looked for in each period.  A failure names its seed, and -n
 * 1 -s SEED -v shows that hour period by period.
 *
 * It prints, TAB-separated, what was run, the worst that was seen, and how many
 * scenarios broke a rule; the status is 1 where one did.  -r records each
 * period as tmo-reclaim --record does.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tmo-reclaim/decide.c"
#include "tmo-reclaim/evidence.c"
#include "tmo-reclaim/guard.c"
#include "tmo-reclaim/guards.c"
#include "tmo-reclaim/kinds.c"
#include "tmo-reclaim/law.c"
#include "tmo-reclaim/learn.c"
#include "tmo-reclaim/options.c"
#include "tmo-reclaim/reclaimer.c"
#include "tmo-reclaim/record.c"
#include "tmo-reclaim/share.c"
#include "world.h"

enum {
	MIB = 1 << 20,
	S = 1000000,
	PERIOD_S = 6,
	PERIODS = 3600 / PERIOD_S,
	MINUTE = 60 / PERIOD_S,
	CGS_MAX = 3,
	AGE_S = 60
};

/* What must never happen. */
enum rule {
	RULE_PROTECTED, /* memory.low was gone below */
	RULE_RATE,	/* more than the law's rate over a minute */
	RULE_UNKNOWN,	/* a step without a pressure reading */
	RULE_LEFT,	/* plainly cold memory is left, and nothing holds */
	RULE_BACK,	/* 1.5 times what it holds came back in the hour */
	RULE_SWEPT,	/* or, where it turns, more than twice that */
	RULE_NOTHING,	/* more of what saves nothing than probes take */
	RULE_REPEAT,	/* the same observation was another decision */
	RULES
};
static const char *const rules[RULES] = { "protected", "rate",	"unknown",
					  "left",      "back",	"swept",
					  "nothing",   "repeat" };

/* Of one kind of load: what an hour brought, over all its cgroups. */
struct tally {
	unsigned int cgs;
	double cold, out, taken, back; /* MiB */
	double most_back, most_stall_ms;
};

static const char *const loads[WORLD_LOADS] = {
	"steady", "phases", "churn", "sweeps", "stream", "growth", "doubles",
};

struct subject {
	struct world_cg *cg;
	struct memory memory;
	uint64_t mem_us, io_us, refault[2]; /* counters at the last period */
	uint64_t read_us, cold_at_start, most_bytes;
	uint64_t taken_anon, taken, back, mem_at_start_us;
	double got[MINUTE];
};

struct sim {
	struct world w;
	struct subject sub[CGS_MAX];
	size_t n;
	bool evidence, lru_gen, loud;
	unsigned int lost_pct, early_pct;
	uint64_t seed;
	unsigned int broken; /* a bit a rule */
	double worst[RULES];
	struct recorder *recorder;
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
	struct world *w = &s->w;
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

	*s = (struct sim){ .seed = seed, .loud = loud, .w = draw };
	for (int i = 0; i < 8; i++)
		world_random(&s->w, 2);
	s->n = 1 + world_random(&s->w, CGS_MAX);
	for (size_t i = 0; i < s->n; i++) {
		spec[i] = draw_spec(s);
		all += spec[i].hot_bytes + spec[i].cold_bytes;
	}
	draw = s->w;
	err = world_open(&s->w, seed, spec, s->n);
	if (err)
		return err;
	s->w.backend = (enum world_backend)world_random(&draw, 4);
	s->w.swap_bytes = all * (1 + world_random(&draw, 4)) / 2;
	s->w.sorted = 4 + (unsigned int)world_random(&draw, 16);
	s->w.swappiness = world_random(&draw, 4);
	s->evidence = !world_random(&draw, 3);
	s->lru_gen = world_random(&draw, 2);
	s->lost_pct = (unsigned int)world_random(&draw, 2) * 5;
	s->early_pct = (unsigned int)world_random(&draw, 2) * 5;
	/* All of it was touched at its start, and some minutes are gone. */
	world_run(&s->w, 300);
	for (size_t i = 0; i < s->n; i++) {
		struct subject *b = &s->sub[i];

		b->cg = &s->w.cg[i];
		b->cold_at_start =
			world_cold_bytes(&s->w, b->cg, WORLD_ANON, 240);
		b->mem_at_start_us = b->cg->mem_total_us;
	}
	return 0;
}

/* ---- one period of one cgroup ---- */

static struct row_input row_of(const struct sim *s, const struct subject *b)
{
	const struct world_cg *cg = b->cg;
	struct row_input in;

	row_input_clear(&in);
	in.piped = in.has_psi = true;
	in.window_us = PERIOD_S * S;
	in.time_ms = (int64_t)(s->w.now_us / 1000);
	if (!s->evidence)
		return in;
	in.cold_ok = true;
	in.age_us = (uint64_t)AGE_S * S;
	in.anon_bytes = cg->present_bytes[WORLD_ANON];
	in.file_bytes = cg->present_bytes[WORLD_FILE];
	in.cold_anon_bytes = world_cold_bytes(&s->w, cg, WORLD_ANON, AGE_S);
	in.cold_file_bytes = world_cold_bytes(&s->w, cg, WORLD_FILE, AGE_S);
	return in;
}

static double stall_pct(uint64_t now_us, uint64_t then_us, uint64_t window_us)
{
	double pct = (double)(now_us - then_us) * 100 / (double)window_us;

	return fmin(pct, 100);
}

static struct observation observe(const struct sim *s, struct subject *b)
{
	const struct world *w = &s->w;
	const struct world_cg *cg = b->cg;
	uint64_t current = world_current_bytes(cg);
	uint64_t window_us = w->now_us - b->read_us;
	uint64_t left = w->swap_bytes - w->swap_used_bytes;
	struct observation o = {
		.now_us = w->now_us,
		.elapsed_us = b->read_us ? window_us : NUM_NONE,
		.start_us = 1,
		.psi = { .known = b->read_us, .window_us = window_us },
		.row = row_of(s, b),
		.g = { .current_bytes = current,
		       .anon_lru_bytes = cg->present_bytes[WORLD_ANON],
		       .file_lru_bytes = cg->present_bytes[WORLD_FILE],
		       .swapped_bytes = cg->out_anon_bytes,
		       .low_bytes = cg->spec.low_bytes,
		       .swap_left_bytes =
			       w->backend == WORLD_NO_SWAP ? 0 : left,
		       .swap_used_mpct = (int64_t)(w->swap_used_bytes * 100000 /
						   (w->swap_bytes + 1)) },
		.anon_bytes = cg->present_bytes[WORLD_ANON],
		.anon_thp_bytes =
			cg->spec.huge ? cg->present_bytes[WORLD_ANON] : 0,
		.huge_page_bytes = WORLD_HUGE_BYTES,
		.lru_gen = s->lru_gen,
		.zswap = w->backend == WORLD_ZSWAP,
		.next_device =
			w->backend == WORLD_ZSWAP || w->backend == WORLD_DISK,
		.cannot_tell_kinds = !w->swappiness,
		.refaulted_bytes = cg->refault_bytes[WORLD_ANON] +
				   cg->refault_bytes[WORLD_FILE] -
				   b->refault[WORLD_ANON] -
				   b->refault[WORLD_FILE],
	};

	if (o.psi.known) {
		o.psi.mem_pct =
			stall_pct(cg->mem_total_us, b->mem_us, window_us);
		o.psi.io_pct = stall_pct(cg->io_total_us, b->io_us, window_us);
	}
	return o;
}

static struct lesson learn(struct sim *s, struct subject *b,
			   const struct observation *o,
			   const struct decision *d,
			   const struct world_got *got)
{
	const struct world_cg *cg = b->cg;
	bool zswap = s->w.backend == WORLD_ZSWAP;
	struct lesson l = {
		.window_us = o->psi.window_us,
		.now_us = s->w.now_us,
		.wanted_bytes = d->want_bytes,
		.alone = true,
		.current_bytes = world_current_bytes(cg),
		.got_anon_bytes = got->anon_bytes,
		.got_file_bytes = got->file_bytes,
		.scanned_bytes = got->scanned_bytes,
		.refaulted_anon_bytes =
			cg->refault_bytes[WORLD_ANON] - b->refault[WORLD_ANON],
		.refaulted_file_bytes =
			cg->refault_bytes[WORLD_FILE] - b->refault[WORLD_FILE],
		.cpus = 2,
		.partial = got->partial,
	};

	if (zswap) {
		l.stored_bytes = got->anon_bytes;
		l.cost_bytes = (uint64_t)((double)got->anon_bytes /
					  cg->spec.compression);
	}
	memory_learn(&b->memory, &l);
	b->taken_anon += got->anon_bytes;
	b->taken += got->anon_bytes + got->file_bytes;
	b->back += l.refaulted_anon_bytes + l.refaulted_file_bytes;
	b->mem_us = cg->mem_total_us;
	b->io_us = cg->io_total_us;
	memcpy(b->refault, cg->refault_bytes, sizeof(b->refault));
	b->read_us = s->w.now_us;
	return l;
}

static void record(const struct sim *s, const struct subject *b,
		   const struct observation *o, const struct decision *d,
		   const struct lesson *l)
{
	char key[] = "/0";
	struct record rec = {
		.key = key,
		.time_ms = (int64_t)(s->w.now_us / 1000),
		.first = o->elapsed_us == NUM_NONE,
		.decided = true,
		.want_bytes = d->want_bytes,
		.reason = d->reason,
		.reported = d->reason,
		.policy = policy_default,
		.o = *o,
		.learned = true,
		.lesson = *l,
	};

	key[1] = (char)('0' + (b - s->sub));
	if (s->recorder)
		record_put(s->recorder, &rec);
}

/* Of a minute no more than the law's rate, and a trip and a half. */
static void check_rate(struct sim *s, struct subject *b, unsigned int period,
		       const struct world_got *got)
{
	static const double of_files_alone = 4;
	double sum = 0, trip = (double)b->cg->block_bytes;
	double most = 0.1 * (double)b->most_bytes;

	b->got[period % MINUTE] = (double)(got->anon_bytes + got->file_bytes);
	for (unsigned int i = 0; i < MINUTE; i++)
		sum += b->got[i];
	if (s->evidence)
		most *= 10;
	else if (!got->anon_bytes)
		most *= of_files_alone;
	broke(s, RULE_RATE, sum > most + 2 * trip, sum / (most + 2 * trip));
}

static void period(struct sim *s, struct subject *b, unsigned int n)
{
	struct observation o = observe(s, b);
	struct memory again = b->memory;
	struct decision d, e;
	struct world_got got = { 0 };
	struct lesson l;
	uint64_t low = b->cg->spec.low_bytes;

	if (o.g.current_bytes > b->most_bytes)
		b->most_bytes = o.g.current_bytes;
	d = decide(&policy_default, &o, &b->memory);
	e = decide(&policy_default, &o, &again);
	broke(s, RULE_REPEAT,
	      d.want_bytes != e.want_bytes || d.reason != e.reason, 0);
	broke(s, RULE_UNKNOWN, d.want_bytes && !o.psi.known, 0);
	for (size_t i = 0; i < d.parts; i++) {
		struct world_got g = world_reclaim(
			&s->w, b->cg, d.part[i].bytes, d.part[i].swappiness);

		got.anon_bytes += g.anon_bytes;
		got.file_bytes += g.file_bytes;
		got.scanned_bytes += g.scanned_bytes;
		got.partial |= g.partial;
	}
	/* Each write may bring a block more than it asks for. */
	if (d.want_bytes)
		broke(s, RULE_PROTECTED,
		      world_current_bytes(b->cg) +
				      d.parts * b->cg->block_bytes <
			      low,
		      (double)low - (double)world_current_bytes(b->cg));
	check_rate(s, b, n, &got);
	l = learn(s, b, &o, &d, &got);
	record(s, b, &o, &d, &l);
	if (s->loud)
		printf("%u\t%zu\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
		       "\t%" PRIu64 "\t%" PRIu64 "\t%.3f\n",
		       n, (size_t)(b - s->sub), reason_name(d.reason),
		       o.g.current_bytes >> 10, d.want_bytes >> 10,
		       got.anon_bytes >> 10, got.file_bytes >> 10,
		       o.refaulted_bytes >> 10, o.psi.mem_pct);
}

/* ---- the hour, and what is said of it ---- */

/* Could its cold anonymous memory be taken, all of it? */
static bool is_free(const struct sim *s, const struct subject *b)
{
	const struct world_spec *p = &b->cg->spec;

	return p->load == WORLD_STEADY && s->w.backend != WORLD_NO_SWAP &&
	       !p->low_bytes && s->w.swappiness && p->compression > 1 &&
	       s->w.swap_used_bytes < s->w.swap_bytes * 7 / 10;
}

static void judge(struct sim *s, struct subject *b)
{
	uint64_t left = world_cold_bytes(&s->w, b->cg, WORLD_ANON, 240);
	double share =
		b->cold_at_start ? (double)left / (double)b->cold_at_start : 0;
	double back = (double)b->back / (double)b->most_bytes;

	if (is_free(s, b) && b->cold_at_start > 16 * MIB)
		broke(s, RULE_LEFT, share > 0.4, share);
	if (b->cg->spec.load == WORLD_STEADY)
		broke(s, RULE_BACK, back > 1.5, back);
	if (b->cg->spec.load == WORLD_SWEEPS ||
	    b->cg->spec.load == WORLD_PHASES ||
	    b->cg->spec.load == WORLD_DOUBLES)
		broke(s, RULE_SWEPT, back > 2.5, back);
	if (b->cg->spec.compression <= 1 && s->w.backend == WORLD_ZSWAP)
		broke(s, RULE_NOTHING, b->taken_anon > 24 * MIB,
		      (double)b->taken_anon / MIB);
}

static void count(const struct subject *b, struct tally *t)
{
	double back = (double)b->back / MIB;

	t->cgs++;
	t->cold += (double)b->cold_at_start / MIB;
	t->out += (double)b->cg->out_anon_bytes / MIB;
	t->taken += (double)b->taken / MIB;
	t->back += back;
	t->most_back = fmax(t->most_back, back);
	t->most_stall_ms =
		fmax(t->most_stall_ms,
		     (double)(b->cg->mem_total_us - b->mem_at_start_us) / 1e3);
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
	s->recorder = to;
	for (unsigned int n = 0; n < PERIODS; n++) {
		world_run(&s->w, PERIOD_S);
		for (size_t i = 0; i < s->n; i++) {
			struct subject *b = &s->sub[i];

			if (world_random(&s->w, 100) < s->lost_pct)
				continue;
			period(s, b, n);
		}
		/* And again before its time: the clock that counts is ours. */
		if (world_random(&s->w, 100) < s->early_pct) {
			world_run(&s->w, PERIOD_S * 2 / 3);
			period(s, &s->sub[0], n);
		}
	}
	for (size_t i = 0; i < s->n; i++)
		judge(s, &s->sub[i]);
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

	while ((opt = getopt(argc, argv, "n:s:vr:")) != -1)
		switch (opt) {
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
			count(&s->sub[k], &tallies[s->sub[k].cg->spec.load]);
		for (int r = 0; r < RULES; r++) {
			worst[r] = fmax(worst[r], s->worst[r]);
			if (!(s->broken & 1U << r))
				continue;
			if (!by[r]++)
				printf("# %s: first in seed %" PRIu64 "\n",
				       rules[r], seed + i);
		}
		broken += s->broken != 0;
		world_close(&s->w);
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
