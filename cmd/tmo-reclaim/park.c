/* --park: a record of what is in memory, and then as much of it out as goes. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "parkdir.h"
#include "parking.h"
#include "period.h"
#include "resident.h"

/* Between two looks at the guards. */
static const uint64_t STEP_BYTES = 16 << 20;
/* Steps in a row that bring less than an eighth, after which no more comes. */
enum { FRUITLESS = 3 };

/* A cgroup that is parked. */
struct parked_one {
	struct run *run;
	struct cg *cg;
	struct result *r;
	struct row_input in; /* its budget alone */
	uint64_t start_us, start_swap_bytes;
	char path[IO_PATH];
	int held; /* the record, or -1 */
	unsigned int fruitless;
};

/* ---- the record, before anything is taken ---- */

static enum reason fail(struct parked_one *o, int err, const char *what)
{
	warn(err, "%s '%s'", what, o->path);
	o->run->failed = true;
	return REASON_ERROR;
}

/* What stands in an old one is still out, but for what is in the new one. */
static enum reason keep_old(struct parked_one *o, struct parkfile *f)
{
	struct parkfile was;
	int err = parkdir_read(o->path, o->cg, &was);

	if (!err) {
		parkfile_merge(f, &was);
		parkfile_free(&was);
	}
	if (err && err != -ENOENT)
		return fail(
			o, err,
			"nothing is parked: cannot read the record that "
			"would be replaced, remove it if it is not needed:");
	return REASON_LAW;
}

/* The new one in the place of the old, which nobody uses meanwhile. */
static enum reason replace(struct parked_one *o, struct parkfile *f)
{
	int old = parkdir_hold(o->path), err;

	if (old == -EWOULDBLOCK)
		return REASON_LOCKED;
	err = parkdir_write(o->path, f);
	if (old >= 0)
		close(old);
	if (err)
		return fail(o, err, "nothing is parked: cannot write");
	o->held = parkdir_hold(o->path);
	return o->held < 0 ? REASON_LOCKED : REASON_LAW;
}

static uint64_t all_pages(const struct parkfile *f)
{
	uint64_t n = 0;

	for (size_t i = 0; i < f->processes; i++)
		n += parkfile_pages(f, f->process + i);
	return n;
}

static enum reason write_down(struct parked_one *o)
{
	struct parkfile f = { .ino = o->cg->ino };
	enum reason why;
	uint64_t pid;
	int err = parkdir_path(o->run->policy.park_dir, o->cg, o->path);

	if (err)
		return fail(o, err, "no place for a record: see --park-dir");
	f.key = xstrdup(o->cg->key);
	err = resident_cgroup(&o->run->set, o->cg, &f, &pid);
	why = clock_stopped() ? REASON_CUT_SIGNAL : REASON_LAW;
	if (err) {
		why = reason_of_errno(err);
		o->run->failed |= why != REASON_GONE;
		if (why != REASON_GONE)
			warn(err,
			     "'%s': cannot read the pages of process %" PRIu64,
			     o->cg->key, pid);
	}
	if (why == REASON_LAW)
		why = keep_old(o, &f);
	if (why == REASON_LAW && o->run->policy.dry_run)
		note("would write '%s': %zu processes, %zu runs, %" PRIu64
		     " bytes in memory",
		     o->path, f.processes, f.runs,
		     all_pages(&f) * mem_page_bytes());
	else if (why == REASON_LAW)
		why = replace(o, &f);
	parkfile_free(&f);
	return why;
}

/* ---- the guards of --park; those of a period are in guards.c ---- */

/* What holds all of it back, apart from being frozen, which it should be. */
static enum reason may_park(const struct period *s)
{
	if (s->run->high) {
		warn(0, "--park needs memory.reclaim (Linux 5.19)");
		return REASON_UNSUPPORTED;
	}
	if (s->o.off)
		return REASON_OFF;
	if (s->o.self)
		return REASON_SELF;
	if (!s->o.psi.known)
		return REASON_NO_PSI;
	return s->o.empty ? REASON_EMPTY : REASON_LAW;
}

/* The machine's and the policy's part of the bounds. */
static void bound(const struct parked_one *o, struct period *s)
{
	const struct policy *p = &o->run->policy;
	struct bounds_in *g = &s->o.g;
	uint64_t us = num_most(s->now_us - o->start_us, p->interval_us);
	bool writes = s->o.next_device && !s->o.zswap;

	g->swap_limit_mpct = p->swap_limit_mpct;
	g->swappiness = NUM_NONE;
	g->rotational &= !p->rotational;
	g->headroom_bytes =
		p->headroom_bytes == NUM_NONE ? 0 : p->headroom_bytes;
	g->row_floor_bytes = p->floor_bytes;
	g->swap_write = o->in.swap_write;
	if (g->swap_write && !writes)
		g->swap_write = NUM_NONE;
	if (g->swap_write >= NUM_MAX)
		return;
	/* What the rate has earned since, and in one period at least. */
	g->write_bytes = mem_reclaim_least_bytes();
	g->write_left_bytes = (double)g->swap_write * (double)us / 1e6 -
			      (double)num_less(num_known(g->swapped_bytes),
					       o->start_swap_bytes);
}

/*
 * The next step: REASON_LAW, or why there is none.  turn is the kind that is
 * asked for: both, anonymous memory, file cache.
 */
static enum reason plan(const struct parked_one *o, struct period *s, int turn)
{
	struct run *run = s->run;
	int anon = run->swappiness_max ? ACT_SWAPPINESS_MAX : 200;
	int kinds[] = { ACT_SWAPPINESS_NONE, anon, 0 };
	struct bounds_floor floor;
	enum reason swap;
	uint64_t room;

	bound(o, s);
	swap = bounds_swap(&s->o.g);
	floor = bounds_floor(&s->o.g, swap != REASON_LAW);
	room = num_less(s->o.g.current_bytes, floor.bytes);
	s->r->floor_bytes = floor.bytes;
	if (room < mem_reclaim_least_bytes() ||
	    (swap != REASON_LAW && turn == 1))
		return swap != REASON_LAW ? swap : floor.reason;
	if (swap != REASON_LAW && swap != REASON_NO_SWAP && !run->swappiness)
		return REASON_NO_SWAPPINESS;
	if (turn && !run->swappiness)
		return REASON_PARTIAL;
	s->d.parts = 1;
	s->d.part[0] = (struct act_part){
		.bytes = mem_whole_pages(num_least(room, STEP_BYTES)),
		.swappiness = swap == REASON_LAW ? kinds[turn]
			      : run->swappiness	 ? 0
						 : ACT_SWAPPINESS_NONE,
	};
	return REASON_LAW;
}

/* ---- taking ---- */

/* Looks: REASON_LAW, or why no more can be done. */
static enum reason look(struct parked_one *o, struct period *s)
{
	struct run *run = o->run;

	*s = (struct period){
		.run = run,
		.cg = o->cg,
		.t = o->cg->data,
		.in = &o->in,
		.r = o->r,
		.now_us = clock_mono_us(),
	};
	run->host.read_us = 0; /* steps follow at once: look anew */
	host_read(&run->host, run->policy.kill_switch);
	ancestors_forget(&run->ancestors);
	o->r->reason = observe(s);
	if (o->r->reason == REASON_LAW)
		o->r->memory_bytes = s->o.g.current_bytes;
	return o->r->reason == REASON_LAW ? may_park(s) : o->r->reason;
}

/*
 * What a step brought: REASON_LAW where it goes on, REASON_PARTIAL where this
 * kind has no more.
 */
static enum reason judge(struct parked_one *o, const struct period *s)
{
	uint64_t wanted = s->d.part[0].bytes, now_bytes, swap_bytes = 0;
	enum reason why = o->r->reason;

	o->r->want_bytes += wanted;
	if (why != REASON_LAW && why != REASON_PARTIAL &&
	    why != REASON_DEADLINE)
		return why;
	if (cg_read_u64(&o->run->set, o->cg, "memory.current", &now_bytes))
		return REASON_GONE;
	o->fruitless++;
	if (num_less(s->o.g.current_bytes, now_bytes) >= wanted / 8)
		o->fruitless = 0;
	if (o->fruitless < FRUITLESS && why != REASON_PARTIAL)
		return REASON_LAW;
	if (o->fruitless < FRUITLESS)
		return o->fruitless ? REASON_PARTIAL : REASON_LAW;
	cg_read_u64(&o->run->set, o->cg, "memory.swap.current", &swap_bytes);
	return num_less(swap_bytes, num_known(s->o.g.swapped_bytes)) >=
			       wanted / 2
		       ? REASON_SAVES_NOTHING
		       : REASON_PARTIAL;
}

static enum reason take_all(struct parked_one *o, struct period *s)
{
	enum reason why;

	for (int turn = 0; turn < 3;) {
		if (clock_stopped())
			return REASON_CUT_SIGNAL;
		if (s->now_us - o->start_us >= o->run->policy.within_us)
			return REASON_DEADLINE;
		why = plan(o, s, turn);
		if (why != REASON_LAW)
			return why;
		take(s);
		why = judge(o, s);
		if (why == REASON_PARTIAL) {
			turn++;
			o->fruitless = 0;
		} else if (why != REASON_LAW) {
			return why;
		}
		why = look(o, s);
		if (why != REASON_LAW)
			return why;
	}
	return REASON_PARTIAL;
}

/* Ends as it should: what is left cannot be taken. */
static bool is_whole(enum reason why)
{
	return why == REASON_PARTIAL || why == REASON_FLOOR ||
	       why == REASON_EMPTY;
}

void park(struct run *run, struct cg *cg, uint64_t swap_write, struct result *r)
{
	struct parked_one o = {
		.run = run,
		.cg = cg,
		.r = r,
		.start_us = clock_mono_us(),
		.held = -1,
	};
	struct period s;
	enum reason why;
	uint64_t before;

	row_input_clear(&o.in);
	o.in.swap_write = swap_write;
	why = look(&o, &s);
	before = r->memory_bytes;
	o.start_swap_bytes = num_known(s.o.g.swapped_bytes);
	if (why == REASON_LAW)
		why = write_down(&o);
	if (why == REASON_LAW && run->policy.dry_run) {
		why = plan(&o, &s, 0);
		if (why == REASON_LAW)
			say_writes(&s);
	} else if (why == REASON_LAW) {
		why = take_all(&o, &s);
		if (cg_read_u64(&run->set, cg, "memory.current",
				&r->memory_bytes))
			r->memory_bytes = NUM_NONE;
	}
	if (o.held >= 0)
		close(o.held);
	target_close(cg->data);
	r->parked_bytes = r->left_bytes = NUM_NONE;
	if (r->memory_bytes != NUM_NONE) {
		r->parked_bytes = num_less(before, r->memory_bytes);
		r->left_bytes = r->memory_bytes;
	}
	r->parking = true;
	r->elapsed_us = clock_mono_us() - o.start_us;
	r->reason = why;
	run->failed |= reason_kind(why) == REASON_BROKEN;
	run->short_of |= !is_whole(why) && !run->policy.dry_run;
}
