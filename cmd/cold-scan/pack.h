/*
 * pack - the ages of a section's page frames, as runs.  Pure.
 *
 * A run is of frames of one age that all take swap, or all do not: a byte that
 * stands for the age, then its length and whether they do, seven bits a byte,
 * the least first, with the top bit set on all but the last.  Ages that do not
 * fit in less are a byte a frame, and behind them a bit.
 *
 * The byte is the pass that found the frame idle first, so that it is the same
 * in every pass as long as the frame stays idle, or stays touched: what differs
 * from one pass to the next is little.
 */
#ifndef PACK_H
#define PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tally.h"

/* The most that n frames, a multiple of 64, take. */
static inline size_t pack_most(size_t n)
{
	return n + n / 8;
}

/*
 * Ages that are packed run after run, as they are found.  With what they were
 * before, also what differs.
 */
struct pack {
	size_t n, at; /* frames in all, and up to here */
	uint32_t passes, was_passes;
	uint8_t *out; /* of 2 * pack_most(n) bytes, the result at its begin */
	size_t len;
	uint8_t *raw; /* NULL: runs still fit in less */
	size_t from;  /* where the run that goes on began */
	uint8_t age;
	bool swap;

	const uint8_t *was_age; /* NULL: not asked for */
	const uint64_t *was_swap;
	uint8_t *differ; /* of pack_most(n) + 1 bytes */
	size_t differ_len;
	size_t differ_end; /* of the last run put */
	size_t differ_from, differ_to;
	bool differ_full;
};

/* n frames, after so many passes over them. */
void pack_begin(struct pack *p, size_t n, uint32_t passes, uint8_t *out);

/* One pass before, they were that old. */
void pack_compare(struct pack *p, const uint8_t *was_age,
		  const uint64_t *was_swap, uint32_t was_passes,
		  uint8_t *differ);

/* The next so many frames are of one age, and take swap or not. */
void pack_run(struct pack *p, size_t n, uint8_t age, bool swap);

/* p->len, and p->differ_len, 0 where nothing differs, are the results. */
void pack_end(struct pack *p);

/* The same of ages one by one; the length. */
size_t pack_ages(const uint8_t *age, const uint64_t *swap, size_t n,
		 uint32_t passes, uint8_t *out);

/* False: it is not of n frames. */
bool pack_open(const uint8_t *packed, size_t len, size_t n, uint32_t passes,
	       uint8_t *age, uint64_t *swap);

/* Brings ages up to then by what differs; likewise. */
bool pack_apply(const uint8_t *differ, size_t len, size_t n, uint32_t passes,
		uint8_t *age, uint64_t *swap);

/* All ages, or none where len is 0, then what passes made of them. */
struct pack_part {
	const uint8_t *at;
	uint32_t len;
};
bool pack_open_parts(const struct pack_part *part, size_t n_parts, size_t n,
		     uint32_t passes, uint8_t *age, uint64_t *swap);

#endif
