/*
 * fmt - how a row looks: TSV, JSON Lines, a table for people, Prometheus
 * exposition text.  Used by rows only.
 */
#ifndef FMT_H
#define FMT_H

#include "rows.h"

/* Appends one row, text[] under o->name[], to the output's buffer. */
void fmt_row(struct rows_out *o, const char *const *text);

/* What a format holds back until the sample is whole. */
void fmt_finish(struct rows_out *o);
void fmt_free(struct rows_out *o);

#endif
