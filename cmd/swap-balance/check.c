#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "msg.h"
#include "num.h"
#include "psi.h"
#include "root.h"
#include "swapped.h"
#include "tool.h"
#include "twice.h"
#include "zram.h"

#define ZSWAP "/sys/module/zswap/parameters/"

/* A parameter of zswap as text; false where there is none. */
static bool parameter(const char *name, char *buf, size_t size)
{
	char path[128];

	snprintf(path, sizeof(path), ZSWAP "%s", name);
	if (io_read(root_fd(), path + 1, buf, size) <= 0)
		return false;
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static int check_stat(struct rows_out *out, const struct cg_set *set)
{
	struct mem_stat st;
	char buf[IO_BUF], fix[CG_FIX_MAX];
	ssize_t n = io_read(set->fd, "memory.stat", buf, sizeof(buf));

	if (n < 0 || mem_stat_parse(buf, &st)) {
		tool_check_fix(out, "memory.stat", CHECK_MISSING,
			       cg_memory_fix(set, fix, sizeof(fix)),
			       "no memory controller");
		return STATUS_FATAL;
	}
	if (st.activate_file_pages == NUM_NONE) {
		tool_check_fix(out, "memory.stat", CHECK_MISSING,
			       "needs Linux 5.9",
			       "no workingset counters by kind");
		return STATUS_FATAL;
	}
	tool_check(out, "memory.stat", CHECK_OK, "workingset counters");
	if (st.pswpin_pages == NUM_NONE)
		tool_check_fix(out, "pswpin", CHECK_LIMITED, "needs Linux 6.13",
			       "not in memory.stat: swap-ins from devices are "
			       "estimated, and a cgroup's writes to devices "
			       "are unknown");
	else
		tool_check(out, "pswpin", CHECK_OK, "in memory.stat");
	return STATUS_OK;
}

static void check_psi(struct rows_out *out)
{
	char buf[1024];
	struct psi psi;
	ssize_t n =
		io_read(root_fd(), psi_system_file(PSI_MEM), buf, sizeof(buf));

	if (n < 0 || psi_parse(buf, &psi))
		tool_check_fix(out, "pressure", CHECK_LIMITED,
			       "boot with psi=1",
			       "pressure cannot be read: costs are the "
			       "latencies of devices, or the defaults");
	else
		tool_check(out, "pressure", CHECK_OK, "memory, some");
}

static const char *kind_word(const struct swap_area *a)
{
	static const char *const words[] = { "disk", "rotational disk",
					     "zram" };
	static const char *const files[] = { "file",
					     "file on a rotational disk",
					     "file on zram" };

	return (a->file ? files : words)[a->kind];
}

static void check_area(struct rows_out *out, const struct machine *m,
		       const struct swap_area *a)
{
	const char *use = m->zswap ? "; used only behind zswap"
				   : "; never used for proactive swap";

	char name[300], size[NUM_LEN], used[NUM_LEN], command[256], fix[320];

	snprintf(name, sizeof(name), "swap:%s", a->path);
	swap_rotating_fix(a, command, sizeof(command));
	snprintf(fix, sizeof(fix), "if it is an SSD: %s%s", command,
		 CHECK_KEEP);
	tool_check_fix(out, name,
		       a->kind == SWAP_ROTATIONAL || a->file ? CHECK_LIMITED
							     : CHECK_OK,
		       a->kind == SWAP_ROTATIONAL ? fix : NULL,
		       "%s, %s, %s used, priority %" PRId64 "%s%s",
		       kind_word(a), num_human_bytes(size, a->size_bytes),
		       num_human_bytes(used, a->used_bytes), a->prio,
		       !a->file	 ? ""
		       : *a->dir ? "; writes are counted by pswpout"
				 : "; its disk is not found: it may rotate",
		       a->kind == SWAP_ROTATIONAL ? use : "");
}

/* Is an area of kind a filled before one of kind b, or along with it? */
static bool is_before(const struct machine *m, enum swap_kind a,
		      enum swap_kind b)
{
	for (int i = 0; i < m->areas; i++)
		for (int j = 0; j < m->areas; j++)
			if (m->area[i].kind == a && m->area[j].kind == b &&
			    m->area[i].prio >= m->area[j].prio)
				return true;
	return false;
}

/* Hot pages on the disk, cold ones in memory: when zram is full, or goes on. */
static void check_order(struct rows_out *out, const struct machine *m)
{
	if (m->any_zram && m->zswap)
		tool_check_fix(out, "order", CHECK_LIMITED,
			       "echo N >" ZSWAP "enabled, or swapoff the zram",
			       "zram and zswap compress twice");
	else if (is_before(m, SWAP_ZRAM, SWAP_DISK) ||
		 is_before(m, SWAP_ZRAM, SWAP_ROTATIONAL))
		tool_check_fix(
			out, "order", CHECK_LIMITED,
			"use zswap, or zram's backing_dev",
			"zram before a disk: when zram is full, hot pages go "
			"to the disk and cold ones stay in zram");
	else if (is_before(m, SWAP_ROTATIONAL, SWAP_DISK))
		tool_check_fix(out, "order", CHECK_LIMITED,
			       "give it a lower priority (swapon -p)",
			       "a rotational disk is filled before a faster "
			       "one");
}

static void check_areas(struct rows_out *out, const struct machine *m)
{
	if (!m->areas)
		tool_check_fix(out, "swap", CHECK_LIMITED, CHECK_ADD_SWAP,
			       "no swap: only file cache is reclaimed");
	for (int i = 0; i < m->areas; i++)
		check_area(out, m, m->area + i);
	check_order(out, m);
}

static bool is_among(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return false;
}

/* good: the words that are fine, the one to recommend first. */
static void check_advice(struct rows_out *out, const char *name,
			 const char *good, const char *why)
{
	char feature[64], now[64], fix[128];

	if (!parameter(name, now, sizeof(now)))
		return;
	snprintf(feature, sizeof(feature), "zswap.%s", name);
	snprintf(fix, sizeof(fix), "echo %.*s >" ZSWAP "%s",
		 (int)strcspn(good, " "), good, name);
	if (*now && is_among(good, now))
		tool_check(out, feature, CHECK_OK, "%s", now);
	else
		tool_check_fix(out, feature, CHECK_LIMITED, fix, "%s; %s", now,
			       why);
}

/* least to most percent are fine, best is to recommend. */
static void check_percent(struct rows_out *out, const char *name,
			  uint64_t least, uint64_t most, int best,
			  const char *why)
{
	char feature[64], now[64], fix[128];
	uint64_t v;

	if (!parameter(name, now, sizeof(now)))
		return;
	snprintf(feature, sizeof(feature), "zswap.%s", name);
	snprintf(fix, sizeof(fix), "echo %d >" ZSWAP "%s", best, name);
	if (!num_u64(now, &v) && v >= least && v <= most)
		tool_check(out, feature, CHECK_OK, "%s %%", now);
	else
		tool_check_fix(out, feature, CHECK_LIMITED, fix, "%s; %s", now,
			       why);
}

static void check_huge_pages(struct rows_out *out, const struct machine *m)
{
	char names[256] = "";
	size_t n = 0;

	if (!m->huge_pages_pass)
		return;
	for (int i = 0; i < m->areas && n < sizeof(names); i++)
		if (m->area[i].kind != SWAP_ZRAM)
			n += (size_t)snprintf(names + n, sizeof(names) - n,
					      "%s%s", n ? " " : "",
					      m->area[i].path);
	tool_check_fix(
		out, "zswap.huge_pages", CHECK_LIMITED,
		"needs Linux 6.13, or zram, or echo madvise "
		">/sys/kernel/mm/transparent_hugepage/enabled" CHECK_KEEP,
		"zswap does not take huge pages on this kernel: they go to %s "
		"whole",
		*names ? names : "the swap device");
}

static void check_zswap(struct rows_out *out, const struct machine *m)
{
	char now[64];

	if (!parameter("enabled", now, sizeof(now))) {
		tool_check_fix(out, "zswap", CHECK_LIMITED,
			       "needs CONFIG_ZSWAP", "the kernel has none");
		return;
	}
	if (m->any_zram && !m->zswap) {
		tool_check(out, "zswap", CHECK_OK, "off, as zram is used");
		return;
	}
	if (!m->zswap)
		tool_check_fix(out, "zswap", CHECK_LIMITED,
			       "echo Y >" ZSWAP "enabled" CHECK_KEEP, "off");
	else
		tool_check(out, "zswap", CHECK_OK, "on");
	check_huge_pages(out, m);
	check_advice(out, "compressor", "zstd lz4",
		     "zstd compresses best, lz4 is fastest");
	check_advice(out, "shrinker_enabled", "Y",
		     "cold pages stay in the pool until it is full");
	check_percent(out, "max_pool_percent", 20, 50, 20,
		      "a pool of 20 % to 50 % of memory is usual");
	check_percent(out, "accept_threshold_percent", 80, 95, 90,
		      "a full pool takes pages again below this");
}

static void check_lru(struct rows_out *out, const struct machine *m)
{
	tool_check(out, "lru", CHECK_OK, "%s: swappiness %s",
		   m->lru_gen ? "lru_gen" : "classic",
		   m->lru_gen ? "2 to 198 takes both kinds of pages; other "
				"values take only one"
			      : "1 to 199 takes both kinds of pages");
}

/* A write of 0 bytes is parsed, and reclaims nothing. */
static void check_reclaim(struct rows_out *out, const struct cg_set *set)
{
	int err = root_is_live() ? io_write(set->fd, "memory.reclaim",
					    "0 swappiness=60\n")
				 : 0;
	char fix[CG_FIX_MAX];

	if (cg_lacks_memory(set))
		return; /* the row of memory.stat tells that */
	if (!err)
		tool_check(out, "swappiness", CHECK_OK,
			   "memory.reclaim takes it");
	else
		tool_check_fix(
			out, "swappiness", CHECK_LIMITED,
			err == -EINVAL || err == -ENOENT ? "needs Linux 6.11"
			: err == -EROFS
				? cg_read_only_fix(set, fix, sizeof(fix))
				: "run as root",
			"memory.reclaim does not take it (%s)", strerror(-err));
}

static void check_state_dir(struct rows_out *out, const char *state_path)
{
	char path[4096], fix[4096 + 32], in[4096 + 2];
	const char *dir;

	snprintf(path, sizeof(path), "%s", state_path);
	dir = dirname(path);
	snprintf(fix, sizeof(fix), "mkdir -p -m 700 '%s'", dir);
	snprintf(in, sizeof(in), "%s/.", dir);
	/* As the effective user, with his capabilities. */
	if (faccessat(AT_FDCWD, in, W_OK, AT_EACCESS))
		tool_check_fix(out, "state", CHECK_LIMITED, fix,
			       "cannot write below %s", dir);
	else
		tool_check(out, "state", CHECK_OK, "%s", state_path);
}

/* What of --maintain CGROUP the i-th area lacks, and the remedy. */
static void check_twice(struct rows_out *out, const struct machine *m, int i)
{
	char set_backing[160];
	const char *const fixes[][2] = {
		{ "kernel:CONFIG_ZRAM_WRITEBACK",
		  "needs CONFIG_ZRAM_WRITEBACK" },
		{ "set:backing_dev", set_backing },
		{ "set:swap", "swapon the device itself" },
		{ "set:priority",
		  "swapon the zram with a priority (-p) of its own, above "
		  "the others" },
		{ "run:root", "run it as root" },
		{ "debugfs:block_state",
		  "mount -t debugfs none /sys/kernel/debug; it needs "
		  "CONFIG_ZRAM_MEMORY_TRACKING" },
	};
	const char *lack = twice_lack(m, i), *fix = NULL;
	char name[80];

	snprintf(name, sizeof(name), "maintain:%s", m->area[i].dev);
	snprintf(set_backing, sizeof(set_backing),
		 "before its disksize is set: echo /dev/DISK "
		 ">/sys/block/%s/backing_dev",
		 m->area[i].dev);
	for (size_t f = 0; lack && f < sizeof(fixes) / sizeof(*fixes); f++)
		if (!strcmp(fixes[f][0], lack))
			fix = fixes[f][1];
	if (lack)
		tool_check_fix(out, name, CHECK_LIMITED, fix,
			       "no writeback by cgroup: %s", lack);
	else
		tool_check(out, name, CHECK_OK, "writeback by cgroup");
}

/*
 * What zswap holds of one cgroup goes to the disk when the kernel shrinks it,
 * and by no age: no kernel that was released takes source=zswap.
 */
static void check_maintain(struct rows_out *out, const struct cg_set *set,
			   const struct machine *m)
{
	int err = -EINVAL;

	for (int i = 0; i < m->areas; i++)
		if (m->area[i].kind == SWAP_ZRAM)
			check_twice(out, m, i);
	if (!m->zswap)
		return;
	if (root_is_live())
		err = io_write(set->fd, "memory.reclaim", "0 source=zswap\n");
	tool_check_fix(out, "maintain:zswap", CHECK_LIMITED,
		       "use zram with a backing_dev, or " ZSWAP
		       "shrinker_enabled",
		       err ? "no writeback by cgroup: memory.reclaim takes no "
			     "source=zswap"
			   : "no writeback by cgroup: source=zswap of "
			     "memory.reclaim is not used");
}

int check_all(struct rows_out *out, const struct cg_set *set,
	      const struct machine *m, const char *state_path)
{
	int status = check_stat(out, set);

	check_psi(out);
	check_areas(out, m);
	check_zswap(out, m);
	check_maintain(out, set, m);
	check_lru(out, m);
	check_reclaim(out, set);
	if (m->tier)
		tool_check(out, "tier", CHECK_OK, "reclaim demotes");
	check_state_dir(out, state_path);
	return status;
}
