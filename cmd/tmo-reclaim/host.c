#include "host.h"

#include <inttypes.h>
#include <stdio.h>

#include "clock.h"
#include "io.h"
#include "kv.h"
#include "num.h"
#include "root.h"
#include "swap.h"
#include "zswap.h"

/* Documentation/admin-guide/blockdev/zram.rst, mm_stat: by position. */
struct zram {
	uint64_t orig_bytes, used_bytes, limit_bytes; /* 0: no limit */
};

static struct zram read_zram(const struct swap_area *a)
{
	char path[128], buf[256];
	struct zram z;

	snprintf(path, sizeof(path), "%s/mm_stat", a->dir);
	if (io_read(root_fd(), path, buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%" SCNu64 " %*u %" SCNu64 " %" SCNu64, &z.orig_bytes,
		   &z.used_bytes, &z.limit_bytes) != 3)
		return (struct zram){ 0 };
	return z;
}

/* Nearly: at the bound itself stores are already refused. */
static bool nearly(uint64_t used, uint64_t bound)
{
	return used >= bound / 10 * 9;
}

/* What swap is made of, and which areas take the next page. */
static void read_areas(struct host *h)
{
	struct swap_area areas[SWAP_AREAS_MAX];
	uint64_t orig = 0, used = 0;
	int n = swap_areas(areas, SWAP_AREAS_MAX);

	for (int i = 0; i < n; i++) {
		const struct swap_area *a = areas + i;
		struct zram z = { 0 };

		h->zram |= a->kind == SWAP_ZRAM;
		h->device |= a->kind != SWAP_ZRAM;
		if (a->kind == SWAP_ZRAM)
			z = read_zram(a);
		orig += z.orig_bytes;
		used += z.used_bytes;
		h->zram_full |= a->next && z.limit_bytes &&
				nearly(z.used_bytes, z.limit_bytes);
		h->next_device |= a->next && a->kind != SWAP_ZRAM;
	}
	h->zswap = zswap_enabled();
	h->rotational = swap_next_is(areas, n, SWAP_ROTATIONAL);
	h->zram_mpct = num_mpct(used, orig);
}

bool host_read(struct host *h, const char *kill_switch)
{
	uint64_t now = clock_mono_us();

	if (h->read_us && h->generation == root_generation() &&
	    now - h->read_us < 500000)
		return false;
	off_free(&h->off);
	*h = (struct host){ .read_us = now, .generation = root_generation() };
	read_areas(h);
	h->zswap_full = h->zswap && zswap_pool() == ZSWAP_POOL_FULL;
	off_read(&h->off, kill_switch);
	tier_read(&h->tier);
	h->lru_gen = mem_lru_gen_enabled();
	kv_read_u64(root_fd(),
		    "sys/kernel/mm/transparent_hugepage/hpage_pmd_size",
		    &h->huge_page_bytes);
	mem_swap_system(&h->swap);
	return true;
}
