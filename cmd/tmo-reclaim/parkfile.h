/*
 * parkfile - what --park writes down of a cgroup before it takes anything, and
 * --wake brings back: its processes, their mappings, and of these the runs of
 * pages that were in memory.  Here is the text of it and what is computed from
 * it; nothing here looks at a process.
 */
#ifndef PARKFILE_H
#define PARKFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "state.h"

enum { PARKFILE_VERSION = 1 };
#define PARKFILE_NAME "tmo-reclaim-park"

struct park_run {
	uint64_t page, pages; /* number of the first, in its process */
};

struct park_map {
	uint64_t page, pages;
	uint64_t offset_pages, dev, ino; /* of the file; ino 0: none */
	bool readable;			 /* not kept */
	size_t first, n;		 /* runs */
};

struct park_process {
	uint64_t pid, start_ticks;
	uint64_t exe_dev, exe_ino; /* ino 0: not known */
	size_t first, n;	   /* maps */
};

/* Processes as they came, the maps and the runs of each by address. */
struct parkfile {
	char boot[STATE_BOOT];
	uint64_t ino; /* of the cgroup */
	char *key;    /* where it was then */
	struct park_process *process;
	struct park_map *map;
	struct park_run *run;
	size_t processes, maps, runs;
	size_t process_room, map_room, run_room;
};

/* Each is appended to the last of what holds it; runs that meet are one. */
void parkfile_process(struct parkfile *f, const struct park_process *p);
void parkfile_map(struct parkfile *f, const struct park_map *m);
void parkfile_run(struct parkfile *f, uint64_t page, uint64_t pages);
void parkfile_free(struct parkfile *f);

uint64_t parkfile_pages(const struct parkfile *f, const struct park_process *p);

/* Is it the same process?  What is not known of the program is no difference.
 */
bool parkfile_same(const struct park_process *a, const struct park_process *b);

/*
 * The runs of a recorded process that lie in m, a mapping that it has now, if
 * they are of the same file at the same place.  Called for m after m by
 * address, *at is where the search goes on: p->first at first.
 */
void parkfile_common(const struct parkfile *was, const struct park_process *p,
		     size_t *at, const struct park_map *m,
		     void (*each)(void *arg, uint64_t page, uint64_t pages),
		     void *arg);

/* Adds to f what was has of the same processes and mappings. */
void parkfile_merge(struct parkfile *f, const struct parkfile *was);

/*
 * The text, malloc'ed: lines "boot", "cgroup", and then "process", "map" and,
 * for a run, "GAP PAGES", where GAP is the distance from the end of the last
 * run or the begin of the map; "end".
 */
char *parkfile_text(const struct parkfile *f, size_t *len);

/* 0, or -EBADMSG for what no parkfile_text() wrote; f is zeroes then. */
int parkfile_parse(const char *text, size_t len, struct parkfile *f);

#endif
