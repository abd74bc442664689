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

/* By its number in proc_pid_stat(5): the state, behind the name, is 3. */
static int number(const char *fields, int field, uint64_t *out)
{
	for (int i = 2; i < field - 1 && *fields; i++) {
		fields += strspn(fields, " ");
		fields += strcspn(fields, " ");
	}
	return sscanf(fields, "%" SCNu64, out) == 1 ? 0 : -EBADMSG;
}

int pid_started(uint64_t pid, uint64_t *ticks)
{
	char buf[STAT_MAX];
	const char *fields;
	int err = read_fields(pid, buf, &fields);

	if (!err)
		err = number(fields, 22, ticks);
	if (err)
		return err;
	fields += strspn(fields, " ");
	return *fields == 'Z' || *fields == 'X' ? -ESRCH : 0;
}

int pid_stack(uint64_t pid, uint64_t *addr)
{
	char buf[STAT_MAX];
	const char *fields;
	int err = read_fields(pid, buf, &fields);

	return err ? err : number(fields, 28, addr);
}

int pid_order_memory(uint64_t a, uint64_t b)
{
	long order;

	if (!root_is_live())
		return -ENOSYS;
	order = syscall(SYS_kcmp, (pid_t)a, (pid_t)b, KCMP_VM, 0, 0);
	return order < 0 ? -errno : (int)order;
}
