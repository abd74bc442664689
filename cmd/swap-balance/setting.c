#include "setting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kv.h"
#include "record.h"
#include "zswap.h"

enum { REFUSED_PCT = 5 };

static bool keeps_pages(int dirfd, const char *dir)
{
	uint64_t on = 1;

	return kv_limit(dirfd, dir, "memory.zswap.writeback", &on) || !on;
}

static DIR *open_dir_below(DIR *dir, const char *name)
{
	int fd = openat(dirfd(dir), name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *below = fd < 0 ? NULL : fdopendir(fd);

	if (!below && fd >= 0)
		close(fd);
	return below;
}

/*
 * Is the cgroup of dir, or any below it, so?  What is written into a file holds
 * for all of them.  Closes dir; what cannot be looked at may be so.
 */
static bool any_within(DIR *dir, bool (*is)(int dirfd, const char *dir))
{
	struct dirent *e;
	bool any = !dir || is(dirfd(dir), ".");

	while (!any && (e = readdir(dir))) {
		DIR *below;

		if (e->d_type != DT_DIR || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		below = open_dir_below(dir, e->d_name);
		any = (below || errno != ENOENT) && any_within(below, is);
	}
	if (dir)
		closedir(dir);
	return any;
}

/*
 * With writeback shut, a page that zswap does not take is not swapped at all
 * (mm/page_io.c, swap_writeout()): where that could be many, reclaim finds
 * nothing and a cgroup at its limit is killed.
 */
static bool may_shut_writeback(const struct cg_set *set, const struct cg *cg)
{
	const struct member *m = cg->data;

	return m->zswap_has_room && m->ratio > 1 &&
	       m->incompressible_pct < REFUSED_PCT &&
	       m->huge_pct < REFUSED_PCT &&
	       !any_within(cg_open_dir(set, cg), zswap_is_limited);
}

static bool shut_does_harm(const struct cg_set *set, const struct cg *cg)
{
	const struct member *m = cg->data;

	return m->zswap_is_full || m->ratio <= 1 ||
	       m->incompressible_pct >= REFUSED_PCT ||
	       m->huge_pct >= REFUSED_PCT ||
	       any_within(cg_open_dir(set, cg), zswap_is_limited);
}

bool setting_does_harm(const struct cg_set *set, const struct cg *cg, int file)
{
	const struct member *m = cg->data;

	switch (file) {
	case RECORD_ZSWAP_MAX:
		return m->now.zswap_kept ||
		       any_within(cg_open_dir(set, cg), keeps_pages);
	case RECORD_WRITEBACK: return shut_does_harm(set, cg);
	default: return true; /* no swap at all */
	}
}

const char *setting_wanted(const struct cg_set *set, const struct cg *cg,
			   int file, const char *base)
{
	const struct member *m = cg->data;
	enum backend backend = m->backend.now.backend;

	switch (file) {
	case RECORD_ZSWAP_MAX:
		/* With writeback shut as well, there would be no swap left. */
		return backend == BACKEND_DISK && !strcmp(base, "max") &&
				       !cg_any_up(set->fd, cg->key,
						  keeps_pages) &&
				       !any_within(cg_open_dir(set, cg),
						   keeps_pages)
			       ? "0"
			       : NULL;
	case RECORD_WRITEBACK:
		return backend == BACKEND_ZSWAP_NOWB && !strcmp(base, "1") &&
				       may_shut_writeback(set, cg)
			       ? "0"
			       : NULL;
	default: return NULL;
	}
}

bool setting_is_settled(const struct member *m)
{
	switch (m->backend.now.why) {
	case REASON_SENSITIVE:
	case REASON_BUDGET:
	case REASON_COMPRESSIBLE:
	case REASON_INCOMPRESSIBLE:
	case REASON_ROTATIONAL: break;
	default: return false;
	}
	return m->law.known && m->law.reason != REASON_UNKNOWN_KERNEL;
}
