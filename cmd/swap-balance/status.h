/* status - the buckets of the write budgets, a row each. */
#ifndef STATUS_H
#define STATUS_H

#include "budget.h"
#include "rows.h"

/* STATUS_OK, or STATUS_NO where no budget is kept; dies for a bad state. */
int status_show(const struct budget_cfg *cfg, const struct machine *m,
		struct rows_out *out);

#endif
