#include "period.h"

#include <time.h>

#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "parking.h"
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

/*
 * File cache alone would be taken, and the kernel cannot be asked for that:
 * once for each cause, what to do about it.
 */
static void say_no_swappiness(const struct period *s)
{
	uint64_t bit = UINT64_C(1) << s->d.swap;

	if (s->r->reason != REASON_NO_SWAPPINESS || s->run->said_swap & bit)
		return;
	s->run->said_swap |= bit;
	warn(0,
	     "'%s': %s permits only file cache, which this kernel cannot take "
	     "alone (that needs Linux 6.11): nothing is taken while this "
	     "lasts; %s",
	     s->cg->key, reason_name(s->d.swap), reason_remedy(s->d.swap));
}

void say_harm(struct run *run, const char *where, const char *doubt)
{
	if (*doubt && !run->said_harm)
		warn(0, "%s%s", where, doubt);
	run->said_harm |= *doubt != '\0';
}

static uint64_t row_window_us(const struct period *s)
{
	const struct row_input *in = s->in;
	uint64_t window_us = in->window_us && in->window_us != NUM_NONE
				     ? in->window_us
				     : s->run->policy.interval_us;

	return num_most(window_us, LEAST_WINDOW_US);
}

int64_t period_most_ms(const struct period *s)
{
	return (int64_t)(2 * row_window_us(s) / 1000);
}

/* How old a row is, where that is too old to act upon; else 0. */
static int64_t late_ms(const struct period *s)
{
	int64_t old_ms = s->r->time_ms - s->in->time_ms;

	return s->in->time_ms >= 0 && old_ms > period_most_ms(s) ? old_ms : 0;
}

/*
 * A row is about now, and nothing acts faster than the windows that it looks
 * at: so a backlog, or a recording by mistake, is no burst.  A recording's
 * clock stands still.
 */
static bool is_stale(const struct period *s)
{
	if (!s->in->piped || !root_is_live())
		return false;
	return late_ms(s) ||
	       decide_within(s->now_us, s->t->row_us, row_window_us(s) / 2);
}

/* One late row is an accident; where each is, nothing would ever be done. */
static void say_late(struct period *s)
{
	static const unsigned int many = 5;

	s->t->late_rows = late_ms(s) ? s->t->late_rows + 1 : 0;
	if (s->t->late_rows < many || s->run->said_late)
		return;
	s->run->said_late = true;
	warn(0,
	     "'%s': %u rows in succession were too old to act upon, the last "
	     "by %.1f s: an earlier stage is too slow or buffers rows",
	     s->cg->key, many, (double)late_ms(s) / 1e3);
}

static void say_other_reclaimer(const struct period *s)
{
	if (reclaimer_to_tell(&s->t->memory.other))
		warn(0,
		     "'%s': another process reclaims from it or changes its "
		     "memory.high: the cgroup is left alone",
		     s->cg->key);
}

uint64_t settle(struct period *s, const struct policy *p)
{
	struct result *r = s->r;

	s->d = decide(p, &s->o, &s->t->memory);
	s->decided = true;
	r->want_bytes = s->d.want_bytes;
	r->reason = s->d.reason;
	r->gain = s->d.gain;
	r->floor_bytes = s->d.floor_bytes;
	r->harm_mpct = s->d.harm_mpct;
	return r->want_bytes;
}

/* The decision may have come to another end by now. */
static void record(const struct period *s)
{
	const struct record rec = {
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
		.outcome = s->outcome,
	};

	record_put(s->run->recorder, &rec);
}

/* Look, decide, write, look again. */
static void go_through(struct period *s)
{
	struct run *run = s->run;
	uint64_t want;

	if (is_stale(s)) {
		s->r->reason = REASON_STALE;
		say_late(s);
		return;
	}
	s->t->late_rows = 0;
	s->was_left_behind = s->t->left_behind;
	s->t->left_behind = false;
	s->t->row_us = s->now_us;
	if (!s->t->first_us)
		s->t->first_us = s->now_us;
	if (host_read(&run->host, run->policy.kill_switch))
		ancestors_forget(&run->ancestors);
	s->r->reason = observe(s);
	if (s->r->reason != REASON_LAW)
		return;
	want = settle(s, &run->policy);
	say_no_swappiness(s);
	say_other_reclaimer(s);
	if (want && run->policy.dry_run)
		say_writes(s);
	else if (want)
		take(s);
	account(s, want && !run->policy.dry_run);
}

static void one_period(struct run *run, struct cg *cg,
		       const struct row_input *in, struct result *r)
{
	struct period s = {
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
	if (run->recorder)
		record(&s);
	log_period(run, cg, r);
	target_rest(s.t);
	/* The files go with their controller, too, and may be there again. */
	if (r->reason == REASON_GONE)
		target_close(cg->data);
}

/* How much -b asks of this cgroup: a page at least, where it is anything. */
static uint64_t asked(struct run *run, const struct cg *cg)
{
	uint64_t bytes = run->policy.once_bytes, current;

	if (!bytes && !mem_current(&run->set, cg, &current))
		bytes = (uint64_t)((double)current * run->policy.once_pct /
				   100);
	return bytes ? num_most(mem_whole_pages(bytes), mem_page_bytes()) : 0;
}

/* One more step's result into that of the whole. */
static void merge(struct result *sum, const struct result *r)
{
	struct result was = *sum;

	*sum = *r;
	sum->want_bytes += was.want_bytes;
	yield_add(&sum->y, &was.y);
	sum->stall_us += was.stall_us;
	sum->elapsed_us += was.elapsed_us;
}

/*
 * What of an order is still to be taken.  Writes may bring more than they ask
 * for, on 6.1 a third more; what they bring less is not asked for again.  A
 * rest is rounded up to what the kernel takes at once.
 */
static uint64_t order_left(uint64_t all, const struct result *sum)
{
	uint64_t taken = num_most(sum->want_bytes,
				  sum->y.got_bytes + sum->y.demoted_bytes);
	uint64_t left = num_less(all, taken);

	return left ? num_most(left, mem_reclaim_least_bytes()) : 0;
}

/* -b: periods one behind the other until it is reached, or a guard says no. */
static void order(struct run *run, struct cg *cg, const struct row_input *in,
		  struct result *r)
{
	struct target *t = cg->data;
	struct row_input again = *in;
	struct result step;
	uint64_t all;

	*r = (struct result){ 0 };
	run->once_left_bytes = all = asked(run, cg);
	do {
		one_period(run, cg, &again, &step);
		again.piped = false;
		merge(r, &step);
		run->once_left_bytes = order_left(all, r);
		run->host.read_us = 0; /* steps follow at once: look anew */
	} while (run->once_left_bytes && step.want_bytes &&
		 !t->memory.last.partial && step.reason != REASON_GONE &&
		 !clock_stopped());
	run->short_of |= run->once_left_bytes || t->memory.last.partial ||
			 r->reason == REASON_NO_YIELD;
}

void period(struct run *run, struct cg *cg, const struct row_input *in,
	    struct result *r)
{
	if (parking_columns(&run->policy))
		parking(run, cg, in, r);
	else if (run->policy.law == LAW_ONCE)
		order(run, cg, in, r);
	else
		one_period(run, cg, in, r);
}
