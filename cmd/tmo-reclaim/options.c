#include "options.h"

#include <string.h>

#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"

enum {
	OPT_LAW = 256,
	OPT_MEM_LIMIT,
	OPT_IO_LIMIT,
	OPT_RATIO,
	OPT_HEADROOM,
	OPT_FLOOR,
	OPT_MAX_STEP,
	OPT_CHUNK,
	OPT_DEADLINE,
	OPT_ALARM,
	OPT_GRACE,
	OPT_SWAP_LIMIT,
	OPT_ROTATIONAL,
	OPT_KILL_SWITCH,
	OPT_TARGETS,
	OPT_HIGH,
	OPT_NODE,
	OPT_RANGES,
	OPT_REPORT,
	OPT_WAIT,
	OPT_RECORD,
	OPT_LOG,
	OPT_PARK,
	OPT_WAKE,
	OPT_PARK_DIR,
	OPT_WITHIN,
};

const struct opt options[] = {
	{ 'b', "bytes", "SIZE|PCT", "reclaim this much once, and exit" },
	{ OPT_LAW, "law", "LAW", "default, paper, senpai or oomd" },
	{ OPT_MEM_LIMIT, "mem-limit", "PCT",
	  "memory pressure at which nothing is reclaimed (0.1%)" },
	{ OPT_IO_LIMIT, "io-limit", "PCT",
	  "IO pressure at which nothing is reclaimed (1%)" },
	{ OPT_RATIO, "ratio", "PCT",
	  "share of the base that a period reclaims (0.05%)" },
	{ OPT_HEADROOM, "headroom", "SIZE",
	  "reclaimable memory to leave (a tenth, up to 100M)" },
	{ OPT_FLOOR, "floor", "SIZE", "never reduce a cgroup below SIZE (0)" },
	{ OPT_MAX_STEP, "max-step", "SIZE",
	  "largest amount to reclaim in a period (none)" },
	{ OPT_CHUNK, "chunk", "SIZE",
	  "largest amount to request in one write (4M)" },
	{ OPT_DEADLINE, "deadline", "TIME",
	  "stop the writes to a cgroup after TIME (1s)" },
	{ OPT_ALARM, "alarm", "TIME",
	  "stop the writes if they cause this much stall (40ms)" },
	{ OPT_GRACE, "grace", "TIME", "leave new cgroups alone (30s)" },
	{ OPT_SWAP_LIMIT, "swap-limit", "PCT",
	  "share of swap in use at which swapping out ends (80%)" },
	{ OPT_ROTATIONAL, "rotational", NULL,
	  "swap to a rotating disk as well" },
	{ OPT_KILL_SWITCH, "kill-switch", "FILE",
	  "while FILE exists, reclaim nothing, or not the cgroups in it "
	  "(/run/tmo-reclaim.off)" },
	{ OPT_HIGH, "memory-high", NULL,
	  "lower and restore memory.high, even if memory.reclaim exists" },
	{ OPT_TARGETS, "targets", "FILE",
	  "read cgroups and their policy from FILE, and again when it "
	  "changes" },
	{ OPT_NODE, "node", "N",
	  "reclaim from memory node N; the target must be /" },
	{ OPT_RANGES, "ranges", NULL,
	  "page out the ranges that cold-scan --ranges prints" },
	{ OPT_PARK, "park", NULL,
	  "record the pages in memory, then reclaim all that the guards "
	  "allow" },
	{ OPT_WAKE, "wake", NULL, "bring back the pages that --park recorded" },
	{ OPT_PARK_DIR, "park-dir", "DIR",
	  "directory of the records of --park (/run/tmo-reclaim)" },
	{ OPT_WITHIN, "within", "TIME",
	  "time that --park or --wake may take for a cgroup (1m)" },
	{ OPT_WAIT, "wait", NULL, "wait for a named cgroup that is missing" },
	{ OPT_RECORD, "record", "FILE",
	  "record the data of each decision in FILE; -n <FILE replays it" },
	{ OPT_REPORT, "report", NULL,
	  "print totals and sizes on stderr at the end and on SIGUSR1" },
	{ OPT_LOG, "log", "TIME",
	  "print sums on stderr every TIME, and cgroups that cannot be "
	  "reclaimed" },
};
const size_t options_n = sizeof(options) / sizeof(*options);

const struct policy policy_default = {
	.node = -1,
	.mem_limit_pct = 0.1,
	.io_limit_pct = 1.0,
	.ratio = 0.0005,
	.headroom_bytes = NUM_NONE,
	.max_step_bytes = NUM_MAX,
	.chunk_bytes = 4 << 20,
	.deadline_us = 1000000,
	.alarm_us = 40000,
	.grace_us = 30000000,
	.interval_us = 6000000,
	.within_us = 60000000,
	.swap_limit_mpct = 80000,
	.kill_switch = "/run/tmo-reclaim.off",
};

/* What a recording has of the policy as well; -b chooses a law, too. */
static const struct {
	int key;
	size_t member;
} recorded[] = {
	{ OPT_LAW, offsetof(struct policy, law) },
	{ 'b', offsetof(struct policy, law) },
	{ OPT_MEM_LIMIT, offsetof(struct policy, mem_limit_pct) },
	{ OPT_IO_LIMIT, offsetof(struct policy, io_limit_pct) },
	{ OPT_RATIO, offsetof(struct policy, ratio) },
	{ OPT_HEADROOM, offsetof(struct policy, headroom_bytes) },
	{ OPT_FLOOR, offsetof(struct policy, floor_bytes) },
	{ OPT_MAX_STEP, offsetof(struct policy, max_step_bytes) },
	{ OPT_CHUNK, offsetof(struct policy, chunk_bytes) },
	{ OPT_GRACE, offsetof(struct policy, grace_us) },
	{ OPT_SWAP_LIMIT, offsetof(struct policy, swap_limit_mpct) },
	{ OPT_ROTATIONAL, offsetof(struct policy, rotational) },
};
enum { N_RECORDED = sizeof(recorded) / sizeof(*recorded) };

bool options_given(const struct policy *p, size_t member)
{
	for (size_t i = 0; i < N_RECORDED; i++)
		if (recorded[i].member == member && p->given & 1U << i)
			return true;
	return false;
}

static void note_given(struct policy *p, int key)
{
	for (size_t i = 0; i < N_RECORDED; i++)
		if (recorded[i].key == key)
			p->given |= 1U << i;
}

static void take_bytes(struct policy *p, const char *arg)
{
	if (strchr(arg, '%'))
		p->once_pct = opt_pct("-b", arg);
	else
		p->once_bytes = opt_size("-b", arg);
	if (p->once_pct > 100)
		die(0, "-b: '%s' is more than 100%%", arg);
	if (!p->once_bytes && p->once_pct <= 0)
		die(0, "-b: '%s' is nothing", arg);
	p->law = LAW_ONCE;
}

void options_take(struct policy *p, int key, const char *arg)
{
	note_given(p, key);
	switch (key) {
	case 'b': take_bytes(p, arg); break;
	case OPT_MEM_LIMIT:
		p->mem_limit_pct = opt_pct("--mem-limit", arg);
		break;
	case OPT_IO_LIMIT: p->io_limit_pct = opt_pct("--io-limit", arg); break;
	case OPT_RATIO: p->ratio = opt_pct("--ratio", arg) / 100; break;
	case OPT_HEADROOM:
		p->headroom_bytes = opt_size("--headroom", arg);
		break;
	case OPT_FLOOR: p->floor_bytes = opt_size("--floor", arg); break;
	case OPT_MAX_STEP:
		p->max_step_bytes = opt_size("--max-step", arg);
		break;
	case OPT_CHUNK:
		p->chunk_bytes = opt_size("--chunk", arg);
		if (p->chunk_bytes < mem_reclaim_least_bytes())
			die(0, "--chunk: '%s' is under the least, 128K", arg);
		break;
	case OPT_DEADLINE:
		p->deadline_us = opt_time("--deadline", arg, 1000);
		break;
	case OPT_ALARM: p->alarm_us = opt_time("--alarm", arg, 0); break;
	case OPT_GRACE: p->grace_us = opt_time("--grace", arg, 0); break;
	case OPT_SWAP_LIMIT:
		p->swap_limit_mpct =
			(int64_t)(opt_pct("--swap-limit", arg) * 1000);
		break;
	case OPT_HIGH: p->high = true; break;
	case OPT_ROTATIONAL: p->rotational = true; break;
	case OPT_TARGETS:
		p->targets = arg;
		clock_use_hup();
		break;
	case OPT_NODE: p->node = (int)opt_u64("--node", arg, 0, 1023); break;
	case OPT_RANGES: p->ranges = true; break;
	case OPT_PARK: p->park = true; break;
	case OPT_WAKE: p->wake = true; break;
	case OPT_PARK_DIR: p->park_dir = arg; break;
	case OPT_WITHIN: p->within_us = opt_time("--within", arg, 1000); break;
	case OPT_REPORT: p->report = true; break;
	case OPT_LOG: p->log_us = opt_time("--log", arg, 1000); break;
	case OPT_RECORD: p->record = arg; break;
	case OPT_WAIT: p->wait = true; break;
	case OPT_KILL_SWITCH: p->kill_switch = arg; break;
	case OPT_LAW:
		if (law_find(arg, &p->law))
			die(0,
			    "--law: '%s' is not default, paper, senpai or "
			    "oomd",
			    arg);
		break;
	}
}
