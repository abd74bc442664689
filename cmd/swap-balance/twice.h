/*
 * twice - what is twice cold: pages of a cgroup that have lain in a zram device
 * for long enough go on to its backing device.
 */
#ifndef TWICE_H
#define TWICE_H

#include <stdbool.h>
#include <stdint.h>

#include "cg.h"
#include "machine.h"
#include "slots.h"

/* A device, for a round over cgroups. */
struct twice {
	const char *dev;
	const char *lack; /* what it cannot be done without; NULL: nothing */
	struct slots slots;
	int type;	     /* see swapped_type() */
	bool single;	     /* the kernel takes one index a write */
	uint64_t left_bytes; /* of the round */
};

/* What came of a cgroup. */
struct twice_result {
	uint64_t cold_pages;
	uint64_t refused;  /* processes that could not be read */
	const char *ended; /* what ended it before all were written; NULL */
};

/* Of ended: the most was written. */
extern const char twice_most[];

/* What cgroups cannot be told apart without in the i-th area; NULL: nothing. */
const char *twice_lack(const struct machine *m, int i);

/* The i-th area of the machine.  0 or -errno; not so where there is a lack. */
int twice_open(struct twice *t, const struct machine *m, int i,
	       uint64_t age_us);
void twice_close(struct twice *t);

/*
 * Finds the cold pages of the cgroup, each but once in a round, and writes back
 * the most of them; those first that free most.  0 or -errno.
 */
int twice_cgroup(struct twice *t, const struct cg_set *set, const struct cg *cg,
		 uint64_t most_pages, struct twice_result *out);

#endif
