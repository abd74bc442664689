#include "limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "kv.h"
#include "msg.h"
#include "num.h"
#include "zswap.h"

/* NUM_MAX without such a file, and NUM_NONE where it cannot be read. */
static uint64_t limit_at(int fd, const char *dir, const char *file)
{
	uint64_t most = NUM_MAX;

	return kv_limit(fd, dir, file, &most) ? NUM_NONE : most;
}

/* A file that a level lacks bounds nothing; without zswap its limits neither.
 */
static int read_level(int fd, const char *key, bool zswap, struct level *l)
{
	const char *dir = cg_relative(key);
	int err;

	*l = (struct level){
		.len = strlen(key),
		.swap_max_bytes = limit_at(fd, dir, "memory.swap.max"),
		.zswap_max_bytes = NUM_MAX,
	};
	if (zswap)
		l->zswap_max_bytes = limit_at(fd, dir, "memory.zswap.max");
	if ((err = kv_limit(fd, dir, "memory.min", &l->min_bytes)) ||
	    (err = kv_limit(fd, dir, "memory.low", &l->low_bytes)))
		return err;
	if (l->zswap_max_bytes != NUM_MAX)
		l->zswap_bytes =
			kv_value(fd, dir, "memory.zswap.current", NUM_NONE);
	if (l->swap_max_bytes != NUM_MAX)
		l->swap_bytes =
			kv_value(fd, dir, "memory.swap.current", NUM_NONE);
	if (l->min_bytes || l->low_bytes)
		l->current_bytes = kv_value(fd, dir, "memory.current", 0);
	return 0;
}

/* What is above key, *levels of it: 0 or -errno. */
static int ancestors_read(struct ancestors *a, const struct cg_set *set,
			  const char *key, bool zswap, size_t *levels)
{
	const char *end = strchr(key + 1, '/');
	size_t n = 0;
	int err;

	for (; end; end = strchr(end + 1, '/'), n++) {
		size_t len = (size_t)(end - key);

		if (n < a->n && a->level[n].len == len &&
		    !memcmp(a->path, key, len))
			continue;
		if (n == a->room) {
			a->room = a->room * 2 + 16;
			a->level =
				xrealloc(a->level, a->room, sizeof(*a->level));
		}
		memcpy(a->path, key, len);
		a->path[len] = '\0';
		a->n = n;
		err = read_level(set->fd, a->path, zswap, a->level + n);
		if (err)
			return err;
		a->n = n + 1;
	}
	*levels = n;
	return 0;
}

/* A limit of 0 shuts zswap: nothing is refused that was not meant to be. */
static bool fills(uint64_t zswap_bytes, uint64_t max_bytes)
{
	return max_bytes && zswap_fills(zswap_bytes, max_bytes);
}

/* As kv_limit(). */
static int limit(const struct cg *cg, struct target *t, enum file file,
		 uint64_t *out)
{
	int err = files_u64(&t->files, cg, file, out);

	return err == -ENOENT ? 0 : err;
}

/* Its own limits, by the files held open; the root has none. */
static int read_own(const struct cg *cg, struct target *t,
		    const struct reading *now, bool zswap, struct level *l)
{
	int err;

	*l = (struct level){
		.swap_bytes = now->swap_bytes,
		.zswap_bytes = NUM_NONE,
		.swap_max_bytes = NUM_MAX,
		.zswap_max_bytes = NUM_MAX,
		.current_bytes = now->current_bytes,
	};
	if (cg_is_root(cg))
		return 0;
	if ((err = limit(cg, t, FILE_MIN, &l->min_bytes)) ||
	    (err = limit(cg, t, FILE_LOW, &l->low_bytes)))
		return err;
	if (limit(cg, t, FILE_SWAP_MAX, &l->swap_max_bytes))
		l->swap_max_bytes = NUM_NONE;
	if (zswap && limit(cg, t, FILE_ZSWAP_MAX, &l->zswap_max_bytes))
		l->zswap_max_bytes = NUM_NONE;
	if (l->zswap_max_bytes != NUM_MAX)
		files_u64(&t->files, cg, FILE_ZSWAP, &l->zswap_bytes);
	return 0;
}

/* What a level, its own or one above, allows and protects. */
static void constrain(const struct level *l, uint64_t current_bytes,
		      struct mem_swap *swap, struct bounds_in *g)
{
	if (l->swap_max_bytes != NUM_MAX)
		mem_swap_bound(swap, l->swap_bytes, l->swap_max_bytes);
	g->zswap_full |= fills(l->zswap_bytes, l->zswap_max_bytes);
	g->zswap_shut |= !l->zswap_max_bytes;
	g->min_bytes =
		num_most(g->min_bytes,
			 mem_protected_share(l->min_bytes, l->current_bytes,
					     current_bytes));
	g->low_bytes =
		num_most(g->low_bytes,
			 mem_protected_share(l->low_bytes, l->current_bytes,
					     current_bytes));
}

/* Anonymous memory that reclaim can move to a slower node, and has moved. */
static void split_tiers(const struct cg *cg, struct target *t,
			const struct tier *tier, struct bounds_in *g)
{
	char buf[IO_BUF];
	uint64_t fast_bytes;

	g->demotable_bytes = g->slow_anon_bytes = 0;
	if (!tier->left_bytes ||
	    files_read(&t->files, cg, FILE_NUMA_STAT, buf, sizeof(buf)) <= 0)
		return;
	fast_bytes = tier_fast_anon_bytes(tier, buf);
	g->demotable_bytes = num_least(tier->left_bytes, fast_bytes);
	g->slow_anon_bytes = num_less(num_known(g->anon_lru_bytes), fast_bytes);
}

/* The kernel protects no cgroup from its own memory.reclaim: we do. */
int limits_read(const struct cg_set *set, const struct cg *cg, struct target *t,
		const struct reading *now, const struct host *h,
		struct ancestors *above, struct bounds_in *g)
{
	struct mem_swap swap = h->swap;
	struct level own;
	size_t n;
	int err;

	g->min_bytes = g->low_bytes = 0;
	split_tiers(cg, t, &h->tier, g);
	if ((err = ancestors_read(above, set, cg->key, h->zswap, &n)) ||
	    (err = read_own(cg, t, now, h->zswap, &own)))
		return err;
	constrain(&own, now->current_bytes, &swap, g);
	for (size_t i = 0; i < n; i++)
		constrain(above->level + i, now->current_bytes, &swap, g);
	if (swap.left_bytes == NUM_NONE)
		return 0;
	g->swap_left_bytes = swap.left_bytes;
	g->swap_used_mpct = swap.used_mpct;
	return 0;
}

void ancestors_forget(struct ancestors *a)
{
	a->n = 0;
}

void ancestors_free(struct ancestors *a)
{
	free(a->level);
	*a = (struct ancestors){ 0 };
}
