/*
 * parking - --park and --wake: the memory of a cgroup that stands still is
 * taken out, and brought back before it goes on.
 */
#ifndef PARKING_H
#define PARKING_H

#include "run.h"

/*
 * Writes the record, then takes what the guards let it.  swap_write: of the
 * row, as swap-balance has it; NUM_NONE.
 */
void park(struct run *run, struct cg *cg, uint64_t swap_write,
	  struct result *r);

/* Brings back what the record says, and removes it once that is done. */
void wake(struct run *run, struct cg *cg, struct result *r);

/* One of the two, as the policy says; of the row its budget counts. */
void parking(struct run *run, struct cg *cg, const struct row_input *in,
	     struct result *r);

/* The columns of the mode, for -o: "parked_bytes,..."; NULL: another mode. */
const char *parking_columns(const struct policy *p);

#endif
