/* Slower memory nodes: the kernel's text in, nodes and bytes out. */
#include "tap.h"
#include "tmo-reclaim/tier.c"

int main(void)
{
	static const char stat[] = "anon N0=300 N1=30\n"
				   "inactive_anon N0=100 N1=10\n"
				   "active_anon N0=200 N1=20\n";
	struct tier t = { .slow_nodes = 2 };

	is_u64(tier_nodes("0\n"), 1, "a node");
	is_u64(tier_nodes("0-1,3\n"), 11, "a range, and one more");
	is_u64(tier_nodes("\n"), 0, "none");
	is_u64(tier_nodes("62-200"), UINT64_C(3) << 62, "no more than 64");
	is_u64(tier_fast_anon_bytes(&t, stat), 300, "what is not on the slow");
	t.slow_nodes = 0;
	is_u64(tier_fast_anon_bytes(&t, stat), 330, "all of it");
	return tap_done();
}
