/*
 * drive - what a swap area writes to: the drive below it, which part of that it
 * is, and what has been written there.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include <stddef.h>
#include <stdint.h>

#include "swap.h"

enum {
	DRIVE_ID = 160,
	DRIVE_PART = 130, /* DM_NAME_LEN, a newline and NUL */
};

/*
 * One word: the serial number or WWID, which it keeps when the kernel numbers
 * its drives anew; else the kernel's name.  Partitions and volumes share it.
 */
void drive_id(const struct swap_area *a, char id[DRIVE_ID]);

/*
 * One word: the partition's number, or 0, behind an NVMe namespace's number
 * from the second on; a volume's own name, as that of its device may change at
 * boot, or that of the device where it has none (RAID).  Files are counted
 * together.
 */
void drive_part(const struct swap_area *a, char part[DRIVE_PART]);

enum { DRIVE_SECTOR_BYTES = 512 };
#define DRIVE_SECTORS_MOST (INT64_MAX / DRIVE_SECTOR_BYTES)

/*
 * Sectors written since the device is there; of files, all of pswpout.
 * NUM_NONE where the kernel does not tell, or tells of more than those.
 */
uint64_t drive_sectors(const struct swap_area *a);

#endif
