/*
 * target - what is known of one cgroup: its readings, its accounts, and what
 * was taken from it that has not come back.
 */
#ifndef TARGET_H
#define TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "above.h"
#include "cg.h"
#include "files.h"
#include "guard.h"
#include "law.h"
#include "mem.h"
#include "off.h"
#include "rival.h"
#include "rows.h"
#include "share.h"
#include "tier.h"

enum { TARGET_SAMPLES = 64, TARGET_SAMPLE_BYTES = 4096 };

/* One look at the cgroup. */
struct reading {
	struct mem_stat stat;
	uint64_t current_bytes, swap_bytes;
	uint64_t steal_pages, scan_pages; /* proactive where told apart */
};

/* Of the whole system, once a period. */
struct host {
	struct off off;
	uint64_t read_us;
	unsigned int generation;
	bool rotational; /* of the area that takes the next page */
	bool zswap_full, zram_full;
	bool lru_gen;
	uint64_t huge_page_bytes; /* 0: none */
	struct tier tier;
	bool device;	   /* some area is neither zram nor behind it */
	bool next_device;  /* the one that takes the next page */
	bool zswap;	   /* is before it */
	int64_t zram_mpct; /* memory that zram uses for a swapped byte */
	bool swap_known;
	struct mem_swap swap; /* before what cgroups may take of it */
};
/* True: it was read; false: that is not long ago. */
bool host_read(struct host *h, const char *kill_switch);

/* The cells of a row that we act upon; NUM_NONE: not there, or "-". */
struct row_input {
	bool piped;   /* it came when it came: see reason stale */
	bool has_psi; /* the row has a column mem_some_pct */
	bool has_io;
	int64_t mem_mpct, io_mpct; /* < 0: unknown */
	uint64_t window_us;
	uint64_t swappiness, swap_left_bytes, swap_write;
	bool tier;    /* the backend to be used */
	bool cold_ok; /* evidence that may be used; of file: NUM_NONE if not */
	bool cold_to_come; /* once the generations tell */
	uint64_t cold_anon_bytes, cold_file_bytes, age_us;
	uint64_t anon_bytes, file_bytes, memory_bytes;
	int64_t mem_limit_mpct, io_limit_mpct; /* < 0: not given */
	uint64_t floor_bytes, max_step_bytes;
	int64_t time_ms; /* < 0: not given */
	/* Of a recorded run. */
	uint64_t got_bytes, refaulted_bytes;
};

struct pressure {
	bool known;
	uint64_t window_us;
	double mem_pct, io_pct, mem_avg_pct, io_avg_pct;
};

/* Evidence of coldness, and what was taken since it was found. */
struct evidence {
	bool known;
	uint64_t seen_us; /* in a row */
	uint64_t anon_bytes, file_bytes;
	uint64_t of_anon_bytes, of_file_bytes;
	uint64_t taken_anon_bytes, taken_file_bytes;
};

struct totals {
	uint64_t periods, acted;
	uint64_t want_bytes, got_bytes, got_anon_bytes, got_file_bytes;
	uint64_t demoted_bytes, refaulted_bytes, device_bytes;
	uint64_t stall_us, elapsed_us;
};

/* What saved_bytes is counted from: the first reading. */
struct origin {
	int64_t out_bytes, zram_bytes;
	uint64_t zswap_bytes, refault_file_pages;
	uint64_t most_file_bytes; /* the largest file cache since */
};

struct target {
	bool known; /* there is a last reading */
	bool warned;
	int reclaim_fd, psi_fd, io_fd; /* + 1; 0: not open */
	unsigned int generation;       /* of the root they were opened in */
	struct files files;
	uint64_t read_us, first_us, grown_us;
	uint64_t peak_bytes;   /* decaying: what it held in the last minutes */
	uint64_t file_back_us; /* when file cache last refaulted in numbers */
	uint64_t asleep_us;    /* time the machine has slept, by its clocks */
	uint64_t acted_us, below_acted_us, below_seen_us, above_acted_us;
	unsigned int waited; /* periods left to those below */
	uint64_t mem_total_us, io_total_us;
	uint64_t own_us; /* of the run, at the last pressure */
	struct origin start;
	struct reading last;
	uint64_t swap_owed_bytes; /* swapped, its steal not yet counted */
	uint64_t got_bytes, scanned_bytes; /* of the last period */
	bool partial, late; /* the last write ended early; by its deadline */
	bool left_behind;   /* it had not come back, and may still take */
	uint64_t row_us;    /* by own clock, when a row was last acted upon */
	/* What the budget of writes to the drive has left for it. */
	double write_left_bytes;
	/* Stored compressed in the last minutes, and what that takes. */
	double stored_bytes, cost_bytes;
	/* Taken beyond what was wanted; < 0: wanted and not yet seen taken. */
	int64_t overshoot_bytes;
	struct rival rival;
	struct share share;
	unsigned int barren; /* writes in a row that brought nothing */
	struct law_state law;
	uint64_t adaptive_bytes;
	struct evidence cold;
	uint64_t most_bytes; /* that it was seen to hold */
	uint64_t awaited_us; /* since when evidence is to come */
	struct totals sum;
	/* Sizes through the run, evenly spaced: every stride-th is kept. */
	uint32_t sample[TARGET_SAMPLES];
	unsigned int samples, stride, skip;
};

/* Descriptors; -errno.  alone: -EWOULDBLOCK where another one holds it. */
int target_open(const struct cg_set *set, const struct cg *cg, struct target *t,
		const char *file, bool alone);

/* The same of a memory node, whose file is reclaim in its directory. */
int target_open_node(struct target *t, int node, bool alone);
/* The sizes of out are the node's: what is used, and its LRUs. */
int target_read_node(int node, struct reading *out);
void target_close(struct target *t);

/* high: by memory.high, whose steal is in the sum alone. */
int target_read(const struct cg_set *set, const struct cg *cg, struct target *t,
		bool high, struct reading *out);

/*
 * Own reading of the pressure since the last one; own_us of it is what our own
 * writes added to it.
 */
void target_pressure(struct target *t, uint64_t now_us, uint64_t own_us,
		     struct pressure *out);

/* The swap and protection part of the guard's input. */
void target_limits(const struct cg_set *set, const struct cg *cg,
		   struct target *t, const struct reading *now,
		   const struct host *h, struct above *above,
		   struct guard_in *g);

/*
 * What the period brought.  ours: a write of ours, to it or above it, was
 * between the readings from and after.  The other counters are since the last
 * reading.
 */
struct yield {
	uint64_t got_bytes, got_anon_bytes, got_file_bytes;
	uint64_t scanned_bytes, demoted_bytes, device_bytes;
	uint64_t refaulted_bytes, refaulted_anon_bytes;
};
void target_account(struct target *t, const struct reading *from,
		    const struct reading *after, bool ours,
		    const struct host *h, struct yield *y);

/* The first reading of it. */
void target_begin(struct target *t, const struct reading *first);

/* Out of memory now because of swap, and net saved: see tmo-reclaim(8). */
int64_t target_offloaded(const struct target *t, const struct reading *now);
int64_t target_saved(const struct target *t, const struct reading *now,
		     const struct host *h);

/*
 * Takes the row's evidence, given the sizes of the LRUs now; what cannot be is
 * none.  Bytes still to be had of each kind.
 */
void target_evidence(struct target *t, const struct row_input *in,
		     uint64_t now_us, uint64_t anon_bytes, uint64_t file_bytes);
uint64_t target_cold_anon(const struct target *t);
uint64_t target_cold_file(const struct target *t);

void target_sample(struct target *t, uint64_t current_bytes);
/* The size that the run was at or below for that share of its time. */
uint64_t target_quantile(const struct target *t, unsigned int pct);

#endif
