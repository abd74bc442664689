/*
 * run - what the filter and the other modes share: the world that is looked at
 * once a sample, its warnings, and a cgroup's line.
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "cg.h"
#include "options.h"
#include "report.h"

enum {
	WINDOW_US = 6000000,
	/* For modes that have but one window. */
	LEAST_WINDOW_US = 2000000,
};

struct run {
	struct common_opts common;
	struct options o;
	struct cg_set set;
	struct world world;
	struct col_set cols;
	struct rows_out out;
	int status;
	bool missing;	    /* a cgroup that was named, and it was told */
	bool unsaved;	    /* the budget's state, and it was told */
	bool unknown;	    /* what was written to a drive, and it was told */
	bool other;	    /* budget of a drive, and it was told */
	bool estimated;	    /* what cgroups wrote, and it was told */
	bool no_pressure;   /* of a cgroup, and it was told */
	size_t tabs, longs; /* of the set, as told */
	bool walks;	    /* the set is what the operands name */
	uint64_t looks;	    /* at the world */
	char undo_path[4096];
};

/* A dry run, --check, --account and a --forecast without --probe leave nothing
 * behind. */
bool run_may_write(const struct run *run);

/* Once for all rows of a sample. */
void run_look_at_world(struct run *run);

/* Calls back for each row of standard input, until it ends, a signal comes or
 * the output cannot be written. */
void run_rows(struct run *run,
	      void (*row)(struct run *run, const struct rows_in *in));

/* A cell that is a whole number or "-"; NUM_NONE: "-", or no such column.
 * Anything else ends the run with status 2. */
uint64_t run_cell_u64(const struct rows_in *in, const char *name);

/* Of each row of a listing: what is printed goes out where a sample is over, as
 * its first row comes again. */
void run_note_sample(struct run *run, const struct rows_in *in,
		     uint64_t age_us);

/* The cgroup that a row names: 0 or -errno.  key is empty where the cell is no
 * key, which has been told. */
int run_row_cg(struct run *run, const struct rows_in *in, char key[CG_KEY_MAX],
	       struct cg **cg);

/*
 * Accounts for a cgroup that cannot be looked at for err: the reason of its
 * row.  One that is there, but has no memory.stat, lacks the controller.
 */
enum reason run_row_failed(struct run *run, const char *key, int err);

/* The same for a cgroup of the operands, which has no row for it. */
void run_cg_failed(struct run *run, struct cg *cg, int err);

/* --probe, of the set's members: before the first window, or after the last. */
void run_probe(struct run *run, bool before);

/* Says once that a limit is kept by an estimate: the kernel does not count. */
void run_warn_estimated(struct run *run, const struct cg *cg, uint64_t limit);

/* Says once that swap-ins count as no harm, as the stall is not known. */
void run_warn_no_pressure(struct run *run, const struct cg *cg);

struct line run_line(const struct run *run, const struct cg *cg,
		     uint64_t limit);
void run_emit(struct run *run, const struct rows_in *in,
	      const struct line *line);

#endif
