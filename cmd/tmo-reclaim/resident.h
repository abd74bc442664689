/*
 * resident - the processes of a cgroup, and which of their pages are in memory:
 * proc(5), Documentation/admin-guide/mm/pagemap.rst.
 */
#ifndef RESIDENT_H
#define RESIDENT_H

#include <stddef.h>
#include <stdint.h>

#include "cg.h"
#include "parkfile.h"

/* A process that may have ended: its pidfd, its page map, its memory; or < 0.
 */
struct process {
	uint64_t pid;
	int pidfd, pagemap, mem;
};

#define PROCESS_NONE ((struct process){ .pidfd = -1, .pagemap = -1, .mem = -1 })

/*
 * Opens the process of that number: 0 or -errno.  What is then read of /proc
 * and agrees with what was known of the process, is of the one that the pidfd
 * holds.
 */
int process_open(struct process *p, uint64_t pid);
void process_close(struct process *p);

/* pid, start and program. */
int process_identify(uint64_t pid, struct park_process *out);

/* Of a range, what is in memory; NUM_NONE: the page map tells nothing. */
uint64_t resident_pages(const struct process *p, uint64_t page, uint64_t pages);

/* Its mappings, those of devices and the kernel's own left out: 0 or -errno. */
int resident_maps(const struct process *p, struct parkfile *f);

/*
 * All processes of the cgroup and of those below it, with their mappings and
 * runs.  Those that end meanwhile are left out.  0 or -errno, then *pid is the
 * process that cannot be read, or 0.
 */
int resident_cgroup(const struct cg_set *set, const struct cg *cg,
		    struct parkfile *f, uint64_t *pid);

#endif
