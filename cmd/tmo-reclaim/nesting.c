#include "period.h"

#include <stdio.h>
#include <string.h>

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

bool within(const struct period *s, uint64_t then_us, uint64_t time_us)
{
	return decide_within(s->now_us, then_us, time_us);
}
