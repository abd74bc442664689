#include "compress.h"

#include <math.h>

#include "num.h"

enum {
	OFFERS_BYTES = 256 << 20, /* to zswap, that count at least */
	SCANS = 10,		  /* of all anonymous memory, in a window */
	HALF_LIFE_S = 3600,	  /* of refusals, while nothing is offered */
};

/* Bytes that went to a device in the window, and not by zswap's writeback. */
static uint64_t direct_out_bytes(const struct member *m)
{
	const struct look *now = &m->now, *then = &m->then;
	uint64_t out = num_delta(now->st.pswpout_pages, then->st.pswpout_pages);
	uint64_t back = num_delta(now->st.zswpwb_pages, then->st.zswpwb_pages);
	uint64_t zero = num_delta(now->st.swpout_zero_pages,
				  then->st.swpout_zero_pages);

	if (out == NUM_NONE) /* before 6.13: by what has come to lie there */
		out = num_less(num_less(look_device_bytes(now),
					look_device_bytes(then)) /
				       mem_page_bytes(),
			       num_known(zero));
	return num_less(out, num_known(back)) * mem_page_bytes();
}

/*
 * What zswap turned away went to the device as it is.  Only where zswap was
 * offered it, all of the window, and not full: it took others, or its pool is
 * known to have room and no limit binds.  Kernels of 2026 keep such pages in
 * the pool instead.
 */
static void learn_offers(struct member *m, const struct machine *machine)
{
	const struct look *now = &m->now, *then = &m->then;
	uint64_t taken = num_known(
		num_delta(now->st.zswpout_pages, then->st.zswpout_pages));
	bool open = machine->zswap_pool == ZSWAP_POOL_ROOM &&
		    then->zswap_room && now->zswap_room;

	/* Huge pages were not offered. */
	if (machine->huge_pages_pass && (num_known(then->st.anon_thp_bytes) ||
					 num_known(now->st.anon_thp_bytes)))
		return;
	if (then->zswap_shut || then->at_us < machine->zswap_since_us ||
	    machine->zswap_pool == ZSWAP_POOL_FULL || (!taken && !open))
		return;
	m->taken_bytes += (double)(taken * mem_page_bytes());
	m->turned_away_bytes += (double)direct_out_bytes(m);
}

/* Pages that reclaim looked at and left, in the window. */
static uint64_t passed_over_pages(const struct member *m)
{
	uint64_t scan = num_known(
		num_delta(m->now.st.pgscan_pages, m->then.st.pgscan_pages));
	uint64_t steal = num_known(
		num_delta(m->now.st.pgsteal_pages, m->then.st.pgsteal_pages));

	return num_less(scan, steal);
}

/* Its share of what zswap says that it could not compress. */
static double rejected_pages(const struct member *m)
{
	uint64_t rejects = num_known(num_delta(m->now.zswap_reject_pages,
					       m->then.zswap_reject_pages));
	uint64_t all = num_known(
		num_delta(m->now.anon_kept_pages, m->then.anon_kept_pages));
	double passed = (double)passed_over_pages(m);

	return all ? (double)rejects * fmin(passed / (double)all, 1) : 0;
}

/*
 * Reclaim went over all anonymous memory many times, and got next to nothing:
 * so often even a hot page is found unused once, so it was zswap that said no.
 * Where page cache could be what was looked at, that tells nothing.
 */
static bool is_scanned_in_vain(const struct member *m)
{
	const struct look *now = &m->now;
	double passed = (double)passed_over_pages(m);
	double taken = (double)num_known(
		num_delta(now->st.pgsteal_pages, m->then.st.pgsteal_pages));
	uint64_t anon = num_known(mem_anon_lru_bytes(&now->st));
	uint64_t file = num_known(mem_file_lru_bytes(&now->st));

	return now->zswap_room && m->then.zswap_room && anon > file &&
	       anon >= BACKEND_EVIDENCE_BYTES &&
	       passed > SCANS * (double)anon / (double)mem_page_bytes() &&
	       taken < passed / 100;
}

/*
 * With its writeback shut, what zswap turns away goes nowhere: reclaim leaves
 * it where it is, and looks at it again and again.
 */
static void learn_refusals(struct member *m, const struct machine *machine)
{
	const struct look *now = &m->now, *then = &m->then;
	double page = (double)mem_page_bytes(), bytes;

	if (!look_is_kept(now, machine) || !then->zswap_kept ||
	    then->zswap_shut || then->at_us < machine->zswap_since_us ||
	    num_known(num_delta(now->swap_fail, then->swap_fail)))
		return;
	bytes = rejected_pages(m) * page;
	if (machine->zswap_pool == ZSWAP_POOL_ROOM && is_scanned_in_vain(m))
		bytes = fmax(bytes, (double)passed_over_pages(m) * page);
	/* One page is looked at many times, and is not away. */
	m->turned_away_bytes +=
		fmin(bytes, (double)num_known(mem_anon_lru_bytes(&now->st)));
}

static void forget_old(struct member *m)
{
	double most = fmax(2 * (double)num_known(m->now.st.zswapped_bytes),
			   OFFERS_BYTES);

	while (m->taken_bytes + m->turned_away_bytes > most) {
		m->taken_bytes /= 2;
		m->turned_away_bytes /= 2;
	}
}

/*
 * Where there is no backend for what does not compress, nothing more is offered
 * that could tell that it is gone: it is forgotten, and tried again.  What is
 * in the pool tells by itself.
 */
static void forget_untried(struct member *m)
{
	double left = exp2(-m->window.s / HALF_LIFE_S);

	if (m->backend.now.backend != BACKEND_NONE ||
	    (m->backend.now.why != REASON_INCOMPRESSIBLE &&
	     m->backend.now.why != REASON_ROTATIONAL))
		return;
	m->taken_bytes *= left;
	m->turned_away_bytes *= left;
	if (m->taken_bytes + m->turned_away_bytes < BACKEND_EVIDENCE_BYTES)
		m->ratio = m->incompressible_pct = NAN;
}

/*
 * Tells something only while zswap is offered the pages.  What was turned away
 * is measured by what was taken in the same time; most of that may have left
 * the pool again.
 */
void compress_learn(struct member *m, const struct machine *machine)
{
	const struct mem_stat *st = &m->now.st;
	double in_pool, scale, ratio;

	if (!machine->zswap || m->now.zswap_shut ||
	    st->zswapped_bytes == NUM_NONE || st->zswap_bytes == NUM_NONE)
		return;
	learn_offers(m, machine);
	learn_refusals(m, machine);
	forget_old(m);
	forget_untried(m);
	in_pool = (double)st->zswapped_bytes;
	scale = in_pool > 0 ? fmax(1, m->taken_bytes / in_pool) : 0;
	ratio = backend_ratio(in_pool * scale + m->turned_away_bytes,
			      (double)st->zswap_bytes * scale +
				      m->turned_away_bytes);
	if (isnan(ratio))
		return;
	m->ratio = ratio;
	m->incompressible_pct =
		100 *
		(m->turned_away_bytes +
		 (double)num_known(st->zswap_incomp_bytes) * scale) /
		(m->turned_away_bytes + in_pool * scale);
}
