# vm: -m 1G -s 1G
# kernels: debian:own debian:6.1 debian:6.12 debian:newest
# The README's line at documented defaults, on the kernel and the huge pages
# that people have, with the swap file of a default installation.
load ../helpers
load guest

@test "the README's line offloads cold memory at documented defaults" {
	runx 0 "$TESTS/vm/stock-line" -s file -d 180 -k "$BATS_TEST_TMPDIR"
	printf '%s\n%s\n' "$output" "$stderr"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/row"
	cut -f 1,9- "$BATS_TEST_TMPDIR/rows" | tail -n 20
	[ "$(col huge_bytes <"$BATS_TEST_TMPDIR/row")" -gt $((200 << 20)) ]
	[ "$(col cold_pct <"$BATS_TEST_TMPDIR/row")" -ge 12 ]
	[ "$(col hot_pct <"$BATS_TEST_TMPDIR/row" | cut -d. -f1)" -le 1 ]
	[ "$(col back_pct <"$BATS_TEST_TMPDIR/row" | cut -d. -f1)" -le 15 ]
	[ "$(col overshoot <"$BATS_TEST_TMPDIR/row" | cut -d. -f1)" -le 2 ]
	# Nothing has stopped it.
	[[ $(col reason <"$BATS_TEST_TMPDIR/row") == @(law|cap|small|overshoot) ]]
}
