#!/usr/bin/env bats
# long
# vm: -m 1G -s 512M -s 512M -t 20m
#
# Ten minutes of real time: the law converges and stays.

load ../helpers
load swap-balance

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	read -r DISK FILES <<<"$TMO_VM_DISKS"
}

teardown() {
	all_off
}

# turns CGROUP: how often its swappiness changed direction, after the first
# minute; and the values it took.
turns() {
	awk -F'\t' -v cg="$1" '
		$1 == cg && ++n > 10 {
			if (n > 11 && $2 != last) { d = $2 > last ? 1 : -1; if (dir && d != dir) t++; dir = d; moves++ }
			last = $2; seen = seen " " $2
		}
		END { print t + 0; print cg ":" seen " (" moves + 0 " moves)" >"/dev/stderr" }' "$BATS_TEST_TMPDIR/rows"
}

@test "a thrashing file and hot swap: swappiness settles within a minute and does not flap for ten" {
	local windows=${WINDOWS-100} # of 6 s
	files_on "$FILES"
	swap_on "$DISK"
	zswap_on
	mkdir "$CG/file" "$CG/swap" "$CG/both"
	echo 40M >"$CG/file/memory.max"
	echo 30M >"$CG/swap/memory.max"
	echo 30M >"$CG/both/memory.max"
	hog /file --cold-anon 1M --hot-file 50M --dir /mnt --rate 300
	hog /swap --hot-anon 36M --rate 200
	hog /both --hot-anon 20M --hot-file 20M --dir /mnt --rate 300
	swap-balance -q -H -i 6s -c "$windows" --pressure-limit 101% -S "$STATE" \
		-o cgroup,swappiness,balance_reason,r,file_refault_pages,zswap_in_pages,file_cost_us,swapin_cost_us \
		/file /swap /both >"$BATS_TEST_TMPDIR/rows"
	awk 'NR % 15 <= 2' "$BATS_TEST_TMPDIR/rows" >&3
	[ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -eq $((windows * 3)) ]
	for cg in /file /swap /both; do
		n=$(turns "$cg" 2>&3)
		echo "# $cg: $n turns" >&3
		[ "$n" -le 2 ]
	done
	[ "$(grep -P '^/file\t' "$BATS_TEST_TMPDIR/rows" | tail -n 1 | cut -f2)" -gt 150 ]
	[ "$(grep -P '^/swap\t' "$BATS_TEST_TMPDIR/rows" | tail -n 1 | cut -f2)" -lt 50 ]
}
