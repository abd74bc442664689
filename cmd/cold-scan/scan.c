#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "damon.h"
#include "generations.h"
#include "io.h"
#include "lrugen.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "seen.h"
#include "state.h"
#include "tool.h"
#include "verdict.h"

static const char *const names[] = { "auto", "page-idle", "lru-gen", "damon" };

const char *source_name(enum source source)
{
	return names[source];
}

int source_parse(const char *name, enum source *out)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], name)) {
			*out = (enum source)i;
			return 0;
		}
	return -EINVAL;
}

/*
 * page-idle sees each page, but is blind to read(2) and to what aging ate
 * where lru_gen is on, unless we are those who age; there the LRU's own ages
 * are nearer to the truth, but they are those of cgroups.
 */
enum source scan_choose(bool processes, bool ages, const struct cg_set *tree)
{
	bool flags = !io_try(root_fd(), "proc/kpageflags", O_RDONLY);
	bool page_idle = flags && !io_try(root_fd(), idle_bitmap, O_RDWR);
	bool on = mem_lru_gen_enabled(), can_age;

	if (page_idle && (!on || (ages && !processes && tree->whole &&
				  !lrugen_probe(&can_age) && can_age)))
		return SOURCE_IDLE;
	if (on && !processes && tree->whole && !lrugen_probe(&can_age))
		return SOURCE_LRUGEN;
	if (page_idle)
		return SOURCE_IDLE;
	return flags && damon_is_free() ? SOURCE_DAMON : SOURCE_AUTO;
}

/* The other's marks would be ours: it is waited for. */
static int open_bitmap(struct scan *s)
{
	enum { MOMENT = 50000, TOLD_AFTER = 20 };
	const struct timespec moment = { .tv_nsec = MOMENT * 1000 };
	uint64_t left = s->opts->wait_us / MOMENT;
	int err = idle_open(&s->idle);

	for (int n = 1; err == -EWOULDBLOCK && left; n++, left--) {
		if (n == TOLD_AFTER)
			note("waiting for another cold-scan, which is "
			     "scanning");
		nanosleep(&moment, NULL);
		/* Nothing is held yet. */
		if (clock_stopped())
			clock_reraise();
		err = idle_open(&s->idle);
	}
	return err;
}

/* From the last pass of the state on; a recording's clock stands still. */
static void wait_least(const struct scan *s)
{
	uint64_t due_us = s->idle.start_us + IDLE_LEAST_US,
		 now_us = clock_mono_us();

	if (!s->idle.start_us || now_us >= due_us)
		return;
	if (!root_is_live() || due_us - now_us > s->opts->wait_us)
		die(0, "-S: the last pass was less than 1s ago: page-idle "
		       "would report hot pages as cold; use --wait TIME");
	clock_wait(due_us);
	if (clock_stopped())
		clock_reraise();
}

static void refuse_no_layout(void)
{
	die(0, "neither /proc/iomem nor /proc/zoneinfo tells where memory is: "
	       "run as root, outside of a container");
}

static void open_idle(struct scan *s)
{
	int err;

	if (s->opts->watch) {
		if (idle_layout(&s->idle))
			refuse_no_layout();
		return;
	}

	s->idle.jobs = s->opts->jobs;
	s->idle.sample = s->opts->sample;
	s->idle.max_cpu_pct = s->opts->max_cpu_pct;
	s->idle.progress = s->opts->progress;
	s->idle.promoted = s->opts->promoted;
	s->idle.seed = clock_mono_us();
	err = open_bitmap(s);
	if (err == -ENOENT)
		die(0, "no page_idle: the kernel lacks "
		       "CONFIG_IDLE_PAGE_TRACKING; try --source lru-gen or "
		       "damon");
	if (err == -ENXIO)
		refuse_no_layout();
	if (err == -EACCES || err == -EPERM)
		die(err, "cannot open the page_idle bitmap: run as root");
	if (err == -EWOULDBLOCK)
		die(0, "another cold-scan is scanning, and two would falsify "
		       "each other's ages: use --wait TIME, or --source "
		       "lru-gen");
	if (err)
		die(err, "cannot open the page_idle bitmap");
	s->unit_pages = s->opts->sample;
	meanwhile_start(&s->meanwhile);
	if (!s->opts->state)
		return;
	s->state_lock = keep_load(&s->keep, s->opts->state, &s->idle);
	wait_least(s);
}

/* lru_gen has paths from the system's root; whose they are is told there. */
static void open_lrugen(const struct cg_set *tree)
{
	bool can_age;
	int err = lrugen_probe(&can_age);

	if (!tree->whole)
		die(0, "lru_gen names cgroups from the root of the system, "
		       "which this container does not show: run outside of it, "
		       "or use --source page-idle or damon");
	if (err == -EPERM)
		die(0, "lru_gen: lockdown forbids debugfs: use --source "
		       "page-idle or damon");
	if (err == -EACCES)
		die(err, "cannot read lru_gen: run as root, or with "
			 "CAP_DAC_OVERRIDE");
	if (err == -EOPNOTSUPP)
		die(0, "the kernel lacks CONFIG_LRU_GEN: use --source "
		       "page-idle or damon");
	if (err)
		die(0, "no lru_gen in debugfs: run as root, and mount -t "
		       "debugfs none /sys/kernel/debug");
	if (!mem_lru_gen_enabled())
		die(0, "lru_gen is off: echo y >/sys/kernel/mm/lru_gen/"
		       "enabled, or use --source page-idle");
}

void scan_open(struct scan *s, const struct scan_opts *opts)
{
	memset(s, 0, sizeof(*s));
	s->opts = opts;
	s->keys = opts->keys;
	s->n_keys = opts->n_keys;
	s->idle.bitmap = s->state_lock = -1;
	s->idle.agings = NUM_NONE;
	s->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	s->unit_pages = 1;
	s->source = opts->source;
	tool_open_tree(&s->tree, 0); /* it may die, and DAMON would stay */
	s->tree.take_tabs = true;    /* they count for those above */
	s->whose = !io_try(root_fd(), "proc/kpagecgroup", O_RDONLY);
	s->tree.fd_max = 0; /* keys and inodes will do: the rows need them */
	if (opts->state && s->source != SOURCE_IDLE)
		die(0,
		    "-S: needs the source page-idle, and the source is %s: "
		    "page-idle needs CONFIG_IDLE_PAGE_TRACKING, and lru_gen "
		    "off",
		    source_name(s->source));
	switch (s->source) {
	case SOURCE_IDLE: open_idle(s); break;
	case SOURCE_LRUGEN:
		open_lrugen(&s->tree);
		s->asks_guests = lrugen_asks_guests();
		break;
	case SOURCE_DAMON:
		s->damon = damon_start(opts->interval_us, opts->pids,
				       opts->n_pids);
		break;
	case SOURCE_AUTO:
		die(0, "no source of ages: no page_idle, no lru_gen, no DAMON "
		       "(--check tells what is missing)");
	}
}

void scan_close(struct scan *s)
{
	if (s->damon)
		damon_stop(s->damon);
	meanwhile_stop(&s->meanwhile);
	if (s->source == SOURCE_IDLE)
		idle_close(&s->idle);
	if (s->state_lock >= 0)
		close(s->state_lock);
	tally_free(&s->pages);
	referenced_close(&s->ref);
	walked_close(&s->walked);
	cg_set_close(&s->tree);
}

static uint64_t cover_all(const struct tally_set *set, enum cover cover)
{
	uint64_t n = 0;

	for (const struct tally *t = set->all; t; t = t->more)
		n += t->cover[cover];
	return n;
}

/* The rows are true all the same; the next run says that it starts afresh. */
static void save(struct scan *s)
{
	int err = keep_save(&s->keep, s->opts->state, &s->idle);

	if (err && !s->unsaved)
		warn(err, "cannot save '%s': the next run has no ages",
		     s->opts->state);
	s->unsaved = err;
}

/* No age is proven while it runs, and a Debian kernel may start one at boot. */
static void tell_damon(struct scan *s)
{
	const char *end = verdict_damon_end();

	if (s->told_damon || !(s->suspect & SUSPECT_DAMON) || !end)
		return;
	note("a DAMON is running and clears accessed bits, so no age is proven "
	     "(suspect:damon); to stop it: %s",
	     end);
	s->told_damon = true;
}

/* Does anybody but us write the bitmap? */
static bool others_mark(const struct scan *s, uint64_t moved_pages)
{
	uint64_t left = 0;

	for (const struct tally *t = s->pages.all; t; t = t->more)
		left += t->marked_left;
	return verdict_marked_left(left, moved_pages) ||
	       verdict_foreign_marks(cover_all(&s->pages, MIGRATED),
				     moved_pages,
				     cover_all(&s->pages, TRACKED));
}

/* Marks are told in 1/100 s. */
enum { MOMENT_US = 20000 };

/*
 * Since it was asked last: then lru_gen was on, if it is not.  A cgroup that is
 * removed takes its agings with it: fewer of them tell nothing.
 */
static bool has_aged(struct scan *s)
{
	uint64_t before = s->idle.agings, now = lrugen_agings();

	if (now == NUM_NONE)
		return false;
	s->idle.agings = now;
	return before != NUM_NONE && now > before;
}

/* What lru_gen makes doubtful; of processes, and over several runs, all. */
static int look_at_generations(struct scan *s)
{
	bool by_lru_gen = s->idle.lru_gen && !s->opts->state &&
			  !s->opts->n_pids && generations_told(&s->tree);
	unsigned int found = 0;
	int err = by_lru_gen ? generations_pass(s, &found) : 0;

	if (by_lru_gen)
		s->suspect &= ~(unsigned int)SUSPECT_LRU_GEN;
	s->suspect |= found;
	s->generations = by_lru_gen;
	return err;
}

/* Of a pass that a signal ended.  What was marked is kept, or its accesses
 * would be lost; and what disturbed it, or the next run would be ok. */
static void keep_cut(struct scan *s, unsigned int past, uint64_t moved_pages)
{
	past |= meanwhile_found(&s->meanwhile) | verdict_look();
	if (s->idle.passes &&
	    others_mark(s, num_less(s->idle.moved_by_end_pages, moved_pages)))
		past |= SUSPECT_SCANNER;
	idle_suspect(&s->idle, past, s->idle.end_us + MOMENT_US);
	save(s);
}

static int pass_idle(struct scan *s)
{
	unsigned int past = meanwhile_found(&s->meanwhile),
		     before = verdict_look();
	bool was_on = has_aged(s) || s->generations;
	uint64_t moved = s->idle.moved_pages, was = s->idle.scanned_pages;
	int err;

	s->idle.lru_gen = before & SUSPECT_LRU_GEN;
	err = idle_pass(&s->idle, &s->pages);

	if (err == -EINTR && s->opts->state)
		keep_cut(s, past | before | (was_on ? SUSPECT_LRU_GEN : 0u),
			 moved);
	if (err)
		return err;
	s->suspect = before | meanwhile_found(&s->meanwhile) | verdict_look();
	if (has_aged(s))
		s->suspect |= SUSPECT_LRU_GEN;
	/* Where it is on, that is told as of now. */
	if (s->idle.lru_gen)
		past &= ~(unsigned int)SUSPECT_LRU_GEN;
	else if (was_on)
		past |= SUSPECT_LRU_GEN;
	idle_scale(&s->idle, false, &s->scale);
	idle_scale(&s->idle, true, &s->was_scale);
	err = look_at_generations(s);
	if (err)
		return err;
	tell_damon(s);
	if (s->idle.passes > 1 &&
	    others_mark(s, num_less(s->idle.moved_pages, moved)))
		past |= SUSPECT_SCANNER;
	/* A page that moves takes its mark along, and the frame may have been
	 * another's: idle since the pass before it is, and no more is known.
	 * To a frame without an age no wrong one comes. */
	moved = num_less(num_less(s->idle.moved_by_end_pages, moved),
			 cover_all(&s->pages, MIGRATED) * s->opts->sample);
	idle_mislead(&s->idle, s->idle.passes > 1 ? moved : 0);
	/* What is on goes on for a while, marks of others are those found. */
	idle_suspect(&s->idle, past, s->idle.start_us - MOMENT_US);
	idle_suspect(&s->idle, s->suspect, s->idle.end_us + MOMENT_US);
	s->suspect |= past;
	s->idle.suspect = s->suspect;
	s->units = s->opts->sample > 1 ? s->idle.units : 0;
	s->scanned_pages = num_less(s->idle.scanned_pages, was);
	s->window_us =
		s->idle.passes > 1 ? s->idle.start_us - s->idle.before_us : 0;
	if (s->opts->state)
		save(s);
	return 0;
}

/* Nothing older is told. */
static uint64_t most_us(const struct scan *s)
{
	return 2 * s->opts->age_us[0];
}

/* What cron's run marks meanwhile would look idle: its end is waited for, as
 * long as what is known is not too old. */
static int hold_state(const struct scan *s)
{
	const struct timespec moment = { .tv_nsec = 100000000 };
	uint64_t from_us =
		s->idle.start_us ? s->idle.start_us : clock_mono_us();
	int lock;

	while ((lock = state_lock(s->opts->state, 0)) == -EWOULDBLOCK &&
	       !s->idle.stop && !clock_stopped() &&
	       clock_mono_us() <= from_us + most_us(s))
		nanosleep(&moment, NULL);
	return lock;
}

/* Nothing is known where cron left no ages lately. */
static int count_kept(struct scan *s)
{
	int err = keep_peek(s->opts->state, &s->idle);

	if (err) {
		debug("no ages in '%s': %s", s->opts->state, strerror(-err));
		return -ENODATA;
	}
	if (clock_mono_us() > s->idle.start_us + most_us(s)) {
		debug("'%s' is more than twice the age old", s->opts->state);
		return -ENODATA;
	}
	/* Since the run, an access must leave its trace as well. */
	s->suspect = s->idle.suspect | verdict_look();
	if (has_aged(s))
		s->suspect |= SUSPECT_LRU_GEN;
	s->unit_pages = s->idle.sample;
	idle_scale(&s->idle, false, &s->scale);
	return idle_count(&s->idle, &s->pages);
}

/* The ages that cron's run left. */
static int pass_watch(struct scan *s)
{
	int lock = hold_state(s), err;

	if (lock == -EWOULDBLOCK)
		return s->idle.stop || clock_stopped() ? -EINTR : -ENODATA;
	err = count_kept(s);
	if (lock >= 0)
		close(lock);
	return err;
}

static int count_nodes(const struct scan *s)
{
	int most = 0;

	for (const struct tally *t = s->pages.all; t; t = t->more)
		if (t->node > most)
			most = t->node;
	for (size_t i = 0; i < s->idle.n; i++)
		if (s->idle.v[i].node > most)
			most = s->idle.v[i].node;
	return most + 1;
}

bool scan_has_node(const struct scan *s, int node)
{
	bool found = false;

	for (const struct tally *t = s->pages.all; t && !found; t = t->more)
		found = t->node == node;
	/* --sample may have drawn nothing of it. */
	for (size_t i = 0; i < s->idle.n && !found; i++)
		found = s->idle.v[i].node == node;
	return found;
}

/*
 * What was not touched for the age was so as of the last aging, and nobody
 * looked since: that is now where it is of this pass, or a twentieth of the age
 * ago at most.
 */
bool scan_is_stale(const struct scan *s, const struct tally *t, uint64_t age_us)
{
	return t->stale_us > s->aging_us + age_us / 20;
}

static bool is_target(const struct scan *s, const struct cg *cg)
{
	for (size_t i = 0; i < s->n_keys; i++)
		if (s->keys_alone ? !strcmp(cg->key, s->keys[i])
				  : cg_is_below(cg->key, s->keys[i]))
			return true;
	return false;
}

/* They lead to others' memory: as much of its own may be missing. */
static uint64_t apart(uint64_t pages, uint64_t own)
{
	return pages < own ? own - pages : pages - own;
}

/* All that stands in doubt: what its processes lead to is not what it has. */
static uint64_t hidden_pages(const struct scan *s, const struct cg *cg,
			     const struct tally *sum, unsigned int *why)
{
	uint64_t oldest_us = s->opts->age_us[s->opts->n_ages - 1];
	uint64_t own = sum->own_pages, hidden, once, theirs, missed = 0;
	struct seen seen;
	int err;

	/* That is told of, and processes are looked at for nothing. */
	if (scan_is_stale(s, sum, oldest_us))
		return 0;
	if (!is_target(s, cg))
		return own;
	err = seen_read(&s->tree, cg, own * s->page_bytes, s->aged_ticks,
			s->page_bytes, &seen);
	if (err == -ENOENT || err == -ENODEV)
		return own; /* it is gone, and nobody leads there */
	if (err) {
		*why = WHY_UNSEEN;
		return own;
	}
	if (seen.guest && !s->asks_guests)
		return own;
	/* As much may have come as went, and nobody tells. */
	if (seen.untold) {
		*why = WHY_UNTOLD;
		return own;
	}
	seen.bytes -= sum->unsure_shmem ? seen.by_file_bytes
					: seen.by_file_huge_bytes;
	hidden = apart(seen.bytes / s->page_bytes, own);
	once = apart(num_less(seen.bytes, seen.twice_bytes) / s->page_bytes,
		     own);
	if (once > hidden)
		hidden = once;
	/* As much may have come as went. */
	theirs = num_less(own, num_less(seen.bytes, seen.others_bytes) /
				       s->page_bytes);
	if (theirs > hidden)
		hidden = theirs;
	if (sum->walked_entries != NUM_NONE)
		missed = walked_missed(own, seen.entries, sum->walked_entries);
	if (missed > hidden) {
		hidden = missed;
		/* Linux 6.1 did so also where all was asked for. */
		if (!s->asks_guests && mem_lru_gen_skips())
			*why = WHY_SKIPPED;
	}
	hidden += sum->again_pages;
	return hidden < own ? hidden : own;
}

/* For each cgroup by itself, as an aging takes each by itself. */
static void find_hidden(struct scan *s)
{
	for (size_t i = 0; i < s->tree.n; i++) {
		struct tally *sum = xcalloc(1, sizeof(*sum)), *first = NULL;

		tally_clear(sum);
		for (int n = s->nodes - 1; n >= 0; n--) {
			struct tally *t =
				tally_find(&s->pages, s->tree.v[i]->ino, n);

			if (!t)
				continue;
			tally_add(sum, t);
			sum->again_pages +=
				referenced_again(&s->ref, s->tree.v[i]->ino, n);
			first = t;
		}
		if (sum->own_pages)
			first->hidden_pages += hidden_pages(
				s, s->tree.v[i], sum, &first->why_shared);
		tally_drop(sum);
		free(sum);
	}
}

/* What it needs may not be there: then files are what lru_gen tells. */
static struct referenced *look_at_files(struct scan *s)
{
	int err;

	if (!s->opts->age_now || !s->opts->referenced || s->ref.off)
		return NULL;
	err = referenced_scan(&s->ref, s->page_bytes);
	if (!err)
		return &s->ref;
	note("accesses by read(2) are not known (kpageflags, kpagecgroup, "
	     "vmstat: %s): ages of files are upper bounds",
	     strerror(-err));
	s->ref.off = true;
	return NULL;
}

static void take_files(struct scan *s)
{
	uint64_t now_us = clock_mono_us();

	for (struct tally *t = s->pages.all; t; t = t->more)
		if (!t->unsure_pages)
			referenced_take(&s->ref, &s->scale, now_us, t);
}

static int age_generations(struct scan *s, struct referenced *ref)
{
	int n;

	walked_before(&s->walked);
	n = lrugen_age_now(s->keys, s->n_keys, !s->keys_alone, ref, &s->walked);
	walked_after(&s->walked);
	return n;
}

static int pass_lrugen(struct scan *s)
{
	struct referenced *ref;
	uint64_t start_us = clock_mono_us();
	int err = 0;

	age_grid(&s->scale, s->opts->age_us, s->opts->n_ages);
	/* Aging looks at the same accessed bits.  A page that balancing unmaps
	 * keeps its bit, and a fault sets it (mm/memory.c, do_numa_page). */
	s->suspect = verdict_look() & SUSPECT_DAMON;
	if (!mem_lru_gen_walks())
		s->suspect |= SUSPECT_WALK;
	tell_damon(s);
	ref = look_at_files(s);
	s->aged_ticks = seen_now();
	if (s->opts->age_now)
		err = age_generations(s, ref);
	if (err < 0)
		return err;
	if (ref)
		referenced_scan_after(ref, s->page_bytes);
	err = lrugen_read(&s->tree, &s->scale,
			  s->opts->age_now ? &s->walked : NULL, ref, &s->pages);
	if (!err && ref)
		take_files(s);
	s->aging_us = clock_mono_us() - start_us;
	s->nodes = count_nodes(s);
	if (!err)
		find_hidden(s);
	return err;
}

int scan_pass(struct scan *s)
{
	char root[] = "/", *key = root;
	const char *missing;
	int err = cg_set_expand(&s->tree, &key, 1, true, &missing);

	if (err)
		return err;
	if (s->tree.tabs && !s->tabs)
		warn(0, "a cgroup with a TAB in its name has no row; it is "
			"counted for the one above");
	s->tabs = s->tree.tabs;
	if (!s->first_us)
		s->first_us = clock_mono_us();
	tally_free(&s->pages);
	switch (s->source) {
	case SOURCE_IDLE:
		err = s->opts->watch ? pass_watch(s) : pass_idle(s);
		break;
	case SOURCE_LRUGEN: err = pass_lrugen(s); break;
	default:
		age_grid(&s->scale, s->opts->age_us, s->opts->n_ages);
		err = damon_read(s->damon, &s->scale, &s->pages);
		s->suspect = SUSPECT_REGION;
	}
	s->nodes = count_nodes(s);
	s->time_ms = clock_unix_ms();
	return err;
}

bool scan_ready(const struct scan *s, bool all)
{
	uint64_t us = s->opts->age_us[all ? s->opts->n_ages - 1 : 0];

	if (s->source == SOURCE_IDLE)
		return age_from(s->opts->promoted ? &s->was_scale : &s->scale,
				us) < AGES;
	/* Others' ages are there at once; those that we began are not. */
	if (s->source == SOURCE_LRUGEN && !s->opts->age_now)
		return true;
	return clock_mono_us() - s->first_us >= us;
}

/* kpagecgroup tells the nearest ancestor that is still there. */
static void add_ino(const struct scan *s, uint64_t ino, int node,
		    struct tally *sum)
{
	int from = node < 0 ? 0 : node;
	int to = node < 0 ? s->nodes - 1 : node;

	for (int n = from; n <= to; n++) {
		const struct tally *t = tally_find(&s->pages, ino, n);

		if (t)
			tally_add(sum, t);
	}
}

/* All of the machine: also what no cgroup is charged for. */
static void add_all(const struct scan *s, int node, struct tally *sum)
{
	for (const struct tally *t = s->pages.all; t; t = t->more)
		if (node < 0 || t->node == node)
			tally_add(sum, t);
}

/* Where it is in the tree; the end: it is not, or was made anew since. */
static size_t place_of(const struct scan *s, const struct cg *cg)
{
	size_t lo = 0, hi = s->tree.n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (cg_key_cmp(s->tree.v[mid]->key, cg->key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->tree.n && s->tree.v[lo]->ino == cg->ino ? lo : s->tree.n;
}

static void sum_tree(const struct scan *s, const struct cg *cg, bool local,
		     int node, struct tally *sum)
{
	if (cg_is_root(cg) && !local) {
		add_all(s, node, sum);
		return;
	}
	if (local) {
		add_ino(s, cg->ino, node, sum);
		return;
	}
	for (size_t i = place_of(s, cg);
	     i < s->tree.n && cg_is_below(s->tree.v[i]->key, cg->key); i++)
		add_ino(s, s->tree.v[i]->ino, node, sum);
}

/* It is not told by node. */
static void add_hidden(const struct scan *s, const struct cg *cg, bool local,
		       struct tally *sum)
{
	static struct tally all;

	tally_clear(&all);
	sum_tree(s, cg, local, -1, &all);
	sum->hidden_pages = all.hidden_pages;
	sum->why_shared = all.why_shared;
}

/* lru_gen: its path is in the file.  A cgroup namespace hides what leads there.
 */
static bool is_named(const struct scan *s, const struct cg *cg)
{
	bool named = false;

	for (int n = 0; n < s->nodes && !named; n++) {
		const struct tally *t = tally_find(&s->pages, cg->ino, n);

		named = t && t->named;
	}
	return named;
}

/*
 * Pages are charged to memory cgroups only: where the controller is not
 * enabled, or cgroup v1 has it, what the kernel tells is another's.
 */
static unsigned int why_unknown(const struct scan *s, const struct cg *cg,
				bool local, const struct tally *sum)
{
	uint64_t current, pages = 0;

	if (s->source != SOURCE_LRUGEN && !s->whose &&
	    (local || !cg_is_root(cg)))
		return SUSPECT_MEMCG;
	/* Not even of the root: the file is empty. */
	if (s->source == SOURCE_LRUGEN && !s->pages.all)
		return SUSPECT_MEMCG;
	if (!cg_is_root(cg) &&
	    (cg_read_u64(&s->tree, cg, "memory.current", &current) ||
	     (s->source == SOURCE_LRUGEN && !is_named(s, cg))))
		return SUSPECT_MEMCG;
	for (int k = 0; k < KINDS; k++)
		pages += age_cold(&sum->pages[k], 0);
	return s->unit_pages > 1 && !pages ? SUSPECT_SAMPLE : 0;
}

/*
 * MADV_FREE puts anonymous memory on the LRU of files, at its old end, where it
 * is what memory.stat's page cache does not account for.
 */
static void part_lazyfree(const struct scan *s, const struct cg *cg,
			  struct tally *sum)
{
	enum { BATCH_PAGES = 64 };
	char text[IO_BUF];
	struct mem_stat st;
	uint64_t lru, cache;

	if (cg_read(&s->tree, cg, "memory.stat", text, sizeof(text)) < 0 ||
	    mem_stat_parse(text, &st))
		return;
	lru = mem_file_lru_bytes(&st);
	cache = num_less(num_less(st.file_bytes, st.shmem_bytes),
			 st.swapcached_bytes == NUM_NONE ? 0
							 : st.swapcached_bytes);
	if (lru == NUM_NONE || st.file_bytes == NUM_NONE ||
	    st.shmem_bytes == NUM_NONE ||
	    lru <= cache + BATCH_PAGES * s->page_bytes)
		return;
	tally_lazyfree(sum, (lru - cache) / s->page_bytes);
}

void scan_sum(const struct scan *s, const struct cg *cg, bool local, int node,
	      struct tally *sum)
{
	unsigned int unknown;

	sum->next = NULL;
	tally_clear(sum);
	sum_tree(s, cg, local, node, sum);
	if (node >= 0)
		add_hidden(s, cg, local, sum);
	if (s->source == SOURCE_LRUGEN && node < 0 && !local)
		part_lazyfree(s, cg, sum);
	tally_believe(sum, s->scanned_pages / s->unit_pages);
	unknown = why_unknown(s, cg, local, sum);
	if (!unknown)
		return;
	tally_clear(sum);
	sum->unknown = unknown;
	sum->known = -1;
}
