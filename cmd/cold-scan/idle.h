/*
 * idle - the page-idle source: passes over the machine's page frames.
 *
 * A section is the run of page frames that one read of the bitmap gives: the
 * kernel caps it at PAGE_SIZE bytes (fs/kernfs/file.c), 128 MiB on x86. With
 * --sample it is of up to 64 such reads.
 */
#ifndef IDLE_H
#define IDLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "age.h"
#include "verdict.h"

extern const char idle_bitmap[]; /* its path */

/* Of suspicions, the first ones: the layout of a state depends on it. */
enum { IDLE_SUSPICIONS = 11 };

enum { IDLE_LEAST_US = 1000000 }; /* from one pass to the next */

struct section {
	uint64_t pfn; /* a multiple of 64 */
	uint32_t pages;
	int node;
	uint8_t *packed;	      /* the ages, see pack.h */
	uint32_t packed_len;	      /* 0: none yet */
	const struct pack_part *told; /* -S: the ages that a file tells, up to
				       * the first pass; NULL: none */
	uint8_t *differ;	      /* what the last pass made of them */
	uint32_t differ_len;	      /* 0: nothing */
	uint8_t *open;	       /* its swap bits, then its ages, or NULL */
	uint32_t passes;       /* over this section, by us */
	uint32_t marked[AGES]; /* when, in 1/100 s since boot: a ring */
	uint32_t read_at;      /* the last pass */
};

struct idle {
	struct section *v;
	size_t n;
	uint64_t page_bytes;
	int bitmap; /* held with a lock: one scanner at a time */

	unsigned int jobs;
	uint64_t sample; /* one word of so many; 1: all */
	uint64_t seed;
	double max_cpu_pct; /* 0: as fast as it goes */
	bool progress;
	bool promoted;	       /* is asked for: tell what is proven */
	bool differ;	       /* is asked for: what a pass changes */
	bool lru_gen;	       /* is on */
	atomic_ullong told_us; /* when it was last shown */
	atomic_bool stop;      /* another thread's wish */

	struct pack_part *told; /* of all sections, n_told of each */
	size_t n_told;
	const void *told_map; /* where it is */
	size_t told_bytes;

	uint32_t passes;
	uint64_t start_us, end_us; /* of the last pass */
	uint64_t before_us;	   /* start of the one before it */
	uint64_t cpu_us;
	uint64_t units;	      /* words sampled in the last pass */
	unsigned int suspect; /* kept with the ages */
	uint64_t suspect_us[IDLE_SUSPICIONS]; /* up to when each held; 0: never
					       */
	uint64_t moved_pages; /* that the kernel ever migrated, at its start */
	uint64_t moved_by_end_pages; /* the same, at its end */
	uint32_t misled_pages[AGES]; /* see idle_mislead(), of each pass */
	uint64_t scanned_pages;	     /* likewise, that reclaim looked at */
	uint64_t agings;    /* by lru_gen, at its end; NUM_NONE: not known */
	atomic_size_t next; /* of the sections, for the workers */
	atomic_int err;
};

/*
 * 0 or -errno: -ENOENT the kernel has no page_idle, -EWOULDBLOCK another
 * scanner holds it.
 */
int idle_open(struct idle *s);
void idle_close(struct idle *s);

/* As if no pass had been. */
void idle_forget(struct idle *s);

/* The file that told ages is left: those not yet looked at come to memory. */
void idle_leave_file(struct idle *s);

/* Only finds the sections, anew, for this s->sample, to hold ages that another
 * run told. */
int idle_layout(struct idle *s);

/* Of how many of its frames ages are kept: with --sample of those drawn. */
uint32_t idle_kept(const struct idle *s, const struct section *sec);

/* Counts pages by the ages as they are and what was touched since. */
int idle_count(struct idle *s, struct tally_set *out);

/*
 * System RAM as ranges of page frames: 0, or -ENXIO where nothing tells; *v
 * malloc'ed.
 */
struct pfn_range {
	uint64_t pfn, end;
	int node;
};
int idle_ram(uint64_t page_bytes, struct pfn_range **v, size_t *n);

/*
 * One pass: reads, counts into out, marks.  0, or -errno; -EINTR: stopped, and
 * out is only part.
 */
int idle_pass(struct idle *s, struct tally_set *out);

/* The marks hold from now on: what was touched since the pass is not told. */
void idle_hold(struct idle *s);

/*
 * When the last pass of any scan since boot began, be it one that was killed;
 * 0: not known.
 */
uint64_t idle_stamp_us(void);

/* Notes suspicions that held up to that time; ages that reach over it keep
 * them.
 */
void idle_suspect(struct idle *s, unsigned int suspicions, uint64_t until_us);

/* So many moved since the pass before to frames whose pages had an age. */
void idle_mislead(struct idle *s, uint64_t pages);

/*
 * So many can have taken an age of so many intervals from others: since the
 * last pass before they moved they were idle, and no more is known.
 */
uint64_t idle_misled_pages(const uint32_t misled_pages[AGES], uint32_t passes,
			   int age);

/* Does that age reach back over that time?  0: never. */
bool idle_reaches(const struct idle *s, const struct age_scale *scale,
		  uint64_t age_us, uint64_t until_us);

/* The suspicions under which so many pages of that age were looked at. */
unsigned int idle_suspicions(const struct idle *s,
			     const struct age_scale *scale, uint64_t age_us,
			     uint64_t tracked_pages);

/* From a section's mark to its read, both in 1/100 s. */
uint64_t idle_since_us(uint32_t read_at, uint32_t marked);

/* Of the last pass, or of the one before it. */
void idle_scale(const struct idle *s, bool before, struct age_scale *scale);

/* The age of one page frame, AGE_NONE for what is not tracked. */
uint8_t idle_age(const struct idle *s, uint64_t pfn, bool *swap);

/*
 * flags and inodes of a run of frames; what is not there is zero.  How many
 * were, or -errno.
 */
ssize_t idle_read_words(int fd, uint64_t first_word, uint64_t *buf,
			size_t words);

#endif
