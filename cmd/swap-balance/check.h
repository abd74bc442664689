/* check - the preflight: what this machine offers, with the remedies. */
#ifndef CHECK_H
#define CHECK_H

#include "cg.h"
#include "machine.h"
#include "rows.h"

/* Prints a row a feature; STATUS_FATAL where a needed one is missing. */
int check_all(struct rows_out *out, const struct cg_set *set,
	      const struct machine *m, const char *state_path);

#endif
