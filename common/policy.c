#include "policy.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgkey.h"
#include "msg.h"
#include "num.h"

enum kind { SIZE, PCT, TIME };

static const struct {
	const char *name;
	size_t stem; /* without the unit */
	enum kind kind;
	bool measured; /* no policy: what it is worth its reader tells */
} columns[] = {
	{ "mem_limit_pct", 9, PCT, false },
	{ "io_limit_pct", 8, PCT, false },
	{ "floor_bytes", 5, SIZE, false },
	{ "max_step_bytes", 8, SIZE, false },
	{ "swap_write_limit_bytes_per_s", 16, SIZE, false },
	{ "harm_pct", 4, PCT, true },
	{ "harm_time", 9, TIME, true },
};

enum { N_COLUMNS = sizeof(columns) / sizeof(*columns), NAME_LEN = 40 };

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* How many letters to put in, take out or change (Levenshtein). */
static int distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	int row[NAME_LEN];

	if (strlen(a) >= NAME_LEN)
		return NAME_LEN;
	for (size_t k = 0; k <= n; k++)
		row[k] = (int)k;
	for (size_t i = 1; a[i - 1]; i++) {
		int corner = row[0];

		row[0] = (int)i;
		for (size_t k = 1; k <= n; k++) {
			int change = corner + (a[i - 1] != b[k - 1]);

			corner = row[k];
			row[k] = least(change, least(row[k], row[k - 1]) + 1);
		}
	}
	return row[n];
}

static bool is_meant(const char *name, size_t i)
{
	size_t stem = columns[i].stem;

	if (!strncmp(name, columns[i].name, stem) &&
	    (!name[stem] || name[stem] == '_'))
		return true;
	return distance(name, columns[i].name) <= 2;
}

const char *policy_column(const char *name, bool *exact)
{
	*exact = true;
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (!strcmp(name, columns[i].name))
			return columns[i].name;
	*exact = false;
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (is_meant(name, i))
			return columns[i].name;
	return NULL;
}

static enum kind kind_of(const char *column, bool *measured)
{
	*measured = false;
	for (size_t i = 0; i < N_COLUMNS; i++)
		if (!strcmp(column, columns[i].name)) {
			*measured = columns[i].measured;
			return columns[i].kind;
		}
	return SIZE;
}

int policy_cell(const char *column, const char *text, char *buf, size_t size,
		const char **wanted)
{
	static const char *const want[] = {
		[SIZE] = "a size such as 4096, 64K or 1.5G",
		[PCT] = "a percentage such as 0.1%",
		[TIME] = "a time in seconds since 1970",
	};
	bool measured;
	enum kind kind = kind_of(column, &measured);
	bool pct = kind != SIZE;
	uint64_t v = 0;
	int64_t milli;
	double share;

	*wanted = want[kind];
	if (!strcmp(text, "-") || (!pct && !strcmp(text, "max")) ||
	    (pct ? !num_milli(text, &milli) && milli >= 0
		 : !num_u64(text, &v))) {
		/* 2^64-1 is what other programs write for "max" */
		snprintf(buf, size, "%s", v >= NUM_MAX ? "max" : text);
		return 0;
	}
	if (kind == TIME || (pct ? num_pct(text, &share) : num_size(text, &v)))
		return -EINVAL;
	if (pct)
		snprintf(buf, size, "%.3f", share);
	else
		snprintf(buf, size, "%llu", (unsigned long long)v);
	/* What is handed on is read again. */
	return pct && num_milli(buf, &milli) ? -EINVAL : 0;
}

/* A mistyped column of policy would be somebody's own, and rule nothing. */
int policy_check_header(const struct rows_in *in, size_t *at, char *reason,
			size_t size)
{
	while (*at < in->n) {
		size_t i = (*at)++;
		bool exact;
		const char *meant = policy_column(in->name[i], &exact);

		if (!meant || exact)
			continue;
		snprintf(reason, size, "column '%s': is %s meant?", in->name[i],
			 meant);
		return -EINVAL;
	}
	/* A table stays while who wrote it is gone. */
	if ((*at)++ == in->n && rows_find(in, "harm_pct") >= 0 &&
	    rows_find(in, "harm_time") < 0) {
		snprintf(reason, size,
			 "column 'harm_pct': needs the column harm_time, the "
			 "time of the measurement");
		return -EINVAL;
	}
	return 0;
}

int policy_check_cells(const struct rows_in *in, size_t *at, char *reason,
		       size_t size)
{
	while (*at < in->cells) {
		size_t i = (*at)++;
		const char *name = in->name[i], *cell = in->cell[i], *wanted;
		char buf[64];
		bool exact, measured;

		if (!policy_column(name, &exact) || !exact ||
		    !policy_cell(name, cell, buf, sizeof(buf), &wanted))
			continue;
		kind_of(name, &measured);
		if (measured)
			continue;
		snprintf(reason, size, "column '%s': '%s' is not %s", name,
			 cell, wanted);
		return -EINVAL;
	}
	return 0;
}

static int by_key(const void *a, const void *b, void *arg)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	const struct policy_rows *t = arg;
	int order = strcmp(t->key[x], t->key[y]);

	return order ? order : (x > y) - (x < y);
}

void policy_rows_index(struct policy_rows *t, char *const *key, size_t n)
{
	*t = (struct policy_rows){ .key = key, .n = n };
	t->plain = xcalloc(n + 1, sizeof(*t->plain));
	t->glob = xcalloc(n + 1, sizeof(*t->glob));
	for (size_t i = 0; i < n; i++)
		if (cg_is_glob(key[i]))
			t->glob[t->n_globs++] = i;
		else
			t->plain[t->n_plain++] = i;
	qsort_r(t->plain, t->n_plain, sizeof(*t->plain), by_key, t);
}

void policy_rows_free(struct policy_rows *t)
{
	free(t->plain);
	free(t->glob);
	*t = (struct policy_rows){ 0 };
}

/* The last row with that key. */
static size_t find_plain(const struct policy_rows *t, const char *key)
{
	size_t from = 0, to = t->n_plain;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (strcmp(t->key[t->plain[mid]], key) <= 0)
			from = mid + 1;
		else
			to = mid;
	}
	if (!from || strcmp(t->key[t->plain[from - 1]], key))
		return t->n;
	return t->plain[from - 1];
}

static size_t find_own(const struct policy_rows *t, const char *key)
{
	size_t plain = find_plain(t, key);

	if (plain < t->n)
		return plain;
	for (size_t i = t->n_globs; i-- > 0;)
		if (cg_names(t->key[t->glob[i]], key))
			return t->glob[i];
	return t->n;
}

size_t policy_rows_find(const struct policy_rows *t, const char *key)
{
	char level[CG_KEY_MAX];
	size_t i;

	if (!t->n)
		return 0;
	snprintf(level, sizeof(level), "%s", key);
	do
		i = find_own(t, level);
	while (i == t->n && cg_parent(level));
	return i;
}
