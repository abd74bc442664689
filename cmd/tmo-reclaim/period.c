#include "scene.h"

#include <time.h>

#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "root.h"

enum {
	LEAST_WINDOW_US = 100000,
};

/* CLOCK_BOOTTIME goes on while the machine sleeps, CLOCK_MONOTONIC does not. */
static uint64_t asleep_us(void)
{
	struct timespec boot, mono;
	int64_t us;

	if (!root_is_live())
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	us = (boot.tv_sec - mono.tv_sec) * INT64_C(1000000) +
	     (boot.tv_nsec - mono.tv_nsec) / 1000;
	return us > 0 ? (uint64_t)us : 0;
}

/* ---- account ---- */

/*
 * Success without any yield, three times: a kernel without NUMA between 6.17
 * and 6.19 does nothing and says it did.
 */
static void judge_yield(struct scene *s, bool acted)
{
	if (!acted || s->r->y.got_bytes || s->r->y.demoted_bytes || s->partial)
		s->t->barren = 0;
	else if (++s->t->barren >= 3)
		s->r->reason = REASON_NO_YIELD;
	if (s->t->barren == 3)
		warn(0,
		     "'%s': three writes succeeded and took nothing: "
		     "nothing to reclaim, or a kernel that ignores them",
		     s->cg->key);
}

static void add_up(struct totals *sum, const struct result *r, bool acted)
{
	sum->periods++;
	sum->acted += acted;
	sum->want_bytes += r->want_bytes;
	sum->got_bytes += r->y.got_bytes;
	sum->got_anon_bytes += r->y.got_anon_bytes;
	sum->got_file_bytes += r->y.got_file_bytes;
	sum->demoted_bytes += r->y.demoted_bytes;
	sum->refaulted_bytes += r->y.refaulted_bytes;
	sum->device_bytes += r->y.device_bytes;
	sum->stall_us += r->stall_us;
	sum->elapsed_us += r->elapsed_us;
}

/* What the period teaches: since the last reading. */
static struct lesson lesson(const struct scene *s, const struct reading *after,
			    uint64_t wanted_bytes, bool alone)
{
	const struct yield *y = &s->r->y;
	const struct mem_stat *a = &after->stat, *l = &s->t->last.stat;
	uint64_t behind =
		num_known(num_delta(a->zswpout_pages, l->zswpout_pages)) *
		mem_page_bytes();
	struct lesson out = {
		.window_us = s->o.psi.window_us,
		.now_us = s->now_us,
		.wanted_bytes = wanted_bytes,
		.alone = alone,
		.current_bytes = after->current_bytes,
		.got_anon_bytes = y->got_anon_bytes,
		.got_file_bytes = y->got_file_bytes,
		.demoted_bytes = y->demoted_bytes,
		.scanned_bytes = y->scanned_bytes,
		.refaulted_anon_bytes = y->refaulted_anon_bytes,
		.refaulted_file_bytes =
			y->refaulted_bytes - y->refaulted_anon_bytes,
		.cpus = s->run->cpus,
		.partial = s->partial,
		.late = s->late,
	};

	if (!s->t->known)
		return out;
	/* Before 6.13 no cgroup's writes are counted: what passed zswap by. */
	out.written_bytes =
		a->pswpout_pages != NUM_NONE || !s->run->host.device
			? y->device_bytes
			: y->got_anon_bytes -
				  num_least(y->got_anon_bytes, behind);
	out.stored_bytes =
		num_known(num_delta(a->zswapped_bytes, l->zswapped_bytes));
	out.cost_bytes = num_known(num_delta(a->zswap_bytes, l->zswap_bytes));
	return out;
}

static void account(struct scene *s, bool acted)
{
	struct target *t = s->t;
	struct result *r = s->r;
	struct reading after = s->before;
	bool above, late;

	if (acted && look_at_target(s, &after)) {
		r->reason = REASON_GONE;
		return;
	}
	if (!t->known)
		target_begin(t, &s->before);
	above = t->known && t->above_acted_us >= t->read_us;
	late = t->known && s->was_left_behind;
	target_account(t, above || late ? &t->last : &s->before, &after,
		       acted || above || late, &s->run->host, &r->y);
	s->lesson = lesson(s, &after, acted ? r->want_bytes : 0,
			   !s->run->policy.dry_run && t->known && !above &&
				   t->below_acted_us < t->read_us &&
				   r->reason != REASON_RIVAL);
	s->learned = true;
	memory_learn(&t->memory, &s->lesson);
	r->overshoot_bytes = t->memory.overshoot_bytes > 0
				     ? (uint64_t)t->memory.overshoot_bytes
				     : 0;
	judge_yield(s, acted);
	add_up(&t->sum, r, acted);
	r->memory_bytes = after.current_bytes;
	r->offloaded_bytes = target_offloaded(t, &after);
	r->saved_bytes = target_saved(t, &after, &s->run->host);
	r->accounted = true;
	target_sample(t, after.current_bytes);
	t->last = after;
	t->known = true;
	t->read_us = s->now_us;
	t->asleep_us = s->asleep_us;
}

/*
 * File cache alone would be taken, and the kernel cannot be asked for that:
 * once for each cause, what to do about it.
 */
static void say_no_swappiness(const struct scene *s)
{
	uint64_t bit = UINT64_C(1) << s->d.swap;

	if (s->r->reason != REASON_NO_SWAPPINESS || s->run->said_swap & bit)
		return;
	s->run->said_swap |= bit;
	warn(0,
	     "'%s': %s leaves file cache alone, for which this kernel cannot "
	     "be asked (swappiness= is of Linux 6.11): nothing is taken while "
	     "that lasts; %s",
	     s->cg->key, reason_name(s->d.swap), reason_remedy(s->d.swap));
}

/*
 * A row is about now, and nothing acts faster than the windows that it looks
 * at: so a backlog, or a recording by mistake, is no burst.  A recording's
 * clock stands still.
 */
static bool is_stale(const struct scene *s)
{
	const struct row_input *in = s->in;
	uint64_t window_us = in->window_us && in->window_us != NUM_NONE
				     ? in->window_us
				     : s->run->policy.interval_us;

	if (!in->piped || !root_is_live())
		return false;
	window_us = num_most(window_us, LEAST_WINDOW_US);
	if (in->time_ms >= 0 &&
	    s->r->time_ms - in->time_ms > (int64_t)(window_us / 500))
		return true;
	return within(s, s->t->row_us, window_us / 2);
}

static void say_rival(const struct scene *s)
{
	if (rival_to_tell(&s->t->memory.rival))
		warn(0,
		     "'%s': another hand reclaims from it or moves its "
		     "memory.high: left to it while it does",
		     s->cg->key);
}

/* The decision, into the row. */
static uint64_t settle(struct scene *s)
{
	struct result *r = s->r;

	s->d = decide(&s->run->policy, &s->o, &s->t->memory);
	s->decided = true;
	r->want_bytes = s->d.want_bytes;
	r->reason = s->d.reason;
	r->gain = s->d.gain;
	r->floor_bytes = s->d.floor_bytes;
	return r->want_bytes;
}

/* The decision may have come to another end by now. */
static void record(const struct scene *s)
{
	struct record rec = {
		.key = s->cg->key,
		.time_ms = s->r->time_ms,
		.first = s->first,
		.decided = s->decided,
		.want_bytes = s->d.want_bytes,
		.reason = s->decided ? s->d.reason : s->r->reason,
		.reported = s->r->reason,
		.policy = s->run->policy,
		.o = s->o,
		.learned = s->learned,
		.lesson = s->lesson,
	};

	if (s->run->recorder)
		record_put(s->run->recorder, &rec);
}

/* Look, decide, write, look again. */
static void go_through(struct scene *s)
{
	struct run *run = s->run;
	uint64_t want;

	if (is_stale(s)) {
		s->r->reason = REASON_STALE;
		return;
	}
	s->was_left_behind = s->t->left_behind;
	s->t->left_behind = false;
	s->t->row_us = s->now_us;
	if (!s->t->first_us)
		s->t->first_us = s->now_us;
	if (host_read(&run->host, run->policy.kill_switch))
		above_forget(&run->above);
	s->r->reason = observe(s);
	if (s->r->reason != REASON_LAW)
		return;
	want = settle(s);
	say_no_swappiness(s);
	say_rival(s);
	if (want && run->policy.dry_run)
		say_writes(s);
	else if (want)
		take(s);
	account(s, want && !run->policy.dry_run);
}

void period(struct run *run, struct cg *cg, const struct row_input *in,
	    struct result *r)
{
	struct scene s = {
		.run = run,
		.cg = cg,
		.t = cg->data,
		.in = in,
		.r = r,
		.now_us = clock_mono_us(),
		.asleep_us = asleep_us(),
	};

	*r = (struct result){
		.key = cg->key,
		.time_ms = clock_unix_ms(),
		.sum = &s.t->sum,
		.memory_bytes = NUM_NONE,
		.floor_bytes = NUM_NONE,
	};
	s.first = !s.t->row_us;
	s.o.elapsed_us = s.first ? NUM_NONE : s.now_us - s.t->row_us;
	go_through(&s);
	record(&s);
	/* The files go with their controller, too, and may be there again. */
	if (r->reason == REASON_GONE)
		target_close(cg->data);
}

void period_recorded(struct run *run, struct cg *cg, const struct row_input *in,
		     struct result *r)
{
	struct scene s = {
		.run = run, .cg = cg, .t = cg->data, .in = in, .r = r
	};
	struct target *t = s.t;

	observe_recording(&s);
	*r = (struct result){
		.key = cg->key,
		.time_ms = in->time_ms,
		.sum = &t->sum,
		.memory_bytes = in->memory_bytes,
		.accounted = true,
	};
	settle(&s);
	say_writes(&s);
	t->memory.current_bytes = in->memory_bytes;
	t->memory.known = t->known = true;
	t->read_us = s.now_us;
}

/* How much -b asks of this cgroup. */
static uint64_t asked(struct run *run, const struct cg *cg)
{
	uint64_t current;

	if (run->policy.once_bytes)
		return mem_whole_pages(run->policy.once_bytes);
	if (mem_current(&run->set, cg, &current))
		return 0;
	return mem_whole_pages(
		(uint64_t)((double)current * run->policy.once_pct / 100));
}

/* One more step's result into that of the whole. */
static void merge(struct result *sum, const struct result *r)
{
	struct result was = *sum;

	*sum = *r;
	sum->want_bytes += was.want_bytes;
	sum->y.got_bytes += was.y.got_bytes;
	sum->y.got_anon_bytes += was.y.got_anon_bytes;
	sum->y.got_file_bytes += was.y.got_file_bytes;
	sum->y.refaulted_bytes += was.y.refaulted_bytes;
	sum->y.demoted_bytes += was.y.demoted_bytes;
	sum->y.device_bytes += was.y.device_bytes;
	sum->y.scanned_bytes += was.y.scanned_bytes;
	sum->stall_us += was.stall_us;
	sum->elapsed_us += was.elapsed_us;
}

void period_once(struct run *run, struct cg *cg, const struct row_input *in,
		 struct result *r)
{
	struct target *t = cg->data;
	struct row_input again = *in;
	uint64_t all;
	struct result step;

	*r = (struct result){ 0 };
	run->once_left_bytes = all = asked(run, cg);
	do {
		period(run, cg, &again, &step);
		again.piped = false;
		merge(r, &step);
		run->once_left_bytes -= step.want_bytes;
		run->host.read_us = 0; /* steps follow at once: look anew */
		if (r->y.got_bytes + r->y.demoted_bytes >= all)
			run->once_left_bytes = 0; /* a write took more */
	} while (run->once_left_bytes && step.want_bytes &&
		 !t->memory.partial && step.reason != REASON_GONE &&
		 !clock_stopped());
	run->short_of |= run->once_left_bytes || t->memory.partial;
}
