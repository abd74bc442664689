/* check - the preflight: what tmo-reclaim would use, tried without effect. */
#ifndef CHECK_H
#define CHECK_H

#include "run.h"
#include "tool.h"

/* key: the cgroup to try; NULL: the first below the mount that will do.
   The status of the tool: 2 where something is missing. */
int check(struct run *run, struct rows_out *out, const char *key);

/* A row for --targets, or for each fault in it. */
int check_table(struct run *run, struct rows_out *out);

#endif
