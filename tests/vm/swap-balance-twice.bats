#!/usr/bin/env bats
# kernels: debian:6.12
# vm: -m 1G -s 128M -s 64M -s 64M
#
# Twice cold: swap-balance --maintain CGROUP writes back what a cgroup has in a
# zram that it shares with others.

load ../helpers
load guest
load swap-balance

ZRAM=/sys/block/zram0
BLOCK_STATE=/sys/kernel/debug/zram/zram0/block_state

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	read -r BACKING ONE OTHER <<<"$TMO_VM_DISKS"
	needs_zram
	[ -e $ZRAM/backing_dev ] || skip "this kernel has no zram with writeback"
	[ -e $BLOCK_STATE ] || skip "this kernel's zram has no block_state"
	make_cgroup /a /b
	needs_file /a memory.reclaim
}

teardown() {
	all_off
	exec 7>&- 8>&-
	[ ! -e $ZRAM/reset ] || echo 1 >$ZRAM/reset
	dmesg >"$BATS_TEST_TMPDIR/dmesg"
	! grep -iE '(I/O|read|write) error|zram.*error' "$BATS_TEST_TMPDIR/dmesg"
}

# zram_on [PRIORITY]: with the first disk behind it.
zram_on() {
	echo 1 >$ZRAM/reset
	echo 0 >$ZRAM/writeback_limit_enable # a reset keeps it
	echo "$BACKING" >$ZRAM/backing_dev
	echo lz4 >$ZRAM/comp_algorithm
	echo 192M >$ZRAM/disksize
	mkswap /dev/zram0 >/dev/null
	swapon -p "${1-10}" /dev/zram0
}

# still CGROUP FD MIB: memory of known contents there, all of it in swap; lines
# to that descriptor make it look at it. Its pid is in $still.
still() {
	local fifo=$BATS_TEST_TMPDIR/ask.$2
	mkfifo "$fifo"
	eval "exec $2<>'$fifo'"
	sh -c "echo \$\$ >$CG$1/cgroup.procs; exec still $3" <"$fifo" >"$fifo.told" 3>&- 7>&- 8>&- &
	still=$!
	HOGS+=("$still")
	retry 60 test -s "$fifo.told"
	reclaim "$1" "$3M" 200
	reclaim "$1" "$3M" 200
	[ "$(cat "$CG$1/memory.swap.current")" -gt $(($3 * 800000)) ]
}

# intact FD: what it holds is as it was.
intact() {
	local told=$BATS_TEST_TMPDIR/ask.$1.told lines
	lines=$(wc -l <"$told")
	echo >&"$1"
	more() { [ "$(wc -l <"$told")" -gt "$lines" ]; }
	retry 120 more
	[[ $(tail -n 1 "$told") == *' 0' ]]
}

# slots PID: where its pages are in swap, whatever the area.
slots() {
	# shellcheck disable=SC2016 # perl's
	perl -e '
		open my $pages, "<", "/proc/$ARGV[0]/pagemap" or die;
		open my $maps, "<", "/proc/$ARGV[0]/maps" or die;
		while (<$maps>) {
			next if /vsyscall/;
			my ($start, $end) = map hex, /^(\w+)-(\w+)/;
			sysseek $pages, $start / 512, 0;
			sysread $pages, my $entries, ($end - $start) / 512;
			$_ >> 62 == 1 and print(($_ & (1 << 55) - 1) >> 5, "\n")
				for unpack "Q*", $entries;
		}' "$1"
}

# away PID: its pages that are on the backing device.
away() {
	awk 'NR == FNR { mine[$1] = 1; next } $1 in mine && $3 ~ /w/ { n++ } END { print n + 0 }' \
		<(slots "$1") <(cat $BLOCK_STATE) # mawk ends at a read that is short
}

writes() { awk '{ print $3 }' $ZRAM/bd_stat; }
back() { swap-balance -S "$STATE" -H -q --maintain --writeback-after 1s "$@"; }

@test "of two cgroups in one zram the one that is named is written back, and none of its neighbour" {
	zram_on
	still /a 7 24
	a=$still
	still /b 8 24
	b=$still
	# its times are of the clock since boot, in seconds
	cat $BLOCK_STATE |
		awk -v now="$(cut -d. -f1 /proc/uptime)" '$2 < now - 600 || $2 > now + 1 { exit 1 }'
	# not long enough
	runx 0 swap-balance -S "$STATE" -H -q --maintain --writeback-after 1h /a
	[ "$(cut -f 1-3,7,9,10 <<<"$output")" = $'zram0\twriteback\tdone\t0\t/a\t0' ]
	sleep 2
	runx 0 back -n /a
	[ "$(cut -f 1-3,7,9 <<<"$output")" = $'zram0\twriteback\tplanned\t0\t/a' ]
	[ "$(cut -f 10 <<<"$output")" -gt 20000000 ]
	[ "$(writes)" -eq 0 ]
	runx 0 back -f rows /a
	echo "$output" >&2
	[ -z "$stderr" ]
	IFS=$'\t' read -r dev action state _ before after written why cgroup cold <<<"$output"
	[ "$dev $action $state $why $cgroup" = 'zram0 writeback done idle /a' ]
	[ "$written" -eq "$cold" ]
	[ "$written" -gt 20000000 ]
	[ "$before" -gt "$after" ]
	[ "$(away "$a")" -eq $((written / 4096)) ]
	[ "$(writes)" -eq $((written / 4096)) ]
	[ "$(away "$b")" -eq 0 ]
	printf '# %s: %d bytes written, %d bytes of zram freed, %d of the neighbour written\n' \
		"$(uname -r)" "$written" $((before - after)) "$(away "$b")" >&3
	# what is away is not written again
	runx 0 back /a
	[ "$(cut -f 3,7,10 <<<"$output")" = $'done\t0\t0' ]
	intact 7
	intact 8
}

@test "what is in use stays where it is: hardly a page is read from the disk again" {
	local before after written cold was
	reads() { awk '{ print $2 }' $ZRAM/bd_stat; }
	zram_on
	hog /a --hot-anon 8M --cold-anon 24M --fill lz:3 --rate 2000
	reclaim /a 32M 200
	sleep 8
	runx 0 swap-balance -S "$STATE" -H -q --maintain --writeback-after 5s /a
	IFS=$'\t' read -r _ _ _ _ before after written _ _ cold <<<"$output"
	[ "$written" -gt 16000000 ]
	was=$(reads)
	sleep 15
	printf '# %s: %d of %d bytes written, %d bytes of zram freed; then %d pages read back in 15 s\n' \
		"$(uname -r)" "$written" "$cold" $((before - after)) $(($(reads) - was)) >&3
	[ $(($(reads) - was)) -le $((written / 4096 / 50)) ]
}

@test "it holds the budget and the device's own limit" {
	zram_on
	still /a 7 24
	sleep 2
	runx 0 back -b 16M /a # a quarter of it is there
	[ "$(cut -f 3,7,8 <<<"$output")" = $'done\t4194304\tbudget' ]
	[ "$(writes)" -eq 1024 ]
	runx 0 back -b 16M /a
	[[ $(cut -f 3,7,8 <<<"$output") == $'held\t0\tbudget' ]]
	echo 100 >$ZRAM/writeback_limit
	echo 1 >$ZRAM/writeback_limit_enable
	runx 0 back /a
	[ "$(cut -f 3,7 <<<"$output")" = $'done\t409600' ]
	[ "$(cat $ZRAM/writeback_limit{,_enable})" = $'0\n1' ]
	runx 0 back /a
	[ "$(cut -f 3,7,8 <<<"$output")" = $'held\t0\twriteback_limit' ]
	intact 7
}

@test "a process that ends meanwhile, and a neighbour that takes its slots, come to no harm" {
	zram_on
	still /a 7 40
	a=$still
	still /b 8 24
	sleep 2
	back /a >"$BATS_TEST_TMPDIR/row" 3>&- &
	run=$!
	moving() { [ "$(writes)" -gt 500 ]; }
	retry 60 moving
	kill -KILL "$a"
	intact 8
	reclaim /b 24M 200
	wait "$run"
	cat "$BATS_TEST_TMPDIR/row" >&2
	[ "$(cut -f 3,9 "$BATS_TEST_TMPDIR/row")" = $'done\t/a' ]
	intact 8
	# what is gone when it starts is no error either
	runx 0 back /a
	[ "$(cut -f 3,10 <<<"$output")" = $'done\t0' ]
	runx 3 back /none
}

@test "the zram is known among other areas, also after one is gone; where it cannot be, nothing is written" {
	swapon_at() { mkswap "$1" >/dev/null && swapon -p "$2" "$1"; }
	swapon_at "$ONE" 5
	swapon_at "$OTHER" 4
	zram_on 10
	swapoff "$ONE" # in /proc/swaps the zram is the second now, and is not area 1
	still /a 7 24
	sleep 2
	runx 0 back /a
	[ "$(cut -f 3 <<<"$output")" = "done" ]
	[ "$(cut -f 7 <<<"$output")" -gt 20000000 ]
	[ "$(away "$still")" -eq "$(writes)" ]
	was=$(writes)
	swapon_at "$ONE" 10 # takes turns with the zram
	runx 0 back /a
	[ "$(cut -f 3,8 <<<"$output")" = $'missing\tset:priority' ]
	[ "$(writes)" -eq "$was" ]
	intact 7
}
