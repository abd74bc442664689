/* input - the cells of a row that the reclaim acts upon. */
#ifndef INPUT_H
#define INPUT_H

#include "rows.h"
#include "target.h"

/* Columns that are a number each; the first two are asked for by name. */
enum { INPUT_MEM, INPUT_IO, INPUT_NUMBERS = 19 };

/* Where the columns that we act upon stand in the input; < 0: they do not. */
struct input_map {
	int number[INPUT_NUMBERS], backend, verdict;
	struct harm_map harm;
};

void input_map(const struct rows_in *in, struct input_map *m);

/*
 * Dies for a cell that is no number: no row is acted upon by halves.  Of harm
 * it is unknown, and doubt says why; else that is "".
 */
void input_read(const struct rows_in *in, const struct input_map *m,
		struct row_input *out, char *doubt, size_t size);

#endif
