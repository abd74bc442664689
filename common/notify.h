/*
 * notify - directories of the cgroup tree, watched by inotify(7) for children
 * made and removed.  Used by cg only.
 *
 * A cgroup's directory does not tell of its own removal, its parent does.
 */
#ifndef NOTIFY_H
#define NOTIFY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/inotify.h>

struct notify_dir {
	int wd;
	char *key;
};

struct notify {
	int fd;		      /* or -1 */
	struct notify_dir *v; /* by wd: the kernel counts upwards */
	size_t n, room;
	char buf[4096] __attribute__((aligned(8)));
	size_t at, len;
};

/* 0 or -errno. */
int notify_open(struct notify *w);
void notify_close(struct notify *w);

/* Watches the directory at path; key is what its events are told under. */
int notify_add(struct notify *w, const char *path, const char *key);

/*
 * The next event: 1, 0 for none now, -EOVERFLOW where some were lost.  *key is
 * the directory's, *name the child's, valid until the next call.
 */
int notify_next(struct notify *w, uint32_t *mask, const char **key,
		const char **name);

#endif
