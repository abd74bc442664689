#include "member.h"

#include <errno.h>
#include <math.h>

#include "clock.h"
#include "compress.h"
#include "num.h"
#include "sensitivity.h"

enum {
	LEAST_US = 1500000, /* memory.stat is flushed every 2 s */
	LIMIT_SAVE_S = 30,  /* a cgroup's own limit saves up that much */
};

static struct budget_cfg own_limit(uint64_t bytes_per_s)
{
	uint64_t rate = bytes_per_s < INT64_MAX / LIMIT_SAVE_S
				? bytes_per_s
				: INT64_MAX / LIMIT_SAVE_S;

	return (struct budget_cfg){
		.bytes_per_s = (double)rate,
		.cap_bytes = (int64_t)(rate ? rate * LIMIT_SAVE_S : 1),
	};
}

/* May zswap, or a disk of itself, write to a drive? */
static bool has_device(const struct machine *machine)
{
	return machine->disk || machine->rotational;
}

/* Did all that was swapped out go to zram?  The next page does. */
static bool all_to_zram(const struct member *m, const struct machine *machine)
{
	return machine->any_zram && !has_device(machine) &&
	       m->now.disk_used_bytes <= m->then.disk_used_bytes;
}

/*
 * Bytes that a cgroup's own limit is charged with.  Before 6.13 by what has
 * come to lie on devices, and what came back from there, which may have left
 * its copy: rather too much.
 */
static uint64_t charged_bytes(const struct member *m)
{
	const struct look *now = &m->now, *then = &m->then;

	if (m->written_bytes != NUM_NONE)
		return m->written_bytes;
	return num_less(look_device_bytes(now), look_device_bytes(then)) +
	       num_known(look_device_ins(now, then)) * mem_page_bytes();
}

static void charge_limit(struct member *m, uint64_t limit)
{
	struct budget_cfg cfg = own_limit(limit);

	if (limit < NUM_MAX)
		bucket_tick(&m->writes, &cfg, m->window.s, charged_bytes(m));
}

/* Would a page taken now be written there?  Not with zswap's writeback shut. */
static bool may_reach_drive(const struct member *m,
			    const struct machine *machine)
{
	return has_device(machine) && !look_is_kept(&m->now, machine);
}

/* Until it is asked for again. */
static double gap_s(const struct member *m, const struct world *world)
{
	return m->rows.gap_us ? fmax((double)m->rows.gap_us / 1e6, 1)
			      : world->gap_s;
}

/* What the budget and its own limit grant, wherever its pages go. */
static uint64_t granted_pace(const struct member *m, const struct world *world,
			     uint64_t limit)
{
	struct budget_cfg cfg = own_limit(limit);
	uint64_t pace = NUM_MAX, own = NUM_MAX;

	if (world->budget.kept)
		pace = budget_pace(&world->budget, gap_s(m, world)) /
		       (world->sharers ? world->sharers : 1);
	if (limit < NUM_MAX)
		own = bucket_pace(&m->writes, &cfg, gap_s(m, world));
	return own < pace ? own : pace;
}

uint64_t member_pace(const struct member *m, const struct world *world,
		     uint64_t limit)
{
	if (!may_reach_drive(m, &world->machine))
		return NUM_MAX;
	/* Before all have been seen nobody knows how many share it. */
	if (!m->law.known && world->budget.kept)
		return 0;
	return granted_pace(m, world, limit);
}

/*
 * A backend of none means no swap: by the window before, as the law comes
 * first.  0 where there is a backend, or the law has a guard for what lacks.
 */
static enum reason standing_stop(const struct member *m, bool cold_anon)
{
	if (m->backend.now.backend != BACKEND_NONE)
		return 0;
	switch (m->backend.now.why) {
	case REASON_INCOMPRESSIBLE:
	case REASON_ROTATIONAL: return m->backend.now.why;
	case REASON_SENSITIVE: return cold_anon ? 0 : REASON_PRESSURE;
	default: return 0;
	}
}

/*
 * A backend that is no more is not kept for the time that a choice stands, nor
 * that there is none for want of swap.
 */
static bool is_there(struct backend_choice now, const struct machine *machine,
		     bool zswap, bool no_swap)
{
	switch (now.backend) {
	case BACKEND_ZSWAP:
	case BACKEND_ZSWAP_NOWB: return zswap && machine->areas;
	case BACKEND_ZRAM: return machine->any_zram;
	case BACKEND_DISK: return machine->any_disk;
	case BACKEND_TIER: return machine->tier;
	default: return now.why != REASON_NO_SWAP || no_swap;
	}
}

/* What happened since the last look. */
static void compare_looks(struct member *m, const struct machine *machine,
			  bool cold_anon)
{
	m->window = look_window(&m->now, &m->then, machine);
	m->window.cold_anon = cold_anon;
	m->window.stand = standing_stop(m, cold_anon);
	m->zswap_has_room =
		machine->zswap_pool == ZSWAP_POOL_ROOM && m->now.zswap_room;
	m->zswap_is_full =
		machine->zswap_pool == ZSWAP_POOL_FULL || !m->now.zswap_room;
	m->huge_pct = look_huge_pct(&m->now, machine);
	m->written_bytes = all_to_zram(m, machine)
				   ? 0
				   : look_device_out_bytes(&m->now, &m->then);
}

static void learn(struct member *m, const struct machine *machine)
{
	compress_learn(m, machine);
	sensitivity_learn(&m->swapin_pressure_pct, &m->window, m->law.us);
}

static void choose_swappiness(struct member *m, const struct machine *machine,
			      const struct balance_cfg *cfg, bool budget_empty)
{
	m->window.budget_empty = budget_empty && may_reach_drive(m, machine);
	/* A cost is that of the areas it was learned from. */
	if (m->areas_id != machine->areas_id)
		m->law.cost[KIND_DEVICE] = (struct cost){ 0 };
	m->areas_id = machine->areas_id;
	cost_learn(m->law.cost, &m->window, machine->device_us);
	balance_step(&m->law, cfg, &m->window);
}

static void choose_backend(struct member *m, const struct machine *machine,
			   const struct config *cfg, bool budget_empty)
{
	struct backend_in in = {
		.zswap = machine->zswap && !m->now.zswap_shut,
		.zram = machine->zram,
		.disk = machine->disk && !look_is_kept(&m->now, machine),
		.rotational = machine->rotational,
		.tier = machine->tier,
		.no_swap = m->window.no_swap,
		.swap_full = m->law.full,
		.zram_full = m->window.zram_full,
		.budget_empty = budget_empty && has_device(machine),
		.huge_pages = m->huge_pct > 50,
		.ratio = m->ratio,
		.incompressible_pct = m->incompressible_pct,
		.sensitive =
			m->swapin_pressure_pct > cfg->law.pressure_limit_pct,
	};

	if (!is_there(m->backend.now, machine, in.zswap, in.no_swap))
		m->backend = (struct backend_state){ 0 };
	backend_step(&m->backend, &in, &cfg->backend, m->window.s);
}

static void step(struct member *m, const struct world *world,
		 const struct config *cfg, uint64_t limit, bool cold_anon)
{
	const struct machine *machine = &world->machine;
	bool budget_empty;

	compare_looks(m, machine, cold_anon);
	charge_limit(m, limit);
	budget_empty = granted_pace(m, world, limit) == 0;
	choose_swappiness(m, machine, &cfg->law, budget_empty);
	learn(m, machine);
	choose_backend(m, machine, cfg, budget_empty);
}

static void begin(struct member *m, uint64_t limit)
{
	m->ratio = m->incompressible_pct = m->swapin_pressure_pct = NAN;
	m->writes.level_bytes = own_limit(limit).cap_bytes / 4;
	m->law.swappiness = -1;
}

int member_look(const struct cg_set *set, struct cg *cg,
		const struct world *world, const struct config *cfg,
		uint64_t limit, bool cold_anon)
{
	struct member *m = cg->data;
	struct look look;
	int err;

	if (m->looked && clock_mono_us() - m->now.at_us < LEAST_US)
		return 0;
	err = look_read(set, cg, &look);
	if (err)
		return err;
	m->then = m->looked ? m->now : look;
	m->now = look;
	m->now.zswap_reject_pages = world->machine.zswap_reject_pages;
	m->now.anon_kept_pages = world->machine.anon_kept_pages;
	m->now.disk_used_bytes = world->machine.disk_used_bytes;
	if (m->looked)
		step(m, world, cfg, limit, cold_anon);
	else
		begin(m, limit);
	m->looked = true;
	return 0;
}

/* Of a swapped GiB, by what lies where: zram is memory, too. */
static double swapped_price(const struct config *cfg, const struct machine *m)
{
	double disk = (double)m->disk_used_bytes, all = 0;
	double zram_price = cfg->price.dram / cfg->backend.min_ratio;

	for (int i = 0; i < m->areas; i++)
		all += (double)m->area[i].used_bytes;
	if (all <= 0)
		return m->any_disk ? cfg->price.disk : zram_price;
	return (disk * cfg->price.disk + (all - disk) * zram_price) / all;
}

double member_saved_price(const struct member *m, const struct config *cfg,
			  const struct machine *machine)
{
	const struct look *l = &m->now;
	double in_zswap = (double)num_known(l->st.zswapped_bytes);
	double pool = (double)num_known(l->st.zswap_bytes);
	double swapped = swapped_price(cfg, machine);

	return ((in_zswap - pool) * cfg->price.dram +
		(double)look_device_bytes(l) * (cfg->price.dram - swapped)) /
	       (double)(1 << 30);
}
