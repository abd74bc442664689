/*
 * A table for people.  Rows wait until the sample goes out: then its widths are
 * known, and what its rows have in common is said once, on a line above them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "cg.h"
#include "fmt.h"
#include "msg.h"
#include "num.h"
#include "text.h"

enum {
	KEY_MIN = 12, /* of columns, where a screen is narrow */
	KEY_WIDTH = 20,
	WORD_LEAST = 8,
	REASON_LEAST = 13, /* a later one is not cut */
	WORD_MOST = 24,
	NUMBER_LEAST = 5,
	NAME_LEN = 256,
};

struct line {
	char **cell;
	bool begins; /* a sample */
};

struct table {
	struct line *line; /* not out yet */
	size_t n, room;
	bool open, over;  /* a sample began, ended */
	char *first_key;  /* of the sample */
	int64_t first_ms; /* and its time */
	bool grouped;	  /* time and window on a line above the rows */
	bool fix_below;	  /* of --check: the remedy has a line of its own */
	size_t *width;	  /* of each column; 0: left out */
	bool *left;	  /* it holds words */
	size_t screen;	  /* columns, or 0 */
	size_t lines;	  /* since the header */
	char **above;	  /* the last key, and those above it */
	size_t depth, above_room;
};

/* ---- cells ---- */

static bool is_word(const char *s)
{
	return strcmp(s, "-") && strcmp(s, "max") && !fmt_is_number(s);
}

static const char *humane_pct(const char *text, char *buf, size_t size)
{
	int64_t milli;
	double pct;

	if (num_milli(text, &milli))
		return text;
	pct = (double)milli / 1000;
	snprintf(buf, size, "%.*f", pct < 9.995 ? 2 : pct < 99.95 ? 1 : 0, pct);
	return buf;
}

static const char *humane_time(const char *text, char *buf, size_t size)
{
	int64_t milli;
	time_t t;
	struct tm tm;

	if (num_milli(text, &milli))
		return text;
	t = (time_t)(milli / 1000);
	if (!localtime_r(&t, &tm) || !strftime(buf, size, "%T", &tm))
		return text;
	return buf;
}

/* The unit goes from the name to the cells: 1.50G, 250ms, 10:15:02. */
static const char *humane(const char *name, const char *text, char *buf,
			  size_t size)
{
	bool minus = *text == '-' && text[1];
	uint64_t v;

	if (!strcmp(name, "time"))
		return humane_time(text, buf, size);
	if (fmt_is_number(text) && !fmt_is_label(name) &&
	    !text[strspn(text, "-0.")])
		return ".";
	if (fmt_ends(name, "_pct") || fmt_ends(name, "_pct_per_min"))
		return humane_pct(text, buf, size);
	if (num_u64(text + minus, &v))
		return text;
	buf[0] = '-';
	if (fmt_ends(name, "_bytes") || fmt_ends(name, "_bytes_per_s") ||
	    fmt_ends(name, "_bytes_per_min"))
		num_human_bytes(buf + minus, v);
	else if (fmt_ends(name, "_us"))
		num_human_us(buf + minus, v);
	else
		return text;
	return buf;
}

/* ---- names ---- */

static void replace(char *name, const char *ending, const char *by)
{
	if (fmt_ends(name, ending))
		memmove(name + strlen(name) - strlen(ending), by,
			strlen(by) + 1);
}

static void cut_out(char *name, const char *part)
{
	char *at = strstr(name, part);

	if (at && at != name)
		memmove(at, at + strlen(part), strlen(at + strlen(part)) + 1);
}

/* "mem_some_avg10_pct" is MEM10%, "swap_write_bytes_per_s" WRITE/S. */
static const char *short_name(const char *column, char *buf)
{
	static const char *const ours[][2] = {
		{ "memory_bytes", "mem" },
		{ "cold_anon_bytes", "cold_a" },
		{ "cold_file_bytes", "cold_f" },
		{ "got_anon_bytes", "anon" },
		{ "got_file_bytes", "file" },
		{ "swap_write_bytes_per_s", "write/s" },
		{ "swap_left_bytes", "left" },
		{ "balance_reason", "balance" },
		{ "reason", "why" },
	};

	snprintf(buf, NAME_LEN, "%s", column);
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		if (!strcmp(column, ours[i][0]))
			snprintf(buf, NAME_LEN, "%s", ours[i][1]);
	replace(buf, "_per_s", "/s");
	replace(buf, "_per_min", "/min");
	replace(buf, "_bytes", "");
	replace(buf, "_us", "");
	replace(buf, "_pct", "%");
	cut_out(buf, "_bytes/");
	cut_out(buf, "_some");
	cut_out(buf, "_avg");
	for (char *p = buf; *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - 'a' + 'A');
	return buf;
}

/* ---- keys ---- */

/* The last rows that this one is below; it is the last then. */
static void enter(struct table *t, const char *key)
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

static void leave_all(struct table *t)
{
	while (t->depth)
		free(t->above[--t->depth]);
}

/* Below its parent a name is the rest of the key, as far in as it is deep. */
static const char *shown_key(const struct table *t, const char *key,
			     size_t *indent)
{
	const char *top = t->depth > 1 ? t->above[t->depth - 2] : "";

	*indent = 2 * (t->depth - 1);
	if (!*top)
		return key;
	return key + strlen(top) + (top[1] != '\0');
}

/* ---- the layout ---- */

static size_t screen_size(const struct rows_out *o, bool rows)
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
	return fmt_ends(name, "_bytes") || fmt_ends(name, "_us") ||
	       fmt_ends(name, "_pct") || fmt_ends(name, "_pages") ||
	       fmt_ends(name, "_per_s") || fmt_ends(name, "_per_min") ||
	       !strcmp(name, "time");
}

/* Of features, with texts that are no names. */
static bool is_check(const struct rows_out *o)
{
	return !strcmp(o->name[0], "feature");
}

/* Of a column, in what is to be put now. */
static size_t width_of(const struct rows_out *o, size_t col, bool *word)
{
	const struct table *t = o->table;
	char buf[NAME_LEN];
	size_t most = text_columns(short_name(o->name[col], buf)), cells = 0;
	bool known = has_unit(o->name[col]);

	*word = false;
	for (size_t i = 0; i < t->n; i++) {
		const char *s = t->line[i].cell[col];

		*word |= is_word(s);
		known |= strcmp(s, "-") != 0;
		cells = larger(cells, text_columns(humane(o->name[col], s, buf,
							  sizeof(buf))));
	}
	*word |= !known;
	if (*word && t->screen && !is_check(o) && cells > WORD_MOST)
		cells = WORD_MOST;
	return larger(larger(most, cells), is_check(o)	    ? 1
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
			leave_all(t);
		enter(t, t->line[i].cell[0]);
		s = shown_key(t, t->line[i].cell[0], &indent);
		most = larger(most, indent + text_columns(s));
	}
	leave_all(t);
	return most;
}

static int column(const struct rows_out *o, const char *name)
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

	t->grouped = t->n > 1 && !t->line[1].begins && column(o, "time") > 0;
	for (size_t i = 0; t->grouped && i < 2; i++)
		if (column(o, common[i]) > 0)
			t->width[column(o, common[i])] = 0;
}

static size_t others_width(const struct rows_out *o)
{
	size_t sum = 0;

	for (size_t i = 1; i < o->n; i++)
		sum += o->table->width[i] ? o->table->width[i] + 2 : 0;
	return sum;
}

/* The last that is shown. */
static size_t last_column(const struct rows_out *o)
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
		    (pictures || i != last_column(o)))
			o->table->width[i] = 0;
}

/* The widths of all columns, for one line a row. */
static void fit(struct rows_out *o, size_t key)
{
	struct table *t = o->table;
	size_t most = larger(key, KEY_WIDTH), least = KEY_MIN;

	t->fix_below = false;
	t->width[0] = most;
	if (t->screen < KEY_MIN || others_width(o) + most <= t->screen)
		return;
	if (is_check(o)) {
		t->width[0] = key;
		t->fix_below = others_width(o) + key > t->screen;
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
	size_t last = last_column(o), sum = others_width(o) + t->width[0];

	if (t->left[last] && sum < t->screen)
		t->width[last] += t->screen - sum;
}

static void measure(struct rows_out *o)
{
	struct table *t = o->table;

	t->screen = screen_size(o, false);
	t->width = xrealloc(t->width, o->n, sizeof(*t->width));
	t->left = xrealloc(t->left, o->n, sizeof(*t->left));
	t->left[0] = true;
	for (size_t i = 1; i < o->n; i++)
		t->width[i] = width_of(o, i, &t->left[i]);
	group(o);
	fit(o, key_width(o));
	widen_last(o);
}

/* ---- to the buffer ---- */

static void put_blanks(struct rows_out *o, size_t n)
{
	while (n--)
		fmt_put(o, " ", 1);
}

/* The columns from..to of a text on a screen. */
static void put_part(struct rows_out *o, const char *s, size_t from, size_t to)
{
	char hex[TEXT_HEX];
	size_t at = 0, n;

	while (*s) {
		const char *piece = text_next(&s, &n, hex, false);

		if (at >= from && at < to)
			fmt_put(o, piece, n);
		at += piece == hex ? n : 1;
	}
}

/* A name's ends tell most of it.  Returns its columns. */
static size_t put_short(struct rows_out *o, const char *s, size_t most)
{
	size_t n = text_columns(s), head = most > 4 ? (most - 2) / 2 : most;

	if (n <= most || !o->table->screen || o->table->fix_below) {
		put_part(o, s, 0, n);
		return n;
	}
	put_part(o, s, 0, head);
	if (head < most) {
		fmt_puts(o, "..");
		put_part(o, s, n - (most - 2 - head), n);
	}
	return most;
}

/*
 * Green works, yellow waits, red cannot or is broken.  Rows are shown by
 * whatever tool ends a pipe, so that the words of all are known here;
 * tests/formats.bats holds them against the kinds that tmo-reclaim -h tells.
 */
static const char *shade(const struct rows_out *o, const char *name,
			 const char *word)
{
	static const char *const columns[] = { "reason", "balance_reason",
					       "state", "verdict" };
	static const char *const works[] = {
		"law",	   "cap",   "cold",	 "max_step", "asked",
		"partial", "small", "empty",	 "ok",	     "compressible",
		"only",	   "calm",  "sensitive",
	};
	static const char *const cannot[] = {
		"floor",     "protected",     "row_floor",  "self",
		"no_psi",    "locked",	      "off",	    "no_swap",
		"swap_full", "zswap_full",    "zram_full",  "rotational",
		"no_yield",  "no_swappiness", "stuck",	    "denied",
		"error",     "unsupported",   "missing",    "incompressible",
		"high",	     "none",	      "huge_pages", "swap_unknown",
	};
	bool any = false;

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		any |= !strcmp(name, columns[i]);
	if (!o->color || !any || !is_word(word))
		return NULL;
	for (size_t i = 0; i < sizeof(works) / sizeof(*works); i++)
		if (!strcmp(word, works[i]))
			return "\033[32m";
	for (size_t i = 0; i < sizeof(cannot) / sizeof(*cannot); i++)
		if (!strcmp(word, cannot[i]))
			return "\033[31m";
	return "\033[33m";
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
	shown = put_short(o, s, width);
	if (color)
		fmt_puts(o, "\033[0m");
	if (t->left[col] && shown < width && col < last_column(o))
		put_blanks(o, width - shown);
}

static void put_key(struct rows_out *o, const char *s, size_t indent)
{
	struct table *t = o->table;
	size_t n;

	if (t->screen && indent + KEY_MIN / 2 > t->width[0])
		indent = t->width[0] - KEY_MIN / 2;
	put_blanks(o, indent);
	n = indent + put_short(o, s, t->width[0] - indent);
	if (n < t->width[0] && last_column(o))
		put_blanks(o, t->width[0] - n);
}

static void put_header(struct rows_out *o)
{
	char buf[NAME_LEN];

	if (o->color)
		fmt_puts(o, "\033[1m");
	put_key(o, short_name(o->name[0], buf), 0);
	for (size_t i = 1; i <= last_column(o); i++)
		if (o->table->width[i])
			put_cell(o, i, short_name(o->name[i], buf), NULL);
	fmt_puts(o, o->color ? "\033[0m\n" : "\n");
	o->table->lines = 0;
}

/* "15:04:06   6.00s" */
static void put_common(struct rows_out *o, const struct line *line)
{
	int time = column(o, "time"), window = column(o, "window_us");
	char buf[64];

	put_part(o, humane("time", line->cell[time], buf, sizeof(buf)), 0,
		 sizeof(buf));
	if (window > 0 && fmt_is_number(line->cell[window])) {
		fmt_puts(o, "   ");
		fmt_puts(o, humane("window_us", line->cell[window], buf,
				   sizeof(buf)));
	}
	fmt_put(o, "\n", 1);
	o->table->lines++;
}

static void put_line(struct rows_out *o, const struct line *line)
{
	struct table *t = o->table;
	const char *fix = line->cell[o->n - 1], *s;
	char buf[64];
	size_t indent;

	enter(t, line->cell[0]);
	s = shown_key(t, line->cell[0], &indent);
	put_key(o, s, indent);
	for (size_t i = 1; i <= last_column(o); i++)
		if (t->width[i])
			put_cell(o, i,
				 humane(o->name[i], line->cell[i], buf,
					sizeof(buf)),
				 shade(o, o->name[i], line->cell[i]));
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
	size_t rows = screen_size(o, true), end = first + 1;

	while (end < t->n && !t->line[end].begins)
		end++;
	return rows < 5 || t->lines + end - first + 2 < rows;
}

static void begin_sample(struct rows_out *o, size_t first, bool header)
{
	struct table *t = o->table;

	leave_all(t);
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
			measure(o);
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
	int time = column(o, "time");
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
	int time = column(o, "time");

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
	leave_all(t);
	free(t->line);
	free(t->first_key);
	free(t->width);
	free(t->left);
	free(t->above);
	free(t);
	o->table = NULL;
}
