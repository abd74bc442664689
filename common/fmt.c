#include "fmt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "msg.h"
#include "num.h"
#include "text.h"

void fmt_put(struct rows_out *o, const char *s, size_t n)
{
	if (o->len + n > o->room) {
		o->room = (o->len + n) * 2;
		o->buf = xrealloc(o->buf, o->room, 1);
	}
	memcpy(o->buf + o->len, s, n);
	o->len += n;
}

void fmt_puts(struct rows_out *o, const char *s)
{
	fmt_put(o, s, strlen(s));
}

/* No control character reaches a terminal. */
static void put_shown(struct rows_out *o, const char *s, bool controls)
{
	char hex[TEXT_HEX];
	size_t n;

	while (*s) {
		const char *piece = text_next(&s, &n, hex, controls);

		fmt_put(o, piece, n);
	}
}

bool fmt_ends(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && !strcmp(name + n - m, suffix);
}

/* ---- rows ---- */

static void tsv_line(struct rows_out *o, const char *const *text)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i)
			fmt_put(o, "\t", 1);
		if (o->tty)
			put_shown(o, text[i], false);
		else
			fmt_puts(o, text[i]);
	}
	fmt_put(o, "\n", 1);
}

static void tsv_row(struct rows_out *o, const char *const *text)
{
	if (!o->declared && o->header) {
		fmt_put(o, "#", 1);
		tsv_line(o, (const char *const *)o->name);
	}
	o->declared = true;
	tsv_line(o, text);
}

/* ---- JSON Lines, RFC 8259 ---- */

/* A number as JSON takes it: what rows print as one, but not 007. */
bool fmt_is_number(const char *s)
{
	const char *digits;

	s += *s == '-';
	digits = s;
	s += strspn(s, "0123456789");
	if (s == digits || (*digits == '0' && s > digits + 1))
		return false;
	if (*s == '.') {
		digits = ++s;
		s += strspn(s, "0123456789");
		if (s == digits)
			return false;
	}
	return !*s;
}

static void json_string(struct rows_out *o, const char *s)
{
	char hex[TEXT_HEX], esc[8];
	size_t n;

	fmt_put(o, "\"", 1);
	while (*s) {
		const char *piece = text_next(&s, &n, hex, true);

		if (*piece == '"' || *piece == '\\')
			fmt_put(o, "\\", 1);
		if ((unsigned char)*piece < 0x20) {
			snprintf(esc, sizeof(esc), "\\u%04x", (unsigned)*piece);
			fmt_puts(o, esc);
		} else {
			fmt_put(o, piece, n);
		}
	}
	fmt_put(o, "\"", 1);
}

static void json_row(struct rows_out *o, const char *const *text)
{
	for (size_t i = 0; i < o->n; i++) {
		fmt_puts(o, i ? "," : "{");
		json_string(o, o->name[i]);
		fmt_put(o, ":", 1);
		if (!strcmp(text[i], "-"))
			fmt_puts(o, "null");
		else if (i && fmt_is_number(text[i]))
			fmt_puts(o, text[i]);
		else
			json_string(o, text[i]);
	}
	fmt_puts(o, "}\n");
}

/* ---- table ---- */

/* The unit goes from the name to the cells: 1.50G, 250ms, 12.3%, 10:15:02. */
static const char *humane(const char *name, const char *text, char *buf,
			  size_t size)
{
	uint64_t v;
	int64_t milli;

	if (fmt_ends(name, "_bytes") || fmt_ends(name, "_bytes_per_s")) {
		bool minus = *text == '-' && text[1];

		if (num_u64(text + minus, &v))
			return text;
		buf[0] = '-';
		num_human_bytes(buf + minus, v);
		return buf;
	}
	if (fmt_ends(name, "_us") && !num_u64(text, &v))
		return num_human_us(buf, v);
	if (fmt_ends(name, "_pct") && !num_milli(text, &milli)) {
		snprintf(buf, size, "%.2f%%", (double)milli / 1000);
		return buf;
	}
	if (!strcmp(name, "time") && !num_milli(text, &milli)) {
		time_t t = (time_t)(milli / 1000);
		struct tm tm;

		if (localtime_r(&t, &tm) && strftime(buf, size, "%T", &tm))
			return buf;
	}
	return text;
}

static void short_name(const struct rows_out *o, const char *name, char *buf,
		       size_t size)
{
	static const char *const units[] = { "_bytes", "_us", "_pct" };
	char *avg;

	snprintf(buf, size, "%s", name);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (fmt_ends(buf, units[i]))
			buf[strlen(buf) - strlen(units[i])] = '\0';
	avg = strstr(buf, "_avg");
	if (avg && o->brief) /* mem_some10 */
		memmove(avg, avg + 4, strlen(avg + 4) + 1);
}

static bool is_word(const char *s)
{
	return strcmp(s, "-") && strcmp(s, "max") && !fmt_is_number(s);
}

enum { KEY_WIDTH = 20, WORD_WIDTH = 24 };

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

/* A name's ends tell most of it. */
static size_t put_key(struct rows_out *o, const char *s, size_t n)
{
	enum { HEAD = 7, TAIL = KEY_WIDTH - HEAD - 2 };

	if (!o->screen || n <= KEY_WIDTH) {
		put_shown(o, s, false);
		return n;
	}
	put_part(o, s, 0, HEAD);
	fmt_puts(o, "..");
	put_part(o, s, n - TAIL, n);
	return KEY_WIDTH;
}

static void table_key(struct rows_out *o, const char *s)
{
	size_t n = put_key(o, s, text_columns(s));

	if (n > o->width[0])
		o->width[0] = n;
	for (; n < o->width[0] && o->n > 1; n++)
		fmt_put(o, " ", 1);
}

static void table_cell(struct rows_out *o, size_t i, const char *s, bool left)
{
	size_t n = text_columns(s), pad;

	if (i && i <= o->left_out)
		return;
	if (!i) {
		table_key(o, s);
		return;
	}
	if (n > o->width[i])
		o->width[i] = n;
	pad = o->width[i] - n;
	fmt_put(o, "  ", 2);
	for (size_t k = 0; !left && k < pad; k++)
		fmt_put(o, " ", 1);
	put_shown(o, s, false);
	for (size_t k = 0; left && k < pad && i + 1 < o->n; k++)
		fmt_put(o, " ", 1);
}

/* On a screen; 0 elsewhere. */
static size_t screen_columns(const struct rows_out *o)
{
	struct winsize ws;

	return o->tty && !ioctl(o->fd, TIOCGWINSZ, &ws) ? ws.ws_col : 0;
}

/* Of a line, in the names that are shown. */
static size_t line_width(struct rows_out *o)
{
	size_t sum = o->width[0], n;
	char buf[256];

	for (size_t i = 1; i < o->n; i++) {
		short_name(o, o->name[i], buf, sizeof(buf));
		n = text_columns(buf);
		sum += (n > o->width[i] ? n : o->width[i]) + 2;
	}
	return sum;
}

/*
 * Leaves out what is too much for one line: whole columns, first those of the
 * stages furthest back in the pipe.
 */
static void fit(struct rows_out *o)
{
	size_t sum, n;
	char buf[256];

	o->screen = screen_columns(o);
	o->left_out = 0;
	o->brief = false;
	o->brief = o->screen && line_width(o) > o->screen;
	sum = line_width(o);
	while (o->screen && sum > o->screen && o->left_out + 2 < o->n) {
		size_t i = ++o->left_out;

		short_name(o, o->name[i], buf, sizeof(buf));
		n = text_columns(buf);
		sum -= (n > o->width[i] ? n : o->width[i]) + 2;
	}
}

/* Widths that most values fit, so that a stream's columns stand still. */
static void table_widths(struct rows_out *o, const char *const *text)
{
	o->width = xrealloc(o->width, o->n, sizeof(*o->width));
	for (size_t i = 0; i < o->n; i++) {
		o->width[i] = i ? 5 : KEY_WIDTH;
		if (i && is_word(text[i]) &&
		    o->width[i] < text_columns(text[i]))
			o->width[i] = text_columns(text[i]);
		if (i && o->width[i] > WORD_WIDTH)
			o->width[i] = WORD_WIDTH;
	}
	fit(o);
}

static void table_header(struct rows_out *o, const char *const *text)
{
	char buf[256];

	if (o->color)
		fmt_puts(o, "\033[1m");
	for (size_t i = 0; i < o->n; i++) {
		short_name(o, o->name[i], buf, sizeof(buf));
		table_cell(o, i, buf, !i || is_word(text[i]));
	}
	fmt_puts(o, o->color ? "\033[0m\n" : "\n");
	o->lines = 0;
}

/* A screenful on a terminal; once elsewhere. */
static size_t page_lines(const struct rows_out *o)
{
	struct winsize ws;

	if (!o->tty || ioctl(o->fd, TIOCGWINSZ, &ws) || ws.ws_row < 5)
		return SIZE_MAX;
	return ws.ws_row - 2u;
}

static void table_row(struct rows_out *o, const char *const *text)
{
	char buf[64];

	if (!o->declared)
		table_widths(o, text);
	if (o->header && (!o->declared || o->lines >= page_lines(o)))
		table_header(o, text);
	o->declared = true;
	for (size_t i = 0; i < o->n; i++)
		table_cell(o, i,
			   i ? humane(o->name[i], text[i], buf, sizeof(buf))
			     : text[i],
			   !i || is_word(text[i]));
	fmt_put(o, "\n", 1);
	o->lines++;
}

void fmt_row(struct rows_out *o, const char *const *text)
{
	static void (*const row[])(struct rows_out *, const char *const *) = {
		[ROWS_TSV] = tsv_row,
		[ROWS_JSON] = json_row,
		[ROWS_TABLE] = table_row,
		[ROWS_PROM] = NULL,
	};

	if (row[o->format])
		row[o->format](o, text);
}
