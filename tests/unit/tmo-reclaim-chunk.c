/* The size of tmo-reclaim's writes: the last one's size and time in. */
#include "tap.h"
#include "tmo-reclaim/chunk.c"

enum { KIB = 1 << 10, MIB = 1 << 20 };

int main(void)
{
	is_u64(chunk_first(128 * KIB, 4 * MIB), 256 * KIB,
	       "the first is small");
	is_u64(chunk_first(128 * KIB, 128 * KIB), 128 * KIB,
	       "and within --chunk");
	is_u64(chunk_next(256 * KIB, 0, 128 * KIB, 4 * MIB), 512 * KIB,
	       "fast: twice");
	is_u64(chunk_next(256 * KIB, 4999, 128 * KIB, 4 * MIB), 512 * KIB,
	       "up to half of the time");
	is_u64(chunk_next(MIB, 10000, 128 * KIB, 4 * MIB), MIB,
	       "in time: the same");
	is_u64(chunk_next(MIB, 20000, 128 * KIB, 4 * MIB), 512 * KIB,
	       "half as fast: half of it");
	is_u64(chunk_next(MIB, 15000, 128 * KIB, 4 * MIB), 170 * 4 * KIB,
	       "two thirds, in whole pages");
	is_u64(chunk_next(MIB, 900000, 128 * KIB, 4 * MIB), 256 * KIB,
	       "not below the first");
	is_u64(chunk_next(128 * KIB, 900000, 128 * KIB, 128 * KIB), 128 * KIB,
	       "unless --chunk is");
	is_u64(chunk_first(2 * MIB, 4 * MIB), 2 * MIB,
	       "a huge page is asked for whole");
	is_u64(chunk_next(2 * MIB, 900000, 2 * MIB, 4 * MIB), 2 * MIB,
	       "however slow it was");
	is_u64(chunk_next(3 * MIB, 100, 128 * KIB, 4 * MIB), 4 * MIB,
	       "not above --chunk");
	return tap_done();
}
