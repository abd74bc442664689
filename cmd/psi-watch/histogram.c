#include "histogram.h"

#include <stdlib.h>
#include <string.h>

#include "msg.h"

/* Each octave has 16 buckets of one width, the first 32 values one each. */
enum { SUB_BITS = 4, SUB = 1 << SUB_BITS };

/* Values past 2^48 share the last bucket: 256 TiB, nine years. */
enum { VALUE_BITS = 48 };

static size_t bucket_of(uint64_t v)
{
	int shift;

	if (v >> VALUE_BITS)
		v = (UINT64_C(1) << VALUE_BITS) - 1;
	if (v < 2 * SUB)
		return (size_t)v;
	shift = 63 - __builtin_clzll(v) - SUB_BITS;
	return (size_t)shift * SUB + (size_t)(v >> shift);
}

/* The middle of a bucket: half a width off at most. */
static uint64_t value_of(size_t bucket)
{
	size_t shift;

	if (bucket < 2 * SUB)
		return bucket;
	shift = bucket / SUB - 1;
	return ((uint64_t)(bucket - shift * SUB) << shift) +
	       ((UINT64_C(1) << shift) >> 1);
}

void histogram_add(struct histogram *q, uint64_t v)
{
	size_t b = bucket_of(v);

	if (b >= q->buckets) {
		q->count = xrealloc(q->count, b + 1, sizeof(*q->count));
		memset(q->count + q->buckets, 0,
		       (b + 1 - q->buckets) * sizeof(*q->count));
		q->buckets = b + 1;
	}
	/* One a second fills a bucket in 136 years. */
	if (q->count[b] < UINT32_MAX)
		q->count[b]++;
	q->n++;
	if (v > q->max)
		q->max = v;
}

uint64_t histogram_quantile(const struct histogram *q, unsigned int per_mille)
{
	uint64_t want = (q->n * per_mille + 999) / 1000, seen = 0;

	for (size_t b = 0; b < q->buckets; b++) {
		seen += q->count[b];
		if (seen >= want && seen) {
			uint64_t v = value_of(b);

			return v < q->max ? v : q->max;
		}
	}
	return q->max;
}

void histogram_free(struct histogram *q)
{
	free(q->count);
	memset(q, 0, sizeof(*q));
}
