/*
 * targets - --targets FILE: which cgroups, and the policy of each, as rows.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cg.h"
#include "policy.h"
#include "target.h"

struct targets {
	char **key; /* keys and globs */
	struct row_input *row;
	size_t n;
	struct policy_rows rows;
	struct timespec changed;
	char doubt[256]; /* of a harm_pct that is none; "": there is none */
};

/* What is wrong with a table: the first fault; each is told to each(). */
struct targets_fault {
	char reason[512];			     /* with the line */
	void (*each)(void *arg, const char *reason); /* or NULL */
	void *arg;
	bool found;
};

/*
 * Reads the file anew into out, which stays as it was where the file is bad:
 * 0, or -errno with the fault.  Columns that are no policy are faults: a
 * mistyped one would rule nothing.  A pipe has its rows once, and is not read
 * again.
 */
int targets_load(const struct cg_set *set, const char *path,
		 struct targets *out, struct targets_fault *fault);
void targets_free(struct targets *t);

/* Did the file change since it was read, be it bad or good? */
bool targets_changed(const char *path, const struct targets *t);

/* The row that rules the cgroup, by policy_rows_find(); NULL: none. */
const struct row_input *targets_find(const struct targets *t, const char *key);

#endif
