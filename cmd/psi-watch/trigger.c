#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "blame.h"
#include "clock.h"
#include "env.h"
#include "event.h"
#include "io.h"
#include "msg.h"
#include "num.h"
#include "psi-watch.h"
#include "root.h"
#include "shut.h"
#include "spec.h"
#include "trigger.h"

/* Where pressure files vanished under a cgroup that lives: try again. */
enum { REARM_US = 10000000, WALK_US = 2000000 };

struct reading {
	uint64_t at_us, total_us;
};

/* One trigger of one cgroup; n_specs of them are cg->data. */
struct armed_trigger {
	struct trigger_run *trigger;
	struct cg *cg;
	const struct spec *spec;
	int fd; /* armed, or held to poll; or -1 */
	uint8_t source;
	bool loud, told;
	bool told_high; /* a row of it went out, and none after it */
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
	const struct spec *by_manager; /* the one that it tells of, or NULL */
	int epoll;
	bool stale; /* cgroups came or went */
	uint64_t events, wakes;
	bool running; /* the first update is over */
	bool told_wide, told_poll, told_read_only, told_short, told_undefined;
};

/* ---- an event ---- */

static void emit(struct armed_trigger *t, enum alarm_state state,
		 uint8_t source, uint64_t stall_us, uint64_t window_us)
{
	struct watch *w = t->trigger->w;
	struct blamed blamed;
	struct event e = { .key = t->cg->key,
			   .spec = t->spec,
			   .state = state,
			   .source = source,
			   .unix_ms = clock_unix_ms(),
			   .window_us = window_us,
			   .stall_us = stall_us };
	uint32_t row = 0, version = 0;

	if (state != GONE && w->cfg.common.count &&
	    t->trigger->events >= w->cfg.common.count)
		return; /* of several at once */
	if (t->blame && state != GONE) {
		blame_look(t->blame, &w->set, t->cg, t->spec->res,
			   t->spec->kind, &blamed);
		e.blamed = &blamed;
	}
	row_put(&w->row, &w->cols, &e);
	rows_emit(&w->out, targets_row(&w->targets, t->cg->key, &row, &version),
		  &w->cols, &w->row);
	t->told_high = w->cfg.stateful && state == HIGH;
	t->trigger->events++;
}

/* Half a window apart, so that the one before comes to be a window old. */
static void remember(struct armed_trigger *t, struct reading now)
{
	if (now.at_us - t->last.at_us < t->spec->law.window_us / 2)
		return;
	t->before = t->last;
	t->last = now;
}

static void restart(struct armed_trigger *t, struct reading now)
{
	t->before = t->last = now;
}

/* The youngest reading that is a window old, or else the oldest. */
static struct reading base_of(const struct armed_trigger *t, uint64_t now_us,
			      uint64_t window_us)
{
	return now_us - t->last.at_us >= window_us ? t->last : t->before;
}

static void sleep_or_look_again(struct armed_trigger *t, uint64_t now_us)
{
	uint64_t pace_us = t->spec->law.window_us;

	if (t->trigger->w->cfg.common.interval_us && t->source == BY_POLL)
		pace_us = t->trigger->w->cfg.common.interval_us;
	else if (t->trigger->w->cfg.stateful)
		pace_us /= 2; /* a burst across two windows is in one, too */
	t->due_us = t->loud || t->source == BY_POLL ? now_us + pace_us : 0;
}

/*
 * The kernel woke us.  An event is believed only when the total grew by the
 * threshold since a reading that is as old as the window, or was taken before
 * arming: unprivileged triggers are armed against the wrong counter and fire
 * at the first stall of any size (kernel/sched/psi.c, psi_trigger_create).
 */
static bool is_verified(const struct armed_trigger *t, uint64_t stall_us)
{
	return stall_us != NUM_NONE && stall_us >= t->armed.law.stall_us;
}

static void judge_wake(struct armed_trigger *t, struct reading now)
{
	const struct alarm_config *law = &t->spec->law;
	uint64_t window_us = t->armed.law.window_us;
	struct reading base = base_of(t, now.at_us, window_us);
	uint64_t stall_us = psi_stall_us(now.total_us, base.total_us,
					 now.at_us - base.at_us);
	uint64_t from_us = now.at_us - base.at_us > window_us
				   ? now.at_us - window_us
				   : base.at_us;
	bool stateful = t->trigger->w->cfg.stateful;
	enum alarm_event event;

	if (!is_verified(t, stall_us)) {
		debug("'%s': dropped an event: %lld us of stall are under the "
		      "threshold",
		      t->cg->key, (long long)stall_us);
		if (stall_us == NUM_NONE)
			restart(t, now);
		else
			remember(t, now);
		return;
	}
	event = alarm_step(&t->alarm, law, stall_us, from_us, now.at_us);
	if (!law->stall_us) /* the manager's word is enough */
		t->alarm.state = HIGH;
	if (!stateful || event == ALARM_ENTER)
		emit(t, t->alarm.state, t->source, stall_us,
		     now.at_us - base.at_us);
	restart(t, now);
	t->loud = law->stall_us; /* without a threshold none is quiet */
}

/* While loud, and where there is no trigger: windows of our own. */
static void judge_poll(struct armed_trigger *t, struct reading now)
{
	const struct alarm_config *law = &t->spec->law;
	bool stateful = t->trigger->w->cfg.stateful;
	struct reading base = base_of(t, now.at_us, law->window_us);
	uint64_t elapsed_us = now.at_us - base.at_us;
	uint64_t stall_us =
		psi_stall_us(now.total_us, base.total_us, elapsed_us);
	enum alarm_event event;

	if (stall_us == NUM_NONE || !elapsed_us) {
		restart(t, now); /* it went back or jumped, or nothing yet */
		return;
	}
	if (!stateful && elapsed_us < law->window_us) {
		t->before = base;
		t->last = now;
		return;
	}
	event = alarm_step(&t->alarm, law, stall_us, base.at_us, now.at_us);
	if (stateful ? event != ALARM_NONE : t->alarm.state == HIGH)
		emit(t, t->alarm.state,
		     t->source == BY_EVENTS ? BY_EVENTS : BY_POLL, stall_us,
		     elapsed_us);
	else if (t->blame)
		blame_look(t->blame, &t->trigger->w->set, t->cg, t->spec->res,
			   t->spec->kind, NULL);
	if (stateful)
		remember(t, now);
	else
		restart(t, now);
	if (t->alarm.state == CALM)
		t->loud = false;
}

/* ---- reading, arming, letting go ---- */

static int read_total(struct armed_trigger *t, struct reading *out)
{
	struct psi psi;
	bool held = t->source == BY_POLL && t->fd >= 0;
	int fd = held ? t->fd
		      : reader_open_file(&t->trigger->w->reader, t->cg,
					 t->spec->res, O_RDONLY);
	int err = fd < 0 ? fd : psi_pread(fd, &psi);

	out->at_us = clock_mono_us();
	if (!held && fd >= 0)
		close(fd);
	if (err)
		return err;
	if (!psi.line[t->spec->kind].seen)
		return -EBADMSG;
	out->total_us = psi.line[t->spec->kind].total_us;
	return 0;
}

/* A "high" that was told is taken back: who sheds load waits for that. */
static void take_back(struct armed_trigger *t)
{
	if (t->told_high)
		emit(t, GONE, t->source, NUM_NONE, NUM_NONE);
	t->alarm = (struct alarm){ 0 };
}

static void disarm(struct armed_trigger *t)
{
	take_back(t);
	if (t->fd >= 0) {
		close(t->fd); /* epoll forgets it */
		t->trigger->w->reader.held--;
	}
	t->fd = -1;
	t->source = BY_NONE;
	t->loud = false;
	t->due_us = 0;
}

static void hold(struct armed_trigger *t, int fd)
{
	t->fd = fd;
	t->trigger->w->reader.held++;
}

static bool may_hold(const struct armed_trigger *t)
{
	const struct reader *r = &t->trigger->w->reader;

	return r->held < r->held_max;
}

static int add_to_epoll(struct armed_trigger *t, int fd, uint8_t source)
{
	struct epoll_event ev = {
		.events = source == BY_MANAGER ? EPOLLIN : EPOLLPRI,
		.data.ptr = t,
	};

	if (epoll_ctl(t->trigger->epoll, EPOLL_CTL_ADD, fd, &ev)) {
		int err = -errno;

		close(fd);
		return err;
	}
	hold(t, fd);
	t->source = source;
	return 0;
}

/* With its NUL: /proc cuts the last byte off (kernel/sched/psi.c, psi_write) */
static int write_trigger(int fd, const struct spec *s)
{
	char text[SPEC_TEXT];

	spec_kernel_text(s, text);
	return write(fd, text, strlen(text) + 1) < 0 ? -errno : 0;
}

static int arm_kernel(struct armed_trigger *t)
{
	struct trigger_run *tr = t->trigger;
	char asked[NUM_LEN], armed[NUM_LEN], window[NUM_LEN], wide[NUM_LEN];
	int fd, err;

	if (!may_hold(t))
		return -EMFILE;
	fd = reader_open_file(&tr->w->reader, t->cg, t->spec->res,
			      O_RDWR | O_NONBLOCK);
	if (fd < 0)
		return fd;
	t->armed = *t->spec;
	err = write_trigger(fd, &t->armed);
	if (err == -EINVAL && spec_widen(t->spec, &t->armed)) {
		err = write_trigger(fd, &t->armed);
		if (!err && !tr->told_wide &&
		    t->armed.law.window_us != t->spec->law.window_us) {
			note("without CAP_SYS_RESOURCE windows are multiples "
			     "of "
			     "2 s: %s/%s is armed as %s/%s",
			     num_human_us(asked, t->spec->law.stall_us),
			     num_human_us(window, t->spec->law.window_us),
			     num_human_us(armed, t->armed.law.stall_us),
			     num_human_us(wide, t->armed.law.window_us));
			tr->told_wide = true;
		}
	}
	if (err) {
		close(fd);
		return err;
	}
	return add_to_epoll(t, fd, BY_TRIGGER);
}

/*
 * memory.events wakes who only may read (kernfs_notify), and tells of the
 * cgroup's own limits only.
 */
static int arm_events(struct armed_trigger *t)
{
	struct trigger_run *tr = t->trigger;
	char buf[1024];
	int fd, err;

	if (t->spec->res != PSI_MEM || tr->w->cfg.common.interval_us)
		return -ENOTSUP;
	fd = cg_open_file(&tr->w->set, t->cg, "memory.events", O_RDONLY);
	if (fd < 0)
		return fd;
	io_pread(fd, buf, sizeof(buf)); /* what was is not news */
	err = add_to_epoll(t, fd, BY_EVENTS);
	if (!err && !tr->told_read_only)
		note("pressure files are read-only: woken by memory.events, "
		     "which tell of a cgroup's own limits only (-i polls)");
	tr->told_read_only |= !err;
	return err;
}

/* Tried again by and by: a manager that is restarted comes back. */
static void arm_manager(struct armed_trigger *t)
{
	struct trigger_run *tr = t->trigger;
	int fd = env_connect(&tr->env);
	int err = fd < 0 ? fd : add_to_epoll(t, fd, BY_MANAGER);

	t->armed = *t->spec;
	if (!err)
		return;
	if (!t->told)
		warn(err, "--from-env: cannot watch '%s'", tr->env.path);
	t->told = true;
	t->due_us = clock_mono_us() + REARM_US;
}

/* Once for each reason. */
static void tell_poll(struct armed_trigger *t, int why)
{
	struct trigger_run *tr = t->trigger;
	bool is_short = why == -EMFILE || why == -ENFILE;
	bool *told = is_short ? &tr->told_short : &tr->told_poll;
	char pace[NUM_LEN];

	num_human_us(pace, t->due_us - t->last.at_us);
	if (root_is_live() && !*told && is_short)
		note("RLIMIT_NOFILE is too low for a trigger each: some are "
		     "polled every %s",
		     pace);
	else if (root_is_live() && !*told)
		note("the kernel takes no such trigger (%s): polling every %s",
		     strerror(-why), pace);
	*told = true;
}

/* A recording has files of its own for each sample. */
static int arm_poll(struct armed_trigger *t, int why)
{
	int fd = reader_open_file(&t->trigger->w->reader, t->cg, t->spec->res,
				  O_RDONLY);

	if (fd < 0)
		return fd;
	if (root_is_live() && may_hold(t))
		hold(t, fd);
	else
		close(fd); /* opened anew each time */
	t->source = BY_POLL;
	sleep_or_look_again(t, t->last.at_us);
	tell_poll(t, why);
	return 0;
}

static void tell_unarmed(struct armed_trigger *t, int err)
{
	struct watch *w = t->trigger->w;
	char why[512];

	if (t->told || err == -ENODEV || reader_is_gone(&w->reader, t->cg))
		return;
	reader_why(&w->reader, t->cg, err, why, sizeof(why));
	if (strcmp(why, w->told_why))
		warn(0, "%s", why);
	snprintf(w->told_why, sizeof(w->told_why), "%s", why);
	t->told = true;
	w->failed |= t->cg->named;
}

/* As asked, then wider, then without the kernel's help. */
static void arm(struct armed_trigger *t)
{
	struct reading now;
	int err = read_total(t, &now); /* before the trigger, see is_verified */

	t->due_us = clock_mono_us() + REARM_US;
	if (err) {
		tell_unarmed(t, err);
		return;
	}
	restart(t, now);
	t->due_us = 0;
	if (t->trigger->w->cfg.blame) {
		if (!t->blame)
			t->blame = xcalloc(1, sizeof(*t->blame));
		blame_look(t->blame, &t->trigger->w->set, t->cg, t->spec->res,
			   t->spec->kind, NULL);
	}
	if (t->spec == t->trigger->by_manager && root_is_live()) {
		arm_manager(t);
		return;
	}
	err = root_is_live() ? arm_kernel(t) : -ENOTSUP;
	if ((err == -EACCES || err == -EPERM || err == -EROFS) &&
	    !arm_events(t))
		return;
	if (err)
		err = arm_poll(t, err);
	if (err) {
		t->due_us = now.at_us + REARM_US;
		tell_unarmed(t, err);
	}
}

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
		disarm(&t[i]);
		if (t[i].blame)
			blame_free(t[i].blame);
	}
}

/* ---- the run ---- */

/* -r finds it by itself; a row that comes later is passed over. */
static void tell_undefined(struct trigger_run *tr)
{
	static const char text[] =
		"cpu full of the whole system is undefined: use cpu some";

	if (tr->w->cfg.common.recursive || tr->told_undefined)
		return;
	if (!tr->running)
		die(0, "%s", text);
	warn(0, "%s", text);
	tr->told_undefined = true;
	tr->w->failed = true;
}

/* The set as it is now; new members are armed. */
static void update(struct trigger_run *tr)
{
	struct watch *w = tr->w;

	loop_update(w);
	tr->stale = false;
	for (size_t i = 0; i < w->set.n; i++) {
		struct armed_trigger *t = w->set.v[i]->data;

		if (t->trigger)
			continue;
		for (size_t k = 0; k < tr->n; k++) {
			t[k].trigger = tr;
			t[k].cg = w->set.v[i];
			t[k].spec = &tr->spec[k];
			if (is_undefined(t->cg, t[k].spec))
				tell_undefined(tr);
			else if ((t[k].spec != tr->by_manager || t->cg->named))
				arm(&t[k]);
		}
	}
}

static bool hear_manager(struct armed_trigger *t)
{
	int event = env_drain(&t->trigger->env, t->fd);

	if (event < 0) {
		if (!t->told)
			note("--from-env: '%s' hung up: trying it again",
			     t->trigger->env.path);
		t->told = true;
		disarm(t);
		t->due_us = clock_mono_us() + REARM_US;
	}
	return event > 0;
}

static void wake(struct armed_trigger *t, uint32_t events)
{
	struct reading now;
	char buf[1024];

	/*
	 * Error first: a dead descriptor reports both, for ever.  Not so with
	 * memory.events, where both mean a change until it is read.
	 */
	if ((t->source == BY_EVENTS && io_pread(t->fd, buf, sizeof(buf)) < 0) ||
	    (t->source == BY_TRIGGER && events & (EPOLLERR | EPOLLHUP))) {
		disarm(t);
		t->trigger->stale = true;
		if (!reader_is_gone(&t->trigger->w->reader, t->cg))
			arm(t);
		return;
	}
	if (t->source == BY_MANAGER && !hear_manager(t))
		return;
	if (t->loud || read_total(t, &now))
		return;
	if (t->source == BY_EVENTS) {
		restart(t, now);
		t->loud = true;
	} else {
		judge_wake(t, now);
	}
	sleep_or_look_again(t, now.at_us);
}

static void look(struct armed_trigger *t)
{
	struct reading now;
	int err;

	if (t->source == BY_NONE) {
		arm(t);
		return;
	}
	err = read_total(t, &now);
	if (err) {
		disarm(t);
		t->trigger->stale = true;
		t->due_us = clock_mono_us() + REARM_US;
		tell_unarmed(t, err);
		return;
	}
	judge_poll(t, now);
	sleep_or_look_again(t, now.at_us);
}

/* Everything that is due; when the next one is. */
static uint64_t look_at_due(struct trigger_run *tr, uint64_t now_us)
{
	uint64_t next_us = UINT64_MAX;

	for (size_t i = 0; i < tr->w->set.n; i++) {
		struct armed_trigger *t = tr->w->set.v[i]->data;

		for (size_t k = 0; k < tr->n; k++) {
			if (!t->trigger)
				break;
			if (t[k].due_us &&
			    (t[k].due_us <= now_us || !root_is_live()))
				look(&t[k]);
			if (t[k].due_us && t[k].due_us < next_us)
				next_us = t[k].due_us;
		}
	}
	return next_us;
}

/* In a recording each sample is the next wake. */
static int sleep_until(struct trigger_run *tr, uint64_t due_us)
{
	struct clock_events e = { .epoll = tr->epoll };
	int more = clock_wait_events(&e, due_us);

	tr->wakes++;
	for (int i = 0; i < e.n; i++) {
		if (e.v[i].data.ptr)
			wake(e.v[i].data.ptr, e.v[i].events);
		else
			tr->stale = true;
	}
	return more;
}

static int over(const struct trigger_run *tr)
{
	const struct watch *w = tr->w;

	debug("%llu events, %llu wake-ups", (unsigned long long)tr->events,
	      (unsigned long long)tr->wakes);
	if (loop_status(w))
		return loop_status(w);
	return tr->events ? STATUS_OK : STATUS_NO;
}

static bool is_done(const struct trigger_run *tr, uint64_t end_us)
{
	const struct watch *w = tr->w;

	return targets_over(&w->targets, &w->set) ||
	       (w->cfg.common.count && tr->events >= w->cfg.common.count) ||
	       clock_mono_us() >= end_us;
}

/* The process is about to end: nobody waits for the kernel's clean-up. */
static void disarm_all(struct trigger_run *tr)
{
	const struct cg_set *set = &tr->w->set;
	int *fd = xcalloc(set->n * tr->n, sizeof(*fd));
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++) {
		struct armed_trigger *t = set->v[i]->data;

		for (size_t k = 0; k < tr->n; k++) {
			if (t[k].told_high)
				take_back(&t[k]);
			if (t[k].fd >= 0)
				fd[n++] = t[k].fd;
			t[k].fd = -1;
		}
	}
	shut_all(fd, n);
	free(fd);
}

static bool any_armed(const struct watch *w, size_t n)
{
	for (size_t i = 0; i < w->set.n; i++) {
		const struct armed_trigger *t = w->set.v[i]->data;

		for (size_t k = 0; k < n; k++)
			if (t[k].source != BY_NONE)
				return true;
	}
	return !w->set.n;
}

static void watch_tree(struct trigger_run *tr)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = cg_set_follow(&tr->w->set);

	if (fd >= 0)
		epoll_ctl(tr->epoll, EPOLL_CTL_ADD, fd, &ev);
	else if (root_is_live())
		note("no inotify (%s): looking for new cgroups every 2 s",
		     strerror(-fd));
	fd = targets_follow(&tr->w->targets);
	if (fd >= 0)
		epoll_ctl(tr->epoll, EPOLL_CTL_ADD, fd, &ev);
}

int trigger_run(struct watch *w)
{
	struct trigger_run *tr = w->trigger;
	uint64_t due_us, end_us = UINT64_MAX;

	w->set.added = added;
	w->set.removed = removed;
	if (w->cfg.timeout_us)
		end_us = clock_mono_us() + w->cfg.timeout_us;
	tr->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (tr->epoll < 0)
		die(errno, "epoll");
	watch_tree(tr);
	update(tr);
	tr->running = true;
	if (!any_armed(w, tr->n))
		return STATUS_FATAL; /* why was said */
	do {
		if (tr->stale || !root_is_live() || !cg_set_follows(&w->set))
			update(tr);
		due_us = look_at_due(tr, clock_mono_us());
		if (rows_flush(&w->out))
			break;
		if (is_done(tr, end_us))
			break;
		if (!cg_set_follows(&w->set) &&
		    due_us > clock_mono_us() + WALK_US)
			due_us = clock_mono_us() + WALK_US;
		tr->stale |= w->targets.file != NULL; /* is it another? */
	} while (sleep_until(tr, due_us < end_us ? due_us : end_us));
	disarm_all(tr);
	return over(tr);
}

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
	ours.cols = event_cols;
	ours.n_cols = event_n_cols;
	tool_columns(&ours, n_default, spec, &w->cols);
	w->out.keep = true;
	return tr->n * sizeof(struct armed_trigger);
}
