/*
 * faultio - a preload that makes chosen system calls fail, for faults that no
 * file can show: EAGAIN on memory.reclaim, ENODEV from a dying cgroup.
 *
 *   FAULT='memory.reclaim:write:EAGAIN' LD_PRELOAD=build/faultio.so TOOL ...
 *
 * FAULT is a list, joined by ',', of SUBSTRING:CALL:ERROR[:N]: the call (open,
 * read or write) fails where the file's path holds the substring, from its
 * Nth time on (1).  ERROR is a name, or "short" for half a write, or "kill" for
 * half a write and then SIGKILL, or "done" for a write that changes nothing, as
 * a command to the kernel does, or "later" for a pread of PATH.later in its
 * place, as of a counter that has grown.  With "hang" the call takes two
 * seconds, whatever signals come; with "boottime:clock:jump:N" the machine has
 * slept an hour at the Nth look.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum {
	FAULT_SHORT = -1,
	FAULT_JUMP = -2,
	FAULT_HANG = -3,
	FAULT_KILL = -4,
	FAULT_DONE = -5,
	FAULT_LATER = -6
};
enum { FAULTS_MAX = 16 };

static const struct {
	const char *name;
	int err;
} errors[] = {
	{ "EAGAIN", EAGAIN },
	{ "EBUSY", EBUSY },
	{ "EINTR", EINTR },
	{ "EINVAL", EINVAL },
	{ "EIO", EIO },
	{ "ENODEV", ENODEV },
	{ "ENOENT", ENOENT },
	{ "EROFS", EROFS },
	{ "ESRCH", ESRCH },
	{ "EACCES", EACCES },
	{ "EPERM", EPERM },
	{ "EMFILE", EMFILE },
	{ "EOPNOTSUPP", EOPNOTSUPP },
	{ "ENOSPC", ENOSPC },
	{ "short", FAULT_SHORT },
	{ "jump", FAULT_JUMP },
	{ "hang", FAULT_HANG },
	{ "kill", FAULT_KILL },
	{ "done", FAULT_DONE },
	{ "later", FAULT_LATER },
};

/* The error that FAULT wants for this call on this path; 0: none. */
static int wanted(const char *path, const char *call)
{
	static unsigned long times[FAULTS_MAX];
	const char *list = getenv("FAULT");
	char item[256], *save, *sub, *what, *err, *from;

	for (int k = 0; list && *list && k < FAULTS_MAX; k++) {
		size_t len = strcspn(list, ",");

		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		list += len + (list[len] == ',');
		sub = strtok_r(item, ":", &save);
		what = strtok_r(NULL, ":", &save);
		err = strtok_r(NULL, ":", &save);
		from = strtok_r(NULL, ":", &save);
		if (!err || !strstr(path, sub) || strcmp(what, call))
			continue;
		if (++times[k] < (from ? strtoul(from, NULL, 10) : 1))
			continue;
		for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
			if (!strcmp(err, errors[i].name))
				return errors[i].err;
	}
	return 0;
}

/* The path of an open file; "": it has none. */
static void path_of(int fd, char *path, size_t size)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, size - 1);
	path[n < 0 ? 0 : n] = '\0';
}

static int wanted_fd(int fd, const char *call)
{
	char path[4096];

	path_of(fd, path, sizeof(path));
	return *path ? wanted(path, call) : 0;
}

static void hang(void)
{
	struct timespec left = { .tv_sec = 2 };

	while (nanosleep(&left, &left))
		;
}

static int fails(int err)
{
	if (err == FAULT_HANG)
		hang();
	if (err == FAULT_KILL)
		raise(SIGKILL);
	if (err > 0)
		errno = err;
	return err > 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t read(int fd, void *buf, size_t n)
{
	return fails(wanted_fd(fd, "read")) ? -1 : REAL(read)(fd, buf, n);
}

static ssize_t pread_later(int fd, void *buf, size_t n, off_t at)
{
	char path[4096 + sizeof(".later")];
	ssize_t got;

	path_of(fd, path, 4096);
	strcat(path, ".later");
	fd = REAL(open)(path, O_RDONLY);
	got = REAL(pread)(fd, buf, n, at);
	close(fd);
	return got;
}

ssize_t pread(int fd, void *buf, size_t n, off_t at)
{
	int err = wanted_fd(fd, "read");

	if (err == FAULT_LATER)
		return pread_later(fd, buf, n, at);
	return fails(err) ? -1 : REAL(pread)(fd, buf, n, at);
}

ssize_t __read_chk(int fd, void *buf, size_t n, size_t room);
ssize_t __read_chk(int fd, void *buf, size_t n, size_t room)
{
	(void)room;
	return read(fd, buf, n);
}

ssize_t __pread_chk(int fd, void *buf, size_t n, off_t at, size_t room);
ssize_t __pread_chk(int fd, void *buf, size_t n, off_t at, size_t room)
{
	(void)room;
	return pread(fd, buf, n, at);
}

ssize_t write(int fd, const void *buf, size_t n)
{
	int err = wanted_fd(fd, "write");

	if (err == FAULT_KILL && REAL(write)(fd, buf, n / 2) < 0)
		return -1;
	if (fails(err))
		return -1;
	if (err == FAULT_DONE)
		return (ssize_t)n;
	return REAL(write)(fd, buf, err == FAULT_SHORT ? n / 2 : n);
}

ssize_t pwrite(int fd, const void *buf, size_t n, off_t at)
{
	int err = wanted_fd(fd, "write");

	if (err == FAULT_KILL && REAL(pwrite)(fd, buf, n / 2, at) < 0)
		return -1;
	return fails(err) ? -1 : REAL(pwrite)(fd, buf, n, at);
}

int clock_gettime(clockid_t clock, struct timespec *ts)
{
	int err = REAL(clock_gettime)(clock, ts);

	if (clock == CLOCK_BOOTTIME &&
	    wanted("boottime", "clock") == FAULT_JUMP)
		ts->tv_sec += 3600;
	return err;
}

int openat(int dirfd, const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails(wanted(path, "open"))
		       ? -1
		       : REAL(openat)(dirfd, path, flags, mode);
}

/* What _FORTIFY_SOURCE makes of it where the flags are no constant. */
int __openat_2(int dirfd, const char *path, int flags);
int __openat_2(int dirfd, const char *path, int flags)
{
	return openat(dirfd, path, flags);
}

int open(const char *path, int flags, ...)
{
	va_list ap;
	mode_t mode;

	va_start(ap, flags);
	mode = flags & O_CREAT ? va_arg(ap, mode_t) : 0;
	va_end(ap);
	return fails(wanted(path, "open")) ? -1 : REAL(open)(path, flags, mode);
}

/* openat2(2) has no wrapper: it comes as a bare number. */
long syscall(long number, ...)
{
	va_list ap;
	long arg[6];

	va_start(ap, number);
	for (int i = 0; i < 6; i++)
		arg[i] = va_arg(ap, long);
	va_end(ap);
	if (number == SYS_openat2 &&
	    fails(wanted((const char *)arg[1], "open")))
		return -1;
	return REAL(syscall)(number, arg[0], arg[1], arg[2], arg[3], arg[4],
			     arg[5]);
}
