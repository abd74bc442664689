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
	uint64_t start, end; /* bytes */
	uint64_t accesses, age;
};

struct damon {
	uint64_t aggr_us, page_bytes;
	struct region *v;
	size_t n, room;
};

static int put(const char *file, uint64_t value)
{
	char path[192], text[NUM_LEN + 1];

	snprintf(path, sizeof(path), "sys/kernel/mm/damon/admin/kdamonds/%s",
		 file);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return io_write(root_fd(), path, text);
}

static int put_word(const char *file, const char *word)
{
	char path[192];

	snprintf(path, sizeof(path), "sys/kernel/mm/damon/admin/kdamonds/%s",
		 file);
	return io_write(root_fd(), path, word);
}

static int put_regions(const struct pfn_range *ram, size_t n,
		       uint64_t page_bytes)
{
	char file[128];
	int err = put("0/contexts/0/targets/0/regions/nr_regions", n);

	for (size_t i = 0; !err && i < n; i++) {
		snprintf(file, sizeof(file),
			 "0/contexts/0/targets/0/regions/%zu/start", i);
		err = put(file, ram[i].pfn * page_bytes);
		if (err)
			break;
		snprintf(file, sizeof(file),
			 "0/contexts/0/targets/0/regions/%zu/end", i);
		err = put(file, ram[i].end * page_bytes);
	}
	return err;
}

/* The scheme that does nothing: its tried regions are all regions. */
static int put_scheme(void)
{
	static const char *const any[] = { "sz", "nr_accesses", "age" };
	char file[128];
	int err = put("0/contexts/0/schemes/nr_schemes", 1);

	if (!err)
		err = put_word("0/contexts/0/schemes/0/action", "stat");
	for (size_t i = 0; !err && i < sizeof(any) / sizeof(*any); i++) {
		snprintf(file, sizeof(file),
			 "0/contexts/0/schemes/0/access_pattern/%s/max",
			 any[i]);
		err = put(file, i ? UINT32_MAX : (uint64_t)INT64_MAX);
	}
	return err;
}

static int set_up(const struct damon *d, const struct pfn_range *ram, size_t n)
{
	static const char attrs[] = "0/contexts/0/monitoring_attrs/";
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
	int err = put("nr_kdamonds", 1);

	if (!err)
		err = put("0/contexts/nr_contexts", 1);
	if (!err)
		err = put_word("0/contexts/0/operations", "paddr");
	for (size_t i = 0; !err && i < sizeof(numbers) / sizeof(*numbers);
	     i++) {
		snprintf(file, sizeof(file), "%s%s", attrs, numbers[i].file);
		err = put(file, numbers[i].value);
	}
	if (!err)
		err = put("0/contexts/0/targets/nr_targets", 1);
	if (!err)
		err = put_regions(ram, n, d->page_bytes);
	if (!err)
		err = put_scheme();
	return err ? err : put_word("0/state", "on");
}

struct damon *damon_start(uint64_t interval_us)
{
	struct damon *d = xcalloc(1, sizeof(*d));
	struct pfn_range *ram;
	uint64_t kdamonds;
	size_t n;
	int err = kv_read_u64(root_fd(), damon_path, &kdamonds);

	if (err)
		die(err, "no DAMON in sysfs: the kernel lacks CONFIG_DAMON_"
			 "SYSFS, or you are not root");
	if (kdamonds || verdict_damon_runs())
		die(0, "somebody else's DAMON is set up: end it (echo off "
		       ">kdamonds/0/state; echo 0 >kdamonds/nr_kdamonds in "
		       "/sys/kernel/mm/damon/admin), or use another --source");
	/* Ten looks at a region in the youngest interval asked for. */
	d->aggr_us = interval_us / 10;
	if (d->aggr_us < 100000)
		d->aggr_us = 100000;
	if (d->aggr_us > 2000000)
		d->aggr_us = 2000000;
	d->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	/* A reader that goes away must not leave a kernel thread behind. */
	signal(SIGPIPE, SIG_IGN);
	err = idle_ram(d->page_bytes, &ram, &n);
	if (!err)
		err = set_up(d, ram, n);
	free(ram);
	if (err) {
		damon_stop(d);
		die(err, "cannot set DAMON up");
	}
	return d;
}

void damon_stop(struct damon *d)
{
	put_word("0/state", "off");
	put("nr_kdamonds", 0);
	free(d->v);
	free(d);
}

static bool read_region(size_t i, struct region *r)
{
	static const char *const files[] = { "start", "end", "nr_accesses",
					     "age" };
	uint64_t *const into[] = { &r->start, &r->end, &r->accesses, &r->age };
	char path[192];

	for (size_t k = 0; k < 4; k++) {
		snprintf(path, sizeof(path),
			 "sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/"
			 "schemes/0/tried_regions/%zu/%s",
			 i, files[k]);
		if (kv_read_u64(root_fd(), path, into[k]))
			return false;
	}
	return true;
}

static int read_regions(struct damon *d)
{
	int err = put_word("0/state", "update_schemes_tried_regions");
	struct region r;

	if (err)
		return err;
	for (d->n = 0; read_region(d->n, &r); d->n++) {
		if (d->n == d->room) {
			d->room = d->room ? d->room * 2 : 1024;
			d->v = xrealloc(d->v, d->room, sizeof(*d->v));
		}
		d->v[d->n] = r;
	}
	return 0;
}

/* A region's pages by kind and cgroup; its age is that of all of them. */
static void tally_region(const struct damon *d, const struct region *r,
			 int flags_fd, int cgroup_fd,
			 const struct age_scale *scale, struct tally_set *out)
{
	enum { RUN = 4096 };
	uint64_t flags[RUN], ino[RUN];
	uint8_t ages[RUN];
	uint64_t pfn = r->start / d->page_bytes, end = r->end / d->page_bytes;
	int age = r->accesses ? 0 : age_below(scale, r->age * d->aggr_us);

	memset(ages, age, sizeof(ages));
	while (pfn < end) {
		size_t n = end - pfn < RUN ? (size_t)(end - pfn) : RUN;

		idle_read_words(flags_fd, pfn, flags, n);
		idle_read_words(cgroup_fd, pfn, ino, n);
		age_known(flags, ino, ages, n, 0, out);
		pfn += n;
	}
}

int damon_read(struct damon *d, const struct age_scale *scale,
	       struct tally_set *out)
{
	int flags_fd = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	int cgroup_fd = io_open(root_fd(), "proc/kpagecgroup", O_RDONLY);
	int err = flags_fd < 0 ? flags_fd : read_regions(d);

	for (size_t i = 0; !err && i < d->n; i++)
		tally_region(d, d->v + i, flags_fd, cgroup_fd, scale, out);
	if (flags_fd >= 0)
		close(flags_fd);
	if (cgroup_fd >= 0)
		close(cgroup_fd);
	return err;
}
