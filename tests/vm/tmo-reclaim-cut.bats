# vm: -i -m 1G -s 512M
# kernels: 6.12 7.3.4
# How soon a write in flight is cut short, by a clock that counts instructions,
# those of both processors: so no load of the host is in the figures. Debian's
# kernels have one processor under that clock, and nobody looks while it writes.
load ../helpers
load guest
load tmo-reclaim

setup() {
	two_cgroups
}

teardown() {
	drop_two_cgroups
}

# cuts NAME: what -v said under the name "seen" or "back", sorted.
cuts() {
	sort -n <"$BATS_TEST_TMPDIR/$1" | tr '\n' ' '
}

# A part that thrashes in little memory makes the stall, a cold one the long
# writes. The tool's own part is from alarm to signal, a look each 5 ms; the
# kernel's is from signal to return, to the end of the batch that it is at: on
# 6.12 all are soon, on 7.3.4 one in two or so, as it is slower with hot memory.
@test "half of the writes in flight are cut within 50 ms of the alarm" {
	work /t/a --cold-anon 160M --rate 10
	for _ in {1..15}; do
		drop_cgroup /t/b
		work /t/b --hot-anon 12M --rate 100000
		echo 8M >"$CG/t/b/memory.max"
		run --separate-stderr tmo-reclaim --mem-limit 1000% --io-limit 1000% --headroom 0 \
			--chunk 128M --deadline 1m -b 100M -v /t
		echo "$output"
		[ "$(col reason <<<"$output")" = cut_psi ] || continue
		[ "$(col stall_us <<<"$output")" -ge 40000 ]
		sed -n 's/.*alarm seen within \([0-9]*\) us.*/\1/p' <<<"$stderr" >>"$BATS_TEST_TMPDIR/seen"
		sed -n 's/.*write back \([0-9]*\) us.*/\1/p' <<<"$stderr" >>"$BATS_TEST_TMPDIR/back"
		[ "$(wc -l <"$BATS_TEST_TMPDIR/back")" -lt 10 ] || break
	done
	echo "# $(uname -r): alarm to signal $(cuts seen)us, signal to return $(cuts back)us" >&3
	[ "$(wc -l <"$BATS_TEST_TMPDIR/back")" -eq 10 ]
	soon=$(paste "$BATS_TEST_TMPDIR"/{seen,back} | awk '$1 + $2 <= 50000' | wc -l)
	[ "$soon" -ge 5 ]
}
