#include "deciding.h"
#include "mem.h"
#include "num.h"

/* The rows repeat what a scan found until the next one. */
static bool is_news(const struct evidence *e, const struct row_input *in)
{
	return e->anon_bytes != in->cold_anon_bytes ||
	       e->file_bytes != in->cold_file_bytes ||
	       e->of_anon_bytes != in->anon_bytes ||
	       e->of_file_bytes != in->file_bytes;
}

/* What the scan saw and is no longer there. */
static uint64_t gone(uint64_t of_bytes, uint64_t now_bytes)
{
	if (of_bytes == NUM_NONE || now_bytes == NUM_NONE)
		return 0;
	return num_less(of_bytes, now_bytes);
}

/* Longer than cold-scan --annotate lets a cgroup rest. */
enum { KEPT_AGES = 10 };

/*
 * What was known and is not seen again, as of a cgroup whose ages cold-scan
 * lets rest: nothing of it is known to be cold any more, and for a time that
 * most of its anonymous memory was hot tells more than a blind step could.
 */
static void keep_evidence(struct evidence *e, uint64_t age_us, uint64_t now_us)
{
	bool keep = e->known && age_us < NUM_MAX / KEPT_AGES &&
		    now_us - e->seen_us < KEPT_AGES * age_us;

	*e = (struct evidence){
		.known = keep,
		.seen_us = e->seen_us,
		.file_bytes = NUM_NONE,
		.of_anon_bytes = NUM_NONE,
		.of_file_bytes = NUM_NONE,
	};
}

/* No part is above its whole, nor above what the cgroup ever held. */
static bool can_be(const struct row_input *in, uint64_t most_bytes)
{
	uint64_t anon = in->cold_anon_bytes;
	uint64_t file = num_known(in->cold_file_bytes);

	return anon <= in->anon_bytes && file <= in->file_bytes &&
	       anon <= most_bytes && file <= most_bytes - anon;
}

void evidence_take(struct deciding *s)
{
	const struct row_input *in = &s->o->row;
	uint64_t now_us = s->o->now_us;
	struct evidence *e = &s->m->cold;

	if (!in->cold_ok || !can_be(in, s->m->most_bytes)) {
		keep_evidence(e, in->age_us, now_us);
		return;
	}
	e->seen_us = now_us;
	if (!e->known || is_news(e, in))
		*e = (struct evidence){
			.known = true,
			.seen_us = now_us,
			.anon_bytes = in->cold_anon_bytes,
			.file_bytes = in->cold_file_bytes,
			.of_anon_bytes = in->anon_bytes,
			.of_file_bytes = in->file_bytes,
		};
	/*
	 * A pass takes its time: what was taken meanwhile may be among what it
	 * had found cold before.  The sizes that it found tell.
	 */
	e->taken_anon_bytes =
		num_most(e->taken_anon_bytes,
			 gone(e->of_anon_bytes, s->g.anon_lru_bytes));
	e->taken_file_bytes =
		num_most(e->taken_file_bytes,
			 gone(e->of_file_bytes, s->g.file_lru_bytes));
}

/* Of what was found, what was not taken since and can still be there. */
static uint64_t still_cold(uint64_t found_bytes, uint64_t taken_bytes,
			   uint64_t lru_bytes)
{
	uint64_t left = num_less(found_bytes, taken_bytes);

	return lru_bytes == NUM_NONE ? left : num_least(left, lru_bytes);
}

/*
 * Of what is known to be cold the demoted lies on a slower node.  Asked for
 * that much, reclaim would demote as much again of what is not cold.
 */
uint64_t evidence_cold_anon(const struct deciding *s)
{
	const struct evidence *e = &s->m->cold;
	uint64_t bytes = still_cold(e->anon_bytes, e->taken_anon_bytes,
				    s->g.anon_lru_bytes);

	return s->file_only ? 0 : num_less(bytes, s->g.slow_anon_bytes);
}

uint64_t evidence_cold(const struct deciding *s)
{
	const struct evidence *e = &s->m->cold;

	/* Of one kind alone it is of use where that can be asked for. */
	if (!e->known || (e->file_bytes == NUM_NONE && s->o->cannot_tell_kinds))
		return NUM_NONE;
	if (e->file_bytes == NUM_NONE)
		return evidence_cold_anon(s);
	return evidence_cold_anon(s) + still_cold(e->file_bytes,
						  e->taken_file_bytes,
						  s->g.file_lru_bytes);
}

bool evidence_hides(const struct deciding *s)
{
	return s->trip_bytes > mem_reclaim_least_bytes();
}
