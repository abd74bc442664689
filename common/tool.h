/*
 * tool - what the four commands do alike from main() on: options, targets,
 * --check, and dying with the right words.  The layer above the library: it
 * reports and exits.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cg.h"
#include "rows.h"

/* An option of one tool.  key: its letter, or 256 and up for long-only. */
struct opt {
	int key;
	const char *name;
	const char *arg; /* what it takes, for -h; NULL: nothing */
	const char *help;
};

/* The options that mean the same in all four. */
struct common_opts {
	const char *cols;     /* -o */
	bool no_header;	      /* -H */
	int format;	      /* -f, -1: as the terminal says */
	uint64_t interval_us; /* -i, 0: not given */
	uint64_t count;	      /* -c, 0: no end */
	bool dry_run;	      /* -n */
	bool recursive;	      /* -r */
	int verbose;	      /* -v, -q */
	bool check;	      /* --check */
	const char *out;      /* --out */
};

/* A word that a cell of a column may hold. */
struct tool_word {
	const char *name, *kind, *meaning, *remedy; /* remedy: or "" */
};

struct tool {
	const char *purpose; /* one line for -h */
	const char *usage;   /* "[-r] [-i TIME] [CGROUP...]" */
	const char *shared;  /* letters of the common options it takes */
	const struct opt *opts;
	size_t n_opts;
	const struct col *cols; /* what -o may name, for -h */
	size_t n_cols;
	/* The words of a column, for -h: the i-th, while there are such. */
	const char *words_of;
	bool (*word)(size_t i, struct tool_word *out);
	/* Takes an option of the tool's own; dies when it is bad. */
	void (*take)(void *cfg, int key, const char *arg);
};

/*
 * Sets the program up (name, signals, stdio), parses, opens the root prefix
 * and returns the index of the first operand.  -h and -V exit here.
 */
int tool_start(const struct tool *t, int argc, char **argv,
	       struct common_opts *common, void *cfg);

/*
 * Keeps the pages of a tool that runs on in memory, as far as it may: under
 * pressure a reader that waits for its own pages reports too late.
 */
void tool_lock_memory(void);

/* Values of options: die naming the option, the text and the reason. */
uint64_t opt_u64(const char *opt, const char *arg, uint64_t min, uint64_t max);
uint64_t opt_size(const char *opt, const char *arg);
uint64_t opt_time(const char *opt, const char *arg, uint64_t min_us);
double opt_pct(const char *opt, const char *arg);

/* -o: dies for an unknown column. */
void tool_columns(const struct tool *t, size_t n_default, const char *spec,
		  struct col_set *out);

/* The same for a filter: an unknown column is expected in the input. */
void tool_filter_columns(const struct tool *t, size_t n_default,
			 const char *spec, struct col_set *out);

/* Dies where one of them is not in the input: call it for each row. */
void tool_need_columns(const struct rows_in *in, const struct col_set *cols);

/*
 * -o with these ("a,b") among the defaults where an exposition is written: what
 * a metric of a window's difference is told by beside it.
 */
const char *tool_counters(const struct common_opts *c, const char *counters);

/* rows_open() as the options say; dies where --out cannot be written. */
void tool_output(struct rows_out *o, const struct common_opts *c,
		 const char *name);

/* Opens the cgroup tree, or dies saying what is missing and the remedy. */
void tool_open_tree(struct cg_set *set, size_t data_size);

/* Dies, with what to do, where no cgroup has the memory controller. */
void tool_need_memory(const struct cg_set *set);

/* Tells once of each kind of names that walks passed over. */
void tool_warn_skipped(const struct cg_set *set, size_t *tabs, size_t *longs);

/* Operands to keys, malloc'ed; dies for a bad one. */
char **tool_keys(const struct cg_set *set, char **operands, size_t n);

/*
 * The key of a row just read, as cg_key() takes it, into key[CG_KEY_MAX]: a
 * bad one is warned of and is -EINVAL.
 */
int tool_row_key(const struct cg_set *set, const struct rows_in *in, char *key);

/*
 * state_lock(), which waits: for whom is noted, and a stop ends the process, as
 * nothing is held yet.
 */
int tool_lock(const char *path);

/* Ends the process: "cannot WHAT 'path'", and why, as state_read() has it. */
void tool_bad_state(const char *what, const char *path, int err)
	__attribute__((noreturn));

/*
 * Opens the file of --targets: a descriptor, or -errno with why in reason.  A
 * FIFO is waited for at the start, and a stop then ends the process; again,
 * what is no regular file is -EINVAL, as a pipe is read but once.  *st is the
 * file's, of stat(2) where it could not be opened, and zero where that fails.
 */
struct stat;
int tool_open_table(const char *path, bool again, struct stat *st, char *reason,
		    size_t size);

/* What an error of rows_next() means, into buf; its line, or 0 for none. */
size_t tool_input_reason(const struct rows_in *in, int err, char *buf,
			 size_t size);

/* Dies for one. */
void tool_bad_input(const struct rows_in *in, int err)
	__attribute__((noreturn));

/*
 * --check: a row "feature state detail fix", one call for each feature that the
 * tool would use.  The detail is what was found; the fix is what to do about
 * it, a command where there is one, and "-" of tool_check().  The tool ends
 * with STATUS_FATAL where one that it cannot do without is missing.
 */
enum check_state { CHECK_OK, CHECK_LIMITED, CHECK_MISSING };
void tool_check(struct rows_out *o, const char *feature, enum check_state state,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void tool_check_fix(struct rows_out *o, const char *feature,
		    enum check_state state, const char *fix, const char *fmt,
		    ...) __attribute__((format(printf, 5, 6)));

/* After a command that lasts until the next boot; a shell passes over it. */
#define CHECK_KEEP " # to keep it: man 7 tmo, SETTING UP"

/* The fix where there is no swap: which device is free, only its owner knows.
 */
#define CHECK_ADD_SWAP                                                         \
	"mkswap /dev/DEVICE && swapon /dev/DEVICE, where DEVICE is an unused " \
	"partition of an SSD; or make a swap file: man 7 tmo, SETTING UP"

/*
 * cg_set_open(), and a row "cgroup2" that tells how that went; 0 or -errno, and
 * then the set has no mount.
 */
int tool_check_tree(struct rows_out *o, struct cg_set *set, size_t data_size);

/*
 * Closes the output and returns main's status: a write error is FATAL, a
 * caught signal ends the process by that signal.
 */
int tool_finish(struct rows_out *o, int status);

#endif
