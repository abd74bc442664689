/*
 * high - reclaim by memory.high, for kernels before 5.19.
 *
 * A limit below what is used makes the kernel reclaim; left behind, it
 * throttles the workload without end (that is how the first TMO failed in
 * production).  So each poke has two processes.  One lowers the limit: it can
 * be in the kernel's reclaim for many seconds, which no signal ends.  The other
 * one, tmo-restore, keeps a record, watches it, and restores the limit: when
 * the reclaim ends, at the deadline, when the caller dies, or when told.  It
 * blocks every signal that can be blocked.  When it is killed, the caller
 * restores; when both are, the next start does by the record.
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

/*
 * The directory of the records, root's in /run, a user's in his own; false:
 * there is none.
 */
bool high_record_dir(char *path, size_t size);

/* Restores what the records say and nobody is at. */
void high_recover(const struct cg_set *set);

#endif
