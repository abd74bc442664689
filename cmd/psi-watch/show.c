#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "msg.h"
#include "psi-watch.h"

/*
 * ---- the picture of the last samples ----
 * A level is a step of about three: what matters in pressure is whether it is
 * a hundredth, a tenth, one or ten percent.
 */
static uint8_t level_of(int64_t mpct)
{
	static const int32_t steps[] = { 1,    30,   100,   300,
					 1000, 3000, 10000, 30000 };
	uint8_t level = 0;

	while (level < 8 && mpct >= steps[level])
		level++;
	return level;
}

static void remember(const struct watch *w, struct sample_state *state,
		     const struct sample *s)
{
	int64_t v;

	memmove(state->trend, state->trend + 1, TREND - 1);
	state->trend[TREND - 1] = sample_value(s, w->trend_arg, &v)
					  ? (uint8_t)(level_of(v) + 1)
					  : 0;
}

static const char *draw(const struct watch *w, const struct sample_state *state,
			char *buf)
{
	static const char *const utf8[] = { "·", "▁", "▂", "▃", "▄",
					    "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { ".", "_", "-", "=", "+",
					     "*", "o", "O", "#" };
	const char *const *marks = w->utf8 ? utf8 : ascii;
	char *p = buf;

	for (size_t i = 0; i < TREND; i++)
		if (state->trend[i])
			p = stpcpy(p, marks[state->trend[i] - 1]);
	*p = '\0';
	return buf;
}

static bool is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *v = getenv(names[i]);

		if (v && *v)
			return strcasestr(v, "utf-8") || strcasestr(v, "utf8");
	}
	return false;
}

/* Is there room at the right?  Columns are as wide as their names. */
static bool has_room(const struct watch *w)
{
	struct winsize ws;
	size_t wide = 20 + 2 + TREND;

	if (!w->out.tty || ioctl(w->out.fd, TIOCGWINSZ, &ws))
		return false;
	for (size_t i = 1; i < w->cols.n; i++)
		wide += strlen(w->cols.v[i]->name) + 2;
	return wide <= ws.ws_col + 4 * w->cols.n; /* less the units */
}

static const struct col *trend_col(void)
{
	return &sample_cols[sample_n_cols - 1];
}

/* What the picture is of: the column sorted by, else memory, else the first. */
static bool choose_trend(struct watch *w)
{
	bool found = false;

	for (size_t i = 0; i < w->cols.n; i++) {
		int arg = w->cols.v[i]->arg;
		enum what what = sample_fields[arg].what;

		if (what != W_PCT && what != W_AVG_PCT)
			continue;
		if (found && strcmp(w->cols.v[i]->name, "mem_some_pct"))
			continue;
		w->trend_arg = arg;
		found = true;
	}
	if (w->cfg.sort)
		w->trend_arg = w->sort_arg;
	return found;
}

void show_open(struct watch *w)
{
	w->utf8 = is_utf8();
	for (size_t i = 0; i < w->cols.n; i++)
		w->has_trend |= w->cols.v[i] == trend_col();
	if (!choose_trend(w)) {
		w->has_trend = false;
		return;
	}
	if (w->has_trend || !w->interval_us || w->cfg.common.cols ||
	    w->out.format != ROWS_TABLE || !has_room(w))
		return;
	w->cols.v = xrealloc(w->cols.v, w->cols.n + 1, sizeof(*w->cols.v));
	w->cols.v[w->cols.n++] = trend_col();
	w->has_trend = true;
}

/* ---- rows ---- */

void show_row(struct watch *w, struct cg *cg, struct sample *s)
{
	struct sample_state *state = cg->data;
	char picture[TREND * 4];

	if (w->has_trend)
		s->trend = draw(w, state, picture);
	row_put(&w->row, &w->cols, s);
	rows_emit(&w->out,
		  targets_row(&w->targets, cg->key, &state->row,
			      &state->rows_version),
		  &w->cols, &w->row);
}

void show_keep(struct watch *w, struct cg *cg, const struct sample *s)
{
	struct kept *k;

	if (w->n_kept == w->kept_room) {
		w->kept_room = w->kept_room ? w->kept_room * 2 : 16;
		w->kept = xrealloc(w->kept, w->kept_room, sizeof(*w->kept));
	}
	k = &w->kept[w->n_kept++];
	k->cg = cg;
	k->sample = *s;
	if (!w->cfg.sort || !sample_value(s, w->sort_arg, &k->by))
		k->by = INT64_MIN; /* the unknown comes last */
}

static void show_sample(struct watch *w, struct cg *cg, struct sample *s)
{
	if (w->has_trend)
		remember(w, cg->data, s);
	if (w->cfg.sort)
		show_keep(w, cg, s);
	else
		show_row(w, cg, s);
}

/* The most first; of equals, as the tree has them. */
static int by_rank(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->by != y->by)
		return x->by < y->by ? 1 : -1;
	return strcmp(x->sample.key, y->sample.key);
}

static int show_end(struct watch *w)
{
	if (w->n_kept)
		qsort(w->kept, w->n_kept, sizeof(*w->kept), by_rank);
	for (size_t i = 0; i < w->n_kept && (!w->cfg.top || i < w->cfg.top);
	     i++)
		show_row(w, w->kept[i].cg, &w->kept[i].sample);
	w->n_kept = 0;
	return -1;
}

static int show_over(struct watch *w)
{
	return loop_status(w);
}

const struct mode show_mode = { .sample = show_sample,
				.end = show_end,
				.over = show_over };
