#include "age.h"

#include <string.h>

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
	if (page_has(flags, PF_SWAPBACKED))
		return SHMEM;
	return page_has(flags, PF_DIRTY) ? DIRTY : FILES;
}

static bool bit(const uint64_t *map, size_t i)
{
	return map[i / 64] >> i % 64 & 1;
}

static void set_bit(uint64_t *map, size_t i, bool value)
{
	uint64_t mask = UINT64_C(1) << i % 64;

	map[i / 64] = value ? map[i / 64] | mask : map[i / 64] & ~mask;
}

uint64_t age_scatter(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

/*
 * Does the pass leave the folio unmarked?  Others in each pass, so that none
 * stays without an age; of huge ones more, as there are fewer, but none that is
 * met first: it may be cold, and much of what is.
 */
static bool is_left(const struct chunk *c, size_t i, enum cover cover)
{
	enum { HUGE_MORE = 8 };
	uint64_t leave = c->leave;

	if (page_has(c->flags[i], PF_COMPOUND_HEAD))
		leave = cover == TRACKED ? leave / HUGE_MORE : 0;
	return leave && !(age_scatter((c->base_pfn + c->at + i) ^
				      (uint64_t)c->pass << 40) %
			  leave);
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

/* One that stands on the LRU: was it touched since it was marked? */
static void judge(const struct chunk *c, size_t i, struct folio *f)
{
	uint64_t flags = c->flags[i];
	bool marked = bit(c->idle, i), idle = marked && !is_referenced(c, i);

	f->unsure = marked && !idle;
	f->kind = kind_of(flags);
	f->swap = page_has(flags, PF_SWAPBACKED) || page_has(flags, PF_ANON);
	f->was = c->age[i] == AGE_LEFT ? AGE_NONE : c->age[i];
	/* Freed and taken anew for the other kind: not the page it was. */
	if (f->was != AGE_NONE && f->swap != bit(c->swap, i))
		f->was = AGE_NONE;
	f->age = 0;
	if (page_has(flags, PF_LOCKED) || page_has(flags, PF_WRITEBACK) ||
	    i >= c->in_bitmap) {
		/* mm/page_idle.c: folio_trylock failed, so nobody looked; and
		 * where memory ends within a word, that is not handed out. */
		f->cover = BUSY;
	} else if (f->was == AGE_NONE) {
		f->cover = marked && !c->first ? MIGRATED : FRESH;
		f->marked_left = f->cover == MIGRATED && c->age[i] == AGE_LEFT;
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

static void count(const struct folio *f, struct tally *t)
{
	t->cover[f->cover]++;
	if (f->age == AGE_NONE)
		return;
	counts_more(&t->pages[f->kind], f->age, 1);
	counts_more(&t->promoted, f->was, f->promoted);
	counts_more(&t->unproven, f->was, f->unproven);
	t->unsure_pages += f->unsure;
}

static bool is_tail(const struct chunk *c, size_t i)
{
	return i && page_has(c->flags[i], PF_COMPOUND_TAIL);
}

static void put_age(const struct chunk *c, size_t i, const struct folio *f)
{
	c->age[i] = f->left ? AGE_LEFT : f->age;
	set_bit(c->swap, i, f->swap);
}

/* Whose the folio is, which is judged and marked unless that was done. */
static struct tally *enter(const struct chunk *c, size_t i, struct folio *f,
			   struct tally_set *out)
{
	struct tally *t = tally_of(out, c->cgroup ? c->cgroup[i] : 0, c->node);

	if (f->head != c->at + i) {
		*f = look(c, i);
		t->marked_left += f->marked_left;
		put_age(c, i, f);
		/* The complement: all ones would lose what was touched since
		 * the read, and walk the page tables once more. */
		if (f->age != AGE_NONE && !f->left && !bit(c->idle, i) &&
		    i < c->in_bitmap)
			set_bit(c->mark, i, true);
	}
	return t;
}

void age_chunk(const struct chunk *c, struct folio *last, struct tally_set *out)
{
	struct tally *t = NULL;
	size_t head = c->from;

	memset(c->mark, 0, (c->pages + 63) / 64 * 8);
	while (is_tail(c, head))
		head--;
	for (size_t i = head; i < c->pages; i++) {
		if (!t || !is_tail(c, i))
			t = enter(c, i, last, out);
		/* What leads there keeps its ages: no pass looks at it. */
		if (i >= c->from) {
			count(last, t);
			put_age(c, i, last);
		}
	}
}

/* A frame that is not idle any more is touched, or another page's by now. */
static uint8_t age_now(const struct chunk *c, size_t i, size_t head)
{
	bool swap = page_has(c->flags[head], PF_SWAPBACKED) ||
		    page_has(c->flags[head], PF_ANON);

	if (c->age[i] == AGE_LEFT)
		return 0;
	if (c->age[i] == AGE_NONE || !c->idle)
		return c->age[i];
	if (swap != bit(c->swap, i))
		return AGE_NONE;
	return bit(c->idle, head) ? c->age[i] : 0;
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
		age = age_now(c, i, head);
		t->cover[age == AGE_NONE ? FRESH : TRACKED]++;
		counts_more(&t->pages[kind_of(c->flags[head])],
			    age == AGE_NONE ? 0 : age, 1);
	}
}

void age_grid(struct age_scale *scale, const uint64_t *ask_us, size_t n)
{
	double us = 100000;

	memset(scale, 0, sizeof(*scale));
	scale->known = AGE_MAX;
	for (int a = 1; a < AGES; a++, us *= 1.07)
		scale->us[a] = (uint64_t)us;
	for (size_t i = 0; i < n; i++) {
		int a = age_below(scale, ask_us[i]);

		scale->us[a ? a : 1] = ask_us[i];
	}
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

	for (int a = 1; a < known; a++) {
		double pages = (double)age_cold(promoted, a);

		if (pages * 100 <=
		    bound_pct * (double)working_set_pages * minutes)
			return a;
	}
	return AGES;
}
