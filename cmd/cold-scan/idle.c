#include "idle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bits.h"
#include "clock.h"
#include "io.h"
#include "kv.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "pack.h"
#include "root.h"
#include "verdict.h"

const char idle_bitmap[] = "sys/kernel/mm/page_idle/bitmap";
/* One of so many touched folios stays unmarked: what is marked cannot tell that
 * another marks it, too. */
enum { LEAVE = 256 };

/* The most reads of the bitmap that a section is. */
enum { SECTION_READS = 64 };

static const char stamp_path[] = "run/cold-scan.pass";

/* One thread's descriptors and buffers: a section is read, then judged. */
struct worker {
	struct idle *s;
	int bitmap, flags, cgroup;
	uint64_t *idle, *mark, *flag, *ino, *before;
	uint8_t *age; /* of a section, as they were */
	uint64_t *swap;
	struct pack pack; /* as they are */
	uint8_t *packed, *differ;
	size_t words;	  /* words of the bitmap that were there */
	bool asked, told; /* anything, and was any of it there? */
	struct tally_set *out, own;
	struct tally_set unit; /* --sample: of one word */
	struct folio folio;    /* judged last, of this section */
	uint64_t units;
	pthread_t thread;
};

/* With --sample so many more that a section is as many words to look at. */
static size_t section_pages(const struct idle *s)
{
	uint64_t most = s->sample < SECTION_READS ? s->sample : SECTION_READS;

	return s->page_bytes * 8 * (most ? most : 1);
}

ssize_t idle_read_words(int fd, uint64_t first_word, uint64_t *buf,
			size_t words)
{
	size_t want = words * 8, done = 0;
	int err = 0;

	while (!err && done < want) {
		ssize_t n = pread(fd, (char *)buf + done, want - done,
				  (off_t)(first_word * 8 + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = -errno;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	/* The end of memory, or a part taken offline. */
	memset((char *)buf + done, 0, want - done);
	return err ? err : (ssize_t)(done / 8);
}

/* No processor has longer physical addresses: what is more is no memory. */
static const unsigned long long most_bytes = 1ULL << 52;

/* "00100000-5ffdffff : System RAM"; without privilege all zero. */
static bool iomem_line(const char *line, uint64_t page_bytes,
		       struct pfn_range *r)
{
	unsigned long long first, last;
	const char *what = strstr(line, " : ");

	if (!what || strncmp(what + 3, "System RAM", 10) ||
	    sscanf(line, " %llx-%llx", &first, &last) != 2 || !last ||
	    last >= most_bytes)
		return false;
	r->pfn = first / page_bytes;
	r->end = last / page_bytes + 1;
	return true;
}

/* Zones: "Node 0, zone DMA32", then "spanned N", then "start_pfn: N". */
static size_t zone_ranges(char *text, uint64_t page_bytes, struct pfn_range **v)
{
	const unsigned long long most = most_bytes / page_bytes;
	unsigned long long span = 0, pfn;
	char *save = NULL;
	size_t n = 0;
	int node = 0;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		sscanf(line, "Node %d, zone", &node);
		sscanf(line, " spanned %llu", &span);
		/* An unpopulated zone spans 0 and has no start. */
		if (sscanf(line, " start_pfn: %llu", &pfn) != 1 || !span ||
		    span > most || pfn > most - span)
			continue;
		*v = xrealloc(*v, n + 1, sizeof(**v));
		(*v)[n++] = (struct pfn_range){ pfn, pfn + span, node };
		span = 0;
	}
	return n;
}

static size_t iomem_ranges(char *text, uint64_t page_bytes,
			   struct pfn_range **v)
{
	char *save = NULL;
	size_t n = 0;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct pfn_range r = { 0 };

		if (!iomem_line(line, page_bytes, &r))
			continue;
		*v = xrealloc(*v, n + 1, sizeof(**v));
		(*v)[n++] = r;
	}
	return n;
}

static size_t append(struct pfn_range **v, size_t n, struct pfn_range r)
{
	if (n && (*v)[n - 1].end == r.pfn && (*v)[n - 1].node == r.node) {
		(*v)[n - 1].end = r.end;
		return n;
	}
	*v = xrealloc(*v, n + 1, sizeof(**v));
	(*v)[n] = r;
	return n + 1;
}

/* In hex; 0: not told. */
static uint64_t block_pages(uint64_t page_bytes)
{
	char text[32];

	if (io_read(root_fd(), "sys/devices/system/memory/block_size_bytes",
		    text, sizeof(text)) < 0)
		return 0;
	return strtoull(text, NULL, 16) / page_bytes;
}

static bool has_block(int node, uint64_t block)
{
	char path[96];

	snprintf(path, sizeof(path),
		 "sys/devices/system/node/node%d/memory%" PRIu64, node, block);
	return !io_try(root_fd(), path, O_PATH);
}

/*
 * The zone of a frame, NULL: none, and up to where that holds.  A zone spans
 * memory of other nodes where its own lies on both sides: then the kernel's
 * blocks tell, or else the narrower zone is taken.
 */
static const struct pfn_range *zone_at(const struct pfn_range *zones, size_t n,
				       uint64_t page_bytes, uint64_t pfn,
				       uint64_t *end)
{
	const struct pfn_range *best = NULL;
	uint64_t block = 0;

	for (size_t i = 0; i < n; i++) {
		const struct pfn_range *z = zones + i;

		if (pfn < z->pfn && z->pfn < *end)
			*end = z->pfn;
		if (pfn < z->pfn || pfn >= z->end)
			continue;
		if (z->end < *end)
			*end = z->end;
		if (best && z->node != best->node && !block)
			block = block_pages(page_bytes);
		if (!best || z->end - z->pfn < best->end - best->pfn)
			best = z;
	}
	if (!block)
		return best;
	if ((pfn / block + 1) * block < *end)
		*end = (pfn / block + 1) * block;
	for (size_t i = 0; i < n; i++)
		if (zones[i].pfn <= pfn && pfn < zones[i].end &&
		    has_block(zones[i].node, pfn / block))
			return zones + i;
	return best;
}

/* One range of RAM may be that of several nodes: cut it at their borders. */
static size_t by_node(const struct pfn_range *ram, size_t n_ram,
		      const struct pfn_range *zones, size_t n_zones,
		      uint64_t page_bytes, struct pfn_range **v)
{
	size_t n = 0;

	for (size_t i = 0; i < n_ram; i++)
		for (uint64_t pfn = ram[i].pfn, end; pfn < ram[i].end;
		     pfn = end) {
			const struct pfn_range *zone;

			end = ram[i].end;
			zone = zone_at(zones, n_zones, page_bytes, pfn, &end);
			if (zone)
				n = append(v, n,
					   (struct pfn_range){ pfn, end,
							       zone->node });
		}
	return n;
}

int idle_ram(uint64_t page_bytes, struct pfn_range **v, size_t *n)
{
	const struct pfn_range all = { 0, most_bytes / page_bytes, 0 };
	struct pfn_range *zones = NULL, *ram = NULL;
	size_t n_zones = 0, n_ram = 0;
	char *text;

	*v = NULL;
	if (io_read_all(root_fd(), "proc/zoneinfo", &text) >= 0) {
		n_zones = zone_ranges(text, page_bytes, &zones);
		free(text);
	}
	if (io_read_all(root_fd(), "proc/iomem", &text) >= 0) {
		n_ram = iomem_ranges(text, page_bytes, &ram);
		free(text);
	}
	if (n_zones) {
		*n = by_node(n_ram ? ram : &all, n_ram ? n_ram : 1, zones,
			     n_zones, page_bytes, v);
		free(zones);
		free(ram);
	} else {
		*v = ram;
		*n = n_ram;
	}
	return *n ? 0 : -ENXIO;
}

/* The first one that ends behind that frame, or NULL. */
static struct section *section_from(const struct idle *s, uint64_t pfn)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->v[mid].pfn + s->v[mid].pages <= pfn)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n ? s->v + lo : NULL;
}

static struct section *section_at(const struct idle *s, uint64_t pfn)
{
	struct section *sec = section_from(s, pfn);

	return sec && sec->pfn <= pfn ? sec : NULL;
}

static int by_pfn(const void *a, const void *b)
{
	const struct section *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

/* One word of each stratum of so many, drawn by chance, the same in every pass:
 * in this section? */
static bool draw(const struct idle *s, const struct section *sec, uint64_t k,
		 size_t *at)
{
	uint64_t word = k * s->sample + age_scatter(s->seed ^ k) % s->sample;
	uint64_t first = sec->pfn / 64;

	*at = (size_t)(word - first) * 64;
	return word >= first && word < first + sec->pages / 64;
}

uint32_t idle_kept(const struct idle *s, const struct section *sec)
{
	uint64_t first = sec->pfn / 64, n = s->sample;
	uint32_t words = 0;
	size_t at;

	if (n <= 1)
		return sec->pages;
	for (uint64_t k = first / n; k * n < first + sec->pages / 64; k++)
		words += draw(s, sec, k, &at);
	return words * 64;
}

/* False: they are damaged. */
static bool unpack(const struct idle *s, const struct section *sec,
		   uint8_t *age, uint64_t *swap)
{
	const struct pack_part all = { sec->packed, sec->packed_len };

	return pack_open_parts(sec->told ? sec->told : &all,
			       sec->told ? s->n_told : 1, idle_kept(s, sec),
			       sec->passes, age, swap);
}

static uint8_t *copy(const uint8_t *from, size_t len)
{
	return len ? memcpy(xcalloc(len, 1), from, len) : NULL;
}

/* What is to be kept of it, of the pass that is through. */
static void keep_pass(struct worker *w, struct section *sec)
{
	pack_end(&w->pack);
	if (w->s->differ) {
		free(sec->differ);
		sec->differ_len = (uint32_t)w->pack.differ_len;
		sec->differ = copy(w->differ, sec->differ_len);
	}
	free(sec->packed);
	sec->packed_len = (uint32_t)w->pack.len;
	sec->packed = copy(w->packed, sec->packed_len);
	sec->told = NULL;
	free(sec->open);
	sec->open = NULL;
}

static void section_init(struct section *sec, uint64_t pfn, uint64_t end,
			 int node)
{
	*sec = (struct section){ .pfn = pfn, .node = node };
	sec->pages = (uint32_t)(end - pfn);
}

/* The parts of a range that no section covers yet, cut at section borders. */
static void add_range(struct idle *s, const struct pfn_range *r)
{
	uint64_t most = section_pages(s), pfn = r->pfn / 64 * 64;
	uint64_t end = (r->end + 63) / 64 * 64;

	while (pfn < end) {
		const struct section *sec = section_at(s, pfn);
		uint64_t stop = (pfn / most + 1) * most;

		if (stop > end)
			stop = end;
		if (sec) {
			pfn = sec->pfn + sec->pages;
			continue;
		}
		sec = section_from(s, pfn);
		if (sec && sec->pfn < stop)
			stop = sec->pfn;
		s->v = xrealloc(s->v, s->n + 1, sizeof(*s->v));
		section_init(s->v + s->n++, pfn, stop, r->node);
		if (s->n > 1 && s->v[s->n - 2].pfn > pfn)
			qsort(s->v, s->n, sizeof(*s->v), by_pfn);
		pfn = stop;
	}
}

/*
 * Memory may have come since the last pass, also where as much went elsewhere;
 * what went reads as holes.
 */
static int find_sections(struct idle *s)
{
	struct pfn_range *ram;
	size_t n;
	int err = idle_ram(s->page_bytes, &ram, &n);

	for (size_t i = 0; !err && i < n; i++)
		add_range(s, ram + i);
	free(ram);
	return err;
}

static void drop_sections(struct idle *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].packed);
		free(s->v[i].differ);
		free(s->v[i].open);
	}
	free(s->v);
	s->v = NULL;
	s->n = 0;
	free(s->told);
	s->told = NULL;
}

static void forget(struct section *sec)
{
	free(sec->packed);
	sec->packed = NULL;
	sec->packed_len = sec->passes = 0;
	sec->told = NULL;
}

void idle_forget(struct idle *s)
{
	for (size_t i = 0; i < s->n; i++)
		forget(s->v + i);
	free(s->told);
	s->told = NULL;
}

void idle_leave_file(struct idle *s)
{
	size_t most = section_pages(s);
	uint8_t *age = xcalloc(most, 1),
		*packed = xcalloc(2 * pack_most(most), 1);
	uint64_t *swap = xcalloc(most / 64, 8);

	for (size_t i = 0; s->told && i < s->n; i++) {
		struct section *sec = s->v + i;

		if (!sec->told)
			continue;
		if (!unpack(s, sec, age, swap)) {
			forget(sec);
			continue;
		}
		sec->packed_len = (uint32_t)pack_ages(
			age, swap, idle_kept(s, sec), sec->passes, packed);
		sec->packed = copy(packed, sec->packed_len);
		sec->told = NULL;
	}
	free(age);
	free(packed);
	free(swap);
	free(s->told);
	s->told = NULL;
}

int idle_layout(struct idle *s)
{
	drop_sections(s);
	s->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	return find_sections(s);
}

int idle_open(struct idle *s)
{
	s->bitmap = io_open(root_fd(), idle_bitmap, O_RDWR);
	if (s->bitmap < 0)
		return s->bitmap;
	if (flock(s->bitmap, LOCK_EX | LOCK_NB)) {
		int err = -errno;

		close(s->bitmap);
		s->bitmap = -1;
		return err;
	}
	return idle_layout(s);
}

void idle_close(struct idle *s)
{
	drop_sections(s);
	if (s->bitmap >= 0)
		close(s->bitmap);
}

static uint32_t now_cs(void)
{
	return (uint32_t)(clock_mono_us() / 10000);
}

static uint64_t cpu_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* Sets the bits, and only those: a zero word costs the kernel nothing. */
static int write_marks(const struct worker *w, uint64_t pfn, size_t words)
{
	const uint64_t *mark = w->mark;
	size_t from = 0;
	ssize_t n;

	while (from < words && !mark[from])
		from++;
	while (words > from && !mark[words - 1])
		words--;
	if (from == words)
		return 0;
	n = pwrite(w->bitmap, mark + from, (words - from) * 8,
		   (off_t)(pfn / 8 + from * 8));
	/* ENXIO: behind the end of memory. */
	return n < 0 && errno != ENXIO ? -errno : 0;
}

/*
 * The order matters: reading the bitmap is what brings accessed bits into the
 * flags; marks come last, so that what is touched in between stays unmarked
 * and is found again.  What the flags were before tells a touched page from
 * one that was freed and taken anew.
 */
static int read_run(struct worker *w, const struct section *sec, size_t at,
		    size_t pages)
{
	const uint64_t pfn = sec->pfn + at;
	ssize_t words, flags, err = 0, cgroups = (ssize_t)pages;

	if (w->before)
		err = idle_read_words(w->flags, pfn, w->before, pages);
	words = idle_read_words(w->bitmap, pfn / 64, w->idle, pages / 64);
	flags = idle_read_words(w->flags, pfn, w->flag, pages);
	if (err >= 0 && w->cgroup >= 0)
		err = cgroups = idle_read_words(w->cgroup, pfn, w->ino, pages);
	if (words < 0 || flags < 0 || err < 0)
		return (int)(words < 0 ? words : flags < 0 ? flags : err);
	/* They end at the same frame: what is behind it is nobody's. */
	if (cgroups < flags)
		return -EIO;
	w->words = (size_t)words;
	w->asked = true;
	w->told |= words && flags;
	return 0;
}

static int judge_run(struct worker *w, struct section *sec, size_t at,
		     size_t pages, size_t from, size_t kept,
		     struct tally_set *out)
{
	struct chunk c = {
		.pages = pages,
		.idle = w->idle,
		.flags = w->flag,
		.before = w->before,
		.cgroup = w->cgroup >= 0 ? w->ino : NULL,
		.age = w->age + kept,
		.swap = w->swap + kept / 64,
		.pack = &w->pack,
		.mark = w->mark,
		.in_bitmap = w->words * 64,
		.node = sec->node,
		.from = from,
		.at = at,
		.first = !sec->passes,
		.lru_gen = w->s->lru_gen,
		.base_pfn = sec->pfn,
		.pass = sec->passes,
		.leave = LEAVE,
	};

	age_chunk(&c, &w->folio, out);
	return write_marks(w, sec->pfn + at, pages / 64);
}

/* A huge page is judged by its head, which may lie words before. */
static size_t lead_in(struct worker *w, const struct section *sec, size_t at)
{
	size_t start = at;

	for (size_t step = 512; start && *w->flag >> PF_COMPOUND_TAIL & 1;
	     step *= 2) {
		uint64_t base = (sec->pfn + at) / step * step;

		start = base > sec->pfn ? (size_t)(base - sec->pfn) : 0;
		idle_read_words(w->flags, sec->pfn + start, w->flag, 1);
	}
	return start;
}

/* Reads a word drawn, and before it what leads to it: where that begins. */
static int read_word(struct worker *w, const struct section *sec, size_t at,
		     size_t *start)
{
	int err = read_run(w, sec, at, 64);

	if (err)
		return err;
	*start = lead_in(w, sec, at);
	return *start == at ? 0 : read_run(w, sec, *start, at + 64 - *start);
}

static void move(uint64_t *from, uint64_t *to)
{
	*to += *from;
	*from = 0;
}

static void differ(struct tally *sum, int file, int a, int x)
{
	struct spread *s = sum->spread + a;
	int d = x - 2 * s->last[0][file] + s->last[1][file];

	if (sum->units >= 2)
		s->square[file] += (uint64_t)(d * d);
	s->last[1][file] = s->last[0][file];
	s->last[0][file] = (int8_t)x;
}

/* Units without a page of this tally: after two more make no difference. */
static void differ_up_to(struct tally *sum, uint64_t units)
{
	for (int n = 0; n < 2 && sum->units < units; n++, sum->units++)
		for (int a = 0; a < sum->n_spread; a++) {
			differ(sum, 0, a, 0);
			differ(sum, 1, a, 0);
		}
	sum->units = units;
}

static void differ_at_end(struct tally_set *set, uint64_t units)
{
	for (struct tally *t = set->all; t; t = t->more)
		differ_up_to(t, units);
}

/* So many ages has it pages of: above them there is nothing to differ. */
static int ages_of(const struct tally *t)
{
	int n = 0;

	for (int k = 0; k < KINDS; k++)
		for (int a = t->pages[k].n; a > n; a--)
			if (t->pages[k].pages[a - 1])
				n = a;
	return n;
}

/* Moves a unit's counts into the sum, with what its error follows from. */
static void fold_tally(struct tally *t, struct tally *sum, uint64_t unit)
{
	int x[2] = { 0, 0 };

	tally_widen(sum, ages_of(t));
	differ_up_to(sum, unit);
	for (int a = sum->n_spread - 1; a >= 0; a--) {
		for (int k = 0; k < KINDS; k++)
			if (k != UNEVICTABLE && k != LAZYFREE)
				x[k == FILES || k == DIRTY] +=
					(int)counts_of(&t->pages[k], a);
		differ(sum, 0, a, x[0]);
		differ(sum, 1, a, x[1]);
	}
	sum->units++;
	for (int k = 0; k < KINDS; k++)
		counts_move(&t->pages[k], &sum->pages[k]);
	counts_move(&t->promoted, &sum->promoted);
	counts_move(&t->unproven, &sum->unproven);
	for (int c = 0; c < COVERS; c++)
		move(&t->cover[c], &sum->cover[c]);
	move(&t->marked_left, &sum->marked_left);
	move(&t->unsure_pages, &sum->unsure_pages);
}

static void fold_unit(struct worker *w)
{
	for (struct tally *t = w->unit.all; t; t = t->more)
		fold_tally(t, tally_of(w->out, t->ino, t->node), w->units);
	tally_reuse(&w->unit);
}

static int sample_section(struct worker *w, struct section *sec)
{
	const uint64_t n = w->s->sample;
	uint64_t first = sec->pfn / 64, last = first + sec->pages / 64;
	size_t kept = 0;

	for (uint64_t k = first / n; k * n < last; k++) {
		size_t at, start;
		int err;

		if (!draw(w->s, sec, k, &at))
			continue;
		err = read_word(w, sec, at, &start);
		if (!err)
			err = judge_run(w, sec, start, at + 64 - start,
					at - start, kept, &w->unit);
		if (err)
			return err;
		kept += 64;
		fold_unit(w);
		w->units++;
	}
	return 0;
}

/* Four times a second at most: a pass may be short, or rest for long. */
static void progress(struct idle *s, size_t done)
{
	char left[NUM_LEN];
	uint64_t now = clock_mono_us(), spent = now - s->start_us;

	if (!s->progress || (done < s->n && now < s->told_us + 250000))
		return;
	s->told_us = now;
	if (done == s->n)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\rpass %u: %zu %%, %s left\033[K",
			s->passes + 1, done * 100 / s->n,
			num_human_us(left, spent * (s->n - done) / done));
}

/* Rests so long that CPU time stays below its share. */
static void rest(const struct idle *s, uint64_t used_us)
{
	double pause_us;

	if (s->max_cpu_pct <= 0 || !root_is_live())
		return;
	pause_us = (double)used_us * (100 / s->max_cpu_pct - 1);
	/* In slices: a signal, or stop, may be another thread's to hear of. */
	while (pause_us > 0 && !clock_stopped() && !s->stop) {
		double slice_us = pause_us < 100000 ? pause_us : 100000;

		clock_wait(clock_mono_us() + (uint64_t)slice_us);
		pause_us -= slice_us;
	}
}

static int scan_section(struct worker *w, struct section *sec)
{
	int err;

	/* A checksum that fits is no proof: such a section starts afresh. */
	if (!unpack(w->s, sec, w->age, w->swap)) {
		forget(sec);
		unpack(w->s, sec, w->age, w->swap);
	}
	pack_begin(&w->pack, idle_kept(w->s, sec), sec->passes + 1, w->packed);
	if (w->s->differ)
		pack_compare(&w->pack, w->age, w->swap, sec->passes, w->differ);
	w->folio.head = FOLIO_NONE;
	sec->read_at = now_cs();
	if (w->s->sample > 1) {
		err = sample_section(w, sec);
	} else {
		err = read_run(w, sec, 0, sec->pages);
		if (!err)
			err = judge_run(w, sec, 0, sec->pages, 0, 0, w->out);
	}
	/* What is marked, and what of that was seen, is not known. */
	if (err) {
		forget(sec);
		return err;
	}
	/* The marks hold from the end of the write on: round up. */
	sec->marked[sec->passes++ % AGES] = now_cs() + root_is_live();
	keep_pass(w, sec);
	return 0;
}

/* What was read of the file is in memory as long as there is room, or to be
 * read again: no part of ours. */
static void drop_told(const struct idle *s)
{
	if (s->told)
		madvise((void *)(uintptr_t)s->told_map, s->told_bytes,
			MADV_DONTNEED);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct idle *s = w->s;
	size_t i;

	while (!clock_stopped() && !s->stop && !s->err &&
	       (i = atomic_fetch_add(&s->next, 1)) < s->n) {
		uint64_t before = cpu_us(CLOCK_THREAD_CPUTIME_ID);
		int err = scan_section(w, s->v + i);

		if (err)
			s->err = err;
		if (i % 64 == 63)
			drop_told(s);
		rest(s, (cpu_us(CLOCK_THREAD_CPUTIME_ID) - before) * s->jobs);
		progress(s, i + 1);
	}
	return NULL;
}

/* Each its own descriptors: kernfs lets one call at a time into a file. */
static int worker_open(struct worker *w, struct idle *s, int mode)
{
	size_t pages = section_pages(s);

	w->s = s;
	w->bitmap = io_open(root_fd(), idle_bitmap, mode);
	w->flags = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	w->cgroup = io_open(root_fd(), "proc/kpagecgroup", O_RDONLY);
	w->idle = xcalloc(pages / 64, 8);
	w->mark = xcalloc(pages / 64, 8);
	w->flag = xcalloc(pages, 8);
	w->ino = xcalloc(pages, 8);
	w->before = s->promoted ? xcalloc(pages, 8) : NULL;
	w->age = xcalloc(pages, 1);
	w->swap = xcalloc(pages / 64, 8);
	w->packed = xcalloc(2 * pack_most(pages), 1);
	w->differ = xcalloc(pack_most(pages) + 1, 1);
	if (w->bitmap < 0)
		return w->bitmap;
	if (w->flags < 0)
		return w->flags;
	/* One that is not there, or not ours, tells nothing of any page; where
	 * one thread lacks it, its pages would be no cgroup's. */
	return w->cgroup == -EMFILE || w->cgroup == -ENFILE ? w->cgroup : 0;
}

static void worker_close(struct worker *w)
{
	close(w->bitmap);
	close(w->flags);
	if (w->cgroup >= 0)
		close(w->cgroup);
	free(w->idle);
	free(w->mark);
	free(w->flag);
	free(w->ino);
	free(w->before);
	free(w->age);
	free(w->swap);
	free(w->packed);
	free(w->differ);
	tally_free(&w->own);
	tally_free(&w->unit);
}

uint64_t idle_stamp_us(void)
{
	uint64_t us;

	return kv_read_u64(root_fd(), stamp_path, &us) ? 0 : us;
}

/* Of fixed length, so that it is written whole; a recording need not have it.
 */
static void stamp(uint64_t us)
{
	static bool told;
	int make = root_is_live() ? O_CREAT : 0, err = 0;
	int fd = openat(root_fd(), stamp_path,
			O_WRONLY | O_NOFOLLOW | O_CLOEXEC | make, 0600);
	char text[32];
	int n = snprintf(text, sizeof(text), "%020" PRIu64 "\n", us);

	if (fd < 0 || write(fd, text, (size_t)n) != n)
		err = errno;
	if (fd >= 0)
		close(fd);
	if (!err || told || (err == ENOENT && !make))
		return;
	told = true;
	note("cannot write /%s: a scan with -S cannot know of this one, whose "
	     "marks make its ages too long: %s",
	     stamp_path, strerror(err));
}

static int run_workers(struct idle *s, struct worker *w, struct tally_set *out)
{
	bool asked = false, told = false;
	int err = 0;

	for (unsigned int i = 0; i < s->jobs && !err; i++) {
		w[i].out = i ? &w[i].own : out;
		err = worker_open(w + i, s, O_RDWR);
	}
	if (err)
		return err;
	stamp(s->start_us);
	for (unsigned int i = 1; i < s->jobs; i++)
		if (pthread_create(&w[i].thread, NULL, work, w + i))
			w[i].thread = 0;
	work(w);
	differ_at_end(out, w->units);
	for (unsigned int i = 1; i < s->jobs; i++) {
		if (w[i].thread)
			pthread_join(w[i].thread, NULL);
		differ_at_end(&w[i].own, w[i].units);
		tally_merge(out, &w[i].own);
	}
	for (unsigned int i = 0; i < s->jobs; i++) {
		asked |= w[i].asked;
		told |= w[i].told;
	}
	/* A file that ends at once is no memory without pages. */
	return s->err || told || !asked ? s->err : -EIO;
}

/* Pages that the kernel has moved up to now. */
static uint64_t migrations(void)
{
	uint64_t pages;

	return kv_read_key(root_fd(), "proc/vmstat", "pgmigrate_success",
			   &pages)
		       ? 0
		       : pages;
}

int idle_pass(struct idle *s, struct tally_set *out)
{
	struct worker *w = xcalloc(s->jobs, sizeof(*w));
	uint64_t cpu = cpu_us(CLOCK_PROCESS_CPUTIME_ID), moved_pages;
	int err = find_sections(s);

	s->before_us = s->start_us;
	s->start_us = clock_mono_us();
	s->next = 0;
	s->err = 0;
	s->units = 0;
	moved_pages = migrations();
	if (mem_scanned_system(&s->scanned_pages))
		s->scanned_pages = 0;
	if (!err)
		err = run_workers(s, w, out);
	for (unsigned int i = 0; i < s->jobs; i++) {
		s->units += w[i].units;
		if (w[i].s)
			worker_close(w + i);
	}
	free(w);
	s->moved_by_end_pages = migrations();
	s->end_us = clock_mono_us();
	s->cpu_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	if (err || clock_stopped() || s->stop)
		return err ? err : -EINTR;
	/* Those that moved before a pass that is cut are of the next one. */
	s->moved_pages = moved_pages;
	s->passes++;
	return 0;
}

void idle_hold(struct idle *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->v[i].passes)
			s->v[i].marked[(s->v[i].passes - 1) % AGES] =
				now_cs() + 1;
}

/* The words that the passes look at. */
static int count_section(struct worker *w, const struct section *sec,
			 struct chunk *c, struct tally_set *out)
{
	uint64_t n = w->s->sample, first = sec->pfn / 64;
	size_t at, start;
	int err = 0;

	c->age = w->age;
	c->swap = w->swap;
	c->node = sec->node;
	if (n <= 1) {
		err = read_run(w, sec, 0, sec->pages);
		c->from = 0;
		c->pages = sec->pages;
		if (!err)
			age_known(c, out);
		return err;
	}
	for (uint64_t k = first / n; k * n < first + sec->pages / 64; k++) {
		if (!draw(w->s, sec, k, &at))
			continue;
		err = read_word(w, sec, at, &start);
		if (err)
			return err;
		c->from = at - start;
		c->pages = at + 64 - start;
		age_known(c, out);
		c->age += 64;
		c->swap++;
	}
	return 0;
}

int idle_count(struct idle *s, struct tally_set *out)
{
	struct worker w = { .s = NULL };
	struct chunk c = { .idle = NULL };
	int err = worker_open(&w, s, O_RDONLY);

	c.idle = w.idle;
	c.flags = w.flag;
	c.cgroup = w.ino;
	for (size_t i = 0; !err && i < s->n && !s->stop; i++) {
		if (!unpack(s, s->v + i, w.age, w.swap))
			err = -EBADMSG;
		else
			err = count_section(&w, s->v + i, &c, out);
	}
	worker_close(&w);
	return err || !s->stop ? err : -EINTR;
}

void idle_suspect(struct idle *s, unsigned int suspicions, uint64_t until_us)
{
	for (int i = 0; i < IDLE_SUSPICIONS; i++)
		if (suspicions >> i & 1)
			s->suspect_us[i] = until_us;
}

void idle_mislead(struct idle *s, uint64_t pages)
{
	s->misled_pages[s->passes % AGES] =
		(uint32_t)(pages < UINT32_MAX ? pages : UINT32_MAX);
}

uint64_t idle_misled_pages(const uint32_t misled_pages[AGES], uint32_t passes,
			   int age)
{
	uint32_t most = passes < AGES ? passes : AGES - 1;
	uint32_t reach = (uint32_t)age < most ? (uint32_t)age : most;
	uint64_t pages = 0;

	for (uint32_t back = 0; back + 1 < reach; back++)
		pages += misled_pages[(passes - back) % AGES];
	return pages;
}

bool idle_reaches(const struct idle *s, const struct age_scale *scale,
		  uint64_t age_us, uint64_t until_us)
{
	int age = age_from(scale, age_us);
	uint64_t span_us = age < AGES ? scale->us[age] : age_us;

	return until_us && until_us + span_us > s->start_us;
}

unsigned int idle_suspicions(const struct idle *s,
			     const struct age_scale *scale, uint64_t age_us,
			     uint64_t tracked_pages)
{
	unsigned int found = s->suspect;
	uint64_t misled_pages = idle_misled_pages(s->misled_pages, s->passes,
						  age_from(scale, age_us));

	if (verdict_many_moved(misled_pages, tracked_pages))
		found |= SUSPECT_MIGRATED;

	for (int i = 0; i < IDLE_SUSPICIONS; i++)
		if (idle_reaches(s, scale, age_us, s->suspect_us[i]))
			found |= 1u << i;
	return found;
}

uint64_t idle_since_us(uint32_t read_at, uint32_t marked)
{
	/* Both begin at 0 again after 497 days. */
	uint32_t since = read_at - marked;

	/* Marks are rounded up: of a pass at once it may be before them. */
	return since <= INT32_MAX ? (uint64_t)since * 10000 : 0;
}

/* In any section that old; UINT64_MAX: there is none. */
static uint64_t least_us(const struct idle *s, uint32_t age, bool before)
{
	uint64_t least = UINT64_MAX;

	for (size_t i = 0; i < s->n; i++) {
		const struct section *sec = s->v + i;
		uint32_t last = sec->passes - 1 - before, read_at;
		uint64_t us;

		if (sec->passes <= age + before)
			continue; /* memory that came later */
		/* It was marked when it had been read. */
		read_at = before ? sec->marked[last % AGES] : sec->read_at;
		us = idle_since_us(read_at, sec->marked[(last - age) % AGES]);
		if (us < least)
			least = us;
	}
	return least;
}

void idle_scale(const struct idle *s, bool before, struct age_scale *scale)
{
	memset(scale, 0, sizeof(*scale));
	for (uint32_t a = 1; a <= AGE_MAX && a + before < s->passes; a++) {
		uint64_t us = least_us(s, a, before);

		if (us == UINT64_MAX)
			break;
		scale->us[a] = us;
		scale->known = (int)a;
	}
	for (int a = scale->known + 1; a < AGES; a++)
		scale->us[a] = scale->us[scale->known];
}

/* Ages one by one: the section is unpacked for it, until the next pass. */
static bool open_section(const struct idle *s, struct section *sec)
{
	size_t swap_bytes = sec->pages / 8;

	if (sec->open)
		return true;
	sec->open = xcalloc(swap_bytes + sec->pages, 1);
	if (unpack(s, sec, sec->open + swap_bytes,
		   (uint64_t *)(void *)sec->open))
		return true;
	free(sec->open);
	sec->open = NULL;
	return false;
}

uint8_t idle_age(const struct idle *s, uint64_t pfn, bool *swap)
{
	struct section *sec = section_at(s, pfn);
	uint8_t age;
	size_t i;

	if (!sec || !open_section(s, sec))
		return AGE_NONE;
	i = (size_t)(pfn - sec->pfn);
	*swap = bits_has((const uint64_t *)(void *)sec->open, i);
	age = sec->open[sec->pages / 8 + i];
	return age == AGE_LEFT ? 0 : age;
}
