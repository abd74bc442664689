#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "stage.h"
#include "state.h"

#ifndef VERSION
#define VERSION "0"
#endif

enum { KEY_CHECK = 0x10000, KEY_OUT };

static const struct opt shared[] = {
	{ 'R', "root", "DIR[:DIR...]",
	  "prefix of /proc and /sys; several are replayed in turn" },
	{ 'o', "output", "COLUMNS",
	  "columns to show; +COLUMNS adds to the default ones" },
	{ 'H', "no-header", NULL, "leave the header out" },
	{ 'f', "format", "FORMAT", "rows, json, table or prometheus" },
	{ KEY_OUT, "out", "FILE",
	  "write Prometheus metrics to FILE at each sample" },
	{ 'i', "interval", "TIME", "time between samples: 250ms 5s 2m 1h" },
	{ 'c', "count", "N", "exit after N samples" },
	{ 'n', "dry-run", NULL, "change nothing; show what would be done" },
	{ 'r', "recursive", NULL, "include all cgroups below the targets" },
	{ 'q', "quiet", NULL, "print no notes on stderr" },
	{ 'v', "verbose", NULL, "print more on stderr" },
	{ KEY_CHECK, "check", NULL,
	  "try each kernel feature that the tool needs, and exit" },
	{ 'h', "help", NULL, "print this help" },
	{ 'V', "version", NULL, "print the version" },
};

enum { N_SHARED = sizeof(shared) / sizeof(*shared) };

static bool takes(const struct tool *t, const struct opt *o)
{
	return o->key > UCHAR_MAX || strchr("RhV", o->key) ||
	       strchr(t->shared, o->key);
}

static void print_opt(const struct opt *o)
{
	char left[64];
	int n = 0;

	if (o->key <= UCHAR_MAX)
		n = snprintf(left, sizeof(left), "-%c, ", o->key);
	else
		n = snprintf(left, sizeof(left), "    ");
	snprintf(left + n, sizeof(left) - (size_t)n, "--%s%s%s", o->name,
		 o->arg ? " " : "", o->arg ? o->arg : "");
	printf("  %-26s %s\n", left, o->help);
}

static void print_words(const struct tool *t)
{
	struct tool_word w;

	if (!t->word)
		return;
	printf("\n%s:\n", t->words_of);
	for (size_t i = 0; t->word(i, &w); i++) {
		printf("  %-14s %-6s  %s\n", w.name, w.kind, w.meaning);
		if (*w.remedy)
			printf("  %-14s %-6s  - %s\n", "", "", w.remedy);
	}
}

static void print_help(const struct tool *t)
{
	printf("usage: %s %s\n%s\n\noptions:\n", msg_prog(), t->usage,
	       t->purpose);
	for (size_t i = 0; i < t->n_opts; i++)
		print_opt(t->opts + i);
	for (size_t i = 0; i < N_SHARED; i++)
		if (takes(t, shared + i))
			print_opt(shared + i);
	print_words(t);
	if (t->n_cols)
		printf("\ncolumns:\n");
	for (size_t i = 0; i < t->n_cols; i++)
		printf("  %-26s %s\n", t->cols[i].name, t->cols[i].help);
}

static void finish_stdout(void)
{
	if (fflush(stdout) || fclose(stdout))
		die(errno, "cannot write to standard output");
	exit(STATUS_OK);
}

uint64_t opt_u64(const char *opt, const char *arg, uint64_t min, uint64_t max)
{
	uint64_t v;

	if (num_u64(arg, &v) || v < min || v > max)
		die(0, "%s: '%s' is not a whole number from %llu to %llu", opt,
		    arg, (unsigned long long)min, (unsigned long long)max);
	return v;
}

uint64_t opt_size(const char *opt, const char *arg)
{
	uint64_t v;

	if (num_size(arg, &v))
		die(0, "%s: '%s' is not a size such as 4096, 64K or 1.5G", opt,
		    arg);
	return v;
}

uint64_t opt_time(const char *opt, const char *arg, uint64_t min_us)
{
	char least[NUM_LEN];
	uint64_t v;

	if (num_time(arg, &v))
		die(0, "%s: '%s' is not a time such as 250ms, 5s, 2m or 1h",
		    opt, arg);
	if (v < min_us)
		die(0, "%s: '%s' is less than the shortest time, %s", opt, arg,
		    num_human_us(least, min_us));
	return v;
}

double opt_pct(const char *opt, const char *arg)
{
	double v;

	if (num_pct(arg, &v))
		die(0, "%s: '%s' is not a percentage such as 0.1%%", opt, arg);
	return v;
}

/* "a,b" or "+a,b": a name that is empty is a variable that was not set. */
static const char *opt_columns(const char *arg)
{
	const char *list = arg + (*arg == '+');
	size_t len = strlen(list);

	if (!len || *list == ',' || list[len - 1] == ',' || strstr(list, ",,"))
		die(0, "-o: '%s' has an empty column name (see -h)", arg);
	return arg;
}

static void take_shared(struct common_opts *c, int key, const char *arg)
{
	enum rows_format format;

	switch (key) {
	case 'o': c->cols = opt_columns(arg); break;
	case 'H': c->no_header = true; break;
	case 'i': c->interval_us = opt_time("-i", arg, 1000); break;
	case 'c': c->count = opt_u64("-c", arg, 1, UINT64_MAX); break;
	case 'n': c->dry_run = true; break;
	case 'r': c->recursive = true; break;
	case 'q': c->verbose = -1; break;
	case 'v': c->verbose++; break;
	case KEY_CHECK: c->check = true; break;
	case KEY_OUT: c->out = arg; break;
	case 'f':
		if (rows_format(arg, &format))
			die(0,
			    "-f: '%s' is not rows, json, table or "
			    "prometheus",
			    arg);
		c->format = (int)format;
		break;
	}
}

/* The tables as getopt_long(3) wants them. */
struct getopt_form {
	char letters[160];
	struct option longs[96];
	size_t n;
};

static void add_opt(struct getopt_form *g, const struct opt *o)
{
	size_t len = strlen(g->letters);

	if (g->n + 1 >= sizeof(g->longs) / sizeof(*g->longs) ||
	    len + 3 > sizeof(g->letters))
		abort();
	g->longs[g->n++] = (struct option){
		.name = o->name,
		.has_arg = o->arg ? required_argument : no_argument,
		.val = o->key,
	};
	if (o->key <= UCHAR_MAX)
		snprintf(g->letters + len, sizeof(g->letters) - len, "%c%s",
			 o->key, o->arg ? ":" : "");
}

static void bad_option(int key, char **argv)
{
	const char *hint = "see -h";

	if (key == ':')
		die(0, "option '%s' needs a value (%s)", argv[optind - 1],
		    hint);
	if (optopt && optopt <= UCHAR_MAX)
		die(0, "unknown option '-%c' (%s)", optopt, hint);
	die(0, "unknown option '%s' (%s)", argv[optind - 1], hint);
}

static bool is_own(const struct tool *t, int key)
{
	for (size_t i = 0; i < t->n_opts; i++)
		if (t->opts[i].key == key)
			return true;
	return false;
}

/* A closed 0, 1 or 2 is /dev/null, and not the next file that we open. */
static void open_closed_stdio(void)
{
	static const char null[] = "/dev/null";
	int fd;

	do
		fd = open(null, O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static char *join(const char *a, const char *b)
{
	return xasprintf("%s%s%s", a, *b ? "," : "", b);
}

/* Is it one of "a,b,c"? */
static bool names_column(const char *spec, const char *name)
{
	size_t len = strlen(name);

	for (; *spec; spec += *spec == ',') {
		size_t n = strcspn(spec, ",");

		if (n == len && !strncmp(spec, name, n))
			return true;
		spec += n;
	}
	return false;
}

/* Without its key a series is nobody's. */
static void add_key(const struct tool *t, struct common_opts *c)
{
	bool prom = c->out || c->format == (int)ROWS_PROM;

	if (prom && t->n_cols && c->cols && *c->cols != '+' &&
	    !names_column(c->cols, t->cols[0].name))
		c->cols = join(t->cols[0].name, c->cols);
}

int tool_start(const struct tool *t, int argc, char **argv,
	       struct common_opts *common, void *cfg)
{
	struct getopt_form g = { .letters = ":" };
	const char *roots = NULL, *bad;
	int key, err;

	msg_init(argv[0]);
	open_closed_stdio();
	*common = (struct common_opts){ .format = -1 };
	for (size_t i = 0; i < t->n_opts; i++)
		add_opt(&g, t->opts + i);
	for (size_t i = 0; i < N_SHARED; i++)
		if (takes(t, shared + i))
			add_opt(&g, shared + i);
	while ((key = getopt_long(argc, argv, g.letters, g.longs, NULL)) >= 0) {
		if (key == '?' || key == ':')
			bad_option(key, argv);
		if (is_own(t, key)) {
			t->take(cfg, key, optarg);
		} else if (key == 'h') {
			print_help(t);
			finish_stdout();
		} else if (key == 'V') {
			printf("%s (tmo-tools) %s\n", msg_prog(), VERSION);
			finish_stdout();
		} else if (key == 'R') {
			roots = optarg;
		} else {
			take_shared(common, key, optarg);
		}
	}
	msg_set_level(common->verbose);
	add_key(t, common);
	err = root_open(roots, &bad);
	if (err)
		die(err, "cannot open the root '%s'", bad);
	clock_catch_signals();
	return optind;
}

static bool lock_within(rlim_t soft, rlim_t hard, int flags)
{
	const struct rlimit lim = { .rlim_cur = soft, .rlim_max = hard };

	return !setrlimit(RLIMIT_MEMLOCK, &lim) &&
	       !mlockall(flags | MCL_ONFAULT);
}

/*
 * Only CAP_IPC_LOCK passes a limit of 0 (mm/mlock.c, can_do_mlock).  Under a
 * limit MCL_FUTURE would make malloc(3) fail beyond it: there what is mapped
 * now is locked, if that leaves the stack some room to grow.
 */
void tool_lock_memory(void)
{
	enum { STACK_ROOM = 1 << 20 };
	struct rlimit lim;
	bool locked;

	if (!root_is_live() || getrlimit(RLIMIT_MEMLOCK, &lim))
		return;
	locked = lock_within(0, lim.rlim_max, MCL_CURRENT | MCL_FUTURE);
	if (!locked && lim.rlim_max == RLIM_INFINITY)
		locked = lock_within(lim.rlim_max, lim.rlim_max,
				     MCL_CURRENT | MCL_FUTURE);
	else if (!locked && lim.rlim_max > STACK_ROOM)
		locked = lock_within(lim.rlim_max - STACK_ROOM, lim.rlim_max,
				     MCL_CURRENT);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_MEMLOCK, &lim);
	if (!locked)
		debug("memory is not locked: that needs CAP_IPC_LOCK or a "
		      "larger RLIMIT_MEMLOCK");
}

const char *tool_counters(const struct common_opts *c, const char *counters)
{
	const char *rest = c->cols ? c->cols + 1 : "";
	char plus[256];

	if ((!c->out && c->format != (int)ROWS_PROM) ||
	    (c->cols && *c->cols != '+'))
		return c->cols;
	snprintf(plus, sizeof(plus), "+%s", counters);
	return join(plus, rest);
}

static void say_file_fails(const char *file, int err)
{
	warn(err, "--out: cannot replace '%s'; the old file stays", file);
}

static void say_metric_is_taken(const char *column, const char *by,
				const char *metric)
{
	warn(0,
	     "prometheus: column '%s' is left out: '%s' already is the metric "
	     "%s",
	     column, by, metric);
}

void tool_output(struct rows_out *o, const struct common_opts *c,
		 const char *name)
{
	int err = c->out ? io_may_replace(c->out) : 0;

	if (err)
		die(err, "--out: cannot replace '%s'", c->out);
	rows_open(o, c->format, !c->no_header, name);
	o->file = c->out;
	o->file_fails = say_file_fails;
	o->metric_is_taken = say_metric_is_taken;
	if (root_is_live() && stage_is_pipe(o->fd)) {
		stage_begin(o->fd);
		clock_watch_reader(o->fd);
	}
}

void tool_columns(const struct tool *t, size_t n_default, const char *spec,
		  struct col_set *out)
{
	char *bad;
	int err = col_select(t->cols, t->n_cols, n_default, spec, out, &bad);

	if (err == -ENOENT)
		die(0, "-o: no column '%s' (-h lists them)", bad);
	if (err)
		die(err, "-o: '%s'", spec);
}

void tool_filter_columns(const struct tool *t, size_t n_default,
			 const char *spec, struct col_set *out)
{
	int err = col_select_filter(t->cols, t->n_cols, n_default, spec, out);

	if (err == -ENOENT)
		die(0, "-o: '%s' has an empty name", spec);
	if (err)
		die(err, "-o: '%s'", spec);
}

void tool_need_columns(const struct rows_in *in, const struct col_set *cols)
{
	const char *name = rows_missing(in, cols);

	if (name)
		die(0,
		    "line %zu: -o: no column '%s', neither here (see -h) nor "
		    "in the input",
		    in->line, name);
}

void tool_warn_skipped(const struct cg_set *set, size_t *tabs, size_t *longs)
{
	if (set->tabs && !*tabs)
		warn(0, "a cgroup with a TAB in its name is skipped");
	*tabs = set->tabs;
	if (set->longs && !*longs)
		warn(0, "a cgroup with a path of more than %d bytes is skipped",
		     CG_KEY_MAX - 1);
	*longs = set->longs;
}

void tool_open_tree(struct cg_set *set, size_t data_size)
{
	int err = cg_set_open(set, data_size);

	if (err && cg_mount_fix(err))
		die(0, "%s: %s", cg_mount_cause(err), cg_mount_fix(err));
	if (err)
		die(err, "cannot open the cgroup tree");
}

void tool_need_memory(const struct cg_set *set)
{
	char fix[CG_FIX_MAX];

	if (cg_lacks_memory(set))
		die(0, "no memory controller: %s",
		    cg_memory_fix(set, fix, sizeof(fix)));
}

char **tool_keys(const struct cg_set *set, char **operands, size_t n)
{
	char **keys = xcalloc(n, sizeof(*keys));
	char key[CG_KEY_MAX];

	for (size_t i = 0; i < n; i++) {
		int err = cg_key(set, operands[i], key);

		if (!strcmp(operands[i], "-"))
			die(0, "'-' reads rows: give no other CGROUP with it");
		if (err)
			die(0, "'%s' is not a cgroup path below the mount",
			    operands[i]);
		keys[i] = xstrdup(key);
	}
	return keys;
}

int tool_row_key(const struct cg_set *set, const struct rows_in *in, char *key)
{
	int err = cg_key(set, in->cell[0], key);

	if (err)
		warn(0, "line %zu: '%s' is not a cgroup path", in->line,
		     in->cell[0]);
	return err;
}

int tool_lock(const char *path)
{
	const struct timespec moment = { .tv_nsec = 50000000 };
	int lock = state_lock(path, 0);

	/* Another instance holds it for a moment: nobody is told of that. */
	for (int i = 0; i < 20 && lock == -EWOULDBLOCK; i++) {
		nanosleep(&moment, NULL);
		lock = state_lock(path, 0);
	}
	if (lock != -EWOULDBLOCK)
		return lock;
	note("waiting for '%s.lock', held by process %d", path,
	     (int)state_lock_holder(path));
	lock = state_lock(path, 1);
	if (lock == -EINTR)
		clock_reraise();
	return lock;
}

int tool_open_table(const char *path, bool again, struct stat *st, char *reason,
		    size_t size)
{
	int flags = O_RDONLY | O_CLOEXEC | (again ? O_NONBLOCK : 0), fd;

	clock_guard();
	do
		fd = open(path, flags);
	while (fd < 0 && errno == EINTR && !clock_may_block());
	fd = fd < 0 ? -errno : fd;
	clock_unguard();
	if (fd == -EINTR)
		clock_reraise();
	if (fd < 0 ? stat(path, st) : fstat(fd, st))
		memset(st, 0, sizeof(*st));
	if (fd < 0) {
		snprintf(reason, size, "%s", strerror(-fd));
	} else if (again && !S_ISREG(st->st_mode)) {
		snprintf(reason, size, "it is not a regular file");
		close(fd);
		fd = -EINVAL;
	}
	return fd;
}

void tool_bad_state(const char *what, const char *path, int err)
{
	const char *why =
		err == -EBADMSG	 ? "it is damaged: remove it"
		: err == -EPROTO ? "it is not a state of this version: name "
				   "another file with -S"
		: err == -EPERM	 ? "others own it or may write it: remove it"
				 : NULL;

	if (why)
		die(0, "cannot %s '%s': %s", what, path, why);
	die(err, "cannot %s '%s'", what, path);
}

size_t tool_input_reason(const struct rows_in *in, int err, char *buf,
			 size_t size)
{
	const char *reason;
	size_t line = in->line;

	switch (err) {
	case -EBADMSG:
		reason = in->eof ? "the input ends without a newline: cut "
				   "short?"
				 : "more cells than the header has columns";
		break;
	case -ECONNABORTED:
		reason = "it ended early: the program that writes it was "
			 "killed or failed";
		line = 0;
		break;
	case -ENODATA:
		reason = in->bad ? "an empty cell (- is unknown)"
				 : "a column without a name";
		break;
	case -EEXIST: reason = "the header has it twice"; break;
	case -E2BIG: reason = "more than 4096 columns"; break;
	case -EPROTO: reason = "a control byte in the name of a column"; break;
	case -EILSEQ: reason = "a NUL byte: is this text?"; break;
	case -EMSGSIZE:
		reason = "longer than a MiB";
		line++;
		break;
	default: reason = strerror(-err); line = 0;
	}
	if ((err == -ENODATA || err == -EEXIST) && in->bad)
		snprintf(buf, size, "column '%s': %s", in->bad, reason);
	else
		snprintf(buf, size, "%s", reason);
	return line;
}

/* In a log nothing else tells of it; a shell's user knows of "| head". */
static void end_without_reader(void)
{
	if (clock_stopped_soon())
		clock_reraise();
	if (clock_reader_gone() && msg_in_journal())
		note("the reader of the output has ended");
	exit(128 + SIGPIPE);
}

void tool_bad_input(const struct rows_in *in, int err)
{
	char reason[512];
	size_t line = tool_input_reason(in, err, reason, sizeof(reason));

	if (err == -EPIPE)
		end_without_reader();
	if (line)
		die(0, "line %zu: %s", line, reason);
	die(0, "cannot read the input: %s", reason);
}

static void put_text(struct row *r, const void *sample, int arg)
{
	const char *const *text = sample;

	row_str(r, text[arg]);
}

/* A row of what --check prints. */
enum { CHECK_FEATURE, CHECK_STATE, CHECK_DETAIL, CHECK_FIX, CHECK_COLS };

__attribute__((format(printf, 5, 0))) static void put_check(
	struct rows_out *o, const char *feature, enum check_state state,
	const char *fix, const char *fmt, va_list ap)
{
	static const struct col cols[CHECK_COLS] = {
		{ "feature", NULL, put_text, CHECK_FEATURE },
		{ "state", NULL, put_text, CHECK_STATE },
		{ "detail", NULL, put_text, CHECK_DETAIL },
		{ "fix", NULL, put_text, CHECK_FIX },
	};
	static const struct col *const all[CHECK_COLS] = { cols, cols + 1,
							   cols + 2, cols + 3 };
	static const char *const states[] = { "ok", "limited", "missing" };
	static struct col_set set;
	struct row r = { 0 };
	char detail[512];
	const char *text[CHECK_COLS] = { feature, states[state], detail, fix };

	vsnprintf(detail, sizeof(detail), fmt, ap);
	set = (struct col_set){ (const struct col **)(uintptr_t)all, CHECK_COLS,
				false };
	row_put(&r, &set, text);
	rows_emit(o, NULL, &set, &r);
	row_free(&r);
}

void tool_check(struct rows_out *o, const char *feature, enum check_state state,
		const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_check(o, feature, state, NULL, fmt, ap);
	va_end(ap);
}

void tool_check_fix(struct rows_out *o, const char *feature,
		    enum check_state state, const char *fix, const char *fmt,
		    ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_check(o, feature, state, fix, fmt, ap);
	va_end(ap);
}

int tool_check_tree(struct rows_out *o, struct cg_set *set, size_t data_size)
{
	int err = cg_set_open(set, data_size);

	if (err)
		tool_check_fix(o, "cgroup2", CHECK_MISSING, cg_mount_fix(err),
			       "%s", cg_mount_cause(err));
	else
		tool_check(o, "cgroup2", CHECK_OK, "%s", set->mount);
	return err;
}

int tool_finish(struct rows_out *o, int status)
{
	int err;

	if ((status == STATUS_OK || status == STATUS_NO) && !clock_stopped())
		stage_end(o->fd);
	if (status != STATUS_FATAL && !clock_stopped())
		rows_clear_file(o);
	err = rows_close(o);
	if (err == -EPIPE || (!err && clock_reader_gone()))
		end_without_reader();
	if (err == -EINTR)
		clock_reraise();
	if (err == -ETIMEDOUT)
		die(0, "standard output was not read in time");
	if (err)
		die(err, "cannot write to standard output");
	clock_reraise();
	return status == STATUS_OK && o->file_err ? STATUS_PARTIAL : status;
}
