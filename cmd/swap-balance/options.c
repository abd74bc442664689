#include "options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "msg.h"
#include "num.h"

#define HOUR_US UINT64_C(3600000000)

const struct options options_default = {
	.cfg = { .law = { 30, 1, 80000 },
		 .backend = { 1.37, 60 },
		 .price = { 3, 0.1 },
		 .write_limit_bytes_per_s = NUM_NONE },
	.zram = { .recompress_us = 2 * HOUR_US, .writeback_us = 20 * HOUR_US },
};

enum key {
	KEY_ENDURANCE = 256,
	KEY_DRIVE, /* its old name */
	KEY_STATUS,
	KEY_ACCOUNT,
	KEY_FORECAST,
	KEY_PLAN,
	KEY_APPLY,
	KEY_UNDO,
	KEY_MAINTAIN,
	KEY_DWELL,
	KEY_PROBE,
	KEY_SWAP_LIMIT,
	KEY_PRESSURE,
	KEY_SMOOTH,
	KEY_MIN_RATIO,
	KEY_WRITE_LIMIT,
	KEY_PRICE,
	KEY_RECOMPRESS,
	KEY_WRITEBACK,
};

const struct opt options[] = {
	{ 'b', "budget", "SIZE[/TIME]",
	  "bytes to write for swap to each drive, per day or TIME" },
	{ KEY_ENDURANCE, "endurance", "TBW/YEARS",
	  "the same, from the rated endurance: 600TBW/5y" },
	{ KEY_DRIVE, "drive", "TBW/YEARS",
	  "old name of --endurance, for one release" },
	{ 'S', "state", "FILE",
	  "state of the budget (" STATE_DIR "/swap-balance)" },
	{ KEY_WRITE_LIMIT, "swap-write-limit", "SIZE",
	  "bytes per second that a cgroup may write to swap" },
	{ KEY_STATUS, "budget-status", NULL,
	  "show the budget of each drive, and how much of it is left" },
	{ KEY_ACCOUNT, "account", NULL,
	  "show why the memory of each cgroup is not offloaded" },
	{ KEY_FORECAST, "forecast", NULL,
	  "show the savings and costs of offloading the cold memory of rows" },
	{ KEY_PLAN, "plan", NULL, "show the writes that --apply would make" },
	{ KEY_APPLY, "apply", NULL,
	  "set memory.zswap.max and memory.zswap.writeback" },
	{ KEY_UNDO, "undo", NULL,
	  "restore the values that --apply has changed" },
	{ KEY_DWELL, "dwell", "TIME",
	  "how long a backend must be better to replace another (1m)" },
	{ KEY_PROBE, "probe", "SIZE",
	  "reclaim up to SIZE to measure an unknown compression" },
	{ KEY_MAINTAIN, "maintain", NULL,
	  "zram: write back idle pages and recompress; with CGROUP, only "
	  "write back" },
	{ KEY_WRITEBACK, "writeback-after", "TIME",
	  "with --maintain: idle time before writing back (20h)" },
	{ KEY_RECOMPRESS, "recompress-after", "TIME",
	  "with --maintain: idle time before recompressing (2h)" },
	{ KEY_SWAP_LIMIT, "swap-limit", "PCT",
	  "share of swap in use at which swapping out ends (80%)" },
	{ KEY_PRESSURE, "pressure-limit", "PCT",
	  "memory pressure at which swap-ins count as harm (1%)" },
	{ KEY_SMOOTH, "smooth", "TIME", "time constant of the rates (30s)" },
	{ KEY_MIN_RATIO, "min-ratio", "RATIO",
	  "least compression ratio that is worthwhile (1.37)" },
	{ KEY_PRICE, "price", "DRAM:DISK",
	  "prices per GiB, for saved_price (3:0.1)" },
};
const size_t options_n = sizeof(options) / sizeof(*options);

const char *options_mode(enum mode mode)
{
	static const char *const names[] = {
		[MODE_STATUS] = "--budget-status", [MODE_ACCOUNT] = "--account",
		[MODE_FORECAST] = "--forecast",	   [MODE_PLAN] = "--plan",
		[MODE_APPLY] = "--apply",	   [MODE_UNDO] = "--undo",
		[MODE_MAINTAIN] = "--maintain",
	};

	return names[mode];
}

enum {
	/* The modes that look at cgroups, as rows do. */
	LOOK = 1 << MODE_SHOW | 1 << MODE_ACCOUNT | 1 << MODE_FORECAST |
	       1 << MODE_PLAN | 1 << MODE_APPLY,
	SETTINGS = 1 << MODE_PLAN | 1 << MODE_APPLY,
};

/* The modes in which an option counts. */
static unsigned used_by(int key)
{
	switch (key) {
	case 'b':
	case KEY_ENDURANCE:
	case KEY_DRIVE: return LOOK | 1 << MODE_MAINTAIN;
	case KEY_WRITE_LIMIT: return 1 << MODE_SHOW | SETTINGS;
	case KEY_PRICE: return 1 << MODE_SHOW;
	case KEY_PROBE: return 1 << MODE_SHOW | 1 << MODE_FORECAST | SETTINGS;
	case KEY_DWELL:
	case KEY_SWAP_LIMIT:
	case KEY_PRESSURE:
	case KEY_SMOOTH:
	case KEY_MIN_RATIO: return LOOK;
	case KEY_RECOMPRESS:
	case KEY_WRITEBACK: return 1 << MODE_MAINTAIN;
	default: return UINT_MAX; /* -S, and the modes */
	}
}

const char *options_unused(const struct options *o)
{
	static char name[32];

	for (size_t i = 0; i < options_n; i++) {
		const struct opt *opt = &options[i];

		if (!(o->given & 1U << i) || used_by(opt->key) & 1U << o->mode)
			continue;
		if (opt->key < 256)
			snprintf(name, sizeof(name), "-%c", opt->key);
		else
			snprintf(name, sizeof(name), "--%s", opt->name);
		return name;
	}
	return NULL;
}

static double opt_decimal(const char *opt, const char *arg, double least)
{
	int64_t milli;

	if (num_milli(arg, &milli) || (double)milli < least * 1000)
		die(0, "%s: '%s' is not a number from %g on", opt, arg, least);
	return (double)milli / 1000;
}

static void take_price(struct price *price, const char *arg)
{
	char dram[64];
	const char *colon = strchr(arg, ':');
	size_t len = colon ? (size_t)(colon - arg) : sizeof(dram);

	if (len >= sizeof(dram))
		die(0, "--price: '%s' is not two prices such as 3:0.1", arg);
	memcpy(dram, arg, len);
	dram[len] = '\0';
	price->dram = opt_decimal("--price", dram, 0);
	price->disk = opt_decimal("--price", colon + 1, 0);
}

static void take_mode(struct options *o, enum mode mode)
{
	if (o->mode != MODE_SHOW && o->mode != mode)
		die(0, "--budget-status, --account, --forecast, --plan, "
		       "--apply, --undo and --maintain exclude each other");
	o->mode = mode;
}

static void take_budget(struct options *o, int key, const char *arg)
{
	if (o->cfg.budget.bytes_per_s > 0)
		die(0, "-b and --endurance: give only one budget");
	if (key == 'b' && budget_parse(arg, &o->cfg.budget))
		die(0, "-b: '%s' is not a budget such as 20G or 1M/1s", arg);
	if (key != 'b' && budget_parse_drive(arg, &o->cfg.budget))
		die(0, "%s: '%s' is not an endurance such as 600TBW/5y",
		    key == KEY_DRIVE ? "--drive" : "--endurance", arg);
}

static int64_t take_swap_limit(const char *arg)
{
	double pct = opt_pct("--swap-limit", arg);

	if (pct > 100)
		die(0, "--swap-limit: '%s' is more than 100%%", arg);
	return (int64_t)(pct * 1000);
}

void options_take(void *arg, int key, const char *text)
{
	struct options *o = arg;
	struct balance_cfg *law = &o->cfg.law;

	for (size_t i = 0; i < options_n; i++)
		if (options[i].key == key)
			o->given |= 1U << i;
	switch (key) {
	case 'b':
	case KEY_ENDURANCE:
	case KEY_DRIVE: take_budget(o, key, text); break;
	case 'S':
		if (!*text)
			die(0, "-S: '' is no file");
		o->state = text;
		break;
	case KEY_STATUS: take_mode(o, MODE_STATUS); break;
	case KEY_ACCOUNT: take_mode(o, MODE_ACCOUNT); break;
	case KEY_FORECAST: take_mode(o, MODE_FORECAST); break;
	case KEY_PLAN: take_mode(o, MODE_PLAN); break;
	case KEY_APPLY: take_mode(o, MODE_APPLY); break;
	case KEY_UNDO: take_mode(o, MODE_UNDO); break;
	case KEY_MAINTAIN: take_mode(o, MODE_MAINTAIN); break;
	case KEY_DWELL:
		o->cfg.backend.dwell_s =
			(double)opt_time("--dwell", text, 0) / 1e6;
		break;
	case KEY_PROBE: o->probe_bytes = opt_size("--probe", text); break;
	case KEY_WRITE_LIMIT:
		o->cfg.write_limit_bytes_per_s =
			opt_size("--swap-write-limit", text);
		break;
	case KEY_SWAP_LIMIT:
		law->swap_limit_mpct = take_swap_limit(text);
		break;
	case KEY_PRESSURE:
		law->pressure_limit_pct = opt_pct("--pressure-limit", text);
		break;
	case KEY_SMOOTH:
		law->smooth_s = (double)opt_time("--smooth", text, 1000) / 1e6;
		break;
	case KEY_MIN_RATIO:
		o->cfg.backend.min_ratio = opt_decimal("--min-ratio", text, 1);
		break;
	case KEY_PRICE: take_price(&o->cfg.price, text); break;
	case KEY_RECOMPRESS:
		o->zram.recompress_us =
			opt_time("--recompress-after", text, 1000000);
		break;
	case KEY_WRITEBACK:
		o->zram.writeback_us =
			opt_time("--writeback-after", text, 1000000);
		break;
	}
}
