#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "num.h"
#include "root.h"

#define F(key, field) KV_FIELD(key, offsetof(struct mem_stat, field))
#define PASSED(key)   KV_FIELD(key, KV_PASSED)

/* As in mm/memcontrol.c of 7.3, memory_stats[] and memcg_vm_event_stat[]. */
static const struct kv_field fields[] = {
	F("anon", anon_bytes),
	F("file", file_bytes),
	F("kernel", kernel_bytes),
	F("kernel_stack", kernel_stack_bytes),
	F("pagetables", pagetables_bytes),
	F("sec_pagetables", sec_pagetables_bytes),
	F("percpu", percpu_bytes),
	F("sock", sock_bytes),
	PASSED("vmalloc"),
	F("shmem", shmem_bytes),
	F("zswap", zswap_bytes),
	F("zswapped", zswapped_bytes),
	F("zswap_incomp", zswap_incomp_bytes),
	F("file_mapped", file_mapped_bytes),
	F("file_dirty", file_dirty_bytes),
	F("file_writeback", file_writeback_bytes),
	F("swapcached", swapcached_bytes),
	F("anon_thp", anon_thp_bytes),
	PASSED("file_thp"),
	PASSED("shmem_thp"),
	F("hugetlb", hugetlb_bytes),
	F("inactive_anon", inactive_anon_bytes),
	F("active_anon", active_anon_bytes),
	F("inactive_file", inactive_file_bytes),
	F("active_file", active_file_bytes),
	F("unevictable", unevictable_bytes),
	F("slab_reclaimable", slab_reclaimable_bytes),
	PASSED("slab_unreclaimable"),
	F("slab", slab_bytes),
	F("workingset_refault_anon", refault_anon_pages),
	F("workingset_refault_file", refault_file_pages),
	F("workingset_activate_anon", activate_anon_pages),
	F("workingset_activate_file", activate_file_pages),
	F("workingset_restore_anon", restore_anon_pages),
	F("workingset_restore_file", restore_file_pages),
	PASSED("workingset_nodereclaim"),
	PASSED("pgdemote_kswapd"),
	F("pgdemote_direct", pgdemote_direct_pages),
	PASSED("pgdemote_khugepaged"),
	F("pgdemote_proactive", pgdemote_proactive_pages),
	PASSED("pgsteal_kswapd"),
	PASSED("pgsteal_direct"),
	PASSED("pgsteal_khugepaged"),
	F("pgsteal_proactive", pgsteal_proactive_pages),
	PASSED("pgscan_kswapd"),
	PASSED("pgscan_direct"),
	PASSED("pgscan_khugepaged"),
	F("pgscan_proactive", pgscan_proactive_pages),
	PASSED("pgrefill"),
	PASSED("pgpromote_success"),
	F("pgscan", pgscan_pages),
	F("pgsteal", pgsteal_pages),
	F("pswpin", pswpin_pages),
	F("pswpout", pswpout_pages),
	PASSED("pgfault"),
	F("pgmajfault", pgmajfault),
	PASSED("pgactivate"),
	PASSED("pgdeactivate"),
	PASSED("pglazyfree"),
	PASSED("pglazyfreed"),
	F("swpin_zero", swpin_zero_pages),
	F("swpout_zero", swpout_zero_pages),
	F("zswpin", zswpin_pages),
	F("zswpout", zswpout_pages),
	F("zswpwb", zswpwb_pages),
	PASSED("thp_fault_alloc"),
	PASSED("thp_collapse_alloc"),
	F("thp_swpout", thp_swpout),
	F("thp_swpout_fallback", thp_swpout_fallback),
	PASSED("numa_pages_migrated"),
	PASSED("numa_pte_updates"),
	PASSED("numa_hint_faults"),
};

int mem_stat_parse(const char *text, struct mem_stat *out)
{
	kv_fill(text, fields, sizeof(fields) / sizeof(*fields), out);
	return out->anon_bytes == NUM_NONE ? -EBADMSG : 0;
}

int mem_stat_read(const struct cg_set *set, const struct cg *cg,
		  struct mem_stat *out)
{
	char buf[IO_BUF];
	ssize_t n = cg_read(set, cg, "memory.stat", buf, sizeof(buf));

	return n < 0 ? (int)n : mem_stat_parse(buf, out);
}

uint64_t mem_page_bytes(void)
{
	static uint64_t live_bytes;

	if (!live_bytes)
		live_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	return root_is_live() ? live_bytes : 4096;
}

uint64_t mem_whole_pages(uint64_t bytes)
{
	return bytes & ~(mem_page_bytes() - 1);
}

uint64_t mem_reclaim_least_bytes(void)
{
	return 32 * mem_page_bytes();
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a == NUM_NONE || b == NUM_NONE ? NUM_NONE : a + b;
}

uint64_t mem_anon_lru_bytes(const struct mem_stat *st)
{
	return sum(st->inactive_anon_bytes, st->active_anon_bytes);
}

uint64_t mem_file_lru_bytes(const struct mem_stat *st)
{
	return sum(st->inactive_file_bytes, st->active_file_bytes);
}

uint64_t mem_protected_share(uint64_t protected_bytes, uint64_t all_bytes,
			     uint64_t current_bytes)
{
	if (protected_bytes >= NUM_MAX || all_bytes >= NUM_MAX ||
	    all_bytes <= current_bytes)
		return protected_bytes;
	return (uint64_t)((double)protected_bytes * (double)current_bytes /
			  (double)all_bytes);
}

static uint64_t protected_of(int dir, const char *name)
{
	uint64_t min = 0, low = 0, current = 0;

	if (kv_limit(dir, name, "memory.min", &min) ||
	    kv_limit(dir, name, "memory.low", &low))
		min = NUM_MAX;
	if ((min || low) && kv_limit(dir, name, "memory.current", &current))
		current = NUM_MAX;
	return num_least(num_most(min, low), current);
}

uint64_t mem_protected_below(const struct cg_set *set, const struct cg *cg)
{
	DIR *dir = cg_open_dir(set, cg);
	struct dirent *e;
	uint64_t sum = 0;

	if (!dir)
		return NUM_MAX;
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") &&
		    strcmp(e->d_name, ".."))
			sum += num_least(protected_of(dirfd(dir), e->d_name),
					 NUM_MAX - sum);
	closedir(dir);
	return sum;
}

/* "MemTotal:       24 kB" */
static int meminfo(const char *text, const char *key, uint64_t *out_bytes)
{
	const char *p = text;
	size_t len = strlen(key);

	while (strncmp(p, key, len) || p[len] != ':') {
		p = strchr(p, '\n');
		if (!p)
			return -ENOENT;
		p++;
	}
	if (sscanf(p + len + 1, "%" SCNu64, out_bytes) != 1)
		return -ENOENT;
	if (*out_bytes > NUM_MAX / 1024)
		return -EBADMSG;
	*out_bytes *= 1024;
	return 0;
}

int mem_info_pair(const char *whole, const char *part,
		  uint64_t *out_whole_bytes, uint64_t *out_part_bytes)
{
	char buf[IO_BUF];
	ssize_t n = io_read(root_fd(), "proc/meminfo", buf, sizeof(buf));
	int err;

	if (n < 0)
		return (int)n;
	if ((err = meminfo(buf, whole, out_whole_bytes)) ||
	    (err = meminfo(buf, part, out_part_bytes)))
		return err;
	return *out_part_bytes > *out_whole_bytes ? -EBADMSG : 0;
}

int mem_current(const struct cg_set *set, const struct cg *cg,
		uint64_t *out_bytes)
{
	uint64_t total, unused;
	int err = cg_read_u64(set, cg, "memory.current", out_bytes);

	if (err != -ENOENT || !cg_is_root(cg))
		return err;
	if ((err = mem_info_pair("MemTotal", "MemFree", &total, &unused)))
		return err;
	*out_bytes = total - unused;
	return 0;
}

static const struct mem_swap swap_unknown = {
	.left_bytes = NUM_NONE,
	.used_mpct = -1,
};

void mem_swap_bound(struct mem_swap *out, uint64_t used_bytes,
		    uint64_t max_bytes)
{
	uint64_t left = max_bytes > used_bytes ? max_bytes - used_bytes : 0;
	int64_t mpct = max_bytes ? num_mpct(used_bytes, max_bytes) : 100000;

	if (out->left_bytes == NUM_NONE)
		return;
	/* A limit, of which nothing is known. */
	if (used_bytes == NUM_NONE || max_bytes == NUM_NONE) {
		*out = swap_unknown;
		return;
	}
	if (left < out->left_bytes)
		out->left_bytes = left;
	if (mpct > out->used_mpct)
		out->used_mpct = mpct;
}

int mem_scanned_system(uint64_t *out_pages)
{
	static const char *const keys[] = { "pgscan_anon", "pgscan_file",
					    "pgrefill" };
	char *text;
	ssize_t n = io_read_all(root_fd(), "proc/vmstat", &text);
	uint64_t pages;

	if (n < 0)
		return (int)n;
	*out_pages = 0;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!kv_u64(text, keys[i], &pages))
			*out_pages += pages;
	free(text);
	return 0;
}

void mem_swap_system(struct mem_swap *out)
{
	uint64_t total, unused;

	*out = swap_unknown;
	if (mem_info_pair("SwapTotal", "SwapFree", &total, &unused))
		return;
	out->left_bytes = NUM_MAX;
	mem_swap_bound(out, total - unused, total);
}

void mem_swap_left(const struct cg_set *set, const char *key,
		   struct mem_swap *out)
{
	char level[CG_KEY_MAX];

	mem_swap_system(out);
	snprintf(level, sizeof(level), "%s", key);
	do {
		const char *dir = cg_relative(level);
		uint64_t most = NUM_MAX;
		int err = kv_limit(set->fd, dir, "memory.swap.max", &most);

		if (cg_err_is_gone(err) || (!err && most == NUM_MAX))
			continue;
		mem_swap_bound(
			out,
			kv_value(set->fd, dir, "memory.swap.current", NUM_NONE),
			err ? NUM_NONE : most);
	} while (cg_parent(level));
}

static const char lru_gen_file[] = "sys/kernel/mm/lru_gen/enabled";

bool mem_has_lru_gen(void)
{
	return io_try(root_fd(), lru_gen_file, O_RDONLY) != -ENOENT;
}

static bool has_lru_gen_bit(unsigned long bit)
{
	char buf[64];

	return io_read(root_fd(), lru_gen_file, buf, sizeof(buf)) > 0 &&
	       strtoul(buf, NULL, 16) & bit;
}

bool mem_lru_gen_enabled(void)
{
	return has_lru_gen_bit(1);
}

bool mem_lru_gen_walks(void)
{
	return has_lru_gen_bit(2);
}

bool mem_lru_gen_skips(void)
{
	return has_lru_gen_bit(4);
}
