#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "armed.h"
#include "clock.h"
#include "io.h"
#include "msg.h"
#include "num.h"
#include "root.h"

int arm_read(struct armed_trigger *t, struct reading *out)
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

void arm_off(struct armed_trigger *t)
{
	judge_gone(t);
	cg_set_let_go(&t->trigger->w->set, &t->fd); /* epoll forgets it */
	t->source = BY_NONE;
	t->active = false;
	t->due_us = 0;
}

static void hold(struct armed_trigger *t, int fd)
{
	t->fd = fd;
	cg_set_hold(&t->trigger->w->set);
}

static bool may_hold(const struct armed_trigger *t)
{
	return cg_set_has_room(&t->trigger->w->set);
}

static int add_to_epoll(struct armed_trigger *t, int fd, uint8_t source)
{
	uint32_t events = source == BY_MANAGER ? EPOLLIN : EPOLLPRI;
	int err = clock_events_add(&t->trigger->w->events, fd, events, t);

	if (err) {
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
		if (!err && !tr->warned_wide &&
		    t->armed.law.window_us != t->spec->law.window_us) {
			note("without CAP_SYS_RESOURCE, windows must be "
			     "multiples of 2 s: %s/%s is replaced by %s/%s",
			     num_human_us(asked, t->spec->law.stall_us),
			     num_human_us(window, t->spec->law.window_us),
			     num_human_us(armed, t->armed.law.stall_us),
			     num_human_us(wide, t->armed.law.window_us));
			tr->warned_wide = true;
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
	if (!err && !tr->warned_read_only)
		note("pressure files are read-only: woken by memory.events, "
		     "which report only a cgroup's own limits (-i polls)");
	tr->warned_read_only |= !err;
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
	if (!t->warned)
		warn(err, "--from-env: cannot watch '%s'", tr->env.path);
	t->warned = true;
	t->due_us = clock_mono_us() + REARM_US;
}

/* By the pressure file, or else memory.events. */
static int arm_woken(struct armed_trigger *t)
{
	int err = arm_kernel(t);

	if ((err == -EACCES || err == -EPERM || err == -EROFS) &&
	    !arm_events(t))
		return 0;
	return err;
}

static bool is_short(int err)
{
	return err == -EMFILE || err == -ENFILE;
}

/* Once for each reason. */
static void warn_poll(struct armed_trigger *t, int why)
{
	struct trigger_run *tr = t->trigger;
	bool *warned = is_short(why) ? &tr->warned_short : &tr->warned_poll;
	char pace[NUM_LEN];

	num_human_us(pace, t->due_us - t->last.at_us);
	if (root_is_live() && !*warned && is_short(why))
		note("RLIMIT_NOFILE is too low for all triggers: some cgroups "
		     "are polled every %s",
		     pace);
	else if (root_is_live() && !*warned)
		note("the kernel refuses this trigger (%s): polling every %s",
		     strerror(-why), pace);
	*warned = true;
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
	t->fd_short = is_short(why);
	judge_again(t, t->last.at_us);
	warn_poll(t, why);
	return 0;
}

/* The readings go on: they are older than the trigger, see is_verified(). */
void arm_polled(struct armed_trigger *t)
{
	if (t->source != BY_POLL || !t->fd_short || t->alarm.state != CALM ||
	    !may_hold(t))
		return;
	cg_set_let_go(&t->trigger->w->set, &t->fd);
	t->fd_short = is_short(arm_woken(t));
}

void arm_warn(struct armed_trigger *t, int err)
{
	struct watch *w = t->trigger->w;
	char why[WHY_MAX];

	if (t->warned || err == -ENODEV || reader_is_gone(&w->reader, t->cg))
		return;
	reader_why(&w->reader, t->cg, err, why, sizeof(why));
	if (strcmp(why, w->warned_why))
		warn(0, "%s", why);
	snprintf(w->warned_why, sizeof(w->warned_why), "%s", why);
	t->warned = true;
	w->failed |= t->cg->named;
}

void arm(struct armed_trigger *t)
{
	struct reading now;
	int err = arm_read(t, &now); /* before the trigger, see is_verified */

	t->due_us = clock_mono_us() + REARM_US;
	if (err) {
		arm_warn(t, err);
		return;
	}
	judge_from(t, now);
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
	err = root_is_live() ? arm_woken(t) : -ENOTSUP;
	if (err)
		err = arm_poll(t, err);
	if (err) {
		t->due_us = now.at_us + REARM_US;
		arm_warn(t, err);
	}
}
