/*
 * world - a simulated machine: cgroups whose memory is touched at known rates,
 * a reclaim that takes what was not touched lately, and the stall of what comes
 * back.  Seeded, so that a scenario can be run again; no clock, no file.
 *
 * Memory is simulated in blocks of the least that the kernel takes at once (32
 * pages), or of a huge page.  Reclaim looks at a sample of the blocks and takes
 * the one that was touched longest ago; a larger sample is a better sorted LRU.
 * That is the essence of both LRUs as far as a controller sees them: mostly
 * cold pages while there are cold pages, and hot ones after that.
 *
 * What is compared with a machine is made of parts instead, page by page.  Its
 * LRU is that of generations: reclaim goes through the pages in order and takes
 * those that were not touched since the last aging, which follows when it is
 * through.  A huge page is split when it is taken, and comes back in pages.
 */
#ifndef WORLD_H
#define WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WORLD_PAGE_BYTES = 4096,
	WORLD_BLOCK_BYTES = 131072,
	WORLD_HUGE_BYTES = 2097152
};

enum world_kind { WORLD_ANON, WORLD_FILE };

/* What touches the memory of a cgroup. */
enum world_load {
	WORLD_STEADY,  /* Zipf: a hot part, a warm part, a cold part */
	WORLD_PHASES,  /* hot and cold change places now and then */
	WORLD_CHURN,   /* a part of it is freed and allocated again */
	WORLD_SWEEPS,  /* a collector touches all of it at intervals */
	WORLD_STREAM,  /* files are read once, and never again */
	WORLD_GROWTH,  /* it grows slowly, and never shrinks */
	WORLD_DOUBLES, /* half an hour on, as much again is hot */
	WORLD_LOADS
};

enum world_backend { WORLD_ZSWAP, WORLD_ZRAM, WORLD_DISK, WORLD_NO_SWAP };

struct world_block {
	uint32_t chance; /* of being touched in a second, of 2^32 */
	uint32_t touched_s;
	uint8_t kind;
	bool present, exists, huge;
	bool around; /* it comes back with its neighbours */
};

/* Memory of values that are asked for: the n-th most liked in proportion to
 * 1/n, or each alike. */
struct world_part {
	enum world_kind kind;
	uint64_t bytes, value_bytes;
	double asked_per_s; /* of all of them; 0: never */
	bool alike, huge;
};

/* How a cgroup is made. */
struct world_spec {
	enum world_load load;
	uint64_t hot_bytes, cold_bytes; /* anonymous */
	uint64_t file_bytes;		/* page cache */
	uint64_t low_bytes;		/* memory.low */
	double compression;		/* 1: none */
	bool huge;
	bool unseen; /* what comes back is no stall, and no refault */
	const struct world_part *part; /* or of these, in pages */
	size_t parts;
};

struct world_cg {
	struct world_spec spec;
	uint64_t block_bytes;
	struct world_block *block;
	size_t blocks;
	uint64_t present_bytes[2], out_anon_bytes;
	/* Counters, as memory.stat and memory.pressure have them. */
	uint64_t refault_bytes[2];
	uint64_t mem_total_us, io_total_us;
	uint64_t steal_bytes[2], scan_bytes;
	/* What the program itself knows: touches, and those that waited. */
	uint64_t touches, waits;
	/* Of parts: the generation that reclaim is in. */
	struct {
		uint32_t aged_s;
		size_t hand, left;
	} lru[2];
};

struct world {
	uint64_t random;
	uint64_t now_us;
	enum world_backend backend;
	uint64_t swap_bytes, swap_used_bytes;
	unsigned int sorted; /* blocks that reclaim compares */
	bool swappiness;     /* memory.reclaim takes swappiness= (6.11) */
	uint32_t scan_s;     /* a scan ages at that pace; 0: none does */
	struct world_cg *cg;
	size_t cgs;
};

struct world_got {
	uint64_t anon_bytes, file_bytes, scanned_bytes;
	bool partial; /* less than was asked for: EAGAIN */
};

/* Allocates; 0 or -ENOMEM.  world_close() frees, also after an error. */
int world_open(struct world *w, uint64_t seed, const struct world_spec *spec,
	       size_t cgs);
void world_close(struct world *w);

/* The workloads run for that many seconds. */
void world_run(struct world *w, unsigned int seconds);

/*
 * A write to memory.reclaim: at least bytes, where there are so many.
 * swappiness: 0 to 200, above: anonymous memory alone, below 0: the kernel's.
 */
struct world_got world_reclaim(struct world *w, struct world_cg *cg,
			       uint64_t bytes, int swappiness);

uint64_t world_current_bytes(const struct world_cg *cg);

/* Present, and not touched for that long: what a perfect scan would say. */
uint64_t world_cold_bytes(const struct world *w, const struct world_cg *cg,
			  enum world_kind kind, unsigned int age_s);

/* Present in huge pages. */
uint64_t world_huge_bytes(const struct world_cg *cg);

/* From 0 to below n, of the world's own sequence. */
uint64_t world_random(struct world *w, uint64_t n);

#endif
