/*
 * look - one cgroup's files at one time, and what changed between two looks.
 */
#ifndef LOOK_H
#define LOOK_H

#include "balance.h"
#include "cg.h"
#include "machine.h"
#include "mem.h"
#include "psi.h"

struct look {
	uint64_t at_us;
	struct mem_stat st;
	struct mem_swap swap;
	uint64_t memory_bytes, swap_bytes;
	uint64_t stall_us[PSI_RES_COUNT]; /* totals, "some": memory and io */
	uint64_t swap_fail, swap_max;	  /* memory.swap.events */
	/* Of zswap, up the tree: memory.zswap.max is 0; no such limit binds;
	 * its writeback is shut. */
	bool zswap_shut, zswap_room, zswap_kept;
	/* Of the whole machine, for a share of them; see machine.h. */
	uint64_t zswap_reject_pages, anon_kept_pages, disk_used_bytes;
};

/* 0 or -errno; only memory.stat must be there. */
int look_read(const struct cg_set *set, const struct cg *cg, struct look *out);

/* Share of its anonymous memory that is in huge pages which pass zswap by. */
double look_huge_pct(const struct look *l, const struct machine *m);

/* Would zswap take its next page, one of the least size? */
bool look_fits_zswap(const struct look *l, const struct machine *m);

/* Do its pages reach no device whatever zswap does, as writeback is shut? */
bool look_is_kept(const struct look *l, const struct machine *m);

/* And zswap takes none either: no swap at all. */
bool look_is_shut(const struct look *l, const struct machine *m);

/* Swap that is not in zswap, nor back in memory with its slot still held. */
uint64_t look_device_bytes(const struct look *l);

/* The differences as the law wants them. */
struct window look_window(const struct look *now, const struct look *then,
			  const struct machine *m);

/* The stall of the window, as psi_stall_us() has it. */
uint64_t look_stall_us(const struct look *now, const struct look *then,
		       enum psi_res res);

/* Swap-ins from devices, by the best counter there is; NUM_NONE unknown. */
uint64_t look_device_ins(const struct look *now, const struct look *then);
/*
 * Bytes of the cgroup that went to swap devices, zram included; NUM_NONE before
 * 6.13, where memory.stat does not tell.
 */
uint64_t look_device_out_bytes(const struct look *now, const struct look *then);

#endif
