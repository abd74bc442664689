/*
 * quantile - p50, p90, p99 and max of a stream of numbers in bounded memory:
 * a log-linear histogram, exact to 1 in 32, of at most 3 KiB.  Pure.
 */
#ifndef QUANTILE_H
#define QUANTILE_H

#include <stddef.h>
#include <stdint.h>

struct quantile {
	uint64_t n, max;
	uint32_t *count; /* grows to the highest bucket met */
	size_t buckets;
};

void quantile_add(struct quantile *q, uint64_t v);

/* The least value that so many thousandths of all do not exceed. */
uint64_t quantile_get(const struct quantile *q, unsigned int per_mille);

void quantile_free(struct quantile *q);

#endif
