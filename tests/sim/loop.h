/*
 * loop - the decision of tmo-reclaim in a closed loop with a simulated cgroup,
 * or with one that holds several: observe, decide, reclaim, learn.
 */
#ifndef LOOP_H
#define LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tmo-reclaim/decide.h"
#include "tmo-reclaim/record.h"
#include "world.h"

enum { MIB = 1 << 20, S = 1000000, PERIOD_S = 6, AGE_S = 60 };

/* What memory.stat and the pressures say of it. */
struct loop_counts {
	uint64_t present_bytes[2], refault_bytes[2], out_anon_bytes;
	uint64_t huge_bytes, low_bytes;
	uint64_t mem_us, io_us;
};

/* A cgroup: of one of the world's, or a parent of several. */
struct subject {
	struct world_cg *cg;
	size_t cgs, hand;
	struct memory memory;
	struct loop_counts last; /* at the end of the last period */
	uint64_t read_us;
	uint64_t above_acted_us, below_acted_us, below_seen_us;
	uint64_t taken_anon, taken, back; /* in all, bytes */
};

struct loop {
	struct world w;
	uint64_t evidence_us; /* rows tell what is cold from then; 0: never */
	uint64_t swappiness;  /* of the rows */
	int64_t harm_mpct;    /* of the next row; < 0: it tells none */
	bool lru_gen;
	struct recorder *recorder;
};

/* What a period was. */
struct loop_step {
	struct observation o;
	struct decision d;
	struct world_got got;
};

void loop_counts(const struct subject *b, struct loop_counts *out);

/* One period of it; recorded by that key where there is a recorder. */
struct loop_step loop_period(struct loop *l, struct subject *b,
			     const char *key);

/* The same of a parent and then of those below it, as psi-watch -r has them. */
void loop_tree(struct loop *l, struct subject *parent, struct subject *child,
	       size_t children);

#endif
