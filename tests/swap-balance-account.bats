#!/usr/bin/env bats
# swap-balance --account over a recording: where each byte is put, and why.

load helpers

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	use_root pipe-7.3.4
	TMO_ROOT=$TMO_ROOT/1
	CG=$TMO_ROOT/sys/fs/cgroup
}

account() {
	swap-balance --account -S "$STATE" "$@"
}

# rows NAME... -- CELL...: a header and a row of /w.slice/b: 8 MiB of anonymous
# memory, 48 MiB of page cache.
rows() {
	local names=(cgroup) cells=(/w.slice/b)
	while [ "$1" != -- ]; do
		names+=("$1")
		shift
	done
	cells+=("${@:2}")
	(
		IFS=$'\t'
		printf '#%s\n%s\n' "${names[*]}" "${cells[*]}"
	)
}

# parts: "cause bytes" of each row.
parts() {
	cut -f4,5 <<<"$output" | tail -n +2 | tr '\t' ' '
}

# why CAUSE: the words of it.
why() {
	awk -F'\t' -v cause="$1" '$4 == cause { print $6 }' <<<"$output"
}

adds_up() {
	[ "$(awk -F'\t' '!/^#/ && $5 != "-" { sum += $5 } END { print sum }' <<<"$output")" = \
		"$(cat "$CG/w.slice/b/memory.current")" ]
}

@test "each byte of memory.current is in one row" {
	runx 0 account < <(rows age_us cold_anon_bytes cold_file_bytes verdict -- 60000000 5000000 40000000 ok)
	[ "$(parts)" = 'touched_anon 3413184
touched_file 10335744
offloadable_anon 5000000
offloadable_file 40000000
page_tables 24576
slab 5231312
kernel 7472
unknown 212992' ]
	adds_up
	[ "$(why touched_anon)" = "in use within 60.0s" ]
	[ "$(why offloadable_anon)" = "the rows have no reason" ]
}

@test "without rows from cold-scan, what was touched is unknown, and said so" {
	runx 0 account /w.slice/b
	grep -qx 'touched_anon -' <<<"$(parts)"
	[ "$(why touched_file)" = "not known: no cold_file_bytes" ]
	[ "$(why offloadable_file)" = "at most; the rows have no reason" ]
	adds_up
}

@test "what a verdict condemns is unknown; a row without a verdict is taken at its word" {
	local verdict
	for verdict in suspect:damon -; do
		runx 0 account < <(rows cold_anon_bytes cold_file_bytes verdict -- 5000000 4000 "$verdict")
		grep -qx 'touched_anon -' <<<"$(parts)"
		grep -qx 'touched_file -' <<<"$(parts)"
		[ "$(why touched_anon)" = "not known: the verdict is not ok" ]
	done
	runx 0 account < <(rows cold_anon_bytes cold_file_bytes verdict -- 5000000 4000 suspect:file)
	grep -qx 'touched_anon 3413184' <<<"$(parts)"
	grep -qx 'touched_file -' <<<"$(parts)"
	runx 0 account < <(rows cold_anon_bytes cold_file_bytes -- 5000000 0)
	grep -qx 'touched_anon 3413184' <<<"$(parts)"
}

@test "a cause is named with the setting and the cgroup whose it is" {
	local rows
	rows=$(rows cold_anon_bytes cold_file_bytes -- 8400000 50000000)
	echo 1048576 >"$CG/w.slice/memory.swap.max"
	echo 0 >"$CG/w.slice/memory.swap.current"
	runx 0 account <<<"$rows"
	grep -qx 'swap_max 7351424' <<<"$(parts)"
	grep -qx 'offloadable_anon 1048576' <<<"$(parts)"
	[ "$(why swap_max)" = "memory.swap.max of /w.slice is 1.00M" ]
	adds_up
	echo max >"$CG/w.slice/memory.swap.max"
	echo 0 >"$CG/w.slice/b/memory.zswap.writeback"
	echo 0 >"$CG/w.slice/b/memory.zswap.max"
	echo Y >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	runx 0 account <<<"$rows"
	grep -qx 'zswap_max 8400000' <<<"$(parts)"
	[ "$(why zswap_max)" = "memory.zswap.max is 0" ]
	adds_up
	echo max >"$CG/w.slice/b/memory.low"
	runx 0 account <<<"$rows"
	[ "$(why protected)" = "memory.low is max" ]
	grep -qx 'offloadable_file 0' <<<"$(parts)"
	adds_up
	sed -i '2,$d' "$TMO_ROOT/proc/swaps"
	runx 0 account <<<"$rows"
	grep -qx 'no_swap 8400000' <<<"$(parts)"
	adds_up
}

@test "swap that is not known to be left, and a limit beyond all numbers" {
	local rows
	rows=$(rows cold_anon_bytes cold_file_bytes -- 8400000 50000000)
	sed -i '/^SwapFree/d' "$TMO_ROOT/proc/meminfo"
	runx 0 account <<<"$rows"
	grep -qx 'swap_unknown 8400000' <<<"$(parts)"
	grep -qx 'offloadable_anon 0' <<<"$(parts)"
	adds_up
	echo 'SwapFree: 400000 kB' >>"$TMO_ROOT/proc/meminfo"
	echo 0 >"$CG/w.slice/b/memory.zswap.writeback"
	echo Y >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	echo $((7 << 60)) >"$CG/w.slice/b/memory.zswap.max"
	sed -i 's/^zswap .*/zswap 1048576/; s/^zswapped .*/zswapped 8388608/' "$CG/w.slice/b/memory.stat"
	runx 0 account <<<"$rows"
	refute grep zswap_max <<<"$(parts)"
	adds_up
}

@test "the write budget: of the row, but not of a first one; nothing is written" {
	runx 0 account < <(rows cold_anon_bytes swap_write_bytes_per_s balance_reason -- 8000000 0 budget)
	grep -qx 'budget 8000000' <<<"$(parts)"
	runx 0 account < <(rows cold_anon_bytes swap_write_bytes_per_s balance_reason -- 8000000 0 learning)
	grep -qx 'offloadable_anon 8000000' <<<"$(parts)"
	runx 0 account -b 1G /w.slice/b
	[ ! -e "$STATE" ]
}

# told KIND|TEXT: the reasons of tmo-reclaim that -h says this of.
told() {
	tmo-reclaim -h | sed -n "/^columns:/q;s/^  \([a-z_]*\)  *$1.*/\1/p"
}

@test "the guard that holds what is offloadable: each reason of tmo-reclaim" {
	local reason n=0 works only
	works=$(told works)
	only=$(told '[a-z]*  *only file cache is taken:')
	for reason in $(told '\(works\|waits\|cannot\|broken\)'); do
		runx 0 account < <(rows cold_anon_bytes cold_file_bytes reason -- 8000000 40000000 "$reason")
		if grep -qx "$reason" <<<"$works"; then
			[ "$(why offloadable_anon)" = "tmo-reclaim takes it ($reason)" ]
			[ "$(why offloadable_file)" = "tmo-reclaim takes it ($reason)" ]
			continue
		fi
		n=$((n + 1))
		[ "$(why offloadable_anon)" = "tmo-reclaim: $reason" ]
		if grep -qx "$reason" <<<"$only"; then
			[ "$(why offloadable_file)" = "tmo-reclaim takes it ($reason)" ]
		elif [[ $reason != @(swap_budget|no_swappiness) ]]; then
			[ "$(why offloadable_file)" = "tmo-reclaim: $reason" ]
		fi
	done
	[ "$n" -ge 30 ]
	runx 0 account < <(rows cold_anon_bytes swappiness balance_reason -- 8000000 0 pressure)
	[ "$(why offloadable_anon)" = "swappiness 0: pressure" ]
}

@test "a row whose cgroup cannot be read has its row; an operand's loss is an error" {
	runx 0 account < <(echo /w.slice/none)
	[ "$(cut -f1,4- <<<"${lines[1]}")" = "/w.slice/none	unknown	-	gone	-" ]
	runx 3 account /w.slice/none
	one_line "no cgroup '/w.slice/none'"
	runx 0 account -r /w.slice
	[ "$(cut -f1 <<<"$output" | sort -u | grep -c '^/')" -eq 4 ]
}

@test "no number that cannot be is shown, and none that is no number is taken" {
	sed -i 's/^slab .*/slab 99999999999/' "$CG/w.slice/b/memory.stat"
	runx 0 account < <(rows cold_anon_bytes cold_file_bytes -- 99999999999 max)
	grep -qx 'slab -' <<<"$(parts)"
	grep -qx 'touched_anon -' <<<"$(parts)"
	grep -qx 'touched_file -' <<<"$(parts)"
	adds_up
	runx 2 account < <(rows cold_anon_bytes -- some)
	one_line "line 2: column cold_anon_bytes: 'some' is not a whole number"
	rm "$CG/w.slice/b/memory.current"
	runx 0 account /w.slice/b
	refute grep -q '[0-9]' <<<"$(parts)"
}

@test "the formats: a label, a null, and a table of 80 columns" {
	rows age_us cold_anon_bytes cold_file_bytes reason -- 60000000 5000000 - mem_pressure >"$BATS_TEST_TMPDIR/rows"
	runx 0 account -f prometheus <"$BATS_TEST_TMPDIR/rows"
	grep -qx 'tmo_swap_balance_bytes{cgroup="/w.slice/b",age_us="60000000",cause="touched_anon"} 3413184' <<<"$output"
	runx 0 account -f json <"$BATS_TEST_TMPDIR/rows"
	[[ ${lines[1]} == *'"cause":"touched_file","bytes":null,"why":"not known: no cold_file_bytes","fix":"cold-scan'* ]]
	script -qec "stty cols 80; swap-balance --account - <$BATS_TEST_TMPDIR/rows" /dev/null </dev/null |
		tr -d '\r' >"$BATS_TEST_TMPDIR/table"
	cat "$BATS_TEST_TMPDIR/table"
	grep -qx '/w.slice/b  60.0s  touched_anon      3.26M  in use within 60.0s' "$BATS_TEST_TMPDIR/table"
	grep -qx '    fix: see the reason in tmo-reclaim(8)' "$BATS_TEST_TMPDIR/table"
	refute grep '^.\{81\}' "$BATS_TEST_TMPDIR/table"
}

@test "a long name of a cgroup leaves room in the table for what is said of it" {
	cp -a "$CG/w.slice/b" "$CG/w.slice/a_name_that_is_much_longer_than_the_screen_has_room_for.service"
	script -qec "stty cols 80; swap-balance --account '/w.slice/a_*'" /dev/null </dev/null |
		tr -d '\r' >"$BATS_TEST_TMPDIR/table"
	cat "$BATS_TEST_TMPDIR/table"
	grep -q '^/w.s.*\.\..*  touched_anon ' "$BATS_TEST_TMPDIR/table"
	refute grep '^.\{81\}' "$BATS_TEST_TMPDIR/table"
}

@test "what an account does not use is refused" {
	local opt
	for opt in "-o cause" "-c 3" "-i 6s" "--probe 1M"; do
		# shellcheck disable=SC2086 # an option and its value
		runx 2 account $opt /w.slice/b
		one_line "${opt%% *}: not with --account"
	done
	runx 2 account --plan /w.slice/b
	one_line "exclude each other"
}
