/*
 * memhog: a workload whose hot and cold memory is known to the page.
 *
 * It allocates each part that the options name, touches all of it once, and
 * from then on touches only pages of the hot parts. So what a cold part holds
 * is exactly what could be offloaded, and the latency of the touches is what
 * offloading costs. Others can see which parts are the cold ones: their
 * mappings have the flag "dd" in smaps, their files the mode 0400.
 *
 * Rows on stdout, TAB-separated, one a report interval: time ops ops_per_s
 * p50_us p99_us max_us; at the end, also after SIGTERM and SIGINT, one with
 * "total" for time.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum kind { ANON, FILES, SHMEM, LOCKED };
enum pattern { RANDOM, SEQ, ZIPF };

#define NSEC UINT64_C(1000000000)
#define TICK_NS                                                                \
	(NSEC / 20) /* a paced load wakes up this often: cheap, and finer than \
		       any report */

/* Of statfs(2): file systems whose pages are not those of a disk's file. */
#define TMPFS_MAGIC	0x01021994u
#define OVERLAYFS_MAGIC 0x794c7630u

struct part {
	enum kind kind;
	bool hot;
	size_t bytes;
	uint64_t at_ns; /* allocated so long after the start; 0 is at once */
	bool there;
	unsigned char *mem; /* NULL for a file read by read(2) */
	int fd;
};

struct config {
	struct part part[16];
	unsigned parts;
	const char *dir, *cgroup, *ready;
	bool mmap_file, thp, stock_pages, share;
	double fill; /* how many times smaller it compresses; 0 is all zero */
	enum pattern pattern;
	uint64_t rate, phase_ns, run_ns, report_ns;
};

/* Latencies in 32nds of powers of two: bounded memory, at most 3 % off. */
#define BUCKETS (64 * 32)
struct hist {
	uint64_t bucket[BUCKETS], count, max_ns;
};

static volatile sig_atomic_t stop;
static size_t page_bytes;
static uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *fmt,
								...)
{
	int err = errno;
	va_list ap;

	fputs("memhog: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (err)
		fprintf(stderr, ": %s", strerror(err));
	fputc('\n', stderr);
	exit(2);
}

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NSEC + (uint64_t)ts.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NSEC),
			       .tv_nsec = (long)(ns % NSEC) };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL);
}

/* xorshift64: fast, and what it yields does not compress. */
static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* The number before one of the units; a unit's factor stands at its place in
 * the table. */
static uint64_t number(const char *opt, const char *text,
		       const char *const unit[], const uint64_t factor[])
{
	char *end;
	double n;

	errno = 0;
	n = strtod(text, &end);
	for (unsigned i = 0; unit[i]; i++)
		if (end != text && n >= 0 && !errno &&
		    !strcasecmp(end, unit[i]))
			return (uint64_t)(n * (double)factor[i]);
	errno = 0;
	die("cannot use '%s' for --%s", text, opt);
}

static uint64_t size(const char *opt, const char *text)
{
	static const char *const unit[] = { "", "K", "M", "G", NULL };
	static const uint64_t factor[] = { 1, 1 << 10, 1 << 20, 1 << 30 };

	return number(opt, text, unit, factor);
}

static uint64_t duration(const char *opt, const char *text)
{
	static const char *const unit[] = { "", "s", "ms", "m", "h", NULL };
	static const uint64_t factor[] = { NSEC, NSEC, NSEC / 1000, 60 * NSEC,
					   3600 * NSEC };

	return number(opt, text, unit, factor);
}

static double fill(const char *text)
{
	char *end;
	double ratio;

	if (!strcmp(text, "zero"))
		return 0;
	if (!strcmp(text, "random"))
		return 1;
	ratio = strncmp(text, "lz:", 3) ? 0 : strtod(text + 3, &end);
	if (ratio < 1 || *end) {
		errno = 0;
		die("cannot use '%s' for --fill: not zero, random or lz:RATIO",
		    text);
	}
	return ratio;
}

/* A page that compresses cfg->fill times and is like no other: noise, then its
 * first word. */
static void fill_page(const struct config *cfg, unsigned char *page)
{
	size_t words = page_bytes / sizeof(uint64_t), noise = 0;
	uint64_t *word = (uint64_t *)(void *)page;

	if (cfg->fill > 0)
		noise = (size_t)((double)words / cfg->fill);
	for (size_t i = 0; i < words; i++)
		word[i] = cfg->fill <= 0 ? 0 : i <= noise ? rnd() : word[0];
}

/* A file without a name, so that nothing stays behind; clean, so that it can be
 * dropped at once. */
static int make_file(const struct config *cfg, const struct part *p)
{
	unsigned char *page = aligned_alloc(page_bytes, page_bytes);
	struct statfs fs;
	int fd = open(cfg->dir, O_TMPFILE | O_RDWR | O_CLOEXEC,
		      p->hot ? 0600 : 0400);

	if (!page || fd < 0 || fstatfs(fd, &fs))
		die("cannot create a file in '%s'", cfg->dir);
	errno = 0;
	if ((uint32_t)fs.f_type == TMPFS_MAGIC ||
	    (uint32_t)fs.f_type == OVERLAYFS_MAGIC)
		fprintf(stderr,
			"memhog: '%s' is no disk: its files may count as "
			"shmem\n",
			cfg->dir);
	for (size_t done = 0; done < p->bytes; done += page_bytes) {
		fill_page(cfg, page);
		if (write(fd, page, page_bytes) != (ssize_t)page_bytes)
			die("cannot write a file in '%s'", cfg->dir);
	}
	if (fsync(fd))
		die("cannot write a file in '%s'", cfg->dir);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM); /* one touch is one page */
	free(page);
	return fd;
}

static unsigned char *map(const struct config *cfg, const struct part *p)
{
	const size_t huge = 2 << 20;
	int prot = p->kind == FILES ? PROT_READ : PROT_READ | PROT_WRITE;
	int flags = p->fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	bool thp = cfg->thp && p->fd < 0;
	unsigned char *mem =
		mmap(NULL, p->bytes + (thp ? huge : 0), prot, flags, p->fd, 0);

	if (mem == MAP_FAILED)
		die("cannot map %zu bytes", p->bytes);
	if (thp)
		mem += huge - (uintptr_t)mem % huge;
	/* What the system does by default must not matter, but where asked. */
	if (p->kind != FILES && !cfg->stock_pages &&
	    madvise(mem, p->bytes, thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    thp)
		die("cannot ask for huge pages");
	if (!p->hot && madvise(mem, p->bytes, MADV_DONTDUMP))
		die("cannot mark %zu bytes", p->bytes);
	if (p->kind == LOCKED && mlock(mem, p->bytes))
		die("cannot lock %zu bytes", p->bytes);
	return mem;
}

static void touch(const struct part *p, size_t at)
{
	static unsigned char buf[1 << 16];

	if (!p->mem) {
		if (pread(p->fd, buf, page_bytes, (off_t)at) !=
		    (ssize_t)page_bytes)
			die("cannot read a file");
	} else {
		volatile uint64_t *word =
			(volatile uint64_t *)(volatile void *)(p->mem + at);
		uint64_t value = *word;

		if (p->kind != FILES)
			*word = value;
	}
}

static void allocate(const struct config *cfg, struct part *p)
{
	p->fd = -1;
	if (p->kind == FILES)
		p->fd = make_file(cfg, p);
	if (p->kind == SHMEM) {
		p->fd = memfd_create("memhog", MFD_CLOEXEC);
		if (p->fd < 0 || ftruncate(p->fd, (off_t)p->bytes))
			die("cannot create shared memory");
	}
	if (p->kind != FILES || cfg->mmap_file)
		p->mem = map(cfg, p);
	for (size_t at = 0; at < p->bytes; at += page_bytes)
		if (p->kind == FILES)
			touch(p, at);
		else
			fill_page(cfg, p->mem + at);
	p->there = true;
}

static int sleep_beside(void *parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == *(const pid_t *)parent)
		pause();
	return 0;
}

/* It does nothing, and ends with us. */
static void share_space(void)
{
	static _Alignas(16) unsigned char stack[1 << 14];
	static pid_t self;

	self = getpid();
	if (clone(sleep_beside, stack + sizeof(stack), CLONE_VM, &self) < 0)
		die("cannot share the address space");
}

static void join_cgroup(const char *cgroup)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s%s/cgroup.procs",
		     strncmp(cgroup, "/sys/", 5) ? "/sys/fs/cgroup" : "",
		     cgroup) >= (int)sizeof(path))
		die("cannot use cgroup '%s': too long", cgroup);
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		die("cannot join '%s'", path);
	close(fd);
	errno = 0;
}

static void hist_add(struct hist *h, uint64_t ns)
{
	unsigned log2 = ns < 32 ? 5 : 63 - (unsigned)__builtin_clzll(ns);

	h->bucket[log2 * 32 + ((ns >> (log2 - 5)) & 31)]++;
	h->count++;
	if (ns > h->max_ns)
		h->max_ns = ns;
}

/* The upper end of the bucket that holds the given share of all. */
static uint64_t hist_ns(const struct hist *h, uint64_t percent)
{
	uint64_t left = h->count * percent / 100;

	for (unsigned i = 5 * 32; i < 63 * 32; i++) {
		if (h->bucket[i] > left) {
			uint64_t end = (UINT64_C(33) + i % 32) << (i / 32 - 5);

			return end < h->max_ns ? end : h->max_ns;
		}
		left -= h->bucket[i];
	}
	return h->max_ns;
}

static void row(const char *key, const struct hist *h, uint64_t ns)
{
	double s = (double)(ns ? ns : 1) / (double)NSEC;

	printf("%s\t%" PRIu64 "\t%.0f", key, h->count, (double)h->count / s);
	if (h->count)
		printf("\t%.3f\t%.3f\t%.3f\n", (double)hist_ns(h, 50) / 1e3,
		       (double)hist_ns(h, 99) / 1e3, (double)h->max_ns / 1e3);
	else
		fputs("\t-\t-\t-\n", stdout);
	fflush(stdout);
}

/*
 * The next page among so many. Zipf: each power of two of ranks is as likely as
 * any other; the prime scatters the ranks over all parts.
 */
static size_t pick(enum pattern pattern, size_t pages)
{
	static size_t next;
	size_t rank;

	switch (pattern) {
	case SEQ: return next++ % pages;
	case ZIPF:
		do {
			unsigned octave =
				(unsigned)(rnd() %
					   (64 -
					    (unsigned)__builtin_clzll(pages)));

			rank = ((size_t)1 << octave) +
			       (rnd() & (((size_t)1 << octave) - 1)) - 1;
		} while (rank >= pages);
		return rank * UINT64_C(2654435761) % pages;
	default: return rnd() % pages;
	}
}

static size_t hot_pages(const struct config *cfg)
{
	size_t pages = 0;

	for (unsigned i = 0; i < cfg->parts; i++)
		if (cfg->part[i].hot && cfg->part[i].there)
			pages += cfg->part[i].bytes / page_bytes;
	return pages;
}

static void touch_hot(const struct config *cfg, size_t pages)
{
	size_t at = pick(cfg->pattern, pages) * page_bytes;

	for (unsigned i = 0; i < cfg->parts; i++) {
		const struct part *p = &cfg->part[i];

		if (!p->hot || !p->there)
			continue;
		if (at < p->bytes) {
			touch(p, at);
			return;
		}
		at -= p->bytes;
	}
}

/* What the clock brings: parts that grow in, hot and cold changing places. */
static void events(struct config *cfg, uint64_t age_ns)
{
	for (unsigned i = 0; i < cfg->parts; i++) {
		struct part *p = &cfg->part[i];

		if (!p->there && age_ns >= p->at_ns)
			allocate(cfg, p);
		if (p->kind == ANON && cfg->phase_ns && age_ns >= cfg->phase_ns)
			p->hot = !p->hot;
	}
	if (cfg->phase_ns && age_ns >= cfg->phase_ns)
		cfg->phase_ns = 0;
}

/* One batch: a tick's share of the rate, or a tick's time as fast as it goes.
 */
static uint64_t batch(const struct config *cfg, uint64_t tick, struct hist *h)
{
	size_t pages = hot_pages(cfg);
	uint64_t start = now_ns(CLOCK_MONOTONIC), then = start, now = start,
		 ops = UINT64_MAX;

	if (!pages)
		return now;
	if (cfg->rate) /* the share of tick n, so that nothing is lost to
			  rounding */
		ops = (tick + 1) * cfg->rate * TICK_NS / NSEC -
		      tick * cfg->rate * TICK_NS / NSEC;
	while (ops-- && !stop && (cfg->rate || now - start < TICK_NS)) {
		touch_hot(cfg, pages);
		now = now_ns(CLOCK_MONOTONIC);
		hist_add(h, now - then);
		then = now;
	}
	return now;
}

static void hist_sum(struct hist *sum, struct hist *h)
{
	for (unsigned i = 0; i < BUCKETS; i++)
		sum->bucket[i] += h->bucket[i];
	sum->count += h->count;
	if (h->max_ns > sum->max_ns)
		sum->max_ns = h->max_ns;
	memset(h, 0, sizeof(*h));
}

static void run(struct config *cfg)
{
	static struct hist total, part;
	uint64_t start = now_ns(CLOCK_MONOTONIC), reported = start, now = start,
		 next = start;

	printf("#time\tops\tops_per_s\tp50_us\tp99_us\tmax_us\n");
	fflush(stdout);
	for (uint64_t tick = 0;
	     !stop && (!cfg->run_ns || now - start < cfg->run_ns); tick++) {
		events(cfg, now - start);
		now = batch(cfg, tick, &part);
		if (cfg->report_ns &&
		    now - reported + TICK_NS / 2 >= cfg->report_ns) {
			char key[32];

			snprintf(key, sizeof(key), "%.3f",
				 (double)now_ns(CLOCK_REALTIME) / 1e9);
			row(key, &part, now - reported);
			hist_sum(&total, &part);
			reported = now;
		}
		if (cfg->rate || !hot_pages(cfg)) {
			/* What was not done in time is lost, so that the rate
			 * shows it. */
			next = next + TICK_NS > now ? next + TICK_NS : now;
			sleep_until(next);
			now = now_ns(CLOCK_MONOTONIC);
		}
	}
	hist_sum(&total, &part);
	row("total", &total, now_ns(CLOCK_MONOTONIC) - start);
}

static struct part *add(struct config *cfg, enum kind kind, bool hot,
			uint64_t bytes)
{
	struct part *p = &cfg->part[cfg->parts];

	errno = 0;
	if (cfg->parts == sizeof(cfg->part) / sizeof(cfg->part[0]))
		die("cannot hold more than %u parts", cfg->parts);
	p->kind = kind;
	p->hot = hot;
	p->bytes = bytes / page_bytes * page_bytes;
	cfg->parts++;
	return p;
}

__attribute__((noreturn)) static void usage(void)
{
	puts("usage: memhog [option]...\n"
	     "  --hot-anon SIZE  --cold-anon SIZE    anonymous memory\n"
	     "  --hot-file SIZE  --cold-file SIZE    files, read by read(2)\n"
	     "  --hot-shmem SIZE --cold-shmem SIZE   shared memory\n"
	     "  --mlock SIZE       locked memory, never touched again\n"
	     "  --mmap-file        files are mapped instead of read\n"
	     "  --thp              anonymous memory in huge pages\n"
	     "  --stock-pages      and here as the system's setting has it "
	     "(small "
	     "ones)\n"
	     "  --dir DIR          where the files are, on a disk (.)\n"
	     "  --fill FILL        zero, random or lz:RATIO, how compressible "
	     "(lz:3)\n"
	     "  --rate N           touches a second (0: as many as it can)\n"
	     "  --pattern PATTERN  random, seq or zipf over the hot pages "
	     "(random)\n"
	     "  --grow SIZE@TIME   hot anonymous memory that comes after TIME\n"
	     "  --phase TIME       after TIME hot and cold anonymous memory "
	     "change places\n"
	     "  --seconds N        ends after N seconds (at SIGTERM)\n"
	     "  --report TIME      a row each TIME (only the total)\n"
	     "  --cgroup PATH      lives in this cgroup, created if it is not "
	     "there\n"
	     "  --share            a second process has the same address space "
	     "(CLONE_VM)\n"
	     "  --ready FILE       is created when all has been allocated and "
	     "touched");
	exit(0);
}

static void parse_args(int argc, char **argv, struct config *cfg)
{
	enum {
		DIR_ = 256,
		CGROUP,
		READY,
		FILL,
		RATE,
		PATTERN,
		GROW,
		PHASE,
		SECONDS,
		REPORT,
		MLOCK,
		MMAP,
		THP,
		STOCK_PAGES,
		SHARE
	};
	static const char *const patterns[] = { "random", "seq", "zipf", NULL };
	/* The parts' values are twice their kind, plus one if hot. */
	static const struct option opts[] = {
		{ "hot-anon", 1, NULL, 2 * ANON + 1 },
		{ "cold-anon", 1, NULL, 2 * ANON },
		{ "hot-file", 1, NULL, 2 * FILES + 1 },
		{ "cold-file", 1, NULL, 2 * FILES },
		{ "hot-shmem", 1, NULL, 2 * SHMEM + 1 },
		{ "cold-shmem", 1, NULL, 2 * SHMEM },
		{ "mlock", 1, NULL, MLOCK },
		{ "mmap-file", 0, NULL, MMAP },
		{ "thp", 0, NULL, THP },
		{ "stock-pages", 0, NULL, STOCK_PAGES },
		{ "dir", 1, NULL, DIR_ },
		{ "fill", 1, NULL, FILL },
		{ "rate", 1, NULL, RATE },
		{ "pattern", 1, NULL, PATTERN },
		{ "grow", 1, NULL, GROW },
		{ "phase", 1, NULL, PHASE },
		{ "seconds", 1, NULL, SECONDS },
		{ "report", 1, NULL, REPORT },
		{ "cgroup", 1, NULL, CGROUP },
		{ "ready", 1, NULL, READY },
		{ "share", 0, NULL, SHARE },
		{ "help", 0, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int opt, index;

	while ((opt = getopt_long(argc, argv, "h", opts, &index)) != -1) {
		const char *name = opts[index].name;
		char *at;

		switch (opt) {
		case DIR_: cfg->dir = optarg; break;
		case CGROUP: cfg->cgroup = optarg; break;
		case READY: cfg->ready = optarg; break;
		case FILL: cfg->fill = fill(optarg); break;
		case RATE: cfg->rate = size(name, optarg); break;
		case PHASE: cfg->phase_ns = duration(name, optarg); break;
		case SECONDS: cfg->run_ns = duration(name, optarg); break;
		case REPORT: cfg->report_ns = duration(name, optarg); break;
		case MLOCK: add(cfg, LOCKED, false, size(name, optarg)); break;
		case MMAP: cfg->mmap_file = true; break;
		case THP: cfg->thp = true; break;
		case STOCK_PAGES: cfg->stock_pages = true; break;
		case SHARE: cfg->share = true; break;
		case PATTERN:
			cfg->pattern = 0;
			while (patterns[cfg->pattern] &&
			       strcmp(optarg, patterns[cfg->pattern]))
				cfg->pattern++;
			if (!patterns[cfg->pattern])
				die("cannot use '%s' for --pattern", optarg);
			break;
		case GROW:
			at = strchr(optarg, '@');
			if (!at)
				die("cannot use '%s' for --grow: not SIZE@TIME",
				    optarg);
			*at = '\0';
			add(cfg, ANON, true, size(name, optarg))->at_ns =
				duration(name, at + 1);
			break;
		case 'h': usage();
		case '?': exit(2);
		default:
			add(cfg, (enum kind)(opt / 2), opt % 2,
			    size(name, optarg));
		}
	}
	if (optind < argc)
		die("cannot use '%s': not an option", argv[optind]);
}

int main(int argc, char **argv)
{
	struct config cfg = { .dir = ".", .fill = 3 };
	struct sigaction sa = { .sa_handler = on_signal };

	page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	parse_args(argc, argv, &cfg);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (cfg.cgroup)
		join_cgroup(cfg.cgroup);
	if (cfg.share)
		share_space();
	seed ^= now_ns(CLOCK_REALTIME) ^ (uint64_t)getpid() << 40;
	for (unsigned i = 0; i < cfg.parts; i++)
		if (!cfg.part[i].at_ns)
			allocate(&cfg, &cfg.part[i]);
	if (cfg.ready) {
		int fd = open(cfg.ready, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			die("cannot create '%s'", cfg.ready);
		close(fd);
	}
	run(&cfg);
	return ferror(stdout) ? 2 : 0;
}
