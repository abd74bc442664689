/*
 * keep - the ages of page frames from one run to the next (-S).
 *
 * A file begins with "tmo-tools cold-scan VERSION\n", then records with a
 * checksum each: all ages, and then what each pass made of them, until that is
 * so much that all is written anew.  It is written without fsync(2): ages end
 * with the boot.
 */
#ifndef KEEP_H
#define KEEP_H

#include <sys/stat.h>
#include <sys/types.h>

#include "idle.h"

/* In the machine's own byte order: the file never leaves it. */
struct keep_head {
	char boot[40];
	uint64_t page_bytes, sample, seed;
	uint64_t start_us, before_us, moved_pages, scanned_pages, agings;
	uint32_t passes, suspect;
	uint64_t suspect_us[IDLE_SUSPICIONS];
	uint32_t misled_pages[AGES];
};

/* Behind it the times of so many marks, the oldest first, and bytes of ages. */
struct keep_section {
	uint64_t pfn;
	uint32_t pages, kept, passes, read_at, marks, len;
};

/* A file that is read section by section: where that stands in each record. */
struct keep_part {
	const unsigned char *at, *end;
};
struct keep_file {
	const unsigned char *map;
	size_t size;
	struct keep_part *part;
	struct pack_part *ages; /* of the section at hand, of each record */
	size_t n;
	struct keep_head head; /* the last one's */
	size_t sections;
	size_t taken;
	struct stat st;
	size_t base; /* where the first record ends */
};

/* 0, or -errno as state_read() has it. */
int keep_open(struct keep_file *f, const char *path);
void keep_close(struct keep_file *f);

/* The next section and its ring of marks; false: it is damaged. */
bool keep_next(struct keep_file *f, struct keep_section *sec,
	       uint32_t marked[AGES]);

/* A file as the last save left it. */
struct keep {
	off_t base, end; /* of all ages, of the whole; 0: to be written anew */
	size_t sections;
	struct stat was;
	struct keep_file
		file; /* the ages of sections are there, up to a pass */
};

/*
 * Takes the file's lock (the descriptor is returned) and the ages, where the
 * file is of this boot and memory layout; a note says why it starts afresh, and
 * one that is damaged or of another version is kept as path.old.  Dies for a
 * file that is not ours to trust.
 */
int keep_load(struct keep *k, const char *path, struct idle *s);

/*
 * Takes the ages as another run keeps them, of its --sample, without its lock.
 * 0 or -errno; -ESTALE: not of this boot or layout.
 */
int keep_peek(const char *path, struct idle *s);

/* After a pass of idle_pass(): 0 or -errno. */
int keep_save(struct keep *k, const char *path, struct idle *s);

#endif
