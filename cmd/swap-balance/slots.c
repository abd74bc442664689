#include "slots.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "num.h"
#include "root.h"

enum {
	SLOTS_MOST = 1 << 30, /* of 4 KiB: 4 TiB */
	READ_BYTES = 65536,
};

static void name_file(char path[128], const char *dev)
{
	snprintf(path, 128, "sys/kernel/debug/zram/%.63s/block_state", dev);
}

/* INDEX SECONDS.FRACTION FLAGS: s same, w written back, h huge, i idle. */
enum slot slots_judge(const char *line, uint64_t now_us, uint64_t age_us,
		      uint64_t *index)
{
	uint64_t s;
	unsigned int us = 0;
	char flags[16];

	if (sscanf(line, "%" SCNu64 " %" SCNu64 ".%6u %15s", index, &s, &us,
		   flags) != 4)
		return SLOT_OTHER;
	if (!s)
		return SLOT_UNDATED;
	if (s > UINT64_MAX / 2000000 || strpbrk(flags, "sw") ||
	    s * 1000000 + us > now_us || now_us - s * 1000000 - us < age_us)
		return SLOT_OTHER;
	return strchr(flags, 'h') ? SLOT_COLD_HUGE : SLOT_COLD;
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

size_t slots_choose(uint64_t *index, size_t n, uint64_t most)
{
	size_t kept = 0;

	qsort(index, n, sizeof(*index), compare);
	for (size_t i = 0; i < n && kept < most; i++)
		if (!kept || index[kept - 1] != index[i])
			index[kept++] = index[i];
	return kept;
}

size_t slots_words(const uint64_t *index, size_t n, bool single, char *buf,
		   size_t size)
{
	enum { WORD = sizeof("page_indexes=-") + 2 * NUM_LEN };
	size_t len = 0, i = 0;

	if (single && n)
		return (size_t)snprintf(buf, size, "page_index=%" PRIu64,
					*index) < size;
	while (i < n && size - len >= WORD) {
		size_t first = i;

		while (++i < n && index[i] == index[i - 1] + 1)
			;
		len += (size_t)snprintf(buf + len, size - len,
					"%spage_indexes=%" PRIu64 "-%" PRIu64,
					len ? " " : "", index[first],
					index[i - 1]);
	}
	return i;
}

static int add(struct slots *s, uint64_t index, enum slot slot)
{
	if (index >= SLOTS_MOST)
		return -EFBIG;
	if (index >= s->n) {
		size_t room = index < 65536 ? 65536 : (size_t)index * 2;
		unsigned char *v = realloc(s->slot, room);

		if (!v)
			return -ENOMEM;
		memset(v + s->n, SLOT_OTHER, room - s->n);
		s->slot = v;
		s->n = room;
	}
	s->slot[index] = (unsigned char)slot;
	s->huge += slot == SLOT_COLD_HUGE;
	return 0;
}

/* The clock that the kernel's times are of. */
static uint64_t now_us(void)
{
	struct timespec ts;

	if (!root_is_live() || clock_gettime(CLOCK_BOOTTIME, &ts))
		return clock_mono_us();
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The whole lines of buf; what is left of it, behind them, moves to its start.
 */
static int take_lines(struct slots *s, char *buf, size_t *len, uint64_t now,
		      uint64_t age_us)
{
	char *line = buf, *end;
	uint64_t index;
	int err = 0;

	while (!err &&
	       (end = memchr(line, '\n', *len - (size_t)(line - buf)))) {
		enum slot slot;

		*end = '\0';
		slot = slots_judge(line, now, age_us, &index);
		s->lines++;
		if (slot == SLOT_UNDATED)
			s->undated++;
		else if (slot != SLOT_OTHER)
			err = add(s, index, slot);
		line = end + 1;
	}
	*len -= (size_t)(line - buf);
	memmove(buf, line, *len);
	return err;
}

int slots_read(struct slots *s, const char *dev, uint64_t age_us)
{
	char path[128], *buf = malloc(READ_BYTES);
	uint64_t now = now_us();
	size_t len = 0;
	int fd, err = buf ? 0 : -ENOMEM;

	*s = (struct slots){ 0 };
	name_file(path, dev);
	fd = err ? err : io_open(root_fd(), path, O_RDONLY);
	err = fd < 0 ? fd : 0;
	while (!err && !clock_stopped()) {
		ssize_t n = read(fd, buf + len, READ_BYTES - len);

		if (n <= 0) {
			err = n < 0 ? -errno : 0;
			break;
		}
		len += (size_t)n;
		err = take_lines(s, buf, &len, now, age_us);
		if (!err && len == READ_BYTES)
			err = -EBADMSG;
	}
	if (fd >= 0)
		close(fd);
	free(buf);
	/* A slot that is being filled is undated for a moment. */
	if (!err && s->undated * 2 > s->lines)
		err = -ENODATA;
	if (err)
		slots_free(s);
	return err;
}

void slots_free(struct slots *s)
{
	free(s->slot);
	*s = (struct slots){ 0 };
}

const char *slots_lack(const char *dev)
{
	char path[128];
	int err;

	name_file(path, dev);
	err = io_try(root_fd(), path, O_RDONLY);
	return !err				 ? NULL
	       : err == -EACCES || err == -EPERM ? "run:root"
						 : "debugfs:block_state";
}
