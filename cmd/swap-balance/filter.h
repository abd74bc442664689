/* filter - rows in, rows out, with a cgroup's balance behind each. */
#ifndef FILTER_H
#define FILTER_H

#include "run.h"

/* Dies at options that the rows leave out of account. */
void filter_refuse(const struct run *run);

/* To the end of the rows. */
void filter(struct run *run);

#endif
