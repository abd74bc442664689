/* Another reclaimer: counts and limits in, who has the cgroup out. */
#include "tap.h"
#include "tmo-reclaim/reclaimer.c"

enum { KIB = 1 << 10, MIB = 1 << 20, S = 1000000 };

static void test_steal(void)
{
	struct reclaimer r = { 0 };

	reclaimer_look(&r, 0, 0, 6 * S);
	ok(!reclaimer_holds(&r, 6 * S), "nothing moved");
	reclaimer_look(&r, 127 * KIB, 0, 12 * S);
	ok(!reclaimer_holds(&r, 12 * S), "less than any write takes");
	reclaimer_look(&r, 128 * KIB, 0, 18 * S);
	ok(reclaimer_holds(&r, 18 * S), "a write that is not ours");
	ok(!reclaimer_to_tell(&r), "one is no word");
	ok(!reclaimer_holds(&r, 24 * S), "and costs one period");
	reclaimer_look(&r, MIB, 0, 30 * S);
	ok(reclaimer_holds(&r, 30 * S), "the second");
	ok(reclaimer_to_tell(&r), "is said");
	ok(!reclaimer_to_tell(&r), "once");
	ok(reclaimer_holds(&r, 89 * S), "it has the cgroup");
	ok(!reclaimer_holds(&r, 90 * S), "until a minute of quiet");
}

static void test_rare(void)
{
	struct reclaimer r = { 0 };

	reclaimer_look(&r, MIB, 0, 6 * S);
	reclaimer_look(&r, MIB, 0, 606 * S);
	ok(reclaimer_holds(&r, 606 * S), "ten minutes later");
	ok(!reclaimer_to_tell(&r), "is another first time");
}

static void test_own(void)
{
	struct reclaimer r = { 0 };

	reclaimer_wrote(&r, MIB, MIB / 2, 2, 6 * S);
	reclaimer_look(&r, 1536 * KIB + 512 * KIB + 127 * KIB, 0, 7 * S);
	ok(!reclaimer_holds(&r, 7 * S),
	   "twice what was asked, and two CPUs' part");
	reclaimer_look(&r, 128 * KIB, 0, 8 * S);
	ok(reclaimer_holds(&r, 8 * S), "shows late once");
	r = (struct reclaimer){ 0 };
	reclaimer_wrote(&r, MIB, 0, 2, 6 * S);
	reclaimer_look(&r, 0, 0, 11 * S);
	reclaimer_look(&r, 128 * KIB, 0, 12 * S);
	ok(reclaimer_holds(&r, 12 * S), "and no later than the kernel counts");
	r = (struct reclaimer){ 0 };
	reclaimer_wrote(&r, MIB, 9 * MIB, 2, 6 * S);
	reclaimer_look(&r, 512 * KIB + 128 * KIB, 0, 7 * S);
	ok(reclaimer_holds(&r, 7 * S),
	   "more than asked leaves nothing for later");
}

static void test_high(void)
{
	struct reclaimer r = { 0 };

	reclaimer_look(&r, 0, 900, 6 * S);
	ok(!reclaimer_holds(&r, 6 * S), "a limit that is there");
	reclaimer_look(&r, 0, 900, 12 * S);
	ok(!reclaimer_holds(&r, 12 * S), "and stays");
	reclaimer_look(&r, 0, 800, 18 * S);
	ok(reclaimer_holds(&r, 18 * S) && !reclaimer_to_tell(&r), "is moved");
	reclaimer_look(&r, 0, 700, 24 * S);
	ok(reclaimer_to_tell(&r), "and moved again");
}

int main(void)
{
	test_steal();
	test_rare();
	test_own();
	test_high();
	return tap_done();
}
