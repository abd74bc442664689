#include <string.h>

#include "armed.h"
#include "clock.h"
#include "msg.h"
#include "num.h"

/* ---- the row of an event ---- */

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
	    w->done >= w->cfg.common.count)
		return; /* of several at once */
	if (t->blame && state != GONE) {
		blame_look(t->blame, &w->set, t->cg, t->spec->res,
			   t->spec->kind, &blamed);
		e.blamed = &blamed;
	}
	row_put(&w->row, &w->cols, &e);
	rows_emit(&w->out, targets_row(&w->targets, t->cg->key, &row, &version),
		  &w->cols, &w->row);
	t->high_row = w->cfg.stateful && state == HIGH;
	w->done++;
}

void judge_gone(struct armed_trigger *t)
{
	if (t->high_row)
		emit(t, GONE, t->source, NUM_NONE, NUM_NONE);
	t->alarm = (struct alarm){ 0 };
}

/* ---- readings, a window apart ---- */

void judge_from(struct armed_trigger *t, struct reading now)
{
	t->before = t->last = now;
}

/* Half a window apart, so that the one before comes to be a window old. */
static void remember(struct armed_trigger *t, struct reading now)
{
	if (now.at_us - t->last.at_us < t->spec->law.window_us / 2)
		return;
	t->before = t->last;
	t->last = now;
}

/* The youngest reading that is a window old, or else the oldest. */
static struct reading base_of(const struct armed_trigger *t, uint64_t now_us,
			      uint64_t window_us)
{
	return now_us - t->last.at_us >= window_us ? t->last : t->before;
}

void judge_again(struct armed_trigger *t, uint64_t now_us)
{
	uint64_t pace_us = t->spec->law.window_us;

	if (t->trigger->w->cfg.common.interval_us && t->source == BY_POLL)
		pace_us = t->trigger->w->cfg.common.interval_us;
	else if (t->trigger->w->cfg.stateful)
		pace_us /= 2; /* a burst across two windows is in one, too */
	t->due_us = t->active || t->source == BY_POLL ? now_us + pace_us : 0;
}

/* ---- verdicts ---- */

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

void judge_wake(struct armed_trigger *t, struct reading now)
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
			judge_from(t, now);
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
	judge_from(t, now);
	t->active = law->stall_us; /* without a threshold none is quiet */
}

/* While active, and where there is no trigger: windows of our own. */
void judge_poll(struct armed_trigger *t, struct reading now)
{
	const struct alarm_config *law = &t->spec->law;
	bool stateful = t->trigger->w->cfg.stateful;
	struct reading base = base_of(t, now.at_us, law->window_us);
	uint64_t elapsed_us = now.at_us - base.at_us;
	uint64_t stall_us =
		psi_stall_us(now.total_us, base.total_us, elapsed_us);
	enum alarm_event event;

	if (stall_us == NUM_NONE || !elapsed_us) {
		judge_from(t, now); /* it went back or jumped, or nothing yet */
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
		judge_from(t, now);
	if (t->alarm.state == CALM)
		t->active = false;
}
