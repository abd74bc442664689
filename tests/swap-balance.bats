#!/usr/bin/env bats
# swap-balance over recordings: what it shows, hands on and refuses.

# shellcheck disable=SC2030,SC2031 # each test sets its own root
load helpers

setup() {
	STATE=$BATS_TEST_TMPDIR/state
}

# replay FIXTURE: its samples in turn; $ROOT1 is the first.
replay() {
	unset TMO_ROOT
	rm -rf "${BATS_TEST_TMPDIR:?}/$1"
	use_root "$1"
	ROOT1=$TMO_ROOT/1
	export TMO_ROOT=$ROOT1:$TMO_ROOT/2
}

balance() {
	swap-balance -S "$STATE" -i 6s "$@"
}

# reseal undo|budget VERSION SED: the state edited, with a checksum that fits.
reseal() {
	local data file=$STATE
	[ "$1" = budget ] || file=$STATE.$1
	data=$(tail -n +2 "$file" | sed "$3")$'\n'
	printf 'tmo-tools swap-balance-%s %s %d %s\n%s' "$1" "$2" "${#data}" \
		"$(printf %s "$data" | gzip -c | tail -c 8 | head -c 4 | od -An -tx4 | tr -d ' ')" "$data" >"$file"
}

# edit FILE SED: in both samples.
edit() {
	local root
	for root in "$ROOT1" "${ROOT1%1}2"; do
		sed -i "$2" "$root/$1"
	done
}

# second FILE SED: in the second sample only.
second() {
	sed -i "$2" "${ROOT1%1}2/$1"
}

@test "shows swappiness, backend, swap left, budget and reason of each cgroup" {
	replay swap-balance-7.3.4
	runx 0 balance -r /w.slice
	same "$(printf '%s\t' '#cgroup' time swappiness backend swap_left_bytes swap_write_bytes_per_s)balance_reason
$(printf '%s\t' /w.slice 1795390610.510 163 zswap-nowb 479023104 max)balanced
$(printf '%s\t' /w.slice/anon 1795390610.510 0 zswap-nowb 479023104 max)pressure
$(printf '%s\t' /w.slice/file 1795390610.510 198 zswap 479023104 max)file_refaults
$(printf '%s\t' /w.slice/idle 1795390610.510 60 zswap 479023104 max)quiet"
}

# Every number by hand from the two samples: r of /w.slice/file.
@test "r and swappiness are what the counters and the page's formula say" {
	replay swap-balance-7.3.4
	runx 0 balance -H -o window_us,file_refault_pages,file_cost_us,file_cost_source,swapin_cost_us,swapin_cost_source,cost_ratio,swappiness /w.slice/file
	local a=$ROOT1/sys/fs/cgroup/w.slice/file b=${ROOT1%1}2/sys/fs/cgroup/w.slice/file
	same "$(awk -v OFS='\t' '
		function stat(file, key,  line) { while ((getline line <file) > 0) if (split(line, f, " ") && f[1] == key) { close(file); return f[2] } }
		function total(file,  line, v) { getline line <file; close(file); sub(/.*total=/, "", line); return line + 0 }
		function word(file,  line) { getline line <file; close(file); split(line, f, " "); return f[1] }
		function reads(root, field,  line, v) { while ((getline line <(root "/proc/diskstats")) > 0) if (split(line, f, " ") && f[3] == "vdb") v = f[field]; close(root "/proc/diskstats"); return v }
		function max(x, y) { return x > y ? x : y }
		BEGIN {
			a = ARGV[1]; b = ARGV[2]; r1 = ARGV[3]; r2 = ARGV[4]
			s = word(r2 "/proc/uptime") - word(r1 "/proc/uptime")
			n = stat(b "/memory.stat", "workingset_refault_file") - stat(a "/memory.stat", "workingset_refault_file")
			stall = max(total(b "/memory.pressure") - total(a "/memory.pressure"),
				total(b "/io.pressure") - total(a "/io.pressure"))
			n0 = max(1, word(b "/memory.current") / 4096 * 0.002 / 60)
			device = 1000 * (reads(r2, 7) - reads(r1, 7)) / ((reads(r2, 6) - reads(r1, 6)) / 8)
			cost = device + 0.3 * (stall / n - device)
			# A swap-in has its stated price: a file refault, too, above n0.
			r = (10 * 60 / 140 * n0 + 100 * (n / s - n0)) / (10 * n0)
			sw = 200 * r / (1 + r)
			if (sw > 198) sw = 198
			printf "%d\t%d\t%.3f\tpressure\t10.000\tdefault\t%.3f\t%.0f\n", s * 1000000, n, cost, r, sw
		}' "$a" "$b" "$ROOT1" "${ROOT1%1}2")"
}

@test "a filter appends its five columns, and hands on what it cannot look at" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	runx 0 swap-balance -S "$STATE" - < <(printf '#cgroup\tmine\n/w.slice/file\tx\n/gone\ty\n')
	same "$(printf '%s\t' '#cgroup' mine swappiness backend swap_left_bytes swap_write_bytes_per_s)balance_reason
$(printf '%s\t' /w.slice/file x - - 479023104 max)learning
$(printf '%s\t' /gone y - - - -)gone"
	[ -z "$stderr" ]
}

@test "a bad row does not stop the stream, and shows in the status" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	runx 3 swap-balance -S "$STATE" -H < <(printf '/a/../b\n/w.slice/idle\n')
	one_line "'/a/../b' is not a cgroup path"
	[ "${#lines[@]}" -eq 2 ]
}

@test "the row's swap_write_limit_bytes_per_s overrides the option" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	runx 0 swap-balance -S "$STATE" -H --swap-write-limit 1M -o swap_write_bytes_per_s \
		< <(printf '#cgroup\tswap_write_limit_bytes_per_s\n/w.slice/file\t4096\n/w.slice/anon\t-\n/w.slice/idle\t0\n/w.slice\tmax\n')
	[ "$(cut -f1,2 <<<"$output")" = $'/w.slice/file\t4096\n/w.slice/anon\t1048576\n/w.slice/idle\t0\n/w.slice\tmax' ]
	# A row with a limit after one without: at most four times it, as of a full bucket.
	runx 0 swap-balance -S "$STATE" -H -o swap_write_bytes_per_s \
		< <(printf '#cgroup\tswap_write_limit_bytes_per_s\n/w.slice/idle\t-\n/w.slice/idle\t4096\n')
	[ "$(cut -f1,2 <<<"$output")" = $'/w.slice/idle\tmax\n/w.slice/idle\t16384' ]
}

# what CHANGES: the first row of /w.slice/idle.
idle() {
	runx 0 balance -H -o swappiness,backend,balance_reason,backend_reason /w.slice/idle
}

# zram_is USED LIMIT: its memory, and the most of it.
zram_is() {
	local root
	for root in "$ROOT1" "${ROOT1%1}2"; do
		mkdir -p "$root/sys/class/block/zram0"
		echo "16000000 7000000 $1 $2 7600000 0 0 0 0" >"$root/sys/class/block/zram0/mm_stat"
	done
}

@test "each guard against swap gives 0 and its reason" {
	replay swap-balance-7.3.4
	edit proc/meminfo 's/^SwapFree.*/SwapFree: 80000 kB/'
	idle
	same $'0\tnone\tswap_full\tswap_full'
	replay swap-balance-7.3.4
	edit proc/swaps 2d
	edit proc/meminfo 's/^Swap\(Total\|Free\):.*/Swap\1: 0 kB/'
	idle
	same $'0\tnone\tno_swap\tno_swap'
	rm "$ROOT1/proc/swaps" "${ROOT1%1}2/proc/swaps"
	idle
	same $'0\tnone\tno_swap\tno_swap'
	replay swap-balance-7.3.4
	sed -i 's/^fail .*/fail 1/' "${ROOT1%1}2/sys/fs/cgroup/w.slice/idle/memory.swap.events"
	idle # a huge page was split: each of its pages found a slot
	same $'60\tzswap\tquiet\tcompressible'
	sed -i 's/^SwapFree.*/SwapFree: 2048 kB/' "${ROOT1%1}2/proc/meminfo"
	runx 0 balance -H --swap-limit 100% -o swappiness,balance_reason /w.slice/idle
	same $'0\tswap_fail'
	sed -i '$a thp_swpout_fallback 0' "$ROOT1/sys/fs/cgroup/w.slice/idle/memory.stat"
	sed -i '$a thp_swpout_fallback 1' "${ROOT1%1}2/sys/fs/cgroup/w.slice/idle/memory.stat"
	runx 0 balance -H --swap-limit 100% -o swappiness,balance_reason /w.slice/idle
	same $'60\tquiet'
	replay swap-balance-7.3.4
	sed -i 's/^max .*/max 1/' "${ROOT1%1}2/sys/fs/cgroup/w.slice/idle/memory.swap.events"
	idle
	same $'0\tzswap\tswap_max\tcompressible'
	replay swap-balance-7.3.4
	edit sys/class/block/vda/queue/rotational 's/.*/1/'
	idle
	same $'60\tzswap-nowb\tquiet\trotational'
	runx 0 balance -H -o swappiness,balance_reason /w.slice/idle
	edit proc/meminfo '4aZswap: 990000 kB'
	runx 0 balance -H -o swappiness,balance_reason /w.slice/idle
	same $'0\trotational'
	edit proc/meminfo '/^Zswap:/d'
	edit sys/fs/cgroup/w.slice/memory.zswap.max 's/.*/1048576/'
	runx 0 balance -H -o swappiness,balance_reason /w.slice/idle
	same $'0\trotational'
	edit sys/module/zswap/parameters/enabled 's/.*/N/'
	idle
	same $'0\tnone\trotational\trotational'
	replay swap-balance-7.3.4
	edit proc/swaps '2s/.*/\/dev\/zram0 partition 524284 4000 -1/'
	zram_is 7600000 8388608
	idle # zswap before it has room
	same $'60\tzswap\tquiet\tcompressible'
	edit sys/module/zswap/parameters/enabled 's/.*/N/'
	idle
	same $'0\tnone\tzram_full\tzram_full'
	edit proc/swaps "\$a /dev/zram1 partition 524284 0 5" # which takes the next page
	idle
	same $'60\tzram\tquiet\tlearning'
	edit proc/swaps "\$d"
	for full in 7500000:8388608 7600000:0; do
		zram_is "${full%:*}" "${full#*:}"
		idle
		same $'60\tzram\tquiet\tlearning'
	done
	# What was full is so until there is some room: 89 %, and 84 %.
	cp -a "${ROOT1%1}2" "${ROOT1%1}3"
	awk '{ print $1 + 60, $2 }' "${ROOT1%1}2/proc/uptime" >"${ROOT1%1}3/proc/uptime"
	for used in 7500000 7000000; do
		zram_is 7600000 8388608
		echo "16000000 7000000 $used 8388608 7600000 0 0 0 0" >"${ROOT1%1}3/sys/class/block/zram0/mm_stat"
		TMO_ROOT=$ROOT1:${ROOT1%1}2:${ROOT1%1}3 runx 0 balance -H -c 2 -o balance_reason /w.slice/idle
		[ "$used" = 7000000 ] || same $'zram_full\nzram_full'
	done
	same $'zram_full\nquiet'
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/idle/memory.stat '/^workingset/d'
	idle
	same $'-\tzswap\tunknown_kernel\tcompressible'
}

@test "swap that is said to be left beyond all there is: unknown, and file-only" {
	local swap
	for swap in 's/^SwapFree.*/SwapFree: 524285 kB/' '/^SwapFree/d' 's/^SwapTotal.*/SwapTotal: -1 kB/' \
		's/^\(Swap.*: *\)[0-9]/\199999999999999999999/' '/^Swap/d'; do
		replay swap-balance-7.3.4
		edit proc/meminfo "$swap"
		runx 0 balance -H -o swappiness,backend,swap_left_bytes,swap_used_pct,balance_reason /w.slice/idle
		same $'0\tzswap\t-\t-\tswap_unknown'
		runx 0 swap-balance -S "$STATE" -H < <(printf '#cgroup\n/w.slice/idle\n')
		[ "$stderr" = "" ]
	done
}

@test "a backend does not outlive its device" {
	replay swap-balance-7.3.4
	ROOT3=${ROOT1%1}3
	cp -a "${ROOT1%1}2" "$ROOT3"
	export TMO_ROOT=$TMO_ROOT:$ROOT3
	awk '{ print $1 + 6, $2 }' "${ROOT1%1}2/proc/uptime" >"$ROOT3/proc/uptime"
	both() {
		runx 0 balance -c 2 -H -o backend,backend_reason /w.slice/idle
	}
	both
	same $'zswap\tcompressible\nzswap\tcompressible'
	echo N >"$ROOT3/sys/module/zswap/parameters/enabled"
	both
	same $'zswap\tcompressible\ndisk\tonly'
	sed -i 2d "$ROOT3/proc/swaps"
	sed -i 's/^Swap\(Total\|Free\):.*/Swap\1: 0 kB/' "$ROOT3/proc/meminfo"
	both
	same $'zswap\tcompressible\nnone\tno_swap'
	# nor is there none once swap is there
	for root in "$ROOT1" "${ROOT1%1}2"; do
		cp -a "$root/proc/swaps" "$root/proc/swaps.was"
		sed -i 2d "$root/proc/swaps"
	done
	cp "${ROOT1%1}2/proc/swaps.was" "$ROOT3/proc/swaps"
	cp "${ROOT1%1}2/proc/meminfo" "$ROOT3/proc/meminfo"
	both
	same $'none\tno_swap\ndisk\tonly'
}

# The recording, and then so many minutes in which no counter moves.
quiet_minutes() {
	local i root
	replay swap-balance-7.3.4
	for ((i = 1; i <= $1; i++)); do
		root=${ROOT1%1}$((i + 2))
		cp -a "${ROOT1%1}2" "$root"
		awk -v s=$((60 * i)) '{ print $1 + s, $2 }' "${ROOT1%1}2/proc/uptime" >"$root/proc/uptime"
		TMO_ROOT+=:$root
	done
}

@test "sensitive ends when its swap-ins do, and file refaults never make it" {
	quiet_minutes 12
	runx 0 balance -c 13 -H -o swapin_pressure_pct,backend,backend_reason /w.slice/anon
	[[ ${lines[0]} == *$'\tzswap-nowb\tsensitive' ]]
	[[ ${lines[12]} == *$'\tzswap\tcompressible' ]]
	awk -F'\t' 'NR > 1 && ($1 > last / 2 + 0.001 || $1 < last / 2 - 0.001) { exit 1 } { last = $1 }' <<<"$output"
	perl -pi -e 's/(?<=total=)(\d+)/$1 + 3000000/e' "${ROOT1%1}2/sys/fs/cgroup/w.slice/file/memory.pressure"
	export TMO_ROOT=$ROOT1:${ROOT1%1}2
	runx 0 balance -H -o stall_us,swapin_pressure_pct,backend_reason /w.slice/file
	same $'3016674\t-\tcompressible'
}

@test "the swap that counts is that of the highest priority with room" {
	replay swap-balance-7.3.4
	edit proc/diskstats d
	edit sys/module/zswap/parameters/enabled 's/.*/N/'
	edit sys/class/block/vdb/queue/rotational 's/.*/1/'
	edit proc/swaps '2a/dev/vdb partition 524284 0 10'
	idle
	same $'0\tnone\trotational\trotational'
	TMO_ROOT=$ROOT1 runx 0 swap-balance --check -H
	[[ $output == *$'order\tlimited\ta rotational disk is filled before'* ]]
	edit proc/swaps '3s/.*/\/dev\/vdb partition 524284 524284 10/'
	idle
	same $'60\tdisk\tquiet\tonly'
	edit proc/swaps '3s/.*/\/dev\/vdb partition 524284 0 -5/'
	idle
	same $'60\tdisk\tquiet\tonly'
	edit proc/swaps '3s/.*/\/dev\/zram0 partition 524284 0 10/'
	idle
	same $'60\tzram\tquiet\tlearning'
	TMO_ROOT=$ROOT1 runx 0 swap-balance --check -H
	[[ $output == *$'order\tlimited\tzram before a disk'* ]]
	edit proc/swaps '3s/.*/\/dev\/zram0 partition 524284 0 -5/'
	TMO_ROOT=$ROOT1 runx 0 swap-balance --check -H
	[[ $output != *$'order\t'* ]]
}

# once_more CGROUP: a third sample, in which its swap-ins and its stall of memory
# go on as in the second.
once_more() {
	local cg=sys/fs/cgroup$1 b=${ROOT1%1}2 c=${ROOT1%1}3 file
	cp -a "$b" "$c"
	awk '{ print $1 + 20, $2 }' "$b/proc/uptime" >"$c/proc/uptime"
	for file in memory.pressure memory.stat; do
		awk 'NR == FNR { was[$1] = $NF; next }
			/^some/ { sub(/total=/, "", was[$1]); sub(/total=/, "", $NF); $NF = "total=" 2 * $NF - was[$1] }
			/^zswpin/ { $2 += $2 - was[$1] } { print }' "$ROOT1/$cg/$file" "$b/$cg/$file" >"$c/$cg/$file"
	done
	export TMO_ROOT=$ROOT1:$b:$c
}

@test "a neighbour's fsync makes neither a swap-in nor a file refault dear" {
	# shellcheck disable=SC2016 # perl's
	local cg fsync='s/(?<=total=)(\d+)/$1 + 12760000/e'
	cost() {
		runx 0 balance -H --pressure-limit 101% -o swappiness,swapin_cost_us,file_cost_us "$@"
	}
	replay swap-balance-7.3.4
	once_more /w.slice/anon
	cost -c2 /w.slice/anon # from zswap: it reads no disk at all
	same $'2\t10.000\t5497.952\n2\t1004.307\t5497.952'
	perl -pi -e "$fsync" "${ROOT1%1}2/sys/fs/cgroup/w.slice/anon/io.pressure"
	perl -pi -e "$fsync; $fsync" "${ROOT1%1}3/sys/fs/cgroup/w.slice/anon/io.pressure"
	cost -c2 /w.slice/anon
	same $'2\t10.000\t5497.952\n2\t1004.307\t5497.952'
	export TMO_ROOT=$ROOT1:${ROOT1%1}2
	cost /w.slice/file # its reads at most: twice the disk's 5498 us
	[ "$(cut -f3 <<<"$output")" = 4972.019 ]
	perl -pi -e "$fsync" "${ROOT1%1}2/sys/fs/cgroup/w.slice/file/io.pressure"
	cost /w.slice/file
	[ "$(cut -f3 <<<"$output")" = 7147.338 ]
	# From a disk, 121 us each: 2212 pages, of which both kinds of pressure tell.
	edit sys/module/zswap/parameters/enabled 's/.*/N/'
	edit sys/fs/cgroup/w.slice/anon/memory.stat 's/^zswpin .*/zswpin 0/'
	second sys/fs/cgroup/w.slice/anon/memory.stat 's/^pswpin .*/pswpin 2212/'
	second proc/diskstats 's/vda 51 0 2616 75/vda 51 0 20312 343/'
	sed 's/total=.*/total=574188/' "$ROOT1/sys/fs/cgroup/w.slice/anon/memory.pressure" >"${ROOT1%1}2/sys/fs/cgroup/w.slice/anon/memory.pressure"
	cost /w.slice/anon
	same $'47\t157.505\t5497.952'
	perl -pi -e 's/(?<=total=)\d+/0/' "${ROOT1%1}2/sys/fs/cgroup/w.slice/anon/io.pressure"
	cost /w.slice/anon
	same $'57\t121.110\t5497.952'
}

@test "a cgroup without traffic or a measured price stays at vm.swappiness, whatever file reads cost" {
	local want root
	quiet_minutes 10
	runx 0 balance -c 11 -H -o swappiness,balance_reason,file_cost_us,swapin_cost_source /w.slice/idle
	[ "$(sort -u <<<"$output" | cut -f1,2,4)" = $'60\tquiet\tdefault' ]
	[ "$(cut -f3 <<<"$output" | sort -u)" != 100.000 ]
	edit sys/module/zswap/parameters/enabled 's/.*/N/'
	TMO_ROOT=$ROOT1:${ROOT1%1}2
	# of lru_gen, whose edges are 2 and 198
	for want in '60 60' '0 2' '1 2' '10 10' '100 100' '180 180' '200 198' 'x 60'; do
		for root in "$ROOT1" "${ROOT1%1}2"; do
			mkdir -p "$root/proc/sys/vm"
			echo "${want% *}" >"$root/proc/sys/vm/swappiness"
		done
		runx 0 balance -H -o swappiness,balance_reason,swapin_cost_source /w.slice/idle
		same "${want#* }"$'\tquiet\tdefault'
	done
}

@test "what a disk read before it was swapped on, or off, is no price of now" {
	cost() {
		runx 0 balance -c "$1" -H -o file_cost_us,swapin_cost_us /w.slice/idle
		[ "$(tail -n 1 <<<"$output")" = "$2" ]
	}
	quiet_minutes 2
	for i in 1 2 3 4; do
		echo N >"${ROOT1%1}$i/sys/module/zswap/parameters/enabled"
		# the second is the swap disk, which has read much since boot
		printf ' 254 0 vda 10 0 800 10 0 0 0\n 254 16 vdb 9000 0 900000 200000 0 0 0\n' >"${ROOT1%1}$i/proc/diskstats"
		mkdir -p "${ROOT1%1}$i/sys/class/block/vdb"
	done
	cost 3 $'100.000\t100.000'
	for i in 3 4; do
		echo '/dev/vdb partition 524284 0 -2' >>"${ROOT1%1}$i/proc/swaps"
	done
	cost 3 $'100.000\t100.000'
	for i in 1 2 3 4; do
		sed -i '/vdb/d' "${ROOT1%1}$i/proc/swaps"
		[ "$i" -gt 2 ] || echo '/dev/vdb partition 524284 0 -2' >>"${ROOT1%1}$i/proc/swaps"
	done
	cost 3 $'100.000\t100.000'
}

@test "the classic LRU has its own refaults that count, and its own edges" {
	replay swap-balance-7.3.4
	edit sys/kernel/mm/lru_gen/enabled 's/.*/0x0000/'
	runx 0 balance -H -o swappiness,lru,balance_reason /w.slice/file
	same $'60\tclassic\tquiet'
	edit proc/diskstats d # no latency of any disk: the default prices
	runx 0 balance -H -o swappiness,lru,balance_reason /w.slice/file
	same $'60\tclassic\tquiet'
	sed -i 's/^workingset_activate_file .*/workingset_activate_file 9000/' "${ROOT1%1}2/sys/fs/cgroup/w.slice/file/memory.stat"
	runx 0 balance -H -o swappiness,lru,balance_reason /w.slice/file
	same $'199\tclassic\tfile_refaults'
}

@test "a swap-in has the disk's price where the pool or a limit on zswap is full" {
	cost() {
		runx 0 balance -H -o swapin_cost_us,swapin_cost_source /w.slice/idle
		same "$1"$'\tdefault'
	}
	replay swap-balance-7.3.4
	edit proc/diskstats d
	cost 10.000
	edit proc/meminfo '4aZswap: 990000 kB'
	cost 100.000
	# what was full takes no page until it is below the threshold
	for accept in 50 0; do
		for root in 1 2; do
			echo "$accept" >"${ROOT1%1}$root/sys/module/zswap/parameters/accept_threshold_percent"
		done
		second proc/meminfo 's/^Zswap: .*/Zswap: 150000 kB/'
		cost 100.000
		edit proc/meminfo 's/^Zswap: .*/Zswap: 150000 kB/'
		cost 10.000
		edit proc/meminfo 's/^Zswap: .*/Zswap: 990000 kB/'
	done
	second proc/meminfo 's/^Zswap: .*/Zswap: 100 kB/'
	cost 100.000
	second proc/meminfo 's/^Zswap: .*/Zswap: 0 kB/'
	cost 10.000
	edit proc/meminfo 's/^Zswap: .*/Zswap: 100 kB/'
	cost 10.000
	edit sys/fs/cgroup/w.slice/memory.zswap.max 's/.*/1048576/'
	cost 100.000
}

@test "what is set on zswap further up the tree binds a cgroup, too" {
	replay swap-balance-7.3.4
	edit proc/diskstats d
	edit sys/fs/cgroup/w.slice/memory.zswap.max 's/.*/0/'
	runx 0 balance -H -o swapin_cost_us,compression_ratio,backend_reason /w.slice/idle
	same $'100.000\t-\tonly'
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/memory.zswap.writeback 's/.*/0/'
	awk '{ $7 += 300000; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
	runx 0 balance -H -o swappiness,swap_write_bytes_per_s,balance_reason -b 80M/20s /w.slice/idle
	same $'60\tmax\tquiet'
	# and one that cannot be read may bind
	edit sys/fs/cgroup/w.slice/memory.zswap.writeback 's/.*/1/'
	edit proc/meminfo '4aZswap: 100 kB'
	rm "$STATE"
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle memory.zswap.writeback 1 0 planned)budget"
	edit sys/fs/cgroup/w.slice/memory.zswap.max 's/.*/garbage/'
	rm "$STATE"
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s /w.slice/idle
	same ""
}

@test "what zswap turned away counts, what it was never offered does not" {
	local stat=sys/fs/cgroup/w.slice/idle/memory.stat
	ratio() {
		runx 0 balance -H -o compression_ratio,incompressible_pct,backend,backend_reason /w.slice/idle
		same "$(printf '%s\t' "$@" | sed 's/\t$//')"
	}
	replay swap-balance-7.3.4 # swapped out before zswap was on
	edit sys/fs/cgroup/w.slice/idle/memory.swap.current 's/.*/209715200/'
	ratio 1.962 0.000 zswap compressible
	second $stat 's/^pswpout .*/pswpout 10000/' # the pool is full, for all we know
	ratio 1.962 0.000 zswap compressible
	second $stat 's/^zswpwb .*/zswpwb 10000/; s/^zswpout .*/zswpout 2600/'
	ratio 1.962 0.000 zswap compressible
	second $stat 's/^zswpwb .*/zswpwb 0/'
	ratio 1.111 79.573 disk incompressible
	edit proc/meminfo '4aZswap: 190000 kB'
	ratio 1.962 0.000 zswap compressible
	edit proc/meminfo 5d
	# Before 6.13, and none of it compresses.
	edit $stat '/^pswp/d; s/^zswpout .*/zswpout 2600/; s/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'
	second sys/fs/cgroup/w.slice/idle/memory.swap.current 's/.*/251658240/'
	ratio - - zswap learning
	edit proc/meminfo '4aZswap: 100 kB'
	ratio 1.000 100.000 disk incompressible
	edit proc/meminfo 's/^Zswap:.*/Zswap: 190000 kB/'
	ratio - - zswap learning
	edit proc/meminfo 's/^Zswap:.*/Zswap: 100 kB/'
	sed -i 's/.*/N/' "$ROOT1/sys/module/zswap/parameters/enabled"
	ratio - - zswap learning
}

@test "with writeback shut, incompressible pages show in one window, by zswap's word or by vain scans" {
	local cg=sys/fs/cgroup/w.slice/idle debug=sys/kernel/debug/zswap
	local stat=$cg/memory.stat
	refused() {
		runx 0 balance -H -o incompressible_pct,swappiness,backend,backend_reason /w.slice/idle
		same "$(printf '%s\t' "$@" | sed 's/\t$//')"
	}
	replay swap-balance-7.3.4
	edit $cg/memory.zswap.writeback 's/.*/0/'
	edit proc/meminfo '4aZswap: 100 kB'
	edit $stat 's/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'
	refused - 60 zswap learning
	second $stat 's/^pgscan .*/pgscan 16980000/; s/^pgsteal .*/pgsteal 3000/'
	refused 100.000 60 none incompressible
	runx 0 balance --plan --dwell 0s -q -H /w.slice/idle
	same "" # neither his setting nor zswap.max, with which there were no swap
	edit $cg/memory.zswap.writeback 's/.*/1/' # it would have gone to the disk
	refused - 60 zswap learning
	edit $cg/memory.zswap.writeback 's/.*/0/'
	edit $stat 's/^inactive_file .*/inactive_file 20000000/' # perhaps page cache
	refused - 60 zswap learning
	second $stat 's/^pgscan .*/pgscan 6567/; s/^pgsteal .*/pgsteal 2567/'
	for root in "$ROOT1" "${ROOT1%1}2"; do
		mkdir -p "$root/$debug"
		printf 'pgscan_anon 0\npgsteal_anon 0\n' >"$root/proc/vmstat"
		echo 5 | tee "$root/$debug/reject_compress_fail" >"$root/$debug/reject_compress_poor"
	done
	second proc/vmstat 's/^pgscan_anon .*/pgscan_anon 16000/'
	refused - 60 zswap learning
	second $debug/reject_compress_fail 's/.*/7205/'
	second $debug/reject_compress_poor 's/.*/805/'
	# A quarter of 8000, as 4000 of the 16000 that were left are its own.
	edit $stat 's/^zswapped .*/zswapped 4096000/; s/^zswap .*/zswap 1000000/; s/^zswpout .*/zswpout 1000/'
	refused 66.667 60 none incompressible
}

@test "what did not compress is tried again after some hours without a backend" {
	local cg=sys/fs/cgroup/w.slice/idle hours want
	for hours in 2 6; do
		replay swap-balance-7.3.4
		edit $cg/memory.zswap.writeback 's/.*/0/'
		edit proc/meminfo '4aZswap: 100 kB'
		edit $cg/memory.stat 's/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'
		second $cg/memory.stat 's/^pgscan .*/pgscan 16980000/; s/^pgsteal .*/pgsteal 3000/'
		rm -rf "${ROOT1%1}3"
		cp -a "${ROOT1%1}2" "${ROOT1%1}3"
		awk -v s=$((hours * 3600)) '{ print $1 + s, $2 }' "${ROOT1%1}2/proc/uptime" >"${ROOT1%1}3/proc/uptime"
		TMO_ROOT+=:${ROOT1%1}3
		want=$'none\tincompressible'
		runx 0 balance -H -c 2 -o backend,backend_reason /w.slice/idle
		[ "$hours" = 2 ] || want=$'zswap\tlearning'
		same $'none\tincompressible\n'"$want"
	done
}

@test "what did not compress is tried again on a disk that rotates, and once the pool has none of it" {
	local stat=sys/fs/cgroup/w.slice/idle/memory.stat first
	# day_later SED: in a third sample a day after the second.
	day_later() {
		rm -rf "${ROOT1%1}3"
		cp -a "${ROOT1%1}2" "${ROOT1%1}3"
		awk '{ print $1 + 86400, $2 }' "${ROOT1%1}2/proc/uptime" >"${ROOT1%1}3/proc/uptime"
		sed -i "$1" "${ROOT1%1}3/$stat"
		TMO_ROOT+=:${ROOT1%1}3
	}
	replay swap-balance-7.3.4
	edit sys/class/block/vda/queue/rotational 's/.*/1/'
	edit proc/meminfo '4aZswap: 100 kB'
	edit $stat 's/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'
	second $stat 's/^pswpout .*/pswpout 10000/; s/^zswpout .*/zswpout 2600/'
	day_later ""
	runx 0 balance -H -c 2 -o backend,backend_reason /w.slice/idle
	same $'none\trotational\nzswap-nowb\trotational'
	for first in 's/x/x/' 's/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'; do
		replay swap-balance-7.3.4
		edit sys/fs/cgroup/w.slice/idle/memory.zswap.writeback 's/.*/0/'
		edit $stat 's/^zswapped .*/zswapped 8192000/; s/^zswap .*/zswap 8100000/' # before its start
		day_later "$first"
		runx 0 balance -H -c 2 -o backend,backend_reason /w.slice/idle
		[ "$first" = 's/x/x/' ] && same $'none\tincompressible\nnone\tincompressible' && continue
		same $'none\tincompressible\nzswap\tlearning'
	done
}

# pass_zswap: huge pages do, as before 6.13.
pass_zswap() {
	local root huge=sys/kernel/mm/transparent_hugepage
	for root in "$ROOT1" "${ROOT1%1}2"; do
		rm -rf "${root:?}/$huge"
		mkdir -p "$root/$huge/hugepages-2048kB/stats"
		echo 2097152 >"$root/$huge/hpage_pmd_size"
	done
}

@test "huge pages that pass zswap by are told, and not called incompressible" {
	local stat=sys/fs/cgroup/w.slice/idle/memory.stat huge=sys/kernel/mm/transparent_hugepage
	replay swap-balance-7.3.4
	pass_zswap
	edit $stat 's/^anon .*/anon 41943040/; /^anon_thp/d'
	edit $stat 's/^anon .*/&\nanon_thp 40894464/'
	second $stat 's/^pswpout .*/pswpout 10000/; s/^zswpout .*/zswpout 2600/'
	runx 0 balance -H -o incompressible_pct,backend,backend_reason /w.slice/idle
	same $'0.000\tzswap\thuge_pages'
	runx 0 balance --plan --dwell 0s -q -H /w.slice/idle
	same ""
	TMO_ROOT=$ROOT1 runx 0 swap-balance --check -H
	[[ $output == *"zswap does not take huge pages on this kernel: they go to /dev/vda whole"* ]]
	for root in "$ROOT1" "${ROOT1%1}2"; do
		echo 0 >"$root/$huge/hugepages-2048kB/stats/zswpout"
	done
	runx 0 balance -H -o backend,backend_reason /w.slice/idle
	same $'disk\tincompressible'
	TMO_ROOT=$ROOT1 runx 0 swap-balance --check -H
	[[ $output != *"huge pages pass zswap by"* ]]
}

@test "what a budget does not bind has no pace of it" {
	replay swap-balance-7.3.4
	edit proc/swaps '2s/.*/\/dev\/zram0 partition 524284 0 -1/'
	runx 0 balance -H -o swap_write_bytes_per_s --swap-write-limit 0 /w.slice/idle
	same max
}

@test "an empty budget is file-only where a page could go to a disk" {
	replay swap-balance-7.3.4
	runx 0 balance -H -o swappiness,backend,swap_write_bytes_per_s,balance_reason -b 80M/20s /w.slice/idle
	# A quarter, and 19.77 s of income, fill it: what is left and half the
	# income of 6 s is less than four times the mean.
	same $'60\tzswap\t16078165\tquiet'
	awk '{ $7 += 300000; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
	rm "$STATE"
	runx 0 balance -H -o swappiness,backend,swap_write_bytes_per_s,balance_reason,budget_left_bytes -b 80M/20s /w.slice/idle
	same $'0\tzswap-nowb\t0\tbudget\t0'
}

# stream OPTION...: a filter of the first sample; rows TIME KEY...: its rows then
# set $pace, the column of the last.
stream() {
	export TMO_ROOT=$ROOT1
	mkfifo "$BATS_TEST_TMPDIR/keys" "$BATS_TEST_TMPDIR/rows"
	swap-balance -S "$STATE" -H -o swap_write_bytes_per_s "$@" \
		<"$BATS_TEST_TMPDIR/keys" >"$BATS_TEST_TMPDIR/rows" 3>&- &
	exec 7>"$BATS_TEST_TMPDIR/keys" 8<"$BATS_TEST_TMPDIR/rows"
}

rows() {
	echo "$1.00 0.00" >"$ROOT1/proc/uptime"
	for key in "${@:2}"; do
		echo "/w.slice/$key" >&7
		read -r key pace <&8
	done
}

@test "all cgroups share the budget, however seldom they are looked at" {
	replay swap-balance-7.3.4
	second proc/uptime 's/^[0-9.]*/323.74/'
	runx 0 balance -H -o swap_write_bytes_per_s -b 80M/20s /w.slice/idle /w.slice/file
	same $'8039082\n8039082'
	rm "$STATE"
	stream -b 80M/20s
	rows 100 idle file anon
	[ "$pace" = 0 ] # nobody knows yet how many there are
	rows 400 idle file anon
	rows 700 idle file anon
	[ "$pace" = $(((83886080 / 300 + 4194304 / 2) / 3)) ]
	for at in {706..946..6}; do # two of them end, and the pauses are forgotten
		rows "$at" idle
	done
	exec 7>&- 8<&-
	[ "$pace" = $((83886080 / 6 + 4194304 / 2)) ]
}

@test "a cgroup whose rows are rarer than the others' has a pace for the time between its own" {
	replay swap-balance-7.3.4
	stream -b 6M/6s
	rows 100 idle file
	for at in {106..400..6}; do
		rows "$at" file
	done
	[ "$pace" = $((6291456 / 6 + 1048576 / 2)) ] # nobody knows of another row
	rows 400 idle
	[ "$pace" = $(((6291456 / 300 + 1048576 / 2) / 2)) ]
	rows 406 file
	[ "$pace" = $(((6291456 / 6 + 1048576 / 2) / 2)) ]
	for at in {412..700..6}; do
		rows "$at" file
	done
	[ "$pace" = $(((6291456 / 6 + 1048576 / 2) / 2)) ] # another is due
	exec 7>&- 8<&-
}

@test "the budget's state is 0600, survives, and is refused when damaged" {
	replay swap-balance-7.3.4
	runx 0 balance -H -o budget_left_bytes -b 400M /w.slice/idle
	[ "$(stat -c %a "$STATE")" = 600 ]
	first=$output
	[ "${first}" -ge 104857600 ]
	runx 0 balance -H -o budget_left_bytes -b 400M /w.slice/idle
	[ "$output" -ge "$first" ]
	sed -i 's/^drive/Drive/' "$STATE"
	runx 2 balance -b 400M /w.slice/idle
	one_line "cannot keep the budget in '$STATE': it is damaged: remove it"
	echo "tmo-tools cold-scan 4" >"$STATE"
	runx 2 balance -b 400M /w.slice/idle
	one_line "cannot keep the budget in '$STATE': it is not a state of this version: name another file with -S"
	for kind in undo evidence probe; do
		echo x >"$STATE.$kind"
		chmod 666 "$STATE.$kind"
		runx 2 balance --apply --probe 1M -q /w.slice/idle
		one_line "'$STATE.$kind': others own it or may write it: remove it"
		rm "$STATE.$kind"
	done
	rm "$STATE"
	ln -s /etc/passwd "$STATE"
	runx 2 balance -b 400M /w.slice/idle
	one_line "$STATE"
}

@test "a state that cannot be written is file-only and a warning, not the end" {
	replay swap-balance-7.3.4
	runx 3 env FAULT=state.:write:EIO LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" -i 6s -H -b 400M -o swappiness,swap_write_bytes_per_s,balance_reason /w.slice/idle
	same $'0\t0\tbudget'
	one_line "cannot write the state of the budget '$STATE': no swap until this is possible"
}

@test "another boot's sectors are all charged to the budget" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	keys() { printf '/w.slice/idle\n'; }
	runx 0 swap-balance -S "$STATE" -H -b 400M -o budget_left_bytes < <(keys)
	[ "$(cut -f2 <<<"$output")" = 104857600 ]
	echo 11111111-2222-3333-4444-555555555555 >"$ROOT1/proc/sys/kernel/random/boot_id"
	echo "0 0 0 0 0 0 2048 0 0 0 0" >"$ROOT1/sys/class/block/vda/stat"
	runx 0 swap-balance -S "$STATE" -H -b 400M -o budget_left_bytes < <(keys)
	[ "$(cut -f2 <<<"$output")" = 103809024 ]
}

# budget_left: of 400M, as one look at the first sample finds it.
budget_left() {
	TMO_ROOT=$ROOT1 swap-balance -S "$STATE" -H -b 400M -o budget_left_bytes < <(echo /w.slice/idle) | cut -f2
}

# swaps DEV...: they are the swap areas; written DEV SECTORS: since boot.
swaps() {
	sed -i 2,\$d "$ROOT1/proc/swaps"
	[ $# -eq 0 ] || printf '/dev/%s partition 524284 0 -1\n' "$@" >>"$ROOT1/proc/swaps"
}

written() {
	echo "0 0 0 0 0 0 $2 0 0 0 0" >"$ROOT1/sys/class/block/$1/stat"
}

boots() {
	echo "$1-2222-3333-4444-555555555555" >"$ROOT1/proc/sys/kernel/random/boot_id"
}

@test "the partitions of a drive share its budget, each with a boot of its own" {
	replay swap-balance-7.3.4
	for part in 1 2; do
		mkdir -p "$ROOT1/sys/devices/vdc/vdc$part"
		ln -s "../../devices/vdc/vdc$part" "$ROOT1/sys/class/block/vdc$part"
		echo "$part" >"$ROOT1/sys/class/block/vdc$part/partition"
		written "vdc$part" 5000
	done
	printf '  nvme.%0120d with blanks\n' 1 >"$ROOT1/sys/devices/vdc/wwid"
	swaps vdc1 vdc2
	[ "$(budget_left)" = 104857600 ]
	written vdc1 25480
	written vdc2 25480
	[ "$(budget_left)" = $((104857600 - 2 * 20480 * 512)) ]
	[ "$(grep -c ^drive "$STATE")" = 1 ]
	swaps vdc1
	[ "$(budget_left)" = $((104857600 - 2 * 20480 * 512)) ]
	boots 11111111
	written vdc1 100
	written vdc2 9000 # of which it is charged with all
	[ "$(budget_left)" = $((104857600 - (40960 + 100) * 512)) ]
	swaps vdc1 vdc2
	[ "$(budget_left)" = $((104857600 - (40960 + 100 + 9000) * 512)) ]
	swaps
	[ "$(budget_left)" = - ]
}

# sample N SECTORS: the Nth of the replay, 6 s after the one before.
sample() {
	local root=${ROOT1%1}$1
	[ "$1" -le 2 ] || cp -a "${ROOT1%1}2" "$root"
	awk -v s=$((6 * $1)) '{ print $1 + s, $2 }' "$ROOT1/proc/uptime" >"$BATS_TEST_TMPDIR/uptime"
	[ "$1" -eq 1 ] || cp "$BATS_TEST_TMPDIR/uptime" "$root/proc/uptime"
	echo "0 0 0 0 0 0 $2 0 0 0 0" >"$root/sys/class/block/vda/stat"
}

@test "a count of sectors that cannot be is unknown, told once, and makes no debt" {
	local row=$'-\t-\t0\t0\tbudget' count
	replay swap-balance-7.3.4
	sample 1 5000
	sample 2 $((5000 + (1 << 40)))
	sample 3 4000
	export TMO_ROOT=$ROOT1:${ROOT1%1}2:${ROOT1%1}3
	told="the number of bytes written to 'vda' is unknown"
	runx 3 balance -c 2 -H --endurance 100TBW/5y -o budget_left_bytes,drive_life_years,swap_write_bytes_per_s,swappiness,balance_reason /w.slice/idle
	same "$row"$'\n'"$row"
	one_line "$told"
	sample 4 4200
	TMO_ROOT=${ROOT1%1}3:${ROOT1%1}4
	runx 0 balance -H --endurance 100TBW/5y -o budget_left_bytes,swap_write_bytes_per_s,balance_reason /w.slice/idle
	# 633762 a second since the count was known, less 100 KiB
	[[ $output =~ ^([0-9]+)$'\t'([0-9]+)$'\tquiet'$ ]]
	[ "${BASH_REMATCH[1]}" -ge $((6 * 633762 - 102400)) ]
	[ "${BASH_REMATCH[1]}" -le $((12 * 633762 - 102400)) ]
	[ "${BASH_REMATCH[2]}" -gt 0 ]
	TMO_ROOT=${ROOT1%1}4 runx 0 swap-balance -S "$STATE" -H --budget-status
	[ "$(cut -f5 <<<"$output")" = 102400 ] # the level that went was not written
	# What is not there is charged for when it is again.
	export TMO_ROOT=$ROOT1
	rm "$STATE"
	[ "$(budget_left)" = 104857600 ]
	for count in -4000 x 99999999999999999999 36028797018963968 none; do
		sample 1 "$count"
		[ "$count" != none ] || rm "$ROOT1/sys/class/block/vda/stat"
		[ "$(budget_left 2>"$BATS_TEST_TMPDIR/said")" = - ]
		grep -q "$told" "$BATS_TEST_TMPDIR/said"
		runx 0 swap-balance -S "$STATE" -H --budget-status
		[ "$(cut -f4,5,8 <<<"$output")" = $'-\t-\t-' ]
	done
	sample 1 7000
	[ "$(budget_left)" = $((104857600 - 2000 * 512)) ]
}

@test "a count of sectors that is lost a second time is told a second time" {
	local n
	replay swap-balance-7.3.4
	for n in 1 2 3 4 5; do
		sample "$n" "$((4000 + 10 * n))"
	done
	sample 1 5000
	rm "${ROOT1%1}5/sys/class/block/vda/stat"
	TMO_ROOT=$ROOT1$(printf ":${ROOT1%1}%s" 2 3 4 5)
	runx 3 balance -c 4 -H -b 1M/1s -o budget_left_bytes /w.slice/file
	[ "$(paste -sd ' ' <<<"$output")" = "- 1048576 1048576 -" ]
	[ "$(grep -c "the number of bytes written to 'vda' is unknown" <<<"$stderr")" = 2 ]
}

# volume DM NAME SLAVE: as of LVM or dm-crypt.
volume() {
	rm -rf "$ROOT1/sys/class/block/$1"
	mkdir -p "$ROOT1/sys/class/block/$1"/{dm,slaves}
	echo "$2" >"$ROOT1/sys/class/block/$1/dm/name"
	ln -s "../../$3" "$ROOT1/sys/class/block/$1/slaves/$3"
}

@test "volumes on one drive share its budget, whatever their number" {
	replay swap-balance-7.3.4
	echo 0f0f >"$ROOT1/sys/class/block/vda/serial"
	volume dm-0 crypt vda
	volume dm-1 vg-swap dm-0
	volume dm-2 vg-more dm-0
	written dm-1 5000
	written dm-2 5000
	swaps dm-1 dm-2
	[ "$(budget_left)" = 104857600 ]
	written dm-1 25480
	written dm-2 25480
	[ "$(budget_left)" = $((104857600 - 2 * 20480 * 512)) ]
	[ "$(grep -c '^drive 0f0f ' "$STATE")" = 1 ]
	boots 11111111 # and they are numbered the other way round
	volume dm-1 vg-more dm-0
	volume dm-2 vg-swap dm-0
	written dm-1 100
	written dm-2 200
	[ "$(budget_left)" = $((104857600 - (40960 + 300) * 512)) ]
	[ "$(grep -c ^part "$STATE")" = 2 ]
}

@test "a loop device is on the drive of its file" {
	replay swap-balance-7.3.4
	swaps vda loop1
	printf '/dev/zram0 partition 524284 0 5\n' >>"$ROOT1/proc/swaps"
	mkdir -p "$ROOT1/sys/block/zram0" "$ROOT1/var"
	echo /dev/loop0 >"$ROOT1/sys/block/zram0/backing_dev"
	: >"$ROOT1/var/z img"
	dir=$ROOT1/sys/dev/block
	mkdir -p "$dir"
	ln -s ../../class/block/vda "$dir/$(stat -c '%Hd:%Ld' "$ROOT1/var/z img")"
	echo DEVNAME=vda >"$ROOT1/sys/class/block/vda/uevent"
	for n in 0 1; do
		mkdir -p "$ROOT1/sys/class/block/loop$n/loop"
		echo '/var/z img' >"$ROOT1/sys/class/block/loop$n/loop/backing_file"
		written "loop$n" 5000
	done
	[ "$(budget_left)" = 104857600 ]
	written loop0 25480
	written loop1 25480
	[ "$(budget_left)" = $((104857600 - 2 * 20480 * 512)) ]
	[ "$(cut -d ' ' -f1,2 "$STATE" | grep ^drive)" = 'drive vda' ]
	[ "$(grep -c ^part "$STATE")" = 3 ]
	rm "$ROOT1/var/z img" # whose drive is not known then
	rm "$STATE"
	budget_left >/dev/null
	[ "$(grep -c ^drive "$STATE")" = 3 ]
}

@test "devices without a volume's name on one drive are parts of their own" {
	replay swap-balance-7.3.4
	echo 0e0e >"$ROOT1/sys/class/block/vda/serial"
	for n in 0 1; do
		mkdir -p "$ROOT1/sys/class/block/md$n/slaves" "$ROOT1/sys/class/block/nvme0n$((n + 1))"
		ln -s ../../vda "$ROOT1/sys/class/block/md$n/slaves/vda"
		echo 0f0f >"$ROOT1/sys/class/block/nvme0n$((n + 1))/serial"
		echo "$((n + 1))" >"$ROOT1/sys/class/block/nvme0n$((n + 1))/nsid"
		written "md$n" "$((5000 + 895000 * n))"
		written "nvme0n$((n + 1))" "$((5000 + 895000 * n))"
	done
	for areas in 'md0 md1' 'nvme0n1 nvme0n2'; do
		# shellcheck disable=SC2086 # two
		swaps $areas
		for _ in 1 2; do
			runx 0 budget_left
			[ "$output" = 104857600 ]
		done
	done
	[ "$(grep -c ^part "$STATE")" = 4 ]
	swaps md0 md1
	written md0 5100
	written md1 900200
	[ "$(budget_left)" = $((104857600 - 300 * 512)) ]
}

@test "drives without a serial number go by the kernel's name, the oldest gives way" {
	replay swap-balance-7.3.4
	swaps vda
	[ "$(budget_left)" = 104857600 ]
	for i in {1..64}; do
		mkdir "$ROOT1/sys/class/block/sd$i"
		written "sd$i" 0
		swaps "sd$i"
		echo "$((100 + i)).00 0.00" >"$ROOT1/proc/uptime"
		budget_left >/dev/null
	done
	[ "$(grep -c ^drive "$STATE")" = 64 ]
	[ "$(grep -c ^part "$STATE")" = 32 ]
	refute grep -q '^drive vda ' "$STATE"
	grep -q '^drive sd1 ' "$STATE"
}

@test "the budget's state of an account for each area is read on" {
	replay swap-balance-7.3.4
	written vda 5000
	budget_left
	echo 0f0f >"$ROOT1/sys/class/block/vda/serial"
	boot=$(cat "$ROOT1/proc/sys/kernel/random/boot_id")
	now=$(sed -n 's/^drive vda [^ ]* [0-9]* \([0-9]*\) .*/\1/p' "$STATE")
	reseal budget 1 "1,\$c boot $boot\\ndevice 0f0f:0 5000000 4000 $now $now 23740000 77"
	[ "$(budget_left)" = $((5000000 - 1000 * 512)) ]
}

# left SIZE: of a budget of that SIZE.
left() {
	TMO_ROOT=$ROOT1 swap-balance -S "$STATE" -H -b "$1" -o budget_left_bytes < <(echo /w.slice/idle) 2>"$BATS_TEST_TMPDIR/said" | cut -f2
}

@test "two budgets of one drive have a bucket each, both are charged, and it is told" {
	replay swap-balance-7.3.4
	written vda 5000
	[ "$(left 400M)" = 104857600 ]
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
	[ "$(left 4G)" = 104857600 ] # no more than the other has left
	grep -q "'$STATE' also keeps a budget of 400M for the same drive" "$BATS_TEST_TMPDIR/said"
	written vda 25480
	[ "$(left 400M)" = $((104857600 - 20480 * 512)) ]
	grep -q "also keeps a budget of 4.00G" "$BATS_TEST_TMPDIR/said"
	[ "$(left 4G)" = $((104857600 - 20480 * 512)) ]
	[ "$(left 8M)" = $((2 << 20)) ]
	[ "$(grep -c '^drive vda ' "$STATE")" = 3 ]
	[ "$(left 400M)" = $((104857600 - 20480 * 512)) ]
	echo 200000.00 0.00 >"$ROOT1/proc/uptime" # two days on
	[ "$(left 400M)" = $((400 << 20)) ]
	[ ! -s "$BATS_TEST_TMPDIR/said" ]
}

@test "of too many budgets of a drive the one not used for longest gives way" {
	replay swap-balance-7.3.4
	for size in {400..463}M 400M 64M; do # the first again, and one too many
		echo "$((i = ${i-100} + 1)).00 0.00" >"$ROOT1/proc/uptime"
		left "$size" >/dev/null
	done
	sizes=$(awk '/^drive/ { print $9 / 1048576 }' "$STATE" | sort -n | paste -sd ' ')
	[ "$sizes" = "64 400 $(seq -s ' ' 402 463)" ]
}

@test "--budget-status shows each bucket as it is at present, and writes nothing" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	runx 1 swap-balance -S "$STATE" --budget-status
	one_line "no budget is kept in '$STATE'"
	written vda 5000
	runx 0 swap-balance -S "$STATE" -H --drive 1TBW/5y < <(echo /w.slice/idle)
	left 400M
	written vda 2053000
	read -r up _ <"$ROOT1/proc/uptime"
	echo "$((${up%.*} + 100)).${up#*.} 0.00" >"$ROOT1/proc/uptime"
	sum=$(cksum "$STATE")
	runx 0 swap-balance -S "$STATE" --budget-status
	# 2048000 sectors are 1 GiB less; a tenth of a day's TBW is a second's.
	same "$(printf '%s\t' '#drive' size_bytes rate_bytes_per_s level_bytes written_bytes kept_us unused_us)drive_life_years
$(printf '%s\t' vda 547570157 6337.618 $((136892539 - 1048576000 + 633762)) 1048576000 100000000 100000000)0.003
$(printf '%s\t' vda 419430400 4854.519 $((104857600 - 1048576000 + 485452)) 1048576000 100000000 100000000)-"
	runx 0 swap-balance -S "$STATE" --budget-status -f prometheus
	[ "$(grep -c '^tmo_swap_balance_written_bytes{drive="vda",size_bytes="[0-9]*",rate_bytes_per_s="[0-9]*\.[0-9]*"} 1048576000$' <<<"$output")" -eq 2 ]
	[ "$(cksum "$STATE")" = "$sum" ]
	# a count has no sign
	reseal budget 3 's/ 0 547570157 / 10000000000000000000 547570157 /'
	runx 0 swap-balance -S "$STATE" -H --budget-status
	[ "$(cut -f5 <<<"$output" | head -n 1)" = 10000000001048576000 ]
	left 20K >/dev/null
	runx 0 swap-balance -S "$STATE" -H --budget-status
	[ "$(cut -f2,3 <<<"$output" | tail -n 1)" = $'20480\t0.237' ]
}

@test "a recording whose clock is absurd has none" {
	replay swap-balance-7.3.4
	for btime in 9223372036854775807 18446744073709551615 9007199254740992; do
		edit proc/stat "s/^btime .*/btime $btime/"
		runx 0 balance -H -o time,window_us /w.slice/idle
		same $'43.510\t19770000'
	done
	edit proc/uptime 's/.*/9223372036854775.807 0.00/'
	runx 0 swap-balance -S "$STATE" -H -i 6s -o time /w.slice/idle
	same 0.000
}

@test "a wait for the state's lock tells for whom, and ends at SIGTERM" {
	replay swap-balance-7.3.4
	# shellcheck disable=SC2016 # the inner shell's
	flock "$STATE.lock" bash -c 'echo $$ >"$0"; exec sleep 60' "$STATE.lock" 3>&- &
	retry 20 grep -q . "$STATE.lock"
	holder=$(cat "$STATE.lock")
	TMO_ROOT=$ROOT1 swap-balance -S "$STATE" -b 400M /w.slice/idle 2>"$BATS_TEST_TMPDIR/said" 3>&- &
	retry 20 grep -q "waiting for '$STATE.lock', held by process $holder\$" "$BATS_TEST_TMPDIR/said"
	kill -TERM $!
	status=0
	wait $! || status=$?
	kill "$holder"
	[ "$status" = 143 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/said")" = 1 ]
}

@test "a state without room for its lock is file-only and a warning, too" {
	replay swap-balance-7.3.4
	runx 3 env FAULT=state.lock:open:ENOSPC LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" -i 6s -H -b 400M -o swappiness,swap_write_bytes_per_s,balance_reason /w.slice/idle
	same $'0\t0\tbudget'
	one_line "cannot write the state of the budget '$STATE': no swap until this is possible"
}

@test "a state that no run has written makes no sums that overflow" {
	replay swap-balance-7.3.4
	left 400M
	now=$(sed -n 's/^drive vda [^ ]* [0-9]* \([0-9]*\) .*/\1/p' "$STATE")
	for line in "drive vda boot -9223372036854775808 $now $now 0 18446744073709551615" \
		"drive vda boot 0 -9223372036854775808 9223372036854775807 0 0" \
		"drive vda boot 0 0 2305843009213693000 0 0 1048576 1 0 0" \
		"drive vda boot 0 $now $now 0 0 1048576 1 0 2305843009213693000" \
		"drive vda boot 0 $now $now 0 0 1048576 1e300 0 $now" \
		"drive vda boot 0 $now $now 0 0 -9223372036854775808 nan inf 9223372036854775807"; do
		left 400M >/dev/null
		reseal budget 3 "1,\$c $line"
		runx 1 swap-balance -S "$STATE" --budget-status
		[ "$(left 400M)" = 104857600 ]
	done
}

@test "projected years follow from the rating and what was written" {
	replay swap-balance-7.3.4
	awk '{ $7 += 2048; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
	runx 0 balance -H --endurance 1TBW/5y -o window_us,drive_life_years /w.slice/idle
	same "$(awk -F'\t' -v OFS='\t' '{ printf "%s\t%.3f\n", $1, 1e12 / (1048576 / ($1 / 1e6)) / (365.25 * 86400) }' <<<"$output")"
}

@test "a wall clock that jumps changes neither the projected years nor the level" {
	local jump row=''
	ends_with() {
		TMO_ROOT=${ROOT1%1}$1 swap-balance -S "$STATE" -H --endurance 1TBW/5y \
			-o drive_life_years,budget_left_bytes < <(echo /w.slice/idle)
	}
	for jump in 0 400000000 -400000000; do
		replay swap-balance-7.3.4
		rm -f "$STATE"
		sample 1 5000
		sample 2 7048
		awk -v s="$jump" '/^btime/ { $2 += s } { print }' "$ROOT1/proc/stat" >"${ROOT1%1}2/proc/stat"
		[ "$(ends_with 1 | cut -f2)" = - ]
		[ "${row:=$(ends_with 2)}" = "$(ends_with 2)" ]
		TMO_ROOT=${ROOT1%1}2 runx 0 swap-balance -S "$STATE" -H --budget-status
		[ "$(cut -f6 <<<"$output")" = 12000000 ]
	done
	# 1 MiB in 12 s
	[ "$(cut -f2 <<<"$row")" = "$(awk 'BEGIN { printf "%.3f", 1e12 / (1048576 / 12) / (365.25 * 86400) }')" ]
}

@test "a clock that starts in 1970 forgives no debt" {
	replay swap-balance-7.3.4
	written vda 5000
	[ "$(budget_left)" = 104857600 ]
	echo "2000.00 0.00" >"$ROOT1/proc/uptime" # the budget is older than that clock
	written vda 1005000
	[ "$(budget_left)" = 0 ]
	boots 11111111
	echo "10.00 0.00" >"$ROOT1/proc/uptime"
	sed -i 's/^btime .*/btime 100/' "$ROOT1/proc/stat"
	written vda 0
	[ "$(budget_left)" = 0 ]
	[ "$(budget_left)" = 0 ]
}

@test "a dry run keeps no state and writes nothing" {
	replay swap-balance-7.3.4
	before=$(find "$ROOT1" -type f -exec cksum {} +)
	runx 0 balance -n -b 1M --apply --dwell 0s /w.slice/idle
	runx 0 balance -n -b 1M --plan --dwell 0s --probe 32M /w.slice/file
	[ ! -e "$STATE" ]
	[ ! -e "$STATE.lock" ]
	[ "$(find "$ROOT1" -type f -exec cksum {} +)" = "$before" ]
}

# probe_root: one cgroup of 40 MB that a probe suits; $RECLAIM is its file.
probe_root() {
	replay swap-balance-7.3.4
	rm -f "$STATE.probe"
	FILE=sys/fs/cgroup/w.slice/file
	RECLAIM=$ROOT1/$FILE/memory.reclaim
	edit $FILE/memory.stat 's/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'
	edit $FILE/memory.pressure 's/avg10=[0-9.]*/avg10=0.50/'
	: >"$RECLAIM"
}

# no_probe WHY [CGROUP]: none is made, and it is told why.
no_probe() {
	: >"$RECLAIM"
	runx 0 balance --plan --dwell 0s -H --probe 32M "${2-/w.slice/file}"
	[[ $stderr == *"no probe: $1"* ]]
	[ ! -s "$RECLAIM" ]
}

@test "a probe is 1 % of a cgroup, once a day" {
	probe_root
	runx 0 balance -n --plan --dwell 0s -H --probe 32M /w.slice/file
	[[ $stderr == *"a run without -n would make a probe of 417792 bytes"* ]]
	[ ! -s "$RECLAIM" ]
	runx 0 balance --plan --dwell 0s -q -H --probe 32M /w.slice/file
	[ "$(cat "$RECLAIM")" = "417792 swappiness=max" ]
	no_probe "it was probed within a day"
	# nor one that has it below, by another run
	edit sys/fs/cgroup/w.slice/memory.stat 's/^zswapped .*/zswapped 0/; s/^zswap .*/zswap 0/'
	edit sys/fs/cgroup/w.slice/memory.pressure 's/avg10=[0-9.]*/avg10=0.50/'
	runx 0 balance --plan --dwell 0s -H --probe 32M /w.slice
	[[ $stderr == *"'/w.slice': no probe: a cgroup above or below it was probed within a day"* ]]
	[ ! -e "$ROOT1/sys/fs/cgroup/w.slice/memory.reclaim" ]
	edit $FILE/inode 's/.*/4711/' # made anew
	runx 0 balance --plan --dwell 0s -q -H --probe 32M -r /w.slice
	[ "$(cat "$RECLAIM")" = "417792 swappiness=max" ]
	[ ! -e "$ROOT1/sys/fs/cgroup/w.slice/memory.reclaim" ]
	probe_root # and a jump of the wall clock makes no day
	edit proc/stat "s/^btime .*/btime 1700100000/"
	runx 0 balance --plan --dwell 0s -q -H --probe 32M /w.slice/file
	for btime in 1700096333 1700200000; do
		edit proc/stat "s/^btime .*/btime $btime/"
		no_probe "it was probed within a day"
	done
	# nor does a state of the version that kept the wall clock
	reseal probe 2 's/^\([0-9]*\) [0-9]* \([^ ]* [^ ]*\) .* /\1 1700100000000 \2 /'
	no_probe "it was probed within a day"
	probe_root
	edit $FILE/memory.current 's/.*/4294967296/'
	runx 0 balance --plan --dwell 0s -q -H --probe 32M /w.slice/file
	[ "$(cat "$RECLAIM")" = "4194304 swappiness=max" ]
	rm "$RECLAIM" "$STATE.probe"
	runx 3 balance --plan --dwell 0s -q -H --probe 32M /w.slice/file
	one_line "cannot probe '/w.slice/file'"
	# one whose time cannot be kept would be made again with each run
	: >"$RECLAIM"
	runx 2 env FAULT=state.probe.:write:ENOSPC LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" -i 6s --plan --dwell 0s -q -H --probe 32M /w.slice/file
	one_line "cannot keep the times of probes in '$STATE.probe'"
	[ ! -s "$RECLAIM" ]
	# what was refused took nothing: it is no probe of the day
	: >"$RECLAIM"
	runx 0 balance --plan --dwell 0s -q -H --probe 32M /w.slice/file
	[ -s "$RECLAIM" ]
}

@test "a probe without swappiness=max is 200 for lru_gen, and none for the classic LRU" {
	refused() { # refused WRITES: tried on a kernel before 6.16, by their swappiness
		runx 0 env FAULT=memory.reclaim:write:EINVAL LD_PRELOAD="$TMO_BUILD/faultio.so" \
			swap-balance -S "$STATE" -i 6s --plan --dwell 0s -H -v --probe 32M /w.slice/file
		[[ $stderr == *"no probe: this kernel would take page cache as well"* ]]
		[ "$(grep -o 'swappiness=[a-z0-9]*' <<<"$stderr" | paste -sd ' ')" = "$1" ]
		refute grep -q nan "$STATE.probe"
	}
	probe_root
	refused "swappiness=max swappiness=200"
	edit sys/kernel/mm/lru_gen/enabled 's/.*/0x0000/'
	refused swappiness=max
}

@test "what a probe told is known to the next run" {
	probe_root
	runx 0 balance --plan --dwell 0s -q -H --probe 32M /w.slice/file
	same ""
	cp "$STATE.probe" "$BATS_TEST_TMPDIR/probe"
	: >"$RECLAIM"
	for version in "4 s/ nan nan / 1.000 100.000 /" "3 s/ nan nan .* / 1.000 100.000 /"; do
		cp "$BATS_TEST_TMPDIR/probe" "$STATE.probe"
		reseal probe "${version%% *}" "${version#* }"
		runx 0 balance --plan --dwell 0s -q -H /w.slice/file
		same "$(printf '%s\t' /w.slice/file memory.zswap.max max 0 planned)incompressible"
	done
	[ ! -s "$RECLAIM" ]
}

@test "a probe is not made where tmo-reclaim would take nothing either" {
	probe_root
	edit $FILE/memory.current 's/.*/8400000/'
	no_probe "1 % of it is less than the kernel takes at once"
	probe_root
	edit $FILE/memory.pressure 's/avg10=[0-9.]*/avg10=1.01/'
	no_probe "memory pressure is over the limit"
	rm "$ROOT1/$FILE/memory.pressure"
	no_probe "memory pressure is over the limit, or unknown"
	probe_root
	echo 41900000 >"$ROOT1/$FILE/memory.low"
	no_probe "it is protected"
	probe_root
	echo max >"$ROOT1/sys/fs/cgroup/w.slice/memory.low"
	no_probe "it is protected"
	probe_root
	mkdir "$ROOT1/$FILE/below"
	cp "$ROOT1/$FILE/memory.current" "$ROOT1/$FILE/below/"
	echo max >"$ROOT1/$FILE/below/memory.min"
	no_probe "it is protected"
	probe_root
	edit proc/meminfo 's/^SwapFree.*/SwapFree: 80000 kB/'
	no_probe "swap is full"
	probe_root
	edit $FILE/memory.stat 's/^anon .*/&\nanon_thp 2097152/'
	no_probe "the kernel would take whole huge pages"
	for cg in w.slice/file w.slice; do
		probe_root
		edit sys/fs/cgroup/$cg/memory.zswap.max 's/.*/0/'
		no_probe "zswap takes no pages of it"
	done
	probe_root
	edit $FILE/memory.stat 's/^zswapped .*/zswapped 20971520/'
	no_probe "its compression is known"
	probe_root
	edit proc/meminfo '4aZswap: 990000 kB'
	no_probe "zswap is full"
}

# A page that zswap refuses goes to the drive, and all probes share its budget.
@test "the probes of a run keep within the write budget together" {
	local twin=sys/fs/cgroup/w.slice/twin
	probe_root
	edit $FILE/memory.current 's/.*/167772160/'
	cp -a "$ROOT1/$FILE" "$ROOT1/$twin"
	cp -a "${ROOT1%1}2/$FILE" "${ROOT1%1}2/$twin"
	edit $twin/inode 's/.*/4712/'
	# a new bucket has a quarter of SIZE: 2.5 MiB, of which a probe takes 1.6
	runx 0 balance --plan --dwell 0s -H -b 10M/1h --probe 32M /w.slice/file /w.slice/twin
	[ "$(cat "$RECLAIM" "$ROOT1/$twin/memory.reclaim")" = "1675264 swappiness=max" ]
	[[ $stderr == *"'/w.slice/twin': no probe: the write budget has too little left"* ]]
}

@test "a plan names each write with its old and new value and the reason" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/idle/memory.zswap.writeback 's/.*/0/'
	edit sys/fs/cgroup/w.slice/idle/memory.zswap.max 's/.*/0/'
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	runx 0 balance --plan --dwell 0s -q /w.slice/idle /w.slice/file
	same "$(printf '%s\t' '#cgroup' file old new state)why
$(printf '%s\t' /w.slice/file memory.zswap.max max 0 planned)incompressible"
}

@test "a plan leaves a cgroup to those below it that are planned for" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	edit proc/meminfo '4aZswap: 100 kB'
	runx 0 balance --plan --dwell 0s -q -H -r /w.slice
	same "$(printf '%s\t' /w.slice/anon memory.zswap.writeback 1 0 planned)sensitive
$(printf '%s\t' /w.slice/file memory.zswap.max max 0 planned)incompressible"
	edit sys/fs/cgroup/w.slice/memory.stat 's/^zswapped .*/zswapped 40000000/; s/^zswap .*/zswap 39900000/'
	runx 0 balance --plan --dwell 0s --pressure-limit 5% -q -H /w.slice
	[ "$(cut -f1 <<<"$output" | uniq)" = /w.slice ]
}

@test "a plan shuts writeback for what passes, but never swap" {
	replay swap-balance-7.3.4
	awk '{ $7 += 300000; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	edit sys/fs/cgroup/w.slice/anon/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	runx 0 balance -H -o cgroup,backend,backend_reason -b 80M/20s /w.slice/file /w.slice/anon
	same $'/w.slice/anon\tnone\tsensitive\n/w.slice/file\tnone\tbudget'
	rm "$STATE"
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s -r /w.slice
	same "" # the pool may be full: with no writeback there were no swap then
	edit proc/meminfo '4aZswap: 100 kB'
	rm -f "$STATE"
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s -r /w.slice
	same "$(printf '%s\t' /w.slice/idle memory.zswap.writeback 1 0 planned)budget"
	edit sys/fs/cgroup/w.slice/idle/memory.stat 's/^zswap_incomp .*/zswap_incomp 4000000/'
	rm -f "$STATE"
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s -r /w.slice
	same ""
}

@test "a plan never shuts swap, and never both ways out of it" {
	replay swap-balance-7.3.4 # a rotational disk, and pages that do not compress
	edit sys/class/block/vda/queue/rotational 's/.*/1/'
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	runx 0 balance -H -o backend,backend_reason /w.slice/file
	same $'none\trotational'
	runx 0 balance --plan --dwell 0s -q -H /w.slice/file
	same ""
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	for writeback in 0 garbage; do
		edit sys/fs/cgroup/w.slice/memory.zswap.writeback "s/.*/$writeback/"
		runx 0 balance --plan --dwell 0s -q -H /w.slice/file
		same ""
	done
}

# later SECONDS: both samples are so much younger.
later() {
	local root
	for root in "$ROOT1" "${ROOT1%1}2"; do
		awk -v s="$1" '{ print $1 + s, $2 }' "$root/proc/uptime" >"$root/uptime"
		mv "$root/uptime" "$root/proc/uptime"
	done
}

@test "apply waits until the choice has stood for a minute, over runs" {
	replay swap-balance-7.3.4
	local compresses='s/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 4000000/'
	local not='s/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	edit sys/fs/cgroup/w.slice/file/memory.stat "$not"
	held=$(printf '%s\t' /w.slice/file memory.zswap.max max 0 held)incompressible
	runx 0 balance --plan -q -H /w.slice/file
	same "$held"
	[ ! -e "$STATE.evidence" ]
	for wait in 0 30; do # windows of 20 s: 20 s, 50 s
		later "$wait"
		runx 0 balance --apply -q -H /w.slice/file
		same "$held"
	done
	[ "$(stat -c %a "$STATE.evidence")" = 600 ]
	edit sys/fs/cgroup/w.slice/file/memory.stat "$compresses"
	later 20
	runx 0 balance --apply -q -H /w.slice/file
	same ""
	edit sys/fs/cgroup/w.slice/file/memory.stat "$not"
	later 20 # it begins anew
	runx 0 balance --apply -q -H /w.slice/file
	same "$held"
	later 90000 # more than a day
	runx 0 balance --apply -q -H /w.slice/file
	same "$held"
	later 50
	runx 0 balance --apply -q -H /w.slice/file
	same "$(printf '%s\t' /w.slice/file memory.zswap.max max 0 "done")incompressible"
}

@test "writeback that was shut is opened after an hour without a cause, or for need" {
	replay swap-balance-7.3.4
	awk '{ $7 += 300000; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
	edit proc/meminfo '4aZswap: 100 kB'
	file=memory.zswap.writeback
	runx 0 balance --apply --dwell 10s -q -H -b 80M/20s /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle "$file" 1 0 "done")budget"
	edit "sys/fs/cgroup/w.slice/idle/$file" '1s/.*/0/; 2d'
	for wait in 100 1000 2400; do
		later "$wait"
		runx 0 balance --apply -q -H /w.slice/idle
		same "$(printf '%s\t' /w.slice/idle "$file" 0 1 held)compressible"
	done
	cp "$STATE.undo" "$BATS_TEST_TMPDIR/undo"
	later 1200
	runx 0 balance --apply -q -H /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle "$file" 0 1 "done")compressible"
	edit "sys/fs/cgroup/w.slice/idle/$file" '1s/.*/0/; 2d'
	cp "$BATS_TEST_TMPDIR/undo" "$STATE.undo"
	rm "$STATE.evidence"
	edit proc/meminfo 's/^Zswap: .*/Zswap: 990000 kB/'
	runx 0 balance --apply -q -H /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle "$file" 0 1 "done")compressible"
}

# undoes LINE...: an undo record of this boot.
undoes() {
	local data
	data="boot $(cat "$ROOT1/proc/sys/kernel/random/boot_id")"$'\n'$(printf '%s\n' "$@")$'\n'
	printf 'tmo-tools swap-balance-undo 2 %d %s\n%s' "${#data}" \
		"$(printf %s "$data" | gzip -c | tail -c 8 | head -c 4 | od -An -tx4 | tr -d ' ')" "$data" >"$STATE.undo"
}

@test "a cgroup below is not left without any swap" {
	local zswap=sys/fs/cgroup/w.slice/file/memory.zswap.max nowb=sys/fs/cgroup/w.slice/file/memory.zswap.writeback
	replay swap-balance-7.3.4
	edit proc/meminfo '4aZswap: 9000 kB'
	runx 0 balance --plan --dwell 10s -q -H /w.slice
	same "$(printf '%s\t' /w.slice memory.zswap.writeback 1 0 planned)sensitive"
	edit $zswap 's/.*/0/'
	runx 0 balance --plan --dwell 10s -q -H /w.slice
	same ""
	edit $zswap 's/.*/1000000/'
	for root in "$ROOT1" "${ROOT1%1}2"; do echo 990000 >"$root/${zswap%max}current"; done
	runx 0 balance --plan --dwell 10s -q -H /w.slice
	same ""
	edit $zswap 's/.*/garbage/'
	runx 0 balance --plan --dwell 10s -q -H /w.slice
	same ""
	# a pool that may refuse pages, as it may have been full
	edit $zswap 's/.*/max/'
	for root in "$ROOT1" "${ROOT1%1}2"; do
		echo 50 >"$root/sys/module/zswap/parameters/accept_threshold_percent"
	done
	edit proc/meminfo 's/^Zswap: .*/Zswap: 120000 kB/'
	runx 0 balance --plan --dwell 10s -q -H /w.slice
	same ""
	# nor by what shuts zswap
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/memory.stat 's/^zswapped .*/zswapped 90000000/; s/^zswap .*/zswap 89000000/'
	runx 0 balance --plan --dwell 10s --pressure-limit 101% -q -H /w.slice
	same "$(printf '%s\t' /w.slice memory.zswap.max max 0 planned)incompressible"
	edit $nowb 's/.*/0/'
	runx 0 balance --plan --dwell 10s --pressure-limit 101% -q -H /w.slice
	same ""
}

@test "a writeback that was shut is opened where it does harm, whatever else is known" {
	local nowb=memory.zswap.writeback
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/$nowb 's/.*/0/'
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswap .*/zswap 0/; s/^zswapped .*/zswapped 0/'
	edit proc/meminfo '4aZswap: 9000 kB'
	undoes "done $(cat "$ROOT1/sys/fs/cgroup/w.slice/file/inode") 1 1 0 /w.slice/file"
	runx 0 balance --plan -H /w.slice/file
	same "" # there is room
	one_line "'/w.slice/file': nothing to set: learning"
	edit proc/meminfo 's/^Zswap: .*/Zswap: 990000 kB/'
	runx 0 balance --plan -q -H /w.slice/file
	same "$(printf '%s\t' /w.slice/file $nowb 0 1 planned)learning"
	# nothing is known of one that cannot be read
	edit proc/meminfo 's/^Zswap: .*/Zswap: 9000 kB/'
	rm "$ROOT1/sys/fs/cgroup/w.slice/file/memory.stat" "${ROOT1%1}2/sys/fs/cgroup/w.slice/file/memory.stat"
	runx 3 balance --plan -q -H /w.slice/file
	same ""
	# zswap that was shut, where writeback is shut as well by now
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.zswap.max 's/.*/0/'
	edit sys/fs/cgroup/w.slice/file/$nowb 's/.*/0/'
	undoes "done $(cat "$ROOT1/sys/fs/cgroup/w.slice/file/inode") 0 max 0 /w.slice/file"
	runx 0 balance --plan -q -H /w.slice/file
	same "$(printf '%s\t' /w.slice/file memory.zswap.max 0 max planned)no_swap"
}

@test "writeback is not shut where huge pages pass zswap by, and opened where some have come" {
	local idle=sys/fs/cgroup/w.slice/idle nowb=memory.zswap.writeback
	spent() {
		replay swap-balance-7.3.4
		awk '{ $7 += 300000; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
		edit proc/meminfo '4aZswap: 100 kB'
		edit $idle/memory.stat "s/^anon .*/&\nanon_thp $1/"
		rm -f "$STATE"
	}
	spent 1048576 # a tenth
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle $nowb 1 0 planned)budget"
	spent 1048576
	pass_zswap
	runx 0 balance --plan --dwell 0s -q -H -b 80M/20s /w.slice/idle
	same ""
	edit $idle/$nowb 's/.*/0/'
	undoes "done $(cat "$ROOT1/$idle/inode") 1 1 0 /w.slice/idle"
	runx 0 balance --plan -q -H /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle $nowb 0 1 planned)compressible"
	spent 0
	pass_zswap
	edit $idle/$nowb 's/.*/0/'
	runx 0 balance --plan -q -H /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle $nowb 0 1 held)compressible"
}

# A record of a version that wrote memory.swap.max, and of a run without -r.
@test "what does harm is put back of any setting, and of a cgroup above those that are handled" {
	local file max=memory.swap.max nowb=memory.zswap.writeback
	replay swap-balance-7.3.4
	file=sys/fs/cgroup/w.slice/file/$max
	edit $file 's/.*/0/'
	undoes "done $(cat "$ROOT1/sys/fs/cgroup/w.slice/file/inode") 2 max 0 /w.slice/file"
	runx 0 balance --plan -q -H /w.slice/file
	same "$(printf '%s\t' /w.slice/file $max 0 max planned)swap_full"
	edit $file 's/.*/4096/' # an operator's
	runx 0 balance --plan -q -H /w.slice/file
	same ""
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/$nowb 's/.*/0/'
	edit proc/meminfo '4aZswap: 100 kB'
	undoes "done $(cat "$ROOT1/sys/fs/cgroup/w.slice/inode") 1 1 0 /w.slice"
	runx 0 balance --plan --dwell 0s -H /w.slice /w.slice/idle
	same "" # there is room
	[[ $stderr == *"'/w.slice': left alone, because the cgroups below it are handled"* ]]
	edit proc/meminfo 's/^Zswap: .*/Zswap: 990000 kB/'
	runx 0 balance --plan --dwell 0s -q -H /w.slice /w.slice/idle
	same "$(printf '%s\t' /w.slice $nowb 0 1 planned)sensitive"
}

@test "swap that is shut on both sides is none" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.zswap.max 's/.*/0/'
	runx 0 balance -H -o swappiness,backend,balance_reason,backend_reason /w.slice/file
	same $'197\tdisk\tfile_refaults\tonly'
	edit sys/fs/cgroup/w.slice/file/memory.zswap.writeback 's/.*/0/'
	runx 0 balance -H -o swappiness,backend,balance_reason,backend_reason /w.slice/file
	same $'0\tnone\tno_swap\tno_swap'
}

@test "a stall that cannot be, or is not known, is - and no harm" {
	local file=sys/fs/cgroup/w.slice/anon/memory.pressure
	replay swap-balance-7.3.4
	columns=swappiness,backend,balance_reason,stall_us,swapin_pressure_pct
	runx 0 balance -H -o $columns /w.slice/anon
	[[ $output == $'0\tzswap-nowb\tpressure\t'*$'\t11.237' ]]
	second $file 's/total=[0-9]*/total=99999999999999/'
	runx 0 balance -H -o $columns /w.slice/anon
	[[ $output == [1-9]*$'\tzswap\tswapins\t-\t-' && -z $stderr ]]
	rm "$ROOT1/$file" "${ROOT1%1}2/$file"
	runx 0 balance -H -o $columns /w.slice/anon
	[[ $output == [1-9]*$'\tzswap\tswapins\t-\t-' ]]
	one_line "'/w.slice/anon': its memory pressure cannot be read, so no swap-ins count as harm: "
}

@test "a limit on swap that cannot be read is not taken for none" {
	local file=sys/fs/cgroup/w.slice/memory.swap.max
	replay swap-balance-7.3.4
	edit $file 's/.*/garbage/'
	runx 0 balance -H -o swappiness,swap_left_bytes,balance_reason /w.slice/file
	same $'0\t-\tswap_unknown'
	rm "$ROOT1/$file" "${ROOT1%1}2/$file" # that is none
	runx 0 balance -H -o swap_left_bytes,balance_reason /w.slice/file
	same $'479023104\tfile_refaults'
}

@test "a cgroup's own memory.swap.max=0 is no backend, and a guard is told until its 0 ends" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.swap.max 's/.*/0/'
	runx 0 balance -H -o swappiness,backend,balance_reason,backend_reason /w.slice/file
	same $'0\tnone\tswap_full\tswap_full'
	cp -a "${ROOT1%1}2" "${ROOT1%1}3"
	awk '{ print $1 + 6, $2 }' "${ROOT1%1}2/proc/uptime" >"${ROOT1%1}3/proc/uptime"
	TMO_ROOT+=:${ROOT1%1}3
	runx 0 balance -H -c 2 -o swappiness,balance_reason /w.slice/anon
	same $'0\tpressure\n0\tpressure'
}

@test "a cost ends with its device, and a swap partition's reads are not its disk's" {
	local i reads='254 0 vda %d 0 %d %d 0 0 0 0 0 0 0\n254 16 vdb %d 0 %d %d 0 0 0 0 0 0 0\n'
	replay swap-balance-7.3.4
	edit sys/module/zswap/parameters/enabled 's/.*/N/'
	for i in 3 4; do
		cp -a "${ROOT1%1}2" "${ROOT1%1}$i"
		awk -v s=$((6 * (i - 2))) '{ print $1 + s, $2 }' "${ROOT1%1}2/proc/uptime" >"${ROOT1%1}$i/proc/uptime"
		sed -i 's,/dev/vda ,/dev/zram0 ,' "${ROOT1%1}$i/proc/swaps"
		TMO_ROOT+=:${ROOT1%1}$i
	done
	for i in 1 2 3 4; do
		# shellcheck disable=SC2059 # the lines
		printf "$reads" $((1000 * i)) $((8000 * i)) $((8000 * i)) $((1000 * i)) $((8000 * i)) $((100 * i)) \
			>"${ROOT1%1}$i/proc/diskstats"
	done
	runx 0 balance -H -c 3 -o backend,swapin_cost_us,swapin_cost_source /w.slice/idle
	same $'disk\t8000.000\tdevice\nzram\t10.000\tdefault\nzram\t10.000\tdefault'
	replay swap-balance-7.3.4
	edit proc/swaps 's,/dev/vda ,/dev/vda2 ,'
	for i in 1 2; do
		mkdir -p "${ROOT1%1}$i/sys/class/block/vda2"
		echo 2 >"${ROOT1%1}$i/sys/class/block/vda2/partition"
		printf '254 0 vda %d 0 %d %d 0 0 0 0 0 0 0\n254 2 vda2 %d 0 %d %d 0 0 0 0 0 0 0\n' \
			$((1000 * i)) $((8000 * i)) $((8000 * i)) $((1000 * i)) $((8000 * i)) $((8000 * i)) \
			>"${ROOT1%1}$i/proc/diskstats"
	done
	runx 0 balance -H -o file_cost_us,file_cost_source /w.slice/idle
	same $'100.000\tdefault'
}

@test "an operator's writeback=0 stays his, set before us or after he took ours back" {
	replay swap-balance-7.3.4
	local file=sys/fs/cgroup/w.slice/idle/memory.zswap.writeback
	edit $file 's/.*/0/'
	for wait in 0 100 4000; do
		later "$wait"
		runx 0 balance --apply -q -H /w.slice/idle
		same ""
	done
	[ ! -e "$STATE.undo" ]
	edit $file 's/.*/1/'
	awk '{ $7 += 300000; print }' "$ROOT1/sys/class/block/vda/stat" >"${ROOT1%1}2/sys/class/block/vda/stat"
	edit proc/meminfo '4aZswap: 100 kB'
	runx 0 balance --apply --dwell 0s -q -H -b 80M/20s /w.slice/idle
	edit $file '1s/.*/1/; 2d' # his, and that is seen
	runx 3 balance --apply --dwell 0s -q -H -b 80M/20s /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle memory.zswap.writeback 1 0 refused)changed_by_other"
	edit $file 's/.*/0/' # his, too
	runx 3 balance --apply --dwell 0s -q -H /w.slice/idle
	same "$(printf '%s\t' /w.slice/idle memory.zswap.writeback 0 1 refused)changed_by_other"
	one_line "'memory.zswap.writeback' of '/w.slice/idle' was changed by another process"
	runx 3 swap-balance -S "$STATE" --undo -q -H
	[ "$(cat "$ROOT1/$file")" = 0 ]
	[ "$(cat "${ROOT1%1}2/$file")" = 0 ]
}

@test "a plan leaves alone what an operator has set" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	edit sys/fs/cgroup/w.slice/file/memory.zswap.max 's/.*/1073741824/'
	edit sys/fs/cgroup/w.slice/idle/memory.zswap.writeback 's/.*/0/'
	runx 0 balance --plan --dwell 0s -q -H /w.slice/file /w.slice/idle
	same ""
}

@test "the undo record is void after a reboot" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	runx 0 balance --apply --dwell 0s -q -H /w.slice/file
	same "$(printf '%s\t' /w.slice/file memory.zswap.max max 0 "done")incompressible"
	file=${ROOT1%1}2/sys/fs/cgroup/w.slice/file/memory.zswap.max
	[ "$(cat "$file")" = $'max\n0' ]
	export TMO_ROOT=${ROOT1%1}2
	echo 0 >"$file"
	cp "$STATE.undo" "$STATE.kept"
	echo 11111111-2222-3333-4444-555555555555 >"$TMO_ROOT/proc/sys/kernel/random/boot_id"
	runx 0 swap-balance -S "$STATE" --undo -q -H
	same ""
	[ "$(cat "$file")" = 0 ]
	cp "$STATE.kept" "$STATE.undo"
	cp "$ROOT1/proc/sys/kernel/random/boot_id" "$TMO_ROOT/proc/sys/kernel/random/boot_id"
	runx 0 swap-balance -S "$STATE" --undo -q -H
	[ "$(cat "$file")" = $'0\nmax' ]
}

# applied CGROUP: zswap is shut for it by --apply, in what is now the root.
applied() {
	edit "sys/fs/cgroup$1/memory.stat" 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	runx 0 balance --apply --dwell 0s -q -H "$1"
	same "$(printf '%s\t' "$1" memory.zswap.max max 0 "done")incompressible"
	export TMO_ROOT=${ROOT1%1}2
	FILE=$TMO_ROOT/sys/fs/cgroup$1/memory.zswap.max
	echo 0 >"$FILE"
}

@test "undo takes globs as apply does, and says which cgroup it knows nothing of" {
	replay swap-balance-7.3.4
	applied /w.slice/file
	runx 1 swap-balance -S "$STATE" --undo -q -H /w.slice/idle
	one_line "the undo record has nothing for '/w.slice/idle'"
	runx 1 swap-balance -S "$STATE" --undo -q -H '/w.slice/[!f]*'
	one_line "the undo record has nothing for '/w.slice/[!f]*'"
	[ "$(cat "$FILE")" = 0 ]
	runx 0 swap-balance -S "$STATE" --undo -n -q -H '/*'
	runx 0 swap-balance -S "$STATE" --undo -q -H '/w.slice/f*'
	[ "$(cat "$FILE")" = $'0\nmax' ]
	runx 0 swap-balance -S "$STATE" --undo -q -H
	same ""
	[ -z "$stderr" ]
}

# apply_again FILE: what that does where memory.zswap.max holds those bytes.
apply_again() {
	printf '%s\n' "$1" >"$ROOT1/sys/fs/cgroup/w.slice/file/memory.zswap.max"
	printf '%s\n' "$1" >"$FILE"
	export TMO_ROOT=$ROOT1:${ROOT1%1}2
	run --separate-stderr balance --apply --dwell 0s -q -H /w.slice/file
}

@test "apply leaves alone a value that was put back by hand" {
	replay swap-balance-7.3.4
	applied /w.slice/file
	for value in max 5242880; do
		apply_again "$value"
		[ "$status" -eq 3 ]
		same "$(printf '%s\t' /w.slice/file memory.zswap.max "$value" 0 refused)changed_by_other"
		one_line "memory.zswap.max' of '/w.slice/file' is $value, not 0 as it was written: left alone"
		[ "$(cat "$FILE")" = "$value" ]
	done
	apply_again 0
	[ "$status" -eq 0 ]
	same ""
}

# A record of "set" is what a kill leaves before its file is written, or after.
@test "a write that was cut by a kill is known to the next apply and undo" {
	replay swap-balance-7.3.4
	applied /w.slice/file
	grep -q '^done ' "$STATE.undo"
	for version in 1 2; do
		reseal undo "$version" 's/^done /set /'
		apply_again max
		[ "$status" -eq 0 ]
		same "$(printf '%s\t' /w.slice/file memory.zswap.max max 0 "done")incompressible"
	done
	reseal undo 1 's/^done /set /'
	apply_again 0
	[ "$status" -eq 0 ]
	same ""
	grep -q '^done ' "$STATE.undo"
	reseal undo 1 's/^done /set /'
	export TMO_ROOT=${ROOT1%1}2
	runx 0 swap-balance -S "$STATE" --undo -q -H
	same "$(printf '%s\t' /w.slice/file memory.zswap.max 0 max "done")undo"
	[ ! -e "$STATE.undo" ]
}

@test "what cannot be written is not in the undo record" {
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	runx 3 env FAULT=file/memory.zswap.max:write:EROFS LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" --apply --dwell 0s -q -H /w.slice/file
	same "$(printf '%s\t' /w.slice/file memory.zswap.max max 0 failed)incompressible"
	[ ! -e "$STATE.undo" ]
	applied /w.slice/file
	runx 3 env FAULT=file/memory.zswap.max:write:EROFS LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" --undo -q -H
	runx 0 swap-balance -S "$STATE" --undo -q -H
	[ "$(cat "$FILE")" = $'0\nmax' ]
}

@test "undo forgets a cgroup that is gone, not one that it cannot read" {
	replay swap-balance-7.3.4
	applied /w.slice/file
	for fault in EMFILE EACCES; do
		runx 3 env FAULT=memory.zswap.max:open:$fault LD_PRELOAD="$TMO_BUILD/faultio.so" \
			swap-balance -S "$STATE" --undo -q -H
		one_line "cannot read 'memory.zswap.max' of '/w.slice/file': it stays in the record"
		[ -e "$STATE.undo" ]
	done
	rm -r "${FILE%/*}"
	runx 0 swap-balance -S "$STATE" --undo -q -H
	same ""
	[ ! -e "$STATE.undo" ]
}

@test "apply drops from the undo record what is gone" {
	replay swap-balance-7.3.4
	applied /w.slice/file
	export TMO_ROOT=$ROOT1:${ROOT1%1}2
	runx 0 balance --apply --dwell 0s -q -H /w.slice/idle
	grep -q /w.slice/file "$STATE.undo"
	rm -r "${FILE%/*}"
	runx 0 balance --plan --dwell 0s -q -H /w.slice/idle
	grep -q /w.slice/file "$STATE.undo"
	runx 0 balance --apply --dwell 0s -q -H /w.slice/idle
	[ ! -e "$STATE.undo" ]
}

@test "a signal ends the reading of keys, and nothing is done" {
	replay swap-balance-7.3.4
	applied /w.slice/file
	mkfifo "$BATS_TEST_TMPDIR/keys"
	swap-balance -S "$STATE" --undo - <"$BATS_TEST_TMPDIR/keys" >&2 3>&- &
	pid=$!
	exec 7>"$BATS_TEST_TMPDIR/keys"
	echo /w.slice/file >&7
	sleep 0.3
	kill "$pid"
	timeout 10 tail --pid="$pid" -f /dev/null
	exec 7>&-
	status=0
	wait "$pid" || status=$?
	[ "$status" -eq 143 ]
	[ "$(cat "$FILE")" = 0 ]
	grep -q /w.slice/file "$STATE.undo"
}

@test "a name with a TAB or a newline makes no cells and no lines, and it is told" {
	local root
	replay swap-balance-7.3.4
	for root in "$ROOT1" "${ROOT1%1}2"; do
		cp -a "$root/sys/fs/cgroup/w.slice/idle" "$root/sys/fs/cgroup/w.slice/a"$'\t'b
	done
	mkdir "$ROOT1/sys/fs/cgroup/w.slice/"$'x\n#forged'
	runx 0 balance -H -r /w.slice
	[ "$(cut -f1 <<<"$output" | paste -sd ' ')" = "/w.slice /w.slice/anon /w.slice/file /w.slice/idle" ]
	one_line "a cgroup with a TAB in its name is skipped"
}

@test "plan and apply want their cgroups named" {
	replay swap-balance-7.3.4
	runx 2 balance --plan --dwell 0s
	one_line "no cgroup given"
	runx 2 balance --apply --dwell 0s </dev/null
	runx 2 balance --apply --dwell 0s --undo /w.slice
	one_line "exclude each other"
}

@test "what a filter would leave out of account is refused" {
	replay swap-balance-7.3.4
	for opt in "-i 6s" "-c 3" -r "--probe 1M"; do
		# shellcheck disable=SC2086 # an option and its value
		runx 2 swap-balance $opt < <(echo /w.slice/idle)
		one_line "${opt%% *}: not allowed in a filter"
	done
	# and of the modes that show no rows of cgroups
	while IFS='|' read -r opt says; do
		# shellcheck disable=SC2086 # options and their values
		runx 2 swap-balance -S "$STATE" $opt
		one_line "$says"
	done <<-'END'
		--maintain -r /w.slice|-r: not with --maintain
		--budget-status /w.slice|--budget-status takes no cgroup
		--maintain --probe 1M|--probe: not with --maintain
		--maintain -i 1h|-i: not with --maintain
		--budget-status -o drive|-o: not with --budget-status
		--undo -r|-r: not with --undo
		--undo --probe 1M /|--probe: not with --undo
		--plan -c 3 /|-c: not with --plan
		--apply -o swappiness /|-o: not with --apply
		--undo -i 6s|-i: not with --undo
		--undo -b 1G|-b: not with --undo
		--undo --dwell 1m|--dwell: not with --undo
		--plan --price 3:1 /|--price: not with --plan
		--plan --writeback-after 1h /|--writeback-after: not with --plan
		--maintain --swap-limit 50%|--swap-limit: not with --maintain
		--maintain --smooth 1m|--smooth: not with --maintain
		--budget-status -b 1G|-b: not with --budget-status
		--budget-status --drive 1TBW/1y|--drive: not with --budget-status
		--account --swap-write-limit 1M /|--swap-write-limit: not with --account
		--forecast --price 3:1|--price: not with --forecast
		--recompress-after 1h /|--recompress-after: only with --maintain
	END
	runx 2 swap-balance -S '' /w.slice/idle
	one_line "-S: '' is no file"
	runx 2 balance --swap-limit 200% /w.slice/idle
	one_line "--swap-limit: '200%' is more than 100%"
	runx 2 balance -b 1G --endurance 600TBW/5y /w.slice/idle
	one_line "-b and --endurance: give only one budget"
}

@test "a metric of a row has the label of its cgroup, whatever the columns" {
	replay swap-balance-7.3.4
	runx 0 balance -f prometheus -o swappiness,balance_reason,lru /w.slice/idle /w.slice/file
	output=$(sed -n '/_swappiness{\|_info{/s/^tmo_swap_balance_//p' <<<"$output" | sort)
	same 'balance_reason_info{cgroup="/w.slice/file",balance_reason="file_refaults"} 1
balance_reason_info{cgroup="/w.slice/idle",balance_reason="quiet"} 1
lru_info{cgroup="/w.slice/file",lru="lru_gen"} 1
lru_info{cgroup="/w.slice/idle",lru="lru_gen"} 1
swappiness{cgroup="/w.slice/file"} 198
swappiness{cgroup="/w.slice/idle"} 60'
}

@test "what was saved does not change with the area that takes the next page" {
	local room
	for room in 102400 51200; do
		replay swap-balance-7.3.4
		edit proc/swaps "\$a /dev/zram0 partition $room 51200 100"
		edit sys/fs/cgroup/w.slice/idle/memory.swap.current 's/.*/104857600/'
		runx 0 balance -H -o saved_price /w.slice/idle
		echo "$output"
	done >"$BATS_TEST_TMPDIR/prices"
	[ "$(sort -u "$BATS_TEST_TMPDIR/prices" | wc -l)" -eq 1 ]
	[ "$(sed -n 1p "$BATS_TEST_TMPDIR/prices")" != - ]
}

@test "the old names of columns give the same for one release" {
	replay swap-balance-7.3.4
	runx 0 balance -H --drive 600TBW/5y -o cost_ratio,r,swapin_pressure_pct,sensitivity_pct,drive_life_years,drive_years /w.slice/anon
	awk -F'\t' 'NF != 6 || $1 != $2 || $3 != $4 || $5 != $6 || $1 == "-" || $3 == "-" { exit 1 }' <<<"$output"
}

@test "what runs on is locked in memory, and what looks once is not" {
	grep -q ' cgroup2 ' /proc/self/mounts || skip "no cgroup2 here"
	command -v setpriv prlimit >/dev/null || skip "no setpriv, or no prlimit"
	[ -z "${ASAN_OPTIONS-}" ] || skip "this build locks nothing: a sanitizer's"
	unset TMO_ROOT
	locked() { awk '/^VmLck/ { exit !($2 > 0) }' "/proc/$1/status"; }
	mkfifo "$BATS_TEST_TMPDIR/rows"
	swap-balance -S "$STATE" <"$BATS_TEST_TMPDIR/rows" >/dev/null 3>&- &
	exec 7>"$BATS_TEST_TMPDIR/rows"
	echo / >&7
	retry 5 locked "$!"
	exec 7>&-
	wait "$!"
	runx 0 prlimit --memlock=65536:65536 setpriv --bounding-set -ipc_lock \
		--inh-caps -ipc_lock swap-balance -S "$STATE" -v - < <(echo /)
	grep -q "memory is not locked: that needs CAP_IPC_LOCK" <<<"$stderr"
	# a filter alone begins where cgroup2 has no memory controller
	grep -qw memory "$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)/cgroup.controllers" || return 0
	swap-balance -S "$STATE" -i 60s / >/dev/null 3>&- &
	retry 5 locked "$!"
	kill "$!"
	# The root may lack its files here: whatever the status.
	run --separate-stderr prlimit --memlock=65536:65536 setpriv --bounding-set \
		-ipc_lock --inh-caps -ipc_lock swap-balance -S "$STATE" -v --plan /
	grep -q "nothing to set" <<<"$stderr"
	[[ $stderr != *"memory is not locked"* ]]
}

@test "a named cgroup that is missing is status 3, the others are shown" {
	replay swap-balance-7.3.4
	runx 3 balance -H -o cgroup /w.slice/idle /nowhere
	same /w.slice/idle
	[[ $stderr == *"no cgroup '/nowhere'"* ]]
}

@test "bad values name the option, the text and the reason" {
	replay swap-balance-7.3.4
	while read -r opt arg; do
		runx 2 balance "$opt" "$arg" /w.slice
		one_line "$opt: '$arg'"
		[ -z "$output" ]
	done <<-'END'
		-b 0
		-b 20
		-b 1M/0s
		-b 5x
		--drive 600TB/5y
		--endurance 600TB/5y
		--drive 600TBW
		--probe -1
		--min-ratio 0.5
		--price 3
		--swap-limit many
		--smooth 0s
		--swap-write-limit 1.5
		--writeback-after soon
	END
}

@test "upkeep without zram is status 1" {
	replay swap-balance-7.3.4
	runx 1 swap-balance -S "$STATE" --maintain
	one_line "no zram is used as swap"
}

# zram_root: the first sample, with zram as its swap.
zram_root() {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	ZRAM=$ROOT1/sys/block/zram0
	mkdir -p "$ZRAM"
	sed -i '2s/.*/\/dev\/zram0 partition 262140 131070 100/' "$ROOT1/proc/swaps"
	echo /dev/vdb >"$ZRAM/backing_dev"
	echo "0 0 0" >"$ZRAM/bd_stat"
	echo "0 0 0" >"$ZRAM/mm_stat"
	: >"$ZRAM/idle"
	: >"$ZRAM/writeback"
	limit "${1-0}" "${2-0}"
}

limit() {
	echo "$1" >"$ZRAM/writeback_limit"
	echo "$2" >"$ZRAM/writeback_limit_enable"
}

maintain() {
	swap-balance -S "$STATE" -q -H --maintain "$@"
}

@test "upkeep of several zrams spends the budget once" {
	zram_root
	cp -r "$ZRAM" "$ROOT1/sys/block/zram1"
	mkdir -p "$ROOT1/sys/class/block/vdb"
	echo "0 0 0 0 0 0 5000 0 0 0 0" >"$ROOT1/sys/class/block/vdb/stat"
	sed -i '2a/dev/zram1 partition 262140 131070 100' "$ROOT1/proc/swaps"
	runx 0 maintain -b 400M # a quarter of it is there
	left=$((100 << 20))
	one=$(sed 1d "$ZRAM/writeback_limit" | head -n 1)
	[ "$(cut -f1-3 <<<"${lines[0]}")" = $'zram0\twriteback\tdone' ]
	[ "$one" = $((left / 4096)) ]
	rm -rf "$STATE"*
	limit 0 0
	runx 0 maintain -n -b 400M
	[ "$(cut -f1-3,8 <<<"${lines[0]}")" = $'zram0\twriteback\tplanned\tidle' ]
	[ "$(cut -f1-3,8 <<<"${lines[2]}")" = $'zram1\twriteback\theld\tbudget' ]
	# nothing while it cannot be kept, or nobody knows what was written
	runx 3 env FAULT=state.lock:open:ENOSPC LD_PRELOAD="$TMO_BUILD/faultio.so" \
		swap-balance -S "$STATE" -q -H --maintain -b 400M
	[ "$(cut -f1-3,8 <<<"${lines[0]}")" = $'zram0\twriteback\theld\tbudget' ]
	rm "$ROOT1/sys/class/block/vdb/stat" "$STATE.zram"
	runx 3 maintain -b 400M
	[ "$(cut -f1-3,8 <<<"${lines[0]}")" = $'zram0\twriteback\theld\tbudget' ]
}

# process PID KEY ENTRY...: that one, whose page map has these entries, each
# TYPE:OFFSET in swap or "-".
process() {
	local dir=$ROOT1/proc/$1 v n=$(($# - 2))
	mkdir -p "$dir"
	echo "$1" >>"$ROOT1/sys/fs/cgroup$2/cgroup.procs"
	echo "0::$2" >"$dir/cgroup"
	printf 'Name:\tx\nVmSwap:\t%8d kB\n' 4 >"$dir/status"
	printf '1000-%x rw-p 00000000 00:00 0 \n' $((4096 * (n + 1))) >"$dir/maps"
	{
		shift 2
		for v in - "$@"; do
			v=$([ "$v" = - ] && echo 0 || echo $((1 << 62 | ${v#*:} << 5 | ${v%:*})))
			for n in 0 8 16 24 32 40 48 56; do
				# shellcheck disable=SC2059 # an escape made of it
				printf "\\x$(printf %02x $((v >> n & 255)))"
			done
		done
	} >"$dir/pagemap"
}

# slot INDEX SECONDS FLAGS: a line of block_state.
slot() {
	mkdir -p "$ROOT1/sys/kernel/debug/zram/zram0"
	printf '%12d %12d.000000 %s\n' "$@" >>"$ROOT1/sys/kernel/debug/zram/zram0/block_state"
}

# what was asked for; the log has no newline.
asked() { cat "$ZRAM/writeback"; }

@test "upkeep of a cgroup writes back the slots of its processes that are old enough, and no others" {
	local i
	zram_root
	for i in 5 6 7 9 11 12 13; do
		slot $i 10 ....
	done
	slot 8 20 ....  # touched 3 s ago: it is 23.74
	slot 10 10 .w.. # there already
	slot 14 10 ..h.
	process 101 /w.slice/idle 0:5 0:6 - 0:8 0:9 0:10 0:6 0:14
	process 102 /w.slice/file 0:7 0:11
	runx 0 maintain --writeback-after 10s /w.slice/idle
	[ "$(cut -f 1-4,8- <<<"$output")" = $'zram0\twriteback\tdone\t10000000\tidle\t/w.slice/idle\t16384' ]
	# what frees as much as it takes comes first
	[ "$(asked)" = "page_indexes=14-14page_indexes=5-6 page_indexes=9-9" ]
	# those below it, too; each slot once
	: >"$ZRAM/writeback"
	runx 0 maintain --writeback-after 10s /w.slice /w.slice/file
	[ "$(cut -f 9,10 <<<"$output")" = $'/w.slice\t24576\n/w.slice/file\t0' ]
	[ "$(asked)" = "page_indexes=14-14page_indexes=5-7 page_indexes=9-9 page_indexes=11-11" ]
	# a dry run counts
	: >"$ZRAM/writeback"
	runx 0 maintain -n --writeback-after 10s /w.slice/idle
	[ "$(cut -f 3,8,10 <<<"$output")" = $'planned\tidle\t16384' ]
	[ -z "$(asked)" ]
	# within the budget, and what it cost is not known to the log: all of it
	limit 2 1
	runx 0 maintain -n --writeback-after 10s /w.slice/idle
	[ "$(cut -f 3,8,10 <<<"$output")" = $'planned\twriteback_limit\t16384' ]
	runx 0 maintain --writeback-after 10s /w.slice/idle
	[ "$(cut -f 3,8,10 <<<"$output")" = $'done\twriteback_limit\t16384' ]
	[ "$(asked)" = "page_indexes=14-14page_indexes=5-5" ]
	runx 3 maintain /none
	[[ $stderr == *"no cgroup '/none'"* ]]
}

@test "upkeep of a cgroup names what it lacks, and then writes nothing" {
	zram_root
	slot 5 10 ....
	process 101 /w.slice/idle 0:5
	# a page map that is hidden has entries without a place
	process 102 /w.slice/file 0:0
	runx 3 maintain --writeback-after 10s /w.slice/file
	[ "$(cut -f 3,8 <<<"$output")" = $'missing\trun:CAP_SYS_ADMIN' ]
	[ -z "$(asked)" ]
	echo '/dev/vdc partition 262140 0 100' >>"$ROOT1/proc/swaps"
	runx 0 maintain /w.slice/idle
	[ "$(cut -f 3,8 <<<"$output")" = $'missing\tset:priority' ]
	sed -i '$d' "$ROOT1/proc/swaps"
	runx 0 swap-balance -S "$STATE" --check -H
	[[ $output == *$'maintain:zram0\tok\twriteback by cgroup'* ]]
	slot 6 0 .... # it is being filled
	runx 0 maintain /w.slice/idle
	slot 7 0 .... # a kernel whose times are wrong
	runx 3 maintain /w.slice/idle
	[ -z "$output" ]
	[[ $stderr == *"cannot read the block_state of 'zram0': No data available"* ]]
	[ -z "$(asked)" ]
	rm -r "$ROOT1/sys/kernel/debug/zram"
	runx 0 maintain /w.slice/idle
	[ "$(cut -f 3,8 <<<"$output")" = $'missing\tdebugfs:block_state' ]
	runx 0 swap-balance -S "$STATE" --check -H
	[[ $output == *$'maintain:zram0\tlimited\tno writeback by cgroup: debugfs:block_state\t'*CONFIG_ZRAM_MEMORY_TRACKING* ]]
	echo none >"$ZRAM/backing_dev"
	runx 0 maintain /w.slice/idle
	[ "$(cut -f 3,8 <<<"$output")" = $'missing\tset:backing_dev' ]
	runx 0 swap-balance -S "$STATE" --check -H
	[[ $output == *"echo /dev/DISK >/sys/block/zram0/backing_dev"* ]]
	[ -z "$(asked)" ]
}

@test "what was written is not told before 6.13, and zram is no write" {
	local stat=sys/fs/cgroup/w.slice/idle/memory.stat
	written_row() {
		run --separate-stderr balance -H --swap-write-limit 1M -o swap_write_bytes,swap_write_bytes_per_s /w.slice/idle
	}
	replay swap-balance-7.3.4
	second $stat 's/^pswpout .*/pswpout 25600/'
	written_row
	same $'104857600\t0'
	[ -z "$stderr" ]
	edit proc/swaps '2i/dev/zram0 partition 524284 0 100'
	second proc/swaps '2s/524284 0/524284 4000/'
	written_row
	same $'0\tmax'
	second proc/swaps '/vda/s/\t\([0-9]*\)\t\(-*[0-9]*\)$/\t262000\t\2/' # some of it has gone there
	written_row
	[ "$output" != $'0\tmax' ]
	replay swap-balance-7.3.4
	edit $stat '/^pswp/d'
	second sys/fs/cgroup/w.slice/idle/memory.swap.current 's/.*/251658240/'
	written_row
	same $'-\t0'
	one_line "swap writes are estimated, because memory.stat has no pswpout"
}

@test "before 6.13 what came back from zswap, or was all zero, came from no device" {
	local stat=sys/fs/cgroup/w.slice/idle/memory.stat
	replay swap-balance-7.3.4
	edit $stat '/^pswp/d'
	second $stat 's/^workingset_refault_anon .*/workingset_refault_anon 1000/; s/^zswpin .*/zswpin 100/'
	runx 0 balance -H -o device_in_pages /w.slice/idle
	same 900
	second $stat 's/^swpin_zero .*/swpin_zero 850/'
	runx 0 balance -H -o device_in_pages /w.slice/idle
	same 50
	edit $stat '/^swpin_zero/d; /^zswpin/d'
	runx 0 balance -H -o device_in_pages /w.slice/idle
	same 1000
}

@test "upkeep stays within the limit that the operator set on writeback" {
	zram_root 100 1
	runx 0 maintain
	[ "$(cut -f2,3 <<<"${lines[0]}")" = $'writeback\tdone' ]
	[ "$(cat "$ZRAM/writeback_limit")" = $'100\n100100' ] # ours, and none of it used
	[ "$(cat "$ZRAM/writeback_limit_enable")" = $'1\n1' ]
	rm "$STATE.zram"
	limit 0 1
	runx 0 maintain
	[ "$(cut -f2,3,8 <<<"${lines[0]}")" = $'writeback\theld\twriteback_limit' ]
	[ "$(cat "$ZRAM/writeback_limit")" = 0 ]
}

@test "what a killed run leaves beside a state file is gone after the next run" {
	local file
	replay swap-balance-7.3.4
	edit sys/fs/cgroup/w.slice/file/memory.stat 's/^zswapped .*/zswapped 20000000/; s/^zswap .*/zswap 19900000/'
	for file in state state.undo state.evidence; do
		FAULT=$file.tmo-tmp:write:hang LD_PRELOAD=$TMO_BUILD/faultio.so \
			swap-balance -S "$STATE" -b 80M/20s --apply --dwell 0s /w.slice/file >/dev/null 2>&1 3>&- &
		retry 10 test -e "$BATS_TEST_TMPDIR/$file.tmo-tmp"
		kill -9 $!
		wait $! || true
		[ -e "$BATS_TEST_TMPDIR/$file.tmo-tmp" ]
		runx 0 balance -b 80M/20s --apply --dwell 0s -q -H /w.slice/file
		[ "$(cd "$BATS_TEST_TMPDIR" && ls -d state*)" = $'state\nstate.evidence\nstate.evidence.lock\nstate.lock\nstate.undo\nstate.undo.lock' ]
		rm -f "$STATE"*
	done
}

# killed: ends a round by kill -9 while it writes back.
killed() {
	FAULT=zram0/writeback:write:hang:3 LD_PRELOAD=$TMO_BUILD/faultio.so \
		swap-balance -S "$STATE" --maintain >/dev/null 2>&1 3>&- &
	retry 10 test -s "$STATE.zram"
	sleep 0.3
	kill -9 $!
	wait $! || true
}

@test "the limit on writeback of a round that was killed is put back by the next" {
	zram_root 7 0
	killed
	ours=$(sed 1d "$ZRAM/writeback_limit")
	[ "$ours" -gt 1000 ]
	[ "$(sed 1d "$ZRAM/writeback_limit_enable")" = 1 ]
	limit $((ours - 10)) 1 # as the kernel has it by then
	runx 0 maintain
	[[ $(sed 1d "$ZRAM/writeback_limit") == 7* ]]
	[[ $(sed 1d "$ZRAM/writeback_limit_enable") == 0* ]]
	rm "$STATE.zram"
	limit 100 1
	killed
	limit 60 1
	runx 0 maintain
	[[ $(sed 1d "$ZRAM/writeback_limit") == 60* ]]
	rm "$STATE.zram"
	limit 100 0
	killed
	limit 999999 1 # another process's
	runx 0 maintain
	[[ $(sed 1d "$ZRAM/writeback_limit") != 100* ]]
	rm "$STATE.zram"
	limit 100 1
	killed
	reseal zram 1 '/ [01] /s/ [0-9]* \([01]\) [0-9]*$/ 5 \1 1000000/' # no run of ours
	limit 10 1
	runx 0 maintain
	[[ $(sed 1d "$ZRAM/writeback_limit") == 0* ]]
}

@test "check names what could be better, with the command, and is no error" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	runx 0 swap-balance -S "$STATE" --check -H
	[[ $output == *$'zswap.shrinker_enabled\tlimited\t'*"echo Y >/sys/module/zswap/parameters/shrinker_enabled"* ]]
	[[ $output == *$'swap:/dev/vda\tok\tdisk, 512M'* ]]
	[[ $output == *$'zswap.max_pool_percent\tok\t20 %'* ]]
	echo 22 >"$ROOT1/sys/module/zswap/parameters/max_pool_percent"
	echo 100 >"$ROOT1/sys/module/zswap/parameters/accept_threshold_percent"
	runx 0 swap-balance -S "$STATE" --check -H
	[[ $output == *$'zswap.max_pool_percent\tok\t22 %'* ]]
	[[ $output == *$'zswap.accept_threshold_percent\tlimited\t100; '*"echo 90 >/sys/module/zswap/parameters/accept_threshold_percent"* ]]
	sed -i '/^workingset/d' "$ROOT1/sys/fs/cgroup/memory.stat"
	runx 2 swap-balance -S "$STATE" --check -H
	[[ $output == *$'memory.stat\tmissing\t'* ]]
}

@test "check keeps no state, and needs none to be there" {
	replay swap-balance-7.3.4
	export TMO_ROOT=$ROOT1
	runx 0 swap-balance -S "$STATE" --check -H -b 1M
	[ ! -e "$STATE" ]
	[ ! -e "$STATE.lock" ]
	: >"$BATS_TEST_TMPDIR/a file"
	runx 0 swap-balance -S "$BATS_TEST_TMPDIR/a file/state" --check -H
	[[ $output == *$'state\tlimited\t'*"mkdir -p -m 700 '$BATS_TEST_TMPDIR/a file'"* ]]
	runx 0 swap-balance -S "$BATS_TEST_TMPDIR/none/state" --check -H --drive 600TBW/5y
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
	[ -e /var/lib/tmo ] && return
	runx 0 swap-balance --check -H -b 1M
	runx 0 swap-balance -H < <(echo /w.slice/idle)
	[ ! -e /var/lib/tmo ]
}

@test "a cgroup without the memory controller is told from one that is gone" {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	mkdir "$TMO_ROOT/sys/fs/cgroup/w.slice/bare"
	runx 0 swap-balance - < <(printf '/w.slice/bare\n/w.slice/none\n')
	[ "$(col balance_reason <<<"$output" | paste -sd ' ')" = "no_controller gone" ]
}
