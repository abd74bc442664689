#include "scene.h"

#include <stdio.h>
#include <string.h>

#include "num.h"

void meet_parents(const struct scene *s)
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

void tell_parents(const struct scene *s)
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

bool within(const struct scene *s, uint64_t then_us, uint64_t time_us)
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
		num_least(s->run->policy.interval_us, s->psi.window_us);

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

/* cgroup.events: "populated 0", "frozen 1". */
static enum reason events(const struct scene *s)
{
	char buf[256];

	if (s->run->recorded || !s->cg->key[1] ||
	    files_read(&s->t->files, &s->run->set, s->cg, FILE_EVENTS, buf,
		       sizeof(buf)) <= 0)
		return REASON_LAW;
	if (strstr(buf, "frozen 1"))
		return REASON_FROZEN;
	return strstr(buf, "populated 0") ? REASON_EMPTY : REASON_LAW;
}

/*
 * The row is to tell what is cold, and does not yet.  Blind steps take hot
 * pages where no generation has been sorted out; the age and a pass later the
 * scan has done that.  The classic LRU is sorted by the very steps: there is no
 * waiting; nor where only file cache may be taken, as nothing tells its age.
 */
static bool awaits_evidence(const struct scene *s)
{
	uint64_t age_us = s->in->age_us;

	return s->run->policy.law == LAW_DEFAULT && s->in->cold_to_come &&
	       !s->t->cold.known && !s->file_only && age_us < NUM_MAX / 2 &&
	       within(s, s->t->awaited_us, 2 * age_us);
}

enum reason hold(const struct scene *s)
{
	const struct run *run = s->run;
	const struct target *t = s->t;
	enum reason state;

	if (!run->recorded && off_is(&run->host.off, s->cg->key))
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
	if (rival_holds(&t->rival, s->now_us))
		return REASON_RIVAL;
	if (in_grace(s))
		return REASON_GRACE;
	if (t->grown_us && s->now_us - t->grown_us < run->policy.grace_us / 2)
		return REASON_GROWTH;
	if (awaits_evidence(s))
		return REASON_NO_EVIDENCE;
	if (!run->recorded && nested(s))
		return REASON_NESTED;
	if (s->file_only && run->probed && !run->swappiness &&
	    s->swap != REASON_NO_SWAP)
		return REASON_NO_SWAPPINESS;
	return REASON_LAW;
}
