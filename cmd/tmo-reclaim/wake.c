/*
 * --wake: the pages that --park wrote down are asked for by process_madvise(2)
 * with MADV_WILLNEED, many at once, so that a disk reads them in one go; then
 * each that is not yet mapped is touched from outside by a read of
 * /proc/PID/mem, which waits for it and spares the process the fault.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "pagemap.h"
#include "parkdir.h"
#include "parking.h"
#include "period.h"
#include "resident.h"

enum {
	PIECE_BYTES = 4 << 20,	/* one call asks for */
	BATCH_BYTES = 32 << 20, /* asked for before the first is touched */
	VECTOR = 256,
};

/* Of a process what is to be brought back. */
struct piece {
	uint64_t page, pages;
	bool readable, file;
};

struct waking {
	struct run *run;
	struct result *r;
	uint64_t until_us;
	bool told; /* that a process cannot be woken */
	/* The process at hand. */
	struct process is;
	struct piece *v;
	size_t n, room;
	bool readable, file; /* of the mapping at hand */
	uint64_t pages;
};

static void add_piece(void *arg, uint64_t page, uint64_t pages)
{
	struct waking *w = arg;
	uint64_t most = PIECE_BYTES / mem_page_bytes();

	w->pages += pages;
	while (pages) {
		uint64_t n = num_least(pages, most);

		if (w->n == w->room) {
			w->room = w->room * 2 + 64;
			w->v = xrealloc(w->v, w->room, sizeof(*w->v));
		}
		w->v[w->n++] = (struct piece){ page, n, w->readable, w->file };
		page += n;
		pages -= n;
	}
}

/* REASON_LAW: there is time left. */
static enum reason may_go_on(const struct waking *w)
{
	if (clock_stopped())
		return REASON_CUT_SIGNAL;
	return clock_mono_us() >= w->until_us ? REASON_DEADLINE : REASON_LAW;
}

/* REASON_GONE: it has ended, as one that is told of in the row. */
static enum reason failed(struct waking *w, int err)
{
	enum reason why = reason_of_errno(err);

	if (why != REASON_GONE && !w->told)
		warn(err, "cannot wake process %" PRIu64, w->is.pid);
	if (why != REASON_GONE)
		w->told = w->run->failed = true;
	return why;
}

/*
 * Asks for some of them.  What is mapped no more (ENOMEM), or cannot be asked
 * for without swap in the kernel (EBADF), is passed over.
 */
static enum reason ask_for(struct waking *w, struct iovec *iov, size_t n)
{
	for (size_t i = 0; i < n;) {
		enum reason why = may_go_on(w);
		ssize_t done;

		if (why != REASON_LAW)
			return why;
		done = syscall(SYS_process_madvise, w->is.pidfd, iov + i, n - i,
			       MADV_WILLNEED, 0);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0 && errno != ENOMEM && errno != EBADF)
			return failed(w, -errno);
		while (i < n && done >= (ssize_t)iov[i].iov_len)
			done -= (ssize_t)iov[i++].iov_len;
		i += i < n;
	}
	return REASON_LAW;
}

static enum reason ask(struct waking *w, const struct piece *v, size_t n)
{
	struct iovec iov[VECTOR];
	enum reason why = REASON_LAW;
	uint64_t bytes = mem_page_bytes();

	for (size_t i = 0; i < n && why == REASON_LAW;) {
		uint64_t sum = 0;
		size_t k = 0;

		for (; i < n && k < VECTOR && sum < PIECE_BYTES; i++, k++) {
			iov[k].iov_base =
				(void *)(uintptr_t)(v[i].page * bytes);
			iov[k].iov_len = v[i].pages * bytes;
			sum += v[i].pages * bytes;
		}
		why = ask_for(w, iov, k);
	}
	return why;
}

/* A byte of it; what cannot be read (EIO) is passed over. */
static enum reason touch_page(struct waking *w, uint64_t address)
{
	enum reason why;
	ssize_t got;
	char byte;

	do {
		why = may_go_on(w);
		if (why != REASON_LAW)
			return why;
		got = pread(w->is.mem, &byte, 1, (off_t)address);
	} while (got < 0 && errno == EINTR);
	if (!got)
		return REASON_GONE;
	return got < 0 && errno != EIO ? failed(w, -errno) : REASON_LAW;
}

/*
 * Of a piece what is in swap, or a file's and not mapped.  An entry of neither
 * kind is a page that was given up since.
 */
static enum reason touch_piece(struct waking *w, const struct piece *p)
{
	uint64_t entries[PAGEMAP_READ], bytes = mem_page_bytes();
	enum reason why = REASON_LAW;

	for (uint64_t at = p->page, end = at + p->pages;
	     at < end && why == REASON_LAW;) {
		size_t n = pagemap_read(w->is.pagemap, at, end, entries);

		if (!n)
			return REASON_GONE;
		for (size_t i = 0; i < n && why == REASON_LAW; i++)
			if (!(entries[i] & PM_PRESENT) &&
			    (p->file || entries[i] & PM_SWAP))
				why = touch_page(w, (at + i) * bytes);
		at += n;
	}
	return why;
}

static enum reason bring_back(struct waking *w)
{
	uint64_t most = BATCH_BYTES / mem_page_bytes();
	enum reason why = REASON_LAW;

	for (size_t i = 0, k; i < w->n && why == REASON_LAW; i = k) {
		uint64_t sum = 0;

		for (k = i; k < w->n && sum < most; k++)
			sum += w->v[k].pages;
		why = ask(w, w->v + i, k - i);
		for (; i < k && why == REASON_LAW; i++)
			if (w->v[i].readable)
				why = touch_piece(w, w->v + i);
	}
	return why;
}

static uint64_t present_pages(const struct waking *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->n; i++)
		n += num_known(
			resident_pages(&w->is, w->v[i].page, w->v[i].pages));
	return n;
}

/* What the process still has of the record, in w->v. */
static enum reason find_pieces(struct waking *w, const struct parkfile *f,
			       const struct park_process *p)
{
	struct parkfile now = { 0 };
	size_t at = p->first;
	int err;

	parkfile_process(&now, p);
	err = resident_maps(&w->is, &now);
	for (size_t i = 0; i < now.maps; i++) {
		w->readable = now.map[i].readable;
		w->file = now.map[i].ino;
		parkfile_common(f, p, &at, now.map + i, add_piece, w);
	}
	parkfile_free(&now);
	return err ? failed(w, err) : REASON_LAW;
}

/* The pidfd first, then who it is; REASON_GONE: not the one of the record. */
static enum reason meet(struct waking *w, const struct park_process *p)
{
	struct park_process is;
	int err = process_open(&w->is, p->pid);

	if (!err)
		err = process_identify(p->pid, &is);
	if (!err && !parkfile_same(&is, p))
		err = -ESRCH;
	if (!err)
		err = w->is.pagemap < 0 ? w->is.pagemap
		      : w->is.mem < 0	? w->is.mem
					: 0;
	return err ? failed(w, err) : REASON_LAW;
}

static enum reason wake_process(struct waking *w, const struct parkfile *f,
				const struct park_process *p)
{
	uint64_t recorded = parkfile_pages(f, p), before = 0, after = 0;
	enum reason why = meet(w, p);

	w->n = 0;
	if (why == REASON_LAW)
		why = find_pieces(w, f, p);
	if (why == REASON_LAW) {
		before = after = present_pages(w);
		if (!w->run->policy.dry_run)
			why = bring_back(w);
		after = present_pages(w);
	}
	process_close(&w->is);
	if (w->run->policy.dry_run && w->pages)
		note("would bring back %" PRIu64 " bytes of process %" PRIu64,
		     num_less(w->pages, before) * mem_page_bytes(), p->pid);
	w->r->woken_bytes += num_less(after, before) * mem_page_bytes();
	w->r->missing_bytes += num_less(recorded, after) * mem_page_bytes();
	w->r->changed_processes += why == REASON_GONE;
	w->pages = 0;
	return why == REASON_GONE ? REASON_LAW : why;
}

static enum reason wake_all(struct waking *w, const struct parkfile *f)
{
	enum reason why = REASON_LAW;

	for (size_t i = 0; i < f->processes; i++) {
		enum reason now = why;

		if (why == REASON_LAW)
			now = may_go_on(w);
		if (now == REASON_LAW)
			now = wake_process(w, f, f->process + i);
		else
			w->r->missing_bytes +=
				parkfile_pages(f, f->process + i) *
				mem_page_bytes();
		why = now;
	}
	free(w->v);
	return why == REASON_LAW ? REASON_WOKEN : why;
}

/* The record of path, held: 0 and the descriptor, or -errno. */
static int read_held(const struct cg *cg, const char *path, struct parkfile *f,
		     int *held)
{
	int err = 0;

	*held = parkdir_hold(path);
	if (*held < 0)
		err = *held;
	return err ? err : parkdir_read(path, cg, f);
}

static enum reason wake_by(struct run *run, struct cg *cg, const char *path,
			   struct result *r)
{
	struct waking w = {
		.run = run,
		.r = r,
		.until_us = clock_mono_us() + run->policy.within_us,
	};
	enum reason why = REASON_NOT_PARKED;
	struct parkfile f = { 0 };
	int held, err = read_held(cg, path, &f, &held);

	if (err == -EWOULDBLOCK)
		return REASON_LOCKED;
	if (!err)
		why = wake_all(&w, &f);
	if (why == REASON_WOKEN && !run->policy.dry_run && unlink(path))
		err = -errno;
	if (err && err != -ENOENT) {
		warn(err, "record '%s'", path);
		run->failed = true;
		why = REASON_ERROR;
	}
	parkfile_free(&f);
	if (held >= 0)
		close(held);
	return why;
}

void wake(struct run *run, struct cg *cg, struct result *r)
{
	uint64_t start_us = clock_mono_us();
	char path[IO_PATH];
	int err = parkdir_path(run->policy.park_dir, cg, path);

	r->waking = true;
	if (err) {
		warn(err, "no place for a record: see --park-dir");
		r->reason = REASON_ERROR;
	} else {
		r->reason = wake_by(run, cg, path, r);
	}
	r->elapsed_us = clock_mono_us() - start_us;
	run->failed |= reason_kind(r->reason) == REASON_BROKEN;
	run->short_of |= r->reason != REASON_WOKEN;
}
