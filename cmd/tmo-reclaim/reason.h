/*
 * reason - which rule set the step of a row: a word for each, so that no
 * decision is without its cause, and all that is said of it in one table.  In
 * which order the rules are asked, and in which file each is: above decide(),
 * decide.h.
 */
#ifndef REASON_H
#define REASON_H

#include <stdbool.h>
#include <stddef.h>

#include "tool.h"

enum reason {
	/* The law, by what bounded it. */
	REASON_LAW,
	REASON_CAP,
	REASON_COLD,
	REASON_MAX_STEP,
	REASON_SMALL,
	REASON_OVERSHOOT,
	REASON_ASKED,
	REASON_WOKEN,
	/* Harm. */
	REASON_MEM_PRESSURE,
	REASON_IO_PRESSURE,
	REASON_HARM,
	REASON_REFAULT,
	REASON_INTERVAL,
	/* Floors. */
	REASON_FLOOR,
	REASON_PROTECTED,
	REASON_ROW_FLOOR,
	REASON_ADAPTIVE,
	/* Held back for now. */
	REASON_STALE,
	REASON_GRACE,
	REASON_GROWTH,
	REASON_CAME_BACK,
	REASON_NESTED,
	REASON_NO_PSI,
	REASON_FROZEN,
	REASON_EMPTY,
	REASON_SELF,
	REASON_LOCKED,
	REASON_RIVAL,
	REASON_OFF,
	REASON_SUSPENDED,
	REASON_NOT_PARKED,
	REASON_SUSPECT,
	/* Nothing but file cache, by what forbids swap. */
	REASON_NO_SWAP,
	REASON_SWAP_FULL,
	REASON_ZSWAP_FULL,
	REASON_ZRAM_FULL,
	REASON_SWAP_BUDGET,
	REASON_SAVES_NOTHING,
	REASON_ROTATIONAL,
	REASON_FILE_ONLY,
	REASON_NO_SWAPPINESS,
	/* What became of the write. */
	REASON_PARTIAL,
	REASON_CUT_PSI,
	REASON_CUT_SIGNAL,
	REASON_DEADLINE,
	REASON_STUCK,
	REASON_NO_YIELD,
	REASON_BUSY,
	REASON_GONE,
	REASON_DENIED,
	REASON_UNSUPPORTED,
	REASON_ERROR,
	REASON_COUNT
};

enum reason_kind {
	REASON_WORKS,  /* as it should */
	REASON_WAITS,  /* and goes on by itself */
	REASON_CANNOT, /* as it is set up: somebody else can change that */
	REASON_BROKEN,
};

/* The whole of it: name, kind, meaning, remedy; "" where none is called for. */
const char *reason_name(enum reason reason);
enum reason_kind reason_kind(enum reason reason);
const char *reason_kind_name(enum reason_kind kind);
const char *reason_remedy(enum reason reason);
int reason_find(const char *name, enum reason *out); /* 0 or -EINVAL */

/* Of -errno, by a file of a cgroup or a process, or advice to one. */
enum reason reason_of_errno(int err);

/* For -h: see tool.h. */
bool reason_word(size_t i, struct tool_word *out);

#endif
