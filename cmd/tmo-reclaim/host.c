#include "host.h"

#include "clock.h"
#include "kv.h"
#include "num.h"
#include "root.h"
#include "swap.h"
#include "zswap.h"

/* What swap is made of, and which areas take the next page. */
static void read_areas(struct host *h, bool zram_was_full)
{
	struct swap_area areas[SWAP_AREAS_MAX];
	uint64_t orig = 0, used = 0;
	int n = swap_areas(areas, SWAP_AREAS_MAX);

	for (int i = 0; i < n; i++) {
		const struct swap_area *a = areas + i;

		h->zram |= a->kind == SWAP_ZRAM;
		h->device |= a->kind != SWAP_ZRAM;
		orig += a->zram.original_bytes;
		used += a->zram.used_bytes;
		h->next_device |= a->next && a->kind != SWAP_ZRAM;
	}
	h->zram_full = swap_zram_is_full(areas, n, zram_was_full);
	h->zswap = zswap_enabled();
	h->rotational = swap_next_is(areas, n, SWAP_ROTATIONAL);
	h->zram_mpct = num_mpct(used, orig);
}

bool host_read(struct host *h, const char *kill_switch)
{
	uint64_t now = clock_mono_us();
	bool zram_was_full = h->zram_full;

	if (h->read_us && h->generation == root_generation() &&
	    now - h->read_us < 500000)
		return false;
	off_free(&h->off);
	*h = (struct host){ .read_us = now, .generation = root_generation() };
	read_areas(h, zram_was_full);
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
