#include "age.h"

#include <string.h>

#include "bits.h"
#include "num.h"

/* Why a page that is not on the LRU is not; bit 0 has five meanings. */
static enum cover reason(uint64_t flags)
{
	const uint64_t users = UINT64_C(1) << PF_UPTODATE |
			       UINT64_C(1) << PF_MMAP | UINT64_C(1) << PF_ANON |
			       UINT64_C(1) << PF_SWAPBACKED;

	if (page_has(flags, PF_NOPAGE))
		return HOLE;
	if (page_has(flags, PF_BUDDY))
		return FREE;
	if (page_has(flags, PF_SLAB))
		return SLAB;
	if (page_has(flags, PF_PGTABLE))
		return PGTABLE;
	if (page_has(flags, PF_HUGE))
		return HUGETLB;
	if (page_has(flags, PF_ZERO_PAGE))
		return ZERO_PAGE;
	if (page_has(flags, PF_OFFLINE) || page_has(flags, PF_HWPOISON))
		return OFFLINE;
	return flags & users ? OFF_LRU : KERNEL;
}

/* Not by KPF_KSM: 6.12 shows it on every anonymous page. */
static enum kind kind_of(uint64_t flags)
{
	if (page_has(flags, PF_UNEVICTABLE))
		return UNEVICTABLE;
	if (page_has(flags, PF_ANON))
		return page_has(flags, PF_SWAPBACKED) ? ANON : LAZYFREE;
	/* What is read ahead from swap becomes anonymous when it is mapped. */
	if (page_has(flags, PF_SWAPBACKED))
		return page_has(flags, PF_SWAPCACHE) ? ANON : SHMEM;
	return page_has(flags, PF_DIRTY) ? DIRTY : FILES;
}

uint64_t age_scatter(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/*
 * The frame that a pass leaves unmarked, of so many that frame i is among.
 * Others in each pass, so that none stays without an age.
 */
static uint64_t left_of(const struct chunk *c, size_t i, uint64_t leave)
{
	uint64_t first = (c->base_pfn + c->at + i) & ~(leave - 1);

	return first |
	       (age_scatter(first ^ (uint64_t)c->pass << 40) & (leave - 1));
}

/*
 * Does the pass leave the folio unmarked?  Of huge ones more, as there are
 * fewer, but none that is met first: it may be cold, and much of what is.
 */
static bool is_left(const struct chunk *c, size_t i, enum cover cover)
{
	enum { HUGE_MORE = 8 };
	uint64_t pfn = c->base_pfn + c->at + i, leave = c->leave;

	if (page_has(c->flags[i], PF_COMPOUND_HEAD)) {
		/* One by one: they begin at the first of many. */
		leave = cover == TRACKED ? leave / HUGE_MORE : 0;
		return leave && !(age_scatter(pfn ^ (uint64_t)c->pass << 40) &
				  (leave - 1));
	}
	return leave && left_of(c, i, leave) == pfn;
}

/* The first of the small pages from i on that is left, or limit. */
static size_t next_left(const struct chunk *c, size_t i, size_t limit)
{
	uint64_t base = c->base_pfn + c->at;

	while (i < limit) {
		uint64_t left = left_of(c, i, c->leave);

		if (left >= base + i)
			return left < base + limit ? (size_t)(left - base)
						   : limit;
		i = (size_t)((left | (c->leave - 1)) + 1 - base);
	}
	return limit;
}

/*
 * The mark goes when the page is freed, so where it was there until the bitmap
 * was read, it is the page that we marked.  Anonymous memory is touched by page
 * tables, and loses it before only to reclaim that looks at it (mm/rmap.c,
 * folio_referenced); of files read(2) takes it as well.
 */
static bool is_proven(const struct chunk *c, size_t i)
{
	return !c->before || !page_has(c->flags[i], PF_ANON) ||
	       page_has(c->before[i], PF_IDLE);
}

/*
 * Under lru_gen a read(2) does not take the mark, and sets the referenced bit
 * (mm/swap.c, folio_mark_accessed), which stays until an aging.
 */
static bool is_referenced(const struct chunk *c, size_t i)
{
	return c->lru_gen && !page_has(c->flags[i], PF_ANON) &&
	       page_has(c->flags[i], PF_REFERENCED);
}

/*
 * One that stands on the LRU: was it touched since it was marked?  What leads
 * to the first frame to count has no ages: the folio's is that of its first one
 * that has.
 */
static void judge(const struct chunk *c, size_t i, struct folio *f)
{
	uint64_t flags = c->flags[i];
	size_t own = i < c->from ? 0 : i - c->from;
	bool marked = bits_has(c->idle, i),
	     idle = marked && !is_referenced(c, i);

	f->unsure = marked && !idle;
	f->kind = kind_of(flags);
	f->swap = page_has(flags, PF_SWAPBACKED) || page_has(flags, PF_ANON);
	f->was = c->age[own] == AGE_LEFT ? AGE_NONE : c->age[own];
	/* Freed and taken anew for the other kind: not the page it was. */
	if (f->was != AGE_NONE && f->swap != bits_has(c->swap, own))
		f->was = AGE_NONE;
	f->age = 0;
	if (page_has(flags, PF_LOCKED) || page_has(flags, PF_WRITEBACK) ||
	    i >= c->in_bitmap) {
		/* mm/page_idle.c: folio_trylock failed, so nobody looked; and
		 * where memory ends within a word, that is not handed out. */
		f->cover = BUSY;
	} else if (f->was == AGE_NONE) {
		f->cover = marked && !c->first ? MIGRATED : FRESH;
		f->marked_left =
			f->cover == MIGRATED && c->age[own] == AGE_LEFT;
	} else {
		f->cover = TRACKED;
		f->promoted = !idle && f->was && is_proven(c, i);
		f->unproven = !idle && f->was && !f->promoted;
		if (idle)
			f->age = f->was < AGE_MAX ? f->was + 1 : AGE_MAX;
	}
	f->left = !marked && i < c->in_bitmap && is_left(c, i, f->cover);
}

static struct folio look(const struct chunk *c, size_t i)
{
	struct folio f = { .head = c->at + i, .age = AGE_NONE };

	if (page_has(c->flags[i], PF_LRU))
		judge(c, i, &f);
	else
		f.cover = reason(c->flags[i]);
	return f;
}

static bool is_tail(const struct chunk *c, size_t i)
{
	return i && page_has(c->flags[i], PF_COMPOUND_TAIL);
}

static bool is_marked(const struct chunk *c, size_t i)
{
	return i < c->in_bitmap && bits_has(c->idle, i);
}

static size_t same_before(const struct chunk *c, size_t i, size_t limit)
{
	const uint64_t before = c->before[i];

	while (i < limit && !((c->before[i] ^ before) >> PF_IDLE & 1))
		i++;
	return i;
}

/*
 * The end of the frames from i on of which judge() says the same, but for
 * is_left().  In one loop for all of them: most runs are short.
 */
static size_t alike_end(const struct chunk *c, size_t i, size_t limit)
{
	const size_t from = c->from;
	const uint8_t *age = c->age - from;
	const uint64_t *flags = c->flags;
	const uint64_t *cgroup = c->cgroup ? c->cgroup : flags;
	size_t end = i + 1;

	if (i < c->in_bitmap && c->in_bitmap < limit)
		limit = c->in_bitmap;
	limit = bits_alike(c->idle, i, limit);
	limit = from + bits_alike(c->swap, i - from, limit - from);
	if (c->before)
		limit = same_before(c, i, limit);
	while (end < limit &&
	       !((flags[end] ^ flags[i]) | (cgroup[end] ^ cgroup[i]) |
		 (uint64_t)(age[end] ^ age[i])))
		end++;
	return end;
}

/*
 * The end of the run from i on of which all that was found of i, f, holds: a
 * folio, or small pages that are alike.
 */
static size_t run_end(const struct chunk *c, size_t i, const struct folio *f)
{
	size_t end = i + 1, limit = c->pages;

	while (end < limit && is_tail(c, end))
		end++;
	if (end > i + 1 || i < c->from || f->left)
		return end;
	limit = alike_end(c, i, limit);
	if (f->age == AGE_NONE || is_marked(c, i) || !c->leave)
		end = limit;
	else if (!page_has(c->flags[i], PF_COMPOUND_HEAD))
		end = next_left(c, end, limit);
	/* A tail is its head's; a head that is alike has none but at the end.
	 */
	if (end < c->pages && end > i + 1 && is_tail(c, end))
		end--;
	return end;
}

/* So many pages, and folios that were left unmarked and are idle now. */
struct found {
	uint64_t ino, pages, marked_left;
	struct folio f;
};

static void count(const struct found *x, struct tally *t)
{
	const struct folio *f = &x->f;

	t->marked_left += x->marked_left;
	t->cover[f->cover] += x->pages;
	if (f->age == AGE_NONE)
		return;
	counts_more(&t->pages[f->kind], f->age, x->pages);
	if (f->promoted)
		counts_more(&t->promoted, f->was, x->pages);
	if (f->unproven)
		counts_more(&t->unproven, f->was, x->pages);
	if (f->unsure)
		t->unsure_pages += x->pages;
}

/*
 * Of thousands of cgroups few are in the processor's cache, so they are fetched
 * all at once, and then their counts.
 */
enum { FOUND_MAX = 64 };
static void count_all(const struct found *v, size_t n, int node,
		      struct tally_set *out)
{
	struct tally *t[FOUND_MAX];

	for (size_t i = 0; i < n; i++)
		tally_fetch(out, v[i].ino, node);
	for (size_t i = 0; i < n; i++) {
		t[i] = tally_of(out, v[i].ino, node);
		counts_fetch(&t[i]->pages[v[i].f.kind], v[i].f.age);
	}
	for (size_t i = 0; i < n; i++)
		count(v + i, t[i]);
}

/*
 * The complement is marked: all ones would lose what was touched since the
 * read, and walk the page tables once more.
 */
static void mark_run(const struct chunk *c, size_t i, size_t end,
		     const struct folio *f)
{
	bool folio = end > i + 1 && is_tail(c, i + 1);

	if (f->age != AGE_NONE && !f->left && !is_marked(c, i) &&
	    i < c->in_bitmap)
		bits_set(c->mark, i, folio ? i + 1 : end, true);
}

void age_chunk(const struct chunk *c, struct folio *last, struct tally_set *out)
{
	struct found found[FOUND_MAX];
	size_t i = c->from, n = 0, end;

	memset(c->mark, 0, (c->pages + 63) / 64 * 8);
	while (is_tail(c, i))
		i--;
	for (; i < c->pages; i = end) {
		struct found *x = found + n++;
		/* Of what leads to the first frame to count, there is the
		 * head's mark alone. */
		size_t from = i < c->from ? c->from : i;
		bool judged = last->head == c->at + i;

		if (!judged)
			*last = look(c, i);
		end = run_end(c, i, last);
		*x = (struct found){ .ino = c->cgroup ? c->cgroup[i] : 0,
				     .pages = end > from ? end - from : 0,
				     .f = *last };
		if (!judged) {
			bool folio = end > i + 1 && is_tail(c, i + 1);

			if (last->marked_left)
				x->marked_left = folio ? 1 : end - i;
			mark_run(c, i, end, last);
		}
		if (x->pages)
			pack_run(c->pack, x->pages,
				 last->left ? AGE_LEFT : last->age, last->swap);
		if (n == FOUND_MAX || end == c->pages) {
			count_all(found, n, c->node, out);
			n = 0;
		}
	}
}

/* A frame that is not idle any more is touched, or another page's by now. */
static uint8_t known_age(const struct chunk *c, size_t i, size_t head)
{
	uint8_t age = c->age[i - c->from];
	bool swap = page_has(c->flags[head], PF_SWAPBACKED) ||
		    page_has(c->flags[head], PF_ANON);

	if (age == AGE_LEFT)
		return 0;
	if (age == AGE_NONE || !c->idle)
		return age;
	if (swap != bits_has(c->swap, i - c->from))
		return AGE_NONE;
	return bits_has(c->idle, head) ? age : 0;
}

void age_known(const struct chunk *c, struct tally_set *out)
{
	size_t head = c->from;

	while (is_tail(c, head))
		head--;
	for (size_t i = c->from; i < c->pages; i++) {
		struct tally *t;
		uint8_t age;

		if (!is_tail(c, i))
			head = i;
		t = tally_of(out, c->cgroup[head], c->node);
		if (!page_has(c->flags[head], PF_LRU)) {
			t->cover[reason(c->flags[head])]++;
			continue;
		}
		age = known_age(c, i, head);
		t->cover[age == AGE_NONE ? FRESH : TRACKED]++;
		counts_more(&t->pages[kind_of(c->flags[head])],
			    age == AGE_NONE ? 0 : age, 1);
	}
}

/*
 * In the place of the step below it; where that is the age asked for before it,
 * behind that, unless age_from() takes one for the other.
 */
static void put_age(struct age_scale *scale, uint64_t us, uint64_t before_us)
{
	int a = age_below(scale, us);

	if (a && a < AGE_MAX && scale->us[a] == before_us &&
	    before_us < us - us / 50) {
		a++;
		memmove(scale->us + a + 1, scale->us + a,
			(size_t)(AGES - a - 1) * sizeof(*scale->us));
	}
	scale->us[a ? a : 1] = us;
}

void age_grid(struct age_scale *scale, const uint64_t *ask_us, size_t n)
{
	double us = 100000;

	memset(scale, 0, sizeof(*scale));
	scale->known = AGE_MAX;
	for (int a = 1; a < AGES; a++, us *= 1.07)
		scale->us[a] = (uint64_t)us;
	for (size_t i = 0; i < n; i++)
		put_age(scale, ask_us[i], i ? ask_us[i - 1] : 0);
}

int age_below(const struct age_scale *scale, uint64_t us)
{
	int a = 0;

	while (a < AGE_MAX && scale->us[a + 1] <= us)
		a++;
	return a;
}

int age_from(const struct age_scale *scale, uint64_t us)
{
	/* The time that a section takes is lost at both ends: 2 %. */
	for (int a = 0; a <= scale->known; a++)
		if (scale->us[a] >= us - us / 50)
			return a;
	return AGES;
}

uint64_t age_cold(const struct counts *pages, int age)
{
	uint64_t sum = 0;

	if (age >= AGES)
		return NUM_NONE;
	for (; age < pages->n; age++)
		sum += pages->pages[age];
	return sum;
}

uint64_t age_percentile(const struct counts *pages,
			const struct age_scale *scale, int known, double pct)
{
	double all = (double)age_cold(pages, 0), sum = 0;

	if (all <= 0)
		return NUM_NONE;
	for (int a = 0; a < known; a++) {
		sum += (double)counts_of(pages, a);
		if (sum * 100 >= all * pct)
			return scale->us[a + 1];
	}
	return NUM_NONE;
}

int age_recommend(const struct counts *promoted, uint64_t working_set_pages,
		  uint64_t window_us, double bound_pct, int known)
{
	double minutes = (double)window_us / 60e6;

	for (int a = 1; a <= known; a++) {
		double pages = (double)age_cold(promoted, a);

		if (pages * 100 <=
		    bound_pct * (double)working_set_pages * minutes)
			return a;
	}
	return AGES;
}
