/*
 * io - whole small files, by descriptor.
 *
 * Kernel files are read whole into a caller's buffer and written with one
 * write(2).  Every path is relative to a directory descriptor: root_fd() for
 * /proc and /sys, a cgroup's own for its files.  Below a cgroup no symlink is
 * followed; below the root prefix links stay inside it (openat2(2)).
 */
#ifndef IO_H
#define IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { IO_BUF = 16384 }; /* holds any memory.stat; not kernel-wide lists */

/* Returns a descriptor or -errno; O_CLOEXEC is added. */
int io_open(int dirfd, const char *path, int flags);

/*
 * Can it be opened so?  0 or -errno.  By opening: access(2) asks for the real
 * user, leaves capabilities out, and does not know of lockdown.
 */
int io_try(int dirfd, const char *path, int flags);

/*
 * Return the length read, NUL-terminated, or -errno; -EFBIG where the file
 * does not fit, so that no text is ever cut silently.
 */
ssize_t io_read(int dirfd, const char *path, char *buf, size_t size);

/*
 * The same of a held descriptor, by one pread(2) at 0.  Only for files that
 * the kernel shows in one piece: those of a cgroup and of /proc/pressure.
 */
ssize_t io_pread(int fd, char *buf, size_t size);

/* The same to the end of an open file, of which many records take many reads.
 */
ssize_t io_slurp(int fd, char *buf, size_t size);

/* A file of any length: *out is malloc'ed and NUL-terminated, the caller's. */
ssize_t io_read_all(int dirfd, const char *path, char **out);

/*
 * One write(2) of text, no newline added, never creating or truncating: 0 or
 * -errno, -EIO for a short write.  EINTR is handed on: on memory.reclaim it
 * means that the write was cut.  The file is opened for append, which cgroupfs
 * ignores and which makes a log of a fixture's plain file.
 */
int io_write(int dirfd, const char *path, const char *text);

/*
 * Of a pipe, a terminal or a socket, which may block, in their O_NONBLOCK mode,
 * too (it belongs to all who share the file: a parent's mode is kept).  read:
 * what is there, 0 at the end; -EINTR after any signal.  write: all of it, or
 * -EINTR after a stop while nobody takes it.  Both -ETIMEDOUT, see
 * clock_limit().
 */
ssize_t io_stream_read(int fd, char *buf, size_t size);
int io_stream_write(int fd, const char *buf, size_t len);

/* As much of it as can be written without a wait, or a part: 0 and more. */
ssize_t io_stream_offer(int fd, const char *buf, size_t len);

/*
 * Replaces path (a user's file, below no prefix) at once: temporary file in
 * the same directory, fsync, rename.  No symlink is followed.  mode 0: what the
 * umask leaves of 0666, and no fsync: for what is made anew soon.
 */
int io_replace(const char *path, const void *data, size_t len, mode_t mode);

/*
 * The same in parts: a new file beside path, of mode 0600, named in tmp, and
 * what makes it path, unless err is one.  No fsync.  The name is always
 * path.tmo-tmp, and its writer holds its lock (flock(2)): what a killed run
 * left is removed, and one that another run writes is waited for, a second at
 * most (-EBUSY).
 */
enum { IO_PATH = 4096 };
int io_replace_begin(const char *path, char *tmp, size_t size);
int io_replace_end(const char *path, const char *tmp, int fd, int err);

/* To a file: 0 or -errno. */
int io_write_all(int fd, const void *data, size_t len);

/* Is fd still the file of that name?  No symlink is followed. */
bool io_is_at(int fd, const char *path);

/* Could it be?  0 or -errno; nothing changes. */
int io_may_replace(const char *path);

#endif
