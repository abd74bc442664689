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

void files_init(struct files *f, struct cg_set *set)
{
	f->set = set;
	for (int i = 0; i < FILE_COUNT; i++)
		f->fd[i] = -1;
}

/* What the targets leave: each has at most four of its own. */
static bool may_hold(const struct cg_set *set)
{
	size_t all = set->fd_max, most = all / 4;

	if (most + 5 * set->n < all)
		most = all - 5 * set->n;
	return set->held < most;
}

ssize_t files_read(struct files *f, const struct cg *cg, enum file file,
		   char *buf, size_t size)
{
	int *held = f->fd + file;
	int fd = *held >= 0 ? *held
			    : cg_open_file(f->set, cg, names[file], O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = io_pread(fd, buf, size);
	if (*held >= 0)
		return n;
	if (may_hold(f->set)) {
		*held = fd;
		cg_set_hold(f->set);
	} else {
		close(fd);
	}
	return n;
}

int files_u64(struct files *f, const struct cg *cg, enum file file,
	      uint64_t *out)
{
	char buf[64];
	ssize_t n = files_read(f, cg, file, buf, sizeof(buf));

	return n < 0 ? (int)n : kv_single(buf, out);
}

void files_close(struct files *f)
{
	for (int i = 0; i < FILE_COUNT; i++)
		cg_set_let_go(f->set, f->fd + i);
}
