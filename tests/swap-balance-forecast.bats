#!/usr/bin/env bats
# swap-balance --forecast over a recording: what is saved where, and at what
# cost.

load helpers

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	use_root swap-balance-7.3.4
	TMO_ROOT=$TMO_ROOT/2
	CG=$TMO_ROOT/sys/fs/cgroup
	ROWS=$BATS_TEST_TMPDIR/rows
}

forecast() {
	swap-balance --forecast -S "$STATE" "$@" <"$ROWS"
}

# rows NAME... -- CELL...: a header and rows of /w.slice/anon, of which 9.7 MiB
# are in zswap, compressed to 3.3.
rows() {
	local names=(cgroup) i
	while [ "$1" != -- ]; do
		names+=("$1")
		shift
	done
	shift
	(
		IFS=$'\t'
		printf '#%s\n' "${names[*]}"
		for ((i = 1; i <= $#; i += ${#names[@]} - 1)); do
			printf '/w.slice/anon\t%s\n' "${*:i:${#names[@]}-1}"
		done
	) >"$ROWS"
}

# cell DESTINATION COLUMN [N]: of the N-th row to there (1).
cell() {
	awk -F'\t' -v to="$1" -v col="$2" -v n="${3:-1}" '
		/^#/ { for (i = 1; i <= NF; i++) if ($i == col) at = i; next }
		$4 == to && !--n { print $at }' <<<"$output"
}

# stat NAME VALUE: of the cgroup's memory.stat.
stat_is() {
	sed -i "s/^$1 .*/$1 $2/" "$CG/w.slice/anon/memory.stat"
}

@test "a row for each destination, by what zswap made of the cgroup's own pages" {
	rows age_us cold_anon_bytes cold_file_bytes verdict -- 60000000 20000000 40960 ok
	runx 0 forecast
	[ "$(cut -f1,3- <<<"$output")" = "$(sed 's/  */\t/g' <<'END'
#cgroup age_us destination blocked_bytes blocked_by compression_source device_bytes saved_now_bytes in_use saved_bytes saved_low_bytes saved_high_bytes device_bytes_per_day stall_us_per_day
/w.slice/anon 60000000 file 0 - - 0 - yes 0 0 0 - -
/w.slice/anon 60000000 zswap 0 - cgroup 0 6646846 yes 13086816 12688265 13485366 - -
/w.slice/anon 60000000 zram 0 - cgroup 0 - no 13086816 12688265 13485366 - -
/w.slice/anon 60000000 disk 0 - cgroup 20000000 - no 20000000 20000000 20000000 - -
END
	)" ]
}

@test "zero pages take nothing, and those that zswap refuses are written" {
	rows cold_anon_bytes -- 20000000
	stat_is swpout_zero 6435 # as many as zswap took
	runx 0 forecast
	[ "$(cell zswap saved_bytes)" = 16543408 ]
	[ "$(cell disk device_bytes)" = 10000000 ]
	stat_is swpout_zero 0
	stat_is zswap_incomp 5079040 # half of the pool: they stay in it
	runx 0 forecast
	[ "$(cell zswap saved_bytes)" = 13086816 ]
	[ "$(cell zswap device_bytes)" = 0 ]
}

@test "without pages of its own: by the whole pool or zram, without a bound" {
	rows cold_anon_bytes -- 20000000
	stat_is zswapped 0
	stat_is zswap 0
	stat_is zswpout 0
	printf 'Zswap: 1000 kB\nZswapped: 4000 kB\n' >>"$TMO_ROOT/proc/meminfo"
	runx 0 forecast
	[ "$(cell zswap compression_source)" = zswap ]
	[ "$(cell zswap saved_bytes)" = 15000000 ]
	[ "$(cell zswap saved_low_bytes)" = 0 ]
	[ "$(cell zswap saved_high_bytes)" = 20000000 ]
	[ "$(cell zswap device_bytes)" = - ]
	sed -i 's/^Zswap: .*/Zswap: 0 kB/; s/^Zswapped: .*/Zswapped: 0 kB/' "$TMO_ROOT/proc/meminfo"
	runx 0 forecast
	[ "$(cell zswap compression_source)" = - ]
	[ "$(cell zswap saved_bytes)" = - ]
	[ "$(cell zswap saved_high_bytes)" = 20000000 ]
	[ "$(cell disk saved_bytes)" = 20000000 ]
	echo N >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	mkdir -p "$TMO_ROOT/sys/class/block/zram0"
	sed -i '2,$d' "$TMO_ROOT/proc/swaps"
	printf '/dev/zram0\tpartition\t524284\t4000\t5\n' >>"$TMO_ROOT/proc/swaps"
	echo '4096000 900000 1024000 0 1024000 0 0 0 0' >"$TMO_ROOT/sys/class/block/zram0/mm_stat"
	echo 4096000 >"$CG/w.slice/anon/memory.swap.current"
	stat_is swapcached 0
	runx 0 forecast
	[ "$(cell zram in_use)" = yes ]
	[ "$(cell zram compression_source)" = zram ]
	[ "$(cell zram saved_bytes)" = 15000000 ]
	[ "$(cell zram saved_now_bytes)" = 3072000 ]
	[ "$(cell zswap in_use)" = no ]
	[ "$(cell zswap saved_now_bytes)" = - ]
}

@test "what cannot move is what --account says, where it is in use" {
	rows cold_anon_bytes cold_file_bytes -- 20000000 0
	echo 30000000 >"$CG/w.slice/anon/memory.swap.max"
	echo 25000000 >"$CG/w.slice/anon/memory.swap.current"
	runx 0 swap-balance --account -S "$STATE" <"$ROWS"
	account=$(awk -F'\t' '$4 == "offloadable_anon" { print $5 }' <<<"$output")
	[ "$account" = 5000000 ]
	runx 0 forecast
	[ "$(cell zswap blocked_bytes)" = 15000000 ]
	[ "$(cell zswap blocked_by)" = swap_max ]
	[ "$(cell disk blocked_by)" = swap_max ]
	[ "$(cell disk saved_bytes)" = "$account" ]
	# what the machine lacks is supposed
	echo max >"$CG/w.slice/anon/memory.swap.max"
	sed -i '2,$d' "$TMO_ROOT/proc/swaps"
	runx 0 forecast
	[ "$(cut -f4,10 <<<"$output")" = $'destination\tin_use\nfile\tyes\nzswap\tno\nzram\tno\ndisk\tno' ]
	[ "$(cell disk blocked_bytes)" = 0 ]
	echo max >"$CG/w.slice/anon/memory.min"
	runx 0 forecast
	[ "$(cell zswap saved_bytes)" = 0 ]
	[ "$(cell zswap blocked_by)" = protected ]
	[ "$(cell zswap blocked_bytes)" = 20000000 ]
}

@test "the next older age tells what comes back a day, at most" {
	rows age_us cold_anon_bytes cold_file_bytes -- 60000000 20000000 40960 120000000 14000000 40960 60000000 1 1
	runx 0 forecast
	[ "$(cell zswap stall_us_per_day)" = - ]
	# 100,000 bytes a second: 24.4 pages of 10 us, or of 100
	[ "$(cell zswap stall_us_per_day 2)" = 21093750 ]
	[ "$(cell zswap device_bytes_per_day 2)" = 0 ]
	[ "$(cell disk stall_us_per_day 2)" = 210937500 ]
	[ "$(cell disk device_bytes_per_day 2)" = 8640000000 ]
	[ "$(cell file stall_us_per_day 2)" = 0 ]
	[ "$(cell disk device_bytes_per_day 3)" = - ] # of the next sample
	rows age_us cold_anon_bytes -- 60000000 99999999999999 120000000 14000000
	runx 0 forecast
	[ "$(cell disk device_bytes_per_day 2)" = - ] # more than there is
	[ "$(cell disk saved_bytes 2)" = 14000000 ]
}

@test "huge pages that pass zswap by are written whole" {
	rows cold_anon_bytes -- 20000000
	echo 'anon_thp 21123072' >>"$CG/w.slice/anon/memory.stat"
	rm -rf "$TMO_ROOT"/sys/kernel/mm/transparent_hugepage/hugepages-*
	mkdir -p "$TMO_ROOT/sys/kernel/mm/transparent_hugepage"
	echo 2097152 >"$TMO_ROOT/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"
	runx 0 forecast
	awk -v got="$(cell zswap device_bytes)" 'BEGIN { exit !(got > 19000000 && got <= 20000000) }'
	awk -v got="$(cell zswap saved_bytes)" 'BEGIN { exit !(got > 19000000 && got <= 20000000) }'
	# they may be split, until some went whole and none was
	sed -i '/^thp_swpout/d' "$CG/w.slice/anon/memory.stat"
	printf 'thp_swpout 0\nthp_swpout_fallback 0\n' >>"$CG/w.slice/anon/memory.stat"
	runx 0 forecast
	[ "$(cell zswap saved_low_bytes)" -lt 14000000 ]
	sed -i 's/^thp_swpout 0/thp_swpout 7/' "$CG/w.slice/anon/memory.stat"
	runx 0 forecast
	[ "$(cell zswap saved_low_bytes)" -gt 19000000 ]
	echo 0 >"$CG/w.slice/anon/memory.zswap.writeback"
	runx 0 forecast
	[ "$(cell zswap blocked_by)" = huge_pages ]
	[ "$(cell zswap device_bytes)" = 0 ]
}

@test "what cold-scan does not know is not made up; its errors widen the bounds" {
	rows cold_anon_bytes cold_file_bytes verdict -- 20000000 40960 suspect:damon - - ok
	runx 0 forecast
	[ "$(cell disk saved_bytes)" = - ]
	[ "$(cell disk saved_low_bytes)" = 0 ]
	[ "$(cell disk saved_high_bytes)" -gt 20000000 ]
	[ "$(cell disk blocked_bytes)" = - ]
	[ "$(cell disk saved_bytes 2)" = - ]
	rows cold_anon_bytes cold_anon_se_bytes -- 10000000 1000000
	runx 0 forecast
	[ "$(cell disk saved_bytes)" = 10000000 ]
	[ "$(cell disk saved_low_bytes)" = 8040000 ]
	[ "$(cell disk saved_high_bytes)" = 11960000 ]
}

@test "a row whose cgroup cannot be read has its row" {
	printf '/w.slice/none\n' >"$ROWS"
	runx 0 forecast
	[ "$(cut -f1,4,6,11 <<<"${lines[1]}")" = $'/w.slice/none\t-\tgone\t-' ]
}

@test "--probe: asked for, bounded, kept for a day; without it nothing is written" {
	rows cold_anon_bytes -- 20000000
	runx 0 forecast
	[ ! -e "$STATE.probe" ]
	[ ! -e "$STATE" ]
	stat_is zswapped 0
	stat_is zswap 0
	echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0' >"$CG/w.slice/anon/memory.pressure"
	: >"$CG/w.slice/anon/memory.reclaim"
	runx 0 forecast --probe 8M
	one_line "'/w.slice/anon': probe of 249856 bytes"
	grep -q '^249856 swappiness=max$' "$CG/w.slice/anon/memory.reclaim"
	: >"$CG/w.slice/anon/memory.reclaim"
	runx 0 forecast --probe 8M
	one_line "'/w.slice/anon': no probe: it was probed within a day"
	[ ! -s "$CG/w.slice/anon/memory.reclaim" ]
	rm "$STATE.probe"
	runx 0 forecast --probe 8M -n
	[ ! -e "$STATE.probe" ]
	[ ! -s "$CG/w.slice/anon/memory.reclaim" ]
}

@test "the formats: labels, a null, and a table" {
	rows age_us cold_anon_bytes -- 60000000 20000000
	runx 0 forecast -f prometheus
	grep -qx 'tmo_swap_balance_saved_bytes{cgroup="/w.slice/anon",age_us="60000000",destination="disk"} 20000000' <<<"$output"
	runx 0 forecast -f json
	[[ ${lines[1]} == *'"destination":"zswap","blocked_bytes":0,"blocked_by":null,"compression_source":"cgroup"'* ]]
	script -qec "stty cols 80; swap-balance --forecast - <$ROWS" /dev/null </dev/null |
		tr -d '\r' >"$BATS_TEST_TMPDIR/table"
	cat "$BATS_TEST_TMPDIR/table"
	grep -q '^/w.slice/anon  *60.0s  disk  *19.1M  *19.1M  *19.1M ' "$BATS_TEST_TMPDIR/table"
	refute grep '^.\{81\}' "$BATS_TEST_TMPDIR/table"
}

@test "what a forecast does not use is refused" {
	local opt
	rows cold_anon_bytes -- 20000000
	for opt in "-o cause" "-c 3" "-i 6s" -r; do
		# shellcheck disable=SC2086 # an option and its value
		runx 2 forecast $opt
		one_line "${opt%% *}: not with --forecast"
	done
	runx 2 forecast --account
	one_line "exclude each other"
	runx 2 swap-balance --forecast /w.slice/anon
	one_line "--forecast reads rows"
	rows cold_anon_bytes -- some
	runx 2 forecast
	one_line "line 2: column cold_anon_bytes: 'some' is not a whole number"
}

@test "where zswap is full for the cgroup its next page goes to the disk; with unknown swap nothing is known" {
	rows age_us cold_anon_bytes cold_file_bytes verdict -- 60000000 20000000 40960 ok
	runx 0 forecast
	[ "$(cell zswap in_use) $(cell disk in_use)" = "yes no" ]
	echo 1048576 >"$CG/w.slice/anon/memory.zswap.max"
	runx 0 forecast
	[ "$(cell zswap in_use) $(cell disk in_use)" = "no yes" ]
	echo max >"$CG/w.slice/anon/memory.zswap.max"
	sed -i '/^SwapFree/d' "$TMO_ROOT/proc/meminfo"
	runx 0 forecast
	[ "$(cell zswap blocked_bytes) $(cell zswap saved_bytes)" = "- -" ]
	[ "$(cell file saved_bytes)" -eq 0 ]
}
