/*
 * armed - one trigger of one cgroup, and its parts: arm.c gets it a descriptor
 * that wakes, judge.c decides of its readings, trigger.c runs them all.
 */
#ifndef ARMED_H
#define ARMED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarm.h"
#include "blame.h"
#include "env.h"
#include "event.h"
#include "psi-watch.h"
#include "spec.h"

struct reading {
	uint64_t at_us, total_us;
};

/* As many as there are specs are cg->data. */
struct armed_trigger {
	struct trigger_run *trigger;
	struct cg *cg;
	const struct spec *spec;
	int fd; /* armed, or held to poll; or -1 */
	uint8_t source;
	bool active; /* pressure lasts: it is looked at each window */
	bool warned;
	bool fd_short; /* polled for want of a descriptor */
	bool high_row; /* a row of it went out, and none after it */
	struct reading last, before;
	struct alarm alarm;
	struct spec armed; /* as the kernel took it */
	uint64_t due_us;   /* 0: sleeps */
	struct blame *blame;
};

struct trigger_run {
	struct watch *w;
	struct spec spec[MAX_TRIGGERS];
	size_t n;
	struct env env;		       /* of --from-env */
	const struct spec *by_manager; /* the one that it reports, or NULL */
	bool running;		       /* the first update is over */
	bool warned_wide, warned_poll, warned_read_only, warned_short,
		warned_undefined;
};

/* ---- arm.c ---- */

/* Where it cannot be armed, or is no more: try again. */
enum { REARM_US = 3000000 };

/* As asked, then wider, then without the kernel's help; told where not. */
void arm(struct armed_trigger *t);
/* Polled for want of a descriptor, and calm: there may be one now. */
void arm_polled(struct armed_trigger *t);
void arm_off(struct armed_trigger *t);
int arm_read(struct armed_trigger *t, struct reading *out);

/* Why it has no pressure, once. */
void arm_warn(struct armed_trigger *t, int err);

/* ---- judge.c ---- */

/* The kernel woke us: is it true? */
void judge_wake(struct armed_trigger *t, struct reading now);

/* While active, and where there is no trigger: windows of our own. */
void judge_poll(struct armed_trigger *t, struct reading now);

/* The next window begins with that reading. */
void judge_from(struct armed_trigger *t, struct reading now);

/* When to look next, if at all: t->due_us. */
void judge_again(struct armed_trigger *t, uint64_t now_us);

/* A "high" that went out is taken back: who sheds load waits for that. */
void judge_gone(struct armed_trigger *t);

#endif
