#include "reason.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	enum reason_kind kind;
	const char *meaning, *remedy;
} reasons[REASON_COUNT] = {
	[REASON_LAW] = { "law", REASON_WORKS,
			 "the step is the one that the law computed", "" },
	[REASON_CAP] = { "cap", REASON_WORKS,
			 "the step is the largest that the law allows", "" },
	[REASON_COLD] = { "cold", REASON_WORKS,
			  "the step takes memory that is known to be cold",
			  "" },
	[REASON_MAX_STEP] = { "max_step", REASON_WORKS,
			      "--max-step or the row's max_step_bytes limits "
			      "the step",
			      "" },
	[REASON_SMALL] = { "small", REASON_WORKS,
			   "the step is too small for a write; the next one "
			   "includes it",
			   "" },
	[REASON_OVERSHOOT] = { "overshoot", REASON_WAITS,
			       "earlier writes took too much; the next steps "
			       "are smaller",
			       "" },
	[REASON_ASKED] = { "asked", REASON_WORKS,
			   "the step is the amount that -b requests", "" },
	[REASON_WOKEN] = { "woken", REASON_WORKS,
			   "--wake has brought back the recorded pages", "" },
	[REASON_MEM_PRESSURE] = { "mem_pressure", REASON_WAITS,
				  "memory pressure is above half of its limit",
				  "raise --mem-limit if so much pressure does "
				  "no harm" },
	[REASON_IO_PRESSURE] = { "io_pressure", REASON_WAITS,
				 "IO pressure is above half of its limit",
				 "raise --io-limit if the disks are busy all "
				 "day" },
	[REASON_HARM] = { "harm", REASON_WAITS,
			  "the program's own harm_pct is above 50",
			  "check the program that writes harm_pct, and its "
			  "goal" },
	[REASON_REFAULT] = { "refault", REASON_WAITS,
			     "reclaimed pages come back", "" },
	[REASON_INTERVAL] = { "interval", REASON_WAITS,
			      "--law senpai or oomd waits for its next step",
			      "" },
	[REASON_FLOOR] = { "floor", REASON_CANNOT,
			   "the remaining memory cannot be reclaimed, or "
			   "--headroom keeps it",
			   "lower --headroom" },
	[REASON_PROTECTED] = { "protected", REASON_CANNOT,
			       "memory.min or memory.low protects the cgroup",
			       "lower them: those of the cgroup, above it and "
			       "below it" },
	[REASON_ROW_FLOOR] = { "row_floor", REASON_CANNOT,
			       "the cgroup is at --floor or at the row's "
			       "floor_bytes",
			       "lower --floor or floor_bytes" },
	[REASON_ADAPTIVE] = { "adaptive", REASON_WAITS,
			      "the cgroup is at the floor that a burst of "
			      "refaults has raised",
			      "" },
	[REASON_STALE] = { "stale", REASON_WAITS,
			   "the row is too old, or follows the last one too "
			   "soon",
			   "check that no stage buffers rows" },
	[REASON_GRACE] = { "grace", REASON_WAITS,
			   "the cgroup is newer than --grace", "" },
	[REASON_GROWTH] = { "growth", REASON_WAITS,
			    "the cgroup has grown; it is left alone for half "
			    "of --grace",
			    "" },
	[REASON_CAME_BACK] = { "came_back", REASON_WAITS,
			       "much memory came back at once; the wait grows "
			       "each time",
			       "" },
	[REASON_NESTED] = { "nested", REASON_WAITS,
			    "a cgroup above or below it is reclaimed in this "
			    "period",
			    "" },
	[REASON_NO_PSI] = { "no_psi", REASON_CANNOT,
			    "the pressure of the cgroup cannot be read",
			    "boot with psi=1; write 1 to its cgroup.pressure" },
	[REASON_FROZEN] = { "frozen", REASON_WAITS,
			    "the cgroup is frozen, so its pressure has no "
			    "meaning",
			    "" },
	[REASON_EMPTY] = { "empty", REASON_WORKS, "the cgroup has no process",
			   "" },
	[REASON_SELF] = { "self", REASON_CANNOT,
			  "tmo-reclaim itself runs in the cgroup",
			  "start tmo-reclaim in another cgroup" },
	[REASON_LOCKED] = { "locked", REASON_CANNOT,
			    "another tmo-reclaim has locked the cgroup",
			    "leave it to one of them" },
	[REASON_RIVAL] = { "rival", REASON_WAITS,
			   "another process reclaims from the cgroup or "
			   "changes memory.high",
			   "leave it to one of them" },
	[REASON_OFF] = { "off", REASON_CANNOT, "the kill switch is on",
			 "remove the file of --kill-switch, or the line in "
			 "it" },
	[REASON_SUSPENDED] = { "suspended", REASON_WAITS,
			       "the machine was suspended since the last "
			       "period",
			       "" },
	[REASON_NOT_PARKED] = { "not_parked", REASON_CANNOT,
				"--wake finds no record of the cgroup",
				"use --park first, with the same --park-dir" },
	[REASON_SUSPECT] = { "suspect", REASON_CANNOT,
			     "--ranges skips a range with this verdict",
			     "see VERDICT in cold-scan(8)" },
	[REASON_NO_SWAP] = { "no_swap", REASON_CANNOT,
			     "only file cache is taken: there is no swap, or "
			     "none left",
			     "add swap: zram, or a device behind zswap" },
	[REASON_SWAP_FULL] = { "swap_full", REASON_CANNOT,
			       "only file cache is taken: --swap-limit is "
			       "reached",
			       "add swap, or raise --swap-limit" },
	[REASON_ZSWAP_FULL] = { "zswap_full", REASON_CANNOT,
				"only file cache is taken: zswap is nearly "
				"full",
				"raise zswap's max_pool_percent, or its "
				"memory.zswap.max" },
	[REASON_ZRAM_FULL] = { "zram_full", REASON_CANNOT,
			       "only file cache is taken: zram is nearly full",
			       "raise zram's mem_limit" },
	[REASON_SWAP_BUDGET] = { "swap_budget", REASON_WAITS,
				 "the write budget stops swapping, or makes "
				 "the step smaller",
				 "raise the budget of swap-balance" },
	[REASON_SAVES_NOTHING] = { "saves_nothing", REASON_WAITS,
				   "only file cache is taken: the memory does "
				   "not compress",
				   "give it a drive to swap to" },
	[REASON_ROTATIONAL] = { "rotational", REASON_CANNOT,
				"only file cache is taken: swap is on a "
				"rotating disk",
				"use zswap or zram, or --rotational" },
	[REASON_FILE_ONLY] = { "file_only", REASON_WAITS,
			       "only file cache is taken: swappiness is 0",
			       "see balance_reason of swap-balance" },
	[REASON_NO_SWAPPINESS] = { "no_swappiness", REASON_CANNOT,
				   "only file cache may be taken, but this "
				   "kernel cannot take it alone",
				   "use Linux 6.11 or newer, or remove the "
				   "cause" },
	[REASON_PARTIAL] = { "partial", REASON_WORKS,
			     "the kernel found no more to take (EAGAIN)", "" },
	[REASON_CUT_PSI] = { "cut_psi", REASON_WAITS,
			     "the write was stopped, because its stall reached "
			     "--alarm",
			     "" },
	[REASON_CUT_SIGNAL] = { "cut_signal", REASON_WAITS,
				"the write was stopped by a signal", "" },
	[REASON_DEADLINE] = { "deadline", REASON_WAITS,
			      "the write was stopped after --deadline", "" },
	[REASON_STUCK] = { "stuck", REASON_BROKEN, "the write does not return",
			   "look for a swap device that hangs" },
	[REASON_NO_YIELD] = { "no_yield", REASON_BROKEN,
			      "three writes succeeded and took nothing",
			      "Linux 6.17 to 6.19 without CONFIG_NUMA do that: "
			      "use another kernel" },
	[REASON_BUSY] = { "busy", REASON_WAITS,
			  "the kernel already reclaims from the cgroup", "" },
	[REASON_GONE] = { "gone", REASON_WAITS, "the cgroup does not exist",
			  "" },
	[REASON_DENIED] = { "denied", REASON_BROKEN,
			    "permission is missing, or the mount is read-only",
			    "run as root, or delegate the cgroup" },
	[REASON_UNSUPPORTED] = { "unsupported", REASON_BROKEN,
				 "the kernel has no such interface",
				 "see --check" },
	[REASON_ERROR] = { "error", REASON_BROKEN, "the write failed",
			   "see standard error" },
};

const char *reason_name(enum reason reason)
{
	return reasons[reason].name;
}

enum reason_kind reason_kind(enum reason reason)
{
	return reasons[reason].kind;
}

const char *reason_kind_name(enum reason_kind kind)
{
	static const char *const names[] = { "works", "waits", "cannot",
					     "broken" };

	return names[kind];
}

const char *reason_remedy(enum reason reason)
{
	return reasons[reason].remedy;
}

int reason_find(const char *name, enum reason *out)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (!strcmp(name, reasons[i].name)) {
			*out = (enum reason)i;
			return 0;
		}
	return -EINVAL;
}

enum reason reason_of_errno(int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV:
	case ESRCH: return REASON_GONE;
	case EACCES:
	case EPERM:
	case EROFS: return REASON_DENIED;
	case EBUSY: return REASON_BUSY;
	case EINTR: return REASON_CUT_SIGNAL;
	case EINVAL:
	case ENOSYS:
	case EOPNOTSUPP: return REASON_UNSUPPORTED;
	default: return REASON_ERROR;
	}
}

bool reason_word(size_t i, struct tool_word *out)
{
	if (i >= REASON_COUNT)
		return false;
	*out = (struct tool_word){
		.name = reasons[i].name,
		.kind = reason_kind_name(reasons[i].kind),
		.meaning = reasons[i].meaning,
		.remedy = reasons[i].remedy,
	};
	return true;
}
