#include "pid.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io.h"
#include "root.h"

enum { STAT_MAX = 4096 };

const char *pid_file(char path[PID_PATH], uint64_t pid, const char *file)
{
	snprintf(path, PID_PATH, "proc/%" PRIu64 "/%s", pid, file);
	return path;
}

/* The name before the fields may hold anything: from its last ')' on. */
static int read_fields(uint64_t pid, char buf[STAT_MAX], const char **fields)
{
	char path[PID_PATH], *end;
	ssize_t n =
		io_read(root_fd(), pid_file(path, pid, "stat"), buf, STAT_MAX);

	if (n < 0)
		return (int)n;
	end = strrchr(buf, ')');
	*fields = end ? end + 1 : "";
	return 0;
}

int pid_started(uint64_t pid, uint64_t *ticks)
{
	char buf[STAT_MAX], state;
	const char *fields;
	int err = read_fields(pid, buf, &fields);

	if (err)
		return err;
	if (sscanf(fields,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u "
		   "%*u %*d %*d %*d %*d %*d %*d %" SCNu64,
		   &state, ticks) != 2)
		return -EBADMSG;
	return state == 'Z' || state == 'X' ? -ESRCH : 0;
}

int pid_stack(uint64_t pid, uint64_t *addr)
{
	char buf[STAT_MAX];
	const char *fields;
	int err = read_fields(pid, buf, &fields);

	if (err)
		return err;
	if (sscanf(fields,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u "
		   "%*u %*d %*d %*d %*d %*d %*d %*u %*u %*d %*u %*u "
		   "%*u %" SCNu64,
		   addr) != 1)
		return -EBADMSG;
	return 0;
}

int pid_order_memory(uint64_t a, uint64_t b)
{
	long order;

	if (!root_is_live())
		return -ENOSYS;
	order = syscall(SYS_kcmp, (pid_t)a, (pid_t)b, KCMP_VM, 0, 0);
	return order < 0 ? -errno : (int)order;
}
