#!/usr/bin/env bats
# long
# vm: -I -m 1G
#
# The write budget behind tmo-reclaim, by the guest's own clock: a minute of it
# takes seconds.

load ../helpers
load guest
load swap-balance

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	[ ! -e /sys/kernel/mm/transparent_hugepage ] || echo never >/sys/kernel/mm/transparent_hugepage/enabled
	mkdir -p "$CG/tools"
	echo $$ >"$CG/tools/cgroup.procs"
}

teardown() {
	all_off
	null_disks_off
}

# written: bytes that the disk got so far.
written() {
	awk '{ printf "%.0f", $7 * 512 }' "/sys/class/block/${DISK##*/}/stat"
}

# spend BUDGET MIB: a minute of the pipeline, whose law would take half a percent
# a second of so much cold memory: more than ten times what each budget allows.
# Sets the bytes that the drive got, and the seconds.
spend() {
	local was start
	swap_on "$DISK"
	hog /a --cold-anon "$2M" --stock-pages
	was=$(written) start=$SECONDS
	timeout 60 sh -c "psi-watch -i 2s /a | swap-balance -S '$STATE.${1%/*}' -b $1 |
		tmo-reclaim --ratio 1% --headroom 0" >"$BATS_TEST_TMPDIR/rows" || true
	got=$(($(written) - was)) seconds=$((SECONDS - start))
	all_off
}

@test "behind tmo-reclaim a write budget of any size is held, and used" {
	local budget mib size rate got seconds
	null_disk 100
	DISK=$NULL_DISK
	while read -r budget mib size rate; do
		spend "$budget" "$mib"
		printf '# %s: %d bytes in %d s, of %d and %d\n' "$budget" "$got" "$seconds" $((rate * seconds)) "$size" >&3
		[ "$got" -le $((rate * seconds + size)) ]
		[ "$got" -ge $((rate * seconds / 2)) ]
	done <<-END
		64K/1s 200 $((64 << 10)) $((64 << 10))
		1M/1m 200 $((1 << 20)) $(((1 << 20) / 60))
		40M/1h 200 $((40 << 20)) $(((40 << 20) / 3600))
		20G/1d 520 $((20 << 30)) $(((20 << 30) / 86400))
	END
}

# The kernel takes a page for reclaimed when its write has ended, and starts
# more writes until then: a slow disk gets many times what was asked for. What is
# promised is that nothing is asked for unless what was written before is within
# the bound, so that the mean rate holds over any longer time.
@test "on a slow disk what the kernel writes beyond a request is paid before the next one" {
	local rate=$((256 << 10)) size=$((256 << 10)) start was asked=0 before=0 most=0 now us rest
	null_disk 200000
	DISK=$NULL_DISK
	swap_on "$DISK"
	hog /a --cold-anon 300M --stock-pages
	start=${EPOCHREALTIME/./} was=$(written)
	while IFS=$'\t' read -r _ want rest; do
		now=$(($(written) - was)) us=$((${EPOCHREALTIME/./} - start))
		printf '%s\t%s\t%d\t%d\n' "$want" "$rest" "$us" "$now" >>"$BATS_TEST_TMPDIR/rows"
		if ((want > 0)); then
			((++asked))
			[ "$before" -le $((rate * us / 1000000 + size)) ]
		fi
		((now - rate * us / 1000000 - size <= most)) || most=$((now - rate * us / 1000000 - size))
		before=$now
	done < <(timeout 120 sh -c "psi-watch -i 2s /a | swap-balance -S '$STATE' -b 256K/1s |
		tmo-reclaim -H --ratio 1% --headroom 0 -o want_bytes,got_bytes,reason" 3>&-)
	cat "$BATS_TEST_TMPDIR/rows" >&2
	printf '# asked %d times; at most %d bytes beyond the rate and SIZE\n' "$asked" "$most" >&3
	[ "$asked" -ge 3 ]
	[ "$most" -gt 0 ]
}
