#include "backend.h"

#include <math.h>

const char *backend_word(enum backend backend)
{
	static const char *const words[] = { "-",    "zswap", "zswap-nowb",
					     "zram", "disk",  "tier",
					     "none" };

	return words[backend];
}

double backend_ratio(double original_bytes, double compressed_bytes)
{
	if (original_bytes < BACKEND_EVIDENCE_BYTES || compressed_bytes <= 0)
		return NAN;
	return original_bytes / compressed_bytes;
}

static struct backend_choice choice(enum backend backend, enum reason why)
{
	return (struct backend_choice){ backend, why };
}

/* Compressed memory it is; whether zswap may pass it on to the disk. */
static struct backend_choice compressed(const struct backend_in *in,
					enum reason why)
{
	if (!in->zswap)
		return choice(BACKEND_ZRAM, why);
	if (in->sensitive)
		return choice(BACKEND_ZSWAP_NOWB, REASON_SENSITIVE);
	if (in->budget_empty)
		return choice(BACKEND_ZSWAP_NOWB, REASON_BUDGET);
	if (in->rotational && !in->disk)
		return choice(BACKEND_ZSWAP_NOWB, REASON_ROTATIONAL);
	return choice(BACKEND_ZSWAP, why);
}

/* A disk, if that does no harm; else a slower node; else nothing. */
static struct backend_choice uncompressed(const struct backend_in *in,
					  enum reason why)
{
	enum reason not = in->sensitive	     ? REASON_SENSITIVE
			  : in->budget_empty ? REASON_BUDGET
			  : in->disk	     ? why
			  : in->rotational   ? REASON_ROTATIONAL
					     : why;

	if (in->disk && !in->sensitive && !in->budget_empty)
		return choice(BACKEND_DISK, why);
	return choice(in->tier ? BACKEND_TIER : BACKEND_NONE, not );
}

struct backend_choice backend_choose(const struct backend_in *in,
				     double min_ratio)
{
	bool can_compress = in->zswap || in->zram;

	if (in->no_swap || in->swap_full || in->zram_full)
		return choice(in->tier ? BACKEND_TIER : BACKEND_NONE,
			      in->no_swap     ? REASON_NO_SWAP
			      : in->swap_full ? REASON_SWAP_FULL
					      : REASON_ZRAM_FULL);
	if (!can_compress)
		return uncompressed(in, REASON_ONLY);
	if (in->zswap && in->huge_pages)
		return compressed(in, REASON_HUGE_PAGES);
	if (isnan(in->ratio))
		return compressed(in, REASON_LEARNING);
	if (in->ratio >= min_ratio && !(in->incompressible_pct > 50))
		return compressed(in, REASON_COMPRESSIBLE);
	return uncompressed(in, REASON_INCOMPRESSIBLE);
}

void backend_step(struct backend_state *st, const struct backend_in *in,
		  const struct backend_cfg *cfg, double s)
{
	/* What stands has a tenth in its favour: a ratio near the limit stays.
	 */
	bool uncompressible = st->now.why == REASON_INCOMPRESSIBLE;
	double favour = uncompressible			     ? 1.1
			: st->now.why == REASON_COMPRESSIBLE ? 0.9
							     : 1;
	struct backend_choice c = backend_choose(in, cfg->min_ratio * favour);

	if (c.backend == st->now.backend) {
		st->now = st->wanted = c;
		st->wanted_s = 0;
		return;
	}
	st->wanted_s = c.backend == st->wanted.backend ? st->wanted_s + s : s;
	st->wanted = c;
	if (st->now.backend == BACKEND_UNKNOWN ||
	    st->now.why == REASON_LEARNING || st->wanted_s >= cfg->dwell_s) {
		st->now = c;
		st->wanted_s = 0;
	}
}
