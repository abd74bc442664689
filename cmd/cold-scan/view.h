/*
 * view - rows from what a scan found.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cg.h"
#include "rows.h"
#include "scan.h"

enum view_type {
	VIEW_COLD,
	VIEW_HISTOGRAM,
	VIEW_PERCENTILES,
	VIEW_PROMOTIONS,
	VIEW_RECOMMEND,
	VIEW_COVERAGE,
	VIEW_PROCESS,
	VIEW_RANGES,
	VIEW_DIFF,
};

/* One row before it is text; numbers that are not known are NUM_NONE. */
struct sample {
	const char *cgroup, *source, *verdict, *kind, *bar;
	int64_t time_ms;
	uint64_t age_us;
	uint64_t anon_bytes, file_bytes, cold_anon_bytes, cold_file_bytes;
	uint64_t shmem_bytes, dirty_bytes, unevictable_bytes;
	uint64_t lazyfree_bytes, cold_lazyfree_bytes;
	uint64_t cold_shmem_bytes, cold_dirty_bytes, cold_unevictable_bytes;
	uint64_t cold_anon_se_bytes, cold_file_se_bytes;
	uint64_t bytes, node, idle_us, stale_us, pass_us, cpu_us;
	double percentile_pct, promoted_pct_per_min;
	uint64_t promoted_bytes_per_min, working_set_bytes;
	uint64_t pid, start_ticks, addr, swapped_bytes;
	uint64_t before_bytes, cooled_bytes, warmed_bytes, gone_bytes;
	bool negative; /* of bytes */
};
/* All unknown. */
void sample_clear(struct sample *x);

struct view {
	enum view_type type;
	bool local, by_node, strict;
	double bound_pct;
	double percentile_pct[ASK_MAX];
	size_t n_percentiles;
	struct rows_out out;
	struct col_set cols;
	struct row row;
	struct cg_set targets;
	bool suspect;		/* a row was */
	unsigned int explained; /* see view_explain(): once is enough */
};

enum { VIEW_COLS = 39, VIEW_DEFAULT = 9 };
extern const struct col view_cols[VIEW_COLS];

/* The columns of this view, with those of -o (NULL: none); dies. */
void view_columns(struct view *v, const char *spec);

/* The columns that --annotate appends. */
void view_annotation(struct view *v, const char *spec);

/* What is known of the pages of a cgroup for one AGE. */
void view_cold(const struct scan *s, const struct tally *t, uint64_t age_us,
	       struct sample *x);

/* The suspicions of one cgroup's numbers. */
unsigned int view_suspicions(const struct scan *s, const struct tally *t,
			     uint64_t age_us);

/* What is said, with the remedy, of SUSPECT_STALE; %s is a cgroup. */
#define STALE_NOTE                                                            \
	"%s: the LRU was not aged for the time of -a, or not recently: cold " \
	"memory is unknown, or that of the last aging, until reclaim or "     \
	"--age-now ages the LRU"

/* On standard error, once each: what makes a row tell nothing, the remedy. */
void view_explain(struct view *v, const char *key, unsigned int why);

void view_put(struct view *v, const struct sample *x);

/* All targets. */
void view_emit(struct view *v, const struct scan *s);

#endif
