/*
 * high - reclaim by memory.high, for kernels before 5.19.
 *
 * A limit below what is used makes the kernel reclaim; left behind, it
 * throttles the workload without end (that is how the first TMO failed in
 * production).  So each poke is a child's: it keeps a record, lowers the
 * limit, restores it, and removes the record.  It blocks every signal that
 * can be blocked and is no part of the caller's fate, so that kill -9 of the
 * caller leaves nothing behind; when the child is killed, the caller restores;
 * and when both are, the next start does by the record.
 */
#ifndef HIGH_H
#define HIGH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "cg.h"

/*
 * Lowers memory.high in the directory by bytes below what is used, for at most
 * that time or until *stop and a signal.  0, -EAGAIN (the time did not
 * suffice), -EINTR, or -errno.  Not without a record: -ENOTDIR is that there
 * is nowhere to keep one.
 */
int high_poke(int dir_fd, const char *key, uint64_t bytes, uint64_t deadline_us,
	      const atomic_bool *stop);

/* Restores what the records say and nobody is at. */
void high_recover(const struct cg_set *set);

#endif
