/*
 * gather - the numbers of an account: what a cgroup's files and the machine
 * tell of one that was looked at, and what its row tells.
 */
#ifndef GATHER_H
#define GATHER_H

#include "bind.h"
#include "parts.h"
#include "run.h"
#include "told.h"

struct gathered {
	struct binds binds;
	struct parts_in in;
	/* The member's, or else by all that zswap was offered ever; NAN. */
	double ratio, incompressible_pct;
};

void gather(const struct run *run, const struct cg *cg, const struct told *told,
	    struct gathered *out);

#endif
