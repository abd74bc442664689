#include "env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cg.h"
#include "msg.h"
#include "root.h"

/* Looks at a manager's events no closer than this: systemd's own window. */
enum { WINDOW_US = 2000000 };

/* The manager speaks of the cgroup that we are in. */
static char *own_cgroup(void)
{
	char key[CG_KEY_MAX];

	return xstrdup(cg_self(key) ? "/" : key);
}

static char *cgroup_of(const char *path)
{
	static const char file[] = "/memory.pressure";
	size_t n = strlen(path);
	char *dir;

	if (!strcmp(path, "/proc/pressure/memory"))
		return xstrdup("/");
	if (n < sizeof(file) || strcmp(path + n - sizeof(file) + 1, file))
		die(0,
		    "--from-env: '%s' is not a pressure file, FIFO or socket",
		    path);
	dir = xstrdup(path);
	dir[n - sizeof(file) + 1] = '\0';
	return dir;
}

char *env_open(struct env *e, struct spec *s)
{
	const char *text = getenv("MEMORY_PRESSURE_WRITE");
	struct stat st = { 0 };
	bool manager;

	e->path = getenv("MEMORY_PRESSURE_WATCH");
	if (!e->path || !*e->path)
		die(0, "--from-env: MEMORY_PRESSURE_WATCH is not set: is this "
		       "a service with MemoryPressureWatch=on?");
	if (!strcmp(e->path, "/dev/null"))
		die(0, "--from-env: the service manager turned the watch off "
		       "(MemoryPressureWatch=off)");
	if (root_is_live() &&
	    stat(e->path, &st)) /* a recording's is not here */
		die(errno, "--from-env: cannot watch '%s'", e->path);
	e->is_fifo = S_ISFIFO(st.st_mode);
	e->is_socket = S_ISSOCK(st.st_mode);
	s->res = PSI_MEM;
	if (text)
		e->len = spec_base64(text, e->text, sizeof(e->text));
	manager = e->is_fifo || e->is_socket;
	if (e->len > 0 && !spec_kernel_parse(e->text, s) &&
	    (manager || s->law.stall_us))
		return manager ? own_cgroup() : cgroup_of(e->path);
	if (e->len < 0 || !manager)
		die(0, "--from-env: MEMORY_PRESSURE_WRITE contains no trigger");
	*s = (struct spec){ .res = PSI_MEM, .law.window_us = WINDOW_US };
	return own_cgroup();
}

static int connect_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(to.sun_path))
		return -ENAMETOOLONG;
	memcpy(to.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd < 0 ? -errno : fd;
}

/* For writing, too: a FIFO without a writer would hang up for ever. */
int env_connect(struct env *e)
{
	int fd = e->is_socket ? connect_socket(e->path)
			      : open(e->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return e->is_socket ? fd : -errno;
	if (e->len > 0 &&
	    (e->is_socket ? send(fd, e->text, (size_t)e->len, MSG_NOSIGNAL)
			  : write(fd, e->text, (size_t)e->len)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	e->echo = e->is_fifo && e->len > 0;
	return fd;
}

int env_drain(struct env *e, int fd)
{
	char buf[4096];
	int event = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		/* what we wrote into a FIFO, if nobody took it, is no event */
		bool own = e->echo && n >= e->len &&
			   !memcmp(buf, e->text, (size_t)e->len);

		event |= !own || n > e->len;
		e->echo = false;
	}
	if (!event && (!n || (errno != EAGAIN && errno != EINTR)))
		return -EPIPE;
	return event; /* before the end, which is read once more */
}
