#include "zram.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "io.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "swap.h"

static ssize_t read_attr(const char *dev, const char *attr, char *buf,
			 size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), "sys/block/%s/%s", dev, attr);
	return io_read(root_fd(), path, buf, size);
}

static int write_attr(const char *dev, const char *attr, const char *text)
{
	char path[160];
	int err;

	snprintf(path, sizeof(path), "sys/block/%s/%s", dev, attr);
	err = io_write(root_fd(), path, text);
	debug("'%s' > /%s: %s", text, path, err ? strerror(-err) : "done");
	return err;
}

uint64_t zram_used_bytes(const char *dev)
{
	char dir[128];
	struct swap_zram z;

	snprintf(dir, sizeof(dir), "sys/block/%s", dev);
	return swap_zram_read(dir, &z) ? NUM_NONE : z.used_bytes;
}

/* bd_stat: bd_count bd_reads bd_writes, in units of 4 KiB. */
uint64_t zram_written_bytes(const char *dev)
{
	char buf[512];
	uint64_t units;

	if (read_attr(dev, "bd_stat", buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%*u %*u %" SCNu64, &units) != 1)
		return NUM_NONE;
	return units * ZRAM_LIMIT_UNIT;
}

/*
 * Marks what has not been touched for that long.  Ages need
 * CONFIG_ZRAM_TRACK_ENTRY_ACTIME; without it the kernel says EINVAL.
 */
int zram_mark_idle(const char *dev, uint64_t age_us)
{
	char text[NUM_LEN + 1];
	size_t n = num_put_u64(text, age_us / 1000000);

	text[n] = '\0';
	return write_attr(dev, "idle", text);
}

const char *zram_lacks_recompress(const char *dev)
{
	char buf[512];

	if (read_attr(dev, "recomp_algorithm", buf, sizeof(buf)) < 0)
		return "kernel:CONFIG_ZRAM_MULTI_COMP";
	return strchr(buf, '[') ? NULL : "set:recomp_algorithm";
}

const char *zram_lacks_writeback(const char *dev)
{
	char buf[512];

	if (read_attr(dev, "backing_dev", buf, sizeof(buf)) < 0)
		return "kernel:CONFIG_ZRAM_WRITEBACK";
	return *buf == '/' ? NULL : "set:backing_dev";
}

int zram_read_limit(const char *dev, struct zram_limit *out)
{
	char buf[64], enable[64];

	if (read_attr(dev, "writeback_limit", buf, sizeof(buf)) < 0 ||
	    read_attr(dev, "writeback_limit_enable", enable, sizeof(enable)) <
		    0 ||
	    sscanf(buf, "%" SCNu64, &out->units) != 1)
		return -ENOENT;
	out->on = *enable == '1';
	return 0;
}

int zram_write_limit(const char *dev, uint64_t units)
{
	char text[NUM_LEN + 1];

	text[num_put_u64(text, units)] = '\0';
	return write_attr(dev, "writeback_limit", text);
}

int zram_switch_limit(const char *dev, bool on)
{
	return write_attr(dev, "writeback_limit_enable", on ? "1" : "0");
}

int zram_recompress(const char *dev, uint64_t age_us)
{
	int err = zram_mark_idle(dev, age_us);

	if (!err)
		err = write_attr(dev, "recompress", "type=idle");
	if (!err)
		err = write_attr(dev, "recompress", "type=huge");
	return err;
}

int zram_write_back(const char *dev, const char *words)
{
	return write_attr(dev, "writeback", words);
}

/* -EIO: the limit was met, or the backing device is full. */
int zram_write_back_idle(const char *dev)
{
	int err = write_attr(dev, "writeback", "huge_idle");

	if (!err || err == -EIO)
		err = write_attr(dev, "writeback", "idle");
	return err == -EIO ? 0 : err;
}
