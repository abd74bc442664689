#!/usr/bin/env bats
# vm: -m 1G -s 512M -s 512M -s 512M,iops=30 -s 256M
#
# swap-balance on a real kernel: zswap, swap disks, zram, a filesystem.

load ../helpers
load guest
load swap-balance

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	read -r DISK FILES SLOW BACKING <<<"$TMO_VM_DISKS"
}

teardown() {
	all_off
}

# steer CGROUP MIB N OPTION...: N rounds of 2 s; each takes MIB with the
# swappiness of the row, or less where the row's write budget says so. Rows of
# -o in $BATS_TEST_TMPDIR/rows. With KILL set the filter is killed at the end.
steer() {
	local cg=$1 bytes=$2 n=$3 key s left rest step
	shift 3
	mkfifo "$BATS_TEST_TMPDIR/keys.$$" "$BATS_TEST_TMPDIR/out.$$"
	swap-balance -q -H -S "$STATE" -o swappiness,swap_write_bytes_per_s,balance_reason,file_refault_pages,zswap_in_pages,device_in_pages "$@" \
		<"$BATS_TEST_TMPDIR/keys.$$" >"$BATS_TEST_TMPDIR/out.$$" 3>&- &
	FILTER=$!
	exec 7>"$BATS_TEST_TMPDIR/keys.$$" 8<"$BATS_TEST_TMPDIR/out.$$"
	rm "$BATS_TEST_TMPDIR/keys.$$" "$BATS_TEST_TMPDIR/out.$$"
	while ((n-- > 0)); do
		echo "$cg" >&7
		IFS=$'\t' read -r key s left rest <&8 || break
		printf '%s\t%s\t%s\t%s\t%s\n' "$key" "$s" "$left" "$rest" \
			"$(cat "$CG$cg/memory.swap.current")" >>"$BATS_TEST_TMPDIR/rows"
		step=$((bytes << 20))
		[[ $left == [0-9]* ]] && ((step > left * 2)) && step=$((left * 2))
		[[ $s == [1-9]* ]] && ((step >= 4096)) && reclaim "$cg" "$step" "$s"
		sleep 2
	done
	[ -z "${KILL-}" ] || kill -9 "$FILTER"
	exec 7>&- 8<&-
}

@test "a thrashing file next to cold anonymous memory: swappiness rises until the refaults end" {
	files_on "$FILES"
	swap_on "$DISK"
	echo n >/sys/kernel/mm/lru_gen/enabled # it takes a while to see that anonymous memory is cold
	echo 0 >/proc/sys/vm/swappiness # the kernel alone would take no anonymous page
	mkdir "$CG/a"
	echo 50M >"$CG/a/memory.max"
	hog /a --cold-anon 32M --hot-file 30M --dir /mnt --rate 1000
	steer /a 8 8
	before=$(sed -n 2p "$BATS_TEST_TMPDIR/rows" | cut -f5)
	for _ in {1..10}; do # until the file has been read in again
		steer /a 0 3
		after=$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f5)
		[ "$after" -ge $((before / 10)) ] || break
	done
	cat "$BATS_TEST_TMPDIR/rows" >&2
	[ "$(sed -n 4p "$BATS_TEST_TMPDIR/rows" | cut -f2)" -gt 150 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f8)" -gt $((16 << 20)) ]
	[ "$before" -gt 100 ]
	[ "$after" -lt $((before / 10)) ]
}

@test "swap-ins make the swappiness fall, and their end lets it rise again" {
	swap_on "$DISK"
	zswap_on
	hog /a --hot-anon 60M --rate 2000
	steer /a 4 2
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f2)" -eq 60 ] # vm.swappiness
	reclaim /a 60M
	steer /a 0 4 --smooth 4s
	cat "$BATS_TEST_TMPDIR/rows" >&2
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f2)" -lt 40 ]
	kill "${HOGS[0]}"
	steer /a 0 12 --smooth 4s
	cat "$BATS_TEST_TMPDIR/rows" >&2
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f2)" -ge 60 ]
}

# reason: the newest row's of /a.
reason() {
	tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f4
}

@test "splitting a huge page to swap it out does not count as a failed swap" {
	[ -e /sys/kernel/mm/transparent_hugepage ] || skip "this kernel has no huge pages"
	rotational_on "$DISK" # which has no clusters for huge pages
	zswap_on
	hog /a --cold-anon 40M --thp
	grep -q '^anon_thp [1-9]' "$CG/a/memory.stat" || skip "this kernel gave no huge page"
	steer /a 0 1
	reclaim /a 16M 190
	grep -q '^fail [1-9]' "$CG/a/memory.swap.events" || skip "this kernel swaps huge pages whole"
	steer /a 0 1
	cat "$BATS_TEST_TMPDIR/rows" "$CG/a/memory.swap.events" >&2
	[ "$(reason)" != swap_fail ]
}

# price DISK: r by what a swap-in from it was found to cost, once none comes, and
# a read from another disk.
price() {
	swap_on "$1"
	hog /a --hot-anon 40M --rate 200
	reclaim /a 30M 200
	(sleep 6 && dd if="$FILES" of=/dev/null bs=4k count=256 iflag=direct status=none && kill "${HOGS[0]}") 3>&- &
	swap-balance -S "$STATE" -i 5s -c 3 --smooth 100ms -o r,swapin_cost_us,swapin_cost_source,device_in_pages /a >"$BATS_TEST_TMPDIR/price"
	cat "$BATS_TEST_TMPDIR/price" >&2
	all_off
	[[ $(tail -n 1 "$BATS_TEST_TMPDIR/price" | cut -f3,4) == @(pressure|device)$'\t0' ]]
	r=$(tail -n 1 "$BATS_TEST_TMPDIR/price" | cut -f1)
	r=$((10#${r/./}))
}

@test "a slow swap disk costs more than a fast one: its r is lower" {
	price "$DISK"
	fast=$r
	price "$SLOW"
	[ "$r" -gt 0 ]
	[ "$fast" -gt $((r * 2)) ]
}

@test "after a probe, compressible and incompressible cgroups get different backends" {
	needs_swappiness # of --probe
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 40M --fill lz:3
	hog /b --cold-anon 40M --fill random
	runx 0 swap-balance -S "$STATE" -i 2s -c 1 -q -H --probe 8M -o cgroup,backend,backend_reason /a /b
	same $'/a\tzswap\tcompressible\n/b\tdisk\tincompressible'
}

# probes CGROUP OPTION...: a run with --probe; pages that /p/a has had swapped
# out, ever, go to $out.
probes() {
	runx 0 swap-balance -S "$STATE" -i 2s -c 1 -H --probe 8M "$@"
	out=$(awk '$1 == "zswpout" || $1 == "pswpout" { n += $2 } END { print n }' "$CG/p/a/memory.stat")
}

@test "a probe takes 1 % of a hot cgroup, once a day and once in its subtree, and never page cache" {
	local bytes out was
	needs_swappiness # of --probe
	swap_on "$DISK"
	zswap_on
	mkdir "$CG/p"
	echo +memory >"$CG/p/cgroup.subtree_control"
	hog /p/a --hot-anon 40M --rate 100 --fill lz:3
	echo n >/sys/kernel/mm/lru_gen/enabled
	probes -r /p
	if [[ $stderr == *"'/p/a': no probe: this kernel would take page cache"* ]]; then
		[ "$out" -eq 0 ]
		echo y >/sys/kernel/mm/lru_gen/enabled
		probes -r /p
	fi
	bytes=$(sed -n "s/.*'\/p\/a': probe of \([0-9]*\) bytes.*/\1/p" <<<"$stderr")
	[[ $stderr != *"'/p': probe"* ]]
	[ "$bytes" -le $(((42 << 20) / 100)) ]
	[ "$((out * 4096))" -ge "$bytes" ]
	[ "$((out * 4096))" -le $((bytes + (256 << 10))) ] # the kernel takes 64 pages at once
	was=$out
	probes -r /p
	[[ $stderr == *"'/p/a': no probe: "@(it was probed within a day|its compression is known)* ]]
	probes /p
	[[ $stderr == *"'/p': no probe: "@(a cgroup above or below it was probed within a day|its compression is known)* ]]
	[ "$out" -eq "$was" ]
}

@test "the first window is as long as -i, though the first look was slow" {
	mkdir -p "$CG/slow"
	runx 0 env FAULT=slow:open:hang LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" -i 2500ms -c 1 -q -H -o window_us /slow
	[ "$output" -ge 2500000 ]
}

@test "apply writes what was planned, once; undo restores byte for byte" {
	needs_swappiness # of --probe
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 40M --fill lz:3
	hog /b --cold-anon 40M --fill random
	echo 0 >"$CG/a/memory.zswap.writeback"
	before=$(settings /a; settings /b)
	runx 0 swap-balance -S "$STATE" -i 1s -q -H --probe 8M --plan --dwell 0s /a /b
	same $'/b\tmemory.zswap.max\tmax\t0\tplanned\tincompressible'
	[ "$(settings /a; settings /b)" = "$before" ]
	runx 0 swap-balance -S "$STATE" -i 2s -q -H --probe 8M --apply --dwell 0s /a /b
	same $'/b\tmemory.zswap.max\tmax\t0\tdone\tincompressible'
	[ "$(stat -c %a "$STATE.undo")" = 600 ]
	runx 0 swap-balance -S "$STATE" -i 2s -q -H --apply --dwell 0s /a /b
	same ""
	runx 0 swap-balance -S "$STATE" -q -H --undo -n
	[ "$(settings /a; settings /b)" != "$before" ]
	runx 0 swap-balance -S "$STATE" -q -H --undo
	[ "$(settings /a; settings /b)" = "$before" ]
	[ ! -e "$STATE.undo" ]
}

@test "apply does not take swap from a cgroup that swaps because of its limit" {
	rotational_on "$DISK" # the backend is none
	hog /a --cold-anon 40M
	runx 0 swap-balance -S "$STATE" -i 2s -q -H --apply --dwell 0s /a
	same ""
	[ "$(cat "$CG/a/memory.swap.max")" = max ]
	echo 20M >"$CG/a/memory.max"
	grep -qx 'oom_kill 0' "$CG/a/memory.events"
	[ "$(cat "$CG/a/memory.swap.current")" -gt $((16 << 20)) ]
}

@test "undo and apply keep a value that another process has changed, and say so" {
	needs_swappiness # of --probe
	swap_on "$DISK"
	zswap_on
	hog /b --cold-anon 40M --fill random
	runx 0 swap-balance -S "$STATE" -i 2s -q -H --probe 8M --apply --dwell 0s /b
	echo 5M >"$CG/b/memory.zswap.max"
	runx 3 swap-balance -S "$STATE" -q -H --undo
	same $'/b\tmemory.zswap.max\t5242880\tmax\trefused\tchanged_by_other'
	one_line "left alone"
	[ "$(cat "$CG/b/memory.zswap.max")" = 5242880 ]
	# and what it has set since stays its own, whatever it is
	echo 0 >"$CG/b/memory.zswap.max"
	runx 3 swap-balance -S "$STATE" -q -H --undo /b
	[ "$(cat "$CG/b/memory.zswap.max")" = 0 ]
}

@test "the undo record is void for a cgroup that was created again" {
	needs_swappiness # of --probe
	swap_on "$DISK"
	zswap_on
	hog /b --cold-anon 40M --fill random
	runx 0 swap-balance -S "$STATE" -i 2s -q -H --probe 8M --apply --dwell 0s /b
	[ "$(cat "$CG/b/memory.zswap.max")" = 0 ]
	kill "${HOGS[0]}"
	wait "${HOGS[0]}" || true
	rmdir "$CG/b"
	mkdir "$CG/b"
	echo 0 >"$CG/b/memory.zswap.max"
	runx 0 swap-balance -S "$STATE" -q -H --undo
	same ""
	[ "$(cat "$CG/b/memory.zswap.max")" = 0 ]
}

# sectors DISK: written so far.
sectors() {
	awk '{ print $7 }' "/sys/class/block/${1##*/}/stat"
}

@test "the write budget holds against ten times as much, across kill -9" {
	swap_on "$DISK"
	hog /a --cold-anon 200M
	start=$SECONDS
	was=$(sectors "$DISK")
	KILL=1 steer /a 8 7 -b 4M/10s
	steer /a 8 7 -b 4M/10s
	# A slow disk makes the kernel write far more than it was asked to take: a
	# debt, until which is paid nothing more is granted.
	retry 120 granted
	cat "$BATS_TEST_TMPDIR/rows" >&2
	written=$((($(sectors "$DISK") - was) * 512))
	allowed=$(((1 << 20) + (SECONDS - start) * (4 << 20) / 10))
	echo "written $written, allowed $allowed" >&2
	[ "$written" -gt $((allowed / 2)) ]
	[ "$written" -le $((allowed + (2 << 20))) ]
}

# The first row of a filter has no share yet.
granted() {
	steer /a 0 2 -b 4M/10s
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f 3)" -gt 0 ]
}

@test "if swap is full, or forbidden up the tree, only file cache is reclaimed" {
	swap_on "$BACKING"
	mkdir -p "$CG/p/a"
	echo +memory >"$CG/p/cgroup.subtree_control"
	echo 0 >"$CG/p/memory.swap.max"
	runx 0 bash -c '(echo /p/a; sleep 2; echo /p/a) | swap-balance -H -o swappiness,swap_left_bytes,balance_reason'
	same $'/p/a\t-\t0\tlearning\n/p/a\t0\t0\tswap_full'
	swapoff -a
	runx 0 bash -c '(echo /p/a; sleep 2; echo /p/a) | swap-balance -H -o swappiness,swap_left_bytes,balance_reason'
	same $'/p/a\t-\t0\tlearning\n/p/a\t0\t0\tno_swap'
}

@test "zram upkeep writes idle pages back within the budget, then waits" {
	modprobe zram 2>/dev/null || true
	[ -e /sys/block/zram0/backing_dev ] || skip "this kernel has no zram with writeback"
	echo 1 >/sys/block/zram0/reset
	echo "$BACKING" >/sys/block/zram0/backing_dev
	echo lz4 >/sys/block/zram0/comp_algorithm
	[ ! -e /sys/block/zram0/recomp_algorithm ] ||
		echo "algo=zstd priority=1" >/sys/block/zram0/recomp_algorithm
	echo 256M >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
	hog /a --cold-anon 40M --fill lz:2
	reclaim /a 40M 200
	sleep 2
	was=$(sectors "$BACKING")
	runx 0 swap-balance -S "$STATE" -H -q --maintain -n --writeback-after 1s --recompress-after 1s -b 8M/1s
	[ "$(cut -f2,3 <<<"$output")" = $'writeback\tplanned\nrecompress\tplanned' ] ||
		[ "$(cut -f2,3 <<<"$output")" = $'writeback\tplanned\nrecompress\tmissing' ]
	runx 0 swap-balance -S "$STATE" -H -q --maintain --writeback-after 1s --recompress-after 1s -b 8M/1s
	echo "$output" >&2
	[ "$(cut -f1-3 <<<"${lines[0]}")" = $'zram0\twriteback\tdone' ]
	bytes=$(cut -f7 <<<"${lines[0]}")
	[ "$bytes" -gt 1000000 ]
	[ "$bytes" -le $((8 << 20)) ]
	[ $((($(sectors "$BACKING") - was) * 512)) -le $((8 << 20)) ]
	sleep 1
	echo 100 >/sys/block/zram0/writeback_limit
	echo 1 >/sys/block/zram0/writeback_limit_enable
	runx 0 swap-balance -S "$STATE" -H -q --maintain --writeback-after 1s --recompress-after 1h
	echo "$output" >&2
	[ "$(cut -f7 <<<"${lines[0]}")" -eq 409600 ]
	[ "$(cat /sys/block/zram0/writeback_limit{,_enable})" = $'0\n1' ]
	runx 0 swap-balance -S "$STATE" -H -q --maintain --writeback-after 1h --recompress-after 1h
	[ "$(cut -f3,8 <<<"${lines[0]}")" = $'held\tbackoff' ]
}

@test "with writeback off, pages that do not compress show in the first window" {
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 40M --fill random
	needs_file /a memory.zswap.writeback
	hog /b --cold-anon 40M --fill lz:3
	echo 0 | tee "$CG/a/memory.zswap.writeback" >"$CG/b/memory.zswap.writeback"
	for _ in 1 2 3 4 5 6 7 8; do
		reclaim /a 8M 180
		sleep 1
	done 2>/dev/null 3>&- &
	a=$!
	reclaim /b $((8 << 20)) 180
	runx 0 swap-balance -S "$STATE" -i 10s -c 1 -q -H -o cgroup,backend,backend_reason /a /b
	# the kernel holds a reclaim that gets nothing for seconds
	kill "$a" || true
	wait "$a" || true
	same $'/a\tnone\tincompressible\n/b\tzswap\tcompressible'
}

@test "a budget that is spent shuts what can reach the drive, and nothing else" {
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 20M --fill lz:3
	needs_file /a memory.zswap.writeback
	echo 0 >"$CG/a/memory.zswap.writeback"
	hog /b --cold-anon 20M --fill lz:3
	hog /c --cold-anon 20M --stock-pages
	echo 0 >"$CG/c/memory.zswap.max"
	runx 0 swap-balance -S "$STATE" -b 1M/1d -q -i 2s -c 1 -H /a
	reclaim /c 8M 200 # to the drive
	sleep 2
	runx 0 swap-balance -S "$STATE" -b 1M/1d -q -i 2s -c 1 -H -o cgroup,swap_write_bytes_per_s,balance_reason /a /b
	same $'/a\tmax\tquiet\n/b\t0\tbudget'
	runx 0 swap-balance -S "$STATE" -b 2M/1d -i 2s -c 1 -H /a
	[[ $stderr == *"also keeps a budget of 1.00M for the same drive"* ]]
	runx 0 swap-balance -S "$STATE" -H --budget-status
	[ "${#lines[@]}" -eq 2 ]
	# a file system without room for its state
	mkdir "$BATS_TEST_TMPDIR/full"
	mount -t tmpfs -o size=64K full "$BATS_TEST_TMPDIR/full"
	head -c 1M /dev/zero >"$BATS_TEST_TMPDIR/full/rest" 2>/dev/null || true
	run --separate-stderr swap-balance -S "$BATS_TEST_TMPDIR/full/state" -b 20G/1d -i 2s -c 1 -H -o cgroup,swap_write_bytes_per_s,balance_reason /a /b
	umount "$BATS_TEST_TMPDIR/full"
	[ "$status" -eq 3 ]
	same $'/a\tmax\tquiet\n/b\t0\tbudget'
	one_line "cannot write the state of the budget"
}

@test "zswap that is shut for a cgroup is no shield from a disk that rotates" {
	rotational_on "$DISK"
	zswap_on
	hog /a --cold-anon 20M
	runx 0 swap-balance -S "$STATE" -q -i 2s -c 1 -H -o balance_reason /a
	same quiet
	echo 0 >"$CG/a/memory.zswap.max"
	runx 0 swap-balance -S "$STATE" -q -i 2s -c 1 -H -o swappiness,balance_reason /a
	same $'0\trotational'
}

@test "apply that is killed at any moment leaves nothing that undo does not restore" {
	local n before
	needs_swappiness # of --probe
	swap_on "$DISK"
	zswap_on
	hog /b --cold-anon 40M --fill random
	before=$(settings /b)
	runx 0 swap-balance -S "$STATE" -i 2s -q -H --probe 8M --apply --dwell 0s /b
	for n in 0 1 2 3 4 5 6 7; do
		swap-balance -S "$STATE" -q --undo >/dev/null 3>&- &
		sleep "0.0$n"
		kill -9 $! 2>/dev/null || true
		wait $! || true
		swap-balance -S "$STATE" -i 2s -q --apply --dwell 0s /b >/dev/null 3>&- &
		sleep "2.0$n"
		kill -9 $! 2>/dev/null || true
		wait $! || true
	done
	runx 0 swap-balance -S "$STATE" -i 2s -q --apply --dwell 0s /b
	[ "$(cat "$CG/b/memory.zswap.max")" = 0 ]
	runx 0 swap-balance -S "$STATE" -q --undo
	[ "$(settings /b)" = "$before" ]
	refute compgen -G "$STATE*.tmo-tmp"
}

@test "at rest without a measured cost the answer is vm.swappiness" {
	swap_on "$DISK"
	zswap_on
	hog /a --cold-anon 16M --rate 10
	for want in 35 120; do
		echo "$want" >/proc/sys/vm/swappiness
		runx 0 swap-balance -q -H -S "$STATE" -i 3s -c 1 -o swappiness,balance_reason /a
		[ "$output" = "$want"$'\tquiet' ]
	done
}

@test "a named cgroup without the memory controller is told of" {
	mkdir "$CG/p"
	mkdir "$CG/p/q"
	runx 3 swap-balance -H -S "$STATE" -i 2s -c 1 /p/q
	one_line "no memory controller in '/p/q'"
}
