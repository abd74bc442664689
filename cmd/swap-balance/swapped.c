#include "swapped.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io.h"
#include "mem.h"
#include "pid.h"
#include "procs.h"
#include "root.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21 /* Linux 5.4 */
#endif

/*
 * From here on a type is no area's: pages on their way to another node, broken
 * ones, markers (MAX_SWAPFILES in include/linux/swap.h).
 */
enum { TYPE_MOST = 22 };

bool swapped_is_in(uint64_t entry, int type)
{
	unsigned int is = PM_SWAP_TYPE(entry);

	return entry & PM_SWAP && !(entry & PM_PRESENT) &&
	       PM_SWAP_OFFSET(entry) && is < TYPE_MOST &&
	       (type == SWAPPED_ANY || is == (unsigned int)type);
}

/* ---- a process ---- */

/* Text of proc(5)'s maps: the addresses of each mapping. */
static int tell_maps(const char *maps, int pagemap, pagemap_fn *fn, void *arg)
{
	uint64_t start, end, bytes = mem_page_bytes();
	int err = 0;

	for (const char *line = maps; *line && !err;
	     line += strcspn(line, "\n"), line += *line == '\n')
		if (sscanf(line, "%" SCNx64 "-%" SCNx64, &start, &end) == 2 &&
		    end <= INT64_MAX) /* not the kernel's own */
			err = pagemap_swapped(pagemap, start / bytes,
					      end / bytes, fn, arg);
	return err;
}

/* Has it swapped?  By its VmSwap; threads of the kernel have none. */
static bool has_swapped(int dir)
{
	char text[IO_BUF];
	const char *p;
	uint64_t kib;

	if (io_read(dir, "status", text, sizeof(text)) <= 0)
		return false;
	p = strstr(text, "\nVmSwap:");
	return p && sscanf(p, "\nVmSwap: %" SCNu64, &kib) == 1 && kib;
}

struct told {
	const struct cg *cg;
	pagemap_fn *fn;
	void *arg;
	uint64_t refused;
};

/*
 * Its directory first: when the process of that number is then in the cgroup,
 * so is the one whose directory it is, or it has ended.
 */
static int tell_process(void *arg, uint64_t pid)
{
	struct told *t = arg;
	char path[PID_PATH], key[CG_KEY_MAX], *maps = NULL;
	int dir, pagemap, err;
	ssize_t n;

	dir = io_open(root_fd(), pid_file(path, pid, "."),
		      O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return 0;
	if (cg_of(pid_file(path, pid, "cgroup"), key) ||
	    !cg_is_below(key, t->cg->key) || !has_swapped(dir)) {
		close(dir);
		return 0;
	}
	pagemap = io_open(dir, "pagemap", O_RDONLY);
	n = pagemap < 0 ? pagemap : io_read_all(dir, "maps", &maps);
	t->refused += n == -EACCES || n == -EPERM;
	err = n < 0 ? 0 : tell_maps(maps, pagemap, t->fn, t->arg);
	free(maps);
	if (pagemap >= 0)
		close(pagemap);
	close(dir);
	return err;
}

int swapped_cgroup(const struct cg_set *set, const struct cg *cg,
		   pagemap_fn *fn, void *arg, uint64_t *refused)
{
	struct told t = { cg, fn, arg, 0 };
	int err = procs_each(set, cg, tell_process, &t);

	*refused = t.refused;
	return err;
}

/* ---- the number of an area ---- */

/* Puts a page of our own into swap: its entry, or 0 where it does not go. */
static uint64_t own_entry(void)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *page = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = io_open(root_fd(), "proc/self/pagemap", O_RDONLY);
	uint64_t entry = 0;

	if (page != MAP_FAILED) {
		/* One of equal bytes would be kept without a slot. */
		for (size_t i = 0; i < bytes; i++)
			page[i] = (unsigned char)(i * i >> 3);
		if (!madvise(page, bytes, MADV_PAGEOUT) && fd >= 0 &&
		    pread(fd, &entry, sizeof(entry),
			  (off_t)((uintptr_t)page / bytes * sizeof(entry))) !=
			    sizeof(entry))
			entry = 0;
		munmap(page, bytes);
	}
	if (fd >= 0)
		close(fd);
	return entry & PM_SWAP ? entry : 0;
}

bool swapped_has_type(const struct swap_area *areas, int n, int i)
{
	int next = 0;

	for (int j = 0; j < n; j++)
		next += areas[j].next;
	return n == 1 || (next == 1 && areas[i].next);
}

int swapped_type(const struct swap_area *areas, int n, int i)
{
	uint64_t entry = root_is_live() ? own_entry() : 0;

	if (entry && !PM_SWAP_OFFSET(entry))
		return -EPERM;
	if (n == 1)
		return SWAPPED_ANY;
	return entry && swapped_has_type(areas, n, i) &&
			       PM_SWAP_TYPE(entry) < TYPE_MOST
		       ? (int)PM_SWAP_TYPE(entry)
		       : -ENODATA;
}
