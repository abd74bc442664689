#include "run.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "num.h"
#include "probe.h"

enum {
	RECENT_US = 4 * WINDOW_US,
	FORGET_LOOKS = 600,
};

/* ---- rows that come in ---- */

void run_rows(struct run *run,
	      void (*row)(struct run *run, const struct rows_in *in))
{
	struct rows_in in;
	int event;

	rows_in_open(&in, STDIN_FILENO, &run->out);
	while ((event = rows_next(&in)) != ROWS_END && !clock_stopped()) {
		if (event < 0)
			tool_bad_input(&in, event);
		if (event == ROWS_ROW)
			row(run, &in);
		if (run->out.err)
			break;
	}
	rows_in_close(&in);
}

uint64_t run_cell_u64(const struct rows_in *in, const char *name)
{
	int i = rows_find(in, name);
	uint64_t v;

	if (rows_u64(in, i, &v))
		die(0, "line %zu: column %s: '%s' is not a whole number",
		    in->line, name, in->cell[i]);
	return v;
}

int run_row_cg(struct run *run, const struct rows_in *in, char key[CG_KEY_MAX],
	       struct cg **cg)
{
	int err = tool_row_key(&run->set, in, key);

	if (err)
		*key = '\0';
	return err ? err : cg_set_get(&run->set, key, cg);
}

void run_note_sample(struct run *run, const struct rows_in *in, uint64_t age_us)
{
	static char first[CG_KEY_MAX];
	static uint64_t first_age_us;

	if (!strcmp(first, in->cell[0]) && first_age_us == age_us)
		rows_flush(&run->out);
	else if (*first)
		return;
	snprintf(first, sizeof(first), "%s", in->cell[0]);
	first_age_us = age_us;
}

/* ---- what cannot be looked at ---- */

static enum reason why_not(struct run *run, const char *key, int err)
{
	struct cg *cg;

	if (!cg_err_is_gone(err))
		return REASON_UNREADABLE;
	return cg_set_get(&run->set, key, &cg) ? REASON_GONE
					       : REASON_NO_CONTROLLER;
}

/* One that is gone is no failure. */
static void warn_unreadable(struct run *run, const char *key, int err)
{
	if (cg_err_is_gone(err))
		return;
	run->status = STATUS_PARTIAL;
	if (*key)
		warn(err, "cannot read memory.stat of '%s'", key);
}

enum reason run_row_failed(struct run *run, const char *key, int err)
{
	warn_unreadable(run, key, err);
	return why_not(run, key, err);
}

void run_cg_failed(struct run *run, struct cg *cg, int err)
{
	struct member *m = cg->data;
	char fix[CG_FIX_MAX];

	warn_unreadable(run, cg->key, err);
	if (!cg->named)
		return;
	run->status = STATUS_PARTIAL;
	if (!m->warned && why_not(run, cg->key, err) == REASON_NO_CONTROLLER)
		warn(0, "no memory controller in '%s': %s", cg->key,
		     cg_memory_fix(&run->set, fix, sizeof(fix)));
	m->warned = true;
}

/* ---- the world ---- */

/* Is its last row of late, or is the next still to be waited for? */
static bool shares(const struct run *run, const struct member *m,
		   uint64_t now_us)
{
	uint64_t looks = 4 * num_most(m->rows.gap_looks, 1);

	return m->looked && (now_us - m->now.at_us < RECENT_US ||
			     run->looks - m->rows.look <= looks);
}

/*
 * The cgroups that share the budget: what the operands name, or whose rows
 * come.
 */
static size_t count_sharers(const struct run *run)
{
	const struct cg_set *set = &run->set;
	uint64_t now_us = clock_mono_us();
	size_t n = 0;

	if (run->walks)
		return set->n;
	for (size_t i = 0; i < set->n; i++) {
		struct member *m = set->v[i]->data;

		m->rows.shares = shares(run, m, now_us);
		n += m->rows.shares;
	}
	return n;
}

bool run_may_write(const struct run *run)
{
	return !run->common.dry_run && !run->common.check &&
	       run->o.mode != MODE_ACCOUNT &&
	       (run->o.mode != MODE_FORECAST || run->o.probe_bytes);
}

/* When will the cgroups that are looked at now be again? */
static double expected_gap_s(const struct run *run)
{
	uint64_t us = run->walks ? run->common.interval_us : 0;

	return fmax((double)(us ? us : WINDOW_US) / 1e6, 1);
}

/* A full disk does not end the pipe: file-only until it can be kept again. */
static void warn_unsaved(struct run *run, int err)
{
	if (err && !run->unsaved)
		warn(err,
		     "cannot write the state of the budget '%s': no swap until "
		     "this is possible",
		     run->o.cfg.budget.path);
	if (err)
		run->status = STATUS_PARTIAL;
	run->unsaved = err != 0;
}

/* Once until it is known again. */
static void warn_unknown(struct run *run)
{
	const char *drive = run->world.budget.unknown;

	if (*drive && !run->unknown)
		warn(0,
		     "the number of bytes written to '%s' is unknown, because "
		     "its count of sectors is missing or impossible: no swap "
		     "until it is known",
		     drive);
	if (*drive)
		run->status = STATUS_PARTIAL;
	run->unknown = *drive != '\0';
}

/* What one lets be written, the other is charged with, too. */
static void warn_other(struct run *run)
{
	char size[NUM_LEN];

	if (!run->world.budget.other_cap_bytes || run->other)
		return;
	num_human_bytes(size, (uint64_t)run->world.budget.other_cap_bytes);
	warn(0,
	     "'%s' also keeps a budget of %s for the same drive, used within "
	     "a day: each write is charged to both; give all instances one "
	     "budget (see --budget-status)",
	     run->o.cfg.budget.path, size);
	run->other = true;
}

void run_look_at_world(struct run *run)
{
	const struct budget_cfg *cfg = &run->o.cfg.budget;
	uint64_t before = run->world.machine.at_us;
	int err = machine_look(&run->world.machine);

	run->world.gap_s = expected_gap_s(run);
	if (err)
		die(err, "cannot read /proc/swaps");
	if (before && run->world.machine.at_us == before)
		return;
	run->looks++;
	err = budget_look(&run->world.budget, cfg, &run->world.machine,
			  run_may_write(run));
	if (err)
		tool_bad_state("keep the budget in", cfg->path, err);
	warn_unsaved(run, run->world.budget.unsaved);
	warn_unknown(run);
	warn_other(run);
	run->world.sharers = count_sharers(run);
	cg_set_sweep(&run->set, FORGET_LOOKS);
}

void run_warn_estimated(struct run *run, const struct cg *cg, uint64_t limit)
{
	const struct member *m = cg->data;

	if (run->estimated || limit >= NUM_MAX || !m->looked ||
	    m->now.st.pswpout_pages != NUM_NONE || !run->world.machine.any_disk)
		return;
	warn(0, "swap writes are estimated, because memory.stat has no pswpout "
		"before Linux 6.13; -b is exact on any kernel");
	run->estimated = true;
}

void run_warn_no_pressure(struct run *run, const struct cg *cg)
{
	const struct member *m = cg->data;
	char fix[CG_FIX_MAX];

	if (run->no_pressure || m->now.stall_us[PSI_MEM] != NUM_NONE)
		return;
	cg_pressure_fix(&run->set, cg, -ENOENT, fix, sizeof(fix));
	warn(0,
	     "'%s': its memory pressure cannot be read, so no swap-ins "
	     "count as harm: %s",
	     cg->key, fix);
	run->no_pressure = true;
}

void run_probe(struct run *run, bool before)
{
	char path[4096];
	const struct balance_cfg *law = &run->o.cfg.law;
	bool write = run->o.probe_bytes && run_may_write(run);
	struct probe_cfg cfg = { run->o.probe_bytes,
				 path,
				 write,
				 run->o.mode == MODE_FORECAST,
				 law->pressure_limit_pct,
				 law->swap_limit_mpct };
	int n;

	if (!run->o.probe_bytes && run->o.mode == MODE_SHOW)
		return;
	snprintf(path, sizeof(path), "%s.probe", run->o.state);
	n = before ? probe_all(&cfg, &run->set, &run->world)
		   : probe_keep(&cfg, &run->set);
	if (n < 0)
		tool_bad_state("keep the times of probes in", path, n);
	if (n)
		run->status = STATUS_PARTIAL;
}

/* ---- rows that go out ---- */

struct line run_line(const struct run *run, const struct cg *cg, uint64_t limit)
{
	const struct member *m = cg->data;

	return (struct line){
		.key = cg->key,
		.time_ms = clock_unix_ms(),
		.m = m,
		.reason = m->law.known ? m->law.reason : REASON_LEARNING,
		.pace_bytes_per_s = member_pace(m, &run->world, limit),
		.world = &run->world,
		.cfg = &run->o.cfg,
	};
}

void run_emit(struct run *run, const struct rows_in *in,
	      const struct line *line)
{
	struct row row = { 0 };

	row_put(&row, &run->cols, line);
	rows_emit(&run->out, in, &run->cols, &row);
	row_free(&row);
}
