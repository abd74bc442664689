# tmo-reclaim's decision in thousands of simulated hours: tests/sim/sim.c.
load helpers

@test "in two thousand hours of simulated cgroups no rule is broken" {
	"$TMO_BUILD/sim" -n 1000 -s 1 >"$BATS_TEST_TMPDIR/1" &
	one=$!
	"$TMO_BUILD/sim" -n 1000 -s 1001 >"$BATS_TEST_TMPDIR/2" &
	wait $!
	wait "$one"
	cat "$BATS_TEST_TMPDIR"/[12]
}

@test "a scenario is the same each time it is run" {
	"$TMO_BUILD/sim" -n 1 -s 42 -v >"$BATS_TEST_TMPDIR/1"
	"$TMO_BUILD/sim" -n 1 -s 42 -v | cmp - "$BATS_TEST_TMPDIR/1"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/1")" -gt 600 ]
}
