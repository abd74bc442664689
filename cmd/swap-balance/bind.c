#include "bind.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv.h"
#include "mount.h"
#include "num.h"

static uint64_t value(int dir, const char *key, const char *file)
{
	char path[CG_KEY_MAX + 64];
	uint64_t v;

	snprintf(path, sizeof(path), "%s/%s", key, file);
	return kv_read_u64(dir, path, &v) ? NUM_NONE : v;
}

static void set_bind(struct bind *b, uint64_t bytes, uint64_t setting,
		     const char *file, const char *key)
{
	b->bytes = bytes;
	b->setting = setting;
	b->file = file;
	snprintf(b->key, sizeof(b->key), "%s", key);
}

/* A limit of that level, if it leaves less than those below it did. */
static void bind_limit(const struct cg_set *set, const char *key,
		       const char *file, const char *used_file, struct bind *b)
{
	uint64_t most = value(set->fd, cg_relative(key), file), left;

	if (most >= NUM_MAX)
		return;
	left = num_less(most,
			num_known(value(set->fd, cg_relative(key), used_file)));
	if (left < b->bytes)
		set_bind(b, left, most, file, key);
}

static void bind_writeback(const struct cg_set *set, const char *key,
			   struct bind *b)
{
	static const char file[] = "memory.zswap.writeback";

	if (!b->file && value(set->fd, cg_relative(key), file) == 0)
		set_bind(b, 0, 0, file, key);
}

static uint64_t share(uint64_t bytes, uint64_t all_bytes, uint64_t own_bytes)
{
	if (bytes >= NUM_MAX || all_bytes >= NUM_MAX || all_bytes <= own_bytes)
		return bytes;
	return (uint64_t)((double)bytes * (double)own_bytes /
			  (double)all_bytes);
}

static void bind_protection(const struct cg_set *set, const char *key,
			    const char *file, uint64_t own_bytes,
			    struct bind *b)
{
	uint64_t least = value(set->fd, cg_relative(key), file), all;

	if (!least || least == NUM_NONE)
		return;
	all = value(set->fd, cg_relative(key), "memory.current");
	if (share(least, all, own_bytes) > b->bytes)
		set_bind(b, share(least, all, own_bytes), least, file, key);
}

/* The directory of the cgroup; NULL: it cannot be read. */
static DIR *open_dir(const struct cg_set *set, const struct cg *cg)
{
	int fd = cg_open_file(set, cg, ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

static uint64_t protected_of(int dir, const char *name)
{
	uint64_t min = num_known(value(dir, name, "memory.min"));
	uint64_t most =
		num_most(min, num_known(value(dir, name, "memory.low")));

	return most ? num_least(most,
				num_known(value(dir, name, "memory.current")))
		    : 0;
}

/* memory.reclaim passes over what is protected below its cgroup. */
static void bind_below(const struct cg_set *set, const struct cg *cg,
		       struct bind *b)
{
	DIR *dir = open_dir(set, cg);
	uint64_t sum = 0;
	struct dirent *e;

	if (!dir)
		return;
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			sum += protected_of(dirfd(dir), e->d_name);
	closedir(dir);
	if (sum > b->bytes)
		set_bind(b, sum, sum, "memory.min or .low below", cg->key);
}

void bind_read(const struct cg_set *set, const struct cg *cg,
	       uint64_t current_bytes, struct binds *out)
{
	char key[CG_KEY_MAX];

	*out = (struct binds){ .swap.bytes = NUM_MAX, .zswap.bytes = NUM_MAX };
	snprintf(key, sizeof(key), "%s", cg->key);
	do {
		bind_limit(set, key, "memory.swap.max", "memory.swap.current",
			   &out->swap);
		bind_limit(set, key, "memory.zswap.max", "memory.zswap.current",
			   &out->zswap);
		bind_writeback(set, key, &out->writeback);
		bind_protection(set, key, "memory.min", current_bytes,
				&out->protects);
		bind_protection(set, key, "memory.low", current_bytes,
				&out->protects);
	} while (cg_parent(key));
	bind_below(set, cg, &out->protects);
}

/* "hugetlb.2MB.current", and not "hugetlb.2MB.rsvd.current". */
static bool is_hugetlb_size(const char *name)
{
	return !strncmp(name, "hugetlb.", 8) && strstr(name, ".current") &&
	       !strstr(name, ".rsvd.");
}

uint64_t bind_hugetlb_bytes(const struct cg_set *set, const struct cg *cg)
{
	DIR *dir;
	uint64_t sum = 0, v;
	bool any = false;
	struct dirent *e;

	if (!mount_accounts_hugetlb())
		return 0;
	dir = open_dir(set, cg);
	while (dir && (e = readdir(dir)))
		if (is_hugetlb_size(e->d_name) &&
		    !cg_read_u64(set, cg, e->d_name, &v)) {
			sum += v;
			any = true;
		}
	if (dir)
		closedir(dir);
	return any ? sum : NUM_NONE;
}
