/*
 * mapped - a process of a cgroup, its mappings and its page map: proc(5).
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "cg.h"

struct mapped {
	uint64_t pid;
	int dir, pidfd, pagemap;
	char key[CG_KEY_MAX]; /* of its cgroup */
	char *maps;
};

/*
 * Opens the process of that number where it is one of the cgroup, or of one
 * below it, and has memory of that field of its status: VmSwap or RssAnon.
 * pidfd < 0: why there is none.  0, -ESRCH, or -errno of what may not be
 * read; close it in any case.
 */
int mapped_open(struct mapped *m, const struct cg *cg, uint64_t pid,
		const char *field);
void mapped_close(struct mapped *m);

/* The next of its mappings, by pages; false: there is none more. */
struct mapping {
	uint64_t page, end;
	bool shared_memory; /* of tmpfs, by its name */
};
bool mapped_next(const char **at, struct mapping *out);

#endif
