#include "period.h"

#include <stdio.h>

#include "mem.h"
#include "root.h"

/* Of those below that come in turn, the most. */
static void tell_harm(struct target *up, const struct period *s)
{
	int64_t mpct = s->o.row.harm.mpct;
	uint64_t turn_us = (uint64_t)period_most_ms(s) * 1000 / 4;

	if (mpct < 0)
		return;
	if (decide_within(s->now_us, up->below_harm_us, turn_us) &&
	    mpct < up->below_harm_mpct)
		return;
	up->below_harm_mpct = mpct;
	up->below_harm_us = s->now_us;
}

int64_t harm_below(const struct period *s)
{
	uint64_t most_us = (uint64_t)period_most_ms(s) * 1000;

	return decide_within(s->now_us, s->t->below_harm_us, most_us)
		       ? s->t->below_harm_mpct
		       : -1;
}

void meet_parents(const struct period *s)
{
	char key[CG_KEY_MAX];

	snprintf(key, sizeof(key), "%s", s->cg->key);
	while (cg_parent(key)) {
		struct cg *up = cg_set_find(&s->run->set, key);
		struct target *t = up ? up->data : NULL;

		if (!t)
			continue;
		t->below_seen_us = s->now_us;
		tell_harm(t, s);
		if (t->acted_us > s->t->above_acted_us)
			s->t->above_acted_us = t->acted_us;
	}
}

void tell_parents(const struct period *s)
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

uint64_t protected_below(const struct period *s)
{
	struct target *t = s->t;

	if (!root_is_live() ||
	    !decide_within(s->now_us, t->below_read_us, 60000000)) {
		t->below_bytes = mem_protected_below(&s->run->set, s->cg);
		t->below_read_us = s->now_us;
	}
	return t->below_bytes;
}
