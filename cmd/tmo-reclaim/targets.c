#include "targets.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "num.h"
#include "policy.h"
#include "rows.h"
#include "tool.h"

void targets_free(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->key[i]);
	free(t->key);
	free(t->row);
	policy_rows_free(&t->rows);
	*t = (struct targets){ 0 };
}

/* Line 0 is the file itself. */
static int refuse(struct targets_fault *f, size_t line, const char *reason,
		  int err)
{
	char text[sizeof(f->reason)], at[32] = "";

	if (line)
		snprintf(at, sizeof(at), "line %zu: ", line);
	snprintf(text, sizeof(text), "%s%s", at, reason);
	if (f->each)
		f->each(f->arg, text);
	if (!f->found)
		memcpy(f->reason, text, sizeof(text));
	f->found = true;
	return err;
}

/* All faults of the header, or of the cells of the row, just read. */
static int check_columns(const struct rows_in *in, size_t line, bool header,
			 struct targets_fault *f)
{
	char reason[sizeof(f->reason)];
	size_t at = 0;
	bool exact;
	int err = 0;

	while (header ? policy_check_header(in, &at, reason, sizeof(reason))
		      : policy_check_cells(in, &at, reason, sizeof(reason)))
		err = refuse(f, line, reason, -EINVAL);
	for (size_t i = 1; header && i < in->n; i++) {
		if (policy_column(in->name[i], &exact))
			continue; /* one that is nearly so has been told */
		snprintf(reason, sizeof(reason),
			 "column '%s' is not a policy column", in->name[i]);
		err = refuse(f, line, reason, -EINVAL);
	}
	return err;
}

/* As a command line has it, too; what it cannot be is for the reader. */
static void read_harm(struct rows_in *in, struct targets *t,
		      struct row_input *row)
{
	struct harm_map at;
	const char *wanted;
	char buf[64], *cell, doubt[sizeof(t->doubt)];

	harm_map(in, &at);
	if (at.pct < 0 || (size_t)at.pct >= in->cells)
		return;
	cell = in->cell[at.pct];
	if (!policy_cell("harm_pct", cell, buf, sizeof(buf), &wanted))
		in->cell[at.pct] = buf;
	row->harm = harm_read(in, &at, doubt, sizeof(doubt));
	in->cell[at.pct] = cell;
	if (!*t->doubt)
		memcpy(t->doubt, doubt, sizeof(doubt));
}

/* The cells of a row that was checked. */
static void take_policy(const struct rows_in *in, struct row_input *row)
{
	const struct {
		const char *column;
		uint64_t *size;
		int64_t *mpct;
	} cells[] = {
		{ "mem_limit_pct", NULL, &row->mem_limit_mpct },
		{ "io_limit_pct", NULL, &row->io_limit_mpct },
		{ "floor_bytes", &row->floor_bytes, NULL },
		{ "max_step_bytes", &row->max_step_bytes, NULL },
	};

	row_input_clear(row);
	for (size_t i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		const char *column = cells[i].column, *wanted;
		const char *cell = rows_str(in, rows_find(in, column));
		char buf[64];

		if (!cell ||
		    policy_cell(column, cell, buf, sizeof(buf), &wanted))
			continue;
		if (cells[i].mpct)
			num_milli(buf, cells[i].mpct);
		else if (!strcmp(buf, "max"))
			*cells[i].size = NUM_MAX;
		else
			num_u64(buf, cells[i].size);
	}
}

/* A path alone that ends in a blank and a value: an editor's TAB. */
static bool lacks_tab(const struct rows_in *in)
{
	const char *word = strrchr(in->cell[0], ' '), *wanted;
	char buf[64];

	return in->cells == 1 && word &&
	       (!policy_cell("floor_bytes", word + 1, buf, sizeof(buf),
			     &wanted) ||
		!policy_cell("mem_limit_pct", word + 1, buf, sizeof(buf),
			     &wanted));
}

static int add_row(const struct cg_set *set, struct rows_in *in,
		   struct targets *t, char *reason, size_t size)
{
	char key[CG_KEY_MAX];
	int err;

	if (lacks_tab(in)) {
		snprintf(reason, size,
			 "'%s': a TAB separates columns, not a blank",
			 in->cell[0]);
		return -EINVAL;
	}
	err = cg_key(set, in->cell[0], key);
	if (err) {
		snprintf(reason, size, "'%s' is not a cgroup path",
			 in->cell[0]);
		return err;
	}
	t->key = xrealloc(t->key, t->n + 1, sizeof(*t->key));
	t->row = xrealloc(t->row, t->n + 1, sizeof(*t->row));
	t->key[t->n] = xstrdup(key);
	take_policy(in, t->row + t->n);
	read_harm(in, t, t->row + t->n++);
	return 0;
}

/* To its end, so that all faults are found: 0 or -errno. */
static int read_rows(const struct cg_set *set, int fd, struct targets *t,
		     struct targets_fault *f)
{
	struct rows_in in;
	int event, err = 0;

	rows_in_open(&in, fd, NULL);
	while ((event = rows_next(&in)) != ROWS_END) {
		char reason[sizeof(f->reason)] = "";
		size_t line = in.line;
		int bad = 0;

		if (event < 0)
			line = tool_input_reason(&in, bad = event, reason,
						 sizeof(reason));
		else if (event == ROWS_HEADER &&
			 check_columns(&in, line, true, f))
			err = -EINVAL;
		else if (event == ROWS_ROW &&
			 check_columns(&in, line, false, f))
			err = -EINVAL;
		else if (event == ROWS_ROW)
			bad = add_row(set, &in, t, reason, sizeof(reason));
		if (bad)
			err = refuse(f, line, reason, bad);
		if (event < 0 || clock_stopped())
			break;
	}
	rows_in_close(&in);
	return err;
}

int targets_load(const struct cg_set *set, const char *path,
		 struct targets *out, struct targets_fault *fault)
{
	char reason[sizeof(fault->reason)];
	struct targets t = { 0 };
	struct stat st;
	int err, fd = tool_open_table(path, out->rows.plain, &st, reason,
				      sizeof(reason));

	t.changed = st.st_mtim;
	err = fd < 0 ? refuse(fault, 0, reason, fd)
		     : read_rows(set, fd, &t, fault);
	if (fd >= 0)
		close(fd);
	if (err) {
		out->changed = t.changed; /* told once */
		targets_free(&t);
		return err;
	}
	policy_rows_index(&t.rows, t.key, t.n);
	targets_free(out);
	*out = t;
	return 0;
}

bool targets_changed(const char *path, const struct targets *t)
{
	struct stat st;

	return !stat(path, &st) &&
	       memcmp(&st.st_mtim, &t->changed, sizeof(t->changed));
}

const struct row_input *targets_find(const struct targets *t, const char *key)
{
	size_t i = policy_rows_find(&t->rows, key);

	return i < t->n ? t->row + i : NULL;
}
