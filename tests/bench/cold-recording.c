/*
 * cold-recording - a made-up recording of a large machine, for cold-scan -R.
 * usage: cold-recording DIR GIB CGROUPS PASS
 *
 * Each call makes DIR what the machine is a minute later, PASS counting from 0:
 * the page frames' flags, whose they are, and which marks are left. The marks
 * that the pass before wrote are those in DIR's bitmap: a plain file holds what
 * was written last where the kernel's sets bits, so the bits that it had are
 * kept beside it.
 *
 * Memory comes in runs: a fifth of it huge pages, the rest up to 63 small ones
 * of one cgroup and kind. Of the runs 60 % are never touched, 27 % always, 6 %
 * with a chance of 1/4 a minute, 5 % page by page as chance has it, and 2 % are
 * freed and taken anew with a chance of 1/8.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define F(bit) (UINT64_C(1) << (bit))
/* include/uapi/linux/kernel-page-flags.h */
enum {
	UPTODATE = 3,
	DIRTY = 4,
	LRU = 5,
	SLAB = 7,
	BUDDY = 10,
	MMAP = 11,
	ANON = 12,
	SWAPBACKED = 14,
	HEAD = 15,
	TAIL = 16,
	THP = 22,
};
enum behaviour { COLD, HOT, WARM, MIXED, CHURN };

static uint64_t pages, cgroups, pass;
static uint64_t *flags, *owner, *bitmap, *kept;

/* splitmix64 of two numbers. */
static uint64_t chance(uint64_t a, uint64_t b)
{
	uint64_t x = a * UINT64_C(0xd1342543de82ef95) + b +
		     UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

static uint64_t *map(const char *path, uint64_t bytes)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	void *p;

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		die(path);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		die(path);
	close(fd);
	return p;
}

static void put(const char *path, const char *fmt, uint64_t value)
{
	FILE *f = fopen(path, "w");

	if (!f || fprintf(f, fmt, value) < 0 || fclose(f))
		die(path);
}

static uint64_t flags_of(uint64_t draw, bool huge)
{
	const uint64_t lru = F(LRU) | F(UPTODATE);

	if (huge || draw % 100 < 45)
		return lru | F(ANON) | F(SWAPBACKED) | F(MMAP);
	if (draw % 100 < 80)
		return lru | (draw >> 32 & 1 ? F(MMAP) : 0);
	if (draw % 100 < 82)
		return lru | F(DIRTY);
	if (draw % 100 < 88)
		return lru | F(SWAPBACKED);
	return draw % 100 < 94 ? F(SLAB) : F(BUDDY);
}

static enum behaviour behaviour_of(uint64_t draw)
{
	uint64_t pct = draw >> 40 & 127;

	return pct < 77	   ? COLD
	       : pct < 111 ? HOT
	       : pct < 119 ? WARM
	       : pct < 125 ? MIXED
			   : CHURN;
}

static bool is_touched(enum behaviour b, uint64_t run, uint64_t pfn)
{
	switch (b) {
	case COLD: return false;
	case HOT: return true;
	case WARM: return !(chance(run, pass) & 3);
	case MIXED: return chance(pfn, pass >> (chance(pfn, 0) & 7)) & 1;
	default: return !(chance(run, pass) & 7);
	}
}

static uint64_t run_pages(uint64_t pfn, uint64_t draw, bool *huge)
{
	uint64_t n = 1 + (draw >> 8 & (draw >> 14) & 63);

	*huge = pfn % 512 == 0 && draw >> 56 < 51;
	if (*huge)
		return 512;
	/* No small run across where a huge page may begin. */
	return n < 512 - pfn % 512 ? n : 512 - pfn % 512;
}

static uint64_t put_run(uint64_t pfn)
{
	uint64_t draw = chance(pfn, UINT64_MAX), n, f;
	enum behaviour b = behaviour_of(draw);
	uint64_t cgroup = 10 + chance(pfn, UINT64_MAX - 1) % cgroups;
	bool huge;

	n = run_pages(pfn, draw, &huge);
	f = flags_of(chance(pfn, UINT64_MAX - 2), huge);
	for (uint64_t p = pfn; p < pfn + n && p < pages; p++) {
		bool touched = is_touched(b, pfn, p);

		if (b == CHURN && touched) {
			flags[p] = F(BUDDY);
			owner[p] = 0;
		} else {
			flags[p] =
				f |
				(huge ? F(p == pfn ? HEAD : TAIL) | F(THP) : 0);
			owner[p] = cgroup;
		}
		if (touched || !(f & F(LRU)))
			bitmap[p / 64] &= ~F(p % 64);
	}
	return n;
}

static void put_cgroups(void)
{
	char path[64];

	mkdir("sys/fs", 0700);
	mkdir("sys/fs/cgroup", 0700);
	put("sys/fs/cgroup/inode", "%" PRIu64 "\n", 1);
	for (uint64_t i = 0; i < cgroups; i++) {
		snprintf(path, sizeof(path), "sys/fs/cgroup/c%" PRIu64, i);
		mkdir(path, 0700);
		if (chdir(path))
			die(path);
		put("inode", "%" PRIu64 "\n", 10 + i);
		put("memory.current", "%" PRIu64 "\n", pages / cgroups * 4096);
		if (chdir("../../../.."))
			die("..");
	}
}

int main(int argc, char **argv)
{
	static const char *const dirs[] = {
		"proc",
		"proc/sys",
		"proc/sys/kernel",
		"sys",
		"sys/kernel",
		"sys/kernel/mm",
		"run",
		"sys/kernel/mm/page_idle",
		"proc/sys/kernel/random",
		"sys/kernel/mm/lru_gen",
	};

	if (argc != 5) {
		fputs("usage: cold-recording DIR GIB CGROUPS PASS\n", stderr);
		return 2;
	}
	pages = strtoull(argv[2], NULL, 10) << 18;
	cgroups = strtoull(argv[3], NULL, 10);
	pass = strtoull(argv[4], NULL, 10);
	if (!pages || !cgroups || chdir(argv[1]))
		die(argv[1]);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
		mkdir(dirs[i], 0700);
	flags = map("proc/kpageflags", pages * 8);
	owner = map("proc/kpagecgroup", pages * 8);
	bitmap = map("sys/kernel/mm/page_idle/bitmap", pages / 8);
	kept = map("kept", pages / 8);
	for (uint64_t i = 0; i < pages / 64; i++)
		bitmap[i] |= kept[i];
	for (uint64_t pfn = 0; pfn < pages;)
		pfn += put_run(pfn);
	memcpy(kept, bitmap, pages / 8);
	put("proc/iomem", "00000000-%" PRIx64 " : System RAM\n",
	    pages * 4096 - 1);
	put("proc/stat", "btime %" PRIu64 "\n", 1795390000);
	put("proc/uptime", "%" PRIu64 ".00 0.00\n", 1000 + pass * 60);
	put("proc/vmstat", "pgmigrate_success %" PRIu64 "\n", 0);
	put("proc/sys/kernel/random/boot_id", "recording-%" PRIu64 "\n", 1);
	put("run/cold-scan.pass", "%020" PRIu64 "\n", 0);
	put("sys/kernel/mm/lru_gen/enabled", "0x%04" PRIx64 "\n", 0);
	if (!pass)
		put_cgroups();
	return 0;
}
