/*
 * A table for people.  Rows wait until the sample goes out: then its widths are
 * known, and what its rows have in common is said once, on a line above them.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "cg.h"
#include "fmt.h"
#include "msg.h"
#include "num.h"
#include "text.h"

enum { TIME_MOST = 64 }; /* columns: what came in may be no time */

/* ---- keys ---- */

void table_enter(struct table *t, const char *key)
{
	while (t->depth && (!cg_is_below(key, t->above[t->depth - 1]) ||
			    !strcmp(key, t->above[t->depth - 1])))
		free(t->above[--t->depth]);
	if (t->depth == t->above_room) {
		t->above_room += 16;
		t->above = xrealloc(t->above, t->above_room, sizeof(*t->above));
	}
	t->above[t->depth++] = xstrdup(key);
}

void table_leave_all(struct table *t)
{
	while (t->depth)
		free(t->above[--t->depth]);
}

/* Below its parent a name is the rest of the key, as far in as it is deep. */
const char *table_key(const struct table *t, const char *key, size_t *indent)
{
	const char *top = t->depth > 1 ? t->above[t->depth - 2] : "";

	*indent = 2 * (t->depth - 1);
	if (!*top)
		return key;
	return key + strlen(top) + (top[1] != '\0');
}

/* ---- to the buffer ---- */

static void put_blanks(struct rows_out *o, size_t n)
{
	while (n--)
		fmt_put(o, " ", 1);
}

/*
 * The characters that are whole in the columns from..to of a text on a screen:
 * one in hex has four, a wide one two.  Returns the columns that they take.
 */
static size_t put_part(struct rows_out *o, const char *s, size_t from,
		       size_t to)
{
	char hex[TEXT_HEX];
	size_t at = 0, n, shown = 0;

	while (*s) {
		const char *piece = text_next(&s, &n, hex, false);
		size_t wide = text_width(piece, n);

		/* One of no width goes with the character before it. */
		bool begins = at > from || (at == from && (wide || !from));

		if (begins && at + wide <= to) {
			fmt_put(o, piece, n);
			shown += wide;
		}
		at += wide;
	}
	return shown;
}

/* A name's ends tell most of it.  Returns its columns. */
static size_t put_short(struct rows_out *o, const char *s, size_t most)
{
	size_t n = text_columns(s), head = most > 4 ? (most - 2) / 2 : most;
	size_t shown;

	if (n <= most || !o->table->screen)
		return put_part(o, s, 0, n);
	shown = put_part(o, s, 0, head);
	if (head < most) {
		fmt_puts(o, "..");
		shown += 2 + put_part(o, s, n - (most - 2 - head), n);
	}
	return shown;
}

static void put_cell(struct rows_out *o, size_t col, const char *s,
		     const char *color)
{
	const struct table *t = o->table;
	size_t n = text_columns(s), width = t->width[col], shown;

	fmt_put(o, "  ", 2);
	if (!t->left[col] && n < width)
		put_blanks(o, width - n);
	if (color)
		fmt_puts(o, color);
	shown = t->fix_below ? put_part(o, s, 0, n) : put_short(o, s, width);
	if (color)
		fmt_puts(o, "\033[0m");
	if (t->left[col] && shown < width && col < table_last_column(o))
		put_blanks(o, width - shown);
}

static void put_key(struct rows_out *o, const char *s, size_t indent)
{
	struct table *t = o->table;
	size_t n;

	if (t->screen && indent + TABLE_KEY_MIN / 2 > t->width[0])
		indent = t->width[0] - TABLE_KEY_MIN / 2;
	put_blanks(o, indent);
	n = indent + put_short(o, s, t->width[0] - indent);
	if (n < t->width[0] && table_last_column(o))
		put_blanks(o, t->width[0] - n);
}

static void put_header(struct rows_out *o)
{
	char buf[TABLE_TEXT];

	if (o->color)
		fmt_puts(o, "\033[1m");
	put_key(o, table_name(o->name[0], buf), 0);
	for (size_t i = 1; i <= table_last_column(o); i++)
		if (o->table->width[i])
			put_cell(o, i, table_name(o->name[i], buf), NULL);
	fmt_puts(o, o->color ? "\033[0m\n" : "\n");
	o->table->lines = 0;
}

/* "15:04:06   6.00s" */
static void put_common(struct rows_out *o, const struct line *line)
{
	int time = table_column(o, "time"),
	    window = table_column(o, "window_us");
	char buf[TABLE_TEXT];

	put_part(o, table_cell("time", line->cell[time], buf), 0, TIME_MOST);
	if (window > 0 && fmt_is_number(line->cell[window])) {
		fmt_puts(o, "   ");
		fmt_puts(o, table_cell("window_us", line->cell[window], buf));
	}
	fmt_put(o, "\n", 1);
	o->table->lines++;
}

static void put_line(struct rows_out *o, const struct line *line)
{
	struct table *t = o->table;
	const char *fix = line->cell[o->n - 1], *s;
	char buf[TABLE_TEXT];
	size_t indent;

	table_enter(t, line->cell[0]);
	s = table_key(t, line->cell[0], &indent);
	put_key(o, s, indent);
	for (size_t i = 1; i <= table_last_column(o); i++)
		if (t->width[i])
			put_cell(o, i,
				 table_cell(o->name[i], line->cell[i], buf),
				 table_color(o, o->name[i], line->cell[i]));
	fmt_put(o, "\n", 1);
	t->lines++;
	if (!t->fix_below || !strcmp(fix, "-"))
		return;
	fmt_puts(o, "    fix: ");
	put_part(o, fix, 0, SIZE_MAX);
	fmt_put(o, "\n", 1);
}

/* Does the sample that begins with that line fit below the last header? */
static bool has_room(const struct rows_out *o, size_t first)
{
	const struct table *t = o->table;
	size_t rows = table_screen(o, true), end = first + 1;

	while (end < t->n && !t->line[end].begins)
		end++;
	return rows < 5 || t->lines + end - first + 2 < rows;
}

static void begin_sample(struct rows_out *o, size_t first, bool header)
{
	struct table *t = o->table;

	table_leave_all(t);
	if (t->grouped)
		put_common(o, &t->line[first]);
	if (header && o->header)
		put_header(o);
}

static void free_lines(struct rows_out *o)
{
	struct table *t = o->table;

	for (size_t i = 0; i < t->n; i++)
		rows_free_names(t->line[i].cell, o->n);
	t->n = 0;
}

void table_put(struct rows_out *o)
{
	struct table *t = o->table;

	if (!t || !t->n)
		return;
	for (size_t i = 0; i < t->n; i++) {
		bool begins = t->line[i].begins || !o->declared;

		if (!o->declared)
			table_fit(o);
		if (begins)
			begin_sample(o, i, !o->declared || !has_room(o, i));
		o->declared = true;
		put_line(o, &t->line[i]);
	}
	free_lines(o);
}

/* ---- rows come in ---- */

/* Of a filter, whose input has no marks: the first key again, or a second on.
 */
static bool begins_sample(const struct rows_out *o, const char *const *text)
{
	const struct table *t = o->table;
	int time = table_column(o, "time");
	int64_t ms;

	if (!t->open || t->over)
		return true;
	if (!o->filters)
		return false;
	return !strcmp(text[0], t->first_key) ||
	       (time > 0 && !num_milli(text[time], &ms) &&
		(ms >= t->first_ms + 1000 || ms < t->first_ms));
}

void table_row(struct rows_out *o, const char *const *text)
{
	struct table *t = o->table;
	struct line *line;
	int time = table_column(o, "time");

	if (!t)
		t = o->table = xcalloc(1, sizeof(*t));
	if (t->n == t->room) {
		t->room = t->room ? t->room * 2 : 32;
		t->line = xrealloc(t->line, t->room, sizeof(*t->line));
	}
	line = &t->line[t->n];
	line->begins = begins_sample(o, text);
	line->cell = xcalloc(o->n, sizeof(*line->cell));
	for (size_t i = 0; i < o->n; i++)
		line->cell[i] = xstrdup(text[i]);
	t->n++;
	if (!line->begins)
		return;
	free(t->first_key);
	t->first_key = xstrdup(text[0]);
	t->first_ms = INT64_MAX / 2;
	if (time > 0 && num_milli(text[time], &t->first_ms))
		t->first_ms = INT64_MAX / 2;
	t->open = true;
	t->over = false;
}

void table_sample_over(struct rows_out *o)
{
	if (o->table && !o->filters)
		o->table->over = true;
}

void table_free(struct rows_out *o)
{
	struct table *t = o->table;

	if (!t)
		return;
	free_lines(o);
	table_leave_all(t);
	free(t->line);
	free(t->first_key);
	free(t->width);
	free(t->left);
	free(t->above);
	free(t);
	o->table = NULL;
}
