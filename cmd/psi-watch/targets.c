#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "tool.h"

/* ---- the table ---- */

static void free_names(char **name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
}

static void free_rows(struct target_row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free_names(row[i].cell, row[i].cells);
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

static void keep_row(struct targets *t, const struct rows_in *in,
		     const char *key)
{
	struct target_row *row;

	for (size_t i = 0; i < in->n; i++)
		column(t, in->name[i]);
	if (!(t->n_rows & (t->n_rows - 1))) /* a power of two: double */
		t->row = xrealloc(t->row, t->n_rows ? t->n_rows * 2 : 1,
				  sizeof(*t->row));
	row = &t->row[t->n_rows];
	row->key = xstrdup(key);
	row->order = t->n_rows++;
	row->cells = t->n_names;
	row->cell = xcalloc(t->n_names, sizeof(*row->cell));
	for (size_t i = 0; i < in->cells; i++)
		row->cell[column(t, in->name[i])] = xstrdup(in->cell[i]);
	for (size_t i = 0; i < row->cells; i++)
		if (!row->cell[i])
			row->cell[i] = xstrdup("-");
}

static int by_key(const void *a, const void *b)
{
	const struct target_row *x = a, *y = b;
	int c = strcmp(x->key, y->key);

	return c ? c : (x->order > y->order) - (x->order < y->order);
}

static void sort_rows(struct targets *t)
{
	size_t kept = 0;

	if (t->n_rows)
		qsort(t->row, t->n_rows, sizeof(*t->row), by_key);
	for (size_t i = 0; i < t->n_rows; i++) {
		if (i + 1 < t->n_rows &&
		    !strcmp(t->row[i].key, t->row[i + 1].key)) {
			free_names(t->row[i].cell, t->row[i].cells);
			free(t->row[i].key);
			continue;
		}
		t->row[kept++] = t->row[i];
	}
	t->n_rows = kept;
}

/* Operands and rows as the keys to expand. */
static void list_keys(struct targets *t)
{
	t->n_keys = t->n_operands + t->n_rows;
	t->key = xrealloc(t->key, t->n_keys, sizeof(*t->key));
	free(t->told);
	t->told = xcalloc(t->n_keys, sizeof(*t->told));
	for (size_t i = 0; i < t->n_operands; i++)
		t->key[i] = t->operand[i];
	for (size_t i = 0; i < t->n_rows; i++)
		t->key[t->n_operands + i] = t->row[i].key;
}

/* 0, or what rows_next() said; a bad path is passed over, and told. */
static int read_table(struct targets *t, const struct cg_set *set,
		      struct rows_in *in)
{
	char key[CG_KEY_MAX];
	int event;

	while ((event = rows_next(in)) > ROWS_END) {
		if (clock_stopped())
			return -EINTR;
		if (event != ROWS_ROW)
			continue;
		if (tool_row_key(set, in, key))
			t->lost = true;
		else
			keep_row(t, in, key);
	}
	sort_rows(t);
	t->version++;
	t->as_read = (struct rows_in){ .name = t->name, .n = t->n_names };
	t->as_read.version = t->version;
	return event;
}

static void read_stdin(struct targets *t, const struct cg_set *set)
{
	struct rows_in in;
	int err;

	rows_in_open(&in, STDIN_FILENO, NULL);
	err = read_table(t, set, &in);
	if (err == -EINTR)
		clock_reraise();
	if (err == -ETIMEDOUT)
		die(0, "standard input did not end in time: its rows are read "
		       "to the end first");
	if (err)
		tool_bad_input(&in, err);
	rows_in_close(&in);
	if (!t->n_rows && !t->n_operands)
		die(0, "no cgroup came from standard input (give / for the "
		       "whole system)");
}

/* Reads the file into an empty table; the line at fault is in->line. */
static int read_file(struct targets *t, const struct cg_set *set,
		     struct rows_in *in)
{
	int fd = open(t->file, O_RDONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &t->seen))
		memset(&t->seen, 0, sizeof(t->seen));
	rows_in_open(in, fd, NULL);
	err = read_table(t, set, in);
	close(fd);
	return err;
}

void targets_open(struct targets *t, const struct cg_set *set, char **operands,
		  size_t n, const char *file)
{
	bool from_stdin = false;
	struct rows_in in = { 0 };
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
	if (from_stdin && file)
		die(0, "'-' and --targets: two tables cannot be one");
	if (from_stdin)
		read_stdin(t, set);
	if (file) {
		int err = read_file(t, set, &in);

		if (err == -EINTR)
			clock_reraise();
		if (err && in.buf)
			tool_bad_input(&in, err);
		if (err)
			die(err, "--targets: cannot read '%s'", file);
		rows_in_close(&in);
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
				 .version = t->version };
	struct rows_in in = { 0 };
	int err = read_file(&fresh, set, &in);

	if (in.name)
		rows_in_close(&in);
	if (err) {
		warn(err, "--targets: '%s' is left as it was read before",
		     t->file);
		t->seen = fresh.seen;
		free_rows(fresh.row, fresh.n_rows);
		free_names(fresh.name, fresh.n_names);
		return;
	}
	free_rows(t->row, t->n_rows);
	free_names(t->name, t->n_names);
	free(t->key);
	free(t->told);
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
	t->inotify = fd + 1;
	return fd;
}

static void take_notices(const struct targets *t)
{
	char buf[4096];

	if (!t->inotify)
		return;
	while (read(t->inotify - 1, buf, sizeof(buf)) > 0)
		;
	watch_file(t, t->inotify - 1); /* the link may lead elsewhere now */
}

/* ---- the set ---- */

/* expand() names the first that is missing; each is told once. */
static void tell_missing(struct targets *t, struct cg_set *set)
{
	for (size_t i = 0; i < t->n_keys; i++) {
		struct cg *cg;
		bool there;

		if (cg_is_glob(t->key[i]))
			continue;
		there = !cg_set_get(set, t->key[i], &cg);
		if (!there && !t->told[i])
			warn(0, "there is no cgroup '%s'", t->key[i]);
		t->lost |= !there;
		t->told[i] = !there;
	}
}

int targets_update(struct targets *t, struct cg_set *set, bool hup)
{
	const char *missing;
	int err;

	take_notices(t);
	if (t->file && (hup || file_changed(t)))
		read_again(t, set);
	err = cg_set_expand(set, t->key, t->n_keys, t->recursive, &missing);
	if (err)
		return err;
	if (missing)
		tell_missing(t, set);
	if (set->tabs && !t->tabs)
		warn(0, "a cgroup with a TAB in its name is passed over");
	t->tabs = set->tabs;
	return 0;
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

static const struct target_row *row_of(const struct targets *t, const char *key)
{
	struct target_row want = { .key = (char *)(uintptr_t)key };
	size_t low = 0, high = t->n_rows;

	while (low < high) {
		size_t mid = (low + high) / 2;
		int c = strcmp(want.key, t->row[mid].key);

		if (!c)
			return &t->row[mid];
		if (c < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

static const struct target_row *glob_of(const struct targets *t,
					const char *key)
{
	for (size_t i = 0; i < t->n_rows; i++)
		if (cg_is_glob(t->row[i].key) &&
		    !fnmatch(t->row[i].key, key, FNM_PATHNAME | FNM_PERIOD))
			return &t->row[i];
	return NULL;
}

static const struct target_row *find_row(const struct targets *t,
					 const char *key)
{
	char up[CG_KEY_MAX];
	const struct target_row *row;

	memcpy(up, key, strlen(key) + 1);
	do {
		row = row_of(t, up);
		if (!row)
			row = glob_of(t, up);
	} while (!row && cg_parent(up));
	return row;
}

const struct rows_in *targets_row(struct targets *t, const char *key,
				  uint32_t *row, uint32_t *version)
{
	if (!t->version)
		return NULL;
	if (*version != t->version) {
		const struct target_row *found = find_row(t, key);

		*row = found ? (uint32_t)(found - t->row) + 1 : 0;
		*version = t->version;
	}
	t->as_read.cell = *row ? t->row[*row - 1].cell : NULL;
	t->as_read.cells = *row ? t->row[*row - 1].cells : 0;
	return &t->as_read;
}
