/*
 * decide(): whatever a row says, a step stays within its bounds; more pressure
 * is no larger step; and the same gives the same.  And in a closed loop with a
 * cgroup of known cold memory: it is taken, and hot memory is not.
 */
#include <string.h>

#include "tap.h"
#include "tmo-reclaim/bounds.c"
#include "tmo-reclaim/decide.c"
#include "tmo-reclaim/evidence.c"
#include "tmo-reclaim/guards.c"
#include "tmo-reclaim/kinds.c"
#include "tmo-reclaim/law.c"
#include "tmo-reclaim/learn.c"
#include "tmo-reclaim/options.c"
#include "tmo-reclaim/published.c"
#include "tmo-reclaim/reclaimer.c"
#include "tmo-reclaim/share.c"

enum { MIB = 1 << 20, S = 1000000 };

static uint64_t seed = 1;

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return below ? seed % below : seed;
}

/* A calm period of a cgroup of that size, all anonymous. */
static struct observation calm(uint64_t now_us, uint64_t bytes)
{
	struct observation o = {
		.now_us = now_us,
		.elapsed_us = 6 * S,
		.psi = { .known = true, .window_us = 6 * S },
		.g = { .current_bytes = bytes,
		       .anon_lru_bytes = bytes,
		       .swap_left_bytes = UINT64_C(100000) * MIB },
		.anon_bytes = bytes,
	};

	row_input_clear(&o.row);
	return o;
}

/* What a cell may hold: much of it absurd. */
static uint64_t cell(void)
{
	switch (rnd(8)) {
	case 0: return NUM_NONE;
	case 1: return NUM_MAX;
	case 2: return 0;
	case 3: return rnd(0);
	case 4: return rnd(200);
	case 5: return rnd(1 << 20);
	default: return rnd(UINT64_C(1) << 32);
	}
}

static struct observation any(uint64_t now_us)
{
	struct observation o = calm(now_us, rnd(UINT64_C(1) << 31) & ~4095ULL);
	struct row_input *in = &o.row;

	o.psi.mem_pct = rnd(3) ? 0 : (double)rnd(200) / 1e3;
	o.psi.io_pct = rnd(3) ? 0 : (double)rnd(2000) / 1e3;
	o.psi.window_us = 1 + rnd(20 * S);
	o.elapsed_us = rnd(20 * S);
	o.g.anon_lru_bytes = rnd(2) ? o.g.current_bytes / 2 : cell();
	o.g.file_lru_bytes = rnd(2) ? o.g.current_bytes / 3 : cell();
	o.g.swap_left_bytes = cell();
	o.g.low_bytes = rnd(3) ? 0 : cell();
	o.g.demotable_bytes = rnd(3) ? 0 : rnd(UINT64_C(1) << 32);
	o.anon_thp_bytes = cell();
	o.huge_page_bytes = rnd(2) ? 2 * MIB : 0;
	o.lru_gen = rnd(2);
	o.next_device = rnd(2);
	o.zswap = rnd(2);
	o.cannot_tell_kinds = !rnd(4);
	o.refaulted_bytes = rnd(4) ? 0 : cell();
	in->swappiness = cell();
	in->swap_write = cell();
	in->swap_left_bytes = cell();
	in->anon_bytes = cell();
	in->file_bytes = cell();
	in->cold_anon_bytes = cell();
	in->cold_file_bytes = cell();
	in->cold_ok = in->cold_anon_bytes != NUM_NONE;
	in->age_us = cell();
	in->floor_bytes = cell();
	in->max_step_bytes = cell();
	in->tier = rnd(2);
	in->harm.mpct = rnd(4) ? -1 : (int64_t)rnd(130000);
	o.below_harm_mpct = rnd(8) ? -1 : (int64_t)rnd(130000);
	return o;
}

/* Largest first: what the law, a trip and the policy allow. */
static bool within_bounds(const struct observation *o, const struct decision *d)
{
	double most =
		fmax(0.1 * (double)o->g.current_bytes, (double)d->trip_bytes) +
		4096;
	uint64_t sum = 0;

	for (size_t i = 0; i < d->parts; i++)
		sum += d->part[i].bytes;
	return sum == d->want_bytes && (double)sum <= most &&
	       sum <= o->row.max_step_bytes && sum <= o->g.current_bytes &&
	       (!sum || o->g.current_bytes - sum >= d->floor_bytes) &&
	       (!sum ||
		o->g.current_bytes - sum >= num_known(o->g.low_bytes)) &&
	       d->reason < REASON_COUNT;
}

static void test_any_row(void)
{
	struct memory m = { 0 };
	int beyond = 0, more = 0, other = 0, steps = 0, harm = 0, held = 0;

	for (int i = 0; i < 300000; i++) {
		struct observation o = any((uint64_t)(i + 1) * 6 * S);
		struct observation worse = o, later = o;
		struct memory again, harmed, slower;
		struct decision d, e, f, g;

		if (!rnd(50))
			m = (struct memory){ 0 };
		again = harmed = slower = m;
		d = decide(&policy_default, &o, &m);
		e = decide(&policy_default, &o, &again);
		worse.psi.mem_pct += 0.05;
		f = decide(&policy_default, &worse, &harmed);
		steps += d.want_bytes > 0;
		beyond += !within_bounds(&o, &d);
		other += memcmp(&m, &again, sizeof(m)) ||
			 e.want_bytes != d.want_bytes || e.reason != d.reason;
		more += f.want_bytes > d.want_bytes;
		later.row.harm.mpct = d.harm_mpct + 1 + (int64_t)rnd(60000);
		g = decide(&policy_default, &later, &slower);
		harm += g.want_bytes > d.want_bytes;
		held += d.harm_mpct >= 100000 && d.want_bytes;
		memory_learn(&m,
			     &(struct outcome){
				     .window_us = o.psi.window_us,
				     .now_us = o.now_us,
				     .wanted_bytes = d.want_bytes,
				     .alone = true,
				     .current_bytes = o.g.current_bytes,
				     .y.got_anon_bytes = rnd(2) * d.want_bytes,
				     .written_bytes = rnd(4) ? 0 : rnd(1 << 24),
				     .cpus = 2,
			     });
	}
	ok(steps > 1000, "there are steps (%d)", steps);
	ok(!beyond, "none is beyond its bounds (%d)", beyond);
	ok(!other, "the same observation is the same decision (%d)", other);
	ok(!more, "more pressure is no larger step (%d)", more);
	ok(!harm, "nor is more harm (%d)", harm);
	ok(!held, "and none is made from a harm of 100 on (%d)", held);
}

/*
 * A cgroup of 300 MiB, 200 of them cold: pages are taken by age, but for one in
 * a hundred, and what was hot comes back.
 */
static void test_loop(uint64_t trip_bytes, const char *what)
{
	struct memory m = { 0 };
	double cold = 200.0 * MIB, hot = 100.0 * MIB, back = 0, most = 0;
	double got[50], minute;

	for (int i = 0; i < 50; i++) {
		struct observation o =
			calm((uint64_t)(i + 1) * 6 * S, (uint64_t)(cold + hot));
		struct decision d;
		double taken;

		o.huge_page_bytes = trip_bytes;
		o.anon_thp_bytes = trip_bytes ? o.anon_bytes : 0;
		o.refaulted_bytes = (uint64_t)back;
		d = decide(&policy_default, &o, &m);
		/* Of huge pages eight at once. */
		taken = d.want_bytes ? fmax((double)d.want_bytes,
					    8.0 * (double)trip_bytes)
				     : 0;
		taken = fmin(taken, cold + hot);
		got[i] = taken;
		back = fmax(taken * 0.01, taken - cold);
		cold -= fmin(cold, taken - back);
		memory_learn(&m,
			     &(struct outcome){
				     .window_us = 6 * S,
				     .now_us = o.now_us,
				     .wanted_bytes = d.want_bytes,
				     .alone = true,
				     .current_bytes = (uint64_t)(cold + hot),
				     .y.got_anon_bytes = (uint64_t)taken,
				     .y.refaulted_anon_bytes = (uint64_t)back,
				     .cpus = 2,
			     });
	}
	for (int i = 0; i + 10 <= 50; i++) {
		minute = 0;
		for (int k = i; k < i + 10; k++)
			minute += got[k];
		most = fmax(most, minute);
	}
	ok(cold < 0.55 * 200 * MIB,
	   "%s: nearly half in five minutes (%.0f M left)", what, cold / MIB);
	ok(most <= 0.1 * 300 * MIB + 8.0 * (double)trip_bytes,
	   "%s: no minute beyond the law and a trip (%.0f M)", what,
	   most / MIB);
}

/* What four minutes take of 300 MiB whose row says so much of evidence. */
static uint64_t taken_with(bool known, bool huge)
{
	struct memory m = { 0 };
	uint64_t sum = 0;

	for (uint64_t i = 1; i <= 40; i++) {
		struct observation o = calm(i * 6 * S, 300 * MIB);
		struct decision d;

		o.huge_page_bytes = 2 * MIB;
		o.anon_thp_bytes = huge ? o.anon_bytes : 0;
		o.row.age_us = 60 * S;
		if (known) {
			o.row.cold_ok = true;
			o.row.cold_anon_bytes = o.row.cold_file_bytes = 0;
			o.row.anon_bytes = o.anon_bytes;
			o.row.file_bytes = 0;
		}
		d = decide(&policy_default, &o, &m);
		sum += d.want_bytes;
		memory_learn(&m, &(struct outcome){
					 .window_us = 6 * S,
					 .now_us = i * 6 * S,
					 .wanted_bytes = d.want_bytes,
					 .alone = true,
					 .current_bytes = o.g.current_bytes,
					 .y.got_anon_bytes = d.want_bytes,
					 .cpus = 2,
				 });
	}
	return sum;
}

/* Evidence is never worse than none. */
static void test_evidence(void)
{
	uint64_t none = taken_with(false, false);
	uint64_t huge = taken_with(false, true);

	ok(none > 50 * MIB && huge > 50 * MIB,
	   "without evidence: %.0f M, %.0f M", (double)none / MIB,
	   (double)huge / MIB);
	is_u64(taken_with(true, false), 0,
	       "where it says that nothing is cold nothing is taken");
	is_u64(taken_with(true, true), huge,
	       "but of huge pages it cannot say that");
}

/* A period of a cgroup of 300 MiB that was asked for a step and gave it all. */
static struct decision give(struct memory *m, uint64_t now_us, double cost,
			    uint64_t back_bytes)
{
	struct observation o = calm(now_us, 300 * MIB);
	struct decision d;

	o.zswap = true;
	d = decide(&policy_default, &o, m);
	memory_learn(m, &(struct outcome){
				.window_us = 6 * S,
				.now_us = now_us,
				.wanted_bytes = d.want_bytes,
				.alone = true,
				.current_bytes = o.g.current_bytes,
				.y.got_anon_bytes = d.want_bytes,
				.stored_bytes = d.want_bytes,
				.cost_bytes =
					(uint64_t)(cost * (double)d.want_bytes),
				.y.refaulted_anon_bytes = back_bytes,
				.cpus = 2,
			});
	return d;
}

static void test_worthless(void)
{
	struct memory m = { 0 }, good = { 0 };
	uint64_t taken = 0, saved = 0, i, first = 0;

	for (i = 1; i <= 600; i++) {
		taken += give(&m, i * 6 * S, 1, 0).want_bytes;
		saved += give(&good, i * 6 * S, 0.4, 0).want_bytes;
		if (i == 60)
			first = taken;
	}
	ok(first < 6 * MIB, "copies that save nothing: %.1f M at first",
	   (double)first / MIB);
	ok(taken > first && taken <= first + 3 * MIB,
	   "and probes of a few M in an hour (%.1f M)", (double)taken / MIB);
	ok(saved > 600 * MIB, "those that save are taken on");
	/* Once they save again it goes on by the next probe. */
	for (taken = 0; i <= 1200; i++)
		taken += give(&m, i * 6 * S, 0.4, 0).want_bytes;
	ok(taken > 100 * MIB, "what compresses later is found out (%.0f M)",
	   (double)taken / MIB);
}

/* Periods until a step is taken again, from the period i on. */
static uint64_t held(struct memory *m, uint64_t *i)
{
	uint64_t from = *i;

	while (!give(m, *i * 6 * S, 0.4, 0).want_bytes)
		++*i;
	return *i - from;
}

static void test_came_back(void)
{
	struct memory m = { 0 };
	uint64_t i, a, b, c;

	for (i = 1; i < 60; i++)
		give(&m, i * 6 * S, 0.4, 64 << 10);
	ok(give(&m, i * 6 * S, 0.4, 0).want_bytes,
	   "what trickles back holds nothing");
	i++;
	give(&m, i++ * 6 * S, 0.4, 100 * MIB);
	ok(give(&m, i * 6 * S, 0.4, 0).reason == REASON_CAME_BACK,
	   "what comes back at once holds");
	a = held(&m, &i);
	for (uint64_t end = i + 60; i < end; i++)
		give(&m, i * 6 * S, 0.4, 0);
	give(&m, i++ * 6 * S, 0.4, 200 * MIB);
	b = held(&m, &i);
	ok(a >= 140 && b >= 290,
	   "for a quarter of an hour, then for half of one");
	i += 1200;
	give(&m, i++ * 6 * S, 0.4, 0);
	for (uint64_t end = i + 60; i < end; i++)
		give(&m, i * 6 * S, 0.4, 0);
	give(&m, i++ * 6 * S, 0.4, 200 * MIB);
	c = held(&m, &i);
	ok(c <= a + 1, "and after two hours of quiet for a quarter again");
}

/* A cgroup at its memory.max brings back what we have never taken. */
static void test_own_reclaim(void)
{
	struct memory m = { 0 };
	struct decision d;

	for (uint64_t i = 1; i <= 10; i++) {
		memory_learn(&m, &(struct outcome){
					 .window_us = 6 * S,
					 .now_us = i * 6 * S,
					 .current_bytes = 300 * MIB,
					 .y.refaulted_anon_bytes = 50 * MIB,
					 .cpus = 2,
				 });
	}
	d = give(&m, 11 * 6 * S, 0.4, 0);
	ok(d.reason != REASON_CAME_BACK && d.reason != REASON_REFAULT,
	   "what others took and brought back is no harm of ours");
}

/* Each page that is taken is back in the next period: all cold is away. */
static void test_trickle(void)
{
	struct memory m = { 0 };
	uint64_t taken = 0, back = 0;

	for (uint64_t i = 1; i <= 600; i++) {
		back = give(&m, i * 6 * S, 0.4, back).want_bytes;
		taken += back;
	}
	ok(taken < 40 * MIB, "what always comes back is rarely taken (%.0f M)",
	   (double)taken / MIB);
}

/* The bucket that grants a pace drops what its size does not hold. */
static void test_write_pace(void)
{
	struct memory m = { 0 };
	struct observation o = calm(0, 300 * MIB);

	o.next_device = true;
	o.row.swap_write = 64 << 10;
	o.psi.mem_pct = 50;
	for (uint64_t i = 1; i <= 20; i++) {
		o.now_us = i * 6 * S;
		decide(&policy_default, &o, &m);
	}
	ok(m.write_left_bytes == 6.0 * (64 << 10),
	   "of two minutes without a step one period's pace is left (%.0f)",
	   m.write_left_bytes);
	m.write_left_bytes = 0;
	o.elapsed_us = 600 * S;
	decide(&policy_default, &o, &m);
	ok(m.write_left_bytes == 6.0 * (64 << 10),
	   "and a row grants for its own window only (%.0f)",
	   m.write_left_bytes);
}

/* Without swap left pages go to a slower node, and the drive is spared. */
static void test_demotion_spares_the_drive(void)
{
	struct memory m = { .write_left_bytes = -8.0 * MIB };
	struct observation o = calm(6 * S, 400 * MIB);
	uint64_t most = 0;
	int bounded = 0;

	o.next_device = true;
	o.g.swap_left_bytes = 0;
	o.g.demotable_bytes = 400 * MIB;
	for (uint64_t i = 1; i <= 10; i++) {
		struct decision d;

		o.now_us = i * 6 * S;
		o.row.swap_write = i % 2 ? 0 : 1000;
		d = decide(&policy_default, &o, &m);
		most = d.want_bytes > most ? d.want_bytes : most;
		bounded += d.reason == REASON_SWAP_BUDGET;
	}
	ok(!bounded, "no budget of writes bounds a demotion (%d)", bounded);
	ok(most && most <= 4 * MIB, "and its steps are the law's (%.2f M)",
	   (double)most / MIB);
}

/*
 * A parent of a cgroup of 400M that memory.low protects and one of 50M that
 * nothing does: reclaim of the parent is of the 50M alone.
 */
static void test_protected_below(void)
{
	struct memory m = { 0 };
	uint64_t small = 50 * MIB, step, most = 0;
	struct decision d = { 0 };

	for (uint64_t i = 1; i <= 600; i++) {
		struct observation o = calm(i * 6 * S, 400 * MIB + small);

		o.g.below_bytes = 400 * MIB;
		d = decide(&policy_default, &o, &m);
		step = d.want_bytes;
		most = step > most ? step : most;
		small -= step;
		memory_learn(&m, &(struct outcome){
					 .window_us = 6 * S,
					 .now_us = o.now_us,
					 .wanted_bytes = step,
					 .y.got_anon_bytes = step,
					 .current_bytes = 400 * MIB + small,
				 });
	}
	ok(most <= 50 * MIB / 100,
	   "a step is of what no memory.low below protects (%.2f M)",
	   (double)most / MIB);
	m = (struct memory){ 0 };
	for (uint64_t i = 1; i <= 10; i++) {
		struct observation o = calm(i * 6 * S, 400 * MIB);

		o.g.below_bytes = 400 * MIB;
		d = decide(&policy_default, &o, &m);
	}
	ok(!d.want_bytes && d.reason == REASON_PROTECTED,
	   "where all below is protected that is the reason (%d)", d.reason);
}

static void test_names(void)
{
	const struct observation o = calm(6 * S, 300 * MIB);
	struct memory m = { 0 };
	struct observation off = o;

	off.off = off.frozen = off.slept = true;
	off.psi.known = false;
	ok(decide(&policy_default, &off, &m).reason == REASON_OFF,
	   "the first guard that holds is the reason");
	off.off = false;
	ok(decide(&policy_default, &off, &m).reason == REASON_NO_PSI,
	   "then the next");
}

int main(void)
{
	test_any_row();
	test_loop(0, "small pages");
	test_loop(2 * MIB, "huge pages");
	test_names();
	test_evidence();
	test_worthless();
	test_came_back();
	test_own_reclaim();
	test_trickle();
	test_write_pace();
	test_demotion_spares_the_drive();
	test_protected_below();
	return tap_done();
}
