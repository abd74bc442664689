#include "probe.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "clock.h"
#include "msg.h"
#include "num.h"
#include "plan.h"
#include "probes.h"
#include "psi.h"
#include "tool.h"

enum { MOST_BYTES = 4 << 20 };

/* Pages that zswap turned away, or has written back, leave no other trace. */
static void recall(const struct book *b, const struct cg *cg)
{
	const struct past *p = book_find(b, cg);
	struct member *m = cg->data;

	if (!p)
		return;
	m->ratio = p->ratio;
	m->incompressible_pct = p->incompressible_pct;
	m->sample.c = p->sample;
}

/* Unknown pressure is no calm. */
static bool is_calm(const struct probe_cfg *cfg, const struct cg_set *set,
		    const struct cg *cg)
{
	char buf[1024];
	struct psi psi;

	return cg_read(set, cg, psi_cgroup_file(PSI_MEM), buf, sizeof(buf)) >
		       0 &&
	       !psi_parse(buf, &psi) && psi.line[PSI_SOME].seen &&
	       (double)psi.line[PSI_SOME].avg10_mpct <=
		       cfg->pressure_limit_pct * 1000;
}

/* As in tmo-reclaim: its own, its share of what is above, and what is below. */
static uint64_t protected_bytes(const struct cg_set *set, const struct cg *cg,
				uint64_t current_bytes)
{
	struct binds binds;

	bind_read(set, cg, current_bytes, &binds);
	return binds.protects.bytes;
}

/*
 * How much may be taken of it, after so much of others in this run, which no
 * counter tells of yet; 0, and *why not.  Any page may go on to the drive.
 */
static uint64_t allowed_bytes(const struct probe_cfg *cfg,
			      const struct cg_set *set, const struct cg *cg,
			      const struct world *world, uint64_t taken_bytes,
			      const char **why)
{
	const struct member *m = cg->data;
	uint64_t all = num_known(m->now.memory_bytes);
	uint64_t bytes = mem_whole_pages(
		num_least(num_least(cfg->most_bytes, MOST_BYTES), all / 100));

	*why = !world->machine.zswap || m->now.zswap_shut
		       ? "zswap takes no pages of it"
	       : world->machine.zswap_pool == ZSWAP_POOL_FULL ||
			       !m->now.zswap_room
		       ? "zswap is full"
	       : num_known(m->now.st.zswapped_bytes) >= BACKEND_EVIDENCE_BYTES
		       ? "its compression is known"
	       : bytes < mem_reclaim_least_bytes()
		       ? "1 % of it is less than the kernel takes at once"
	       : m->now.swap.left_bytes == NUM_NONE
		       ? "how much swap is left is unknown"
	       : m->now.swap.left_bytes < taken_bytes + bytes * 2 ||
			       m->now.swap.used_mpct >= cfg->swap_limit_mpct
		       ? "swap is full"
	       : budget_left_bytes(&world->budget) < taken_bytes + bytes
		       ? "the write budget has too little left"
	       : all - bytes < protected_bytes(set, cg, all) ? "it is protected"
	       : !is_calm(cfg, set, cg)
		       ? "memory pressure is over the limit, or unknown"
		       : NULL;
	return *why ? 0 : bytes;
}

static int reclaim(const struct cg_set *set, const struct cg *cg,
		   uint64_t bytes, const char *swappiness)
{
	char text[64];
	int err;

	snprintf(text, sizeof(text), "%" PRIu64 " swappiness=%s\n", bytes,
		 swappiness);
	err = cg_write(set, cg, "memory.reclaim", text);
	debug("'%s': probe with swappiness=%s: %s", cg->key, swappiness,
	      err ? strerror(-err) : "done");
	return err;
}

/*
 * Anonymous memory only is "max" from 6.16 on.  Before, lru_gen takes 200 for
 * that, while the classic LRU takes page cache all the same.
 */
static int take(const struct probe_cfg *cfg, const struct cg_set *set,
		const struct cg *cg, bool lru_gen, uint64_t bytes)
{
	int err = cfg->write ? reclaim(set, cg, bytes, "max") : 0;

	return err == -EINVAL && lru_gen ? reclaim(set, cg, bytes, "200") : err;
}

/* Huge pages of which zswap takes none are no part of what can be chosen. */
static const char *choose(const struct probe_cfg *cfg, const struct cg_set *set,
			  const struct cg *cg, const struct world *world,
			  uint64_t bytes, struct choice *c)
{
	const struct member *m = cg->data;
	uint64_t anon = num_known(mem_anon_lru_bytes(&m->now.st));

	*c = (struct choice){ 0 };
	if (!cfg->random || !cfg->write)
		return NULL;
	if (m->now.st.zswpout_pages == NUM_NONE)
		return "this kernel does not count a cgroup's pages in zswap "
		       "(needs Linux 5.19)";
	if (world->machine.zswap_lacks_huge_pages)
		anon = num_less(anon, num_known(m->now.st.anon_thp_bytes));
	return sample_choose(c, set, cg, anon / mem_page_bytes(),
			     bytes / mem_page_bytes());
}

/* Those that were chosen, or what reclaim chooses. */
static int take_some(const struct probe_cfg *cfg, const struct cg_set *set,
		     const struct cg *cg, const struct world *world,
		     uint64_t bytes, const struct choice *c)
{
	struct member *m = cg->data;

	return c->n ? sample_take(c, set, cg, &m->sample)
		    : take(cfg, set, cg, world->machine.lru_gen, bytes);
}

static void say_probe(const struct probe_cfg *cfg, const struct cg *cg,
		      uint64_t bytes, const struct choice *c, const char *why)
{
	note("'%s': %sprobe of %" PRIu64 " bytes%s%s", cg->key,
	     cfg->write ? "" : "a run without -n would make a ",
	     c->n ? c->n * mem_page_bytes() : bytes,
	     c->n  ? ", chosen at random"
	     : why ? ", chosen by reclaim: "
		   : "",
	     why ? why : "");
}

/*
 * Its time is kept first: one that cannot be is not made, nor again after a
 * kill.  1 when it failed, -errno of the state.
 */
static int make_probe(const struct probe_cfg *cfg, const struct cg_set *set,
		      const struct cg *cg, const struct world *world,
		      struct book *book, uint64_t bytes, const struct choice *c,
		      const char *by_reclaim)
{
	int err, undo;

	book_put(book, (struct past){ .ino = cg->ino,
				      .at_us = clock_mono_us(),
				      .ratio = NAN,
				      .incompressible_pct = NAN,
				      .key = xstrdup(cg->key) });
	if (cfg->write && (err = book_write(book, cfg->path)))
		return err;
	err = take_some(cfg, set, cg, world, bytes, c);
	if (!err || err == -EAGAIN || err == -EINTR) { /* those took a part */
		say_probe(cfg, cg, bytes, c, by_reclaim);
		book->taken_bytes += bytes;
		return 0;
	}
	free(book->v[--book->n].key);
	if (err != -EINVAL)
		warn(err, "cannot probe '%s'", cg->key);
	else
		note("'%s': no probe: this kernel would take page cache as "
		     "well (needs Linux 6.16, or lru_gen)",
		     cg->key);
	undo = cfg->write ? book_write(book, cfg->path) : 0;
	return undo ? undo : err != -EINVAL;
}

static int probe(const struct probe_cfg *cfg, const struct cg_set *set,
		 const struct cg *cg, const struct world *world,
		 struct book *book)
{
	const struct member *m = cg->data;
	const char *why = NULL, *by_reclaim = NULL;
	struct choice c = { 0 };
	int err = 0;
	uint64_t bytes =
		allowed_bytes(cfg, set, cg, world, book->taken_bytes, &why);

	if (bytes && book_find(book, cg))
		why = "it was probed within a day";
	else if (bytes && book_has_relative(book, cg))
		why = "a cgroup above or below it was probed within a day";
	if (!why)
		by_reclaim = choose(cfg, set, cg, world, bytes, &c);
	if (clock_stopped()) /* perhaps in the midst of choosing */
		why = "a signal ends this run";
	else if (!why && !c.n && num_known(m->now.st.anon_thp_bytes))
		why = "the kernel would take whole huge pages";
	if (why)
		note("'%s': no probe: %s", cg->key, why);
	else
		err = make_probe(cfg, set, cg, world, book, bytes, &c,
				 by_reclaim);
	sample_free(&c);
	return err;
}

int probe_all(const struct probe_cfg *cfg, struct cg_set *set,
	      const struct world *world)
{
	struct book book = { 0 };
	int lock = cfg->write ? tool_lock(cfg->path) : -1, failed = 0, err;

	if (cfg->write && lock < 0)
		return lock;
	err = book_read(&book, cfg->path);
	for (size_t i = 0; !err && i < set->n && !clock_stopped(); i++) {
		const struct member *m = set->v[i]->data;
		int bad = 0;

		if (m->looked)
			recall(&book, set->v[i]);
		if (cfg->most_bytes && m->looked && !plan_has_below(set, i))
			bad = probe(cfg, set, set->v[i], world, &book);
		failed += bad > 0;
		err = bad < 0 ? bad : 0;
	}
	book_free(&book);
	if (lock >= 0)
		close(lock);
	return err ? err : failed;
}

void probe_tell(const struct cg *cg)
{
	struct member *m = cg->data;

	if (m->sample.out_pages)
		sample_tell(&m->sample, &m->now.st);
}

int probe_keep(const struct probe_cfg *cfg, const struct cg_set *set)
{
	struct book book = { 0 };
	int lock, err;

	if (!cfg->write)
		return 0;
	lock = tool_lock(cfg->path);
	if (lock < 0)
		return lock;
	err = book_read(&book, cfg->path);
	for (size_t i = 0; !err && i < set->n; i++) {
		const struct member *m = set->v[i]->data;
		struct past *p = book_find(&book, set->v[i]);

		if (!p || !m->looked)
			continue;
		p->ratio = m->ratio;
		p->incompressible_pct = m->incompressible_pct;
		p->sample = m->sample.c;
	}
	if (!err && book.n)
		err = book_write(&book, cfg->path);
	book_free(&book);
	close(lock);
	return err;
}
