#include "blame.h"

#include <dirent.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "kv.h"
#include "msg.h"
#include "num.h"

static uint64_t total_of(int dir, const char *name, enum psi_res res,
			 enum psi_kind kind)
{
	char path[NAME_MAX + 32], buf[512];
	struct psi psi;

	snprintf(path, sizeof(path), "%s/%s", name, psi_cgroup_file(res));
	if (io_read(dir, path, buf, sizeof(buf)) < 0 || psi_parse(buf, &psi) ||
	    !psi.line[kind].seen)
		return NUM_NONE;
	return psi.line[kind].total_us;
}

static uint64_t total_before(const struct blame *b, uint64_t ino)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->child[i].ino == ino)
			return b->child[i].total_us;
	return 0; /* made since */
}

static void look_at_child(const struct blame *old, struct blame *now,
			  const struct dirent *e, uint64_t total,
			  const struct cg *cg, struct blamed *out)
{
	uint64_t stall = num_delta(total, total_before(old, e->d_ino));

	now->child = xrealloc(now->child, now->n + 1, sizeof(*now->child));
	now->child[now->n++] = (struct child){ e->d_ino, total };
	if (!out || stall == NUM_NONE || stall <= out->stall_us)
		return;
	out->stall_us = stall;
	if (strpbrk(e->d_name, "\t\n")) /* no cell can hold it */
		snprintf(out->key, sizeof(out->key), "-");
	else
		snprintf(out->key, sizeof(out->key), "%s/%s",
			 cg_prefix(cg->key), e->d_name);
}

static void look_at_children(const struct blame *old, struct blame *now,
			     const struct cg_set *set, const struct cg *cg,
			     enum psi_res res, enum psi_kind kind,
			     struct blamed *out)
{
	DIR *dir = cg_open_dir(set, cg);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		uint64_t total;

		if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		total = total_of(dirfd(dir), e->d_name, res, kind);
		if (total != NUM_NONE)
			look_at_child(old, now, e, total, cg, out);
	}
	if (dir)
		closedir(dir);
}

static void look_at_own(struct blame *now, const struct cg_set *set,
			const struct cg *cg)
{
	static const struct kv_field stat[] = {
		KV_FIELD("nr_throttled", offsetof(struct blame, throttled)),
		KV_FIELD("throttled_usec",
			 offsetof(struct blame, throttled_us)),
	};
	static const struct kv_field events[] = {
		KV_FIELD("high", offsetof(struct blame, high)),
		KV_FIELD("max", offsetof(struct blame, max)),
		KV_FIELD("oom", offsetof(struct blame, oom)),
	};
	char buf[4096];

	now->throttled = now->throttled_us = NUM_NONE;
	now->high = now->max = now->oom = NUM_NONE;
	if (cg_read(set, cg, "cpu.stat", buf, sizeof(buf)) >= 0)
		kv_fill(buf, stat, 2, now);
	if (cg_read(set, cg, "memory.events", buf, sizeof(buf)) >= 0)
		kv_fill(buf, events, 3, now);
}

void blame_look(struct blame *b, const struct cg_set *set, const struct cg *cg,
		enum psi_res res, enum psi_kind kind, struct blamed *out)
{
	struct blame now = { 0 };

	if (out)
		*out = (struct blamed){ 0 };
	look_at_children(b, &now, set, cg, res, kind, out);
	look_at_own(&now, set, cg);
	if (out) {
		out->throttled = num_delta(now.throttled, b->throttled);
		out->throttled_us =
			num_delta(now.throttled_us, b->throttled_us);
		out->high = num_delta(now.high, b->high);
		out->max = num_delta(now.max, b->max);
		out->oom = num_delta(now.oom, b->oom);
	}
	free(b->child);
	*b = now;
}

void blame_free(struct blame *b)
{
	free(b->child);
	free(b);
}
