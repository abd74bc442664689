/* How a blind step is divided between the kinds, by hand-worked values. */
#include <math.h>

#include "tap.h"
#include "tmo-reclaim/share.c"

enum { MIB = 1 << 20 };

static void is_share(double got, double want, const char *what)
{
	ok(fabs(got - want) < 1e-6, "%s (%.6f)", what, got);
}

int main(void)
{
	static const uint64_t anon[] = { 1920 << 10, 0 };
	static const uint64_t none[] = { 0, 0 };
	struct share s = { { 0 }, { 0 } };

	is_share(share_anon(&s, 100, 50 * MIB, 150 * MIB), 0.25,
		 "at 100 by what there is of each");
	/* 150 * 100 of 150 * 100 + 50 * 100 */
	is_share(share_anon(&s, 150, 100 * MIB, 100 * MIB), 0.75,
		 "by swappiness");
	/* 1920 of 1920 + 128 KiB came back: 1 / 16 stayed, to 1 */
	share_note(&s, 6000000, anon, anon);
	is_share(share_anon(&s, 100, 100 * MIB, 100 * MIB), 1.0 / 17,
		 "less of what comes back");
	share_note(&s, 6000000, none, anon);
	is_share(share_anon(&s, 100, 100 * MIB, 100 * MIB), 0.02 / 1.02,
		 "but never nothing");
	share_note(&s, 1200000000, none, none);
	ok(share_anon(&s, 100, 100 * MIB, 100 * MIB) > 0.49,
	   "and it is forgotten in minutes");
	return tap_done();
}
