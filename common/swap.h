/*
 * swap - the swap areas of the machine (/proc/swaps), which of them takes the
 * next page, and what each lies on: /sys/class/block, /sys/dev/block
 * (Documentation/ABI/stable/sysfs-block).
 */
#ifndef SWAP_H
#define SWAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SWAP_AREAS_MAX = 32 }; /* MAX_SWAPFILES is under 32 */

/*
 * What the pages come to lie on.  A swap file is of the kind of its file
 * system's device.  A volume of LVM, dm-crypt or RAID is rotational as soon as
 * one of its disks is.  What the kernel does not tell is a SWAP_DISK, and its
 * dir is "".
 */
enum swap_kind { SWAP_DISK, SWAP_ROTATIONAL, SWAP_ZRAM };

/* What a zram holds, the memory that it takes, and what it may take at most. */
struct swap_zram {
	uint64_t original_bytes, used_bytes;
	uint64_t limit_bytes; /* 0: there is none */
};

struct swap_area {
	char path[256]; /* as it was swapped on, without the kernel's escapes */
	char dev[64];	/* of the area or, of a file, of its file system */
	char dir[96];	/* that device in /sys, below root_fd() */
	bool file;	/* which shares its device; dev and dir may be "" */
	enum swap_kind kind;
	struct swap_zram zram; /* zeroes where it is none, or not known */
	uint64_t size_bytes, used_bytes;
	int64_t prio;
	bool next; /* takes the next page, alone or in turn with others */
};

/*
 * Number of areas (at most max), or -errno.  The next page goes to the highest
 * priority that has room; where none has, to whichever is the first to have.
 */
int swap_areas(struct swap_area *areas, int max);

/* May the next page go to one of that kind? */
bool swap_next_is(const struct swap_area *areas, int n, enum swap_kind kind);

/*
 * Has a zram that takes the next page nearly reached its mem_limit?  If it was
 * so at the last look, a little less is so still: the answer does not flap.
 */
bool swap_zram_is_full(const struct swap_area *areas, int n, bool was_full);

/* Of the zram with that directory: 0 or -errno, and then zeroes. */
int swap_zram_read(const char *dir, struct swap_zram *out);

/*
 * The command that tells the kernel that the disks below a do not rotate: an
 * SSD that says it does, as those of virtio.
 */
void swap_rotating_fix(const struct swap_area *a, char *buf, size_t size);

/* The device that a zram area passes its idle pages on to; false: none. */
bool swap_backing(const struct swap_area *zram, struct swap_area *out);

/*
 * The directory of the drive that a is on, which a partition is a part of, a
 * volume is mapped to and a loop device's file is on: of several disks the
 * first.  False: not known.
 */
bool swap_drive(const struct swap_area *a, char *dir, size_t size);

/* Is a mapped to other devices (LVM, dm-crypt, RAID, loop), or a partition of
 * such? */
bool swap_is_volume(const struct swap_area *a);

#endif
