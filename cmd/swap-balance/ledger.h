/*
 * ledger - the budget's state file: a bucket for each budget of each drive,
 * and the counters of sectors that have been charged.
 */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "budget.h"
#include "drive.h"
#include "state.h"

enum {
	LEDGER_ACCOUNTS_MAX = 2 * SWAP_AREAS_MAX,
	LEDGER_COUNTER_ID = DRIVE_ID + DRIVE_PART,
};

/* One budget of one drive. */
struct account {
	char drive[DRIVE_ID], boot[STATE_BOOT];
	struct budget_cfg cfg; /* no path; no cap: of a version without it */
	struct bucket b;
	uint64_t updated_us; /* clock_mono_us(), of that boot */
	int64_t used_ms;     /* Unix time of its last run */
};

/* What has been charged of the sectors of an area, of that boot. */
struct counter {
	char id[LEDGER_COUNTER_ID], boot[STATE_BOOT];
	uint64_t sectors; /* NUM_NONE: never known yet */
	int64_t updated_ms;
	uint64_t updated_us; /* clock_mono_us(); 0: of a version without it */
	bool rebased;	     /* in this look: what it was made no sense */
};

struct ledger {
	struct account account[LEDGER_ACCOUNTS_MAX];
	struct counter counter[SWAP_AREAS_MAX];
	int accounts, counters;
};

/* 0, also for no file, or -errno; of older versions, too. */
int ledger_read(struct ledger *l, const char *path);
int ledger_write(const struct ledger *l, const char *path);

/*
 * The account of that budget of the drive.  A new one starts a quarter full, at
 * the mean rate, but with no more than the drive's last one has left, so that
 * another budget leaves no debt.  Where there is no more room it replaces the
 * one not used for longest.
 */
struct account *ledger_account(struct ledger *l, const char *drive,
			       const struct budget_cfg *cfg, const char *boot);

/* The area's counter.  A new one is not charged with what was before. */
struct counter *ledger_counter(struct ledger *l, const char *id,
			       const struct swap_area *a, const char *boot);

/* Is there more in now than may be lost by a crash? */
bool ledger_is_news(const struct ledger *now, const struct ledger *was);

bool budget_is_same(const struct budget_cfg *a, const struct budget_cfg *b);

#endif
