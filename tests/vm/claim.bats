# vm: -i -m 1G -s 512M
# kernels: 7.3.4
# The claim in short; tests/eval/run is the whole of it, on this kernel alone: no
# other has figures to compare with.
load ../helpers

@test "a minute offloads at least half of what the last full evaluation recorded" {
	runx 0 "$TESTS/eval/short" "$BATS_TEST_TMPDIR/results"
	printf '# %s\n' "${lines[@]}" >&3
}
