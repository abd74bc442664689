/*
 * targets - --targets FILE: which cgroups, and the policy of each, as rows.
 */
#ifndef TARGETS_H
#define TARGETS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cg.h"
#include "target.h"

struct targets {
	char **key; /* keys and globs */
	struct row_input *row;
	size_t n;
	size_t *by_key, n_plain; /* rows without a glob, by key and place */
	size_t *glob, n_globs;	 /* rows with one, by place */
	struct timespec changed;
};

/*
 * Reads the file anew into out, which stays as it was where the file is bad:
 * 0, or -errno with *line the line at fault.
 */
int targets_load(const struct cg_set *set, const char *path,
		 struct targets *out, size_t *line);
void targets_free(struct targets *t);

/* Did the file change since it was read, be it bad or good? */
bool targets_changed(const char *path, const struct targets *t);

/* The last row that names the cgroup, or one above it; NULL: none. */
const struct row_input *targets_find(const struct targets *t, const char *key);

#endif
