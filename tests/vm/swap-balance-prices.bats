#!/usr/bin/env bats
# vm: -I -m 1G
# kernels: debian:6.12
#
# What swap-balance says of costs, prices and devices, on a real kernel, by the
# guest's own clock.

load ../helpers
load guest
load swap-balance

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	NEIGHBOUR=''
	[ ! -e /sys/kernel/mm/transparent_hugepage ] || echo never >/sys/kernel/mm/transparent_hugepage/enabled
	mkdir -p "$CG/tools"
	echo $$ >"$CG/tools/cgroup.procs"
	null_disk 100
	DISK=$NULL_DISK
}

teardown() {
	if [ "$NEIGHBOUR" ]; then
		kill "$NEIGHBOUR" || true
		wait "$NEIGHBOUR" || true
	fi
	all_off
	null_disks_off
}

# windows FILE N: are there so many rows?
windows() {
	[ "$(wc -l <"$1")" -ge "$2" ]
}

# cell FILE N: of its last row.
cell() {
	tail -n 1 "$1" | cut -f "$2"
}

# within FACTOR A B: neither is more than so many times the other.
within() {
	awk -v most="$1" -v a="$2" -v b="$3" 'BEGIN { exit !(a > 0 && b > 0 && a <= most * b && b <= most * a) }'
}

# neighbour CGROUP FILE: syncs each block that it writes, without end.
neighbour() {
	local cg=$1 file=$2
	(
		echo "$BASHPID" >"$CG$cg/cgroup.procs"
		exec perl -e '
			use IO::Handle;
			open my $f, ">", shift or die;
			while () { seek $f, 0, 0; syswrite $f, "x" x 4096; $f->sync }' "$file"
	) >/dev/null 2>&1 3>&- &
	NEIGHBOUR=$!
}

io_stall_us() {
	sed -n 's/^some.*total=//p' "$CG$1/io.pressure"
}

@test "a neighbour that syncs what it writes does not make a swap-in dear" {
	local rows=$BATS_TEST_TMPDIR/rows stall before after pages
	null_disk 20000
	files_on "$NULL_DISK"
	swap_on "$DISK"
	zswap_on
	mkdir "$CG/a"
	echo 24M >"$CG/a/memory.max"
	hog /a --hot-anon 32M --rate 300
	swap-balance -q -H -S "$STATE" -i 4s -c 20 --pressure-limit 101% \
		-o swapin_cost_us,swapin_cost_source,zswap_in_pages /a >"$rows" 3>&- &
	filter=$!
	retry 200 windows "$rows" 8
	before=$(cell "$rows" 1)
	neighbour /a /mnt/file
	stall=$(io_stall_us /a)
	wait "$filter"
	stall=$(($(io_stall_us /a) - stall))
	after=$(cell "$rows" 1)
	pages=$(tail -n 12 "$rows" | awk '{ n += $3 } END { print n }')
	cat "$rows" >&2
	printf '# %s us, then %s us; %d us of IO stall beside %d swap-ins\n' "$before" "$after" "$stall" "$pages" >&3
	[ "$(cell "$rows" 2)" = pressure ]
	# the test can fail: by all IO stall it would be many times as dear
	awk -v us="$stall" -v n="$pages" -v was="$before" 'BEGIN { exit !(us / n > 20 * was) }'
	within 4 "$before" "$after"
}

# years: by the state.
years() {
	swap-balance -S "$STATE" -H --budget-status | cut -f8
}

@test "a clock that jumps makes no years of a drive" {
	local before
	swap_on "$DISK"
	hog /a --cold-anon 40M
	swap-balance -q -S "$STATE" --endurance 600TBW/5y -i 2s -c 1 /a >/dev/null
	reclaim /a 20M 200
	sleep 60
	before=$(years)
	date -s '+10 years' >/dev/null
	after=$(years)
	date -s '-10 years' >/dev/null
	swap-balance -q -H -S "$STATE" --endurance 600TBW/5y -i 2s -c 1 -o drive_life_years /a >"$BATS_TEST_TMPDIR/rows"
	printf '# %s years; after a jump %s, after one back %s\n' "$before" "$after" "$(cat "$BATS_TEST_TMPDIR/rows")" >&3
	within 2 "$before" "$after"
	within 2 "$before" "$(cat "$BATS_TEST_TMPDIR/rows")"
}

@test "what was saved is worth the same whichever area takes the next page" {
	local before
	needs_zram
	swap_on "$DISK"
	hog /a --cold-anon 40M
	reclaim /a 30M 200
	saved() {
		sleep 3
		runx 0 swap-balance -q -H -S "$STATE" -i 3s -c 1 -o saved_price,backend /a
		printf '# %s\n' "$output" >&3
	}
	saved
	[[ $output == *$'\tdisk' ]]
	before=${output%$'\t'*}
	echo 64M >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon -p 100 /dev/zram0
	saved
	[[ $output == *$'\tzram' ]]
	within 1.05 "$before" "${output%$'\t'*}"
}

@test "where the pool of zswap or memory.zswap.max is full, a swap-in has the disk's cost" {
	cost() {
		runx 0 swap-balance -q -H -S "$STATE" -i 2s -c 1 -o swapin_cost_us /a
		printf '# %s: %s us\n' "$1" "$output" >&3
	}
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 60M --fill lz:2
	reclaim /a 10M 200
	sleep 3
	cost "room in both"
	[ "$output" = 10.000 ]
	cat "$CG/a/memory.zswap.current" >"$CG/a/memory.zswap.max"
	cost "memory.zswap.max"
	[ "${output%.*}" -ge 50 ]
	echo max >"$CG/a/memory.zswap.max"
	grep -q '^Zswap: ' /proc/meminfo || skip "this kernel does not tell how full zswap's pool is"
	reclaim /a 40M 200
	sleep 3
	max_pool=$(cat "$ZSWAP/max_pool_percent")
	echo 1 >"$ZSWAP/max_pool_percent" # what is in there stays until the next store
	cost "the pool"
	echo "$max_pool" >"$ZSWAP/max_pool_percent"
	[ "${output%.*}" -ge 50 ]
}

@test "sensitive ends after the swap-ins that made it" {
	local rows=$BATS_TEST_TMPDIR/rows
	swap_on "$DISK"
	zswap_on
	hog /a --hot-anon 40M --rate 400
	reclaim /a 30M 200
	echo 20M >"$CG/a/memory.max" # so that they go on
	(sleep 60 && kill "${HOGS[0]}") 3>&- &
	swap-balance -q -H -S "$STATE" -i 10s -c 60 --dwell 1s --pressure-limit 0.5% \
		-o backend,backend_reason,swapin_pressure_pct,zswap_in_pages /a >"$rows"
	cat "$rows" >&2
	grep -q $'^zswap-nowb\tsensitive' "$rows"
	printf '# sensitive in %d of %d windows\n' "$(grep -c sensitive "$rows")" "$(wc -l <"$rows")" >&3
	[ "$(cell "$rows" 1,4)" = $'zswap\t0' ]
}

@test "a backend ends with its device" {
	local rows=$BATS_TEST_TMPDIR/rows
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 40M
	reclaim /a 10M 200
	swap-balance -q -H -S "$STATE" -i 3s -c 100 -o backend,backend_reason /a >"$rows" 3>&- &
	filter=$!
	retry 100 grep -qx $'zswap\tcompressible' "$rows"
	swapoff "$DISK"
	retry 100 windows "$rows" $(($(wc -l <"$rows") + 2))
	kill "$filter"
	cat "$rows" >&2
	[ "$(cell "$rows" 1,2)" = $'none\tno_swap' ]
}

@test "huge pages that go to the disk whole are not called incompressible" {
	swap_on "$DISK"
	zswap_on
	[ -e /sys/kernel/mm/transparent_hugepage ] || skip "this kernel has no huge pages"
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	hog /a --cold-anon 40M --thp
	grep -q '^anon_thp [1-9]' "$CG/a/memory.stat" || skip "this kernel gave no huge page"
	(sleep 3; reclaim /a 16M 200) 3>&- &
	runx 0 swap-balance -q -H -S "$STATE" -i 8s -c 1 -o backend,backend_reason,incompressible_pct /a
	wait $!
	printf '# %s\n' "$output" >&3
	grep -E '^(anon_thp|zswpout|pswpout|thp_swpout)' "$CG/a/memory.stat" >&2
	[[ $output != *incompressible* ]]
	if swap-balance --check | grep -q 'huge pages pass zswap by'; then
		grep -q '^thp_swpout [1-9]' "$CG/a/memory.stat"
		[[ $output == $'zswap\thuge_pages\t'* ]]
	fi
	runx 0 swap-balance -q -H -S "$STATE" -i 2s --plan --dwell 0s /a
	same ""
}

@test "a write limit of a cgroup holds, also where memory.stat does not tell what was written" {
	local was got limit=$((32 << 10)) s=60
	swap_on "$DISK"
	hog /a --cold-anon 100M
	was=$(awk '{ print $7 * 512 }' "/sys/class/block/${DISK##*/}/stat")
	timeout "$s" sh -c "psi-watch -i 2s /a | swap-balance -q -S '$STATE' --swap-write-limit $limit |
		tmo-reclaim -q --ratio 1% --headroom 0" >"$BATS_TEST_TMPDIR/rows" || true
	got=$(($(awk '{ print $7 * 512 }' "/sys/class/block/${DISK##*/}/stat") - was))
	printf '# %d bytes in %d s, of %d a second\n' "$got" "$s" "$limit" >&3
	[ "$got" -ge $((limit * s / 4)) ]
	[ "$got" -le $((limit * (s + 30))) ] # what it may save up is 30 s
}
