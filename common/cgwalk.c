#include "cgwalk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cg.h"
#include "cgkey.h"
#include "io.h"
#include "notify.h"
#include "root.h"

void cg_set_unfollow(struct cg_set *set)
{
	if (set->notify)
		notify_close(set->notify);
	free(set->notify);
	set->notify = NULL;
}

int cg_set_follow(struct cg_set *set)
{
	int err;

	if (!root_is_live())
		return -ENOTSUP;
	set->notify = malloc(sizeof(*set->notify));
	if (!set->notify)
		return -ENOMEM;
	err = notify_open(set->notify);
	set->asked = 0;
	if (err)
		cg_set_unfollow(set);
	return err ? err : set->notify->fd;
}

bool cg_set_follows(const struct cg_set *set)
{
	return set->notify;
}

struct walk {
	struct cg_set *set;
	bool recursive;
	bool met; /* some cgroup: the order may be another */
	int err;
	char key[CG_KEY_MAX];
};

static void meet(struct walk *w, size_t len, const char *rest);

/* Appends a name to the key; 0 where it does not fit. */
static size_t push(struct walk *w, size_t len, const char *name, size_t n)
{
	if (len == 1)
		len = 0; /* "/" has its slash already */
	if (len + 1 + n >= sizeof(w->key)) {
		w->set->longs++;
		return 0;
	}
	w->key[len] = '/';
	memcpy(w->key + len + 1, name, n);
	w->key[len + 1 + n] = '\0';
	return len + 1 + n;
}

/* There is no inotify_add_watch that takes a directory descriptor. */
static void follow_dir(struct walk *w)
{
	char path[2 * CG_KEY_MAX];

	if (!w->set->notify)
		return;
	snprintf(path, sizeof(path), "%s%s", w->set->mount, w->key);
	switch (notify_add(w->set->notify, path, w->key)) {
	case -ENOSPC: /* fs.inotify.max_user_watches */
	case -ENOMEM: cg_set_unfollow(w->set); break;
	}
}

/* Every child whose name matches the pattern, and on with the rest. */
static void each_child(struct walk *w, size_t len, const char *pattern,
		       const char *rest)
{
	int fd;
	DIR *dir;
	struct dirent *e;

	follow_dir(w); /* before it is read, so that nothing falls between */
	fd = io_open(w->set->fd, cg_relative(w->key), O_RDONLY | O_DIRECTORY);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		/* What is below is there, but not seen. */
		if ((fd == -EMFILE || fd == -ENFILE) && !w->err)
			w->err = fd;
		return;
	}
	while ((e = readdir(dir))) {
		size_t deeper;

		if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		if (pattern && !cg_part_names(pattern, e->d_name))
			continue;
		if (strpbrk(e->d_name, "\t\n")) {
			w->set->tabs++;
			if (!w->set->take_tabs)
				continue;
		}
		deeper = push(w, len, e->d_name, strlen(e->d_name));
		if (deeper)
			meet(w, deeper, rest);
		w->key[len] = '\0';
	}
	closedir(dir);
}

/* w->key of that length is matched; rest is what the pattern still wants. */
static void meet(struct walk *w, size_t len, const char *rest)
{
	char part[256];
	size_t n;
	struct cg *cg;

	while (*rest == '/')
		rest++;
	if (!*rest) {
		int err = cg_set_get(w->set, w->key, &cg);

		if (err && !cg_err_is_gone(err) && !w->err)
			w->err = err;
		w->met |= !err;
		if (!err && w->recursive)
			each_child(w, len, NULL, "");
		return;
	}
	n = strcspn(rest, "/");
	if (n >= sizeof(part))
		return;
	memcpy(part, rest, n);
	part[n] = '\0';
	if (cg_is_glob(part)) {
		each_child(w, len, part, rest + n);
	} else {
		size_t deeper;

		follow_dir(w);
		deeper = push(w, len, rest, n);
		if (deeper)
			meet(w, deeper, rest + n);
		w->key[len] = '\0';
	}
}

static int by_key(const void *a, const void *b)
{
	return cg_key_cmp((*(struct cg *const *)a)->key,
			  (*(struct cg *const *)b)->key);
}

/* All that the keys name, from the mount down. */
static void walk_all(struct walk *w, char *const *keys, size_t n)
{
	w->set->round++;
	for (size_t i = 0; i < n; i++) {
		memcpy(w->key, "/", 2);
		meet(w, 1, keys[i]);
	}
	cg_set_prune(w->set, 1);
}

/* A child of dir was made or removed. */
static void follow_event(struct walk *w, char *const *keys, size_t n,
			 uint32_t mask, const char *dir, const char *name)
{
	size_t len = strlen(dir);
	const char *rest;

	if (strpbrk(name, "\t\n")) {
		w->set->tabs += (mask & IN_CREATE) != 0;
		return;
	}
	memcpy(w->key, dir, len + 1);
	len = push(w, len, name, strlen(name));
	if (!len)
		return;
	if (mask & IN_DELETE) {
		cg_set_known(w->set, w->key);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (cg_leads_to(keys[i], w->key, w->recursive, &rest)) {
			meet(w, len, rest);
			w->key[len] = '\0';
		}
}

/* What inotify told of; false: some of it was lost. */
static bool walk_changes(struct walk *w, char *const *keys, size_t n)
{
	const char *dir, *name;
	uint32_t mask;
	int more = 0;

	while (w->set->notify &&
	       (more = notify_next(w->set->notify, &mask, &dir, &name)) > 0) {
		char key[CG_KEY_MAX];

		/* A walk may add directories, which moves the key. */
		snprintf(key, sizeof(key), "%s", dir);
		follow_event(w, keys, n, mask, key, name);
	}
	return w->set->notify && !more;
}

static uint64_t asked_for(char *const *keys, size_t n, bool recursive)
{
	uint64_t h = 2 + recursive;

	for (size_t i = 0; i < n; i++)
		h = h * UINT64_C(1099511628211) + cg_hash(keys[i]);
	return h ? h : 1;
}

int cg_set_expand(struct cg_set *set, char *const *keys, size_t n,
		  bool recursive, const char **missing)
{
	struct walk w = { .set = set, .recursive = recursive };
	size_t before = set->n;
	uint64_t asked = asked_for(keys, n, recursive);
	int err = cg_set_follow_replay(set);

	*missing = NULL;
	if (err)
		return err;
	if (asked != set->asked || !walk_changes(&w, keys, n)) {
		walk_all(&w, keys, n);
		w.met = true;
	}
	/* A walk that saw but a part is made again. */
	set->asked = set->notify && !w.err ? asked : 0;
	for (size_t i = 0; i < n; i++) {
		struct cg *cg = cg_set_find(set, keys[i]);

		if (cg_is_glob(keys[i]))
			continue;
		if (cg)
			cg->named = true;
		else if (!*missing)
			*missing = keys[i];
	}
	if (w.met && set->n && (n > 1 || recursive || set->n != before))
		qsort(set->v, set->n, sizeof(*set->v), by_key);
	return w.err;
}
