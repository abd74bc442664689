/*
 * cgwalk - what the walk of the tree (cgwalk.c) and the set (cg.c) ask of each
 * other; a tool includes cg.h.
 */
#ifndef CGWALK_H
#define CGWALK_H

#include <stdint.h>

#include "cg.h"

/* ---- of cg.c ---- */

/* Another recording: its directories are opened anew, its members stay. */
int cg_set_follow_replay(struct cg_set *set);

/*
 * The member of that key, still the same cgroup; NULL: there is none, and one
 * that was there is dropped.
 */
struct cg *cg_set_known(struct cg_set *set, const char *key);

/* Drops what was last met that many rounds ago. */
void cg_set_prune(struct cg_set *set, uint32_t rounds);

/* ---- of cgwalk.c ---- */

/* No more watches: each expand walks again. */
void cg_set_unfollow(struct cg_set *set);

#endif
