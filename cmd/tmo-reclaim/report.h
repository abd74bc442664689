/*
 * report - what a run came to, a row for each cgroup: the totals, the sizes it
 * was seen at, and what could be set from them.
 */
#ifndef REPORT_H
#define REPORT_H

#include "run.h"

/* On stderr; as a table on a terminal, else as rows, or in that format. */
void report(struct run *run, int format);

#endif
