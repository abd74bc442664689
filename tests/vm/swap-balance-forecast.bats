#!/usr/bin/env bats
# kernels: debian:6.12
# vm: -m 1G -s 256M -s 256M
#
# swap-balance --forecast on a real kernel: what it says before, and what is
# saved after the cold part was taken.

load ../helpers
load guest
load swap-balance

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	read -r DISK _ <<<"$TMO_VM_DISKS"
	THP=$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null) || true
	[ -z "$THP" ] || echo never >/sys/kernel/mm/transparent_hugepage/enabled
	echo y >/sys/kernel/mm/lru_gen/enabled 2>/dev/null || true
	swap_on "$DISK"
	zswap_on
}

teardown() {
	[ -z "$THP" ] || echo "$THP" >/sys/kernel/mm/transparent_hugepage/enabled
	all_off
}

MIB=$((1 << 20))

# forecasts CGROUP COLD_ANON OPTION...: of a row that names so much as cold.
forecasts() {
	local cg=$1 row
	row=$(printf '%s\t%d\t0' "$cg" "$2")
	shift 2
	runx 0 swap-balance --forecast -S "$STATE" "$@" <<<"#cgroup	cold_anon_bytes	cold_file_bytes
$row"
	echo "$output"
}

# cell DESTINATION COLUMN
cell() {
	awk -F'\t' -v to="$1" -v col="$2" '
		/^#/ { for (i = 1; i <= NF; i++) if ($i == col) at = i; next }
		$4 == to { print $at }' <<<"$output"
}

# is_about GOT WANT: within 10 %.
is_about() {
	echo "forecast $1, truth $2"
	[ "$1" -ge $(($2 * 9 / 10)) ]
	[ "$1" -le $(($2 * 11 / 10)) ]
}

# took CGROUP SIZE: how much smaller it is without that.
took() {
	local was now
	read -r was <"$CG$1/memory.current"
	reclaim "$1" "$2" 200
	sleep 3 # memory.stat is as of then
	read -r now <"$CG$1/memory.current"
	TRUTH=$((was - now))
}

@test "by what zswap made of a little of it: what is saved, and what is then" {
	hog /a --cold-anon 48M
	needs_file /a memory.reclaim
	needs_file /a memory.zswap.current
	reclaim /a 4M 200
	sleep 3
	forecasts /a $((44 * MIB))
	[ "$(cell zswap compression_source)" = cgroup ]
	[ "$(cell zswap in_use)" = yes ]
	saved=$(cell zswap saved_bytes)
	now=$(cell zswap saved_now_bytes)
	took /a 44M
	is_about "$saved" "$TRUTH"
	forecasts /a 0
	[ "$(cell zswap saved_bytes)" = 0 ]
	# forecast and truth, by the same row
	is_about $((saved + now)) "$(cell zswap saved_now_bytes)"
}

@test "--probe: what does not compress is saved as it is, and written to the disk" {
	needs_swappiness
	hog /r --cold-anon 48M --fill random
	forecasts /r $((48 * MIB))
	[ "$(cell zswap saved_bytes)" = - ] # nothing tells yet
	forecasts /r $((48 * MIB)) --probe 4M
	grep "'/r': probe of [0-9]* bytes" <<<"$stderr"
	[[ $(cell zswap compression_source) == @(sample|cgroup) ]]
	saved=$(cell zswap saved_bytes)
	is_about "$(cell zswap device_bytes)" $((48 * MIB))
	took /r 48M
	is_about "$saved" "$TRUTH"
}

@test "--probe: pages chosen at random tell of memory of three kinds" {
	hog /m --cold-anon 12M --fill random
	needs_file /m memory.zswap.current
	hog /m --cold-anon 12M
	hog /m --cold-anon 12M --fill zero
	forecasts /m $((36 * MIB)) --probe 4M
	if ! grep "'/m': probe of [0-9]* bytes, chosen at random" <<<"$stderr"; then
		skip "this kernel lets no pages be chosen: $stderr"
	fi
	[ "$(cell zswap compression_source)" = sample ]
	saved=$(cell zswap saved_bytes)
	[ "$(cell zswap saved_low_bytes)" -le "$saved" ]
	is_about "$(cell zswap device_bytes)" $((12 * MIB))
	took /m 36M
	is_about "$saved" "$TRUTH"
	# another run knows of it, and makes none
	forecasts /m $((36 * MIB)) --probe 4M
	grep "'/m': no probe: " <<<"$stderr"
	[ "$(cell zswap compression_source)" = sample ]
}

@test "huge pages, and a part that is locked" {
	[ -n "$THP" ] || skip "this kernel has no huge pages"
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	hog /h --cold-anon 48M --thp --mlock 16M
	needs_file /h memory.reclaim
	needs_file /h memory.zswap.current
	huge=$(sed -n 's/^anon_thp //p' "$CG/h/memory.stat")
	[ "${huge:-0}" -ge $((46 * MIB)) ] || skip "this kernel gave no huge pages: $huge"
	reclaim /h 4M 200
	sleep 3
	cold=$(sed -n 's/^\(in\)*active_anon //p' "$CG/h/memory.stat" | awk '{ sum += $1 } END { print sum }')
	forecasts /h "$cold"
	saved=$(cell zswap saved_bytes)
	[ "$saved" != - ]
	took /h "$cold"
	is_about "$saved" "$TRUTH"
}
