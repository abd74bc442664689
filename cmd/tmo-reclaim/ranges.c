/*
 * --ranges: pages out exactly the addresses that cold-scan --ranges names, by
 * process_madvise(2) with MADV_PAGEOUT.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "modes.h"
#include "msg.h"
#include "num.h"
#include "pid.h"
#include "psi.h"
#include "resident.h"
#include "root.h"

/* One call handles this much: between two the pressure is looked at. */
enum { PIECE_BYTES = 4 << 20 };

struct range {
	uint64_t pid, start_ticks, addr, bytes;
	bool anon, is_cold;
};

struct map {
	int pid, start_ticks, addr, bytes, kind, verdict;
};

/* The process that the rows speak of, as long as they do. */
struct spoken_of {
	struct process is;
	uint64_t start_ticks;
	int err;
	bool warned;
};

static void map_input(const struct rows_in *in, struct map *m)
{
	*m = (struct map){
		.pid = rows_find(in, "pid"),
		.start_ticks = rows_find(in, "start_ticks"),
		.addr = rows_find(in, "addr"),
		.bytes = rows_find(in, "bytes"),
		.kind = rows_find(in, "kind"),
		.verdict = rows_find(in, "verdict"),
	};
	if (in->version && (m->pid < 0 || m->start_ticks < 0 || m->addr < 0 ||
			    m->bytes < 0 || m->kind < 0))
		die(0,
		    "line %zu: no columns pid start_ticks addr bytes kind: "
		    "put cold-scan --ranges before this",
		    in->line);
}

static uint64_t cell(const struct rows_in *in, int i)
{
	uint64_t v;

	if (rows_u64(in, i, &v) || v >= NUM_MAX)
		die(0, "line %zu: a range needs whole numbers", in->line);
	return v;
}

/*
 * DAMON's ranges are all suspect:region, and wanted all the same by whoever has
 * it tell them.  Rows without a verdict are of somebody who has none.
 */
static bool is_cold(const struct rows_in *in, const struct map *m)
{
	const char *verdict = rows_str(in, m->verdict);

	return m->verdict < 0 ||
	       (verdict &&
		(!strcmp(verdict, "ok") || !strcmp(verdict, "suspect:region")));
}

static void read_range(const struct rows_in *in, const struct map *m,
		       struct range *r)
{
	const char *kind = rows_str(in, m->kind);

	if (!in->version)
		die(0,
		    "line %zu: --ranges needs the header of cold-scan "
		    "--ranges",
		    in->line);
	*r = (struct range){
		.pid = cell(in, m->pid),
		.start_ticks = cell(in, m->start_ticks),
		.addr = cell(in, m->addr),
		.bytes = cell(in, m->bytes),
		.anon = !kind || strcmp(kind, "file"),
		.is_cold = is_cold(in, m),
	};
}

/*
 * The pidfd first, the start time behind it: when that is the one that was
 * scanned, so is the process that the pidfd holds.
 */
static void enter(struct spoken_of *p, const struct range *r)
{
	uint64_t ticks;

	if (p->is.pid == r->pid && p->start_ticks == r->start_ticks)
		return;
	process_close(&p->is);
	p->start_ticks = r->start_ticks;
	p->warned = false;
	p->err = process_open(&p->is, r->pid);
	if (!p->err)
		p->err = pid_started(r->pid, &ticks);
	if (!p->err && ticks != r->start_ticks)
		p->err = -ESRCH;
}

/* Of the range, what is in memory; NUM_NONE: unknown. */
static uint64_t present_bytes(const struct spoken_of *p, const struct range *r)
{
	uint64_t page_bytes = mem_page_bytes();
	uint64_t n = resident_pages(&p->is, r->addr / page_bytes,
				    r->bytes / page_bytes);

	return n == NUM_NONE ? n : n * page_bytes;
}

/* Anonymous pages need swap; the limits are those of the cgroup named. */
static enum reason may_page_out(struct run *run, const char *key, bool anon)
{
	struct mem_swap swap;
	struct bounds_in g = {
		.swap_limit_mpct = run->policy.swap_limit_mpct,
		.swap_write = NUM_NONE,
		.swappiness = NUM_NONE,
		.rotational = run->host.rotational && !run->host.zswap &&
			      !run->policy.rotational,
		.zswap_full = run->host.zswap_full,
		.zram_full = run->host.zram_full,
	};

	if (!anon)
		return REASON_LAW;
	mem_swap_left(&run->set, key, &swap);
	g.swap_left_bytes = swap.left_bytes;
	g.swap_used_mpct = swap.used_mpct;
	return bounds_swap(&g);
}

static uint64_t stalled_us(const struct run *run, const struct cg *cg)
{
	char buf[1024];
	struct psi psi;

	if (cg_read(&run->set, cg, psi_cgroup_file(PSI_MEM), buf,
		    sizeof(buf)) <= 0 ||
	    psi_parse(buf, &psi))
		return NUM_NONE;
	return psi.line[PSI_SOME].total_us;
}

static enum reason failed(struct spoken_of *p, int err)
{
	enum reason why = reason_of_errno(err);

	if (why != REASON_GONE && why != REASON_CUT_SIGNAL && !p->warned) {
		warn(err, "cannot page out of process %" PRIu64, p->is.pid);
		p->warned = true;
	}
	return why;
}

/*
 * Piece by piece, until it is done or the cgroup feels it.  ENOMEM: part of it
 * is mapped no more, and the rest was advised all the same (madvise(2)).
 */
static enum reason page_out(struct run *run, const struct cg *cg,
			    struct spoken_of *p, const struct range *r)
{
	uint64_t stall_us = stalled_us(run, cg), now_us;

	for (uint64_t done = 0; done < r->bytes;) {
		uint64_t n = r->bytes - done < PIECE_BYTES ? r->bytes - done
							   : PIECE_BYTES;
		struct iovec iov = {
			.iov_base = (void *)(uintptr_t)(r->addr + done),
			.iov_len = n,
		};

		if (clock_stopped())
			return REASON_CUT_SIGNAL;
		if (syscall(SYS_process_madvise, p->is.pidfd, &iov, 1,
			    MADV_PAGEOUT, 0) < 0 &&
		    errno != ENOMEM)
			return failed(p, -errno);
		done += n;
		now_us = stalled_us(run, cg);
		if (num_delta(now_us, stall_us) == NUM_NONE)
			return REASON_NO_PSI;
		if (now_us - stall_us > run->policy.alarm_us)
			return REASON_CUT_PSI;
	}
	return REASON_COLD;
}

static void one_range(struct run *run, const char *key, struct spoken_of *p,
		      const struct range *r, struct result *out)
{
	uint64_t before, after;
	struct cg *cg;

	host_read(&run->host, run->policy.kill_switch);
	out->want_bytes = 0;
	out->reason = REASON_GONE;
	if (cg_set_get(&run->set, key, &cg))
		return;
	enter(p, r);
	out->reason =
		p->err ? failed(p, p->err) : may_page_out(run, key, r->anon);
	if (stalled_us(run, cg) == NUM_NONE)
		out->reason = REASON_NO_PSI;
	if (out->reason != REASON_LAW)
		return;
	if (off_is(&run->host.off, key)) {
		out->reason = REASON_OFF;
		return;
	}
	out->want_bytes = r->bytes;
	out->reason = REASON_COLD;
	/* A recording's processes may live on here under other names. */
	if (run->policy.dry_run || !root_is_live()) {
		note("would page out %" PRIu64 " bytes at %#" PRIx64
		     " of process %" PRIu64,
		     r->bytes, r->addr, r->pid);
		return;
	}
	out->paged_out = true;
	before = present_bytes(p, r);
	out->reason = page_out(run, cg, p, r);
	after = present_bytes(p, r);
	out->y.got_bytes = num_known(num_delta(before, after));
}

/* With the words of the first one: those after it have the same, mostly. */
static enum reason skip(const struct rows_in *in, const struct map *m,
			bool *told)
{
	const char *verdict = rows_str(in, m->verdict);

	if (!*told)
		note("line %zu: the verdict is %s, not ok: such ranges are "
		     "skipped, as they may be in use; see VERDICT in "
		     "cold-scan(8)",
		     in->line, verdict ? verdict : "-");
	*told = true;
	return REASON_SUSPECT;
}

void ranges(struct run *run, struct shown *to)
{
	struct spoken_of process = { .is = PROCESS_NONE };
	bool told = false;
	char key[CG_KEY_MAX];
	struct rows_in in;
	struct map m;
	struct range r;
	int event = ROWS_HEADER;

	rows_in_open(&in, STDIN_FILENO, to->out);
	map_input(&in, &m);
	while (!clock_stopped() && !to->out->err &&
	       (event = rows_next(&in)) > ROWS_END) {
		struct result out = { .time_ms = clock_unix_ms() };

		if (event == ROWS_HEADER)
			map_input(&in, &m);
		if (event != ROWS_ROW)
			continue;
		tool_need_columns(&in, to->show);
		read_range(&in, &m, &r);
		if (tool_row_key(&run->set, &in, key))
			out.reason = REASON_ERROR;
		else if (!r.is_cold)
			out.reason = skip(&in, &m, &told);
		else
			one_range(run, key, &process, &r, &out);
		run->failed |= out.reason == REASON_DENIED ||
			       out.reason == REASON_ERROR ||
			       out.reason == REASON_UNSUPPORTED;
		row_put(&to->own, to->show, &out);
		rows_emit(to->out, &in, to->show, &to->own);
	}
	if (event < 0)
		tool_bad_input(&in, event);
	process_close(&process.is);
	rows_in_close(&in);
}
