#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "num.h"
#include "root.h"

enum { HEADER_MAX = 128 };

/*
 * Eight bytes at a time (Kounavis and Berry, slicing by 8): of the ages of a
 * terabyte, a bit at a time takes seconds of each run.  table[n][b] is what b
 * makes of the sum with n zero bytes behind it.
 */
static uint32_t table[8][256];

static void fill_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
		table[0][i] = crc;
	}
	for (int n = 1; n < 8; n++)
		for (int i = 0; i < 256; i++)
			table[n][i] = table[n - 1][i] >> 8 ^
				      table[0][table[n - 1][i] & 0xff];
}

uint32_t state_crc32_more(uint32_t crc, const void *data, size_t len)
{
	const unsigned char *p = data;

	crc = ~crc;

	if (!table[0][1])
		fill_table();
	for (; len >= 8; len -= 8, p += 8)
		crc = table[7][(crc ^ p[0]) & 0xff] ^
		      table[6][(crc >> 8 ^ p[1]) & 0xff] ^
		      table[5][(crc >> 16 ^ p[2]) & 0xff] ^
		      table[4][crc >> 24 ^ p[3]] ^ table[3][p[4]] ^
		      table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	while (len--)
		crc = crc >> 8 ^ table[0][(crc ^ *p++) & 0xff];
	return ~crc;
}

uint32_t state_crc32(const void *data, size_t len)
{
	return state_crc32_more(0, data, len);
}

int state_write(const char *path, const char *name, unsigned int version,
		const void *data, size_t len)
{
	char *buf = malloc(HEADER_MAX + len);
	int n, err;

	if (!buf)
		return -ENOMEM;
	n = snprintf(buf, HEADER_MAX, "tmo-tools %s %u %zu %08x\n", name,
		     version, len, state_crc32(data, len));
	memcpy(buf + n, data, len);
	err = io_replace(path, buf, (size_t)n + len, 0600);
	free(buf);
	return err;
}

/* The header's length and what it says of the data; 0 or -errno. */
static int check_header(const char *buf, size_t size, const char *name,
			unsigned int version, size_t *header, size_t *len,
			uint32_t *crc)
{
	const char *nl =
		memchr(buf, '\n', size < HEADER_MAX ? size : HEADER_MAX);
	char line[HEADER_MAX], want[64];
	unsigned int v;
	int at = 0;

	if (!nl)
		return -EPROTO;
	*header = (size_t)(nl - buf) + 1;
	snprintf(line, sizeof(line), "%.*s", (int)(nl - buf), buf);
	snprintf(want, sizeof(want), "tmo-tools %s ", name);
	if (strncmp(line, want, strlen(want)))
		return -EPROTO;
	if (sscanf(line + strlen(want), "%u %zu %8x%n", &v, len, crc, &at) != 3)
		return -EBADMSG;
	return v == version ? 0 : -EPROTO;
}

int state_open(const char *path, int mode, off_t *size)
{
	int fd = open(path, mode | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (st.st_mode & 022) ||
	    (st.st_uid && st.st_uid != geteuid())) {
		close(fd);
		return -EPERM;
	}
	*size = st.st_size;
	return fd;
}

int state_read(const char *path, const char *name, unsigned int version,
	       void **data, size_t *len)
{
	off_t size;
	int fd = state_open(path, O_RDONLY, &size);
	size_t header = 0, want = 0;
	uint32_t crc = 0;
	char *buf;
	ssize_t n;
	int err;

	if (fd < 0)
		return fd;
	buf = malloc((size_t)size + 1);
	n = buf ? io_slurp(fd, buf, (size_t)size + 1) : -ENOMEM;
	close(fd);
	err = n < 0 ? (int)n
		    : check_header(buf, (size_t)n, name, version, &header,
				   &want, &crc);
	if (!err && ((size_t)n - header != want ||
		     state_crc32(buf + header, want) != crc))
		err = -EBADMSG;
	if (err) {
		free(buf);
		return err;
	}
	memmove(buf, buf + header, want);
	buf[want] = '\0';
	*data = buf;
	*len = want;
	return 0;
}

/* path.lock, in lock[PATH_MAX]; 0 or -ENAMETOOLONG. */
static int name_lock(const char *path, char *lock)
{
	int n = snprintf(lock, PATH_MAX, "%s.lock", path);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* 0, or -errno; a wait ends at a stop. */
static int hold(int fd, int wait)
{
	int err;

	if (!wait)
		return flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
	clock_guard();
	do
		err = flock(fd, LOCK_EX) ? -errno : 0;
	while (err == -EINTR && !clock_may_block());
	clock_unguard();
	return err;
}

/* For those who wait; a full disk leaves them in the dark. */
static void sign(int fd)
{
	if (!ftruncate(fd, 0))
		dprintf(fd, "%d\n", (int)getpid());
}

int state_lock(const char *path, int wait)
{
	char lock[PATH_MAX];
	int err = name_lock(path, lock), fd;

	if (err)
		return err;
	fd = open(lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = hold(fd, wait);
	if (err) {
		close(fd);
		return err;
	}
	sign(fd);
	return fd;
}

pid_t state_lock_holder(const char *path)
{
	char lock[PATH_MAX], text[32];
	uint64_t pid = 0;
	ssize_t n = 0;
	int fd = -1;

	if (!name_lock(path, lock))
		fd = open(lock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0) {
		n = io_slurp(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (num_u64(text, &pid) || pid > INT_MAX)
		return 0;
	return (pid_t)pid;
}

void state_boot_id(char boot[STATE_BOOT])
{
	if (io_read(root_fd(), "proc/sys/kernel/random/boot_id", boot,
		    STATE_BOOT) <= 0)
		snprintf(boot, STATE_BOOT, "-");
	boot[strcspn(boot, "\n")] = '\0';
}
