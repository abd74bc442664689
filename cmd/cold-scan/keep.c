#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "msg.h"
#include "root.h"
#include "state.h"
#include "tool.h"

enum { KEEP_VERSION = 3 };
static const char keep_name[] = "cold-scan";

/*
 * In the machine's own byte order, bit maps as words of 64 pages: the file
 * never leaves it.  Behind the head each section's, its ages, its map.
 */
struct head {
	char boot[40];
	uint64_t page_bytes, sections, sample, seed;
	uint64_t start_us, before_us, moved_pages, scanned_pages;
	uint32_t passes, suspect;
	uint64_t suspect_us[IDLE_SUSPICIONS];
};

struct section_head {
	uint64_t pfn;
	uint32_t pages, passes, read_at, unused;
	uint32_t marked[AGES];
};

static void boot_id(char boot[40])
{
	memset(boot, 0, 40);
	if (io_read(root_fd(), "proc/sys/kernel/random/boot_id", boot, 40) < 0)
		memset(boot, 0, 40);
}

static size_t section_bytes(const struct section *sec)
{
	return sizeof(struct section_head) + sec->pages + sec->pages / 8;
}

int keep_save(const char *path, const struct idle *s)
{
	struct head h = { .page_bytes = s->page_bytes,
			  .sections = s->n,
			  .sample = s->sample,
			  .seed = s->seed,
			  .start_us = s->start_us,
			  .before_us = s->before_us,
			  .moved_pages = s->moved_pages,
			  .scanned_pages = s->scanned_pages,
			  .passes = s->passes,
			  .suspect = s->suspect };
	size_t len = sizeof(h);
	char *buf, *p;
	int err;

	boot_id(h.boot);
	memcpy(h.suspect_us, s->suspect_us, sizeof(h.suspect_us));
	for (size_t i = 0; i < s->n; i++)
		len += section_bytes(s->v + i);
	buf = p = xcalloc(len, 1);
	p = mempcpy(p, &h, sizeof(h));
	for (size_t i = 0; i < s->n; i++) {
		const struct section *sec = s->v + i;
		struct section_head sh = { .pfn = sec->pfn,
					   .pages = sec->pages,
					   .passes = sec->passes,
					   .read_at = sec->read_at };

		memcpy(sh.marked, sec->marked, sizeof(sh.marked));
		p = mempcpy(p, &sh, sizeof(sh));
		p = mempcpy(p, sec->age, sec->pages);
		p = mempcpy(p, sec->swap, sec->pages / 8);
	}
	err = state_write(path, keep_name, KEEP_VERSION, buf, len);
	free(buf);
	return err;
}

/* The sections of the file, which must be those of the machine: NULL, or why
 * not. */
static const char *restore(struct idle *s, const char *p, size_t len)
{
	const char *end = p + len;
	struct head h;
	char boot[40];

	if (len < sizeof(h))
		return "it is too short";
	memcpy(&h, p, sizeof(h));
	p += sizeof(h);
	boot_id(boot);
	if (memcmp(boot, h.boot, sizeof(boot)))
		return "it is from another boot";
	if (h.page_bytes != s->page_bytes || h.sections != s->n)
		return "the memory layout has changed";
	if (!h.sample || (s->sample && h.sample != s->sample))
		return "it was made with another --sample";
	/* What was touched before those marks looks idle now. */
	if (idle_stamp_us() > h.start_us)
		return "a pass that it does not know has marked pages since";
	for (size_t i = 0; i < s->n; i++) {
		struct section *sec = s->v + i;
		struct section_head sh;

		if ((size_t)(end - p) < section_bytes(sec))
			return "it is too short";
		memcpy(&sh, p, sizeof(sh));
		if (sh.pfn != sec->pfn || sh.pages != sec->pages)
			return "the memory layout has changed";
		p += section_bytes(sec);
	}
	p -= len - sizeof(h);
	for (size_t i = 0; i < s->n; i++) {
		struct section *sec = s->v + i;
		struct section_head sh;

		memcpy(&sh, p, sizeof(sh));
		p += sizeof(sh);
		sec->passes = sh.passes;
		sec->read_at = sh.read_at;
		memcpy(sec->marked, sh.marked, sizeof(sh.marked));
		memcpy(sec->age, p, sec->pages);
		p += sec->pages;
		memcpy(sec->swap, p, sec->pages / 8);
		p += sec->pages / 8;
	}
	s->passes = h.passes;
	s->suspect = h.suspect;
	memcpy(s->suspect_us, h.suspect_us, sizeof(h.suspect_us));
	s->seed = h.seed;
	s->sample = h.sample;
	s->start_us = h.start_us;
	s->before_us = h.before_us;
	s->moved_pages = h.moved_pages;
	s->scanned_pages = h.scanned_pages;
	return NULL;
}

/* Did a cold-scan begin it, of whatever version? */
static bool is_ours(const char *path)
{
	char text[32], want[32];
	int n = snprintf(want, sizeof(want), "tmo-tools %s ", keep_name);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	bool ours;

	if (fd < 0)
		return false;
	ours = pread(fd, text, (size_t)n, 0) == n &&
	       !memcmp(text, want, (size_t)n);
	close(fd);
	return ours;
}

/* Nothing in it can be used, and cron's next run would meet it again. */
static void set_aside(const char *path, const char *why)
{
	char aside[4096];
	int n = snprintf(aside, sizeof(aside), "%s.old", path);

	if (n < 0 || (size_t)n >= sizeof(aside) || rename(path, aside))
		die(errno, "-S: '%s' is %s, and cannot be renamed", path, why);
	note("-S: '%s' is %s: ages start at 0; the file is kept as '%s'", path,
	     why, aside);
}

int keep_load(const char *path, struct idle *s)
{
	int lock = state_lock(path, 1), err;
	const char *why;
	void *data;
	size_t len;

	if (lock < 0)
		die(lock, "cannot lock '%s'", path);
	err = state_read(path, keep_name, KEEP_VERSION, &data, &len);
	if (err == -ENOENT)
		return lock;
	if (err == -EPERM || err == -ELOOP)
		die(0,
		    "-S: '%s' is a link, or others can write it: not trusted",
		    path);
	if (err == -EPROTO && !is_ours(path))
		die(0, "-S: '%s' is not a state of cold-scan: remove it", path);
	if (err == -EPROTO || err == -EBADMSG) {
		set_aside(path,
			  err == -EPROTO ? "of another version" : "damaged");
		return lock;
	}
	if (err)
		die(err, "cannot read '%s'", path);
	why = restore(s, data, len);
	if (why)
		note("-S: '%s' is not used (%s): ages start at 0", path, why);
	free(data);
	return lock;
}

int keep_peek(const char *path, struct idle *s)
{
	void *data;
	size_t len;
	int err = state_read(path, keep_name, KEEP_VERSION, &data, &len);

	if (err)
		return err;
	err = restore(s, data, len) ? -ESTALE : 0;
	free(data);
	return err;
}

/* A state file as it lies there, for --diff. */
struct kept {
	void *data;
	struct head h;
	const char *p, *end;
};

static void kept_open(struct kept *k, const char *path)
{
	size_t len;
	int err = state_read(path, keep_name, KEEP_VERSION, &k->data, &len);

	if (err || len < sizeof(k->h))
		die(err, "--diff: cannot use '%s'", path);
	memcpy(&k->h, k->data, sizeof(k->h));
	k->p = (const char *)k->data + sizeof(k->h);
	k->end = (const char *)k->data + len;
}

static bool kept_next(struct kept *k, struct section_head *sh,
		      const uint8_t **age, const char **swap)
{
	if ((size_t)(k->end - k->p) < sizeof(*sh))
		return false;
	memcpy(sh, k->p, sizeof(*sh));
	k->p += sizeof(*sh);
	if ((size_t)(k->end - k->p) < sh->pages + sh->pages / 8)
		return false;
	*age = (const uint8_t *)k->p;
	*swap = k->p + sh->pages;
	k->p += sh->pages + sh->pages / 8;
	return true;
}

/* The age in this section that stands for us, as age_from(). */
static int age_in(const struct section_head *sh, uint64_t us)
{
	for (uint32_t a = 1; a < AGE_MAX && a < sh->passes; a++) {
		uint32_t then = sh->marked[(sh->passes - 1 - a) % AGES];

		if (idle_since_us(sh->read_at, then) >= us - us / 50)
			return (int)a;
	}
	return AGES;
}

/* gone: freed, or another kind's by now. */
struct change {
	uint64_t before, after, cooled, warmed, gone;
	bool known[2]; /* is the age reached, in the old one and the new? */
};

/* A word of the map as it lay in memory: its bytes' order is the machine's. */
static bool in_map(const char *map, uint32_t i)
{
	uint64_t word;

	memcpy(&word, map + i / 64 * 8, 8);
	return word >> i % 64 & 1;
}

static void compare(struct change change[2], const struct section_head sh[2],
		    const uint8_t *const age[2], const char *const swap[2],
		    uint64_t us)
{
	int from[2] = { age_in(sh, us), age_in(sh + 1, us) };

	for (int k = 0; k < 4; k++)
		change[k / 2].known[k % 2] |= from[k % 2] < AGES;
	for (uint32_t i = 0; i < sh[1].pages; i++) {
		bool is_swap = in_map(swap[1], i),
		     was_swap = in_map(swap[0], i);
		bool was = age[0][i] <= AGE_MAX && age[0][i] >= from[0];
		bool is = age[1][i] <= AGE_MAX && age[1][i] >= from[1];
		/* A frame that is free has no kind any more. */
		bool gone = age[1][i] == AGE_NONE || is_swap != was_swap;

		change[was_swap].before += was;
		change[is_swap].after += is;
		change[is_swap].cooled += is && (!was || gone);
		change[was_swap].warmed += was && !is && !gone;
		change[was_swap].gone += was && gone;
	}
}

static void put_change(struct view *v, const struct change *c,
		       uint64_t page_bytes, const char *kind, uint64_t us)
{
	struct sample x;

	sample_clear(&x);
	x.cgroup = "/";
	x.time_ms = clock_unix_ms();
	x.kind = kind;
	x.age_us = us;
	if (c->known[0])
		x.before_bytes = c->before * page_bytes;
	if (c->known[1])
		x.bytes = c->after * page_bytes;
	if (c->known[0] && c->known[1]) {
		x.cooled_bytes = c->cooled * page_bytes;
		x.warmed_bytes = c->warmed * page_bytes;
		x.gone_bytes = c->gone * page_bytes;
	}
	view_put(v, &x);
}

static void diff_age(struct view *v, const char *old, const char *path,
		     uint64_t us)
{
	struct kept k[2];
	struct section_head sh[2];
	const uint8_t *age[2];
	const char *swap[2];
	struct change change[2] = { 0 };

	kept_open(k, old);
	kept_open(k + 1, path);
	if (memcmp(k[0].h.boot, k[1].h.boot, sizeof(k[0].h.boot)) ||
	    k[0].h.sections != k[1].h.sections ||
	    k[0].h.sample != k[1].h.sample)
		die(0, "--diff: the states are from different boots or memory "
		       "layouts");
	while (kept_next(k, sh, age, swap) &&
	       kept_next(k + 1, sh + 1, age + 1, swap + 1)) {
		if (sh[0].pfn != sh[1].pfn || sh[0].pages != sh[1].pages)
			die(0, "--diff: the states are from different memory "
			       "layouts");
		compare(change, sh, age, swap, us);
	}
	put_change(v, change + 1, k[1].h.page_bytes * k[1].h.sample, "anon",
		   us);
	put_change(v, change, k[1].h.page_bytes * k[1].h.sample, "file", us);
	free(k[0].data);
	free(k[1].data);
}

int keep_diff(struct view *v, const struct scan_opts *opts, const char *old)
{
	for (size_t i = 0; i < opts->n_ages; i++)
		diff_age(v, old, opts->state, opts->age_us[i]);
	return tool_finish(&v->out, STATUS_OK);
}
