#include "bind.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "kv.h"
#include "mem.h"
#include "mount.h"
#include "num.h"

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
	uint64_t most = kv_value(set->fd, cg_relative(key), file, NUM_NONE),
		 left;

	if (most >= NUM_MAX)
		return;
	left = num_less(most, num_known(kv_value(set->fd, cg_relative(key),
						 used_file, NUM_NONE)));
	if (left < b->bytes)
		set_bind(b, left, most, file, key);
}

static void bind_writeback(const struct cg_set *set, const char *key,
			   struct bind *b)
{
	static const char file[] = "memory.zswap.writeback";

	if (!b->file &&
	    kv_value(set->fd, cg_relative(key), file, NUM_NONE) == 0)
		set_bind(b, 0, 0, file, key);
}

static void bind_protection(const struct cg_set *set, const char *key,
			    const char *file, uint64_t own_bytes,
			    struct bind *b)
{
	uint64_t least = kv_value(set->fd, cg_relative(key), file, NUM_NONE),
		 all, least_of;

	if (!least || least == NUM_NONE)
		return;
	all = kv_value(set->fd, cg_relative(key), "memory.current", NUM_NONE);
	least_of = mem_protected_share(least, all, own_bytes);
	if (least_of > b->bytes)
		set_bind(b, least_of, least, file, key);
}

/* memory.reclaim passes over what is protected below its cgroup. */
static void bind_below(const struct cg_set *set, const struct cg *cg,
		       struct bind *b)
{
	uint64_t sum = mem_protected_below(set, cg);

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
	dir = cg_open_dir(set, cg);
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
