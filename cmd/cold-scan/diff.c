#include "diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bits.h"
#include "clock.h"
#include "keep.h"
#include "msg.h"
#include "pack.h"
#include "tool.h"
#include "verdict.h"

/* A state, and what it tells of the section at hand. */
struct side {
	struct keep_file file;
	struct keep_section sec;
	uint32_t marked[AGES];
	uint8_t *age;
	uint64_t *swap;
	uint64_t span_us; /* that the age stands for, in any section */
	int reach;	  /* in passes, likewise */
	uint64_t tracked_pages;
};

static void side_open(struct side *s, const char *path)
{
	int err = keep_open(&s->file, path);
	size_t most;

	if (err)
		die(err, "--diff: cannot use '%s'", path);
	most = s->file.head.page_bytes * 8;
	s->age = xcalloc(most, 1);
	s->swap = xcalloc(most / 64, 8);
}

static void side_close(struct side *s)
{
	keep_close(&s->file);
	free(s->age);
	free(s->swap);
}

static void side_next(struct side *s, const char *path)
{
	if (!keep_next(&s->file, &s->sec, s->marked) ||
	    s->sec.kept > s->file.head.page_bytes * 8 ||
	    !pack_open_parts(s->file.ages, s->file.n, s->sec.kept,
			     s->sec.passes, s->age, s->swap))
		die(EBADMSG, "--diff: cannot use '%s'", path);
}

/* The age in this section that stands for us, as age_from(). */
static int age_in(struct side *s, uint64_t us)
{
	for (uint32_t a = 1; a < AGE_MAX && a < s->sec.passes; a++) {
		uint32_t then = s->marked[(s->sec.passes - 1 - a) % AGES];
		uint64_t span_us = idle_since_us(s->sec.read_at, then);

		if (span_us < us - us / 50)
			continue;
		if (span_us > s->span_us)
			s->span_us = span_us;
		return (int)a;
	}
	return AGES;
}

/* gone: freed, or another kind's by now. */
struct change {
	uint64_t before, after, cooled, warmed, gone;
	bool known[2]; /* is the age reached, in the old one and the new? */
};

/* As idle_suspicions(). */
static unsigned int suspicions(const struct side *s)
{
	const struct keep_head *h = &s->file.head;
	unsigned int found = h->suspect;
	uint64_t misled_pages =
		idle_misled_pages(h->misled_pages, h->passes, s->reach);

	if (verdict_many_moved(misled_pages, s->tracked_pages * h->sample))
		found |= SUSPECT_MIGRATED;
	for (int i = 0; i < IDLE_SUSPICIONS; i++)
		if (h->suspect_us[i] &&
		    h->suspect_us[i] + s->span_us > h->start_us)
			found |= 1u << i;
	return found;
}

static void compare(struct change change[2], struct side side[2], uint64_t us)
{
	int from[2] = { age_in(side, us), age_in(side + 1, us) };

	for (int k = 0; k < 2; k++)
		if (from[k] < AGES && from[k] > side[k].reach)
			side[k].reach = from[k];
	for (int k = 0; k < 4; k++)
		change[k / 2].known[k % 2] |= from[k % 2] < AGES;
	for (uint32_t i = 0; i < side[1].sec.kept; i++) {
		bool is_swap = bits_has(side[1].swap, i),
		     was_swap = bits_has(side[0].swap, i);
		uint8_t was_age = side[0].age[i], is_age = side[1].age[i];
		bool was = was_age <= AGE_MAX && was_age >= from[0];
		bool is = is_age <= AGE_MAX && is_age >= from[1];
		/* A frame that is free has no kind any more. */
		bool gone = is_age == AGE_NONE || is_swap != was_swap;

		side[0].tracked_pages += was_age <= AGE_MAX;
		side[1].tracked_pages += is_age <= AGE_MAX;
		change[was_swap].before += was;
		change[is_swap].after += is;
		change[is_swap].cooled += is && (!was || gone);
		change[was_swap].warmed += was && !is && !gone;
		change[was_swap].gone += was && gone;
	}
}

static void put_change(struct view *v, const struct change *c,
		       uint64_t page_bytes, const char *kind, uint64_t us,
		       const char *verdict)
{
	struct sample x;

	sample_clear(&x);
	x.cgroup = "/";
	x.time_ms = clock_unix_ms();
	x.kind = kind;
	x.verdict = verdict;
	x.age_us = us;
	if (c->known[0])
		x.before_bytes = c->before * page_bytes;
	if (c->known[1])
		x.bytes = c->after * page_bytes;
	if (c->known[0] && c->known[1]) {
		x.cooled_bytes = c->cooled * page_bytes;
		x.warmed_bytes = c->warmed * page_bytes;
		x.gone_bytes = c->gone * page_bytes;
	}
	view_put(v, &x);
}

static void diff_age(struct view *v, const char *old, const char *path,
		     uint64_t us)
{
	struct side *side = xcalloc(2, sizeof(*side));
	struct change change[2] = { 0 };
	const struct keep_head *was, *is;
	char text[VERDICT_LEN];
	const char *verdict;

	side_open(side, old);
	side_open(side + 1, path);
	was = &side[0].file.head;
	is = &side[1].file.head;
	if (memcmp(was->boot, is->boot, sizeof(was->boot)) ||
	    was->page_bytes != is->page_bytes || was->sample != is->sample ||
	    was->seed != is->seed ||
	    side[0].file.sections != side[1].file.sections)
		die(0, "--diff: the states are from different boots or memory "
		       "layouts");
	if (was->start_us > is->start_us)
		die(0, "--diff: '%s' is newer than '%s'", old, path);
	for (size_t i = 0; i < side->file.sections; i++) {
		side_next(side, old);
		side_next(side + 1, path);
		if (side[0].sec.pfn != side[1].sec.pfn ||
		    side[0].sec.pages != side[1].sec.pages)
			die(0, "--diff: the states are from different memory "
			       "layouts");
		compare(change, side, us);
	}
	verdict = verdict_text(suspicions(side) | suspicions(side + 1), text);
	put_change(v, change + 1, is->page_bytes * is->sample, "anon", us,
		   verdict);
	put_change(v, change, is->page_bytes * is->sample, "file", us, verdict);
	side_close(side);
	side_close(side + 1);
	free(side);
}

int diff_states(struct view *v, const struct scan_opts *opts, const char *old)
{
	for (size_t i = 0; i < opts->n_ages; i++)
		diff_age(v, old, opts->state, opts->age_us[i]);
	return tool_finish(&v->out, v->strict && v->suspect ? STATUS_PARTIAL
							    : STATUS_OK);
}
