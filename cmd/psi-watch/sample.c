#include "sample.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "mem.h"
#include "num.h"
#include "root.h"
#include "swap.h"

/* ---- columns ---- */

bool sample_is_number(int arg)
{
	enum what what = sample_fields[arg].what;

	return what != W_CGROUP && what != W_TREND;
}

bool sample_value(const struct sample *s, int arg, int64_t *out)
{
	const struct sample_field *f = &sample_fields[arg];
	uint64_t v = NUM_NONE;
	int64_t mpct;

	switch (f->what) {
	case W_PCT:
		v = s->stall_us[f->res][f->kind];
		if (v == NUM_NONE || !s->res_window_us[f->res])
			return false;
		mpct = num_mpct(v, s->res_window_us[f->res]);
		/* The counter and our clock are read one after the other. */
		*out = mpct > 100000 ? 100000 : mpct;
		return true;
	case W_US: v = s->stall_us[f->res][f->kind]; break;
	case W_TOTAL_US: v = s->total_us[f->res][f->kind]; break;
	case W_AVG_PCT:
		if (s->total_us[f->res][f->kind] == NUM_NONE)
			return false;
		*out = s->avg_mpct[f->res][f->kind][f->avg];
		return true;
	case W_TIME: *out = s->unix_ms; return true;
	case W_WINDOW_US: v = s->window_us; break;
	case W_MEMORY_BYTES: v = s->memory_bytes; break;
	case W_SWAP_BYTES: v = s->swap_bytes; break;
	case W_CGROUP:
	case W_TREND: break;
	}
	*out = (int64_t)v;
	return v != NUM_NONE && v != NUM_MAX;
}

static void put_milli(struct row *r, const void *sample, int arg)
{
	int64_t v;

	if (sample_value(sample, arg, &v))
		row_milli(r, v);
	else
		row_none(r);
}

static void put_whole(struct row *r, const void *sample, int arg)
{
	int64_t v;

	if (sample_value(sample, arg, &v))
		row_u64(r, (uint64_t)v);
	else
		row_none(r);
}

static void put_key(struct row *r, const void *sample, int arg)
{
	const struct sample *s = sample;

	(void)arg;
	row_str(r, s->key);
}

static void put_trend(struct row *r, const void *sample, int arg)
{
	const struct sample *s = sample;

	(void)arg;
	row_str(r, s->trend);
}

/* One F() a column: name, help, what puts it, and its field. */
#define STALL(F, line, text, ...)                                            \
	F(line##_pct, "share of the window in which " text " stalled",       \
	  put_milli, .what = W_PCT, __VA_ARGS__)                             \
	F(line##_us, "stalled time in the window", put_whole, .what = W_US,  \
	  __VA_ARGS__)                                                       \
	F(line##_total_us, "stalled time since boot or creation", put_whole, \
	  .what = W_TOTAL_US, __VA_ARGS__)                                   \
	F(line##_avg10_pct, "the kernel's average over 10 s", put_milli,     \
	  .what = W_AVG_PCT, .avg = AVG10, __VA_ARGS__)                      \
	F(line##_avg60_pct, "the kernel's average over 60 s", put_milli,     \
	  .what = W_AVG_PCT, .avg = AVG60, __VA_ARGS__)                      \
	F(line##_avg300_pct, "the kernel's average over 300 s", put_milli,   \
	  .what = W_AVG_PCT, .avg = AVG300, __VA_ARGS__)
#define COLUMNS(F)                                                          \
	F(cgroup, "path below the cgroup2 mount; / is the whole system",    \
	  put_key, .what = W_CGROUP)                                        \
	F(time, "time of the reading", put_milli, .what = W_TIME)           \
	F(window_us, "time since the last reading", put_whole,              \
	  .what = W_WINDOW_US)                                              \
	STALL(F, cpu_some, "some task", .res = PSI_CPU, .kind = PSI_SOME)   \
	STALL(F, cpu_full, "all tasks", .res = PSI_CPU, .kind = PSI_FULL)   \
	STALL(F, mem_some, "some task", .res = PSI_MEM, .kind = PSI_SOME)   \
	STALL(F, mem_full, "all tasks", .res = PSI_MEM, .kind = PSI_FULL)   \
	STALL(F, io_some, "some task", .res = PSI_IO, .kind = PSI_SOME)     \
	STALL(F, io_full, "all tasks", .res = PSI_IO, .kind = PSI_FULL)     \
	STALL(F, irq_full, "all tasks", .res = PSI_IRQ, .kind = PSI_FULL)   \
	F(memory_bytes, "memory in use", put_whole, .what = W_MEMORY_BYTES) \
	F(swap_bytes, "swap in use", put_whole, .what = W_SWAP_BYTES)       \
	F(trend, "graph of the last samples", put_trend, .what = W_TREND)

#define PLACE(name, ...)	    COL_##name,
#define COL(name, help, put, ...)   { #name, help, put, COL_##name },
#define FIELD(name, help, put, ...) { __VA_ARGS__ },
enum { COLUMNS(PLACE) COL_COUNT };
const struct col sample_cols[] = { COLUMNS(COL) };
const struct sample_field sample_fields[] = { COLUMNS(FIELD) };
const size_t sample_n_cols = COL_COUNT;

const char sample_defaults[] = "cgroup,time,window_us,cpu_some_pct,"
			       "mem_some_pct,mem_full_pct,io_some_pct,"
			       "io_full_pct";
const char sample_defaults_once[] =
	"cgroup,time,cpu_some_avg10_pct,mem_some_avg10_pct,mem_full_avg10_pct,"
	"io_some_avg10_pct,io_full_avg10_pct";

void need_col(struct need *need, int arg)
{
	const struct sample_field *f = &sample_fields[arg];

	switch (f->what) {
	case W_PCT:
	case W_US: need->window = need->res[f->res] = true; break;
	case W_AVG_PCT: need->averages = true; /* fall through */
	case W_TOTAL_US: need->res[f->res] = true; break;
	case W_WINDOW_US: need->window = need->res[PSI_MEM] = true; break;
	case W_MEMORY_BYTES: need->memory = true; break;
	case W_SWAP_BYTES: need->swap = true; break;
	case W_TIME:
	case W_CGROUP:
	case W_TREND: break;
	}
}

/* ---- reading ---- */

void reader_open(struct reader *r, struct cg_set *set)
{
	r->set = set;
	/*
	 * The pressure files are what each sample reads: they get the set's
	 * descriptors, not the directories.
	 */
	set->dirs_max = 0;
}

int reader_open_file(const struct reader *r, const struct cg *cg,
		     enum psi_res res, int flags)
{
	if (cg_is_root(cg))
		return io_open(root_fd(), psi_system_file(res), flags);
	return cg_open_file(r->set, cg, psi_cgroup_file(res), flags);
}

static void let_go(struct sample_state *state, int res)
{
	if (state->fd[res] >= 0)
		cg_set_let_go(state->reader->set, &state->fd[res]);
}

void sample_state_open(struct cg_set *set, struct cg *cg)
{
	struct sample_state *state = cg->data;

	(void)set;
	for (int res = 0; res < PSI_RES_COUNT; res++)
		state->fd[res] = -1;
}

void sample_state_close(struct sample_state *state)
{
	for (int res = 0; res < PSI_RES_COUNT; res++)
		let_go(state, res);
}

/* Opens, reads and, while there are descriptors to spare, holds. */
static ssize_t read_anew(struct reader *r, struct cg *cg, int res, char *buf,
			 size_t size)
{
	struct sample_state *state = cg->data;
	int fd = reader_open_file(r, cg, (enum psi_res)res, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = io_pread(fd, buf, size);
	if (n >= 0 && root_is_live() && cg_set_has_room(r->set)) {
		state->fd[res] = fd;
		cg_set_hold(r->set);
		return n;
	}
	r->fd_short |= n >= 0 && root_is_live();
	close(fd);
	return n;
}

static ssize_t read_file(struct reader *r, struct cg *cg, int res, char *buf,
			 size_t size)
{
	struct sample_state *state = cg->data;
	ssize_t n;

	if (state->fd[res] >= 0) {
		n = io_pread(state->fd[res], buf, size);
		if (n >= 0)
			return n;
		/*
		 * Removed, or cgroup.pressure was 0 for a while: held files
		 * stay dead (kernel/cgroup/cgroup.c, cgroup_pressure_write),
		 * and what the counter says across the gap is no window.
		 */
		let_go(state, res);
		state->at_us[res] = 0;
	}
	return read_anew(r, cg, res, buf, size);
}

/*
 * At system level cpu full is undefined: the kernel prints zeroes, or garbage
 * (Documentation/accounting/psi.rst).
 */
static bool is_reported(const struct cg *cg, int res, int kind,
			const struct psi *psi)
{
	if (res == PSI_CPU && kind == PSI_FULL && cg_is_root(cg))
		return false;
	return psi->line[kind].seen;
}

/* A counter that went back or jumped is a restart: there is no window yet. */
static void take_line(struct sample_state *state, int res, int kind,
		      const struct psi_line *line, struct sample *s)
{
	uint64_t now = line->total_us;

	if (state->at_us[res])
		s->stall_us[res][kind] = psi_stall_us(
			now, state->total_us[res][kind], s->res_window_us[res]);
	state->total_us[res][kind] = now;
	s->total_us[res][kind] = now;
	s->avg_mpct[res][kind][AVG10] = (int32_t)line->avg10_mpct;
	s->avg_mpct[res][kind][AVG60] = (int32_t)line->avg60_mpct;
	s->avg_mpct[res][kind][AVG300] = (int32_t)line->avg300_mpct;
}

static int take_res(struct reader *r, struct cg *cg, int res, struct sample *s)
{
	struct sample_state *state = cg->data;
	struct psi psi;
	char buf[512];
	ssize_t n = read_file(r, cg, res, buf, sizeof(buf));
	uint64_t now_us = clock_mono_us(); /* next to the read */
	int err = n < 0		     ? (int)n
		  : r->need.averages ? psi_parse(buf, &psi)
				     : psi_parse_totals(buf, &psi);

	/* Nor is there a window where recordings are not in order. */
	if (err || now_us < state->at_us[res])
		state->at_us[res] = 0;
	if (err)
		return err;
	if (state->at_us[res])
		s->res_window_us[res] = now_us - state->at_us[res];
	for (int kind = 0; kind < PSI_KIND_COUNT; kind++)
		if (is_reported(cg, res, kind, &psi))
			take_line(state, res, kind, &psi.line[kind], s);
	if (s->window_us == NUM_NONE && state->at_us[res])
		s->window_us = s->res_window_us[res];
	state->at_us[res] = now_us;
	s->mono_us = now_us;
	return 0;
}

static uint64_t system_swap(void)
{
	struct swap_area areas[SWAP_AREAS_MAX];
	int n = swap_areas(areas, SWAP_AREAS_MAX);
	uint64_t used_bytes = 0;

	for (int i = 0; i < n; i++)
		used_bytes += areas[i].used_bytes;
	return n < 0 ? NUM_NONE : used_bytes;
}

static void take_memory(const struct reader *r, const struct cg *cg,
			struct sample *s)
{
	if (r->need.memory && mem_current(r->set, cg, &s->memory_bytes))
		s->memory_bytes = NUM_NONE;
	if (!r->need.swap)
		return;
	if (cg_is_root(cg))
		s->swap_bytes = system_swap();
	else if (cg_read_u64(r->set, cg, "memory.swap.current", &s->swap_bytes))
		s->swap_bytes = NUM_NONE;
}

int reader_sample(struct reader *r, struct cg *cg, struct sample *out)
{
	struct sample_state *state = cg->data;
	int err = 0, tried = 0, failed = 0;

	memset(out, 0xff, sizeof(*out)); /* NUM_NONE everywhere */
	out->key = cg->key;
	out->trend = NULL;
	out->mono_us = 0;
	state->reader = r;
	for (int res = 0; res < PSI_RES_COUNT; res++) {
		int e;

		if (!r->need.res[res])
			continue;
		e = take_res(r, cg, res, out);
		tried++;
		failed += e != 0;
		/* Many kernels have no irq file: the others tell better why. */
		if (e && (!err || res != PSI_IRQ))
			err = e;
	}
	if (!out->mono_us)
		out->mono_us = clock_mono_us();
	out->unix_ms = (int64_t)(out->mono_us / 1000) + r->unix_less_mono_ms;
	take_memory(r, cg, out);
	return tried && failed == tried ? err : 0;
}

/* ---- why not ---- */

/* By its path: the directory that was held can be opened when it is removed. */
bool reader_is_gone(const struct reader *r, const struct cg *cg)
{
	uint64_t ino;
	int err = cg_inode(r->set, cg->key, &ino);

	return cg_err_is_gone(err) || (!err && ino != cg->ino);
}

static bool is_off_here(const struct reader *r, const struct cg *cg)
{
	uint64_t on;

	return !cg_is_root(cg) &&
	       !cg_read_u64(r->set, cg, "cgroup.pressure", &on) && !on;
}

static bool system_has_psi(void)
{
	int fd = io_open(root_fd(), "proc/pressure", O_PATH | O_DIRECTORY);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

void reader_why(const struct reader *r, const struct cg *cg, int err, char *buf,
		size_t size)
{
	if (err == -EOPNOTSUPP)
		snprintf(buf, size,
			 "pressure accounting is disabled: boot with psi=1");
	else if (err == -EBADMSG)
		snprintf(buf, size,
			 "the pressure file of '%s' has no total=: this kernel "
			 "cannot be measured",
			 cg->key);
	else if (err != -ENOENT)
		snprintf(buf, size, "cannot read the pressure of '%s': %s",
			 cg->key, strerror(-err));
	else if (is_off_here(r, cg))
		snprintf(buf, size,
			 "pressure accounting of '%s' is off: write 1 to its "
			 "cgroup.pressure",
			 cg->key);
	else if (!system_has_psi())
		snprintf(buf, size,
			 "this kernel has no pressure files: boot with psi=1, "
			 "or one built with CONFIG_PSI (4.20 or newer)");
	else
		snprintf(buf, size,
			 "'%s' has no such pressure file: boot without "
			 "cgroup_disable=pressure",
			 cg->key);
}
