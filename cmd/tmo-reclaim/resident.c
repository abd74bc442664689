#include "resident.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "mem.h"
#include "num.h"
#include "pagemap.h"
#include "pid.h"
#include "procs.h"
#include "root.h"

enum { REGIONS = 256 }; /* of PAGEMAP_SCAN, a call */

/* ---- a process ---- */

int process_identify(uint64_t pid, struct park_process *out)
{
	char path[PID_PATH];
	struct stat st;

	*out = (struct park_process){ .pid = pid };
	if (!fstatat(root_fd(), pid_file(path, pid, "exe"), &st, 0)) {
		out->exe_dev = st.st_dev;
		out->exe_ino = st.st_ino;
	}
	return pid_started(pid, &out->start_ticks);
}

int process_open(struct process *p, uint64_t pid)
{
	char path[PID_PATH];

	*p = PROCESS_NONE;
	p->pid = pid;
	if (pid > INT_MAX)
		return -ESRCH;
	p->pidfd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	if (p->pidfd < 0)
		return -errno;
	p->pagemap =
		io_open(root_fd(), pid_file(path, pid, "pagemap"), O_RDONLY);
	p->mem = io_open(root_fd(), pid_file(path, pid, "mem"), O_RDONLY);
	return 0;
}

void process_close(struct process *p)
{
	if (p->pidfd >= 0)
		close(p->pidfd);
	if (p->pagemap >= 0)
		close(p->pagemap);
	if (p->mem >= 0)
		close(p->mem);
	*p = PROCESS_NONE;
}

/* ---- its page map ---- */

uint64_t resident_pages(const struct process *p, uint64_t page, uint64_t pages)
{
	uint64_t entries[PAGEMAP_READ], n = 0, end = page + pages;

	while (page < end) {
		size_t got = pagemap_read(p->pagemap, page, end, entries);

		if (!got)
			return NUM_NONE;
		for (size_t i = 0; i < got; i++)
			n += !!(entries[i] & PM_PRESENT);
		page += got;
	}
	return n;
}

/* Entry by entry, for kernels that cannot be asked. */
static void read_runs(const struct process *p, struct parkfile *f,
		      uint64_t page, uint64_t end)
{
	uint64_t entries[PAGEMAP_READ];

	while (page < end && !clock_stopped()) {
		size_t got = pagemap_read(p->pagemap, page, end, entries);

		if (!got)
			return;
		for (size_t i = 0; i < got; i++)
			if (entries[i] & PM_PRESENT)
				parkfile_run(f, page + i, 1);
		page += got;
	}
}

/* The runs of the last map; of a sparse one the kernel passes over the holes.
 */
static void add_runs(const struct process *p, struct parkfile *f)
{
	const struct park_map m = f->map[f->maps - 1];
	uint64_t bytes = mem_page_bytes(), end = (m.page + m.pages) * bytes;
	struct pagemap_region v[REGIONS];
	struct pagemap_scan arg = {
		.size = sizeof(arg),
		.start = m.page * bytes,
		.end = end,
		.vec = (uintptr_t)v,
		.vec_len = REGIONS,
		.category_inverted = PAGEMAP_ZERO,
		.category_mask = PAGEMAP_PRESENT | PAGEMAP_ZERO,
		.return_mask = PAGEMAP_PRESENT,
	};

	while (arg.start < end && !clock_stopped()) {
		int n = ioctl(p->pagemap, PAGEMAP_SCAN_CMD, &arg);

		if (n < 0 || arg.walk_end <= arg.start)
			break;
		for (int i = 0; i < n; i++)
			parkfile_run(f, v[i].start / bytes,
				     (v[i].end - v[i].start) / bytes);
		arg.start = arg.walk_end;
	}
	if (arg.start < end)
		read_runs(p, f, arg.start / bytes, m.page + m.pages);
}

/* ---- its mappings ---- */

/*
 * What memory of a program is: anonymous, or of a file that holds data.  A
 * driver's mapping may do anything when it is touched.
 */
static bool is_memory(const char *name)
{
	if (*name == '[')
		return !strcmp(name, "[heap]") || !strncmp(name, "[stack", 6) ||
		       !strncmp(name, "[anon", 5);
	if (!strncmp(name, "/dev/", 5))
		return !strncmp(name, "/dev/shm/", 9) ||
		       !strncmp(name, "/dev/zero", 9);
	return !*name || *name == '/';
}

/* A line of /proc/PID/maps, as proc(5) has it; false: to be left out. */
static bool parse_map(const char *line, struct park_map *m)
{
	uint64_t start, end, offset, bytes = mem_page_bytes();
	unsigned int major, minor;
	char rights[5], name[16];
	int n;

	n = sscanf(line,
		   "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64
		   "%*[ ]%15[^\n]",
		   &start, &end, rights, &offset, &major, &minor, &m->ino,
		   name);
	if (n < 7 || start >= end)
		return false;
	if (n < 8)
		*name = '\0';
	m->page = start / bytes;
	m->pages = end / bytes - m->page;
	m->offset_pages = offset / bytes;
	m->dev = (uint64_t)major << 32 | minor;
	m->readable = *rights == 'r';
	return is_memory(name) && memcmp(rights, "---", 3);
}

static int each_map(const struct process *p, struct parkfile *f, bool runs)
{
	char path[PID_PATH], *text;
	struct park_map m;
	ssize_t n =
		io_read_all(root_fd(), pid_file(path, p->pid, "maps"), &text);

	if (n < 0)
		return (int)n;
	for (const char *line = text; *line;
	     line += strcspn(line, "\n"), line += *line == '\n') {
		if (!parse_map(line, &m))
			continue;
		parkfile_map(f, &m);
		if (runs)
			add_runs(p, f);
	}
	free(text);
	return 0;
}

int resident_maps(const struct process *p, struct parkfile *f)
{
	return each_map(p, f, false);
}

/* ---- those of a cgroup ---- */

static bool has_ended(int err)
{
	return err == -ESRCH || err == -ENOENT;
}

/* One that is another by the end is left out. */
static int add_process(uint64_t pid, struct parkfile *f)
{
	struct park_process is, then;
	struct process p;
	int err = process_open(&p, pid);

	if (!err)
		err = process_identify(pid, &is);
	if (!err && p.pagemap < 0)
		err = p.pagemap;
	if (!err) {
		parkfile_process(f, &is);
		err = each_map(&p, f, true);
		if (!err)
			err = process_identify(pid, &then);
		if (err || !parkfile_same(&is, &then)) {
			const struct park_process *q =
				f->process + --f->processes;

			if (q->n)
				f->runs = f->map[q->first].first;
			f->maps = q->first;
		}
	}
	process_close(&p);
	return has_ended(err) ? 0 : err;
}

struct listing {
	struct parkfile *f;
	uint64_t *pid; /* that was listed last */
};

static int add_listed(void *arg, uint64_t pid)
{
	const struct listing *l = arg;

	*l->pid = pid;
	return add_process(pid, l->f);
}

int resident_cgroup(const struct cg_set *set, const struct cg *cg,
		    struct parkfile *f, uint64_t *pid)
{
	struct listing l = { f, pid };
	int err;

	*pid = 0;
	err = procs_each(set, cg, add_listed, &l);
	if (!err)
		*pid = 0;
	return err;
}
