/*
 * reclaimer - another process that reclaims from the same cgroup: a second
 * controller by memory.reclaim, or one that moves memory.high.  Pure functions.
 *
 * Of the kernel's count of proactive steal (6.15) we know what is ours.  Its
 * counts are exact only to some pages a CPU for two seconds (mm/memcontrol.c,
 * memcg_vmstats_needs_flush(), FLUSH_TIME), so that much of our own may show
 * late.
 */
#ifndef RECLAIMER_H
#define RECLAIMER_H

#include <stdbool.h>
#include <stdint.h>

enum { RECLAIMER_FLUSHED_US = 4000000 }; /* twice the kernel's 2 s */

struct reclaimer {
	uint64_t late_bytes, wrote_us; /* of our own, may still show */
	uint64_t high_bytes;	       /* memory.high at the last look */
	uint64_t seen_us, before_us;   /* the last sightings; 0: none */
	bool looked, warned;
};

/* A write of ours: asked of the kernel, and seen in its counts since. */
void reclaimer_wrote(struct reclaimer *r, uint64_t asked_bytes,
		     uint64_t got_bytes, unsigned int cpus, uint64_t now_us);

/*
 * Proactive steal since our last look at the end of a period, and memory.high.
 * What cannot be told is 0, or the same as before.
 */
void reclaimer_look(struct reclaimer *r, uint64_t others_steal_bytes,
		    uint64_t high_bytes, uint64_t now_us);

/*
 * Once seen it costs one period: an operator may do that.  Seen again in
 * ten minutes it is at it, and has the cgroup until it has been quiet for a
 * minute.
 */
bool reclaimer_holds(const struct reclaimer *r, uint64_t now_us);

/* At it, and not yet said. */
bool reclaimer_to_tell(struct reclaimer *r);

#endif
