#include "msg.h"
#include "num.h"
#include "psi-watch.h"

static void need_node(struct watch *w, const char *opt, int arg)
{
	if (!sample_is_number(arg))
		die(0, "%s: column '%s' is not a number", opt,
		    sample_cols[arg].name);
	need_col(&w->reader.need, arg);
}

void wait_open(struct watch *w)
{
	const char *opt = w->cfg.is_while ? "--while" : "--until";

	if (expr_parse(&w->expr, w->cfg.until, sample_cols, sample_n_cols))
		die(0, "%s: '%s': expected %s at '%s'", opt, w->cfg.until,
		    w->expr.error, w->cfg.until + w->expr.at);
	for (size_t i = 0; i < w->expr.nodes; i++)
		if (w->expr.node[i].type == EXPR_CMP)
			need_node(w, opt, w->expr.node[i].arg);
}

/*
 * What cannot be told of a cgroup when it is first looked at (irq that the
 * kernel lacks, cpu full of the system) will not be told later.
 */
static void warn_undecided(struct watch *w, const struct sample *s)
{
	for (size_t i = 0; i < w->expr.nodes; i++) {
		const struct expr_node *node = &w->expr.node[i];
		int64_t v;

		if (node->type != EXPR_CMP || node->warned ||
		    sample_value(s, node->arg, &v))
			continue;
		warn(0,
		     "%s of '%s' is not known: a condition that needs it can "
		     "never be decided",
		     sample_cols[node->arg].name, s->key);
		w->expr.node[i].warned = true;
	}
}

static bool value(const void *sample, int arg, int64_t *out)
{
	return sample_value(sample, arg, out);
}

/* Kept are those that speak for the end: they hold, or hold no longer. */
static void wait_sample(struct watch *w, struct cg *cg, struct sample *s)
{
	struct sample_state *state = cg->data;
	uint64_t window_us = s->window_us == NUM_NONE ? 0 : s->window_us;
	enum verdict v = expr_judge(&w->expr, value, s, s->mono_us - window_us,
				    s->mono_us, state->since_us);

	if (v == UNKNOWN && s->window_us && !state->undecided) {
		state->undecided = true;
		warn_undecided(w, s);
	}
	w->met = true;
	if (v == (w->cfg.is_while ? NO : YES))
		show_keep(w, cg, s);
}

/*
 * Of several cgroups one is enough, with --all it takes each: --until ends
 * when one (all) of them hold, --while when none (not all) do.
 */
static bool is_over(const struct watch *w)
{
	bool each = w->cfg.all != w->cfg.is_while;
	size_t decided = w->n_kept;

	/* Nothing is left that it could hold for. */
	if (w->cfg.is_while && w->met && !w->set.n)
		return true;
	return each ? decided && decided == w->set.n : decided;
}

static int wait_end(struct watch *w)
{
	bool over = is_over(w);

	for (size_t i = 0; over && i < w->n_kept; i++)
		show_row(w, w->kept[i].cg, &w->kept[i].sample);
	w->n_kept = 0;
	return over ? STATUS_OK : -1;
}

static int wait_over(struct watch *w)
{
	return w->targets.lost || w->failed ? STATUS_PARTIAL : STATUS_NO;
}

const struct mode wait_mode = { .sample = wait_sample,
				.end = wait_end,
				.over = wait_over };
