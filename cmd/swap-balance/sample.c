#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kernel-page-flags.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "mapped.h"
#include "msg.h"
#include "num.h"
#include "pagemap.h"
#include "procs.h"
#include "root.h"

enum {
	LEAST_PAGES = 32, /* of a sample */
	LEAST_STEP = 32,  /* of so many pages one is taken */
	TRIES = 16,	  /* in one part */
	LEAST_SEEN_PCT = 50
};

/* ---- which pages ---- */

/* One of each step of the pages that are told, at a place by chance. */
struct strata {
	double step;
	uint64_t told; /* pages */
	double end, at;
	unsigned int tries; /* left in this part */
};

static void strata_init(struct strata *s, double step)
{
	*s = (struct strata){ .step = step };
	srand48((long)clock_mono_us());
}

/* Is the next page to be tried? */
static bool strata_next(struct strata *s)
{
	double i = (double)s->told++;

	if (i >= s->end) {
		s->at = s->end + drand48() * s->step;
		s->end += s->step;
		s->tries = TRIES;
	}
	if (!s->tries || i + 1 <= s->at)
		return false;
	s->tries--;
	return true;
}

/* It was taken: no other of this part is. */
static void strata_done(struct strata *s)
{
	s->tries = 0;
}

struct choosing {
	struct choice *c;
	const struct cg_set *set;
	const struct cg *cg;
	size_t most;
	struct strata strata;
	struct mapped is;
	struct mapping in;
	uint64_t ino; /* of the process's cgroup */
	int flags, cgroup;
	const char *why;
};

static uint64_t frame_word(int fd, uint64_t entry)
{
	uint64_t word = 0, pfn = entry & PM_PFN;

	return pread(fd, &word, sizeof(word), (off_t)(pfn * sizeof(word))) ==
			       sizeof(word)
		       ? word
		       : 0;
}

/* KPF_ANON is not asked for: shared memory is SWAPBACKED as well. */
static bool is_plain(uint64_t flags)
{
	const uint64_t is = UINT64_C(1) << KPF_LRU | UINT64_C(1)
							     << KPF_SWAPBACKED;
	const uint64_t is_not =
		UINT64_C(1) << KPF_UNEVICTABLE | UINT64_C(1) << KPF_THP |
		UINT64_C(1) << KPF_COMPOUND_HEAD |
		UINT64_C(1) << KPF_COMPOUND_TAIL | UINT64_C(1) << KPF_HUGE;

	return (flags & (is | is_not)) == is;
}

static bool is_of_cgroup(const struct choosing *c, uint64_t entry)
{
	uint64_t ino;

	if (c->cgroup < 0)
		return true;
	ino = frame_word(c->cgroup, entry);
	return ino == c->ino || ino == c->cg->ino;
}

static int choose_entries(void *arg, uint64_t page, const uint64_t *entry,
			  size_t n)
{
	struct choosing *c = arg;

	for (size_t i = 0; i < n; i++) {
		uint64_t e = entry[i];

		if (!(e & PM_PRESENT) || !(e & PM_ALONE) ||
		    (e & PM_FILE && !c->in.shared_memory))
			continue;
		if (!(e & PM_PFN)) {
			c->why = "page maps need CAP_SYS_ADMIN";
			return -EPERM;
		}
		if (!strata_next(&c->strata) ||
		    !is_plain(frame_word(c->flags, e)) || !is_of_cgroup(c, e))
			continue;
		strata_done(&c->strata);
		if (c->c->n < c->most)
			c->c->v[c->c->n++] =
				(struct chosen){ c->is.pid, page + i };
	}
	return 0;
}

/* Nothing is advised: only the right is asked for. */
static int try_advice(int pidfd)
{
	struct iovec none = { 0 };

	if (pidfd < 0)
		return pidfd;
	return syscall(SYS_process_madvise, pidfd, &none, 0, MADV_PAGEOUT, 0) <
			       0
		       ? -errno
		       : 0;
}

static const char *why_not(int err)
{
	return err == -EPERM || err == -EACCES
		       ? "other processes need CAP_SYS_NICE and CAP_SYS_PTRACE"
	       : err == -ENOSYS || err == -EINVAL
		       ? "process_madvise(2) needs Linux 5.10"
		       : "its processes cannot be read";
}

static int choose_process(void *arg, uint64_t pid)
{
	struct choosing *c = arg;
	int err = mapped_open(&c->is, c->cg, pid, "RssAnon");

	if (!err)
		err = try_advice(c->is.pidfd);
	if (!err)
		err = cg_inode(c->set, c->is.key, &c->ino);
	if (err && err != -ESRCH && !cg_err_is_gone(err))
		c->why = why_not(err);
	for (const char *at = c->is.maps; !err && mapped_next(&at, &c->in);)
		err = pagemap_present(c->is.pagemap, c->in.page, c->in.end,
				      choose_entries, c);
	mapped_close(&c->is);
	return c->why ? -EPERM : 0;
}

static const char *choose_all(struct choosing *c, double expected)
{
	int err;

	c->flags = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	if (c->flags < 0)
		return "/proc/kpageflags cannot be read";
	c->cgroup = io_open(root_fd(), "proc/kpagecgroup", O_RDONLY);
	err = procs_each(c->set, c->cg, choose_process, c);
	close(c->flags);
	if (c->cgroup >= 0)
		close(c->cgroup);
	if (c->why || err)
		return c->why ? c->why : why_not(err);
	if ((double)c->c->n * 100 < expected * LEAST_SEEN_PCT)
		return "most of its pages are huge, shared, or of no process";
	c->c->unseen = fmax(1 - (double)c->c->n / expected, 0);
	return NULL;
}

const char *sample_choose(struct choice *out, const struct cg_set *set,
			  const struct cg *cg, uint64_t total_pages,
			  uint64_t most_pages)
{
	double step =
		fmax((double)total_pages / (double)most_pages, LEAST_STEP);
	double expected = (double)total_pages / step;
	struct choosing c = {
		.c = out, .set = set, .cg = cg, .most = (size_t)most_pages
	};
	const char *why;

	*out = (struct choice){ 0 };
	if (!root_is_live())
		return "this is a recording";
	if (expected < LEAST_PAGES)
		return "it has too little anonymous memory in small pages";
	strata_init(&c.strata, step);
	out->v = xrealloc(NULL, c.most, sizeof(*out->v));
	why = choose_all(&c, expected);
	if (why)
		sample_free(out);
	return why;
}

void sample_free(struct choice *c)
{
	free(c->v);
	*c = (struct choice){ 0 };
}

/* ---- into swap ---- */

static bool is_present(const struct mapped *m, uint64_t page)
{
	uint64_t entries[PAGEMAP_READ];

	return pagemap_read(m->pagemap, page, page + 1, entries) == 1 &&
	       entries[0] & PM_PRESENT && entries[0] & PM_ALONE;
}

/* 1: it went; 0: it stays. */
static int take_page(const struct mapped *m, uint64_t page)
{
	uint64_t bytes = mem_page_bytes();
	struct iovec iov = { .iov_base = (void *)(uintptr_t)(page * bytes),
			     .iov_len = bytes };

	if (!is_present(m, page))
		return 0;
	if (syscall(SYS_process_madvise, m->pidfd, &iov, 1, MADV_PAGEOUT, 0) <
	    0)
		return errno == EPERM ? -EPERM : 0;
	return !is_present(m, page);
}

int sample_take(const struct choice *c, const struct cg_set *set,
		const struct cg *cg, struct sample *out)
{
	struct mapped m = { .dir = -1, .pidfd = -1, .pagemap = -1 };
	int err, open = -ESRCH;

	*out = (struct sample){ .chosen_pages = c->n, .unseen = c->unseen };
	err = mem_stat_read(set, cg, &out->before);
	for (size_t i = 0; i < c->n && err >= 0 && !clock_stopped(); i++) {
		if (c->v[i].pid != m.pid) {
			mapped_close(&m);
			open = mapped_open(&m, cg, c->v[i].pid, "RssAnon");
		}
		if (!open)
			err = take_page(&m, c->v[i].page);
		out->out_pages += err > 0;
	}
	mapped_close(&m);
	return err < 0 ? err : 0;
}

/* ---- what zswap made of them ---- */

static uint64_t grown(uint64_t now, uint64_t then)
{
	return num_less(num_known(now), num_known(then));
}

/*
 * What is neither zero nor was taken is on the device: zswap refused it.  Pages
 * that were asked for since are out of the pool again.
 */
void sample_tell(struct sample *s, const struct mem_stat *now)
{
	const struct mem_stat *then = &s->before;
	uint64_t pages = s->out_pages;
	uint64_t zero = num_least(
		grown(now->swpout_zero_pages, then->swpout_zero_pages), pages);
	uint64_t taken = num_least(
		grown(now->zswpout_pages, then->zswpout_pages), pages - zero);
	double original =
		(double)grown(now->zswapped_bytes, then->zswapped_bytes);
	double kept =
		(double)grown(now->zswap_bytes, then->zswap_bytes) / original;
	struct compression c = { .kept = NAN, .refused = NAN };

	s->out_pages = 0;
	if (pages < LEAST_PAGES / 2 || now->zswpout_pages == NUM_NONE)
		return;
	c.pages = (double)pages;
	c.zero = (double)zero / c.pages;
	/* What did not go was not seen either. */
	c.unseen = 1 - (1 - s->unseen) * c.pages / (double)s->chosen_pages;
	c.refused =
		zero < pages ? 1 - (double)taken / (double)(pages - zero) : 0;
	if (original > 0)
		c.kept = fmin(kept, 1);
	else if (c.refused >= 1)
		c.kept = 1; /* of none */
	else if (zero < pages)
		return;
	s->c = c;
}
