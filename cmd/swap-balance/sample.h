/*
 * sample - how well a cgroup's pages compress, by some that are chosen at
 * random and put into swap one by one: process_madvise(2) with MADV_PAGEOUT.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "cg.h"
#include "forecast.h"
#include "mem.h"

/* From a probe to the look after it, and then for a day. */
struct sample {
	uint64_t chosen_pages;
	uint64_t out_pages; /* that went; 0: it is told, or there is none */
	struct mem_stat before;
	double unseen;	      /* share of the memory that none was chosen of */
	struct compression c; /* pages 0: there is none */
};

struct chosen {
	uint64_t pid, page;
};

struct choice {
	struct chosen *v;
	size_t n;
	double unseen;
};

/*
 * Chooses at most that many of the total, one of each part of equal size:
 * anonymous and shared memory, but no page that is huge, locked, mapped by more
 * than one process, or another cgroup's.  Changes nothing.  NULL, or why not.
 */
const char *sample_choose(struct choice *c, const struct cg_set *set,
			  const struct cg *cg, uint64_t total_pages,
			  uint64_t most_pages);
void sample_free(struct choice *c);

/* Puts those into swap that are still as they were: 0 or -errno. */
int sample_take(const struct choice *c, const struct cg_set *set,
		const struct cg *cg, struct sample *out);

/* By the counters 2 s or more after it was taken. */
void sample_tell(struct sample *s, const struct mem_stat *now);

#endif
