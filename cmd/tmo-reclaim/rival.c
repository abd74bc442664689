#include "rival.h"

static const uint64_t MEMORY_US = 600000000, QUIET_US = 60000000;
static const uint64_t BATCH_BYTES = 256 << 10; /* a CPU keeps to itself */
static const uint64_t LEAST_BYTES = 128 << 10; /* a write of anybody takes */

void rival_wrote(struct rival *r, uint64_t asked_bytes, uint64_t got_bytes,
		 unsigned int cpus, uint64_t now_us)
{
	/* The kernel takes more than it is asked for, too. */
	uint64_t most = 2 * asked_bytes;

	r->late_bytes =
		(most > got_bytes ? most - got_bytes : 0) + BATCH_BYTES * cpus;
	r->wrote_us = now_us;
}

void rival_look(struct rival *r, uint64_t moved_bytes, uint64_t high_bytes,
		uint64_t now_us)
{
	bool seen = moved_bytes >= r->late_bytes + LEAST_BYTES;

	seen |= r->looked && high_bytes != r->high_bytes;
	r->looked = true;
	r->high_bytes = high_bytes;
	r->late_bytes -=
		r->late_bytes < moved_bytes ? r->late_bytes : moved_bytes;
	if (now_us - r->wrote_us > RIVAL_FLUSHED_US)
		r->late_bytes = 0;
	if (!seen)
		return;
	r->before_us = r->seen_us;
	r->seen_us = now_us;
}

static bool at_it(const struct rival *r)
{
	return r->before_us && r->seen_us - r->before_us < MEMORY_US;
}

bool rival_holds(const struct rival *r, uint64_t now_us)
{
	if (!r->seen_us)
		return false;
	return r->seen_us == now_us ||
	       (at_it(r) && now_us - r->seen_us < QUIET_US);
}

bool rival_to_tell(struct rival *r)
{
	bool tell = at_it(r) && !r->told;

	r->told |= tell;
	return tell;
}
