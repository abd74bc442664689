#include "columns.h"

#include <math.h>

#include "num.h"

void column_key(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_str(r, ((const struct result *)sample)->key);
}

void column_time(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_milli(r, ((const struct result *)sample)->time_ms);
}

static void put_reason(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_str(r, reason_name(((const struct result *)sample)->reason));
}

static void put_kind(struct row *r, const void *sample, int arg)
{
	enum reason reason = ((const struct result *)sample)->reason;

	(void)arg;
	row_str(r, reason_kind_name(reason_kind(reason)));
}

static const uint64_t *u64_at(const void *s, int offset)
{
	return (const void *)((const char *)s + offset);
}

/* arg: where in struct result. */
static void put_u64(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;
	bool known = s->accounted || arg == offsetof(struct result, want_bytes);

	known |= s->paged_out && arg == offsetof(struct result, y.got_bytes);
	known |= (s->parking || s->waking) &&
		 arg == offsetof(struct result, elapsed_us);
	known |= s->parking && arg == offsetof(struct result, memory_bytes);
	row_u64(r, known ? *u64_at(s, arg) : NUM_NONE);
}

static void put_parked(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;

	row_u64(r, s->parking ? *u64_at(s, arg) : NUM_NONE);
}

static void put_woken(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;

	row_u64(r, s->waking ? *u64_at(s, arg) : NUM_NONE);
}

void column_saved(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;

	if (s->accounted)
		row_i64(r, arg ? s->offloaded_bytes : s->saved_bytes);
	else
		row_none(r);
}

static void put_gain(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_milli(r, llround(((const struct result *)sample)->gain * 1000));
}

static void put_harm(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;

	(void)arg;
	if (s->accounted && s->harm_mpct >= 0)
		row_milli(r, s->harm_mpct);
	else
		row_none(r);
}

void column_total(struct row *r, const void *sample, int arg)
{
	const struct result *s = sample;

	row_u64(r, s->sum ? *u64_at(s->sum, arg) : NUM_NONE);
}

#define CELL(field)   put_u64, (int)offsetof(struct result, field)
#define PARKED(field) put_parked, (int)offsetof(struct result, field)
#define WOKEN(field)  put_woken, (int)offsetof(struct result, field)

const struct col columns[] = {
	{ "cgroup", "path below the cgroup2 mount", column_key, 0 },
	{ "time", "Unix time in seconds", column_time, 0 },
	{ "memory_bytes", "memory.current, after the step",
	  CELL(memory_bytes) },
	{ "want_bytes", "memory requested in this period", CELL(want_bytes) },
	{ "got_bytes", "memory that reclaim took since the last row",
	  CELL(y.got_bytes) },
	{ "got_anon_bytes", "the part of got_bytes that went to swap",
	  CELL(y.got_anon_bytes) },
	{ "got_file_bytes", "the rest of got_bytes: file cache",
	  CELL(y.got_file_bytes) },
	{ "saved_bytes", "net saving since the first row", column_saved, 0 },
	{ "stall_us", "memory stall of the cgroup during the writes",
	  CELL(stall_us) },
	{ "reason", "rule that set the step", put_reason, 0 },
	{ "refaulted_bytes", "memory refaulted since the last row",
	  CELL(y.refaulted_bytes) },
	{ "offloaded_bytes",
	  "growth of memory in swap only, since the first row", column_saved,
	  1 },
	{ "demoted_bytes",
	  "memory moved to a slower node; this frees no memory",
	  CELL(y.demoted_bytes) },
	{ "device_bytes", "bytes written to swap devices since the last row",
	  CELL(y.device_bytes) },
	{ "scanned_bytes", "memory that reclaim scanned to take got_bytes",
	  CELL(y.scanned_bytes) },
	{ "elapsed_us", "time spent in the writes, or in --park or --wake",
	  CELL(elapsed_us) },
	{ "bound_bytes", "the floor in force", CELL(floor_bytes) },
	{ "gain", "gain of the default law", put_gain, 0 },
	{ "harm_pct", "harm in force: that of the row, or of a cgroup below",
	  put_harm, 0 },
	{ "overshoot_bytes",
	  "memory taken beyond the request, not yet paid back",
	  CELL(overshoot_bytes) },
	{ "reason_kind", "kind of the reason: works, waits, cannot or broken",
	  put_kind, 0 },
	{ "want_total_bytes", "sum since the first row", TOTAL(want_bytes) },
	{ "got_total_bytes", "sum since the first row", TOTAL(y.got_bytes) },
	{ "refaulted_total_bytes", "sum since the first row",
	  TOTAL(y.refaulted_bytes) },
	{ "device_total_bytes", "sum since the first row",
	  TOTAL(y.device_bytes) },
	{ "stall_total_us", "sum since the first row", TOTAL(stall_us) },
	{ "parked_bytes", "decrease of memory.current by --park",
	  PARKED(parked_bytes) },
	{ "left_bytes", "memory.current after --park", PARKED(left_bytes) },
	{ "woken_bytes", "recorded memory that --wake brought back",
	  WOKEN(woken_bytes) },
	{ "missing_bytes", "recorded memory that is not in memory after --wake",
	  WOKEN(missing_bytes) },
	{ "changed_processes",
	  "recorded processes that have ended or were replaced",
	  WOKEN(changed_processes) },
};
const size_t columns_n = sizeof(columns) / sizeof(*columns);
