# long
# vm: -m 1G -s 512M
# Proofs that take long, or an idle machine.
load ../helpers
load guest
load tmo-reclaim

setup() {
	zswap_on
	make_cgroup /t/a
}

teardown() {
	drop_cgroup /t/a
	drop_cgroup /t
}

# grown [CMD...]: operations in 45 s of a workload that grows by 256 MiB at
# once, under CMD.
grown() {
	work /t/a --hot-anon 96M --grow 256M@15s --rate 15000 --seconds 45
	"$@" >/dev/null 2>&1 3>&- &
	wait "$work"
	kill %% 2>/dev/null || true
	awk '/^total/ { print $2 }' "$BATS_TEST_TMPDIR/work.t.a"
}

@test "growth by 256 MiB in a second loses at most 2 % of its throughput" {
	alone=$(grown true)
	under=$(grown tmo-reclaim --headroom 16M -i 2s /t/a)
	echo "alone $alone, under tmo-reclaim $under"
	[ $((under * 100)) -ge $((alone * 98)) ]
}

@test "a write in flight is cut within 50 ms of the alarm, in 5 tries" {
	work /t/a --hot-anon 64M --rate 100000
	echo 48M >"$CG/t/a/memory.max"
	for _ in 1 2 3 4 5; do
		runx 1 tmo-reclaim --mem-limit 100% --io-limit 100% --headroom 0 \
			--deadline 10s -b 40M /t/a
		echo "$output"
		[ "$(col reason <<<"$output")" = cut_psi ]
		[ "$(col stall_us <<<"$output")" -le 90000 ]
	done
}
