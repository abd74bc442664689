/*
 * scene - all that one period of one cgroup is decided from, and its three
 * stages that are not the decision itself.
 */
#ifndef SCENE_H
#define SCENE_H

#include "period.h"

struct scene {
	struct run *run;
	struct cg *cg;
	struct target *t;
	const struct row_input *in;
	struct result *r;
	struct reading before;
	uint64_t now_us, asleep_us;
	bool was_left_behind; /* the last write had not come back */
	bool partial, late;   /* the write ended early; by its deadline */
	bool first, decided, learned;
	struct observation o;
	struct decision d;
	struct lesson lesson;
};

/* ---- observe.c ---- */

/* Opens and reads all of it: REASON_LAW, or why that cannot be. */
enum reason observe(struct scene *s);

/* The same of a recorded row, whose columns stand for the kernel's files. */
void observe_recording(struct scene *s);

/*
 * Is the reclaim of a node a memory stall of its writer, and so in the system's
 * pressure?  That of a cgroup never is; mm/vmscan.c, __node_reclaim(), was one
 * before 7.3, which nothing but the version tells.
 */
bool node_reclaim_stalls(const struct run *run);

/* The target's reading, or that of the --node. */
int look_at_target(const struct scene *s, struct reading *out);

/* Warns of a target once; the run has failed. */
void complain(struct scene *s, int err, const char *what);
enum reason reason_of_errno(int err);

/* ---- nesting.c ---- */

/* Tells the cgroups above that it is here, and looks for what they did. */
void meet_parents(const struct scene *s);
/* Tells them that it is reclaimed now. */
void tell_parents(const struct scene *s);

/* Was that then less than time_us ago; 0 is never. */
bool within(const struct scene *s, uint64_t then_us, uint64_t time_us);

/* ---- take.c ---- */

/* What the kernel takes: a write of no bytes does nothing but be parsed. */
void probe(struct run *run, int fd);

/* -n: prints the writes of s->part. */
void say_writes(const struct scene *s);

/* Makes them; s->r says what became of it. */
void take(struct scene *s);

#endif
