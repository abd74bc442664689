#include "period.h"

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
	const struct cg *up = s->cg;

	while ((up = cg_set_above(&s->run->set, up))) {
		struct target *t = up->data;

		t->below_seen_us = s->now_us;
		tell_harm(t, s);
		if (t->acted_us > s->t->above_acted_us)
			s->t->above_acted_us = t->acted_us;
	}
}

void tell_parents(const struct period *s)
{
	const struct cg *up = s->cg;

	s->t->acted_us = s->now_us;
	while ((up = cg_set_above(&s->run->set, up)))
		((struct target *)up->data)->below_acted_us = s->now_us;
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
