/*
 * tmo-reclaim - takes memory from cgroups gently, within pressure.
 *
 * Asks the kernel for a little by memory.reclaim (cgroup-v2.rst), looks at
 * memory.stat for what became of it, and at the pressure for what it cost.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "clock.h"
#include "law.h"
#include "msg.h"
#include "num.h"
#include "period.h"
#include "root.h"
#include "tool.h"

enum {
	OPT_LAW = 256,
	OPT_MEM_LIMIT,
	OPT_IO_LIMIT,
	OPT_RATIO,
	OPT_HEADROOM,
	OPT_FLOOR,
	OPT_MAX_STEP,
	OPT_CHUNK,
	OPT_DEADLINE,
	OPT_ALARM,
	OPT_GRACE,
	OPT_SWAP_LIMIT,
	OPT_ROTATIONAL,
	OPT_KILL_SWITCH,
};

static const struct opt opts[] = {
	{ 'b', "bytes", "SIZE|PCT", "once: take that much and end" },
	{ OPT_LAW, "law", "LAW", "default, paper, senpai or oomd" },
	{ OPT_MEM_LIMIT, "mem-limit", "PCT",
	  "memory pressure that stops it (0.1%)" },
	{ OPT_IO_LIMIT, "io-limit", "PCT", "IO pressure that stops it (1%)" },
	{ OPT_RATIO, "ratio", "PCT", "share taken in a period (0.05%)" },
	{ OPT_HEADROOM, "headroom", "SIZE",
	  "kept above what cannot be reclaimed (100M)" },
	{ OPT_FLOOR, "floor", "SIZE", "never go below this size (0)" },
	{ OPT_MAX_STEP, "max-step", "SIZE", "most to take in a period (none)" },
	{ OPT_CHUNK, "chunk", "SIZE", "most to ask for in one write (4M)" },
	{ OPT_DEADLINE, "deadline", "TIME", "end of a period's writes (1s)" },
	{ OPT_ALARM, "alarm", "TIME", "stall that cuts a write short (40ms)" },
	{ OPT_GRACE, "grace", "TIME", "leave new cgroups alone (30s)" },
	{ OPT_SWAP_LIMIT, "swap-limit", "PCT",
	  "swap used that ends swapping (80%)" },
	{ OPT_ROTATIONAL, "rotational", NULL, "swap to a rotating disk, too" },
	{ OPT_KILL_SWITCH, "kill-switch", "FILE",
	  "do nothing while it exists (/run/tmo-reclaim.off)" },
};

struct config {
	struct common_opts common;
	struct policy policy;
};

/* ---- columns ---- */

static void put_key(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_str(r, ((const struct result *)sample)->key);
}

static void put_time(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_milli(r, ((const struct result *)sample)->time_ms);
}

static void put_reason(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_str(r, reason_name(((const struct result *)sample)->reason));
}

enum {
	CELL_MEMORY,
	CELL_WANT,
	CELL_GOT,
	CELL_ANON,
	CELL_FILE,
	CELL_STALL,
	CELL_REFAULTED,
	CELL_SCANNED,
	CELL_DEMOTED,
	CELL_DEVICE,
	CELL_ELAPSED,
	CELL_FLOOR,
};

static void put_u64(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;
	const uint64_t cells[] = {
		[CELL_MEMORY] = s->memory_bytes,
		[CELL_WANT] = s->want_bytes,
		[CELL_GOT] = s->y.got_bytes,
		[CELL_ANON] = s->y.got_anon_bytes,
		[CELL_FILE] = s->y.got_file_bytes,
		[CELL_STALL] = s->stall_us,
		[CELL_REFAULTED] = s->y.refaulted_bytes,
		[CELL_SCANNED] = s->y.scanned_bytes,
		[CELL_DEMOTED] = s->y.demoted_bytes,
		[CELL_DEVICE] = s->y.device_bytes,
		[CELL_ELAPSED] = s->elapsed_us,
		[CELL_FLOOR] = s->floor_bytes,
	};

	row_u64(r, s->accounted || arg == CELL_WANT ? cells[arg] : NUM_NONE);
}

static void put_saved(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;

	if (s->accounted)
		row_i64(r, arg ? s->offloaded_bytes : s->saved_bytes);
	else
		row_none(r);
}

static void put_gain(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_milli(r, llround(((const struct result *)sample)->gain * 1000));
}

static const struct col cols[] = {
	{ "cgroup", "path below the cgroup2 mount", put_key, 0 },
	{ "time", "Unix time in seconds", put_time, 0 },
	{ "memory_bytes", "memory.current, after the step", put_u64,
	  CELL_MEMORY },
	{ "want_bytes", "what was asked for", put_u64, CELL_WANT },
	{ "got_bytes", "what reclaim took since the last row", put_u64,
	  CELL_GOT },
	{ "got_anon_bytes", "of that, to swap", put_u64, CELL_ANON },
	{ "got_file_bytes", "of that, file cache", put_u64, CELL_FILE },
	{ "saved_bytes", "net, since the first row", put_saved, 0 },
	{ "stall_us", "stall of the cgroup during the writes", put_u64,
	  CELL_STALL },
	{ "reason", "what set the step", put_reason, 0 },
	{ "refaulted_bytes", "came back since the last row", put_u64,
	  CELL_REFAULTED },
	{ "offloaded_bytes", "in swap and not in memory, since the first row",
	  put_saved, 1 },
	{ "demoted_bytes", "moved to a slower node, not freed", put_u64,
	  CELL_DEMOTED },
	{ "device_bytes", "written to swap devices since the last row", put_u64,
	  CELL_DEVICE },
	{ "scanned_bytes", "what reclaim looked at for it", put_u64,
	  CELL_SCANNED },
	{ "elapsed_us", "time in the writes", put_u64, CELL_ELAPSED },
	{ "bound_bytes", "the floor in force", put_u64, CELL_FLOOR },
	{ "gain", "of the default law", put_gain, 0 },
};

enum {
	DEFAULT_INTERVAL_US = 6000000,
	N_COLS = sizeof(cols) / sizeof(*cols),
	N_DEFAULT = 10,
	N_KEYS = 2, /* which a filter's input has already */
};

/* ---- options ---- */

static void take_bytes(struct policy *p, const char *arg)
{
	if (strchr(arg, '%'))
		p->once_pct = opt_pct("-b", arg);
	else
		p->once_bytes = opt_size("-b", arg);
	if (p->once_pct > 100)
		die(0, "-b: '%s' is more than there is", arg);
	if (!p->once_bytes && p->once_pct <= 0)
		die(0, "-b: '%s' is nothing", arg);
	p->law = LAW_ONCE;
}

static void take(void *cfg, int key, const char *arg)
{
	struct policy *p = &((struct config *)cfg)->policy;

	switch (key) {
	case 'b': take_bytes(p, arg); break;
	case OPT_MEM_LIMIT:
		p->mem_limit_pct = opt_pct("--mem-limit", arg);
		break;
	case OPT_IO_LIMIT: p->io_limit_pct = opt_pct("--io-limit", arg); break;
	case OPT_RATIO: p->ratio = opt_pct("--ratio", arg) / 100; break;
	case OPT_HEADROOM:
		p->headroom_bytes = opt_size("--headroom", arg);
		break;
	case OPT_FLOOR: p->floor_bytes = opt_size("--floor", arg); break;
	case OPT_MAX_STEP:
		p->max_step_bytes = opt_size("--max-step", arg);
		break;
	case OPT_CHUNK:
		p->chunk_bytes = opt_size("--chunk", arg);
		if (p->chunk_bytes < LAW_LEAST_BYTES)
			die(0, "--chunk: '%s' is under the least, 128K", arg);
		break;
	case OPT_DEADLINE:
		p->deadline_us = opt_time("--deadline", arg, 1000);
		break;
	case OPT_ALARM: p->alarm_us = opt_time("--alarm", arg, 0); break;
	case OPT_GRACE: p->grace_us = opt_time("--grace", arg, 0); break;
	case OPT_SWAP_LIMIT:
		p->swap_limit_mpct =
			(int64_t)(opt_pct("--swap-limit", arg) * 1000);
		break;
	case OPT_ROTATIONAL: p->rotational = true; break;
	case OPT_KILL_SWITCH: p->kill_switch = arg; break;
	case OPT_LAW:
		if (law_find(arg, &p->law))
			die(0,
			    "--law: '%s' is not default, paper, senpai or "
			    "oomd",
			    arg);
		break;
	}
}

static const struct policy defaults = {
	.mem_limit_pct = 0.1,
	.io_limit_pct = 1.0,
	.ratio = 0.0005,
	.headroom_bytes = 100 << 20,
	.max_step_bytes = NUM_MAX,
	.chunk_bytes = 4 << 20,
	.deadline_us = 1000000,
	.alarm_us = 40000,
	.grace_us = 30000000,
	.swap_limit_mpct = 80000,
	.kill_switch = "/run/tmo-reclaim.off",
};

/* ---- filter ---- */

/* Where the columns that we act upon stand in the input. */
struct map {
	int mem, io, window, swappiness, swap_left, swap_write, verdict;
	int cold_anon, cold_file, anon, file, memory, time;
	int mem_limit, io_limit, floor, max_step;
};

static void map_input(const struct rows_in *in, struct map *m)
{
	*m = (struct map){
		.mem = rows_find(in, "mem_some_pct"),
		.io = rows_find(in, "io_some_pct"),
		.window = rows_find(in, "window_us"),
		.swappiness = rows_find(in, "swappiness"),
		.swap_left = rows_find(in, "swap_left_bytes"),
		.swap_write = rows_find(in, "swap_write_bytes_per_s"),
		.verdict = rows_find(in, "verdict"),
		.cold_anon = rows_find(in, "cold_anon_bytes"),
		.cold_file = rows_find(in, "cold_file_bytes"),
		.anon = rows_find(in, "anon_bytes"),
		.file = rows_find(in, "file_bytes"),
		.memory = rows_find(in, "memory_bytes"),
		.time = rows_find(in, "time"),
		.mem_limit = rows_find(in, "mem_limit_pct"),
		.io_limit = rows_find(in, "io_limit_pct"),
		.floor = rows_find(in, "floor_bytes"),
		.max_step = rows_find(in, "max_step_bytes"),
	};
	if (in->n > 1 && m->mem < 0)
		die(0,
		    "line %zu: no column mem_some_pct: put psi-watch before "
		    "this, or give bare paths",
		    in->line);
}

static uint64_t cell_u64(const struct rows_in *in, int i)
{
	uint64_t v;

	if (rows_u64(in, i, &v))
		die(0, "line %zu: column %s: '%s' is not a whole number",
		    in->line, in->name[i], in->cell[i]);
	return v;
}

static int64_t cell_mpct(const struct rows_in *in, int i)
{
	int64_t v = -1;

	if (rows_milli(in, i, &v) == -EINVAL)
		die(0, "line %zu: column %s: '%s' is not a number", in->line,
		    in->name[i], in->cell[i]);
	return v;
}

static void read_row(const struct rows_in *in, const struct map *m,
		     struct row_input *out)
{
	const char *verdict = rows_str(in, m->verdict);

	*out = (struct row_input){
		.has_psi = m->mem >= 0,
		.has_io = m->io >= 0,
		.mem_mpct = cell_mpct(in, m->mem),
		.io_mpct = cell_mpct(in, m->io),
		.window_us = cell_u64(in, m->window),
		.swappiness = cell_u64(in, m->swappiness),
		.swap_left_bytes = cell_u64(in, m->swap_left),
		.swap_write = cell_u64(in, m->swap_write),
		.cold_anon_bytes = cell_u64(in, m->cold_anon),
		.cold_file_bytes = cell_u64(in, m->cold_file),
		.anon_bytes = cell_u64(in, m->anon),
		.file_bytes = cell_u64(in, m->file),
		.memory_bytes = cell_u64(in, m->memory),
		.time_ms = cell_mpct(in, m->time),
		.mem_limit_mpct = cell_mpct(in, m->mem_limit),
		.io_limit_mpct = cell_mpct(in, m->io_limit),
		.floor_bytes = cell_u64(in, m->floor),
		.max_step_bytes = cell_u64(in, m->max_step),
	};
	out->cold_ok = verdict && !strcmp(verdict, "ok") &&
		       out->cold_anon_bytes != NUM_NONE &&
		       out->cold_file_bytes != NUM_NONE;
}

/* A row for a cgroup that is not there. */
static void no_cgroup(struct result *r, const char *key, int err)
{
	*r = (struct result){
		.key = key,
		.time_ms = clock_unix_ms(),
		.reason = REASON_GONE,
	};
	if (err != -ENOENT && err != -ENODEV)
		r->reason = REASON_ERROR;
}

static void one_cgroup(struct run *run, struct cg *cg,
		       const struct row_input *row, struct result *r)
{
	if (run->policy.law == LAW_ONCE)
		period_once(run, cg, row, r);
	else
		period(run, cg, row, r);
}

static void filter_row(struct run *run, const struct rows_in *in,
		       const struct map *m, struct result *r)
{
	static char key[CG_KEY_MAX];
	struct row_input row;
	struct cg *cg;
	int err;

	read_row(in, m, &row);
	err = tool_row_key(&run->set, in, key);
	if (err) {
		run->failed = true;
		no_cgroup(r, in->cell[0], err);
		return;
	}
	err = cg_set_get(&run->set, key, &cg);
	if (err)
		no_cgroup(r, key, err);
	else
		one_cgroup(run, cg, &row, r);
}

static void filter(struct run *run, struct rows_out *out,
		   const struct col_set *show)
{
	struct rows_in in;
	struct map m;
	struct row own = { 0 };
	struct result r;
	int event = ROWS_HEADER;

	rows_in_open(&in, STDIN_FILENO, out);
	map_input(&in, &m);
	while (!clock_stopped() && (event = rows_next(&in)) > ROWS_END) {
		if (event == ROWS_HEADER)
			map_input(&in, &m);
		if (event != ROWS_ROW)
			continue;
		filter_row(run, &in, &m, &r);
		row_put(&own, show, &r);
		rows_emit(out, &in, show, &own);
	}
	if (event < 0)
		tool_bad_input(&in, event);
	row_free(&own);
	rows_in_close(&in);
}

/* ---- loop ---- */

static void sample(struct run *run, char *const *keys, size_t n, bool recursive,
		   struct rows_out *out, const struct col_set *show)
{
	struct row_input nothing;
	struct row own = { 0 };
	const char *missing;
	struct result r;
	int err = cg_set_expand(&run->set, keys, n, recursive, &missing);

	if (err)
		warn(err, "cannot read the cgroup tree");
	if (missing) {
		warn(0, "no cgroup '%s'", missing);
		run->failed = true;
	}
	row_input_clear(&nothing);
	for (size_t i = 0; i < run->set.n && !clock_stopped(); i++) {
		one_cgroup(run, run->set.v[i], &nothing, &r);
		row_put(&own, show, &r);
		rows_emit(out, NULL, show, &own);
	}
	rows_flush(out);
	row_free(&own);
}

static void loop(struct run *run, const struct common_opts *c,
		 char *const *keys, size_t n, struct rows_out *out,
		 const struct col_set *show)
{
	uint64_t start = clock_mono_us(), ticks = 0;
	int go = 1;

	while (go && !out->err) {
		sample(run, keys, n, c->recursive, out, show);
		if (++ticks == c->count || clock_stopped() ||
		    run->policy.law == LAW_ONCE)
			break;
		do
			go = clock_wait(clock_next_tick(
				start, run->policy.interval_us));
		while (go == -EINTR);
	}
}

/* ---- start ---- */

static void removed(struct cg *cg)
{
	target_close(cg->data);
}

/* In our own target we would feel every page that we take. */
static void refuse_self(const struct run *run, char *const *keys, size_t n)
{
	if (!root_is_live())
		return;
	for (size_t i = 0; i < n; i++)
		if (keys[i][1] && !cg_is_glob(keys[i]) &&
		    cg_is_below(run->self, keys[i]))
			die(0,
			    "'%s' holds tmo-reclaim itself: start it in "
			    "another cgroup",
			    keys[i]);
}

static void begin(struct run *run)
{
	tool_open_tree(&run->set, sizeof(struct target));
	run->set.removed = removed;
	run->start_us = run->waited_at_us = clock_mono_us();
	run->wait_us = run->policy.interval_us / 2;
	if (cg_self(run->self))
		*run->self = '\0';
	if (!run->policy.dry_run && !(run->act = act_open()))
		die(errno, "cannot start a thread for the writes");
	/* Reclaim under pressure must not wait for its own pages. */
	if (root_is_live() && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		debug("memory is not locked");
}

static int finish(struct run *run, struct rows_out *out)
{
	if (run->act)
		act_close(run->act);
	cg_set_close(&run->set);
	return tool_finish(out, run->failed	? STATUS_PARTIAL
				: run->short_of ? STATUS_NO
						: STATUS_OK);
}

/* What the operands make of it. */
static bool reads_rows(int n, char **operands)
{
	if (!n && isatty(STDIN_FILENO))
		die(0, "no cgroup given, and the terminal gives no rows "
		       "(see -h)");
	return !n || (n == 1 && !strcmp(*operands, "-"));
}

static int run_check(struct run *run, struct rows_out *out, char **keys,
		     size_t n)
{
	int status = check(run, out, n ? keys[0] : NULL);
	int written;

	cg_set_close(&run->set);
	written = tool_finish(out, STATUS_OK);
	return status ? status : written;
}

static struct policy take_common(const struct config *cfg)
{
	struct policy p = cfg->policy;

	p.dry_run = cfg->common.dry_run || cfg->common.check;
	p.interval_us = cfg->common.interval_us ? cfg->common.interval_us
						: DEFAULT_INTERVAL_US;
	return p;
}

int main(int argc, char **argv)
{
	struct tool tool = {
		.purpose = "Takes memory from cgroups gently, within pressure.",
		.usage = "[options] [CGROUP...]",
		.shared = "oHficnrqv",
		.opts = opts,
		.n_opts = sizeof(opts) / sizeof(*opts),
		.cols = cols,
		.n_cols = N_COLS,
		.take = take,
	};
	struct config cfg = { .policy = defaults };
	struct run run = { 0 };
	struct rows_out out;
	struct col_set show;
	int first = tool_start(&tool, argc, argv, &cfg.common, &cfg);
	bool rows = !cfg.common.check && reads_rows(argc - first, argv + first);
	size_t n = rows ? 0 : (size_t)(argc - first), skip = rows ? N_KEYS : 0;
	char **keys;

	run.policy = take_common(&cfg);
	tool.cols += skip;
	tool.n_cols -= skip;
	tool_columns(&tool, N_DEFAULT - skip, cfg.common.cols, &show);
	rows_open(&out, cfg.common.format, !cfg.common.no_header,
		  "tmo_reclaim");
	begin(&run);
	keys = tool_keys(&run.set, argv + first, n);
	if (cfg.common.check)
		return run_check(&run, &out, keys, n);
	refuse_self(&run, keys, n);
	if (rows)
		filter(&run, &out, &show);
	else
		loop(&run, &cfg.common, keys, n, &out, &show);
	return finish(&run, &out);
}
