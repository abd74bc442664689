/*
 * diff - two states of cold-scan against each other (--diff).
 */
#ifndef DIFF_H
#define DIFF_H

#include "scan.h"
#include "view.h"

/*
 * What became cold or warm between the state old and that of opts->state: rows
 * for all of memory; the exit status.
 */
int diff_states(struct view *v, const struct scan_opts *opts, const char *old);

#endif
