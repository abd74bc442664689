/*
 * setting - what memory.zswap.max and memory.zswap.writeback of a cgroup should
 * hold for its backend, and when that could do harm.
 */
#ifndef SETTING_H
#define SETTING_H

#include "cg.h"
#include "member.h"

/* Only lasting reasons, and what is soon taken back, are written down. */
bool setting_is_settled(const struct member *m);

/*
 * What a file (of record.h) should hold for the backend of cg, where the
 * operator has base; NULL is what he has.  Only the kernel's default is ever
 * replaced: anything else is somebody's will.  memory.swap.max is never
 * written, as it stops the kernel's own swapping, too, which keeps a cgroup at
 * its limit alive; an entry of it in an old record is put back.
 */
const char *setting_wanted(const struct cg_set *set, const struct cg *cg,
			   int file, const char *base);

/*
 * Is it known that a file, where it is 0, does harm to cg or to one below it: a
 * writeback that is shut keeps pages which zswap does not take, and zswap that
 * is shut leaves no swap where writeback is, too?  No swap always does.
 */
bool setting_does_harm(const struct cg_set *set, const struct cg *cg, int file);

#endif
