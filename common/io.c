#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "root.h"

enum {
	/* So much a pipe takes that says it can be written to (pipe(7)). */
	OFFER = PIPE_BUF,
	REPLACE_WAIT_MS = 1000,
};

int io_open(int dirfd, const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned int)(flags | O_CLOEXEC),
		.resolve = dirfd == root_fd()
				   ? RESOLVE_IN_ROOT
				   : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

	/* Before 5.6, or below an old seccomp filter: as near as openat gets.
	 */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM))
		fd = openat(dirfd, path,
			    flags | O_CLOEXEC |
				    (dirfd == root_fd() ? 0 : O_NOFOLLOW));
	return fd < 0 ? -errno : (int)fd;
}

ssize_t io_pread(int fd, char *buf, size_t size)
{
	ssize_t n;

	do
		n = pread(fd, buf, size, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -EFBIG;
	buf[n] = '\0';
	return n;
}

ssize_t io_slurp(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		len += (size_t)n;
	}
	if (len == size)
		return -EFBIG;
	buf[len] = '\0';
	return (ssize_t)len;
}

int io_try(int dirfd, const char *path, int flags)
{
	int fd = io_open(dirfd, path, flags);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

ssize_t io_read(int dirfd, const char *path, char *buf, size_t size)
{
	int fd = io_open(dirfd, path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = io_slurp(fd, buf, size);
	close(fd);
	return n;
}

ssize_t io_read_all(int dirfd, const char *path, char **out)
{
	int fd = io_open(dirfd, path, O_RDONLY);
	size_t size = IO_BUF;
	char *buf = NULL;
	ssize_t n = -EFBIG;

	if (fd < 0)
		return fd;
	while (n == -EFBIG) {
		char *bigger = realloc(buf, size);

		n = -ENOMEM;
		if (!bigger)
			break;
		buf = bigger;
		n = lseek(fd, 0, SEEK_SET) < 0 ? -errno
					       : io_slurp(fd, buf, size);
		size *= 2;
	}
	close(fd);
	if (n < 0)
		free(buf);
	else
		*out = buf;
	return n;
}

int io_write(int dirfd, const char *path, const char *text)
{
	int fd = io_open(dirfd, path, O_WRONLY | O_APPEND);
	size_t len = strlen(text);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return fd;
	n = write(fd, text, len);
	if (n < 0)
		err = -errno;
	else if ((size_t)n != len)
		err = -EIO;
	close(fd);
	return err;
}

int io_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t io_stream_read(int fd, char *buf, size_t size)
{
	for (;;) {
		int err = clock_wait_fd(fd, POLLIN);
		ssize_t n = err ? err : read(fd, buf, size);

		if (err || n >= 0)
			return n;
		if (errno != EAGAIN)
			return -errno;
	}
}

static int write_more(int fd, const char *buf, size_t len, size_t *done)
{
	ssize_t n = write(fd, buf + *done, len - *done);

	if (n >= 0)
		*done += (size_t)n;
	else if (errno == EAGAIN)
		return clock_wait_fd(fd, POLLOUT);
	else if (errno == EINTR)
		return clock_may_block();
	else
		return -errno;
	return 0;
}

int io_stream_write(int fd, const char *buf, size_t len)
{
	size_t done = 0;
	int err = 0;

	clock_guard();
	while (!err && done < len)
		err = write_more(fd, buf, len, &done);
	clock_unguard();
	return err;
}

ssize_t io_stream_offer(int fd, const char *buf, size_t len)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	ssize_t n;

	if (poll(&p, 1, 0) <= 0)
		return 0;
	clock_guard();
	n = write(fd, buf, len < OFFER ? len : OFFER);
	clock_unguard();
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n < 0 ? -errno : n;
}

bool io_is_at(int fd, const char *path)
{
	struct stat held, named;

	return !fstat(fd, &held) && !lstat(path, &named) &&
	       held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

/* A new file, with the lock that tells that its writer lives. */
static int create_locked(const char *tmp)
{
	int fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if ((!flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK) &&
	    io_is_at(fd, tmp))
		return fd;
	close(fd); /* another run took it for one that was left */
	return -EEXIST;
}

/* What a killed run has left; -EWOULDBLOCK: the run that writes it lives. */
static int remove_left(const char *tmp)
{
	int fd = open(tmp, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		err = -EEXIST;
	else if (flock(fd, LOCK_EX | LOCK_NB) ||
		 (io_is_at(fd, tmp) && unlink(tmp)))
		err = -errno;
	close(fd);
	return err;
}

/* A run writes for moments: longer is no run to wait for. */
static int create_only(const char *tmp)
{
	const struct timespec ms = { .tv_nsec = 1000000 };
	int fd, err;

	for (int i = 0; i < REPLACE_WAIT_MS; i++) {
		fd = create_locked(tmp);
		if (fd != -EEXIST)
			return fd;
		err = remove_left(tmp);
		if (err && err != -EWOULDBLOCK)
			return err;
		if (err)
			nanosleep(&ms, NULL);
	}
	return -EBUSY;
}

int io_replace_begin(const char *path, char *tmp, size_t size)
{
	struct stat st;
	int n;

	if (!*path)
		return -ENOENT;
	n = snprintf(tmp, size, "%s.tmo-tmp", path);
	if (n < 0 || (size_t)n >= size)
		return -ENAMETOOLONG;
	if (!lstat(path, &st) && !S_ISREG(st.st_mode))
		return S_ISLNK(st.st_mode)   ? -ELOOP
		       : S_ISDIR(st.st_mode) ? -EISDIR
					     : -ENOTSUP;
	return create_only(tmp);
}

int io_replace_end(const char *path, const char *tmp, int fd, int err)
{
	/* The lock lasts until the name is free. */
	int held = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (held < 0 && !err)
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(tmp, path))
		err = -errno;
	if (err)
		unlink(tmp);
	if (held >= 0)
		close(held);
	return err;
}

int io_may_replace(const char *path)
{
	char tmp[IO_PATH];
	int fd = io_replace_begin(path, tmp, sizeof(tmp));

	if (fd < 0)
		return fd;
	unlink(tmp);
	close(fd);
	return 0;
}

int io_replace(const char *path, const void *data, size_t len, mode_t mode)
{
	char tmp[IO_PATH];
	int fd = io_replace_begin(path, tmp, sizeof(tmp)), err;
	mode_t mask = 0;

	if (fd < 0)
		return fd;
	err = io_write_all(fd, data, len);
	if (!mode)
		umask(mask = umask(0));
	if (!err && fchmod(fd, mode ? mode : 0666 & ~mask))
		err = -errno;
	if (!err && mode && fsync(fd))
		err = -errno;
	return io_replace_end(path, tmp, fd, err);
}
