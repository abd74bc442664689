/*
 * log - --log: a log that is fit for years.  A line for each cgroup that cannot
 * be reclaimed any more, or again, and one with the sums of all, every so
 * often.
 */
#ifndef LOG_H
#define LOG_H

#include "run.h"

/* After each period of a cgroup. */
void log_period(struct run *run, const struct cg *cg, const struct result *r);

#endif
