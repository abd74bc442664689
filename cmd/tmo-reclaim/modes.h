/*
 * modes - what main() hands the run to: where the cgroups come from, and what
 * is done instead of reclaim.
 */
#ifndef MODES_H
#define MODES_H

#include "rows.h"
#include "run.h"
#include "tool.h"

/* Where the results go. */
struct shown {
	struct rows_out *out;
	const struct col_set *show;
	struct row own;
	bool told_dropped;
};

/*
 * A row of the output.  Where the run acts, it never waits for a reader: rows
 * wait, up to a bound, or are dropped, which is said once.
 */
void show(struct shown *to, const struct rows_in *in, const struct result *r);

/* To the service manager, after a period; a failure is said with -v. */
void tell_alive(void);

/* Rows from stdin, each acted upon as it comes. */
void filter(struct run *run, struct shown *to);

/* --ranges: rows of cold-scan --ranges from stdin, each paged out. */
void ranges(struct run *run, struct shown *to);

/*
 * The cgroups of keys and of --targets, every interval; once with -b, --park
 * and --wake.
 */
void loop(struct run *run, const struct common_opts *c, char *const *keys,
	  size_t n, struct shown *to);

/*
 * --check: what would be used, tried without effect.  key: the cgroup to try;
 * NULL: the first below the mount that will do.  The status of the tool: 2
 * where something is missing.
 */
int check(struct run *run, struct rows_out *out, const char *key);

/* A row for --targets, or for each fault in it. */
int check_table(struct run *run, struct rows_out *out);

/*
 * --report: what the run came to, a row for each cgroup, with the sizes it was
 * seen at and what could be set from them.  On stderr; as a table on a
 * terminal, else as rows, or in that format.
 */
void report(struct run *run, int format);

#endif
