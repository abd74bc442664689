#include "action.h"

#include "listing.h"

static void put_text(struct row *r, const void *sample, int arg)
{
	const struct action *a = sample;
	const char *const text[] = { a->dev, a->what, a->state, a->why,
				     a->cgroup };

	row_str(r, text[arg]);
}

static void put_u64(struct row *r, const void *sample, int arg)
{
	const struct action *a = sample;
	const uint64_t v[] = { a->age_us, a->before_bytes, a->after_bytes,
			       a->written_bytes, a->cold_bytes };

	row_u64(r, v[arg]);
}

void action_emit(struct rows_out *out, const struct action *a)
{
	static const struct col cols[] = {
		{ "device", NULL, put_text, 0 },
		{ "action", NULL, put_text, 1 },
		{ "state", NULL, put_text, 2 },
		{ "age_us", NULL, put_u64, 0 },
		{ "before_bytes", NULL, put_u64, 1 },
		{ "after_bytes", NULL, put_u64, 2 },
		{ "written_bytes", NULL, put_u64, 3 },
		{ "why", NULL, put_text, 3 },
		{ "cgroup", NULL, put_text, 4 },
		{ "cold_bytes", NULL, put_u64, 4 },
	};
	static struct listing listing = {
		.cols = cols,
		.n = sizeof(cols) / sizeof(*cols),
	};

	listing_emit(&listing, out, a);
}
