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
