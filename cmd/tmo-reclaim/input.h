/* input - the cells of a row that the reclaim acts upon. */
#ifndef INPUT_H
#define INPUT_H

#include "rows.h"
#include "target.h"

/* Where the columns that we act upon stand in the input. */
struct input_map {
	int mem, io, window, swappiness, backend, swap_left, swap_write,
		verdict;
	int cold_anon, cold_file, anon, file, memory, time, got, refaulted;
	int mem_limit, io_limit, floor, max_step, age;
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
