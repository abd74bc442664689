/*
 * swap-balance - how much swap a cgroup should get, and where to.
 *
 * Shows a row a cgroup, or appends to the rows of a pipe: the swappiness that
 * refaults and swap-ins call for, the backend that suits, the swap that is
 * left up the tree and what is left of the write budget.  From memory.stat,
 * memory.pressure, memory.swap.*, memory.zswap.*, /proc/swaps, /proc/diskstats.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "account.h"
#include "check.h"
#include "clock.h"
#include "evidence.h"
#include "filter.h"
#include "forecasting.h"
#include "maintain.h"
#include "msg.h"
#include "num.h"
#include "plan.h"
#include "status.h"

static void look_at(struct run *run, struct cg *cg)
{
	int err = member_look(&run->set, cg, &run->world, &run->o.cfg,
			      run->o.cfg.write_limit_bytes_per_s, false);

	if (err) {
		run_cg_failed(run, cg, err);
		return;
	}
	run_warn_estimated(run, cg, run->o.cfg.write_limit_bytes_per_s);
	run_warn_no_pressure(run, cg);
}

static void look_at_all(struct run *run)
{
	run_look_at_world(run);
	for (size_t i = 0; i < run->set.n; i++)
		look_at(run, run->set.v[i]);
}

static void show_all(struct run *run)
{
	for (size_t i = 0; i < run->set.n; i++) {
		const struct cg *cg = run->set.v[i];
		const struct member *m = cg->data;
		struct line line =
			run_line(run, cg, run->o.cfg.write_limit_bytes_per_s);

		if (m->looked)
			run_emit(run, NULL, &line);
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
	tool_warn_skipped(&run->set, &run->tabs, &run->longs);
}

/*
 * Looks every interval.  A window is between two looks, so that nothing is
 * printed for the first, which may be slow: the time of the first window counts
 * from its end.
 */
static void show(struct run *run, char **keys, size_t n)
{
	struct common_opts *c = &run->common;
	uint64_t every = c->interval_us ? c->interval_us : WINDOW_US;
	uint64_t most = c->count ? c->count : c->interval_us ? UINT64_MAX : 1;
	uint64_t start = 0;
	int go = 1;

	if (run->o.mode != MODE_SHOW) {
		most = 1;
		every = num_most(every, LEAST_WINDOW_US);
	}
	for (uint64_t round = 0; go; round++) {
		expand(run, keys, n);
		look_at_all(run);
		if (!round) {
			start = clock_mono_us();
			run_probe(run, true);
		}
		if (round && run->o.mode == MODE_SHOW)
			show_all(run);
		if (rows_flush(&run->out) || round == most)
			break;
		do
			go = clock_wait(clock_next_tick(start, every));
		while (go == -EINTR);
	}
	run_probe(run, false);
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
		if (keeps && run_may_write(run))
			mkdir(STATE_DIR, 0700);
	}
	o->cfg.budget.path = o->state;
	snprintf(run->undo_path, sizeof(run->undo_path), "%s.undo", o->state);
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

	if (*n == 1 && !strcmp(*operands, "-"))
		return read_keys(run, n);
	if (!*n && run->o.mode > MODE_ACCOUNT && run->o.mode != MODE_UNDO)
		die(0, "no cgroup given (see -h)");
	if (!*n && run->o.mode <= MODE_ACCOUNT) {
		*n = 1;
		return tool_keys(&run->set, all, 1);
	}
	return tool_keys(&run->set, operands, *n);
}

/* A run has but one window: what those before it saw is kept. */
static int apply(struct run *run, const struct plan *plan)
{
	char path[4096];
	bool keeps = run->o.mode == MODE_APPLY && run_may_write(run);
	int err;

	snprintf(path, sizeof(path), "%s.evidence", run->o.state);
	err = evidence_add(path, &run->set, keeps);
	if (err)
		tool_bad_state("keep the observations in", path, err);
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

/* Of the cgroups named; of all that is in zram where none is. */
static int maintain(struct run *run, char **operands, size_t n)
{
	struct maintain_cfg *cfg = &run->o.zram;
	char path[4096];
	bool of_cgroups = n;
	char **keys = of_cgroups ? targets(run, operands, &n) : NULL;
	int status;

	if (clock_stopped())
		return run->status;
	if (of_cgroups)
		expand(run, keys, n);
	snprintf(path, sizeof(path), "%s.zram", run->o.state);
	cfg->path = path;
	cfg->write = !run->common.dry_run;
	run_look_at_world(run);
	status = maintain_zram(cfg, &run->world.machine, &run->world.budget,
			       of_cgroups ? &run->set : NULL, &run->out);
	if (status == STATUS_NO)
		note("no zram is used as swap");
	return run->status | status;
}

static int account(struct run *run, char **operands, size_t n, bool rows)
{
	char **keys = rows ? NULL : targets(run, operands, &n);

	if (rows) {
		account_rows(run);
	} else {
		expand(run, keys, n);
		account_all(run);
	}
	return run->status;
}

static int forecast(struct run *run, bool rows)
{
	if (!rows)
		die(0, "--forecast reads rows: cold-scan CGROUP | "
		       "swap-balance --forecast");
	forecast_rows(run);
	return run->status;
}

/* Rows come in: no operand, and no terminal to wait at. */
static bool has_rows(char **operands, int n)
{
	return n ? n == 1 && !strcmp(*operands, "-") : !isatty(STDIN_FILENO);
}

/* And go out. */
static bool is_filter(const struct run *run, char **operands, int n)
{
	return run->o.mode == MODE_SHOW && !run->common.check &&
	       has_rows(operands, n);
}

/* Refuses an option that the mode would leave out of account. */
static void refuse_in_mode(const struct run *run, int operands)
{
	const struct common_opts *c = &run->common;
	enum mode mode = run->o.mode;
	bool has_window = mode == MODE_PLAN || mode == MODE_APPLY;
	const char *opt = options_unused(&run->o);

	if (c->check)
		return;
	if (opt && mode == MODE_SHOW)
		die(0, "%s: only with --maintain", opt);
	if (mode == MODE_SHOW)
		return;
	if (!opt)
		opt = c->cols			      ? "-o"
		      : c->count		      ? "-c"
		      : c->interval_us && !has_window ? "-i"
		      : c->recursive && !has_window && mode != MODE_ACCOUNT
			      ? "-r"
			      : NULL;
	if (opt)
		die(0, "%s: not with %s", opt, options_mode(mode));
	if (operands && mode == MODE_STATUS)
		die(0, "%s takes no cgroup", options_mode(mode));
}

static void prepare(struct run *run, const struct tool *tool, bool filters)
{
	struct tool names = *tool;
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
	if (run->common.check) {
		if (tool_check_tree(&run->out, &run->set,
				    sizeof(struct member)))
			exit(tool_finish(&run->out, STATUS_FATAL));
		return;
	}
	tool_open_tree(&run->set, sizeof(struct member));
	if (!filters && run->o.mode != MODE_STATUS && run->o.mode < MODE_UNDO)
		tool_need_memory(&run->set);
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
	run_look_at_world(run);
	return check_all(&run->out, &run->set, &run->world.machine,
			 run->o.state);
}

int main(int argc, char **argv)
{
	const struct tool tool = {
		.purpose = "Decide how much a cgroup should swap, and to which "
			   "backend.",
		.usage = "[-r] [-i TIME] [--plan|--apply|--undo|--maintain] "
			 "[CGROUP...]",
		.shared = "oHficrqvn",
		.opts = options,
		.n_opts = options_n,
		.cols = report_columns,
		.n_cols = REPORT_COLUMNS,
		.take = options_take,
	};
	struct run run = { .o = options_default };
	int at = tool_start(&tool, argc, argv, &run.common, &run.o);
	bool filters = is_filter(&run, argv + at, argc - at);

	if (filters)
		filter_refuse(&run);
	refuse_in_mode(&run, argc - at);
	prepare(&run, &tool, filters);
	if (!run.common.check &&
	    (filters || (run.o.mode == MODE_SHOW && run.common.interval_us)))
		tool_lock_memory();
	if (run.common.check)
		run.status = check(&run);
	else if (run.o.mode == MODE_STATUS)
		run.status = show_status(&run);
	else if (run.o.mode == MODE_MAINTAIN)
		run.status = maintain(&run, argv + at, (size_t)(argc - at));
	else if (run.o.mode == MODE_ACCOUNT)
		run.status = account(&run, argv + at, (size_t)(argc - at),
				     has_rows(argv + at, argc - at));
	else if (run.o.mode == MODE_FORECAST)
		run.status = forecast(&run, has_rows(argv + at, argc - at));
	else if (filters)
		filter(&run);
	else
		run.status = act(&run, argv + at, (size_t)(argc - at));
	cg_set_close(&run.set);
	return tool_finish(&run.out, run.status);
}
