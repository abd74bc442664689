/*
 * files - the files of a target, held open and read at 0: an open costs more
 * than the read.  Descriptors are held only as far as every target finds room
 * for its directory, its lock and its pressure; beyond that a file is opened
 * for each read.
 */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cg.h"

/* One in so many descriptors may be a cgroup's directory: set->dirs_max. */
enum { FILES_DIRS_PART = 8 };

enum file {
	FILE_CURRENT,
	FILE_STAT,
	FILE_NUMA_STAT,
	FILE_CPU_STAT,
	FILE_SWAP,
	FILE_SWAP_MAX,
	FILE_EVENTS,
	FILE_MIN,
	FILE_LOW,
	FILE_HIGH,
	FILE_ZSWAP,
	FILE_ZSWAP_MAX,
	FILE_COUNT
};

struct files {
	struct cg_set *set;
	int fd[FILE_COUNT]; /* or -1 */
};

void files_init(struct files *f, struct cg_set *set);

/* As cg_read and cg_read_u64. */
ssize_t files_read(struct files *f, const struct cg *cg, enum file file,
		   char *buf, size_t size);
int files_u64(struct files *f, const struct cg *cg, enum file file,
	      uint64_t *out);
void files_close(struct files *f);

#endif
