/*
 * keep - the ages of page frames from one run to the next (-S).
 */
#ifndef KEEP_H
#define KEEP_H

#include "idle.h"
#include "view.h"

/*
 * Takes the file's lock (the descriptor is returned) and the ages, where the
 * file is of this boot and memory layout; a note says why it starts afresh, and
 * one that is damaged or of another version is kept as path.old.  Dies for a
 * file that is not ours to trust.
 */
int keep_load(const char *path, struct idle *s);
/*
 * Takes the ages as another run keeps them, without its lock. 0 or -errno;
 * -ESTALE: not of this boot or layout.
 */
int keep_peek(const char *path, struct idle *s);

/* 0 or -errno. */
int keep_save(const char *path, const struct idle *s);

/*
 * What became cold or warm between the state old and that of opts->state: rows
 * for all of memory; the exit status.
 */
int keep_diff(struct view *v, const struct scan_opts *opts, const char *old);

#endif
