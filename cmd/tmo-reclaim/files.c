#include "files.h"

#include <fcntl.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"

static const char *const names[FILE_COUNT] = {
	[FILE_CURRENT] = "memory.current",
	[FILE_STAT] = "memory.stat",
	[FILE_NUMA_STAT] = "memory.numa_stat",
	[FILE_CPU_STAT] = "cpu.stat",
	[FILE_SWAP] = "memory.swap.current",
	[FILE_SWAP_MAX] = "memory.swap.max",
	[FILE_EVENTS] = "cgroup.events",
	[FILE_MIN] = "memory.min",
	[FILE_LOW] = "memory.low",
	[FILE_HIGH] = "memory.high",
	[FILE_ZSWAP] = "memory.zswap.current",
	[FILE_ZSWAP_MAX] = "memory.zswap.max",
};

static void let_go(int *held)
{
	if (*held)
		close(*held - 1);
	*held = 0;
}

/* What the targets leave: each has at most four of its own. */
static bool may_hold(const struct cg_set *set, int fd)
{
	size_t all = set->fd_max * FILES_DIRS_PART, most = all / 4;

	if (most + 5 * set->n < all)
		most = all - 5 * set->n;
	return (size_t)fd < most;
}

ssize_t files_read(struct files *f, const struct cg_set *set,
		   const struct cg *cg, enum file file, char *buf, size_t size)
{
	int *held = f->fd + file;
	int fd = *held ? *held - 1
		       : cg_open_file(set, cg, names[file], O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = io_pread(fd, buf, size);
	*held = fd + 1;
	if (!may_hold(set, fd))
		let_go(held);
	return n;
}

int files_u64(struct files *f, const struct cg_set *set, const struct cg *cg,
	      enum file file, uint64_t *out)
{
	char buf[64];
	ssize_t n = files_read(f, set, cg, file, buf, sizeof(buf));

	return n < 0 ? (int)n : kv_single(buf, out);
}

void files_close(struct files *f)
{
	for (int i = 0; i < FILE_COUNT; i++)
		let_go(f->fd + i);
}
