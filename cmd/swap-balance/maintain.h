/*
 * maintain - a round of upkeep over all zram devices: recompress what is idle,
 * write back what has been idle for long; or write back that of some cgroups
 * alone.
 */
#ifndef MAINTAIN_H
#define MAINTAIN_H

#include "budget.h"
#include "cg.h"
#include "machine.h"
#include "rows.h"

struct maintain_cfg {
	uint64_t recompress_us; /* idle so long: recompress */
	uint64_t writeback_us;	/* idle so long: write back */
	const char *path;	/* when each was last done */
	bool write;		/* else only say what would be done */
};

/*
 * Of the members of the set, or without a set of all that is in the devices.
 * STATUS_OK, STATUS_NO when no zram is used as swap, STATUS_PARTIAL when a
 * write failed.
 */
int maintain_zram(const struct maintain_cfg *cfg, const struct machine *m,
		  const struct budget *budget, const struct cg_set *set,
		  struct rows_out *out);

/*
 * Pure: bytes that a round may write back: 5 MiB to 300 MiB, linear in how
 * full the device is, and never more than the budget has left.
 */
uint64_t maintain_round_bytes(uint64_t used_bytes, uint64_t disk_bytes,
			      uint64_t budget_bytes);

#endif
