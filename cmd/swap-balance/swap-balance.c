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
#include <unistd.h>

#include "balance.h"
#include "cg.h"
#include "clock.h"
#include "look.h"
#include "machine.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "rows.h"
#include "tool.h"

enum {
	WINDOW_US = 6000000,
	LEAST_US = 2000000, /* memory.stat is flushed every 2 s */
	N_DEFAULT = 7,
	N_KEY = 2, /* cgroup and time: of show only */
	FORGET_ROUNDS = 64,
};

struct config {
	struct common_opts common;
	struct balance_cfg law;
};

/* What is kept of a cgroup: the data of its cg. */
struct member {
	bool looked;
	struct look then, now;
	struct balance law;
	struct window window;
};

/* What a row is made of. */
struct line {
	const char *key;
	int64_t time_ms;
	const struct member *m; /* NULL: none such */
	enum reason reason;
	const char *backend;
	uint64_t write_bytes_per_s;
};

struct run {
	struct config cfg;
	struct cg_set set;
	struct machine machine;
	struct col_set cols;
	struct rows_out out;
	int status;
};

static void put_key(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_str(r, l->key);
}

static void put_time(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_milli(r, l->time_ms);
}

static void put_swappiness(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	if (!l->m || l->m->law.swappiness < 0 || !l->m->law.known)
		row_none(r);
	else
		row_u64(r, (uint64_t)l->m->law.swappiness);
}

static void put_backend(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_str(r, l->backend);
}

static void put_left(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_u64(r, l->m ? l->m->now.swap.left_bytes : NUM_NONE);
}

static void put_budget(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_u64(r, l->write_bytes_per_s);
}

static void put_reason(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_str(r, reason_word(l->reason));
}

static const struct col columns[] = {
	{ "cgroup", "path below the cgroup2 mount (show)", put_key, 0 },
	{ "time", "Unix time of the row (show)", put_time, 0 },
	{ "swappiness", "0 to 200, for memory.reclaim; 0 is file only",
	  put_swappiness, 0 },
	{ "backend", "where its anonymous memory should go", put_backend, 0 },
	{ "swap_left_bytes", "swap that it may still take, up the tree",
	  put_left, 0 },
	{ "swap_write_bytes_per_s", "what the write budget allows now",
	  put_budget, 0 },
	{ "balance_reason", "why this swappiness", put_reason, 0 },
};

enum { N_COLUMNS = sizeof(columns) / sizeof(*columns) };

static void take(void *arg, int key, const char *text)
{
	(void)arg;
	(void)key;
	(void)text;
}

static const struct tool tool = {
	.purpose = "How much swap a cgroup should get, and where to.",
	.usage = "[-r] [-i TIME] [CGROUP...]",
	.shared = "oHficrqvnk",
	.cols = columns,
	.n_cols = N_COLUMNS,
	.take = take,
};

/* A new look; the window since the last one makes a step of the law. */
static int observe(struct run *run, struct cg *cg)
{
	struct member *m = cg->data;
	struct look look;
	int err;

	if (m->looked && clock_mono_us() - m->now.at_us < LEAST_US)
		return 0;
	err = look_read(&run->set, cg, &look);
	if (err)
		return err;
	m->then = m->looked ? m->now : look;
	m->now = look;
	if (m->looked) {
		m->window = look_window(&m->now, &m->then, &run->machine);
		cost_learn(m->law.cost, &m->window, run->machine.device_us,
			   run->machine.default_us);
		balance_step(&m->law, &run->cfg.law, &m->window);
	}
	m->looked = true;
	return 0;
}

static struct line line_of(const struct cg *cg)
{
	const struct member *m = cg->data;

	return (struct line){
		.key = cg->key,
		.time_ms = clock_unix_ms(),
		.m = m,
		.reason = m->law.known ? m->law.reason : REASON_LEARNING,
		.backend = "-",
		.write_bytes_per_s = NUM_NONE,
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

static void look_at_machine(struct run *run)
{
	int err = machine_look(&run->machine);

	if (err)
		die(err, "cannot read /proc/swaps");
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

/* One row of a pipe: handed on whatever becomes of its cgroup. */
static void filter_row(struct run *run, const struct rows_in *in)
{
	struct line line = { .backend = "-", .write_bytes_per_s = NUM_NONE };
	char key[CG_KEY_MAX];
	struct cg *cg;
	int err = tool_row_key(&run->set, in, key);

	look_at_machine(run);
	if (!err)
		err = cg_set_get(&run->set, key, &cg);
	if (!err)
		err = observe(run, cg);
	if (!err) {
		line = line_of(cg);
	} else {
		line.reason = is_gone(err) ? REASON_GONE : REASON_UNREADABLE;
		if (!is_gone(err) && err != -EINVAL)
			warn(err, "cannot read memory.stat of '%s'", key);
		if (!is_gone(err))
			run->status = STATUS_PARTIAL;
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
		if (event == ROWS_ROW)
			filter_row(run, &in);
		if (run->out.err)
			break;
	}
	rows_in_close(&in);
}

static void show_once(struct run *run, bool print)
{
	look_at_machine(run);
	for (size_t i = 0; i < run->set.n; i++) {
		struct cg *cg = run->set.v[i];
		struct line line;
		int err = observe(run, cg);

		if (err && !is_gone(err))
			warn(err, "cannot read memory.stat of '%s'", cg->key);
		if (err && (cg->named || !is_gone(err)))
			run->status = STATUS_PARTIAL;
		if (err || !print)
			continue;
		line = line_of(cg);
		emit(run, NULL, &line);
	}
}

static void expand(struct run *run, char **keys, size_t n)
{
	const char *missing;
	int err = cg_set_expand(&run->set, keys, n, run->cfg.common.recursive,
				&missing);

	if (err)
		die(err, "cannot follow the cgroup tree");
	if (missing) {
		warn(0, "no cgroup '%s'", missing);
		run->status = STATUS_PARTIAL;
	}
}

/* A window is between two looks, so that the first one prints nothing. */
static void show(struct run *run, char **operands, size_t n)
{
	struct common_opts *c = &run->cfg.common;
	uint64_t every = c->interval_us ? c->interval_us : WINDOW_US;
	uint64_t most = c->count ? c->count : c->interval_us ? UINT64_MAX : 1;
	char **keys = tool_keys(&run->set, operands, n);
	uint64_t start = clock_mono_us();
	int go = 1;

	for (uint64_t round = 0; round <= most && go; round++) {
		expand(run, keys, n);
		show_once(run, round > 0);
		if (rows_flush(&run->out) || round == most)
			break;
		do
			go = clock_wait(clock_next_tick(start, every));
		while (go == -EINTR);
	}
}

int main(int argc, char **argv)
{
	struct run run = {
		.cfg.law = { 30, 1, 80000 },
	};
	int at = tool_start(&tool, argc, argv, &run.cfg.common, &run.cfg);
	bool rows = at == argc || !strcmp(argv[at], "-");
	struct tool names = tool;

	names.cols += rows ? N_KEY : 0;
	names.n_cols -= rows ? N_KEY : 0;
	tool_columns(&names, N_DEFAULT - (rows ? N_KEY : 0),
		     run.cfg.common.cols, &run.cols);
	rows_open(&run.out, run.cfg.common.format, !run.cfg.common.no_header,
		  "swap_balance");
	tool_open_tree(&run.set, sizeof(struct member));
	if (rows)
		filter(&run);
	else
		show(&run, argv + at, (size_t)(argc - at));
	cg_set_close(&run.set);
	return tool_finish(&run.out, run.status);
}
