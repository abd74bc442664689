#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cg.h"
#include "io.h"
#include "mount.h"
#include "root.h"

#define NO_V1(controllers)                                                    \
	"boot with systemd.unified_cgroup_hierarchy=1, or, without systemd, " \
	"with cgroup_no_v1=" controllers

/* Is the memory controller there; -errno: that is not known. */
static int has_memory(const struct cg_set *set)
{
	char text[1024];
	ssize_t n = io_read(set->fd, "cgroup.controllers", text, sizeof(text));

	return n < 0 ? (int)n : strstr(text, "memory") != NULL;
}

bool cg_lacks_memory(const struct cg_set *set)
{
	return !has_memory(set);
}

const char *cg_memory_fix(const struct cg_set *set, char *buf, size_t size)
{
	if (has_memory(set) > 0)
		snprintf(buf, size,
			 "echo +memory >%s/cgroup.subtree_control; then in "
			 "each cgroup down to it",
			 set->mount);
	else
		snprintf(buf, size, "%s",
			 mount_memory_is_v1()
				 ? NO_V1("memory") ": cgroup v1 has the memory "
						   "controller"
				 : "boot without cgroup_disable=memory");
	return buf;
}

const char *cg_mount_cause(int err)
{
	switch (err) {
	case -EPROTONOSUPPORT: return "only cgroup v1 is mounted";
	case -ENOENT: return "no cgroup2 is mounted";
	case -ENOTDIR: return "there is no /proc/self/mountinfo";
	default: return strerror(-err);
	}
}

const char *cg_mount_fix(int err)
{
	switch (err) {
	case -EPROTONOSUPPORT: return NO_V1("all");
	case -ENOENT: return "mount -t cgroup2 none /sys/fs/cgroup";
	case -ENOTDIR: return "mount -t proc proc /proc";
	default: return NULL;
	}
}

const char *cg_read_only_fix(const struct cg_set *set, char *buf, size_t size)
{
	snprintf(buf, size,
		 "mount -o remount,rw %s; in a container, run it on the host",
		 set->mount);
	return buf;
}

void cg_pressure_fix(const struct cg_set *set, const struct cg *cg, int err,
		     char *buf, size_t size)
{
	bool off = io_try(root_fd(), "proc/pressure", O_PATH) < 0;
	uint64_t on;

	if (err == -EACCES || err == -EPERM)
		snprintf(buf, size, "run as root, or delegate the cgroup");
	else if (err == -EOPNOTSUPP || off || cg_is_root(cg))
		snprintf(buf, size,
			 "boot with psi=1, or use a kernel with CONFIG_PSI");
	else if (!cg_read_u64(set, cg, "cgroup.pressure", &on) && !on)
		snprintf(buf, size, "echo 1 >%s%s/cgroup.pressure", set->mount,
			 cg->key);
	else
		snprintf(buf, size, "boot without cgroup_disable=pressure");
}
