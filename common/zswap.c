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
	static enum zswap_pool was = ZSWAP_POOL_UNKNOWN;
	uint64_t total, pool, most_pct = 20, accept_pct = NEARLY_PCT;
	double most;

	if (mem_info_pair("MemTotal", "Zswap", &total, &pool))
		return ZSWAP_POOL_UNKNOWN;
	kv_read_u64(root_fd(), PARAMETERS "max_pool_percent", &most_pct);
	kv_read_u64(root_fd(), PARAMETERS "accept_threshold_percent",
		    &accept_pct);
	most = (double)total * (double)most_pct / 100;
	if (!pool ||
	    (double)pool <
		    most * (double)num_least(accept_pct, NEARLY_PCT) / 100)
		was = ZSWAP_POOL_ROOM;
	else if ((double)pool >= most * NEARLY_PCT / 100)
		was = ZSWAP_POOL_FULL;
	return was; /* in between it is what it was */
}

bool zswap_fills(uint64_t used_bytes, uint64_t max_bytes)
{
	return max_bytes == NUM_NONE ||
	       (max_bytes < NUM_MAX &&
		used_bytes >= max_bytes / 100 * NEARLY_PCT);
}

bool zswap_is_limited(int dirfd, const char *dir)
{
	uint64_t most = NUM_MAX;

	if (kv_limit(dirfd, dir, "memory.zswap.max", &most))
		return true;
	return most < NUM_MAX &&
	       zswap_fills(
		       kv_value(dirfd, dir, "memory.zswap.current", NUM_NONE),
		       most);
}
