/*
 * plain-cgroups - LD_PRELOAD: every file system is a cgroup2, for a tool that
 * runs on plain files as on a live system.
 */
#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int fstatfs(int fd, struct statfs *fs)
{
	int err = (int)syscall(SYS_fstatfs, fd, fs);

	fs->f_type = CGROUP2_SUPER_MAGIC;
	return err;
}
