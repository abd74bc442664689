#include "listing.h"

#include <errno.h>

#include "msg.h"

void listing_emit(struct listing *l, struct rows_out *out, const void *sample)
{
	struct row r = { 0 };
	char *bad;

	if (!l->all.n && col_select(l->cols, l->n, l->n, NULL, &l->all, &bad))
		die(ENOMEM, "cannot print");
	row_put(&r, &l->all, sample);
	rows_emit(out, NULL, &l->all, &r);
	row_free(&r);
}
