# tmo-reclaim's decision in thousands of simulated hours: tests/sim/sim.c.
load helpers

# shown ARG...: the simulator's tables among the results, and its status.
shown() {
	local status=0
	"$TMO_BUILD/sim" "$@" >"$BATS_TEST_TMPDIR/table" || status=$?
	sed 's/^/# /' "$BATS_TEST_TMPDIR/table" >&3
	return "$status"
}

@test "in two thousand hours of simulated cgroups no rule is broken" {
	"$TMO_BUILD/sim" -n 1000 -s 1 >"$BATS_TEST_TMPDIR/1" 3>&- &
	one=$!
	"$TMO_BUILD/sim" -n 1000 -s 1001 >"$BATS_TEST_TMPDIR/2" 3>&- &
	wait $!
	wait "$one"
	sed 's/^/# /' "$BATS_TEST_TMPDIR"/[12] >&3
}

@test "a tree of small services gives nearly what one cgroup of that memory gives" {
	shown -t
}

@test "services are simulated as a machine had them: saved, and come back" {
	shown -m
}

@test "a program that waits unseen is held by its own harm_pct, and its cold memory is saved" {
	shown -l
}

@test "a scenario is the same each time it is run" {
	"$TMO_BUILD/sim" -n 1 -s 42 -v >"$BATS_TEST_TMPDIR/1"
	"$TMO_BUILD/sim" -n 1 -s 42 -v | cmp - "$BATS_TEST_TMPDIR/1"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/1")" -gt 600 ]
}

@test "what --record wrote is decided again, to the bit" {
	"$TMO_BUILD/sim" -n 20 -s 7 -r "$BATS_TEST_TMPDIR/a" >/dev/null
	[ "$(wc -l <"$BATS_TEST_TMPDIR/a")" -gt 12000 ]
	[ "$(col reason <"$BATS_TEST_TMPDIR/a" | sort -u | wc -l)" -ge 12 ]
	tmo-reclaim -n -q --record "$BATS_TEST_TMPDIR/b" <"$BATS_TEST_TMPDIR/a" >/dev/null
	cmp "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
	# and is decided, not copied
	tmo-reclaim -n -q --ratio 0.1% --record "$BATS_TEST_TMPDIR/b" <"$BATS_TEST_TMPDIR/a" >/dev/null
	refute cmp -s "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
}
