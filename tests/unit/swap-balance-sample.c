/* swap-balance --forecast --probe: which pages are chosen, what they tell. */
#include "swap-balance/mapped.c"
#include "swap-balance/sample.c"
#include "tap.h"

static const uint64_t PAGE = 4096;

/* The places of what is chosen of so many pages; every one of them suits. */
static size_t choose(struct strata *s, uint64_t pages, uint64_t *place)
{
	size_t n = 0;

	for (uint64_t i = 0; i < pages; i++)
		if (strata_next(s)) {
			place[n++] = i;
			strata_done(s);
		}
	return n;
}

static void test_strata(void)
{
	uint64_t place[64], other[64], differ = 0;
	struct strata s;
	size_t n, m;
	bool each = true;

	strata_init(&s, 100);
	n = choose(&s, 5000, place);
	is_u64(n, 50, "one of a hundred");
	for (size_t i = 0; i < n; i++)
		each = each && place[i] / 100 == i;
	ok(each, "one in each part of a hundred");
	for (size_t i = 1; i < n; i++)
		differ += place[i] % 100 != place[0] % 100;
	ok(differ > n / 2, "at a place by chance");
	strata_init(&s, 100.5);
	m = choose(&s, 5000, other);
	ok(m == 49 || m == 50, "parts need not be whole pages");
	strata_init(&s, 100);
	for (n = 0, m = 0; n < 100; n++)
		m += strata_next(&s);
	ok(m <= TRIES, "of a part without any few are tried");
}

static void test_plain(void)
{
	const uint64_t lru = UINT64_C(1) << KPF_LRU;
	const uint64_t backed = UINT64_C(1) << KPF_SWAPBACKED;

	ok(is_plain(lru | backed | UINT64_C(1) << KPF_ANON), "anonymous");
	ok(is_plain(lru | backed), "shared memory");
	ok(!is_plain(lru), "not of a file");
	ok(!is_plain(lru | backed | UINT64_C(1) << KPF_THP), "nor huge");
	ok(!is_plain(lru | backed | UINT64_C(1) << KPF_COMPOUND_TAIL),
	   "nor a part of it");
	ok(!is_plain(lru | backed | UINT64_C(1) << KPF_UNEVICTABLE),
	   "nor locked");
	ok(!is_plain(backed), "nor one that is on its way");
}

/* 100 pages went, of which that is seen. */
static struct sample tell(uint64_t zero, uint64_t taken, uint64_t in_pool,
			  uint64_t kept_bytes)
{
	struct sample s = { .chosen_pages = 125,
			    .out_pages = 100,
			    .unseen = 0.25 };
	struct mem_stat now;

	memset(&s.before, 0, sizeof(s.before));
	s.before.swpout_zero_pages = 5;
	s.before.zswpout_pages = 7;
	s.before.zswapped_bytes = 11 * PAGE;
	s.before.zswap_bytes = 2 * PAGE;
	now = s.before;
	now.swpout_zero_pages += zero;
	now.zswpout_pages += taken;
	now.zswapped_bytes += in_pool * PAGE;
	now.zswap_bytes += kept_bytes;
	sample_tell(&s, &now);
	return s;
}

static void test_tell(void)
{
	struct sample s = tell(20, 60, 60, 15 * PAGE);

	is_u64(s.out_pages, 0, "it is told once");
	ok(s.c.pages > 99 && s.c.pages < 101, "by a hundred pages");
	ok(fabs(s.c.zero - 0.2) < 1e-9, "a fifth is zero");
	ok(fabs(s.c.refused - 0.25) < 1e-9, "of the others 20 of 80 refused");
	ok(fabs(s.c.kept - 0.25) < 1e-9, "a quarter is kept");
	ok(fabs(s.c.unseen - 0.4) < 1e-9,
	   "a quarter was not chosen of, and a fifth of the others stayed");
	s = tell(0, 100, 50, 10 * PAGE);
	ok(fabs(s.c.kept - 0.2) < 1e-9 && s.c.refused < 1e-9,
	   "what came back does not tell");
	s = tell(0, 100, 0, 0);
	ok(s.c.pages < 1, "where all came back, nothing is known");
	s = tell(0, 0, 0, 0);
	ok(s.c.refused > 0.99 && s.c.kept > 0.99, "all are refused");
	s = tell(120, 0, 0, 0);
	ok(s.c.zero > 0.99 && s.c.refused < 1e-9 && isnan(s.c.kept),
	   "all are zero");
	s = tell(0, NUM_NONE - 7, 0, 0);
	is_u64(s.out_pages, 0, "it is told");
	ok(s.c.pages < 1, "where the kernel does not count, nothing is known");
}

static void is_mapping(const char *line, uint64_t start, uint64_t end,
		       bool shared)
{
	const char *at = line;
	struct mapping m;

	ok(mapped_next(&at, &m) && m.page * mem_page_bytes() == start &&
		   m.end * mem_page_bytes() == end &&
		   m.shared_memory == shared && !*at,
	   "%s", line);
}

static void test_mappings(void)
{
	const char *none = "ffffffffff600000-ffffffffff601000 --xp 00000000 "
			   "00:00 0    [vsyscall]\n";
	struct mapping m;

	is_mapping("7f0000-800000 rw-p 00000000 00:00 0 ", 0x7f0000, 0x800000,
		   false);
	is_mapping("7f0000-800000 rw-s 00000000 00:01 12   /dev/zero (deleted)",
		   0x7f0000, 0x800000, true);
	is_mapping("7f0000-800000 rw-s 00000000 00:01 12   /memfd:x", 0x7f0000,
		   0x800000, true);
	is_mapping("7f0000-800000 r--p 00010000 fe:01 99   /usr/lib/x.so",
		   0x7f0000, 0x800000, false);
	ok(!mapped_next(&none, &m), "the kernel's own");
}

int main(void)
{
	test_strata();
	test_plain();
	test_tell();
	test_mappings();
	return tap_done();
}
