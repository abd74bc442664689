#include "report.h"

#include <math.h>

#include "num.h"

static void put_key(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	if (arg)
		row_milli(r, l->time_ms);
	else
		row_str(r, l->key);
}

static bool decided(const struct line *l)
{
	return l->m && l->m->law.known;
}

static void put_swappiness(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	if (decided(l) && l->m->law.swappiness >= 0)
		row_u64(r, (uint64_t)l->m->law.swappiness);
	else
		row_none(r);
}

enum word {
	W_BACKEND,
	W_BACKEND_REASON,
	W_REASON,
	W_LRU,
	W_FILE_SRC,
	W_SWAP_SRC
};

static const char *word(const struct line *l, enum word which)
{
	const struct member *m = l->m;

	if (which == W_REASON)
		return reason_word(l->reason);
	if (!decided(l))
		return "-";
	switch (which) {
	case W_BACKEND: return backend_word(m->backend.now.backend);
	case W_BACKEND_REASON: return reason_word(m->backend.now.why);
	case W_LRU: return m->window.lru_gen ? "lru_gen" : "classic";
	case W_FILE_SRC: return source_word(m->law.cost[KIND_FILE].source);
	case W_SWAP_SRC: return source_word(m->law.cost[m->window.next].source);
	default: return "-";
	}
}

static void put_word(struct row *r, const void *sample, int arg)
{
	row_str(r, word(sample, (enum word)arg));
}

static void put_left(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_u64(r, l->m ? l->m->now.swap.left_bytes : NUM_NONE);
}

static void put_pace(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_u64(r, l->pace_bytes_per_s);
}

enum count {
	C_WINDOW,
	C_FILE_REFAULT,
	C_FILE_ACTIVATE,
	C_ANON_REFAULT,
	C_ANON_ACTIVATE,
	C_ZSWAP_IN,
	C_DEVICE_IN,
	C_SCAN,
	C_STEAL,
	C_PROACTIVE_SCAN,
	C_PROACTIVE_STEAL,
	C_STALL,
	C_WRITE,
	C_BUDGET_LEFT,
	C_FILE_TOTAL,
	C_ANON_TOTAL,
	C_STALL_TOTAL,
};

#define DELTA(field) num_delta(m->now.field, m->then.field)

static uint64_t count(const struct line *l, enum count which)
{
	const struct member *m = l->m;
	const struct budget *b = &l->world->budget;

	if (which == C_BUDGET_LEFT)
		return b->kept && !*b->unknown ? (uint64_t)b->left_bytes
					       : NUM_NONE;
	if (!decided(l))
		return NUM_NONE;
	switch (which) {
	case C_WINDOW: return DELTA(at_us);
	case C_FILE_REFAULT: return DELTA(st.refault_file_pages);
	case C_FILE_ACTIVATE: return DELTA(st.activate_file_pages);
	case C_ANON_REFAULT: return DELTA(st.refault_anon_pages);
	case C_ANON_ACTIVATE: return DELTA(st.activate_anon_pages);
	case C_ZSWAP_IN: return DELTA(st.zswpin_pages);
	case C_DEVICE_IN: return look_device_ins(&m->now, &m->then);
	case C_SCAN: return DELTA(st.pgscan_pages);
	case C_STEAL: return DELTA(st.pgsteal_pages);
	case C_PROACTIVE_SCAN: return DELTA(st.pgscan_proactive_pages);
	case C_PROACTIVE_STEAL: return DELTA(st.pgsteal_proactive_pages);
	case C_STALL: return look_stall_us(&m->now, &m->then, PSI_MEM);
	case C_FILE_TOTAL: return m->now.st.refault_file_pages;
	case C_ANON_TOTAL: return m->now.st.refault_anon_pages;
	case C_STALL_TOTAL: return m->now.stall_us[PSI_MEM];
	case C_WRITE: return m->written_bytes;
	default: return NUM_NONE;
	}
}

static void put_count(struct row *r, const void *sample, int arg)
{
	row_u64(r, count(sample, (enum count)arg));
}

enum value {
	V_STALL,
	V_FILE_COST,
	V_SWAP_COST,
	V_COST_RATIO,
	V_RATIO,
	V_INCOMPRESSIBLE,
	V_SWAPIN_PRESSURE,
	V_SWAP_USED,
	V_YEARS,
	V_PRICE,
};

/* Stall a refault of either kind, over the window. */
static double stall_per_refault(const struct member *m)
{
	const struct window *w = &m->window;
	double pages = w->pages[KIND_FILE] + w->pages[KIND_ZSWAP] +
		       w->pages[KIND_DEVICE];
	uint64_t us = look_stall_us(&m->now, &m->then, PSI_MEM);

	return pages > 0 && us != NUM_NONE ? (double)us / pages : NAN;
}

static double value(const struct line *l, enum value which)
{
	const struct member *m = l->m;

	if (which == V_YEARS)
		return l->world->budget.years;
	if (!decided(l))
		return NAN;
	switch (which) {
	case V_STALL: return stall_per_refault(m);
	case V_FILE_COST: return m->law.cost[KIND_FILE].us;
	case V_SWAP_COST: return m->law.cost[m->window.next].us;
	case V_COST_RATIO: return m->law.r;
	case V_RATIO: return m->ratio;
	case V_INCOMPRESSIBLE: return m->incompressible_pct;
	case V_SWAPIN_PRESSURE: return m->swapin_pressure_pct;
	case V_SWAP_USED:
		return m->now.swap.used_mpct < 0
			       ? NAN
			       : (double)m->now.swap.used_mpct / 1000;
	case V_PRICE: return member_saved_price(m, l->cfg, &l->world->machine);
	default: return NAN;
	}
}

/* Three decimals, as a percentage has. */
static void put_value(struct row *r, const void *sample, int arg)
{
	row_pct(r, value(sample, (enum value)arg));
}

const struct col report_columns[REPORT_COLUMNS] = {
	{ "cgroup", "path below the cgroup2 mount (not in a filter)", put_key,
	  0 },
	{ "time", "Unix time (not in a filter)", put_key, 1 },
	{ "swappiness", "0 to 200 for memory.reclaim; 0: only file cache",
	  put_swappiness, 0 },
	{ "backend", "zswap, zswap-nowb, zram, disk, tier or none", put_word,
	  W_BACKEND },
	{ "swap_left_bytes",
	  "swap left to the cgroup under all limits up the tree", put_left, 0 },
	{ "swap_write_bytes_per_s",
	  "bytes per second that the write budget allows now", put_pace, 0 },
	{ "balance_reason", "reason for this swappiness", put_word, W_REASON },
	{ "backend_reason", "reason for this backend", put_word,
	  W_BACKEND_REASON },
	{ "window_us", "length of the window", put_count, C_WINDOW },
	{ "lru", "classic or lru_gen", put_word, W_LRU },
	{ "file_refault_pages", "file pages read again", put_count,
	  C_FILE_REFAULT },
	{ "file_activate_pages",
	  "those among them that belong to the working set", put_count,
	  C_FILE_ACTIVATE },
	{ "anon_refault_pages", "anonymous pages swapped in again", put_count,
	  C_ANON_REFAULT },
	{ "anon_activate_pages",
	  "those among them that belong to the working set", put_count,
	  C_ANON_ACTIVATE },
	{ "zswap_in_pages", "swap-ins from zswap", put_count, C_ZSWAP_IN },
	{ "device_in_pages", "swap-ins from devices", put_count, C_DEVICE_IN },
	{ "scan_pages", "pages that reclaim scanned", put_count, C_SCAN },
	{ "steal_pages", "pages that reclaim took", put_count, C_STEAL },
	{ "proactive_scan_pages", "part of scan_pages caused by memory.reclaim",
	  put_count, C_PROACTIVE_SCAN },
	{ "proactive_steal_pages",
	  "part of steal_pages caused by memory.reclaim", put_count,
	  C_PROACTIVE_STEAL },
	{ "stall_us", "memory stall in the window", put_count, C_STALL },
	{ "refault_stall_us", "memory stall per refault", put_value, V_STALL },
	{ "file_cost_us", "cost of a file refault", put_value, V_FILE_COST },
	{ "file_cost_source", "pressure, device or default", put_word,
	  W_FILE_SRC },
	{ "swapin_cost_us", "cost of a swap-in", put_value, V_SWAP_COST },
	{ "swapin_cost_source", "pressure, device or default", put_word,
	  W_SWAP_SRC },
	{ "cost_ratio", "cost of file refaults / cost of swap-ins", put_value,
	  V_COST_RATIO },
	{ "compression_ratio", "original size / compressed size", put_value,
	  V_RATIO },
	{ "incompressible_pct", "share of the pages that did not compress",
	  put_value, V_INCOMPRESSIBLE },
	{ "swapin_pressure_pct", "memory pressure at the last swap-ins",
	  put_value, V_SWAPIN_PRESSURE },
	{ "swap_used_pct",
	  "share of swap used, at the fullest level up the tree", put_value,
	  V_SWAP_USED },
	{ "swap_write_bytes", "bytes written to swap disks in the window",
	  put_count, C_WRITE },
	{ "budget_left_bytes", "bytes left in the write budget", put_count,
	  C_BUDGET_LEFT },
	{ "drive_life_years", "years until swap uses up the rated endurance",
	  put_value, V_YEARS },
	{ "saved_price",
	  "price of the DRAM saved, minus that of its replacement", put_value,
	  V_PRICE },
	{ "file_refault_total_pages",
	  "counter of the cgroup since its creation", put_count, C_FILE_TOTAL },
	{ "anon_refault_total_pages",
	  "counter of the cgroup since its creation", put_count, C_ANON_TOTAL },
	{ "stall_total_us", "memory stall since the creation of the cgroup",
	  put_count, C_STALL_TOTAL },
	/* Old names, for one release. */
	{ "r", "old name of cost_ratio", put_value, V_COST_RATIO },
	{ "sensitivity_pct", "old name of swapin_pressure_pct", put_value,
	  V_SWAPIN_PRESSURE },
	{ "drive_years", "old name of drive_life_years", put_value, V_YEARS },
};
