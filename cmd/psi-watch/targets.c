#include "targets.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "policy.h"
#include "tool.h"

/* ---- the table ---- */

static void free_rows(struct target_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		rows_free_names(row[i].cell, row[i].cells);
		free(row[i].key);
	}
	free(row);
}

/* Where a column stands in the table: new ones come in at the right. */
static size_t column(struct targets *t, const char *name)
{
	for (size_t i = 0; i < t->n_names; i++)
		if (!strcmp(t->name[i], name))
			return i;
	t->name = xrealloc(t->name, t->n_names + 1, sizeof(*t->name));
	t->name[t->n_names] = xstrdup(name);
	return t->n_names++;
}

/* Where and why a table was refused. */
struct fault {
	size_t line;
	char reason[512];
};

__attribute__((format(printf, 3, 4))) static int refuse(
	struct fault *f, const struct rows_in *in, const char *fmt, ...)
{
	va_list ap;

	f->line = in->line;
	va_start(ap, fmt);
	vsnprintf(f->reason, sizeof(f->reason), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* What policy_check_header() or policy_check_cells() says. */
static int checked(struct fault *f, const struct rows_in *in, int err)
{
	f->line = in->line;
	return err;
}

static char *cell_of(const struct rows_in *in, size_t i)
{
	char buf[64];
	const char *wanted;
	bool exact;

	if (policy_column(in->name[i], &exact) && exact &&
	    !policy_cell(in->name[i], in->cell[i], buf, sizeof(buf), &wanted))
		return xstrdup(buf);
	return xstrdup(in->cell[i]);
}

static void keep_row(struct targets *t, const struct rows_in *in,
		     const char *key)
{
	struct target_row *row;

	for (size_t i = 0; i < in->n; i++)
		column(t, in->name[i]);
	if (!(t->n_rows & (t->n_rows - 1))) /* a power of two: double */
		t->row = xrealloc(t->row, t->n_rows ? t->n_rows * 2 : 1,
				  sizeof(*t->row));
	row = &t->row[t->n_rows++];
	row->key = xstrdup(key);
	row->line = in->line;
	row->cells = t->n_names;
	row->cell = xcalloc(t->n_names, sizeof(*row->cell));
	for (size_t i = 0; i < in->cells; i++)
		row->cell[column(t, in->name[i])] = cell_of(in, i);
	for (size_t i = 0; i < row->cells; i++)
		if (!row->cell[i])
			row->cell[i] = xstrdup("-");
}

/* Operands and rows as the keys to expand. */
static void list_keys(struct targets *t)
{
	t->n_keys = t->n_operands + t->n_rows;
	t->key = xrealloc(t->key, t->n_keys, sizeof(*t->key));
	free(t->warned);
	t->warned = xcalloc(t->n_keys, sizeof(*t->warned));
	for (size_t i = 0; i < t->n_operands; i++)
		t->key[i] = t->operand[i];
	for (size_t i = 0; i < t->n_rows; i++)
		t->key[t->n_operands + i] = t->row[i].key;
	policy_rows_free(&t->rows);
	policy_rows_index(&t->rows, t->key + t->n_operands, t->n_rows);
}

/*
 * 0 or -errno, with where and why.  A path that is none is passed over once we
 * run: the row may be anybody's.
 */
static int read_rows(struct targets *t, const struct cg_set *set,
		     struct rows_in *in, struct fault *f)
{
	char key[CG_KEY_MAX];
	int event, err = 0;

	while (!err && (event = rows_next(in)) != ROWS_END) {
		size_t at = 0;

		if (clock_stopped())
			return -EINTR;
		if (event == ROWS_HEADER)
			err = checked(f, in,
				      policy_check_header(in, &at, f->reason,
							  sizeof(f->reason)));
		if (event == ROWS_ROW)
			err = checked(f, in,
				      policy_check_cells(in, &at, f->reason,
							 sizeof(f->reason)));
		if (event < 0) {
			f->line = tool_input_reason(in, event, f->reason,
						    sizeof(f->reason));
			err = event;
		}
		if (err || event != ROWS_ROW)
			continue;
		if (!cg_key(set, in->cell[0], key)) {
			keep_row(t, in, key);
			continue;
		}
		if (!t->running)
			return refuse(f, in, "'%s' is not a cgroup path",
				      in->cell[0]);
		tool_row_key(set, in, key);
		t->lost = true;
	}
	return err;
}

static int read_table(struct targets *t, const struct cg_set *set, int fd,
		      struct fault *f)
{
	struct rows_in in;
	int err;

	*f = (struct fault){ 0 };
	rows_in_open(&in, fd, NULL);
	err = read_rows(t, set, &in, f);
	rows_in_close(&in);
	t->version++;
	t->as_read = (struct rows_in){ .name = t->name, .n = t->n_names };
	t->as_read.version = t->version;
	return err;
}

/* "tab: line 3: ...", or without the parts that there are none of. */
static const char *fault_text(const struct fault *f, const char *file,
			      char *buf, size_t size)
{
	if (f->line)
		snprintf(buf, size, "%s%sline %zu: %s", file ? file : "",
			 file ? ": " : "", f->line, f->reason);
	else
		snprintf(buf, size, "cannot read '%s': %s", file ? file : "-",
			 f->reason);
	return buf;
}

static void read_stdin(struct targets *t, const struct cg_set *set)
{
	struct fault f;
	char text[1024];
	int err = read_table(t, set, STDIN_FILENO, &f);

	if (err == -EINTR)
		clock_reraise();
	if (err == -ETIMEDOUT)
		die(0, "standard input did not end in time; all rows are read "
		       "before the first sample");
	if (err)
		die(0, "%s", fault_text(&f, NULL, text, sizeof(text)));
}

/* Reads the file into an empty table; a pipe, say, but once. */
static int read_file(struct targets *t, const struct cg_set *set,
		     struct fault *f)
{
	int fd, err;

	*f = (struct fault){ 0 };
	fd = tool_open_table(t->file, t->running, &t->seen, f->reason,
			     sizeof(f->reason));
	if (fd < 0)
		return fd;
	err = read_table(t, set, fd, f);
	close(fd);
	return err;
}

void targets_open(struct targets *t, const struct cg_set *set, char **operands,
		  size_t n, const char *file)
{
	bool from_stdin = false;
	char text[1024];
	struct fault f;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(operands[i], "-"))
			from_stdin = true;
		else
			operands[kept++] = operands[i];
	}
	t->operand = tool_keys(set, operands, kept);
	t->n_operands = kept;
	t->file = file;
	t->inotify = -1;
	if (from_stdin && file)
		die(0, "'-' and --targets cannot be used together");
	if (from_stdin)
		read_stdin(t, set);
	if (from_stdin && !t->n_rows && !t->n_operands)
		die(0, "no cgroup came from standard input (give / for the "
		       "whole system)");
	if (file && read_file(t, set, &f)) {
		if (clock_stopped())
			clock_reraise();
		die(0, "--targets: %s",
		    fault_text(&f, file, text, sizeof(text)));
	}
	list_keys(t);
}

static bool file_changed(const struct targets *t)
{
	struct stat st;

	return !stat(t->file, &st) &&
	       (st.st_ino != t->seen.st_ino || st.st_size != t->seen.st_size ||
		st.st_mtim.tv_sec != t->seen.st_mtim.tv_sec ||
		st.st_mtim.tv_nsec != t->seen.st_mtim.tv_nsec);
}

/* A table that is cut or gone leaves the one before in force. */
static void read_again(struct targets *t, const struct cg_set *set)
{
	struct targets fresh = { .file = t->file,
				 .operand = t->operand,
				 .n_operands = t->n_operands,
				 .recursive = t->recursive,
				 .inotify = t->inotify,
				 .running = t->running,
				 .tabs = t->tabs,
				 .longs = t->longs,
				 .walk_err = t->walk_err,
				 .version = t->version };
	char text[1024];
	struct fault f;

	if (read_file(&fresh, set, &f)) {
		warn(0, "--targets: %s; the old table stays in force",
		     fault_text(&f, t->file, text, sizeof(text)));
		t->seen = fresh.seen;
		free_rows(fresh.row, fresh.n_rows);
		rows_free_names(fresh.name, fresh.n_names);
		return;
	}
	free_rows(t->row, t->n_rows);
	rows_free_names(t->name, t->n_names);
	free(t->key);
	free(t->warned);
	policy_rows_free(&t->rows);
	fresh.lost |= t->lost;
	*t = fresh;
	list_keys(t);
}

/*
 * The directory tells of a file that is put in place of another, the file of
 * writes where it is a symlink elsewhere.
 */
static int watch_file(const struct targets *t, int fd)
{
	char *path = xstrdup(t->file);
	int err = inotify_add_watch(fd, dirname(path),
				    IN_CLOSE_WRITE | IN_MOVED_TO) < 0
			  ? -errno
			  : 0;

	free(path);
	inotify_add_watch(fd, t->file, IN_CLOSE_WRITE);
	return err;
}

int targets_follow(struct targets *t)
{
	int fd, err;

	if (!t->file)
		return -ENOENT;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = watch_file(t, fd);
	if (err) {
		close(fd);
		return err;
	}
	t->inotify = fd;
	return fd;
}

static void take_notices(const struct targets *t)
{
	char buf[4096];

	if (t->inotify < 0)
		return;
	while (read(t->inotify, buf, sizeof(buf)) > 0)
		;
	watch_file(t, t->inotify); /* the link may lead elsewhere now */
}

/* ---- the set ---- */

/* "tab: line 3: " of the row that a key is from; "" for an operand. */
static const char *line_of(const struct targets *t, size_t i, char *buf,
			   size_t size)
{
	*buf = '\0';
	if (i >= t->n_operands)
		snprintf(buf, size, "%s%sline %zu: ", t->file ? t->file : "",
			 t->file ? ": " : "", t->row[i - t->n_operands].line);
	return buf;
}

/* Is it the key of a row that a later row has as well? */
static bool is_overruled(const struct targets *t, size_t i)
{
	return i >= t->n_operands &&
	       policy_rows_find(&t->rows, t->key[i]) != i - t->n_operands;
}

/*
 * What is named and is not there, each told once.  A file is named where a
 * shell expanded a glob: at the start that is an error.
 */
static void warn_missing(struct targets *t, struct cg_set *set)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		char line[320];
		struct cg *cg;
		int err;

		if (cg_is_glob(t->key[i]) || is_overruled(t, i))
			continue;
		err = cg_set_get(set, t->key[i], &cg);
		line_of(t, i, line, sizeof(line));
		if (err == -ENOTDIR && !t->running)
			die(0,
			    "%s'%s' is a file, not a cgroup (put globs in "
			    "quotes)",
			    line, t->key[i]);
		if (err == -ENOTDIR && !t->warned[i])
			warn(0, "%s'%s' is a file, not a cgroup", line,
			     t->key[i]);
		else if (err && !t->warned[i])
			warn(err == -ENOENT ? 0 : err,
			     "there is no cgroup '%s'", t->key[i]);
		t->lost |= err != 0;
		t->warned[i] = err != 0;
	}
}

void targets_update(struct targets *t, struct cg_set *set, bool hup)
{
	const char *missing;
	int err;

	take_notices(t);
	if (t->file && (hup || file_changed(t)))
		read_again(t, set);
	err = cg_set_expand(set, t->key, t->n_keys, t->recursive, &missing);
	if (missing)
		warn_missing(t, set);
	if (err == -ENOTDIR)
		err = 0; /* told by its name */
	if (err && !t->running)
		die(err, "cannot read the cgroup tree");
	if (err && err != t->walk_err)
		warn(err, "cannot read all of the cgroup tree");
	t->lost |= err != 0;
	t->walk_err = err;
	tool_warn_skipped(set, &t->tabs, &t->longs);
	t->running = true;
}

bool targets_over(const struct targets *t, const struct cg_set *set)
{
	if (set->n || t->file)
		return false;
	for (size_t i = 0; i < t->n_keys; i++)
		if (cg_is_glob(t->key[i]))
			return false;
	return true;
}

/* ---- a cgroup's row ---- */

const struct rows_in *targets_row(struct targets *t, const char *key,
				  uint32_t *row, uint32_t *version)
{
	if (!t->version)
		return NULL;
	if (*version != t->version) {
		size_t i = policy_rows_find(&t->rows, key);

		*row = i < t->n_rows ? (uint32_t)i + 1 : 0;
		*version = t->version;
	}
	t->as_read.cell = *row ? t->row[*row - 1].cell : NULL;
	t->as_read.cells = *row ? t->row[*row - 1].cells : 0;
	return &t->as_read;
}
