/*
 * deciding - a decision on its way, and the stages that it goes through: see
 * decide() for their order.  All are as pure as that.
 */
#ifndef DECIDING_H
#define DECIDING_H

#include "decide.h"

struct deciding {
	const struct policy *p;
	const struct observation *o;
	struct memory *m;
	struct bounds_in g; /* with what the policy and the row say */
	enum reason swap;
	bool file_only;
	bool files_alone; /* what no evidence tells of is file cache */
	bool writes;	  /* each page of anonymous memory reaches the drive */
	struct bounds_floor floor;
	uint64_t base_bytes, trip_bytes;
	double harm_pct; /* of its limit, 0 to 100 */
	struct decision d;
};

/* Was that then less than time_us ago; 0 is never. */
bool deciding_within(const struct deciding *s, uint64_t then_us,
		     uint64_t time_us);

/* ---- evidence.c ---- */

/* Takes the row's evidence; what cannot be is none. */
void evidence_take(struct deciding *s);

/* What is known to be cold and not yet taken; NUM_NONE: nothing is known. */
uint64_t evidence_cold(const struct deciding *s);
uint64_t evidence_cold_anon(const struct deciding *s);

/*
 * Does it tell nothing of what is not cold: a huge page is hot by one touch of
 * 512 pages.
 */
bool evidence_hides(const struct deciding *s);

/* ---- guards.c ---- */

/* The first guard that holds; REASON_LAW: none does. */
enum reason guards_ask(struct deciding *s);

/* Remembers a growth, for the guard of that name. */
void guards_see_growth(struct deciding *s);

/* ---- kinds.c ---- */

/* Which kinds of pages a step is of: s->d.part. */
void kinds_split(struct deciding *s, uint64_t want_bytes, bool cold);

#endif
