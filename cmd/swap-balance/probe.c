#include "probe.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bind.h"
#include "cgkey.h"
#include "clock.h"
#include "lines.h"
#include "msg.h"
#include "num.h"
#include "plan.h"
#include "psi.h"
#include "tool.h"

#define STATE_NAME "swap-balance-probe"

enum { VERSION_1 = 1, VERSION_2, VERSION_3, MOST_BYTES = 4 << 20 };
static const uint64_t DAY_US = UINT64_C(86400) * 1000000;

/* When a cgroup was probed, by its inode, and what zswap made of its pages. */
struct past {
	uint64_t ino;
	uint64_t at_us; /* clock_mono_us(), which no jump of the wall clock
			   moves */
	double ratio, incompressible_pct; /* NAN: not known */
	char *key;			  /* "": of version 1, not known */
};

struct book {
	struct past *v;
	size_t n;
	uint64_t taken_bytes; /* in this run */
};

static void book_put(struct book *b, struct past p)
{
	b->v = xrealloc(b->v, b->n + 1, sizeof(*b->v));
	b->v[b->n++] = p;
}

static void book_free(struct book *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].key);
	free(b->v);
}

/* What is a day old is forgotten. */
static void take_line(void *book, char *line)
{
	uint64_t now_us = clock_mono_us();
	struct past p;
	int at = 0;

	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %lf %lf %n", &p.ino, &p.at_us,
		   &p.ratio, &p.incompressible_pct, &at) != 4 ||
	    !at || p.at_us > now_us || now_us - p.at_us >= DAY_US ||
	    p.ratio < 0 || p.incompressible_pct < 0)
		return;
	p.key = xstrdup(line + at);
	book_put(book, p);
}

/* Version 2 had Unix time, which tells no more than that it was in this boot.
 */
static void take_old_line(void *book, char *line)
{
	struct past p = { .at_us = clock_mono_us() };
	int at = 0;

	if (sscanf(line, "%" SCNu64 " %*d %lf %lf %n", &p.ino, &p.ratio,
		   &p.incompressible_pct, &at) != 3 ||
	    !at || p.ratio < 0 || p.incompressible_pct < 0)
		return;
	p.key = xstrdup(line + at);
	book_put(book, p);
}

static int book_read(struct book *b, const char *path)
{
	int err = lines_read(path, STATE_NAME, VERSION_3, take_line, b);

	for (unsigned int v = VERSION_2; err == -EPROTO && v >= VERSION_1; v--)
		err = lines_read(path, STATE_NAME, v, take_old_line, b);
	return err;
}

static void put_lines(FILE *f, const void *book)
{
	const struct book *b = book;

	for (size_t i = 0; i < b->n; i++)
		fprintf(f, "%" PRIu64 " %" PRIu64 " %.3f %.3f %s\n",
			b->v[i].ino, b->v[i].at_us, b->v[i].ratio,
			b->v[i].incompressible_pct, b->v[i].key);
}

static int book_write(const struct book *b, const char *path)
{
	return lines_write(path, STATE_NAME, VERSION_3, put_lines, b);
}

static struct past *book_find(const struct book *b, const struct cg *cg)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].ino == cg->ino)
			return b->v + i;
	return NULL;
}

/* Was some of its pages taken by the probe of one above or below it? */
static bool has_relative(const struct book *b, const struct cg *cg)
{
	for (size_t i = 0; i < b->n; i++)
		if (*b->v[i].key && strcmp(cg->key, b->v[i].key) != 0 &&
		    (cg_is_below(cg->key, b->v[i].key) ||
		     cg_is_below(b->v[i].key, cg->key)))
			return true;
	return false;
}

/* Pages that zswap turned away, or has written back, leave no other trace. */
static void recall(const struct book *b, const struct cg *cg)
{
	const struct past *p = book_find(b, cg);
	struct member *m = cg->data;

	if (!p)
		return;
	m->ratio = p->ratio;
	m->incompressible_pct = p->incompressible_pct;
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
	       : num_known(m->now.st.anon_thp_bytes)
		       ? "the kernel would take whole huge pages"
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

/*
 * Its time is kept first: one that cannot be is not made, nor again after a
 * kill.  1 when it failed, -errno of the state.
 */
static int probe(const struct probe_cfg *cfg, const struct cg_set *set,
		 const struct cg *cg, const struct world *world,
		 struct book *book)
{
	const char *why = NULL;
	uint64_t bytes =
		allowed_bytes(cfg, set, cg, world, book->taken_bytes, &why);
	int err, undo;

	if (bytes && book_find(book, cg))
		why = "it was probed within a day";
	else if (bytes && has_relative(book, cg))
		why = "a cgroup above or below it was probed within a day";
	if (why) {
		note("'%s': no probe: %s", cg->key, why);
		return 0;
	}
	book_put(book, (struct past){ cg->ino, clock_mono_us(), NAN, NAN,
				      xstrdup(cg->key) });
	if (cfg->write && (err = book_write(book, cfg->path)))
		return err;
	err = take(cfg, set, cg, world->machine.lru_gen, bytes);
	if (!err || err == -EAGAIN || err == -EINTR) { /* those took a part */
		note("'%s': %sprobe of %" PRIu64 " bytes", cg->key,
		     cfg->write ? "" : "a run without -n would make a ", bytes);
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

int probe_all(const struct probe_cfg *cfg, struct cg_set *set,
	      const struct world *world)
{
	struct book book = { 0 };
	int lock = cfg->write ? tool_lock(cfg->path) : -1, failed = 0, err;

	if (cfg->write && lock < 0)
		return lock;
	err = book_read(&book, cfg->path);
	for (size_t i = 0; !err && i < set->n; i++) {
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
	}
	if (!err && book.n)
		err = book_write(&book, cfg->path);
	book_free(&book);
	close(lock);
	return err;
}
