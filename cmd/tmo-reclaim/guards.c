/*
 * The guards that hold a cgroup back for a period, in one order; what bounds a
 * step is in bounds.h, and what brakes it in law.c.
 *
 * One more is
 * - a function and a line of the table here (--park has a list of its own,
 *   may_park() in park.c);
 * - its reason: reason.h, what it means in reason.c, and on the pages
 *   tmo-reclaim(8) and tmo(7).  Where somebody must act, also in
 *   service/tmo.rules.yml and in the list of common/tablecell.c;
 * - what it looks at: a field of struct observation (decide.h), which observe.c
 *   fills: look_at_limits() with what is the machine's (host.c), and
 *   look_at_state() with what is the cgroup's;
 * - a column of --record for that field (record.c, and tmo-reclaim(8)): it ends
 *   the recordings made before it;
 * - tests: any() and test_names() in tests/unit/tmo-reclaim-decide.c, and a
 *   test in tests/tmo-reclaim.bats.
 */
#include "deciding.h"
#include "num.h"

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

/* The law sees it as well, and begins anew at its smallest steps. */
static bool is_harmed(struct deciding *s)
{
	return s->harm_pct >= 100;
}

static bool has_other_reclaimer(struct deciding *s)
{
	return reclaimer_holds(&s->m->other, s->o->now_us);
}

/* New to us, and not because we are new ourselves. */
static bool in_grace(struct deciding *s)
{
	return s->o->first_us > s->o->start_us + s->p->interval_us &&
	       s->o->now_us - s->o->first_us < s->p->grace_us;
}

static bool grows(struct deciding *s)
{
	return deciding_within(s, s->m->grown_us, s->p->grace_us / 2);
}

/*
 * What was taken has come back at once, and would again.  The other laws are as
 * their authors wrote them: they do not learn from refaults.
 */
static bool has_come_back(struct deciding *s)
{
	return s->p->law == LAW_DEFAULT &&
	       s->o->now_us < s->m->came_back.until_us;
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

	if (deciding_within(s, o->above_acted_us, window_us / 4 * 3) ||
	    deciding_within(s, o->below_acted_us, window_us / 4 * 3))
		return true;
	return deciding_within(s, o->below_seen_us, window_us * 2) &&
	       ++s->m->nested_periods % 4;
}

static bool cannot_take_file_alone(struct deciding *s)
{
	return s->file_only && s->o->cannot_tell_kinds &&
	       s->swap != REASON_NO_SWAP;
}

/*
 * In the order in which they are asked; the first that holds is the reason.
 * What an operator has said goes first, then what makes the numbers worthless,
 * then harm, then what will be over soon.  is_nested() counts its periods, so a
 * guard before it delays the parent's turn.
 */
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
	{ is_harmed, REASON_HARM },
	{ has_other_reclaimer, REASON_RIVAL },
	{ in_grace, REASON_GRACE },
	{ grows, REASON_GROWTH },
	{ has_come_back, REASON_CAME_BACK },
	{ is_nested, REASON_NESTED },
	{ cannot_take_file_alone, REASON_NO_SWAPPINESS },
};

enum reason guards_ask(struct deciding *s)
{
	for (size_t i = 0; i < sizeof(guards) / sizeof(*guards); i++)
		if (guards[i].holds(s))
			return guards[i].reason;
	return REASON_LAW;
}

/*
 * What it held before and holds again is no growth: a workload that allocates
 * and frees has cold memory as any other.  Nor does one that grows on and on
 * hold more than half of the time.
 */
void guards_see_growth(struct deciding *s)
{
	struct memory *m = s->m;
	uint64_t now = s->o->g.current_bytes;

	if (m->known && bounds_grew(now, m->current_bytes) &&
	    bounds_grew(now, m->peak_bytes) &&
	    !deciding_within(s, m->grown_us, s->p->grace_us))
		m->grown_us = s->o->now_us;
	m->peak_bytes = bounds_adapt(m->peak_bytes, now, s->o->psi.window_us,
				     now > m->peak_bytes);
}
