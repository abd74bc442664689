#include "generations.h"

#include "clock.h"
#include "lrugen.h"
#include "mem.h"
#include "verdict.h"

/* What is touched between the pass and its aging, and never else, is lost. */
enum { LOST_PART = 20 };

bool generations_told(const struct cg_set *tree)
{
	bool can_age;

	return mem_lru_gen_enabled() && tree->whole && !lrugen_probe(&can_age);
}

/* The greatest age asked for that can be told. */
static int oldest_age(const struct scan *s)
{
	int oldest = 0;

	for (size_t i = 0; i < s->opts->n_ages; i++) {
		int age = age_from(&s->scale, s->opts->age_us[i]);

		if (age < AGES)
			oldest = age;
	}
	return oldest;
}

/*
 * A bit from before our agings passes for a read.  It is gone after so many of
 * them, and until then the page is as old as they allow.
 */
static void find_unsure(const struct scan *s, int oldest, struct tally *t)
{
	static const enum kind kinds[] = { FILES, DIRTY, SHMEM };
	uint64_t unaged = t->unaged_pages / s->unit_pages;
	int first = 1;

	if (t->agings >= REFERENCED_AGINGS) {
		first = (int)t->agings - REFERENCED_AGINGS + 1;
		if (t->unsure_pages > unaged)
			t->unsure_pages = unaged;
	}
	if (!s->opts->age_now)
		return; /* nothing takes a bit meanwhile */
	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (int a = first; a < oldest; a++)
			t->unsure_pages += counts_of(&t->pages[kinds[k]], a);
}

static int age_targets(struct scan *s)
{
	int n = lrugen_age_now(s->keys, s->n_keys, !s->keys_alone, &s->ref,
			       NULL);

	if (n < 0)
		return n;
	idle_hold(&s->idle);
	return 0;
}

int generations_pass(struct scan *s, unsigned int *suspect)
{
	int oldest = oldest_age(s), err;
	uint64_t scanned;

	*suspect = 0;
	err = mem_scanned_system(&scanned);
	if (!err)
		err = lrugen_watch(&s->tree, &s->ref, &s->pages);
	if (err)
		return err;
	if (scanned != s->ref.scanned_pages || !s->generations) {
		referenced_reset(&s->ref);
		*suspect = s->idle.passes > 1 ? SUSPECT_LRU_GEN : 0;
	}
	s->ref.scanned_pages = scanned;
	for (struct tally *t = s->pages.all; t; t = t->more)
		find_unsure(s, oldest, t);
	if (!s->opts->age_now)
		return 0;
	err = age_targets(s);
	if ((clock_mono_us() - s->idle.start_us) * LOST_PART >
	    s->opts->interval_us)
		*suspect |= SUSPECT_LRU_GEN;
	return err;
}

unsigned int generations_suspicions(const struct scan *s, const struct tally *t,
				    uint64_t age_us)
{
	unsigned int found = 0;
	uint64_t all = 0;

	for (int k = 0; k < KINDS; k++)
		all += age_cold(&t->pages[k], 0);
	if (idle_reaches(&s->idle, &s->scale, age_us, t->moved_us))
		found |= SUSPECT_LRU_GEN;
	if (t->unsure_pages * 100 > all)
		found |= SUSPECT_FILE;
	return found;
}
