# vm: -m 1G -s 512M
# tmo-reclaim --record of live runs: -n decides the same from it, to the bit.
load ../helpers
load guest
load tmo-reclaim

setup() {
	two_cgroups
	work /t/a --cold-anon 64M --hot-anon 8M --rate 20
	work /t/b --cold-anon 32M --rate 20
	REC=$BATS_TEST_TMPDIR/rec
}

teardown() {
	[ -z "${GENERATIONS-}" ] || echo "$GENERATIONS" >/sys/kernel/mm/lru_gen/enabled
	drop_two_cgroups
}

# decided_again ROWS STEPS: so many rows at least were decided, so many of them
# a step; and a replay without the machine is the same.
decided_again() {
	rows=$(awk -F'\t' '$4 == 1' "$REC" | wc -l)
	steps=$(awk -F'\t' '$6 + 0 > 0' "$REC" | wc -l)
	echo "$rows rows decided, $steps steps; reasons: $(col reason <"$REC" | sort | uniq -c | xargs)"
	[ "$rows" -ge "$1" ]
	[ "$steps" -ge "$2" ]
	mkdir -p "$BATS_TEST_TMPDIR/none"
	tmo-reclaim -R "$BATS_TEST_TMPDIR/none" -n -q --record "$REC.again" \
		-o want_bytes,reason <"$REC" >"$REC.rows"
	cmp "$REC" "$REC.again"
	cmp "$REC.rows" <(cut -f1,6,7 "$REC")
}

# live OUTPUT: what the run showed is what the recording says it did.
live() {
	cmp <(col want_bytes <<<"$1") <(col want_bytes <"$REC")
	cmp <(col reason <<<"$1") <(col reported_reason <"$REC")
}

@test "a filter, with cold columns and a backend's" {
	needs_cold_source
	runx 0 tmo-reclaim --record "$REC" --headroom 4M --ratio 1% < <(
		psi-watch -i 500ms -c 20 /t/a /t/b | cold-scan --annotate -a 2s |
			swap-balance)
	live "$output"
	decided_again 24 8
}

@test "a loop over a tree" {
	runx 0 tmo-reclaim --record "$REC" --headroom 4M --ratio 1% -r -i 500ms -c 12 /t
	live "$output"
	decided_again 30 8
	# the parent's turn is among it
	[[ "$(col reason <"$REC")" == *nested* ]]
}

@test "a table with its policy" {
	printf '#cgroup\tfloor_bytes\tmem_limit_pct\n/t/a\t60M\t0.5%%\n/t/b\t-\t0.001%%\n' >"$BATS_TEST_TMPDIR/tab"
	runx 0 tmo-reclaim --record "$REC" --targets "$BATS_TEST_TMPDIR/tab" \
		--headroom 1M --ratio 1% -i 500ms -c 12
	live "$output"
	decided_again 20 4
}

@test "rows that are stale are not decided" {
	row() { printf '/t/a\t%s\t1000000\t0.000\t0.000\n' "$(date +%s.%3N)"; }
	runx 0 tmo-reclaim --record "$REC" --headroom 4M --ratio 1% < <(
		printf '#cgroup\ttime\twindow_us\tmem_some_pct\tio_some_pct\n'
		row; row; sleep 1; row; row)
	live "$output"
	[ "$(col decided <"$REC" | xargs)" = "1 0 1 0" ]
	[ "$(col first <"$REC" | xargs)" = "1 0 0 0" ]
	decided_again 2 1
}

@test "an order by -b, step by step" {
	runx 0 tmo-reclaim --record "$REC" --headroom 4M -b 32M /t/a
	[ "$(col want_bytes <<<"$output")" -eq "$(col want_bytes <"$REC" | paste -sd+ | bc)" ]
	decided_again 3 3
	[[ "$(col policy_law <"$REC")" == *once* ]]
}

@test "the whole system" {
	run --separate-stderr tmo-reclaim --record "$REC" --ratio 1% -i 500ms -c 10 /
	live "$output"
	decided_again 9 1
}

@test "huge pages" {
	drop_two_cgroups
	make_cgroup /t/a /t/b
	work /t/a --thp --cold-anon 96M --rate 20
	[ "$(stat_of /t/a anon_thp)" -gt $((32 << 20)) ]
	runx 0 tmo-reclaim --record "$REC" --headroom 4M --ratio 1% -i 500ms -c 16 /t/a
	live "$output"
	decided_again 14 3
	# what a write took beyond its step is owed in the replay as well
	[ "$(col then_wanted_bytes <"$REC" | sort -n | tail -n 1)" -ge $((2 << 20)) ]
}
