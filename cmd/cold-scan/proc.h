/*
 * proc - the cold memory of processes, by their page tables.
 */
#ifndef PROC_H
#define PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scan.h"
#include "view.h"

enum { PROC_MAX = 256 };
struct proc_opts {
	uint64_t pid[PROC_MAX];
	size_t n;
	uint64_t start_ticks[PROC_MAX]; /* 0: not met yet, NUM_NONE: ended */
	bool ended;			/* one of them did */
	bool ranges;			/* addresses instead of sums */
	bool mappings; /* a page counts once for each mapping */
};

/*
 * Looks which processes are left: one that ended, or whose number is another's
 * by now, is warned of once and left out from then on.  False: none is left.
 */
bool proc_left(struct proc_opts *opts);

/* Rows for each process; false where one is gone or cannot be read. */
bool proc_emit(struct view *v, const struct scan *s, struct proc_opts *opts);

#endif
