/*
 * target - what is known of one cgroup: its readings, its accounts, and what
 * was taken from it that has not come back.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cg.h"
#include "decide.h"
#include "files.h"
#include "host.h"
#include "mem.h"

enum { TARGET_SAMPLES = 64, TARGET_SAMPLE_BYTES = 4096 };

/*
 * One look at the cgroup: of its memory.stat what the next look is compared
 * with, as one is kept for each target.
 */
struct reading {
	uint64_t current_bytes, swap_bytes;
	bool apart; /* proactive reclaim is counted apart (6.15) */
	uint64_t steal_pages, scan_pages; /* that alone, or of all */
	uint64_t file_bytes, swapcached_bytes, zswap_bytes, zswapped_bytes;
	uint64_t refault_anon_pages, refault_file_pages;
	uint64_t pswpout_pages, swpout_zero_pages, zswpout_pages, zswpwb_pages;
	uint64_t pgdemote_proactive_pages, pgdemote_direct_pages;
};

struct totals {
	uint64_t periods, acted, want_bytes, stall_us, elapsed_us;
	struct yield y;
};

/* What saved_bytes is counted from: the first reading. */
struct origin {
	int64_t out_bytes, zram_bytes;
	uint64_t zswap_bytes, refault_file_pages;
	uint64_t most_file_bytes; /* the largest file cache since */
};

/* Of --log: what was told of it, and its sums at the last line of all. */
struct target_log {
	enum reason_kind kind; /* told: works, cannot or broken */
	enum reason reason;    /* of the last period */
	unsigned int periods;  /* in turn of another kind */
	uint64_t got_bytes, refaulted_bytes;
};

struct target {
	bool known; /* there is a last reading */
	bool warned;
	struct cg_set *set;	       /* that counts its descriptors */
	int reclaim_fd, psi_fd, io_fd; /* or -1 */
	unsigned int generation;       /* of the root they were opened in */
	struct files files;
	uint64_t read_us;	/* of the last reading */
	uint64_t first_us;	/* seen */
	uint64_t row_us;	/* when a row was last acted upon */
	unsigned int late_rows; /* too old to act upon, in turn */
	uint64_t asleep_us;	/* time the machine has slept, by its clocks */
	uint64_t acted_us, below_acted_us, below_seen_us, above_acted_us;
	uint64_t below_bytes, below_read_us; /* see protected_below() */
	int64_t below_harm_mpct;	     /* see harm_below() */
	uint64_t below_harm_us;
	uint64_t mem_total_us, io_total_us;
	uint64_t own_us; /* of the run, at the last pressure */
	struct origin start;
	struct reading last;
	uint64_t seen_anon_pages, seen_file_pages; /* refaults, at a look */
	uint64_t swapped_uncounted_bytes; /* swapped, its steal not yet counted
					   */
	bool left_behind; /* a write had not come back, and may still take */
	unsigned int idle_writes; /* writes in a row that brought nothing */
	struct memory memory;
	struct totals sum;
	struct target_log log;
	/* Sizes through the run, evenly spaced: every stride-th is kept. */
	uint32_t sample[TARGET_SAMPLES];
	unsigned int samples, stride, skip;
};

/* A new one of zeroes. */
void target_init(struct target *t, struct cg_set *set);

/* Descriptors; -errno.  alone: -EWOULDBLOCK where another one holds it. */
int target_open(const struct cg_set *set, const struct cg *cg, struct target *t,
		const char *file, bool alone);

/* The same of a memory node, whose file is reclaim in its directory. */
int target_open_node(struct target *t, int node, bool alone);
/* Of what target_read() found, the sizes: what is used, and the LRUs. */
int target_read_node(int node, struct mem_stat *stat, struct reading *out);
/*
 * After a period: where the set has not descriptors enough for the pressure of
 * each of its targets beside their locks, it is closed until the next.
 */
void target_rest(struct target *t);
void target_close(struct target *t);

/*
 * Brings the counts of all reclaim up to date.  Where the yield of a write is
 * told by these, they must be before it and after it; before 6.15 a read of
 * memory.stat alone may leave them two seconds behind.
 */
void target_flush(const struct cg *cg, struct target *t);

/* high: by memory.high, whose steal is in the sum alone. */
int target_read(const struct cg_set *set, const struct cg *cg, struct target *t,
		bool high, struct mem_stat *stat, struct reading *out);

/*
 * Own reading of the pressure since the last one; own_us of it is what our own
 * writes added to it.
 */
void target_pressure(struct target *t, uint64_t now_us, uint64_t own_us,
		     struct pressure *out);

void target_sample(struct target *t, uint64_t current_bytes);
/* The size that the run was at or below for that share of its time. */
uint64_t target_quantile(const struct target *t, unsigned int pct);

#endif
