#include "loop.h"

#include <math.h>

#include "tmo-reclaim/bounds.c"
#include "tmo-reclaim/decide.c"
#include "tmo-reclaim/evidence.c"
#include "tmo-reclaim/guards.c"
#include "tmo-reclaim/kinds.c"
#include "tmo-reclaim/law.c"
#include "tmo-reclaim/learn.c"
#include "tmo-reclaim/options.c"
#include "tmo-reclaim/published.c"
#include "tmo-reclaim/reclaimer.c"
#include "tmo-reclaim/record.c"
#include "tmo-reclaim/share.c"

void loop_counts(const struct subject *b, struct loop_counts *out)
{
	*out = (struct loop_counts){ 0 };
	for (size_t i = 0; i < b->cgs; i++) {
		const struct world_cg *cg = &b->cg[i];

		for (int k = WORLD_ANON; k <= WORLD_FILE; k++) {
			out->present_bytes[k] += cg->present_bytes[k];
			out->refault_bytes[k] += cg->refault_bytes[k];
		}
		out->out_anon_bytes += cg->out_anon_bytes;
		out->huge_bytes += world_huge_bytes(cg);
		out->low_bytes += cg->spec.low_bytes;
		out->mem_us += cg->mem_total_us;
		out->io_us += cg->io_total_us;
	}
}

static uint64_t cold_bytes(const struct loop *l, const struct subject *b,
			   enum world_kind kind)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < b->cgs; i++)
		bytes += world_cold_bytes(&l->w, &b->cg[i], kind, AGE_S);
	return bytes;
}

static struct row_input row_of(const struct loop *l, const struct subject *b,
			       const struct loop_counts *now)
{
	struct row_input in;

	row_input_clear(&in);
	in.piped = in.has_psi = true;
	in.window_us = PERIOD_S * S;
	in.time_ms = (int64_t)(l->w.now_us / 1000);
	in.swappiness = l->swappiness;
	in.harm.mpct = l->harm_mpct;
	if (!l->evidence_us)
		return in;
	in.age_us = (uint64_t)AGE_S * S;
	in.cold_ok = l->w.now_us >= l->evidence_us;
	if (!in.cold_ok)
		return in;
	in.anon_bytes = now->present_bytes[WORLD_ANON];
	in.file_bytes = now->present_bytes[WORLD_FILE];
	in.cold_anon_bytes = cold_bytes(l, b, WORLD_ANON);
	in.cold_file_bytes = cold_bytes(l, b, WORLD_FILE);
	return in;
}

/* Of several, what is protected is below it. */
static void observe_limits(const struct loop *l, const struct subject *b,
			   const struct loop_counts *now, struct bounds_in *g)
{
	const struct world *w = &l->w;

	*g = (struct bounds_in){
		.current_bytes = now->present_bytes[WORLD_ANON] +
				 now->present_bytes[WORLD_FILE],
		.anon_lru_bytes = now->present_bytes[WORLD_ANON],
		.file_lru_bytes = now->present_bytes[WORLD_FILE],
		.swapped_bytes = now->out_anon_bytes,
		.low_bytes = b->cgs > 1 ? 0 : now->low_bytes,
		.below_bytes = b->cgs > 1 ? now->low_bytes : 0,
		.swap_left_bytes = w->backend == WORLD_NO_SWAP
					   ? 0
					   : w->swap_bytes - w->swap_used_bytes,
		.swap_used_mpct = (int64_t)(w->swap_used_bytes * 100000 /
					    (w->swap_bytes + 1)),
	};
}

static double stall_pct(uint64_t now_us, uint64_t then_us, uint64_t window_us)
{
	double pct = (double)(now_us - then_us) * 100 / (double)window_us;

	return fmin(pct, 100);
}

static struct observation observe(const struct loop *l, const struct subject *b)
{
	const struct world *w = &l->w;
	const struct loop_counts *was = &b->last;
	struct loop_counts now;
	uint64_t window_us = w->now_us - b->read_us;
	struct observation o;

	loop_counts(b, &now);
	o = (struct observation){
		.now_us = w->now_us,
		.elapsed_us = b->read_us ? window_us : NUM_NONE,
		.start_us = 1,
		.psi = { .known = b->read_us, .window_us = window_us },
		.row = row_of(l, b, &now),
		.anon_bytes = now.present_bytes[WORLD_ANON],
		.anon_thp_bytes = now.huge_bytes,
		.huge_page_bytes = WORLD_HUGE_BYTES,
		.lru_gen = l->lru_gen,
		.zswap = w->backend == WORLD_ZSWAP,
		.next_device =
			w->backend == WORLD_ZSWAP || w->backend == WORLD_DISK,
		.cannot_tell_kinds = !w->swappiness,
		.refaulted_bytes = now.refault_bytes[WORLD_ANON] +
				   now.refault_bytes[WORLD_FILE] -
				   was->refault_bytes[WORLD_ANON] -
				   was->refault_bytes[WORLD_FILE],
		.above_acted_us = b->above_acted_us,
		.below_acted_us = b->below_acted_us,
		.below_seen_us = b->below_seen_us,
		.below_harm_mpct = -1,
	};
	observe_limits(l, b, &now, &o.g);
	if (o.psi.known) {
		o.psi.mem_pct = stall_pct(now.mem_us, was->mem_us, window_us);
		o.psi.io_pct = stall_pct(now.io_us, was->io_us, window_us);
	}
	return o;
}

/* From one child after the other, as mem_cgroup_iter() goes on. */
static struct world_got reclaim(struct loop *l, struct subject *b,
				uint64_t bytes, int swappiness)
{
	struct world_got sum = { 0 };
	size_t idle = 0;

	if (b->cgs == 1)
		return world_reclaim(&l->w, b->cg, bytes, swappiness);
	while (sum.anon_bytes + sum.file_bytes < bytes && idle < b->cgs) {
		struct world_cg *cg = &b->cg[b->hand++ % b->cgs];
		struct world_got got = { 0 };

		if (world_current_bytes(cg) > cg->spec.low_bytes)
			got = world_reclaim(&l->w, cg, WORLD_BLOCK_BYTES,
					    swappiness);
		idle = got.anon_bytes + got.file_bytes ? 0 : idle + 1;
		sum.anon_bytes += got.anon_bytes;
		sum.file_bytes += got.file_bytes;
		sum.scanned_bytes += got.scanned_bytes;
	}
	sum.partial = sum.anon_bytes + sum.file_bytes < bytes;
	return sum;
}

static struct outcome learn(struct loop *l, struct subject *b,
			    const struct loop_step *s)
{
	const struct world_got *got = &s->got;
	struct loop_counts now;
	struct outcome outcome;

	loop_counts(b, &now);
	outcome = (struct outcome){
		.window_us = s->o.psi.window_us,
		.now_us = l->w.now_us,
		.wanted_bytes = s->d.want_bytes,
		.alone = true,
		.current_bytes = now.present_bytes[WORLD_ANON] +
				 now.present_bytes[WORLD_FILE],
		.y.got_anon_bytes = got->anon_bytes,
		.y.got_file_bytes = got->file_bytes,
		.y.scanned_bytes = got->scanned_bytes,
		.y.refaulted_anon_bytes = now.refault_bytes[WORLD_ANON] -
					  b->last.refault_bytes[WORLD_ANON],
		.y.refaulted_file_bytes = now.refault_bytes[WORLD_FILE] -
					  b->last.refault_bytes[WORLD_FILE],
		.cpus = 2,
		.partial = got->partial,
	};
	if (l->w.backend == WORLD_ZSWAP) {
		outcome.stored_bytes = got->anon_bytes;
		outcome.cost_bytes = (uint64_t)((double)got->anon_bytes /
						b->cg->spec.compression);
	}
	memory_learn(&b->memory, &outcome);
	b->taken_anon += got->anon_bytes;
	b->taken += got->anon_bytes + got->file_bytes;
	b->back +=
		outcome.y.refaulted_anon_bytes + outcome.y.refaulted_file_bytes;
	b->last = now;
	b->read_us = l->w.now_us;
	return outcome;
}

static void record(const struct loop *l, const char *key,
		   const struct loop_step *s, const struct outcome *outcome)
{
	struct record rec = {
		.key = key,
		.time_ms = (int64_t)(l->w.now_us / 1000),
		.first = s->o.elapsed_us == NUM_NONE,
		.decided = true,
		.want_bytes = s->d.want_bytes,
		.reason = s->d.reason,
		.reported = s->d.reason,
		.policy = policy_default,
		.o = s->o,
		.learned = true,
		.outcome = *outcome,
	};

	if (l->recorder)
		record_put(l->recorder, &rec);
}

struct loop_step loop_period(struct loop *l, struct subject *b, const char *key)
{
	struct loop_step s = { .o = observe(l, b) };
	struct outcome outcome;

	s.d = decide(&policy_default, &s.o, &b->memory);
	for (size_t i = 0; i < s.d.parts; i++) {
		struct world_got got = reclaim(l, b, s.d.part[i].bytes,
					       s.d.part[i].swappiness);

		s.got.anon_bytes += got.anon_bytes;
		s.got.file_bytes += got.file_bytes;
		s.got.scanned_bytes += got.scanned_bytes;
		s.got.partial |= got.partial;
	}
	outcome = learn(l, b, &s);
	record(l, key, &s, &outcome);
	return s;
}

void loop_tree(struct loop *l, struct subject *parent, struct subject *child,
	       size_t children)
{
	struct loop_step s = loop_period(l, parent, "/n");
	uint64_t now_us = l->w.now_us;

	for (size_t i = 0; i < children; i++) {
		if (s.d.want_bytes)
			child[i].above_acted_us = now_us;
		parent->below_seen_us = now_us;
		if (loop_period(l, &child[i], "/n/child").d.want_bytes)
			parent->below_acted_us = now_us;
	}
}
