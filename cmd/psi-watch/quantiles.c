#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "histogram.h"
#include "msg.h"
#include "psi-watch.h"

/* Each column of numbers becomes four: mem_some_pct, mem_some_p50_pct ... */
enum { P50, P90, P99, MAX, STATS };

/* What a column of --quantiles is of. */
struct quantile {
	size_t of; /* place in quantiles.of */
	int stat;
};

struct quantiles {
	struct col_set of;	   /* the columns that have a histogram */
	struct col_set cols;	   /* those that are printed */
	struct col *col;	   /* of cols; arg is the place there */
	struct quantile *quantile; /* of each col */
};

/* What a row is made of. */
struct quantiles_row {
	const struct quantiles *quantiles;
	const char *key;
	int64_t unix_ms;
	const struct histogram *q; /* one a column */
};

static void put_key(struct row *r, const void *sample, int arg)
{
	const struct quantiles_row *of = sample;

	(void)arg;
	row_str(r, of->key);
}

static void put_time(struct row *r, const void *sample, int arg)
{
	const struct quantiles_row *of = sample;

	(void)arg;
	row_milli(r, of->unix_ms);
}

static void put_samples(struct row *r, const void *sample, int arg)
{
	const struct quantiles_row *of = sample;
	uint64_t most = 0;

	(void)arg;
	for (size_t i = 0; i < of->quantiles->of.n; i++)
		most = of->q[i].n > most ? of->q[i].n : most;
	row_u64(r, most);
}

static bool is_milli(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && !strcmp(name + n - 4, "_pct");
}

static void put_stat(struct row *r, const void *sample, int arg)
{
	static const unsigned int per_mille[] = { 500, 900, 990 };
	const struct quantiles_row *of = sample;
	const struct quantile *col = &of->quantiles->quantile[arg];
	const struct histogram *q = &of->q[col->of];
	uint64_t v;

	if (!q->n) {
		row_none(r);
		return;
	}
	v = col->stat == MAX ? q->max
			     : histogram_quantile(q, per_mille[col->stat]);
	if (is_milli(of->quantiles->of.v[col->of]->name))
		row_milli(r, (int64_t)v);
	else
		row_u64(r, v);
}

static bool is_number(const struct col *col)
{
	switch (sample_fields[col->arg].what) {
	case W_CGROUP:
	case W_TIME:
	case W_WINDOW_US:
	case W_TREND:
	case W_TOTAL_US: return false;
	default: return true;
	}
}

static void add_col(struct quantiles *all, const char *name,
		    void (*put)(struct row *r, const void *sample, int arg),
		    struct quantile quantile)
{
	all->col[all->cols.n] =
		(struct col){ name, NULL, put, (int)all->cols.n };
	all->quantile[all->cols.n] = quantile;
	all->cols.v[all->cols.n] = &all->col[all->cols.n];
	all->cols.n++;
}

static void add_stats(struct quantiles *all, const char *name, size_t i)
{
	static const char *const stats[STATS] = { "p50", "p90", "p99", "max" };
	const char *unit = strrchr(name, '_');

	for (int k = 0; k < STATS; k++)
		add_col(all,
			xasprintf("%.*s_%s%s", (int)(unit - name), name,
				  stats[k], unit),
			put_stat, (struct quantile){ i, k });
}

void quantiles_open(struct watch *w)
{
	struct quantiles *all = xcalloc(1, sizeof(*all));
	size_t most = 3 + w->cols.n * STATS;

	all->of.v = xcalloc(w->cols.n, sizeof(*all->of.v));
	all->col = xcalloc(most, sizeof(*all->col));
	all->quantile = xcalloc(most, sizeof(*all->quantile));
	all->cols.v = xcalloc(most, sizeof(*all->cols.v));
	add_col(all, "cgroup", put_key, (struct quantile){ 0 });
	add_col(all, "time", put_time, (struct quantile){ 0 });
	add_col(all, "samples", put_samples, (struct quantile){ 0 });
	for (size_t i = 0; i < w->cols.n; i++) {
		if (!is_number(w->cols.v[i]))
			continue;
		add_stats(all, w->cols.v[i]->name, all->of.n);
		all->of.v[all->of.n++] = w->cols.v[i];
	}
	if (!all->of.n)
		die(0, "--quantiles: none of the columns is a number");
	w->quantiles = all;
}

static void quantiles_sample(struct watch *w, struct cg *cg, struct sample *s)
{
	struct sample_state *state = cg->data;
	struct histogram *q = state->histogram;

	if (!q)
		state->histogram = q = xcalloc(w->quantiles->of.n, sizeof(*q));
	for (size_t i = 0; i < w->quantiles->of.n; i++) {
		int64_t v;

		if (sample_value(s, w->quantiles->of.v[i]->arg, &v) && v >= 0)
			histogram_add(&q[i], (uint64_t)v);
	}
}

static void print(struct watch *w, struct cg *cg)
{
	struct sample_state *state = cg->data;
	struct quantiles_row quantiles_row = { .quantiles = w->quantiles,
					       .key = cg->key,
					       .unix_ms = clock_unix_ms(),
					       .q = state->histogram };

	if (!state->histogram)
		return;
	row_put(&w->row, &w->quantiles->cols, &quantiles_row);
	rows_emit(&w->out,
		  targets_row(&w->targets, cg->key, &state->row,
			      &state->rows_version),
		  &w->quantiles->cols, &w->row);
}

static void quantiles_now(struct watch *w)
{
	for (size_t i = 0; i < w->set.n; i++)
		print(w, w->set.v[i]);
}

/* What is known of a cgroup is printed before it is dropped. */
static void quantiles_gone(struct watch *w, struct cg *cg)
{
	struct sample_state *state = cg->data;
	struct histogram *q = state->histogram;

	print(w, cg);
	for (size_t i = 0; q && i < w->quantiles->of.n; i++)
		histogram_free(&q[i]);
	free(q);
}

static int quantiles_end(struct watch *w)
{
	(void)w;
	return -1;
}

static int quantiles_over(struct watch *w)
{
	quantiles_now(w);
	return loop_status(w);
}

const struct mode quantiles_mode = { .sample = quantiles_sample,
				     .end = quantiles_end,
				     .over = quantiles_over,
				     .now = quantiles_now,
				     .gone = quantiles_gone };
