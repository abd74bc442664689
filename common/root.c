#include "root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	int fd;
	char *rest; /* the recordings still to come */
	bool live;
	unsigned int generation;
} root = { .fd = -1 };

static int enter(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (root.fd >= 0)
		close(root.fd);
	root.fd = fd;
	return 0;
}

int root_open(const char *list, const char **bad)
{
	char *dir;
	int err;

	if (!list)
		list = getenv("TMO_ROOT");
	if (!list || !*list)
		list = "/";
	root.live = !strcmp(list, "/");
	root.rest = strdup(list);
	if (!root.rest)
		return -ENOMEM;
	dir = strsep(&root.rest, ":");
	*bad = dir;
	err = enter(dir);
	return err;
}

int root_fd(void)
{
	return root.fd;
}

bool root_is_live(void)
{
	return root.live;
}

int root_next(void)
{
	char *dir = strsep(&root.rest, ":");
	int err;

	if (!dir)
		return 0;
	err = enter(dir);
	root.generation++;
	return err ? err : 1;
}

unsigned int root_generation(void)
{
	return root.generation;
}
