#include "world.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a page that comes back, by where it comes from. */
static const double back_us[] = {
	[WORLD_ZSWAP] = 12,
	[WORLD_ZRAM] = 10,
	[WORLD_DISK] = 100,
	[WORLD_NO_SWAP] = 100,
};
enum {
	FILE_BACK_US = 100,
	AROUND = 8, /* pages */
	HUGE_PAGES = WORLD_HUGE_BYTES / WORLD_PAGE_BYTES
};

/* xorshift64*, Vigna 2016. */
static uint64_t next(struct world *w)
{
	uint64_t x = w->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	w->random = x;
	return x * UINT64_C(2685821657736338717);
}

uint64_t world_random(struct world *w, uint64_t n)
{
	return n ? (next(w) >> 11) % n : 0;
}

static uint32_t chance(double per_s)
{
	double p = 1 - exp(-per_s);

	return p >= 1 ? UINT32_MAX : (uint32_t)(p * UINT32_MAX);
}

/* Hot blocks are touched by Zipf's law from 20 times a second down. */
static uint32_t hot_chance(size_t rank, size_t of)
{
	double least = 0.2;
	double rate = 20.0 / (1 + (double)rank * 100 / (double)(of + 1));

	return chance(rate > least ? rate : least);
}

static void make_block(struct world_cg *cg, size_t i, enum world_kind kind,
		       uint32_t p)
{
	cg->block[i] = (struct world_block){ .chance = p,
					     .kind = (uint8_t)kind,
					     .present = true,
					     .exists = true };
	cg->present_bytes[kind] += cg->block_bytes;
}

static int make_cg(struct world *w, struct world_cg *cg,
		   const struct world_spec *spec)
{
	uint64_t unit = spec->huge ? WORLD_HUGE_BYTES : WORLD_BLOCK_BYTES;
	size_t hot = spec->hot_bytes / unit, cold = spec->cold_bytes / unit;
	size_t file = spec->file_bytes / unit, i;

	*cg = (struct world_cg){ .spec = *spec, .block_bytes = unit };
	cg->blocks = hot + cold + file;
	cg->block = calloc(cg->blocks + 1, sizeof(*cg->block));
	if (!cg->block)
		return -ENOMEM;
	for (i = 0; i < hot; i++)
		make_block(cg, i, WORLD_ANON, hot_chance(i, hot));
	/* An eighth is warm, and the rest of it touched once a day or so. */
	for (; i < hot + cold; i++)
		make_block(cg, i, WORLD_ANON,
			   chance(i % 8 ? 1.0 / 86400 : 1.0 / 600));
	for (; i < cg->blocks; i++)
		make_block(cg, i, WORLD_FILE,
			   world_random(w, 3) ? chance(1.0 / 86400)
					      : chance(1));
	return 0;
}

/* Each value has its place by chance, and pages have what lies in them. */
static int make_part(struct world *w, struct world_cg *cg, size_t first,
		     const struct world_part *p)
{
	size_t pages = p->bytes / WORLD_PAGE_BYTES, i;
	size_t values = p->bytes / p->value_bytes;
	double *rate = calloc(pages + 1, sizeof(*rate)), all = 0;
	size_t *rank = malloc((values + 1) * sizeof(*rank));

	if (!rate || !rank) {
		free(rate);
		free(rank);
		return -ENOMEM;
	}
	for (i = 0; i < values; i++) {
		size_t j = world_random(w, i + 1);

		rank[i] = rank[j];
		rank[j] = i + 1;
		all += p->alike ? 1 : 1 / (double)(i + 1);
	}
	for (i = 0; i < values; i++) {
		uint64_t at = i * p->value_bytes, end = at + p->value_bytes;
		double r = (p->alike ? 1 : 1 / (double)rank[i]) / all;

		for (at /= WORLD_PAGE_BYTES; at * WORLD_PAGE_BYTES < end; at++)
			rate[at] += r * p->asked_per_s;
	}
	for (i = 0; i < pages; i++) {
		make_block(cg, first + i, p->kind, chance(rate[i]));
		cg->block[first + i].huge = p->huge;
		cg->block[first + i].around = p->value_bytes > WORLD_PAGE_BYTES;
	}
	free(rate);
	free(rank);
	return 0;
}

static int make_parts(struct world *w, struct world_cg *cg,
		      const struct world_spec *spec)
{
	size_t i;
	int err = 0;

	*cg = (struct world_cg){ .spec = *spec,
				 .block_bytes = WORLD_PAGE_BYTES };
	for (i = 0; i < spec->parts; i++)
		cg->blocks += spec->part[i].bytes / WORLD_PAGE_BYTES;
	cg->block = calloc(cg->blocks + 1, sizeof(*cg->block));
	if (!cg->block)
		return -ENOMEM;
	cg->blocks = 0;
	for (i = 0; !err && i < spec->parts; i++) {
		err = make_part(w, cg, cg->blocks, &spec->part[i]);
		cg->blocks += spec->part[i].bytes / WORLD_PAGE_BYTES;
	}
	return err;
}

int world_open(struct world *w, uint64_t seed, const struct world_spec *spec,
	       size_t cgs)
{
	size_t i;

	*w = (struct world){ .random = seed * 2 + 1, .sorted = 12 };
	for (i = 0; i < 8; i++)
		next(w);
	w->cg = calloc(cgs, sizeof(*w->cg));
	if (!w->cg)
		return -ENOMEM;
	for (; w->cgs < cgs; w->cgs++)
		if (spec[w->cgs].parts
			    ? make_parts(w, &w->cg[w->cgs], &spec[w->cgs])
			    : make_cg(w, &w->cg[w->cgs], &spec[w->cgs]))
			return -ENOMEM;
	return 0;
}

void world_close(struct world *w)
{
	size_t i;

	for (i = 0; i < w->cgs; i++)
		free(w->cg[i].block);
	free(w->cg);
	*w = (struct world){ 0 };
}

/* ---- the workload ---- */

static uint32_t now_s(const struct world *w)
{
	return (uint32_t)(w->now_us / 1000000);
}

static void bring_back(struct world *w, struct world_cg *cg,
		       struct world_block *b)
{
	double pages = (double)cg->block_bytes / WORLD_PAGE_BYTES;

	b->present = true;
	cg->present_bytes[b->kind] += cg->block_bytes;
	if (b->kind == WORLD_ANON) {
		cg->out_anon_bytes -= cg->block_bytes;
		w->swap_used_bytes -= cg->block_bytes;
	}
	if (cg->spec.unseen)
		return;
	cg->refault_bytes[b->kind] += cg->block_bytes;
	if (b->kind == WORLD_ANON) {
		cg->mem_total_us += (uint64_t)(pages * back_us[w->backend]);
		if (w->backend == WORLD_DISK)
			cg->io_total_us +=
				(uint64_t)(pages * back_us[w->backend]);
	} else {
		cg->mem_total_us += (uint64_t)(pages * FILE_BACK_US);
		cg->io_total_us += (uint64_t)(pages * FILE_BACK_US);
	}
}

/*
 * With those beside it: the window of swap-in and of page cache grows where
 * neighbours follow, as in values of several pages.
 */
static void read_around(struct world *w, struct world_cg *cg,
			struct world_block *b)
{
	size_t first = (size_t)(b - cg->block) / AROUND * AROUND;

	for (size_t i = first; i < first + AROUND && i < cg->blocks; i++)
		if (!cg->block[i].present && cg->block[i].kind == b->kind) {
			bring_back(w, cg, &cg->block[i]);
			cg->block[i].touched_s = now_s(w);
		}
}

static void touch(struct world *w, struct world_cg *cg, struct world_block *b)
{
	if (!b->exists)
		return;
	cg->touches++;
	cg->waits += !b->present;
	if (!b->present && b->around)
		read_around(w, cg, b);
	else if (!b->present)
		bring_back(w, cg, b);
	b->touched_s = now_s(w);
}

static void forget(struct world *w, struct world_cg *cg, struct world_block *b)
{
	if (b->present) {
		cg->present_bytes[b->kind] -= cg->block_bytes;
	} else if (b->exists && b->kind == WORLD_ANON) {
		cg->out_anon_bytes -= cg->block_bytes;
		w->swap_used_bytes -= cg->block_bytes;
	}
	b->exists = b->present = false;
}

static void allocate(struct world *w, struct world_cg *cg,
		     struct world_block *b)
{
	if (b->exists)
		return;
	b->exists = b->present = true;
	b->touched_s = now_s(w);
	cg->present_bytes[b->kind] += cg->block_bytes;
}

/* Every fifth block is freed, and allocated again four seconds later. */
static void churn(struct world *w, struct world_cg *cg)
{
	uint32_t at = now_s(w) % 11;
	size_t i;

	if (at != 0 && at != 4)
		return;
	for (i = 0; i < cg->blocks; i += 5) {
		if (at == 0)
			allocate(w, cg, &cg->block[i]);
		else
			forget(w, cg, &cg->block[i]);
	}
}

static void turn(struct world_cg *cg)
{
	size_t hot = cg->spec.hot_bytes / cg->block_bytes;
	size_t anon = hot + cg->spec.cold_bytes / cg->block_bytes, i;

	for (i = 0; i < hot && anon - 1 - i > i; i++) {
		uint32_t p = cg->block[i].chance;

		cg->block[i].chance = cg->block[anon - 1 - i].chance;
		cg->block[anon - 1 - i].chance = p;
	}
}

/* As much of the cold memory as was hot is so from now on. */
static void double_hot(struct world_cg *cg)
{
	size_t hot = cg->spec.hot_bytes / cg->block_bytes;
	size_t anon = hot + cg->spec.cold_bytes / cg->block_bytes, i;

	for (i = 0; i < hot && hot + i < anon; i++)
		cg->block[hot + i].chance = cg->block[i].chance;
}

/* A twentieth of the files is replaced by others in a second. */
static void stream(struct world *w, struct world_cg *cg)
{
	size_t first =
		(cg->spec.hot_bytes + cg->spec.cold_bytes) / cg->block_bytes;
	size_t i;

	for (i = first; i < cg->blocks; i++) {
		if (world_random(w, 20))
			continue;
		forget(w, cg, &cg->block[i]);
		cg->block[i].chance = 0;
		allocate(w, cg, &cg->block[i]);
	}
}

static void sweep(struct world *w, struct world_cg *cg)
{
	size_t i;

	for (i = 0; i < cg->blocks; i++)
		if (cg->block[i].kind == WORLD_ANON)
			touch(w, cg, &cg->block[i]);
}

/* What is not of every second. */
static void events(struct world *w, struct world_cg *cg)
{
	uint32_t s = now_s(w);

	switch (cg->spec.load) {
	case WORLD_PHASES:
		if (s % 900 == 450)
			turn(cg);
		break;
	case WORLD_CHURN: churn(w, cg); break;
	case WORLD_SWEEPS:
		if (s % 600 == 599)
			sweep(w, cg);
		break;
	case WORLD_STREAM: stream(w, cg); break;
	case WORLD_DOUBLES:
		if (s == 1800)
			double_hot(cg);
		break;
	case WORLD_GROWTH:
		if (s < cg->blocks)
			break;
		allocate(w, cg, &cg->block[s % cg->blocks]);
		break;
	default: break;
	}
}

static void run_second(struct world *w, struct world_cg *cg)
{
	size_t i;

	events(w, cg);
	for (i = 0; i < cg->blocks; i++)
		if ((uint32_t)(next(w) >> 32) < cg->block[i].chance)
			touch(w, cg, &cg->block[i]);
}

void world_run(struct world *w, unsigned int seconds)
{
	size_t i;

	for (; seconds; seconds--) {
		w->now_us += 1000000;
		for (i = 0; i < w->cgs; i++)
			run_second(w, &w->cg[i]);
	}
}

/* ---- the kernel ---- */

/* Of a sample, the one that was touched longest ago; NULL: none was found. */
static struct world_block *oldest(struct world *w, struct world_cg *cg,
				  enum world_kind kind)
{
	struct world_block *best = NULL;
	unsigned int found = 0;
	size_t tries;

	for (tries = 0; tries < cg->blocks && found < w->sorted; tries++) {
		struct world_block *b = &cg->block[world_random(w, cg->blocks)];

		if (!b->present || b->kind != kind)
			continue;
		found++;
		if (!best || b->touched_s < best->touched_s)
			best = b;
	}
	return best;
}

/* Parts begin at whole huge pages. */
static struct world_block *huge_page(struct world_cg *cg, struct world_block *b)
{
	return cg->block + (size_t)(b - cg->block) / HUGE_PAGES * HUGE_PAGES;
}

static uint32_t touched_s(struct world_cg *cg, struct world_block *b)
{
	uint32_t last = b->touched_s;

	for (size_t i = 0; b->huge && i < HUGE_PAGES; i++)
		if (huge_page(cg, b)[i].touched_s > last)
			last = huge_page(cg, b)[i].touched_s;
	return last;
}

/* Of an order in which parts alternate, as they do where all was allocated. */
static struct world_block *in_order(struct world_cg *cg, size_t hand)
{
	size_t groups = cg->blocks / HUGE_PAGES;
	size_t step = groups % 37 ? 37 : 41;

	return &cg->block[hand / HUGE_PAGES * step % groups * HUGE_PAGES +
			  hand % HUGE_PAGES];
}

/* The next page of the oldest generation. */
static struct world_block *next_aged(struct world *w, struct world_cg *cg,
				     enum world_kind kind)
{
	unsigned int agings = 0;

	for (;;) {
		struct world_block *b;

		if (!cg->lru[kind].left) {
			if (++agings > 2)
				return NULL;
			cg->lru[kind].left = cg->blocks;
			cg->lru[kind].aged_s = now_s(w) - w->scan_s;
		}
		cg->lru[kind].left--;
		b = in_order(cg, cg->lru[kind].hand++ % cg->blocks);
		/* A huge page is looked at once. */
		if (b->huge && b != huge_page(cg, b))
			continue;
		if (b->present && b->kind == kind &&
		    touched_s(cg, b) < cg->lru[kind].aged_s)
			return b;
	}
}

static bool may_swap(const struct world *w, const struct world_cg *cg)
{
	return w->backend != WORLD_NO_SWAP &&
	       w->swap_used_bytes + cg->block_bytes <= w->swap_bytes;
}

/* The kernel's get_scan_count() in a line: by swappiness and by size. */
static enum world_kind choose(struct world *w, const struct world_cg *cg,
			      int swappiness)
{
	uint64_t anon = cg->present_bytes[WORLD_ANON];
	uint64_t file = cg->present_bytes[WORLD_FILE];
	uint64_t share = (uint64_t)(swappiness > 200 ? 200 : swappiness);
	uint64_t a = anon * share, f = file * (200 - share);

	if (!may_swap(w, cg))
		return WORLD_FILE;
	/*
	 * Generations take file cache alone until some of it is back
	 * (get_type_to_scan()).
	 */
	if (cg->spec.parts && swappiness < 200)
		return cg->refault_bytes[WORLD_FILE] < 64 * WORLD_PAGE_BYTES
			       ? WORLD_FILE
			       : WORLD_ANON;
	return a + f && world_random(w, (a + f) >> 12) < a >> 12 ? WORLD_ANON
								 : WORLD_FILE;
}

static void take_block(struct world *w, struct world_cg *cg,
		       struct world_block *b, struct world_got *got)
{
	if (!b->present)
		return;
	b->present = b->huge = false;
	cg->present_bytes[b->kind] -= cg->block_bytes;
	cg->steal_bytes[b->kind] += cg->block_bytes;
	cg->scan_bytes += cg->block_bytes;
	got->scanned_bytes += cg->block_bytes;
	if (b->kind == WORLD_ANON) {
		cg->out_anon_bytes += cg->block_bytes;
		w->swap_used_bytes += cg->block_bytes;
		got->anon_bytes += cg->block_bytes;
	} else {
		got->file_bytes += cg->block_bytes;
	}
}

static bool take_one(struct world *w, struct world_cg *cg, int swappiness,
		     struct world_got *got)
{
	enum world_kind kind = choose(
		w, cg, swappiness < 0 || !w->swappiness ? 60 : swappiness);
	struct world_block *b =
		cg->spec.parts ? next_aged(w, cg, kind) : oldest(w, cg, kind);

	if (!b && cg->spec.parts && swappiness > 0 && swappiness < 200)
		b = next_aged(w, cg, !kind);
	if (!b)
		return false;
	if (b->huge)
		for (size_t i = 0; i < HUGE_PAGES; i++)
			take_block(w, cg, huge_page(cg, b) + i, got);
	else
		take_block(w, cg, b, got);
	return true;
}

struct world_got world_reclaim(struct world *w, struct world_cg *cg,
			       uint64_t bytes, int swappiness)
{
	struct world_got got = { 0 };
	unsigned int misses = 0;

	while (got.anon_bytes + got.file_bytes < bytes && misses < 16)
		misses = take_one(w, cg, swappiness, &got) ? 0 : misses + 1;
	got.partial = got.anon_bytes + got.file_bytes < bytes;
	return got;
}

/* ---- what can be seen ---- */

/* Compressed copies are charged to the cgroup by zswap, and not by zram. */
uint64_t world_current_bytes(const struct world_cg *cg)
{
	return cg->present_bytes[WORLD_ANON] + cg->present_bytes[WORLD_FILE];
}

uint64_t world_cold_bytes(const struct world *w, const struct world_cg *cg,
			  enum world_kind kind, unsigned int age_s)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < cg->blocks; i++) {
		const struct world_block *b = &cg->block[i];

		if (b->present && b->kind == kind &&
		    now_s(w) - b->touched_s >= age_s)
			bytes += cg->block_bytes;
	}
	return bytes;
}

uint64_t world_huge_bytes(const struct world_cg *cg)
{
	uint64_t bytes = 0;

	for (size_t i = 0; cg->spec.parts && i < cg->blocks; i++)
		bytes += cg->block[i].huge ? WORLD_PAGE_BYTES : 0;
	return cg->spec.huge ? cg->present_bytes[WORLD_ANON] : bytes;
}
