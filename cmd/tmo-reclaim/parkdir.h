/*
 * parkdir - where the records of --park lie: one a cgroup, by its inode, as
 * common/state.h has it.  A record is replaced whole, so a kill leaves the old
 * one or the new one.  Who takes or brings back holds it (flock(2)), and so
 * only one at a time does, whoever replaces or removes it.
 */
#ifndef PARKDIR_H
#define PARKDIR_H

#include "cg.h"
#include "io.h"
#include "parkfile.h"

/*
 * DIR/park.INODE into path, of IO_PATH; dir NULL: /run/tmo-reclaim, a user's in
 * $XDG_RUNTIME_DIR.  0 or -errno; -ENOTDIR: there is no such place.
 */
int parkdir_path(const char *dir, const struct cg *cg, char *path);

/* -ENOENT: there is none of this boot; else as state_read(). */
int parkdir_read(const char *path, const struct cg *cg, struct parkfile *f);

/* Only while nobody else may: memory.reclaim is held (target_open()). */
int parkdir_write(const char *path, struct parkfile *f);

/*
 * Holds the record that is there now: a descriptor to close; -ENOENT,
 * -EWOULDBLOCK where another process does.
 */
int parkdir_hold(const char *path);

#endif
