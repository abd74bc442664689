#include "targets.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "msg.h"
#include "period.h"
#include "rows.h"

void targets_free(struct targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->key[i]);
	free(t->key);
	free(t->row);
	free(t->by_key);
	free(t->glob);
	*t = (struct targets){ 0 };
}

/* The policy columns of the row just read. */
static int take_policy(const struct rows_in *in, struct row_input *row)
{
	int mem = rows_milli(in, rows_find(in, "mem_limit_pct"),
			     &row->mem_limit_mpct);
	int io = rows_milli(in, rows_find(in, "io_limit_pct"),
			    &row->io_limit_mpct);

	if (mem == -EINVAL || io == -EINVAL)
		return -EINVAL;
	if (rows_u64(in, rows_find(in, "floor_bytes"), &row->floor_bytes))
		return -EINVAL;
	return rows_u64(in, rows_find(in, "max_step_bytes"),
			&row->max_step_bytes);
}

static int add_row(const struct cg_set *set, const struct rows_in *in,
		   struct targets *t)
{
	char key[CG_KEY_MAX];
	int err = cg_key(set, in->cell[0], key);

	if (err)
		return err;
	t->key = xrealloc(t->key, t->n + 1, sizeof(*t->key));
	t->row = xrealloc(t->row, t->n + 1, sizeof(*t->row));
	row_input_clear(t->row + t->n);
	t->key[t->n] = xstrdup(key);
	return take_policy(in, t->row + t->n++);
}

static int by_key(const void *a, const void *b, void *arg)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	const struct targets *t = arg;
	int order = strcmp(t->key[x], t->key[y]);

	return order ? order : (x > y) - (x < y);
}

/* A table may name thousands of cgroups, and each is looked up each period. */
static void sort(struct targets *t)
{
	t->by_key = xcalloc(t->n + 1, sizeof(*t->by_key));
	t->glob = xcalloc(t->n + 1, sizeof(*t->glob));
	for (size_t i = 0; i < t->n; i++)
		if (cg_is_glob(t->key[i]))
			t->glob[t->n_globs++] = i;
		else
			t->by_key[t->n_plain++] = i;
	qsort_r(t->by_key, t->n_plain, sizeof(*t->by_key), by_key, t);
}

int targets_load(const struct cg_set *set, const char *path,
		 struct targets *out, size_t *line)
{
	struct targets t = { 0 };
	struct rows_in in;
	struct stat st;
	int event, err = 0, fd = open(path, O_RDONLY | O_CLOEXEC);

	*line = 0;
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st))
		t.changed = st.st_mtim;
	rows_in_open(&in, fd, NULL);
	while (!err && (event = rows_next(&in)) != ROWS_END)
		err = event < 0		  ? event
		      : event == ROWS_ROW ? add_row(set, &in, &t)
					  : 0;
	*line = in.line;
	rows_in_close(&in);
	close(fd);
	if (err) {
		out->changed = t.changed; /* told once */
		targets_free(&t);
		return err;
	}
	sort(&t);
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

/* The last row with that key; t->n: none. */
static size_t find_plain(const struct targets *t, const char *key)
{
	size_t from = 0, to = t->n_plain;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(t->key[t->by_key[mid]], key) <= 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (!from || strcmp(t->key[t->by_key[from - 1]], key))
		return t->n;
	return t->by_key[from - 1];
}

/* The last of both kinds. */
static size_t find(const struct targets *t, const char *key)
{
	size_t plain = find_plain(t, key);

	for (size_t i = t->n_globs; i-- > 0;) {
		if (plain < t->n && t->glob[i] < plain)
			break;
		if (!fnmatch(t->key[t->glob[i]], key, FNM_PATHNAME))
			return t->glob[i];
	}
	return plain;
}

const struct row_input *targets_find(const struct targets *t, const char *key)
{
	char level[CG_KEY_MAX];

	strncpy(level, key, sizeof(level) - 1);
	level[sizeof(level) - 1] = '\0';
	do {
		size_t i = find(t, level);

		if (i < t->n)
			return t->row + i;
	} while (cg_parent(level));
	return NULL;
}
