#include "period.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chunk.h"
#include "clock.h"
#include "msg.h"
#include "num.h"
#include "root.h"

enum { FILE_BACK_US = 60000000 }; /* file refaults are remembered so long */

/* All that one period is decided from. */
struct scene {
	struct run *run;
	struct cg *cg;
	struct target *t;
	const struct row_input *in;
	struct result *r;
	uint64_t now_us;
	struct pressure psi;
	struct reading before;
	struct guard_in guard;
	struct guard_floor floor;
	enum reason swap; /* REASON_LAW: anon may be taken */
	bool file_only;
	uint64_t base_bytes;
	uint64_t asleep_us;
	uint64_t refaulted_bytes; /* since the last period */
	struct act_part part[2];
	size_t parts;
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

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
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

/* Warns of a target once. */
static void complain(struct scene *s, int err, const char *what)
{
	s->run->failed = true;
	if (!s->t->warned)
		warn(err, "%s '%s'", what, s->cg->key);
	s->t->warned = true;
}

static enum reason of_errno(int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV: return REASON_GONE;
	case EACCES:
	case EPERM:
	case EROFS: return REASON_DENIED;
	case EBUSY: return REASON_BUSY;
	case EINVAL:
	case EOPNOTSUPP: return REASON_UNSUPPORTED;
	default: return REASON_ERROR;
	}
}

/* ---- look ---- */

static int read_target(const struct scene *s, struct reading *out)
{
	const struct run *run = s->run;
	int err = target_read(&run->set, s->cg, s->t, run->high, out);

	if (!err && run->policy.node >= 0)
		err = target_read_node(run->policy.node, out);
	return err;
}

/* cgroup.events: "populated 0", "frozen 1". */
static enum reason events(const struct scene *s)
{
	char buf[256];

	if (!s->cg->key[1] || files_read(&s->t->files, &s->run->set, s->cg,
					 FILE_EVENTS, buf, sizeof(buf)) <= 0)
		return REASON_LAW;
	if (strstr(buf, "frozen 1"))
		return REASON_FROZEN;
	return strstr(buf, "populated 0") ? REASON_EMPTY : REASON_LAW;
}

/* The row's reading goes before ours; what it leaves out we read. */
static void look_at_pressure(struct scene *s)
{
	const struct row_input *in = s->in;
	struct pressure *p = &s->psi;
	bool own;

	target_pressure(s->cg, s->t, s->now_us, p);
	own = p->known;
	if (!in->has_psi)
		return;
	p->known = in->mem_mpct >= 0 && (!in->has_io || in->io_mpct >= 0);
	p->mem_pct = (double)in->mem_mpct / 1e3;
	if (in->has_io)
		p->io_pct = (double)in->io_mpct / 1e3;
	if (!own) {
		p->mem_avg_pct = p->mem_pct;
		p->io_avg_pct = p->io_pct;
	}
	if (in->window_us < NUM_MAX && in->window_us)
		p->window_us = in->window_us;
	else if (!s->t->known)
		p->window_us = s->run->policy.interval_us;
	else
		p->window_us = s->now_us - s->t->read_us;
}

static void look_at_refaults(struct scene *s)
{
	const struct mem_stat *now = &s->before.stat, *was = &s->t->last.stat;
	uint64_t anon =
		num_delta(now->refault_anon_pages, was->refault_anon_pages);
	uint64_t file =
		num_delta(now->refault_file_pages, was->refault_file_pages);

	if (s->t->known && anon != NUM_NONE && file != NUM_NONE)
		s->refaulted_bytes = (anon + file) * LAW_PAGE_BYTES;
}

/* The guard's input that comes from policy and row. */
static void set_guard(struct scene *s)
{
	const struct policy *p = &s->run->policy;
	const struct row_input *in = s->in;

	s->guard = (struct guard_in){
		.current_bytes = s->before.current_bytes,
		.headroom_bytes = p->headroom_bytes,
		.row_floor_bytes = in->floor_bytes != NUM_NONE ? in->floor_bytes
							       : p->floor_bytes,
		.adaptive_bytes = s->t->adaptive_bytes,
		.swap_left_bytes = in->swap_left_bytes,
		.swap_limit_mpct = p->swap_limit_mpct,
		.swap_write = in->swap_write,
		.swappiness = in->swappiness,
	};
}

static void use_guard(struct scene *s)
{
	s->swap = guard_swap(&s->guard);
	s->file_only = s->swap != REASON_LAW;
	s->floor = guard_floor(&s->guard, s->file_only);
	s->base_bytes = guard_base(&s->guard, s->file_only);
}

static uint64_t known(uint64_t v)
{
	return v == NUM_NONE ? 0 : v;
}

static void look_at_limits(struct scene *s)
{
	struct run *run = s->run;
	const struct mem_stat *st = &s->before.stat;
	struct guard_in *g = &s->guard;

	set_guard(s);
	g->anon_lru_bytes = mem_anon_lru_bytes(st);
	g->file_lru_bytes = mem_file_lru_bytes(st);
	g->busy_file_bytes =
		known(st->file_dirty_bytes) + known(st->file_writeback_bytes);
	g->rotational = run->host.rotational && !run->policy.rotational;
	g->zswap_full = run->host.zswap_full;
	target_limits(&run->set, s->cg, s->t, &s->before, &run->host,
		      &run->above, g);
	if (s->in->swap_left_bytes < g->swap_left_bytes)
		g->swap_left_bytes = s->in->swap_left_bytes;
	/* Writeback means that the pool pushes old copies out. */
	if (s->t->known &&
	    known(num_delta(st->zswpwb_pages, s->t->last.stat.zswpwb_pages)))
		g->zswap_full = true;
	use_guard(s);
}

/* ---- hold ---- */

/* Tells the cgroups above that it is here, and looks for what they did. */
static void meet_parents(const struct scene *s)
{
	char key[CG_KEY_MAX];

	snprintf(key, sizeof(key), "%s", s->cg->key);
	while (cg_parent(key)) {
		struct cg *up = cg_set_find(&s->run->set, key);
		struct target *t = up ? up->data : NULL;

		if (!t)
			continue;
		t->below_seen_us = s->now_us;
		if (t->acted_us > s->t->above_acted_us)
			s->t->above_acted_us = t->acted_us;
	}
}

static void tell_parents(const struct scene *s)
{
	char key[CG_KEY_MAX];

	s->t->acted_us = s->now_us;
	snprintf(key, sizeof(key), "%s", s->cg->key);
	while (cg_parent(key)) {
		struct cg *up = cg_set_find(&s->run->set, key);

		if (up)
			((struct target *)up->data)->below_acted_us = s->now_us;
	}
}

static bool within(const struct scene *s, uint64_t then_us, uint64_t time_us)
{
	return then_us && s->now_us - then_us < time_us;
}

/*
 * Parent and child are never reclaimed in the same period.  Those at the
 * bottom go first, each by its own pressure; in every fourth period the turn
 * is the parent's, for what it holds beside them.
 */
static bool nested(const struct scene *s)
{
	uint64_t window_us =
		least(s->run->policy.interval_us, s->psi.window_us);

	if (within(s, s->t->above_acted_us, window_us / 4 * 3) ||
	    within(s, s->t->below_acted_us, window_us / 4 * 3))
		return true;
	return within(s, s->t->below_seen_us, window_us * 2) &&
	       ++s->t->waited % 4;
}

/* New to us, and not because we are new ourselves. */
static bool in_grace(const struct scene *s)
{
	const struct policy *p = &s->run->policy;

	return s->t->first_us > s->run->start_us + p->interval_us &&
	       s->now_us - s->t->first_us < p->grace_us;
}

/* Why nothing is to be done, before the law is even asked; or REASON_LAW. */
static enum reason hold(const struct scene *s)
{
	const struct run *run = s->run;
	const struct target *t = s->t;
	enum reason state;

	if (!run->recorded && run->host.off)
		return REASON_OFF;
	if (!run->recorded && *run->self &&
	    cg_is_below(run->self, s->cg->key) && s->cg->key[1])
		return REASON_SELF;
	if (!s->psi.known)
		return REASON_NO_PSI;
	state = events(s);
	if (state != REASON_LAW)
		return state;
	if (t->known && s->asleep_us > t->asleep_us + 1000000)
		return REASON_SUSPENDED;
	if (in_grace(s))
		return REASON_GRACE;
	if (t->grown_us && s->now_us - t->grown_us < run->policy.grace_us / 2)
		return REASON_GROWTH;
	if (!run->recorded && nested(s))
		return REASON_NESTED;
	if (s->file_only && run->probed && !run->swappiness &&
	    s->swap != REASON_NO_SWAP)
		return REASON_NO_SWAPPINESS;
	return REASON_LAW;
}

/* ---- decide ---- */

static uint64_t cold_left(const struct scene *s)
{
	if (!s->t->cold.known)
		return NUM_NONE;
	return target_cold_file(s->t) +
	       (s->file_only ? 0 : target_cold_anon(s->t));
}

static struct law_out ask_law(struct scene *s)
{
	const struct policy *p = &s->run->policy;
	const struct row_input *in = s->in;
	struct target *t = s->t;
	struct law_in l = {
		.window_us = s->psi.window_us,
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
		.floor_bytes = s->floor.bytes,
		.asked_bytes = least(s->run->once_left_bytes, p->chunk_bytes),
		.cold_bytes = cold_left(s),
		.got_bytes = t->got_bytes,
		.scanned_bytes = t->scanned_bytes,
		.refaulted_bytes = s->refaulted_bytes,
		.partial = t->partial,
	};

	return law_step(p->law, &l, &t->law);
}

static void add_part(struct scene *s, uint64_t bytes, int swappiness)
{
	if (bytes)
		s->part[s->parts++] = (struct act_part){ bytes, swappiness };
}

/*
 * The share of anonymous memory that is asked for apart, of 1; < 0: it is left
 * to the kernel.  TMO's rule is file cache first, and swap once that refaults.
 * lru_gen keeps taking file cache alone then, the hot part of it as well,
 * whatever a swappiness below 200 says (mm/vmscan.c, get_type_to_scan(),
 * positive_ctrl_err()); so there the share is made by two writes.
 */
static double anon_share(const struct scene *s)
{
	uint64_t cold = cold_left(s), swappiness = s->guard.swappiness;
	uint64_t anon = s->guard.anon_lru_bytes, file = s->guard.file_lru_bytes;

	if (cold != NUM_NONE && cold)
		return (double)target_cold_anon(s->t) / (double)cold;
	if (!s->run->host.lru_gen || !swappiness || swappiness >= 200 ||
	    anon == NUM_NONE || file == NUM_NONE || !(anon + file) ||
	    !within(s, s->t->file_back_us, FILE_BACK_US))
		return -1;
	/* What is asked for is in proportion to what is there, too. */
	return (double)swappiness * (double)anon /
	       ((double)swappiness * (double)anon +
		(double)(200 - swappiness) * (double)file);
}

/* Which kinds of pages the step is to be of. */
static void split(struct scene *s, uint64_t want)
{
	const struct run *run = s->run;
	double share = anon_share(s);
	uint64_t anon =
		share < 0 ? 0
			  : (uint64_t)((double)want * share) & ~UINT64_C(4095);
	int most =
		run->swappiness_max || !run->probed ? ACT_SWAPPINESS_MAX : 200;

	if (run->probed && !run->swappiness) {
		add_part(s, want, ACT_SWAPPINESS_NONE);
	} else if (s->file_only) {
		add_part(s, want, 0);
	} else if (share >= 0) {
		add_part(s, anon, most);
		add_part(s, want - anon, 0);
	} else if (s->guard.swappiness == NUM_NONE) {
		add_part(s, want, ACT_SWAPPINESS_NONE);
	} else {
		add_part(s, want,
			 s->guard.swappiness > 200 ? most
						   : (int)s->guard.swappiness);
	}
}

/* Was the step what it was for the size of the base? */
static bool of_size(enum reason why)
{
	return why == REASON_LAW || why == REASON_CAP || why == REASON_SMALL ||
	       why == REASON_FLOOR;
}

/* The bytes to ask for, and r->reason. */
static uint64_t decide(struct scene *s)
{
	const struct policy *p = &s->run->policy;
	uint64_t most = s->in->max_step_bytes != NUM_NONE
				? s->in->max_step_bytes
				: p->max_step_bytes;
	struct law_out l = ask_law(s);
	enum reason why = hold(s);
	uint64_t want;

	s->t->adaptive_bytes = guard_adapt(
		s->t->adaptive_bytes, s->guard.current_bytes, s->psi.window_us,
		!l.step_bytes && l.reason == REASON_REFAULT);
	s->r->gain = s->t->law.gain;
	s->r->floor_bytes = s->floor.bytes;
	s->r->reason = why != REASON_LAW ? why : l.reason;
	if (why != REASON_LAW)
		return 0;
	want = guard_bound(&s->guard, &s->floor, s->base_bytes, most,
			   l.step_bytes, &s->r->reason);
	if (s->file_only && of_size(s->r->reason))
		s->r->reason = s->swap;
	return want;
}

/* ---- write ---- */

/* What the kernel takes: a write of no bytes does nothing but be parsed. */
static void probe(struct run *run, int fd)
{
	static const char plain[] = "0 swappiness=60\n";
	static const char max[] = "0 swappiness=max\n";

	if (run->probed)
		return;
	run->probed = true;
	run->swappiness = run->swappiness_max = !run->high;
	if (!root_is_live() || run->high)
		return;
	run->swappiness = write(fd, plain, sizeof(plain) - 1) > 0;
	run->swappiness_max = write(fd, max, sizeof(max) - 1) > 0;
}

/*
 * Writes may take half of the time there is, and one of them half of what is
 * left of that: no slow cgroup delays the others by more than a share.
 */
static uint64_t time_for_write(struct run *run, uint64_t now_us)
{
	uint64_t most = run->policy.interval_us / 2;

	if (!root_is_live() || run->policy.law == LAW_ONCE)
		return run->policy.deadline_us;
	run->wait_us += (now_us - run->waited_at_us) / 2;
	run->wait_us = least(run->wait_us, most);
	run->waited_at_us = now_us;
	return least(run->policy.deadline_us, run->wait_us / 2 + 20000);
}

static void say_write(const struct scene *s, uint64_t bytes, int swappiness)
{
	const char *key = s->cg->key[1] ? s->cg->key : "";
	char text[ACT_TEXT];

	act_text(text, bytes, swappiness);
	if (s->run->policy.node >= 0)
		note("would write '%s' to the reclaim file of node %d", text,
		     s->run->policy.node);
	else if (s->run->high)
		note("would lower '%s/memory.high' by %s and restore it", key,
		     text);
	else
		note("would write '%s' to '%s/memory.reclaim'", text, key);
}

/* As they are when each is fast. */
static void say_writes(const struct scene *s)
{
	for (size_t i = 0; i < s->parts; i++) {
		uint64_t left = s->part[i].bytes;
		uint64_t most = s->run->policy.chunk_bytes;
		uint64_t size = s->run->high ? most : chunk_first(most);

		while (left) {
			uint64_t n = least(left, size);

			say_write(s, n, s->part[i].swappiness);
			left -= n;
			size = chunk_next(size, 0, most);
		}
	}
}

static enum reason of_end(struct scene *s, const struct act_job *j)
{
	static const enum reason ends[] = {
		[ACT_PARTIAL] = REASON_PARTIAL,
		[ACT_CUT_PSI] = REASON_CUT_PSI,
		[ACT_CUT_SIGNAL] = REASON_CUT_SIGNAL,
		[ACT_DEADLINE] = REASON_DEADLINE,
		[ACT_STUCK] = REASON_STUCK,
	};
	enum reason why;

	if (j->end == ACT_DONE)
		return s->r->reason;
	if (j->end != ACT_FAILED)
		return ends[j->end];
	why = of_errno(j->err);
	if (why != REASON_GONE && why != REASON_BUSY)
		complain(s, j->err, "cannot write memory.reclaim of");
	return why;
}

static void take(struct scene *s)
{
	struct run *run = s->run;
	struct act_job j = {
		.fd = s->t->reclaim_fd - 1,
		.psi_fd = s->t->psi_fd - 1,
		.dir_fd = run->high ? s->cg->fd : -1,
		.key = s->cg->key,
		.parts = s->parts,
		.chunk_bytes = run->policy.chunk_bytes,
		.deadline_us = time_for_write(run, s->now_us),
		.alarm_us = run->policy.alarm_us,
	};

	memcpy(j.part, s->part, sizeof(j.part));
	tell_parents(s);
	act_run(run->act, &j);
	s->r->stall_us = j.stall_us;
	s->r->elapsed_us = j.elapsed_us;
	s->r->reason = of_end(s, &j);
	if (j.cut_us)
		debug("'%s': cut within %" PRIu64 " us of the alarm",
		      s->cg->key, j.cut_us);
	s->t->own_us += j.elapsed_us;
	run->wait_us -= least(run->wait_us, j.elapsed_us);
	s->t->partial = j.end != ACT_DONE;
}

/* ---- account ---- */

/*
 * Success without any yield, three times: a kernel without NUMA between 6.17
 * and 6.19 does nothing and says it did.
 */
static void judge_yield(struct scene *s, bool acted)
{
	if (!acted || s->r->y.got_bytes || s->t->partial)
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

	return pages != NUM_NONE && pages >= LAW_LEAST_BYTES / LAW_PAGE_BYTES;
}

static void account(struct scene *s, bool acted)
{
	struct target *t = s->t;
	struct result *r = s->r;
	struct reading after = s->before;
	bool above;

	if (acted && read_target(s, &after)) {
		r->reason = REASON_GONE;
		return;
	}
	if (!t->known)
		target_begin(t, &s->before);
	above = t->known && t->above_acted_us >= t->read_us;
	target_account(t, above ? &t->last : &s->before, &after, acted || above,
		       &s->run->host, &r->y);
	judge_yield(s, acted);
	t->got_bytes = r->y.got_bytes;
	t->scanned_bytes = r->y.scanned_bytes;
	t->cold.taken_anon_bytes += r->y.got_anon_bytes;
	t->cold.taken_file_bytes += r->y.got_file_bytes;
	add_up(&t->sum, r, acted);
	r->memory_bytes = after.current_bytes;
	r->offloaded_bytes = target_offloaded(t, &after);
	r->saved_bytes = target_saved(t, &after, &s->run->host);
	r->accounted = true;
	target_sample(t, after.current_bytes);
	if (t->known &&
	    guard_grew(s->before.current_bytes, t->last.current_bytes))
		t->grown_us = s->now_us;
	if (t->known && file_came_back(&after.stat, &t->last.stat))
		t->file_back_us = s->now_us;
	t->last = after;
	t->known = true;
	t->read_us = s->now_us;
	t->asleep_us = s->asleep_us;
}

/* memory.reclaim; where the kernel has none, memory.high. */
static int open_target(struct scene *s)
{
	struct run *run = s->run;
	int err = -ENOENT;

	if (run->policy.node >= 0) {
		/* For its pressure, which is the system's. */
		target_open(&run->set, s->cg, s->t, "");
		return target_open_node(s->t, run->policy.node);
	}
	run->high |= run->policy.high;
	if (!run->high)
		err = target_open(&run->set, s->cg, s->t, "memory.reclaim");
	if (err != -ENOENT)
		return err;
	err = target_open(&run->set, s->cg, s->t, "memory.high");
	if (!err && !run->high)
		note("no memory.reclaim (before 5.19): memory.high is lowered "
		     "and restored in its place");
	run->high |= !err;
	return err;
}

/* Opens and reads: REASON_LAW, or why that cannot be. */
static enum reason look(struct scene *s)
{
	struct run *run = s->run;
	int err = open_target(s);

	if (err == -EWOULDBLOCK)
		return REASON_LOCKED;
	if (err && !(run->policy.dry_run && err == -EACCES)) {
		if (err == -ENOENT) {
			complain(s, 0,
				 s->run->policy.node >= 0
					 ? "no reclaim of a node (6.17) for"
					 : "no memory controller in");
			return REASON_UNSUPPORTED;
		}
		complain(s, err, "cannot open memory.reclaim of");
		return of_errno(err);
	}
	meet_parents(s);
	if (s->t->reclaim_fd)
		probe(run, s->t->reclaim_fd - 1);
	err = read_target(s, &s->before);
	if (err)
		return of_errno(err);
	look_at_pressure(s);
	look_at_limits(s);
	look_at_refaults(s);
	target_evidence(s->t, s->in);
	return REASON_LAW;
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
		.memory_bytes = NUM_NONE,
		.floor_bytes = NUM_NONE,
	};
	if (!s.t->first_us)
		s.t->first_us = s.now_us;
	if (host_read(&run->host, run->policy.kill_switch))
		above_forget(&run->above);
	r->reason = look(&s);
	if (r->reason != REASON_LAW)
		return;
	want = decide(&s);
	r->want_bytes = want;
	if (want)
		split(&s, want);
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

/* A recording says less than a kernel: what is not there is no obstacle. */
static void look_at_recording(struct scene *s)
{
	const struct row_input *in = s->in;
	struct guard_in *g = &s->guard;

	s->now_us = in->time_ms >= 0 ? (uint64_t)in->time_ms * 1000
				     : s->t->read_us + in->window_us;
	s->before.current_bytes = in->memory_bytes;
	look_at_pressure(s);
	set_guard(s);
	g->file_lru_bytes = known(in->file_bytes);
	g->anon_lru_bytes =
		in->anon_bytes != NUM_NONE ? in->anon_bytes : in->memory_bytes;
	if (g->swap_left_bytes == NUM_NONE)
		g->swap_left_bytes = NUM_MAX;
	use_guard(s);
	s->t->got_bytes = known(in->got_bytes);
	s->refaulted_bytes = known(in->refaulted_bytes);
	target_evidence(s->t, in);
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
		.memory_bytes = in->memory_bytes,
		.accounted = true,
	};
	r->want_bytes = decide(&s);
	if (r->want_bytes)
		split(&s, r->want_bytes);
	say_writes(&s);
	if (t->known && guard_grew(in->memory_bytes, t->last.current_bytes))
		t->grown_us = s.now_us;
	t->last = s.before;
	t->known = true;
	t->read_us = s.now_us;
}

/* How much -b asks of this cgroup. */
static uint64_t asked(struct run *run, const struct cg *cg)
{
	uint64_t current;

	if (run->policy.once_bytes)
		return run->policy.once_bytes & ~UINT64_C(4095);
	if (mem_current(&run->set, cg, &current))
		return 0;
	return (uint64_t)((double)current * run->policy.once_pct / 100) &
	       ~UINT64_C(4095);
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
	struct result step;

	*r = (struct result){ 0 };
	run->once_left_bytes = asked(run, cg);
	do {
		period(run, cg, in, &step);
		merge(r, &step);
		run->once_left_bytes -= step.want_bytes;
		run->host.read_us = 0; /* steps follow at once: look anew */
	} while (run->once_left_bytes && step.want_bytes && !t->partial &&
		 step.reason != REASON_GONE && !clock_stopped());
	run->short_of |= run->once_left_bytes || t->partial;
}
