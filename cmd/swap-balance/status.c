#include "status.h"

#include "clock.h"
#include "listing.h"
#include "msg.h"
#include "tool.h"

struct line {
	const char *drive;
	const struct budget_cfg *cfg;
	const struct bucket *b;
	int64_t used_ms;
};

enum { S_SIZE, S_RATE, S_LEVEL, S_KEPT, S_UNUSED, S_WRITTEN };

static void put_drive(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_str(r, l->drive);
}

static void put_count(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;
	int64_t now_ms = clock_unix_ms();
	const int64_t v[] = {
		[S_SIZE] = l->cfg->cap_bytes,
		[S_LEVEL] = l->b->level_bytes,
		[S_KEPT] = (l->b->updated_ms - l->b->since_ms) * 1000,
		[S_UNUSED] =
			now_ms > l->used_ms ? (now_ms - l->used_ms) * 1000 : 0,
	};

	/* An older version did not keep whose they are. */
	if (!l->cfg->cap_bytes &&
	    (arg == S_SIZE || arg == S_RATE || arg == S_UNUSED))
		row_none(r);
	else if (l->b->unknown && (arg == S_LEVEL || arg == S_WRITTEN))
		row_none(r);
	else if (arg == S_RATE) /* 20K a day is less than one */
		row_pct(r, l->cfg->bytes_per_s);
	else if (arg == S_WRITTEN)
		row_u64(r, l->b->written_bytes);
	else
		row_i64(r, v[arg]);
}

static void put_years(struct row *r, const void *sample, int arg)
{
	const struct line *l = sample;

	(void)arg;
	row_pct(r, bucket_years(l->b, l->cfg));
}

static void tell(void *arg, const char *drive, const struct budget_cfg *cfg,
		 const struct bucket *b, int64_t used_ms)
{
	static const struct col cols[] = {
		{ "drive", NULL, put_drive, 0 },
		{ "size_bytes", NULL, put_count, S_SIZE },
		{ "rate_bytes_per_s", NULL, put_count, S_RATE },
		{ "level_bytes",
		  "bytes that may be written now; negative: a debt", put_count,
		  S_LEVEL },
		{ "written_bytes", "bytes written since the bucket was begun",
		  put_count, S_WRITTEN },
		{ "kept_us", "time since the bucket was begun", put_count,
		  S_KEPT },
		{ "unused_us", "time since a run used this budget", put_count,
		  S_UNUSED },
		{ "drive_life_years",
		  "years until swap alone uses up the rated endurance",
		  put_years, 0 },
	};
	static struct listing listing = {
		.cols = cols,
		.n = sizeof(cols) / sizeof(*cols),
	};
	struct line line = { drive, cfg, b, used_ms };

	listing_emit(&listing, arg, &line);
}

int status_show(const struct budget_cfg *cfg, const struct machine *m,
		struct rows_out *out)
{
	int n = budget_status(cfg, m, tell, out);

	if (n < 0)
		tool_bad_state("use the budget in", cfg->path, n);
	if (!n)
		note("no budget is kept in '%s'", cfg->path);
	return n ? STATUS_OK : STATUS_NO;
}
