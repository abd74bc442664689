/*
 * swapped - where the pages of processes lie in swap, by /proc/PID/pagemap.
 */
#ifndef SWAPPED_H
#define SWAPPED_H

#include "cg.h"
#include "pagemap.h"
#include "swap.h"

/*
 * Tells the entries in swap of all processes of the cgroup and of those below
 * it; also of pages that are not, among them.  *refused: processes that may not
 * be read.  0, what fn returns, or -errno.
 */
int swapped_cgroup(const struct cg_set *set, const struct cg *cg,
		   pagemap_fn *fn, void *arg, uint64_t *refused);

/*
 * The number that entries have for the i-th of the areas: any, where there is
 * but one area.  Otherwise a page of our own goes into swap: that has the
 * number of the area that alone is the next, has_type where it is this one.
 * -EPERM: CAP_SYS_ADMIN is missing, without which entries tell nothing;
 * -ENODATA: it cannot be told.
 */
enum { SWAPPED_ANY = 1 << 8 };
int swapped_type(const struct swap_area *areas, int n, int i);

bool swapped_has_type(const struct swap_area *areas, int n, int i);

/* Is the entry in swap, and there? */
bool swapped_is_in(uint64_t entry, int type);

#endif
