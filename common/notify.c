#include "notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int notify_open(struct notify *w)
{
	memset(w, 0, sizeof(*w));
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return w->fd < 0 ? -errno : 0;
}

void notify_close(struct notify *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->v[i].key);
	free(w->v);
	if (w->fd >= 0)
		close(w->fd);
	memset(w, 0, sizeof(*w));
	w->fd = -1;
}

/* Where wd is, or belongs. */
static size_t place(const struct notify *w, int wd)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (w->v[mid].wd < wd)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct notify_dir *find(const struct notify *w, int wd)
{
	size_t i = place(w, wd);

	return i < w->n && w->v[i].wd == wd ? &w->v[i] : NULL;
}

int notify_add(struct notify *w, const char *path, const char *key)
{
	int wd = inotify_add_watch(w->fd, path,
				   IN_CREATE | IN_DELETE | IN_ONLYDIR |
					   IN_DONT_FOLLOW);
	size_t i;

	if (wd < 0)
		return -errno;
	if (find(w, wd))
		return 0;
	if (w->n == w->room) {
		size_t room = w->room ? w->room * 2 : 16;
		struct notify_dir *v = reallocarray(w->v, room, sizeof(*v));

		if (!v)
			return -ENOMEM;
		w->v = v;
		w->room = room;
	}
	i = place(w, wd);
	memmove(w->v + i + 1, w->v + i, (w->n - i) * sizeof(*w->v));
	w->v[i] = (struct notify_dir){ wd, strdup(key) };
	if (!w->v[i].key) {
		memmove(w->v + i, w->v + i + 1, (w->n - i) * sizeof(*w->v));
		return -ENOMEM;
	}
	w->n++;
	return 0;
}

static void forget(struct notify *w, int wd)
{
	struct notify_dir *dir = find(w, wd);

	if (!dir)
		return;
	free(dir->key);
	memmove(dir, dir + 1, (size_t)(w->v + --w->n - dir) * sizeof(*w->v));
}

int notify_next(struct notify *w, uint32_t *mask, const char **key,
		const char **name)
{
	for (;;) {
		const struct inotify_event *ev;
		const struct notify_dir *dir;
		ssize_t n;

		if (w->at == w->len) {
			n = read(w->fd, w->buf, sizeof(w->buf));
			if (n < 0 && errno == EINTR)
				continue;
			if (n <= 0)
				return 0;
			w->at = 0;
			w->len = (size_t)n;
		}
		ev = (const void *)(w->buf + w->at);
		w->at += sizeof(*ev) + ev->len;
		if (ev->mask & IN_Q_OVERFLOW)
			return -EOVERFLOW;
		if (ev->mask & IN_IGNORED)
			forget(w, ev->wd);
		dir = find(w, ev->wd);
		if (!dir || !(ev->mask & IN_ISDIR) || !ev->len)
			continue;
		*mask = ev->mask;
		*key = dir->key;
		*name = ev->name;
		return 1;
	}
}
