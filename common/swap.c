#include "swap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "mount.h"
#include "root.h"

enum {
	DEPTH_MAX = 8,	      /* of volumes on volumes */
	ROOM_BYTES = 1 << 20, /* less is full: slots are given in clusters */
	NEARLY_PCT = 90,      /* at a limit itself stores are already refused */
	EASED_PCT = 85,	      /* under it, what was full has room again */
};

#define CLASS "sys/class/block/"

static bool exists(const char *path)
{
	int fd = io_open(root_fd(), path, O_PATH);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* The device that a loop device's file, or the device in its place, is on. */
static bool find_below_loop(const char *disk, char *dir, size_t size)
{
	char path[160], file[4096];
	struct stat st;
	dev_t dev = 0;
	int fd;

	snprintf(path, sizeof(path), "%s/loop/backing_file", disk);
	if (io_read(root_fd(), path, file, sizeof(file)) <= 0 || *file != '/')
		return false;
	file[strcspn(file, "\n")] = '\0';
	fd = io_open(root_fd(), file + 1, O_PATH);
	if (fd < 0)
		return false;
	if (!fstat(fd, &st))
		dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev;
	close(fd);
	snprintf(dir, size, "sys/dev/block/%u:%u", major(dev), minor(dev));
	return exists(dir);
}

/*
 * The nth of the devices that one is mapped to, by name: sys/class/block/dm-0
 * has a directory of links to them.  A partition's are its disk's; a loop
 * device has that of its file alone.
 */
static bool find_slave(const char *disk, int nth, char *dir, size_t size)
{
	char path[160], last[64] = "", least[64];
	int fd;
	DIR *d;

	snprintf(path, sizeof(path), "%s/slaves", disk);
	fd = io_open(root_fd(), path, O_RDONLY | O_DIRECTORY);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d)
		return !nth && find_below_loop(disk, dir, size);
	do {
		least[0] = '\0';
		rewinddir(d);
		for (struct dirent *e; (e = readdir(d));)
			if (*e->d_name != '.' && strcmp(e->d_name, last) > 0 &&
			    (!*least || strcmp(e->d_name, least) < 0))
				snprintf(least, sizeof(least), "%.63s",
					 e->d_name);
		memcpy(last, least, sizeof(last));
	} while (*least && nth--);
	closedir(d);
	snprintf(dir, size, CLASS "%s", least);
	return *least || (!nth && find_below_loop(disk, dir, size));
}

/* The part of path before its last n ones, which are cut off. */
static const char *name_of(char *path, int n)
{
	char *slash;

	while ((slash = strrchr(path, '/')) && n--)
		*slash = '\0';
	return slash ? slash + 1 : path;
}

/*
 * sys/class/block/sda1 is a link to .../block/sda/sda1: what is told of the
 * disk alone, its queue for one, is in the directory above, sys/block/sda.  A
 * recording may lack that.
 */
static void find_disk(const char *device, char *dir, size_t size)
{
	char path[256];
	bool partition;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/partition", device);
	partition = exists(path);
	n = readlinkat(root_fd(), device, path, sizeof(path) - 1);
	if (n > 0) {
		path[n] = '\0';
		snprintf(dir, size, "sys/block/%s", name_of(path, partition));
		if (exists(dir))
			return;
	}
	snprintf(dir, size, "%s%s", device, partition ? "/.." : "");
}

/* Tells each file that says so, of the device and of those below it. */
static bool is_rotational(const char *device, int depth,
			  void (*tell)(void *arg, const char *path), void *arg)
{
	char disk[128], slave[96], path[160];
	uint64_t rotational = 0;
	bool found = false;

	find_disk(device, disk, sizeof(disk));
	for (int i = 0; depth && find_slave(disk, i, slave, sizeof(slave)); i++)
		found |= is_rotational(slave, depth - 1, tell, arg);
	snprintf(path, sizeof(path), "%s/queue/rotational", disk);
	kv_read_u64(root_fd(), path, &rotational);
	if (rotational && tell)
		tell(arg, path);
	return found || rotational;
}

struct fix {
	char *buf;
	size_t size;
};

static void add_command(void *arg, const char *path)
{
	const struct fix *f = arg;
	size_t n = strlen(f->buf);

	snprintf(f->buf + n, f->size - n, "%secho 0 >/%s", n ? "; " : "", path);
}

void swap_rotating_fix(const struct swap_area *a, char *buf, size_t size)
{
	struct fix f = { buf, size };

	*buf = '\0';
	if (*a->dir)
		is_rotational(a->dir, DEPTH_MAX, add_command, &f);
}

bool swap_drive(const struct swap_area *a, char *dir, size_t size)
{
	char slave[96];

	if (!*a->dir)
		return false;
	find_disk(a->dir, dir, size);
	for (int depth = DEPTH_MAX;
	     depth && find_slave(dir, 0, slave, sizeof(slave)); depth--)
		find_disk(slave, dir, size);
	return true;
}

bool swap_is_volume(const struct swap_area *a)
{
	char disk[128], slave[96];

	if (!*a->dir)
		return false;
	find_disk(a->dir, disk, sizeof(disk));
	return find_slave(disk, 0, slave, sizeof(slave));
}

/* The device's name is what the link sys/dev/block/8:1 points to. */
static void find_by_number(struct swap_area *a, dev_t dev)
{
	char link[256];
	const char *slash;
	ssize_t n;

	snprintf(a->dir, sizeof(a->dir), "sys/dev/block/%u:%u", major(dev),
		 minor(dev));
	n = readlinkat(root_fd(), a->dir, link, sizeof(link) - 1);
	if (n <= 0) {
		if (!exists(a->dir))
			a->dir[0] = '\0';
		return;
	}
	link[n] = '\0';
	slash = strrchr(link, '/');
	snprintf(a->dev, sizeof(a->dev), "%.63s", slash ? slash + 1 : link);
}

/* Documentation/admin-guide/blockdev/zram.rst, mm_stat: by position. */
int swap_zram_read(const char *dir, struct swap_zram *out)
{
	char path[128], buf[512];
	ssize_t n;

	*out = (struct swap_zram){ 0 };
	snprintf(path, sizeof(path), "%s/mm_stat", dir);
	n = io_read(root_fd(), path, buf, sizeof(buf));
	if (n >= 0 && sscanf(buf, "%" SCNu64 " %*u %" SCNu64 " %" SCNu64,
			     &out->original_bytes, &out->used_bytes,
			     &out->limit_bytes) == 3)
		return 0;
	*out = (struct swap_zram){ 0 };
	return n < 0 ? (int)n : -EBADMSG;
}

static bool look_at(const char *path, struct stat *st)
{
	int fd = *path == '/' ? io_open(root_fd(), path + 1, O_PATH) : -ENOENT;
	bool is_there = fd >= 0 && !fstat(fd, st);

	if (fd >= 0)
		close(fd);
	return is_there;
}

/*
 * By number: what is swapped on as /dev/mapper/NAME is called dm-0.  A
 * recording has no device nodes, nor has a service with PrivateDevices=: there
 * the path names it.
 */
static void find_by_node(struct swap_area *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (look_at(path, &st) && S_ISBLK(st.st_mode))
		find_by_number(a, st.st_rdev);
	if (slash && !*a->dev) {
		snprintf(a->dev, sizeof(a->dev), "%.63s", slash + 1);
		snprintf(a->dir, sizeof(a->dir), CLASS "%s", a->dev);
	}
}

/*
 * That of its file system.  The number of one of btrfs is no device's:
 * mountinfo tells.  What is out of sight, such as /home of a service with
 * ProtectHome=, may be on any disk: its mounts are not there either.
 */
static void find_by_file(struct swap_area *a)
{
	char source[MOUNT_SOURCE];
	struct stat st;

	if (!look_at(a->path, &st))
		return;
	find_by_number(a, st.st_dev);
	if (!*a->dir && !mount_source(a->path, source) &&
	    !strncmp(source, "/dev/", 5))
		find_by_node(a, source);
	/* /dev/mapper/NAME, without device nodes, and /dev/root name none. */
	if (*a->dir && !exists(a->dir))
		a->dir[0] = '\0';
}

static void find_device(struct swap_area *a)
{
	if (a->file)
		find_by_file(a);
	else
		find_by_node(a, a->path);
	a->kind = !strncmp(a->dev, "zram", 4) ? SWAP_ZRAM
		  : *a->dir && is_rotational(a->dir, DEPTH_MAX, NULL, NULL)
			  ? SWAP_ROTATIONAL
			  : SWAP_DISK;
	if (a->kind == SWAP_ZRAM)
		swap_zram_read(a->dir, &a->zram);
}

static bool has_room(const struct swap_area *a)
{
	return a->used_bytes + ROOM_BYTES < a->size_bytes;
}

static void mark_next(struct swap_area *areas, int n)
{
	int64_t prio = INT64_MIN;

	for (int i = 0; i < n; i++)
		if (areas[i].prio > prio && has_room(areas + i))
			prio = areas[i].prio;
	for (int i = 0; i < n; i++)
		areas[i].next = prio == INT64_MIN || areas[i].prio == prio;
}

int swap_areas(struct swap_area *areas, int max)
{
	char text[IO_BUF], *save = NULL;
	ssize_t len = io_read(root_fd(), "proc/swaps", text, sizeof(text));
	int n = 0;

	if (len < 0)
		return (int)len;
	for (char *line = strtok_r(text, "\n", &save); line && n < max;
	     line = strtok_r(NULL, "\n", &save)) {
		struct swap_area *a = areas + n;
		int path = (int)strcspn(line, " \t"); /* escaped, and long */
		char type[32];

		*a = (struct swap_area){ 0 };
		if (sscanf(line + path, "%31s %" SCNu64 " %" SCNu64 " %" SCNd64,
			   type, &a->size_bytes, &a->used_bytes, &a->prio) != 4)
			continue; /* the heading */
		snprintf(a->path, sizeof(a->path), "%.*s", path, line);
		mount_unescape(a->path);
		a->size_bytes *= 1024;
		a->used_bytes *= 1024;
		a->file = strcmp(type, "partition") != 0;
		find_device(a);
		n++;
	}
	mark_next(areas, n);
	return n;
}

bool swap_next_is(const struct swap_area *areas, int n, enum swap_kind kind)
{
	for (int i = 0; i < n; i++)
		if (areas[i].next && areas[i].kind == kind)
			return true;
	return false;
}

bool swap_zram_is_full(const struct swap_area *areas, int n, bool was_full)
{
	const uint64_t pct = was_full ? EASED_PCT : NEARLY_PCT;

	for (int i = 0; i < n; i++) {
		const struct swap_zram *z = &areas[i].zram;

		if (areas[i].next && z->limit_bytes &&
		    z->used_bytes >= z->limit_bytes / 100 * pct)
			return true;
	}
	return false;
}

bool swap_backing(const struct swap_area *zram, struct swap_area *out)
{
	char path[128];

	*out = (struct swap_area){ 0 };
	snprintf(path, sizeof(path), "sys/block/%s/backing_dev", zram->dev);
	if (io_read(root_fd(), path, out->path, sizeof(out->path)) <= 0 ||
	    *out->path != '/')
		return false;
	out->path[strcspn(out->path, "\n")] = '\0';
	find_device(out);
	return true;
}
