#include "cg.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgkey.h"
#include "cgwalk.h"
#include "io.h"
#include "kv.h"
#include "mount.h"
#include "root.h"

enum { FD_RESERVE = 128 };

/* A recording need not hold mountinfo: the usual place will do. */
static int open_mount(struct cg_set *set)
{
	int err = mount_cgroup2(&set->mount, NULL);

	if ((err == -ENOENT || err == -ENOTDIR) && !root_is_live())
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

static struct cg **slot(const struct cg_set *set, const char *key)
{
	struct cg **p = &set->bucket[cg_hash(key) & (set->buckets - 1)];

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
		struct cg **p =
			&bucket[cg_hash(set->v[i]->key) & (buckets - 1)];

		set->v[i]->next = *p;
		*p = set->v[i];
	}
}

void cg_fetch(const struct cg_set *set, const struct cg *cg)
{
	enum { CACHE_LINE = 64 };

	for (size_t at = 0; at < sizeof(*cg) + set->data_size; at += CACHE_LINE)
		__builtin_prefetch((const char *)cg + at);
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
	free(cg);
}

void cg_set_close(struct cg_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		drop(set, set->v[i]);
	free(set->v);
	free(set->bucket);
	free(set->mount);
	cg_set_unfollow(set);
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

/*
 * In a recording another time is another directory: there the key is the
 * identity, unless the recording tells the inode in a file of its own.
 */
static int identify(int fd, const char *key, uint64_t *ino)
{
	struct stat st;

	if (!root_is_live()) {
		if (kv_read_u64(fd, "inode", ino))
			*ino = cg_hash(key);
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
	size_t at = sizeof(struct cg) + set->data_size, len = strlen(key) + 1;
	struct cg *cg = calloc(1, at + len), **p;

	if (!cg || grow(set)) {
		free(cg);
		return -ENOMEM;
	}
	cg->data = cg + 1;
	cg->key = memcpy((char *)cg + at, key, len);
	cg->ino = ino;
	cg->seen = set->round;
	cg->whole = set->whole && cg_is_top(key);
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
}

/* What a directory's inode is now, by path; 0 or -errno. */
static int inode_of(const struct cg_set *set, const char *key, uint64_t *ino)
{
	struct stat st;

	if (fstatat(set->fd, cg_relative(key), &st, AT_SYMLINK_NOFOLLOW))
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
	fd = io_open(set->fd, cg_relative(key), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	err = identify(fd, key, ino);
	close(fd);
	return err;
}

int cg_set_follow_replay(struct cg_set *set)
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

struct cg *cg_set_known(struct cg_set *set, const char *key)
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
	int fd, err = cg_set_follow_replay(set);

	if (err)
		return err;
	cg = cg_set_known(set, key);
	if (cg && (cg->fd >= 0 || set->fd_short)) {
		cg->seen = set->round;
		*out = cg;
		return 0;
	}
	fd = (set->dirs >= set->dirs_max || !cg_set_has_room(set)) &&
			     root_is_live()
		     ? -EMFILE
		     : io_open(set->fd, cg_relative(key),
			       O_RDONLY | O_DIRECTORY);
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

struct cg *cg_set_above(const struct cg_set *set, const struct cg *cg)
{
	char key[CG_KEY_MAX];
	struct cg *up = NULL;

	memcpy(key, cg->key, strlen(cg->key) + 1);
	while (!up && cg_parent(key))
		up = cg_set_find(set, key);
	return up;
}

void cg_set_prune(struct cg_set *set, uint32_t rounds)
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
	cg_set_prune(set, rounds);
	set->round++;
}

int cg_key(const struct cg_set *set, const char *operand, char *key)
{
	return cg_key_below(set->mount, operand, key);
}

int cg_open_file(const struct cg_set *set, const struct cg *cg,
		 const char *file, int flags)
{
	char path[CG_KEY_MAX + 64];

	if (cg->fd >= 0)
		return io_open(cg->fd, file, flags);
	snprintf(path, sizeof(path), "%s/%s", cg_relative(cg->key), file);
	return io_open(set->fd, path, flags);
}

DIR *cg_open_dir(const struct cg_set *set, const struct cg *cg)
{
	int fd = cg_open_file(set, cg, ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
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
	snprintf(path, sizeof(path), "%s/%s", cg_relative(cg->key), file);
	return io_write(set->fd, path, text);
}

bool cg_err_is_gone(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

int cg_read_u64(const struct cg_set *set, const struct cg *cg, const char *file,
		uint64_t *out)
{
	char buf[256];
	ssize_t n = cg_read(set, cg, file, buf, sizeof(buf));

	return n < 0 ? (int)n : kv_single(buf, out);
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
