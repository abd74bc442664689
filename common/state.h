/*
 * state - what a tool keeps between runs: one checksummed file.
 *
 * Text header "tmo-tools NAME VERSION LENGTH CRC32\n", then the data as the
 * tool gave it.  Written to a temporary and renamed, mode 0600; a symlink, or
 * a file that somebody else owns or may write, is refused.
 */
#ifndef STATE_H
#define STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* IEEE 802.3, as zlib's crc32(). */
uint32_t state_crc32(const void *data, size_t len);

/* Of what came before, of that sum (0: nothing), and this. */
uint32_t state_crc32_more(uint32_t crc, const void *data, size_t len);

int state_write(const char *path, const char *name, unsigned int version,
		const void *data, size_t len);

/*
 * Opens a file that may be trusted: a descriptor, or -errno as state_read() has
 * it.
 */
int state_open(const char *path, int mode, off_t *size);

/*
 * *data is malloc'ed.  -ENOENT: no state yet; -EPERM: not ours to trust;
 * -ELOOP: a symlink; -EPROTO: another tool's or version's; -EBADMSG: damaged.
 */
int state_read(const char *path, const char *name, unsigned int version,
	       void **data, size_t *len);

/*
 * Holds path.lock for the caller alone (flock(2), gone with the process): a
 * descriptor to close, or -errno; -EWOULDBLOCK when wait is 0 and it is held,
 * -EINTR when a stop ends the wait.
 */
int state_lock(const char *path, int wait);

/* The process that holds path.lock, as it wrote there; 0: not known. */
pid_t state_lock_holder(const char *path);

/* Which boot this is: the kernel's boot_id, or "-" where it tells none. */
enum { STATE_BOOT = 64 };
void state_boot_id(char boot[STATE_BOOT]);

#endif
