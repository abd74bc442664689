#include "tally.h"

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

/* In steps, as ages come one after the other. */
static int room_for(int n)
{
	int room = 2;

	while (room < n)
		room *= 2;
	return room;
}

uint64_t counts_of(const struct counts *c, int age)
{
	return age < c->n ? c->pages[age] : 0;
}

void counts_widen(struct counts *c, int age)
{
	int n = room_for(age + 1);

	c->pages = xrealloc(c->pages, (size_t)n, sizeof(*c->pages));
	memset(c->pages + c->n, 0, (size_t)(n - c->n) * sizeof(*c->pages));
	c->n = n;
}

void counts_less(struct counts *c, int age, uint64_t pages)
{
	c->pages[age] -= pages;
}

void counts_add(struct counts *sum, const struct counts *c)
{
	/* The oldest first: it grows once. */
	for (int a = c->n - 1; a >= 0; a--)
		counts_more(sum, a, c->pages[a]);
}

void counts_clear(struct counts *c)
{
	for (int a = 0; a < c->n; a++)
		c->pages[a] = 0;
}

void counts_move(struct counts *c, struct counts *sum)
{
	counts_add(sum, c);
	counts_clear(c);
}

void tally_widen(struct tally *t, int n)
{
	if (n <= t->n_spread)
		return;
	t->spread = xrealloc(t->spread, (size_t)n, sizeof(*t->spread));
	memset(t->spread + t->n_spread, 0,
	       (size_t)(n - t->n_spread) * sizeof(*t->spread));
	t->n_spread = n;
}

static size_t bucket_of(uint64_t ino, int node)
{
	return (size_t)((ino ^ (uint64_t)node << 7) *
				UINT64_C(0x9e3779b97f4a7c15) >>
			51) %
	       BUCKETS;
}

struct tally *tally_find(const struct tally_set *set, uint64_t ino, int node)
{
	struct tally *t = set->bucket[bucket_of(ino, node)];

	while (t && (t->ino != ino || t->node != node))
		t = t->next;
	return t;
}

void tally_fetch(const struct tally_set *set, uint64_t ino, int node)
{
	const struct tally *t = set->bucket[bucket_of(ino, node)];

	if (t) {
		__builtin_prefetch(t, 1);
		__builtin_prefetch(t->pages + ANON, 1);
		__builtin_prefetch(t->cover, 1);
	}
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
		t->walked_entries = NUM_NONE;
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
	struct tally was = *t;

	memset(t, 0, sizeof(*t));
	memcpy(t->pages, was.pages, sizeof(t->pages));
	t->promoted = was.promoted;
	t->unproven = was.unproven;
	for (int k = 0; k < KINDS; k++)
		counts_clear(&t->pages[k]);
	counts_clear(&t->promoted);
	counts_clear(&t->unproven);
	free(was.spread);
	t->next = was.next;
	t->more = was.more;
	t->known = AGE_MAX;
	t->walked_entries = NUM_NONE;
}

void tally_drop(struct tally *t)
{
	for (int k = 0; k < KINDS; k++)
		free(t->pages[k].pages);
	free(t->promoted.pages);
	free(t->unproven.pages);
	free(t->spread);
}

static void add_spread(struct tally *sum, const struct tally *t)
{
	tally_widen(sum, t->n_spread);
	for (int a = 0; a < t->n_spread; a++) {
		sum->spread[a].square[0] += t->spread[a].square[0];
		sum->spread[a].square[1] += t->spread[a].square[1];
	}
}

void tally_add(struct tally *sum, const struct tally *t)
{
	for (int k = 0; k < KINDS; k++)
		counts_add(&sum->pages[k], &t->pages[k]);
	counts_add(&sum->promoted, &t->promoted);
	counts_add(&sum->unproven, &t->unproven);
	add_spread(sum, t);
	for (int c = 0; c < COVERS; c++)
		sum->cover[c] += t->cover[c];
	sum->marked_left += t->marked_left;
	sum->own_pages += t->own_pages;
	sum->hidden_pages += t->hidden_pages;
	sum->why_shared |= t->why_shared;
	sum->unsure_shmem |= t->unsure_shmem;
	sum->mapped_pages += t->mapped_pages;
	sum->unsure_pages += t->unsure_pages;
	sum->unaged_pages += t->unaged_pages;
	/* Each node is walked by itself, all tables for each. */
	if (t->walked_entries < sum->walked_entries)
		sum->walked_entries = t->walked_entries;
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
		tally_drop(t);
		free(t);
	}
}

void tally_believe(struct tally *t, uint64_t most_pages)
{
	for (int a = t->unproven.n - 1; a > 0; a--) {
		uint64_t n = t->unproven.pages[a] < most_pages
				     ? t->unproven.pages[a]
				     : most_pages;

		counts_more(&t->promoted, a, n);
		most_pages -= n;
	}
}

void tally_lazyfree(struct tally *t, uint64_t pages)
{
	for (int a = t->pages[FILES].n - 1; a >= 0 && pages; a--) {
		uint64_t has = t->pages[FILES].pages[a],
			 n = has < pages ? has : pages;

		counts_less(&t->pages[FILES], a, n);
		counts_more(&t->pages[LAZYFREE], a, n);
		pages -= n;
	}
}
