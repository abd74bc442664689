#include <math.h>

#include "decide.h"
#include "mem.h"
#include "num.h"

static const double ANON_HALF_US = 300e6;
static const uint64_t CAME_BACK_US = 900000000, WORTHLESS_US = 600000000;
/* So much tells whether copies are worth it. */
static const double FIRST_PROBE_BYTES = 3 << 20;

/*
 * What was taken of it beyond what was wanted.  The kernel's count may be late;
 * memory that those above and below or another process took is in it as well.
 */
static void learn_overshoot(struct memory *m, const struct outcome *l)
{
	int64_t wanted = (int64_t)num_least(l->wanted_bytes, INT64_MAX);

	if (l->alone || wanted)
		m->overshoot_bytes += (int64_t)m->last.got_bytes - wanted;
	if (m->overshoot_bytes < -wanted)
		m->overshoot_bytes = -wanted;
}

/*
 * For first_us, and for twice as long as the last time where that ended less
 * than twice its length ago.
 */
static void pause_begin(struct pause *p, uint64_t now_us, uint64_t first_us)
{
	static const uint64_t most_us = UINT64_C(4) * 3600 * 1000000;
	bool again = p->long_us && now_us < p->until_us + 2 * p->long_us;

	p->long_us = again ? num_least(2 * p->long_us, most_us) : first_us;
	p->until_us = now_us + p->long_us;
}

/*
 * What is taken little by little and comes back at once was cold by its age
 * alone: a collector sweeps over it, or the workload has turned to it.  At the
 * pace of the law the same is taken again until the next sweep.
 */
static void learn_return(struct memory *m, const struct outcome *l)
{
	static const double part = 0.25, least_part = 0.02, least = 4 << 20;
	double back =
		(double)(l->y.refaulted_anon_bytes + l->y.refaulted_file_bytes);

	/* Without anything away it was another's reclaim, as by memory.max. */
	if (m->away_bytes >= least && back >= part * m->away_bytes &&
	    back >= least && back >= least_part * (double)l->current_bytes &&
	    l->now_us >= m->came_back.until_us) {
		pause_begin(&m->came_back, l->now_us, CAME_BACK_US);
		m->anon_taken_bytes = m->anon_back_bytes = 0; /* judged */
	}
	m->away_bytes =
		fmax(0, m->away_bytes + (double)m->last.got_bytes - back);
}

/*
 * Copies that take nearly what they stand for.  What was judged is forgotten:
 * the next probe is judged by itself.
 */
static void judge_copies(struct memory *m, uint64_t now_us)
{
	static const double worth = 7.0 / 8;
	bool once = m->worthless.long_us;

	if (m->stored_bytes < (once ? DECIDE_PROBE_BYTES : FIRST_PROBE_BYTES))
		return;
	if (m->cost_bytes >= worth * m->stored_bytes) {
		pause_begin(&m->worthless, now_us, WORTHLESS_US);
		m->stored_bytes = m->cost_bytes = 0;
	} else {
		m->worthless = (struct pause){ 0 };
	}
}

/* What of it was written to the drive, and what was saved by the rest. */
static void learn_swap(struct memory *m, const struct outcome *l)
{
	static const double memory_us = 600e6;
	double kept = exp(-(double)l->window_us / memory_us);

	m->write_left_bytes -= (double)l->written_bytes;
	m->stored_bytes = m->stored_bytes * kept + (double)l->stored_bytes;
	m->cost_bytes = m->cost_bytes * kept + (double)l->cost_bytes;
	judge_copies(m, l->now_us);
}

static void learn_kinds(struct memory *m, const struct outcome *l)
{
	const uint64_t taken[] = {
		[SHARE_ANON] = l->y.got_anon_bytes + l->y.demoted_bytes,
		[SHARE_FILE] = l->y.got_file_bytes,
	};
	const uint64_t back[] = {
		[SHARE_ANON] = l->y.refaulted_anon_bytes,
		[SHARE_FILE] = l->y.refaulted_file_bytes,
	};

	double kept = exp2(-(double)l->window_us / ANON_HALF_US);

	m->anon_taken_bytes =
		m->anon_taken_bytes * kept + (double)taken[SHARE_ANON];
	/* More than was taken is another's. */
	m->anon_back_bytes =
		fmin(m->anon_taken_bytes,
		     m->anon_back_bytes * kept + (double)back[SHARE_ANON]);
	share_note(&m->share, l->window_us, taken, back);
}

void memory_learn(struct memory *m, const struct outcome *l)
{
	m->last.got_bytes =
		l->y.got_anon_bytes + l->y.got_file_bytes + l->y.demoted_bytes;
	m->last.scanned_bytes = l->y.scanned_bytes;
	m->last.partial = l->partial;
	m->last.late = l->late;
	learn_overshoot(m, l);
	learn_kinds(m, l);
	learn_swap(m, l);
	learn_return(m, l);
	if (l->wanted_bytes)
		reclaimer_wrote(&m->other, l->wanted_bytes, m->last.got_bytes,
				l->cpus, l->now_us);
	m->cold.taken_anon_bytes += l->y.got_anon_bytes;
	m->cold.taken_file_bytes += l->y.got_file_bytes;
	/* More than chance: as many file pages as the kernel takes at once. */
	if (m->known && l->y.refaulted_file_bytes >= mem_reclaim_least_bytes())
		m->file_back_us = l->now_us;
	m->current_bytes = l->current_bytes;
	m->known = true;
}
