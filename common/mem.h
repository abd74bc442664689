/*
 * mem - a cgroup's memory in the kernel's own counters, and the swap it may
 * still use.  Documentation/admin-guide/cgroup-v2.rst, "Memory".
 *
 * Every number that the kernel does not tell is NUM_NONE.
 */
#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stdint.h>

#include "cg.h"

/*
 * memory.stat.  Sizes are in bytes.  Event counters are in pages, cumulative
 * and hierarchical; they are flushed lazily, every 2 s or so: rates over less
 * are noise.  In /proc/vmstat the same events exist for the system.
 */
struct mem_stat {
	uint64_t anon_bytes, file_bytes, shmem_bytes;
	uint64_t kernel_bytes; /* with the five that follow, and zswap_bytes */
	uint64_t kernel_stack_bytes, pagetables_bytes, sec_pagetables_bytes;
	uint64_t percpu_bytes, slab_bytes;
	uint64_t slab_reclaimable_bytes, sock_bytes;
	uint64_t hugetlb_bytes;	     /* 6.14, where the mount accounts it */
	uint64_t zswap_bytes;	     /* what the compressed copies take */
	uint64_t zswapped_bytes;     /* what they were */
	uint64_t zswap_incomp_bytes; /* stored as they are (2026) */
	uint64_t file_mapped_bytes, file_dirty_bytes, file_writeback_bytes;
	uint64_t swapcached_bytes;
	uint64_t inactive_anon_bytes, active_anon_bytes;
	uint64_t inactive_file_bytes, active_file_bytes;
	uint64_t unevictable_bytes;
	uint64_t refault_anon_pages, refault_file_pages;
	uint64_t activate_anon_pages, activate_file_pages;
	uint64_t restore_anon_pages, restore_file_pages;
	uint64_t pswpin_pages, pswpout_pages; /* 6.13: of swap devices */
	uint64_t pgscan_pages, pgsteal_pages;
	uint64_t pgscan_proactive_pages; /* 6.15: memory.reclaim's own */
	uint64_t pgsteal_proactive_pages;
	uint64_t pgmajfault;
	uint64_t zswpin_pages, zswpout_pages, zswpwb_pages;
	uint64_t swpin_zero_pages, swpout_zero_pages;
	uint64_t anon_thp_bytes;	   /* of anon_bytes, in huge pages */
	uint64_t thp_swpout;		   /* 6.6: huge pages that went whole */
	uint64_t thp_swpout_fallback;	   /* 6.6: split before swap-out */
	uint64_t pgdemote_direct_pages;	   /* to a slower node, not freed */
	uint64_t pgdemote_proactive_pages; /* 6.15; before, in the former */
};
int mem_stat_parse(const char *text, struct mem_stat *out);
int mem_stat_read(const struct cg_set *set, const struct cg *cg,
		  struct mem_stat *out);

/* The two LRUs: shmem lies on the anonymous one.  NUM_NONE if unknown. */
uint64_t mem_anon_lru_bytes(const struct mem_stat *st);
uint64_t mem_file_lru_bytes(const struct mem_stat *st);

/* What a page of the counters is; a recording's are taken to be of 4 KiB. */
uint64_t mem_page_bytes(void);
/* bytes, less what is no whole page. */
uint64_t mem_whole_pages(uint64_t bytes);
/*
 * What reclaim takes at least, whatever it is asked for: SWAP_CLUSTER_MAX pages
 * (include/linux/swap.h).
 */
uint64_t mem_reclaim_least_bytes(void);

/*
 * Pages that reclaim and its aging have looked at since boot: pgscan_anon,
 * pgscan_file and pgrefill of /proc/vmstat, without those that a kernel lacks.
 * 0 or -errno.
 */
int mem_scanned_system(uint64_t *out_pages);

/*
 * memory.current; of "/" MemTotal - MemFree, as no file tells it: -EBADMSG
 * where that would be less than nothing.
 */
int mem_current(const struct cg_set *set, const struct cg *cg,
		uint64_t *out_bytes);

/*
 * What a cgroup of that size has of its ancestor's memory.min or .low: its
 * share by size, as memory_recursiveprot distributes it.
 */
uint64_t mem_protected_share(uint64_t protected_bytes, uint64_t all_bytes,
			     uint64_t current_bytes);

/*
 * What memory.min and memory.low protect of the cgroups right below it, as far
 * as they are filled: in reclaim of it theirs alone count
 * (mm/page_counter.c, page_counter_calculate_protection()).  What cannot be
 * read may protect all.
 */
uint64_t mem_protected_below(const struct cg_set *set, const struct cg *cg);

/*
 * Two lines of /proc/meminfo, of which the second is a part of the first;
 * -EBADMSG where it would be more than all of it.  0 or -errno.
 */
int mem_info_pair(const char *whole, const char *part,
		  uint64_t *out_whole_bytes, uint64_t *out_part_bytes);

/*
 * Swap that key may still take: the least of memory.swap.max - current over
 * itself and its ancestors, and of SwapFree; and the most used share of any of
 * those, in thousandths of a percent.  A missing file of a level is no limit;
 * without swap left is 0.  Where /proc/meminfo does not tell, or tells of more
 * than there is, or a limit cannot be read, both are unknown.
 */
struct mem_swap {
	uint64_t left_bytes; /* NUM_NONE: unknown */
	int64_t used_mpct;   /* -1: unknown */
};
void mem_swap_left(const struct cg_set *set, const char *key,
		   struct mem_swap *out);

/*
 * The same in parts: the system's, and then each level's bound, which may be
 * NUM_NONE.
 */
void mem_swap_system(struct mem_swap *out);
void mem_swap_bound(struct mem_swap *out, uint64_t used_bytes,
		    uint64_t max_bytes);

/* The kernel has the multi-generational LRU, CONFIG_LRU_GEN: on or off. */
bool mem_has_lru_gen(void);

/*
 * The multi-generational LRU is on (admin-guide/mm/multigen_lru.rst): the
 * first bit of /sys/kernel/mm/lru_gen/enabled, 0x0007 with all of it.
 */
bool mem_lru_gen_enabled(void);

/*
 * Do its agings read page tables?  The second bit, which the file shows only
 * where the processor sets accessed bits.
 */
bool mem_lru_gen_walks(void);

/*
 * May they pass over page tables below an entry whose own accessed bit is
 * clear? The third bit.
 */
bool mem_lru_gen_skips(void);

#endif
