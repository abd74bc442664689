#include "parkdir.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "high.h"

int parkdir_path(const char *dir, const struct cg *cg, char *path)
{
	char own[512];
	int n;

	if (!dir && !high_record_dir(own, sizeof(own)))
		return -ENOTDIR;
	n = snprintf(path, IO_PATH, "%s/park.%" PRIu64, dir ? dir : own,
		     cg->ino);
	return n < 0 || n >= IO_PATH ? -ENAMETOOLONG : 0;
}

int parkdir_read(const char *path, const struct cg *cg, struct parkfile *f)
{
	char boot[STATE_BOOT];
	void *text;
	size_t len;
	int err =
		state_read(path, PARKFILE_NAME, PARKFILE_VERSION, &text, &len);

	*f = (struct parkfile){ 0 };
	if (err)
		return err;
	err = parkfile_parse(text, len, f);
	free(text);
	if (err)
		return err;
	/* Neither processes nor inodes outlive a boot. */
	state_boot_id(boot);
	if (!strcmp(boot, f->boot) && f->ino == cg->ino)
		return 0;
	parkfile_free(f);
	return -ENOENT;
}

int parkdir_write(const char *path, struct parkfile *f)
{
	size_t len;
	char *text;
	int err;

	state_boot_id(f->boot);
	text = parkfile_text(f, &len);
	err = state_write(path, PARKFILE_NAME, PARKFILE_VERSION, text, len);
	free(text);
	return err;
}

int parkdir_hold(const char *path)
{
	off_t size;
	int fd, err;

	do {
		fd = state_open(path, O_RDONLY, &size);
		if (fd < 0)
			return fd;
		if (flock(fd, LOCK_EX | LOCK_NB)) {
			err = -errno;
			close(fd);
			return err;
		}
		if (io_is_at(fd, path))
			return fd;
		close(fd);
	} while (true);
}
