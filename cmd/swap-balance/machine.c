#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "io.h"
#include "kv.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "tier.h"

enum {
	EVIDENCE_PAGES = 32,
	ZSWAP_US = 10,
	SSD_US = 100,
	ROTATIONAL_US = 10000,
};

/* A file shares its disk, whose reads may be of other files. */
static const struct swap_area *area_of(const struct machine *m, const char *dev)
{
	for (int i = 0; i < m->areas; i++)
		if (!m->area[i].file && !strcmp(m->area[i].dev, dev))
			return m->area + i;
	return NULL;
}

static bool is_partition(const char *dev)
{
	char path[128];
	uint64_t part;

	snprintf(path, sizeof(path), "sys/class/block/%s/partition", dev);
	return kv_read_u64(root_fd(), path, &part) == 0;
}

/* Whole disks only: their partitions' reads are in theirs. */
static bool is_disk(const char *dev)
{
	if (!strncmp(dev, "zram", 4) || !strncmp(dev, "loop", 4) ||
	    !strncmp(dev, "dm-", 3) || !strncmp(dev, "md", 2))
		return false;
	return !is_partition(dev);
}

/* Documentation/admin-guide/iostats.rst: fields 1, 3 and 4 are of reads. */
static void sum_reads(struct machine *m, char *text)
{
	double page_sectors = (double)mem_page_bytes() / 512;
	char *save = NULL;

	m->swap = m->file = (struct reads){ 0 };
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		char dev[64];
		uint64_t major, minor, sectors, ms;
		const struct swap_area *a;
		struct reads *r;

		if (sscanf(line,
			   "%" SCNu64 " %" SCNu64 " %63s %*u %*u %" SCNu64
			   " %" SCNu64,
			   &major, &minor, dev, &sectors, &ms) != 5)
			continue;
		a = area_of(m, dev);
		if (a ? a->kind == SWAP_ZRAM : !is_disk(dev))
			continue;
		r = a ? &m->swap : &m->file;
		r->pages += (double)sectors / page_sectors;
		r->us += (double)ms * 1000;
		r->disks += (major << 32) + minor + 1;
		/* A partition's reads are its disk's, and take as long; those
		 * of a mapping take longer than the disk's that it causes. */
		if (a && is_partition(dev)) {
			m->file.pages -= (double)sectors / page_sectors;
			m->file.us -= (double)ms * 1000;
		}
	}
}

/* A page's latency, smoothed over some looks with enough reads of one set of
 * disks: what came in with another disk was not read now. */
static double cost_of(const struct reads *now, const struct reads *then,
		      double old)
{
	double pages = now->pages - then->pages, us;

	if (now->disks != then->disks || pages < EVIDENCE_PAGES ||
	    now->us < then->us)
		return old;
	us = (now->us - then->us) / pages;
	return old > 0 ? old + 0.3 * (us - old) : us;
}

static void measure(struct machine *m)
{
	struct reads swap = m->swap, file = m->file;
	char *text;

	if (io_read_all(root_fd(), "proc/diskstats", &text) < 0)
		return;
	sum_reads(m, text);
	free(text);
	m->device_us[KIND_DEVICE] =
		cost_of(&m->swap, &swap, m->device_us[KIND_DEVICE]);
	m->device_us[KIND_FILE] =
		cost_of(&m->file, &file, m->device_us[KIND_FILE]);
}

/* Tells sets of areas apart: FNV-1a of their names, in any order. */
static uint64_t id_of_areas(const struct machine *m)
{
	uint64_t sum = 0;

	for (int i = 0; i < m->areas; i++) {
		uint64_t h = UINT64_C(14695981039346656037);

		for (const char *p = m->area[i].dev; *p; p++)
			h = (h ^ (unsigned char)*p) * UINT64_C(1099511628211);
		sum += h;
	}
	return sum;
}

static void classify(struct machine *m)
{
	m->zram = swap_next_is(m->area, m->areas, SWAP_ZRAM);
	m->rotational = swap_next_is(m->area, m->areas, SWAP_ROTATIONAL);
	m->disk = !m->rotational && swap_next_is(m->area, m->areas, SWAP_DISK);
	m->zram_full = swap_zram_is_full(m->area, m->areas, m->zram_full);
	m->any_zram = m->any_disk = false;
	m->disk_used_bytes = 0;
	for (int i = 0; i < m->areas; i++) {
		m->any_zram |= m->area[i].kind == SWAP_ZRAM;
		m->any_disk |= m->area[i].kind != SWAP_ZRAM;
		if (m->area[i].kind != SWAP_ZRAM)
			m->disk_used_bytes += m->area[i].used_bytes;
	}
}

static void list_endurance_areas(struct machine *m)
{
	m->endurance_areas = 0;
	for (int i = 0; i < m->areas; i++) {
		if (m->area[i].kind != SWAP_ZRAM)
			m->endurance_area[m->endurance_areas++] = m->area[i];
		else if (swap_backing(m->area + i,
				      m->endurance_area + m->endurance_areas))
			m->endurance_areas++;
	}
}

/*
 * zswap takes huge pages from 6.13 on, which counts them apart from then on
 * (Documentation/admin-guide/mm/transhuge.rst, "zswpout").  The directory's
 * name has their size.
 */
static bool zswap_lacks_huge_pages(void)
{
	static const char dir[] = "sys/kernel/mm/transparent_hugepage";
	char path[128], buf[64];
	uint64_t bytes;

	snprintf(path, sizeof(path), "%s/hpage_pmd_size", dir);
	if (kv_read_u64(root_fd(), path, &bytes))
		return false; /* there are none */
	snprintf(path, sizeof(path), "%s/hugepages-%" PRIu64 "kB/stats/zswpout",
		 dir, bytes / 1024);
	return io_read(root_fd(), path, buf, sizeof(buf)) < 0;
}

/* mm/zswap.c: "poor" is larger than a page, "fail" any other error. */
static void look_at_rejects(struct machine *m)
{
	static const char dir[] = "sys/kernel/debug/zswap/reject_compress_";
	char path[96];
	uint64_t fail = NUM_NONE, poor = NUM_NONE, scan, steal;

	m->zswap_reject_pages = m->anon_kept_pages = NUM_NONE;
	snprintf(path, sizeof(path), "%sfail", dir);
	kv_read_u64(root_fd(), path, &fail);
	snprintf(path, sizeof(path), "%spoor", dir);
	kv_read_u64(root_fd(), path, &poor);
	if (fail != NUM_NONE || poor != NUM_NONE)
		m->zswap_reject_pages = num_known(fail) + num_known(poor);
	if (!kv_read_key(root_fd(), "proc/vmstat", "pgscan_anon", &scan) &&
	    !kv_read_key(root_fd(), "proc/vmstat", "pgsteal_anon", &steal) &&
	    scan >= steal)
		m->anon_kept_pages = scan - steal;
}

/*
 * "A rough relative IO cost of swapping and filesystem paging"
 * (Documentation/admin-guide/sysctl/vm.rst).  At its ends it is no ratio.
 */
static double kernel_ratio(void)
{
	uint64_t s;

	if (kv_read_u64(root_fd(), "proc/sys/vm/swappiness", &s))
		s = 60;
	s = num_least(num_most(s, 1), 199);
	return (double)s / (double)(200 - s);
}

static void set_defaults(struct machine *m)
{
	double disk_us = m->rotational ? ROTATIONAL_US : SSD_US;

	m->default_us[KIND_FILE] = SSD_US;
	m->default_us[KIND_ZSWAP] = ZSWAP_US;
	m->default_us[KIND_DEVICE] = m->zram ? ZSWAP_US : disk_us;
	m->kernel_ratio = kernel_ratio();
}

int machine_look(struct machine *m)
{
	uint64_t now = clock_mono_us();
	struct tier tier;
	bool zswap;
	int n;

	if (m->at_us && now - m->at_us < 1000000)
		return 0;
	n = swap_areas(m->area, SWAP_AREAS_MAX);
	if (n < 0 && n != -ENOENT) /* that is a kernel without CONFIG_SWAP */
		return n;
	m->areas = n < 0 ? 0 : n;
	zswap = zswap_enabled();
	if (zswap && !m->zswap)
		m->zswap_since_us = now;
	m->zswap = zswap;
	m->zswap_pool = zswap ? zswap_pool() : ZSWAP_POOL_UNKNOWN;
	look_at_rejects(m);
	m->zswap_lacks_huge_pages = zswap_lacks_huge_pages();
	m->huge_pages_pass = zswap && m->zswap_lacks_huge_pages;
	m->lru_gen = mem_lru_gen_enabled();
	tier_read(&tier);
	m->tier = tier.slow_nodes;
	classify(m);
	list_endurance_areas(m);
	set_defaults(m);
	if (m->areas_id != id_of_areas(m)) /* what was measured is of others */
		m->device_us[KIND_DEVICE] = 0;
	m->areas_id = id_of_areas(m);
	measure(m);
	m->at_us = now;
	return 0;
}
