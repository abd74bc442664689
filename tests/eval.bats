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

@test "services: what came back within a minute of being taken, by who asked for it" {
	cd "$BATS_TEST_TMPDIR"
	mkdir evidence
	echo 6.12 >kernel
	printf '[always]\n0x0007\ndamon_stat N\n' >settings
	printf 'redis\t%s\t1048576\t0\t0\t0\t0\t0\t0\t0\t0\t0\t1048576\n' 0.0 6.0 >evidence/series
	printf 'busy_pct\t3\n' >evidence/machine
	: >evidence/redis.client
	printf 'redis 188\nnginx 190\n' >evidence/threads
	# 256 pages in one piece, of which one comes soon and one late; 16 of file cache, of which four come soon.
	cat >evidence/trace <<-'TRACE'
		135         40.5: out: (zswap_store+0x4/0xc70) at=1 order=8 flags=0xfffffc0030649
		135         41.5: out: (zswap_store+0x4/0xc70) at=300 order=40 flags=0xfffffc0030609
		135         42.5: mm_filemap_delete_from_page_cache: dev 253:0 ino c pfn=0x9580 ofs=65536 order=4
		188         45.5: in: (zswap_load+0x4/0x130) at=256
		190         52.5: mm_filemap_add_to_page_cache: dev 253:0 ino c pfn=0x9580 ofs=65536 order=2
		190         52.6: mm_filemap_add_to_page_cache: dev 253:0 ino d pfn=0x9580 ofs=65536 order=2
		188        141.6: in: (zswap_load+0x4/0x130) at=300
		188        141.7: in: (zswap_load+0x4/0x130) at=301
	TRACE
	printf 'overrun: 7\n' >evidence/trace.lost
	run "$TESTS"/eval/services-report .
	[ "$status" -eq 0 ]
	# 5 pages of 273, and 6 in all.
	grep -x 'evidence  0.0 of 1.1, 1.8 %; in all 0.0;.*' <<<"$output"
	grep '; in all .* redis 0.0 of 0.0' <<<"$output"
	grep '; in all .* nginx 0.0 of 0.0' <<<"$output"
	grep -x 'evidence: the trace lost 7 events' <<<"$output"
	grep '^damon_stat, .* is stopped' <<<"$output"
}
