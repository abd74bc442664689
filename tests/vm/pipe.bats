# vm: -m 1G -s 512M
# The pipeline of tmo(7) on a real kernel.
load ../helpers
load guest

setup() {
	zswap_on
	make_cgroup /workload.slice
}

teardown() {
	for key in /workload.slice/{a,b,c} /workload.slice; do
		drop_cgroup "$key"
	done
}

@test "the pipeline takes cold memory for a minute while cgroups come and go" {
	work /workload.slice/a --hot-anon 8M --cold-anon 96M --rate 500
	out=$BATS_TEST_TMPDIR/rows
	err=$BATS_TEST_TMPDIR/err
	(
		set -o pipefail
		psi-watch -r -i 2s -c 30 /workload.slice 2>"$err.1" |
			swap-balance 2>"$err.2" |
			tmo-reclaim --headroom 8M --mem-limit 5% --io-limit 10% \
				2>"$err.3" >"$out"
	) 3>&- &
	pipe=$!
	sleep 8
	work /workload.slice/b --hot-anon 8M --cold-anon 32M --rate 1000
	make_cgroup /workload.slice/c
	sleep 20
	drop_cgroup /workload.slice/b
	rmdir "$CG/workload.slice/c"
	wait "$pipe"
	cat "$err".?
	[ -z "$(cat "$err".?)" ]

	# One header for the whole stream, and rows for all that were there.
	cut -f 1,5,9,13,14,16- "$out" | grep -E '^#|/a	'
	[ "$(grep -c '^#' "$out")" -eq 1 ]
	for key in /workload.slice /workload.slice/{a,b,c}; do
		grep -q "^$key	" "$out"
	done
	[ "$(grep -c '^/workload.slice/a	' "$out")" -eq 30 ]
	refute grep -q '^/workload.slice/b	' <(tail -n 8 "$out")

	# Memory was taken from the cold part, and the kernel's counter agrees.
	got=$(grep -E '^#|^/workload.slice/a	' "$out" | col got_bytes |
		awk '$1 ~ /^[0-9]+$/ { n += $1 } END { print n + 0 }')
	stolen=$(awk '$1 == "pgsteal" { print $2 * 4096 }' "$CG/workload.slice/a/memory.stat")
	echo "got $got, pgsteal $stolen"
	[ "$got" -gt $((2 << 20)) ]
	[ "$got" -le $((stolen + (1 << 20))) ]
	kill -0 "$work" 2>/dev/null || pgrep memhog
}

@test "each prefix of the pipeline is a legal stream for the next" {
	work /workload.slice/a --hot-anon 8M --cold-anon 16M --rate 500
	psi-watch -r -i 1s -c 3 /workload.slice >"$BATS_TEST_TMPDIR/1"
	runx 0 swap-balance - <"$BATS_TEST_TMPDIR/1"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/2"
	runx 0 tmo-reclaim -n - <"$BATS_TEST_TMPDIR/2"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/3"
	for n in 1 2; do
		# what a filter read stands unchanged at the left of what it wrote
		columns=$(head -n 1 "$BATS_TEST_TMPDIR/$n" | tr '\t' '\n' | wc -l)
		diff "$BATS_TEST_TMPDIR/$n" <(cut -f "1-$columns" "$BATS_TEST_TMPDIR/$((n + 1))")
	done
}

@test "a named cgroup that disappears is status 3, one that -r found is not" {
	make_cgroup /workload.slice/a /workload.slice/b
	(
		sleep 2
		rmdir "$CG/workload.slice/a"
	) 3>&- &
	runx 3 psi-watch -i 1s -c 4 /workload.slice/a /workload.slice/b
	make_cgroup /workload.slice/a
	(
		sleep 2
		rmdir "$CG/workload.slice/a"
	) 3>&- &
	runx 0 psi-watch -r -i 1s -c 4 /workload.slice
}
