/*
 * host - what is of the whole machine and not of a cgroup: its swap, zswap,
 * slower nodes and LRU, and the kill switch.  Read once a period.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "mem.h"
#include "off.h"
#include "tier.h"

struct host {
	struct off off;
	uint64_t read_us;
	unsigned int generation;
	bool rotational; /* what zswap does not take may go to such a disk */
	bool zswap_full, zram_full;
	bool lru_gen;
	uint64_t huge_page_bytes; /* 0: none */
	struct tier tier;
	bool zram;	      /* some area is such */
	bool device;	      /* some area is neither zram nor behind it */
	bool next_device;     /* one that takes the next page is such */
	bool zswap;	      /* is before it */
	int64_t zram_mpct;    /* memory that zram uses for a swapped byte */
	struct mem_swap swap; /* before what cgroups may take of it */
};

/* True: it was read; false: that is not long ago. */
bool host_read(struct host *h, const char *kill_switch);

#endif
