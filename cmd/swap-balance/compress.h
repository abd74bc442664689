/* compress - how well a cgroup's own pages compress, by what zswap did. */
#ifndef COMPRESS_H
#define COMPRESS_H

#include "machine.h"
#include "member.h"

/*
 * Learns a window's evidence: the pool, what zswap turned away to the device
 * and, where its writeback is shut, what it refused.
 */
void compress_learn(struct member *m, const struct machine *machine);

#endif
