#include "compression.h"

#include <math.h>

#include "num.h"

/* So much of it is zero that the rest hardly matters. */
#define MOSTLY 0.9

static const struct compression unknown = { .kept = NAN, .refused = NAN };

const char *compression_source_word(enum compression_source source)
{
	static const char *const words[] = { "-", "sample", "cgroup", "zswap",
					     "zram" };

	return words[source];
}

/* Pages that have gone to a device by themselves, ever.  Before 6.13 by what
 * is there now, zero pages and all. */
static uint64_t direct_pages(const struct look *l)
{
	uint64_t here = look_device_bytes(l) / mem_page_bytes();

	if (l->st.pswpout_pages != NUM_NONE)
		return num_less(l->st.pswpout_pages,
				num_known(l->st.zswpwb_pages));
	return num_less(here, num_known(l->st.swpout_zero_pages));
}

/* Those that are zero take nothing, and are counted apart (6.12). */
static void find_zero(const struct look *l, struct compression *c)
{
	double zero = (double)num_known(l->st.swpout_zero_pages);
	double all = zero + (double)num_known(l->st.zswpout_pages) +
		     (double)direct_pages(l);

	if (all * (double)mem_page_bytes() < BACKEND_EVIDENCE_BYTES)
		return;
	c->zero = zero / all;
	c->pages = all;
}

/* Kernels of 2026 keep in the pool what others refuse. */
static double refused(const struct gathered *g, const struct mem_stat *st)
{
	double in_pool = (double)num_known(st->zswapped_bytes);
	double kept_whole =
		in_pool > 0
			? (double)num_known(st->zswap_incomp_bytes) / in_pool
			: 0;

	return fmax(g->incompressible_pct / 100 - kept_whole, 0);
}

/* In the pool now, or by a ratio that counts what was refused as it is. */
static bool find_own(const struct member *m, const struct gathered *g,
		     struct compression *c)
{
	const struct mem_stat *st = &m->now.st;
	double in_pool = (double)num_known(st->zswapped_bytes);
	double page = (double)mem_page_bytes();

	*c = unknown;
	find_zero(&m->now, c);
	if (isnan(g->ratio))
		return c->pages > 0;
	c->refused = refused(g, st);
	if (in_pool >= BACKEND_EVIDENCE_BYTES)
		c->kept = (double)num_known(st->zswap_bytes) / in_pool;
	else if (c->refused >= 1)
		c->kept = 1; /* of none */
	else
		c->kept = fmax(1 / g->ratio - c->refused, 0) / (1 - c->refused);
	c->pages = fmax(fmax(in_pool, BACKEND_EVIDENCE_BYTES) / page,
			c->zero * c->pages);
	return true;
}

static bool find_of_all(double original, double compressed,
			struct compression *c)
{
	*c = unknown;
	if (original < BACKEND_EVIDENCE_BYTES || compressed > original)
		return false;
	c->kept = compressed / original;
	return true;
}

static bool find_zswap(struct compression *c)
{
	uint64_t original, compressed;

	return !mem_info_pair("Zswapped", "Zswap", &original, &compressed) &&
	       find_of_all((double)original, (double)compressed, c);
}

bool compression_of_zram(const struct machine *m, struct compression *c)
{
	double original = 0, used = 0;

	for (int i = 0; i < m->areas; i++) {
		original += (double)m->area[i].zram.original_bytes;
		used += (double)m->area[i].zram.used_bytes;
	}
	return find_of_all(original, used, c);
}

enum compression_source compression_find(const struct member *m,
					 const struct gathered *g,
					 const struct machine *machine,
					 enum destination to,
					 struct compression *out)
{
	struct compression own;
	bool has_own;

	*out = m->sample.c;
	if (m->sample.c.pages > 0)
		return BY_SAMPLE;
	has_own = find_own(m, g, &own);
	*out = own;
	if (has_own && (!isnan(own.kept) || own.zero >= MOSTLY))
		return BY_CGROUP;
	if (to == TO_ZRAM && compression_of_zram(machine, out))
		return BY_ZRAM;
	if (find_zswap(out))
		return BY_ZSWAP;
	if (to == TO_ZSWAP && compression_of_zram(machine, out))
		return BY_ZRAM;
	*out = own;
	return has_own ? BY_CGROUP : BY_NOTHING;
}
