# long
# vm: -m 1G -s 512M
# Proofs that take long, or an idle machine.
load ../helpers
load guest
load tmo-reclaim

setup() {
	two_cgroups
}

teardown() {
	drop_two_cgroups
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

# Memory in use that is taken all the same comes back.
@test "refaults stop it, and raise the floor" {
	work /t/a --hot-anon 48M --rate 3000
	runx 0 tmo-reclaim --headroom 4M --ratio 2% --mem-limit 100% --io-limit 100% \
		-i 1s -c 60 /t/a
	echo "$output"
	[[ "$(reasons <<<"$output")" == *refault* ]]
	[[ "$(reasons <<<"$output")" == *adaptive* ]]
}
