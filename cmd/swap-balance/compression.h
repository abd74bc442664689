/*
 * compression - how well a cgroup's pages compress, by the best that tells of
 * it: what zswap made of some that were chosen at random, of those that reclaim
 * took, or else of all, or what zram did.
 */
#ifndef COMPRESSION_H
#define COMPRESSION_H

#include "forecast.h"
#include "gather.h"

enum compression_source { BY_NOTHING, BY_SAMPLE, BY_CGROUP, BY_ZSWAP, BY_ZRAM };
const char *compression_source_word(enum compression_source source);

/* For what goes to zswap, or to zram. */
enum compression_source compression_find(const struct member *m,
					 const struct gathered *g,
					 const struct machine *machine,
					 enum destination to,
					 struct compression *out);

/* All that is in zram; false: too little. */
bool compression_of_zram(const struct machine *m, struct compression *out);

#endif
