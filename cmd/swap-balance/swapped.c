#include "swapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io.h"
#include "mapped.h"
#include "procs.h"
#include "root.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21 /* Linux 5.4 */
#endif

bool swapped_is_in(uint64_t entry, int type)
{
	unsigned int is = PM_SWAP_TYPE(entry);

	return entry & PM_SWAP && !(entry & PM_PRESENT) &&
	       PM_SWAP_OFFSET(entry) && is < PM_SWAP_TYPES &&
	       (type == SWAPPED_ANY || is == (unsigned int)type);
}

/* ---- processes ---- */

struct told {
	const struct cg *cg;
	pagemap_fn *fn;
	void *arg;
	uint64_t refused;
};

static int tell_process(void *arg, uint64_t pid)
{
	struct told *t = arg;
	struct mapped m;
	struct mapping is;
	int err = mapped_open(&m, t->cg, pid, "VmSwap");

	t->refused += err == -EACCES || err == -EPERM;
	if (err) {
		mapped_close(&m);
		return 0;
	}
	for (const char *at = m.maps; !err && mapped_next(&at, &is);)
		err = pagemap_swapped(m.pagemap, is.page, is.end, t->fn,
				      t->arg);
	mapped_close(&m);
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
			       PM_SWAP_TYPE(entry) < PM_SWAP_TYPES
		       ? (int)PM_SWAP_TYPE(entry)
		       : -ENODATA;
}
