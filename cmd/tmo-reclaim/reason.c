#include "reason.h"

#include <errno.h>
#include <string.h>

static const char *const reasons[REASON_COUNT] = {
	[REASON_LAW] = "law",
	[REASON_CAP] = "cap",
	[REASON_COLD] = "cold",
	[REASON_MAX_STEP] = "max_step",
	[REASON_SMALL] = "small",
	[REASON_OVERSHOOT] = "overshoot",
	[REASON_ASKED] = "asked",
	[REASON_MEM_PRESSURE] = "mem_pressure",
	[REASON_IO_PRESSURE] = "io_pressure",
	[REASON_REFAULT] = "refault",
	[REASON_INTERVAL] = "interval",
	[REASON_FLOOR] = "floor",
	[REASON_PROTECTED] = "protected",
	[REASON_ROW_FLOOR] = "row_floor",
	[REASON_ADAPTIVE] = "adaptive",
	[REASON_STALE] = "stale",
	[REASON_GRACE] = "grace",
	[REASON_GROWTH] = "growth",
	[REASON_NO_EVIDENCE] = "no_evidence",
	[REASON_NESTED] = "nested",
	[REASON_NO_PSI] = "no_psi",
	[REASON_FROZEN] = "frozen",
	[REASON_EMPTY] = "empty",
	[REASON_SELF] = "self",
	[REASON_LOCKED] = "locked",
	[REASON_RIVAL] = "rival",
	[REASON_OFF] = "off",
	[REASON_SUSPENDED] = "suspended",
	[REASON_NO_SWAP] = "no_swap",
	[REASON_SWAP_FULL] = "swap_full",
	[REASON_ZSWAP_FULL] = "zswap_full",
	[REASON_ZRAM_FULL] = "zram_full",
	[REASON_SWAP_BUDGET] = "swap_budget",
	[REASON_SAVES_NOTHING] = "saves_nothing",
	[REASON_ROTATIONAL] = "rotational",
	[REASON_FILE_ONLY] = "file_only",
	[REASON_NO_SWAPPINESS] = "no_swappiness",
	[REASON_PARTIAL] = "partial",
	[REASON_CUT_PSI] = "cut_psi",
	[REASON_CUT_SIGNAL] = "cut_signal",
	[REASON_DEADLINE] = "deadline",
	[REASON_STUCK] = "stuck",
	[REASON_NO_YIELD] = "no_yield",
	[REASON_BUSY] = "busy",
	[REASON_GONE] = "gone",
	[REASON_DENIED] = "denied",
	[REASON_UNSUPPORTED] = "unsupported",
	[REASON_ERROR] = "error",
};

const char *reason_name(enum reason reason)
{
	return reasons[reason];
}

int reason_find(const char *name, enum reason *out)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (!strcmp(name, reasons[i])) {
			*out = (enum reason)i;
			return 0;
		}
	return -EINVAL;
}
