/* swap-balance --forecast: what is saved, within what, and at what cost. */
#include <math.h>

#include "swap-balance/forecast.c"
#include "tap.h"

static const uint64_t MIB = 1 << 20;

/* 100 MiB that zswap makes a quarter of, by 1600 of its pages. */
static struct forecast_in zswap(void)
{
	return (struct forecast_in){
		.to = TO_ZSWAP,
		.offloadable = 100 * MIB,
		.c = { .kept = 0.25, .refused = 0, .zero = 0, .pages = 1600 },
		.back_bytes_per_s = 4096,
		.memory_us = 10,
		.device_us = 100,
	};
}

static struct forecast make(const struct forecast_in *in)
{
	struct forecast f;

	forecast_make(in, &f);
	return f;
}

static bool is_near(uint64_t got, double mib)
{
	return fabs((double)got / (double)MIB - mib) < 0.05;
}

static void test_zswap(void)
{
	struct forecast_in in = zswap();
	struct forecast f = make(&in);

	is_u64(f.saved_bytes, 75 * MIB, "three quarters are saved");
	/* 1.96 * sqrt(0.25 * 0.75 / 1600) + 3 / 1600 */
	ok(is_near(f.low_bytes, 75 - 2.31), "of a sample: no less");
	ok(is_near(f.high_bytes, 75 + 2.31), "and no more");
	is_u64(f.device_bytes, 0, "nothing is written");
	is_u64(f.device_bytes_per_day, 0, "nor later");
	is_u64(f.stall_us_per_day, 864000,
	       "a page a second of 10 us comes back");
	in.c.unseen = 0.1;
	f = make(&in);
	is_u64(f.saved_bytes, 75 * MIB,
	       "a part that was not seen moves nothing");
	ok(is_near(f.low_bytes, 0.9 * (75 - 2.31)) &&
		   is_near(f.high_bytes, 100 - 0.9 * (25 - 2.31)),
	   "but the bounds: it may save nothing, or all");
	in.c.unseen = 0;
	in.c.refused = 0.5;
	f = make(&in);
	ok(is_near(f.saved_bytes, 87.5), "the refused half is saved as it is");
	is_u64(f.device_bytes, 50 * MIB, "and written to the device");
	is_u64(f.device_bytes_per_day, 4096 / 2 * 86400,
	       "of what comes back, too");
	is_u64(f.stall_us_per_day, 55 * 86400, "where half of it comes from");
	in.no_device = true;
	f = make(&in);
	is_u64(f.saved_bytes, 75 * MIB,
	       "without a device, those are no part of it");
	is_u64(f.device_bytes, 0, "and nothing is written");
}

static void test_zero(void)
{
	struct forecast_in in = zswap();
	struct forecast f;

	in.c.zero = 0.5;
	f = make(&in);
	ok(is_near(f.saved_bytes, 87.5), "pages of zero take nothing");
	in.to = TO_DISK;
	f = make(&in);
	is_u64(f.device_bytes, 50 * MIB, "and are not written");
	in = zswap();
	in.c = (struct compression){
		.kept = NAN, .refused = NAN, .zero = 1, .pages = 1000
	};
	f = make(&in);
	ok(f.saved_bytes == 100 * MIB && f.low_bytes > 99 * MIB,
	   "all of it is zero: how the rest compresses does not matter");
}

static void test_others(void)
{
	struct forecast_in in = zswap();
	struct forecast f;

	in.to = TO_ZRAM;
	in.c.refused = 0.5;
	f = make(&in);
	ok(is_near(f.saved_bytes, 37.5),
	   "zram keeps whole what does not compress");
	is_u64(f.device_bytes, 0, "and writes nothing");
	in.to = TO_DISK;
	f = make(&in);
	ok(f.saved_bytes == 100 * MIB && f.low_bytes == 100 * MIB &&
		   f.high_bytes == 100 * MIB,
	   "a disk takes all");
	is_u64(f.device_bytes, 100 * MIB, "and has it written");
	is_u64(f.stall_us_per_day, 8640000, "and read back");
	in.to = TO_FILE;
	in.se = 10 * MIB;
	f = make(&in);
	ok(f.saved_bytes == 100 * MIB && is_near(f.low_bytes, 80.4) &&
		   is_near(f.high_bytes, 119.6),
	   "an estimate of what is cold has its error");
	is_u64(f.device_bytes, 0, "page cache is dropped");
	is_u64(f.stall_us_per_day, 864000, "and read again from its file");
}

static void test_unknown(void)
{
	struct forecast_in in = zswap();
	struct forecast f;

	in.c = (struct compression){ .kept = NAN, .refused = NAN };
	f = make(&in);
	ok(f.saved_bytes == NUM_NONE && !f.low_bytes &&
		   f.high_bytes == 100 * MIB,
	   "nothing tells of its compression: all or nothing");
	ok(f.device_bytes == NUM_NONE && f.stall_us_per_day == NUM_NONE,
	   "nor of what is written, or waits");
	in.c.kept = 0.25;
	f = make(&in);
	ok(f.saved_bytes == 75 * MIB && !f.low_bytes &&
		   f.high_bytes == 100 * MIB,
	   "by others' pages: a point, and no bound");
	in = zswap();
	in.at_most = true;
	f = make(&in);
	ok(f.saved_bytes == NUM_NONE && !f.low_bytes &&
		   is_near(f.high_bytes, 77.31),
	   "what is cold is not known: a bound");
	is_u64(f.device_bytes, NUM_NONE, "and no writes of it");
	in = zswap();
	in.offloadable = 0;
	f = make(&in);
	ok(!f.saved_bytes && !f.high_bytes, "nothing is cold");
	in.offloadable = NUM_NONE;
	f = make(&in);
	ok(f.saved_bytes == NUM_NONE && f.high_bytes == NUM_NONE,
	   "no size: nothing is known");
	in = zswap();
	in.back_bytes_per_s = NAN;
	f = make(&in);
	ok(f.device_bytes_per_day == NUM_NONE &&
		   f.stall_us_per_day == NUM_NONE && !f.device_bytes,
	   "what comes back is not known");
}

static void test_huge(void)
{
	struct forecast_in in = zswap();
	struct forecast f;

	in.huge = in.huge_low = in.huge_high = 0.6;
	f = make(&in);
	ok(is_near(f.saved_bytes, 90), "huge pages go to the device whole");
	is_u64(f.device_bytes, 60 * MIB, "and are written");
	in.huge_low = 0;
	in.huge_high = 1;
	f = make(&in);
	ok(f.low_bytes < 75 * MIB && f.high_bytes > 99 * MIB,
	   "which of them are cold is not known: a wide bound");
	in.c = (struct compression){ .kept = NAN, .refused = NAN };
	in.huge = in.huge_low = in.huge_high = 0.9;
	f = make(&in);
	ok(is_near(f.saved_bytes, 95) && is_near(f.low_bytes, 90),
	   "nearly all are huge: the rest cannot move the point far");
	in.huge_low = 0.7;
	f = make(&in);
	is_u64(f.saved_bytes, NUM_NONE, "it could: no point");
}

static void test_back(void)
{
	ok(forecast_back(60000000, 30, 120000000, 24) == 0.1,
	   "6 bytes less in a minute");
	ok(forecast_back(60000000, 24, 120000000, 30) == 0,
	   "more is older: nothing came back");
	ok(isnan(forecast_back(60000000, NUM_NONE, 120000000, 24)) &&
		   isnan(forecast_back(60000000, 30, 120000000, NUM_NONE)) &&
		   isnan(forecast_back(120000000, 30, 60000000, 24)) &&
		   isnan(forecast_back(NUM_NONE, 30, 60000000, 24)),
	   "unknown, or in another order");
}

int main(void)
{
	test_zswap();
	test_zero();
	test_others();
	test_unknown();
	test_huge();
	test_back();
	return tap_done();
}
