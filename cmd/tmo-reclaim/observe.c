#include "period.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kv.h"
#include "msg.h"
#include "num.h"
#include "root.h"

/* Something fails, and so the run has; a target is warned of once. */
static bool to_warn(struct period *s)
{
	bool first = !s->t->warned;

	s->run->failed = s->t->warned = true;
	return first;
}

void complain(struct period *s, int err, const char *what)
{
	if (to_warn(s))
		warn(err, "%s '%s'", what, s->cg->key);
}

enum reason unreadable(struct period *s, int err, const char *what)
{
	enum reason why = reason_of_errno(err);

	if (why != REASON_GONE)
		complain(s, err, what);
	return why;
}

static void complain_unsupported(struct period *s)
{
	char fix[CG_FIX_MAX];

	if (s->run->policy.node >= 0)
		complain(s, 0, "no reclaim of a node (6.17) for");
	else if (to_warn(s))
		warn(0, "no memory controller in '%s': %s", s->cg->key,
		     cg_memory_fix(&s->run->set, fix, sizeof(fix)));
}

/* The target's reading, or that of the --node. */
static int look_at_target(const struct period *s, struct mem_stat *stat,
			  struct reading *out)
{
	const struct run *run = s->run;
	int err = target_read(&run->set, s->cg, s->t, run->high, stat, out);

	if (!err && run->policy.node >= 0)
		err = target_read_node(run->policy.node, stat, out);
	return err;
}

int look_beside_write(const struct period *s, struct reading *out)
{
	struct mem_stat unused;

	if (!s->before.apart)
		target_flush(s->cg, s->t);
	return look_at_target(s, &unused, out);
}

bool node_reclaim_stalls(const struct run *run)
{
	struct utsname u;
	int major, minor;

	return run->policy.node >= 0 && root_is_live() && !uname(&u) &&
	       sscanf(u.release, "%d.%d", &major, &minor) == 2 &&
	       (major < 7 || (major == 7 && minor < 3));
}

/*
 * Of a row that tells both pressures our own reading would add the averages:
 * for the law that goes by them, and for a recording, of which any law may be
 * asked.
 */
static bool row_tells_all(const struct period *s)
{
	const struct row_input *in = s->in;

	return in->has_psi && in->has_io && !s->run->recorder &&
	       s->run->policy.law != LAW_OOMD;
}

/* The row's reading goes before ours; what it leaves out we read. */
static void look_at_pressure(struct period *s)
{
	const struct row_input *in = s->in;
	struct pressure *p = &s->o.psi;
	bool node = node_reclaim_stalls(s->run);
	uint64_t own_us = node ? s->run->own_us - s->t->own_us : 0;
	bool own;

	if (row_tells_all(s))
		s->t->mem_total_us = s->t->io_total_us = NUM_NONE;
	else
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

/*
 * Since the last look, with what refaulted while a write of ours went on, which
 * is in the row of that period already.
 */
static void look_at_refaults(struct period *s)
{
	const struct reading *now = &s->before;
	struct target *t = s->t;
	uint64_t anon = num_delta(now->refault_anon_pages, t->seen_anon_pages);
	uint64_t file = num_delta(now->refault_file_pages, t->seen_file_pages);

	t->seen_anon_pages = now->refault_anon_pages;
	t->seen_file_pages = now->refault_file_pages;
	if (t->known && anon != NUM_NONE && file != NUM_NONE)
		s->o.refaulted_bytes = (anon + file) * mem_page_bytes();
}

static int look_at_limits(struct period *s)
{
	struct run *run = s->run;
	const struct host *h = &run->host;
	const struct mem_stat *st = &s->stat;
	struct bounds_in *g = &s->o.g;
	int err;

	*g = (struct bounds_in){
		.current_bytes = s->before.current_bytes,
		.anon_lru_bytes = mem_anon_lru_bytes(st),
		.file_lru_bytes = mem_file_lru_bytes(st),
		.busy_file_bytes = num_known(st->file_dirty_bytes) +
				   num_known(st->file_writeback_bytes),
		.swapped_bytes = s->before.swap_bytes,
		.swap_left_bytes = NUM_NONE,
		.zswap_full = h->zswap_full,
		.zram_full = h->zram_full,
	};
	err = limits_read(&run->set, s->cg, s->t, &s->before, h,
			  &run->ancestors, g);
	if (err)
		return err;
	g->below_bytes = protected_below(s);
	s->o.zswap = h->zswap && !g->zswap_shut;
	g->rotational = h->rotational && !s->o.zswap;
	/* Writeback means that the pool pushes old copies out. */
	if (h->zswap && s->t->known &&
	    num_known(num_delta(st->zswpwb_pages, s->t->last.zswpwb_pages)))
		g->zswap_full = true;
	s->o.anon_bytes = st->anon_bytes;
	s->o.anon_thp_bytes = st->anon_thp_bytes;
	s->o.huge_page_bytes = h->huge_page_bytes;
	s->o.lru_gen = h->lru_gen;
	s->o.next_device = h->next_device;
	return 0;
}

/* cgroup.events: "populated 0", "frozen 1". */
static void look_at_state(struct period *s)
{
	const struct run *run = s->run;
	char buf[256];
	uint64_t v;

	s->o.off = off_is(&run->host.off, s->cg->key);
	s->o.self = *run->self && !cg_is_root(s->cg) &&
		    cg_is_below(run->self, s->cg->key);
	s->o.slept = s->t->known && s->asleep_us > s->t->asleep_us + 1000000;
	s->o.above_acted_us = s->t->above_acted_us;
	s->o.below_acted_us = s->t->below_acted_us;
	s->o.below_seen_us = s->t->below_seen_us;
	if (cg_is_root(s->cg) ||
	    files_read(&s->t->files, s->cg, FILE_EVENTS, buf, sizeof(buf)) <= 0)
		return;
	s->o.frozen = !kv_u64(buf, "frozen", &v) && v;
	s->o.empty = !kv_u64(buf, "populated", &v) && !v;
}

/* In a recording it is as late as its rows say. */
static int64_t harm_now(const struct period *s)
{
	bool by_row = !root_is_live() && s->in->time_ms >= 0;

	return harm_at(&s->in->harm, by_row ? s->in->time_ms : s->r->time_ms,
		       period_most_ms(s));
}

/* What is the same in a recording. */
static void look_at_run(struct period *s)
{
	const struct run *run = s->run;

	s->o.now_us = s->now_us;
	s->o.start_us = run->start_us;
	s->o.first_us = s->t->first_us;
	s->o.row = *s->in;
	s->o.row.harm.mpct = harm_now(s);
	s->o.below_harm_mpct = harm_below(s);
	s->o.left_bytes = run->once_left_bytes;
	s->o.cannot_tell_kinds = run->probed && !run->swappiness;
	s->o.cannot_tell_max = run->probed && !run->swappiness_max;
}

/* A write of ours then is in the counts that the last period ended with. */
static bool is_quiet(const struct period *s, uint64_t then_us)
{
	return then_us < s->t->read_us &&
	       !decide_within(s->now_us, then_us, RECLAIMER_FLUSHED_US);
}

/*
 * Steal since the end of the last period, with none of our own writes above or
 * below it in between.
 */
static uint64_t others_steal_bytes(const struct period *s)
{
	const struct target *t = s->t;
	uint64_t now = s->before.steal_pages, then = t->last.steal_pages;

	if (!s->before.apart || !t->known || !is_quiet(s, t->above_acted_us) ||
	    !is_quiet(s, t->below_acted_us))
		return 0;
	return num_known(num_delta(now, then)) * mem_page_bytes();
}

/*
 * An order by -b is not held back, and a node is nobody's alone; in a recording
 * the hand is that of the one who was recorded.
 */
static void look_for_other_reclaimer(struct period *s)
{
	const struct run *run = s->run;

	s->o.others_known = run->policy.law != LAW_ONCE &&
			    run->policy.node < 0 && root_is_live();
	if (!s->o.others_known)
		return;
	s->o.high_bytes = s->t->memory.other.high_bytes;
	if (!cg_is_root(s->cg))
		files_u64(&s->t->files, s->cg, FILE_HIGH, &s->o.high_bytes);
	s->o.others_steal_bytes = others_steal_bytes(s);
}

/* memory.reclaim; where the kernel has none, memory.high. */
static int open_target(struct period *s)
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
	/* Once seen, the kernel has it. */
	if (err != -ENOENT || (run->probed && !run->high))
		return err;
	err = target_open(&run->set, s->cg, s->t, "memory.high", alone);
	if (!err && !run->high)
		note("no memory.reclaim (before Linux 5.19): memory.high is "
		     "lowered and restored instead");
	run->high |= !err;
	return err;
}

/* Every cgroup has that file, whatever its controllers are. */
static bool is_gone(const struct period *s)
{
	int fd = cg_open_file(&s->run->set, s->cg, "cgroup.procs", O_RDONLY);

	if (fd >= 0)
		close(fd);
	return root_is_live() && cg_err_is_gone(fd);
}

enum reason observe(struct period *s)
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
			complain_unsupported(s);
			return REASON_UNSUPPORTED;
		}
		complain(s, err, "cannot open memory.reclaim of");
		return reason_of_errno(err);
	}
	if (s->t->reclaim_fd >= 0)
		probe(run, s->t->reclaim_fd);
	err = look_at_target(s, &s->stat, &s->before);
	if (err)
		return unreadable(s, err, "cannot read the counters of");
	look_at_run(s);
	meet_parents(s);
	look_at_state(s);
	look_for_other_reclaimer(s);
	look_at_pressure(s);
	err = look_at_limits(s);
	if (err)
		return unreadable(s, err, "cannot read what protects");
	look_at_refaults(s);
	return REASON_LAW;
}

/* A recording says less than a kernel: what is not there is no obstacle. */
void observe_recording(struct period *s)
{
	const struct row_input *in = s->in;
	uint64_t window_us = in->window_us < NUM_MAX
				     ? in->window_us
				     : s->run->policy.interval_us;

	s->now_us = in->time_ms >= 0 ? (uint64_t)in->time_ms * 1000
				     : s->t->read_us + window_us;
	s->before.current_bytes = in->memory_bytes;
	s->o.elapsed_us = NUM_NONE;
	look_at_run(s);
	look_at_pressure(s);
	s->o.g = (struct bounds_in){
		.current_bytes = in->memory_bytes,
		.file_lru_bytes = in->file_bytes,
		.anon_lru_bytes = in->anon_bytes != NUM_NONE ? in->anon_bytes
							     : in->memory_bytes,
		.swapped_bytes = NUM_NONE,
		.swap_left_bytes = NUM_MAX,
	};
	s->t->memory.last.got_bytes = num_known(in->got_bytes);
	s->o.refaulted_bytes = num_known(in->refaulted_bytes);
}
