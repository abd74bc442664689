/* modes - where the cgroups come from: rows, or operands and a table. */
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

#endif
