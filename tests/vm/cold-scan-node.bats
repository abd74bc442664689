# vm: -m 384M -n 384M -a movablecore=540M
# kernels: 7.3.4
# Where nodes begin is the machine's, so one of the kernels with page_idle will do.
# One range of RAM that is two nodes', and a block of the second that can go
# offline: all of it movable memory, without the hole at the end.
# shellcheck disable=SC2154,SC2016
load ../helpers
load guest

setup() {
	[ -e /sys/kernel/mm/page_idle/bitmap ] || skip "this kernel has no page_idle"
}

# passes N: waits until the scan in the background told of so many more.
passes() {
	local want
	want=$(($(grep -c tracked "$BATS_TEST_TMPDIR/all" || true) + $1))
	retry 60 bash -c '[ "$(grep -c tracked "$1")" -ge "$2" ]' - "$BATS_TEST_TMPDIR/all" "$want"
}

@test "--node: the page frames of each node add up to its memory" {
	echo n >/sys/kernel/mm/lru_gen/enabled
	runx 0 cold-scan -q -a 2s -i 2s -c 1 --coverage --node /
	for node in 0 1; do
		bytes=$(awk -F'\t' -v node="$node" '$7 == node { s += $6 } END { print s }' <<<"$output")
		[ "$bytes" -ge $((380 << 20)) ]
		[ "$bytes" -le $((384 << 20)) ]
	done
}

# To be tried again: hot pages that an emulated TLB holds for so long pass for
# cold (cold-scan(8), NOTES).
cold_is_64m() {
	runx 0 cold-scan -q -H -a 4s -i 2s -c 1 -o cgroup,verdict,cold_anon_bytes /cold
	echo "$output"
	[ "$(cut -f2 <<<"$output")" = ok ] && [ "$(cut -f3 <<<"$output")" -ge $((63 << 20)) ] &&
		[ "$(cut -f3 <<<"$output")" -le $((65 << 20)) ]
}

@test "a memory block that goes offline and online between two passes makes no page cold" {
	echo n >/sys/kernel/mm/lru_gen/enabled
	blocks=(/sys/devices/system/memory/memory*)
	[ -e "${blocks[0]}/state" ] || skip "this kernel has no memory hotplug"
	work /cold --hot-anon 16M --cold-anon 64M --rate 10000 --pattern seq
	cold-scan -q -a 2s -i 2s -c 1000 --coverage / >"$BATS_TEST_TMPDIR/all" 3>&- &
	scan=$!
	passes 2
	gone=
	for block in $(printf '%s\n' "${blocks[@]}" | sort -rV); do
		if echo offline >"$block/state"; then
			gone=$block
			break
		fi
		echo "$block: $(cat "$block/valid_zones")"
	done
	passes 2
	[ -z "$gone" ] || echo online >"$gone/state"
	passes 2
	kill $scan
	wait $scan || [ $? -eq 143 ]
	size=$((16#$(cat /sys/devices/system/memory/block_size_bytes)))
	free=$(grep -P '\tfree\t' "$BATS_TEST_TMPDIR/all" | cut -f6)
	cat "$BATS_TEST_TMPDIR/all"
	# Later kernels tell no hole from a page without flags: then it is kernel's.
	first=$(head -n 1 <<<"$free")
	[ "$(sort -n <<<"$free" | head -n 1)" -le $((first - size * 9 / 10)) ]
	[ "$(tail -n 1 <<<"$free")" -ge $((first - size / 10)) ]
	retry 30 cold_is_64m
	drop_cgroup /cold
}
