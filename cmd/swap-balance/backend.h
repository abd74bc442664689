/* backend - where a cgroup's anonymous memory should go.  Pure, no I/O. */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "reason.h"

enum backend {
	BACKEND_UNKNOWN,
	BACKEND_ZSWAP,	    /* compressed, the coldest written on to disk */
	BACKEND_ZSWAP_NOWB, /* compressed, never to disk */
	BACKEND_ZRAM,
	BACKEND_DISK,
	BACKEND_TIER, /* a slower memory node, by demotion */
	BACKEND_NONE,
};
const char *backend_word(enum backend backend);

struct backend_in {
	bool zswap, zram, disk, rotational, tier;
	bool no_swap, swap_full, zram_full, budget_empty;
	bool huge_pages; /* most of it, and they pass zswap by */
	double ratio;	 /* original / compressed; NAN where evidence lacks */
	double incompressible_pct;
	bool sensitive; /* swap-ins went with pressure over the limit */
};

struct backend_cfg {
	double min_ratio; /* below it, compression does not pay */
	double dwell_s;	  /* a choice must stand so long to replace another */
};

struct backend_choice {
	enum backend backend;
	enum reason why;
};

/* The choice by the evidence, ratio against min_ratio. */
struct backend_choice backend_choose(const struct backend_in *in,
				     double min_ratio);

/* What stands, and what has been wanted instead for how long. */
struct backend_state {
	struct backend_choice now, wanted;
	double wanted_s;
};
void backend_step(struct backend_state *st, const struct backend_in *in,
		  const struct backend_cfg *cfg, double s);

/* original/compressed; NAN with less than so much of original. */
enum { BACKEND_EVIDENCE_BYTES = 256 << 10 };
double backend_ratio(double original_bytes, double compressed_bytes);

#endif
