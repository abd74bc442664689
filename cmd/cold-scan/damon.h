/*
 * damon - the damon source: DAMON on physical memory, or on processes.
 *
 * Regions with their number of accesses and age, through sysfs
 * (Documentation/admin-guide/mm/damon/usage.rst).
 */
#ifndef DAMON_H
#define DAMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "age.h"

extern const char damon_path[];
struct damon;

/*
 * Looks at the processes, a kernel thread each, or without any at all memory.
 * Dies where DAMON is missing or somebody else's runs.
 */
enum { DAMON_PIDS = 16 };
struct damon *damon_start(uint64_t interval_us, const uint64_t *pids,
			  size_t n_pids);

/* Is DAMON there, and nobody's? */
bool damon_is_free(void);

/* Reads the regions; those of memory are counted into out. */
int damon_read(struct damon *d, const struct age_scale *scale,
	       struct tally_set *out);

/* The age of an address of process i; 0 where nobody looked. */
uint8_t damon_age(const struct damon *d, size_t i, uint64_t addr,
		  const struct age_scale *scale);

/* Ends the kernel threads and takes down all that was set up. */
void damon_stop(struct damon *d);

#endif
