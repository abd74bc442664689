#include "procs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"

enum { DEEP = 64 }; /* cgroups below each other */

/* dir is the caller's. */
static int tell_procs(int dir, procs_fn *fn, void *arg)
{
	char *text, *p;
	ssize_t n = io_read_all(dir, "cgroup.procs", &text);
	int err = 0;

	/* Of threads the processes are listed at the top of their domain. */
	if (n == -EOPNOTSUPP || cg_err_is_gone((int)n))
		return 0;
	if (n < 0)
		return (int)n;
	for (p = text; !err && *p && !clock_stopped();
	     p += strspn(p, "0123456789"), p += *p == '\n') {
		uint64_t pid = strtoull(p, NULL, 10);

		if (pid) /* 0: of another namespace */
			err = fn(arg, pid);
		if (!strspn(p, "0123456789"))
			break;
	}
	free(text);
	return err;
}

/* fd is closed. */
static int tell_below(int fd, procs_fn *fn, void *arg, int deep)
{
	int err = tell_procs(fd, fn, arg);
	DIR *dir = err ? NULL : fdopendir(fd);
	struct dirent *e;

	if (!dir) {
		close(fd);
		return err;
	}
	while (!err && deep && (e = readdir(dir))) {
		int sub =
			e->d_type == DT_DIR && *e->d_name != '.'
				? io_open(fd, e->d_name, O_RDONLY | O_DIRECTORY)
				: -ENOENT;

		if (sub >= 0)
			err = tell_below(sub, fn, arg, deep - 1);
	}
	closedir(dir);
	return err;
}

int procs_each(const struct cg_set *set, const struct cg *cg, procs_fn *fn,
	       void *arg)
{
	int fd = cg_open_file(set, cg, ".", O_RDONLY | O_DIRECTORY);

	return fd < 0 ? fd : tell_below(fd, fn, arg, DEEP);
}
