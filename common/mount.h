/*
 * mount - where the cgroup2 file system is mounted, and what of it.
 *
 * There may be several mounts: a container's, bound to a subtree; one that
 * another file system hides; a hybrid host's /sys/fs/cgroup/unified.
 */
#ifndef MOUNT_H
#define MOUNT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The mount point, and which cgroup its root is, as /proc/PID/cgroup names it
 * (proc(5), fields 5 and 4 of mountinfo), both below the root prefix and to be
 * freed; top may be NULL.  Of several the one of the whole tree, else the one
 * that the caller is below.  -ENOENT: none; -EPROTONOSUPPORT: cgroup v1 alone;
 * -ENOTDIR: there is no /proc; or what reading it failed with.
 */
int mount_cgroup2(char **point, char **top);

/* Does cgroup v1 hold the memory controller, so that cgroup2 cannot have it? */
bool mount_memory_is_v1(void);

/* Does the cgroup2 mount count hugetlb pages in memory.current (Linux 6.7)? */
bool mount_accounts_hugetlb(void);

/* The cgroup2 path in a /proc/PID/cgroup; 0 or -errno, -ENOENT: v1 alone. */
int mount_cgroup_of(const char *path, char *buf, size_t size);

/* What is mounted where path, which is there, lies; 0 or -errno. */
enum { MOUNT_SOURCE = 256 };
int mount_source(const char *path, char source[MOUNT_SOURCE]);

/*
 * Undoes the kernel's escapes of blanks and backslashes (\040, \134), as in
 * mountinfo and /proc/swaps, in place.
 */
void mount_unescape(char *text);

#endif
