/*
 * cold-scan - how much memory is cold, and whose.
 *
 * Prints for each cgroup and AGE how many bytes, anonymous and file, were not
 * touched for that long. From the page_idle bitmap with /proc/kpageflags and
 * /proc/kpagecgroup, from the ages of the multi-generational LRU, or from
 * DAMON; see cold-scan(8).
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotate.h"
#include "clock.h"
#include "damon.h"
#include "diff.h"
#include "generations.h"
#include "io.h"
#include "kv.h"
#include "lrugen.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "pagemap.h"
#include "proc.h"
#include "root.h"
#include "scan.h"
#include "tool.h"
#include "unused.h"
#include "verdict.h"
#include "view.h"

enum {
	KEY_SOURCE = 0x100,
	KEY_AGE_NOW,
	KEY_LOCAL,
	KEY_NODE,
	KEY_HISTOGRAM,
	KEY_PERCENTILES,
	KEY_PROMOTIONS,
	KEY_RECOMMEND,
	KEY_BOUND,
	KEY_COVERAGE,
	KEY_RANGES,
	KEY_MAPPINGS,
	KEY_DIFF,
	KEY_SAMPLE,
	KEY_MAX_CPU,
	KEY_JOBS,
	KEY_BACKGROUND,
	KEY_WAIT,
	KEY_STRICT,
	KEY_ANNOTATE,
};

enum { BACKGROUND_PCT = 10 };

static const struct opt opts[] = {
	{ 'a', "age", "TIME[,TIME...]",
	  "memory is cold if not touched for TIME (2m)" },
	{ 'p', "pid", "PID[,PID...]", "scan processes instead of cgroups" },
	{ 'S', "state", "FILE",
	  "keep the ages in FILE, and make one pass per run" },
	{ KEY_SOURCE, "source", "NAME", "auto, page-idle, lru-gen or damon" },
	{ KEY_AGE_NOW, "age-now", NULL,
	  "begin a generation of lru_gen at each pass" },
	{ KEY_AGE_NOW, "age-lru", NULL, "the same as --age-now" },
	{ KEY_LOCAL, "local", NULL, "do not include the cgroups below" },
	{ KEY_NODE, "node", NULL, "print a row for each memory node" },
	{ KEY_HISTOGRAM, "histogram", NULL,
	  "print a row for each kind of memory and each age" },
	{ KEY_PERCENTILES, "percentiles", "P[,P...]",
	  "print the idle times of the P % used last" },
	{ KEY_PROMOTIONS, "promotions", NULL,
	  "print the memory that was idle for AGE, then touched" },
	{ KEY_RECOMMEND, "recommend", NULL,
	  "print the least age with promotions under --bound" },
	{ KEY_BOUND, "bound", "PCT",
	  "for --recommend: share of the working set per minute (0.2%)" },
	{ KEY_COVERAGE, "coverage", NULL,
	  "print how much memory has a known age" },
	{ KEY_RANGES, "ranges", NULL,
	  "with -p: print the cold address ranges" },
	{ KEY_MAPPINGS, "mappings", NULL,
	  "with -p: count a page once for each mapping" },
	{ KEY_DIFF, "diff", "OLD",
	  "compare -S FILE with OLD, an older copy of it" },
	{ KEY_SAMPLE, "sample", "1/N", "scan only one of N blocks of pages" },
	{ KEY_MAX_CPU, "max-cpu", "PCT",
	  "use at most this share of one processor" },
	{ KEY_JOBS, "jobs", "N", "scan with N threads" },
	{ KEY_BACKGROUND, "background", NULL, "the same as --max-cpu 10%" },
	{ KEY_WAIT, "wait", "TIME",
	  "wait up to TIME for the end of another page-idle scan" },
	{ KEY_STRICT, "strict", NULL,
	  "exit with status 3 if a verdict is not ok" },
	{ KEY_ANNOTATE, "annotate", NULL,
	  "append columns to the rows on standard input" },
};

struct config {
	struct scan_opts scan;
	struct view view;
	struct proc_opts proc;
	const char *diff;
	bool paced;  /* -i was given */
	char **aged; /* keys of targets */
	bool annotate, background, bounded;
	bool chosen;	    /* the source, by us */
	unsigned int given; /* of enum unused */
};

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Calls take on each part between commas; their number. */
static size_t each_part(const char *opt, const char *arg, size_t most,
			void (*take)(void *ctx, size_t i, const char *part),
			void *ctx)
{
	char *text = xstrdup(arg), *rest = text, *part;
	size_t n = 0;

	while ((part = strsep(&rest, ","))) {
		if (n == most)
			die(0, "%s: '%s' has more than %zu values", opt, arg,
			    most);
		take(ctx, n++, part);
	}
	free(text);
	return n;
}

static void take_age(void *ctx, size_t i, const char *part)
{
	((uint64_t *)ctx)[i] = opt_time("-a", part, 1000);
}

static void take_percentile(void *ctx, size_t i, const char *part)
{
	double pct = opt_pct("--percentiles", part);

	if (pct > 100)
		die(0, "--percentiles: '%s' is more than 100", part);
	((double *)ctx)[i] = pct;
}

static void take_pid(void *ctx, size_t i, const char *part)
{
	((uint64_t *)ctx)[i] = opt_u64("-p", part, 1, INT32_MAX);
}

static void set_view(struct config *cfg, enum view_type type)
{
	if (cfg->view.type != VIEW_COLD && cfg->view.type != type)
		die(0, "only one of --histogram, --percentiles, --promotions, "
		       "--recommend, --coverage, --ranges, --diff and -p");
	cfg->view.type = type;
}

static uint64_t take_sample(const char *arg)
{
	if (strncmp(arg, "1/", 2))
		die(0, "--sample: '%s' is not a share such as 1/64", arg);
	return opt_u64("--sample", arg + 2, 1, 1 << 20);
}

static void take_view(struct config *cfg, int key, const char *arg)
{
	switch (key) {
	case KEY_HISTOGRAM: set_view(cfg, VIEW_HISTOGRAM); break;
	case KEY_PROMOTIONS: set_view(cfg, VIEW_PROMOTIONS); break;
	case KEY_COVERAGE: set_view(cfg, VIEW_COVERAGE); break;
	case KEY_PERCENTILES:
		set_view(cfg, VIEW_PERCENTILES);
		cfg->view.n_percentiles =
			each_part("--percentiles", arg, ASK_MAX,
				  take_percentile, cfg->view.percentile_pct);
		break;
	case KEY_RECOMMEND: set_view(cfg, VIEW_RECOMMEND); break;
	case KEY_BOUND:
		cfg->view.bound_pct = opt_pct("--bound", arg);
		cfg->bounded = true;
		break;
	case KEY_DIFF:
		set_view(cfg, VIEW_DIFF);
		cfg->diff = arg;
		break;
	}
}

static unsigned int unused_of(int key)
{
	switch (key) {
	case KEY_SOURCE: return UNUSED_SOURCE;
	case KEY_AGE_NOW: return UNUSED_AGE_NOW;
	case KEY_LOCAL: return UNUSED_LOCAL;
	case KEY_NODE: return UNUSED_NODE;
	case KEY_SAMPLE: return UNUSED_SAMPLE;
	case KEY_MAX_CPU: return UNUSED_MAX_CPU;
	case KEY_JOBS: return UNUSED_JOBS;
	case KEY_BACKGROUND: return UNUSED_BACKGROUND;
	case KEY_WAIT: return UNUSED_WAIT;
	case KEY_STRICT: return UNUSED_STRICT;
	default: return 0;
	}
}

static void take(void *ctx, int key, const char *arg)
{
	struct config *cfg = ctx;

	cfg->given |= unused_of(key);
	switch (key) {
	case 'a':
		cfg->scan.n_ages = each_part("-a", arg, ASK_MAX, take_age,
					     cfg->scan.age_us);
		qsort(cfg->scan.age_us, cfg->scan.n_ages,
		      sizeof(*cfg->scan.age_us), by_value);
		break;
	case 'p':
		cfg->proc.n =
			each_part("-p", arg, PROC_MAX, take_pid, cfg->proc.pid);
		break;
	case KEY_SOURCE:
		if (source_parse(arg, &cfg->scan.source))
			die(0,
			    "--source: '%s' is not auto, page-idle, lru-gen "
			    "or damon",
			    arg);
		break;
	case 'S': cfg->scan.state = arg; break;
	case KEY_AGE_NOW: cfg->scan.age_now = true; break;
	case KEY_LOCAL: cfg->view.local = true; break;
	case KEY_NODE: cfg->view.by_node = true; break;
	case KEY_RANGES: cfg->proc.ranges = true; break;
	case KEY_MAPPINGS: cfg->proc.mappings = true; break;
	case KEY_SAMPLE: cfg->scan.sample = take_sample(arg); break;
	case KEY_MAX_CPU:
		cfg->scan.max_cpu_pct = opt_pct("--max-cpu", arg);
		break;
	case KEY_JOBS:
		cfg->scan.jobs = (unsigned int)opt_u64("--jobs", arg, 1, 256);
		break;
	case KEY_BACKGROUND: cfg->background = true; break;
	case KEY_WAIT: cfg->scan.wait_us = opt_time("--wait", arg, 0); break;
	case KEY_STRICT: cfg->view.strict = true; break;
	case KEY_ANNOTATE: cfg->annotate = true; break;
	default: take_view(cfg, key, arg);
	}
}

static const struct tool tool = {
	.purpose = "Show how much memory of each cgroup is cold.",
	.usage = "[-a TIME[,TIME...]] [-i TIME] [-c N] [-r] [CGROUP... | -]",
	.shared = "oHficrqv",
	.opts = opts,
	.n_opts = sizeof(opts) / sizeof(*opts),
	.cols = view_cols,
	.n_cols = VIEW_COLS,
	.take = take,
};

static const char SYS_READ_ONLY[] =
	"mount -o remount,rw /sys; in a container, run it on the host";

static void check_page_idle(struct rows_out *o)
{
	uint64_t word;
	int fd = io_open(root_fd(), "sys/kernel/mm/page_idle/bitmap", O_RDWR);

	if (fd == -ENOENT)
		tool_check_fix(o, "page_idle", CHECK_MISSING,
			       "use another kernel, or --source lru-gen or "
			       "damon",
			       "the kernel lacks CONFIG_IDLE_PAGE_TRACKING");
	else if (fd == -EROFS)
		tool_check_fix(o, "page_idle", CHECK_MISSING, SYS_READ_ONLY,
			       "/sys is read-only");
	else if (fd < 0 || pread(fd, &word, 8, 0) != 8)
		tool_check_fix(o, "page_idle", CHECK_MISSING,
			       "run as root, or with CAP_DAC_OVERRIDE",
			       "cannot read the bitmap");
	else if (mem_lru_gen_enabled())
		tool_check(o, "page_idle", CHECK_LIMITED,
			   "lru_gen is on: accesses by read(2) need --age-now, "
			   "and reclaim makes the verdict suspect");
	else
		tool_check(o, "page_idle", CHECK_OK, "each page is checked");
	if (fd >= 0)
		close(fd);
}

static void check_file(struct rows_out *o, const char *feature,
		       const char *path, const char *detail)
{
	int fd = io_open(root_fd(), path, O_RDONLY);

	if (fd < 0) {
		tool_check_fix(o, feature, CHECK_MISSING,
			       fd == -ENOENT ? "needs CONFIG_PROC_PAGE_MONITOR"
					     : "run as root, or with "
					       "CAP_DAC_OVERRIDE",
			       "%s: %s", detail, strerror(-fd));
		return;
	}
	tool_check(o, feature, CHECK_OK, "%s: /%s", detail, path);
	close(fd);
}

/* Pages are charged to cgroups of the memory controller's hierarchy. */
static void check_whose_pages(struct rows_out *o, const struct cg_set *set)
{
	char fix[CG_FIX_MAX];

	if (cg_lacks_memory(set))
		tool_check_fix(o, "kpagecgroup", CHECK_LIMITED,
			       cg_memory_fix(set, fix, sizeof(fix)),
			       "no memory controller: only / can be scanned");
	else
		check_file(o, "kpagecgroup", "proc/kpagecgroup", "whose pages");
}

/* No set: there is no tree, which a row of its own tells. */
static void check_lru_gen(struct rows_out *o, const struct cg_set *set)
{
	bool can_age;
	int err = lrugen_probe(&can_age);

	if (err == -EPERM)
		tool_check_fix(o, "lru_gen", CHECK_MISSING,
			       "use --source page-idle or damon",
			       "lockdown forbids debugfs");
	else if (err == -EACCES)
		tool_check_fix(o, "lru_gen", CHECK_MISSING,
			       "run as root, or with CAP_DAC_OVERRIDE", "%s",
			       strerror(-err));
	else if (err == -EOPNOTSUPP)
		tool_check_fix(o, "lru_gen", CHECK_MISSING,
			       "use another kernel, or --source page-idle or "
			       "damon",
			       "the kernel lacks CONFIG_LRU_GEN");
	else if (err)
		tool_check_fix(o, "lru_gen", CHECK_MISSING,
			       "mount -t debugfs none /sys/kernel/debug, as "
			       "root",
			       "no debugfs file");
	else if (!mem_lru_gen_enabled())
		tool_check_fix(
			o, "lru_gen", CHECK_MISSING,
			"echo y >/sys/kernel/mm/lru_gen/enabled" CHECK_KEEP,
			"off");
	else if (set && !set->whole)
		tool_check_fix(o, "lru_gen", CHECK_MISSING,
			       "run it outside of the container, or use "
			       "--source page-idle or damon",
			       "in a container: lru_gen names cgroups from the "
			       "root of the system");
	else if (!can_age)
		tool_check_fix(
			o, "lru_gen", CHECK_LIMITED,
			"--source damon gives estimates",
			"lockdown, or a read-only debugfs: no --age-now, "
			"ages are those of the agings by reclaim");
	else
		tool_check(o, "lru_gen", CHECK_LIMITED,
			   "ages are those of the last aging; accesses by "
			   "read(2) are missed");
}

/* Of a page of ours: without the right all frames are 0. */
static bool has_frames(void)
{
	uint64_t entry = 0;
	int fd = io_open(root_fd(), "proc/self/pagemap", O_RDONLY);

	if (fd < 0)
		return false;
	idle_read_words(fd, (uintptr_t)&entry / mem_page_bytes(), &entry, 1);
	close(fd);
	return entry & PM_PFN;
}

static void check_processes(struct rows_out *o)
{
	if (io_try(root_fd(), "proc/1/smaps", O_RDONLY))
		tool_check_fix(o, "processes", CHECK_LIMITED,
			       "run as root, or add CAP_SYS_PTRACE",
			       "no verdict of lru-gen is ok: page tables "
			       "cannot be read");
	else if (root_is_live() && !has_frames())
		tool_check_fix(
			o, "processes", CHECK_LIMITED,
			"run as root, or add CAP_SYS_ADMIN",
			"no verdict of lru-gen is ok, and -p fails: page "
			"frames are hidden");
	else
		tool_check(o, "processes", CHECK_OK,
			   "page tables and page frames can be read");
}

static void check_damon(struct rows_out *o)
{
	const char *end = verdict_damon_end();
	uint64_t n;
	int err = kv_read_u64(root_fd(), damon_path, &n);

	if (!err)
		err = io_try(root_fd(), damon_path, O_RDWR);
	if (end)
		tool_check_fix(o, "damon", CHECK_MISSING, end,
			       "another DAMON is running, so no age is proven");
	else if (err == -ENOENT)
		tool_check_fix(o, "damon", CHECK_MISSING,
			       "needs CONFIG_DAMON_SYSFS (Linux 5.18)",
			       "no /%s", damon_path);
	else if (err == -EROFS)
		tool_check_fix(o, "damon", CHECK_MISSING, SYS_READ_ONLY,
			       "/sys is read-only");
	else if (err)
		tool_check_fix(o, "damon", CHECK_MISSING,
			       "run as root, or with CAP_DAC_OVERRIDE", "%s",
			       strerror(-err));
	else if (!damon_is_free())
		tool_check_fix(
			o, "damon", CHECK_MISSING,
			"remove it: echo 0 "
			">/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds",
			"another program has set DAMON up");
	else
		tool_check(o, "damon", CHECK_LIMITED,
			   "estimates from sampled regions");
}

/* --check: 2 where no source is left. */
static int check(struct rows_out *o)
{
	struct cg_set set;
	int err = tool_check_tree(o, &set, 0);
	enum source best = err ? SOURCE_AUTO : scan_choose(false, false, &set);

	check_page_idle(o);
	check_file(o, "kpageflags", "proc/kpageflags", "kinds of pages");
	if (!err)
		check_whose_pages(o, &set);
	check_lru_gen(o, err ? NULL : &set);
	check_processes(o);
	check_damon(o);
	if (best)
		tool_check(o, "source", CHECK_OK, "auto takes %s",
			   source_name(best));
	else
		tool_check_fix(o, "source", CHECK_MISSING,
			       err ? "see cgroup2"
				   : "see page_idle, lru_gen or damon",
			       "auto finds no source");
	return tool_finish(o, best && !err ? STATUS_OK : STATUS_FATAL);
}

/*
 * The pace without -i.  A filter's agings: MAX_NR_GENS generations prove what
 * was idle for two of them, so two are the age and a little.
 */
static uint64_t pace_us(const struct config *cfg)
{
	uint64_t us = cfg->scan.age_us[0];

	return cfg->annotate && cfg->scan.age_now ? us / 2 + us / 50 : us;
}

static void refuse_unused(struct config *cfg, const struct common_opts *common,
			  size_t n_operands)
{
	unsigned int given = cfg->given | (n_operands ? UNUSED_OPERANDS : 0u) |
			     (common->interval_us ? UNUSED_INTERVAL : 0u) |
			     (common->count ? UNUSED_COUNT : 0u) |
			     (common->recursive ? UNUSED_RECURSIVE : 0u);

	if (cfg->diff)
		unused_refuse(given, UNUSED_ALL & ~UNUSED_STRICT, "--diff");
	if (cfg->proc.n)
		unused_refuse(given,
			      UNUSED_RECURSIVE | UNUSED_LOCAL | UNUSED_NODE,
			      "-p");
	if (cfg->annotate)
		unused_refuse(given, UNUSED_COUNT | UNUSED_LOCAL | UNUSED_NODE,
			      "--annotate");
	if (cfg->annotate && cfg->scan.state)
		unused_refuse(given, UNUSED_PASS, "--annotate -S");
	if (cfg->scan.state && !common->interval_us)
		unused_refuse(given, UNUSED_COUNT, "-S without -i");
}

/* Options of which one would be passed over without a word. */
static void refuse_contradictions(struct config *cfg,
				  const struct common_opts *common,
				  size_t n_operands)
{
	const struct scan_opts *s = &cfg->scan;

	for (size_t i = 1; i < s->n_ages; i++)
		if (s->age_us[i] == s->age_us[i - 1])
			die(0, "-a: an age is given twice");
	for (size_t i = 1; i < cfg->proc.n; i++)
		for (size_t k = 0; k < i; k++)
			if (cfg->proc.pid[i] == cfg->proc.pid[k])
				die(0, "-p: a process is given twice");
	if (cfg->proc.n && n_operands)
		die(0, "-p: takes processes, not cgroups");
	if (cfg->proc.ranges && s->n_ages > 1)
		die(0, "--ranges: takes only one -a AGE");
	if (cfg->annotate && n_operands)
		die(0, "--annotate: reads its targets from stdin");
	if (cfg->annotate && common->recursive)
		die(0,
		    "--annotate: takes no -r; its rows are those of the input");
	if (cfg->bounded && cfg->view.type != VIEW_RECOMMEND)
		die(0, "--bound: needs --recommend");
	if (cfg->view.type == VIEW_COVERAGE && cfg->view.local)
		die(0, "--coverage: takes no --local: memory.current includes "
		       "the cgroups below");
	refuse_unused(cfg, common, n_operands);
}

/* What cannot work is refused before anything is touched. */
static void settle(struct config *cfg, const struct common_opts *common)
{
	struct scan_opts *s = &cfg->scan;

	if (!s->n_ages) {
		s->age_us[0] = 120000000;
		s->n_ages = 1;
	}
	cfg->paced = common->interval_us;
	s->interval_us =
		common->interval_us ? common->interval_us : pace_us(cfg);
	if (!s->jobs)
		s->jobs = 1;
	if (!s->sample)
		s->sample = 1;
	/* With -S the pace is that of the runs. */
	if ((!s->state || cfg->paced) &&
	    s->age_us[s->n_ages - 1] / s->interval_us >= AGE_MAX)
		die(0, "-a: the oldest age is more than %d passes of -i away",
		    AGE_MAX - 1);
	if (cfg->proc.n)
		set_view(cfg, cfg->proc.ranges ? VIEW_RANGES : VIEW_PROCESS);
	if ((cfg->proc.ranges || cfg->proc.mappings) && !cfg->proc.n)
		die(0, "--ranges and --mappings need -p PID");
	s->promoted = cfg->view.type == VIEW_PROMOTIONS ||
		      cfg->view.type == VIEW_RECOMMEND;
	s->pids = cfg->proc.pid;
	s->n_pids = cfg->proc.n;
	if (cfg->proc.n && s->sample > 1)
		die(0, "-p: cannot be used with --sample");
	if (cfg->annotate && cfg->view.type != VIEW_COLD)
		die(0, "--annotate: cannot be used with another view, or -p");
	if (cfg->annotate && s->n_ages > 1)
		die(0, "--annotate: takes only one -a AGE");
	if (cfg->diff && !s->state)
		die(0, "--diff: needs -S FILE, the newer state");
	/* What cron keeps is not scanned a second time. */
	s->watch = cfg->annotate && s->state;
	/* It costs 25 ms a GiB and pass, and where rows are acted upon reclaim
	 * spoils what it tells. */
	s->referenced = !cfg->annotate;
	if (s->watch && !s->source)
		s->source = SOURCE_IDLE;
	s->progress = isatty(STDERR_FILENO) && common->verbose >= 0 &&
		      !cfg->annotate && root_is_live();
	/* SCHED_IDLE would lose the processor inside of the rmap walk, with the
	 * locks of a mapped file held: rests are outside of the kernel. */
	if (cfg->background && s->max_cpu_pct <= 0)
		s->max_cpu_pct = BACKGROUND_PCT;
}

/* Reclaim ages as well, so where we cannot the ages are worth a look. */
static void settle_aging(struct config *cfg)
{
	static const char why[] = "--age-now: lru_gen cannot be written "
				  "(lockdown, or a read-only debugfs)";
	bool can_age;

	if (lrugen_probe(&can_age) || can_age)
		return;
	if (!cfg->chosen)
		die(0, "%s: omit it, or use --source damon", why);
	note("%s: ages are those of the agings by reclaim; --source damon "
	     "gives estimates",
	     why);
	cfg->scan.age_now = false;
}

/* Only page-idle looks at a pace, and only it knows each page. */
static void settle_source(struct config *cfg, enum source source)
{
	static const char *const views[] = {
		[VIEW_PROMOTIONS] = "--promotions",
		[VIEW_RECOMMEND] = "--recommend",
		[VIEW_COVERAGE] = "--coverage",
		[VIEW_DIFF] = NULL,
	};
	/* page-idle with lru_gen on wants our own agings. */
	bool ages = source == SOURCE_LRUGEN ||
		    (source == SOURCE_IDLE && !cfg->proc.n &&
		     !cfg->scan.state && generations_told(&cfg->view.targets));
	uint64_t us = cfg->scan.interval_us;
	uint64_t oldest_us = cfg->scan.age_us[cfg->scan.n_ages - 1];
	const char *unused = source == SOURCE_IDLE || source == SOURCE_AUTO
				     ? NULL
				     : unused_name(cfg->given & UNUSED_PASS);

	if (source != SOURCE_IDLE && views[cfg->view.type])
		die(0,
		    "%s: needs the source page-idle, and the source is %s: "
		    "page-idle needs CONFIG_IDLE_PAGE_TRACKING, and --source "
		    "page-idle if lru_gen is on",
		    views[cfg->view.type], source_name(source));
	/* A pipeline for any machine has them, and auto knows where they are of
	 * use. */
	if (unused && !cfg->chosen)
		die(0, "%s: needs the source page-idle; the source is %s",
		    unused, source_name(source));
	if (unused)
		note("%s: has no effect, because the source is %s", unused,
		     source_name(source));
	if (!ages && cfg->scan.age_now && !cfg->chosen)
		die(0, "--age-now: needs the source lru-gen; the source is %s",
		    source_name(source));
	if (!ages && cfg->scan.age_now && source != SOURCE_AUTO)
		note("--age-now: has no effect, because the source is %s",
		     source_name(source));
	if (ages && cfg->scan.age_now)
		settle_aging(cfg);
	/* An interval begins when its aging ends. */
	if (ages && cfg->scan.age_now && source == SOURCE_IDLE && !cfg->paced)
		cfg->scan.interval_us += us / 20;
	if (source == SOURCE_LRUGEN && cfg->proc.n)
		die(0, "-p: lru-gen knows only cgroups: use --source page-idle "
		       "or damon");
	if (source == SOURCE_DAMON && cfg->proc.n > DAMON_PIDS)
		die(0,
		    "-p: damon scans at most %d processes, with a kernel "
		    "thread for each",
		    DAMON_PIDS);
	if (source == SOURCE_LRUGEN && cfg->scan.age_now &&
	    2 * us < oldest_us - oldest_us / 50)
		die(0, "-a: with --age-now, no age can be longer than two "
		       "times -i: the kernel keeps four generations");
	/* With -S the pace is that of the runs, or of others'. */
	if (source != SOURCE_IDLE || cfg->scan.watch ||
	    (cfg->scan.state && !cfg->paced))
		return;
	if (us < IDLE_LEAST_US)
		die(0, "-i: under 1s, page-idle reports hot pages as cold: a "
		       "processor sets the accessed bit only when its TLB has "
		       "dropped the page");
	if (us < 10000000 && verdict_in_vm())
		note("-i: under 10s, hot pages can look cold in a virtual "
		     "machine");
}

/* A pipe that nobody writes to looks like a hang. */
static void note_wait(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	if (!poll(&in, 1, 1000))
		note("waiting for rows on standard input; for the whole "
		     "machine, use the operand '/'");
}

/*
 * Keys of the operands, of the rows on stdin, or "/".  With -S it is cron's,
 * which gives a pipe that is empty.
 */
static char **targets(struct config *cfg, char **operands, size_t *n)
{
	struct stat st;
	struct rows_in in;
	char **keys = NULL;
	char key[CG_KEY_MAX];
	int event;

	if (*n && !(*n == 1 && !strcmp(*operands, "-")))
		return tool_keys(&cfg->view.targets, operands, *n);
	if (!*n && (fstat(STDIN_FILENO, &st) || !S_ISFIFO(st.st_mode) ||
		    cfg->proc.n || cfg->scan.state)) {
		static char root[] = "/", *all[] = { root };

		*n = 1;
		return all;
	}
	rows_in_open(&in, STDIN_FILENO, NULL);
	*n = 0;
	note_wait();
	while ((event = rows_next(&in)) > ROWS_END && !clock_stopped())
		if (event == ROWS_ROW &&
		    !tool_row_key(&cfg->view.targets, &in, key)) {
			keys = xrealloc(keys, *n + 1, sizeof(*keys));
			keys[(*n)++] = xstrdup(key);
		}
	if (event < 0)
		tool_bad_input(&in, event);
	if (!*n && !clock_stopped())
		die(0, "no row on standard input: name cgroups, or '/' for the "
		       "whole machine");
	rows_in_close(&in);
	return keys;
}

/* Brings the targets up to now; false where a named one is gone. */
static bool expand(struct config *cfg, bool recursive)
{
	const char *missing;
	int err = cg_set_expand(&cfg->view.targets, cfg->scan.keys,
				cfg->scan.n_keys, recursive, &missing);

	if (err)
		warn(err, "cannot walk the cgroup tree");
	if (missing)
		warn(0, "no cgroup '%s'", missing);
	return !err && !missing;
}

/* --age-now: what the targets are now; the top of each tree will do. */
static void aim(struct config *cfg, struct scan *s)
{
	const struct cg_set *set = &cfg->view.targets;
	size_t n = 0;

	cfg->aged = xrealloc(cfg->aged, set->n + 1, sizeof(*cfg->aged));
	for (size_t i = 0; i < set->n; i++)
		if (!n || !cg_is_below(set->v[i]->key, cfg->aged[n - 1]))
			cfg->aged[n++] = set->v[i]->key;
	s->keys = cfg->aged;
	s->n_keys = n;
}

static bool print(struct config *cfg, struct scan *s)
{
	if (cfg->proc.n)
		return proc_emit(&cfg->view, s, &cfg->proc);
	view_emit(&cfg->view, s);
	return true;
}

/* A terminal sees for how long nothing will come. */
static void promise(const struct scan *s, bool all)
{
	uint64_t due =
		s->first_us + s->opts->age_us[all ? s->opts->n_ages - 1 : 0];
	uint64_t now = clock_mono_us();
	char left[NUM_LEN];

	if (s->opts->promoted)
		due += s->opts->interval_us;
	if (s->opts->progress && due > now)
		fprintf(stderr, "\rthe ages are known in %s\033[K",
			num_human_us(left, due - now));
}

/* What the runs of -S, as often as they are, will never tell; and that ages are
 * in steps of more than -i. */
static void note_pace(const struct scan *s, bool one_run)
{
	static bool told;
	uint64_t oldest_us = s->opts->age_us[s->opts->n_ages - 1];
	uint64_t took_us = s->idle.end_us - s->idle.start_us, pace_us;
	int known = s->scale.known;
	char age[NUM_LEN], pace[NUM_LEN];

	if (s->source != SOURCE_IDLE || told)
		return;
	pace_us = known >= 2 ? s->scale.us[known] / (uint64_t)known : 0;
	told = one_run ? pace_us && oldest_us / pace_us >= AGE_MAX
		       : took_us > s->opts->interval_us;
	if (told && one_run)
		note("-a: with a run every %s, an age of %s is more than %d "
		     "runs, and never known",
		     num_human_us(pace, pace_us), num_human_us(age, oldest_us),
		     AGE_MAX - 1);
	else if (told)
		note("a pass took %s, which is longer than -i",
		     num_human_us(pace, took_us));
}

/*
 * Passes until the ages asked for can be told, then rows: one sample without
 * -i and -c, else one a pass from the youngest age on. With -S one pass a run,
 * and what is known.
 */
static int run(struct config *cfg, const struct common_opts *common,
	       struct scan *s)
{
	bool once = !common->interval_us && !common->count;
	bool now = s->opts->state && !common->interval_us;
	uint64_t start = clock_mono_us(), printed = 0;
	uint64_t most = common->count ? common->count : once;
	int status = STATUS_OK, err, more = 1;

	while (more > 0) {
		if (!expand(cfg, common->recursive))
			status = STATUS_PARTIAL;
		if (cfg->proc.n && !proc_left(&cfg->proc))
			break;
		aim(cfg, s);
		err = scan_pass(s);
		if (err == -EINTR)
			break;
		if (err) {
			warn(err, "cannot scan");
			return STATUS_FATAL;
		}
		note_pace(s, now);
		if (s->unsaved)
			status = STATUS_PARTIAL;
		if (s->opts->progress && !printed)
			fputs("\r\033[K", stderr);
		if (now || scan_ready(s, once)) {
			if (!print(cfg, s))
				status = STATUS_PARTIAL;
			if (++printed == most || cfg->view.out.err)
				break;
		}
		if (now)
			break;
		if (!printed)
			promise(s, once);
		do
			more = clock_wait(
				clock_next_tick(start, s->opts->interval_us));
		while (more == -EINTR);
	}
	/* A recording that ends before the age is reached. */
	if (!printed && !root_is_live())
		print(cfg, s);
	return cfg->proc.ended ? STATUS_PARTIAL : status;
}

int main(int argc, char **argv)
{
	struct config cfg = { .view.bound_pct = 0.2 };
	struct common_opts common;
	struct scan s;
	int status, at = tool_start(&tool, argc, argv, &common, &cfg);

	tool_output(&cfg.view.out, &common, "cold_scan");
	if (common.check)
		return check(&cfg.view.out);
	refuse_contradictions(&cfg, &common, (size_t)(argc - at));
	settle(&cfg, &common);
	if (cfg.annotate)
		view_annotation(&cfg.view, common.cols);
	else
		view_columns(&cfg.view, common.cols);
	if (cfg.diff)
		return diff_states(&cfg.view, &cfg.scan, cfg.diff);
	tool_open_tree(&cfg.view.targets, 0);
	cfg.scan.n_keys = (size_t)(argc - at);
	if (!cfg.annotate)
		cfg.scan.keys = targets(&cfg, argv + at, &cfg.scan.n_keys);
	cfg.chosen = !cfg.scan.source;
	if (cfg.chosen)
		/* A filter's rows are of memory that is reclaimed, and
		 * page-idle is in doubt then. */
		cfg.scan.source = scan_choose(cfg.proc.n,
					      cfg.scan.age_now && !cfg.annotate,
					      &cfg.view.targets);
	settle_source(&cfg, cfg.scan.source);
	scan_open(&s, &cfg.scan);
	if (cfg.annotate)
		status = annotate(&cfg.view, &s);
	else
		status = run(&cfg, &common, &s);
	scan_close(&s);
	if (!status && cfg.view.strict && cfg.view.suspect)
		status = STATUS_PARTIAL;
	return tool_finish(&cfg.view.out, status);
}
