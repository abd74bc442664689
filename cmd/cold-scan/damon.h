/*
 * damon - the damon source: DAMON on the physical address space.
 *
 * Regions with their number of accesses and age, through sysfs
 * (Documentation/admin-guide/mm/damon/usage.rst).
 */
#ifndef DAMON_H
#define DAMON_H

#include <stdint.h>

#include "age.h"

extern const char damon_path[];
struct damon;

/* Dies where DAMON is missing or somebody else's runs. */
struct damon *damon_start(uint64_t interval_us);
int damon_read(struct damon *d, const struct age_scale *scale,
	       struct tally_set *out);

/* Ends the kernel thread and takes down all that was set up. */
void damon_stop(struct damon *d);

#endif
