#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "msg.h"
#include "num.h"
#include "root.h"

void complain(struct scene *s, int err, const char *what)
{
	s->run->failed = true;
	if (!s->t->warned)
		warn(err, "%s '%s'", what, s->cg->key);
	s->t->warned = true;
}

enum reason reason_of_errno(int err)
{
	switch (-err) {
	case ENOENT:
	case ENODEV: return REASON_GONE;
	case EACCES:
	case EPERM:
	case EROFS: return REASON_DENIED;
	case EBUSY: return REASON_BUSY;
	case EINVAL:
	case EOPNOTSUPP: return REASON_UNSUPPORTED;
	default: return REASON_ERROR;
	}
}

int look_at_target(const struct scene *s, struct reading *out)
{
	const struct run *run = s->run;
	int err = target_read(&run->set, s->cg, s->t, run->high, out);

	if (!err && run->policy.node >= 0)
		err = target_read_node(run->policy.node, out);
	return err;
}

bool node_reclaim_stalls(const struct run *run)
{
	struct utsname u;
	int major, minor;

	return run->policy.node >= 0 && root_is_live() && !uname(&u) &&
	       sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       (major < 7 || (major == 7 && minor < 3));
}

/* The row's reading goes before ours; what it leaves out we read. */
static void look_at_pressure(struct scene *s)
{
	const struct row_input *in = s->in;
	struct pressure *p = &s->psi;
	bool node = node_reclaim_stalls(s->run);
	uint64_t own_us = node ? s->run->own_us - s->t->own_us : 0;
	bool own;

	target_pressure(s->t, s->now_us, own_us, p);
	s->t->own_us = s->run->own_us;
	own = p->known;
	if (!in->has_psi)
		return;
	p->known = in->mem_mpct >= 0 &&
		   (in->has_io ? in->io_mpct >= 0 : own || s->run->recorded);
	p->mem_pct = (double)in->mem_mpct / 1e3;
	if (in->has_io)
		p->io_pct = (double)in->io_mpct / 1e3;
	if (!own) {
		p->mem_avg_pct = p->mem_pct;
		p->io_avg_pct = p->io_pct;
	}
	if (in->window_us < NUM_MAX && in->window_us)
		p->window_us = in->window_us;
	else if (!s->t->known)
		p->window_us = s->run->policy.interval_us;
	else
		p->window_us = s->now_us - s->t->read_us;
	if (own_us && p->window_us)
		p->mem_pct = fmax(0, p->mem_pct - (double)own_us /
							  (double)p->window_us *
							  100);
}

static void look_at_refaults(struct scene *s)
{
	const struct mem_stat *now = &s->before.stat, *was = &s->t->last.stat;
	uint64_t anon =
		num_delta(now->refault_anon_pages, was->refault_anon_pages);
	uint64_t file =
		num_delta(now->refault_file_pages, was->refault_file_pages);

	if (s->t->known && anon != NUM_NONE && file != NUM_NONE)
		s->refaulted_bytes = (anon + file) * mem_page_bytes();
}

/* A tenth of it, so that a host of small services has something to give. */
static uint64_t headroom(const struct scene *s)
{
	static const uint64_t most = 100 << 20;
	uint64_t asked = s->run->policy.headroom_bytes;

	return asked != NUM_NONE
		       ? asked
		       : num_least(most, s->before.current_bytes / 10);
}

/* The guard's input that comes from policy and row. */
static void set_guard(struct scene *s)
{
	const struct policy *p = &s->run->policy;
	const struct row_input *in = s->in;

	s->guard = (struct guard_in){
		.current_bytes = s->before.current_bytes,
		.headroom_bytes = headroom(s),
		.row_floor_bytes = in->floor_bytes != NUM_NONE ? in->floor_bytes
							       : p->floor_bytes,
		.swap_left_bytes = in->swap_left_bytes,
		.swap_limit_mpct = p->swap_limit_mpct,
		.swap_write = in->swap_write,
		.swappiness = in->swappiness,
	};
}

/*
 * One huge page is isolated whole, and up to 32 of them at once (mm/vmscan.c,
 * isolate_lru_folios() counts folios): where they are more than a few, a write
 * that may take anonymous memory takes one at least.
 */
static uint64_t trip_bytes(const struct scene *s)
{
	const struct mem_stat *st = &s->before.stat;
	uint64_t huge = num_known(st->anon_thp_bytes);
	uint64_t least = mem_reclaim_least_bytes();

	if (huge <= num_known(st->anon_bytes) / 8)
		return least;
	return num_most(least, s->run->host.huge_page_bytes);
}

/*
 * What the budget of writes allows by now.  Before the drive zswap takes nearly
 * all; what passes it by is owed, and without it a step must have earned all of
 * what it writes.
 */
static void earn_writes(struct scene *s)
{
	const struct host *h = &s->run->host;
	struct guard_in *g = &s->guard;
	double *left = &s->t->write_left_bytes, rate, most;
	uint64_t us =
		s->elapsed_us != NUM_NONE ? s->elapsed_us : s->psi.window_us;

	s->writes = g->swap_write < NUM_MAX && h->next_device && !h->zswap;
	g->write_bytes = s->writes ? s->trip_bytes : 0;
	if (g->swap_write < NUM_MAX) {
		rate = (double)g->swap_write;
		most = fmax(60 * rate, 2.0 * (double)s->trip_bytes);
		*left = fmin(most, *left + rate * (double)us / 1e6);
	}
	g->write_left_bytes = *left;
}

static void use_guard(struct scene *s)
{
	s->t->most_bytes = num_most(s->t->most_bytes, s->guard.current_bytes);
	/* The other laws have no use for it. */
	if (s->run->policy.law == LAW_DEFAULT)
		target_evidence(s->t, s->in, s->now_us, s->guard.anon_lru_bytes,
				s->guard.file_lru_bytes);
	/* What refaults have taught tells less than what is known. */
	s->guard.adaptive_bytes = s->t->cold.known ? 0 : s->t->adaptive_bytes;
	s->trip_bytes = trip_bytes(s);
	earn_writes(s);
	s->guard.stored_bytes = s->t->stored_bytes;
	s->guard.cost_bytes = s->t->cost_bytes;
	s->swap = guard_swap(&s->guard);
	s->file_only = s->swap != REASON_LAW;
	s->floor = guard_floor(&s->guard, s->file_only);
	s->base_bytes = guard_base(&s->guard, s->file_only);
	if (s->file_only)
		s->trip_bytes = mem_reclaim_least_bytes();
}

static void look_at_limits(struct scene *s)
{
	struct run *run = s->run;
	const struct mem_stat *st = &s->before.stat;
	struct guard_in *g = &s->guard;

	set_guard(s);
	g->anon_lru_bytes = mem_anon_lru_bytes(st);
	g->file_lru_bytes = mem_file_lru_bytes(st);
	g->busy_file_bytes = num_known(st->file_dirty_bytes) +
			     num_known(st->file_writeback_bytes);
	g->rotational = run->host.rotational && !run->policy.rotational;
	g->zswap_full = run->host.zswap_full;
	g->zram_full = run->host.zram_full;
	target_limits(&run->set, s->cg, s->t, &s->before, &run->host,
		      &run->above, g);
	if (s->in->swap_left_bytes < g->swap_left_bytes)
		g->swap_left_bytes = s->in->swap_left_bytes;
	/* Writeback means that the pool pushes old copies out. */
	if (s->t->known && num_known(num_delta(st->zswpwb_pages,
					       s->t->last.stat.zswpwb_pages)))
		g->zswap_full = true;
	/* A swappiness of 0 for want of swap. */
	if (s->in->tier && g->demotable_bytes && !num_known(g->swap_left_bytes))
		g->swappiness = NUM_NONE;
	use_guard(s);
}

/* A write of ours then is in the counts that the last period ended with. */
static bool is_quiet(const struct scene *s, uint64_t then_us)
{
	return then_us < s->t->read_us && !within(s, then_us, RIVAL_FLUSHED_US);
}

/*
 * Steal since the end of the last period, with none of our own writes above or
 * below it in between.
 */
static uint64_t moved_bytes(const struct scene *s)
{
	const struct target *t = s->t;
	uint64_t now = s->before.stat.pgsteal_proactive_pages;
	uint64_t then = t->last.stat.pgsteal_proactive_pages;

	if (!t->known || !is_quiet(s, t->above_acted_us) ||
	    !is_quiet(s, t->below_acted_us))
		return 0;
	return num_known(num_delta(now, then)) * mem_page_bytes();
}

/*
 * An order by -b is not held back, and a node is nobody's alone; in a recording
 * the hand is that of the one who was recorded.
 */
static void look_for_rival(struct scene *s)
{
	const struct run *run = s->run;
	struct rival *r = &s->t->rival;
	uint64_t high = 0;

	if (run->policy.law == LAW_ONCE || run->policy.node >= 0 ||
	    !root_is_live())
		return;
	if (s->cg->key[1])
		files_u64(&s->t->files, &run->set, s->cg, FILE_HIGH, &high);
	rival_look(r, moved_bytes(s), high, s->now_us);
	if (rival_to_tell(r))
		warn(0,
		     "'%s': another hand reclaims from it or moves its "
		     "memory.high: left to it while it does",
		     s->cg->key);
}

/* memory.reclaim; where the kernel has none, memory.high. */
static int open_target(struct scene *s)
{
	struct run *run = s->run;
	bool alone = !run->policy.dry_run;
	int err = -ENOENT;

	if (run->policy.node >= 0) {
		/* For its pressure, which is the system's. */
		target_open(&run->set, s->cg, s->t, "", false);
		return target_open_node(s->t, run->policy.node, alone);
	}
	run->high |= run->policy.high;
	if (!run->high)
		err = target_open(&run->set, s->cg, s->t, "memory.reclaim",
				  alone);
	if (err != -ENOENT)
		return err;
	err = target_open(&run->set, s->cg, s->t, "memory.high", alone);
	if (!err && !run->high)
		note("no memory.reclaim (before 5.19): memory.high is lowered "
		     "and restored in its place");
	run->high |= !err;
	return err;
}

/* Every cgroup has that file, whatever its controllers are. */
static bool is_gone(const struct scene *s)
{
	int fd = cg_open_file(&s->run->set, s->cg, "cgroup.procs", O_RDONLY);

	if (fd >= 0)
		close(fd);
	return root_is_live() && (fd == -ENOENT || fd == -ENODEV);
}

enum reason look(struct scene *s)
{
	struct run *run = s->run;
	int err = open_target(s);

	if (err == -EWOULDBLOCK)
		return REASON_LOCKED;
	if (err &&
	    !(run->policy.dry_run && reason_of_errno(err) == REASON_DENIED)) {
		if (err == -ENOENT && is_gone(s))
			return REASON_GONE;
		if (err == -ENOENT) {
			complain(s, 0,
				 s->run->policy.node >= 0
					 ? "no reclaim of a node (6.17) for"
					 : "no memory controller in");
			return REASON_UNSUPPORTED;
		}
		complain(s, err, "cannot open memory.reclaim of");
		return reason_of_errno(err);
	}
	meet_parents(s);
	if (s->t->reclaim_fd)
		probe(run, s->t->reclaim_fd - 1);
	err = look_at_target(s, &s->before);
	if (err) {
		if (reason_of_errno(err) != REASON_GONE)
			complain(s, err, "cannot read the counters of");
		return reason_of_errno(err);
	}
	look_for_rival(s);
	look_at_pressure(s);
	look_at_limits(s);
	look_at_refaults(s);
	return REASON_LAW;
}

/* A recording says less than a kernel: what is not there is no obstacle. */
void look_at_recording(struct scene *s)
{
	const struct row_input *in = s->in;
	struct guard_in *g = &s->guard;

	uint64_t window_us = in->window_us < NUM_MAX
				     ? in->window_us
				     : s->run->policy.interval_us;

	s->now_us = in->time_ms >= 0 ? (uint64_t)in->time_ms * 1000
				     : s->t->read_us + window_us;
	s->before.current_bytes = in->memory_bytes;
	look_at_pressure(s);
	set_guard(s);
	g->file_lru_bytes = in->file_bytes;
	g->anon_lru_bytes =
		in->anon_bytes != NUM_NONE ? in->anon_bytes : in->memory_bytes;
	if (g->swap_left_bytes == NUM_NONE)
		g->swap_left_bytes = NUM_MAX;
	use_guard(s);
	s->t->got_bytes = num_known(in->got_bytes);
	s->refaulted_bytes = num_known(in->refaulted_bytes);
}
