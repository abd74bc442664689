#include "drive.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io.h"
#include "kv.h"
#include "mem.h"
#include "num.h"
#include "root.h"

static void name_by_number(const char *dir, char *id)
{
	static const char *const files[] = { "serial", "device/serial", "wwid",
					     "device/wwid" };
	char path[160], text[IO_BUF];
	const char *name;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (io_read(root_fd(), path, text, sizeof(text)) <= 0)
			continue;
		name = text + strspn(text, " \n");
		if (!*name)
			continue;
		snprintf(id, DRIVE_ID, "%.*s", DRIVE_ID - 1, name);
		return;
	}
	snprintf(path, sizeof(path), "%s/uevent", dir);
	if (io_read(root_fd(), path, text, sizeof(text)) > 0 &&
	    (name = strstr(text, "DEVNAME=")))
		sscanf(name, "DEVNAME=%159s", id);
}

static void make_word(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (char *p = text; *p; p++)
		if (*p <= ' ')
			*p = '_';
}

void drive_id(const struct swap_area *a, char id[DRIVE_ID])
{
	char dir[128];

	snprintf(id, DRIVE_ID, "%.159s", *a->dev ? a->dev : a->path);
	if (swap_drive(a, dir, sizeof(dir)))
		name_by_number(dir, id);
	make_word(id);
}

void drive_part(const struct swap_area *a, char part[DRIVE_PART])
{
	char dir[128], path[160];
	uint64_t number = 0, namespace = 0;

	if (a->file) {
		snprintf(part, DRIVE_PART, "files");
		return;
	}
	snprintf(path, sizeof(path), "%s/dm/name", a->dir);
	if (io_read(root_fd(), path, part, DRIVE_PART) > 0) {
		make_word(part);
		return;
	}
	if (swap_is_volume(a)) {
		snprintf(part, DRIVE_PART, "%s", a->dev);
		return;
	}
	snprintf(path, sizeof(path), "%s/partition", a->dir);
	kv_read_u64(root_fd(), path, &number);
	if (swap_drive(a, dir, sizeof(dir))) {
		snprintf(path, sizeof(path), "%s/nsid", dir);
		kv_read_u64(root_fd(), path, &namespace);
	}
	if (namespace > 1)
		snprintf(part, DRIVE_PART, "%" PRIu64 ".%" PRIu64, namespace,
			 number);
	else
		snprintf(part, DRIVE_PART, "%" PRIu64, number);
}

/* Field 7 of /sys/class/block/DEV/stat. */
static uint64_t device_sectors(const char *dir)
{
	char path[128], buf[512], text[32];
	uint64_t sectors;

	snprintf(path, sizeof(path), "%s/stat", dir);
	if (io_read(root_fd(), path, buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%*u %*u %*u %*u %*u %*u %31s", text) != 1 ||
	    num_u64(text, &sectors))
		return NUM_NONE;
	return sectors;
}

uint64_t drive_sectors(const struct swap_area *a)
{
	uint64_t pages, sectors, page = mem_page_bytes() / DRIVE_SECTOR_BYTES;

	if (!a->file)
		sectors = device_sectors(a->dir);
	else if (kv_read_key(root_fd(), "proc/vmstat", "pswpout", &pages))
		sectors = NUM_NONE;
	else /* it shares its disk: what was swapped out */
		sectors = pages > DRIVE_SECTORS_MOST / page ? NUM_NONE
							    : pages * page;
	return sectors > DRIVE_SECTORS_MOST ? NUM_NONE : sectors;
}
