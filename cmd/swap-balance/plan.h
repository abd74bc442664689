/*
 * plan - the settings of a cgroup that make a backend real, memory.zswap.max
 * and memory.zswap.writeback, and the record that undoes them.
 */
#ifndef PLAN_H
#define PLAN_H

#include "cg.h"
#include "member.h"
#include "rows.h"

struct plan {
	const char *path; /* of the undo record */
	bool write;	  /* else only say what would be written */
	double dwell_s;	  /* a choice must have stood so long */
	struct rows_out *out;
};

/*
 * Does the set, in tree order, hold a cgroup that was looked at below its
 * i-th?  Settings act down the tree, and a cgroup's counters hold those below
 * it: what it would choose would overrule them.
 */
bool plan_has_below(const struct cg_set *set, size_t i);

/*
 * Brings the settings of all cgroups of the set to their backends, and drops
 * from the record what is gone.  Returns STATUS_OK or STATUS_PARTIAL; dies when
 * the record cannot be kept.
 */
int plan_apply(const struct plan *plan, struct cg_set *set);

/*
 * Restores what the record says; keys and globs (n of them, 0: all) choose
 * cgroups and those below; one that chooses none is STATUS_NO.  A value that
 * somebody else has changed since is left alone: STATUS_PARTIAL.
 */
int plan_undo(const struct plan *plan, struct cg_set *set, char *const *keys,
	      size_t n);

#endif
