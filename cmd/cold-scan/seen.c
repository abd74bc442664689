#include "seen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "root.h"

struct mapping {
	uint64_t rss_kb, pss_kb, anon_kb;
	bool shared_memory, passed_over;
};

/* "7f00-7f20 rw-s 00000000 00:01 1029 /dev/zero (deleted)": of no file system
 * but the kernel's own, or of the tmpfs that each system has. */
static bool is_shared_memory(const char *line)
{
	static const char *const names[] = { "/memfd:", "/SYSV", "/dev/zero ",
					     "/dev/shm/", "[anon_shmem:" };
	int at = 0;

	sscanf(line, "%*s %*s %*s %*s %*s %n", &at);
	for (size_t i = 0; at && i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(line + at, names[i], strlen(names[i])))
			return true;
	return false;
}

static bool has_flag(const char *flags, const char *flag)
{
	const char *at = strstr(flags, flag);

	return at && at[-1] == ' ';
}

/* Locked pages are on no generation; rr and sr: no recency. */
static bool is_passed_over(const char *flags)
{
	return has_flag(flags, "lo ") || has_flag(flags, "rr ") ||
	       has_flag(flags, "sr ");
}

/* Of a private file mapping, some pages were written and are its own. */
static uint64_t seen_kb(const struct mapping *m)
{
	if (m->passed_over || !m->rss_kb)
		return 0;
	if (m->shared_memory || m->anon_kb >= m->rss_kb)
		return m->pss_kb;
	return m->pss_kb * m->anon_kb / m->rss_kb;
}

uint64_t seen_parse(char *smaps)
{
	struct mapping m = { 0 };
	uint64_t sum_kb = 0;
	char *save = NULL;

	for (char *line = strtok_r(smaps, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t kb;

		if (sscanf(line, "Rss: %" SCNu64, &kb) == 1) {
			m.rss_kb = kb;
		} else if (sscanf(line, "Pss: %" SCNu64, &kb) == 1) {
			m.pss_kb = kb;
		} else if (sscanf(line, "Anonymous: %" SCNu64, &kb) == 1) {
			m.anon_kb = kb;
		} else if (!strncmp(line, "VmFlags:", 8)) {
			m.passed_over = is_passed_over(line);
		} else if (line[strcspn(line, ": ")] == ' ') {
			sum_kb += seen_kb(&m);
			m = (struct mapping){ .shared_memory =
						      is_shared_memory(line) };
		}
	}
	return (sum_kb + seen_kb(&m)) * 1024;
}

/* Where hidepid= hides others' processes (proc(5)) they are not gone. */
static bool is_hidden(uint64_t pid)
{
	return root_is_live() && (!kill((pid_t)pid, 0) || errno == EPERM);
}

/* One that ended meanwhile, or has no memory, leads nowhere. */
static int add_process(uint64_t pid, uint64_t *sum_bytes)
{
	char path[64], *text;
	ssize_t n;

	snprintf(path, sizeof(path), "proc/%" PRIu64 "/smaps", pid);
	n = io_read_all(root_fd(), path, &text);
	if (n == -ENOENT && is_hidden(pid))
		return -EACCES;
	if (n == -ENOENT || n == -ESRCH)
		return 0;
	if (n < 0)
		return (int)n;
	*sum_bytes += seen_parse(text);
	free(text);
	return 0;
}

int seen_read(const struct cg_set *set, const struct cg *cg,
	      uint64_t *out_bytes)
{
	int fd = cg_open_file(set, cg, "cgroup.procs", O_RDONLY), err = 0;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	uint64_t pid;

	*out_bytes = 0;
	if (fd < 0)
		return fd;
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	/* 0 is a process of another PID namespace. */
	while (!err && fscanf(f, "%" SCNu64, &pid) == 1)
		err = pid ? add_process(pid, out_bytes) : -EACCES;
	/* Of a threaded cgroup its domain has them, and the memory, too. */
	if (!err && ferror(f) && errno != EOPNOTSUPP)
		err = -errno;
	fclose(f);
	return err;
}
