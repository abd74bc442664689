#include "chunk.h"

#include "mem.h"
#include "num.h"

/*
 * The kernel looks for a signal between batches of a quarter of what is still
 * to do (mm/vmscan.c, user_proactive_reclaim()), and goes over the lists for a
 * batch up to 13 times where pages are hard to get: DEF_PRIORITY to 0.
 */
uint64_t chunk_first(uint64_t trip_bytes, uint64_t most_bytes)
{
	return num_least(num_most(2 * mem_reclaim_least_bytes(), trip_bytes),
			 most_bytes);
}

uint64_t chunk_next(uint64_t bytes, uint64_t us, uint64_t trip_bytes,
		    uint64_t most_bytes)
{
	uint64_t least = chunk_first(trip_bytes, most_bytes), next = bytes * 2;

	if (us > CHUNK_US / 2)
		next = (uint64_t)((double)bytes * CHUNK_US / (double)us);
	return num_least(num_most(mem_whole_pages(next), least), most_bytes);
}
