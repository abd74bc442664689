#include "proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "damon.h"
#include "io.h"
#include "msg.h"
#include "num.h"
#include "pagemap.h"
#include "pid.h"
#include "root.h"
#include "verdict.h"

enum {
	RUN = 8192, /* entries a read: 64 KiB */
	GAP = 512,  /* a page of entries: not worth another read */
	REGIONS = 256,
	NEAR = 64,
};

/* A process under the eye: which pages were counted, what was found. */
struct walk {
	const struct scan *s;
	size_t i; /* which of the processes */
	struct view *v;
	struct sample x;
	uint64_t *seen; /* a bit for each page frame, or NULL */
	uint64_t frames;
	struct counts pages[2]; /* file, anon */
	uint64_t swapped;
	bool hidden;  /* the kernel keeps the page frames to itself */
	int err;      /* what was read of it is not all */
	int flags_fd; /* kpageflags, and what was read there last */
	uint64_t near_pfn, near[NEAR];
	uint64_t tail_pfn; /* looked at last, and its folio's flags */
	uint64_t head_flags;
	/* --ranges: the one that grows */
	int age;
	uint64_t addr, bytes;
	bool swap;
};

static void end_range(struct walk *w)
{
	if (!w->bytes)
		return;
	w->x.addr = w->addr;
	w->x.bytes = w->bytes;
	w->x.kind = w->swap ? "anon" : "file";
	view_put(w->v, &w->x);
	w->bytes = 0;
}

/* A range goes on while pages follow each other and are of one kind. */
static void grow_range(struct walk *w, uint64_t addr, bool swap)
{
	if (w->bytes && (addr != w->addr + w->bytes || swap != w->swap))
		end_range(w);
	if (!w->bytes)
		w->addr = addr;
	w->swap = swap;
	w->bytes += w->s->page_bytes;
}

/* False for a page that was counted before. */
static bool first_time(struct walk *w, uint64_t pfn)
{
	uint64_t bit = UINT64_C(1) << pfn % 64;

	if (!w->seen || pfn >= w->frames)
		return true;
	if (w->seen[pfn / 64] & bit)
		return false;
	w->seen[pfn / 64] |= bit;
	return true;
}

/* kpageflags of a page frame; neighbours are likely to be asked for next. */
static uint64_t flags_of(struct walk *w, uint64_t pfn)
{
	uint64_t first = pfn / NEAR * NEAR;
	ssize_t n = 0;

	if (w->near_pfn != first)
		n = w->flags_fd < 0 ? w->flags_fd
				    : idle_read_words(w->flags_fd, first,
						      w->near, NEAR);
	if (n < 0)
		w->err = (int)n;
	w->near_pfn = n < 0 ? NUM_NONE - 1 : first;
	return w->near[pfn - first];
}

/* Of the folio; older kernels show nothing of it on its tails. */
static uint64_t folio_flags(struct walk *w, uint64_t pfn)
{
	enum { MOST = 1 << 18 }; /* 1 GiB of 4 KiB */
	uint64_t flags = flags_of(w, pfn), head = pfn;

	if (!page_has(flags, PF_COMPOUND_TAIL))
		w->head_flags = flags;
	else if (pfn != w->tail_pfn + 1)
		while (page_has(w->head_flags = flags_of(w, head),
				PF_COMPOUND_TAIL) &&
		       head && pfn - head < MOST)
			head--;
	w->tail_pfn = pfn;
	return w->head_flags;
}

/*
 * The pass may be long past: what is idle no more was touched since, or the
 * frame is another page's by now.
 */
static uint8_t idle_look(struct walk *w, uint64_t pfn, bool *swap)
{
	uint8_t age = idle_age(&w->s->idle, pfn, swap);
	uint64_t flags;

	if (!age || age == AGE_NONE)
		return age;
	flags = folio_flags(w, pfn);
	if (page_has(flags, PF_IDLE))
		return age;
	*swap = page_has(flags, PF_SWAPBACKED) || page_has(flags, PF_ANON);
	return 0;
}

/* DAMON tells ages by address, and neither kinds nor what is a user's page. */
static uint8_t damon_look(struct walk *w, uint64_t addr, uint64_t entry,
			  bool *swap)
{
	const uint64_t either =
		UINT64_C(1) << PF_ANON | UINT64_C(1) << PF_SWAPBACKED;
	uint64_t flags = flags_of(w, entry & PM_PFN);

	*swap = flags & either;
	/* On older kernels a tail shows none of its head's flags. */
	if (flags >> PF_COMPOUND_TAIL & 1 && !(flags >> PF_HUGE & 1))
		*swap |= !(entry & PM_FILE);
	else if (!(flags >> PF_LRU & 1))
		return AGE_NONE;
	return damon_age(w->s->damon, w->i, addr, &w->s->scale);
}

/* The zero page, devices and huge TLB pages are present, but not tracked. */
static void take_entry(struct walk *w, uint64_t addr, uint64_t entry)
{
	bool swap = false;
	uint8_t age;

	if (entry & PM_SWAP) {
		w->swapped += PM_SWAP_TYPE(entry) < PM_SWAP_TYPES;
		return;
	}
	if (!(entry & PM_PRESENT))
		return;
	/* No page frame of a process is 0: all are that without the right. */
	if (!(entry & PM_PFN)) {
		w->hidden = true;
		return;
	}
	age = w->s->damon ? damon_look(w, addr, entry, &swap)
			  : idle_look(w, entry & PM_PFN, &swap);
	if (age == AGE_NONE || !first_time(w, entry & PM_PFN))
		return;
	counts_more(&w->pages[swap], age, 1);
	if (age >= w->age)
		grow_range(w, addr, swap);
}

static void walk_range(struct walk *w, int pagemap, uint64_t start,
		       uint64_t end)
{
	uint64_t entries[RUN], page = start / w->s->page_bytes;
	uint64_t last = end / w->s->page_bytes;

	while (page < last) {
		size_t n = last - page < RUN ? (size_t)(last - page) : RUN;
		ssize_t got = idle_read_words(pagemap, page, entries, n);

		if (got < 0)
			w->err = (int)got;
		if (got <= 0)
			return; /* the process is gone, or [vsyscall] */
		n = (size_t)got;
		for (size_t i = 0; i < n; i++)
			take_entry(w, (page + i) * w->s->page_bytes,
				   entries[i]);
		page += n;
	}
}

/* Asks a large mapping for what it holds; where it cannot be asked, all. */
static void walk_mapping(struct walk *w, int pagemap, uint64_t start,
			 uint64_t end)
{
	struct pagemap_region v[REGIONS];
	struct pagemap_scan arg = { .size = sizeof(arg),
				    .start = start,
				    .end = end,
				    .vec = (uintptr_t)v,
				    .vec_len = REGIONS,
				    .category_anyof_mask =
					    PAGEMAP_PRESENT | PAGEMAP_SWAPPED,
				    .return_mask = PAGEMAP_PRESENT };
	uint64_t page = w->s->page_bytes, from = start, to = start;

	while (end - start > RUN * page && arg.start < end) {
		int n = ioctl(pagemap, PAGEMAP_SCAN_CMD, &arg);

		if (n < 0 || arg.walk_end <= arg.start)
			break;
		for (int i = 0; i < n; i++) {
			if (v[i].start > to + GAP * page) {
				walk_range(w, pagemap, from, to);
				from = v[i].start;
			}
			to = v[i].end;
		}
		arg.start = arg.walk_end;
	}
	walk_range(w, pagemap, from, arg.start < end ? end : to);
}

/* NUM_NONE for a process that has ended. */
static uint64_t start_ticks(uint64_t pid)
{
	uint64_t ticks;

	return pid_started(pid, &ticks) ? NUM_NONE : ticks;
}

bool proc_left(struct proc_opts *opts)
{
	size_t left = 0;

	for (size_t i = 0; i < opts->n; i++) {
		uint64_t *known = opts->start_ticks + i;
		uint64_t now;

		if (*known == NUM_NONE)
			continue;
		now = start_ticks(opts->pid[i]);
		if (now != NUM_NONE && (!*known || now == *known)) {
			*known = now;
			left++;
			continue;
		}
		*known = NUM_NONE;
		opts->ended = true;
		warn(ESRCH, "cannot read the page tables of process %" PRIu64,
		     opts->pid[i]);
	}
	return left;
}

static char *cgroup_key(uint64_t pid)
{
	char path[PID_PATH], key[CG_KEY_MAX];

	return xstrdup(cg_of(pid_file(path, pid, "cgroup"), key) ? "-" : key);
}

static bool walk_maps(struct walk *w, uint64_t pid)
{
	unsigned long long start, end;
	char *text, *save = NULL, path[PID_PATH];
	int pagemap =
		io_open(root_fd(), pid_file(path, pid, "pagemap"), O_RDONLY);
	ssize_t n = io_read_all(root_fd(), pid_file(path, pid, "maps"), &text);

	if (pagemap < 0 || n < 0) {
		int err = pagemap < 0 ? pagemap : (int)n;

		/* It was there: see proc_left(). */
		if (err == -ESRCH)
			warn(0,
			     "process %" PRIu64
			     " has no page tables: it or its "
			     "first thread has ended; for the other threads, "
			     "use the ID of one of them (/proc/%" PRIu64
			     "/task)",
			     pid, pid);
		else
			warn(err,
			     "cannot read the page tables of process %" PRIu64,
			     pid);
		if (n >= 0)
			free(text);
		if (pagemap >= 0)
			close(pagemap);
		return false;
	}
	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%llx-%llx", &start, &end) == 2)
			walk_mapping(w, pagemap, start, end);
	free(text);
	close(pagemap);
	if (w->hidden)
		warn(0,
		     "the page tables of process %" PRIu64
		     " show no page frames: run as root, or add "
		     "CAP_SYS_ADMIN",
		     pid);
	else if (w->err)
		warn(w->err, "cannot read the pages of process %" PRIu64, pid);
	return !w->hidden && !w->err;
}

/* Of one that ended meanwhile, only a part was met. */
static bool is_there(uint64_t pid, uint64_t since_ticks)
{
	if (start_ticks(pid) == since_ticks)
		return true;
	warn(ESRCH, "cannot read the page tables of process %" PRIu64, pid);
	return false;
}

static void sums(struct walk *w)
{
	struct sample *x = &w->x;
	uint64_t page = w->s->page_bytes;

	for (size_t i = 0; i < w->s->opts->n_ages; i++) {
		int age;

		x->age_us = w->s->opts->age_us[i];
		age = age_from(&w->s->scale, x->age_us);
		x->anon_bytes = age_cold(&w->pages[1], 0) * page;
		x->file_bytes = age_cold(&w->pages[0], 0) * page;
		x->cold_anon_bytes = x->cold_file_bytes = NUM_NONE;
		if (age < AGES) {
			x->cold_anon_bytes = age_cold(&w->pages[1], age) * page;
			x->cold_file_bytes = age_cold(&w->pages[0], age) * page;
		}
		x->swapped_bytes = w->swapped * page;
		view_put(w->v, x);
	}
}

/* proc_pid_statm(5): what is in memory is the second number. */
static uint64_t resident_pages(uint64_t pid)
{
	char path[PID_PATH], text[128];
	uint64_t pages;

	if (io_read(root_fd(), pid_file(path, pid, "statm"), text,
		    sizeof(text)) < 0 ||
	    sscanf(text, "%*u %" SCNu64, &pages) != 1)
		return 0;
	return pages;
}

/* Of all ages asked for. */
static unsigned int oldest_suspicions(const struct scan *s, uint64_t pid)
{
	uint64_t us = s->opts->age_us[s->opts->n_ages - 1];

	return s->suspect | (s->source == SOURCE_IDLE
				     ? idle_suspicions(&s->idle, &s->scale, us,
						       resident_pages(pid))
				     : 0);
}

static bool emit_process(struct view *v, const struct scan *s,
			 const struct proc_opts *opts, uint64_t pid,
			 struct walk *w)
{
	char text[VERDICT_LEN], *key = cgroup_key(pid);
	bool ok;

	sample_clear(&w->x);
	w->x.cgroup = key;
	w->x.time_ms = s->time_ms;
	w->x.source = source_name(s->source);
	w->x.verdict = verdict_text(oldest_suspicions(s, pid), text);
	w->x.pid = pid;
	w->x.start_ticks = opts->start_ticks[w->i];
	w->x.age_us = s->opts->age_us[0];
	counts_clear(&w->pages[0]);
	counts_clear(&w->pages[1]);
	w->swapped = 0;
	w->hidden = false;
	w->err = 0;
	w->v = v;
	w->age = opts->ranges ? age_from(&s->scale, w->x.age_us) : AGES;
	ok = walk_maps(w, pid) && is_there(pid, w->x.start_ticks);
	end_range(w);
	if (ok && !opts->ranges)
		sums(w);
	free(key);
	return ok;
}

/* A bit for each page frame of the machine: was it counted? */
static void open_seen(struct walk *w)
{
	struct pfn_range *ram;
	size_t n;

	if (idle_ram(w->s->page_bytes, &ram, &n))
		return;
	for (size_t i = 0; i < n; i++)
		if (ram[i].end > w->frames)
			w->frames = ram[i].end;
	w->seen = xcalloc(w->frames / 64 + 1, 8);
	free(ram);
}

bool proc_emit(struct view *v, const struct scan *s, struct proc_opts *opts)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	bool ok = true;

	w->s = s;
	w->near_pfn = w->tail_pfn = NUM_NONE - 1;
	w->flags_fd = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	if (!opts->mappings)
		open_seen(w);
	for (w->i = 0; w->i < opts->n; w->i++) {
		uint64_t *known = opts->start_ticks + w->i;

		if (*known == NUM_NONE ||
		    emit_process(v, s, opts, opts->pid[w->i], w))
			continue;
		*known = NUM_NONE; /* it was warned of */
		ok = false;
	}
	rows_flush(&v->out);
	if (w->flags_fd >= 0)
		close(w->flags_fd);
	free(w->seen);
	free(w);
	return ok;
}
