/* columns - what a row shows, each from struct result. */
#ifndef COLUMNS_H
#define COLUMNS_H

#include <stddef.h>

#include "rows.h"
#include "run.h"

enum { COLUMNS_DEFAULT = 10 };

extern const struct col columns[];
extern const size_t columns_n;

/* Those that the report has as well. */
void column_key(struct row *r, const void *sample, int arg);
void column_time(struct row *r, const void *sample, int arg);
/* arg: 0 for saved_bytes, 1 for offloaded_bytes. */
void column_saved(struct row *r, const void *sample, int arg);
/* arg: where in struct totals. */
void column_total(struct row *r, const void *sample, int arg);
#define TOTAL(field) column_total, (int)offsetof(struct totals, field)

#endif
