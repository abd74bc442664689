#include "reason.h"

static const struct {
	const char *name, *help;
} reasons[REASON_COUNT] = {
	[REASON_LAW] = { "law", "the law's own step" },
	[REASON_CAP] = { "cap", "the most that the law may take in a period" },
	[REASON_COLD] = { "cold", "what is known to be cold" },
	[REASON_MAX_STEP] = { "max_step", "--max-step or max_step_bytes" },
	[REASON_SMALL] = { "small", "too little for a write: carried over" },
	[REASON_ASKED] = { "asked", "-b" },
	[REASON_MEM_PRESSURE] = { "mem_pressure", "memory pressure" },
	[REASON_IO_PRESSURE] = { "io_pressure", "IO pressure" },
	[REASON_REFAULT] = { "refault", "what was taken comes back" },
	[REASON_INTERVAL] = { "interval", "the law waits between its steps" },
	[REASON_FLOOR] = { "floor", "unreclaimable memory and headroom" },
	[REASON_PROTECTED] = { "protected", "memory.min or memory.low" },
	[REASON_ROW_FLOOR] = { "row_floor", "--floor or floor_bytes" },
	[REASON_ADAPTIVE] = { "adaptive", "the floor that refaults raised" },
	[REASON_GRACE] = { "grace", "the cgroup is new" },
	[REASON_GROWTH] = { "growth", "the cgroup has just grown" },
	[REASON_NO_EVIDENCE] = { "no_evidence",
				 "what is cold is about to be known" },
	[REASON_NESTED] = { "nested",
			    "its parent or child was just reclaimed" },
	[REASON_NO_PSI] = { "no_psi", "no pressure reading" },
	[REASON_FROZEN] = { "frozen", "frozen: pressure says nothing" },
	[REASON_EMPTY] = { "empty", "no process in it" },
	[REASON_SELF] = { "self", "tmo-reclaim itself runs in it" },
	[REASON_LOCKED] = { "locked", "another tmo-reclaim has it" },
	[REASON_RIVAL] = { "rival", "another reclaimer is at work on it" },
	[REASON_OFF] = { "off", "the kill switch is there" },
	[REASON_SUSPENDED] = { "suspended", "the machine slept" },
	[REASON_NO_SWAP] = { "no_swap", "file only: no swap, or none left" },
	[REASON_SWAP_FULL] = { "swap_full", "file only: swap is nearly full" },
	[REASON_ZSWAP_FULL] = { "zswap_full", "file only: zswap is full" },
	[REASON_ZRAM_FULL] = { "zram_full", "file only: zram is at its limit" },
	[REASON_SWAP_BUDGET] = { "swap_budget", "file only: no write budget" },
	[REASON_ROTATIONAL] = { "rotational", "file only: swap is a disk" },
	[REASON_FILE_ONLY] = { "file_only", "file only: swappiness 0" },
	[REASON_NO_SWAPPINESS] = { "no_swappiness",
				   "file only, and the kernel cannot" },
	[REASON_PARTIAL] = { "partial", "the kernel found no more" },
	[REASON_CUT_PSI] = { "cut_psi", "cut short: pressure rose" },
	[REASON_CUT_SIGNAL] = { "cut_signal", "cut short by a signal" },
	[REASON_DEADLINE] = { "deadline", "cut short: it took too long" },
	[REASON_STUCK] = { "stuck", "a write that does not return" },
	[REASON_NO_YIELD] = { "no_yield", "success, and nothing came of it" },
	[REASON_BUSY] = { "busy", "the kernel is at it already" },
	[REASON_GONE] = { "gone", "the cgroup vanished" },
	[REASON_DENIED] = { "denied", "no permission, or read-only" },
	[REASON_UNSUPPORTED] = { "unsupported", "no such interface" },
	[REASON_ERROR] = { "error", "see stderr" },
};

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

const char *reason_help(enum reason reason)
{
	return reasons[reason].help;
}
