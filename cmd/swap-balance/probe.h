/*
 * probe - takes a little of a cgroup, to learn how well its pages compress.
 *
 * It is the one write of a look, so it is small (1 % of the cgroup, 4 MiB at
 * most), made once a day, and only where tmo-reclaim would take anonymous
 * memory, too.  The times are kept in a state file.
 */
#ifndef PROBE_H
#define PROBE_H

#include "cg.h"
#include "member.h"

struct probe_cfg {
	uint64_t most_bytes; /* --probe; 0: none are made */
	const char *path;    /* of the state */
	bool write;	     /* false: a dry run */
	double pressure_limit_pct;
	int64_t swap_limit_mpct;
};

/*
 * Probes those of the set that were looked at and have none such below them.
 * Returns the failures, each of which was warned of, or -errno of the state.
 */
int probe_all(const struct probe_cfg *cfg, struct cg_set *set,
	      const struct world *world);

#endif
