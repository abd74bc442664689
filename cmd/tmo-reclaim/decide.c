#include <math.h>

#include "deciding.h"

#include "mem.h"
#include "num.h"

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
		.harm = { -1, -1 },
	};
}

bool decide_within(uint64_t now_us, uint64_t then_us, uint64_t time_us)
{
	return then_us && now_us - then_us < time_us;
}

bool deciding_within(const struct deciding *s, uint64_t then_us,
		     uint64_t time_us)
{
	return decide_within(s->o->now_us, then_us, time_us);
}

/* ---- what the guards are asked with ---- */

/* A tenth of it, so that a host of small services has something to give. */
static uint64_t headroom(const struct policy *p, uint64_t current_bytes)
{
	static const uint64_t most = 100 << 20;

	return p->headroom_bytes != NUM_NONE
		       ? p->headroom_bytes
		       : num_least(most, current_bytes / 10);
}

/*
 * A huge page is taken whole: where they are more than a few, a write that may
 * take anonymous memory takes one at least.
 */
static uint64_t trip_bytes(const struct observation *o)
{
	uint64_t least = mem_reclaim_least_bytes();

	if (num_known(o->anon_thp_bytes) <= num_known(o->anon_bytes) / 8)
		return least;
	return num_most(least, o->huge_page_bytes);
}

/*
 * What the budget of writes allows by now.  Before the drive zswap takes nearly
 * all; what passes it by is owed, and without it a step must have earned all of
 * what it writes.
 */
static void earn_writes(struct deciding *s)
{
	const struct observation *o = s->o;
	double *left = &s->m->write_left_bytes, granted;

	/* Where no swap is left pages are demoted, and none is written. */
	s->writes = s->g.swap_write < NUM_MAX && o->next_device && !o->zswap &&
		    num_known(s->g.swap_left_bytes);
	s->g.write_bytes = s->writes ? s->trip_bytes : 0;
	if (s->g.swap_write < NUM_MAX) {
		/*
		 * A row grants for its own window.  What is not used is lost,
		 * as in the bucket that grants it.
		 */
		granted = (double)s->g.swap_write *
			  (double)num_least(o->elapsed_us, o->psi.window_us) /
			  1e6;
		*left = fmin(fmax(granted, (double)s->trip_bytes),
			     *left + granted);
	}
	s->g.write_left_bytes = *left;
}

/* No part is above its whole, however a counter went wrong. */
static uint64_t part_of(uint64_t bytes, uint64_t whole_bytes)
{
	return bytes == NUM_NONE ? bytes : num_least(bytes, whole_bytes);
}

static void set_bounds(struct deciding *s)
{
	const struct policy *p = s->p;
	const struct row_input *in = &s->o->row;
	struct bounds_in *g = &s->g;

	*g = s->o->g;
	g->anon_lru_bytes = part_of(g->anon_lru_bytes, g->current_bytes);
	g->file_lru_bytes = part_of(g->file_lru_bytes, g->current_bytes);
	/* What was in swap before us is no part of what we are taking. */
	g->swapped_bytes = num_least(num_known(g->swapped_bytes),
				     (uint64_t)s->m->away_bytes);
	g->headroom_bytes =
		headroom(p, num_less(g->current_bytes, g->below_bytes));
	g->row_floor_bytes =
		in->floor_bytes != NUM_NONE ? in->floor_bytes : p->floor_bytes;
	g->swap_limit_mpct = p->swap_limit_mpct;
	g->swap_write = in->swap_write;
	g->swappiness = in->swappiness;
	g->rotational &= !p->rotational;
	if (in->swap_left_bytes < g->swap_left_bytes)
		g->swap_left_bytes = in->swap_left_bytes;
	/* A swappiness of 0 for want of swap. */
	if (in->tier && g->demotable_bytes && !num_known(g->swap_left_bytes))
		g->swappiness = NUM_NONE;
	g->saves_nothing = s->o->now_us < s->m->worthless.until_us;
}

/*
 * Reclaim of a cgroup takes from those below it as well, so their harm is its
 * own.  Unknown is none, and beyond the limit is at the limit.
 */
static void set_harm(struct deciding *s)
{
	int64_t own = s->o->row.harm.mpct, below = s->o->below_harm_mpct;

	s->d.harm_mpct = own > below ? own : below;
	s->harm_pct = fmin(fmax(0, (double)s->d.harm_mpct / 1e3), 100);
}

/* Which kinds may be taken, down to where, and of how much. */
static void use_bounds(struct deciding *s)
{
	s->m->most_bytes = num_most(s->m->most_bytes, s->g.current_bytes);
	/* The other laws have no use for it. */
	if (s->p->law == LAW_DEFAULT)
		evidence_take(s);
	/* What refaults have taught tells less than what is known. */
	s->g.adaptive_bytes = s->m->cold.known ? 0 : s->m->adaptive_bytes;
	s->trip_bytes = trip_bytes(s->o);
	earn_writes(s);
	s->swap = bounds_swap(&s->g);
	s->file_only = s->swap != REASON_LAW;
	s->floor = bounds_floor(&s->g, s->file_only);
	/* The other laws are of all that it uses, as their authors have it. */
	s->base_bytes = s->p->law == LAW_DEFAULT || s->file_only
				? bounds_base(&s->g, s->file_only)
				: s->g.current_bytes;
	if (s->file_only)
		s->trip_bytes = mem_reclaim_least_bytes();
}

/* ---- the law ---- */

/* Of the base, what a blind step is for. */
static uint64_t blind_base(const struct deciding *s)
{
	uint64_t base;

	if (!s->files_alone)
		return s->base_bytes;
	if (s->m->cold.file_bytes != NUM_NONE)
		return 0;
	base = num_least(s->base_bytes, bounds_base(&s->g, true));
	/* The text of a program is no page cache to spare. */
	return base < s->g.current_bytes / 100 ? 0 : base;
}

static double limit_pct(int64_t of_row_mpct, double of_policy_pct)
{
	return of_row_mpct >= 0 ? (double)of_row_mpct / 1e3 : of_policy_pct;
}

static struct law_out ask_law(struct deciding *s, bool held)
{
	const struct policy *p = s->p;
	const struct observation *o = s->o;
	struct law_in l;

	/*
	 * Evidence is never worse than none: where it can tell little, what is
	 * left is for the steps without.
	 */
	s->files_alone = evidence_cold(s) != NUM_NONE && !evidence_hides(s);
	l = (struct law_in){
		.psi = o->psi,
		.last = s->m->last,
		.elapsed_us = o->elapsed_us,
		.least_bytes = s->trip_bytes,
		.mem_limit_pct =
			limit_pct(o->row.mem_limit_mpct, p->mem_limit_pct),
		.io_limit_pct =
			limit_pct(o->row.io_limit_mpct, p->io_limit_pct),
		.harm_pct = s->harm_pct,
		.harm_known = s->d.harm_mpct >= 0,
		.ratio = p->ratio,
		.current_bytes = s->g.current_bytes,
		.base_bytes = s->base_bytes,
		.blind_bytes = blind_base(s),
		.files_alone = s->files_alone,
		.floor_bytes = s->floor.bytes,
		.asked_bytes = num_least(o->left_bytes, p->chunk_bytes),
		.cold_bytes = evidence_cold(s),
		.refaulted_bytes = o->refaulted_bytes,
		.anon_taken_bytes = s->m->anon_taken_bytes,
		.anon_back_bytes = s->m->anon_back_bytes,
		.held = held,
	};

	return law_step(p->law, &l, &s->m->law);
}

/* ---- bounds ---- */

/* Was the step what it was for the size of the base? */
static bool of_size(enum reason why)
{
	return why == REASON_LAW || why == REASON_CAP || why == REASON_SMALL ||
	       why == REASON_FLOOR;
}

uint64_t memory_overshoot(const struct memory *m)
{
	return m->overshoot_bytes > 0 ? (uint64_t)m->overshoot_bytes : 0;
}

/* Of a step, what is left after what was taken too much is paid for. */
static uint64_t pay_overshoot(struct deciding *s, uint64_t step_bytes)
{
	uint64_t paid = num_least(memory_overshoot(s->m), step_bytes);

	s->m->overshoot_bytes -= (int64_t)paid;
	step_bytes -= paid;
	if (!paid || step_bytes >= s->trip_bytes)
		return step_bytes;
	s->m->law.carry_bytes += (double)step_bytes;
	s->d.reason = REASON_OVERSHOOT;
	return 0;
}

static uint64_t bound(struct deciding *s, const struct law_out *l)
{
	uint64_t most = s->o->row.max_step_bytes != NUM_NONE
				? s->o->row.max_step_bytes
				: s->p->max_step_bytes;
	enum reason *why = &s->d.reason;
	uint64_t want = bounds_step(&s->g, &s->floor, s->base_bytes, most,
				    l->step_bytes, why),
		 probe;

	if (want && s->p->law != LAW_ONCE)
		want = pay_overshoot(s, want);
	if (s->writes && !s->file_only &&
	    (double)want > s->g.write_left_bytes) {
		want = mem_whole_pages((uint64_t)s->g.write_left_bytes);
		*why = REASON_SWAP_BUDGET;
	}
	probe = num_most(DECIDE_PROBE_BYTES, s->trip_bytes);
	if (s->m->worthless.long_us && !s->file_only && want > probe) {
		want = probe;
		*why = REASON_SAVES_NOTHING;
	}
	if (want)
		s->m->overshoot_bytes += (int64_t)l->lent_bytes;
	if (s->file_only &&
	    (of_size(*why) || (*why == REASON_ASKED && want < l->step_bytes)))
		*why = s->swap;
	return want;
}

/* ---- the whole ---- */

struct decision decide(const struct policy *p, const struct observation *o,
		       struct memory *m)
{
	struct deciding s = { .p = p, .o = o, .m = m };
	struct law_out l;
	enum reason held;
	uint64_t want = 0;

	if (o->others_known)
		reclaimer_look(&m->other, o->others_steal_bytes, o->high_bytes,
			       o->now_us);
	guards_see_growth(&s);
	set_bounds(&s);
	use_bounds(&s);
	set_harm(&s);
	held = guards_ask(&s);
	l = ask_law(&s, held != REASON_LAW);
	m->adaptive_bytes = bounds_adapt(m->adaptive_bytes, o->g.current_bytes,
					 o->psi.window_us, l.burst);
	s.d.reason = held != REASON_LAW ? held : l.reason;
	if (held == REASON_LAW)
		want = bound(&s, &l);
	if (want)
		kinds_split(&s, want, l.cold);
	if (want && !s.d.parts)
		s.d.reason = REASON_SMALL;
	for (size_t i = 0; i < s.d.parts; i++)
		s.d.want_bytes += s.d.part[i].bytes;
	s.d.swap = s.swap;
	s.d.trip_bytes = s.trip_bytes;
	s.d.floor_bytes = s.floor.bytes;
	s.d.gain = m->cold.known ? m->law.cold_gain : m->law.gain;
	return s.d;
}
