#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "msg.h"
#include "num.h"
#include "psi-watch.h"

/*
 * Once for each cgroup; a named one counts for the exit status.  False: it is
 * gone since the walk, and no failure.
 */
static bool tell_failure(struct watch *w, const struct cg *cg, int err)
{
	struct meter *m = cg->data;
	char why[512];

	if (m->told)
		return true;
	if (reader_is_gone(&w->reader, cg))
		return false;
	reader_why(&w->reader, cg, err, why, sizeof(why));
	if (cg->named && strcmp(why, w->told_why))
		warn(0, "%s", why);
	else
		debug("%s", why);
	snprintf(w->told_why, sizeof(w->told_why), "%s", why);
	m->told = 1;
	w->failed |= cg->named;
	return true;
}

static void tell_short(struct watch *w)
{
	static const char text[] =
		"RLIMIT_NOFILE is too low to hold every pressure file: some "
		"are opened anew for each sample";

	if (w->reader.held_short && w->reader.held_max) {
		note("%s", text);
		w->reader.held_max = 0; /* said; those held stay */
	}
}

/* One sample of every cgroup: false where none that is there can be read. */
static bool sweep(struct watch *w)
{
	bool good = false, bad = false;

	w->reader.unix_less_mono_ms =
		clock_unix_ms() - (int64_t)(clock_mono_us() / 1000);
	for (size_t i = 0; i < w->set.n; i++) {
		struct cg *cg = w->set.v[i];
		struct sample s;
		int err = reader_sample(&w->reader, cg, &s);

		if (err) {
			bad |= tell_failure(w, cg, err);
			continue;
		}
		good = true;
		if (!w->reader.need.window || s.window_us != NUM_NONE)
			w->mode->sample(w, cg, &s);
	}
	tell_short(w);
	return good || !bad;
}

void loop_update(struct watch *w)
{
	targets_update(&w->targets, &w->set, clock_take_hup());
}

/* Nothing at all can be measured. */
static void die_unreadable(const struct watch *w)
{
	if (w->failed)
		exit(STATUS_FATAL); /* it was said */
	die(0, "%s", w->told_why);
}

int loop_status(const struct watch *w)
{
	return w->targets.lost || w->failed ? STATUS_PARTIAL : STATUS_OK;
}

/* Until the next sample: 1, or 0 where a signal or the end of time came. */
static int pause_until(struct watch *w, uint64_t due_us)
{
	int more;

	while ((more = clock_wait(due_us)) == -EINTR) {
		if (!clock_take_usr1() || !w->mode->now)
			continue;
		w->mode->now(w);
		rows_flush(&w->out);
	}
	return more > 0;
}

static void removed(struct cg *cg)
{
	struct meter *m = cg->data;
	struct watch *w;

	if (!m->reader)
		return;
	w = m->reader->watch;
	if (w->mode->gone)
		w->mode->gone(w, cg);
	meter_close(m);
}

/*
 * A window needs two readings: where one is shown the first sweep only begins
 * it, and does not count.
 */
int loop_run(struct watch *w)
{
	const uint64_t count =
		w->cfg.common.count ? w->cfg.common.count : UINT64_MAX;
	const uint64_t start_us = clock_mono_us();
	const uint64_t end_us =
		w->cfg.timeout_us ? start_us + w->cfg.timeout_us : UINT64_MAX;
	bool first = w->reader.need.window;

	w->set.added = meter_open;
	w->set.removed = removed;
	w->reader.watch = w;
	if (w->interval_us)
		cg_set_follow(&w->set); /* or walk at each sample */
	for (;;) {
		uint64_t due_us;
		int status;

		loop_update(w);
		if (targets_over(&w->targets, &w->set))
			return STATUS_PARTIAL;
		if (!sweep(w) && !w->samples)
			die_unreadable(w);
		w->samples += !first;
		first = false;
		status = w->mode->end(w);
		if (rows_flush(&w->out) || status >= 0)
			return status;
		if (!w->interval_us || w->samples >= count ||
		    clock_mono_us() >= end_us)
			return w->mode->over(w);
		due_us = clock_next_tick(start_us, w->interval_us);
		if (!pause_until(w, due_us < end_us ? due_us : end_us))
			return w->mode->over(w);
	}
}
