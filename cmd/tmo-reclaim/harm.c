#include "harm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void harm_map(const struct rows_in *in, struct harm_map *m)
{
	*m = (struct harm_map){
		.pct = rows_find(in, "harm_pct"),
		.time = rows_find(in, "harm_time"),
	};
}

/* One of the cells, in thousandths: 0; -ENOENT where it is "-"; -EINVAL. */
static int cell(const struct rows_in *in, int i, int64_t *out, char *doubt,
		size_t size)
{
	int err = rows_milli(in, i, out);

	if (err == -ENOENT || (!err && *out >= 0))
		return err;
	snprintf(
		doubt, size,
		"line %zu: column %s: '%s' is not a number from 0 up: the harm "
		"is unknown",
		in->line, in->name[i], in->cell[i]);
	return -EINVAL;
}

struct harm harm_read(const struct rows_in *in, const struct harm_map *m,
		      char *doubt, size_t size)
{
	struct harm none = { -1, -1 }, h = none;

	*doubt = '\0';
	if (cell(in, m->pct, &h.mpct, doubt, size))
		return none;
	/* When it was measured is not known. */
	if (m->time >= 0 && cell(in, m->time, &h.time_ms, doubt, size))
		return none;
	return h;
}

int64_t harm_at(const struct harm *h, int64_t now_ms, int64_t most_ms)
{
	/* A time to come is none of this clock's. */
	if (h->time_ms >= 0 && llabs(now_ms - h->time_ms) > most_ms)
		return -1;
	return h->mpct;
}
