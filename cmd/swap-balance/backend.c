#include "backend.h"

#include <math.h>

const char *backend_word(enum backend backend)
{
	static const char *const words[] = { "-",    "zswap", "zswap-nowb",
					     "zram", "disk",  "tier",
					     "none" };

	return words[backend];
}

const char *backend_why_word(enum backend_why why)
{
	static const char *const words[] = {
		"learning",  "compressible", "incompressible", "sensitive",
		"budget",    "rotational",   "only",	       "no_swap",
		"swap_full", "huge_pages",
	};

	return words[why];
}

double backend_ratio(double original_bytes, double compressed_bytes)
{
	if (original_bytes < BACKEND_EVIDENCE_BYTES || compressed_bytes <= 0)
		return NAN;
	return original_bytes / compressed_bytes;
}

static struct backend_choice choice(enum backend backend, enum backend_why why)
{
	return (struct backend_choice){ backend, why };
}

/* Compressed memory it is; whether zswap may pass it on to the disk. */
static struct backend_choice compressed(const struct backend_in *in,
					enum backend_why why)
{
	if (!in->zswap)
		return choice(BACKEND_ZRAM, why);
	if (in->sensitive)
		return choice(BACKEND_ZSWAP_NOWB, WHY_SENSITIVE);
	if (in->budget_empty)
		return choice(BACKEND_ZSWAP_NOWB, WHY_BUDGET);
	if (in->rotational && !in->disk)
		return choice(BACKEND_ZSWAP_NOWB, WHY_ROTATIONAL);
	return choice(BACKEND_ZSWAP, why);
}

/* A disk, if that does no harm; else a slower node; else nothing. */
static struct backend_choice uncompressed(const struct backend_in *in,
					  enum backend_why why)
{
	enum backend_why not = in->sensitive	  ? WHY_SENSITIVE
			       : in->budget_empty ? WHY_BUDGET
			       : in->disk	  ? why
			       : in->rotational	  ? WHY_ROTATIONAL
						  : why;

	if (in->disk && !in->sensitive && !in->budget_empty)
		return choice(BACKEND_DISK, why);
	return choice(in->tier ? BACKEND_TIER : BACKEND_NONE, not );
}

struct backend_choice backend_choose(const struct backend_in *in,
				     double min_ratio)
{
	bool can_compress = in->zswap || in->zram;

	if (in->no_swap || in->swap_full)
		return choice(in->tier ? BACKEND_TIER : BACKEND_NONE,
			      in->no_swap ? WHY_NO_SWAP : WHY_SWAP_FULL);
	if (!can_compress)
		return uncompressed(in, WHY_ONLY);
	if (in->zswap && in->huge_pages)
		return compressed(in, WHY_HUGE_PAGES);
	if (isnan(in->ratio))
		return compressed(in, WHY_LEARNING);
	if (in->ratio >= min_ratio && !(in->incompressible_pct > 50))
		return compressed(in, WHY_COMPRESSIBLE);
	return uncompressed(in, WHY_INCOMPRESSIBLE);
}

void backend_step(struct backend_state *st, const struct backend_in *in,
		  const struct backend_cfg *cfg, double s)
{
	/* What stands has a tenth in its favour: a ratio near the limit stays.
	 */
	bool uncompressible = st->now.why == WHY_INCOMPRESSIBLE;
	double favour = uncompressible			  ? 1.1
			: st->now.why == WHY_COMPRESSIBLE ? 0.9
							  : 1;
	struct backend_choice c = backend_choose(in, cfg->min_ratio * favour);

	if (c.backend == st->now.backend) {
		st->now = st->wanted = c;
		st->wanted_s = 0;
		return;
	}
	st->wanted_s = c.backend == st->wanted.backend ? st->wanted_s + s : s;
	st->wanted = c;
	if (st->now.backend == BACKEND_UNKNOWN || st->now.why == WHY_LEARNING ||
	    st->wanted_s >= cfg->dwell_s) {
		st->now = c;
		st->wanted_s = 0;
	}
}
