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

static void put(struct rows_out *o, const char *s, size_t n)
{
	if (o->len + n > o->room) {
		o->room = (o->len + n) * 2;
		o->buf = xrealloc(o->buf, o->room, 1);
	}
	memcpy(o->buf + o->len, s, n);
	o->len += n;
}

static void puts_out(struct rows_out *o, const char *s)
{
	put(o, s, strlen(s));
}

/* No control character reaches a terminal. */
static void put_shown(struct rows_out *o, const char *s, bool controls)
{
	char hex[TEXT_HEX];
	size_t n;

	while (*s) {
		const char *piece = text_next(&s, &n, hex, controls);

		put(o, piece, n);
	}
}

static bool ends(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n >= m && !strcmp(name + n - m, suffix);
}

/* ---- rows ---- */

static void tsv_line(struct rows_out *o, const char *const *text)
{
	for (size_t i = 0; i < o->n; i++) {
		if (i)
			put(o, "\t", 1);
		if (o->tty)
			put_shown(o, text[i], false);
		else
			puts_out(o, text[i]);
	}
	put(o, "\n", 1);
}

static void tsv_row(struct rows_out *o, const char *const *text)
{
	if (!o->declared && o->header) {
		put(o, "#", 1);
		tsv_line(o, (const char *const *)o->name);
	}
	o->declared = true;
	tsv_line(o, text);
}

/* ---- JSON Lines, RFC 8259 ---- */

/* A number as JSON takes it: what rows print as one, but not 007. */
static bool is_number(const char *s)
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

	put(o, "\"", 1);
	while (*s) {
		const char *piece = text_next(&s, &n, hex, true);

		if (*piece == '"' || *piece == '\\')
			put(o, "\\", 1);
		if ((unsigned char)*piece < 0x20) {
			snprintf(esc, sizeof(esc), "\\u%04x", (unsigned)*piece);
			puts_out(o, esc);
		} else {
			put(o, piece, n);
		}
	}
	put(o, "\"", 1);
}

static void json_row(struct rows_out *o, const char *const *text)
{
	for (size_t i = 0; i < o->n; i++) {
		puts_out(o, i ? "," : "{");
		json_string(o, o->name[i]);
		put(o, ":", 1);
		if (!strcmp(text[i], "-"))
			puts_out(o, "null");
		else if (i && is_number(text[i]))
			puts_out(o, text[i]);
		else
			json_string(o, text[i]);
	}
	puts_out(o, "}\n");
}

/* ---- table ---- */

/* The unit goes from the name to the cells: 1.50G, 250ms, 12.3%, 10:15:02. */
static const char *humane(const char *name, const char *text, char *buf,
			  size_t size)
{
	uint64_t v;
	int64_t milli;

	if (ends(name, "_bytes") || ends(name, "_bytes_per_s")) {
		bool minus = *text == '-' && text[1];

		if (num_u64(text + minus, &v))
			return text;
		buf[0] = '-';
		num_human_bytes(buf + minus, v);
		return buf;
	}
	if (ends(name, "_us") && !num_u64(text, &v))
		return num_human_us(buf, v);
	if (ends(name, "_pct") && !num_milli(text, &milli)) {
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

static void short_name(const char *name, char *buf, size_t size)
{
	static const char *const units[] = { "_bytes", "_us", "_pct" };

	snprintf(buf, size, "%s", name);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (ends(buf, units[i]))
			buf[strlen(buf) - strlen(units[i])] = '\0';
}

static bool is_word(const char *s)
{
	return strcmp(s, "-") && strcmp(s, "max") && !is_number(s);
}

static void table_cell(struct rows_out *o, size_t i, const char *s, bool left)
{
	size_t n = text_columns(s), pad;

	if (n > o->width[i])
		o->width[i] = n;
	pad = o->width[i] - n;
	if (i)
		put(o, "  ", 2);
	for (size_t k = 0; !left && k < pad; k++)
		put(o, " ", 1);
	put_shown(o, s, false);
	for (size_t k = 0; left && k < pad && i + 1 < o->n; k++)
		put(o, " ", 1);
}

/* Widths that most values fit, so that a stream's columns stand still. */
static void table_widths(struct rows_out *o, const char *const *text)
{
	o->width = xrealloc(o->width, o->n, sizeof(*o->width));
	for (size_t i = 0; i < o->n; i++) {
		o->width[i] = i ? 5 : 20;
		if (i && is_word(text[i]) &&
		    o->width[i] < text_columns(text[i]))
			o->width[i] = text_columns(text[i]);
	}
}

static void table_header(struct rows_out *o, const char *const *text)
{
	char buf[256];

	if (o->color)
		puts_out(o, "\033[1m");
	for (size_t i = 0; i < o->n; i++) {
		short_name(o->name[i], buf, sizeof(buf));
		table_cell(o, i, buf, !i || is_word(text[i]));
	}
	puts_out(o, o->color ? "\033[0m\n" : "\n");
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
	put(o, "\n", 1);
	o->lines++;
}

/*
 * ---- Prometheus text exposition 0.0.4 ----
 * All samples of a metric must stand together, so rows are kept until the
 * sample is whole: number columns become tmo_<tool>_<column>{cgroup="..."},
 * words tmo_<tool>_<column>_info{cgroup="...",<column>="..."} 1, keys of a row
 * beside its cgroup labels of all the others.
 */
struct prom {
	char **cell; /* rows of o->n cells */
	size_t rows;
};

static void prom_row(struct rows_out *o, const char *const *text)
{
	struct prom *p = o->prom ? o->prom : xcalloc(1, sizeof(*p));

	o->prom = p;
	p->cell = xrealloc(p->cell, (p->rows + 1) * o->n, sizeof(*p->cell));
	for (size_t i = 0; i < o->n; i++)
		p->cell[p->rows * o->n + i] = xstrdup(text[i]);
	p->rows++;
}

static void prom_label(struct rows_out *o, const char *name, const char *s)
{
	puts_out(o, name);
	puts_out(o, "=\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			put(o, "\\", 1);
		if (*s == '\n')
			puts_out(o, "\\n");
		else
			put(o, s, 1);
	}
	put(o, "\"", 1);
}

static bool is_value(const char *s)
{
	return is_number(s) || !strcmp(s, "max");
}

/* Several rows of a cgroup differ in these: no series may be there twice. */
static bool is_key(const char *name)
{
	static const char *const keys[] = { "age_us", "kind", "percentile_pct",
					    "node",   "pid",  "addr" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(name, keys[i]))
			return true;
	return false;
}

static void prom_keys(struct rows_out *o, char *const *row)
{
	prom_label(o, "cgroup", row[0]);
	for (size_t i = 1; i < o->n; i++)
		if (is_key(o->name[i]) && strcmp(row[i], "-")) {
			put(o, ",", 1);
			prom_label(o, o->name[i], row[i]);
		}
}

static void prom_metric(struct rows_out *o, const struct prom *p, size_t col)
{
	bool number = false, word = false;
	char name[256];

	for (size_t r = 0; r < p->rows; r++) {
		const char *s = p->cell[r * o->n + col];

		number |= is_value(s);
		word |= !is_value(s) && strcmp(s, "-");
	}
	if (!number && !word)
		return;
	snprintf(name, sizeof(name), "tmo_%s_%s%s", o->tool, o->name[col],
		 number ? "" : "_info");
	puts_out(o, "# TYPE ");
	puts_out(o, name);
	puts_out(o, ends(name, "_total_us") ? " counter\n" : " gauge\n");
	for (size_t r = 0; r < p->rows; r++) {
		const char *s = p->cell[r * o->n + col];

		if (!strcmp(s, "-") || (number && !is_value(s)))
			continue;
		puts_out(o, name);
		put(o, "{", 1);
		prom_keys(o, p->cell + r * o->n);
		if (!number) {
			put(o, ",", 1);
			prom_label(o, o->name[col], s);
		}
		puts_out(o, "} ");
		puts_out(o, !number ? "1" : is_number(s) ? s : "+Inf");
		put(o, "\n", 1);
	}
}

static void prom_finish(struct rows_out *o)
{
	struct prom *p = o->prom;

	if (!p)
		return;
	for (size_t i = 1; p->rows && i < o->n; i++)
		if (strcmp(o->name[i], "time") && !is_key(o->name[i]))
			prom_metric(o, p, i);
	for (size_t i = 0; i < p->rows * o->n; i++)
		free(p->cell[i]);
	p->rows = 0;
}

void fmt_row(struct rows_out *o, const char *const *text)
{
	static void (*const row[])(struct rows_out *, const char *const *) = {
		[ROWS_TSV] = tsv_row,
		[ROWS_JSON] = json_row,
		[ROWS_TABLE] = table_row,
		[ROWS_PROM] = prom_row,
	};

	row[o->format](o, text);
}

void fmt_finish(struct rows_out *o)
{
	if (o->format == ROWS_PROM)
		prom_finish(o);
}

void fmt_free(struct rows_out *o)
{
	struct prom *p = o->prom;

	if (p)
		free(p->cell);
	free(p);
	o->prom = NULL;
}
