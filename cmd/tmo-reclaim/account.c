#include "mem.h"
#include "msg.h"
#include "num.h"
#include "period.h"

/*
 * Success without any yield, three times: a kernel without NUMA between 6.17
 * and 6.19 does nothing and says it did.
 */
static void judge_yield(struct period *s, bool acted)
{
	if (!acted || s->r->y.got_bytes || s->r->y.demoted_bytes || s->partial)
		s->t->idle_writes = 0;
	else if (++s->t->idle_writes >= 3)
		s->r->reason = REASON_NO_YIELD;
	if (s->t->idle_writes == 3)
		warn(0,
		     "'%s': three writes succeeded and took nothing: there is "
		     "nothing to reclaim, or the kernel ignores them",
		     s->cg->key);
}

void yield_add(struct yield *sum, const struct yield *y)
{
	sum->got_bytes += y->got_bytes;
	sum->got_anon_bytes += y->got_anon_bytes;
	sum->got_file_bytes += y->got_file_bytes;
	sum->scanned_bytes += y->scanned_bytes;
	sum->demoted_bytes += y->demoted_bytes;
	sum->device_bytes += y->device_bytes;
	sum->refaulted_bytes += y->refaulted_bytes;
	sum->refaulted_anon_bytes += y->refaulted_anon_bytes;
	sum->refaulted_file_bytes += y->refaulted_file_bytes;
}

static void add_up(struct totals *sum, const struct result *r, bool acted)
{
	sum->periods++;
	sum->acted += acted;
	sum->want_bytes += r->want_bytes;
	sum->stall_us += r->stall_us;
	sum->elapsed_us += r->elapsed_us;
	yield_add(&sum->y, &r->y);
}

/* What the period teaches: since the last reading. */
static struct outcome outcome(const struct period *s,
			      const struct reading *after,
			      uint64_t wanted_bytes, bool alone)
{
	const struct yield *y = &s->r->y;
	const struct mem_stat *a = &after->stat, *l = &s->t->last.stat;
	uint64_t behind =
		num_known(num_delta(a->zswpout_pages, l->zswpout_pages)) *
		mem_page_bytes();
	struct outcome out = {
		.window_us = s->o.psi.window_us,
		.now_us = s->now_us,
		.wanted_bytes = wanted_bytes,
		.alone = alone,
		.current_bytes = after->current_bytes,
		.y = *y,
		.cpus = s->run->cpus,
		.partial = s->partial,
		.late = s->late,
	};

	if (!s->t->known)
		return out;
	/* Before 6.13 no cgroup's writes are counted: what passed zswap by. */
	out.written_bytes = a->pswpout_pages != NUM_NONE || !s->run->host.device
				    ? y->device_bytes
				    : num_less(y->got_anon_bytes, behind);
	out.stored_bytes =
		num_known(num_delta(a->zswapped_bytes, l->zswapped_bytes));
	out.cost_bytes = num_known(num_delta(a->zswap_bytes, l->zswap_bytes));
	return out;
}

void account(struct period *s, bool acted)
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
	s->outcome = outcome(s, &after, acted ? r->want_bytes : 0,
			     !s->run->policy.dry_run && t->known && !above &&
				     t->below_acted_us < t->read_us &&
				     r->reason != REASON_RIVAL);
	s->learned = true;
	memory_learn(&t->memory, &s->outcome);
	r->overshoot_bytes = t->memory.overshoot_bytes > 0
				     ? (uint64_t)t->memory.overshoot_bytes
				     : 0;
	judge_yield(s, acted);
	add_up(&t->sum, r, acted);
	r->memory_bytes = after.current_bytes;
	r->offloaded_bytes = target_offloaded(t, &after);
	r->saved_bytes = target_saved(t, &after, &s->run->host);
	r->accounted = true;
	target_sample(t, after.current_bytes);
	t->last = after;
	t->known = true;
	t->read_us = s->now_us;
	t->asleep_us = s->asleep_us;
}
