/*
 * histogram - p50, p90, p99 and max of a stream of numbers in bounded memory:
 * a log-linear histogram, exact to 1 in 32, of at most 3 KiB.  Pure.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

struct histogram {
	uint64_t n, max;
	uint32_t *count; /* grows to the highest bucket met */
	size_t buckets;
};

void histogram_add(struct histogram *q, uint64_t v);

/* The least value that so many thousandths of all do not exceed. */
uint64_t histogram_quantile(const struct histogram *q, unsigned int per_mille);

void histogram_free(struct histogram *q);

#endif
