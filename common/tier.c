#include "tier.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "root.h"

enum { NODES = 64 };
#define TIERS "sys/devices/virtual/memory_tiering"

uint64_t tier_nodes(const char *list)
{
	uint64_t bits = 0;
	char *end;

	for (;; list = end + 1) {
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (end == list)
			return bits;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && from < NODES; from++)
			bits |= UINT64_C(1) << from;
		if (*end != ',')
			return bits;
	}
}

/* All nodes but those of the first tier: a smaller number is a faster one. */
static uint64_t slow_nodes(void)
{
	int fd = io_open(root_fd(), TIERS, O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	unsigned int id, first = UINT32_MAX;
	uint64_t all = 0, fast = 0;
	struct dirent *e;

	if (!dir)
		return 0;
	while ((e = readdir(dir))) {
		char path[300], list[256];

		if (sscanf(e->d_name, "memory_tier%u", &id) != 1)
			continue;
		snprintf(path, sizeof(path), TIERS "/%s/nodelist", e->d_name);
		if (io_read(root_fd(), path, list, sizeof(list)) <= 0)
			continue;
		all |= tier_nodes(list);
		if (id < first) {
			first = id;
			fast = tier_nodes(list);
		}
	}
	closedir(dir);
	return all & ~fast;
}

/* Above what its kswapd begins at: about a thirty-second part. */
static uint64_t node_left(int node)
{
	char path[64], buf[IO_BUF];
	const char *total, *left;
	uint64_t total_kb, left_kb;

	snprintf(path, sizeof(path), "sys/devices/system/node/node%d/meminfo",
		 node);
	if (io_read(root_fd(), path, buf, sizeof(buf)) <= 0 ||
	    !(total = strstr(buf, " MemTotal:")) ||
	    !(left = strstr(buf, " MemFree:")) ||
	    sscanf(total + 10, "%" SCNu64, &total_kb) != 1 ||
	    sscanf(left + 9, "%" SCNu64, &left_kb) != 1)
		return 0;
	return left_kb > total_kb / 32 ? (left_kb - total_kb / 32) * 1024 : 0;
}

void tier_read(struct tier *t)
{
	char on[16];

	*t = (struct tier){ 0 };
	if (io_read(root_fd(), "sys/kernel/mm/numa/demotion_enabled", on,
		    sizeof(on)) <= 0 ||
	    !strchr("t1", *on))
		return;
	t->slow_nodes = slow_nodes();
	for (int node = 0; node < NODES; node++)
		if (t->slow_nodes >> node & 1)
			t->left_bytes += node_left(node);
}

uint64_t tier_fast_anon_bytes(const struct tier *t, const char *numa_stat)
{
	static const char *const lrus[] = { "inactive_anon", "active_anon" };
	uint64_t sum = 0, bytes;

	for (int node = 0; node < NODES; node++) {
		char name[16];

		if (t->slow_nodes >> node & 1)
			continue;
		snprintf(name, sizeof(name), "N%d", node);
		for (int i = 0; i < 2; i++)
			if (!kv_nested_u64(numa_stat, lrus[i], name, &bytes))
				sum += bytes;
	}
	return sum;
}
