#include "parking.h"

#include "clock.h"
#include "num.h"

const char *parking_columns(const struct policy *p)
{
	if (p->park)
		return "parked_bytes,left_bytes,reason";
	if (p->wake)
		return "woken_bytes,missing_bytes,changed_processes,elapsed_us,"
		       "reason";
	return NULL;
}

void parking(struct run *run, struct cg *cg, const struct row_input *in,
	     struct result *r)
{
	*r = (struct result){
		.key = cg->key,
		.time_ms = clock_unix_ms(),
		.memory_bytes = NUM_NONE,
		.floor_bytes = NUM_NONE,
		.reason = REASON_LAW,
	};
	if (run->policy.park)
		park(run, cg, in->swap_write, r);
	else
		wake(run, cg, r);
}
