#include "walked.h"

#include <stdlib.h>

#include "msg.h"
#include "num.h"

static struct walked_vec *own_of(struct walked *w, unsigned long id, int node)
{
	for (size_t i = 0; i < w->n; i++) {
		size_t at = (w->at + i) % w->n;

		if (w->v[at].id == id && w->v[at].node == node) {
			w->at = at + 1;
			return w->v + at;
		}
	}
	return NULL;
}

static struct walked_vec *add(struct walked *w, unsigned long id, int node)
{
	struct walked_vec *own;

	w->v = xrealloc(w->v, w->n + 1, sizeof(*w->v));
	own = w->v + w->n++;
	*own = (struct walked_vec){
		.id = id, .node = node, .sum = NUM_NONE, .entries = NUM_NONE
	};
	return own;
}

/* What the walk of that generation alone looked at. */
static uint64_t of_generation(const struct lrugen_vec *v, uint64_t seq)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->gen[i].seq == seq)
			return v->gen[i].walked;
	return NUM_NONE;
}

void walked_take(struct walked *w, const struct lrugen_vec *v)
{
	struct walked_vec *own;

	/* Of those removed nobody has a table, and all have one id. */
	if (lrugen_gone(v))
		return;
	if (!w->after) { /* the file has each once */
		add(w, v->id, v->node)->sum = v->walked_sum;
		return;
	}
	own = own_of(w, v->id, v->node);
	if (!own || !own->ours)
		return;
	if (v->walked_sum == NUM_NONE)
		own->entries = of_generation(v, own->seq);
	else if (own->sum != NUM_NONE && v->walked_sum >= own->sum)
		own->entries = v->walked_sum - own->sum;
}

static void take_vec(const struct lrugen_vec *v, void *ctx)
{
	walked_take(ctx, v);
}

void walked_before(struct walked *w)
{
	w->n = w->at = 0;
	w->after = false;
	lrugen_full(take_vec, w);
}

void walked_aged(struct walked *w, const struct lrugen_vec *v)
{
	struct walked_vec *own = own_of(w, v->id, v->node);

	if (!own)
		own = add(w, v->id, v->node);
	own->ours = true;
	own->seq = v->gen[v->n - 1].seq;
}

void walked_after(struct walked *w)
{
	w->after = true;
	lrugen_full(take_vec, w);
}

uint64_t walked_entries(struct walked *w, unsigned long id, int node)
{
	const struct walked_vec *own = own_of(w, id, node);

	return own ? own->entries : NUM_NONE;
}

/*
 * Processes grow between the aging and the look at them, and one of less than
 * 64 pages is never walked (should_skip_mm): that of one such process and one
 * part in 50 is as much as other memory may be off.
 */
uint64_t walked_missed(uint64_t own_pages, uint64_t entries, uint64_t looked)
{
	enum { BATCH = 64, SHARE = 50 };
	uint64_t missed = entries > looked ? entries - looked : 0;

	if (missed <= entries / SHARE + BATCH)
		return 0;
	/* Where pages are huge an entry is many. */
	if (own_pages > entries)
		missed = (uint64_t)((double)own_pages * (double)missed /
				    (double)entries);
	return missed < own_pages ? missed : own_pages;
}

void walked_close(struct walked *w)
{
	free(w->v);
}
