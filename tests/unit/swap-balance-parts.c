/* swap-balance --account: each byte of a cgroup in one part. */
#include <math.h>
#include <string.h>

#include "swap-balance/parts.c"
#include "tap.h"

static const uint64_t MIB = 1 << 20;

/* 100 MiB: 60 anonymous, 20 of files, 10 of the kernel, 5 locked, 5 of more. */
static struct parts_in whole(void)
{
	return (struct parts_in){
		.current = 100 * MIB,
		.hugetlb = 2 * MIB,
		.page_tables = 1 * MIB,
		.zswap_pool = 3 * MIB,
		.slab = 4 * MIB,
		.kernel = 10 * MIB,
		.sockets = 1 * MIB,
		.unevictable = 5 * MIB,
		.anon = 60 * MIB,
		.file = 20 * MIB,
		.shmem = 8 * MIB,
		.anon_thp = 0,
		.busy_file = 0,
		.cold_anon = 40 * MIB,
		.cold_shmem = NUM_NONE,
		.cold_file = 15 * MIB,
		.swap_left = NUM_MAX,
		.swap_free = 1000 * MIB,
		.zswap_left = NUM_MAX,
		.incompressible = NAN,
		.zswapped = 10 * MIB,
	};
}

/* "part=MiB part=-": all that is not 0. */
static const char *split(const struct parts_in *in)
{
	static char text[1024];
	uint64_t b[PART_COUNT], sum = 0;
	size_t n = 0;

	parts_split(in, b);
	text[0] = '\0';
	for (int i = 0; i < PART_COUNT; i++) {
		sum += num_known(b[i]);
		if (b[i] == NUM_NONE)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      " %s=-", part_word((enum part)i));
		else if (b[i])
			n += (size_t)snprintf(text + n, sizeof(text) - n,
					      " %s=%g", part_word((enum part)i),
					      (double)b[i] / (double)MIB);
	}
	if (in->current < NUM_MAX && sum != in->current)
		snprintf(text + n, sizeof(text) - n, " SUM");
	return text;
}

#define FIXED                                                    \
	" unevictable=5 hugetlb=2 page_tables=1 slab=4 kernel=2" \
	" sockets=1 zswap_pool=3 unknown=2"
#define TOUCHED " touched_anon=20 touched_file=5"

static void is_split(const struct parts_in *in, const char *want,
		     const char *what)
{
	const char *got = split(in);

	is_str(got, want, "%s", what);
}

static void test_whole(void)
{
	struct parts_in in = whole();

	is_split(&in, TOUCHED " offloadable_anon=40 offloadable_file=15" FIXED,
		 "each byte is in one part");
	in.cold_anon = in.cold_file = NUM_NONE;
	is_split(&in,
		 " touched_anon=- touched_file=- offloadable_anon=60"
		 " offloadable_file=20" FIXED,
		 "what is cold is not known");
	in = whole();
	in.cold_anon = 70 * MIB;
	is_split(
		&in,
		" touched_file=5 offloadable_anon=60 offloadable_file=15" FIXED,
		"more cold than there is on the LRU by now");
}

static void test_swap(void)
{
	struct parts_in in = whole();

	in.no_swap = true;
	is_split(&in, TOUCHED " offloadable_file=15 no_swap=32 tmpfs=8" FIXED,
		 "without swap, shared memory is apart");
	in.cold_shmem = 3 * MIB;
	is_split(&in, TOUCHED " offloadable_file=15 no_swap=37 tmpfs=3" FIXED,
		 "of which the cold part is known");
	in.tier_left = 30 * MIB;
	is_split(&in,
		 TOUCHED " offloadable_anon=30 offloadable_file=15 no_swap=7"
			 " tmpfs=3" FIXED,
		 "a slower node takes some");
	in = whole();
	in.swap_left = 0;
	is_split(&in, TOUCHED " offloadable_file=15 swap_max=40" FIXED,
		 "memory.swap.max leaves none");
	in.swap_left = 10 * MIB;
	in.budget_empty = true;
	is_split(&in,
		 TOUCHED " offloadable_file=15 swap_max=30 budget=10" FIXED,
		 "what a limit stops, the budget does not stop again");
	in = whole();
	in.swap_free = 10 * MIB;
	is_split(&in,
		 TOUCHED " offloadable_anon=10 offloadable_file=15"
			 " swap_full=30" FIXED,
		 "the machine's swap is nearly full");
	in = whole();
	in.swap_left = NUM_NONE;
	is_split(&in, TOUCHED " offloadable_anon=40 offloadable_file=15" FIXED,
		 "an unknown limit of the cgroup is none");
	in.swap_free = NUM_NONE;
	is_split(
		&in, TOUCHED " offloadable_file=15 swap_unknown=40" FIXED,
		"where the machine's free swap is unknown, none is counted on");
}

static void test_zswap(void)
{
	struct parts_in in = whole();

	in.zswap_only = in.budget_empty = true;
	is_split(&in, TOUCHED " offloadable_anon=40 offloadable_file=15" FIXED,
		 "what never reaches a drive needs no budget");
	in.zswap_left = 0;
	in.incompressible = 1;
	is_split(&in, TOUCHED " offloadable_file=15 zswap_max=40" FIXED,
		 "memory.zswap.max comes before compression");
	in.zswap_left = NUM_MAX;
	in.incompressible = 0.5; /* of the 50 that it was or will be offered */
	is_split(&in,
		 TOUCHED " offloadable_anon=15 offloadable_file=15"
			 " incompressible=25" FIXED,
		 "what compressed is away: of the rest more does not");
	in.incompressible = 1;
	is_split(&in, TOUCHED " offloadable_file=15 incompressible=40" FIXED,
		 "and never more than there is");
	in.zswap_full = true;
	is_split(&in, TOUCHED " offloadable_file=15 zswap_full=40" FIXED,
		 "a full pool takes nothing");
	in.zswap_only = in.budget_empty = false;
	is_split(&in, TOUCHED " offloadable_anon=40 offloadable_file=15" FIXED,
		 "what zswap may pass on is not stopped by it");
}

static void test_rest(void)
{
	struct parts_in in = whole();

	in.anon_thp = 50 * MIB;
	is_split(&in,
		 " touched_anon=10 huge_pages=10 touched_file=5"
		 " offloadable_anon=40 offloadable_file=15" FIXED,
		 "huge pages that cannot all be cold");
	in = whole();
	in.busy_file = 8 * MIB;
	is_split(&in,
		 TOUCHED
		 " offloadable_anon=40 offloadable_file=12 dirty=3" FIXED,
		 "of dirty pages, those that cannot all be touched ones");
	in = whole();
	in.protected = 70 * MIB;
	is_split(&in,
		 TOUCHED " offloadable_anon=15 offloadable_file=15"
			 " protected=25" FIXED,
		 "protected: what cannot go without falling below it");
	in.protected = 95 * MIB;
	is_split(&in, TOUCHED " offloadable_file=5 protected=50" FIXED,
		 "and of the page cache last");
	in.protected = NUM_MAX;
	is_split(&in, TOUCHED " protected=55" FIXED, "all of it");
	in.protected = 40 * MIB;
	is_split(&in, TOUCHED " offloadable_anon=40 offloadable_file=15" FIXED,
		 "what stays in anyhow is enough");
}

static void test_absurd(void)
{
	struct parts_in in = whole();

	in.slab = INT64_MAX;
	in.kernel = NUM_NONE;
	is_split(&in,
		 TOUCHED " offloadable_anon=40 offloadable_file=15"
			 " unevictable=5 hugetlb=2 page_tables=1 slab=-"
			 " kernel=- sockets=1 zswap_pool=3 unknown=8",
		 "a counter of more than there is, and one that lacks");
	in = whole();
	in.cold_anon = 101 * MIB;
	in.anon_thp = in.busy_file = in.shmem = INT64_MAX;
	is_split(&in,
		 " touched_anon=- touched_file=5 offloadable_anon=60"
		 " offloadable_file=15" FIXED,
		 "so of what is cold, in huge pages or dirty");
	in = whole();
	in.anon = 99 * MIB;
	is_split(&in,
		 " touched_anon=42 offloadable_anon=40 unevictable=5 hugetlb=2"
		 " page_tables=1 slab=4 kernel=2 sockets=1 zswap_pool=3",
		 "counters of different moments: no more than what is left");
	in = whole();
	in.current = NUM_NONE;
	ok(!strstr(split(&in), "=0") && strstr(split(&in), " unknown=-"),
	   "without a size nothing is known");
}

int main(void)
{
	test_whole();
	test_swap();
	test_zswap();
	test_rest();
	test_absurd();
	return tap_done();
}
