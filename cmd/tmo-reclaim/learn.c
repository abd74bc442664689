#include <math.h>

#include "decide.h"
#include "mem.h"
#include "num.h"

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
		reclaimer_wrote(&m->other, l->wanted_bytes, m->got_bytes,
				l->cpus, l->now_us);
	m->cold.taken_anon_bytes += l->got_anon_bytes;
	m->cold.taken_file_bytes += l->got_file_bytes;
	/* More than chance: as many file pages as the kernel takes at once. */
	if (m->known && l->refaulted_file_bytes >= mem_reclaim_least_bytes())
		m->file_back_us = l->now_us;
	m->current_bytes = l->current_bytes;
	m->known = true;
}
