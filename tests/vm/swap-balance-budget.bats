#!/usr/bin/env bats
# long
# vm: -I -m 1G
#
# The write budget behind tmo-reclaim, by the guest's own clock: a minute of it
# takes seconds.

load ../helpers
load guest
load swap-balance

# A disk in the guest's memory, as what the clock skips is long for the host's
# (tests/vm/run -I): it takes 100 us for each request.
setup() {
	local disk=/sys/kernel/config/nullb/nullb0
	STATE=$BATS_TEST_TMPDIR/state
	modprobe null_blk nr_devices=0 2>/dev/null || skip "this kernel has no null_blk"
	mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
	mkdir "$disk" || skip "this kernel's null_blk is not set up by configfs"
	echo 512 >"$disk/size"
	echo 1 >"$disk/memory_backed"
	echo 2 >"$disk/irqmode"
	echo 100000 >"$disk/completion_nsec"
	echo 1 >"$disk/power"
	DISK=/dev/nullb0
}

teardown() {
	all_off
	rmdir /sys/kernel/config/nullb/nullb0
}

# written: bytes that the disk got so far.
written() {
	awk '{ printf "%.0f", $7 * 512 }' "/sys/class/block/${DISK##*/}/stat"
}

# spend BUDGET: a minute of the pipeline, whose law would take 1 MB a second of
# a cold cgroup. Sets the bytes that the drive got, and the seconds.
spend() {
	local was start
	swap_on "$DISK"
	hog /a --cold-anon 200M --stock-pages
	was=$(written) start=$SECONDS
	timeout 60 sh -c "psi-watch -i 2s /a | swap-balance -S '$STATE.${1%/*}' -b $1 |
		tmo-reclaim --ratio 1% --headroom 0" >"$BATS_TEST_TMPDIR/rows" || true
	got=$(($(written) - was)) seconds=$((SECONDS - start))
	all_off
}

@test "behind tmo-reclaim a write budget of any size is held, and used" {
	local budget size rate got seconds
	[ ! -e /sys/kernel/mm/transparent_hugepage ] || echo never >/sys/kernel/mm/transparent_hugepage/enabled
	mkdir -p "$CG/tools"
	echo $$ >"$CG/tools/cgroup.procs"
	while read -r budget size rate; do
		spend "$budget"
		printf '# %s: %d bytes in %d s, of %d and %d\n' "$budget" "$got" "$seconds" $((rate * seconds)) "$size" >&3
		[ "$got" -le $((rate * seconds + size)) ]
		[ "$got" -ge $((rate * seconds / 2)) ]
	done <<-END
		64K/1s $((64 << 10)) $((64 << 10))
		1M/1m $((1 << 20)) $(((1 << 20) / 60))
		40M/1h $((40 << 20)) $(((40 << 20) / 3600))
		20G/1d $((20 << 30)) $(((20 << 30) / 86400))
	END
}
