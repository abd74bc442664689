/*
 * table - the table for people, shared by its parts: table.c takes rows in and
 * puts lines out, tablefit.c lays the columns out, tablecell.c has what a cell
 * and a name look like, and in which colour.  The format's users include fmt.h.
 */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rows.h"

enum {
	TABLE_KEY_MIN = 12, /* columns of a key, where a screen is narrow */
	TABLE_TEXT = 256,   /* room for a name or a cell */
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

/* ---- table.c ---- */

/* The last rows that this one is below; it is the last then. */
void table_enter(struct table *t, const char *key);
void table_leave_all(struct table *t);

/* Of the key entered: what is shown of it, and how far in. */
const char *table_key(const struct table *t, const char *key, size_t *indent);

/* ---- tablefit.c ---- */

/* The widths of all columns, by the screen and the lines that wait. */
void table_fit(struct rows_out *o);

/* Rows or columns of the terminal; 0: there is none. */
size_t table_screen(const struct rows_out *o, bool rows);

/* The place of a column, or -1; the last one that is shown. */
int table_column(const struct rows_out *o, const char *name);
size_t table_last_column(const struct rows_out *o);

/* ---- tablecell.c ---- */

/* Not a number, "-" or "max". */
bool table_is_word(const char *text);

/*
 * The cell of a column as people read it: 1.50G, 250ms, 10:15:02.  Returns buf,
 * of TABLE_TEXT, or another text.
 */
const char *table_cell(const char *column, const char *text, char *buf);

/* "mem_some_avg10_pct" is MEM10%; buf, of TABLE_TEXT. */
const char *table_name(const char *column, char *buf);

/* The escape sequence of a word's kind, or NULL. */
const char *table_color(const struct rows_out *o, const char *column,
			const char *word);

#endif
