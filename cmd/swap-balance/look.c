#include "look.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "io.h"
#include "kv.h"
#include "num.h"
#include "psi.h"
#include "root.h"

/* Less swap than a huge page and what each CPU keeps of slots is none. */
enum { ROOM_BYTES = 4 << 20 };

static uint64_t stall_us(const struct cg_set *set, const struct cg *cg,
			 enum psi_res res)
{
	char buf[1024];
	struct psi psi;
	ssize_t n = !cg_is_root(cg) ? cg_read(set, cg, psi_cgroup_file(res),
					      buf, sizeof(buf))
				    : io_read(root_fd(), psi_system_file(res),
					      buf, sizeof(buf));

	if (n < 0 || psi_parse(buf, &psi) || !psi.line[PSI_SOME].seen)
		return NUM_NONE;
	return psi.line[PSI_SOME].total_us;
}

static bool is_shut(int dirfd, const char *dir)
{
	return kv_value(dirfd, dir, "memory.zswap.max", NUM_NONE) == 0;
}

static bool is_kept(int dirfd, const char *dir)
{
	return kv_value(dirfd, dir, "memory.zswap.writeback", NUM_NONE) == 0;
}

/* What binds a cgroup of its own settings on zswap, and of those above. */
static void read_zswap(const struct cg_set *set, const struct cg *cg,
		       struct look *out)
{
	out->zswap_shut = cg_any_up(set->fd, cg->key, is_shut);
	out->zswap_room = !cg_any_up(set->fd, cg->key, zswap_is_limited);
	out->zswap_kept = cg_any_up(set->fd, cg->key, is_kept);
}

static void read_events(const struct cg_set *set, const struct cg *cg,
			struct look *out)
{
	char buf[1024];

	out->swap_fail = out->swap_max = NUM_NONE;
	if (cg_read(set, cg, "memory.swap.events", buf, sizeof(buf)) < 0)
		return;
	kv_u64(buf, "fail", &out->swap_fail);
	kv_u64(buf, "max", &out->swap_max);
}

int look_read(const struct cg_set *set, const struct cg *cg, struct look *out)
{
	int err = mem_stat_read(set, cg, &out->st);

	if (err)
		return err;
	out->at_us = clock_mono_us();
	out->stall_us[PSI_MEM] = stall_us(set, cg, PSI_MEM);
	out->stall_us[PSI_IO] = stall_us(set, cg, PSI_IO);
	if (mem_current(set, cg, &out->memory_bytes))
		out->memory_bytes = NUM_NONE;
	if (cg_read_u64(set, cg, "memory.swap.current", &out->swap_bytes))
		out->swap_bytes = NUM_NONE;
	read_zswap(set, cg, out);
	read_events(set, cg, out);
	mem_swap_left(set, cg->key, &out->swap);
	return 0;
}

static double known(uint64_t v)
{
	return (double)num_known(v);
}

#define DELTA(field) num_delta(now->field, then->field)

/*
 * memory.stat has pswpin since 6.13.  Before, what came back from swap, not
 * from zswap and was not all zero, came from a device.
 */
uint64_t look_device_ins(const struct look *now, const struct look *then)
{
	uint64_t all = DELTA(st.refault_anon_pages);

	if (now->st.pswpin_pages != NUM_NONE)
		return DELTA(st.pswpin_pages);
	return all == NUM_NONE
		       ? all
		       : num_less(all, num_known(DELTA(st.zswpin_pages)) +
					       num_known(DELTA(
						       st.swpin_zero_pages)));
}

uint64_t look_stall_us(const struct look *now, const struct look *then,
		       enum psi_res res)
{
	return psi_stall_us(now->stall_us[res], then->stall_us[res],
			    DELTA(at_us));
}

uint64_t look_device_out_bytes(const struct look *now, const struct look *then)
{
	uint64_t pages = DELTA(st.pswpout_pages);

	return pages == NUM_NONE ? NUM_NONE : pages * mem_page_bytes();
}

/*
 * Those that more file memory would have spared.  The classic LRU tells by the
 * refault distance (mm/workingset.c).  lru_gen marks only what comes back
 * within four generations, which fast reclaim makes seconds of: all count.
 */
static uint64_t file_refaults(const struct look *now, const struct look *then,
			      bool lru_gen)
{
	return lru_gen ? DELTA(st.refault_file_pages)
		       : DELTA(st.activate_file_pages);
}

double look_huge_pct(const struct look *l, const struct machine *m)
{
	double huge = known(l->st.anon_thp_bytes);

	return m->huge_pages_pass && huge > 0
		       ? 100 * huge / fmax(huge, known(l->st.anon_bytes))
		       : 0;
}

bool look_is_kept(const struct look *l, const struct machine *m)
{
	return m->zswap && l->zswap_kept;
}

bool look_is_shut(const struct look *l, const struct machine *m)
{
	return look_is_kept(l, m) && l->zswap_shut;
}

uint64_t look_device_bytes(const struct look *l)
{
	return num_less(num_known(l->swap_bytes),
			num_known(l->st.zswapped_bytes) +
				num_known(l->st.swapcached_bytes));
}

bool look_fits_zswap(const struct look *l, const struct machine *m)
{
	return m->zswap && !l->zswap_shut && l->zswap_room &&
	       m->zswap_pool != ZSWAP_POOL_FULL;
}

/* What zswap cannot take goes on to the device. */
static enum kind next_kind(const struct look *now, const struct machine *m)
{
	return look_fits_zswap(now, m) && look_huge_pct(now, m) <= 50
		       ? KIND_ZSWAP
		       : KIND_DEVICE;
}

/*
 * A disk that rotates has no room for a huge page as a whole: it is split, and
 * zswap takes its pages (mm/swapfile.c, get_swap_pages()).
 */
static bool goes_to_rotational(const struct look *now, const struct machine *m)
{
	return m->rotational && !look_fits_zswap(now, m) &&
	       !look_is_kept(now, m);
}

/*
 * The event "fail" also counts a huge page for which no whole cluster is free,
 * which is then split and swapped page by page (mm/vmscan.c,
 * shrink_folio_list()).  memory.stat tells of that as thp_swpout_fallback from
 * 6.6 on, for the largest pages only.  A single page finds a slot as long as
 * there is any: none failed where there was room at both ends.
 */
static bool swap_out_failed(const struct look *now, const struct look *then)
{
	return num_known(DELTA(swap_fail)) >
		       num_known(DELTA(st.thp_swpout_fallback)) &&
	       num_least(now->swap.left_bytes, then->swap.left_bytes) <
		       ROOM_BYTES;
}

struct window look_window(const struct look *now, const struct look *then,
			  const struct machine *m)
{
	double page = (double)mem_page_bytes();
	struct window w = {
		.s = fmax((double)(now->at_us - then->at_us) / 1e6, 0.001),
		.swap_used_mpct = now->swap.used_mpct,
		.no_swap = !m->areas || look_is_shut(now, m),
		.zram_full = m->zram_full && !look_fits_zswap(now, m),
		.rotational = goes_to_rotational(now, m),
		.lru_gen = m->lru_gen,
		.next = next_kind(now, m),
		.memory_pages = known(now->memory_bytes) / page,
	};
	uint64_t mem_us = look_stall_us(now, then, PSI_MEM);

	w.pages[KIND_FILE] = known(file_refaults(now, then, m->lru_gen));
	w.pages[KIND_ZSWAP] = known(DELTA(st.zswpin_pages));
	w.pages[KIND_DEVICE] = known(look_device_ins(now, then));
	w.out_pages = known(DELTA(st.zswpout_pages)) +
		      fmax(0, known(DELTA(st.pswpout_pages)) -
				      known(DELTA(st.zswpwb_pages)));
	w.back_pages = known(DELTA(st.activate_anon_pages));
	w.mem_stall_us = known(mem_us);
	w.io_stall_us = known(look_stall_us(now, then, PSI_IO));
	memcpy(w.stated_us, m->default_us, sizeof(w.stated_us));
	w.kernel_ratio = m->kernel_ratio;
	w.mem_some_pct = mem_us == NUM_NONE
				 ? NAN
				 : fmin(100, (double)mem_us / w.s / 1e4);
	w.failed = swap_out_failed(now, then);
	w.limited = known(DELTA(swap_max)) > 0;
	w.counters_missing = now->st.activate_file_pages == NUM_NONE ||
			     now->st.refault_anon_pages == NUM_NONE;
	return w;
}
