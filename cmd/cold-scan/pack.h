/*
 * pack - the ages of a section's page frames, as runs.  Pure.
 *
 * A run is of frames of one age and kind: a byte that stands for the age, then
 * its length and kind, seven bits a byte, the least first, with the top bit set
 * on all but the last.  Ages that do not fit in less are a byte a frame, and
 * behind them a bit.
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

/* The most that n frames, a multiple of 64, take. */
static inline size_t pack_most(size_t n)
{
	return n + n / 8;
}

/* As of so many passes over them; the length. */
size_t pack_ages(const uint8_t *age, const uint64_t *swap, size_t n,
		 uint32_t passes, uint8_t *out);

/* False: it is not of n frames. */
bool pack_open(const uint8_t *packed, size_t len, size_t n, uint32_t passes,
	       uint8_t *age, uint64_t *swap);

/*
 * What makes is of was, both of n frames, in out, of pack_most(n) + 1 bytes;
 * the length, 0 where they are the same.
 */
size_t pack_differ(const uint8_t *was, size_t was_len, const uint8_t *is,
		   size_t is_len, size_t n, uint8_t *out);

/* Brings ages up to then; false: it is not of n frames. */
bool pack_apply(const uint8_t *differ, size_t len, size_t n, uint32_t passes,
		uint8_t *age, uint64_t *swap);

#endif
