#include "age.h"

#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "num.h"

enum { BUCKETS = sizeof(((struct tally_set *)0)->bucket) / sizeof(void *) };

const char *kind_name(enum kind kind)
{
	static const char *const names[] = {
		[ANON] = "anon",
		[FILES] = "file",
		[DIRTY] = "dirty",
		[SHMEM] = "shmem",
		[UNEVICTABLE] = "unevictable",
		[LAZYFREE] = "lazyfree",
	};

	return names[kind];
}

const char *cover_name(enum cover cover)
{
	static const char *const names[] = {
		[TRACKED] = "tracked",	 [FRESH] = "new",
		[MIGRATED] = "migrated", [BUSY] = "busy",
		[OFF_LRU] = "off_lru",	 [KERNEL] = "kernel",
		[SLAB] = "slab",	 [PGTABLE] = "pagetable",
		[HUGETLB] = "hugetlb",	 [ZERO_PAGE] = "zero",
		[OFFLINE] = "offline",	 [FREE] = "free",
		[HOLE] = "hole",
	};

	return names[cover];
}

static size_t bucket_of(uint64_t ino, int node)
{
	return (size_t)((ino ^ (uint64_t)node << 7) *
				UINT64_C(0x9e3779b97f4a7c15) >>
			54) %
	       BUCKETS;
}

struct tally *tally_find(const struct tally_set *set, uint64_t ino, int node)
{
	struct tally *t = set->bucket[bucket_of(ino, node)];

	while (t && (t->ino != ino || t->node != node))
		t = t->next;
	return t;
}

struct tally *tally_of(struct tally_set *set, uint64_t ino, int node)
{
	struct tally **p;

	if (set->last && set->last->ino == ino && set->last->node == node)
		return set->last;
	p = &set->bucket[bucket_of(ino, node)];
	while (*p && ((*p)->ino != ino || (*p)->node != node))
		p = &(*p)->next;
	if (!*p) {
		struct tally *t = set->spare;

		if (t)
			set->spare = t->more;
		else
			t = xcalloc(1, sizeof(*t));
		t->known = AGE_MAX;
		t->ino = ino;
		t->node = node;
		t->next = NULL;
		t->more = set->all;
		set->all = *p = t;
	}
	set->last = *p;
	return *p;
}

void tally_clear(struct tally *t)
{
	struct tally *next = t->next, *more = t->more;

	memset(t, 0, sizeof(*t));
	t->next = next;
	t->more = more;
	t->known = AGE_MAX;
}

void tally_add(struct tally *sum, const struct tally *t)
{
	for (int a = 0; a < AGES; a++) {
		for (int k = 0; k < KINDS; k++)
			sum->pages[k][a] += t->pages[k][a];
		sum->promoted[a] += t->promoted[a];
		sum->unproven[a] += t->unproven[a];
		sum->square[0][a] += t->square[0][a];
		sum->square[1][a] += t->square[1][a];
	}
	for (int c = 0; c < COVERS; c++)
		sum->cover[c] += t->cover[c];
	sum->marked_left += t->marked_left;
	sum->own_pages += t->own_pages;
	sum->hidden_pages += t->hidden_pages;
	sum->mapped_pages += t->mapped_pages;
	sum->unsure_pages += t->unsure_pages;
	sum->unaged_pages += t->unaged_pages;
	if (t->known < sum->known)
		sum->known = t->known;
	if (t->stale_us > sum->stale_us)
		sum->stale_us = t->stale_us;
	if (t->moved_us > sum->moved_us)
		sum->moved_us = t->moved_us;
}

void tally_merge(struct tally_set *into, const struct tally_set *from)
{
	for (const struct tally *t = from->all; t; t = t->more)
		tally_add(tally_of(into, t->ino, t->node), t);
}

void tally_reuse(struct tally_set *set)
{
	while (set->all) {
		struct tally *t = set->all;

		set->all = t->more;
		set->bucket[bucket_of(t->ino, t->node)] = NULL;
		t->more = set->spare;
		set->spare = t;
	}
	set->last = NULL;
}

void tally_free(struct tally_set *set)
{
	tally_reuse(set);
	while (set->spare) {
		struct tally *t = set->spare;

		set->spare = t->more;
		free(t);
	}
}

void tally_believe(struct tally *t, uint64_t most_pages)
{
	for (int a = AGE_MAX; a > 0; a--) {
		uint64_t n = t->unproven[a] < most_pages ? t->unproven[a]
							 : most_pages;

		t->promoted[a] += n;
		most_pages -= n;
	}
}

void tally_lazyfree(struct tally *t, uint64_t pages)
{
	for (int a = AGE_MAX; a >= 0 && pages; a--) {
		uint64_t n =
			t->pages[FILES][a] < pages ? t->pages[FILES][a] : pages;

		t->pages[FILES][a] -= n;
		t->pages[LAZYFREE][a] += n;
		pages -= n;
	}
}

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
	t->pages[f->kind][f->age]++;
	t->promoted[f->was] += f->promoted;
	t->unproven[f->was] += f->unproven;
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
		t->pages[kind_of(c->flags[head])][age == AGE_NONE ? 0 : age]++;
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

uint64_t age_cold(const uint64_t pages[AGES], int age)
{
	uint64_t sum = 0;

	if (age >= AGES)
		return NUM_NONE;
	for (; age < AGES; age++)
		sum += pages[age];
	return sum;
}

uint64_t age_percentile(const uint64_t pages[AGES],
			const struct age_scale *scale, int known, double pct)
{
	double all = (double)age_cold(pages, 0), sum = 0;

	if (all <= 0)
		return NUM_NONE;
	for (int a = 0; a < known; a++) {
		sum += (double)pages[a];
		if (sum * 100 >= all * pct)
			return scale->us[a + 1];
	}
	return NUM_NONE;
}

int age_recommend(const uint64_t promoted[AGES], uint64_t working_set_pages,
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
