/*
 * probes - when each cgroup was probed within a day, and what came of it: a
 * state file.
 */
#ifndef PROBES_H
#define PROBES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cg.h"
#include "forecast.h"

/* When a cgroup was probed, by its inode, and what zswap made of its pages. */
struct past {
	uint64_t ino;
	uint64_t at_us; /* clock_mono_us(), which no jump of the wall clock
			   moves */
	double ratio, incompressible_pct; /* NAN: not known */
	struct compression sample;	  /* of pages at random, or none */
	char *key;			  /* "": of version 1, not known */
};

struct book {
	struct past *v;
	size_t n;
	uint64_t taken_bytes; /* in this run */
};

int book_read(struct book *b, const char *path);
int book_write(const struct book *b, const char *path);
void book_put(struct book *b, struct past p);
void book_free(struct book *b);

struct past *book_find(const struct book *b, const struct cg *cg);

/* Were some of its pages taken by the probe of one above or below it? */
bool book_has_relative(const struct book *b, const struct cg *cg);

#endif
