#include "pagemap.h"

#include <unistd.h>

#include "clock.h"
#include "mem.h"

enum { REGIONS = 256 }; /* of PAGEMAP_SCAN, a call */

size_t pagemap_read(int fd, uint64_t page, uint64_t end,
		    uint64_t entries[PAGEMAP_READ])
{
	size_t most =
		end - page < PAGEMAP_READ ? (size_t)(end - page) : PAGEMAP_READ;
	ssize_t n = pread(fd, entries, most * 8, (off_t)(page * 8));

	return n > 0 ? (size_t)n / 8 : 0;
}

static int tell(int fd, uint64_t page, uint64_t end, pagemap_fn *fn, void *arg)
{
	uint64_t entries[PAGEMAP_READ];
	size_t n;
	int err = 0;

	while (page < end && !err && !clock_stopped() &&
	       (n = pagemap_read(fd, page, end, entries))) {
		err = fn(arg, page, entries, n);
		page += n;
	}
	return err;
}

static int tell_some(int fd, uint64_t page, uint64_t end, uint64_t category,
		     pagemap_fn *fn, void *arg)
{
	uint64_t bytes = mem_page_bytes();
	struct pagemap_region v[REGIONS];
	struct pagemap_scan scan = {
		.size = sizeof(scan),
		.start = page * bytes,
		.end = end * bytes,
		.vec = (uintptr_t)v,
		.vec_len = REGIONS,
		.category_inverted = PAGEMAP_ZERO,
		.category_mask = category | PAGEMAP_ZERO,
		.return_mask = category,
	};
	int err = 0;

	while (scan.start < scan.end && !err && !clock_stopped()) {
		int n = ioctl(fd, PAGEMAP_SCAN_CMD, &scan);

		if (n < 0 || scan.walk_end <= scan.start)
			return tell(fd, scan.start / bytes, end, fn, arg);
		for (int i = 0; i < n && !err; i++)
			err = tell(fd, v[i].start / bytes, v[i].end / bytes, fn,
				   arg);
		scan.start = scan.walk_end;
	}
	return err;
}

int pagemap_swapped(int fd, uint64_t page, uint64_t end, pagemap_fn *fn,
		    void *arg)
{
	return tell_some(fd, page, end, PAGEMAP_SWAPPED, fn, arg);
}

int pagemap_present(int fd, uint64_t page, uint64_t end, pagemap_fn *fn,
		    void *arg)
{
	return tell_some(fd, page, end, PAGEMAP_PRESENT, fn, arg);
}
