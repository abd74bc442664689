/*
 * loop - where psi-watch waits, whatever its job: the set is brought up to
 * date, the job does what is due, its rows go out, and the next wait begins.
 */
#include <errno.h>

#include "clock.h"
#include "msg.h"
#include "psi-watch.h"
#include "root.h"

int loop_status(const struct watch *w)
{
	return w->targets.lost || w->failed ? STATUS_PARTIAL : STATUS_OK;
}

/* A table may be another without a word where it cannot be followed. */
static void update(struct watch *w)
{
	bool hup = clock_take_hup();

	if (!hup && !w->stale && !w->targets.file && root_is_live() &&
	    cg_set_follows(&w->set))
		return;
	w->stale = false;
	targets_update(&w->targets, &w->set, hup);
	if (w->job->updated)
		w->job->updated(w);
}

static bool is_done(const struct watch *w)
{
	return (w->cfg.common.count && w->done >= w->cfg.common.count) ||
	       clock_mono_us() >= w->end_us;
}

/* False: a stop was asked for, or nobody reads, or the replay is over. */
static bool pause_until(struct watch *w, uint64_t due_us)
{
	struct clock_events *e = &w->events;
	int more =
		clock_wait_events(e, due_us < w->end_us ? due_us : w->end_us);

	w->wakes++;
	if (more == -EINTR && clock_take_usr1() && w->job->now)
		w->job->now(w);
	for (int i = 0; i < e->n; i++) {
		if (e->v[i].data.ptr)
			w->job->wake(w, e->v[i].data.ptr, e->v[i].events);
		else
			w->stale = true;
	}
	return more;
}

/* The status of the round that ended it; -1: of the whole. */
static int run(struct watch *w)
{
	uint64_t due_us;
	int status;

	do {
		update(w);
		if (targets_over(&w->targets, &w->set))
			return -1;
		status = w->job->round(w, &due_us);
		if (rows_flush(&w->out) || status >= 0 || is_done(w))
			return status;
	} while (pause_until(w, due_us));
	return -1;
}

int loop_run(struct watch *w)
{
	bool waits = w->interval_us || w->trigger;
	int status, err = waits ? clock_events_open(&w->events) : 0;

	if (err)
		die(err, "epoll");
	w->start_us = clock_mono_us();
	w->end_us = w->cfg.timeout_us ? w->start_us + w->cfg.timeout_us
				      : UINT64_MAX;
	w->stale = true;
	w->job->open(w);
	status = run(w);
	if (w->job->close)
		w->job->close(w);
	return status < 0 && !w->out.err ? w->job->over(w) : status;
}
