#include "scene.h"

#include <math.h>
#include <time.h>

#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "root.h"

enum {
	FILE_BACK_US = 60000000, /* file refaults are remembered so long */
	LEAST_WINDOW_US = 100000,
};

void row_input_clear(struct row_input *in)
{
	*in = (struct row_input){
		.mem_mpct = -1,
		.io_mpct = -1,
		.window_us = NUM_NONE,
		.swappiness = NUM_NONE,
		.swap_left_bytes = NUM_NONE,
		.swap_write = NUM_NONE,
		.cold_anon_bytes = NUM_NONE,
		.cold_file_bytes = NUM_NONE,
		.age_us = NUM_NONE,
		.anon_bytes = NUM_NONE,
		.file_bytes = NUM_NONE,
		.memory_bytes = NUM_NONE,
		.mem_limit_mpct = -1,
		.io_limit_mpct = -1,
		.floor_bytes = NUM_NONE,
		.max_step_bytes = NUM_NONE,
		.time_ms = -1,
	};
}

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

/* ---- decide ---- */

static bool tells_kinds(const struct run *run)
{
	return !run->probed || run->swappiness;
}

/* Of what was known to be cold, no more than there is now. */
static uint64_t there_is(uint64_t cold_bytes, uint64_t lru_bytes)
{
	return lru_bytes == NUM_NONE ? cold_bytes
				     : num_least(cold_bytes, lru_bytes);
}

/*
 * Of what is known to be cold the demoted lies on a slower node.  Asked for
 * that much, reclaim would demote as much again of what is not cold.
 */
static uint64_t cold_anon(const struct scene *s)
{
	uint64_t bytes =
		there_is(target_cold_anon(s->t), s->guard.anon_lru_bytes);

	return s->file_only
		       ? 0
		       : bytes - num_least(bytes, s->guard.slow_anon_bytes);
}

/* What is known to be cold; NUM_NONE: nothing is known. */
static uint64_t cold_left(const struct scene *s)
{
	uint64_t anon = cold_anon(s);

	/* Of one kind alone it is of use where that can be asked for. */
	if (!s->t->cold.known ||
	    (s->t->cold.file_bytes == NUM_NONE && !tells_kinds(s->run)))
		return NUM_NONE;
	return anon + there_is(target_cold_file(s->t), s->guard.file_lru_bytes);
}

/* Of the base, what a blind step is for. */
static uint64_t blind_base(const struct scene *s)
{
	uint64_t base;

	if (cold_left(s) == NUM_NONE)
		return s->base_bytes;
	if (s->t->cold.file_bytes != NUM_NONE)
		return 0;
	base = num_least(s->base_bytes, guard_base(&s->guard, true));
	/* The text of a program is no page cache to spare. */
	return base < s->guard.current_bytes / 100 ? 0 : base;
}

static struct law_out ask_law(struct scene *s, bool held)
{
	const struct policy *p = &s->run->policy;
	const struct row_input *in = s->in;
	struct target *t = s->t;
	struct law_in l = {
		.window_us = s->psi.window_us,
		.elapsed_us = s->elapsed_us,
		.least_bytes = s->trip_bytes,
		.mem_pct = s->psi.mem_pct,
		.io_pct = s->psi.io_pct,
		.mem_avg_pct = s->psi.mem_avg_pct,
		.io_avg_pct = s->psi.io_avg_pct,
		.mem_limit_pct = in->mem_limit_mpct >= 0
					 ? (double)in->mem_limit_mpct / 1e3
					 : p->mem_limit_pct,
		.io_limit_pct = in->io_limit_mpct >= 0
					? (double)in->io_limit_mpct / 1e3
					: p->io_limit_pct,
		.ratio = p->ratio,
		.current_bytes = s->guard.current_bytes,
		.base_bytes = s->base_bytes,
		.blind_bytes = blind_base(s),
		.floor_bytes = s->floor.bytes,
		.asked_bytes =
			num_least(s->run->once_left_bytes, p->chunk_bytes),
		.cold_bytes = cold_left(s),
		.got_bytes = t->got_bytes,
		.scanned_bytes = t->scanned_bytes,
		.refaulted_bytes = s->refaulted_bytes,
		.held = held,
		.partial = t->partial,
		.late = t->late,
	};

	return law_step(p->law, &l, &t->law);
}

/* For anonymous memory alone. */
static int most_swappiness(const struct run *run)
{
	return run->swappiness_max || !run->probed ? ACT_SWAPPINESS_MAX : 200;
}

static void add_part(struct scene *s, uint64_t bytes, int swappiness)
{
	if (bytes)
		s->part[s->parts++] = (struct act_part){ bytes, swappiness };
}

/*
 * The share of anonymous memory that a blind step asks for apart, of 1; < 0: it
 * is left to the kernel.  TMO's rule is file cache first, and swap once that
 * refaults.  lru_gen keeps taking file cache alone then, the hot part of it as
 * well, whatever a swappiness below 200 says (mm/vmscan.c, get_type_to_scan(),
 * positive_ctrl_err()); so there the share is made by two writes.
 */
static double anon_share(const struct scene *s)
{
	uint64_t swappiness = s->guard.swappiness;
	uint64_t anon = s->guard.anon_lru_bytes, file = s->guard.file_lru_bytes;

	if (!s->run->host.lru_gen || !swappiness || swappiness >= 200 ||
	    anon == NUM_NONE || file == NUM_NONE || !(anon + file) ||
	    !within(s, s->t->file_back_us, FILE_BACK_US))
		return -1;
	return share_anon(&s->t->share, swappiness, anon, file);
}

/*
 * Anonymous memory and file cache apart, no part below what a trip takes: of a
 * few file pages lru_gen runs out, and then it ages, again and again in that
 * one write, until hot anonymous memory lies among the cold (mm/vmscan.c,
 * should_run_aging(), inc_min_seq()).
 */
static void split_kinds(struct scene *s, uint64_t anon, uint64_t file)
{
	uint64_t least = mem_reclaim_least_bytes();

	if (anon >= least)
		add_part(s, anon, most_swappiness(s->run));
	if (file >= least)
		add_part(s, file, 0);
}

/* What is known to be cold, by what there is of each kind. */
static void split_cold(struct scene *s, uint64_t want)
{
	double share = (double)cold_anon(s) / (double)cold_left(s);
	uint64_t anon = num_least(
		want, mem_whole_pages((uint64_t)((double)want * share)));

	split_kinds(s, anon, want - anon);
}

static void split_blind(struct scene *s, uint64_t want, double share)
{
	uint64_t anon = mem_whole_pages((uint64_t)((double)want * share));
	uint64_t least = mem_reclaim_least_bytes();

	if (anon < least)
		anon = 0;
	else if (want - anon < least)
		anon = want;
	split_kinds(s, anon, want - anon);
}

/* Which kinds of pages the step is to be of. */
static void split(struct scene *s, uint64_t want, bool cold)
{
	const struct run *run = s->run;
	uint64_t swappiness = s->guard.swappiness;
	double share = anon_share(s);

	if (!tells_kinds(run))
		add_part(s, want, ACT_SWAPPINESS_NONE);
	else if (s->file_only || (!cold && cold_left(s) != NUM_NONE))
		add_part(s, want, 0);
	else if (cold)
		split_cold(s, want);
	else if (share >= 0)
		split_blind(s, want, share);
	else if (swappiness == NUM_NONE)
		add_part(s, want, ACT_SWAPPINESS_NONE);
	else
		add_part(s, want,
			 swappiness > 200 ? most_swappiness(run)
					  : (int)swappiness);
}

/* Was the step what it was for the size of the base? */
static bool of_size(enum reason why)
{
	return why == REASON_LAW || why == REASON_CAP || why == REASON_SMALL ||
	       why == REASON_FLOOR;
}

/* Of a step, what is left after what was taken too much is paid for. */
static uint64_t pay_overshoot(struct scene *s, uint64_t step_bytes)
{
	int64_t *owed = &s->t->overshoot_bytes;
	uint64_t paid = *owed > 0 ? num_least((uint64_t)*owed, step_bytes) : 0;

	*owed -= (int64_t)paid;
	step_bytes -= paid;
	if (!paid || step_bytes >= s->trip_bytes)
		return step_bytes;
	s->t->law.carry_bytes += (double)step_bytes;
	s->r->reason = REASON_OVERSHOOT;
	return 0;
}

/* The bytes to ask for, in parts, and r->reason. */
static uint64_t decide(struct scene *s)
{
	const struct policy *p = &s->run->policy;
	uint64_t most = s->in->max_step_bytes != NUM_NONE
				? s->in->max_step_bytes
				: p->max_step_bytes;
	enum reason why = hold(s);
	struct law_out l = ask_law(s, why != REASON_LAW);
	uint64_t want;

	s->t->adaptive_bytes =
		guard_adapt(s->t->adaptive_bytes, s->guard.current_bytes,
			    s->psi.window_us, l.burst);
	s->r->gain = s->t->cold.known ? s->t->law.cold_gain : s->t->law.gain;
	s->r->floor_bytes = s->floor.bytes;
	s->r->reason = why != REASON_LAW ? why : l.reason;
	if (why != REASON_LAW)
		return 0;
	want = guard_bound(&s->guard, &s->floor, s->base_bytes, most,
			   l.step_bytes, &s->r->reason);
	if (want && s->run->policy.law != LAW_ONCE)
		want = pay_overshoot(s, want);
	if (s->writes && !s->file_only &&
	    (double)want > s->guard.write_left_bytes) {
		want = mem_whole_pages((uint64_t)s->guard.write_left_bytes);
		s->r->reason = REASON_SWAP_BUDGET;
	}
	if (want)
		s->t->overshoot_bytes += (int64_t)l.lent_bytes;
	if (s->file_only &&
	    (of_size(s->r->reason) ||
	     (s->r->reason == REASON_ASKED && want < l.step_bytes)))
		s->r->reason = s->swap;
	if (!want)
		return 0;
	split(s, want, l.cold);
	if (!s->parts)
		s->r->reason = REASON_SMALL;
	return (s->parts > 0 ? s->part[0].bytes : 0) +
	       (s->parts > 1 ? s->part[1].bytes : 0);
}

/* ---- account ---- */

/* What of it was written to the drive, and what was saved by the rest. */
static void note_swap(struct scene *s, const struct reading *after)
{
	static const double memory_us = 600e6;
	struct target *t = s->t;
	const struct mem_stat *a = &after->stat, *l = &t->last.stat;
	double kept = exp(-(double)s->psi.window_us / memory_us);
	uint64_t behind;

	if (!t->known)
		return;
	behind = num_known(num_delta(a->zswpout_pages, l->zswpout_pages)) *
		 mem_page_bytes();
	if (s->guard.swap_write < NUM_MAX)
		t->write_left_bytes -=
			a->pswpout_pages != NUM_NONE || !s->run->host.device
				? (double)s->r->y.device_bytes
				: (double)(s->r->y.got_anon_bytes -
					   num_least(s->r->y.got_anon_bytes,
						     behind));
	t->stored_bytes = t->stored_bytes * kept +
			  (double)num_known(num_delta(a->zswapped_bytes,
						      l->zswapped_bytes));
	t->cost_bytes =
		t->cost_bytes * kept +
		(double)num_known(num_delta(a->zswap_bytes, l->zswap_bytes));
}

/*
 * What was taken of it beyond what was wanted.  The kernel's count may be late;
 * what those above and below took, or another hand, is in it as well.
 */
static void note_overshoot(struct scene *s, uint64_t wanted_bytes, bool alone)
{
	struct target *t = s->t;
	int64_t wanted = (int64_t)num_least(wanted_bytes, INT64_MAX);

	if (alone || wanted)
		t->overshoot_bytes += (int64_t)t->got_bytes - wanted;
	if (t->overshoot_bytes < -wanted)
		t->overshoot_bytes = -wanted;
}

/*
 * Success without any yield, three times: a kernel without NUMA between 6.17
 * and 6.19 does nothing and says it did.
 */
static void judge_yield(struct scene *s, bool acted)
{
	s->t->partial &= acted;
	s->t->late &= acted;
	if (!acted || s->r->y.got_bytes || s->r->y.demoted_bytes ||
	    s->t->partial)
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

/* More than chance: as many file pages as the kernel takes at once. */
static bool file_came_back(const struct mem_stat *now,
			   const struct mem_stat *then)
{
	uint64_t pages =
		num_delta(now->refault_file_pages, then->refault_file_pages);

	return pages != NUM_NONE &&
	       pages * mem_page_bytes() >= mem_reclaim_least_bytes();
}

static void note_kinds(struct target *t, uint64_t window_us,
		       const struct yield *y)
{
	const uint64_t taken[] = {
		[SHARE_ANON] = y->got_anon_bytes + y->demoted_bytes,
		[SHARE_FILE] = y->got_file_bytes,
	};
	const uint64_t back[] = {
		[SHARE_ANON] = y->refaulted_anon_bytes,
		[SHARE_FILE] = y->refaulted_bytes - y->refaulted_anon_bytes,
	};

	share_note(&t->share, window_us, taken, back);
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
	t->got_bytes = r->y.got_bytes + r->y.demoted_bytes;
	note_overshoot(s, acted ? r->want_bytes : 0,
		       t->known && !above && t->below_acted_us < t->read_us &&
			       r->reason != REASON_RIVAL);
	r->overshoot_bytes =
		t->overshoot_bytes > 0 ? (uint64_t)t->overshoot_bytes : 0;
	t->scanned_bytes = r->y.scanned_bytes;
	note_kinds(t, s->psi.window_us, &r->y);
	note_swap(s, &after);
	judge_yield(s, acted);
	if (acted)
		rival_wrote(&t->rival, r->want_bytes, t->got_bytes,
			    s->run->cpus, s->now_us);
	t->cold.taken_anon_bytes += r->y.got_anon_bytes;
	t->cold.taken_file_bytes += r->y.got_file_bytes;
	add_up(&t->sum, r, acted);
	r->memory_bytes = after.current_bytes;
	r->offloaded_bytes = target_offloaded(t, &after);
	r->saved_bytes = target_saved(t, &after, &s->run->host);
	r->accounted = true;
	target_sample(t, after.current_bytes);
	if (t->known && file_came_back(&after.stat, &t->last.stat))
		t->file_back_us = s->now_us;
	t->last = after;
	t->known = true;
	t->read_us = s->now_us;
	t->asleep_us = s->asleep_us;
}

/*
 * What it held before and holds again is no growth: a workload that allocates
 * and frees has cold memory as any other.  Nor does one that grows on and on
 * hold more than half of the time.
 */
static void look_for_growth(const struct scene *s)
{
	struct target *t = s->t;
	uint64_t now = s->before.current_bytes;

	if (t->known && guard_grew(now, t->last.current_bytes) &&
	    guard_grew(now, t->peak_bytes) &&
	    !within(s, t->grown_us, s->run->policy.grace_us))
		t->grown_us = s->now_us;
	t->peak_bytes = guard_adapt(t->peak_bytes, now, s->psi.window_us,
				    now > t->peak_bytes);
}

/*
 * File cache alone would be taken, and the kernel cannot be asked for that:
 * once for each cause, what to do about it.
 */
static void say_no_swappiness(const struct scene *s)
{
	static const char *const remedies[REASON_COUNT] = {
		[REASON_SWAP_FULL] = "add swap, or raise --swap-limit",
		[REASON_ZSWAP_FULL] = "raise zswap's max_pool_percent",
		[REASON_ZRAM_FULL] = "raise zram's mem_limit",
		[REASON_SWAP_BUDGET] = "raise swap-balance's budget",
		[REASON_SAVES_NOTHING] = "its memory does not compress",
		[REASON_ROTATIONAL] = "use zswap or zram, or --rotational",
		[REASON_FILE_ONLY] = "see balance_reason for that swappiness "
				     "of 0",
	};
	uint64_t bit = UINT64_C(1) << s->swap;

	if (s->r->reason != REASON_NO_SWAPPINESS || s->run->said_swap & bit)
		return;
	s->run->said_swap |= bit;
	warn(0,
	     "'%s': %s leaves file cache alone, for which this kernel cannot "
	     "be asked (swappiness= is of Linux 6.11): nothing is taken while "
	     "that lasts; %s",
	     s->cg->key, reason_name(s->swap),
	     remedies[s->swap] ? remedies[s->swap] : "use a newer kernel");
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

/* Look, decide, write, look again. */
static void go_through(struct run *run, struct cg *cg,
		       const struct row_input *in, struct result *r)
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
	uint64_t want;

	*r = (struct result){
		.key = cg->key,
		.time_ms = clock_unix_ms(),
		.sum = &s.t->sum,
		.memory_bytes = NUM_NONE,
		.floor_bytes = NUM_NONE,
	};
	if (is_stale(&s)) {
		r->reason = REASON_STALE;
		return;
	}
	s.was_left_behind = s.t->left_behind;
	s.t->left_behind = false;
	s.elapsed_us = s.t->row_us ? s.now_us - s.t->row_us : NUM_NONE;
	s.t->row_us = s.now_us;
	if (!s.t->first_us)
		s.t->first_us = s.now_us;
	if (host_read(&run->host, run->policy.kill_switch))
		above_forget(&run->above);
	r->reason = look(&s);
	if (r->reason != REASON_LAW)
		return;
	look_for_growth(&s);
	want = decide(&s);
	r->want_bytes = want;
	say_no_swappiness(&s);
	if (want && run->policy.dry_run)
		say_writes(&s);
	else if (want)
		take(&s);
	account(&s, want && !run->policy.dry_run);
}

void period(struct run *run, struct cg *cg, const struct row_input *in,
	    struct result *r)
{
	go_through(run, cg, in, r);
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

	look_at_recording(&s);
	*r = (struct result){
		.key = cg->key,
		.time_ms = in->time_ms,
		.sum = &t->sum,
		.memory_bytes = in->memory_bytes,
		.accounted = true,
	};
	look_for_growth(&s);
	r->want_bytes = decide(&s);
	say_writes(&s);
	t->last = s.before;
	t->known = true;
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
	} while (run->once_left_bytes && step.want_bytes && !t->partial &&
		 step.reason != REASON_GONE && !clock_stopped());
	run->short_of |= run->once_left_bytes || t->partial;
}
