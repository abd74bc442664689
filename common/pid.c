#include "pid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io.h"
#include "root.h"

const char *pid_file(char path[PID_PATH], uint64_t pid, const char *file)
{
	snprintf(path, PID_PATH, "proc/%" PRIu64 "/%s", pid, file);
	return path;
}

/* The name before the fields may hold anything: from its last ')'. */
int pid_started(uint64_t pid, uint64_t *ticks)
{
	char path[PID_PATH], buf[4096], state;
	ssize_t n = io_read(root_fd(), pid_file(path, pid, "stat"), buf,
			    sizeof(buf));
	const char *p = n < 0 ? NULL : strrchr(buf, ')');

	if (n < 0)
		return (int)n;
	if (!p || sscanf(p + 1,
			 " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u "
			 "%*u %*d %*d %*d %*d %*d %*d %" SCNu64,
			 &state, ticks) != 2)
		return -EBADMSG;
	return state == 'Z' || state == 'X' ? -ESRCH : 0;
}
