#include "reclaimer.h"

#include "num.h"

static const uint64_t MEMORY_US = 600000000, QUIET_US = 60000000;
static const uint64_t BATCH_BYTES = 256 << 10; /* a CPU keeps to itself */
static const uint64_t LEAST_BYTES = 128 << 10; /* a write of anybody takes */

void reclaimer_wrote(struct reclaimer *r, uint64_t asked_bytes,
		     uint64_t got_bytes, unsigned int cpus, uint64_t now_us)
{
	/* The kernel takes more than it is asked for, too. */
	r->late_bytes =
		num_less(2 * asked_bytes, got_bytes) + BATCH_BYTES * cpus;
	r->wrote_us = now_us;
}

void reclaimer_look(struct reclaimer *r, uint64_t others_steal_bytes,
		    uint64_t high_bytes, uint64_t now_us)
{
	bool seen = others_steal_bytes >= r->late_bytes + LEAST_BYTES;

	seen |= r->looked && high_bytes != r->high_bytes;
	r->looked = true;
	r->high_bytes = high_bytes;
	r->late_bytes = num_less(r->late_bytes, others_steal_bytes);
	if (now_us - r->wrote_us > RECLAIMER_FLUSHED_US)
		r->late_bytes = 0;
	if (!seen)
		return;
	r->before_us = r->seen_us;
	r->seen_us = now_us;
}

static bool at_it(const struct reclaimer *r)
{
	return r->before_us && r->seen_us - r->before_us < MEMORY_US;
}

bool reclaimer_holds(const struct reclaimer *r, uint64_t now_us)
{
	if (!r->seen_us)
		return false;
	return r->seen_us == now_us ||
	       (at_it(r) && now_us - r->seen_us < QUIET_US);
}

bool reclaimer_to_tell(struct reclaimer *r)
{
	bool tell = at_it(r) && !r->warned;

	r->warned |= tell;
	return tell;
}
