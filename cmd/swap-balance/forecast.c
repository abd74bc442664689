#include "forecast.h"

#include <math.h>

#include "mem.h"
#include "num.h"

/* Of a normal distribution, 95 % is so many standard errors around its mean. */
#define Z95 1.96

/* A point that nothing tells is given where it can be no farther off. */
#define NARROW 0.1

static const double DAY_S = 86400;

struct range {
	double low, at, high;
};

const char *destination_word(enum destination to)
{
	static const char *const words[TO_COUNT] = { "file", "zswap", "zram",
						     "disk" };

	return words[to];
}

double forecast_back(uint64_t younger_us, uint64_t younger_bytes,
		     uint64_t age_us, uint64_t bytes)
{
	if (younger_us >= NUM_MAX || age_us >= NUM_MAX ||
	    younger_us >= age_us || younger_bytes >= NUM_MAX ||
	    bytes >= NUM_MAX)
		return NAN;
	return (double)num_less(younger_bytes, bytes) /
	       ((double)(age_us - younger_us) / 1e6);
}

/* Where those can go nowhere, they are not among what is offloadable. */
static double refused_share(const struct forecast_in *in)
{
	return in->no_device ? 0 : in->c.refused;
}

/* What is written to the device, of what goes off; NAN. */
static double device_share(const struct forecast_in *in)
{
	switch (in->to) {
	case TO_ZSWAP:
		return in->huge +
		       (1 - in->huge) * (1 - in->c.zero) * refused_share(in);
	case TO_DISK: return 1 - in->c.zero;
	default: return 0;
	}
}

/* What stays in memory, of what goes off, in pages that compress to kept. */
static double kept_share(const struct forecast_in *in, double kept, double huge)
{
	double refused = fmax(refused_share(in), 0); /* of a NaN, 0 */
	double taken = (1 - in->c.zero) * (1 - refused);
	double copies = taken > 0 ? taken * kept : 0;

	if (in->to == TO_ZRAM)
		return copies + (1 - in->c.zero) * refused;
	return (1 - huge) * copies;
}

static double clamp(double share)
{
	return fmin(fmax(share, 0), 1);
}

/*
 * A page of a sample keeps from 0 to 1: p * (1 - p) is the most its variance
 * can be.  3 more pages, for samples in which all are the same: of 3 pages in n
 * none is among n with a probability of 5 %.
 */
static double sample_error(double share, double pages)
{
	return Z95 * sqrt(share * (1 - share) / pages) + 3 / pages;
}

static struct range kept_range(const struct forecast_in *in)
{
	bool known = !isnan(in->c.kept);
	struct range k = { 0, kept_share(in, in->c.kept, in->huge), 1 };
	double mid, error;

	if (in->to == TO_FILE || in->to == TO_DISK)
		return (struct range){ 0, 0, 0 };
	k.high = kept_share(in, 1, in->huge_low);
	if (in->c.pages <= 0) {
		k.high = 1 - in->huge_low;
		return k;
	}
	k.low = kept_share(in, known ? in->c.kept : 0, in->huge_high);
	k.high = kept_share(in, known ? in->c.kept : 1, in->huge_low);
	mid = clamp((k.low + k.high) / 2);
	error = sample_error(mid, in->c.pages);
	/* What was not seen may keep nothing, or all. */
	k.low = clamp(k.low - error) * (1 - in->c.unseen);
	k.high = 1 - (1 - clamp(k.high + error)) * (1 - in->c.unseen);
	return k;
}

static struct range offloadable_range(const struct forecast_in *in)
{
	double at = (double)in->offloadable, error = Z95 * (double)in->se;

	if (in->at_most)
		return (struct range){ 0, NAN, at };
	return (struct range){ fmax(at - error, 0), at, at + error };
}

static struct range saved_range(const struct forecast_in *in)
{
	struct range all = offloadable_range(in), k = kept_range(in);
	struct range saved = { all.low * (1 - k.high), all.at * (1 - k.at),
			       all.high * (1 - k.low) };
	double mid = (saved.low + saved.high) / 2;

	if (isnan(saved.at) && saved.high - mid <= NARROW * mid)
		saved.at = mid;
	return saved;
}

/* More than 2^63 is no number of bytes or us. */
static uint64_t whole(double v)
{
	return v < 9e18 ? (uint64_t)llround(v) : NUM_NONE;
}

const struct forecast forecast_nothing = { NUM_NONE, NUM_NONE, NUM_NONE,
					   NUM_NONE, NUM_NONE, NUM_NONE };

void forecast_make(const struct forecast_in *in, struct forecast *out)
{
	double device = device_share(in), back = in->back_bytes_per_s * DAY_S;
	double page_us = device * in->device_us + (1 - device) * in->memory_us;
	struct range saved;

	*out = forecast_nothing;
	if (in->offloadable >= NUM_MAX)
		return;
	saved = saved_range(in);
	out->saved_bytes = whole(saved.at);
	out->low_bytes = whole(saved.low);
	out->high_bytes = whole(saved.high);
	if (!in->at_most)
		out->device_bytes = whole((double)in->offloadable * device);
	out->device_bytes_per_day = whole(back * device);
	out->stall_us_per_day =
		whole(back / (double)mem_page_bytes() * page_us);
}
