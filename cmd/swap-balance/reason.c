#include "reason.h"

const char *reason_word(enum reason reason)
{
	static const char *const words[] = {
		[REASON_LEARNING] = "learning",
		[REASON_QUIET] = "quiet",
		[REASON_FILE_REFAULTS] = "file_refaults",
		[REASON_SWAPINS] = "swapins",
		[REASON_BALANCED] = "balanced",
		[REASON_HELD] = "held",
		[REASON_INACCURATE] = "inaccurate",
		[REASON_PRESSURE] = "pressure",
		[REASON_BUDGET] = "budget",
		[REASON_ROTATIONAL] = "rotational",
		[REASON_INCOMPRESSIBLE] = "incompressible",
		[REASON_SWAP_FAIL] = "swap_fail",
		[REASON_SWAP_MAX] = "swap_max",
		[REASON_SWAP_FULL] = "swap_full",
		[REASON_ZRAM_FULL] = "zram_full",
		[REASON_SWAP_UNKNOWN] = "swap_unknown",
		[REASON_NO_SWAP] = "no_swap",
		[REASON_UNKNOWN_KERNEL] = "unknown_kernel",
		[REASON_UNREADABLE] = "unreadable",
		[REASON_NO_CONTROLLER] = "no_controller",
		[REASON_GONE] = "gone",
		[REASON_COMPRESSIBLE] = "compressible",
		[REASON_SENSITIVE] = "sensitive",
		[REASON_ONLY] = "only",
		[REASON_HUGE_PAGES] = "huge_pages",
	};

	return words[reason];
}
