#include "high.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "mem.h"
#include "msg.h"
#include "num.h"

enum { KILL_US = 100000 }; /* for a lowerer to end that was killed */

bool high_record_dir(char *path, size_t size)
{
	const char *base = geteuid() ? getenv("XDG_RUNTIME_DIR") : "/run";

	if (!base || *base != '/')
		return false;
	snprintf(path, size, "%s/tmo-reclaim", base);
	return !mkdir(path, 0700) || errno == EEXIST;
}

/* "high.INODE" */
static int record_path(int dir_fd, char *path, size_t size)
{
	char dir[512];
	struct stat st;

	if (fstat(dir_fd, &st))
		return -errno;
	if (!high_record_dir(dir, sizeof(dir)))
		return -ENOTDIR;
	snprintf(path, size, "%s/high.%llu", dir,
		 (unsigned long long)st.st_ino);
	return 0;
}

static void put(char text[32], uint64_t v)
{
	if (v == NUM_MAX)
		memcpy(text, "max", 4);
	else
		snprintf(text, 32, "%" PRIu64, v);
}

static int write_high(int dir_fd, uint64_t bytes)
{
	char text[32];

	put(text, bytes);
	return io_write(dir_fd, "memory.high", text);
}

/* Old limit, new limit, key: locked for as long as the poke lasts. */
static int write_record(const char *path, const char *key, uint64_t old,
			uint64_t new_high)
{
	char was[32], now[32];
	int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = 0;

	if (fd < 0)
		return -errno;
	put(was, old);
	put(now, new_high);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return -EBUSY; /* another's, whole as it is */
	}
	errno = 0;
	if (ftruncate(fd, 0) || dprintf(fd, "%s %s %s\n", was, now, key) < 0)
		err = errno ? -errno : -EIO;
	if (!err)
		return fd;
	unlink(path);
	close(fd);
	return err;
}

/* The one that may be long in the kernel: its status is 0, or the errno. */
__attribute__((noreturn)) static void lower(int dir_fd, uint64_t new_high)
{
	uint64_t current;
	int err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	err = write_high(dir_fd, new_high);
	if (!err && (kv_read_u64(dir_fd, "memory.current", &current) ||
		     current > new_high))
		err = -EAGAIN;
	_exit(-err);
}

/* Waits that long for the child's end: what it said, or -ETIMEDOUT, -EINTR. */
static int wait_for(pid_t pid, const sigset_t *wake, uint64_t us)
{
	const struct timespec most = { (time_t)(us / 1000000),
				       (long)(us % 1000000) * 1000 };
	int status, sig = sigtimedwait(wake, NULL, &most);

	if (sig != SIGCHLD)
		return sig < 0 ? -ETIMEDOUT : -EINTR;
	if (waitpid(pid, &status, WNOHANG) != pid)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -EINTR;
}

/*
 * A write to memory.high sets the limit first and then reclaims, and no signal
 * ends a round of that, not even SIGKILL; a second write need not wait for it
 * (mm/memcontrol.c, memory_high_write).  A lowerer that was killed before its
 * limit was set may yet set it: so the limit is written again after its end.
 */
static int end_lowering(pid_t pid, sigset_t wake, int dir_fd, uint64_t old)
{
	int err;

	kill(pid, SIGKILL);
	err = write_high(dir_fd, old);
	sigdelset(&wake, SIGUSR2); /* a nudge hastens nothing any more */
	if (wait_for(pid, &wake, KILL_US) == -ETIMEDOUT)
		return -EINPROGRESS;
	return err ? err : write_high(dir_fd, old);
}

/*
 * Only the directory stays open: a lock on the target and the far end of a
 * pipe would be held for as long as the kernel reclaims.
 */
static int keep_only(int dir_fd)
{
	enum { KEPT = 3 };
	int most = (int)sysconf(_SC_OPEN_MAX);

	if (dup2(dir_fd, KEPT) < 0)
		return -errno;
	for (int fd = 0; fd < KEPT; fd++)
		close(fd);
	if (!syscall(SYS_close_range, KEPT + 1, ~0U, 0))
		return KEPT;
	for (int fd = KEPT + 1; fd < most; fd++) /* before 5.9 */
		close(fd);
	return KEPT;
}

/* Signals come to wait_for() only. */
static void block_signals(sigset_t *wake)
{
	sigset_t all;

	signal(SIGCHLD, SIG_DFL); /* ignored, it would not come */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(wake);
	sigaddset(wake, SIGCHLD);
	sigaddset(wake, SIGUSR2);
}

/* The guardian: its status is 0, or the errno. */
__attribute__((noreturn)) static void guard(int dir_fd, const char *key,
					    uint64_t old, uint64_t new_high,
					    uint64_t deadline_us, pid_t caller)
{
	sigset_t wake;
	char path[640];
	int record, end, err = record_path(dir_fd, path, sizeof(path));
	pid_t pid;

	setsid();
	prctl(PR_SET_NAME, "tmo-restore"); /* killall does not mean it */
	block_signals(&wake);
	prctl(PR_SET_PDEATHSIG, SIGUSR2);
	if (getppid() != caller)
		_exit(EINTR);
	if (!err && (dir_fd = keep_only(dir_fd)) < 0)
		err = dir_fd;
	record = err ? err : write_record(path, key, old, new_high);
	if (record < 0)
		_exit(-record); /* nobody could restore it after kill -9 */
	pid = fork();
	if (!pid)
		lower(dir_fd, new_high);
	err = pid < 0 ? -errno : wait_for(pid, &wake, deadline_us);
	end = err == -ETIMEDOUT || err == -EINTR
		      ? end_lowering(pid, wake, dir_fd, old)
		      : write_high(dir_fd, old);
	if (!end)
		unlink(path);
	else if (end == -EINPROGRESS)
		end = ftruncate(record, 0); /* its lock: until it has ended */
	_exit(err == -ETIMEDOUT ? EAGAIN : -err);
}

/* Waits for the guardian; a nudge is handed on to it. */
static int status_of(pid_t pid, const atomic_bool *stop)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
		if (atomic_load(stop))
			kill(pid, SIGUSR2);
	}
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

int high_poke(int dir_fd, const char *key, uint64_t bytes, uint64_t deadline_us,
	      const atomic_bool *stop)
{
	uint64_t current, old, new_high;
	char path[640];
	pid_t pid, caller = getpid();
	int err = kv_read_u64(dir_fd, "memory.current", &current);

	if (err || (err = kv_read_u64(dir_fd, "memory.high", &old)))
		return err;
	new_high = current > bytes ? mem_whole_pages(current - bytes) : 0;
	if (old <= new_high)
		return 0; /* another process has lowered it further */
	pid = fork();
	if (pid < 0)
		return -errno;
	if (!pid)
		guard(dir_fd, key, old, new_high, deadline_us, caller);
	err = status_of(pid, stop);
	if (err == -ECHILD && !write_high(dir_fd, old) &&
	    !record_path(dir_fd, path, sizeof(path)))
		unlink(path); /* it was killed: so that is on us */
	return err;
}

/* One record. */
static void recover(const struct cg_set *set, int fd, const char *name)
{
	char text[CG_KEY_MAX + 128], was[32], now[32], high[32];
	uint64_t limit;
	struct stat st;
	ssize_t n;
	int dir, len;
	bool done = false;

	n = io_pread(fd, text, sizeof(text));
	if (n <= 0 || sscanf(text, "%31s %31s %n", was, now, &len) != 2 ||
	    text[len] != '/')
		return;
	text[n - 1] = '\0';
	dir = io_open(set->fd, text[len + 1] ? text + len + 1 : ".",
		      O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return;
	/* Still the same cgroup, and still our limit? */
	if (!fstat(dir, &st) && !kv_read_u64(dir, "memory.high", &limit)) {
		put(high, limit);
		done = strtoull(name, NULL, 10) == st.st_ino &&
		       !strcmp(high, now) && !io_write(dir, "memory.high", was);
	}
	if (done)
		warn(0, "'%s': memory.high was left at %s: restored to %s",
		     text + len, now, was);
	close(dir);
}

/*
 * A killed child holds the lock until it is out of the kernel's reclaim, which
 * may be seconds for hundreds of MiB: who starts meanwhile has to restore, too.
 */
static bool locked(int fd)
{
	const struct timespec tick = { .tv_nsec = 50000000 };

	for (int i = 0; i < 300; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

void high_recover(const struct cg_set *set)
{
	char path[512];
	struct dirent *e;
	DIR *dir;

	if (!high_record_dir(path, sizeof(path)) || !(dir = opendir(path)))
		return;
	while ((e = readdir(dir))) {
		int fd;

		if (strncmp(e->d_name, "high.", 5))
			continue;
		fd = openat(dirfd(dir), e->d_name,
			    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || !locked(fd)) {
			if (fd >= 0)
				close(fd);
			continue; /* somebody is at it */
		}
		recover(set, fd, e->d_name + 5);
		unlinkat(dirfd(dir), e->d_name, 0);
		close(fd);
	}
	closedir(dir);
}
