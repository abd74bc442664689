/*
 * chunk - how much to ask for in one write, so that a signal is soon seen.
 * A pure function.
 */
#ifndef CHUNK_H
#define CHUNK_H

#include <stdint.h>

enum { CHUNK_US = 10000 }; /* what a write may take */

/*
 * The first one, where most_bytes is the largest: twice what the kernel takes
 * at least, so that it is no more than half too much.  Where trip_bytes, what a
 * write brings at least, is more than that (huge pages), a trip: each smaller
 * write would bring a whole one.
 */
uint64_t chunk_first(uint64_t trip_bytes, uint64_t most_bytes);

/*
 * The next after one of bytes that took us: what takes CHUNK_US at that speed,
 * at most twice as much, in whole pages.
 */
uint64_t chunk_next(uint64_t bytes, uint64_t us, uint64_t trip_bytes,
		    uint64_t most_bytes);

#endif
