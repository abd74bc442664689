/*
 * evidence - for how long each cgroup has called for the same backend, kept in
 * a state file: a run of --apply sees but one window.
 */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include "cg.h"
#include "member.h"

/*
 * Adds to the members' stood_s what earlier runs of this boot saw, each less
 * than a day after the one before, and keeps it, where write is set, for later
 * ones.  0 or -errno of the state.
 */
int evidence_add(const char *path, struct cg_set *set, bool write);

#endif
