#include "filter.h"

#include <string.h>
#include <unistd.h>

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

/* The longest of late: a pause of the pipe is soon forgotten. */
static void note_gap(struct run *run, const struct cg *cg)
{
	const struct member *m = cg->data;

	if (m->looked)
		run->gap_us = num_most(run->gap_us - run->gap_us / 8,
				       clock_mono_us() - m->now.at_us);
}

/* The row's own write limit, or the option's. */
static uint64_t row_limit(const struct run *run, const struct rows_in *in)
{
	int i = rows_find(in, "swap_write_limit_bytes_per_s");
	uint64_t limit;

	if (rows_u64(in, i, &limit))
		die(0, "line %zu: column %s: '%s' is not a whole number",
		    in->line, in->name[i], in->cell[i]);
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
	uint64_t limit = row_limit(run, in);
	char key[CG_KEY_MAX];
	struct cg *cg;
	int err = tool_row_key(&run->set, in, key);
	bool bad_key = err;

	if (!err)
		err = cg_set_get(&run->set, key, &cg);
	if (!err)
		note_gap(run, cg);
	run_look_at_world(run);
	if (!err)
		err = member_look(&run->set, cg, &run->world, &run->o.cfg,
				  limit, row_cold_anon(in));
	if (!err)
		run_warn_estimated(run, cg, limit);
	if (!err)
		line = run_line(run, cg, limit);
	else
		line.reason = run_why_not(run, key, err);
	if (err && !cg_err_is_gone(err)) {
		run->status = STATUS_PARTIAL;
		if (!bad_key)
			warn(err, "cannot read memory.stat of '%s'", key);
	}
	run_emit(run, in, &line);
}

void filter(struct run *run)
{
	struct rows_in in;
	int event;

	rows_in_open(&in, STDIN_FILENO, &run->out);
	while ((event = rows_next(&in)) != ROWS_END && !clock_stopped()) {
		if (event < 0)
			tool_bad_input(&in, event);
		if (event == ROWS_ROW) {
			tool_need_columns(&in, &run->cols);
			filter_row(run, &in);
		}
		if (run->out.err)
			break;
	}
	rows_in_close(&in);
}
