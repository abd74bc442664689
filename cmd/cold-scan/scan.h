/*
 * scan - a pass over the machine by whichever source, and what it found.
 */
#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "age.h"
#include "cg.h"
#include "idle.h"
#include "keep.h"
#include "meanwhile.h"
#include "referenced.h"
#include "walked.h"

enum source { SOURCE_AUTO, SOURCE_IDLE, SOURCE_LRUGEN, SOURCE_DAMON };
const char *source_name(enum source source);
/* 0 or -EINVAL. */
int source_parse(const char *name, enum source *out);

enum { ASK_MAX = 16 };
struct scan_opts {
	enum source source;
	uint64_t age_us[ASK_MAX]; /* ascending */
	size_t n_ages;
	uint64_t interval_us;
	const char *state; /* -S */
	bool watch;	   /* read the state, leave the scan to others */
	bool age_now;
	bool referenced;   /* of its file pages, what read(2) touched */
	bool promoted;	   /* what was touched again is asked for, too */
	char *const *keys; /* the targets */
	size_t n_keys;
	const uint64_t *pids; /* -p */
	size_t n_pids;
	unsigned int jobs;
	uint64_t sample;
	double max_cpu_pct;
	bool progress;
	uint64_t wait_us; /* for another page-idle scan */
};

struct scan {
	const struct scan_opts *opts;
	enum source source;
	struct idle idle;
	struct referenced ref;
	struct walked walked;
	struct damon *damon;
	/* Every cgroup that pages can be charged to, in tree order: also those
	 * that are no rows.  What is shown has a set of its own, view.targets,
	 * whose files stay open, and which another thread may follow. */
	struct cg_set tree;
	size_t tabs;	   /* of its names, met before */
	char *const *keys; /* --age-now: whose lruvecs to age */
	size_t n_keys;
	bool keys_alone; /* and not of what is below them */

	bool whose; /* kpagecgroup can be read */
	struct tally_set pages;
	int nodes; /* up to the last that has any */
	struct age_scale scale;
	struct age_scale was_scale; /* page-idle: as of the pass before */
	uint64_t page_bytes;
	uint64_t unit_pages; /* each page seen stands for so many */
	uint64_t units;	     /* that were sampled; 0: all was seen */
	unsigned int suspect;
	int64_t time_ms;
	uint64_t first_us;	/* when the first pass began */
	uint64_t window_us;	/* since the pass before; 0: there was none */
	uint64_t scanned_pages; /* that reclaim looked at meanwhile */
	bool asks_guests;	/* lru-gen: so agings do */
	uint64_t aged_ticks;	/* lru-gen: when it began, see seen.h */
	uint64_t aging_us; /* lru-gen: what the pass took, with its agings */
	bool generations;  /* page-idle: as of the last pass, what lru_gen hides
			    * is told by its numbers */
	bool told_damon;   /* that one runs, and what ends it */
	struct meanwhile meanwhile; /* page-idle */
	struct keep keep;
	int state_lock;
	int unsaved; /* -S: the error of the last try, or 0 */
};

/* Dies, with cause and remedy, where no source can be used. */
void scan_open(struct scan *s, const struct scan_opts *opts);
void scan_close(struct scan *s);

/*
 * The best source that is true here and can be opened, of processes or of the
 * cgroups of tree, where we age or not; SOURCE_AUTO: none.
 */
enum source scan_choose(bool processes, bool ages, const struct cg_set *tree);

/*
 * 0; -EINTR: a stop was asked for; -ENODATA: no ages in the state of another's
 * scans; else -errno.
 */
int scan_pass(struct scan *s);

/* Can the first (all: the last) of the ages asked for be told? */
bool scan_ready(const struct scan *s, bool all);

/* Has that node memory?  They are numbered with holes. */
bool scan_has_node(const struct scan *s, int node);

/* lru-gen: nobody looked at it for so long that no age reaches up to now. */
bool scan_is_stale(const struct scan *s, const struct tally *t,
		   uint64_t age_us);

/*
 * What the cgroup and all below it hold; node < 0: on every node.  Where that
 * cannot be known, sum->unknown says why and the rest is zero.
 */
void scan_sum(const struct scan *s, const struct cg *cg, bool local, int node,
	      struct tally *sum);

#endif
