#include "charged.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "clock.h"
#include "idle.h"
#include "io.h"
#include "pagemap.h"
#include "pid.h"
#include "root.h"

enum {
	DRAWS = 256, /* of a cgroup's memory */
	MOST = 1024, /* of that and others', which can be much more */
	TRIES = 8,   /* places of a mapping, until there is a page */
	NEAR = 16,   /* entries that are read at such a place */
	HUGE = 512,
};

/* A recording need not have it. */
static int open_frames(struct charged *c, const char *path)
{
	int fd = io_open(root_fd(), path, O_RDONLY);

	c->untold |= fd < 0 && (fd != -ENOENT || root_is_live());
	return fd;
}

void charged_open(struct charged *c, uint64_t ino, uint64_t own_bytes,
		  uint64_t page_bytes)
{
	*c = (struct charged){ .ino = ino,
			       .page_bytes = page_bytes,
			       .step_bytes = own_bytes / DRAWS + page_bytes,
			       .seed = clock_mono_us(),
			       .pagemap = -1 };
	c->cgroup = open_frames(c, "proc/kpagecgroup");
	c->flags = open_frames(c, "proc/kpageflags");
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void charged_close(struct charged *c)
{
	drop(&c->pagemap);
	drop(&c->cgroup);
	drop(&c->flags);
}

void charged_process(struct charged *c, uint64_t pid)
{
	char path[PID_PATH];

	drop(&c->pagemap);
	if (c->cgroup >= 0 && c->flags >= 0)
		c->pagemap = io_open(root_fd(), pid_file(path, pid, "pagemap"),
				     O_RDONLY);
}

/* Knuth, MMIX: the lowest bits are poor, and mappings of 2^35 pages. */
static uint64_t draw(struct charged *c, uint64_t n)
{
	c->seed = c->seed * UINT64_C(6364136223846793005) +
		  UINT64_C(1442695040888963407);
	return (c->seed >> 24) % n;
}

/* The first place from there on that has a page, as far as the kernel tells. */
static uint64_t next_page(const struct charged *c, uint64_t page, uint64_t end,
			  bool all)
{
	struct pagemap_region found = { .start = 0 };
	uint64_t without = all ? PAGEMAP_ZERO : PAGEMAP_ZERO | PAGEMAP_IS_FILE;
	struct pagemap_scan scan = { .size = sizeof(scan),
				     .start = page * c->page_bytes,
				     .end = end * c->page_bytes,
				     .vec = (uintptr_t)&found,
				     .vec_len = 1,
				     .max_pages = 1,
				     .category_inverted = without,
				     .category_mask = without | PAGEMAP_PRESENT,
				     .return_mask = PAGEMAP_PRESENT };

	return ioctl(c->pagemap, PAGEMAP_SCAN_CMD, &scan) == 1
		       ? found.start / c->page_bytes
		       : page;
}

/*
 * The page frame of a page of the mapping; 0: none was met, or told, as without
 * CAP_SYS_ADMIN.  No page frame of a process is 0.
 */
static uint64_t draw_frame(struct charged *c, uint64_t start, uint64_t end,
			   bool all)
{
	uint64_t entry[NEAR];

	for (int i = 0; i < TRIES; i++) {
		uint64_t page =
			next_page(c, start + draw(c, end - start), end, all);

		if (idle_read_words(c->pagemap, page, entry, NEAR) <= 0)
			return 0;
		for (uint64_t n = 0; n < NEAR && page + n < end; n++)
			if ((entry[n] & PM_PRESENT) &&
			    (all || !(entry[n] & PM_FILE))) {
				c->untold |= !(entry[n] & PM_PFN);
				return entry[n] & PM_PFN;
			}
	}
	return 0;
}

/* Of a huge page its head alone has a cgroup. */
static uint64_t head_of(const struct charged *c, uint64_t pfn)
{
	uint64_t flags[HUGE], first = pfn / HUGE * HUGE;
	ssize_t n = idle_read_words(c->flags, first, flags,
				    (size_t)(pfn - first + 1));

	while (n > 0 && pfn > first &&
	       page_has(flags[pfn - first], PF_COMPOUND_TAIL))
		pfn--;
	return pfn;
}

/* 0: no cgroup's, such as the page of zeros, or not told. */
static uint64_t cgroup_of(const struct charged *c, uint64_t pfn)
{
	uint64_t ino = 0, head;

	if (idle_read_words(c->cgroup, pfn, &ino, 1) <= 0 || ino)
		return ino;
	head = head_of(c, pfn);
	if (head != pfn)
		idle_read_words(c->cgroup, head, &ino, 1);
	return ino;
}

void charged_draw(struct charged *c, uint64_t start, uint64_t end, bool all,
		  uint64_t bytes)
{
	if (c->pagemap < 0 || end < start + c->page_bytes)
		return;
	c->done_bytes += bytes;
	for (; c->done_bytes >= c->step_bytes && c->tried < MOST;
	     c->done_bytes -= c->step_bytes) {
		uint64_t pfn = draw_frame(c, start / c->page_bytes,
					  end / c->page_bytes, all);
		uint64_t ino = pfn ? cgroup_of(c, pfn) : 0;

		c->tried++;
		if (!ino)
			continue;
		c->drawn++;
		c->others += ino != c->ino;
	}
}

uint64_t charged_others(const struct charged *c, uint64_t bytes)
{
	if (!c->drawn)
		return 0;
	return (uint64_t)((double)bytes * c->others / c->drawn);
}
