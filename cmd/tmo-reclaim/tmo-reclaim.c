/*
 * tmo-reclaim - takes memory from cgroups gently, within pressure.
 *
 * Asks the kernel for a little by memory.reclaim (cgroup-v2.rst), looks at
 * memory.stat for what became of it, and at the pressure for what it cost.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "columns.h"
#include "high.h"
#include "modes.h"
#include "msg.h"
#include "parking.h"
#include "root.h"
#include "run.h"
#include "service.h"
#include "tool.h"

struct config {
	struct common_opts common;
	struct policy policy;
};

enum {
	N_KEYS = 2,		      /* which a filter's input has already */
	MOST_WAITING_BYTES = 4 << 20, /* some 40,000 rows */
};

static void take(void *cfg, int key, const char *arg)
{
	options_take(&((struct config *)cfg)->policy, key, arg);
}

/* ---- output ---- */

void show(struct shown *to, const struct rows_in *in, const struct result *r)
{
	row_put(&to->own, to->show, r);
	rows_emit(to->out, in, to->show, &to->own);
	if (to->out->dropped && !to->told_dropped) {
		warn(0, "standard output is not read: rows are dropped, "
			"reclaim continues");
		to->told_dropped = true;
	}
}

void tell_alive(void)
{
	int err = service_alive();

	if (err)
		debug("cannot notify $NOTIFY_SOCKET: %s", strerror(-err));
}

/* A run that acts goes on while nobody reads. */
static void open_output(struct rows_out *out, const struct common_opts *c,
			const struct policy *p)
{
	tool_output(out, c, "tmo_reclaim");
	if (!p->dry_run && p->law != LAW_ONCE && !p->ranges)
		out->most_waiting_bytes = MOST_WAITING_BYTES;
}

/* ---- start ---- */

static void added(struct cg_set *set, struct cg *cg)
{
	target_init(cg->data, set);
}

static void removed(struct cg *cg)
{
	target_close(cg->data);
}

/* In our own target we would feel every page that we take; a node has none. */
static void refuse_targets(const struct run *run, char *const *keys, size_t n)
{
	if (run->policy.node >= 0 && (n != 1 || keys[0][1]))
		die(0, "--node: the only target is /");
	if (!root_is_live())
		return;
	for (size_t i = 0; i < n; i++)
		if (keys[i][1] && !cg_is_glob(keys[i]) &&
		    cg_is_below(run->self, keys[i]))
			die(0,
			    "'%s' contains tmo-reclaim itself: start it in "
			    "another cgroup",
			    keys[i]);
}

/* check: the rows of --check, whose first are of the tree; or NULL. */
static void begin(struct run *run, bool rows, struct rows_out *check)
{
	run->recorded =
		run->policy.dry_run && rows && !parking_columns(&run->policy);
	if (check) {
		if (tool_check_tree(check, &run->set, sizeof(struct target)))
			exit(tool_finish(check, STATUS_FATAL));
	} else if (!run->recorded)
		tool_open_tree(&run->set, sizeof(struct target));
	else if (cg_set_open(&run->set, sizeof(struct target)))
		debug("no cgroup tree: only rows with memory_bytes can be "
		      "used");
	run->set.added = added;
	run->set.removed = removed;
	/* Locks need descriptors more than they do. */
	run->set.dirs_max = run->set.fd_max / FILES_DIRS_PART;
	run->cpus = (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	run->start_us = run->waited_at_us = clock_mono_us();
	run->wait_us = run->policy.interval_us / 2;
	if (root_is_live() && !run->policy.dry_run)
		high_recover(&run->set);
	if (cg_self(run->self))
		*run->self = '\0';
	if (!run->policy.dry_run && !run->policy.wake &&
	    !(run->act = act_open()))
		die(errno, "cannot start a thread for the writes");
	/* Reclaim under pressure must not wait for its own pages. */
	tool_lock_memory();
}

/* By the files of the memory controller, and now. */
static bool needs_memory(const struct run *run)
{
	const struct policy *p = &run->policy;

	return !run->recorded && !p->ranges && !p->park && !p->wake &&
	       p->node < 0 && !p->wait;
}

static void begin_recording(struct run *run)
{
	if (!run->policy.record)
		return;
	if (run->policy.ranges)
		die(0, "--record: cannot be used with --ranges, which makes no "
		       "decisions");
	run->recorder = record_open(run->policy.record);
	if (!run->recorder)
		die(errno, "--record: cannot write '%s'", run->policy.record);
}

static void end_recording(struct run *run)
{
	int err = run->recorder ? record_close(run->recorder) : 0;

	if (!err)
		return;
	warn(err == -ENOBUFS ? 0 : err, "--record: '%s' is incomplete",
	     run->policy.record);
	run->failed = true;
}

static int finish(struct run *run, struct rows_out *out, int format)
{
	if (run->policy.report)
		report(run, format);
	end_recording(run);
	if (run->act)
		act_close(run->act);
	ancestors_free(&run->ancestors);
	off_free(&run->host.off);
	cg_set_close(&run->set);
	return tool_finish(out, run->failed	? STATUS_PARTIAL
				: run->short_of ? STATUS_NO
						: STATUS_OK);
}

/* What the operands make of it. */
static bool reads_rows(const struct config *cfg, int n, char **operands)
{
	if (cfg->common.check || (!n && cfg->policy.targets))
		return false;
	if (!n && isatty(STDIN_FILENO))
		die(0, "no cgroup given, and standard input is a terminal (see "
		       "-h)");
	if (cfg->policy.ranges && n && strcmp(*operands, "-"))
		die(0, "--ranges reads rows: it takes no cgroup");
	if (n != 1 || strcmp(*operands, "-"))
		return !n;
	if (cfg->policy.targets)
		die(0, "--targets: rows have the policy in their own columns");
	return true;
}

/* --check: of the table alone. */
static bool checks_table(const struct run *run, size_t n)
{
	return run->policy.targets && !n;
}

static int run_check(struct run *run, struct rows_out *out, char **keys,
		     size_t n)
{
	int status = checks_table(run, n) ? check_table(run, out)
					  : check(run, out, n ? keys[0] : NULL);
	int written;

	cg_set_close(&run->set);
	written = tool_finish(out, STATUS_OK);
	return status ? status : written;
}

/* Of --park and --wake: both are of what is there now, and of whole cgroups. */
static void refuse_with(const struct policy *p)
{
	const char *mode = p->park ? "--park" : "--wake";
	const struct {
		bool is;
		const char *name;
	} others[] = {
		{ p->park && p->wake, "--wake" },
		{ p->once_bytes || p->once_pct > 0, "-b" },
		{ p->ranges, "--ranges" },
		{ p->targets, "--targets" },
		{ p->node >= 0, "--node" },
		{ p->high, "--memory-high" },
		{ p->record, "--record" },
		{ !root_is_live(), "-R" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].is)
			die(0, "%s: cannot be used with %s", mode,
			    others[i].name);
}

static struct policy take_common(const struct config *cfg)
{
	struct policy p = cfg->policy;

	p.dry_run = cfg->common.dry_run || cfg->common.check;
	if (cfg->common.interval_us)
		p.interval_us = cfg->common.interval_us;
	if (p.park || p.wake) {
		refuse_with(&p);
		p.law = LAW_ONCE;
	}
	return p;
}

/* Those of a mode that has its own, with what -o adds to them. */
static const char *with_more(const char *mine, const char *more)
{
	if (more && *more != '+')
		return more;
	return xasprintf("+%s%s%s", mine, more ? "," : "",
			 more ? more + 1 : "");
}

/* A filter's rows have cgroup and time already. */
static void show_columns(struct tool *tool, const struct config *cfg, bool rows,
			 struct col_set *show)
{
	size_t skip = rows ? N_KEYS : 0, n_default = COLUMNS_DEFAULT - skip;
	const char *names = tool_counters(
		&cfg->common, "want_total_bytes,got_total_bytes,"
			      "refaulted_total_bytes,device_total_bytes,"
			      "stall_total_us");

	if (!names && cfg->policy.ranges) {
		names = "+want_bytes,got_bytes,reason";
		n_default = 0;
	}
	if (parking_columns(&cfg->policy)) {
		names = with_more(parking_columns(&cfg->policy),
				  cfg->common.cols);
		n_default = rows ? 0 : N_KEYS;
	}
	tool->cols += skip;
	tool->n_cols -= skip;
	if (rows)
		tool_filter_columns(tool, n_default, names, show);
	else
		tool_columns(tool, n_default, names, show);
}

int main(int argc, char **argv)
{
	struct tool tool = {
		.purpose =
			"Reclaim memory from cgroups within pressure limits.",
		.usage = "[options] [CGROUP...]",
		.shared = "oHficnrqv",
		.opts = options,
		.n_opts = options_n,
		.cols = columns,
		.n_cols = columns_n,
		.words_of = "reason",
		.word = reason_word,
		.take = take,
	};
	struct config cfg = { .policy = policy_default };
	struct run run = { 0 };
	struct rows_out out;
	struct col_set show;
	struct shown to = { .out = &out, .show = &show };
	int first = tool_start(&tool, argc, argv, &cfg.common, &cfg);
	bool rows = reads_rows(&cfg, argc - first, argv + first);
	size_t n = rows ? 0 : (size_t)(argc - first);
	char **keys;

	run.policy = take_common(&cfg);
	show_columns(&tool, &cfg, rows, &show);
	open_output(&out, &cfg.common, &run.policy);
	begin(&run, rows,
	      cfg.common.check && !checks_table(&run, n) ? &out : NULL);
	keys = tool_keys(&run.set, argv + first, n);
	if (cfg.common.check)
		return run_check(&run, &out, keys, n);
	if (needs_memory(&run))
		tool_need_memory(&run.set);
	refuse_targets(&run, keys, n);
	begin_recording(&run);
	if (run.policy.ranges)
		ranges(&run, &to);
	else if (rows)
		filter(&run, &to);
	else
		loop(&run, &cfg.common, keys, n, &to);
	return finish(&run, &out, cfg.common.format);
}
