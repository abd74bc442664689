/*
 * probe - takes a little of a cgroup, to learn how well its pages compress:
 * pages that reclaim chooses or, for a forecast, that chance does.
 *
 * It is the one write of a look, so it is small (1 % of the cgroup, 4 MiB at
 * most), made once a day, and only where tmo-reclaim would take anonymous
 * memory, too.  When it was, and what came of it, is kept in a state file for a
 * day, as another run would not see it again.
 */
#ifndef PROBE_H
#define PROBE_H

#include "cg.h"
#include "member.h"

struct probe_cfg {
	uint64_t most_bytes; /* --probe; 0: none are made */
	const char *path;    /* of the state */
	bool write;	     /* false: a dry run */
	bool random;	     /* pages are chosen at random, where they can */
	double pressure_limit_pct;
	int64_t swap_limit_mpct;
};

/*
 * Recalls what the probes of a day told of the set's members, and probes those
 * that were looked at and have none such below them.
 * Returns the failures, each of which was warned of, or -errno of the state.
 */
int probe_all(const struct probe_cfg *cfg, struct cg_set *set,
	      const struct world *world);

/* After a look: what zswap made of the pages that were chosen at random. */
void probe_tell(const struct cg *cg);

/* After the last look: keeps what is known now of those.  0 or -errno. */
int probe_keep(const struct probe_cfg *cfg, const struct cg_set *set);

#endif
