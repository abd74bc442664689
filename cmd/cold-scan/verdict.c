#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "kv.h"
#include "mem.h"
#include "root.h"

const char *verdict_text(unsigned int suspicions, char buf[VERDICT_LEN])
{
	static const char *const words[] = { "lru_gen", "damon",    "numa",
					     "scanner", "file",	    "stale",
					     "region",	"memcg",    "sample",
					     "shared",	"migrated", "walk" };
	size_t len = 0;

	if (!suspicions)
		return "ok";
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (suspicions >> i & 1)
			len += (size_t)snprintf(
				buf + len, VERDICT_LEN - len, "%s%s",
				len ? "," : "suspect:", words[i]);
	return buf;
}

/* 1: it does; 0; -errno: it cannot be read. */
static int starts(const char *path, const char *with)
{
	char text[64];
	ssize_t n = io_read(root_fd(), path, text, sizeof(text));

	return n < 0 ? (int)n : !strncmp(text, with, strlen(with));
}

enum { END_LEN = 112 };
static bool damon_end(char end[END_LEN])
{
	static const struct {
		const char *enabled, *end;
	} modules[] = {
#define MODULE(name)                                \
	{ "sys/module/" name "/parameters/enabled", \
	  "echo N >/sys/module/" name "/parameters/enabled" }
		MODULE("damon_stat"),
		MODULE("damon_reclaim"),
		MODULE("damon_lru_sort"),
#undef MODULE
	};
	char path[96];
	int on = 0;

	for (size_t i = 0; i < sizeof(modules) / sizeof(*modules); i++)
		if (starts(modules[i].enabled, "Y") > 0) {
			snprintf(end, END_LEN, "%s", modules[i].end);
			return true;
		}
	/* They are numbered without a gap. */
	for (int i = 0; !on; i++) {
		snprintf(path, sizeof(path),
			 "sys/kernel/mm/damon/admin/kdamonds/%d/state", i);
		on = starts(path, "on");
	}
	snprintf(end, END_LEN, "echo off >/%s", path);
	return on > 0;
}

const char *verdict_damon_end(void)
{
	static char end[END_LEN];

	return damon_end(end) ? end : NULL;
}

/* Balancing does nothing where there is one node only. */
static bool numa_balances(void)
{
	uint64_t mode;
	char nodes[64];

	return !kv_read_u64(root_fd(), "proc/sys/kernel/numa_balancing",
			    &mode) &&
	       mode &&
	       io_read(root_fd(), "sys/devices/system/node/has_memory", nodes,
		       sizeof(nodes)) > 0 &&
	       strpbrk(nodes, ",-");
}

unsigned int verdict_look(void)
{
	char end[END_LEN];

	return (mem_lru_gen_enabled() ? SUSPECT_LRU_GEN : 0u) |
	       (damon_end(end) ? SUSPECT_DAMON : 0u) |
	       (numa_balances() ? SUSPECT_NUMA : 0u);
}

bool verdict_foreign_marks(uint64_t unexpected_pages, uint64_t moved_pages,
			   uint64_t tracked_pages)
{
	/* A split or a race gives a few; somebody's marks give many. */
	return unexpected_pages > moved_pages + tracked_pages / 200 + 64;
}

bool verdict_marked_left(uint64_t folios, uint64_t moved_pages)
{
	/* One of 256 frames is left, so is one of so many that a page with its
	 * mark moves to; four times that, and a race. */
	return folios > moved_pages / 64 + 2;
}

bool verdict_many_moved(uint64_t moved_pages, uint64_t tracked_pages)
{
	return moved_pages > tracked_pages / 100 + 64;
}

bool verdict_in_vm(void)
{
	char *text;
	bool found;

	if (io_read_all(root_fd(), "proc/cpuinfo", &text) < 0)
		return false;
	found = strstr(text, " hypervisor") != NULL;
	free(text);
	return found;
}
