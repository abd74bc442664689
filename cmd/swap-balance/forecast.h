/*
 * forecast - what a cgroup's cold memory would save in one destination, and
 * what that would cost.  Pure, no I/O.
 *
 *	saved = offloadable * (1 - k)
 *
 * k is the share of it that stays in memory as compressed copies.  Of pages
 * that are not zero throughout (those take nothing anywhere), zswap keeps
 * compressed / original of each one that it takes, and passes the others on to
 * the device; zram keeps those whole.  Where huge pages pass zswap by, they go
 * to the device, too.
 */
#ifndef FORECAST_H
#define FORECAST_H

#include <stdbool.h>
#include <stdint.h>

enum destination {
	TO_FILE, /* page cache, whose data is in its file */
	TO_ZSWAP,
	TO_ZRAM,
	TO_DISK,
	TO_COUNT
};
const char *destination_word(enum destination to);

/* How well pages compress, by those that were tried.  Shares from 0 to 1. */
struct compression {
	double kept;	/* compressed / original, of those taken; NAN */
	double refused; /* of those that are not zero; NAN */
	double zero;
	double pages;  /* of the cgroup, that were tried; 0: others' were */
	double unseen; /* share of its memory that none of them was chosen of */
};

struct forecast_in {
	enum destination to;
	uint64_t offloadable; /* NUM_NONE */
	uint64_t se;	      /* its standard error; 0: it is exact */
	bool at_most;	      /* what is cold is not known */
	bool no_device;	      /* what zswap refuses goes nowhere */
	struct compression c;
	double huge, huge_low, huge_high; /* shares that pass zswap by */
	double back_bytes_per_s;	  /* that would come back; NAN */
	double memory_us, device_us;	  /* a page's way back */
};

/* NUM_NONE: not known.  The point is within low and high. */
struct forecast {
	uint64_t saved_bytes, low_bytes, high_bytes;
	uint64_t device_bytes; /* written when it goes off */
	uint64_t device_bytes_per_day, stall_us_per_day;
};

extern const struct forecast forecast_nothing;

void forecast_make(const struct forecast_in *in, struct forecast *out);

/*
 * Bytes a second that come back once all that is older than an age is off, at
 * most: by how much less is older than age than than a younger one.  In a
 * steady state, as much comes back as grows old, and the older, the less grows
 * older still.  NAN: one of them is not known.
 */
double forecast_back(uint64_t younger_us, uint64_t younger_bytes,
		     uint64_t age_us, uint64_t bytes);

#endif
