/* sweep - the job of samples: every cgroup is read at each tick. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "msg.h"
#include "num.h"
#include "psi-watch.h"
#include "root.h"

/*
 * Once for each cgroup; a named one counts for the exit status.  False: it is
 * gone since the walk, and no failure.
 */
static bool warn_failure(struct watch *w, const struct cg *cg, int err)
{
	struct sample_state *state = cg->data;
	char why[WHY_MAX];

	if (state->warned)
		return true;
	if (reader_is_gone(&w->reader, cg))
		return false;
	reader_why(&w->reader, cg, err, why, sizeof(why));
	if (cg->named && strcmp(why, w->warned_why))
		warn(0, "%s", why);
	else
		debug("%s", why);
	snprintf(w->warned_why, sizeof(w->warned_why), "%s", why);
	state->warned = true;
	w->failed |= cg->named;
	return true;
}

static void warn_short(struct watch *w)
{
	static const char text[] =
		"RLIMIT_NOFILE is too low to hold every pressure file: some "
		"are opened anew for each sample";

	if (w->reader.fd_short && !w->warned_short)
		note("%s", text);
	w->warned_short |= w->reader.fd_short;
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
		int err;

		if (i + 1 < w->set.n)
			cg_fetch(&w->set, w->set.v[i + 1]);
		err = reader_sample(&w->reader, cg, &s);
		if (err) {
			bad |= warn_failure(w, cg, err);
			continue;
		}
		good = true;
		if (!w->reader.need.window || s.window_us != NUM_NONE)
			w->mode->sample(w, cg, &s);
	}
	warn_short(w);
	return good || !bad;
}

/* Nothing at all can be measured. */
static void die_unreadable(const struct watch *w)
{
	if (w->failed)
		exit(STATUS_FATAL); /* why was told */
	die(0, "%s", w->warned_why);
}

static void removed(struct cg *cg)
{
	struct sample_state *state = cg->data;
	struct watch *w;

	if (!state->reader)
		return;
	w = state->reader->watch;
	if (w->mode->gone)
		w->mode->gone(w, cg);
	sample_state_close(state);
}

static void sweep_open(struct watch *w)
{
	w->set.added = sample_state_open;
	w->set.removed = removed;
	w->reader.watch = w;
	w->sweep_us = w->start_us;
	if (w->interval_us)
		cg_set_follow(&w->set); /* or walk at each sample */
}

/*
 * A window needs two readings: where one is shown the first sweep only begins
 * it, and does not count.  The last sweep is at the end of the time.
 */
static int sweep_round(struct watch *w, uint64_t *due_us)
{
	uint64_t now_us = clock_mono_us();
	int status;

	*due_us = w->sweep_us;
	if (root_is_live() && now_us < w->sweep_us)
		return -1; /* a signal woke us */
	if (!sweep(w) && !w->done)
		die_unreadable(w);
	w->done += w->swept || !w->reader.need.window;
	w->swept = true;
	status = w->mode->end(w);
	if (status < 0 && !w->interval_us)
		return w->mode->over(w);
	if (status < 0)
		w->sweep_us = clock_next_tick(w->start_us, w->interval_us);
	if (w->sweep_us > w->end_us)
		w->sweep_us = w->end_us;
	*due_us = w->sweep_us;
	w->stale = true; /* the next is of the set as it is then */
	return status;
}

static void sweep_now(struct watch *w)
{
	if (w->mode->now)
		w->mode->now(w);
}

static int sweep_over(struct watch *w)
{
	return w->mode->over(w);
}

const struct job sweep_job = { .open = sweep_open,
			       .round = sweep_round,
			       .now = sweep_now,
			       .over = sweep_over };
