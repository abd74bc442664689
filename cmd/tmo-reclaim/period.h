/*
 * period - one period of one cgroup: observe, decide, act, account.  Between
 * them its stages hand on what they found.
 */
#ifndef PERIOD_H
#define PERIOD_H

#include "run.h"

struct period {
	struct run *run;
	struct cg *cg;
	struct target *t;
	const struct row_input *in;
	struct result *r;
	struct mem_stat stat;
	struct reading before;
	uint64_t now_us, asleep_us;
	bool was_left_behind; /* the last write had not come back */
	bool partial, late;   /* the write ended early; by its deadline */
	bool first, decided, learned;
	struct observation o;
	struct decision d;
	struct outcome outcome;
};

/* How old a row, or what it tells, may be. */
int64_t period_most_ms(const struct period *s);

/* ---- period.c ---- */

/* Decides s->o by that policy, into the row: what is wanted. */
uint64_t settle(struct period *s, const struct policy *p);

/* ---- observe.c ---- */

/* Opens and reads all of it: REASON_LAW, or why that cannot be. */
enum reason observe(struct period *s);

/* The same of a recorded row, whose columns stand for the kernel's files. */
void observe_recording(struct period *s);

/*
 * Is the reclaim of a node a memory stall of its writer, and so in the system's
 * pressure?  That of a cgroup never is; mm/vmscan.c, __node_reclaim(), was one
 * before 7.3, which nothing but the version tells.
 */
bool node_reclaim_stalls(const struct run *run);

/* The reading that the yield of a write is counted from, or to. */
int look_beside_write(const struct period *s, struct reading *out);

/* Warns of a target once; the run has failed. */
void complain(struct period *s, int err, const char *what);
/* The same of a file of it, unless the cgroup is gone: the reason. */
enum reason unreadable(struct period *s, int err, const char *what);

/* ---- account.c ---- */

/*
 * What the period brought: into the row, the sums and what is remembered.
 * acted: something was written.
 */
void account(struct period *s, bool acted);
void yield_add(struct yield *sum, const struct yield *y);

/* Net saved since the first reading: see tmo-reclaim(8). */
int64_t account_saved(const struct target *t, const struct reading *now,
		      const struct host *h);

/* ---- nesting.c ---- */

/*
 * Tells the cgroups above that it is here and how much harm it has, and looks
 * for what they did.
 */
void meet_parents(const struct period *s);
/* The most harm that one below has told of lately; < 0: none has. */
int64_t harm_below(const struct period *s);
/* Tells them that it is reclaimed now. */
void tell_parents(const struct period *s);

/* mem_protected_below(), looked at once a minute. */
uint64_t protected_below(const struct period *s);

/* ---- take.c ---- */

/* What the kernel takes: a write of no bytes does nothing but be parsed. */
void probe(struct run *run, int fd);

/* -n: prints the writes of s->part. */
void say_writes(const struct period *s);

/* Makes them; s->r says what became of it. */
void take(struct period *s);

/* ---- log.c ---- */

/* --log, after each period of a cgroup. */
void log_period(struct run *run, const struct cg *cg, const struct result *r);

#endif
