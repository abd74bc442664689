#include "filter.h"

#include <string.h>

#include "clock.h"
#include "msg.h"
#include "num.h"

enum { COLD_BYTES = 128 << 10 }; /* the least that one write takes */

void filter_refuse(const struct run *run)
{
	const struct common_opts *c = &run->common;

	if (c->interval_us || c->count || c->recursive || run->o.probe_bytes)
		die(0,
		    "%s: not allowed in a filter, where the rows set the "
		    "cgroups and the pace",
		    c->interval_us ? "-i"
		    : c->count	   ? "-c"
		    : c->recursive ? "-r"
				   : "--probe");
}

/* A pause of the pipe is soon forgotten. */
static uint64_t longest_of_late(uint64_t was, uint64_t now)
{
	return num_most(was - (was + 7) / 8, now);
}

/* Its next row is expected after as long again. */
static void note_row(struct run *run, const struct cg *cg)
{
	struct member *m = cg->data;
	struct row_times *t = &m->rows;

	if (m->looked) {
		t->gap_us = longest_of_late(t->gap_us,
					    clock_mono_us() - m->now.at_us);
		t->gap_looks =
			longest_of_late(t->gap_looks, run->looks - t->look);
	}
	t->look = run->looks;
	run->world.sharers += !t->shares;
	t->shares = true;
}

/* The row's own write limit, or the option's. */
static uint64_t row_limit(const struct run *run, const struct rows_in *in)
{
	uint64_t limit = run_cell_u64(in, "swap_write_limit_bytes_per_s");

	return limit != NUM_NONE ? limit : run->o.cfg.write_limit_bytes_per_s;
}

/*
 * Does the row name a write's worth of cold anonymous memory?  suspect:file
 * condemns what is said of the page cache alone.
 */
static bool row_cold_anon(const struct rows_in *in)
{
	const char *verdict = rows_str(in, rows_find(in, "verdict"));
	uint64_t cold;

	return verdict &&
	       (!strcmp(verdict, "ok") || !strcmp(verdict, "suspect:file")) &&
	       !rows_u64(in, rows_find(in, "cold_anon_bytes"), &cold) &&
	       cold != NUM_NONE && cold >= COLD_BYTES;
}

/* One row of a pipe: handed on whatever becomes of its cgroup. */
static void filter_row(struct run *run, const struct rows_in *in)
{
	struct line line = { .pace_bytes_per_s = NUM_NONE,
			     .world = &run->world };
	char key[CG_KEY_MAX];
	struct cg *cg;
	uint64_t limit;
	int err;

	tool_need_columns(in, &run->cols);
	limit = row_limit(run, in);
	err = run_row_cg(run, in, key, &cg);
	run_look_at_world(run);
	if (!err)
		note_row(run, cg);
	if (!err)
		err = member_look(&run->set, cg, &run->world, &run->o.cfg,
				  limit, row_cold_anon(in));
	if (!err) {
		run_warn_estimated(run, cg, limit);
		run_warn_no_pressure(run, cg);
	}
	if (!err)
		line = run_line(run, cg, limit);
	else
		line.reason = run_row_failed(run, key, err);
	run_emit(run, in, &line);
}

void filter(struct run *run)
{
	run_rows(run, filter_row);
}
