/*
 * parts - a cgroup's memory as an account: each byte in one part, by why it is
 * not off.  Pure, no I/O.
 *
 * In this order, so that nothing is counted twice; a part never takes more than
 * what those before it have left:
 *
 *	1. what is no page of an LRU: hugetlb, page tables, zswap's copies,
 *	   slab, the kernel's rest, sockets;
 *	2. what is on an LRU and cannot be taken: unevictable;
 *	3. of the rest of each LRU, what was touched within the age;
 *	4. cold anonymous memory that a slower node takes: offloadable;
 *	5. other cold anonymous memory, by the first cause that stops it: no
 *	   swap, a limit on swap, no room in swap or none that is known, zswap
 *	   alone may have it and has no room or cannot compress it, the write
 *	   budget;
 *	6. cold page cache that is not written back yet;
 *	7. of what is still left, what memory.min or memory.low keeps: of
 *	   anonymous memory first, as reclaim starts with the page cache;
 *	8. that is offloadable; and what no counter tells of is unknown.
 */
#ifndef PARTS_H
#define PARTS_H

#include <stdbool.h>
#include <stdint.h>

enum part {
	PART_TOUCHED_ANON,
	PART_HUGE_PAGES, /* touched, and surely in huge pages */
	PART_TOUCHED_FILE,
	PART_OFFLOADABLE_ANON,
	PART_OFFLOADABLE_FILE,
	PART_NO_SWAP,
	PART_TMPFS, /* the same, of shared memory */
	PART_SWAP_MAX,
	PART_SWAP_FULL,
	PART_SWAP_UNKNOWN,
	PART_ZSWAP_MAX,
	PART_ZSWAP_FULL,
	PART_INCOMPRESSIBLE,
	PART_BUDGET,
	PART_DIRTY,
	PART_PROTECTED,
	PART_UNEVICTABLE,
	PART_HUGETLB,
	PART_PAGE_TABLES,
	PART_SLAB,
	PART_KERNEL,
	PART_SOCKETS,
	PART_ZSWAP_POOL,
	PART_UNKNOWN,
	PART_COUNT
};
const char *part_word(enum part part);

/* Sizes in bytes; NUM_NONE: unknown.  What has a bound of NUM_MAX has none. */
struct parts_in {
	uint64_t current;
	uint64_t hugetlb, page_tables, zswap_pool, slab, sockets, unevictable;
	uint64_t kernel;     /* with page tables, zswap's pool and slab */
	uint64_t anon, file; /* on the LRUs that reclaim takes from */
	uint64_t shmem;	     /* of anon */
	uint64_t anon_thp;   /* in huge pages */
	uint64_t busy_file;  /* dirty, or under writeback */
	uint64_t cold_anon, cold_shmem, cold_file;
	uint64_t tier_left; /* what slower nodes take; 0: there are none */
	bool no_swap;
	uint64_t swap_left;    /* by the least limit up the tree */
	uint64_t swap_free;    /* on the machine; unknown: none is counted on */
	bool zswap_only;       /* zswap's writeback is shut */
	uint64_t zswap_left;   /* of pages as they are, by memory.zswap.max */
	bool zswap_full;       /* the pool of the machine */
	double incompressible; /* share of what it is offered; NAN */
	uint64_t zswapped;     /* what it has taken of that */
	bool budget_empty;     /* and a page would go to a drive */
	uint64_t protected;    /* by memory.min or memory.low */
};

/*
 * They add up to current, with unknown ones as 0.  NUM_NONE: not known, or a
 * counter of more than there is; where current is unknown, all of them.
 */
void parts_split(const struct parts_in *in, uint64_t bytes[PART_COUNT]);

#endif
