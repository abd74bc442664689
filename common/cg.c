#include "cg.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "mount.h"
#include "notify.h"
#include "root.h"

enum { FD_RESERVE = 128 };

/* A recording need not hold mountinfo: the usual place will do. */
static int open_mount(struct cg_set *set)
{
	int err = mount_cgroup2(&set->mount, NULL);

	if (err == -ENOENT && !root_is_live())
		set->mount = strdup("/sys/fs/cgroup");
	else if (err)
		return err;
	if (!set->mount)
		return -ENOMEM;
	set->fd = io_open(root_fd(), set->mount + 1, O_RDONLY | O_DIRECTORY);
	if (set->fd < 0)
		return set->fd;
	/* Every cgroup but the system's root has that file (Linux 4.14). */
	set->whole = faccessat(set->fd, "cgroup.type", F_OK, 0) &&
		     faccessat(set->fd, "memory.current", F_OK, 0);
	return 0;
}

/*
 * How many descriptors members may hold: the limit, less what a walk and the
 * tool's own files need.
 */
static size_t raise_nofile(void)
{
	struct rlimit lim;

	if (getrlimit(RLIMIT_NOFILE, &lim))
		return 0;
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &lim);
	return lim.rlim_cur > 2 * FD_RESERVE ? lim.rlim_cur - FD_RESERVE
					     : lim.rlim_cur / 2;
}

int cg_set_open(struct cg_set *set, size_t data_size)
{
	memset(set, 0, sizeof(*set));
	set->fd = -1;
	set->data_size = data_size;
	set->round = 1;
	set->generation = root_generation();
	set->buckets = 64;
	set->bucket = calloc(set->buckets, sizeof(*set->bucket));
	if (!set->bucket)
		return -ENOMEM;
	set->fd_max = set->dirs_max = raise_nofile();
	return open_mount(set);
}

bool cg_set_has_room(const struct cg_set *set)
{
	return set->held < set->fd_max;
}

void cg_set_hold(struct cg_set *set)
{
	set->held++;
}

void cg_set_let_go(struct cg_set *set, int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
	set->held--;
}

static void hold_dir(struct cg_set *set, struct cg *cg, int fd)
{
	cg->fd = fd;
	if (fd < 0)
		return;
	cg_set_hold(set);
	set->dirs++;
}

static void let_go_dir(struct cg_set *set, struct cg *cg)
{
	set->dirs -= cg->fd >= 0;
	cg_set_let_go(set, &cg->fd);
}

/* FNV-1a */
static size_t hash(const char *key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

static struct cg **slot(const struct cg_set *set, const char *key)
{
	struct cg **p = &set->bucket[hash(key) & (set->buckets - 1)];

	while (*p && strcmp((*p)->key, key))
		p = &(*p)->next;
	return p;
}

static void rehash(struct cg_set *set)
{
	size_t buckets = set->buckets * 4;
	struct cg **bucket = calloc(buckets, sizeof(*bucket));

	if (!bucket)
		return; /* longer chains, no harm */
	free(set->bucket);
	set->bucket = bucket;
	set->buckets = buckets;
	for (size_t i = 0; i < set->n; i++) {
		struct cg **p = &bucket[hash(set->v[i]->key) & (buckets - 1)];

		set->v[i]->next = *p;
		*p = set->v[i];
	}
}

/* Out of the hash, and freed; set->v is the caller's to mend. */
static void drop(struct cg_set *set, struct cg *cg)
{
	struct cg **p = slot(set, cg->key);

	if (*p == cg)
		*p = cg->next;
	if (set->removed)
		set->removed(cg);
	let_go_dir(set, cg);
	free(cg->key);
	free(cg->data);
	free(cg);
}

static void unfollow(struct cg_set *set)
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
		unfollow(set);
	return err ? err : set->notify->fd;
}

bool cg_set_follows(const struct cg_set *set)
{
	return set->notify;
}

void cg_set_close(struct cg_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		drop(set, set->v[i]);
	free(set->v);
	free(set->bucket);
	free(set->mount);
	unfollow(set);
	if (set->fd >= 0)
		close(set->fd);
}

static int grow(struct cg_set *set)
{
	size_t room = set->room ? set->room * 2 : 32;
	struct cg **v;

	if (set->n < set->room)
		return 0;
	v = reallocarray(set->v, room, sizeof(*v));
	if (!v)
		return -ENOMEM;
	set->v = v;
	set->room = room;
	return 0;
}

static void forget(struct cg_set *set, struct cg *cg)
{
	size_t i = 0;

	while (set->v[i] != cg)
		i++;
	memmove(set->v + i, set->v + i + 1, (--set->n - i) * sizeof(*set->v));
	drop(set, cg);
}

/* Is it "/"?  Which is not always the system's root: see cg_is_root(). */
static bool is_top(const char *key)
{
	return !strcmp(key, "/");
}

/* The path to hand to openat below the mount. */
static const char *relative(const char *key)
{
	return is_top(key) ? "." : key + 1;
}

/*
 * In a recording another time is another directory: there the key is the
 * identity, unless the recording tells the inode in a file of its own.
 */
static int identify(int fd, const char *key, uint64_t *ino)
{
	struct stat st;

	if (!root_is_live()) {
		if (kv_read_u64(fd, "inode", ino))
			*ino = hash(key);
		return 0;
	}
	if (fstat(fd, &st))
		return -errno;
	*ino = st.st_ino;
	return 0;
}

static int add(struct cg_set *set, const char *key, int fd, uint64_t ino,
	       struct cg **out)
{
	struct cg *cg = calloc(1, sizeof(*cg)), **p;

	if (!cg || grow(set))
		goto nomem;
	cg->key = strdup(key);
	cg->data = calloc(1, set->data_size ? set->data_size : 1);
	if (!cg->key || !cg->data)
		goto nomem;
	cg->ino = ino;
	cg->seen = set->round;
	cg->whole = set->whole && is_top(key);
	if (set->n >= set->buckets * 2)
		rehash(set);
	p = slot(set, key);
	*p = cg;
	set->v[set->n++] = cg;
	hold_dir(set, cg, fd);
	if (set->added)
		set->added(set, cg);
	*out = cg;
	return 0;
nomem:
	if (cg) {
		free(cg->key);
		free(cg->data);
	}
	free(cg);
	return -ENOMEM;
}

/* What a directory's inode is now, by path; 0 or -errno. */
static int inode_of(const struct cg_set *set, const char *key, uint64_t *ino)
{
	struct stat st;

	if (fstatat(set->fd, relative(key), &st, AT_SYMLINK_NOFOLLOW))
		return -errno;
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	*ino = st.st_ino;
	return 0;
}

int cg_inode(const struct cg_set *set, const char *key, uint64_t *ino)
{
	int fd, err;

	if (root_is_live())
		return inode_of(set, key, ino);
	fd = io_open(set->fd, relative(key), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	err = identify(fd, key, ino);
	close(fd);
	return err;
}

/* Another recording: its directories are opened anew, its members stay. */
static int follow_replay(struct cg_set *set)
{
	if (set->generation == root_generation())
		return 0;
	set->generation = root_generation();
	for (size_t i = 0; i < set->n; i++)
		let_go_dir(set, set->v[i]);
	close(set->fd);
	free(set->mount);
	return open_mount(set);
}

/* The member of that key, still the same cgroup; NULL: there is none. */
static struct cg *known(struct cg_set *set, const char *key)
{
	struct cg *cg = *slot(set, key);
	uint64_t ino;

	if (!cg || !root_is_live())
		return cg;
	if (!inode_of(set, key, &ino) && ino == cg->ino)
		return cg;
	forget(set, cg);
	return NULL;
}

int cg_set_get(struct cg_set *set, const char *key, struct cg **out)
{
	struct cg *cg;
	uint64_t ino;
	int fd, err = follow_replay(set);

	if (err)
		return err;
	cg = known(set, key);
	if (cg && (cg->fd >= 0 || set->fd_short)) {
		cg->seen = set->round;
		*out = cg;
		return 0;
	}
	fd = (set->dirs >= set->dirs_max || !cg_set_has_room(set)) &&
			     root_is_live()
		     ? -EMFILE
		     : io_open(set->fd, relative(key), O_RDONLY | O_DIRECTORY);
	if (fd == -EMFILE || fd == -ENFILE) {
		set->fd_short = true;
		err = inode_of(set, key, &ino);
		return err ? err : add(set, key, -1, ino, out);
	}
	if (fd < 0) {
		if (cg)
			forget(set, cg);
		return fd;
	}
	err = identify(fd, key, &ino);
	if (cg && !err && cg->ino == ino) {
		hold_dir(set, cg, fd);
		cg->seen = set->round;
		*out = cg;
		return 0;
	}
	if (cg)
		forget(set, cg);
	if (!err)
		err = add(set, key, fd, ino, out);
	if (err)
		close(fd);
	return err;
}

struct cg *cg_set_find(const struct cg_set *set, const char *key)
{
	return *slot(set, key);
}

/* Drops what was last met that many rounds ago. */
static void prune(struct cg_set *set, uint32_t rounds)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->n; i++) {
		if (set->round - set->v[i]->seen >= rounds)
			drop(set, set->v[i]);
		else
			set->v[kept++] = set->v[i];
	}
	set->n = kept;
}

void cg_set_sweep(struct cg_set *set, uint32_t rounds)
{
	prune(set, rounds);
	set->round++;
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
	case -ENOMEM: unfollow(w->set); break;
	}
}

/* One component; a backslash that quotes nothing is one for fnmatch(3), too. */
static bool part_names(const char *pattern, const char *name)
{
	char quoted[512];
	size_t n = 0;

	if (!strcmp(pattern, name))
		return true;
	if (!cg_is_glob(pattern))
		return false;
	for (; *pattern && n + 2 < sizeof(quoted); pattern++) {
		quoted[n++] = *pattern;
		if (*pattern != '\\')
			continue;
		if (pattern[1] && strchr("*?[]\\", pattern[1]))
			quoted[n++] = *++pattern;
		else
			quoted[n++] = '\\';
	}
	quoted[n] = '\0';
	return !*pattern && !fnmatch(quoted, name, FNM_PERIOD);
}

/* Every child whose name matches the pattern, and on with the rest. */
static void each_child(struct walk *w, size_t len, const char *pattern,
		       const char *rest)
{
	int fd;
	DIR *dir;
	struct dirent *e;

	follow_dir(w); /* before it is read, so that nothing falls between */
	fd = io_open(w->set->fd, relative(w->key), O_RDONLY | O_DIRECTORY);
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
		if (pattern && !part_names(pattern, e->d_name))
			continue;
		if (strchr(e->d_name, '\t')) {
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

		if (err && err != -ENOENT && err != -ENODEV && !w->err)
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
	const char *x = (*(struct cg *const *)a)->key;
	const char *y = (*(struct cg *const *)b)->key;

	/* '/' before any other byte: a parent, its children, its sisters. */
	for (; *x && *x == *y; x++, y++)
		;
	if (*x == '/' && *y)
		return -1;
	if (*y == '/' && *x)
		return 1;
	return (unsigned char)*x - (unsigned char)*y;
}

/* All that the keys name, from the mount down. */
static void walk_all(struct walk *w, char *const *keys, size_t n)
{
	w->set->round++;
	for (size_t i = 0; i < n; i++) {
		memcpy(w->key, "/", 2);
		meet(w, 1, keys[i]);
	}
	prune(w->set, 1);
}

/* Does the pattern lead to or through key?  *rest is what it still wants. */
static bool leads_to(const char *pattern, const char *key, bool recursive,
		     const char **rest)
{
	while (*key) {
		size_t n, len;
		char part[256], name[256];

		pattern += strspn(pattern, "/");
		key += strspn(key, "/");
		if (!*pattern)
			break;
		n = strcspn(pattern, "/");
		len = strcspn(key, "/");
		if (n >= sizeof(part) || len >= sizeof(name))
			return false;
		snprintf(part, sizeof(part), "%.*s", (int)n, pattern);
		snprintf(name, sizeof(name), "%.*s", (int)len, key);
		if (!part_names(part, name))
			return false;
		pattern += n;
		key += len;
	}
	*rest = pattern;
	return !*key || recursive;
}

bool cg_names(const char *pattern, const char *key)
{
	const char *rest;

	return leads_to(pattern, key, false, &rest) && !rest[strspn(rest, "/")];
}

bool cg_matches(const char *key, const char *pattern)
{
	const char *rest;

	return leads_to(pattern, key, true, &rest) && !rest[strspn(rest, "/")];
}

/* A child of dir was made or removed. */
static void follow_event(struct walk *w, char *const *keys, size_t n,
			 uint32_t mask, const char *dir, const char *name)
{
	size_t len = strlen(dir);
	const char *rest;

	if (strchr(name, '\t')) {
		w->set->tabs += (mask & IN_CREATE) != 0;
		return;
	}
	memcpy(w->key, dir, len + 1);
	len = push(w, len, name, strlen(name));
	if (!len)
		return;
	if (mask & IN_DELETE) {
		known(w->set, w->key);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (leads_to(keys[i], w->key, w->recursive, &rest)) {
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
		h = h * UINT64_C(1099511628211) + hash(keys[i]);
	return h ? h : 1;
}

int cg_set_expand(struct cg_set *set, char *const *keys, size_t n,
		  bool recursive, const char **missing)
{
	struct walk w = { .set = set, .recursive = recursive };
	size_t before = set->n;
	uint64_t asked = asked_for(keys, n, recursive);
	int err = follow_replay(set);

	*missing = NULL;
	if (err)
		return err;
	if (asked != set->asked || !walk_changes(&w, keys, n)) {
		walk_all(&w, keys, n);
		w.met = true;
	}
	set->asked = set->notify ? asked : 0;
	for (size_t i = 0; i < n; i++) {
		struct cg *cg = *slot(set, keys[i]);

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

int cg_key(const struct cg_set *set, const char *operand, char *key)
{
	size_t mlen = set->mount ? strlen(set->mount) : 0;
	size_t n = 0;

	if (!*operand || strpbrk(operand, "\t\n"))
		return -EINVAL;
	if (mlen && !strncmp(operand, set->mount, mlen) &&
	    (operand[mlen] == '/' || !operand[mlen]))
		operand += mlen;
	while (*operand) {
		size_t len = strcspn(operand, "/");

		if (len && !(len == 1 && *operand == '.')) {
			if (len == 2 && !strncmp(operand, "..", 2))
				return -EINVAL;
			if (n + 1 + len >= CG_KEY_MAX)
				return -ENAMETOOLONG;
			key[n++] = '/';
			memcpy(key + n, operand, len);
			n += len;
		}
		operand += len;
		operand += *operand == '/';
	}
	if (!n)
		key[n++] = '/';
	key[n] = '\0';
	return 0;
}

bool cg_is_glob(const char *key)
{
	return strpbrk(key, "*?[") != NULL;
}

int cg_open_file(const struct cg_set *set, const struct cg *cg,
		 const char *file, int flags)
{
	char path[CG_KEY_MAX + 64];

	if (cg->fd >= 0)
		return io_open(cg->fd, file, flags);
	snprintf(path, sizeof(path), "%s/%s", relative(cg->key), file);
	return io_open(set->fd, path, flags);
}

ssize_t cg_read(const struct cg_set *set, const struct cg *cg, const char *file,
		char *buf, size_t size)
{
	int fd = cg_open_file(set, cg, file, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = io_pread(fd, buf, size);
	close(fd);
	return n;
}

int cg_write(const struct cg_set *set, const struct cg *cg, const char *file,
	     const char *text)
{
	char path[CG_KEY_MAX + 64];

	if (cg->fd >= 0)
		return io_write(cg->fd, file, text);
	snprintf(path, sizeof(path), "%s/%s", relative(cg->key), file);
	return io_write(set->fd, path, text);
}

int cg_read_u64(const struct cg_set *set, const struct cg *cg, const char *file,
		uint64_t *out)
{
	char buf[256];
	ssize_t n = cg_read(set, cg, file, buf, sizeof(buf));

	return n < 0 ? (int)n : kv_single(buf, out);
}

const char *cg_prefix(const char *key)
{
	return is_top(key) ? "" : key;
}

bool cg_parent(char *key)
{
	char *slash = strrchr(key, '/');

	if (is_top(key))
		return false;
	slash[slash == key] = '\0';
	return true;
}

bool cg_is_below(const char *key, const char *top)
{
	size_t n = strlen(top);

	if (is_top(top))
		return true;
	return !strncmp(key, top, n) && (!key[n] || key[n] == '/');
}

bool cg_is_root(const struct cg *cg)
{
	return cg->whole;
}

int cg_self(char *buf)
{
	return cg_of("proc/self/cgroup", buf);
}

int cg_of(const char *path, char *buf)
{
	char *point, *top;
	int err = mount_cgroup_of(path, buf, CG_KEY_MAX);
	size_t n;

	/* A recording may be without mountinfo. */
	if (err || mount_cgroup2(&point, &top))
		return err;
	n = strlen(top);
	if (!cg_is_below(buf, top))
		err = -ENOENT;
	else if (n > 1)
		memmove(buf, buf + n, strlen(buf + n) + 1);
	if (!*buf)
		memcpy(buf, "/", 2);
	free(point);
	free(top);
	return err;
}
