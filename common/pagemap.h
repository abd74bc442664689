/*
 * pagemap - /proc/PID/pagemap: the bits of an entry, and the ioctl(2) that
 * finds pages in large mappings (Documentation/admin-guide/mm/pagemap.rst).
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#define PM_PRESENT (UINT64_C(1) << 63)
#define PM_SWAP	   (UINT64_C(1) << 62)
#define PM_FILE	   (UINT64_C(1) << 61) /* or shared memory */
#define PM_ALONE   (UINT64_C(1) << 56) /* mapped once */
#define PM_PFN	   ((UINT64_C(1) << 55) - 1)
/* Of a page in swap: its area, and where in it.  0 and 0: not to be told. */
#define PM_SWAP_TYPE(e)	  ((unsigned int)((e)&31))
#define PM_SWAP_OFFSET(e) (((e)&PM_PFN) >> 5)
/*
 * From here on a type is no area's: pages on their way to another node, broken
 * ones, markers of userfaultfd(2) and of MADV_GUARD_INSTALL (MAX_SWAPFILES in
 * include/linux/swap.h).
 */
#define PM_SWAP_TYPES 22

/* include/uapi/linux/fs.h, since 6.7; not in every libc's headers. */
struct pagemap_region {
	uint64_t start, end, categories;
};
struct pagemap_scan {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages,
		category_inverted, category_mask, category_anyof_mask,
		return_mask;
};
#define PAGEMAP_IS_FILE	 (UINT64_C(1) << 2) /* or shared memory */
#define PAGEMAP_PRESENT	 (UINT64_C(1) << 3)
#define PAGEMAP_SWAPPED	 (UINT64_C(1) << 4)
#define PAGEMAP_ZERO	 (UINT64_C(1) << 5) /* the page of zeroes */
#define PAGEMAP_SCAN_CMD _IOWR('f', 16, struct pagemap_scan)

/* The entries from page to end, as far as they fit; 0: the process has ended.
 */
enum { PAGEMAP_READ = 512 };
size_t pagemap_read(int fd, uint64_t page, uint64_t end,
		    uint64_t entries[PAGEMAP_READ]);

/*
 * Tells the entries from page to end, in pieces; where the kernel can be asked,
 * of those in swap alone, or in memory alone.  What fn returns ends it unless
 * it is 0, and is returned.  A process that has ended has none.
 */
typedef int pagemap_fn(void *arg, uint64_t page, const uint64_t *entry,
		       size_t n);
int pagemap_swapped(int fd, uint64_t page, uint64_t end, pagemap_fn *fn,
		    void *arg);
int pagemap_present(int fd, uint64_t page, uint64_t end, pagemap_fn *fn,
		    void *arg);

#endif
