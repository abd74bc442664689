/*
 * targets - whom to watch: operands, and a table of rows whose own columns go
 * through to the output.  The table is read to its end; a file is read again
 * when it changes.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "cg.h"
#include "policy.h"
#include "rows.h"

struct target_row {
	char *key;
	char **cell;
	size_t cells;
	size_t line;
};

struct targets {
	char **operand; /* keys and globs */
	size_t n_operands;
	bool recursive;
	const char *file; /* --targets */
	struct stat seen; /* the file when it was read */
	int inotify;	  /* of targets_follow(), or -1 */

	char **name; /* all columns of the table */
	size_t n_names;
	struct target_row *row;
	size_t n_rows;
	struct policy_rows rows;
	uint32_t version; /* grows with each reading */
	struct rows_in as_read;

	char **key; /* operands and rows: what is expanded */
	size_t n_keys;
	bool *warned;	    /* of each key: its loss was told */
	bool running;	    /* the first update is over: nothing is fatal now */
	int walk_err;	    /* of the last walk, told once */
	bool lost;	    /* some cgroup that was named is not there */
	size_t tabs, longs; /* of the set, as told */
};

/* Operands with "-" for rows of stdin; file may be NULL.  Dies when bad. */
void targets_open(struct targets *t, const struct cg_set *set, char **operands,
		  size_t n, const char *file);

/*
 * Brings the set up to date, the file too (hup: in any case).  What is wrong
 * with a row or a walk dies at the first time, and later is told once and
 * passed over; so are cgroups that were named and lost.
 */
void targets_update(struct targets *t, struct cg_set *set, bool hup);

/*
 * A descriptor that is readable when the file may have changed, until the next
 * update; -errno, -ENOENT where there is no file.
 */
int targets_follow(struct targets *t);

/* Is there nothing left, and nothing to come? */
bool targets_over(const struct targets *t, const struct cg_set *set);

/*
 * The table's row for a cgroup by policy_rows_find(), for rows_emit(); NULL
 * without a table. *row and *version keep the answer for the next call.
 */
const struct rows_in *targets_row(struct targets *t, const char *key,
				  uint32_t *row, uint32_t *version);

#endif
