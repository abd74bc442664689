#include <stdio.h>
#include <stdlib.h>

#include "compare.h"
#include "loop.h"
#include "num.h"

enum { LEAVES = 25, PERIODS = 240 / PERIOD_S };

static const struct world_spec leaf = { .hot_bytes = 4 * MIB,
					.cold_bytes = 24 * MIB,
					.compression = 3 };

static int make(struct loop *l, uint64_t seed, size_t cgs)
{
	struct world_spec spec[LEAVES];
	int err;

	for (size_t i = 0; i < cgs; i++) {
		spec[i] = leaf;
		spec[i].hot_bytes *= LEAVES / cgs;
		spec[i].cold_bytes *= LEAVES / cgs;
	}
	*l = (struct loop){ .swappiness = NUM_NONE, .lru_gen = true };
	err = world_open(&l->w, seed, spec, cgs);
	l->w.backend = WORLD_ZSWAP;
	l->w.swap_bytes = UINT64_C(4096) * MIB;
	l->w.swappiness = true;
	world_run(&l->w, 300);
	return err;
}

/* What is in swap after four minutes, in MiB; < 0: no memory for it. */
static double flat(uint64_t seed)
{
	struct loop l;
	struct subject b = { .cgs = 1 };
	double out;

	if (make(&l, seed, 1))
		return -1;
	b.cg = l.w.cg;
	for (int i = 0; i < PERIODS; i++) {
		world_run(&l.w, PERIOD_S);
		loop_period(&l, &b, "/n");
	}
	out = (double)l.w.swap_used_bytes / MIB;
	world_close(&l.w);
	return out;
}

static double tree(uint64_t seed)
{
	struct loop l;
	struct subject *b = calloc(LEAVES + 1, sizeof(*b));
	double out = -1;

	if (!b || make(&l, seed, LEAVES))
		goto free;
	b[0].cg = l.w.cg;
	b[0].cgs = LEAVES;
	for (size_t i = 0; i < LEAVES; i++) {
		b[i + 1].cg = &l.w.cg[i];
		b[i + 1].cgs = 1;
	}
	for (int i = 0; i < PERIODS; i++) {
		world_run(&l.w, PERIOD_S);
		loop_tree(&l, b, b + 1, LEAVES);
	}
	out = (double)l.w.swap_used_bytes / MIB;
	world_close(&l.w);
free:
	free(b);
	return out;
}

bool compare_tree(uint64_t seed)
{
	double one = flat(seed), many = tree(seed);

	printf("#cold_mib\tminutes\tflat_out_mib\ttree_out_mib\n");
	printf("%d\t4\t%.0f\t%.0f\n", LEAVES * 24, one, many);
	return many >= 0.75 * one;
}
