#include "mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "io.h"
#include "mem.h"
#include "pid.h"
#include "root.h"

/* Threads of the kernel have none. */
static bool has_some(int dir, const char *field)
{
	char text[IO_BUF];
	const char *p = text;
	size_t len = strlen(field);
	uint64_t kib;

	if (io_read(dir, "status", text, sizeof(text)) <= 0)
		return false;
	while (strncmp(p, field, len) || p[len] != ':') {
		p = strchr(p, '\n');
		if (!p++)
			return false;
	}
	return sscanf(p + len, ": %" SCNu64, &kib) == 1 && kib;
}

/*
 * Its directory first: when the process of that number is then in the cgroup,
 * so is the one whose directory it is, or it has ended.
 */
int mapped_open(struct mapped *m, const struct cg *cg, uint64_t pid,
		const char *field)
{
	char path[PID_PATH];
	ssize_t n;

	*m = (struct mapped){ .pid = pid, .pidfd = -1, .pagemap = -1 };
	m->dir = io_open(root_fd(), pid_file(path, pid, "."),
			 O_RDONLY | O_DIRECTORY);
	if (m->dir < 0 || pid > INT_MAX)
		return -ESRCH;
	m->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (m->pidfd < 0)
		m->pidfd = -errno;
	if (cg_of(pid_file(path, pid, "cgroup"), m->key) ||
	    !cg_is_below(m->key, cg->key) || !has_some(m->dir, field))
		return -ESRCH;
	m->pagemap = io_open(m->dir, "pagemap", O_RDONLY);
	n = m->pagemap < 0 ? m->pagemap : io_read_all(m->dir, "maps", &m->maps);
	return n < 0 ? (int)n : 0;
}

void mapped_close(struct mapped *m)
{
	if (m->dir >= 0)
		close(m->dir);
	if (m->pidfd >= 0)
		close(m->pidfd);
	if (m->pagemap >= 0)
		close(m->pagemap);
	free(m->maps);
}

static bool is_shared_memory(const char *name)
{
	static const char *const begins[] = { "/dev/zero", "/dev/shm/",
					      "/memfd:", "/SYSV",
					      "[anon_shmem:" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (!strncmp(name, begins[i], strlen(begins[i])))
			return true;
	return false;
}

bool mapped_next(const char **at, struct mapping *out)
{
	uint64_t start, end, bytes = mem_page_bytes();

	while (**at) {
		char name[16] = "", line[256]; /* without the end of a name */
		size_t len = strcspn(*at, "\n");

		/* sscanf(3) measures all of the text that it is given. */
		snprintf(line, sizeof(line), "%.*s", (int)len, *at);
		*at += len;
		*at += **at == '\n';
		if (sscanf(line,
			   "%" SCNx64 "-%" SCNx64
			   " %*4s %*s %*s %*[0-9]%*[ ]%15[^\n]",
			   &start, &end, name) < 2 ||
		    end > INT64_MAX) /* the kernel's own */
			continue;
		*out = (struct mapping){ .page = start / bytes,
					 .end = end / bytes,
					 .shared_memory =
						 is_shared_memory(name) };
		return true;
	}
	return false;
}
