#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "io.h"
#include "num.h"
#include "psi.h"
#include "root.h"

/* ---- descriptors ---- */

static int open_psi(const struct cg_set *set, const struct cg *cg,
		    enum psi_res res)
{
	/* The root cgroup is the system. */
	if (cg_is_root(cg))
		return io_open(root_fd(), psi_system_file(res), O_RDONLY);
	return cg_open_file(set, cg, psi_cgroup_file(res), O_RDONLY);
}

static void hold_psi(struct target *t, const struct cg *cg, enum psi_res res,
		     int *held)
{
	int fd = *held >= 0 ? -1 : open_psi(t->set, cg, res);

	if (fd < 0)
		return;
	*held = fd;
	cg_set_hold(t->set);
}

void target_init(struct target *t, struct cg_set *set)
{
	t->set = set;
	t->reclaim_fd = t->psi_fd = t->io_fd = -1;
	files_init(&t->files, set);
}

static void close_psi(struct target *t)
{
	cg_set_let_go(t->set, &t->psi_fd);
	cg_set_let_go(t->set, &t->io_fd);
}

void target_rest(struct target *t)
{
	/* A directory, a lock and two of pressure. */
	if (4 * t->set->n > t->set->fd_max)
		close_psi(t);
}

void target_close(struct target *t)
{
	cg_set_let_go(t->set, &t->reclaim_fd);
	close_psi(t);
	files_close(&t->files);
}

/*
 * One tmo-reclaim for a cgroup: whoever may write the file may lock it, nobody
 * else; and the lock is gone with its holder.
 */
static int lock(struct target *t, int fd, bool alone)
{
	if (fd < 0)
		return fd;
	if (alone && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
		close(fd);
		return -EWOULDBLOCK;
	}
	t->reclaim_fd = fd;
	cg_set_hold(t->set);
	return 0;
}

/* What another recording showed is closed. */
static void follow_replay(struct target *t)
{
	if (t->generation != root_generation())
		target_close(t);
	t->generation = root_generation();
}

int target_open(const struct cg_set *set, const struct cg *cg, struct target *t,
		const char *file, bool alone)
{
	follow_replay(t);
	/* What is left is for the files of those that have one. */
	if (t->reclaim_fd < 0 && !cg_set_has_room(set))
		return -EMFILE;
	hold_psi(t, cg, PSI_MEM, &t->psi_fd);
	hold_psi(t, cg, PSI_IO, &t->io_fd);
	if (t->reclaim_fd >= 0)
		return 0;
	return lock(t, cg_open_file(set, cg, file, O_WRONLY | O_APPEND), alone);
}

int target_open_node(struct target *t, int node, bool alone)
{
	char path[64];

	follow_replay(t);
	if (t->reclaim_fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "sys/devices/system/node/node%d/reclaim",
		 node);
	return lock(t, io_open(root_fd(), path, O_WRONLY | O_APPEND), alone);
}

/* "Node 0 Active(anon):     1234 kB" */
static int node_bytes(const char *text, const char *name, uint64_t *out)
{
	const char *p = strstr(text, name);

	if (!p || sscanf(p + strlen(name), " %" SCNu64, out) != 1)
		return -EBADMSG;
	*out *= 1024;
	return 0;
}

int target_read_node(int node, struct mem_stat *st, struct reading *out)
{
	const struct {
		const char *name;
		uint64_t *to;
	} fields[] = {
		{ " MemUsed:", &out->current_bytes },
		{ " Active(anon):", &st->active_anon_bytes },
		{ " Inactive(anon):", &st->inactive_anon_bytes },
		{ " Active(file):", &st->active_file_bytes },
		{ " Inactive(file):", &st->inactive_file_bytes },
		{ " Dirty:", &st->file_dirty_bytes },
		{ " Writeback:", &st->file_writeback_bytes },
	};
	char path[64], buf[IO_BUF];
	ssize_t n;
	int err = 0;

	snprintf(path, sizeof(path), "sys/devices/system/node/node%d/meminfo",
		 node);
	n = io_read(root_fd(), path, buf, sizeof(buf));
	if (n < 0)
		return (int)n;
	for (size_t i = 0; !err && i < sizeof(fields) / sizeof(*fields); i++)
		err = node_bytes(buf, fields[i].name, fields[i].to);
	return err;
}

/* ---- readings ---- */

static int read_stat(const struct cg *cg, struct target *t,
		     struct mem_stat *out)
{
	char buf[IO_BUF];
	ssize_t n = files_read(&t->files, cg, FILE_STAT, buf, sizeof(buf));

	return n < 0 ? (int)n : mem_stat_parse(buf, out);
}

/* There a read of cpu.stat does it (kernel/cgroup/rstat.c). */
void target_flush(const struct cg *cg, struct target *t)
{
	char buf[IO_BUF];

	files_read(&t->files, cg, FILE_CPU_STAT, buf, sizeof(buf));
}

int target_read(const struct cg_set *set, const struct cg *cg, struct target *t,
		bool high, struct mem_stat *st, struct reading *out)
{
	int err = files_u64(&t->files, cg, FILE_CURRENT, &out->current_bytes);

	if (err == -ENOENT && cg_is_root(cg))
		err = mem_current(set, cg, &out->current_bytes);
	if (err || (err = read_stat(cg, t, st)))
		return err;
	out->apart = !high && st->pgsteal_proactive_pages != NUM_NONE;
	out->steal_pages =
		out->apart ? st->pgsteal_proactive_pages : st->pgsteal_pages;
	out->scan_pages =
		out->apart ? st->pgscan_proactive_pages : st->pgscan_pages;
	out->file_bytes = st->file_bytes;
	out->swapcached_bytes = st->swapcached_bytes;
	out->zswap_bytes = st->zswap_bytes;
	out->zswapped_bytes = st->zswapped_bytes;
	out->refault_anon_pages = st->refault_anon_pages;
	out->refault_file_pages = st->refault_file_pages;
	out->pswpout_pages = st->pswpout_pages;
	out->swpout_zero_pages = st->swpout_zero_pages;
	out->zswpout_pages = st->zswpout_pages;
	out->zswpwb_pages = st->zswpwb_pages;
	out->pgdemote_proactive_pages = st->pgdemote_proactive_pages;
	out->pgdemote_direct_pages = st->pgdemote_direct_pages;
	if (files_u64(&t->files, cg, FILE_SWAP, &out->swap_bytes))
		out->swap_bytes = NUM_NONE;
	return 0;
}

/* Since the last total; the averages where there is none. */
static double share(const struct psi_line *line, uint64_t *total_us,
		    uint64_t window_us, bool first, uint64_t own_us)
{
	uint64_t stall = num_delta(line->total_us, *total_us);

	*total_us = line->total_us;
	if (first || stall == NUM_NONE || !window_us)
		return (double)line->avg10_mpct / 1e3;
	return (double)num_less(stall, own_us) / (double)window_us * 100;
}

static double avg_pct(const struct psi_line *line)
{
	int64_t a = line->avg10_mpct, b = line->avg60_mpct;

	return (double)(a > b ? a : b) / 1e3;
}

void target_pressure(struct target *t, uint64_t now_us, uint64_t own_us,
		     struct pressure *out)
{
	bool first = !t->known;
	struct psi mem, io;

	*out = (struct pressure){ 0 };
	if (t->psi_fd < 0 || psi_pread(t->psi_fd, &mem) ||
	    !mem.line[PSI_SOME].seen)
		return;
	if (t->io_fd < 0 || psi_pread(t->io_fd, &io) || !io.line[PSI_SOME].seen)
		return;
	out->known = true;
	out->window_us = first ? 10000000 : now_us - t->read_us;
	out->mem_pct = share(&mem.line[PSI_SOME], &t->mem_total_us,
			     out->window_us, first, own_us);
	out->io_pct = share(&io.line[PSI_SOME], &t->io_total_us, out->window_us,
			    first, 0);
	out->mem_avg_pct = avg_pct(&mem.line[PSI_SOME]);
	out->io_avg_pct = avg_pct(&io.line[PSI_SOME]);
}

/* ---- the run's sizes ---- */

void target_sample(struct target *t, uint64_t current_bytes)
{
	if (!t->stride)
		t->stride = 1;
	if (++t->skip < t->stride)
		return;
	t->skip = 0;
	if (t->samples == TARGET_SAMPLES) {
		for (unsigned int i = 0; i < TARGET_SAMPLES / 2; i++)
			t->sample[i] = t->sample[2 * i];
		t->samples = TARGET_SAMPLES / 2;
		t->stride *= 2;
	}
	t->sample[t->samples++] = (uint32_t)num_least(
		current_bytes / TARGET_SAMPLE_BYTES, UINT32_MAX);
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

uint64_t target_quantile(const struct target *t, unsigned int pct)
{
	uint32_t sorted[TARGET_SAMPLES];
	unsigned int at;

	if (!t->samples)
		return NUM_NONE;
	memcpy(sorted, t->sample, sizeof(sorted));
	qsort(sorted, t->samples, sizeof(*sorted), by_size);
	/* The nearest rank: the least that pct percent are at or below. */
	at = (t->samples * pct + 99) / 100;
	return (uint64_t)sorted[at ? at - 1 : 0] * TARGET_SAMPLE_BYTES;
}
