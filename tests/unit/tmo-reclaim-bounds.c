/* The guards of tmo-reclaim: numbers in, bound and reason out. */
#include "tap.h"
#include "tmo-reclaim/bounds.c"

enum { MIB = 1 << 20 };

/* 300 MiB used: 200 anonymous, 60 file, 40 neither; swap in plenty. */
static struct bounds_in usual(void)
{
	return (struct bounds_in){
		.current_bytes = 300 * MIB,
		.anon_lru_bytes = 200 * MIB,
		.file_lru_bytes = 60 * MIB,
		.headroom_bytes = 10 * MIB,
		.swap_left_bytes = UINT64_C(1000) * MIB,
		.swap_used_mpct = 1000,
		.swap_limit_mpct = 80000,
		.swap_write = NUM_NONE,
		.swappiness = NUM_NONE,
		.row_floor_bytes = NUM_NONE,
	};
}

static void test_swap(void)
{
	struct bounds_in in = usual();

	ok(bounds_swap(&in) == REASON_LAW, "swap may be used");
	in.swap_used_mpct = 79999;
	ok(bounds_swap(&in) == REASON_LAW, "up to its limit");
	in.swap_used_mpct = 80000;
	ok(bounds_swap(&in) == REASON_SWAP_FULL, "and not at it");
	in.swap_left_bytes = 0;
	in.swap_used_mpct = 100000;
	ok(bounds_swap(&in) == REASON_NO_SWAP, "there is none");
	in = usual();
	in.swap_left_bytes = NUM_NONE;
	ok(bounds_swap(&in) == REASON_NO_SWAP, "unknown is none");
	in.demotable_bytes = 1;
	ok(bounds_swap(&in) == REASON_LAW, "but for a slower node");
	in.swappiness = 0;
	ok(bounds_swap(&in) == REASON_FILE_ONLY, "unless the row says no");
	in = usual();
	in.demotable_bytes = MIB;
	in.rotational = true;
	ok(bounds_swap(&in) == REASON_ROTATIONAL,
	   "with swap, pages of the slow node would go there");
	in = usual();
	in.swap_write = 0;
	ok(bounds_swap(&in) == REASON_SWAP_BUDGET, "no budget to write");
	in.swap_write = 1;
	ok(bounds_swap(&in) == REASON_LAW, "some budget");
	in.write_bytes = MIB;
	ok(bounds_swap(&in) == REASON_SWAP_BUDGET,
	   "of which too little is earned");
	in.write_left_bytes = MIB;
	ok(bounds_swap(&in) == REASON_LAW, "until it is");
	in.zswap_full = true;
	ok(bounds_swap(&in) == REASON_ZSWAP_FULL, "zswap is full");
	in = usual();
	in.zram_full = true;
	ok(bounds_swap(&in) == REASON_ZRAM_FULL, "zram is at its limit");
	in = usual();
	in.rotational = true;
	ok(bounds_swap(&in) == REASON_ROTATIONAL, "a rotating disk");
	in = usual();
	in.saves_nothing = true;
	ok(bounds_swap(&in) == REASON_SAVES_NOTHING, "its copies save nothing");
	in = usual();
	in.swappiness = 0;
	ok(bounds_swap(&in) == REASON_FILE_ONLY, "swappiness 0");
}

static void test_floor(void)
{
	struct bounds_in in = usual();

	is_u64(bounds_floor(&in, false).bytes, 50 * MIB,
	       "40 that stay and 10 of headroom");
	is_u64(bounds_floor(&in, true).bytes, 250 * MIB,
	       "without swap anonymous memory stays");
	in.swap_left_bytes = 30 * MIB;
	is_u64(bounds_floor(&in, false).bytes, 220 * MIB,
	       "but for what swap still holds");
	in.swap_left_bytes = 0;
	in.demotable_bytes = 50 * MIB;
	is_u64(bounds_floor(&in, false).bytes, 200 * MIB,
	       "or what can be demoted");
	in = usual();
	in.low_bytes = 100 * MIB;
	is_u64(bounds_floor(&in, false).bytes, 100 * MIB, "memory.low");
	ok(bounds_floor(&in, false).reason == REASON_PROTECTED,
	   "is protection");
	in.min_bytes = 110 * MIB;
	is_u64(bounds_floor(&in, false).bytes, 110 * MIB, "memory.min");
	in.row_floor_bytes = 120 * MIB;
	ok(bounds_floor(&in, false).reason == REASON_ROW_FLOOR, "the policy");
	in.adaptive_bytes = 130 * MIB;
	ok(bounds_floor(&in, false).reason == REASON_ADAPTIVE, "refaults");
	in.low_bytes = NUM_MAX;
	is_u64(bounds_floor(&in, false).bytes, NUM_MAX, "low can be max");
	in = usual();
	in.headroom_bytes = NUM_MAX;
	is_u64(bounds_floor(&in, false).bytes, NUM_MAX, "no overflow");
}

static void test_base(void)
{
	struct bounds_in in = usual();

	is_u64(bounds_base(&in, false), 260 * MIB,
	       "what can be reclaimed, not what is locked");
	in.swapped_bytes = 100 * MIB;
	is_u64(bounds_base(&in, false), 360 * MIB, "and what is away");
	in.swapped_bytes = 1000 * MIB;
	is_u64(bounds_base(&in, false), 520 * MIB, "to as much again");
	in.swapped_bytes = NUM_NONE;
	is_u64(bounds_base(&in, false), 260 * MIB, "unknown is none");
	in.anon_lru_bytes = NUM_NONE;
	is_u64(bounds_base(&in, false), 300 * MIB,
	       "all that it uses, without lists");
	in.busy_file_bytes = 20 * MIB;
	is_u64(bounds_base(&in, true), 40 * MIB, "file only: what is clean");
	in.busy_file_bytes = 80 * MIB;
	is_u64(bounds_base(&in, true), 0, "and never below 0");
}

static void test_bound(void)
{
	struct bounds_in in = usual();
	struct bounds_floor f = { 290 * MIB, REASON_FLOOR };
	enum reason why = REASON_LAW;

	is_u64(bounds_step(&in, &f, 300 * MIB, NUM_MAX, 4 * MIB, &why), 4 * MIB,
	       "room enough");
	ok(why == REASON_LAW, "the law's reason stays");
	is_u64(bounds_step(&in, &f, 300 * MIB, MIB, 4 * MIB, &why), MIB,
	       "the most a step");
	ok(why == REASON_MAX_STEP, "is a reason");
	is_u64(bounds_step(&in, &f, 300 * MIB, 8192, 4 * MIB, &why), 0,
	       "less than the kernel takes at once is nothing");
	is_u64(bounds_step(&in, &f, 300 * MIB, NUM_MAX, 40 * MIB, &why),
	       10 * MIB, "down to the floor");
	ok(why == REASON_FLOOR, "is another");
	f.bytes = NUM_MAX;
	is_u64(bounds_step(&in, &f, 300 * MIB, NUM_MAX, 4 * MIB, &why), 0,
	       "a floor above it");
	f.bytes = 0;
	is_u64(bounds_step(&in, &f, 300 * MIB, NUM_MAX, 5000, &why), 4096,
	       "whole pages");
}

static void test_adapt(void)
{
	uint64_t floor = bounds_adapt(0, 100 * MIB, 6000000, true);

	is_u64(floor, 100 * MIB, "harm raises it to what is used");
	is_u64(bounds_adapt(floor, 80 * MIB, 6000000, true), 100 * MIB,
	       "and never lowers it");
	is_u64(bounds_adapt(floor, 0, 600000000, false), 50 * MIB,
	       "half of it after ten minutes");
}

static void test_grew(void)
{
	ok(bounds_grew(300 * MIB, 200 * MIB), "half as much again");
	ok(!bounds_grew(207 * MIB, 200 * MIB), "noise");
	ok(!bounds_grew(UINT64_C(2000) * MIB + 9 * MIB, UINT64_C(2000) * MIB),
	   "little for its size");
	ok(!bounds_grew(100, 200), "a loss");
}

int main(void)
{
	test_swap();
	test_floor();
	test_base();
	test_bound();
	test_adapt();
	test_grew();
	return tap_done();
}
