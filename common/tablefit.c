#include <string.h>
#include <sys/ioctl.h>

#include "fmt.h"
#include "msg.h"
#include "table.h"
#include "text.h"

enum {
	KEY_WIDTH = 20,
	WORD_LEAST = 8,
	REASON_LEAST = 13, /* a later one is not cut */
	WORD_MOST = 24,
	NUMBER_LEAST = 5,
};

size_t table_screen(const struct rows_out *o, bool rows)
{
	struct winsize ws;

	if (!o->tty || ioctl(o->fd, TIOCGWINSZ, &ws))
		return 0;
	return rows ? ws.ws_row : ws.ws_col;
}

static size_t larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

static bool has_unit(const char *name)
{
	return fmt_ends(name, "bytes") || fmt_ends(name, "_us") ||
	       fmt_ends(name, "_pct") || fmt_ends(name, "_pages") ||
	       fmt_ends(name, "_per_s") || fmt_ends(name, "_per_min") ||
	       fmt_ends(name, "_per_day") || !strcmp(name, "time");
}

/* With texts that are no names: of --check, or --account. */
static bool has_fix(const struct rows_out *o)
{
	return o->n > 1 && !strcmp(o->name[o->n - 1], "fix");
}

/* Of a column, in what is to be put now. */
static size_t width_of(const struct rows_out *o, size_t col, bool *word)
{
	const struct table *t = o->table;
	char buf[TABLE_TEXT];
	size_t most = text_columns(table_name(o->name[col], buf)), cells = 0;
	bool known = has_unit(o->name[col]);

	*word = false;
	for (size_t i = 0; i < t->n; i++) {
		const char *s = t->line[i].cell[col];

		*word |= table_is_word(s);
		known |= strcmp(s, "-") != 0;
		cells = larger(cells,
			       text_columns(table_cell(o->name[col], s, buf)));
	}
	*word |= !known;
	if (*word && t->screen && !has_fix(o) && cells > WORD_MOST)
		cells = WORD_MOST;
	return larger(larger(most, cells), has_fix(o)	    ? 1
					   : !*word	    ? NUMBER_LEAST
					   : col + 1 < o->n ? WORD_LEAST
							    : REASON_LEAST);
}

static size_t key_width(const struct rows_out *o)
{
	struct table *t = o->table;
	size_t most = 0, indent;

	for (size_t i = 0; i < t->n; i++) {
		const char *s;

		if (t->line[i].begins)
			table_leave_all(t);
		table_enter(t, t->line[i].cell[0]);
		s = table_key(t, t->line[i].cell[0], &indent);
		most = larger(most, indent + text_columns(s));
	}
	table_leave_all(t);
	return most;
}

int table_column(const struct rows_out *o, const char *name)
{
	for (size_t i = 1; i < o->n; i++)
		if (!strcmp(o->name[i], name))
			return (int)i;
	return -1;
}

/* Of several rows in a sample: what they have in common. */
static void group(struct rows_out *o)
{
	static const char *const common[] = { "time", "window_us" };
	struct table *t = o->table;

	t->grouped =
		t->n > 1 && !t->line[1].begins && table_column(o, "time") > 0;
	for (size_t i = 0; t->grouped && i < 2; i++)
		if (table_column(o, common[i]) > 0)
			t->width[table_column(o, common[i])] = 0;
}

static size_t others_width(const struct rows_out *o)
{
	size_t sum = 0;

	for (size_t i = 1; i < o->n; i++)
		sum += o->table->width[i] ? o->table->width[i] + 2 : 0;
	return sum;
}

/* The last that is shown. */
size_t table_last_column(const struct rows_out *o)
{
	size_t i = o->n - 1 - o->table->fix_below;

	while (i && !o->table->width[i])
		i--;
	return i;
}

static bool is_picture(const char *name)
{
	return !strcmp(name, "bar") || !strcmp(name, "trend");
}

/*
 * Whole columns, until the rest has room: pictures, or those of the stages
 * furthest back in the pipe.  What tells one row from another stays.
 */
static void leave_out(struct rows_out *o, bool pictures, size_t room)
{
	for (size_t i = 1; i < o->n && others_width(o) > room; i++)
		if (is_picture(o->name[i]) == pictures &&
		    !fmt_is_label(o->name[i]) && strcmp(o->name[i], "time") &&
		    (pictures || i != table_last_column(o)))
			o->table->width[i] = 0;
}

/* A cgroup's name, for what stands behind it; the remedy is below. */
static void shorten_key(struct rows_out *o)
{
	struct table *t = o->table;
	size_t others = others_width(o) - t->width[o->n - 1] - 2;
	size_t least = others + TABLE_KEY_MIN;

	if (!strcmp(o->name[0], "cgroup") && t->width[0] > TABLE_KEY_MIN &&
	    others + t->width[0] > t->screen)
		t->width[0] =
			least < t->screen ? t->screen - others : TABLE_KEY_MIN;
}

/* The widths of all columns, for one line a row. */
static void fit(struct rows_out *o, size_t key)
{
	struct table *t = o->table;
	size_t most = larger(key, KEY_WIDTH), least = TABLE_KEY_MIN;

	t->fix_below = false;
	t->width[0] = most;
	if (t->screen < TABLE_KEY_MIN || others_width(o) + most <= t->screen)
		return;
	if (has_fix(o)) {
		t->width[0] = key;
		t->fix_below = others_width(o) + key > t->screen;
		if (t->fix_below)
			shorten_key(o);
		return;
	}
	leave_out(o, true, t->screen - least);
	leave_out(o, false, t->screen - least);
	t->width[0] = least;
	if (others_width(o) + least < t->screen)
		t->width[0] = t->screen - others_width(o);
	if (t->width[0] > most)
		t->width[0] = most;
}

/* A word in the last one may be as long as the line. */
static void widen_last(struct rows_out *o)
{
	struct table *t = o->table;
	size_t last = table_last_column(o), sum = others_width(o) + t->width[0];

	if (t->left[last] && sum < t->screen)
		t->width[last] += t->screen - sum;
}

void table_fit(struct rows_out *o)
{
	struct table *t = o->table;

	t->screen = table_screen(o, false);
	t->width = xrealloc(t->width, o->n, sizeof(*t->width));
	t->left = xrealloc(t->left, o->n, sizeof(*t->left));
	t->left[0] = true;
	for (size_t i = 1; i < o->n; i++)
		t->width[i] = width_of(o, i, &t->left[i]);
	group(o);
	fit(o, key_width(o));
	widen_last(o);
}
