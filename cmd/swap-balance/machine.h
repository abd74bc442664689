/*
 * machine - what the whole machine has to swap to, and how fast it is:
 * /proc/swaps, /proc/diskstats, zswap's parameters, memory tiers.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "balance.h"
#include "mem.h"
#include "swap.h"
#include "zswap.h"

/* Reads of a class of devices, cumulative. */
struct reads {
	double pages, us;
	uint64_t disks; /* the sum of their numbers: it tells another set */
};

struct machine {
	uint64_t at_us; /* clock_mono_us() of the look */
	struct swap_area area[SWAP_AREAS_MAX];
	int areas;
	uint64_t areas_id; /* another set of areas has another */
	/* What swap writes to: disks, and zram's backing ones. */
	struct swap_area endurance_area[SWAP_AREAS_MAX];
	int endurance_areas;
	bool disk, rotational, zram; /* what the next page may go to; disk:
					and to none that rotates */
	uint64_t disk_used_bytes;    /* of all swap but zram */
	bool any_zram, any_disk;     /* full, or of whatever priority */
	bool zram_full;		     /* one that takes the next page */
	bool zswap, lru_gen, tier;
	bool zswap_lacks_huge_pages; /* on or off, it takes none */
	bool huge_pages_pass;	     /* zswap by: they go to the device whole */
	uint64_t zswap_since_us;     /* the look that found it on */
	enum zswap_pool zswap_pool;
	/*
	 * Pages that zswap could not compress, ever (debugfs; NUM_NONE where
	 * that is not readable), and anonymous ones that reclaim left.
	 */
	uint64_t zswap_reject_pages, anon_kept_pages;
	struct reads swap, file;       /* of swap disks; of all other disks */
	double device_us[KIND_COUNT];  /* of a page in the last look; 0 unknown
					*/
	double default_us[KIND_COUNT]; /* what is stated in the page */
	double kernel_ratio;	       /* file price / swap-in price, by
					  vm.swappiness */
};

/* Looks again, unless the last look is less than a second old.  0 or -errno. */
int machine_look(struct machine *m);

#endif
