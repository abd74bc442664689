#include "deciding.h"
#include "mem.h"
#include "num.h"

enum { FILE_BACK_US = 60000000 }; /* file refaults are remembered so long */

/* For anonymous memory alone. */
static int most_swappiness(const struct deciding *s)
{
	return s->o->cannot_tell_max ? 200 : ACT_SWAPPINESS_MAX;
}

static void add_part(struct deciding *s, uint64_t bytes, int swappiness)
{
	if (bytes)
		s->d.part[s->d.parts++] =
			(struct act_part){ bytes, swappiness };
}

/*
 * The share of anonymous memory that a blind step asks for apart, of 1; < 0: it
 * is left to the kernel.  TMO's rule is file cache first, and swap once that
 * refaults.  lru_gen keeps taking file cache alone then, the hot part of it as
 * well, whatever a swappiness below 200 says (mm/vmscan.c, get_type_to_scan(),
 * positive_ctrl_err()); so there the share is made by two writes.
 */
static double anon_share(const struct deciding *s)
{
	uint64_t swappiness = s->g.swappiness;
	uint64_t anon = s->g.anon_lru_bytes, file = s->g.file_lru_bytes;

	if (!s->o->lru_gen || !swappiness || swappiness >= 200 ||
	    anon == NUM_NONE || file == NUM_NONE || !(anon + file) ||
	    !deciding_within(s, s->m->file_back_us, FILE_BACK_US))
		return -1;
	return share_anon(&s->m->share, swappiness, anon, file);
}

/*
 * Anonymous memory and file cache apart, no part below what a trip takes: of a
 * few file pages lru_gen runs out, and then it ages, again and again in that
 * one write, until hot anonymous memory lies among the cold (mm/vmscan.c,
 * should_run_aging(), inc_min_seq()).
 */
static void split_kinds(struct deciding *s, uint64_t anon, uint64_t file)
{
	uint64_t least = mem_reclaim_least_bytes();

	if (anon >= least)
		add_part(s, anon, most_swappiness(s));
	if (file >= least)
		add_part(s, file, 0);
}

/* What is known to be cold, by what there is of each kind. */
static void split_cold(struct deciding *s, uint64_t want)
{
	double share = (double)evidence_cold_anon(s) / (double)evidence_cold(s);
	uint64_t anon = num_least(
		want, mem_whole_pages((uint64_t)((double)want * share)));

	split_kinds(s, anon, want - anon);
}

static void split_blind(struct deciding *s, uint64_t want, double share)
{
	uint64_t anon = num_least(
		want, mem_whole_pages((uint64_t)((double)want * share)));
	uint64_t least = mem_reclaim_least_bytes();

	if (anon < least)
		anon = 0;
	else if (want - anon < least)
		anon = want;
	split_kinds(s, anon, want - anon);
}

void kinds_split(struct deciding *s, uint64_t want, bool cold)
{
	uint64_t swappiness = s->g.swappiness;
	double share = anon_share(s);

	if (s->o->cannot_tell_kinds)
		add_part(s, want, ACT_SWAPPINESS_NONE);
	else if (s->file_only || (!cold && s->files_alone))
		add_part(s, want, 0);
	else if (cold)
		split_cold(s, want);
	else if (share >= 0)
		split_blind(s, want, share);
	else if (swappiness == NUM_NONE)
		add_part(s, want, ACT_SWAPPINESS_NONE);
	else
		add_part(s, want,
			 swappiness > 200 ? most_swappiness(s)
					  : (int)swappiness);
}
