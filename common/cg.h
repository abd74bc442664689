/*
 * cg - the cgroup2 tree: the set of cgroups that a tool follows, and their
 * files.  Of keys by themselves is cgkey.h.
 *
 * A cgroup is known by its inode, not by its key: a re-made path is another
 * cgroup.  All access is by openat below one descriptor, following no symlink
 * (Documentation/admin-guide/cgroup-v2.rst).
 */
#ifndef CG_H
#define CG_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cgkey.h"

struct notify;

/* Its data and its key stand behind it, see cg_fetch(). */
struct cg {
	char *key;
	int fd;	       /* the directory, or -1 (descriptors ran out) */
	bool named;    /* the user wrote this key: its loss is an error */
	bool whole;    /* the root of the whole system: see cg_is_root() */
	uint32_t seen; /* the round of the set that last met it */
	uint64_t ino;
	struct cg *next; /* in its hash bucket */
	void *data;	 /* data_size zeroed bytes, the tool's own */
};

struct cg_set {
	int fd;	       /* the mount */
	char *mount;   /* its path below the root prefix, for keys */
	bool whole;    /* its root is the system's, and no container's */
	struct cg **v; /* the members; of an expand in tree order */
	size_t n;
	uint32_t round;
	size_t data_size;
	size_t tabs;	/* names with a TAB, or in a recording a newline, that
			   were passed over */
	size_t longs;	/* and keys that do not fit in CG_KEY_MAX */
	bool take_tabs; /* of no rows: those are members, too */
	bool fd_short;	/* descriptors ran out: some are reopened */
	/*
	 * The one budget of descriptors: so many may be held by members, their
	 * directories and what the tool keeps open in their data.  What it
	 * keeps is counted by cg_set_hold(), its end by cg_set_let_go().
	 */
	size_t fd_max, held;
	size_t dirs_max, dirs; /* of these, directories */
	/* A member is new, its data zeroes; one is about to be freed; or NULL.
	 */
	void (*added)(struct cg_set *set, struct cg *cg);
	void (*removed)(struct cg *cg);

	struct cg **bucket;
	size_t buckets, room;
	unsigned int generation;
	struct notify *notify; /* see cg_set_follow() */
	uint64_t asked;	       /* a hash of what the last walk looked for */
};

/*
 * Finds the mount below the root prefix and raises RLIMIT_NOFILE to its hard
 * limit.  -ENOENT: no cgroup filesystem; -EPROTONOSUPPORT: cgroup v1 only.
 */
int cg_set_open(struct cg_set *set, size_t data_size);
void cg_set_close(struct cg_set *set);

/* Is there a place for one descriptor more? */
bool cg_set_has_room(const struct cg_set *set);
void cg_set_hold(struct cg_set *set);
/* Closes one that was counted, and makes it -1; -1 is none. */
void cg_set_let_go(struct cg_set *set, int *fd);

/*
 * Brings a member into the cache while the kernel is at work on another: what
 * is kept of thousands is not there any more when their turn comes.
 */
void cg_fetch(const struct cg_set *set, const struct cg *cg);

/* The key that an operand names below the mount: see cg_key_below(). */
int cg_key(const struct cg_set *set, const char *operand, char *key);

/*
 * Brings the set up to the cgroups that the keys and globs name now; recursive
 * adds all below them.  Members that are gone, or whose path was re-made, are
 * dropped (removed() is told), new ones come with zeroed data.  *missing is
 * the first key without a glob that names nothing, or NULL.  0 or -errno.
 */
int cg_set_expand(struct cg_set *set, char *const *keys, size_t n,
		  bool recursive, const char **missing);

/*
 * From now on an expand looks only where inotify(7) tells of cgroups made or
 * removed; a change of the keys is a walk again.  Returns a descriptor that is
 * readable when an expand would find something, or -errno; the set gives it up
 * (cg_set_follows() is false) where the kernel refuses more watches, and walks.
 */
int cg_set_follow(struct cg_set *set);
bool cg_set_follows(const struct cg_set *set);

/*
 * For filters: the member for a key read from a row, opened when new, anew
 * when its path was re-made.  0, or -errno (-ENOENT: there is none now, and
 * the member is dropped).
 */
int cg_set_get(struct cg_set *set, const char *key, struct cg **out);

/* The member of that key as last met, without a look at the tree; or NULL. */
struct cg *cg_set_find(const struct cg_set *set, const char *key);

/* The nearest member above it, or NULL. */
struct cg *cg_set_above(const struct cg_set *set, const struct cg *cg);

/* What the directory of that key is now, member or not; 0 or -errno. */
int cg_inode(const struct cg_set *set, const char *key, uint64_t *ino);

/* Drops the members that no get or expand met in the last rounds; new round. */
void cg_set_sweep(struct cg_set *set, uint32_t rounds);

/* io_read, io_write and io_open of one of the cgroup's own files. */
ssize_t cg_read(const struct cg_set *set, const struct cg *cg, const char *file,
		char *buf, size_t size);
int cg_write(const struct cg_set *set, const struct cg *cg, const char *file,
	     const char *text);
int cg_open_file(const struct cg_set *set, const struct cg *cg,
		 const char *file, int flags);
DIR *cg_open_dir(const struct cg_set *set, const struct cg *cg); /* or NULL */

/*
 * Does it tell that the cgroup is gone?  -ENOENT: of its path, or of the file
 * that cgroups without the controller lack; -ENODEV: of its open files.
 */
bool cg_err_is_gone(int err);

/* Single value of one of its files: as kv_read_u64. */
int cg_read_u64(const struct cg_set *set, const struct cg *cg, const char *file,
		uint64_t *out);

/*
 * Is it the root of the whole system, whose pressure and sizes are those of
 * /proc?  The root of a container's mount or cgroup namespace is not: it has
 * files, limits and a pressure of its own.
 */
bool cg_is_root(const struct cg *cg);

/*
 * The key of the calling process; buf of CG_KEY_MAX.  -ENOENT: it is not below
 * the mount.
 */
int cg_self(char *buf);

/* The same by the /proc/PID/cgroup of another. */
int cg_of(const char *path, char *buf);

/* Does no cgroup have the memory controller, by cgroup.controllers at the top?
 */
bool cg_lacks_memory(const struct cg_set *set);

enum { CG_FIX_MAX = CG_KEY_MAX + 256 }; /* what to do: a mount, and a command */

/*
 * What to do where a cgroup lacks the files of the memory controller: cgroup v1
 * can have it (a hybrid host), the boot or the parents leave it out.  It is
 * buf.
 */
const char *cg_memory_fix(const struct cg_set *set, char *buf, size_t size);

/* Why cg_set_open() has failed with err, and what to do; NULL: not known. */
const char *cg_mount_cause(int err);
const char *cg_mount_fix(int err);

/* What to do where the tree is mounted read-only; it is buf. */
const char *cg_read_only_fix(const struct cg_set *set, char *buf, size_t size);

/*
 * What to do where a pressure file of a cgroup cannot be read: PSI is off, or
 * left out for cgroups, or for this one.
 */
void cg_pressure_fix(const struct cg_set *set, const struct cg *cg, int err,
		     char *buf, size_t size);

#endif
