/* swap-balance's policies: the law of balance, costs, backend, buckets. */
#include <math.h>

#include "swap-balance/backend.c"
#include "swap-balance/balance.c"
#include "swap-balance/budget.c"
#include "swap-balance/drive.c"
#include "swap-balance/ledger.c"
#include "swap-balance/reason.c"
#define EVIDENCE SENSITIVITY_EVIDENCE /* balance.c has its own */
#include "swap-balance/sensitivity.c"
#undef EVIDENCE
#include "tap.h"

static const struct balance_cfg law = { 30, 1, 80000 };
static const double no_us[KIND_COUNT];

static struct window calm(void)
{
	return (struct window){ .s = 6,
				.memory_pages = 262144,
				.stated_us = { 100, 10, 100 },
				.kernel_ratio = 60.0 / 140,
				.next = KIND_DEVICE };
}

static void run(struct balance *b, const struct window *w, int steps)
{
	while (steps--) {
		cost_learn(b->cost, w, no_us);
		balance_step(b, &law, w);
	}
}

static void test_price_list(void)
{
	struct window w = calm();
	struct balance b = { 0 };

	run(&b, &w, 1);
	is_u64((unsigned int)b.swappiness, 60,
	       "no traffic, no measured price: as vm.swappiness has it");
	ok(b.reason == REASON_QUIET, "and the reason is quiet");
	b = (struct balance){ 0 };
	b.cost[KIND_FILE] = (struct cost){ .us = 100, .source = SOURCE_DEVICE };
	b.cost[KIND_DEVICE] =
		(struct cost){ .us = 50, .source = SOURCE_PRESSURE };
	run(&b, &w, 1);
	is_u64((unsigned int)b.swappiness, 133,
	       "swap twice as fast as files: 133, as vm.rst has it");
}

/* After windows with so many pages of each kind. */
static struct balance priced(const struct cost cost[KIND_COUNT],
			     const double pages[KIND_COUNT])
{
	struct window w = calm();
	struct balance b = { 0 };

	memcpy(b.cost, cost, sizeof(b.cost));
	memcpy(w.pages, pages, sizeof(w.pages));
	for (int i = 0; i < 5; i++)
		balance_step(&b, &law, &w);
	return b;
}

/* Prices are all measured, or all stated. */
static void test_no_mixed_prices(void)
{
	static const struct cost stated[KIND_COUNT] = { { .us = 100 },
							{ .us = 10 },
							{ .us = 100 } };
	static const double none[KIND_COUNT];
	static const double both[KIND_COUNT] = { 3000, 0, 3000 };
	static const double all[KIND_COUNT] = { 3000, 3000, 3000 };
	struct cost cost[KIND_COUNT],
		slow = { .us = 5000, .source = SOURCE_PRESSURE };
	struct balance b, want = priced(stated, both);

	memcpy(cost, stated, sizeof(cost));
	cost[KIND_DEVICE] = slow;
	b = priced(cost, none);
	is_u64((unsigned int)b.swappiness, 60,
	       "a measured swap-in beside a stated file refault tells nothing");
	b = priced(cost, both);
	ok(b.r == want.r, "nor with traffic: both are as stated");
	cost[KIND_DEVICE] = stated[KIND_DEVICE];
	cost[KIND_FILE] = slow;
	b = priced(cost, both);
	ok(b.r == want.r, "nor is a measured file refault");
	cost[KIND_DEVICE] = slow;
	b = priced(cost, both);
	ok(fabs(b.r - 1) < 1e-9, "both measured, and the same: %.3f", b.r);
	b = priced(cost, all);
	want = priced(stated, all);
	ok(b.r == want.r, "traffic at a third price that is stated: all are");
}

static void test_traffic(void)
{
	struct window w = calm();
	struct balance b = { 0 };
	int high;

	run(&b, &w, 1);
	w.pages[KIND_FILE] = 6000;
	run(&b, &w, 20);
	high = b.swappiness;
	ok(high > 190, "file refaults raise it");
	ok(b.reason == REASON_FILE_REFAULTS, "and are the reason");
	w.pages[KIND_FILE] = 0;
	w.pages[KIND_DEVICE] = 6000;
	run(&b, &w, 5);
	ok(b.swappiness < 80, "swap-ins make it fall, in half a minute");
	run(&b, &w, 15);
	ok(b.swappiness < 10, "and on");
	w.pages[KIND_FILE] = w.pages[KIND_DEVICE] = 6000;
	run(&b, &w, 60);
	/* As near as a move of r by half: 200 * 1.5 / 2.5 is 120. */
	ok(b.swappiness >= 80 && b.swappiness <= 120,
	   "both costing the same is balance: %d", b.swappiness);
	ok(b.reason == REASON_BALANCED, "and called so");
	w.pages[KIND_FILE] = w.pages[KIND_DEVICE] = 0;
	run(&b, &w, 100);
	ok(b.swappiness >= 46 && b.swappiness <= 78,
	   "silence returns to the kernel's own");
}

/* Noise of a third around a balance, for ten minutes of 6 s. */
static void test_no_flapping(void)
{
	struct window w = calm();
	struct balance b = { 0 };
	unsigned int seed = 1;
	int turns = 0, last = 0, dir = 0;

	w.pages[KIND_FILE] = w.pages[KIND_DEVICE] = 3000;
	run(&b, &w, 10);
	last = b.swappiness;
	for (int i = 0; i < 100; i++) {
		for (int k = 0; k < KIND_COUNT; k += 2) {
			seed = seed * 1103515245 + 12345;
			w.pages[k] = 2000 + (seed >> 16) % 2000;
		}
		run(&b, &w, 1);
		if (b.swappiness != last) {
			int now = b.swappiness > last ? 1 : -1;

			turns += dir && now != dir;
			dir = now;
			last = b.swappiness;
		}
	}
	ok(turns <= 1, "noise of a third turns it %d times in 100 windows",
	   turns);
}

static void test_edges(void)
{
	struct window w = calm();
	struct balance b = { 0 };

	w.pages[KIND_FILE] = 1e6;
	run(&b, &w, 5);
	is_u64((unsigned int)b.swappiness, 199, "the classic LRU's most: 199");
	w.lru_gen = true;
	b = (struct balance){ 0 };
	run(&b, &w, 5);
	is_u64((unsigned int)b.swappiness, 198, "lru_gen's: 198");
	w.pages[KIND_FILE] = 0;
	w.pages[KIND_DEVICE] = 1e6;
	b = (struct balance){ 0 };
	run(&b, &w, 5);
	is_u64((unsigned int)b.swappiness, 2, "lru_gen's least: 2");
}

static enum reason why(struct window w, int *swappiness)
{
	struct balance b = { 0 };

	run(&b, &w, 2);
	*swappiness = b.swappiness;
	return b.reason;
}

static void test_guards(void)
{
	struct window w = calm();
	int s;

	w.no_swap = true;
	ok(why(w, &s) == REASON_NO_SWAP && !s, "no swap: file only");
	w = calm();
	w.swap_used_mpct = 80000;
	ok(why(w, &s) == REASON_SWAP_FULL && !s, "80 %% used: file only");
	w.swap_used_mpct = 79999;
	ok(why(w, &s) == REASON_QUIET && s == 60, "a little less: not yet");
	w = calm();
	w.limited = true;
	ok(why(w, &s) == REASON_SWAP_MAX && !s, "memory.swap.max was met");
	w = calm();
	w.failed = true;
	ok(why(w, &s) == REASON_SWAP_FAIL && !s, "a swap-out failed");
	w = calm();
	w.rotational = true;
	ok(why(w, &s) == REASON_ROTATIONAL && !s, "rotational disks: never");
	w = calm();
	w.budget_empty = true;
	ok(why(w, &s) == REASON_BUDGET && !s, "budget empty: file only");
	w = calm();
	w.counters_missing = true;
	ok(why(w, &s) == REASON_UNKNOWN_KERNEL && s == -1,
	   "no counters: no recommendation");
	w = calm();
	w.pages[KIND_DEVICE] = 100;
	w.mem_some_pct = 2;
	ok(why(w, &s) == REASON_PRESSURE && !s, "swap-ins under pressure");
	w.pages[KIND_FILE] = 10000;
	ok(why(w, &s) != REASON_PRESSURE && s > 100,
	   "pressure by files is no reason against swap");
}

static void test_guard_memory(void)
{
	struct window w = calm();
	struct balance b = { 0 };

	w.failed = true;
	run(&b, &w, 1);
	w.failed = false;
	run(&b, &w, 9);
	ok(b.reason == REASON_SWAP_FAIL, "a failure counts for a minute");
	run(&b, &w, 1);
	ok(b.reason != REASON_SWAP_FAIL && b.swappiness > 0, "and no longer");
	w.swap_used_mpct = 81000;
	run(&b, &w, 1);
	w.swap_used_mpct = 76000;
	run(&b, &w, 20);
	ok(b.reason == REASON_SWAP_FULL, "full is over only below 75 %%");
	w.swap_used_mpct = 74000;
	run(&b, &w, 20);
	ok(b.reason == REASON_QUIET, "then it is");
}

static void test_low_limit(void)
{
	static const struct balance_cfg low = { 30, 1, 4000 };
	struct window w = calm();
	struct balance b = { 0 };

	w.swap_used_mpct = 4000;
	balance_step(&b, &low, &w);
	w.swap_used_mpct = 2000;
	balance_step(&b, &low, &w);
	ok(b.full, "a limit of 4 %% holds down to 2 %%");
	w.swap_used_mpct = 1999;
	balance_step(&b, &low, &w);
	ok(!b.full, "and is over below");
}

static void test_inaccurate(void)
{
	struct window w = calm();
	struct balance b = { 0 };

	w.pages[KIND_DEVICE] = 6000;
	run(&b, &w, 5);
	w.out_pages = 6000;
	w.back_pages = 600;
	w.pages[KIND_FILE] = 6000;
	w.pages[KIND_DEVICE] = 2000;
	run(&b, &w, 20);
	ok(b.reason == REASON_INACCURATE, "what is taken comes back: no rise");
	w.pages[KIND_DEVICE] = 100;
	run(&b, &w, 60);
	ok(b.swappiness > 180, "unless that hardly matters");
}

/* Pages came back under pressure; then all is quiet. */
static void test_after_pressure(void)
{
	struct window w = calm();
	struct balance b = { 0 };

	run(&b, &w, 1);
	w.pages[KIND_DEVICE] = 1000;
	w.out_pages = w.back_pages = 1000;
	w.mem_some_pct = 2;
	run(&b, &w, 1);
	ok(!b.swappiness && b.reason == REASON_PRESSURE, "file only");
	w = calm();
	run(&b, &w, 4);
	ok(!b.swappiness && b.reason == REASON_PRESSURE,
	   "for 24 of 30 s, and told as that");
	run(&b, &w, 1);
	ok(b.swappiness > 0, "and no longer, though the rates remember it");
	/* The same where it is known what is cold. */
	w.pages[KIND_DEVICE] = 1000;
	w.mem_some_pct = 2;
	w.cold_anon = true;
	run(&b, &w, 1);
	ok(b.swappiness > 0, "known to be cold: not what came back");
	w.cold_anon = false;
	run(&b, &w, 1);
	ok(!b.swappiness, "no longer known: file only");
	w.cold_anon = true;
	run(&b, &w, 1);
	ok(b.swappiness > 0, "known again: at once");
	w.budget_empty = true;
	run(&b, &w, 1);
	ok(!b.swappiness, "but the other guards hold");
	w = calm();
	b = (struct balance){ 0 };
	w.budget_empty = true;
	run(&b, &w, 3);
	w.budget_empty = false;
	run(&b, &w, 1);
	is_u64((unsigned int)b.swappiness, 60,
	       "what the budget stopped goes on as soon as it has some");
}

static void test_cost(void)
{
	struct cost cost[KIND_COUNT] = { 0 };
	const double device_us[KIND_COUNT] = { 400, 0, 0 };
	struct window w = calm();

	cost_learn(cost, &w, no_us);
	ok(cost[KIND_FILE].us == 100 &&
		   cost[KIND_FILE].source == SOURCE_DEFAULT,
	   "stated cost without evidence");
	cost_learn(cost, &w, device_us);
	ok(cost[KIND_FILE].us == 400 && cost[KIND_FILE].source == SOURCE_DEVICE,
	   "the device's latency where it is known");
	w.pages[KIND_FILE] = 100;
	w.pages[KIND_ZSWAP] = 50;
	w.mem_stall_us = 20000;
	cost_learn(cost, &w, device_us);
	ok(cost[KIND_FILE].source == SOURCE_DEVICE,
	   "a mixed window teaches nothing");
	w.pages[KIND_ZSWAP] = 5;
	cost_learn(cost, &w, device_us);
	ok(fabs(cost[KIND_FILE].us - 340) < 1e-9 &&
		   cost[KIND_FILE].source == SOURCE_PRESSURE,
	   "a pure one does, by a third: stall per refault");
	w.io_stall_us = 5.77e6; /* a neighbour's fsync */
	for (int i = 0; i < 20; i++)
		cost_learn(cost, &w, device_us);
	ok(cost[KIND_FILE].us <= 800, "IO pressure is theirs only as far as "
				      "their reads can have been");
	w.mem_stall_us = 5.77e6;
	for (int i = 0; i < 20; i++)
		cost_learn(cost, &w, device_us);
	ok(cost[KIND_FILE].us <= 1600, "a price is bounded by the device's");
	cost_learn(cost, &w, device_us);
	ok(cost[KIND_FILE].source == SOURCE_PRESSURE, "which then stands");
	ok(cost[KIND_ZSWAP].source == SOURCE_DEFAULT, "for that kind only");
	/* Where nothing is known but a default. */
	memset(cost, 0, sizeof(cost));
	w = calm();
	w.pages[KIND_ZSWAP] = 100;
	w.mem_stall_us = 100 * 800;
	cost_learn(cost, &w, no_us);
	ok(cost[KIND_ZSWAP].source == SOURCE_DEFAULT &&
		   cost[KIND_ZSWAP].us == 10,
	   "beside a default one window tells nothing");
	w.mem_stall_us = 100 * 500;
	cost_learn(cost, &w, no_us);
	ok(cost[KIND_ZSWAP].source == SOURCE_PRESSURE &&
		   cost[KIND_ZSWAP].us == 500,
	   "the lesser of two does, and nothing of the default is left: %.3f",
	   cost[KIND_ZSWAP].us);
	w = calm();
	w.pages[KIND_FILE] = 100;
	w.io_stall_us = 5.77e6;
	cost_learn(cost, &w, no_us);
	ok(cost[KIND_FILE].us == 100 &&
		   cost[KIND_FILE].source == SOURCE_DEFAULT,
	   "IO pressure alone tells nothing where no disk's latency is known");
}

static void test_alone(void)
{
	struct window w = calm();
	struct balance b = { 0 };

	w.next = KIND_ZSWAP;
	b.cost[KIND_FILE] =
		(struct cost){ .us = 500, .source = SOURCE_PRESSURE };
	run(&b, &w, 1);
	is_u64((unsigned int)b.swappiness, 60,
	       "a measured file price beside a stated one is no evidence");
	w.pages[KIND_FILE] = 20000;
	run(&b, &w, 10);
	ok(b.swappiness > 190, "file refaults alone");
	w.pages[KIND_FILE] = 0;
	w.pages[KIND_ZSWAP] = 20000;
	w.mem_stall_us = 20000 * 100;
	run(&b, &w, 2);
	ok(b.swappiness < 40, "two windows of swap-ins alone: %d",
	   b.swappiness);
	w.pages[KIND_FILE] = 20000;
	w.pages[KIND_ZSWAP] = 0;
	run(&b, &w, 2);
	ok(b.swappiness > 100, "and two of file refaults alone: %d",
	   b.swappiness);
}

struct backend_case {
	const char *what;
	struct backend_in in;
	enum backend backend;
	enum reason why;
};

static void test_backend(void)
{
	static const struct backend_case cases[] = {
		{ "compressible",
		  { .zswap = 1, .disk = 1, .ratio = 3 },
		  BACKEND_ZSWAP,
		  REASON_COMPRESSIBLE },
		{ "sensitive",
		  { .zswap = 1, .disk = 1, .ratio = 3, .sensitive = 1 },
		  BACKEND_ZSWAP_NOWB,
		  REASON_SENSITIVE },
		{ "budget empty",
		  { .zswap = 1, .disk = 1, .ratio = 3, .budget_empty = 1 },
		  BACKEND_ZSWAP_NOWB,
		  REASON_BUDGET },
		{ "unknown ratio",
		  { .zswap = 1, .disk = 1, .ratio = NAN },
		  BACKEND_ZSWAP,
		  REASON_LEARNING },
		{ "rotational",
		  { .zswap = 1, .rotational = 1, .ratio = 3 },
		  BACKEND_ZSWAP_NOWB,
		  REASON_ROTATIONAL },
		{ "incompressible",
		  { .zswap = 1, .disk = 1, .ratio = 1.1 },
		  BACKEND_DISK,
		  REASON_INCOMPRESSIBLE },
		{ "mostly stored as is",
		  { .zswap = 1,
		    .disk = 1,
		    .ratio = 1.5,
		    .incompressible_pct = 60 },
		  BACKEND_DISK,
		  REASON_INCOMPRESSIBLE },
		{ "incompressible and sensitive",
		  { .zswap = 1, .disk = 1, .ratio = 1, .sensitive = 1 },
		  BACKEND_NONE,
		  REASON_SENSITIVE },
		{ "that with a slow node",
		  { .zswap = 1,
		    .disk = 1,
		    .tier = 1,
		    .ratio = 1,
		    .sensitive = 1 },
		  BACKEND_TIER,
		  REASON_SENSITIVE },
		{ "incompressible, no budget",
		  { .zswap = 1, .disk = 1, .ratio = 1, .budget_empty = 1 },
		  BACKEND_NONE,
		  REASON_BUDGET },
		{ "incompressible, rotational",
		  { .zswap = 1, .rotational = 1, .ratio = 1 },
		  BACKEND_NONE,
		  REASON_ROTATIONAL },
		{ "only a disk",
		  { .disk = 1, .ratio = NAN },
		  BACKEND_DISK,
		  REASON_ONLY },
		{ "only a rotational disk",
		  { .rotational = 1, .ratio = NAN },
		  BACKEND_NONE,
		  REASON_ROTATIONAL },
		{ "zram",
		  { .zram = 1, .ratio = NAN },
		  BACKEND_ZRAM,
		  REASON_LEARNING },
		{ "no swap",
		  { .no_swap = 1, .ratio = NAN },
		  BACKEND_NONE,
		  REASON_NO_SWAP },
		{ "no swap, a slow node",
		  { .no_swap = 1, .tier = 1, .ratio = NAN },
		  BACKEND_TIER,
		  REASON_NO_SWAP },
		{ "full",
		  { .zswap = 1, .disk = 1, .swap_full = 1, .ratio = 3 },
		  BACKEND_NONE,
		  REASON_SWAP_FULL },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct backend_case *c = cases + i;
		struct backend_choice got = backend_choose(&c->in, 1.37);

		is_str(backend_word(got.backend), backend_word(c->backend),
		       "%s: %s", c->what, backend_word(c->backend));
		is_str(reason_word(got.why), reason_word(c->why),
		       "%s: because %s", c->what, reason_word(c->why));
	}
}

static void test_backend_stays(void)
{
	static const struct backend_cfg cfg = { 1.37, 60 };
	struct backend_in in = { .zswap = 1, .disk = 1, .ratio = 3 };
	struct backend_state st = { 0 };

	backend_step(&st, &in, &cfg, 6);
	ok(st.now.backend == BACKEND_ZSWAP, "the first choice is at once");
	in.sensitive = true;
	backend_step(&st, &in, &cfg, 30);
	ok(st.now.backend == BACKEND_ZSWAP, "another must stand a minute");
	backend_step(&st, &in, &cfg, 30);
	ok(st.now.backend == BACKEND_ZSWAP_NOWB, "then it is taken");
	in = (struct backend_in){ .zswap = 1, .disk = 1, .ratio = 1.3 };
	st = (struct backend_state){ { BACKEND_ZSWAP, REASON_COMPRESSIBLE },
				     { BACKEND_ZSWAP, REASON_COMPRESSIBLE },
				     0 };
	backend_step(&st, &in, &cfg, 600);
	ok(st.now.backend == BACKEND_ZSWAP,
	   "a ratio just below the limit changes nothing");
	ok(isnan(backend_ratio(262143, 1)), "256 KiB are evidence");
	ok(backend_ratio(262144, 131072) == 2, "from there on");
}

/* A minute of windows like w. */
static double sensitivity_after(double pct, const struct window *w)
{
	static const double us[KIND_COUNT] = { 300, 100, 300 };

	for (int i = 0; i < 10; i++)
		sensitivity_learn(&pct, w, us);
	return pct;
}

static void test_sensitivity(void)
{
	struct window w = calm();
	double felt;

	w.mem_some_pct = 20;
	w.pages[KIND_FILE] = 5000;
	ok(isnan(sensitivity_after(NAN, &w)),
	   "pressure that file refaults cause is no sensitivity");
	w.pages[KIND_ZSWAP] = 31;
	ok(isnan(sensitivity_after(NAN, &w)),
	   "nor beside a handful of swap-ins");
	w.pages[KIND_ZSWAP] = 100;
	felt = sensitivity_after(NAN, &w);
	ok(felt > 0.1 && felt < 0.2,
	   "beside more, it is their share of the costs: %.3f", felt);
	w.pages[KIND_FILE] = 0;
	felt = sensitivity_after(NAN, &w);
	ok(fabs(felt - 20) < 0.01, "alone they cause all of it: %.3f", felt);
	w.pages[KIND_ZSWAP] = 0;
	felt = sensitivity_after(felt, &w);
	ok(fabs(felt - 10) < 0.01,
	   "half is forgotten in a minute without any, pressure or not: %.3f",
	   felt);
}

static void test_small_buckets(void)
{
	static const char *const budgets[] = { "64K/1s", "1M/1s", "1M/1m",
					       "40M/1h", "20G/1d" };

	for (size_t i = 0; i < sizeof(budgets) / sizeof(*budgets); i++) {
		struct budget_cfg cfg = { 0 };
		struct bucket b = { 0 };
		double written = 0, most = 0;

		budget_parse(budgets[i], &cfg);
		b.level_bytes = cfg.cap_bytes;
		for (int n = 0; n < 1000; n++) {
			uint64_t now = bucket_pace(&b, &cfg, 6) * 6;

			written += (double)now;
			most = fmax(most, written - n * 6 * cfg.bytes_per_s);
			bucket_tick(&b, &cfg, 6, now);
		}
		ok(most <= (double)cfg.cap_bytes + 6 * cfg.bytes_per_s,
		   "%s: rate times time, and one SIZE, holds", budgets[i]);
		ok(written > 0.5 * 6000 * cfg.bytes_per_s,
		   "%s: and half of it is spent", budgets[i]);
	}
}

static void test_bucket(void)
{
	struct budget_cfg cfg = { 0 };
	struct bucket b = { 0 };
	uint64_t written = 0;

	is_u64((unsigned int)budget_parse("100M/100s", &cfg), 0, "100M/100s");
	is_u64((uint64_t)cfg.bytes_per_s, 1048576, "is a MiB a second");
	ok(budget_parse("20G", &cfg) == 0 &&
		   (uint64_t)(cfg.bytes_per_s * 86400 + .5) == UINT64_C(20)
								       << 30,
	   "20G is a day's");
	ok(budget_parse("0", &cfg) && budget_parse("4095/1s", &cfg) &&
		   !budget_parse("4096/1s", &cfg) &&
		   budget_parse("1M/", &cfg) && budget_parse("1M/0s", &cfg) &&
		   budget_parse("x", &cfg),
	   "what is no budget");
	ok(!budget_parse_drive("600TBW/5y", &cfg) &&
		   fabs(cfg.bytes_per_s - 600e12 / (5 * 365.25 * 86400)) < 1,
	   "600TBW/5y");
	ok(!budget_parse_drive("1.5PBW/2.5y", &cfg) &&
		   fabs(cfg.bytes_per_s - 1.5e15 / (2.5 * 365.25 * 86400)) < 1,
	   "1.5PBW/2.5y");
	ok(budget_parse_drive("600TB/5y", &cfg) &&
		   budget_parse_drive("600TBW/5", &cfg) &&
		   budget_parse_drive("-1TBW/5y", &cfg) &&
		   budget_parse_drive("600TBW/5yy", &cfg) &&
		   budget_parse_drive("0x10TBW/1y", &cfg) &&
		   budget_parse_drive("600TBW/0x5y", &cfg) &&
		   budget_parse_drive(" 1TBW/1y", &cfg) &&
		   budget_parse_drive("1TBW/ 1y", &cfg) &&
		   budget_parse_drive("+1TBW/1y", &cfg) &&
		   budget_parse_drive("1e3TBW/1y", &cfg) &&
		   budget_parse_drive("infTBW/1y", &cfg) &&
		   budget_parse_drive("1TBW/nany", &cfg) &&
		   budget_parse_drive("1.TBW/1y", &cfg) &&
		   /* a day's is more than the state can keep */
		   budget_parse_drive("2300000000TBW/1y", &cfg) &&
		   !budget_parse_drive("1600000000TBW/1y", &cfg),
	   "what is no endurance");

	budget_parse("100M/100s", &cfg);
	is_u64(bucket_pace(&b, &cfg, 6), 0, "an empty bucket allows nothing");
	bucket_tick(&b, &cfg, 25, 0);
	is_u64(bucket_pace(&b, &cfg, 6), 1048576, "a quarter, the mean rate");
	bucket_tick(&b, &cfg, 1e6, 0);
	is_u64((uint64_t)b.level_bytes, 100 << 20, "it overflows at its size");
	b.level_bytes *= 2; /* of another limit, before */
	is_u64(bucket_pace(&b, &cfg, 6), 4 << 20, "nor gives what is over it");
	b.level_bytes /= 2;
	bucket_tick(&b, &cfg, 0, 150 << 20);
	is_u64(bucket_pace(&b, &cfg, 6), 0, "debt allows nothing");
	bucket_tick(&b, &cfg, 50, 0);
	is_u64(bucket_pace(&b, &cfg, 6), 0, "until it is paid");
	b.level_bytes = cfg.cap_bytes;
	bucket_tick(&b, &cfg, 6, 6 << 20);
	is_u64((uint64_t)b.level_bytes, 100 << 20,
	       "a full one is charged against the refill of the same time");
	b.level_bytes = 0;
	bucket_tick(&b, &cfg, -50, 0);
	ok(!b.level_bytes, "a clock that went back earns nothing");

	b = (struct bucket){ .level_bytes = cfg.cap_bytes };
	for (int i = 0; i < 1000; i++) {
		uint64_t now = bucket_pace(&b, &cfg, 6) * 6;

		bucket_tick(&b, &cfg, 6, now);
		written += now;
	}
	ok(written <= (6000 + 100) * UINT64_C(1048576) &&
		   written > 5900 * UINT64_C(1048576),
	   "who follows the pace spends all of it and no more");
	test_small_buckets();
}

int main(void)
{
	test_price_list();
	test_no_mixed_prices();
	test_traffic();
	test_no_flapping();
	test_edges();
	test_alone();
	test_guards();
	test_guard_memory();
	test_low_limit();
	test_inaccurate();
	test_after_pressure();
	test_cost();
	test_backend();
	test_backend_stays();
	test_sensitivity();
	test_bucket();
	return tap_done();
}
