/*
 * published - the laws of others as they published them, for --law: to compare
 * the default one with.  Pure functions, as all of law.h.
 */
#ifndef PUBLISHED_H
#define PUBLISHED_H

#include "law.h"

struct law_out law_paper(const struct law_in *in, struct law_state *st);
struct law_out law_senpai(const struct law_in *in, struct law_state *st);
struct law_out law_oomd(const struct law_in *in, struct law_state *st);

/* ---- law.c, of use to them ---- */

/*
 * The share of a period that has passed: rows that come faster than their
 * windows earn no more.  A little early is on time.
 */
double law_earned(const struct law_in *in);

/*
 * Whole pages of want, as many as a trip takes at least; what is left waits for
 * the next period.
 */
uint64_t law_whole_pages(struct law_state *st, double want, uint64_t least);

/* The same as a step, for that reason; REASON_SMALL where it is none. */
struct law_out law_finish(struct law_state *st, double want, uint64_t least,
			  enum reason reason);

#endif
