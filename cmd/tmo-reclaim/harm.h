/*
 * harm - what a program says of its own latency: the columns harm_pct and
 * harm_time of a row.  Pure functions.
 */
#ifndef HARM_H
#define HARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rows.h"

/* Where the two columns stand; < 0: there is none. */
struct harm_map {
	int pct, time;
};

/* < 0: not known, or for the time not given. */
struct harm {
	int64_t mpct, time_ms;
};

void harm_map(const struct rows_in *in, struct harm_map *m);

/*
 * The cells of the row just read.  A cell that is no number is unknown, and
 * what is wrong with it goes into doubt; else that is "".
 */
struct harm harm_read(const struct rows_in *in, const struct harm_map *m,
		      char *doubt, size_t size);

/* The same at now_ms: what was measured more than most_ms ago is unknown. */
int64_t harm_at(const struct harm *h, int64_t now_ms, int64_t most_ms);

#endif
