/*
 * generations - page-idle where lru_gen is on.
 *
 * An aging takes accessed bits and leaves the marks, and reclaim does so next
 * to each page that it looks at (mm/vmscan.c, walk_pte_range and
 * lru_gen_look_around).  Both can be told: by the numbers of the generations
 * and by the counters of reclaim.  Nothing is lost to an aging of our own right
 * after a pass, from which on the marks then hold.  What read(2) reads keeps
 * its mark and becomes referenced until an aging: see referenced.h.
 */
#ifndef GENERATIONS_H
#define GENERATIONS_H

#include <stdbool.h>

#include "scan.h"

/* Is lru_gen on, and do its numbers tell of all cgroups? */
bool generations_told(const struct cg_set *tree);

/*
 * After a pass: who has aged since the one before, and which pages of files are
 * not proven; then ages what is to be aged.  *suspect: of the machine.  0 or
 * -errno.
 */
int generations_pass(struct scan *s, unsigned int *suspect);

/* Of one cgroup: what others' agings, and files, make doubtful. */
unsigned int generations_suspicions(const struct scan *s, const struct tally *t,
				    uint64_t age_us);

#endif
