/*
 * Prometheus text exposition 0.0.4.  A column of numbers is a metric
 * tmo_<tool>_<column>{cgroup="..."} in base units; one of words is
 * ..._info{cgroup="...",<column>="..."} 1.  What tells rows of a cgroup apart
 * is a label of all of them.
 */
#include <ctype.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cg.h"
#include "fmt.h"
#include "msg.h"
#include "text.h"

struct prom_row {
	char *labels; /* of the key columns: no two rows have the same */
	char **cell;
	size_t cells;
	unsigned int pass;
};

struct prom {
	struct prom_row **v;
	size_t n, room;
	void *by_labels;
	unsigned int pass; /* of a filter: grows where a key comes again */
	bool over;
	bool *warned; /* of each column: its metric is another's; or NULL */
};

/* ---- names and values ---- */

/* A name of [a-z0-9_]; the same where it is one.  To be freed. */
static char *plain_name(const char *name)
{
	char *plain = xstrdup(name);

	for (char *p = plain; *p; p++)
		*p = isalnum((unsigned char)*p)
			     ? (char)tolower((unsigned char)*p)
			     : '_';
	return plain;
}

static void put_label(struct rows_out *o, const char *name, const char *s)
{
	char *plain = plain_name(name), hex[TEXT_HEX];
	size_t n;

	fmt_puts(o, !strcmp(plain, name) && isalpha((unsigned char)*name)
			    ? name
			    : "value");
	free(plain);
	fmt_puts(o, "=\"");
	while (*s) {
		const char *piece = text_next(&s, &n, hex, false);

		if (*piece == '"' || *piece == '\\')
			fmt_puts(o, "\\");
		fmt_put(o, piece, n);
	}
	fmt_puts(o, "\"");
}

static char *labels_of(struct rows_out *o, const char *const *text)
{
	size_t len = o->len;
	char *labels;

	put_label(o, o->name[0], text[0]);
	for (size_t i = 1; i < o->n; i++)
		if (fmt_is_label(o->name[i]) && strcmp(text[i], "-")) {
			fmt_puts(o, ",");
			put_label(o, o->name[i], text[i]);
		}
	fmt_put(o, "", 1);
	labels = xstrdup(o->buf + len);
	o->len = len;
	return labels;
}

static bool is_value(const char *s)
{
	return fmt_is_number(s) || !strcmp(s, "max");
}

/* Endings of columns, the base unit that they are told in, and its size. */
static const struct unit {
	const char *ending, *base;
	double size;
} units[] = {
	{ "_bytes_per_min", "_bytes_per_second", 60 },
	{ "_bytes_per_s", "_bytes_per_second", 1 },
	{ "_pct_per_min", "_ratio_per_second", 6000 },
	{ "_bytes", "_bytes", 1 },
	{ "_pages", "_pages", 1 },
	{ "_us", "_seconds", 1000000 },
	{ "_pct", "_ratio", 100 },
	{ "", "", 1 },
};

/* What a column is exposed as. */
struct metric {
	char *name; /* to be freed */
	const struct unit *unit;
	bool counter;
};

/* "cpu_some_total_us" is cpu_some_seconds_total. */
static struct metric metric_of(const struct rows_out *o, const char *column,
			       const char *suffix)
{
	struct metric m = { .unit = units };
	char *plain = plain_name(column);

	while (!fmt_ends(plain, m.unit->ending))
		m.unit++;
	plain[strlen(plain) - strlen(m.unit->ending)] = '\0';
	m.counter = !*suffix && fmt_ends(plain, "_total");
	if (m.counter)
		plain[strlen(plain) - strlen("_total")] = '\0';
	m.name = xasprintf("%s%s_%s%s%s%s",
			   strncmp(o->tool, "tmo_", 4) ? "tmo_" : "", o->tool,
			   plain, *suffix ? "" : m.unit->base,
			   m.counter ? "_total" : "", suffix);
	free(plain);
	return m;
}

static void put_value(struct rows_out *o, const char *s, const struct unit *u)
{
	char buf[64];

	if (!fmt_is_number(s)) {
		fmt_puts(o, "+Inf");
	} else if (u->size > 1) {
		snprintf(buf, sizeof(buf), "%.15g", strtod(s, NULL) / u->size);
		fmt_puts(o, buf);
	} else {
		fmt_puts(o, s);
	}
}

/* ---- the rows kept ---- */

static int by_labels(const void *a, const void *b)
{
	return strcmp(((const struct prom_row *)a)->labels,
		      ((const struct prom_row *)b)->labels);
}

static void free_cells(struct prom_row *row)
{
	for (size_t i = 0; i < row->cells; i++)
		free(row->cell[i]);
	free(row->cell);
}

static void set_cells(struct prom_row *row, const char *const *text, size_t n)
{
	free_cells(row);
	row->cell = xcalloc(n, sizeof(*row->cell));
	row->cells = n;
	for (size_t i = 0; i < n; i++)
		row->cell[i] = xstrdup(text[i]);
}

/* Those that no pass since has named. */
static void drop(struct prom *p, unsigned int pass)
{
	size_t kept = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct prom_row *row = p->v[i];

		if (row->pass >= pass) {
			p->v[kept++] = row;
			continue;
		}
		tdelete(row, &p->by_labels, by_labels);
		free_cells(row);
		free(row->labels);
		free(row);
	}
	p->n = kept;
}

static struct prom_row *add_row(struct prom *p, char *labels)
{
	struct prom_row *row = xcalloc(1, sizeof(*row));

	row->labels = labels;
	if (p->n == p->room) {
		p->room = p->room ? p->room * 2 : 32;
		p->v = xrealloc(p->v, p->room, sizeof(*p->v));
	}
	p->v[p->n++] = row;
	if (!tsearch(row, &p->by_labels, by_labels))
		die(0, "out of memory");
	return row;
}

void prom_row(struct rows_out *o, const char *const *text)
{
	struct prom *p = o->prom ? o->prom : xcalloc(1, sizeof(*p));
	struct prom_row probe = { .labels = labels_of(o, text) }, *row;
	void *node;

	o->prom = p;
	if (p->over)
		drop(p, ++p->pass);
	p->over = false;
	node = tfind(&probe, &p->by_labels, by_labels);
	row = node ? *(struct prom_row **)node : add_row(p, probe.labels);
	if (node)
		free(probe.labels);
	/* One pass of a filter may miss a row that is late, not two. */
	if (node && o->filters && row->pass == p->pass)
		drop(p, p->pass++);
	row->pass = p->pass;
	set_cells(row, text, o->n);
}

void prom_sample_ends(struct rows_out *o)
{
	if (o->prom && o->prom->over)
		drop(o->prom, ++o->prom->pass);
}

void prom_sample_over(struct rows_out *o)
{
	if (o->prom && !o->keep && !o->filters)
		o->prom->over = true;
}

static void free_prom(struct prom *p)
{
	if (!p)
		return;
	drop(p, UINT32_MAX);
	free(p->v);
	free(p->warned);
	free(p);
}

void prom_columns(struct rows_out *o, const char *const *name, size_t n)
{
	struct prom *old = o->prom;
	char **old_name = o->name;
	size_t old_n = o->n;
	const char **text = xcalloc(n, sizeof(*text));

	o->prom = NULL;
	o->name = (char **)(uintptr_t)name;
	o->n = n;
	for (size_t r = 0; old && !old->over && r < old->n; r++) {
		for (size_t i = 0; i < n; i++) {
			text[i] = "-";
			for (size_t k = 0; k < old_n; k++)
				if (!strcmp(name[i], old_name[k]))
					text[i] = old->v[r]->cell[k];
		}
		prom_row(o, text);
	}
	o->name = old_name;
	o->n = old_n;
	free(text);
	free_prom(old);
}

void prom_free(struct rows_out *o)
{
	free_prom(o->prom);
	o->prom = NULL;
}

/* ---- the exposition ---- */

/* Of cgroups alone, see put_places(). */
static const char *const place_names[] = { "outermost", "innermost" };

static bool has_places(const struct rows_out *o)
{
	return !strcmp(o->name[0], "cgroup");
}

static void put_head(struct rows_out *o, const char *name, const char *help,
		     bool counter)
{
	fmt_puts(o, "# HELP ");
	fmt_puts(o, name);
	fmt_puts(o, " ");
	fmt_puts(o, help ? help : "as it came in");
	fmt_puts(o, "\n# TYPE ");
	fmt_puts(o, name);
	fmt_puts(o, counter ? " counter\n" : " gauge\n");
}

/* Is anything known in the column, and is it a number? */
static bool has_values(const struct rows_out *o, size_t col, bool *number)
{
	bool any = false;

	*number = false;
	for (size_t r = 0; r < o->prom->n; r++) {
		const char *s = o->prom->v[r]->cell[col];

		any |= strcmp(s, "-") != 0;
		*number |= is_value(s);
	}
	return any;
}

static bool is_exposed_as(const struct rows_out *o, const char *column,
			  const char *suffix, const char *name)
{
	struct metric m = metric_of(o, column, suffix);
	bool is = !strcmp(m.name, name);

	free(m.name);
	return is;
}

static bool is_metric(const struct rows_out *o, size_t col)
{
	return strcmp(o->name[col], "time") && !fmt_is_label(o->name[col]);
}

/*
 * Column names differ; what is made of them need not.  Returns whose name it is
 * already, or NULL.  A column of which nothing is known yet may be either.
 */
static const char *name_is_of(const struct rows_out *o, size_t col,
			      const char *name)
{
	for (size_t i = 0; has_places(o) && i < 2; i++)
		if (is_exposed_as(o, place_names[i], "", name))
			return place_names[i];
	for (size_t i = 1; i < col; i++) {
		bool number, known;

		if (!is_metric(o, i))
			continue;
		known = has_values(o, i, &number);
		if (((number || !known) &&
		     is_exposed_as(o, o->name[i], "", name)) ||
		    (!number && is_exposed_as(o, o->name[i], "_info", name)))
			return o->name[i];
	}
	return NULL;
}

static void warn_left_out(struct rows_out *o, size_t col, const char *by,
			  const char *name)
{
	struct prom *p = o->prom;

	if (!p->warned)
		p->warned = xcalloc(o->n, sizeof(*p->warned));
	if (!p->warned[col] && o->metric_is_taken)
		o->metric_is_taken(o->name[col], by, name);
	p->warned[col] = true;
}

static void put_series(struct rows_out *o, size_t col, const struct metric *m,
		       bool number)
{
	put_head(o, m->name, o->help[col], m->counter);
	for (size_t r = 0; r < o->prom->n; r++) {
		const struct prom_row *row = o->prom->v[r];
		const char *s = row->cell[col];

		if (!strcmp(s, "-") || (number && !is_value(s)))
			continue;
		fmt_puts(o, m->name);
		fmt_puts(o, "{");
		fmt_puts(o, row->labels);
		if (!number) {
			fmt_puts(o, ",");
			put_label(o, o->name[col], s);
		}
		fmt_puts(o, "} ");
		if (number)
			put_value(o, s, m->unit);
		else
			fmt_puts(o, "1");
		fmt_puts(o, "\n");
	}
}

static void put_metric(struct rows_out *o, size_t col)
{
	bool number;
	struct metric m;
	const char *by;

	if (!has_values(o, col, &number))
		return;
	m = metric_of(o, o->name[col], number ? "" : "_info");
	by = name_is_of(o, col, m.name);
	if (by)
		warn_left_out(o, col, by, m.name);
	else
		put_series(o, col, &m, number);
	free(m.name);
}

/* A cgroup's place among those told, so that a sum counts nothing twice. */
struct place {
	char *key;
	bool outer, inner; /* nothing above it, nothing below it */
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->key,
		      ((const struct place *)b)->key);
}

static void *places(const struct prom *p, struct place *v, size_t *n)
{
	void *tree = NULL;

	for (size_t r = 0; r < p->n; r++) {
		struct place *new = v + *n;

		*new = (struct place){ p->v[r]->cell[0], true, true };
		if (*(struct place **)tsearch(new, &tree, by_key) == new)
			++*n;
	}
	return tree;
}

static void mark_above(void *tree, struct place *of)
{
	char *key = xstrdup(of->key);
	struct place probe = { .key = key };

	/* A key that came in may be no path, and has nothing above it then. */
	while (*key == '/' && cg_parent(key)) {
		struct place **above = tfind(&probe, &tree, by_key);

		if (above) {
			(*above)->inner = false;
			of->outer = false;
		}
	}
	free(key);
}

static void put_place(struct rows_out *o, const struct place *v, size_t n,
		      bool outer)
{
	struct metric m = metric_of(o, place_names[!outer], "");

	put_head(o, m.name,
		 outer ? "1: no row is for a cgroup above it"
		       : "1: no row is for a cgroup below it",
		 false);
	for (size_t i = 0; i < n; i++) {
		fmt_puts(o, m.name);
		fmt_puts(o, "{");
		put_label(o, "cgroup", v[i].key);
		fmt_puts(o,
			 (outer ? v[i].outer : v[i].inner) ? "} 1\n" : "} 0\n");
	}
	free(m.name);
}

static void nothing(void *node)
{
	(void)node;
}

static void put_places(struct rows_out *o)
{
	struct place *v = xcalloc(o->prom->n, sizeof(*v));
	size_t n = 0;
	void *tree = places(o->prom, v, &n);

	for (size_t i = 0; i < n; i++)
		mark_above(tree, v + i);
	put_place(o, v, n, true);
	put_place(o, v, n, false);
	tdestroy(tree, nothing);
	free(v);
}

void prom_put(struct rows_out *o)
{
	if (!o->prom || !o->prom->n)
		return;
	for (size_t i = 1; i < o->n; i++)
		if (is_metric(o, i))
			put_metric(o, i);
	if (has_places(o))
		put_places(o);
}
