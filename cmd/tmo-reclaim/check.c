/* --check: what would be used, tried without effect. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "io.h"
#include "mem.h"
#include "modes.h"
#include "msg.h"
#include "num.h"
#include "psi.h"
#include "resident.h"
#include "root.h"
#include "swap.h"
#include "targets.h"

/* A cgroup with memory files: the one that is meant, or one to try on. */
static struct cg *candidate(struct run *run, const char *key)
{
	char *const children[] = { (char *)(uintptr_t) "/*" };
	char *const given[] = { (char *)(uintptr_t)key };
	const char *missing;
	uint64_t unused;

	cg_set_expand(&run->set, key ? given : children, 1, false, &missing);
	for (size_t i = 0; i < run->set.n; i++)
		if (key || !cg_read_u64(&run->set, run->set.v[i],
					"memory.current", &unused))
			return run->set.v[i];
	return run->set.n ? run->set.v[0] : NULL;
}

/* True: it is missing. */
static bool say(struct rows_out *out, const char *feature, int err,
		enum check_state or_else, const char *good, const char *remedy)
{
	if (err)
		tool_check_fix(out, feature, or_else, remedy, "%s",
			       strerror(-err));
	else
		tool_check(out, feature, CHECK_OK, "%s", good);
	return err && or_else == CHECK_MISSING;
}

static int try_write(const struct run *run, const struct cg *cg,
		     const char *text)
{
	if (!root_is_live())
		return 0;
	return cg_write(&run->set, cg, "memory.reclaim", text);
}

/* 0, or why it cannot be opened to be written. */
static int opens(const struct run *run, const struct cg *cg, const char *file)
{
	int fd = cg_open_file(&run->set, cg, file, O_WRONLY);

	if (fd >= 0)
		close(fd);
	return fd < 0 ? fd : 0;
}

static bool check_reclaim(const struct run *run, const struct cg *cg,
			  struct rows_out *out)
{
	int err = opens(run, cg, "memory.reclaim");
	int high = opens(run, cg, "memory.high");
	const char *rights = "run as root, or delegate the cgroup";
	char fix[CG_FIX_MAX];

	if (err == -EROFS || high == -EROFS)
		rights = cg_read_only_fix(&run->set, fix, sizeof(fix));

	say(out, "memory.high", high, CHECK_LIMITED, "for --memory-high",
	    high == -ENOENT ? "needs the memory controller, and another cgroup "
			      "than the root"
			    : rights);
	if (err == -ENOENT && !high) {
		tool_check_fix(out, "memory.reclaim", CHECK_LIMITED,
			       "needs Linux 5.19",
			       "memory.high is lowered and restored");
		return false;
	}
	if (say(out, "memory.reclaim", err, CHECK_MISSING, cg->key,
		err == -ENOENT ? "needs Linux 5.19 and the memory controller"
			       : rights))
		return true;
	say(out, "swappiness", try_write(run, cg, "0 swappiness=60"),
	    CHECK_LIMITED, "0 to 200",
	    "needs Linux 6.11; without it, file cache cannot be taken alone");
	say(out, "swappiness_max", try_write(run, cg, "0 swappiness=max"),
	    CHECK_LIMITED, "anonymous memory alone",
	    "needs Linux 6.16; without it, 200 is used instead");
	return false;
}

static bool check_psi(const struct run *run, const struct cg *cg,
		      struct rows_out *out, enum psi_res res,
		      const char *feature)
{
	char buf[1024];
	struct psi psi;
	ssize_t n =
		cg_read(&run->set, cg, psi_cgroup_file(res), buf, sizeof(buf));
	int err = n < 0 ? (int)n : psi_parse(buf, &psi);
	char fix[CG_FIX_MAX];

	cg_pressure_fix(&run->set, cg, err, fix, sizeof(fix));
	return say(out, feature, err, CHECK_MISSING, psi_cgroup_file(res), fix);
}

static void check_rotating(struct rows_out *out)
{
	struct swap_area areas[SWAP_AREAS_MAX];
	char command[256] = "", fix[384];
	int n = swap_areas(areas, SWAP_AREAS_MAX);

	for (int i = 0; i < n && !*command; i++)
		if (areas[i].next && areas[i].kind == SWAP_ROTATIONAL)
			swap_rotating_fix(areas + i, command, sizeof(command));
	snprintf(fix, sizeof(fix), "--rotational; if it is an SSD: %s%s",
		 command, CHECK_KEEP);
	tool_check_fix(out, "swap", CHECK_LIMITED, fix,
		       "on a rotating disk: file cache only");
}

static void check_zswap(const struct run *run, struct rows_out *out)
{
	const struct host *h = &run->host;

	if (h->zswap_full)
		tool_check_fix(out, "zswap", CHECK_LIMITED,
			       "raise /sys/module/zswap/parameters/"
			       "max_pool_percent",
			       "the pool is full");
	else if (h->zswap)
		tool_check(out, "zswap", CHECK_OK, "enabled");
	else if (h->zram)
		tool_check(out, "zswap", CHECK_OK, "off, as zram is used");
	else
		tool_check_fix(out, "zswap", CHECK_LIMITED,
			       "echo Y >/sys/module/zswap/parameters/"
			       "enabled" CHECK_KEEP,
			       "not enabled");
}

static void check_swap(struct run *run, const struct cg *cg,
		       struct rows_out *out)
{
	struct mem_swap swap;
	char left[NUM_LEN];

	mem_swap_left(&run->set, cg->key, &swap);
	host_read(&run->host, run->policy.kill_switch);
	if (swap.left_bytes == NUM_NONE)
		tool_check(out, "swap", CHECK_LIMITED,
			   "/proc/meminfo does not tell how much is left: only "
			   "file cache is taken");
	else if (!swap.left_bytes)
		tool_check_fix(
			out, "swap", CHECK_LIMITED,
			"add swap: man 7 tmo, SETTING UP; or raise the "
			"cgroup's memory.swap.max",
			"none is left for '%s': only file cache is taken",
			cg->key);
	else if (run->host.rotational && !run->host.zswap)
		check_rotating(out);
	else
		tool_check(out, "swap", CHECK_OK, "%s left, %lld %% used",
			   num_human_bytes(left, swap.left_bytes),
			   (long long)swap.used_mpct / 1000);
	check_zswap(run, out);
}

static void check_demotion(const struct run *run, struct rows_out *out)
{
	const struct tier *t = &run->host.tier;
	char left[NUM_LEN];

	if (t->slow_nodes)
		tool_check(out, "demotion", CHECK_OK, "%s left on slower nodes",
			   num_human_bytes(left, t->left_bytes));
	else
		tool_check(out, "demotion", CHECK_LIMITED,
			   "no slower node, or "
			   "/sys/kernel/mm/numa/demotion_enabled is off");
}

static void check_modes(struct rows_out *out)
{
	int fd = io_open(root_fd(), "sys/devices/system/node/node0/reclaim",
			 O_WRONLY);
	long n = syscall(SYS_process_madvise, -1, NULL, 0, MADV_PAGEOUT, 0);

	say(out, "node", fd < 0 ? fd : 0, CHECK_LIMITED, "for --node",
	    "needs Linux 6.17");
	say(out, "ranges", n < 0 && errno == ENOSYS ? -ENOSYS : 0,
	    CHECK_LIMITED, "for --ranges", "needs Linux 5.10");
	if (fd >= 0)
		close(fd);
}

/* Nothing is advised and nothing read: only the rights are asked for. */
static int try_wake(const struct process *p, const char **fix)
{
	struct iovec none = { 0 };

	*fix = "run as root, or with CAP_DAC_OVERRIDE and CAP_SYS_PTRACE";
	if (p->pagemap < 0 || p->mem < 0)
		return p->pagemap < 0 ? p->pagemap : p->mem;
	*fix = "run as root, or with CAP_SYS_NICE";
	if (!syscall(SYS_process_madvise, p->pidfd, &none, 0, MADV_WILLNEED, 0))
		return 0;
	if (errno == ENOSYS || errno == EINVAL)
		*fix = "needs a newer kernel, with MADV_WILLNEED in "
		       "process_madvise(2)";
	return -errno;
}

/* On a process of the cgroup; where it has none, on the first of all. */
static void check_park(const struct run *run, const struct cg *cg,
		       struct rows_out *out)
{
	char procs[IO_BUF];
	struct process p;
	const char *fix = "mount -t proc proc /proc";
	uint64_t pid = 0;
	int err = 0;

	if (cg_read(&run->set, cg, "cgroup.procs", procs, sizeof(procs)) > 0)
		pid = strtoull(procs, NULL, 10);
	if (root_is_live()) {
		err = process_open(&p, pid ? pid : 1);
		if (!err)
			err = try_wake(&p, &fix);
		process_close(&p);
	}
	say(out, "park", err, CHECK_LIMITED, "for --park and --wake", fix);
}

/* Those that no cgroup's counters tell of. */
static void check_rivals(struct rows_out *out)
{
	char on[8];
	bool damon = io_read(root_fd(),
			     "sys/module/damon_reclaim/parameters/enabled", on,
			     sizeof(on)) > 0 &&
		     *on == 'Y';

	if (damon)
		tool_check_fix(
			out, "rivals", CHECK_LIMITED,
			"echo N >/sys/module/damon_reclaim/parameters/enabled",
			"DAMON_RECLAIM is on: it reclaims from all cgroups");
	else
		tool_check(out, "rivals", CHECK_OK, "DAMON_RECLAIM is off");
}

static bool check_yield(const struct run *run, const struct cg *cg,
			struct rows_out *out)
{
	struct mem_stat st;
	int err = mem_stat_read(&run->set, cg, &st);
	char fix[CG_FIX_MAX];

	if (err || st.pgsteal_proactive_pages != NUM_NONE)
		return say(out, "memory.stat", err, CHECK_MISSING,
			   "pgsteal_proactive",
			   cg_memory_fix(&run->set, fix, sizeof(fix)));
	tool_check_fix(
		out, "memory.stat", CHECK_LIMITED, "needs Linux 6.15",
		"the amount taken is the growth of pgsteal during a write");
	return false;
}

static bool check_place(const struct run *run, const struct cg *cg,
			struct rows_out *out)
{
	bool inside = !cg_is_root(cg) && cg_is_below(run->self, cg->key);

	if (inside)
		tool_check_fix(out, "cgroup", CHECK_MISSING,
			       "run it in a cgroup of its own",
			       "%s contains tmo-reclaim itself", cg->key);
	else
		tool_check(out, "cgroup", CHECK_OK, "%s", cg->key);
	return inside;
}

int check(struct run *run, struct rows_out *out, const char *key)
{
	struct cg *cg = candidate(run, key);
	char fix[CG_FIX_MAX];
	bool missing;

	if (cg_lacks_memory(&run->set)) {
		tool_check_fix(out, "cgroup", CHECK_MISSING,
			       cg_memory_fix(&run->set, fix, sizeof(fix)),
			       "no memory controller");
		return STATUS_FATAL;
	}
	if (!cg) {
		tool_check_fix(out, "cgroup", CHECK_MISSING,
			       "tmo-reclaim --check CGROUP", "%s%s",
			       key ? key : "",
			       key ? ": no such cgroup"
				   : "there is no cgroup yet to try it on");
		return STATUS_FATAL;
	}
	missing = check_place(run, cg, out);
	missing |= check_yield(run, cg, out) || check_reclaim(run, cg, out);
	missing |= check_psi(run, cg, out, PSI_MEM, "memory.pressure");
	missing |= check_psi(run, cg, out, PSI_IO, "io.pressure");
	check_swap(run, cg, out);
	check_demotion(run, out);
	check_modes(out);
	check_park(run, cg, out);
	check_rivals(out);
	return missing ? STATUS_FATAL : STATUS_OK;
}

struct table_check {
	struct rows_out *out;
	const char *path;
};

static void tell_fault(void *arg, const char *reason)
{
	const struct table_check *t = arg;
	char fix[4096 + 64];

	snprintf(fix, sizeof(fix), "edit %s: man 5 tmo-rows", t->path);
	tool_check_fix(t->out, "targets", CHECK_MISSING, fix, "%s", reason);
}

int check_table(struct run *run, struct rows_out *out)
{
	struct table_check c = { out, run->policy.targets };
	struct targets_fault f = { .each = tell_fault, .arg = &c };
	struct targets t = { 0 };
	int err = targets_load(&run->set, run->policy.targets, &t, &f);

	if (!err && !t.n)
		tool_check_fix(out, "targets", CHECK_LIMITED,
			       "add a row for a cgroup: man 5 tmo-rows",
			       "%s names no cgroup", c.path);
	else if (!err && *t.doubt)
		tool_check(out, "targets", CHECK_LIMITED, "%s", t.doubt);
	else if (!err)
		tool_check(out, "targets", CHECK_OK, "%s: %zu rows",
			   run->policy.targets, t.n);
	targets_free(&t);
	return err ? STATUS_FATAL : STATUS_OK;
}
