#include "zswap.h"

#include "io.h"
#include "kv.h"
#include "mem.h"
#include "num.h"
#include "root.h"

#define PARAMETERS "sys/module/zswap/parameters/"

/* At the bound itself stores are already refused. */
enum { NEARLY_PCT = 90 };

bool zswap_enabled(void)
{
	char buf[16];

	return io_read(root_fd(), PARAMETERS "enabled", buf, sizeof(buf)) > 0 &&
	       *buf == 'Y';
}

enum zswap_pool zswap_pool(void)
{
	static bool was_full;
	uint64_t total, pool, most_pct = 20, accept_pct = NEARLY_PCT;
	double full, most;

	if (mem_info_pair("MemTotal", "Zswap", &total, &pool))
		return ZSWAP_POOL_UNKNOWN;
	kv_read_u64(root_fd(), PARAMETERS "max_pool_percent", &most_pct);
	kv_read_u64(root_fd(), PARAMETERS "accept_threshold_percent",
		    &accept_pct);
	most = (double)total * (double)most_pct / 100;
	full = most * NEARLY_PCT / 100;
	if (was_full)
		full = most * (double)num_least(accept_pct, NEARLY_PCT) / 100;
	was_full = (double)pool >= full && pool;
	return was_full ? ZSWAP_POOL_FULL : ZSWAP_POOL_ROOM;
}

bool zswap_fills(uint64_t used_bytes, uint64_t max_bytes)
{
	return max_bytes < NUM_MAX &&
	       used_bytes >= max_bytes / 100 * NEARLY_PCT;
}
