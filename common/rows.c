#include "rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fmt.h"
#include "io.h"
#include "msg.h"
#include "num.h"

/* Room for one more cell of n bytes, begun. */
static char *cell(struct row *r, size_t n)
{
	if (r->len + n + 1 > r->room) {
		r->room = (r->len + n + 1) * 2;
		r->buf = xrealloc(r->buf, r->room, 1);
	}
	if (r->n == r->at_room) {
		r->at_room = r->at_room ? r->at_room * 2 : 32;
		r->at = xrealloc(r->at, r->at_room, sizeof(*r->at));
	}
	r->at[r->n++] = r->len;
	return r->buf + r->len;
}

static void end_cell(struct row *r, size_t n)
{
	r->len += n;
	r->buf[r->len++] = '\0';
}

void row_reset(struct row *r)
{
	r->len = r->n = 0;
}

void row_str(struct row *r, const char *s)
{
	size_t n;

	if (!s || !*s)
		s = "-";
	n = strlen(s);
	memcpy(cell(r, n), s, n);
	end_cell(r, n);
}

void row_u64(struct row *r, uint64_t v)
{
	if (v == NUM_NONE)
		row_str(r, "-");
	else if (v == NUM_MAX)
		row_str(r, "max");
	else
		end_cell(r, num_put_u64(cell(r, NUM_LEN), v));
}

void row_i64(struct row *r, int64_t v)
{
	char *p;

	if (v >= 0) {
		row_u64(r, (uint64_t)v);
		return;
	}
	p = cell(r, NUM_LEN);
	*p = '-';
	end_cell(r, 1 + num_put_u64(p + 1, -(uint64_t)v));
}

void row_milli(struct row *r, int64_t thousandths)
{
	end_cell(r, num_put_milli(cell(r, NUM_LEN), thousandths));
}

void row_pct(struct row *r, double pct)
{
	/* Not llround(): psi-watch would load libm for it alone. */
	if (pct >= -1e15 && pct <= 1e15)
		row_milli(r, (int64_t)(pct * 1000 + (pct < 0 ? -0.5 : 0.5)));
	else
		row_none(r);
}

void row_none(struct row *r)
{
	row_str(r, "-");
}

const char *row_cell(const struct row *r, size_t i)
{
	return i < r->n ? r->buf + r->at[i] : "-";
}

void row_free(struct row *r)
{
	free(r->buf);
	free(r->at);
	memset(r, 0, sizeof(*r));
}

void row_put(struct row *r, const struct col_set *cols, const void *sample)
{
	row_reset(r);
	for (size_t i = 0; i < cols->n; i++)
		if (cols->v[i]->put)
			cols->v[i]->put(r, sample, cols->v[i]->arg);
		else
			row_none(r);
}

static const struct col *col_find(const struct col *table, size_t n,
				  const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(table[i].name, name, len) && !table[i].name[len])
			return table + i;
	return NULL;
}

/* A column of the input. */
static const struct col *col_of_input(const char *name, size_t len)
{
	struct col *col = xcalloc(1, sizeof(*col));
	char *copy = xcalloc(len + 1, 1);

	memcpy(copy, name, len);
	col->name = copy;
	return col;
}

static int select_columns(const struct col *table, size_t n, size_t n_default,
			  const char *spec, bool filter, struct col_set *out,
			  char **bad)
{
	bool more = !spec || *spec == '+';
	size_t room = n_default + (spec ? strlen(spec) / 2 + 1 : 0);

	*bad = NULL;
	out->n = 0;
	out->only = filter && !more;
	out->v = calloc(room, sizeof(*out->v));
	if (!out->v)
		return -ENOMEM;
	for (size_t i = 0; more && i < n_default; i++)
		out->v[out->n++] = table + i;
	if (!spec)
		return 0;
	for (spec += more; *spec; spec += *spec == ',') {
		size_t len = strcspn(spec, ",");
		const struct col *col = col_find(table, n, spec, len);

		if (!col && filter && len)
			col = col_of_input(spec, len);
		if (!col) {
			*bad = strndup(spec, len);
			return -ENOENT;
		}
		out->v[out->n++] = col;
		spec += len;
	}
	return 0;
}

int col_select(const struct col *table, size_t n, size_t n_default,
	       const char *spec, struct col_set *out, char **bad)
{
	return select_columns(table, n, n_default, spec, false, out, bad);
}

int col_select_filter(const struct col *table, size_t n, size_t n_default,
		      const char *spec, struct col_set *out)
{
	char *bad;
	int err = select_columns(table, n, n_default, spec, true, out, &bad);

	free(bad);
	return err;
}

int rows_format(const char *name, enum rows_format *out)
{
	static const char *const names[] = { "rows", "json", "table",
					     "prometheus" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i])) {
			*out = (enum rows_format)i;
			return 0;
		}
	return -EINVAL;
}

void rows_open(struct rows_out *o, int format, bool header, const char *tool)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	memset(o, 0, sizeof(*o));
	o->fd = STDOUT_FILENO;
	o->tty = isatty(o->fd);
	o->color = o->tty && !(no_color && *no_color) && term &&
		   strcmp(term, "dumb");
	o->format = format >= 0 ? (enum rows_format)format
		    : o->tty	? ROWS_TABLE
				: ROWS_TSV;
	o->header = header;
	o->tool = tool;
}

void rows_free_names(char **name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(name[i]);
	free(name);
}

static bool same_names(const struct rows_out *o, const char *const *name,
		       size_t n)
{
	if (o->n != n || !o->name)
		return false;
	for (size_t i = 0; i < n; i++)
		if (strcmp(o->name[i], name[i]))
			return false;
	return true;
}

static void declare(struct rows_out *o, const char *const *name, size_t n)
{
	if (same_names(o, name, n))
		return;
	table_put(o);
	prom_columns(o, name, n);
	rows_free_names(o->name, o->n);
	o->name = xcalloc(n, sizeof(*o->name));
	for (size_t i = 0; i < n; i++)
		o->name[i] = xstrdup(name[i]);
	o->n = n;
	o->declared = false;
}

static int own_index(const struct col_set *cols, const char *name)
{
	for (size_t i = 0; i < cols->n; i++)
		if (cols->v[i]->put && !strcmp(cols->v[i]->name, name))
			return (int)i;
	return -1;
}

/* The columns of the output while they are found. */
struct mapping {
	struct rows_out *o;
	const char **name, **help;
	size_t n;
};

static void map_one(struct mapping *m, const char *name, const char *help,
		    struct rows_source from)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->name[i], name))
			return;
	m->o->from[m->n] = from;
	m->help[m->n] = help;
	m->name[m->n++] = name;
}

/* A column of the input, or the tool's own of that name in its place. */
static void map_input(struct mapping *m, const struct rows_in *in, size_t i,
		      const struct col_set *cols)
{
	int own = own_index(cols, in->name[i]);

	if (own >= 0)
		map_one(m, in->name[i], cols->v[own]->help,
			(struct rows_source){ true, (size_t)own });
	else
		map_one(m, in->name[i], NULL, (struct rows_source){ false, i });
}

static void map_chosen(struct mapping *m, const struct rows_in *in,
		       const struct col_set *cols)
{
	for (size_t i = 0; i < cols->n; i++) {
		const struct col *col = cols->v[i];
		int at = in ? rows_find(in, col->name) : -1;

		if (col->put)
			map_one(m, col->name, col->help,
				(struct rows_source){ true, i });
		else if (at >= 0)
			map_input(m, in, (size_t)at, cols);
	}
}

/* Where each column of the output comes from; once a header. */
static void map_columns(struct rows_out *o, const struct rows_in *in,
			const struct col_set *cols)
{
	size_t most = (in ? in->n : 0) + cols->n;
	struct mapping m = { o, xcalloc(most, sizeof(*m.name)),
			     xcalloc(most, sizeof(*m.help)), 0 };

	o->from = xrealloc(o->from, most, sizeof(*o->from));
	o->text = xrealloc(o->text, most, sizeof(*o->text));
	for (size_t i = 0; in && i < (cols->only ? 1 : in->n); i++)
		map_input(&m, in, i, cols);
	map_chosen(&m, in, cols);
	declare(o, m.name, m.n);
	free(m.name);
	free(o->help);
	o->help = m.help;
	o->filters = in && in->flush == o;
	o->mapped = cols;
	o->version = in ? in->version : 0;
}

/* What the reader takes now; the rest waits. */
static int offer(struct rows_out *o)
{
	size_t done = 0;
	ssize_t n = 1;

	while (n > 0 && done < o->len) {
		n = io_stream_offer(o->fd, o->buf + done, o->len - done);
		if (n < 0)
			o->err = (int)n;
		else
			done += (size_t)n;
	}
	o->len -= done;
	if (done)
		memmove(o->buf, o->buf + done, o->len);
	return o->err;
}

/* The exposition whole, in the place of the last. */
static void replace_file(struct rows_out *o)
{
	size_t len = o->len;
	int err;

	prom_put(o);
	err = io_replace(o->file, o->buf + len, o->len - len, 0);
	if (err && !o->file_err && o->file_fails)
		o->file_fails(o->file, err);
	o->file_err = err;
	o->len = len;
}

void rows_clear_file(struct rows_out *o)
{
	if (!o->err && o->file && !o->prom)
		replace_file(o);
}

int rows_hand_on(struct rows_out *o)
{
	table_put(o);
	if (!o->err && o->file && o->prom)
		replace_file(o);
	if (!o->err && o->most_waiting_bytes)
		return offer(o);
	if (!o->err)
		o->err = io_stream_write(o->fd, o->buf, o->len);
	o->len = 0;
	return o->err;
}

int rows_flush(struct rows_out *o)
{
	prom_sample_ends(o);
	rows_hand_on(o);
	prom_sample_over(o);
	table_sample_over(o);
	return o->err;
}

static bool is_full(struct rows_out *o)
{
	if (!o->most_waiting_bytes || o->len < o->most_waiting_bytes)
		return false;
	rows_hand_on(o);
	return o->len >= o->most_waiting_bytes;
}

void rows_emit(struct rows_out *o, const struct rows_in *in,
	       const struct col_set *cols, const struct row *own)
{
	if (o->mapped != cols || o->version != (in ? in->version : 0))
		map_columns(o, in, cols);
	for (size_t i = 0; i < o->n; i++) {
		struct rows_source from = o->from[i];

		if (from.own)
			o->text[i] = row_cell(own, from.at);
		else
			o->text[i] =
				from.at < in->cells ? in->cell[from.at] : "-";
	}
	if (o->file || o->format == ROWS_PROM)
		prom_row(o, o->text);
	if (is_full(o))
		o->dropped++;
	else
		fmt_row(o, o->text);
}

int rows_close(struct rows_out *o)
{
	o->most_waiting_bytes = 0;
	if (o->format == ROWS_PROM && !o->file)
		prom_put(o);
	rows_hand_on(o);
	if (close(o->fd) && !o->err)
		o->err = -errno;
	table_free(o);
	prom_free(o);
	rows_free_names(o->name, o->n);
	free(o->help);
	free(o->from);
	free(o->text);
	free(o->buf);
	o->name = NULL;
	return o->err;
}
