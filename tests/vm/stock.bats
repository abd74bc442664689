# vm: -I -m 1G -s 1G
# kernels: debian:own debian:6.1 debian:6.12 debian:newest
# The README's line at documented defaults, on the kernel and the huge pages
# that people have, with the swap file of a default installation.
load ../helpers
load guest

# cell NAME: of the one row.
cell() {
	awk -F'\t' -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		{ print $c }' "$BATS_TEST_TMPDIR/row"
}

@test "the pipeline of the README offloads cold memory at its documented defaults" {
	runx 0 "$TESTS/vm/stock-line" -s file -k "$BATS_TEST_TMPDIR"
	printf "# %s\n" "${lines[@]}" >&3
	printf '%s\n%s\n' "$output" "$stderr"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/row"
	cut -f 1,9- "$BATS_TEST_TMPDIR/rows" | tail -n 20
	[ "$(cell huge_bytes)" -gt $((200 << 20)) ]
	# tests/eval/MATRIX has 53 to 63
	[ "$(cell cold_pct)" -ge 50 ]
	[ "$(cell hot_pct | cut -d. -f1)" -le 1 ]
	[ "$(cell back_pct | cut -d. -f1)" -le 8 ]
	[ "$(cell overshoot | cut -d. -f1)" -le 2 ]
	# Nothing has stopped it.
	[[ $(cell reason) == @(law|cap|small|overshoot) ]]
}
