#include "damon.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "idle.h"
#include "io.h"
#include "kv.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "verdict.h"

const char damon_path[] = "sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds";

struct region {
	uint64_t start, end; /* bytes, of memory or of a process */
	uint64_t accesses, age;
};

/* What one kernel thread looks at: a process, or all memory. */
struct target {
	struct region *v;
	size_t n, room;
};

struct damon {
	uint64_t aggr_us, page_bytes;
	struct pfn_range *ram; /* NULL where processes are looked at */
	size_t n_ram;
	struct target *target;
	size_t n;
};

static int put_word(size_t k, const char *file, const char *word)
{
	char path[192];

	snprintf(path, sizeof(path),
		 "sys/kernel/mm/damon/admin/kdamonds/%zu/%s", k, file);
	return io_write(root_fd(), path, word);
}

static int put(size_t k, const char *file, uint64_t value)
{
	char text[NUM_LEN + 1];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	return put_word(k, file, text);
}

static int put_kdamonds(size_t n)
{
	char text[NUM_LEN + 1];

	snprintf(text, sizeof(text), "%zu", n);
	return io_write(root_fd(), damon_path, text);
}

/* All memory is the only target, so the first kdamond's. */
static int put_regions(const struct damon *d)
{
	char file[128];
	int err = put(0, "contexts/0/targets/0/regions/nr_regions", d->n_ram);

	for (size_t i = 0; !err && i < d->n_ram; i++) {
		snprintf(file, sizeof(file),
			 "contexts/0/targets/0/regions/%zu/start", i);
		err = put(0, file, d->ram[i].pfn * d->page_bytes);
		if (err)
			break;
		snprintf(file, sizeof(file),
			 "contexts/0/targets/0/regions/%zu/end", i);
		err = put(0, file, d->ram[i].end * d->page_bytes);
	}
	return err;
}

/* The scheme that does nothing: its tried regions are all regions. */
static int put_scheme(size_t k)
{
	static const char *const any[] = { "sz", "nr_accesses", "age" };
	char file[128];
	int err = put(k, "contexts/0/schemes/nr_schemes", 1);

	if (!err)
		err = put_word(k, "contexts/0/schemes/0/action", "stat");
	for (size_t i = 0; !err && i < sizeof(any) / sizeof(*any); i++) {
		snprintf(file, sizeof(file),
			 "contexts/0/schemes/0/access_pattern/%s/max", any[i]);
		err = put(k, file, i ? UINT32_MAX : (uint64_t)INT64_MAX);
	}
	return err;
}

static int put_attrs(const struct damon *d, size_t k)
{
	const struct {
		const char *file;
		uint64_t value;
	} numbers[] = {
		{ "intervals/sample_us", d->aggr_us / 20 },
		{ "intervals/aggr_us", d->aggr_us },
		{ "intervals/update_us", d->aggr_us * 10 },
		/* In this order: max must not be below min. */
		{ "nr_regions/max", 4000 },
		{ "nr_regions/min", 1000 },
	};
	char file[128];
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(numbers) / sizeof(*numbers);
	     i++) {
		snprintf(file, sizeof(file), "contexts/0/monitoring_attrs/%s",
			 numbers[i].file);
		err = put(k, file, numbers[i].value);
	}
	return err;
}

/* One kernel thread for a process, or with pid NULL for all memory. */
static int set_up(const struct damon *d, size_t k, const uint64_t *pid)
{
	int err = put(k, "contexts/nr_contexts", 1);

	if (!err)
		err = put_word(k, "contexts/0/operations",
			       pid ? "vaddr" : "paddr");
	if (!err)
		err = put_attrs(d, k);
	if (!err)
		err = put(k, "contexts/0/targets/nr_targets", 1);
	if (!err)
		err = pid ? put(k, "contexts/0/targets/0/pid_target", *pid)
			  : put_regions(d);
	if (!err)
		err = put_scheme(k);
	return err ? err : put_word(k, "state", "on");
}

/* A process that is gone is the reader's to tell. */
static int set_up_process(const struct damon *d, size_t k, const uint64_t *pid)
{
	char path[32];
	int err = set_up(d, k, pid);

	snprintf(path, sizeof(path), "proc/%" PRIu64, *pid);
	return err && io_try(root_fd(), path, O_PATH) ? 0 : err;
}

bool damon_is_free(void)
{
	uint64_t kdamonds;

	return !kv_read_u64(root_fd(), damon_path, &kdamonds) && !kdamonds &&
	       !io_try(root_fd(), damon_path, O_RDWR) && !verdict_damon_end();
}

static void refuse_others(void)
{
	uint64_t kdamonds;
	int err = kv_read_u64(root_fd(), damon_path, &kdamonds);
	const char *end = verdict_damon_end();

	if (!err)
		err = io_try(root_fd(), damon_path, O_RDWR);
	if (err == -EROFS)
		die(0, "/sys is read-only: mount -o remount,rw /sys; in a "
		       "container, run it on the host");
	if (err)
		die(err, "no DAMON in sysfs: the kernel lacks CONFIG_DAMON_"
			 "SYSFS, or you are not root");
	if (!kdamonds && end)
		die(0,
		    "another DAMON is running: stop it (%s), or use another "
		    "--source",
		    end);
	if (kdamonds)
		die(0, "another program has set DAMON up: stop it (cd "
		       "/sys/kernel/mm/damon/admin/kdamonds; echo off "
		       ">0/state; echo 0 >nr_kdamonds), or use another "
		       "--source");
}

struct damon *damon_start(uint64_t interval_us, const uint64_t *pids,
			  size_t n_pids)
{
	struct damon *d = xcalloc(1, sizeof(*d));
	int err;

	refuse_others();
	/* Ten looks at a region in the youngest interval asked for. */
	d->aggr_us = interval_us / 10;
	if (d->aggr_us < 100000)
		d->aggr_us = 100000;
	if (d->aggr_us > 2000000)
		d->aggr_us = 2000000;
	d->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	d->n = n_pids ? n_pids : 1;
	d->target = xcalloc(d->n, sizeof(*d->target));
	/* A reader that goes away must not leave a kernel thread behind. */
	signal(SIGPIPE, SIG_IGN);
	err = n_pids ? 0 : idle_ram(d->page_bytes, &d->ram, &d->n_ram);
	if (!err)
		err = put_kdamonds(d->n);
	if (!err && !n_pids)
		err = set_up(d, 0, NULL);
	for (size_t i = 0; !err && i < n_pids; i++)
		err = set_up_process(d, i, pids + i);
	if (err) {
		damon_stop(d);
		die(err, "cannot set DAMON up");
	}
	return d;
}

void damon_stop(struct damon *d)
{
	for (size_t i = 0; i < d->n; i++) {
		put_word(i, "state", "off");
		free(d->target[i].v);
	}
	put_kdamonds(0);
	free(d->target);
	free(d->ram);
	free(d);
}

static bool read_region(size_t k, size_t i, struct region *r)
{
	static const char *const files[] = { "start", "end", "nr_accesses",
					     "age" };
	uint64_t *const into[] = { &r->start, &r->end, &r->accesses, &r->age };
	char path[192];

	for (size_t f = 0; f < sizeof(files) / sizeof(*files); f++) {
		snprintf(path, sizeof(path),
			 "sys/kernel/mm/damon/admin/kdamonds/%zu/contexts/0/"
			 "schemes/0/tried_regions/%zu/%s",
			 k, i, files[f]);
		if (kv_read_u64(root_fd(), path, into[f]))
			return false;
	}
	return true;
}

static int read_target(struct target *t, size_t k)
{
	int err = put_word(k, "state", "update_schemes_tried_regions");
	struct region r;

	for (t->n = 0; !err && read_region(k, t->n, &r); t->n++) {
		if (t->n == t->room) {
			t->room = t->room ? t->room * 2 : 1024;
			t->v = xrealloc(t->v, t->room, sizeof(*t->v));
		}
		t->v[t->n] = r;
	}
	return err;
}

static int age_of(const struct damon *d, const struct region *r,
		  const struct age_scale *scale)
{
	return r->accesses ? 0 : age_below(scale, r->age * d->aggr_us);
}

static int node_of(const struct damon *d, uint64_t pfn)
{
	size_t i = 0;

	while (i + 1 < d->n_ram && d->ram[i].end <= pfn)
		i++;
	return d->ram[i].node;
}

/* A region's pages by kind and cgroup; its age is that of all of them. */
static int tally_region(const struct damon *d, const struct region *r,
			int flags_fd, int cgroup_fd,
			const struct age_scale *scale, struct tally_set *out)
{
	enum { RUN = 4096 };
	uint64_t flags[RUN], ino[RUN];
	uint8_t ages[RUN];
	struct chunk c = { .flags = flags, .cgroup = ino, .age = ages };
	uint64_t pfn = r->start / d->page_bytes, end = r->end / d->page_bytes;

	memset(ages, age_of(d, r, scale), sizeof(ages));
	while (pfn < end) {
		/* Regions may span nodes, which begin at a multiple. */
		size_t n = RUN - pfn % RUN;
		ssize_t got;

		if (n > end - pfn)
			n = (size_t)(end - pfn);
		got = idle_read_words(flags_fd, pfn, flags, n);
		memset(ino, 0, sizeof(ino));
		if (got >= 0 && cgroup_fd >= 0)
			got = idle_read_words(cgroup_fd, pfn, ino, n);
		if (got < 0)
			return (int)got;
		c.pages = n;
		c.node = node_of(d, pfn);
		age_known(&c, out);
		pfn += n;
	}
	return 0;
}

static int tally_memory(const struct damon *d, const struct age_scale *scale,
			struct tally_set *out)
{
	int flags_fd = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	int cgroup_fd = io_open(root_fd(), "proc/kpagecgroup", O_RDONLY);
	const struct target *t = d->target;
	int err = flags_fd < 0 ? flags_fd : 0;

	for (size_t i = 0; !err && i < t->n; i++)
		err = tally_region(d, t->v + i, flags_fd, cgroup_fd, scale,
				   out);
	if (flags_fd >= 0)
		close(flags_fd);
	if (cgroup_fd >= 0)
		close(cgroup_fd);
	return err;
}

int damon_read(struct damon *d, const struct age_scale *scale,
	       struct tally_set *out)
{
	for (size_t i = 0; i < d->n; i++) {
		int err = read_target(d->target + i, i);

		/* Its thread ends with a process: no regions, nothing cold. */
		if (err && d->ram)
			return err;
	}
	return d->ram ? tally_memory(d, scale, out) : 0;
}

uint8_t damon_age(const struct damon *d, size_t i, uint64_t addr,
		  const struct age_scale *scale)
{
	const struct target *t = d->target + i;
	size_t lo = 0, hi = t->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->v[mid].end <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == t->n || t->v[lo].start > addr)
		return 0;
	return (uint8_t)age_of(d, t->v + lo, scale);
}
