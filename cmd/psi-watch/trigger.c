#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "armed.h"
#include "clock.h"
#include "io.h"
#include "msg.h"
#include "root.h"
#include "shut.h"
#include "trigger.h"

/* Where nothing tells of new cgroups. */
enum { WALK_US = 2000000 };

/* ---- members ---- */

/* cpu full of the whole system is accepted by the kernel and never fires. */
static bool is_undefined(const struct cg *cg, const struct spec *s)
{
	return cg_is_root(cg) && s->res == PSI_CPU && s->kind == PSI_FULL;
}

static void added(struct cg_set *set, struct cg *cg)
{
	struct armed_trigger *t = cg->data;

	for (size_t i = 0; i < set->data_size / sizeof(*t); i++)
		t[i].fd = -1;
}

static void removed(struct cg *cg)
{
	struct armed_trigger *t = cg->data;

	if (!t->trigger)
		return;
	for (size_t i = 0, n = t->trigger->n; i < n; i++) {
		arm_off(&t[i]);
		if (t[i].blame)
			blame_free(t[i].blame);
	}
}

/* ---- the run ---- */

static void follow(struct watch *w, int fd)
{
	if (fd >= 0)
		clock_events_add(&w->events, fd, EPOLLIN, NULL);
}

static void trigger_start(struct watch *w)
{
	int fd;

	w->set.added = added;
	w->set.removed = removed;
	fd = cg_set_follow(&w->set);
	follow(w, fd);
	if (fd < 0 && root_is_live())
		note("inotify is not available (%s): looking for new cgroups "
		     "every 2 s",
		     strerror(-fd));
	follow(w, targets_follow(&w->targets));
}

/* -r finds it by itself; a row that comes later is passed over. */
static void warn_undefined(struct trigger_run *tr)
{
	static const char text[] =
		"cpu full of the whole system is undefined: use cpu some";

	if (tr->w->cfg.common.recursive || tr->warned_undefined)
		return;
	if (!tr->running)
		die(0, "%s", text);
	warn(0, "%s", text);
	tr->warned_undefined = true;
	tr->w->failed = true;
}

/* New members are armed. */
static void trigger_updated(struct watch *w)
{
	struct trigger_run *tr = w->trigger;

	for (size_t i = 0; i < w->set.n; i++) {
		struct armed_trigger *t = w->set.v[i]->data;

		if (t->trigger)
			continue;
		for (size_t k = 0; k < tr->n; k++) {
			t[k].trigger = tr;
			t[k].cg = w->set.v[i];
			t[k].spec = &tr->spec[k];
			if (is_undefined(t->cg, t[k].spec))
				warn_undefined(tr);
			else if ((t[k].spec != tr->by_manager || t->cg->named))
				arm(&t[k]);
		}
	}
}

/* One is armed, or there was none to arm: -r may find some later. */
static bool is_ready(const struct watch *w)
{
	bool tried = false;

	for (size_t i = 0; i < w->set.n; i++) {
		const struct armed_trigger *t = w->set.v[i]->data;

		for (size_t k = 0; k < w->trigger->n; k++) {
			if (t[k].source != BY_NONE)
				return true;
			tried |= !is_undefined(t[k].cg, t[k].spec);
		}
	}
	return !tried;
}

static bool hear_manager(struct armed_trigger *t)
{
	int event = env_drain(&t->trigger->env, t->fd);

	if (event < 0) {
		if (!t->warned)
			note("--from-env: '%s' hung up; trying it again",
			     t->trigger->env.path);
		t->warned = true;
		arm_off(t);
		t->due_us = clock_mono_us() + REARM_US;
	}
	return event > 0;
}

static void trigger_wake(struct watch *w, void *ptr, uint32_t events)
{
	struct armed_trigger *t = ptr;
	struct reading now;
	char buf[1024];

	/*
	 * Error first: a dead descriptor reports both, for ever.  Not so with
	 * memory.events, where both mean a change until it is read.
	 */
	if ((t->source == BY_EVENTS && io_pread(t->fd, buf, sizeof(buf)) < 0) ||
	    (t->source == BY_TRIGGER && events & (EPOLLERR | EPOLLHUP))) {
		arm_off(t);
		w->stale = true;
		if (!reader_is_gone(&w->reader, t->cg))
			arm(t);
		return;
	}
	if (t->source == BY_MANAGER && !hear_manager(t))
		return;
	if (t->active || arm_read(t, &now))
		return;
	if (t->source == BY_EVENTS) {
		judge_from(t, now);
		t->active = true;
	} else {
		judge_wake(t, now);
	}
	judge_again(t, now.at_us);
}

static void look(struct armed_trigger *t)
{
	struct reading now;
	int err;

	if (t->source == BY_NONE) {
		arm(t);
		return;
	}
	err = arm_read(t, &now);
	if (err) {
		arm_off(t);
		t->trigger->w->stale = true;
		t->due_us = clock_mono_us() + REARM_US;
		arm_warn(t, err);
		return;
	}
	judge_poll(t, now);
	arm_polled(t);
	judge_again(t, now.at_us);
}

/* Everything that is due, and when the next one is: all in a recording. */
static int trigger_round(struct watch *w, uint64_t *due_us)
{
	struct trigger_run *tr = w->trigger;
	uint64_t now_us = clock_mono_us();

	if (!tr->running && !is_ready(w))
		return STATUS_FATAL; /* why was told */
	tr->running = true;
	*due_us = UINT64_MAX;
	if (!cg_set_follows(&w->set))
		*due_us = now_us + WALK_US;
	for (size_t i = 0; i < w->set.n; i++) {
		struct armed_trigger *t = w->set.v[i]->data;

		for (size_t k = 0; k < tr->n; k++) {
			if (t[k].due_us &&
			    (t[k].due_us <= now_us || !root_is_live()))
				look(&t[k]);
			if (t[k].due_us && t[k].due_us < *due_us)
				*due_us = t[k].due_us;
		}
	}
	return -1;
}

/* The process is about to end: nobody waits for the kernel's clean-up. */
static void trigger_close(struct watch *w)
{
	const struct trigger_run *tr = w->trigger;
	const struct cg_set *set = &w->set;
	int *fd = xcalloc(set->n * tr->n, sizeof(*fd));
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct armed_trigger *t = set->v[i]->data;

		for (size_t k = 0; k < tr->n; k++) {
			if (t[k].high_row)
				judge_gone(&t[k]);
			if (t[k].fd >= 0)
				fd[n++] = t[k].fd;
			t[k].fd = -1;
		}
	}
	shut_all(fd, n);
	free(fd);
}

static int trigger_over(struct watch *w)
{
	debug("%llu events, %llu wake-ups", (unsigned long long)w->done,
	      (unsigned long long)w->wakes);
	if (loop_status(w))
		return loop_status(w);
	return w->done ? STATUS_OK : STATUS_NO;
}

const struct job trigger_job = { .open = trigger_start,
				 .updated = trigger_updated,
				 .round = trigger_round,
				 .wake = trigger_wake,
				 .close = trigger_close,
				 .over = trigger_over };

/* ---- what was asked ---- */

static void set_levels(const struct config *c, struct spec *s)
{
	s->law.sustain_us = c->sustain_us;
	s->law.cooldown_us = c->cooldown_us;
	if (c->clear &&
	    (spec_level(c->clear, s->law.window_us, &s->law.clear_us) ||
	     s->law.clear_us > s->law.stall_us))
		die(0,
		    "--clear: '%s' is not a time or percentage up to the "
		    "threshold",
		    c->clear);
}

size_t trigger_open(struct watch *w, const struct tool *tool, char **env)
{
	struct trigger_run *tr = xcalloc(1, sizeof(*tr));
	struct tool ours = *tool;
	const char *spec = tool_counters(&w->cfg.common, "threshold_us");
	size_t n_default = w->cfg.blame ? EVENT_BLAME_COLS : EVENT_PLAIN_COLS;

	for (size_t i = 0; i < w->cfg.n_triggers; i++) {
		const char *why;

		if (spec_parse(w->cfg.trigger[i], &tr->spec[i], &why))
			die(0, "-t: '%s': %s", w->cfg.trigger[i], why);
		set_levels(&w->cfg, &tr->spec[i]);
	}
	tr->n = w->cfg.n_triggers;
	if (w->cfg.from_env && tr->n == MAX_TRIGGERS)
		die(0, "-t: at most %d triggers", MAX_TRIGGERS - 1);
	if (w->cfg.from_env) {
		*env = env_open(&tr->env, &tr->spec[tr->n]);
		if (tr->env.is_fifo || tr->env.is_socket)
			tr->by_manager = &tr->spec[tr->n];
		if (w->cfg.stateful && !tr->spec[tr->n].law.stall_us)
			die(0, "--from-env: --clear, --sustain and --cooldown "
			       "need the trigger in MEMORY_PRESSURE_WRITE");
		set_levels(&w->cfg, &tr->spec[tr->n++]);
	}
	tr->w = w;
	w->trigger = tr;
	w->job = &trigger_job;
	ours.cols = event_cols;
	ours.n_cols = event_n_cols;
	tool_columns(&ours, n_default, spec, &w->cols);
	w->out.keep = true;
	return tr->n * sizeof(struct armed_trigger);
}
