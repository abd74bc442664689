#include "seen.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "msg.h"
#include "num.h"
#include "pid.h"
#include "root.h"

struct mapping {
	uint64_t start, end;
	uint64_t rss_kb, pss_kb, anon_kb, huge_kb;
	bool shared_memory, has_file, passed_over, special;
};

/* "7f00-7f20 rw-s 00000000 00:01 1029 /dev/zero (deleted)": of no file system
 * but the kernel's own, or of the tmpfs that each system has. */
static bool is_shared_memory(const char *line)
{
	static const char *const names[] = { "/memfd:", "/SYSV", "/dev/zero ",
					     "/dev/shm/", "[anon_shmem:" };
	int at = 0;

	sscanf(line, "%*s %*s %*s %*s %*s %n", &at);
	for (size_t i = 0; at && i < sizeof(names) / sizeof(*names); i++)
		if (!strncmp(line + at, names[i], strlen(names[i])))
			return true;
	return false;
}

/* The others are reached by page tables alone. */
static bool has_file(const char *line)
{
	return strstr(line, " /memfd:") || strstr(line, " /dev/shm/");
}

/* Who runs a guest maps what tells of its processors (KVM_RUN). */
static bool is_guest(const char *line)
{
	return strstr(line, " anon_inode:kvm-vcpu");
}

static bool has_flag(const char *flags, const char *flag)
{
	const char *at = strstr(flags, flag);

	return at && at[-1] == ' ';
}

/* Locked pages are on no generation; rr and sr: no recency. */
static bool is_passed_over(const char *flags)
{
	return has_flag(flags, "lo ") || has_flag(flags, "rr ") ||
	       has_flag(flags, "sr ");
}

/* What no aging looks at: of devices and the kernel, and what nobody may touch.
 */
static bool is_special(const char *flags)
{
	static const char *const special[] = { "io ", "de ", "pf ", "mm ",
					       "ht " };
	bool touchable = has_flag(flags, "rd ") || has_flag(flags, "wr ") ||
			 has_flag(flags, "ex ");

	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (has_flag(flags, special[i]))
			return true;
	return !touchable;
}

/* Of a private file mapping, some pages were written and are its own. */
static uint64_t seen_kb(const struct mapping *m)
{
	if (m->passed_over || !m->rss_kb)
		return 0;
	if (m->shared_memory || m->anon_kb >= m->rss_kb)
		return m->pss_kb;
	return m->pss_kb * m->anon_kb / m->rss_kb;
}

/* A table's page has entries of eight bytes, and a huge page is one above. */
static uint64_t entries_of(const struct mapping *m, uint64_t page_bytes)
{
	uint64_t huge_bytes = page_bytes * (page_bytes / 8);

	if (m->passed_over || m->special)
		return 0;
	return num_less(m->rss_kb, m->huge_kb) * 1024 / page_bytes +
	       m->huge_kb * 1024 / huge_bytes;
}

static void add_mapping(const struct mapping *m, uint64_t page_bytes,
			struct charged *charged, struct seen *sum)
{
	uint64_t bytes = seen_kb(m) * 1024;

	if (charged)
		charged_draw(charged, m->start, m->end, m->shared_memory,
			     bytes);
	sum->bytes += bytes;
	if (m->has_file && m->anon_kb < m->rss_kb) {
		sum->by_file_bytes += bytes;
		sum->by_file_huge_bytes += m->huge_kb ? bytes : 0;
	}
	sum->entries += entries_of(m, page_bytes);
}

static struct mapping begin_mapping(const char *line)
{
	struct mapping m = { .shared_memory = is_shared_memory(line),
			     .has_file = has_file(line) };

	if (sscanf(line, "%" SCNx64 "-%" SCNx64, &m.start, &m.end) != 2)
		m.start = m.end = 0;
	return m;
}

struct seen seen_parse(char *smaps, uint64_t page_bytes,
		       struct charged *charged)
{
	struct mapping m = { 0 };
	struct seen sum = { 0 };
	char *save = NULL;

	for (char *line = strtok_r(smaps, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		uint64_t kb;

		if (sscanf(line, "Rss: %" SCNu64, &kb) == 1) {
			m.rss_kb = kb;
		} else if (sscanf(line, "Pss: %" SCNu64, &kb) == 1) {
			m.pss_kb = kb;
		} else if (sscanf(line, "Anonymous: %" SCNu64, &kb) == 1) {
			m.anon_kb = kb;
		} else if (sscanf(line, "AnonHugePages: %" SCNu64, &kb) == 1 ||
			   sscanf(line, "ShmemPmdMapped: %" SCNu64, &kb) == 1 ||
			   sscanf(line, "FilePmdMapped: %" SCNu64, &kb) == 1) {
			m.huge_kb += kb;
		} else if (!strncmp(line, "VmFlags:", 8)) {
			m.passed_over = is_passed_over(line);
			m.special = is_special(line);
		} else if (line[strcspn(line, ": ")] == ' ') {
			add_mapping(&m, page_bytes, charged, &sum);
			m = begin_mapping(line);
			sum.guest |= is_guest(line);
		}
	}
	add_mapping(&m, page_bytes, charged, &sum);
	return sum;
}

uint64_t seen_now(void)
{
	struct timespec ts;
	uint64_t per_s = (uint64_t)sysconf(_SC_CLK_TCK);

	if (!root_is_live() || clock_gettime(CLOCK_BOOTTIME, &ts))
		return UINT64_MAX;
	return (uint64_t)ts.tv_sec * per_s +
	       (uint64_t)ts.tv_nsec * per_s / 1000000000;
}

/* Where hidepid= hides others' processes (proc(5)) they are not gone. */
static bool is_hidden(uint64_t pid)
{
	return root_is_live() && (!kill((pid_t)pid, 0) || errno == EPERM);
}

/* An address space, by a process that has it. */
struct space {
	uint64_t pid, stack;
	struct seen own;
	bool walked; /* one of its processes is older than the aging */
};

struct look {
	uint64_t since_ticks, page_bytes;
	struct space *v; /* in the order of pid_order_memory() */
	size_t n;
	struct seen *sum;
	struct charged *charged;
};

/*
 * The place of the process's address space: 1: it was met, and is there; 0: it
 * was not; -errno: that cannot be asked.
 */
static int find_space(const struct look *l, uint64_t pid, size_t *at)
{
	size_t lo = 0, hi = l->n;
	int order = hi ? 0 : pid_order_memory(pid, pid);

	while (lo < hi && order >= 0) {
		*at = (lo + hi) / 2;
		order = pid_order_memory(pid, l->v[*at].pid);
		if (!order)
			return 1;
		if (order == 1)
			hi = *at;
		else
			lo = *at + 1;
	}
	if (order < 0)
		return order;
	*at = lo;
	return 0;
}

/*
 * Where nobody tells, what a fork has that is like another in all that is
 * looked at may be the same.
 */
static bool may_be_met(const struct look *l, const struct space *x)
{
	for (size_t i = 0; i < l->n; i++)
		if (x->stack && l->v[i].stack == x->stack &&
		    l->v[i].own.bytes == x->own.bytes &&
		    l->v[i].own.entries == x->own.entries)
			return true;
	return false;
}

static bool is_older(const struct look *l, uint64_t pid)
{
	uint64_t began_ticks;

	return l->since_ticks == UINT64_MAX ||
	       (!pid_started(pid, &began_ticks) &&
		began_ticks < l->since_ticks);
}

/* One that ended meanwhile, or has no memory, leads nowhere. */
static int read_space(const struct look *l, struct space *x)
{
	char path[PID_PATH], *text;
	ssize_t n =
		io_read_all(root_fd(), pid_file(path, x->pid, "smaps"), &text);

	if (n == -ENOENT && is_hidden(x->pid))
		return -EACCES;
	if (n == -ENOENT || n == -ESRCH)
		return 0;
	if (n < 0)
		return (int)n;
	if (l->charged)
		charged_process(l->charged, x->pid);
	x->own = seen_parse(text, l->page_bytes, l->charged);
	free(text);
	return 0;
}

/* They count where the aging could meet them. */
static void count_entries(struct look *l, struct space *x, uint64_t pid)
{
	if (x->walked || !is_older(l, pid))
		return;
	x->walked = true;
	l->sum->entries += x->own.entries;
}

static int add_process(struct look *l, uint64_t pid)
{
	struct space x = { .pid = pid };
	size_t at = 0;
	int met = find_space(l, pid, &at), err;

	if (met == 1) {
		count_entries(l, l->v + at, pid);
		return 0;
	}
	err = read_space(l, &x);
	if (err)
		return err;
	if (met < 0 && pid_stack(pid, &x.stack))
		x.stack = 0;
	if (met < 0 && may_be_met(l, &x))
		l->sum->twice_bytes += x.own.bytes;
	l->sum->bytes += x.own.bytes;
	l->sum->by_file_bytes += x.own.by_file_bytes;
	l->sum->by_file_huge_bytes += x.own.by_file_huge_bytes;
	l->sum->guest |= x.own.guest;
	count_entries(l, &x, pid);
	l->v = xrealloc(l->v, l->n + 1, sizeof(*l->v));
	memmove(l->v + at + 1, l->v + at, (l->n - at) * sizeof(*l->v));
	l->v[at] = x;
	l->n++;
	return 0;
}

int seen_read(const struct cg_set *set, const struct cg *cg, uint64_t own_bytes,
	      uint64_t since_ticks, uint64_t page_bytes, struct seen *out)
{
	int fd = cg_open_file(set, cg, "cgroup.procs", O_RDONLY), err = 0;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct charged charged;
	struct look l = { since_ticks, page_bytes, NULL, 0, out, &charged };
	uint64_t pid;

	*out = (struct seen){ 0 };
	if (fd < 0)
		return fd;
	if (!f) {
		close(fd);
		return -ENOMEM;
	}
	charged_open(&charged, cg->ino, own_bytes, page_bytes);
	/* 0 is a process of another PID namespace. */
	while (!err && fscanf(f, "%" SCNu64, &pid) == 1)
		err = pid ? add_process(&l, pid) : -EACCES;
	/* Of a threaded cgroup its domain has them, and the memory, too. */
	if (!err && ferror(f) && errno != EOPNOTSUPP)
		err = -errno;
	fclose(f);
	free(l.v);
	charged_close(&charged);
	out->others_bytes = charged_others(&charged, out->bytes);
	out->untold = out->bytes && charged.untold;
	return err;
}
