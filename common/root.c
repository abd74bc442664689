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

/* The last is entered.  Without one a replay would end too soon, and well. */
static int enter_all(const char *list, const char **bad)
{
	char *rest = strdup(list), *dir; /* *bad is a part of it */
	int err = rest ? 0 : -ENOMEM;

	*bad = list;
	while (!err && (dir = strsep(&rest, ":"))) {
		err = enter(dir);
		if (err)
			*bad = dir;
	}
	return err;
}

int root_open(const char *list, const char **bad)
{
	int err;

	if (!list)
		list = getenv("TMO_ROOT");
	if (!list || !*list)
		list = "/";
	root.live = !strcmp(list, "/");
	err = enter_all(list, bad);
	if (err)
		return err;
	root.rest = strdup(list);
	return root.rest ? enter(strsep(&root.rest, ":")) : -ENOMEM;
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
