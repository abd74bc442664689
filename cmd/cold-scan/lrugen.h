/*
 * lrugen - the lru-gen source: the multi-generational LRU's own ages.
 *
 * debugfs lru_gen lists each memory cgroup ("memcg ID PATH", the path from
 * the root of the hierarchy), below it each node, and of each generation its
 * number, milliseconds since its birth, anonymous and file pages
 * (mm/vmscan.c, lru_gen_seq_show).  lru_gen_full has the same lines, statistics
 * between them and generations that are no more; under lockdown it is the one
 * that can be read, as nobody can write it (fs/debugfs/file.c).
 */
#ifndef LRUGEN_H
#define LRUGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "age.h"
#include "cg.h"

/* One lruvec. */
struct lrugen_vec {
	const char *path;
	unsigned long id;
	bool replaced; /* a later one has its path */
	int node;
	size_t n;
	uint64_t walked_sum; /* see walked.h; NUM_NONE: not told */
	bool counts_old;     /* entries of page tables, apart */
	struct lrugen_gen {
		uint64_t seq, born_ms_ago, anon_pages, file_pages;
		uint64_t walked; /* by the aging that followed; likewise */
	} gen[8];		 /* MAX_NR_GENS is 4 */
};

/*
 * 0: it can be read; -EOPNOTSUPP not in this kernel, -ENOENT no debugfs,
 * -EACCES no right, -EPERM lockdown. *can_age: a generation can be begun, too.
 */
int lrugen_probe(bool *can_age);

/*
 * Calls on each lruvec of the text, of either file, which is cut up: 0 or
 * -EBADMSG.
 */
int lrugen_parse(char *text, void (*each)(const struct lrugen_vec *, void *),
		 void *ctx);

/* The same of lru_gen_full, if it can be read: 0 or -errno. */
int lrugen_full(void (*each)(const struct lrugen_vec *, void *), void *ctx);

/*
 * Does an aging ask KVM what its guests touched?  Kernels from 6.12 on do, and
 * count old entries no more; false, too, where lru_gen_full cannot be read.
 */
bool lrugen_asks_guests(void);

/*
 * What a generation proves: pages in it were not found accessed from the birth
 * of the next one up to that of the newest.  0 for the newest two, and where
 * no more than one aging ever was.
 */
uint64_t lrugen_bound_us(const struct lrugen_vec *v, size_t i);

/*
 * Its cgroup is removed: the id has become 0, and no command finds it; or pages
 * in swap keep the id, and the one that has its path by now comes after it, as
 * children are listed in the order of their making.
 */
bool lrugen_gone(const struct lrugen_vec *v);

/* Puts a lruvec's pages on the scale. */
void lrugen_tally(const struct lrugen_vec *v, const struct age_scale *scale,
		  struct tally *t);

/*
 * Agings of all lruvecs that there are, ever, be lru_gen on or off; NUM_NONE:
 * not told.
 */
uint64_t lrugen_agings(void);

struct referenced;
struct walked;

/*
 * Reads the file; tallies by the inode of each path in tree, that of the
 * nearest cgroup above where it is gone.  walked: what our aging before looked
 * at, so that a removed one, which nobody can age, counts as touched and holds
 * up nothing; NULL: there was none.  ref, or NULL: what it knows nothing of
 * counts as unsure.  0 or -errno: -ENOENT no such file (debugfs,
 * CONFIG_LRU_GEN), -EACCES.
 */
int lrugen_read(struct cg_set *tree, const struct age_scale *scale,
		struct walked *walked, const struct referenced *ref,
		struct tally_set *out);

/*
 * Only takes note of the numbers, and in the tallies of who has aged each
 * cgroup and what nobody can age: 0 or -errno.
 */
int lrugen_watch(struct cg_set *tree, struct referenced *ref,
		 struct tally_set *out);

/*
 * Begins a generation in every lruvec of the cgroups of the keys, or of those
 * and all below: from then on the ages of the others hold up to now.  ref and
 * walked, or NULL, learn which agings are ours.  Number of lruvecs, or -errno.
 */
int lrugen_age_now(char *const *keys, size_t n, bool below,
		   struct referenced *ref, struct walked *walked);

#endif
