/* Unit tests of psi-watch's policy: conditions, alarms, quantiles, triggers. */
#include <stdlib.h>

#include "psi-watch/alarm.c"
#include "psi-watch/expr.c"
#include "psi-watch/histogram.c"
#include "psi-watch/spec.c"

#include "tap.h"

/* ---- conditions ---- */

static const struct col cols[] = {
	{ "mem_some_pct", NULL, NULL, 0 },
	{ "io_full_us", NULL, NULL, 1 },
	{ "memory_bytes", NULL, NULL, 2 },
};

static const int64_t unknown = INT64_MIN;

static bool column(const void *sample, int arg, int64_t *out)
{
	const int64_t *v = sample;

	*out = v[arg];
	return v[arg] != unknown;
}

static enum verdict judge_now(const char *text, int64_t pct, int64_t us,
			      int64_t bytes)
{
	const int64_t v[] = { pct, us, bytes };
	uint64_t clock[EXPR_NODES] = { 0 };
	struct expr e;

	if (expr_parse(&e, text, cols, 3))
		return (enum verdict) - 1;
	return expr_judge(&e, column, v, 0, 1000000, clock);
}

static void test_expr(void)
{
	static const struct {
		const char *text;
		enum verdict want;
	} cases[] = { /* of 0.500 %, 150000 us, 1 GiB */
		      { "mem_some_pct < 1%", YES },
		      { "mem_some_pct<0.5", NO },
		      { "mem_some_pct <= 0.5%", YES },
		      { "mem_some_pct == 0.5", YES },
		      { "mem_some_pct != 0.5", NO },
		      { "io_full_us > 149ms", YES },
		      { "io_full_us >= 150000", YES },
		      { "io_full_us > 150ms", NO },
		      { "memory_bytes == 1G", YES },
		      { "memory_bytes > 1.5G", NO },
		      { "mem_some_pct > 1 or io_full_us > 1ms", YES },
		      { "mem_some_pct > 1 and io_full_us > 1ms", NO },
		      { "io_full_us > 1ms or io_full_us > 1ms and "
			"mem_some_pct > 1",
			YES },
		      { "(io_full_us > 1ms or io_full_us > 1ms) and "
			"mem_some_pct > 1",
			NO },
		      { "mem_some_pct < 1 for 1s", YES },
		      { "mem_some_pct < 1 for 1001ms", NO }
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		ok(judge_now(cases[i].text, 500, 150000, 1 << 30) ==
			   cases[i].want,
		   "%s", cases[i].text);
}

static void test_unknown(void)
{
	ok(judge_now("mem_some_pct < 1", unknown, 0, 0) == UNKNOWN,
	   "unknown is neither true nor false");
	ok(judge_now("mem_some_pct < 1 or io_full_us == 0", unknown, 0, 0) ==
		   YES,
	   "unknown or true is true");
	ok(judge_now("mem_some_pct < 1 or io_full_us > 0", unknown, 0, 0) ==
		   UNKNOWN,
	   "unknown or false is unknown");
	ok(judge_now("mem_some_pct < 1 and io_full_us > 0", unknown, 0, 0) ==
		   NO,
	   "unknown and false is false");
	ok(judge_now("mem_some_pct < 1 and io_full_us == 0", unknown, 0, 0) ==
		   UNKNOWN,
	   "unknown and true is unknown");
}

static void test_bad_expr(void)
{
	static const struct {
		const char *text;
		size_t at;
	} bad[] = {
		{ "", 0 },
		{ "foo < 1", 0 },
		{ "mem_some_pct", 12 },
		{ "mem_some_pct < 1x", 15 },
		{ "mem_some_pct < -1", 15 },
		{ "memory_bytes < 1%", 15 },
		{ "mem_some_pct < 1 and", 20 },
		{ "mem_some_pct < 1 then", 17 },
		{ "mem_some_pct < 1 for", 20 },
		{ "mem_some_pct < 1 for 3s and io_full_us > 1", 24 },
		{ "io_full_us > 1.5", 13 }, /* seconds, where 1 is a us? */
		{ "(mem_some_pct < 1", 17 },
		{ "mem_some_pctx < 1", 0 },
	};
	struct expr e;
	char deep[200];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		ok(expr_parse(&e, bad[i].text, cols, 3) && e.error,
		   "refused: '%s'", bad[i].text);
		is_u64(e.at, bad[i].at, "at its place: '%s'", bad[i].text);
	}
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ok(expr_parse(&e, deep, cols, 3), "deep parentheses are refused");
}

static void test_for(void)
{
	static const struct {
		uint64_t at_s;
		int64_t pct;
		enum verdict want;
	} steps[] = { { 1, 500, NO },  { 2, 500, NO }, { 3, 500, YES },
		      { 4, 5000, NO }, { 5, 500, NO }, { 6, unknown, UNKNOWN },
		      { 7, 500, NO },  { 8, 500, NO }, { 9, 500, YES },
		      { 10, 500, YES } };
	uint64_t clock[4] = { 0 };
	struct expr e;

	expr_parse(&e, "mem_some_pct < 1% for 3s", cols, 3);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const int64_t v[] = { steps[i].pct, 0, 0 };

		ok(expr_judge(&e, column, v, (steps[i].at_s - 1) * 1000000,
			      steps[i].at_s * 1000000, clock) == steps[i].want,
		   "for 3s, at %d s", (int)steps[i].at_s);
	}
}

/* ---- alarms ---- */

static void test_alarm(void)
{
	/* Every transition there is, and each that there must not be. */
	static const struct {
		uint64_t at_ms, stall_us;
		enum alarm_state state;
		enum alarm_event event;
	} steps[] = {
		{ 1000, 0, CALM, ALARM_NONE },
		{ 2000, 99999, CALM, ALARM_NONE },
		{ 3000, 100000, RISING, ALARM_NONE },
		{ 4000, 50000, CALM, ALARM_NONE }, /* too short */
		{ 5000, 100000, RISING, ALARM_NONE },
		{ 6000, 200000, HIGH, ALARM_ENTER }, /* 2 s of it */
		{ 7000, 60000, HIGH, ALARM_NONE },   /* not yet clear */
		{ 8000, 40000, CLEARING, ALARM_NONE },
		{ 9000, 50000, HIGH, ALARM_NONE }, /* back: no second row */
		{ 10000, 10000, CLEARING, ALARM_NONE },
		{ 11000, 10000, CLEARING, ALARM_NONE },
		{ 12000, 10000, CALM, ALARM_LEAVE }, /* 3 s of it */
		{ 13000, 10000, CALM, ALARM_NONE },
	};
	const struct alarm_config law = { .stall_us = 100000,
					  .window_us = 1000000,
					  .clear_us = 50000,
					  .sustain_us = 2000000,
					  .cooldown_us = 3000000 };
	struct alarm a = { 0 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		enum alarm_event event = alarm_step(
			&a, &law, steps[i].stall_us,
			(steps[i].at_ms - 1000) * 1000, steps[i].at_ms * 1000);

		is_str(alarm_name(a.state), alarm_name(steps[i].state),
		       "state at %d ms", (int)steps[i].at_ms);
		ok(event == steps[i].event, "event at %d ms",
		   (int)steps[i].at_ms);
	}
}

static void test_alarm_plain(void)
{
	struct alarm_config law = { .stall_us = 100000,
				    .window_us = 1000000,
				    .clear_us = 100000 };
	struct alarm a = { 0 };

	ok(alarm_step(&a, &law, 100000, 0, 1000000) == ALARM_ENTER,
	   "without times the first window over enters");
	ok(alarm_step(&a, &law, 99999, 1000000, 2000000) == ALARM_LEAVE,
	   "and the first under it leaves");
	ok(alarm_step(&a, &law, 60000, 2000000, 2500000) == ALARM_NONE,
	   "half a window with half the stall is not over yet");
	ok(alarm_step(&a, &law, 200000, 2000000, 4000000) == ALARM_ENTER,
	   "a late look at two windows counts their mean");
	law.clear_us = 0;
	ok(alarm_step(&a, &law, 1, 4000000, 5000000) == ALARM_NONE,
	   "--clear 0: any stall keeps it high");
	ok(alarm_step(&a, &law, 0, 5000000, 6000000) == ALARM_LEAVE,
	   "and none ends it");
}

/* After a wake the first look comes when half a window is over. */
static void test_alarm_part(void)
{
	const struct alarm_config law = { .stall_us = 250000,
					  .window_us = 1000000,
					  .clear_us = 250000,
					  .sustain_us = 2000000 };
	struct alarm a = { 0 };

	alarm_step(&a, &law, 250000, 0, 800000);
	alarm_step(&a, &law, 200000, 800000, 1300000);
	ok(a.state == RISING, "half a window under it does not end a rise");
	ok(alarm_step(&a, &law, 200000, 1300000, 2000000) == ALARM_NONE,
	   "nor does it fulfil the time to sustain");
	ok(alarm_step(&a, &law, 400000, 1000000, 2000000) == ALARM_ENTER,
	   "a whole one over it does");
	ok(alarm_step(&a, &law, 200000, 2000000, 2500000) == ALARM_NONE &&
		   a.state == HIGH,
	   "half a window is not clear");
	alarm_step(&a, &law, 0, 2000000, 3000000);
	ok(a.state == CALM, "a whole one is");
	ok(alarm_step(&a, &law, 300000, 3000000, 3500000) == ALARM_NONE &&
		   a.state == RISING,
	   "half a window over it is over");
}

/* ---- quantiles ---- */

static void test_quantile(void)
{
	struct histogram q = { 0 };
	uint64_t v = 1, seen[3];
	bool close = true;

	for (unsigned int i = 1; i <= 1000; i++)
		histogram_add(&q, i * 100);
	seen[0] = histogram_quantile(&q, 500);
	seen[1] = histogram_quantile(&q, 900);
	seen[2] = histogram_quantile(&q, 990);
	ok(seen[0] > 48400 && seen[0] < 51600, "p50 of 100..100000: %d",
	   (int)seen[0]);
	ok(seen[1] > 87100 && seen[1] < 92900, "p90: %d", (int)seen[1]);
	ok(seen[2] > 95900 && seen[2] <= 100000, "p99: %d", (int)seen[2]);
	is_u64(q.max, 100000, "max is exact");
	histogram_free(&q);
	for (; v < UINT64_C(1) << 33; v = v * 3 + 1) {
		histogram_add(&q, v);
		if (v >> 32)
			break;
		uint64_t got = value_of(bucket_of(v));
		close &= got * 31 <= v * 32 && v * 31 <= got * 32;
	}
	ok(close, "each value comes back within 1/31");
	ok(q.buckets * sizeof(*q.count) <= 2048, "in 2 KiB: %d buckets",
	   (int)q.buckets);
	histogram_free(&q);
	for (v = 8; v < 64; v++)
		histogram_add(&q, v << 30);
	ok(histogram_quantile(&q, 500) >> 30 > 33 &&
		   histogram_quantile(&q, 500) >> 30 < 38,
	   "bytes of large machines are told apart");
	histogram_free(&q);
	histogram_add(&q, 0);
	is_u64(histogram_quantile(&q, 990), 0, "of zeroes it is zero");
	histogram_free(&q);
}

/* ---- triggers ---- */

static void test_spec(void)
{
	static const char *const bad[] = {
		"",
		"memory",
		"memory some",
		"memory some 150ms",
		"memory some 150ms/1s x",
		"disk some 150ms/1s",
		"memory any 150ms/1s",
		"irq some 150ms/1s",
		"memory some 0/1s",
		"memory some 2s/1s",
		"memory some 101%/1s",
		"memory some 1ms/1ms",
		"memory some x/1s",
	};
	struct spec s = { 0 }, wide;
	char text[SPEC_TEXT];
	const char *why;

	ok(!spec_parse("memory some 150ms/1s", &s, &why), "as asked");
	spec_kernel_text(&s, text);
	is_str(text, "some 150000 1000000", "as the kernel takes it");
	ok(s.res == PSI_MEM, "of memory");
	ok(spec_widen(&s, &wide), "a window of 1 s is widened");
	spec_kernel_text(&wide, text);
	is_str(text, "some 300000 2000000", "to 2 s, the stall with it");
	ok(!spec_parse("io full 5%/2s", &s, &why), "a percentage");
	is_u64(s.law.stall_us, 100000, "of the window");
	ok(spec_widen(&s, &wide) && wide.law.window_us == 2000000,
	   "2 s stay as they are");
	ok(!spec_parse("cpu some 3s/9s", &s, &why) && spec_widen(&s, &wide) &&
		   wide.law.window_us == 10000000,
	   "9 s become 10 s");
	ok(!spec_parse("cpu some 3s/11s", &s, &why) && !spec_widen(&s, &wide),
	   "11 s are too wide for the kernel");
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(spec_parse(bad[i], &s, &why) && why, "refused: '%s'",
		   bad[i]);
}

static void test_base64(void)
{
	char buf[SPEC_TEXT];
	struct spec s;

	/* What systemd 254 sets, with the NUL that it encodes. */
	ok(spec_base64("c29tZSAyMDAwMDAgMjAwMDAwMAA=", buf, sizeof(buf)) == 20,
	   "systemd's text is decoded");
	is_str(buf, "some 200000 2000000", "to a trigger");
	ok(!spec_kernel_parse(buf, &s) && s.law.stall_us == 200000 &&
		   s.law.window_us == 2000000,
	   "which is parsed");
	ok(spec_base64("c29t*", buf, sizeof(buf)) < 0, "not base64");
	ok(spec_base64("c29tZSAyMDAwMDAgMjAwMDAwMAA=", buf, 8) < 0,
	   "too long for its place");
	ok(spec_kernel_parse("some 3000000 2000000", &s),
	   "a stall over its window is refused");
}

int main(void)
{
	test_expr();
	test_unknown();
	test_bad_expr();
	test_for();
	test_alarm();
	test_alarm_plain();
	test_alarm_part();
	test_quantile();
	test_spec();
	test_base64();
	return tap_done();
}
