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

@test "services: the p99 of each minute, and where in a period its requests were due" {
	cd "$BATS_TEST_TMPDIR"
	mkdir none
	echo 6.12 >kernel
	printf 'always\n' >settings
	printf 'redis\t%s\t1048576\t0\t0\t0\t0\t0\t0\t0\t0\t0\t1048576\n' 0.0 6.0 >none/series
	printf 'tools_cpu_pct\t0.00\nbusy_pct\t3\n' >none/machine
	: >none/redis.client
	# 200 requests in each of two minutes; of the second, five are slow as a period begins.
	awk 'BEGIN { for (i = 0; i < 400; i++) printf "%.3f\t%d\n", i * 0.3, (i >= 200 && i % 20 == 0 && i < 300 ? 9000 : 100) }' >none/redis.requests
	run "$TESTS"/eval/services-report .
	[[ $output == *"none      redis        100  9000; 100"* ]]
}
