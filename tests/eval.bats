# What the evaluation says of its own runs.
load helpers

@test "services: a client that ended early is told" {
	cd "$BATS_TEST_TMPDIR"
	mkdir default
	echo 6.12 >kernel
	printf '[always]\n0x0007\n' >settings
	printf '#name\nnginx\t0.0\t100\t0\t0\t0\t0\t0\t0\t0\t0\t0\t100\nnginx\t6.0\t50\t0\t0\t0\t0\t0\t0\t0\t0\t0\t100\n' >default/series
	printf 'busy_pct\t3\n' >default/machine
	: >default/nginx.client
	run "$TESTS"/eval/services-report .
	[ "$status" -eq 0 ]
	! grep 'ended early' <<<"$output" || false
	printf 'nginx\tzipfload: http answer is cut\n' >default/ended
	run "$TESTS"/eval/services-report .
	[ "$status" -eq 0 ]
	grep -x 'default: the client of nginx ended early, and its figures are none: zipfload: http answer is cut' <<<"$output"
}
