#include "fmt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "msg.h"
#include "text.h"

/* Of every cell: with a known length it is a store or two. */
inline void fmt_put(struct rows_out *o, const char *s, size_t n)
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

/* Several rows of a cgroup, or of a drive, differ in these. */
bool fmt_is_label(const char *name)
{
	static const char *const labels[] = {
		"action",
		"addr",
		"age_us",
		"cause",
		"destination",
		"file",
		"kind",
		"node",
		"percentile_pct",
		"pid",
		"rate_bytes_per_s",
		"resource",
		"size_bytes",
		"threshold_us",
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(*labels); i++)
		if (!strcmp(name, labels[i]))
			return true;
	return false;
}

/* ---- rows ---- */

static void tsv_line(struct rows_out *o, const char *const *text)
{
	for (size_t i = 0; i < o->n; i++) {
		if (o->tty)
			put_shown(o, text[i], false);
		else
			fmt_puts(o, text[i]);
		fmt_put(o, i + 1 < o->n ? "\t" : "\n", 1);
	}
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
