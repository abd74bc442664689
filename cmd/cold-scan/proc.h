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
	bool ranges;   /* addresses instead of sums */
	bool mappings; /* a page counts once for each mapping */
};

/* Rows for each process; false where one is gone or cannot be read. */
bool proc_emit(struct view *v, const struct scan *s,
	       const struct proc_opts *opts);

#endif
