#include "decide.h"

#include <math.h>

#include "mem.h"
#include "num.h"

enum { FILE_BACK_US = 60000000 }; /* file refaults are remembered so long */

/* A decision on its way. */
struct deciding {
	const struct policy *p;
	const struct observation *o;
	struct memory *m;
	struct guard_in g; /* with what the policy and the row say */
	enum reason swap;
	bool file_only;
	bool writes; /* each page of anonymous memory reaches the drive */
	struct guard_floor floor;
	uint64_t base_bytes, trip_bytes;
	struct decision d;
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

bool decide_within(uint64_t now_us, uint64_t then_us, uint64_t time_us)
{
	return then_us && now_us - then_us < time_us;
}

static bool within(const struct deciding *s, uint64_t then_us, uint64_t time_us)
{
	return decide_within(s->o->now_us, then_us, time_us);
}

/* ---- evidence ---- */

/* The rows repeat what a scan found until the next one. */
static bool is_news(const struct evidence *e, const struct row_input *in)
{
	return e->anon_bytes != in->cold_anon_bytes ||
	       e->file_bytes != in->cold_file_bytes ||
	       e->of_anon_bytes != in->anon_bytes ||
	       e->of_file_bytes != in->file_bytes;
}

/* What the scan saw and is no longer there. */
static uint64_t gone(uint64_t of_bytes, uint64_t now_bytes)
{
	if (of_bytes == NUM_NONE || now_bytes == NUM_NONE)
		return 0;
	return of_bytes - num_least(of_bytes, now_bytes);
}

/* Longer than cold-scan --annotate lets a cgroup rest. */
enum { KEPT_AGES = 10 };

/*
 * What was known and is not seen again, as of a cgroup whose ages cold-scan
 * lets rest: nothing of it is known to be cold any more, and for a time that
 * most of its anonymous memory was hot tells more than a blind step could.
 */
static void keep_evidence(struct evidence *e, uint64_t age_us, uint64_t now_us)
{
	bool keep = e->known && age_us < NUM_MAX / KEPT_AGES &&
		    now_us - e->seen_us < KEPT_AGES * age_us;

	*e = (struct evidence){
		.known = keep,
		.seen_us = e->seen_us,
		.file_bytes = NUM_NONE,
		.of_anon_bytes = NUM_NONE,
		.of_file_bytes = NUM_NONE,
	};
}

/* No part is above its whole, nor above what the cgroup ever held. */
static bool can_be(const struct row_input *in, uint64_t most_bytes)
{
	uint64_t anon = in->cold_anon_bytes;
	uint64_t file = num_known(in->cold_file_bytes);

	return anon <= in->anon_bytes && file <= in->file_bytes &&
	       anon <= most_bytes && file <= most_bytes - anon;
}

/* Takes the row's evidence; what cannot be is none. */
static void take_evidence(struct deciding *s)
{
	const struct row_input *in = &s->o->row;
	uint64_t now_us = s->o->now_us;
	struct evidence *e = &s->m->cold;

	if (in->cold_to_come && !e->known && !s->m->awaited_us)
		s->m->awaited_us = now_us;
	if (!in->cold_ok || !can_be(in, s->m->most_bytes)) {
		keep_evidence(e, in->age_us, now_us);
		return;
	}
	e->seen_us = now_us;
	if (!e->known || is_news(e, in))
		*e = (struct evidence){
			.known = true,
			.seen_us = now_us,
			.anon_bytes = in->cold_anon_bytes,
			.file_bytes = in->cold_file_bytes,
			.of_anon_bytes = in->anon_bytes,
			.of_file_bytes = in->file_bytes,
		};
	/*
	 * A pass takes its time: what was taken meanwhile may be among what it
	 * had found cold before.  The sizes that it found tell.
	 */
	e->taken_anon_bytes =
		num_most(e->taken_anon_bytes,
			 gone(e->of_anon_bytes, s->g.anon_lru_bytes));
	e->taken_file_bytes =
		num_most(e->taken_file_bytes,
			 gone(e->of_file_bytes, s->g.file_lru_bytes));
}

/* Of what was found, what was not taken since and can still be there. */
static uint64_t still_cold(uint64_t found_bytes, uint64_t taken_bytes,
			   uint64_t lru_bytes)
{
	uint64_t left = found_bytes - num_least(found_bytes, taken_bytes);

	return lru_bytes == NUM_NONE ? left : num_least(left, lru_bytes);
}

/*
 * Of what is known to be cold the demoted lies on a slower node.  Asked for
 * that much, reclaim would demote as much again of what is not cold.
 */
static uint64_t cold_anon(const struct deciding *s)
{
	const struct evidence *e = &s->m->cold;
	uint64_t bytes = still_cold(e->anon_bytes, e->taken_anon_bytes,
				    s->g.anon_lru_bytes);

	return s->file_only ? 0
			    : bytes - num_least(bytes, s->g.slow_anon_bytes);
}

/* What is known to be cold; NUM_NONE: nothing is known. */
static uint64_t cold_left(const struct deciding *s)
{
	const struct evidence *e = &s->m->cold;

	/* Of one kind alone it is of use where that can be asked for. */
	if (!e->known || (e->file_bytes == NUM_NONE && s->o->cannot_tell_kinds))
		return NUM_NONE;
	if (e->file_bytes == NUM_NONE)
		return cold_anon(s);
	return cold_anon(s) + still_cold(e->file_bytes, e->taken_file_bytes,
					 s->g.file_lru_bytes);
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
	double *left = &s->m->write_left_bytes, rate, most;
	uint64_t us =
		o->elapsed_us != NUM_NONE ? o->elapsed_us : o->psi.window_us;

	s->writes = s->g.swap_write < NUM_MAX && o->next_device && !o->zswap;
	s->g.write_bytes = s->writes ? s->trip_bytes : 0;
	if (s->g.swap_write < NUM_MAX) {
		rate = (double)s->g.swap_write;
		most = fmax(60 * rate, 2.0 * (double)s->trip_bytes);
		*left = fmin(most, *left + rate * (double)us / 1e6);
	}
	s->g.write_left_bytes = *left;
}

/* No part is above its whole, however a counter went wrong. */
static uint64_t part_of(uint64_t bytes, uint64_t whole_bytes)
{
	return bytes == NUM_NONE ? bytes : num_least(bytes, whole_bytes);
}

static void set_guard(struct deciding *s)
{
	const struct policy *p = s->p;
	const struct row_input *in = &s->o->row;
	struct guard_in *g = &s->g;

	*g = s->o->g;
	g->anon_lru_bytes = part_of(g->anon_lru_bytes, g->current_bytes);
	g->file_lru_bytes = part_of(g->file_lru_bytes, g->current_bytes);
	g->headroom_bytes = headroom(p, g->current_bytes);
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
	g->stored_bytes = s->m->stored_bytes;
	g->cost_bytes = s->m->cost_bytes;
}

/* Which kinds may be taken, down to where, and of how much. */
static void use_guard(struct deciding *s)
{
	s->m->most_bytes = num_most(s->m->most_bytes, s->g.current_bytes);
	/* The other laws have no use for it. */
	if (s->p->law == LAW_DEFAULT)
		take_evidence(s);
	/* What refaults have taught tells less than what is known. */
	s->g.adaptive_bytes = s->m->cold.known ? 0 : s->m->adaptive_bytes;
	s->trip_bytes = trip_bytes(s->o);
	earn_writes(s);
	s->swap = guard_swap(&s->g);
	s->file_only = s->swap != REASON_LAW;
	s->floor = guard_floor(&s->g, s->file_only);
	s->base_bytes = guard_base(&s->g, s->file_only);
	if (s->file_only)
		s->trip_bytes = mem_reclaim_least_bytes();
}

/* ---- the guards that hold ---- */

static bool is_off(struct deciding *s)
{
	return s->o->off;
}

static bool is_self(struct deciding *s)
{
	return s->o->self;
}

static bool has_no_psi(struct deciding *s)
{
	return !s->o->psi.known;
}

static bool is_frozen(struct deciding *s)
{
	return s->o->frozen;
}

static bool is_empty(struct deciding *s)
{
	return s->o->empty;
}

static bool has_slept(struct deciding *s)
{
	return s->o->slept;
}

static bool has_rival(struct deciding *s)
{
	return rival_holds(&s->m->rival, s->o->now_us);
}

/* New to us, and not because we are new ourselves. */
static bool in_grace(struct deciding *s)
{
	return s->o->first_us > s->o->start_us + s->p->interval_us &&
	       s->o->now_us - s->o->first_us < s->p->grace_us;
}

static bool grows(struct deciding *s)
{
	return within(s, s->m->grown_us, s->p->grace_us / 2);
}

/*
 * The row is to tell what is cold, and does not yet.  Blind steps take hot
 * pages where no generation has been sorted out; the age and a pass later the
 * scan has done that.  The classic LRU is sorted by the very steps: there is no
 * waiting; nor where only file cache may be taken, as nothing tells its age.
 */
static bool awaits_evidence(struct deciding *s)
{
	uint64_t age_us = s->o->row.age_us;

	return s->p->law == LAW_DEFAULT && s->o->row.cold_to_come &&
	       !s->m->cold.known && !s->file_only && age_us < NUM_MAX / 2 &&
	       within(s, s->m->awaited_us, 2 * age_us);
}

/*
 * Parent and child are never reclaimed in the same period.  Those at the
 * bottom go first, each by its own pressure; in every fourth period the turn
 * is the parent's, for what it holds beside them.
 */
static bool is_nested(struct deciding *s)
{
	const struct observation *o = s->o;
	uint64_t window_us = num_least(s->p->interval_us, o->psi.window_us);

	if (within(s, o->above_acted_us, window_us / 4 * 3) ||
	    within(s, o->below_acted_us, window_us / 4 * 3))
		return true;
	return within(s, o->below_seen_us, window_us * 2) && ++s->m->waited % 4;
}

static bool cannot_take_file_alone(struct deciding *s)
{
	return s->file_only && s->o->cannot_tell_kinds &&
	       s->swap != REASON_NO_SWAP;
}

/* In the order in which they are asked; the first that holds is the reason. */
static const struct {
	bool (*holds)(struct deciding *s);
	enum reason reason;
} guards[] = {
	{ is_off, REASON_OFF },
	{ is_self, REASON_SELF },
	{ has_no_psi, REASON_NO_PSI },
	{ is_frozen, REASON_FROZEN },
	{ is_empty, REASON_EMPTY },
	{ has_slept, REASON_SUSPENDED },
	{ has_rival, REASON_RIVAL },
	{ in_grace, REASON_GRACE },
	{ grows, REASON_GROWTH },
	{ awaits_evidence, REASON_NO_EVIDENCE },
	{ is_nested, REASON_NESTED },
	{ cannot_take_file_alone, REASON_NO_SWAPPINESS },
};

static enum reason ask_guards(struct deciding *s)
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++)
		if (guards[i].holds(s))
			return guards[i].reason;
	return REASON_LAW;
}

/* ---- the law ---- */

/* Of the base, what a blind step is for. */
static uint64_t blind_base(const struct deciding *s)
{
	uint64_t base;

	if (cold_left(s) == NUM_NONE)
		return s->base_bytes;
	if (s->m->cold.file_bytes != NUM_NONE)
		return 0;
	base = num_least(s->base_bytes, guard_base(&s->g, true));
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
	struct law_in l = {
		.window_us = o->psi.window_us,
		.elapsed_us = o->elapsed_us,
		.least_bytes = s->trip_bytes,
		.mem_pct = o->psi.mem_pct,
		.io_pct = o->psi.io_pct,
		.mem_avg_pct = o->psi.mem_avg_pct,
		.io_avg_pct = o->psi.io_avg_pct,
		.mem_limit_pct =
			limit_pct(o->row.mem_limit_mpct, p->mem_limit_pct),
		.io_limit_pct =
			limit_pct(o->row.io_limit_mpct, p->io_limit_pct),
		.ratio = p->ratio,
		.current_bytes = s->g.current_bytes,
		.base_bytes = s->base_bytes,
		.blind_bytes = blind_base(s),
		.floor_bytes = s->floor.bytes,
		.asked_bytes = num_least(o->left_bytes, p->chunk_bytes),
		.cold_bytes = cold_left(s),
		.got_bytes = s->m->got_bytes,
		.scanned_bytes = s->m->scanned_bytes,
		.refaulted_bytes = o->refaulted_bytes,
		.held = held,
		.partial = s->m->partial,
		.late = s->m->late,
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

/* Of a step, what is left after what was taken too much is paid for. */
static uint64_t pay_overshoot(struct deciding *s, uint64_t step_bytes)
{
	int64_t *owed = &s->m->overshoot_bytes;
	uint64_t paid = *owed > 0 ? num_least((uint64_t)*owed, step_bytes) : 0;

	*owed -= (int64_t)paid;
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
	uint64_t want = guard_bound(&s->g, &s->floor, s->base_bytes, most,
				    l->step_bytes, why);

	if (want && s->p->law != LAW_ONCE)
		want = pay_overshoot(s, want);
	if (s->writes && !s->file_only &&
	    (double)want > s->g.write_left_bytes) {
		want = mem_whole_pages((uint64_t)s->g.write_left_bytes);
		*why = REASON_SWAP_BUDGET;
	}
	if (want)
		s->m->overshoot_bytes += (int64_t)l->lent_bytes;
	if (s->file_only &&
	    (of_size(*why) || (*why == REASON_ASKED && want < l->step_bytes)))
		*why = s->swap;
	return want;
}

/* ---- the split into writes ---- */

/* For anonymous memory alone. */
static int most_swappiness(const struct deciding *s)
{
	return s->o->cannot_tell_max ? 200 : ACT_SWAPPINESS_MAX;
}

static void add_part(struct deciding *s, uint64_t bytes, int swappiness)
{
	if (bytes)
		s->d.part[s->d.parts++] =
			(struct act_part){ bytes, swappiness };
}

/*
 * The share of anonymous memory that a blind step asks for apart, of 1; < 0: it
 * is left to the kernel.  TMO's rule is file cache first, and swap once that
 * refaults.  lru_gen keeps taking file cache alone then, the hot part of it as
 * well, whatever a swappiness below 200 says (mm/vmscan.c, get_type_to_scan(),
 * positive_ctrl_err()); so there the share is made by two writes.
 */
static double anon_share(const struct deciding *s)
{
	uint64_t swappiness = s->g.swappiness;
	uint64_t anon = s->g.anon_lru_bytes, file = s->g.file_lru_bytes;

	if (!s->o->lru_gen || !swappiness || swappiness >= 200 ||
	    anon == NUM_NONE || file == NUM_NONE || !(anon + file) ||
	    !within(s, s->m->file_back_us, FILE_BACK_US))
		return -1;
	return share_anon(&s->m->share, swappiness, anon, file);
}

/*
 * Anonymous memory and file cache apart, no part below what a trip takes: of a
 * few file pages lru_gen runs out, and then it ages, again and again in that
 * one write, until hot anonymous memory lies among the cold (mm/vmscan.c,
 * should_run_aging(), inc_min_seq()).
 */
static void split_kinds(struct deciding *s, uint64_t anon, uint64_t file)
{
	uint64_t least = mem_reclaim_least_bytes();

	if (anon >= least)
		add_part(s, anon, most_swappiness(s));
	if (file >= least)
		add_part(s, file, 0);
}

/* What is known to be cold, by what there is of each kind. */
static void split_cold(struct deciding *s, uint64_t want)
{
	double share = (double)cold_anon(s) / (double)cold_left(s);
	uint64_t anon = num_least(
		want, mem_whole_pages((uint64_t)((double)want * share)));

	split_kinds(s, anon, want - anon);
}

static void split_blind(struct deciding *s, uint64_t want, double share)
{
	uint64_t anon = num_least(
		want, mem_whole_pages((uint64_t)((double)want * share)));
	uint64_t least = mem_reclaim_least_bytes();

	if (anon < least)
		anon = 0;
	else if (want - anon < least)
		anon = want;
	split_kinds(s, anon, want - anon);
}

/* Which kinds of pages the step is to be of. */
static void split(struct deciding *s, uint64_t want, bool cold)
{
	uint64_t swappiness = s->g.swappiness;
	double share = anon_share(s);

	if (s->o->cannot_tell_kinds)
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
			 swappiness > 200 ? most_swappiness(s)
					  : (int)swappiness);
}

/* ---- the whole ---- */

/*
 * What it held before and holds again is no growth: a workload that allocates
 * and frees has cold memory as any other.  Nor does one that grows on and on
 * hold more than half of the time.
 */
static void look_for_growth(struct deciding *s)
{
	struct memory *m = s->m;
	uint64_t now = s->o->g.current_bytes;

	if (m->known && guard_grew(now, m->current_bytes) &&
	    guard_grew(now, m->peak_bytes) &&
	    !within(s, m->grown_us, s->p->grace_us))
		m->grown_us = s->o->now_us;
	m->peak_bytes = guard_adapt(m->peak_bytes, now, s->o->psi.window_us,
				    now > m->peak_bytes);
}

/* The guards; the law; its bounds; the writes. */
struct decision decide(const struct policy *p, const struct observation *o,
		       struct memory *m)
{
	struct deciding s = { .p = p, .o = o, .m = m };
	struct law_out l;
	enum reason held;
	uint64_t want = 0;

	if (o->for_rivals)
		rival_look(&m->rival, o->moved_bytes, o->high_bytes, o->now_us);
	look_for_growth(&s);
	set_guard(&s);
	use_guard(&s);
	held = ask_guards(&s);
	l = ask_law(&s, held != REASON_LAW);
	m->adaptive_bytes = guard_adapt(m->adaptive_bytes, o->g.current_bytes,
					o->psi.window_us, l.burst);
	s.d.reason = held != REASON_LAW ? held : l.reason;
	if (held == REASON_LAW)
		want = bound(&s, &l);
	if (want)
		split(&s, want, l.cold);
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

/* ---- what a period teaches ---- */

/*
 * What was taken of it beyond what was wanted.  The kernel's count may be late;
 * what those above and below took, or another hand, is in it as well.
 */
static void learn_overshoot(struct memory *m, const struct lesson *l)
{
	int64_t wanted = (int64_t)num_least(l->wanted_bytes, INT64_MAX);

	if (l->alone || wanted)
		m->overshoot_bytes += (int64_t)m->got_bytes - wanted;
	if (m->overshoot_bytes < -wanted)
		m->overshoot_bytes = -wanted;
}

/* What of it was written to the drive, and what was saved by the rest. */
static void learn_swap(struct memory *m, const struct lesson *l)
{
	static const double memory_us = 600e6;
	double kept = exp(-(double)l->window_us / memory_us);

	m->write_left_bytes -= (double)l->written_bytes;
	m->stored_bytes = m->stored_bytes * kept + (double)l->stored_bytes;
	m->cost_bytes = m->cost_bytes * kept + (double)l->cost_bytes;
}

static void learn_kinds(struct memory *m, const struct lesson *l)
{
	const uint64_t taken[] = {
		[SHARE_ANON] = l->got_anon_bytes + l->demoted_bytes,
		[SHARE_FILE] = l->got_file_bytes,
	};
	const uint64_t back[] = {
		[SHARE_ANON] = l->refaulted_anon_bytes,
		[SHARE_FILE] = l->refaulted_file_bytes,
	};

	share_note(&m->share, l->window_us, taken, back);
}

void memory_learn(struct memory *m, const struct lesson *l)
{
	m->got_bytes = l->got_anon_bytes + l->got_file_bytes + l->demoted_bytes;
	m->scanned_bytes = l->scanned_bytes;
	m->partial = l->partial;
	m->late = l->late;
	learn_overshoot(m, l);
	learn_kinds(m, l);
	learn_swap(m, l);
	if (l->wanted_bytes)
		rival_wrote(&m->rival, l->wanted_bytes, m->got_bytes, l->cpus,
			    l->now_us);
	m->cold.taken_anon_bytes += l->got_anon_bytes;
	m->cold.taken_file_bytes += l->got_file_bytes;
	/* More than chance: as many file pages as the kernel takes at once. */
	if (m->known && l->refaulted_file_bytes >= mem_reclaim_least_bytes())
		m->file_back_us = l->now_us;
	m->current_bytes = l->current_bytes;
	m->known = true;
}
