/* psi-watch - see the pressure, wait for it. */

#include "psi-watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "msg.h"
#include "num.h"
#include "root.h"

enum { OPT_TARGETS = 256, OPT_OUT };

static const struct opt opts[] = {
	{ OPT_TARGETS, "targets", "FILE",
	  "rows of cgroups; read again when it changes" },
	{ OPT_OUT, "out", "FILE",
	  "replace FILE with each sample (prometheus)" },
};

static void take(void *cfg, int key, const char *arg)
{
	struct config *c = cfg;

	switch (key) {
	case OPT_TARGETS: c->targets = arg; break;
	case OPT_OUT: c->out = arg; break;
	}
}

static char **operands(int argc, char **argv, const struct config *cfg,
		       size_t *n)
{
	static char stdin_word[] = "-", system_word[] = "/";
	char **v = xcalloc(2, sizeof(*v));
	struct stat st;

	*n = (size_t)argc;
	if (argc) {
		free(v);
		return argv;
	}
	if (cfg->targets)
		return v;
	*n = 1;
	v[0] = !fstat(STDIN_FILENO, &st) && S_ISFIFO(st.st_mode) ? stdin_word
								 : system_word;
	return v;
}

/* The columns asked for, "+" meaning those of this mode and more. */
static void choose_columns(struct watch *w, const struct tool *tool)
{
	const char *spec = w->cfg.common.cols;
	const char *defaults =
		w->interval_us ? sample_defaults : sample_defaults_once;
	char *all = NULL;

	if (!spec)
		spec = defaults;
	if (*spec == '+' && asprintf(&all, "%s,%s", defaults, spec + 1) < 0)
		die(ENOMEM, "-o");
	tool_columns(tool, 0, all ? all : spec, &w->cols);
	free(all);
	if (!w->cols.n)
		die(0, "-o: no columns");
	for (size_t i = 0; i < w->cols.n; i++)
		need_col(&w->reader.need, w->cols.v[i]->arg);
	if (w->reader.need.window && !w->interval_us)
		die(0, "a column of the window needs two readings: give -i");
}

/* Once for each cgroup and reason; -1: none could be read, ever. */
static void tell_failure(struct watch *w, const struct cg *cg, int err)
{
	struct meter *m = cg->data;
	char why[512];

	if (err == -ENODEV || m->told)
		return;
	reader_why(&w->reader, cg, err, why, sizeof(why));
	if (cg->named)
		warn(0, "%s", why);
	else
		debug("%s", why);
	m->told = 1;
	w->failed |= cg->named;
}

static void emit(struct watch *w, struct cg *cg, const struct sample *s)
{
	struct meter *m = cg->data;

	row_put(&w->row, &w->cols, s);
	rows_emit(&w->out,
		  targets_row(&w->targets, cg->key, &m->row, &m->rows_version),
		  &w->cols, &w->row);
}

/* One sample of every cgroup; how many could be read. */
static size_t sweep(struct watch *w, bool show)
{
	size_t good = 0;

	w->reader.unix_less_mono_ms =
		clock_unix_ms() - (int64_t)(clock_mono_us() / 1000);
	for (size_t i = 0; i < w->set.n; i++) {
		struct sample s;
		int err = reader_sample(&w->reader, w->set.v[i], &s);

		if (err) {
			tell_failure(w, w->set.v[i], err);
			continue;
		}
		good++;
		if (show && (!w->reader.need.window || s.window_us != NUM_NONE))
			emit(w, w->set.v[i], &s);
	}
	return good;
}

static void update(struct watch *w)
{
	int err = targets_update(&w->targets, &w->set, clock_take_hup());

	if (err)
		die(err, "cannot read the cgroup tree");
}

/* The sentence to die with where nothing at all can be measured. */
static void die_unreadable(struct watch *w)
{
	char why[512];
	struct sample s;
	int err;

	if (!w->set.n)
		exit(STATUS_PARTIAL); /* what is missing was said */
	err = reader_sample(&w->reader, w->set.v[0], &s);
	reader_why(&w->reader, w->set.v[0], err ? err : -ENODEV, why,
		   sizeof(why));
	die(0, "%s", why);
}

static int run(struct watch *w)
{
	uint64_t start_us = clock_mono_us(), done = 0;
	bool first = true;

	for (;;) {
		int more = 1;

		update(w);
		if (targets_over(&w->targets, &w->set))
			break;
		if (!sweep(w, !first || !w->interval_us) && first && w->set.n)
			die_unreadable(w);
		if (rows_flush(&w->out))
			break;
		done += !first || !w->interval_us;
		first = false;
		if (!w->interval_us || done == w->cfg.common.count)
			break;
		do
			more = clock_wait(
				clock_next_tick(start_us, w->interval_us));
		while (more == -EINTR);
		if (more <= 0)
			break;
	}
	return w->targets.lost || w->failed ? STATUS_PARTIAL : STATUS_OK;
}

static void removed(struct cg *cg)
{
	struct meter *m = cg->data;

	if (m->reader)
		meter_close(m);
}

int main(int argc, char **argv)
{
	const struct tool tool = {
		.purpose = "Shows how much work is lost to a shortage of CPU, "
			   "memory or IO.",
		.usage = "[-r] [-i TIME] [-c N] [-o COLUMNS] [CGROUP...]",
		.shared = "oHficrqv",
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(*opts),
		.cols = sample_cols,
		.n_cols = sample_n_cols,
		.take = take,
	};
	struct watch w = { 0 };
	int first = tool_start(&tool, argc, argv, &w.cfg.common, &w.cfg);
	size_t n;
	char **v = operands(argc - first, argv + first, &w.cfg, &n);

	w.interval_us = w.cfg.common.interval_us;
	choose_columns(&w, &tool);
	rows_open(&w.out, w.cfg.common.format, !w.cfg.common.no_header,
		  "psi_watch");
	tool_open_tree(&w.set, sizeof(struct meter));
	w.set.removed = removed;
	reader_open(&w.reader, &w.set);
	w.targets.recursive = w.cfg.common.recursive;
	targets_open(&w.targets, &w.set, v, n, w.cfg.targets);
	if (w.interval_us)
		cg_set_follow(&w.set);
	return tool_finish(&w.out, run(&w));
}
