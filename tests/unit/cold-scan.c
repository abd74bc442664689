/* The ages of cold-scan: marks, kinds, huge pages, promotions, generations. */
#include "cold-scan/age.c"

#include "cold-scan/lrugen.c"
#include "cold-scan/pack.c"
#include "cold-scan/referenced.c"
#include "cold-scan/tally.c"
#include "cold-scan/walked.c"
#include "num.h"
#include "tap.h"

/* What reads page frames; no test here does. */
ssize_t idle_read_words(int fd, uint64_t first_word, uint64_t *buf,
			size_t words)
{
	(void)fd, (void)first_word, (void)buf, (void)words;
	return 0;
}
int idle_ram(uint64_t page_bytes, struct pfn_range **v, size_t *n)
{
	(void)page_bytes, (void)v, (void)n;
	return -ENOENT;
}

enum { N = 128 };
#define F(bit) (UINT64_C(1) << PF_##bit)

/* Two words of page frames and what is known of them. */
static struct {
	uint64_t idle[N / 64], flags[N], ino[N], swap[N / 64], mark[N / 64];
	uint8_t age[N];
	struct tally_set out;
	size_t missing; /* of the bitmap, at its end */
	bool first, lru_gen;
	uint32_t pass, leave;
} m;

static void reset(void)
{
	tally_free(&m.out);
	memset(&m, 0, sizeof(m));
	memset(m.age, AGE_NONE, N);
	for (size_t i = 0; i < N; i++)
		m.flags[i] = F(NOPAGE);
}

/* The ages that it makes, in their place. */
static void judge_chunk(struct chunk *c, struct folio *last, uint8_t *age,
			uint64_t *swap)
{
	static uint8_t packed[2 * (N + N / 8)];
	struct pack p;

	pack_begin(&p, c->pages - c->from, 1, packed);
	c->age = age;
	c->swap = swap;
	c->pack = &p;
	age_chunk(c, last, &m.out);
	pack_end(&p);
	if (!pack_open(packed, p.len, p.n, 1, age, swap))
		ok(false, "an age for each frame");
}

static struct tally *pass(void)
{
	struct chunk c = { .pages = N,
			   .idle = m.idle,
			   .flags = m.flags,
			   .cgroup = m.ino,
			   .mark = m.mark,
			   .in_bitmap = N - m.missing,
			   .first = m.first,
			   .lru_gen = m.lru_gen,
			   .pass = m.pass++,
			   .leave = m.leave };

	struct folio last = { .head = FOLIO_NONE };

	tally_free(&m.out);
	judge_chunk(&c, &last, m.age, m.swap);
	return tally_of(&m.out, 7, 0);
}

/* The kernel's side: marks stick until a page is touched. */
static void kernel_marks(void)
{
	for (size_t i = 0; i < N / 64; i++)
		m.idle[i] |= m.mark[i];
}

static void test_ages(void)
{
	struct tally *t;

	reset();
	for (size_t i = 0; i < 4; i++) {
		m.flags[i] = F(LRU) | F(ANON) | F(SWAPBACKED);
		m.ino[i] = 7;
	}
	m.first = true;
	t = pass();
	is_u64(t->cover[FRESH], 4, "what is met first has no age");
	is_u64(m.mark[0], 0xf, "it is marked");
	kernel_marks();
	m.first = false;
	m.idle[0] &= ~UINT64_C(1); /* page 0 is touched */
	t = pass();
	is_u64(counts_of(&t->pages[ANON], 1), 3, "three were idle for a pass");
	is_u64(counts_of(&t->pages[ANON], 0), 1, "one was touched");
	is_u64(m.mark[0], 1, "only that one is marked again");
	is_u64(counts_of(&t->promoted, 1), 0, "it was not cold before");
	/* Touched between the read and the mark: the mark must not cover it. */
	m.idle[0] &= ~UINT64_C(2);
	kernel_marks();
	t = pass();
	is_u64(counts_of(&t->pages[ANON], 0), 1,
	       "an access before the mark is not lost");
	is_u64(counts_of(&t->promoted, 1), 1, "it is a promotion from its age");
	is_u64(counts_of(&t->pages[ANON], 2), 2, "the others grow older");
	is_u64(t->cover[TRACKED], 4, "all are tracked");
}

static void test_covers(void)
{
	const uint64_t flags[] = {
		F(NOPAGE),  F(BUDDY), F(SLAB),
		F(PGTABLE), F(HUGE),  F(ZERO_PAGE),
		F(OFFLINE), 0,	      F(UPTODATE) | F(MMAP),
	};
	const enum cover want[] = { HOLE,    FREE,    SLAB,
				    PGTABLE, HUGETLB, ZERO_PAGE,
				    OFFLINE, KERNEL,  OFF_LRU };
	struct tally *t;

	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		reset();
		m.flags[5] = flags[i];
		m.ino[5] = 7;
		t = pass();
		is_u64(t->cover[want[i]], 1, "counted as %s",
		       cover_name(want[i]));
		is_u64(m.mark[0], 0, "%s is not marked", cover_name(want[i]));
	}
}

static void test_kinds(void)
{
	const uint64_t flags[KINDS] = {
		[ANON] = F(ANON) | F(SWAPBACKED) | F(DIRTY),
		[FILES] = F(UPTODATE),
		[DIRTY] = F(DIRTY),
		[SHMEM] = F(SWAPBACKED) | F(DIRTY),
		[UNEVICTABLE] = F(UNEVICTABLE) | F(ANON),
		[LAZYFREE] = F(ANON) | F(DIRTY),
	};

	for (int k = 0; k < KINDS; k++) {
		reset();
		m.flags[9] = flags[k] | F(LRU) | UINT64_C(1) << 21; /* KSM */
		m.ino[9] = 7;
		is_u64(counts_of(&pass()->pages[k], 0), 1, "kind %s",
		       kind_name((enum kind)k));
	}
	reset();
	m.flags[9] = F(SWAPBACKED) | F(SWAPCACHE) | F(UPTODATE) | F(LRU);
	m.ino[9] = 7;
	is_u64(counts_of(&pass()->pages[ANON], 0), 1,
	       "what is read ahead from swap is no shmem");
}

static void test_huge(void)
{
	struct tally *t;

	reset();
	m.flags[32] = F(LRU) | F(ANON) | F(SWAPBACKED) | UINT64_C(1) << 15;
	m.ino[32] = 7;
	/* As kernels before 6.4 show tails: no flags, no cgroup. */
	for (size_t i = 33; i < 96; i++)
		m.flags[i] = F(COMPOUND_TAIL);
	m.first = true;
	t = pass();
	m.first = false;
	is_u64(counts_of(&t->pages[ANON], 0), 64,
	       "a huge page counts with its size");
	is_u64(m.mark[0], UINT64_C(1) << 32, "only its head is marked");
	is_u64(m.mark[1], 0, "not its tails");
	kernel_marks();
	t = pass();
	is_u64(counts_of(&t->pages[ANON], 1), 64,
	       "idle is idle in all its pages");
	m.idle[0] = 0;
	t = pass();
	is_u64(counts_of(&t->pages[ANON], 0), 64,
	       "a touch anywhere makes all of it hot");
	is_u64(counts_of(&t->promoted, 1), 64, "and promotes all of it");
	/* Split: the kernel copies the mark to each page. */
	m.idle[0] = ~UINT64_C(0) << 32;
	m.idle[1] = (UINT64_C(1) << 32) - 1;
	for (size_t i = 32; i < 96; i++) {
		m.flags[i] = F(LRU) | F(ANON) | F(SWAPBACKED);
		m.ino[i] = 7;
	}
	t = pass();
	is_u64(counts_of(&t->pages[ANON], 1), 64,
	       "its pages keep the age when it splits");
	is_u64(t->cover[MIGRATED], 0, "their marks are known");
}

static void test_strangers(void)
{
	struct tally *t;

	reset();
	m.flags[3] = F(LRU);
	m.ino[3] = 7;
	m.idle[0] = 8;
	t = pass();
	is_u64(t->cover[MIGRATED], 1, "idle, but not by us: age unknown");
	is_u64(counts_of(&t->pages[FILES], 0), 1, "it is not counted as cold");
	t = pass();
	is_u64(counts_of(&t->pages[FILES], 1), 1, "from then on it has an age");
	m.flags[3] = F(LRU) | F(ANON) | F(SWAPBACKED);
	m.idle[0] = 0;
	t = pass();
	is_u64(t->cover[FRESH], 1, "freed and taken for the other kind: new");
	is_u64(counts_of(&t->promoted, 1), 0, "that is no promotion");
	m.flags[3] |= F(LOCKED);
	m.idle[0] = 8;
	t = pass();
	is_u64(t->cover[BUSY], 1, "locked: nobody could look");
	is_u64(counts_of(&t->pages[ANON], 0), 1, "and it is not cold");
}

/* Steady memory, all of it touched in each window. */
static void test_left_unmarked(void)
{
	struct tally *t;
	size_t marked = 0;

	reset();
	m.leave = 4;
	for (size_t i = 0; i < N; i++) {
		m.flags[i] = F(LRU) | F(ANON) | F(SWAPBACKED);
		m.ino[i] = 7;
	}
	m.first = true;
	pass();
	m.first = false;
	for (size_t i = 0; i < N; i++)
		marked += m.mark[i / 64] >> i % 64 & 1;
	ok(marked < N - N / 8 && marked > N / 2, "a quarter stays unmarked");
	t = pass();
	is_u64(counts_of(&t->pages[ANON], 0), N,
	       "what is left counts as touched");
	is_u64(t->marked_left, 0, "and as nobody's while it is not idle");
	m.idle[0] = m.idle[1] = UINT64_MAX;
	t = pass();
	ok(t->marked_left > N / 8, "marks of others are seen by it");
	is_u64(t->marked_left, t->cover[MIGRATED], "by nothing else");
	t = pass();
	is_u64(t->marked_left, 0, "what is idle is not left again");
	is_u64(counts_of(&t->pages[ANON], 1) + counts_of(&t->pages[ANON], 2), N,
	       "and ages");
	reset();
	m.leave = 8; /* of huge ones each */
	m.first = true;
	m.flags[0] = F(LRU) | F(ANON) | F(SWAPBACKED) | F(COMPOUND_HEAD);
	for (size_t i = 1; i < N; i++)
		m.flags[i] = F(COMPOUND_TAIL);
	pass();
	m.first = false;
	is_u64(m.mark[0], 1, "a huge page that is met first is marked");
	pass();
	is_u64(m.mark[0], 0, "one that is touched again may be left");
}

static void test_lru_gen(void)
{
	const uint64_t file = F(LRU) | F(UPTODATE);
	const uint64_t read = UINT64_C(1) << PF_REFERENCED;
	struct tally *t;

	reset();
	m.first = m.lru_gen = true;
	for (size_t i = 0; i < 4; i++)
		m.ino[i] = 7;
	m.flags[0] = file;
	m.flags[1] = m.flags[2] = file | read;
	m.flags[3] = F(LRU) | F(ANON) | F(SWAPBACKED) | read;
	pass();
	m.first = false;
	m.idle[0] = 0xd; /* of the second, page tables or write(2) tell */
	t = pass();
	is_u64(counts_of(&t->pages[FILES], 1), 1, "not read: idle");
	is_u64(counts_of(&t->pages[FILES], 0), 2, "read, or touched otherwise");
	is_u64(t->unsure_pages, 1, "read, maybe before the last pass");
	is_u64(counts_of(&t->pages[ANON], 1), 1, "that is told of files only");
	is_u64(m.mark[0], 2, "what has its mark gets no other");
	m.flags[2] = file;
	m.idle[0] |= 2;
	t = pass();
	is_u64(counts_of(&t->pages[FILES], 1), 1, "idle from then on");
	is_u64(t->unsure_pages, 1, "the touched one has the bit still");
	is_u64(t->cover[MIGRATED], 0, "none is another's mark");
}

static void test_short_word(void)
{
	struct tally *t;

	reset();
	m.flags[3] = m.flags[70] = F(LRU);
	m.ino[3] = m.ino[70] = 7;
	m.missing = 64;
	pass();
	t = pass();
	is_u64(t->cover[TRACKED], 1, "what the bitmap tells is tracked");
	is_u64(t->cover[BUSY], 1, "what it leaves out is not");
	is_u64(m.mark[0], 8, "the one is marked");
	is_u64(m.mark[1], 0, "the other in vain: it is not");
}

/* --sample: the two words of one huge page, each led to from its head. */
static struct tally *sample_huge(void)
{
	struct folio last = { .head = FOLIO_NONE };
	struct chunk c = { .flags = m.flags,
			   .idle = m.idle,
			   .cgroup = m.ino,
			   .mark = m.mark,
			   .first = m.first };

	tally_free(&m.out);
	for (c.from = 0; c.from < N; c.from += 64) {
		c.pages = c.in_bitmap = c.from + 64;
		judge_chunk(&c, &last, m.age + c.from, m.swap + c.from / 64);
		kernel_marks();
		memset(m.mark, 0, sizeof(m.mark));
	}
	return tally_of(&m.out, 7, 0);
}

static void test_part(void)
{
	struct tally *t;

	reset();
	/* A small page, then a huge one from within the first word on. */
	m.flags[3] = F(LRU);
	m.flags[8] = F(LRU) | F(ANON) | F(SWAPBACKED);
	m.ino[8] = 7;
	for (size_t i = 9; i < N; i++)
		m.flags[i] = F(COMPOUND_TAIL);
	m.first = true;
	t = sample_huge();
	is_u64(t->cover[FRESH], N - 8, "of both words, once");
	is_u64(m.age[8], 0, "its second word is no second pass");
	m.first = false;
	for (uint8_t pass_no = 1; pass_no < 4; pass_no++) {
		m.idle[0] &= ~(UINT64_C(1) << 8);
		t = sample_huge();
		is_u64(counts_of(&t->pages[ANON], 0), N - 8,
		       "touched in each window it is hot in both words");
	}
	t = sample_huge();
	is_u64(counts_of(&t->pages[ANON], 1), N - 8,
	       "a pass makes it a pass older");
}

static void test_lead_in(void)
{
	struct folio last = { .head = FOLIO_NONE };
	struct chunk c = { .pages = N,
			   .flags = m.flags,
			   .idle = m.idle,
			   .cgroup = m.ino,
			   .mark = m.mark,
			   .in_bitmap = N,
			   .from = 64 };

	/* The same, of which only the second word is looked at. */
	m.age[3] = 9;
	m.idle[0] &= ~(UINT64_C(1) << 8);
	tally_free(&m.out);
	judge_chunk(&c, &last, m.age + 64, m.swap + 1);
	is_u64(counts_of(&tally_of(&m.out, 7, 0)->pages[ANON], 0), 64,
	       "what only leads there is not counted");
	is_u64(m.mark[0], UINT64_C(1) << 8, "only the head is marked there");
	is_u64(m.age[64], 0, "the first page to count has its age");
	is_u64(m.age[8], 1, "the head, of a word not looked at, has none");
	is_u64(m.age[3], 9, "others keep theirs");
	is_u64(m.age[9], 1, "so do its own pages of words not looked at");
}

/* The rules, a frame at a time: what age_chunk() does by runs. */
static void by_frame(const struct chunk *c, uint8_t *age, uint64_t *swap,
		     struct tally_set *out)
{
	struct tally *t = NULL;
	struct folio f = { .head = FOLIO_NONE };

	memset(c->mark, 0, c->pages / 8);
	for (size_t i = 0; i < c->pages; i++) {
		if (!t || !is_tail(c, i)) {
			t = tally_of(out, c->cgroup[i], c->node);
			f = look(c, i);
			t->marked_left += f.marked_left;
			if (f.age != AGE_NONE && !f.left &&
			    !bits_has(c->idle, i) && i < c->in_bitmap)
				bits_set(c->mark, i, i + 1, true);
		}
		count(&(struct found){ .pages = 1, .f = f }, t);
		age[i] = f.left ? AGE_LEFT : f.age;
		bits_set(swap, i, i + 1, f.swap);
	}
}

static bool same_counts(const struct counts *a, const struct counts *b)
{
	for (int age = 0; age < AGES; age++)
		if (counts_of(a, age) != counts_of(b, age))
			return false;
	return true;
}

static bool same_tally(const struct tally *a, const struct tally *b)
{
	bool same = same_counts(&a->promoted, &b->promoted) &&
		    same_counts(&a->unproven, &b->unproven) &&
		    a->marked_left == b->marked_left &&
		    a->unsure_pages == b->unsure_pages &&
		    !memcmp(a->cover, b->cover, sizeof(a->cover));

	for (int k = 0; k < KINDS; k++)
		same &= same_counts(&a->pages[k], &b->pages[k]);
	return same;
}

/* Memory as chance has it, in runs, so that each of the rules meets its ends.
 */
static void fill_by_chance(uint64_t seed, uint64_t before[N])
{
	static const uint64_t kinds[] = {
		F(LRU) | F(ANON) | F(SWAPBACKED),
		F(LRU) | F(ANON),
		F(LRU),
		F(LRU) | F(DIRTY),
		F(LRU) | F(SWAPBACKED),
		F(LRU) | F(REFERENCED),
		F(LRU) | F(LOCKED),
		F(LRU) | F(UNEVICTABLE),
		F(SLAB),
		F(BUDDY),
		F(UPTODATE) | F(MMAP),
		0,
	};
	size_t end;

	for (size_t i = 0; i < N; i = end) {
		uint64_t x = age_scatter(seed + i);
		uint64_t flags = kinds[x % (sizeof(kinds) / sizeof(*kinds))];
		bool huge = !(x >> 8 & 3), idle = x >> 10 & 1;

		end = i + 1 + (x >> 16 & x >> 24 & 31);
		if (end > N)
			end = N;
		for (size_t j = i; j < end; j++) {
			uint64_t y = x >> 40 & 7 ? x : age_scatter(~(seed + j));
			static const uint8_t ages[] = { 0,	  1,
							5,	  AGE_MAX,
							AGE_LEFT, AGE_NONE };

			m.flags[j] = flags;
			if (huge && end > i + 1)
				m.flags[j] |= j == i ? F(COMPOUND_HEAD)
						     : F(COMPOUND_TAIL);
			m.ino[j] = 7 + (y >> 32 & 1);
			m.age[j] = ages[(y >> 50) % 6];
			before[j] = m.flags[j] | (y >> 45 & 1) << PF_IDLE;
			bits_set(m.idle, j, j + 1, idle ^ !(y >> 55 & 15));
			bits_set(m.swap, j, j + 1,
				 (flags & F(SWAPBACKED)) ^
					 (!(y >> 59) * F(SWAPBACKED)));
		}
	}
}

static void test_runs(void)
{
	static uint64_t before[N], swap[2][N / 64], mark[N / 64];
	static uint8_t age[2][N];
	unsigned int other = 0;

	for (uint64_t seed = 0; seed < 20000; seed++) {
		struct folio last = { .head = FOLIO_NONE };
		struct tally_set want = { .all = NULL };
		struct chunk c = { .pages = N,
				   .idle = m.idle,
				   .flags = m.flags,
				   .before = seed & 1 ? before : NULL,
				   .cgroup = m.ino,
				   .mark = m.mark,
				   .in_bitmap = seed & 2 ? N : 64,
				   .first = !(seed & 60),
				   .lru_gen = seed >> 6 & 1,
				   .pass = (uint32_t)seed,
				   .leave = seed & 128 ? 16 : 0 };

		reset();
		fill_by_chance(seed * N, before);
		m.idle[1] &= seed & 2 ? ~UINT64_C(0) : 0;
		for (int i = 0; i < 2; i++) {
			memcpy(age[i], m.age, N);
			memcpy(swap[i], m.swap, sizeof(m.swap));
		}
		c.age = age[0];
		c.swap = swap[0];
		by_frame(&c, age[0], swap[0], &want);
		memcpy(mark, m.mark, sizeof(mark));
		judge_chunk(&c, &last, age[1], swap[1]);
		other += memcmp(age[0], age[1], N) != 0 ||
			 memcmp(swap[0], swap[1], sizeof(*swap)) != 0 ||
			 memcmp(mark, m.mark, sizeof(mark)) != 0;
		for (uint64_t ino = 7; ino < 9; ino++)
			other += !same_tally(tally_of(&want, ino, 0),
					     tally_of(&m.out, ino, 0));
		tally_free(&want);
	}
	is_u64(other, 0, "by runs all is as a frame at a time");
}

/* A machine has thousands of cgroups: none takes more than 1 KiB. */
static void test_tally_size(void)
{
	struct tally *t;
	size_t bytes = sizeof(*t);

	reset();
	t = tally_of(&m.out, 7, 0);
	for (int a = 0; a < 8; a++) {
		counts_more(&t->pages[ANON], a, 1);
		counts_more(&t->pages[FILES], a, 1);
		counts_more(&t->promoted, a, 1);
	}
	for (int k = 0; k < KINDS; k++)
		bytes += (size_t)t->pages[k].n * sizeof(uint64_t);
	bytes += (size_t)t->promoted.n * sizeof(uint64_t);
	ok(bytes < 1024, "a cgroup of eight ages takes less than 1 KiB");
	is_u64(counts_of(&t->pages[ANON], 7), 1, "of its last age");
	is_u64(counts_of(&t->pages[ANON], AGE_MAX), 0, "none above");
}

/* What another run's ages are worth by now. */
static void test_known(void)
{
	struct chunk c = { .pages = 64,
			   .flags = m.flags,
			   .cgroup = m.ino,
			   .age = m.age,
			   .swap = m.swap };
	struct tally *t;

	reset();
	for (size_t i = 0; i < 4; i++) {
		m.flags[i] = F(LRU) | (i < 2 ? F(ANON) | F(SWAPBACKED) : 0);
		m.age[i] = 3;
	}
	m.swap[0] = 5;
	m.idle[0] = 7;
	t = tally_of(&m.out, 0, 0);
	age_known(&c, &m.out);
	is_u64(counts_of(&t->pages[ANON], 3) + counts_of(&t->pages[FILES], 3),
	       4, "they are told");
	tally_clear(t);
	c.idle = m.idle;
	age_known(&c, &m.out);
	is_u64(counts_of(&t->pages[ANON], 3), 1, "what is idle has its age");
	is_u64(t->cover[FRESH], 2, "a frame of the other kind is reused");
	is_u64(counts_of(&t->pages[FILES], 0), 2,
	       "nor is it cold, or what is not idle");
}

static void test_scale(void)
{
	struct age_scale s = { .us = { 0, 10000000, 20000000, 29900000 },
			       .known = 3 };
	const uint64_t ask[] = { 2000000, 300000000 };
	const uint64_t near[] = { 40000, 90000, 58200000, 60000000, 62000000 };
	bool ascends = true;
	uint64_t four[] = { 4, 3, 2, 1 }, three[] = { 0, 50, 2 };
	const struct counts pages = { four, 4 }, promoted = { three, 3 };

	is_u64((unsigned)age_from(&s, 10000000), 1, "an age that is reached");
	is_u64((unsigned)age_from(&s, 30000000), 3, "2 %% are forgiven");
	is_u64((unsigned)age_from(&s, 31000000), AGES, "no more than that");
	is_u64(age_cold(&pages, 1), 6, "an age and all above");
	is_u64(age_cold(&pages, AGES), NUM_NONE, "unknown, not 0");
	is_u64(age_percentile(&pages, &s, 3, 50), 20000000, "the median");
	is_u64(age_percentile(&pages, &s, 3, 40), 10000000, "what is hot");
	is_u64(age_percentile(&pages, &s, 3, 90), 29900000, "the last told");
	is_u64(age_percentile(&pages, &s, 3, 100), NUM_NONE,
	       "the oldest may be older");
	is_u64(age_percentile(&pages, &s, 1, 50), NUM_NONE,
	       "what this cgroup does not know");
	is_u64((unsigned)age_recommend(&promoted, 1000, 60000000, 0.2, 2), 2,
	       "2 of 1000 pages a minute are 0.2 %%");
	is_u64((unsigned)age_recommend(&promoted, 1000, 60000000, 0.1, 3), 3,
	       "under 0.1 %% only the age above");
	is_u64((unsigned)age_recommend(&promoted, 1000, 60000000, 0.1, 2), AGES,
	       "that no page could be promoted from yet");
	age_grid(&s, ask, 2);
	for (size_t i = 0; i < 2; i++)
		is_u64(s.us[age_below(&s, ask[i])], ask[i],
		       "an age asked for is on the grid");
	age_grid(&s, near, 5);
	for (size_t i = 0; i < 5; i++)
		is_u64(s.us[age_from(&s, near[i])], near[i],
		       "and so is one that is near another");
	for (int a = 1; a < AGES; a++)
		ascends &= s.us[a] > s.us[a - 1];
	ok(ascends, "the grid ascends");
}

static struct lrugen_vec seen[8];
static size_t n_seen;

static void keep(const struct lrugen_vec *v, void *ctx)
{
	(void)ctx;
	seen[n_seen++ % 8] = *v;
}

static void test_lrugen(void)
{
	/* Made up, in the form of 7.3.4's file; the spaces are the kernel's. */
	char text[] = "memcg     1 /\n"
		      " node     0\n"
		      "          2      90000          0          45 \n"
		      "          3      60000          0        1108 \n"
		      "          4      30000        582           0 \n"
		      "          5      10000          5           0 \n"
		      " node     1\n"
		      "          7       3956          0           1 \n"
		      "memcg    79 /w/a b\n"
		      " node     0\n"
		      "          3      15776      16386           0 \n";
	char bad[] = "memcg 1 /\n node 0\n rubbish\n";
	struct age_scale scale;
	const uint64_t ask[] = { 20000000, 50000000 };
	struct tally *t = tally_of(&m.out, 99, 0);

	ok(!lrugen_parse(text, keep, NULL), "parsed");
	is_u64(n_seen, 3, "a lruvec for each node of each cgroup");
	is_str(seen[2].path, "/w/a b", "the path is the rest of the line");
	is_u64(seen[2].id, 79, "the id");
	is_u64(seen[1].id, 1, "nor is the id that of the next one");
	ok(seen[1].node == 1, "the node");
	is_u64(lrugen_bound_us(seen, 0), 50000000,
	       "from the birth of the next to that of the newest");
	is_u64(lrugen_bound_us(seen, 1), 20000000, "likewise");
	is_u64(lrugen_bound_us(seen, 2), 0, "the newest two prove nothing");
	seen[0].gen[3].seq = 4;
	is_u64(lrugen_bound_us(seen, 0), 0, "nor does the first aging");
	seen[0].gen[3].seq = 5;
	age_grid(&scale, ask, 2);
	lrugen_tally(seen, &scale, t);
	is_u64(age_cold(&t->pages[FILES], age_from(&scale, 50000000)), 45,
	       "cold for 50 s");
	is_u64(age_cold(&t->pages[FILES], age_from(&scale, 20000000)), 1153,
	       "cold for 20 s");
	is_u64(age_cold(&t->pages[ANON], age_from(&scale, 20000000)), 0,
	       "hot is not cold");
	is_u64(t->stale_us, 10000000, "nobody looked since");
	ok(age_from(&scale, 60000000) > t->known, "60 s cannot be told");
	ok(lrugen_parse(bad, keep, NULL) == -EBADMSG, "rubbish is refused");
}

/* Read between two agings or not; what sets no bit is no cold. */
static void test_referenced(void)
{
	enum { FRAMES = 9 };
	const uint64_t file = F(LRU) | F(UPTODATE);
	const uint64_t bit = UINT64_C(1) << PF_REFERENCED;
	uint64_t flags[FRAMES] = { file | bit,
				   file,
				   file | F(DIRTY),
				   file | F(MMAP),
				   F(LRU) | F(ANON) | F(SWAPBACKED),
				   file | F(UNEVICTABLE),
				   file | F(COMPOUND_HEAD),
				   file | F(COMPOUND_TAIL) | bit,
				   F(BUDDY) };
	/* Older kernels show no cgroup of a tail. */
	uint64_t ino[FRAMES] = { 7, 7, 7, 7, 7, 7, 7, 0, 0 };
	uint8_t unread[FRAMES] = { 0 };
	struct referenced r = { .aged_us = { 30000000, 20000000, 10000000 } };
	struct lrugen_vec v = { .id = 3, .n = 1 };
	const uint64_t ask[] = { 10000000, 20000000 };
	struct age_scale scale = { .known = 0 };
	struct tally t = { .ino = 7 };

	for (int pass = 0; pass < 3; pass++) {
		struct referenced_run run = { .pages = FRAMES,
					      .flags = flags,
					      .cgroup = ino,
					      .unread = unread };
		struct tally *f;

		tally_free(&r.files);
		referenced_run(&run, &r.files);
		f = tally_of(&r.files, 7, 0);
		is_u64(f->mapped_pages, 1, "what is mapped is apart");
		is_u64(counts_of(&f->pages[FILES], UNREAD_FIRST), pass ? 2 : 5,
		       "new, read or dirty is not unread");
		is_u64(counts_of(&f->pages[FILES], UNREAD_FIRST + pass),
		       pass ? 3 : 5, "unread, a huge page by its head");
	}
	age_grid(&scale, ask, 2);
	counts_more(&t.pages[FILES], AGES - 1, 6);
	referenced_take(&r, &scale, 30000000, &t);
	is_u64(age_cold(&t.pages[FILES], age_from(&scale, 20000000)), 4,
	       "three unread for two intervals, and one mapped, maybe");
	is_u64(age_cold(&t.pages[FILES], 0), 6, "of all");
	is_u64(t.unsure_pages, 1, "the mapped one is unsure");
	flags[1] |= bit;
	referenced_run(&(struct referenced_run){ .pages = FRAMES,
						 .flags = flags,
						 .cgroup = ino,
						 .unread = unread },
		       &r.files);
	ok(unread[1] == UNREAD_FIRST, "read again: it begins anew");

	for (int i = 0; i <= REFERENCED_AGINGS; i++) {
		ok(!referenced_knows(&r, 3, 0), "too few agings are ours");
		v.gen[0].seq = (uint64_t)i + 3;
		referenced_look(&r, &v);
		referenced_after(&r, &v, true);
	}
	ok(referenced_knows(&r, 3, 0), "enough are");
	v.gen[0].seq += 2;
	referenced_look(&r, &v);
	referenced_after(&r, &v, true);
	ok(!referenced_knows(&r, 3, 0), "another's aging spoils them");
	referenced_close(&r);
}

/*
 * Shared memory: look by look, the bit before the aging and after it.  What
 * page tables touch has it at every other look, as the aging before has set it.
 */
static void test_referenced_shmem(void)
{
	enum { BEFORE = 1, AFTER = 2, PAGES = 7, LOOKS = 6 };
	const uint64_t bit = F(REFERENCED);
	const uint64_t shmem = F(LRU) | F(SWAPBACKED) | F(MMAP);
	const uint64_t pages[PAGES] = { shmem,
					shmem,
					shmem,
					shmem,
					shmem & ~F(MMAP),
					shmem | F(ANON),
					shmem | F(UNEVICTABLE) };
	const char *const what[] = { "touched in each interval",
				     "in every third", "by page tables",
				     "never" };
	/* Of the first four; the others have the bit always. */
	const int has[4][LOOKS] = {
		{ 0, BEFORE, BEFORE, BEFORE | AFTER, BEFORE, BEFORE },
		{ 0, BEFORE, 0, 0, BEFORE, 0 },
		{ AFTER, BEFORE, AFTER, BEFORE, AFTER, BEFORE },
		{ 0 },
	};
	/* In it, or in the one before. */
	const unsigned int told[4][LOOKS] = { { 0, 1, 1, 1, 1, 1 },
					      { 0, 1, 1, 0, 1, 1 } };
	uint8_t unread[PAGES] = { 0 };
	uint64_t ino[PAGES] = { 1, 2, 3, 4, 5, 5, 5 };

	for (int look = 0; look < LOOKS; look++) {
		struct tally_set out = { .all = NULL };
		uint64_t flags[PAGES];
		struct referenced_run run = { .pages = PAGES,
					      .flags = flags,
					      .cgroup = ino,
					      .unread = unread };

		for (int i = 0; i < PAGES; i++)
			flags[i] = i > 3 || (has[i][look] & BEFORE)
					   ? pages[i] | bit
					   : pages[i];
		referenced_run(&run, &out);
		for (int i = 0; i < 4; i++)
			is_u64(tally_of(&out, ino[i], 0)->again_pages,
			       told[i][look], "%s", what[i]);
		is_u64(tally_of(&out, 5, 0)->again_pages, 0,
		       "not of that kind");
		for (int i = 0; i < PAGES; i++)
			flags[i] = i > 3 || (has[i][look] & AFTER)
					   ? pages[i] | bit
					   : pages[i];
		referenced_run_after(&run);
		tally_free(&out);
	}
}

int main(void)
{
	test_referenced_shmem();
	test_ages();
	test_covers();
	test_kinds();
	test_huge();
	test_strangers();
	test_left_unmarked();
	test_lru_gen();
	test_short_word();
	test_part();
	test_lead_in();
	test_known();
	test_runs();
	test_tally_size();
	test_scale();
	test_lrugen();
	test_referenced();
	return tap_done();
}
