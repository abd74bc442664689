/*
 * share - how a blind step is divided between anonymous memory and file cache.
 * Pure functions.
 *
 * By swappiness, which weighs what a page of each costs when it comes back, and
 * by what there is of each.  What that leaves out is how much does come back:
 * of a kind that is all in use every page would.  So each kind has the weight
 * of what stayed away of it lately; TMO's rule is to step back from swap when
 * swap-ins follow.
 */
#ifndef SHARE_H
#define SHARE_H

#include <stdint.h>

enum share_kind { SHARE_ANON, SHARE_FILE, SHARE_KINDS };

struct share {
	/* Decaying sums of the last minutes. */
	double taken_bytes[SHARE_KINDS], back_bytes[SHARE_KINDS];
};

/* One period's, of each kind. */
void share_note(struct share *s, uint64_t window_us,
		const uint64_t taken_bytes[SHARE_KINDS],
		const uint64_t back_bytes[SHARE_KINDS]);

/* Of 1, what is to be anonymous; swappiness of 1 to 199. */
double share_anon(const struct share *s, uint64_t swappiness,
		  uint64_t anon_bytes, uint64_t file_bytes);

#endif
