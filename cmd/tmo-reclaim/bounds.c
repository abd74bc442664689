#include "bounds.h"

#include <math.h>

#include "mem.h"
#include "num.h"

static const double HALF_LIFE_US = 600e6;
static const uint64_t GROWTH_BYTES = 8 << 20;

enum reason bounds_swap(const struct bounds_in *in)
{
	/* Without swap the kernel can but demote. */
	if (!num_known(in->swap_left_bytes) && in->demotable_bytes)
		return in->swappiness ? REASON_LAW : REASON_FILE_ONLY;
	if (!num_known(in->swap_left_bytes))
		return in->swap_used_mpct >= in->swap_limit_mpct &&
				       in->swap_used_mpct != 100000
			       ? REASON_SWAP_FULL
			       : REASON_NO_SWAP;
	if (in->swap_used_mpct >= in->swap_limit_mpct)
		return REASON_SWAP_FULL;
	if (in->swap_write == 0 ||
	    (in->swap_write < NUM_MAX &&
	     in->write_left_bytes < (double)in->write_bytes))
		return REASON_SWAP_BUDGET;
	if (in->zswap_full)
		return REASON_ZSWAP_FULL;
	if (in->zram_full)
		return REASON_ZRAM_FULL;
	if (in->rotational)
		return REASON_ROTATIONAL;
	if (in->saves_nothing)
		return REASON_SAVES_NOTHING;
	if (in->swappiness == 0)
		return REASON_FILE_ONLY;
	return REASON_LAW;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > NUM_MAX - b ? NUM_MAX : a + b;
}

struct bounds_floor bounds_floor(const struct bounds_in *in, bool file_only)
{
	uint64_t room = num_known(in->swap_left_bytes);
	uint64_t swappable =
		file_only ? 0
			  : num_least(num_known(in->anon_lru_bytes),
				      room ? room : in->demotable_bytes);
	uint64_t stays = num_less(in->current_bytes,
				  num_known(in->file_lru_bytes) + swappable);
	struct bounds_floor f = { sum(stays, in->headroom_bytes),
				  REASON_FLOOR };
	const struct bounds_floor others[] = {
		{ num_known(in->min_bytes), REASON_PROTECTED },
		{ num_known(in->low_bytes), REASON_PROTECTED },
		{ sum(in->below_bytes, in->headroom_bytes), REASON_PROTECTED },
		{ num_known(in->row_floor_bytes), REASON_ROW_FLOOR },
		{ in->adaptive_bytes, REASON_ADAPTIVE },
	};

	for (unsigned int i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i].bytes > f.bytes)
			f = others[i];
	return f;
}

uint64_t bounds_base(const struct bounds_in *in, bool file_only)
{
	uint64_t open = num_less(in->current_bytes, in->below_bytes);
	uint64_t lru;

	if (file_only)
		return num_least(open,
				 num_less(num_known(in->file_lru_bytes),
					  num_known(in->busy_file_bytes)));
	if (in->anon_lru_bytes == NUM_NONE)
		return open;
	lru = num_least(in->anon_lru_bytes + num_known(in->file_lru_bytes),
			open);
	return lru + num_least(lru, num_known(in->swapped_bytes));
}

uint64_t bounds_step(const struct bounds_in *in, const struct bounds_floor *f,
		     uint64_t base_bytes, uint64_t max_step_bytes,
		     uint64_t step_bytes, enum reason *reason)
{
	uint64_t room = num_less(in->current_bytes, f->bytes),
		 asked = step_bytes;

	if (step_bytes > max_step_bytes) {
		step_bytes = max_step_bytes;
		*reason = REASON_MAX_STEP;
	}
	step_bytes = num_least(step_bytes, base_bytes);
	if (step_bytes > room || (!room && *reason == REASON_SMALL)) {
		step_bytes = room;
		*reason = f->reason;
	}
	/* The kernel would take that much all the same. */
	if (step_bytes < asked && step_bytes < mem_reclaim_least_bytes())
		return 0;
	return mem_whole_pages(step_bytes);
}

uint64_t bounds_adapt(uint64_t adaptive_bytes, uint64_t current_bytes,
		      uint64_t window_us, bool harmed)
{
	double kept = exp2(-(double)window_us / HALF_LIFE_US);

	if (harmed)
		return num_most(current_bytes, adaptive_bytes);
	return (uint64_t)((double)adaptive_bytes * kept);
}

bool bounds_grew(uint64_t current_bytes, uint64_t before_bytes)
{
	uint64_t grown = num_less(current_bytes, before_bytes);

	return grown > GROWTH_BYTES && grown > before_bytes / 16;
}
