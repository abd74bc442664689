#include "gather.h"

#include <math.h>
#include <string.h>

#include "compress.h"
#include "num.h"
#include "tier.h"

static uint64_t sum_known(uint64_t a, uint64_t b)
{
	return a == NUM_NONE ? b : a + num_known(b);
}

/* "kernel" is of 5.18. */
static uint64_t kernel_bytes(const struct mem_stat *st)
{
	uint64_t sum = sum_known(st->pagetables_bytes, st->slab_bytes);

	if (st->kernel_bytes != NUM_NONE)
		return st->kernel_bytes;
	return sum_known(sum_known(sum, st->kernel_stack_bytes),
			 st->percpu_bytes);
}

/*
 * What zswap would not compress, and how well it did, by all that was tried
 * since the cgroup is there: a row has no window yet, or nothing came in it.
 */
static void learn_history(struct member *ever, const struct member *m,
			  const struct machine *machine)
{
	*ever = (struct member){ .now = m->now, .then = m->now };
	ever->ratio = ever->incompressible_pct = NAN;
	ever->then.st.zswpout_pages = 0;
	ever->then.st.pgscan_pages = ever->then.st.pgsteal_pages = 0;
	ever->then.zswap_reject_pages = ever->then.anon_kept_pages = 0;
	compress_learn(ever, machine);
}

static void learn(struct gathered *g, const struct member *m,
		  const struct machine *machine)
{
	const struct compression *c = &m->sample.c;
	struct member ever;

	if (c->pages > 0 && !isnan(c->kept)) {
		g->ratio = 1 / ((1 - c->refused) * c->kept + c->refused);
		g->incompressible_pct = 100 * c->refused;
		return;
	}
	learn_history(&ever, m, machine);
	g->ratio = isnan(m->ratio) ? ever.ratio : m->ratio;
	g->incompressible_pct = isnan(m->incompressible_pct)
					? ever.incompressible_pct
					: m->incompressible_pct;
}

static void fill_zswap(struct gathered *g, const struct member *m,
		       const struct machine *machine, const struct told *t)
{
	struct parts_in *in = &g->in;
	uint64_t left = g->binds.zswap.bytes;
	double room = (double)left * g->ratio;

	in->zswap_only = machine->zswap && g->binds.writeback.file;
	in->zswap_full = machine->zswap_pool == ZSWAP_POOL_FULL;
	in->zswapped = m->now.st.zswapped_bytes;
	in->incompressible = isnan(t->incompressible)
				     ? g->incompressible_pct / 100
				     : t->incompressible;
	if (!left || left >= NUM_MAX)
		in->zswap_left = left;
	else /* not known before some of it has been compressed */
		in->zswap_left = room < 9e18 ? (uint64_t)room : NUM_MAX;
}

/* The row's own, but not that of a first row, which knows of no sharers. */
static bool is_budget_empty(const struct world *world, const struct told *t)
{
	const struct machine *m = &world->machine;
	const struct budget *b = &world->budget;

	if (t->balance_reason && !strcmp(t->balance_reason, "learning"))
		return false;
	if (t->write_bytes_per_s != NUM_NONE)
		return !t->write_bytes_per_s;
	return !budget_left_bytes(b) && (m->disk || m->rotational);
}

static void fill_swap(struct gathered *g, const struct world *world,
		      const struct told *told)
{
	struct parts_in *in = &g->in;
	struct tier tier;
	struct mem_swap swap;

	tier_read(&tier);
	in->tier_left = tier.slow_nodes ? tier.left_bytes : 0;
	in->no_swap = !world->machine.areas;
	mem_swap_system(&swap);
	in->swap_free = swap.left_bytes;
	in->swap_left = g->binds.swap.bytes;
	in->budget_empty = is_budget_empty(world, told);
}

static void fill_stat(struct parts_in *in, const struct mem_stat *st)
{
	in->page_tables =
		sum_known(st->pagetables_bytes, st->sec_pagetables_bytes);
	in->zswap_pool = st->zswap_bytes;
	in->slab = st->slab_bytes;
	in->sockets = st->sock_bytes;
	in->unevictable = st->unevictable_bytes;
	in->kernel = kernel_bytes(st);
	in->anon = mem_anon_lru_bytes(st);
	in->file = mem_file_lru_bytes(st);
	in->shmem = st->shmem_bytes;
	in->anon_thp = st->anon_thp_bytes;
	in->busy_file = num_known(st->file_dirty_bytes) +
			num_known(st->file_writeback_bytes);
}

void gather(const struct run *run, const struct cg *cg, const struct told *told,
	    struct gathered *out)
{
	const struct member *m = cg->data;
	const struct machine *machine = &run->world.machine;
	struct parts_in *in = &out->in;

	bind_read(&run->set, cg, num_known(m->now.memory_bytes), &out->binds);
	*in = (struct parts_in){ .current = m->now.memory_bytes,
				 .cold_anon = told->cold_anon,
				 .cold_shmem = told->cold_shmem,
				 .cold_file = told->cold_file,
				 .protected = out->binds.protects.bytes };
	fill_stat(in, &m->now.st);
	in->hugetlb = m->now.st.hugetlb_bytes != NUM_NONE
			      ? m->now.st.hugetlb_bytes
			      : bind_hugetlb_bytes(&run->set, cg);
	learn(out, m, machine);
	fill_swap(out, &run->world, told);
	fill_zswap(out, m, machine, told);
}
