/* The laws against values worked by hand from the published formulas. */
#include "tap.h"
#include "tmo-reclaim/law.c"
#include "tmo-reclaim/published.c"

enum { MIB = 1 << 20, PAGE = 4096, LEAST = 32 * PAGE };

static struct law_in calm(void)
{
	return (struct law_in){
		.psi.window_us = 6000000,
		.least_bytes = LEAST,
		.mem_limit_pct = 0.1,
		.io_limit_pct = 1,
		.ratio = 0.0005,
		.current_bytes = UINT64_C(1000) * MIB,
		.base_bytes = UINT64_C(1000) * MIB,
		.blind_bytes = UINT64_C(1000) * MIB,
		.cold_bytes = NUM_NONE,
	};
}

/* All is known, and so much of it cold. */
static struct law_in cold(uint64_t bytes)
{
	struct law_in in = calm();

	in.blind_bytes = 0;
	in.cold_bytes = bytes;
	return in;
}

static struct law_out run_periods(enum law law, const struct law_in *in,
				  struct law_state *st, int n)
{
	struct law_out o = { 0 };

	while (n--)
		o = law_step(law, in, st);
	return o;
}

/* current * ratio * max(0, 1 - psi / limit): 1000 MiB * 0.0005 = 524288. */
static void test_paper(void)
{
	static const struct {
		double mem_pct, io_pct;
		uint64_t bytes;
		enum reason reason;
	} table[] = {
		{ 0, 0, 524288, REASON_LAW },
		{ 0.05, 0, 262144, REASON_LAW },
		{ 0.075, 0, 131072, REASON_LAW },
		{ 0, 0.5, 262144, REASON_LAW },
		{ 0.1, 0, 0, REASON_MEM_PRESSURE },
		{ 5, 0, 0, REASON_MEM_PRESSURE },
		{ 0, 1, 0, REASON_IO_PRESSURE },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct law_state st = { 0 };
		struct law_in in = calm();
		struct law_out o;

		in.psi.mem_pct = table[i].mem_pct;
		in.psi.io_pct = table[i].io_pct;
		o = law_step(LAW_PAPER, &in, &st);
		is_u64(o.step_bytes, table[i].bytes, "paper: row %zu", i);
		ok(o.reason == table[i].reason, "paper: its reason");
	}
}

static void test_paper_bounds(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();
	uint64_t sum = 0;

	in.ratio = 0.5;
	is_u64(law_step(LAW_PAPER, &in, &st).step_bytes,
	       UINT64_C(10) * MIB / PAGE * PAGE, "paper: 1 %% of the workload");
	/* 50 MiB * 0.0005 = 26214.4: under 32 pages, so it adds up */
	st = (struct law_state){ 0 };
	in = calm();
	in.base_bytes = 50 * MIB;
	ok(law_step(LAW_PAPER, &in, &st).reason == REASON_SMALL,
	   "too little for a write");
	for (int i = 1; i < 100; i++)
		sum += law_step(LAW_PAPER, &in, &st).step_bytes;
	/* 100 periods owe 2621440; all but the last carry is taken */
	ok(sum > 2621440 - 2 * LEAST && sum <= 2621440,
	   "paper: remainders carry over (%llu)", (unsigned long long)sum);
}

/*
 * senpai.py: limit := current; each 6 s without stall limit *= 0.99, as
 * 0.01 * (10000 / 1 / 10)^2 is far above max_probe.
 */
static void test_senpai(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();
	uint64_t limit = in.current_bytes;

	ok(law_step(LAW_SENPAI, &in, &st).reason == REASON_INTERVAL,
	   "senpai: starts at what is used");
	is_u64(law_step(LAW_SENPAI, &in, &st).step_bytes,
	       limit - (uint64_t)((double)limit * 0.99) / PAGE * PAGE,
	       "senpai: 1 %% a probe without stall");
	/* 2 ms of 10: 0.01 * (10 / 2 / 10)^2 = 0.0025 */
	st = (struct law_state){ .limit_bytes = limit, .grace_s = 6 };
	in.psi.mem_pct = 2000.0 / 6000000 * 100;
	is_u64(law_step(LAW_SENPAI, &in, &st).step_bytes,
	       limit - (uint64_t)((double)limit * 0.9975) / PAGE * PAGE,
	       "senpai: less with some stall");
	/* 40 ms of 10: limit *= 1 + (40 / 10 / 20)^2 = 1.04, nothing taken */
	st = (struct law_state){ .limit_bytes = limit, .grace_s = 6 };
	in.psi.mem_pct = 40000.0 / 6000000 * 100;
	is_u64(law_step(LAW_SENPAI, &in, &st).step_bytes, 0,
	       "senpai: backs off at once");
	ok(st.limit_bytes / PAGE - (uint64_t)((double)limit * 1.04) / PAGE <= 1,
	   "senpai: by the square of the error");
	/* the floor holds */
	in = calm();
	in.floor_bytes = limit - MIB;
	st = (struct law_state){ .limit_bytes = limit };
	is_u64(law_step(LAW_SENPAI, &in, &st).step_bytes, MIB,
	       "senpai: no further than the floor");
	/* 5 % of 6 s doubles the limit each time: up to max_size */
	in.psi.mem_pct = 5;
	is_u64(run_periods(LAW_SENPAI, &in, &st, 100).step_bytes, 0,
	       "senpai: long harm takes nothing");
	is_u64(st.limit_bytes, UINT64_C(100) << 30, "senpai: up to max_size");
	in = calm();
	in.held = true;
	run_periods(LAW_SENPAI, &in, &st, 100);
	is_u64(st.limit_bytes, in.current_bytes,
	       "senpai: starts again where a guard held");
}

/* 0.01 * (current - limit_min), one tick in seven. */
static void test_oomd(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();

	in.floor_bytes = 100 * MIB;
	is_u64(law_step(LAW_OOMD, &in, &st).step_bytes, 9 * MIB,
	       "oomd: 1 %% of what stands above the floor");
	for (int i = 0; i < 6; i++)
		ok(law_step(LAW_OOMD, &in, &st).reason == REASON_INTERVAL,
		   "oomd: waits");
	is_u64(law_step(LAW_OOMD, &in, &st).step_bytes, 9 * MIB,
	       "oomd: every seventh tick");
	st.ticks = 0;
	in.psi.mem_avg_pct = 0.1;
	ok(law_step(LAW_OOMD, &in, &st).reason == REASON_MEM_PRESSURE,
	   "oomd: all or nothing");
	in.psi.mem_avg_pct = 0.09;
	is_u64(law_step(LAW_OOMD, &in, &st).step_bytes, 9 * MIB,
	       "oomd: the whole below the limit");
}

static void test_gain(void)
{
	static const uint64_t pages[] = {
		128, 256, 512, 1024, 2048, 2560, 2560
	};
	struct law_state st = { 0 };
	struct law_in in = calm();

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes / PAGE,
		       pages[i], "default: doubles to 1 %% (period %zu)", i);
	in.psi.mem_pct = 1;
	ok(law_step(LAW_DEFAULT, &in, &st).reason == REASON_MEM_PRESSURE,
	   "default: stops in the period of the harm");
	ok(st.gain == 1, "default: the gain is 1 again");
}

/* Twice as fast as the windows: each is half a period. */
static void test_elapsed(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();
	double taken = 0;

	law_step(LAW_DEFAULT, &in, &st);
	in.elapsed_us = in.psi.window_us / 2;
	law_step(LAW_DEFAULT, &in, &st);
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.gain > 1.999 && st.gain < 2.001,
	   "time: the gain doubles in a period, however many rows it has");
	st.gain = LAW_GAIN_MAX;
	for (int i = 0; i < 20; i++)
		taken += (double)law_step(LAW_DEFAULT, &in, &st).step_bytes;
	ok(taken <= 10 * 0.01 * 1000 * MIB + LEAST,
	   "time: and 1 %% a period is the most");
	in.elapsed_us = in.psi.window_us - in.psi.window_us / 20;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes / PAGE, 2560,
	       "time: a little early is on time");
}

/* 2 MiB is what a trip takes: it is saved up for, and asked for in calm. */
static void test_huge(void)
{
	struct law_state st = { .gain = 1 };
	struct law_in in = calm();
	struct law_out o;
	uint64_t sum = 0;
	int steps = 0;

	in.least_bytes = 2 * MIB;
	in.base_bytes = in.blind_bytes = 50 * MIB;
	for (int i = 0; i < 40; i++) {
		o = law_step(LAW_DEFAULT, &in, &st);
		ok(!o.step_bytes || o.step_bytes >= 2 * MIB,
		   "huge pages: none is less than one");
		sum += o.step_bytes;
		steps += o.step_bytes > 0;
	}
	ok(steps >= 8 && sum <= 40 * MIB / 2,
	   "huge pages: the mean is the law's (%d)", steps);
	in.psi.mem_pct = 0.14; /* 8.4 ms, of which 5 are forgiven: 0.057 % */
	st.carry_bytes = 2 * MIB;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 0,
	       "huge pages: not while the brake is on");
	in = cold(20 * MIB);
	in.base_bytes = 50 * MIB;
	in.least_bytes = 2 * MIB;
	st = (struct law_state){ .cold_gain = 1 };
	o = law_step(LAW_DEFAULT, &in, &st);
	is_u64(o.step_bytes, 2 * MIB, "huge pages: evidence asks for one");
	ok(o.lent_bytes > MIB, "huge pages: most of which is lent");
}

static void test_noise(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();

	/* one fault of 5 ms in 6 s, now and then: 0.083 % */
	for (int i = 0; i < 30; i++) {
		in.psi.mem_pct = i % 5 ? 0 : 0.083;
		ok(law_step(LAW_DEFAULT, &in, &st).step_bytes,
		   "default: a fault does not stop it");
	}
	/* the same in every period is 0.083 % on end: near the limit */
	in.psi.mem_pct = 0.083;
	ok(run_periods(LAW_DEFAULT, &in, &st, 40).step_bytes <
		   (uint64_t)(0.2 * 0.01 * 1000 * MIB),
	   "default: but a steady trickle brakes");
	in.psi.mem_pct = 0.15;
	is_u64(run_periods(LAW_DEFAULT, &in, &st, 40).step_bytes, 0,
	       "default: above the limit nothing is taken");
}

static void test_recovery(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();
	int periods = 0;

	in.psi.mem_pct = 100;
	law_step(LAW_DEFAULT, &in, &st);
	in.psi.mem_pct = 0;
	while (!law_step(LAW_DEFAULT, &in, &st).step_bytes && periods < 100)
		periods++;
	/* 2 limits * exp(-6 n / 30) < 1 from n = 4 on, and a step adds up */
	ok(periods >= 3 && periods <= 6,
	   "default: a total stall is forgotten in half a minute, %d periods",
	   periods);
}

static void test_evidence(void)
{
	struct law_state st = { .cold_gain = LAW_GAIN_MAX };
	struct law_in in = cold(3 * MIB);
	struct law_out o;

	o = law_step(LAW_DEFAULT, &in, &st);
	is_u64(o.step_bytes, 3 * MIB, "evidence: never more than is cold");
	ok(o.cold, "evidence: and that is what it names");
	ok(o.reason == REASON_COLD, "evidence: it is the reason");
	in.cold_bytes = 80 * MIB;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 80 * MIB,
	       "evidence: all at once where the cap allows it");
	in.cold_bytes = 500 * MIB;
	o = law_step(LAW_DEFAULT, &in, &st);
	is_u64(o.step_bytes, 100 * MIB,
	       "evidence: a tenth of the base at most");
	ok(o.reason == REASON_CAP, "evidence: which is a reason, too");
	in.cold_bytes = 0;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 0,
	       "evidence: nothing cold, nothing taken");
	in.cold_bytes = 500 * MIB;
	in.psi.mem_pct = 1;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 0,
	       "evidence: pressure stops it all the same");
}

/* It has to earn its gain: 100 MiB * (gain / 20)^2 is 1024 pages at first. */
static void test_evidence_grows(void)
{
	static const uint64_t pages[] = { 1024, 4096, 16384, 25600, 25600 };
	struct law_state st = { .gain = LAW_GAIN_MAX };
	struct law_in in = cold(500 * MIB);

	for (size_t i = 0; i < sizeof(pages) / sizeof(*pages); i++)
		is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes / PAGE,
		       pages[i],
		       "evidence: grows while all is calm (period %zu)", i);
	/* 10 MiB at gain 8: 4 of them, where 16 would be the most */
	in.cold_bytes = 10 * MIB;
	st = (struct law_state){ .cold_gain = 4 };
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 4 * MIB,
	       "evidence: by its share of what is cold");
	in.last.late = in.last.partial = true;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.cold_gain == 8,
	   "a deadline neither raises the gain nor lowers it");
	in.last.late = false;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.cold_gain == 4, "what the kernel left undone halves it");
	in.last.got_bytes = in.refaulted_bytes = 5 * MIB;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.cold_gain == 1, "evidence: refaults set it back as any step");
}

/* Its harm of large steps would be known too late. */
static void test_evidence_harm(void)
{
	struct law_state st = { .cold_gain = LAW_GAIN_MAX };
	struct law_in in = cold(500 * MIB);
	uint64_t most = law_step(LAW_DEFAULT, &in, &st).step_bytes;
	struct law_out out;

	in.harm_known = true;
	st = (struct law_state){ .cold_gain = LAW_GAIN_MAX };
	out = law_step(LAW_DEFAULT, &in, &st);
	is_u64(out.step_bytes, most / 10,
	       "where the harm is known, by evidence no more than without");
	ok(out.reason == REASON_CAP, "and that is the cap");
	in.harm_pct = 60;
	st = (struct law_state){ .cold_gain = 4 };
	ok(law_step(LAW_DEFAULT, &in, &st).step_bytes < most / 10,
	   "harm makes it smaller");
}

/* A base of 10 MiB: 0.05 % and the cap at gain 1 are less than 32 pages. */
static void test_evidence_least(void)
{
	struct law_state st = { 0 };
	struct law_in in = cold(MIB);

	in.base_bytes = 10 * MIB;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, LEAST,
	       "evidence: what a trip takes at least");
	in.cold_bytes = LEAST - PAGE;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 0,
	       "evidence: but never more than is cold");
	in.cold_bytes = MIB;
	in.psi.mem_pct =
		0.15; /* 9 ms of 6 s, of which 5 are forgiven: 0.067 % */
	st = (struct law_state){ .cold_gain = 1 };
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes, 0,
	       "evidence: nor that when the brake is on");
}

/* One kind is known, 200 MiB of file cache are not: 0.05 % are 25 pages. */
static void test_both(void)
{
	struct law_state st = { 0 };
	struct law_in in = cold(100 * MIB);
	struct law_out o;

	in.blind_bytes = 200 * MIB;
	in.files_alone = true;
	o = run_periods(LAW_DEFAULT, &in, &st, 2);
	is_u64(o.step_bytes / PAGE, 4096, "both: what is known goes first");
	ok(o.cold && st.gain < 1, "both: and nothing else");
	in.cold_bytes = LEAST - 1;
	o = run_periods(LAW_DEFAULT, &in, &st, 2);
	is_u64(o.step_bytes / PAGE, 51 + 25,
	       "both: then blind steps, with what was left");
	ok(!o.cold && st.cold_gain == 8, "both: with a gain of their own");
	o = run_periods(LAW_DEFAULT, &in, &st, 6);
	is_u64(o.step_bytes / PAGE, 2048, "both: 4 %% of the rest at most");
	in.cold_bytes = 100 * MIB;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.gain == 4 * LAW_GAIN_MAX, "a gain that is not used stays");
	in.psi.mem_pct = 1;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.gain == 1 && st.cold_gain == 1, "harm takes both");
}

/* Where anonymous memory is in huge pages, file cache is not. */
static void test_files_alone(void)
{
	struct law_state st = { .gain = LAW_GAIN_MAX };
	struct law_in in = cold(0);

	in.least_bytes = 2 * MIB;
	in.blind_bytes = 20 * MIB;
	in.files_alone = true;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes / PAGE, 102,
	       "files alone: not saved up for, as huge pages are");
	in.anon_taken_bytes = 31 * MIB;
	in.anon_back_bytes = 8 * MIB; /* brakes by 0.7 */
	ok(law_step(LAW_DEFAULT, &in, &st).step_bytes,
	   "files alone: nor asked for in calm alone");
	in.files_alone = false;
	ok(!law_step(LAW_DEFAULT, &in, &st).step_bytes, "which huge pages are");
}

/* While a guard holds, averages go on, and nothing else. */
static void test_held(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();

	in.held = true;
	is_u64(run_periods(LAW_DEFAULT, &in, &st, 9).step_bytes, 0,
	       "held: no step");
	ok(st.gain < 1 && st.carry_bytes == 0, "held: and nothing is earned");
	in.held = false;
	is_u64(law_step(LAW_DEFAULT, &in, &st).step_bytes / PAGE, 128,
	       "held: so that the first step is the gentlest");
}

static void test_refaults(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();
	struct law_out o;

	in.last.got_bytes = in.refaulted_bytes = MIB;
	o = law_step(LAW_DEFAULT, &in, &st);
	ok(o.reason == REASON_REFAULT && !o.burst, "a few refaults stop it");
	in.refaulted_bytes = 10 * MIB;
	ok(law_step(LAW_DEFAULT, &in, &st).burst,
	   "1 %% of the base is a burst");
	st = (struct law_state){ 0 };
	in = calm();

	in.last.got_bytes = 10 * MIB;
	run_periods(LAW_DEFAULT, &in, &st, 5);
	in.refaulted_bytes = 5 * MIB;
	o = law_step(LAW_DEFAULT, &in, &st);
	ok(!o.step_bytes && o.reason == REASON_REFAULT,
	   "refaults stop it while pressure is 0");
	in.last.got_bytes = in.refaulted_bytes = 0;
	ok(run_periods(LAW_DEFAULT, &in, &st, 15).step_bytes > 0,
	   "and it goes on when they end");
}

static void test_inefficient(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();

	run_periods(LAW_DEFAULT, &in, &st, 6);
	ok(st.gain == LAW_GAIN_MAX, "the gain is up");
	in.last.got_bytes = MIB;
	in.last.scanned_bytes = 40 * MIB;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.gain == 1, "much scanned for little: slow again");
	in.least_bytes = 2 * MIB;
	run_periods(LAW_DEFAULT, &in, &st, 6);
	ok(st.gain == LAW_GAIN_MAX, "twenty huge pages are not much");
	in.last.scanned_bytes = 100 * MIB;
	law_step(LAW_DEFAULT, &in, &st);
	ok(st.gain == 1, "fifty are");
	in.last.scanned_bytes = 40 * MIB;
	in.files_alone = true;
	run_periods(LAW_DEFAULT, &in, &st, 6);
	ok(st.gain == 1, "of file cache alone, 40 MiB are");
}

/* -b: what is asked for, until there is harm. */
static void test_once(void)
{
	struct law_state st = { 0 };
	struct law_in in = calm();

	in.asked_bytes = 4 * MIB;
	is_u64(law_step(LAW_ONCE, &in, &st).step_bytes, 4 * MIB,
	       "-b: as asked");
	in.psi.mem_pct = 1;
	ok(law_step(LAW_ONCE, &in, &st).reason == REASON_MEM_PRESSURE,
	   "-b: harm stops it");
}

static void test_names(void)
{
	enum law law = LAW_DEFAULT;

	ok(!law_find("senpai", &law) && law == LAW_SENPAI, "a law by name");
	ok(law_find("senpa", &law) == -EINVAL, "an unknown one is refused");
	ok(law == LAW_SENPAI, "and changes nothing");
}

int main(void)
{
	test_paper();
	test_paper_bounds();
	test_senpai();
	test_oomd();
	test_gain();
	test_elapsed();
	test_huge();
	test_noise();
	test_recovery();
	test_evidence();
	test_evidence_grows();
	test_evidence_harm();
	test_evidence_least();
	test_both();
	test_files_alone();
	test_held();
	test_refaults();
	test_inefficient();
	test_once();
	test_names();
	return tap_done();
}
