/*
 * fmt - how a row looks: TSV, JSON Lines, a table for people, Prometheus
 * exposition text.  Used by rows only.
 */
#ifndef FMT_H
#define FMT_H

#include "rows.h"

/* Appends one row, text[] under o->name[], to the output's buffer. */
void fmt_row(struct rows_out *o, const char *const *text);

/* Of use to each format: bytes to the buffer; what a text is. */
void fmt_put(struct rows_out *o, const char *s, size_t n);
void fmt_puts(struct rows_out *o, const char *s);
bool fmt_ends(const char *name, const char *suffix);
bool fmt_is_number(const char *s);
/* Does a column of that name tell rows of one cgroup apart (age_us, pid)? */
bool fmt_is_label(const char *name);

/*
 * The table, in table.c: rows wait in it, until table_put() lays them out.
 * Widths are those of the first rows that go out together.  A sample has a line
 * for its time above it where it has several rows, and a header before it where
 * the last is off the screen.
 */
void table_row(struct rows_out *o, const char *const *text);
void table_sample_over(struct rows_out *o);
void table_put(struct rows_out *o);
void table_free(struct rows_out *o);

/*
 * The exposition, in prom.c.  All samples of a metric must stand together, and
 * each series only once: rows are kept, a later one of the same key in the
 * place of the earlier.
 */
void prom_row(struct rows_out *o, const char *const *text);
/* The columns change: the rows kept take those of the same names along. */
void prom_columns(struct rows_out *o, const char *const *name, size_t n);
/* A sample is over: what the next does not hold is gone. */
void prom_sample_over(struct rows_out *o);
/* Before it goes out: one without a row leaves none of the sample before. */
void prom_sample_ends(struct rows_out *o);
/* All that is kept, to the buffer. */
void prom_put(struct rows_out *o);
void prom_free(struct rows_out *o);

#endif
