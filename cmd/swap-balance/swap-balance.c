/*
 * swap-balance - how much swap a cgroup should get, and where to.
 *
 * Shows a row a cgroup, or appends to the rows of a pipe: the swappiness that
 * refaults and swap-ins call for, the backend that suits, the swap that is
 * left up the tree and what is left of the write budget.  From memory.stat,
 * memory.pressure, memory.swap.*, memory.zswap.*, /proc/swaps, /proc/diskstats.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "evidence.h"
#include "io.h"
#include "maintain.h"
#include "member.h"
#include "msg.h"
#include "num.h"
#include "plan.h"
#include "probe.h"
#include "report.h"
#include "root.h"
#include "status.h"
#include "tool.h"

#define STATE_DIR "/var/lib/tmo"

#define HOUR_US UINT64_C(3600000000)

enum {
	WINDOW_US = 6000000,
	RECENT_US = 4 * WINDOW_US,
	LEAST_WINDOW_US =
		2000000, /* of --plan and --apply, which have but one */
	FORGET_LOOKS = 600,
	COLD_BYTES = 128 << 10, /* the least that one write takes */
};

enum mode {
	MODE_SHOW,
	MODE_STATUS,
	MODE_PLAN,
	MODE_APPLY, /* from here on something is changed */
	MODE_UNDO,
	MODE_MAINTAIN,
};

struct options {
	struct config cfg;
	struct maintain_cfg zram;
	enum mode mode;
	uint64_t probe_bytes;
	const char *state;
};

struct run {
	struct common_opts common;
	struct options o;
	struct cg_set set;
	struct world world;
	struct col_set cols;
	struct rows_out out;
	int status;
	bool missing;	 /* a cgroup that was named, and it was told */
	bool unsaved;	 /* the budget's state, and it was told */
	bool other;	 /* budget of a drive, and it was told */
	bool estimated;	 /* what cgroups wrote, and it was told */
	bool walks;	 /* the set is what the operands name */
	uint64_t gap_us; /* the longest between two rows of a cgroup, of late */
	char undo_path[4096];
};

enum key {
	KEY_ENDURANCE = 256,
	KEY_DRIVE, /* its old name */
	KEY_STATUS,
	KEY_PLAN,
	KEY_APPLY,
	KEY_UNDO,
	KEY_MAINTAIN,
	KEY_DWELL,
	KEY_PROBE,
	KEY_SWAP_LIMIT,
	KEY_PRESSURE,
	KEY_SMOOTH,
	KEY_MIN_RATIO,
	KEY_WRITE_LIMIT,
	KEY_PRICE,
	KEY_RECOMPRESS,
	KEY_WRITEBACK,
};

static const struct opt options[] = {
	{ 'b', "budget", "SIZE[/TIME]",
	  "bytes that each swap device may be written, a day" },
	{ KEY_ENDURANCE, "endurance", "TBW/YEARS",
	  "the same from a rated endurance: 600TBW/5y" },
	{ KEY_DRIVE, "drive", "TBW/YEARS",
	  "old name of --endurance, for one release" },
	{ 'S', "state", "FILE",
	  "the budget's state (" STATE_DIR "/swap-balance)" },
	{ KEY_WRITE_LIMIT, "swap-write-limit", "SIZE",
	  "bytes that a cgroup may have written, a second" },
	{ KEY_STATUS, "budget-status", NULL,
	  "show the budgets of all drives, and what is left" },
	{ KEY_PLAN, "plan", NULL, "show what --apply would write, and why" },
	{ KEY_APPLY, "apply", NULL,
	  "set memory.zswap.max and memory.zswap.writeback" },
	{ KEY_UNDO, "undo", NULL, "put back what --apply has changed" },
	{ KEY_DWELL, "dwell", "TIME",
	  "a backend must stand so long to replace another (1m)" },
	{ KEY_PROBE, "probe", "SIZE",
	  "take at most so much where the compression is unknown" },
	{ KEY_MAINTAIN, "maintain", NULL,
	  "zram: write back and recompress what is idle" },
	{ KEY_WRITEBACK, "writeback-after", "TIME",
	  "of idleness, with --maintain (20h)" },
	{ KEY_RECOMPRESS, "recompress-after", "TIME",
	  "of idleness, with --maintain (2h)" },
	{ KEY_SWAP_LIMIT, "swap-limit", "PCT",
	  "no swap where so much is used (80%)" },
	{ KEY_PRESSURE, "pressure-limit", "PCT",
	  "memory pressure at which swap-ins are harm (1%)" },
	{ KEY_SMOOTH, "smooth", "TIME", "time constant of the rates (30s)" },
	{ KEY_MIN_RATIO, "min-ratio", "RATIO", "compression that pays (1.37)" },
	{ KEY_PRICE, "price", "DRAM:DISK",
	  "of a GiB, for saved_price (3:0.1)" },
};

static double opt_decimal(const char *opt, const char *arg, double least)
{
	int64_t milli;

	if (num_milli(arg, &milli) || (double)milli < least * 1000)
		die(0, "%s: '%s' is not a number from %g on", opt, arg, least);
	return (double)milli / 1000;
}

static void take_price(struct price *price, const char *arg)
{
	char dram[64];
	const char *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : sizeof(dram);

	if (len >= sizeof(dram))
		die(0, "--price: '%s' is not two prices such as 3:0.1", arg);
	memcpy(dram, arg, len);
	dram[len] = '\0';
	price->dram = opt_decimal("--price", dram, 0);
	price->disk = opt_decimal("--price", colon + 1, 0);
}

static void take_mode(struct options *o, enum mode mode)
{
	if (o->mode != MODE_SHOW && o->mode != mode)
		die(0, "--budget-status, --plan, --apply, --undo and "
		       "--maintain: one at a time");
	o->mode = mode;
}

static void take_budget(struct options *o, int key, const char *arg)
{
	if (o->cfg.budget.bytes_per_s > 0)
		die(0, "-b and --endurance: one budget, once");
	if (key == 'b' && budget_parse(arg, &o->cfg.budget))
		die(0, "-b: '%s' is not a budget such as 20G or 1M/1s", arg);
	if (key != 'b' && budget_parse_drive(arg, &o->cfg.budget))
		die(0, "%s: '%s' is not an endurance such as 600TBW/5y",
		    key == KEY_DRIVE ? "--drive" : "--endurance", arg);
}

static int64_t take_swap_limit(const char *arg)
{
	double pct = opt_pct("--swap-limit", arg);

	if (pct > 100)
		die(0, "--swap-limit: '%s' is more than 100%%", arg);
	return (int64_t)(pct * 1000);
}

static void take(void *arg, int key, const char *text)
{
	struct options *o = arg;
	struct balance_cfg *law = &o->cfg.law;

	switch (key) {
	case 'b':
	case KEY_ENDURANCE:
	case KEY_DRIVE: take_budget(o, key, text); break;
	case 'S': o->state = text; break;
	case KEY_STATUS: take_mode(o, MODE_STATUS); break;
	case KEY_PLAN: take_mode(o, MODE_PLAN); break;
	case KEY_APPLY: take_mode(o, MODE_APPLY); break;
	case KEY_UNDO: take_mode(o, MODE_UNDO); break;
	case KEY_MAINTAIN: take_mode(o, MODE_MAINTAIN); break;
	case KEY_DWELL:
		o->cfg.backend.dwell_s =
			(double)opt_time("--dwell", text, 0) / 1e6;
		break;
	case KEY_PROBE: o->probe_bytes = opt_size("--probe", text); break;
	case KEY_WRITE_LIMIT:
		o->cfg.write_limit_bytes_per_s =
			opt_size("--swap-write-limit", text);
		break;
	case KEY_SWAP_LIMIT:
		law->swap_limit_mpct = take_swap_limit(text);
		break;
	case KEY_PRESSURE:
		law->pressure_limit_pct = opt_pct("--pressure-limit", text);
		break;
	case KEY_SMOOTH:
		law->smooth_s = (double)opt_time("--smooth", text, 1000) / 1e6;
		break;
	case KEY_MIN_RATIO:
		o->cfg.backend.min_ratio = opt_decimal("--min-ratio", text, 1);
		break;
	case KEY_PRICE: take_price(&o->cfg.price, text); break;
	case KEY_RECOMPRESS:
		o->zram.recompress_us =
			opt_time("--recompress-after", text, 1000000);
		break;
	case KEY_WRITEBACK:
		o->zram.writeback_us =
			opt_time("--writeback-after", text, 1000000);
		break;
	}
}

static const struct tool tool = {
	.purpose = "How much swap a cgroup should get, and where to.",
	.usage = "[-r] [-i TIME] [--plan|--apply|--undo|--maintain] "
		 "[CGROUP...]",
	.shared = "oHficrqvn",
	.opts = options,
	.n_opts = sizeof(options) / sizeof(*options),
	.cols = report_columns,
	.n_cols = REPORT_COLUMNS,
	.take = take,
};

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

/* A cgroup that is there, but has no memory.stat, lacks the controller. */
static enum reason why_not(struct run *run, const char *key, int err)
{
	struct cg *cg;

	if (!is_gone(err))
		return REASON_UNREADABLE;
	return cg_set_get(&run->set, key, &cg) ? REASON_GONE
					       : REASON_NO_CONTROLLER;
}

/*
 * The cgroups that share the budget: what the operands name, or whose rows came
 * of late, at the pace that rows come at.
 */
static size_t count_sharers(const struct run *run)
{
	const struct cg_set *set = &run->set;
	uint64_t recent_us = num_most(RECENT_US, 4 * run->gap_us);
	uint64_t now = clock_mono_us();
	size_t n = 0;

	if (run->walks)
		return set->n;
	for (size_t i = 0; i < set->n; i++) {
		const struct member *m = set->v[i]->data;

		n += m->looked && now - m->now.at_us < recent_us;
	}
	return n;
}

/* The longest of late: a pause of the pipe is soon forgotten. */
static void note_gap(struct run *run, const struct cg *cg)
{
	const struct member *m = cg->data;

	if (m->looked)
		run->gap_us = num_most(run->gap_us - run->gap_us / 8,
				       clock_mono_us() - m->now.at_us);
}

/* A dry run and --check leave nothing behind. */
static bool may_write(const struct run *run)
{
	return !run->common.dry_run && !run->common.check;
}

/* When will the cgroups that are looked at now be again? */
static double expected_gap_s(const struct run *run)
{
	uint64_t us = run->walks ? run->common.interval_us : run->gap_us;

	return fmax((double)(us ? us : WINDOW_US) / 1e6, 1);
}

/* A full disk does not end the pipe: file-only until it can be kept again. */
static void warn_unsaved(struct run *run, int err)
{
	if (err && !run->unsaved)
		warn(err,
		     "cannot write the budget's state '%s': no swap until "
		     "that is over",
		     run->o.cfg.budget.path);
	if (err)
		run->status = STATUS_PARTIAL;
	run->unsaved = err != 0;
}

/* What one lets be written, the other has to pay for, too. */
static void warn_other(struct run *run)
{
	char size[NUM_LEN];

	if (!run->world.budget.other_cap_bytes || run->other)
		return;
	num_human_bytes(size, (uint64_t)run->world.budget.other_cap_bytes);
	warn(0,
	     "'%s' also keeps a budget of %s for the same drive, used within "
	     "a day: what is written is charged to both; give all instances "
	     "one budget (see --budget-status)",
	     run->o.cfg.budget.path, size);
	run->other = true;
}

/* Once for all rows of a sample. */
static void look_at_world(struct run *run)
{
	const struct budget_cfg *cfg = &run->o.cfg.budget;
	uint64_t before = run->world.machine.at_us;
	int err = machine_look(&run->world.machine);

	run->world.gap_s = expected_gap_s(run);
	if (err)
		die(err, "cannot read /proc/swaps");
	if (before && run->world.machine.at_us == before)
		return;
	err = budget_look(&run->world.budget, cfg, &run->world.machine,
			  run->world.gap_s, may_write(run));
	if (err)
		die(err, "cannot keep the budget in '%s' (-S FILE)", cfg->path);
	warn_unsaved(run, run->world.budget.unsaved);
	warn_other(run);
	run->world.sharers = count_sharers(run);
	cg_set_sweep(&run->set, FORGET_LOOKS);
}

/* A limit is kept by an estimate where the kernel does not count. */
static void warn_estimated(struct run *run, const struct cg *cg, uint64_t limit)
{
	const struct member *m = cg->data;

	if (run->estimated || limit >= NUM_MAX || !m->looked ||
	    m->now.st.pswpout_pages != NUM_NONE || !run->world.machine.any_disk)
		return;
	warn(0, "the limit on swap writes is kept by an estimate: memory.stat "
		"has no pswpout, which counts them from Linux 6.13 on; -b "
		"counts on any kernel");
	run->estimated = true;
}

static struct line line_of(const struct run *run, const struct cg *cg,
			   uint64_t limit)
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

static void emit(struct run *run, const struct rows_in *in,
		 const struct line *line)
{
	struct row row = { 0 };

	row_put(&row, &run->cols, line);
	rows_emit(&run->out, in, &run->cols, &row);
	row_free(&row);
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
	look_at_world(run);
	if (!err)
		err = member_look(&run->set, cg, &run->world, &run->o.cfg,
				  limit, row_cold_anon(in));
	if (!err)
		warn_estimated(run, cg, limit);
	if (!err)
		line = line_of(run, cg, limit);
	else
		line.reason = why_not(run, key, err);
	if (err && !is_gone(err)) {
		run->status = STATUS_PARTIAL;
		if (!bad_key)
			warn(err, "cannot read memory.stat of '%s'", key);
	}
	emit(run, in, &line);
}

static void filter(struct run *run)
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

/* Before the first window, or after the last. */
static void probe(struct run *run, bool before)
{
	char path[4096];
	const struct balance_cfg *law = &run->o.cfg.law;
	bool write = run->o.probe_bytes && may_write(run);
	struct probe_cfg cfg = { run->o.probe_bytes, path, write,
				 law->pressure_limit_pct,
				 law->swap_limit_mpct };
	int n;

	if (!run->o.probe_bytes && run->o.mode == MODE_SHOW)
		return;
	snprintf(path, sizeof(path), "%s.probe", run->o.state);
	n = before ? probe_all(&cfg, &run->set, &run->world)
		   : probe_keep(&cfg, &run->set);
	if (n < 0)
		die(n, "cannot keep the times of probes in '%s'", path);
	if (n)
		run->status = STATUS_PARTIAL;
}

/* A row of the pipe has a reason for it. */
static void tell_no_controller(struct run *run, const struct cg *cg)
{
	struct member *m = cg->data;

	if (!m->told && why_not(run, cg->key, -ENOENT) == REASON_NO_CONTROLLER)
		warn(0,
		     "no memory.stat in '%s': memory is not in the "
		     "cgroup.subtree_control above it",
		     cg->key);
	m->told = true;
}

static void look_at(struct run *run, struct cg *cg)
{
	int err = member_look(&run->set, cg, &run->world, &run->o.cfg,
			      run->o.cfg.write_limit_bytes_per_s, false);

	if (!err)
		warn_estimated(run, cg, run->o.cfg.write_limit_bytes_per_s);
	if (err && !is_gone(err))
		warn(err, "cannot read memory.stat of '%s'", cg->key);
	else if (err && cg->named)
		tell_no_controller(run, cg);
	if (err && (cg->named || !is_gone(err)))
		run->status = STATUS_PARTIAL;
}

static void look_at_all(struct run *run)
{
	look_at_world(run);
	for (size_t i = 0; i < run->set.n; i++)
		look_at(run, run->set.v[i]);
}

static void show_all(struct run *run)
{
	for (size_t i = 0; i < run->set.n; i++) {
		const struct cg *cg = run->set.v[i];
		const struct member *m = cg->data;
		struct line line =
			line_of(run, cg, run->o.cfg.write_limit_bytes_per_s);

		if (m->looked)
			emit(run, NULL, &line);
	}
}

static void expand(struct run *run, char **keys, size_t n)
{
	const char *missing;
	int err = cg_set_expand(&run->set, keys, n, run->common.recursive,
				&missing);

	run->walks = true;
	if (err)
		die(err, "cannot follow the cgroup tree");
	if (missing && !run->missing)
		warn(0, "no cgroup '%s'", missing);
	if (missing)
		run->status = STATUS_PARTIAL;
	run->missing = missing != NULL;
}

/*
 * Looks every interval.  A window is between two looks, so that nothing is
 * printed for the first.
 */
static void show(struct run *run, char **keys, size_t n)
{
	struct common_opts *c = &run->common;
	uint64_t every = c->interval_us ? c->interval_us : WINDOW_US;
	uint64_t most = c->count ? c->count : c->interval_us ? UINT64_MAX : 1;
	uint64_t start = clock_mono_us();
	int go = 1;

	if (run->o.mode != MODE_SHOW) {
		most = 1;
		every = num_most(every, LEAST_WINDOW_US);
	}
	for (uint64_t round = 0; go; round++) {
		expand(run, keys, n);
		look_at_all(run);
		if (!round)
			probe(run, true);
		if (round && run->o.mode == MODE_SHOW)
			show_all(run);
		if (rows_flush(&run->out) || round == most)
			break;
		do
			go = clock_wait(clock_next_tick(start, every));
		while (go == -EINTR);
	}
	probe(run, false);
}

/*
 * The state's directory is ours to make where it is the default, and something
 * will be kept there.
 */
static void prepare_state(struct run *run)
{
	struct options *o = &run->o;
	bool keeps = o->cfg.budget.bytes_per_s > 0 || o->mode > MODE_PLAN ||
		     o->probe_bytes;

	if (!o->state) {
		o->state = STATE_DIR "/swap-balance";
		if (keeps && may_write(run))
			mkdir(STATE_DIR, 0700);
	}
	o->cfg.budget.path = o->state;
	snprintf(run->undo_path, sizeof(run->undo_path), "%s.undo", o->state);
}

static int maintain(struct run *run)
{
	struct maintain_cfg *cfg = &run->o.zram;
	char path[4096];
	int status;

	snprintf(path, sizeof(path), "%s.zram", run->o.state);
	cfg->path = path;
	cfg->write = !run->common.dry_run;
	look_at_world(run);
	status = maintain_zram(cfg, &run->world.machine, &run->world.budget,
			       &run->out);
	if (status == STATUS_NO)
		note("no zram is used as swap");
	return status;
}

/* Keys from a pipe, for the modes that want all of them before they act. */
static char **read_keys(struct run *run, size_t *n)
{
	struct rows_in in;
	char **keys = NULL, key[CG_KEY_MAX];
	int event;

	*n = 0;
	rows_in_open(&in, STDIN_FILENO, NULL);
	while ((event = rows_next(&in)) != ROWS_END && !clock_stopped()) {
		if (event < 0)
			tool_bad_input(&in, event);
		if (event != ROWS_ROW)
			continue;
		if (tool_row_key(&run->set, &in, key)) {
			run->status = STATUS_PARTIAL;
			continue;
		}
		keys = xrealloc(keys, *n + 1, sizeof(*keys));
		keys[(*n)++] = xstrdup(key);
	}
	rows_in_close(&in);
	return keys;
}

/*
 * The targets' keys: operands; "-" is rows from stdin; none at a terminal is
 * every top-level cgroup.  What writes wants them named.
 */
static char **targets(struct run *run, char **operands, size_t *n)
{
	char top[] = "/*", *all[] = { top };

	if (*n && !strcmp(*operands, "-"))
		return read_keys(run, n);
	if (!*n && run->o.mode != MODE_SHOW && run->o.mode != MODE_UNDO)
		die(0, "which cgroups? (see -h)");
	if (!*n && run->o.mode == MODE_SHOW) {
		*n = 1;
		return tool_keys(&run->set, all, 1);
	}
	return tool_keys(&run->set, operands, *n);
}

/* A run has but one window: what those before it saw is kept. */
static int apply(struct run *run, const struct plan *plan)
{
	char path[4096];
	bool keeps = run->o.mode == MODE_APPLY && may_write(run);
	int err;

	snprintf(path, sizeof(path), "%s.evidence", run->o.state);
	err = evidence_add(path, &run->set, keeps);
	if (err)
		die(err, "cannot keep what was seen in '%s'", path);
	return plan_apply(plan, &run->set);
}

static int act(struct run *run, char **operands, size_t n)
{
	bool all = !n; /* of the undo record */
	struct plan plan = { run->undo_path,
			     run->o.mode != MODE_PLAN && !run->common.dry_run,
			     run->o.cfg.backend.dwell_s, &run->out };
	char **keys = targets(run, operands, &n);

	if (clock_stopped()) /* perhaps half a list */
		return run->status;
	if (run->o.mode == MODE_UNDO)
		return run->status |
		       (all || n ? plan_undo(&plan, &run->set, keys, n) : 0);
	show(run, keys, n);
	return run->o.mode == MODE_SHOW || clock_stopped()
		       ? run->status
		       : run->status | apply(run, &plan);
}

/* Rows in, rows out: no operand, and no terminal to wait at. */
static bool is_filter(const struct run *run, char **operands, int n)
{
	if (run->o.mode != MODE_SHOW || run->common.check)
		return false;
	return n ? !strcmp(*operands, "-") : !isatty(STDIN_FILENO);
}

static void prepare(struct run *run, bool filters)
{
	struct tool names = tool;
	int skip = filters ? REPORT_KEY : 0;

	names.cols += skip;
	names.n_cols -= (size_t)skip;
	(filters ? tool_filter_columns : tool_columns)(
		&names, (size_t)(REPORT_DEFAULT - skip),
		tool_counters(&run->common,
			      "file_refault_total_pages,anon_refault_total_"
			      "pages,stall_total_us"),
		&run->cols);
	tool_output(&run->out, &run->common, "swap_balance");
	prepare_state(run);
	tool_open_tree(&run->set, sizeof(struct member));
}

/* The rows that come in say which cgroups are looked at, and when. */
static void refuse_in_filter(const struct run *run)
{
	const struct common_opts *c = &run->common;

	if (c->interval_us || c->count || c->recursive || run->o.probe_bytes)
		die(0,
		    "%s: not in a filter, where rows say which cgroups are "
		    "looked at and when",
		    c->interval_us ? "-i"
		    : c->count	   ? "-c"
		    : c->recursive ? "-r"
				   : "--probe");
}

static int show_status(struct run *run)
{
	int err = machine_look(&run->world.machine);

	if (err)
		die(err, "cannot read /proc/swaps");
	return status_show(&run->o.cfg.budget, &run->world.machine, &run->out);
}

static int check(struct run *run)
{
	look_at_world(run);
	return check_all(&run->out, &run->set, &run->world.machine,
			 run->o.state);
}

int main(int argc, char **argv)
{
	struct run run = {
		.o.cfg = { .law = { 30, 1, 80000 },
			   .backend = { 1.37, 60 },
			   .price = { 3, 0.1 },
			   .write_limit_bytes_per_s = NUM_NONE },
		.o.zram = { .recompress_us = 2 * HOUR_US,
			    .writeback_us = 20 * HOUR_US },
	};
	int at = tool_start(&tool, argc, argv, &run.common, &run.o);
	bool filters = is_filter(&run, argv + at, argc - at);

	if (filters)
		refuse_in_filter(&run);
	prepare(&run, filters);
	if (!run.common.check &&
	    (filters || (run.o.mode == MODE_SHOW && run.common.interval_us)))
		tool_lock_memory();
	if (run.common.check)
		run.status = check(&run);
	else if (run.o.mode == MODE_STATUS)
		run.status = show_status(&run);
	else if (run.o.mode == MODE_MAINTAIN)
		run.status = maintain(&run);
	else if (filters)
		filter(&run);
	else
		run.status = act(&run, argv + at, (size_t)(argc - at));
	cg_set_close(&run.set);
	return tool_finish(&run.out, run.status);
}
