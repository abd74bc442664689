#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cg.h"
#include "io.h"
#include "root.h"

#define CGROUP2_MAGIC 0x63677270 /* linux/magic.h */

void mount_unescape(char *text)
{
	char *to = text;

	while (*text) {
		unsigned int byte;

		if (*text == '\\' && strspn(text + 1, "01234567") >= 3 &&
		    sscanf(text + 1, "%3o", &byte) == 1 && byte && byte < 256) {
			*to++ = (char)byte;
			text += 4;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

int mount_cgroup_of(const char *path, char *buf, size_t size)
{
	char text[CG_KEY_MAX + 1024];
	ssize_t n = io_read(root_fd(), path, text, sizeof(text));
	char *p;

	if (n < 0)
		return (int)n;
	p = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
	if (!p)
		return -ENOENT;
	p = strchr(p, '/');
	if (!p || strcspn(p, "\n") >= size)
		return -EBADMSG;
	p[strcspn(p, "\n")] = '\0';
	memcpy(buf, p, strlen(p) + 1);
	return 0;
}

/* Is that what one finds there, and not another file system above it? */
static bool is_there(const char *point)
{
	int fd = io_open(root_fd(), point[1] ? point + 1 : ".",
			 O_RDONLY | O_DIRECTORY);
	struct statfs fs;
	bool there;

	if (fd < 0)
		return false;
	there = !root_is_live() ||
		(!fstatfs(fd, &fs) && fs.f_type == CGROUP2_MAGIC);
	close(fd);
	return there;
}

/* How well a mount of that subtree serves the caller; 0: not at all. */
static int rank(const char *point, const char *top, const char *self)
{
	if (!is_there(point))
		return 0;
	if (!strcmp(top, "/"))
		return 3;
	return *self && cg_is_below(self, top) ? 2 : 1;
}

int mount_cgroup2(char **point, char **top)
{
	static const char form[] = "%*s %*s %*s %4095s %4095s";
	char self[CG_KEY_MAX], *text, *save = NULL, *root = NULL;
	int best = 0;
	bool v1 = false;
	ssize_t n;

	*point = NULL;
	if (mount_cgroup_of("proc/self/cgroup", self, sizeof(self)))
		*self = '\0';
	n = io_read_all(root_fd(), "proc/self/mountinfo", &text);
	if (n < 0)
		return n == -ENOENT ? -ENOTDIR : (int)n;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *type = strstr(line, " - "), at[CG_KEY_MAX],
		     of[CG_KEY_MAX];
		int is;

		v1 |= type && !strncmp(type + 3, "cgroup ", 7);
		if (!type || strncmp(type + 3, "cgroup2 ", 8) ||
		    sscanf(line, form, of, at) != 2)
			continue;
		mount_unescape(of);
		mount_unescape(at);
		is = rank(at, of, self);
		if (is <= best)
			continue;
		best = is;
		free(*point);
		free(root);
		*point = strdup(at);
		root = strdup(of);
	}
	free(text);
	if (!best)
		return v1 ? -EPROTONOSUPPORT : -ENOENT;
	if (top)
		*top = root;
	else
		free(root);
	return *point && (!top || root) ? 0 : -ENOMEM;
}

/* How much of the path the mount point is; 0: none. */
static size_t covers(const char *point, const char *path)
{
	size_t len = strlen(point);

	if (len == 1)
		return 1;
	/* A file may be a mount point itself. */
	return !strncmp(path, point, len) && (path[len] == '/' || !path[len])
		       ? len
		       : 0;
}

int mount_source(const char *path, char source[MOUNT_SOURCE])
{
	static const char form[] = "%*s %*s %*s %*s %4095s";
	char *text, *save = NULL;
	size_t best = 0;
	ssize_t n = io_read_all(root_fd(), "proc/self/mountinfo", &text);

	if (n < 0)
		return (int)n;
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char *type = strstr(line, " - "), at[CG_KEY_MAX];
		char of[MOUNT_SOURCE];
		size_t len;

		if (!type || sscanf(line, form, at) != 1 ||
		    sscanf(type, " - %*s %255s", of) != 1)
			continue;
		mount_unescape(at);
		len = covers(at, path);
		if (!len || len < best)
			continue;
		best = len;
		mount_unescape(of);
		memcpy(source, of, sizeof(of));
	}
	free(text);
	return best ? 0 : -ENOENT;
}

/* Has a mount of that type ("cgroup", "cgroup2") the option? */
static bool has_option(const char *type, const char *option)
{
	char *text, *save = NULL, has[32];
	size_t len = (size_t)snprintf(has, sizeof(has), " - %s ", type);
	bool found = false;

	if (io_read_all(root_fd(), "proc/self/mountinfo", &text) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		char *p = strstr(line, has), options[256], *rest;

		if (!p || sscanf(p + len, "%*s %255s", options) != 1)
			continue;
		for (p = strtok_r(options, ",", &rest); p && !found;
		     p = strtok_r(NULL, ",", &rest))
			found = !strcmp(p, option);
	}
	free(text);
	return found;
}

bool mount_memory_is_v1(void)
{
	return has_option("cgroup", "memory");
}

bool mount_accounts_hugetlb(void)
{
	return has_option("cgroup2", "memory_hugetlb_accounting");
}
