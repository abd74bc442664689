/*
 * procs - the processes of a cgroup and of those below it, by cgroup.procs.
 */
#ifndef PROCS_H
#define PROCS_H

#include <stdint.h>

#include "cg.h"

/*
 * Tells each process; one of another PID namespace is left out.  What fn
 * returns ends it unless it is 0, and is returned.  0 also after a stop; -errno
 * of a cgroup that cannot be read, but not of one that is gone.
 */
typedef int procs_fn(void *arg, uint64_t pid);
int procs_each(const struct cg_set *set, const struct cg *cg, procs_fn *fn,
	       void *arg);

#endif
