/*
 * record - what --apply has changed and --undo puts back, kept in a file.  It
 * is void after a boot, as the cgroups and their settings are.
 */
#ifndef RECORD_H
#define RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cg.h"

enum {
	RECORD_ZSWAP_MAX,
	RECORD_WRITEBACK,
	RECORD_SWAP_MAX, /* of old records, and only put back */
	RECORD_FILES,
};
enum { RECORD_TEXT = 32 }; /* the longest value, with its NUL */

extern const char *const record_file[RECORD_FILES];

/*
 * One setting that was changed: what it was, and what we made it.  Not done
 * while its file is about to be written: then it holds either, and after a
 * kill that tells which.  Foreign once another process has changed the file:
 * what it holds from then on is that process's, also where it is what we had
 * written.
 */
struct record_entry {
	uint64_t ino;
	int file; /* RECORD_ZSWAP_MAX and so on */
	bool done, foreign;
	char old[RECORD_TEXT], new[RECORD_TEXT];
	char *key;
};

struct record {
	struct record_entry *v;
	size_t n;
	bool changed; /* since it was read, without a write of its own */
};

/*
 * Reads it; where it may be written, it is locked for this process alone.  All
 * of these die where the file cannot be used.  Returns the lock, or -1.
 */
int record_open(struct record *rec, const char *path, bool write);
void record_write(const struct record *rec, const char *path);
void record_close(struct record *rec, int lock);

/* The entry of a file of cg, or NULL. */
struct record_entry *record_find(struct record *rec, const struct cg *cg,
				 int file);
struct record_entry *record_add(struct record *rec, const struct cg *cg,
				int file, const char *old, const char *new);
void record_drop(struct record *rec, struct record_entry *e);

/*
 * What a kill had left open is told by what the file holds now; NULL: it was
 * not written, and the entry is dropped.
 */
struct record_entry *record_resolve(struct record *rec, struct record_entry *e,
				    const char *now);

#endif
