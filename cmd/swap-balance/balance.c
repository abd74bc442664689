#include "balance.h"

#include <math.h>
#include <stdlib.h>

enum {
	SWAPPINESS_MAX = 200,
	LEAST_MOVE = 8,	  /* of swappiness */
	EVIDENCE = 32,	  /* pages, to learn a cost from */
	FULL_RELEASE = 5, /* percent below the limit, or half, lift the guard */
	GUARD_S = 60,	  /* a failed swap-out is remembered so long */
};

const char *source_word(enum source source)
{
	static const char *const words[] = { "default", "device", "pressure" };

	return words[source];
}

static double sum_pages(const struct window *w)
{
	return w->pages[KIND_FILE] + w->pages[KIND_ZSWAP] +
	       w->pages[KIND_DEVICE];
}

/* A zero would make the other side infinitely dear. */
static double sane_us(double us)
{
	return fmin(fmax(us, 1), 1e6);
}

/* Of the stall, what the pages of a kind can have caused. */
static double caused_us(const struct window *w, int k, double device_us)
{
	double reads_us = w->pages[k] * 2 * device_us;

	return fmax(w->mem_stall_us,
		    k == KIND_ZSWAP ? 0 : fmin(w->io_stall_us, reads_us));
}

static double page_us(const struct window *w, int k, double device_us)
{
	double us = sane_us(caused_us(w, k, device_us) / w->pages[k]);

	return device_us > 0 ? fmin(us, 4 * device_us) : us;
}

/*
 * One bad window is no new cost.  Where there was but a default, which says
 * nothing of this machine, it takes two, of which the lesser counts.
 */
static void learn_stall(struct cost *c, double us)
{
	if (c->source == SOURCE_DEFAULT && c->first_us <= 0) {
		c->first_us = us;
		return;
	}
	if (c->source == SOURCE_DEFAULT)
		c->us = fmin(us, c->first_us);
	else
		c->us += 0.3 * (fmin(fmax(us, c->us / 3), c->us * 3) - c->us);
	c->source = SOURCE_PRESSURE;
}

void cost_learn(struct cost cost[KIND_COUNT], const struct window *w,
		const double device_us[KIND_COUNT])
{
	double all = sum_pages(w);

	for (int k = 0; k < KIND_COUNT; k++) {
		struct cost *c = cost + k;
		bool alone = w->pages[k] >= EVIDENCE &&
			     w->pages[k] >= 0.9 * all &&
			     caused_us(w, k, device_us[k]) > 0;

		if (c->source != SOURCE_PRESSURE && device_us[k] > 0)
			*c = (struct cost){ .us = sane_us(device_us[k]),
					    .source = SOURCE_DEVICE };
		else if (c->source == SOURCE_DEFAULT)
			c->us = w->stated_us[k];
		if (alone)
			learn_stall(c, page_us(w, k, device_us[k]));
	}
}

static double toward(double old, double now, double s, double tau_s)
{
	return old + (now - old) * (1 - exp(-s / tau_s));
}

/*
 * The one kind of traffic that there was in a window, or none: then what went
 * before goes on.
 */
static void note_alone(struct balance *b, const struct window *w)
{
	double file = w->pages[KIND_FILE];
	double swap = w->pages[KIND_ZSWAP] + w->pages[KIND_DEVICE];
	bool is_file = file > swap;

	if (fmax(file, swap) < EVIDENCE)
		return;
	if (fmin(file, swap) > 0.05 * fmax(file, swap)) {
		b->alone_windows = 0;
		return;
	}
	if (b->alone_windows && (b->alone == KIND_FILE) != is_file)
		b->alone_windows = 0;
	b->alone = is_file ? KIND_FILE : KIND_DEVICE;
	b->alone_windows++;
}

/* Harm is believed three times as fast as its end. */
static void smooth(struct balance *b, const struct window *w, double tau_s)
{
	note_alone(b, w);
	for (int k = 0; k < KIND_COUNT; k++) {
		double now = w->pages[k] / w->s;
		bool other = (k == KIND_FILE) != (b->alone == KIND_FILE);
		bool harm = k != KIND_FILE && now > b->rate[k];

		b->rate[k] = b->known ? toward(b->rate[k], now, w->s,
					       harm ? tau_s / 3 : tau_s)
				      : now;
		/* Two windows of one kind: the other is over. */
		if (b->alone_windows >= 2 && other)
			b->rate[k] = now;
	}
	b->out_rate = toward(b->out_rate, w->out_pages / w->s, w->s, tau_s);
	b->back_rate = toward(b->back_rate, w->back_pages / w->s, w->s, tau_s);
}

static double noise_rate(const struct window *w)
{
	return fmax(1, w->memory_pages * 0.002 / 60);
}

/* Of those that count: of file refaults, the next swap-in, and of traffic. */
static bool all_measured(const struct balance *b, const struct window *w)
{
	for (int k = 0; k < KIND_COUNT; k++)
		if (b->cost[k].source == SOURCE_DEFAULT &&
		    (k == KIND_FILE || k == (int)w->next ||
		     b->rate[k] > noise_rate(w)))
			return false;
	return true;
}

/*
 * A stated price is compared with stated ones: a measured one beside it, ten
 * times as high on a slow machine, would be evidence of nothing.  And without
 * traffic that matters there is no evidence at all then: it is left at what the
 * kernel does by itself.
 */
static double ratio(struct balance *b, const struct window *w)
{
	bool measured = all_measured(b, w);
	double n0 = noise_rate(w), rate[KIND_COUNT], *us = b->us, rest_us;

	for (int k = 0; k < KIND_COUNT; k++) {
		us[k] = measured ? b->cost[k].us : w->stated_us[k];
		rate[k] = fmax(0, b->rate[k] - (measured ? 0 : n0));
	}
	rest_us = measured ? us[KIND_FILE] : us[w->next] * w->kernel_ratio;
	return (rest_us * n0 + us[KIND_FILE] * rate[KIND_FILE]) /
	       (us[w->next] * n0 + us[KIND_ZSWAP] * rate[KIND_ZSWAP] +
		us[KIND_DEVICE] * rate[KIND_DEVICE]);
}

/*
 * What the running LRU honours as a share: at its edges it takes one kind
 * only (mm/vmscan.c, get_scan_count(); for lru_gen get_type_to_scan(), where
 * 1 and 200 are edges, too).
 */
static int clamp_to_lru(double s, bool lru_gen)
{
	int edge = lru_gen ? 2 : 1;

	return (int)lround(fmin(fmax(s, edge), SWAPPINESS_MAX - edge));
}

/* A swap-out that failed, or met memory.swap.max, is remembered a while. */
static enum reason recent_failure(struct balance *b, const struct window *w)
{
	b->guard_s = fmax(0, b->guard_s - w->s);
	if (w->failed || w->limited) {
		b->guard_s = GUARD_S;
		b->guard = w->limited ? REASON_SWAP_MAX : REASON_SWAP_FAIL;
	}
	return b->guard_s > 0 ? b->guard : REASON_QUIET;
}

/* What forbids swap altogether; REASON_QUIET: nothing. */
static enum reason forbidden(struct balance *b, const struct balance_cfg *cfg,
			     const struct window *w)
{
	int64_t limit = cfg->swap_limit_mpct, half = limit / 2;
	enum reason failure = recent_failure(b, w);

	if (b->full)
		limit -=
			half < FULL_RELEASE * 1000 ? half : FULL_RELEASE * 1000;
	b->full = w->swap_used_mpct >= limit;
	if (w->no_swap)
		return REASON_NO_SWAP;
	if (w->swap_used_mpct < 0)
		return REASON_SWAP_UNKNOWN;
	if (b->full)
		return REASON_SWAP_FULL;
	if (w->zram_full)
		return REASON_ZRAM_FULL;
	if (failure != REASON_QUIET)
		return failure;
	if (w->rotational)
		return REASON_ROTATIONAL;
	if (w->budget_empty)
		return REASON_BUDGET;
	return w->stand ? w->stand : REASON_QUIET;
}

/* Swap-ins are most of what the cgroup waits for. */
static bool swapins_hurt(const struct balance *b, const struct balance_cfg *cfg,
			 const struct window *w)
{
	double swap = w->pages[KIND_ZSWAP] * b->us[KIND_ZSWAP] +
		      w->pages[KIND_DEVICE] * b->us[KIND_DEVICE];

	return w->mem_some_pct > cfg->pressure_limit_pct &&
	       swap > w->pages[KIND_FILE] * b->us[KIND_FILE] &&
	       w->pages[KIND_ZSWAP] + w->pages[KIND_DEVICE] >= EVIDENCE;
}

static enum reason traffic_reason(const struct balance *b,
				  const struct window *w)
{
	double n0 = noise_rate(w);
	double swap = b->rate[KIND_ZSWAP] + b->rate[KIND_DEVICE];
	bool file = b->rate[KIND_FILE] > n0;

	if (file && swap > n0)
		return REASON_BALANCED;
	return file	   ? REASON_FILE_REFAULTS
	       : swap > n0 ? REASON_SWAPINS
			   : REASON_QUIET;
}

/*
 * A hundredth of what was taken came straight back: take no more of it, unless
 * that is small beside what the file refaults cost.
 */
static bool inaccurate(const struct balance *b)
{
	double file = b->rate[KIND_FILE] * b->us[KIND_FILE];
	double swap = b->rate[KIND_ZSWAP] * b->us[KIND_ZSWAP] +
		      b->rate[KIND_DEVICE] * b->us[KIND_DEVICE];

	return b->back_rate > 1 && b->back_rate > 0.01 * b->out_rate &&
	       swap > 0.1 * file;
}

/* Does r call for another swappiness than when the last was published? */
static bool has_moved(const struct balance *b, double by)
{
	return b->r > b->published_r * by || b->r * by < b->published_r;
}

/*
 * A move of r by less than half, or of a few points, is noise.  After a move
 * the next one waits, so that its effect can be seen; only a threefold fall
 * does not, nor what two windows of one kind of traffic call for.
 */
static void publish(struct balance *b, int target, double dwell_s)
{
	bool retreat = b->r * 3 < b->published_r;

	/* After a guard's 0 anything is a move, and no rise. */
	if (b->swappiness &&
	    (abs(target - b->swappiness) < LEAST_MOVE || !has_moved(b, 1.5)))
		return;
	if (b->swappiness && target > b->swappiness && inaccurate(b)) {
		b->reason = REASON_INACCURATE;
	} else if (b->since_change_s < dwell_s && !retreat &&
		   b->alone_windows < 2) {
		b->reason = b->swappiness ? REASON_HELD : b->stopped;
	} else {
		b->swappiness = target;
		b->published_r = b->r;
		b->since_change_s = 0;
	}
}

/*
 * What passes by itself has waited long enough; harm has not.  An empty budget
 * is none: its pace is what keeps it, also where it holds but a second's.
 */
static void stop_swap(struct balance *b, enum reason why, double dwell_s)
{
	b->reason = b->stopped = why;
	b->swappiness = 0;
	b->published_r = 0;
	b->since_change_s = why == REASON_PRESSURE ? 0 : dwell_s;
}

void balance_step(struct balance *b, const struct balance_cfg *cfg,
		  const struct window *w)
{
	enum reason stop = forbidden(b, cfg, w);
	int target;

	smooth(b, w, cfg->smooth_s);
	b->r = ratio(b, w);
	target = clamp_to_lru(SWAPPINESS_MAX * b->r / (1 + b->r), w->lru_gen);
	b->since_change_s += w->s;
	b->reason = w->counters_missing ? REASON_UNKNOWN_KERNEL
					: traffic_reason(b, w);
	/* What came back was not what is known to be cold. */
	if (stop == REASON_QUIET && !w->cold_anon && swapins_hurt(b, cfg, w))
		stop = REASON_PRESSURE;
	if (stop != REASON_QUIET) {
		stop_swap(b, stop, cfg->smooth_s);
	} else if (w->counters_missing) {
		b->swappiness = -1;
	} else if (!b->known || b->swappiness < 0 ||
		   (w->cold_anon && !b->swappiness)) {
		b->swappiness = target;
		b->published_r = b->r;
	} else {
		publish(b, target, cfg->smooth_s);
	}
	b->known = true;
}
