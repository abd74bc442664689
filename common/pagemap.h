/*
 * pagemap - /proc/PID/pagemap: the bits of an entry, and the ioctl(2) that
 * finds pages in large mappings (Documentation/admin-guide/mm/pagemap.rst).
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stdint.h>
#include <sys/ioctl.h>

#define PM_PRESENT (UINT64_C(1) << 63)
#define PM_SWAP	   (UINT64_C(1) << 62)
#define PM_FILE	   (UINT64_C(1) << 61) /* or shared memory */
#define PM_PFN	   ((UINT64_C(1) << 55) - 1)

/* include/uapi/linux/fs.h, since 6.7; not in every libc's headers. */
struct pagemap_region {
	uint64_t start, end, categories;
};
struct pagemap_scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages,
		category_inverted, category_mask, category_anyof_mask,
		return_mask;
};
#define PAGEMAP_PRESENT	 (UINT64_C(1) << 3)
#define PAGEMAP_SWAPPED	 (UINT64_C(1) << 4)
#define PAGEMAP_ZERO	 (UINT64_C(1) << 5) /* the page of zeroes */
#define PAGEMAP_SCAN_CMD _IOWR('f', 16, struct pagemap_scan)

#endif
