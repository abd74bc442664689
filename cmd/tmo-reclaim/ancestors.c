#include "ancestors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv.h"
#include "msg.h"
#include "num.h"

/* A file that a level lacks bounds nothing. */
static uint64_t value(const struct cg_set *set, const char *key,
		      const char *file, uint64_t without)
{
	char path[CG_KEY_MAX + 32];
	uint64_t v;

	snprintf(path, sizeof(path), "%s/%s", key + 1, file);
	return kv_read_u64(set->fd, path, &v) ? without : v;
}

static void read_level(const struct cg_set *set, const char *key,
		       struct level *l)
{
	*l = (struct level){
		.len = strlen(key),
		.swap_max_bytes = value(set, key, "memory.swap.max", NUM_MAX),
		.min_bytes = value(set, key, "memory.min", 0),
		.low_bytes = value(set, key, "memory.low", 0),
		.zswap_max_bytes = value(set, key, "memory.zswap.max", NUM_MAX),
	};
	if (l->zswap_max_bytes != NUM_MAX)
		l->zswap_bytes = value(set, key, "memory.zswap.current", 0);
	if (l->swap_max_bytes != NUM_MAX)
		l->swap_bytes = value(set, key, "memory.swap.current", 0);
	if (l->min_bytes || l->low_bytes)
		l->current_bytes = value(set, key, "memory.current", 0);
}

size_t ancestors_read(struct ancestors *a, const struct cg_set *set,
		      const char *key)
{
	const char *end = strchr(key + 1, '/');
	size_t n = 0;

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
		read_level(set, a->path, a->level + n);
		a->n = n + 1;
	}
	return n;
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
