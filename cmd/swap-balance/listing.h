/* listing - the rows of a mode that has no -o: all columns of its table. */
#ifndef LISTING_H
#define LISTING_H

#include "rows.h"

struct listing {
	const struct col *cols;
	size_t n;
	struct col_set all; /* made with the first row */
};

void listing_emit(struct listing *l, struct rows_out *out, const void *sample);

#endif
