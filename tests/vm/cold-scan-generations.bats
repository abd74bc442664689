# vm: -I -m 384M -s 256M
# page-idle where lru_gen is on: what an aging and read(2) hide from it is told.
# shellcheck disable=SC2154,SC2086,SC2016
load ../helpers
load guest

setup_file() {
	[ -e /sys/kernel/mm/page_idle/bitmap ] || return 0
	export D=$BATS_FILE_TMPDIR/disk
	mkfs.ext4 -q -F "$TMO_VM_DISKS"
	mkdir -p "$D"
	mount "$TMO_VM_DISKS" "$D"
	make_cgroup /cold/anon /cold/read /cold/mapped /cold/huge /cold/moved /cold/there
	work /cold/anon --hot-anon 8M --cold-anon 16M --hot-shmem 4M --cold-shmem 8M --rate 8000 --pattern seq
	work /cold/read --hot-file 8M --cold-file 24M --dir "$D" --rate 4000 --pattern seq
	work /cold/mapped --mmap-file --hot-file 8M --cold-file 16M --dir "$D" --rate 4000 --pattern seq
	work /cold/huge --thp --hot-anon 8M --cold-anon 16M --rate 4000 --pattern seq
	work /cold/moved --hot-anon 8M --cold-anon 8M --rate 4000 --pattern seq
	echo "$work" >$CG/cold/there/cgroup.procs
}

# What bats started it waits for.
teardown_file() {
	for c in anon read mapped huge moved there; do drop_cgroup /cold/$c; done
	for c in /cold /line/a /line; do drop_cgroup $c; done
	[ -z "${D-}" ] || retry 10 umount "$D"
}

setup() {
	[[ $BATS_TEST_DESCRIPTION == filter* ]] || [ -e /sys/kernel/mm/page_idle/bitmap ] || skip "this kernel has no page_idle"
	echo y >/sys/kernel/mm/lru_gen/enabled
	ends_damon_stat
}

# near GOT MIB: so many MiB, within 2 %, and a batch.
near() {
	awk -v got="$1" -v want="$2" 'BEGIN { want *= 1048576; off = got - want; if (off < 0) off = -off
		if (got == "-" || off > want / 50 + 131072) { printf "got %s, want %s\n", got, want; exit 1 } }'
}

# cell CGROUP N: of its last row in $output.
cell() { awk -F'\t' -v key="$1" -v n="$2" '$1 == key { v = $n } END { print v }' <<<"$output"; }

verdicts() { awk -F'\t' -v key="$1" '$1 == key { print $4 }' <<<"$output" | xargs; }

# age CGROUP: as reclaim does.
age() {
	awk -v key="$1" '$1 == "memcg" { here = $2 && $3 == key; id = $2 } here && $1 ~ /^[0-9]/ { n = $1; of = id }
		END { print "+", of, 0, n, 1, 1 }' /sys/kernel/debug/lru_gen >"$BATS_TEST_TMPDIR/command"
	cat "$BATS_TEST_TMPDIR/command" >/sys/kernel/debug/lru_gen
}

@test "with agings of its own, cold-scan finds the cold memory of each kind within 2 %" {
	runx 0 cold-scan -q -r -a 4s -i 4s -c 6 --age-now -o +pass_us /cold
	echo "$output"
	for c in anon read mapped huge moved; do
		[ "$(cell /cold/$c 3)" = page-idle ]
		[ "$(cell /cold/$c 4)" = ok ]
	done
	[ "$(cell /cold 4)" = ok ]
	near "$(cell /cold/anon 8)" 24
	near "$(cell /cold/read 9)" 24
	near "$(cell /cold/mapped 9)" 16
	near "$(cell /cold/huge 8)" 16
	near "$(cell /cold/moved 8)" 8
	near "$(cell /cold 9)" 40
	# Of the first passes, read(2) is not told, or it is right.
	[[ "$(verdicts /cold/read)" == *file* ]]
	while IFS=$'\t' read -r key _ _ verdict _ _ _ _ file _; do
		[ "$key $verdict" != '/cold/read ok' ] || near "$file" 24
	done <<<"$output"
}

@test "without an aging, the verdict doubts only memory that read(2) may have touched" {
	runx 0 cold-scan -q -r -a 4s -i 4s -c 1 --source page-idle /cold
	echo "$output"
	for c in anon huge moved; do [ "$(cell /cold/$c 4)" = ok ]; done
	near "$(cell /cold/anon 8)" 24
	near "$(cell /cold/moved 8)" 8
	[ "$(cell /cold/read 4)" = suspect:file ]
}

@test "an aging by another program makes its cgroup suspect for the age, reclaim makes all suspect" {
	(sleep 6; age /cold/anon) 3>&- &
	runx 0 cold-scan -q -r -a 4s -i 4s -c 3 --age-now /cold
	echo "$output"
	[[ "$(verdicts /cold/anon)" == *suspect:lru_gen\ ok ]]
	[[ "$(verdicts /cold)" == *suspect:lru_gen* ]]
	[ "$(verdicts /cold/huge)" = 'ok ok ok' ]
	(sleep 6; echo 1M >$CG/cold/read/memory.reclaim || true) 3>&- &
	runx 0 cold-scan -q -a 4s -i 4s -c 4 --age-now /cold/anon
	echo "$output"
	[[ "$(verdicts /cold/anon)" == *suspect:lru_gen\ ok ]]
}

@test "filter with huge pages: first unknown, then never more cold memory than there is" {
	echo always >/sys/kernel/mm/transparent_hugepage/enabled
	make_cgroup /line/a
	work /line/a --stock-pages --hot-anon 32M --cold-anon 64M --rate 10000 --pattern seq
	[ "$(awk '/^anon_thp/ { print $2 }' $CG/line/a/memory.stat)" -ge $((80 << 20)) ]
	psi-watch -i 4s -c 6 -r /line | cold-scan --annotate --age-now -a 8s >"$BATS_TEST_TMPDIR/out"
	output=$(cut -f1,9- "$BATS_TEST_TMPDIR/out")
	echo "$output"
	[ "$(grep -m 1 ^/line/a <<<"$output" | cut -f7)" = - ]
	[ "$(cell /line/a 3)" = ok ]
	near "$(cell /line/a 7)" 64
	grep ^/line <<<"$output" | cut -f7 | grep -v -x -- - >"$BATS_TEST_TMPDIR/told"
	while read -r got; do near "$got" 64; done <"$BATS_TEST_TMPDIR/told"
	drop_cgroup /line/a
	drop_cgroup /line
}
