# vm: -m 512M -s 256M
# --park and --wake: what comes back is what went, whatever happens between.
load ../helpers
load guest
load tmo-reclaim

setup() {
	echo 0 >"/sys/block/$(basename "${TMO_VM_DISKS%% *}")/queue/rotational"
	zswap_on
	make_cgroup /t/a
	needs_file /t/a memory.reclaim
}

teardown() {
	exec 7>&- || true
	echo 0 >"$CG/t/a/cgroup.freeze" || true
	drop_cgroup /t/a
	drop_cgroup /t
	rm -rf /run/tmo-reclaim
}

# still ARG...: that workload in /t/a, after $first; its pid is in $still, its
# stdin is 7.
still() {
	local fifo=$BATS_TEST_TMPDIR/ask
	told=$BATS_TEST_TMPDIR/told
	rm -f "$fifo"
	mkfifo "$fifo"
	exec 7<>"$fifo"
	sh -c "echo \$\$ >$CG/t/a/cgroup.procs; ${first-:}; exec still $*" <"$fifo" >"$told" 3>&- 7>&- &
	still=$!
	retry 60 test -s "$told"
}

freeze() {
	echo "$1" >"$CG/t/a/cgroup.freeze"
	retry 10 grep -qx "frozen $1" "$CG/t/a/cgroup.events"
}

# ask: thawed, it touches all of it and looks at it: "US BAD".
ask() {
	local lines
	lines=$(wc -l <"$told")
	freeze 0
	echo >&7
	retry 60 sh -c "[ \$(wc -l <$told) -gt $lines ]"
	tail -n 1 "$told"
}

current() {
	cat "$CG/t/a/memory.current"
}

@test "at most a quarter stays while it is parked; --wake brings it back while it is frozen, and it is the same" {
	mkdir -p /mnt
	mount -t tmpfs none /mnt # shared memory: its pages are swapped, too
	first='head -c 2M /dev/urandom >/mnt/file' still 48 /mnt/file
	freeze 1
	before=$(current)
	runx 0 tmo-reclaim --park /t/a
	echo "$output"
	[ -z "$stderr" ]
	[[ $(col reason <<<"$output") == @(partial|floor) ]]
	[ "$(col parked_bytes <<<"$output")" -ge $((before * 3 / 4)) ]
	[ "$(($(current) * 4))" -le "$before" ]
	[ -s "/run/tmo-reclaim/park.$(stat -c %i "$CG/t/a")" ]
	runx 0 tmo-reclaim --wake /t/a
	echo "$output"
	[ -z "$stderr" ]
	[ "$(col reason <<<"$output")" = woken ]
	[ "$(col woken_bytes <<<"$output")" -ge $((49 << 20)) ]
	[ "$(col missing_bytes <<<"$output")" -le $((1 << 20)) ]
	[ "$(col changed_processes <<<"$output")" -eq 0 ]
	[ "$(current)" -ge $((49 << 20)) ]
	grep -qx 'frozen 1' "$CG/t/a/cgroup.events"
	[ -z "$(ls /run/tmo-reclaim)" ]
	# all of it is mapped: no fault is left to the process
	faults() { awk '{ sub(/.*\) /, ""); print $8 + $10 }' "/proc/$still/stat"; }
	was=$(faults)
	[[ $(ask) == *' 0' ]]
	[ "$(($(faults) - was))" -lt 300 ]
	runx 1 tmo-reclaim --wake /t/a
	[ "$(col reason <<<"$output")" = not_parked ]
	umount -l /mnt
}

# settings: what --park and --wake must leave of the cgroup as it is.
settings() {
	(cd "$CG/t/a" && grep -H . cgroup.freeze cgroup.procs memory.{low,min,high,max,swap.max,swap.high,zswap.max,zswap.writeback} 2>/dev/null) || true
}

# killed MODE MOST: kills it within its first MOST us, and looks at what is left
# of it; counts in $in_time, $whole, $none.
killed() {
	local us=$((RANDOM * 32768 + RANDOM)) status=0 pid
	us=$((us % $2))
	tmo-reclaim -q "$1" /t/a >/dev/null 3>&- &
	pid=$!
	sleep "$((us / 1000000)).$(printf %06d $((us % 1000000)))"
	kill -KILL $pid 2>/dev/null || true
	wait $pid || status=$?
	echo "$1, killed after $us us: $status"
	[[ $status == @(0|1|137) ]]
	in_time=$((in_time + (status == 137)))
	[ "$(settings)" = "$was" ]
	# it is whole, or there is none
	status=0
	tmo-reclaim -q -n --wake /t/a >/dev/null || status=$?
	case $status in
	0) whole=$((whole + 1)) ;;
	1) none=$((none + 1)) && [ ! -e "$record" ] ;;
	*) return 1 ;;
	esac
}

# kept: all of it is as it was.
kept() {
	[[ $(ask) == *' 0' ]]
	freeze 1
}

# us_of MODE: what the whole of it takes.
us_of() {
	local start=${EPOCHREALTIME/./}
	tmo-reclaim -q "$1" /t/a >/dev/null
	echo $((${EPOCHREALTIME/./} - start))
}

# $TMO_PARK_KILLS of them, 20 without it.
@test "kills at any moment of --park and --wake lose nothing" {
	local in_time=0 whole=0 none=0 was park wake record
	mkdir -p /mnt
	mount -t tmpfs none /mnt
	first='head -c 2M /dev/urandom >/mnt/file' still 24 /mnt/file
	freeze 1
	was=$(settings)
	record=/run/tmo-reclaim/park.$(stat -c %i "$CG/t/a")
	park=$(us_of --park)
	wake=$(us_of --wake)
	kept
	for ((i = 0; i < ${TMO_PARK_KILLS:-20}; i += 4)); do
		killed --park "$park"
		kept
		tmo-reclaim -q --park /t/a >/dev/null
		killed --wake "$wake"
		kept
		killed --park "$park" # what this leaves
		killed --wake "$wake" # is for this
		kept
	done
	echo "# $i kills, $in_time of them in time; after them $whole records were whole, and none was there $none times" >&3
	[ "$in_time" -gt 0 ]
	# a record that a kill left is whole: all that was in memory comes back
	runx 0 tmo-reclaim -q --park /t/a
	runx 0 tmo-reclaim -q --wake /t/a
	echo "$output"
	[ "$(col missing_bytes <<<"$output")" -le $((1 << 20)) ]
	[ "$(current)" -ge $((24 << 20)) ]
	[ -z "$(ls /run/tmo-reclaim)" ] # nor is anything left of them
	kept
	umount -l /mnt
}

@test "a kill in --park keeps the record of all, and the next --park does not lose it" {
	still 24
	freeze 1
	record=/run/tmo-reclaim/park.$(stat -c %i "$CG/t/a")
	tmo-reclaim -q --park /t/a >/dev/null 3>&- &
	retry 20 test -s "$record"
	kill -KILL $! 2>/dev/null || true
	wait $! || true
	runx 0 tmo-reclaim -q --park /t/a
	runx 0 tmo-reclaim -q --wake /t/a
	[ "$(col missing_bytes <<<"$output")" -le $((1 << 20)) ]
	[ "$(col woken_bytes <<<"$output")" -ge $((23 << 20)) ]
}

@test "a process that is another one now is left alone, and a damaged record is refused" {
	still 16
	freeze 1
	runx 0 tmo-reclaim -q --park --park-dir "$BATS_TEST_TMPDIR" /t/a
	record=$BATS_TEST_TMPDIR/park.$(stat -c %i "$CG/t/a")
	cp "$record" "$record.kept"
	freeze 0
	# the number of the process, with another start: another's record
	python3 - "$record" "$still" <<-'END'
		import re, sys, zlib
		path, pid = sys.argv[1:]
		data = open(path, "rb").read().split(b"\n", 1)[1]
		data = re.sub(rb"process %s (\d+)" % pid.encode(),
			lambda m: b"process %s %d" % (pid.encode(), int(m[1]) + 1), data)
		head = b"tmo-tools tmo-reclaim-park 1 %d %08x\n" % (len(data), zlib.crc32(data))
		open(path, "wb").write(head + data)
	END
	before=$(current)
	runx 0 tmo-reclaim --wake --park-dir "$BATS_TEST_TMPDIR" /t/a
	echo "$output"
	[ "$(col changed_processes <<<"$output")" -eq 1 ]
	[ "$(col woken_bytes <<<"$output")" -eq 0 ]
	[ "$(col missing_bytes <<<"$output")" -ge $((16 << 20)) ]
	[ "$(($(current) - before))" -lt $((2 << 20)) ]
	head -c -9 "$record.kept" >"$record"
	chmod 600 "$record"
	for mode in --park --wake; do
		runx 3 tmo-reclaim $mode --park-dir "$BATS_TEST_TMPDIR" /t/a
		one_line "$record"
		[ "$(col reason <<<"$output")" = error ]
	done
	[[ $(ask) == *' 0' ]]
}

@test "--park within the guards, --wake within its time, and -n does neither" {
	needs_swappiness
	still 16
	freeze 1
	before=$(current)
	runx 0 tmo-reclaim -n --park /t/a
	[[ $stderr == *"would write '/run/tmo-reclaim/park."*"would write '"*"memory.reclaim'"* ]]
	[ "$(current)" -ge $((before - (1 << 20))) ]
	[ -z "$(ls /run/tmo-reclaim)" ]
	echo 12M >"$CG/t/a/memory.low"
	runx 1 tmo-reclaim -q --park /t/a
	[ "$(col reason <<<"$output")" = protected ]
	[ "$(current)" -ge $((10 << 20)) ]
	echo 0 >"$CG/t/a/memory.low"
	echo 8M >"$CG/t/a/memory.swap.max"
	runx 1 tmo-reclaim -q --park /t/a
	[[ $(col reason <<<"$output") == @(swap_full|no_swap) ]]
	[ "$(<"$CG/t/a/memory.swap.current")" -le $((8 << 20)) ]
	echo max >"$CG/t/a/memory.swap.max"
	# the budget of a row: none
	runx 1 tmo-reclaim -q --park < <(printf '#cgroup\tswap_write_bytes_per_s\n/t/a\t0\n')
	[ "$(col reason <<<"$output")" = swap_budget ]
	runx 0 tmo-reclaim -q --park /t/a
	runx 1 tmo-reclaim --wake --within 1ms /t/a
	[ "$(col reason <<<"$output")" = deadline ]
	[ "$(col missing_bytes <<<"$output")" -gt 0 ]
	runx 0 tmo-reclaim -n --wake /t/a
	[[ $stderr == *'would bring back '*" bytes of process $still"* ]]
	runx 0 tmo-reclaim --wake < <(echo /t/a)
	[[ $(ask) == *' 0' ]]
}
