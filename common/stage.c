#include "stage.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

bool stage_is_pipe(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISFIFO(st.st_mode);
}

static bool is_anonymous(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PIPEFS_MAGIC;
}

/* Of a pipe that another user made the mode stays: nothing is told then. */
static void mark(int fd, bool on)
{
	struct stat st;

	if (!is_anonymous(fd) || fstat(fd, &st))
		return;
	if (fchmod(fd, (st.st_mode & 0777) | (on ? S_ISVTX : 0)))
		return;
}

void stage_begin(int fd)
{
	mark(fd, true);
}

void stage_end(int fd)
{
	mark(fd, false);
}

bool stage_lost(int fd)
{
	struct stat st;

	return is_anonymous(fd) && !fstat(fd, &st) && st.st_mode & S_ISVTX;
}
