#include "mem.h"
#include "msg.h"
#include "num.h"
#include "period.h"

static uint64_t pages(uint64_t now, uint64_t then)
{
	return num_known(num_delta(now, then)) * mem_page_bytes();
}

static uint64_t file_bytes(const struct reading *r)
{
	return num_known(r->file_bytes);
}

/*
 * What went to swap, written to a device or compressed in front of it, and
 * zero pages that need neither.  Where the kernel does not count the first for
 * a cgroup (before 6.13): by how much its swap grew in a write of ours.
 */
static uint64_t swapped(const struct reading *last, const struct reading *from,
			const struct reading *after, bool ours)
{
	const struct reading *a = after, *l = last;
	uint64_t device, back;

	if (a->pswpout_pages == NUM_NONE)
		return ours ? num_known(num_delta(after->swap_bytes,
						  from->swap_bytes))
			    : 0;
	device = pages(a->pswpout_pages, l->pswpout_pages);
	back = pages(a->zswpwb_pages, l->zswpwb_pages);
	return num_less(device, back) +
	       pages(a->zswpout_pages, l->zswpout_pages) +
	       pages(a->swpout_zero_pages, l->swpout_zero_pages);
}

/* Before 6.15 it is counted with what the workload itself had to do. */
static uint64_t demoted(const struct reading *last, const struct reading *from,
			const struct reading *after, bool ours)
{
	if (after->pgdemote_proactive_pages != NUM_NONE)
		return pages(after->pgdemote_proactive_pages,
			     last->pgdemote_proactive_pages);
	return ours ? pages(after->pgdemote_direct_pages,
			    from->pgdemote_direct_pages)
		    : 0;
}

/*
 * ours: a write of ours, to it or above it, was between the readings from and
 * after.  The other counters are since the last reading.
 */
static void take_stock(struct target *t, const struct reading *from,
		       const struct reading *after, bool ours,
		       const struct host *h, struct yield *y)
{
	const struct reading *last = t->known ? &t->last : from;
	const struct reading *a = after, *l = last;

	*y = (struct yield){ 0 };
	t->start.most_file_bytes =
		num_most(t->start.most_file_bytes, file_bytes(from));
	if (after->apart || ours) {
		const struct reading *since = after->apart ? last : from;

		y->got_bytes = pages(after->steal_pages, since->steal_pages);
		y->scanned_bytes = pages(after->scan_pages, since->scan_pages);
	}
	y->demoted_bytes =
		num_least(y->got_bytes, demoted(last, from, after, ours));
	y->got_bytes -= y->demoted_bytes;
	t->swapped_uncounted_bytes += swapped(last, from, after, ours);
	y->got_anon_bytes = num_least(y->got_bytes, t->swapped_uncounted_bytes);
	y->got_file_bytes = y->got_bytes - y->got_anon_bytes;
	t->swapped_uncounted_bytes -= y->got_anon_bytes;
	y->refaulted_anon_bytes =
		pages(a->refault_anon_pages, l->refault_anon_pages);
	y->refaulted_file_bytes =
		pages(a->refault_file_pages, l->refault_file_pages);
	y->refaulted_bytes = y->refaulted_anon_bytes + y->refaulted_file_bytes;
	if (h->device)
		y->device_bytes =
			a->pswpout_pages != NUM_NONE
				? pages(a->pswpout_pages, l->pswpout_pages)
				: pages(a->zswpwb_pages, l->zswpwb_pages);
}

/* In swap and not in memory as well. */
static int64_t out_bytes(const struct reading *r)
{
	return (int64_t)num_known(r->swap_bytes) -
	       (int64_t)num_known(r->swapcached_bytes);
}

/* Out of memory now because of swap. */
static int64_t offloaded(const struct target *t, const struct reading *now)
{
	return out_bytes(now) - t->start.out_bytes;
}

/* What zram holds of a cgroup: its swap that is not in zswap. */
static int64_t zram_bytes(const struct reading *r)
{
	return out_bytes(r) - (int64_t)num_known(r->zswapped_bytes);
}

/* What saved_bytes is counted from. */
static void begin(struct target *t, const struct reading *first)
{
	t->start = (struct origin){
		.out_bytes = out_bytes(first),
		.zram_bytes = zram_bytes(first),
		.zswap_bytes = first->zswap_bytes,
		.refault_file_pages = first->refault_file_pages,
		.most_file_bytes = file_bytes(first),
	};
}

/*
 * Pages that a log writer has written do not refault when they are taken, and
 * new ones are in their place at once: so no more is saved than the cache is
 * smaller than it has been.
 */
static int64_t saved_file(const struct target *t, const struct reading *now)
{
	uint64_t back =
		pages(now->refault_file_pages, t->start.refault_file_pages);
	uint64_t taken = t->sum.y.got_file_bytes;
	uint64_t most = t->start.most_file_bytes, is = file_bytes(now);

	return (int64_t)num_least(num_less(taken, back), num_less(most, is));
}

int64_t account_saved(const struct target *t, const struct reading *now,
		      const struct host *h)
{
	int64_t out = offloaded(t, now), ours = out;
	int64_t cost;
	int64_t zswap = (int64_t)num_known(now->zswap_bytes) -
			(int64_t)num_known(t->start.zswap_bytes);
	int64_t zram = zram_bytes(now) - t->start.zram_bytes;

	if (zram < 0 || !h->zram_mpct)
		zram = 0;
	cost = zswap + (int64_t)((double)zram * (double)h->zram_mpct / 1e5);
	/* Others swap as well: theirs is not ours, nor what it costs. */
	if (out > (int64_t)t->sum.y.got_anon_bytes) {
		ours = (int64_t)t->sum.y.got_anon_bytes;
		cost = (int64_t)((double)cost * (double)ours / (double)out);
	}
	return ours - cost + saved_file(t, now);
}

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
	const struct reading *a = after, *l = &s->t->last;
	uint64_t behind = pages(a->zswpout_pages, l->zswpout_pages);
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
	int err = acted ? look_beside_write(s, &after) : 0;
	bool above, late;

	if (err) {
		r->reason = unreadable(s, err, "cannot read the counters of");
		return;
	}
	if (!t->known)
		begin(t, &s->before);
	above = t->known && t->above_acted_us >= t->read_us;
	late = t->known && s->was_left_behind;
	take_stock(t, above || late ? &t->last : &s->before, &after,
		   acted || above || late, &s->run->host, &r->y);
	s->outcome = outcome(s, &after, acted ? r->want_bytes : 0,
			     !s->run->policy.dry_run && t->known && !above &&
				     t->below_acted_us < t->read_us &&
				     s->d.reason != REASON_RIVAL);
	s->learned = true;
	memory_learn(&t->memory, &s->outcome);
	r->overshoot_bytes = memory_overshoot(&t->memory);
	judge_yield(s, acted);
	add_up(&t->sum, r, acted);
	r->memory_bytes = after.current_bytes;
	r->offloaded_bytes = offloaded(t, &after);
	r->saved_bytes = account_saved(t, &after, &s->run->host);
	r->accounted = true;
	target_sample(t, after.current_bytes);
	t->last = after;
	t->known = true;
	t->read_us = s->now_us;
	t->asleep_us = s->asleep_us;
}
