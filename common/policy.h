/*
 * policy - the columns of a table that rule the tools of a pipe, see
 * tmo-rows(5).  Pure: texts in, texts out.
 */
#ifndef POLICY_H
#define POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "rows.h"

/*
 * The policy column that name is, or that it seems to be meant for ("floor",
 * "flor_bytes"); NULL: it is somebody's own.
 */
const char *policy_column(const char *name, bool *exact);

/*
 * A cell of that policy column, which may be written as on a command line
 * ("1.5G", "0.1%"), as rows have it ("1610612736", "0.100"), into buf.  "-" and
 * "max" stay.  0, or -EINVAL with *wanted what it should be.
 */
int policy_cell(const char *column, const char *text, char *buf, size_t size,
		const char **wanted);

/*
 * The header, or the row, just read of a table, from its column *at on: 0, or
 * -EINVAL with what is wrong and in which column as the reason, and *at the
 * column after that.  What is no policy but was measured (harm_pct) is no
 * fault, whatever it says: a program writes it anew and anew.
 */
int policy_check_header(const struct rows_in *in, size_t *at, char *reason,
			size_t size);
int policy_check_cells(const struct rows_in *in, size_t *at, char *reason,
		       size_t size);

/*
 * Which row of a table rules a cgroup: that of its own path, else of a glob
 * that names it, else that of the nearest cgroup above that has one; of several
 * the last.  A table may name thousands, and each is looked up each period.
 */
struct policy_rows {
	char *const *key; /* of each row, in its order: the caller's */
	size_t n;
	size_t *plain, n_plain; /* rows without a glob, by key and place */
	size_t *glob, n_globs;	/* rows with one, by place */
};
void policy_rows_index(struct policy_rows *t, char *const *key, size_t n);
void policy_rows_free(struct policy_rows *t);

/* The number of the row; t->n: none. */
size_t policy_rows_find(const struct policy_rows *t, const char *key);

#endif
