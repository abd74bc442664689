# vm: -m 384M -n 384M
# kernels: 7.3.4
# One range of RAM that is two nodes'.
load ../helpers

@test "--node: each node's page frames are its own memory" {
	echo n >/sys/kernel/mm/lru_gen/enabled
	[ -e /sys/kernel/mm/page_idle/bitmap ] || skip "this kernel has no page_idle"
	runx 0 cold-scan -q -a 2s -i 2s -c 1 --coverage --node -o +node /
	for node in 0 1; do
		bytes=$(awk -F'\t' -v node="$node" '$7 == node { s += $6 } END { print s }' <<<"$output")
		[ "$bytes" -ge $((380 << 20)) ]
		[ "$bytes" -le $((384 << 20)) ]
	done
}
