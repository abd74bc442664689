#include <stddef.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "clock.h"
#include "columns.h"
#include "mem.h"
#include "modes.h"
#include "msg.h"
#include "num.h"
#include "period.h"
#include "rows.h"

struct line {
	struct result r; /* first, for the columns of rows */
	const struct target *t;
	uint64_t cpu_us; /* of the whole tool, without the kernel's reclaim */
};

static void put_size(struct row *r, const void *sample, int arg)
{
	row_u64(r, target_quantile(((const struct line *)sample)->t,
				   (unsigned int)arg));
}

/* memory.high with a tenth above the size that it was nearly always under. */
static void put_high(struct row *r, const void *sample, int arg)
{
	uint64_t p95 = target_quantile(((const struct line *)sample)->t, 95);

	(void)arg;
	row_u64(r, p95 == NUM_NONE ? p95 : mem_whole_pages(p95 + p95 / 10));
}

static void put_cpu(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_u64(r, ((const struct line *)sample)->cpu_us);
}

static const struct col cols[] = {
	{ "cgroup", "path below the cgroup2 mount", column_key, 0 },
	{ "time", "Unix time in seconds", column_time, 0 },
	{ "periods", "rows in this run", TOTAL(periods) },
	{ "acted", "rows with a write", TOTAL(acted) },
	{ "memory_p50_bytes", "median of the size", put_size, 50 },
	{ "memory_p95_bytes", "95th percentile of the size", put_size, 95 },
	{ "want_bytes", "asked for", TOTAL(want_bytes) },
	{ "got_bytes", "taken", TOTAL(y.got_bytes) },
	{ "got_anon_bytes", "the part of got_bytes that went to swap",
	  TOTAL(y.got_anon_bytes) },
	{ "got_file_bytes", "the rest of got_bytes: file cache",
	  TOTAL(y.got_file_bytes) },
	{ "demoted_bytes", "memory moved to a slower node",
	  TOTAL(y.demoted_bytes) },
	{ "refaulted_bytes", "came back", TOTAL(y.refaulted_bytes) },
	{ "device_bytes", "bytes written to swap devices",
	  TOTAL(y.device_bytes) },
	{ "saved_bytes", "net", column_saved, 0 },
	{ "stall_us", "stall during the writes", TOTAL(stall_us) },
	{ "elapsed_us", "time spent in the writes", TOTAL(elapsed_us) },
	{ "memory_low_bytes", "suggested value of memory.low", put_size, 50 },
	{ "memory_high_bytes", "suggested value of memory.high", put_high, 0 },
	{ "tool_cpu_us", "CPU time of tmo-reclaim itself", put_cpu, 0 },
};

static uint64_t cpu_us(const struct run *run)
{
	struct rusage ru;
	uint64_t us, in_kernel = 0;

	getrusage(RUSAGE_SELF, &ru);
	us = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
	     (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	if (run->act)
		in_kernel = act_cpu_us(run->act);
	return num_less(us, in_kernel);
}

void report(struct run *run, int format)
{
	struct line l = { .cpu_us = cpu_us(run) };
	struct rows_out out;
	struct col_set show;
	struct row own = { 0 };
	char *bad;
	size_t n = sizeof(cols) / sizeof(*cols);

	if (run->recorded && !run->set.n) {
		note("no report: a recording has no totals");
		return;
	}
	if (format < 0)
		format = isatty(STDERR_FILENO) ? ROWS_TABLE : ROWS_TSV;
	if (col_select(cols, n, n, NULL, &show, &bad))
		return;
	rows_open(&out, format, true, "tmo_reclaim_run");
	out.fd = STDERR_FILENO;
	out.tty = isatty(STDERR_FILENO);
	for (size_t i = 0; i < run->set.n; i++) {
		const struct cg *cg = run->set.v[i];

		l.t = cg->data;
		l.r = (struct result){
			.key = cg->key,
			.time_ms = clock_unix_ms(),
			.sum = &l.t->sum,
			.accounted = l.t->known,
			.saved_bytes =
				account_saved(l.t, &l.t->last, &run->host),
		};
		row_put(&own, &show, &l);
		rows_emit(&out, NULL, &show, &own);
	}
	rows_flush(&out);
	out.fd = dup(STDERR_FILENO); /* closed with the output */
	rows_close(&out);
	row_free(&own);
	free(show.v);
}
