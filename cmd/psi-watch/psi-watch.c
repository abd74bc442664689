/* psi-watch - see the pressure, wait for it. */

#include "psi-watch.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "trigger.h"

enum {
	OPT_TARGETS = 256,
	OPT_SORT,
	OPT_TOP,
	OPT_UNTIL,
	OPT_WHILE,
	OPT_ALL,
	OPT_TIMEOUT,
	OPT_QUANTILES,
	OPT_CLEAR,
	OPT_SUSTAIN,
	OPT_COOLDOWN,
	OPT_BLAME,
	OPT_FROM_ENV,
};

static const struct opt opts[] = {
	{ 't', "trigger", "TRIGGER",
	  "a row for each event: 'memory some 150ms/1s', 'io full 5%/2s'" },
	{ OPT_CLEAR, "clear", "LEVEL",
	  "with -t: an alarm ends when pressure is under LEVEL" },
	{ OPT_SUSTAIN, "sustain", "TIME",
	  "with -t: an alarm begins when pressure has lasted for TIME" },
	{ OPT_COOLDOWN, "cooldown", "TIME",
	  "with -t: an alarm ends when pressure was low for TIME" },
	{ OPT_BLAME, "blame", NULL,
	  "with -t: show the child that stalls most, and its limits" },
	{ OPT_FROM_ENV, "from-env", NULL,
	  "use the trigger that systemd passes in $MEMORY_PRESSURE_WATCH" },
	{ OPT_UNTIL, "until", "EXPR",
	  "wait until EXPR holds: 'mem_some_pct < 1% for 30s'" },
	{ OPT_WHILE, "while", "EXPR", "wait as long as EXPR holds" },
	{ OPT_ALL, "all", NULL,
	  "EXPR must hold for all cgroups, not only for one" },
	{ OPT_TIMEOUT, "timeout", "TIME",
	  "exit after TIME, with status 1 if a wait has not ended" },
	{ OPT_SORT, "sort", "COLUMN",
	  "sort each sample by COLUMN, the largest value first" },
	{ OPT_TOP, "top", "N", "print only the first N rows of each sample" },
	{ OPT_QUANTILES, "quantiles", NULL,
	  "print p50 p90 p99 and max at the end and on SIGUSR1" },
	{ OPT_TARGETS, "targets", "FILE",
	  "read rows of cgroups from FILE, and again when it changes" },
};

static void take_condition(struct config *c, const char *arg, bool is_while)
{
	if (c->until)
		die(0, "only one --until or --while is allowed: join the "
		       "conditions by 'and' or 'or'");
	c->until = arg;
	c->is_while = is_while;
}

static void take(void *cfg, int key, const char *arg)
{
	struct config *c = cfg;

	switch (key) {
	case 't':
		if (c->n_triggers == MAX_TRIGGERS)
			die(0, "-t: at most %d triggers", MAX_TRIGGERS);
		c->trigger[c->n_triggers++] = arg;
		break;
	case OPT_CLEAR: c->clear = arg; break;
	case OPT_SUSTAIN: c->sustain_us = opt_time("--sustain", arg, 0); break;
	case OPT_COOLDOWN:
		c->cooldown_us = opt_time("--cooldown", arg, 0);
		break;
	case OPT_BLAME: c->blame = true; break;
	case OPT_FROM_ENV: c->from_env = true; break;
	case OPT_UNTIL: take_condition(c, arg, false); break;
	case OPT_WHILE: take_condition(c, arg, true); break;
	case OPT_ALL: c->all = true; break;
	case OPT_TIMEOUT:
		c->timeout_us = opt_time("--timeout", arg, 1000);
		clock_limit(c->timeout_us);
		break;
	case OPT_SORT: c->sort = arg; break;
	case OPT_TOP: c->top = opt_u64("--top", arg, 1, UINT32_MAX); break;
	case OPT_QUANTILES: c->quantiles = true; break;
	case OPT_TARGETS:
		c->targets = arg;
		clock_use_hup();
		break;
	}
	c->stateful |=
		key == OPT_CLEAR || key == OPT_SUSTAIN || key == OPT_COOLDOWN;
}

/* What cannot be meant together, before anything is done. */
static void check_options(const struct config *c)
{
	bool trigger = c->n_triggers || c->from_env;

	if (trigger + (c->until != NULL) + c->quantiles + (c->sort || c->top) >
	    1)
		die(0, "-t, --until or --while, --quantiles and --sort exclude "
		       "each other");
	if ((c->stateful || c->blame) && !trigger)
		die(0, "--clear, --sustain, --cooldown and --blame need -t");
	if (c->all && !c->until)
		die(0, "--all needs --until or --while");
	if (c->top && !c->sort)
		die(0, "--top needs --sort");
	if (c->common.count > 1 && !c->common.interval_us && !trigger &&
	    !c->until && !c->quantiles)
		die(0, "-c: more than one sample needs -i");
}

/*
 * Cron and systemd may give a pipe that is empty, or that never ends, to a job
 * that was written for a terminal.
 */
static bool pipe_has_rows(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	int n = poll(&p, 1, 1000), bytes = 0;

	if (n > 0 && !ioctl(STDIN_FILENO, FIONREAD, &bytes) && bytes > 0)
		return true;
	if (!n)
		note("no rows came on standard input within 1 s: the target is "
		     "the whole system (- waits for them)");
	return false;
}

/* A pipe, or a file in its place; not a terminal, nor cron's /dev/null. */
static bool stdin_has_rows(const struct config *cfg)
{
	bool waits = cfg->until || cfg->n_triggers;
	struct stat st;

	if (fstat(STDIN_FILENO, &st))
		return false;
	if (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode))
		return !waits || pipe_has_rows();
	return S_ISREG(st.st_mode);
}

/* No operand: the rows of a pipe, or else the whole system. */
static char **operands(int argc, char **argv, const struct config *cfg,
		       size_t *n)
{
	static char stdin_word[] = "-", system_word[] = "/";
	char **v = xcalloc(1, sizeof(*v));

	*n = (size_t)argc;
	if (argc || cfg->targets || cfg->from_env) {
		free(v);
		return argv;
	}
	*n = 1;
	v[0] = stdin_has_rows(cfg) ? stdin_word : system_word;
	return v;
}

static int sort_column(const char *name)
{
	for (size_t i = 0; i < sample_n_cols; i++) {
		if (strcmp(sample_cols[i].name, name))
			continue;
		if (!sample_is_number(sample_cols[i].arg))
			die(0, "--sort: column '%s' is not a number", name);
		return sample_cols[i].arg;
	}
	die(0, "--sort: no column '%s' (-h lists them)", name);
}

/* The columns asked for, "+" meaning those of this mode and more. */
static void choose_columns(struct watch *w, const struct tool *tool)
{
	const char *spec = tool_counters(&w->cfg.common,
					 "cpu_some_total_us,mem_some_total_us,"
					 "mem_full_total_us,io_some_total_us,"
					 "io_full_total_us");
	const char *defaults =
		w->interval_us ? sample_defaults : sample_defaults_once;
	char *all = NULL;

	if (!spec)
		spec = defaults;
	if (*spec == '+')
		all = xasprintf("%s,%s", defaults, spec + 1);
	tool_columns(tool, 0, all ? all : spec, &w->cols);
	free(all);
	if (!w->cols.n)
		die(0, "-o: no columns");
	for (size_t i = 0; i < w->cols.n; i++)
		need_col(&w->reader.need, w->cols.v[i]->arg);
	if (w->cfg.sort) {
		w->sort_arg = sort_column(w->cfg.sort);
		need_col(&w->reader.need, w->sort_arg);
	}
	if (w->reader.need.window && !w->interval_us)
		die(0, "columns of a window need two readings: give -i");
}

/* How the samples are used, at which pace; the bytes that a cgroup needs. */
static size_t choose_mode(struct watch *w, const struct tool *tool)
{
	w->job = &sweep_job;
	w->mode = w->cfg.until	     ? &wait_mode
		  : w->cfg.quantiles ? &quantiles_mode
				     : &show_mode;
	w->interval_us = w->cfg.common.interval_us;
	if (!w->interval_us && w->mode != &show_mode)
		w->interval_us = 1000000;
	choose_columns(w, tool);
	if (w->cfg.until)
		wait_open(w);
	if (w->cfg.quantiles)
		quantiles_open(w);
	show_open(w);
	return sizeof(struct sample_state) + w->expr.clocks * sizeof(uint64_t);
}

int main(int argc, char **argv)
{
	const struct tool tool = {
		.purpose = "Show how long tasks wait for CPU, memory or IO, "
			   "and wait for such pressure.",
		.usage = "[-r] [-i TIME] [-c N] [-o COLUMNS] [CGROUP...]\n"
			 "       psi-watch --until EXPR [--timeout TIME] "
			 "[CGROUP...]\n"
			 "       psi-watch -t TRIGGER... [CGROUP...]",
		.shared = "oHficrqv",
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(*opts),
		.cols = sample_cols,
		.n_cols = sample_n_cols,
		.take = take,
	};
	static struct watch w;
	int first = tool_start(&tool, argc, argv, &w.cfg.common, &w.cfg);
	size_t n, size;
	char *env = NULL, **v;
	bool trigger = w.cfg.n_triggers || w.cfg.from_env;

	check_options(&w.cfg);
	if (w.cfg.from_env && (first < argc || w.cfg.targets))
		die(0, "--from-env takes its cgroup from the environment: give "
		       "no other");
	tool_output(&w.out, &w.cfg.common, "psi_watch");
	if (w.cfg.common.check)
		return check_run(&w);
	size = trigger ? trigger_open(&w, &tool, &env) : choose_mode(&w, &tool);
	v = operands(argc - first, argv + first, &w.cfg, &n);
	tool_open_tree(&w.set, size);
	reader_open(&w.reader, &w.set);
	w.targets.recursive = w.cfg.common.recursive;
	targets_open(&w.targets, &w.set, env ? &env : v, env ? 1 : n,
		     w.cfg.targets);
	if (trigger || w.interval_us)
		tool_lock_memory();
	return tool_finish(&w.out, loop_run(&w));
}
