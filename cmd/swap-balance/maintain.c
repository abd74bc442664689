#include "maintain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "action.h"
#include "clock.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "state.h"
#include "tool.h"
#include "twice.h"
#include "upkeep.h"

enum {
	ROUND_LEAST = 5 << 20,
	ROUND_MOST = 300 << 20,
};

struct round {
	const struct maintain_cfg *cfg;
	uint64_t left_bytes; /* of the budget: all devices share it */
	const struct cg_set *set;
	struct rows_out *out;
	struct upkeep_file file;
	int status;
};

uint64_t maintain_round_bytes(uint64_t used_bytes, uint64_t disk_bytes,
			      uint64_t budget_bytes)
{
	double full = disk_bytes ? (double)used_bytes / (double)disk_bytes : 0;
	uint64_t most = ROUND_LEAST + (uint64_t)((ROUND_MOST - ROUND_LEAST) *
						 (full < 1 ? full : 1));

	return most < budget_bytes ? most : budget_bytes;
}

/* Idle pages do not come faster than they age: a quarter of that between. */
static bool too_soon(int64_t last_ms, uint64_t age_us)
{
	int64_t since_ms = clock_unix_ms() - last_ms;

	return last_ms && since_ms >= 0 &&
	       (uint64_t)since_ms * 1000 < age_us / 4;
}

/* A cgroup's part of what is twice cold, and what came of it. */
struct part {
	struct twice *twice;
	const struct cg *cg;
	struct twice_result got;
};

static int write_back_what(struct round *round, const struct upkeep *u,
			   uint64_t most_bytes, struct part *part)
{
	if (!part)
		return zram_write_back_idle(u->dev);
	return twice_cgroup(part->twice, round->set, part->cg,
			    most_bytes / mem_page_bytes(), &part->got);
}

/* Of the part alone, if any: then the ages are known, and no mark is needed. */
static int write_back(struct round *round, struct upkeep *u,
		      uint64_t most_bytes, struct part *part)
{
	int err = part ? 0 : zram_mark_idle(u->dev, round->cfg->writeback_us);
	int undo;

	if (!err)
		err = upkeep_override_limit(&round->file, u,
					    most_bytes / ZRAM_LIMIT_UNIT);
	if (!err)
		err = write_back_what(round, u, most_bytes, part);
	if (!u->overridden)
		return err;
	undo = upkeep_restore_limit(u);
	if (!undo)
		undo = upkeep_write(&round->file);
	return err ? err : undo;
}

static void finish(struct round *round, struct action *a, int err)
{
	const char *lack = NULL;

	if (err == -EINVAL && !a->cgroup)
		lack = "kernel:CONFIG_ZRAM_TRACK_ENTRY_ACTIME";
	if (err == -EPERM && a->cgroup)
		lack = "run:CAP_SYS_ADMIN";
	a->state = lack ? "missing" : err ? "failed" : "done";
	if (lack)
		a->why = lack;
	else if (err)
		warn(err, "cannot %s '%s'", a->what, a->dev);
	if (err)
		round->status = STATUS_PARTIAL;
	a->after_bytes = zram_used_bytes(a->dev);
}

/* What says that nothing is to be done: the state for the row, or NULL. */
static const char *held(struct action *a, const char *lack, bool soon,
			const char *empty)
{
	if (lack)
		a->why = lack;
	else if (soon)
		a->why = "backoff";
	else if (empty)
		a->why = empty;
	else
		return NULL;
	return lack ? "missing" : "held";
}

static void charge(struct round *round, uint64_t bytes)
{
	if (round->left_bytes < NUM_MAX)
		round->left_bytes -= num_least(round->left_bytes, bytes);
}

/* What of the most may be written under the device's own limit, and in *bound
 * the word for the lesser of the two. */
static uint64_t within_limits(const char *dev, uint64_t most,
			      const char **bound)
{
	uint64_t units = most / ZRAM_LIMIT_UNIT;
	struct zram_limit limit;

	*bound = "budget";
	if (zram_read_limit(dev, &limit) || !limit.on || limit.units >= units)
		return most;
	*bound = "writeback_limit";
	return ZRAM_LIMIT_UNIT * limit.units;
}

/* NULL, or the bound that leaves nothing. */
static const char *empty_by(uint64_t most, const char *bound)
{
	return most < ZRAM_LIMIT_UNIT ? bound : NULL;
}

static void maintain_writeback(struct round *round,
			       const struct swap_area *area)
{
	const struct maintain_cfg *cfg = round->cfg;
	struct upkeep *u = upkeep_find(&round->file, area->dev);
	struct action a = {
		.dev = area->dev,
		.what = "writeback",
		.age_us = cfg->writeback_us,
		.before_bytes = zram_used_bytes(area->dev),
		.after_bytes = NUM_NONE,
		.written_bytes = 0,
		.why = "idle",
		.cold_bytes = NUM_NONE,
	};
	uint64_t before = zram_written_bytes(area->dev);
	const char *bound;
	uint64_t most = within_limits(area->dev,
				      maintain_round_bytes(area->used_bytes,
							   area->size_bytes,
							   round->left_bytes),
				      &bound);

	a.state = held(&a, zram_lacks_writeback(area->dev),
		       too_soon(u->writeback_ms, cfg->writeback_us),
		       empty_by(most, bound));
	if (!a.state && cfg->write) {
		finish(round, &a, write_back(round, u, most, NULL));
		a.written_bytes =
			num_delta(zram_written_bytes(area->dev), before);
		u->writeback_ms = clock_unix_ms();
		charge(round, num_least(a.written_bytes, most));
	} else if (!a.state) {
		a.state = "planned";
		charge(round, most);
	}
	action_emit(round->out, &a);
}

/* ---- of a cgroup ---- */

static void tell_part(struct round *round, struct action *a,
		      const struct part *part, const char *bound)
{
	a->cold_bytes = part->got.cold_pages * mem_page_bytes();
	if (part->got.ended == twice_most)
		a->why = bound;
	else if (part->got.ended)
		a->why = part->got.ended;
	if (!part->got.refused)
		return;
	warn(0,
	     "'%s': %" PRIu64 " processes cannot be read: run it as root, with "
	     "CAP_SYS_PTRACE",
	     a->cgroup, part->got.refused);
	round->status = STATUS_PARTIAL;
}

/* The pages that a dry run would write, as far as the limits let it. */
static void plan_part(struct round *round, struct action *a, uint64_t most,
		      struct part *part)
{
	int err =
		twice_cgroup(part->twice, round->set, part->cg, 0, &part->got);

	uint64_t bytes = part->got.cold_pages * mem_page_bytes();

	if (err) {
		finish(round, a, err);
		return;
	}
	a->state = "planned";
	if (bytes <= most)
		part->got.ended = NULL;
	charge(round, num_least(bytes, most));
	part->twice->left_bytes = num_less(part->twice->left_bytes, bytes);
}

static void maintain_part(struct round *round, struct part *part)
{
	struct twice *t = part->twice;
	struct upkeep *u = upkeep_find(&round->file, t->dev);
	struct action a = {
		.dev = t->dev,
		.what = "writeback",
		.age_us = round->cfg->writeback_us,
		.before_bytes = zram_used_bytes(t->dev),
		.after_bytes = NUM_NONE,
		.written_bytes = 0,
		.why = "idle",
		.cgroup = part->cg->key,
		.cold_bytes = NUM_NONE,
	};
	uint64_t before = zram_written_bytes(t->dev);
	const char *bound;
	uint64_t most = within_limits(
		t->dev, num_least(t->left_bytes, round->left_bytes), &bound);

	a.state = held(&a, t->lack, false, empty_by(most, bound));
	if (!a.state && !round->cfg->write) {
		plan_part(round, &a, most, part);
		tell_part(round, &a, part, bound);
	} else if (!a.state) {
		finish(round, &a, write_back(round, u, most, part));
		tell_part(round, &a, part, bound);
		a.written_bytes = num_delta(zram_written_bytes(t->dev), before);
		charge(round, num_least(a.written_bytes, most));
		t->left_bytes = num_less(t->left_bytes, a.written_bytes);
	}
	action_emit(round->out, &a);
}

static void maintain_parts(struct round *round, const struct machine *m, int i)
{
	const struct swap_area *area = m->area + i;
	struct twice t;
	int err = twice_open(&t, m, i, round->cfg->writeback_us);

	if (err) {
		warn(err, "cannot read the block_state of '%s'", area->dev);
		round->status = STATUS_PARTIAL;
		return;
	}
	t.left_bytes = maintain_round_bytes(area->used_bytes, area->size_bytes,
					    NUM_MAX);
	for (size_t c = 0; c < round->set->n && !clock_stopped(); c++) {
		struct part part = { .twice = &t, .cg = round->set->v[c] };

		maintain_part(round, &part);
	}
	twice_close(&t);
}

/* ---- of a device ---- */

static void maintain_recompress(struct round *round,
				const struct swap_area *area)
{
	const struct maintain_cfg *cfg = round->cfg;
	struct upkeep *u = upkeep_find(&round->file, area->dev);
	struct action a = {
		.dev = area->dev,
		.what = "recompress",
		.age_us = cfg->recompress_us,
		.before_bytes = zram_used_bytes(area->dev),
		.after_bytes = NUM_NONE,
		.written_bytes = 0,
		.why = "idle",
		.cold_bytes = NUM_NONE,
	};

	a.state = held(&a, zram_lacks_recompress(area->dev),
		       too_soon(u->recompress_ms, cfg->recompress_us), NULL);
	if (!a.state && cfg->write) {
		finish(round, &a,
		       zram_recompress(area->dev, cfg->recompress_us));
		u->recompress_ms = clock_unix_ms();
	} else if (!a.state) {
		a.state = "planned";
	}
	action_emit(round->out, &a);
}

/* Of a round that was killed. */
static void restore_limits(struct upkeep_file *f)
{
	for (struct upkeep *u = f->v; u < f->v + f->n; u++) {
		int err = u->overridden ? upkeep_restore_limit(u) : 0;

		if (err)
			warn(err, "cannot restore writeback_limit of '%s'",
			     u->dev);
	}
}

int maintain_zram(const struct maintain_cfg *cfg, const struct machine *m,
		  const struct budget *budget, const struct cg_set *set,
		  struct rows_out *out)
{
	struct round round = {
		.cfg = cfg,
		.left_bytes = budget_left_bytes(budget),
		.set = set,
		.out = out,
		.file = { .path = cfg->path },
	};
	int lock = -1, err;

	if (!m->any_zram)
		return STATUS_NO;
	if (cfg->write)
		lock = state_lock(cfg->path, 0);
	if (lock == -EWOULDBLOCK)
		die(0, "another --maintain has locked '%s'", cfg->path);
	if (cfg->write && lock < 0)
		die(lock, "cannot lock '%s'", cfg->path);
	if ((err = upkeep_read(&round.file)))
		tool_bad_state("use the state", cfg->path, err);
	if (cfg->write)
		restore_limits(&round.file);
	for (int i = 0; i < m->areas; i++) {
		if (m->area[i].kind != SWAP_ZRAM)
			continue;
		if (set) {
			maintain_parts(&round, m, i);
			continue;
		}
		/* The older first: both use the same mark. */
		maintain_writeback(&round, m->area + i);
		maintain_recompress(&round, m->area + i);
	}
	if (cfg->write && (err = upkeep_write(&round.file)))
		die(err, "cannot write the state '%s'", cfg->path);
	if (lock >= 0)
		close(lock);
	return round.status;
}
