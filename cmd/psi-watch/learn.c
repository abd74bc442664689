#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "msg.h"
#include "psi-watch.h"
#include "quantile.h"

/* Each column of numbers becomes four: mem_some_pct, mem_some_p50_pct ... */
enum { P50, P90, P99, MAX, STATS };

struct learn {
	struct col_set of;   /* the columns that are learnt */
	struct col_set cols; /* and those that are printed */
	struct col *col;
};

/* What a row is made of. */
struct lesson {
	const struct learn *learn;
	const char *key;
	int64_t unix_ms;
	const struct quantile *q; /* one a column */
};

static void put_key(struct row *r, const void *sample, int arg)
{
	const struct lesson *l = sample;

	(void)arg;
	row_str(r, l->key);
}

static void put_time(struct row *r, const void *sample, int arg)
{
	const struct lesson *l = sample;

	(void)arg;
	row_milli(r, l->unix_ms);
}

static void put_samples(struct row *r, const void *sample, int arg)
{
	const struct lesson *l = sample;
	uint64_t most = 0;

	(void)arg;
	for (size_t i = 0; i < l->learn->of.n; i++)
		most = l->q[i].n > most ? l->q[i].n : most;
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
	const struct lesson *l = sample;
	const struct quantile *q = &l->q[arg / STATS];
	int stat = arg % STATS;
	uint64_t v;

	if (!q->n) {
		row_none(r);
		return;
	}
	v = stat == MAX ? q->max : quantile_get(q, per_mille[stat]);
	if (is_milli(l->learn->of.v[arg / STATS]->name))
		row_milli(r, (int64_t)v);
	else
		row_u64(r, v);
}

static bool is_number(const struct col *col)
{
	switch (COL_WHAT(col->arg)) {
	case W_CGROUP:
	case W_TIME:
	case W_WINDOW_US:
	case W_TREND:
	case W_TOTAL_US: return false;
	default: return true;
	}
}

static void add_col(struct learn *l, struct col col)
{
	l->col[l->cols.n] = col;
	l->cols.v[l->cols.n] = &l->col[l->cols.n];
	l->cols.n++;
}

static void add_stats(struct learn *l, const char *name, size_t i)
{
	static const char *const stats[STATS] = { "p50", "p90", "p99", "max" };
	const char *unit = strrchr(name, '_');

	for (int k = 0; k < STATS; k++) {
		char *text;

		if (asprintf(&text, "%.*s_%s%s", (int)(unit - name), name,
			     stats[k], unit) < 0)
			die(ENOMEM, "--quantiles");
		add_col(l, (struct col){ text, NULL, put_stat,
					 (int)i * STATS + k });
	}
}

void learn_open(struct watch *w)
{
	struct learn *l = xcalloc(1, sizeof(*l));
	size_t most = 3 + w->cols.n * STATS;

	l->of.v = xcalloc(w->cols.n, sizeof(*l->of.v));
	l->col = xcalloc(most, sizeof(*l->col));
	l->cols.v = xcalloc(most, sizeof(*l->cols.v));
	add_col(l, (struct col){ "cgroup", NULL, put_key, 0 });
	add_col(l, (struct col){ "time", NULL, put_time, 0 });
	add_col(l, (struct col){ "samples", NULL, put_samples, 0 });
	for (size_t i = 0; i < w->cols.n; i++) {
		if (!is_number(w->cols.v[i]))
			continue;
		add_stats(l, w->cols.v[i]->name, l->of.n);
		l->of.v[l->of.n++] = w->cols.v[i];
	}
	if (!l->of.n)
		die(0,
		    "--quantiles: none of the columns has a number to learn");
	w->learn = l;
}

static void learn_sample(struct watch *w, struct cg *cg, struct sample *s)
{
	struct meter *m = cg->data;
	struct quantile *q = m->learnt;

	if (!q)
		m->learnt = q = xcalloc(w->learn->of.n, sizeof(*q));
	for (size_t i = 0; i < w->learn->of.n; i++) {
		int64_t v;

		if (sample_value(s, w->learn->of.v[i]->arg, &v) && v >= 0)
			quantile_add(&q[i], (uint64_t)v);
	}
}

static void print(struct watch *w, struct cg *cg)
{
	struct meter *m = cg->data;
	struct lesson lesson = { .learn = w->learn,
				 .key = cg->key,
				 .unix_ms = clock_unix_ms(),
				 .q = m->learnt };

	if (!m->learnt)
		return;
	row_put(&w->row, &w->learn->cols, &lesson);
	rows_emit(&w->out,
		  targets_row(&w->targets, cg->key, &m->row, &m->rows_version),
		  &w->learn->cols, &w->row);
}

static void learn_now(struct watch *w)
{
	for (size_t i = 0; i < w->set.n; i++)
		print(w, w->set.v[i]);
}

/* What was learnt of a cgroup is not lost with it. */
static void learn_gone(struct watch *w, struct cg *cg)
{
	struct meter *m = cg->data;
	struct quantile *q = m->learnt;

	print(w, cg);
	for (size_t i = 0; q && i < w->learn->of.n; i++)
		quantile_free(&q[i]);
	free(q);
}

static int learn_end(struct watch *w)
{
	(void)w;
	return -1;
}

static int learn_over(struct watch *w)
{
	learn_now(w);
	return loop_status(w);
}

const struct mode learn_mode = { .sample = learn_sample,
				 .end = learn_end,
				 .over = learn_over,
				 .now = learn_now,
				 .gone = learn_gone };
