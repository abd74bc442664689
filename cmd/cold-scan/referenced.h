/*
 * referenced - which pages of files were read since the last aging of lru_gen.
 *
 * The first read(2) of a page sets PG_referenced (mm/swap.c,
 * folio_mark_accessed), and an aging clears it as it carries the oldest
 * generation on, where such pages stay (mm/vmscan.c, inc_min_seq).  So between
 * two of our own agings a page of a file with KPF_REFERENCED was read, and one
 * without was not.  A page that is new, or came from a younger generation,
 * keeps the bit for an aging or two more: it passes for read, never for cold.
 *
 * So it is with shared memory that read(2) and write(2) touch, of which aging
 * sees only what page tables touch.  After 6.12 it sets the bit for that, too,
 * but not at two agings in a row: the next one makes the page young.  So a look
 * right after the aging tells: what is clear there and has the bit at the next
 * look was touched by them.
 */
#ifndef REFERENCED_H
#define REFERENCED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "age.h"
#include "lrugen.h"

/*
 * Of a page frame: 0: no page of a file that read(2) alone touches; 1: such
 * one, read or new; n: found unread n - 1 times in a row.  The last two: shared
 * memory, of which the bit at the next look tells an access, and such as has
 * told one at the last look.
 */
enum {
	UNREAD_NONE = 0,
	UNREAD_FIRST = 1,
	UNREAD_MAX = 253,
	SHMEM_TOLD = 254,
	SHMEM_TELLS = 255
};

/* A run of page frames. */
struct referenced_run {
	size_t pages;
	const uint64_t *flags, *cgroup;
	uint8_t *unread; /* in and out */
	int node;
	uint8_t head; /* in and out: of the huge page that it ends in */
	bool head_mapped, head_again, head_clear;
	uint64_t head_cgroup;
};

/*
 * Counts by FILES and times unread, into the cgroup's; what page tables lead
 * to as mapped_pages, as an access by them sets no such bit.  Of mapped shared
 * memory, what was touched so in the last two intervals, which are the oldest
 * age of lru-gen, as again_pages.
 */
void referenced_run(struct referenced_run *r, struct tally_set *out);

/* The same run after the aging; only flags are looked at. */
void referenced_run_after(struct referenced_run *r);

/* A lruvec whose agings are ours: how many in a row, and its number then. */
struct referenced_vec {
	unsigned long id;
	int node;
	uint64_t seq;
	unsigned int ours;
	bool met;
	uint64_t moved_us; /* when another's aging was met; 0: never */
};

/* So many agings in a row empty the four generations of older bits. */
enum { REFERENCED_AGINGS = 4 };

struct referenced {
	struct referenced_vec *vec;
	size_t n_vec;
	uint8_t *unread; /* of each frame from 0 on */
	size_t pages;
	uint64_t aged_us[UNREAD_MAX + 1]; /* the last agings, newest first */
	uint64_t scanned_pages, written_pages; /* counters, then */
	uint64_t unseen_pages; /* written back since the aging before last */
	uint64_t was_written;
	struct tally_set files;
	bool off; /* a file cannot be read */
};

/* Takes note of its number, and whether it is another than we left. */
const struct referenced_vec *referenced_look(struct referenced *r,
					     const struct lrugen_vec *v);

/* Counts the agings that are ours. */
void referenced_after(struct referenced *r, const struct lrugen_vec *v,
		      bool done);

/* All of these are lost: reclaim clears the bits, too. */
void referenced_reset(struct referenced *r);

/* Can it be told of that lruvec? */
bool referenced_knows(const struct referenced *r, unsigned long id, int node);

/* The same of shared memory: two intervals of ours, and no bit lost in them. */
bool referenced_knows_shmem(const struct referenced *r, unsigned long id,
			    int node);

/* What of that cgroup's shared memory was touched where no aging looks. */
uint64_t referenced_again(const struct referenced *r, uint64_t ino, int node);

/*
 * Reads the flags of all page frames: to be called before the aging.  0 or
 * -errno.
 */
int referenced_scan(struct referenced *r, uint64_t page_bytes);

/* To be called after it; where it fails, nothing of shared memory is told. */
void referenced_scan_after(struct referenced *r, uint64_t page_bytes);

/*
 * Puts what read(2) left unread in the place of t's file pages.  Of mapped ones
 * no more than lru_gen calls old is cold: an upper bound.
 */
void referenced_take(const struct referenced *r, const struct age_scale *scale,
		     uint64_t now_us, struct tally *t);

void referenced_close(struct referenced *r);

#endif
