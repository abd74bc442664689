# vm: -m 1G -s 512M
# tmo-reclaim on a real kernel: what it takes, and each guard by a real cause.
load ../helpers
load guest
load tmo-reclaim

setup() {
	two_cgroups
}

teardown() {
	rm -f /run/tmo-reclaim.off
	for key in /t/b/c{1..20} /t/z /t/a/in /t/a /t/b /t/other /t; do
		drop_cgroup "$key"
	done
}

# calm KEY [COLUMNS VALUES]: one row of a calm cgroup.
calm() {
	printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct'
	[ $# -lt 3 ] || printf '\t%s' "$2"
	printf '\n%s\t2000000\t0.000\t0.000' "$1"
	[ $# -lt 3 ] || printf '\t%s' "$3"
	printf '\n'
}

# ends_with STATUS PID: a child of ours.
ends_with() {
	local got=0
	wait "$2" || got=$?
	[ "$got" -eq "$1" ]
}

# reason_of OPTIONS...: of one row on stdin.
reason_of() {
	tmo-reclaim --headroom 4M --ratio 1% "$@" | col reason
}

@test "-b takes the requested amount and reports the result" {
	work /t/a --cold-anon 64M --rate 10
	before=$(steal /t/a)
	runx 0 tmo-reclaim --headroom 8M -b 20M /t/a
	[ "$(col reason <<<"$output")" = asked ]
	# a kernel's writes bring more than they ask for: that is asked for less
	[ "$(col want_bytes <<<"$output")" -le $((20 << 20)) ]
	[ "$(col want_bytes <<<"$output")" -ge $((12 << 20)) ]
	got=$(col got_bytes <<<"$output")
	[ "$got" -ge $((20 << 20)) ]
	[ "$got" -le $((23 << 20)) ]
	[ "$(col got_anon_bytes <<<"$output")" -gt $((got * 9 / 10)) ]
	# the kernel's own counter says the same
	moved=$((($(steal /t/a) - before) * 4096))
	[ $((moved - got)) -lt $((1 << 20)) ]
	[ $((got - moved)) -lt $((1 << 20)) ]
	# net is what went to swap without what its copies cost
	saved=$(col saved_bytes <<<"$output")
	[ "$saved" -gt $((got / 2)) ]
	[ "$saved" -lt "$got" ]
}

@test "saved_bytes can be computed from the kernel's files" {
	work /t/a --cold-anon 48M --rate 10
	runx 0 tmo-reclaim --headroom 8M -b 16M /t/a
	swap=$(<"$CG/t/a/memory.swap.current")
	hand=$((swap - $(stat_of /t/a swapcached) - $(stat_of /t/a zswap)))
	saved=$(col saved_bytes <<<"$output")
	diff=$((hand - saved))
	echo "by hand $hand, row $saved"
	[ "${diff#-}" -lt $((1 << 20)) ]
}

@test "-b with more than the cgroup has stops at the floor, status 1" {
	work /t/a --cold-anon 32M --rate 10
	runx 1 tmo-reclaim --headroom 16M -b 100M /t/a
	[ "$(col reason <<<"$output")" = floor ]
	[ "$(<"$CG/t/a/memory.current")" -gt $((14 << 20)) ]
}

@test "the kernel's EAGAIN is a partial result" {
	work /t/a --cold-anon 4M --mlock 24M --rate 10
	# believed to be reclaimable: the floor is below what is locked
	runx 1 tmo-reclaim --headroom 0 -b 90% /t/a
	[[ "$(col reason <<<"$output")" =~ ^(partial|floor)$ ]]
}

@test "each pause has its reason: off, empty, frozen, no_psi, grace, self" {
	[ "$(calm /t/a | reason_of)" = empty ]
	work /t/a --cold-anon 24M --rate 10
	touch /run/tmo-reclaim.off
	[ "$(calm /t/a | reason_of)" = off ]
	rm /run/tmo-reclaim.off
	echo 1 >"$CG/t/a/cgroup.freeze"
	[ "$(calm /t/a | reason_of)" = frozen ]
	echo 0 >"$CG/t/a/cgroup.freeze"
	[ "$(calm /t/a | sed 's/\t0\.000/\t-/' | reason_of)" = no_psi ]
	echo 0 >"$CG/t/a/cgroup.pressure"
	[ "$(printf '/t/a\n' | reason_of)" = no_psi ]
	echo 1 >"$CG/t/a/cgroup.pressure"
	[ "$({ calm /t/b; sleep 2; calm /t/a | tail -n 1; } | reason_of -i 100ms --grace 1h | tail -n 1)" = grace ]
	run --separate-stderr sh -c "echo \$\$ >$CG/t/b/cgroup.procs; exec tmo-reclaim -c 1 /t/b"
	[ "$status" -eq 2 ]
	one_line "contains tmo-reclaim itself"
	[ "$(calm /t/b | sh -c "echo \$\$ >$CG/t/b/cgroup.procs; exec tmo-reclaim" | col reason)" = self ]
}

@test "the machine slept: that period is left out" {
	work /t/a --cold-anon 24M --rate 10
	runx 0 env FAULT=boottime:clock:jump:3 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 4M -i 500ms -c 4 /t/a
	echo "$output"
	[ "$(col reason <<<"$output" | grep -n suspended)" = 3:suspended ]
	# stopped for some periods: one late period in their place, which may come
	# just before the next of the old grid, and no more
	tmo-reclaim -n -q -i 300ms -c 6 /t/a >"$BATS_TEST_TMPDIR/rows" 3>&- &
	tool=$!
	retry 10 has_rows 2
	kill -STOP "$tool"
	sleep 1.5
	kill -CONT "$tool"
	wait "$tool"
	col time <"$BATS_TEST_TMPDIR/rows" | tee "$BATS_TEST_TMPDIR/times"
	[ "$(awk 'NR > 1 && $1 - t > 1 { n++ } { t = $1 } END { print n + 0 }' "$BATS_TEST_TMPDIR/times")" -eq 1 ]
	[ "$(awk 'NR > 1 && $1 - t < 0.05 { n++ } { t = $1 } END { print n + 0 }' "$BATS_TEST_TMPDIR/times")" -le 1 ]
}

# has_rows N: of the tool that writes into rows.
has_rows() { [ "$(grep -c '^/' "$BATS_TEST_TMPDIR/rows")" -ge "$1" ]; }

# rivalry CMD: a run of 16 periods beside CMD, which is called four times, a
# period between.  The first sighting costs a period, the next the rest of the
# run, and is said once.
rivalry() {
	work /t/a --cold-anon 96M --rate 10
	tmo-reclaim --headroom 4M -i 500ms -c 16 /t/a \
		>"$BATS_TEST_TMPDIR/rows" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	tool=$!
	for i in 2 4 6 8; do
		retry 30 has_rows "$i"
		"$1" "$i"
	done
	wait "$tool"
	cat "$BATS_TEST_TMPDIR/rows" "$BATS_TEST_TMPDIR/err"
	[ "$(col reason <"$BATS_TEST_TMPDIR/rows" | grep -c rival)" -ge 6 ]
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/rows" | cut -f 4,10)" = "0	rival" ]
	[ "$(grep -c "'/t/a': another process reclaims from it" "$BATS_TEST_TMPDIR/err")" -eq 1 ]
}
moves_high() { echo "$((900 - $1))M" >"$CG/t/a/memory.high"; }
reclaims() { echo 8M >"$CG/t/a/memory.reclaim" || true; }

@test "a process that changes memory.high has the cgroup to itself meanwhile" {
	rivalry moves_high
}

@test "a process that writes memory.reclaim has the cgroup to itself meanwhile" {
	grep -q pgsteal_proactive "$CG/t/a/memory.stat" ||
		skip "this kernel does not count proactive reclaim apart"
	rivalry reclaims
}

@test "tmo-reclaim does not take itself for a rival, nor from the cgroups above" {
	work /t/a --cold-anon 96M --rate 10
	runx 0 tmo-reclaim --headroom 4M --ratio 1% -r -i 500ms -c 12 /t
	echo "$output"
	refute grep -q 'rival$' <<<"$output"
	[ "$(<"$CG/t/a/memory.swap.current")" -gt $((1 << 20)) ]
}

@test "each floor has its reason: floor, protected, row_floor" {
	work /t/a --cold-anon 48M --rate 10
	[ "$(calm /t/a | reason_of --headroom 1G)" = floor ]
	echo 1G >"$CG/t/a/memory.low"
	[ "$(calm /t/a | reason_of)" = protected ]
	echo 0 >"$CG/t/a/memory.low"
	echo 1G >"$CG/t/memory.min"
	[ "$(calm /t/a | reason_of)" = protected ]
	echo 0 >"$CG/t/memory.min"
	[ "$(calm /t/a floor_bytes 1000000000 | reason_of)" = row_floor ]
	[ "$(calm /t/a max_step_bytes 8192 | reason_of)" = max_step ]
	# of an order that takes longer than it may
	runx 1 tmo-reclaim --headroom 4M --deadline 1ms --alarm 1m --chunk 64M -b 40M /t/a
	[ "$(col reason <<<"$output")" = deadline ]
}

@test "each cause that forbids swap has its reason" {
	needs_swappiness
	work /t/a --cold-anon 48M --rate 10
	# a kernel that cannot take file cache alone takes nothing then
	[ "$(calm /t/a swap_write_bytes_per_s 0 | FAULT=memory.reclaim:write:EINVAL \
		LD_PRELOAD="$TMO_BUILD/faultio.so" reason_of)" = no_swappiness ]
	swapped() { cat "$CG/t/a/memory.swap.current"; }
	before=$(swapped)
	[ "$(calm /t/a swap_write_bytes_per_s 0 | reason_of)" = swap_budget ]
	[ "$(calm /t/a swappiness 0 | reason_of)" = file_only ]
	[ "$(calm /t/a swap_left_bytes 0 | reason_of)" = no_swap ]
	[ "$(swapped)" -eq "$before" ]
	# really used: nine tenths of what the cgroup may swap
	echo 8M >"$CG/t/a/memory.swap.max"
	tmo-reclaim --headroom 0 --swap-limit 100% --deadline 1m --chunk 512K -b 7M /t/a || true
	used=$(swapped)
	[ "$used" -gt $((13 << 19)) ]
	[ "$(calm /t/a | reason_of)" = swap_full ]
	[ "$(swapped)" -le "$used" ]
}

@test "a full zswap pool stops swapping" {
	needs_file /t/a memory.zswap.writeback
	work /t/a --cold-anon 48M --rate 10
	echo 1M >"$CG/t/a/memory.zswap.max"
	echo 0 >"$CG/t/a/memory.zswap.writeback"
	tmo-reclaim --headroom 4M -b 8M /t/a || true
	head "$CG"/t/a/memory.zswap.*
	[ "$(calm /t/a | reason_of)" = zswap_full ]
}

@test "parent and child are not reclaimed in the same period" {
	make_cgroup /t/a/in
	work /t/a/in --cold-anon 48M --rate 10
	runx 0 tmo-reclaim --headroom 4M -r -i 1s -c 4 /t
	echo "$output"
	grep -q 'nested$' <<<"$output"
	# of the three at any time one at most has a write
	awk -F'\t' '!/^#/ { if ($4 > 0) n[int($2 + 0.2)]++ }
		END { for (t in n) if (n[t] > 1) exit 1 }' <<<"$output"
}

@test "a second tmo-reclaim of the same cgroup reports locked" {
	work /t/a --cold-anon 24M --rate 10
	tmo-reclaim -i 1s /t/a >/dev/null 3>&- &
	first=$!
	sleep 1
	[ "$(calm /t/a | reason_of)" = locked ]
	kill "$first"
	ends_with 143 "$first"
	[ "$(calm /t/a | reason_of)" != locked ]
}

@test "pressure stops it, and a burst is remembered for a while" {
	work /t/a --cold-anon 48M --rate 10
	runx 0 tmo-reclaim --headroom 4M --ratio 1% < <(
		printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct\n'
		printf '/t/a\t2000000\t5.000\t0.000\n'
		sleep 2
		printf '/t/a\t2000000\t0.000\t5.000\n'
		sleep 2
		printf '/t/a\t2000000\t0.000\t0.000\n'
	)
	echo "$output"
	[ "$(col reason <<<"$output" | tr '\n' ' ')" = "mem_pressure io_pressure mem_pressure " ]
	[ "$(steal /t/a)" -eq 0 ]
}

@test "a backlog of rows, or an old row, causes no burst of reclaim" {
	work /t/a --cold-anon 64M --rate 10
	runx 0 tmo-reclaim --headroom 4M --ratio 1% < <(
		for _ in {1..100}; do calm /t/a; done | sed '1p; /^#/d; s/2000000/60000000/'
	)
	[ "$(col reason <<<"$output" | sort | uniq -c | xargs)" = "1 law 99 stale" ]
	[ "$(calm /t/a time "$(date +%s -d '5 seconds ago').000" | reason_of)" = stale ]
	[ "$(calm /t/a time "$(date +%s).000" | reason_of)" = law ]
}

@test "if all rows come too late, one message says so" {
	work /t/a --cold-anon 16M --rate 10
	late() {
		for ((i = 0; i < $1; i++)); do calm /t/a time "$(date +%s -d '60 seconds ago').000"; done |
			sed '1p; /^#/d' | { tmo-reclaim >/dev/null; } 2>&1
	}
	[ -z "$(late 4)" ]
	[[ $(late 20) == *"'/t/a': 5 rows in succession were too old"* ]]
	[ "$(late 20 | grep -c 'too old')" -eq 1 ]
	# one on time between them, though too soon to act upon
	runx 0 tmo-reclaim < <(
		for _ in {1..5}; do
			calm /t/a time "$(date +%s).000"
			calm /t/a time "$(date +%s -d '300 seconds ago').000" | sed '/^#/d'
		done | sed '1p; /^#/d; s/2000000/60000000/'
	)
	[ -z "$stderr" ]
}

@test "the excess of a write of huge pages is paid for by later steps" {
	[ -e /sys/kernel/mm/transparent_hugepage/enabled ] || skip "this kernel has no huge pages"
	work /t/a --thp --cold-anon 384M --rate 10
	[ "$(stat_of /t/a anon_thp)" -gt $((256 << 20)) ]
	runx 0 tmo-reclaim --headroom 4M -i 500ms -c 30 --io-limit 100% --mem-limit 100% -o +overshoot_bytes /t/a
	echo "$output"
	# nothing is asked for while something is owed; and each asks for a huge page
	awk -F'\t' 'NR > 1 && $4 > 0 { n++ } $4 > 0 && $4 < 2097152 { bad = 1 }
		NR > 1 && owed > 4194304 && $4 > 0 { bad = 1 } { owed = $NF }
		END { exit bad || !n }' <<<"$output"
	# 30 periods of 1 % are the most; the last write may be beyond that
	awk -F'\t' 'NR > 1 { got += $5; if ($5 > most) most = $5 } END { exit got - most > 0.3 * 403000000 }' <<<"$output"
}

@test "memory that does not compress is left alone before much of it is taken" {
	grep -q '^zswap_incomp ' "$CG/t/a/memory.stat" || skip "this kernel keeps no page in zswap as it is"
	work /t/a --cold-anon 96M --fill random --rate 10
	runx 0 tmo-reclaim --headroom 4M --ratio 1% -i 500ms -c 14 --io-limit 100% --mem-limit 100% /t/a
	echo "$output"
	[ "$(col reason <<<"$output" | tail -n 1)" = saves_nothing ]
	[ "$(col got_anon_bytes <<<"$output" | awk '{ n += $1 } END { print n }')" -lt $((8 << 20)) ]
}

@test "evidence bounds the step and makes it fast" {
	work /t/a --cold-anon 64M --rate 10
	cols='verdict	anon_bytes	file_bytes	cold_anon_bytes	cold_file_bytes'
	runx 0 tmo-reclaim --headroom 4M < <(
		calm /t/a "$cols" "ok	67108864	0	2097152	0"
		for _ in 1 2 3 4; do
			sleep 2
			calm /t/a "$cols" "ok	67108864	0	2097152	0" | tail -n 1
		done
	)
	# two MiB are known to be cold: so much is taken, and no more
	taken=$(col got_bytes <<<"$output" | awk '{ n += $1 } END { print n }')
	echo "$output"
	[ "$taken" -ge $((1 << 20)) ]
	[ "$taken" -le $((3 << 20)) ]
	[[ "$(tail -n 1 <<<"$output")" =~ (small|cold)$ ]]
	[ "$(calm /t/a "$cols" "suspect:lru_gen	1	0	1	0" | reason_of)" != cold ]
}

@test "memory.high is lowered for a moment, and then restored" {
	work /t/a --cold-anon 48M --rate 10
	echo 900M >"$CG/t/a/memory.high"
	runx 0 tmo-reclaim --memory-high --headroom 4M -b 8M /t/a
	[ "$(<"$CG/t/a/memory.high")" -eq $((900 << 20)) ]
	[ "$(col got_bytes <<<"$output")" -ge $((7 << 20)) ]
	[ -z "$(ls /run/tmo-reclaim)" ]
	# where descriptors are too few to hold the directories, too
	echo max >"$CG/t/a/memory.high"
	make_cgroup /t/b/c{1..20}
	make_cgroup /t/z
	work /t/z --cold-anon 16M --rate 10
	# status 1: the others are empty
	(ulimit -n 200 && tmo-reclaim --memory-high --headroom 0 -b 1M '/t/b/*' /t/z) \
		>"$BATS_TEST_TMPDIR/out" || [ $? -eq 1 ]
	[ "$(grep ^/t/z "$BATS_TEST_TMPDIR/out" | awk '{ print $NF }')" = asked ]
	[ "$(cat "$CG"/t/*/memory.high "$CG"/t/b/c*/memory.high | sort -u)" = max ]
	# not without a record
	mount -t tmpfs -o ro none /run
	runx 3 tmo-reclaim --memory-high --headroom 4M -b 1M /t/a
	umount /run
	one_line "with a record in /run"
	[ "$(<"$CG/t/a/memory.high")" = max ]
}

# poke: a reclaim by memory.high that takes seconds is under way, in $tool.
poke() {
	work /t/a --cold-anon 256M --rate 10
	tmo-reclaim --memory-high --headroom 4M --chunk 220M --deadline "$1" -b 210M /t/a \
		>/dev/null 2>&1 3>&- &
	tool=$!
	# no sleep between two looks: on one processor it can be over after it
	local end=$((SECONDS + 10))
	until lowered /t/a; do
		[ "$SECONDS" -lt "$end" ]
	done
}
lowered() { [ "$(<"$CG$1/memory.high")" != max ]; }
not_lowered() { [ "$(<"$CG$1/memory.high")" = max ]; }

# restored_in US
restored_in() {
	local start=${EPOCHREALTIME/./} took
	retry 15 not_lowered /t/a
	took=$((${EPOCHREALTIME/./} - start))
	echo "restored after $took us"
	[ "$took" -lt "$1" ]
}

@test "kill -9 while memory.high is lowered: restored, and the target is free" {
	poke 10s
	kill -9 "$tool"
	restored_in 1000000
	[ "$(calm /t/a | reason_of -n)" != locked ]
	all_end
}
# all_end: within 20 s what is left is a writer that was killed, at most: the
# kernel ends its round of reclaim when it has written, at the disk's pace.
all_end() {
	retry 20 only_killed
	retry 120 nobody_reclaims
}
only_killed() {
	local pid
	for pid in $(pgrep -x 'tmo-re.*'); do
		# SIGKILL is bit 8; without a file it has just ended
		grep -qsE '^(Sig|Shd)Pnd:.*[13579bdf]..$' "/proc/$pid/status" || [ ! -e "/proc/$pid" ] || return
	done
}
nobody_reclaims() { ! pgrep -x 'tmo-re.*'; }

@test "kill -9 of the process that restores: the tool restores" {
	poke 10s
	retry 5 pkill -9 -x tmo-restore
	restored_in 1000000
	[ -z "$(ls /run/tmo-reclaim)" ]
	kill -9 "$tool" 2>/dev/null || true # it may have ended
	all_end
}

@test "memory.high is restored at the deadline, however long the reclaim takes" {
	poke 300ms
	restored_in 1000000
	all_end
	runx 0 tmo-reclaim -c 1 /t/b
	[ -z "$(ls /run/tmo-reclaim)" ]
}

@test "kill -9 of all processes: the next start restores from the record" {
	poke 10s
	# One by one, each would restore when another dies: the stopped ones cannot.
	pkill -STOP -x tmo-reclaim
	pkill -9 -x tmo-restore
	pkill -9 -x tmo-reclaim
	lowered /t/a
	[ -n "$(ls /run/tmo-reclaim)" ]
	runx 0 tmo-reclaim -c 1 /t/b
	one_line "'/t/a': memory.high was left at"
	not_lowered /t/a
	[ -z "$(ls /run/tmo-reclaim)" ]
}

# A part that thrashes makes the stall, a cold one the long writes. How soon is
# for tmo-reclaim-long.bats, on a machine that is idle.
@test "a stall of the target ends the write in progress" {
	work /t/a --cold-anon 160M --rate 10
	work /t/b --hot-anon 12M --rate 100000
	echo 8M >"$CG/t/b/memory.max"
	runx 1 tmo-reclaim --mem-limit 100% --io-limit 100% --headroom 0 \
		--alarm 5ms --deadline 1m --chunk 128M -b 128M /t
	echo "$output"
	[ "$(col reason <<<"$output")" = cut_psi ]
	[ "$(col stall_us <<<"$output")" -ge 5000 ]
	[ "$(col got_bytes <<<"$output")" -lt $((96 << 20)) ]
	# the own write is no part of the system's pressure: that has the alarm as well
	runx 1 tmo-reclaim --mem-limit 100% --io-limit 100% --headroom 0 \
		--alarm 5ms --deadline 1m --chunk 128M -b 128M /
	echo "$output"
	[ "$(col reason <<<"$output")" = cut_psi ]
	[ "$(col stall_us <<<"$output")" -ge 5000 ]
}

@test "SIGTERM ends the write in progress, and the tool with 143" {
	work /t/a --cold-anon 160M --rate 10
	tmo-reclaim --headroom 4M --chunk 128M --deadline 1m --alarm 1m -b 128M /t/a \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	tool=$!
	retry 10 swapping /t/a
	start=${EPOCHREALTIME/./}
	kill -TERM "$tool"
	ends_with 143 "$tool"
	took=$((${EPOCHREALTIME/./} - start))
	echo "ended after $took us"
	[ "$took" -lt 500000 ]
	[ "$(col reason <"$BATS_TEST_TMPDIR/out")" = cut_signal ]
}
swapping() { [ "$(<"$CG$1/memory.swap.current")" -gt 0 ]; }

@test "a cgroup that is removed during a write is gone, and the others continue" {
	work /t/a --cold-anon 96M --rate 10
	work /t/b --cold-anon 32M --rate 10
	(
		retry 20 swapping /t/a
		echo 1 >"$CG/t/a/cgroup.kill"
		retry 20 rmdir "$CG/t/a"
	) 3>&- &
	run --separate-stderr tmo-reclaim --headroom 4M --ratio 1% -r -i 500ms -c 16 /t
	[ "$status" -eq 0 ]
	[ ! -d "$CG/t/a" ]
	[ "$(grep -c '^/t/b	' <<<"$output")" -ge 15 ]
	[ "$(grep '^/t/b	' <<<"$output" | tail -n 1 | cut -f 3)" -lt $((32 << 20)) ]
}

@test "a write that hangs delays its own cgroup, and no other" {
	work /t/a --cold-anon 48M --rate 10
	work /t/b --cold-anon 48M --rate 10
	# the first two are the probes
	runx 0 env FAULT=t/a/memory.reclaim:write:hang:3 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 4M --ratio 1% -i 1s -c 8 '/t/*'
	echo "$output"
	[ "$(grep -c '^/t/a	.*	stuck$' <<<"$output")" -ge 4 ]
	[ "$(grep -c '^/t/b	' <<<"$output")" -eq 8 ]
	# each period there, and none of them late by as much as a write hangs
	[ "$(awk -F'\t' '$1 == "/t/b" { if (t && $2 - t > 1.9) n++; t = $2 }
		END { print n + 0 }' <<<"$output")" -eq 0 ]
	[ "$(<"$CG/t/b/memory.swap.current")" -gt 0 ]
}

@test "a memory controller that is disabled and enabled again is found" {
	make_cgroup /t/a/in
	work /t/a/in --cold-anon 32M --rate 10
	(
		sleep 2
		echo -memory >"$CG/t/a/cgroup.subtree_control"
		sleep 2
		echo +memory >"$CG/t/a/cgroup.subtree_control"
	) 3>&- &
	run --separate-stderr tmo-reclaim -n -q -i 500ms -c 14 --headroom 0 /t/a/in
	echo "$output"
	[[ "$(col reason <<<"$output" | sed -n 6p)" =~ ^(gone|unsupported)$ ]]
	refute grep -E '(gone|unsupported)$' <<<"$(tail -n 2 <<<"$output")"
}

@test "a cgroup made again under its name starts afresh, and a new one joins in" {
	work /t/b --cold-anon 8M --rate 10
	(
		sleep 1
		echo 1 >"$CG/t/b/cgroup.kill"
		retry 20 rmdir "$CG/t/b"
		work /t/b --cold-anon 8M --rate 10
		work /t/z --cold-anon 8M --rate 10
	) 3>&- &
	run --separate-stderr tmo-reclaim -n -q -i 500ms -c 12 --headroom 0 '/t/*'
	echo "$output"
	[ "$status" -eq 0 ]
	for key in /t/b /t/z; do
		[ "$(grep "^$key	" <<<"$output" | tail -n 1 | cut -f 10)" = grace ]
	done
	[ "$(grep '^/t/b	' <<<"$output" | head -n 1 | cut -f 10)" != grace ]
}

@test "growth is left alone" {
	work /t/a --hot-anon 16M --grow 32M@4s --rate 100
	runx 0 tmo-reclaim --headroom 4M -i 1s -c 9 /t/a
	[[ "$(reasons <<<"$output")" == *growth* ]]
}

@test "--ranges pages out only the given ranges of the given process" {
	work /t/a --cold-anon 16M --rate 10
	ticks=$(awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$work/stat")
	# its largest mapping
	bytes=0
	while IFS='- ' read -r from to rights _; do
		[ "$rights" = rw ] && [ $((0x$to - 0x$from)) -gt "$bytes" ] || continue
		bytes=$((0x$to - 0x$from)) addr=$((0x$from))
	done <"/proc/$work/maps"
	head='#cgroup\ttime\tpid\tstart_ticks\taddr\tbytes\tkind\tage_us\tverdict\n'
	row() { printf "$head/t/a\t1.000\t%s\t%s\t%s\t8388608\tanon\t60000000\t%s\n" "$1" "$2" "$addr" "$3"; }
	[ "$bytes" -ge $((8 << 20)) ]
	runx 0 tmo-reclaim --ranges < <(row "$work" "$((ticks + 1))" ok)
	[ "$(col reason <<<"$output")" = gone ]
	runx 0 tmo-reclaim -q --ranges < <(row "$work" "$ticks" suspect:lru_gen)
	[ "$(col reason <<<"$output")" = suspect ]
	[ "$(<"$CG/t/a/memory.swap.current")" -eq 0 ]
	runx 0 tmo-reclaim --ranges < <(row "$work" "$ticks" ok)
	echo "$output"
	[ "$(col reason <<<"$output")" = cold ]
	[ "$(col got_bytes <<<"$output")" -ge $((7 << 20)) ]
	[ "$(<"$CG/t/a/memory.swap.current")" -ge $((7 << 20)) ]
}

@test "--report: totals, sizes and suggested settings, also at SIGUSR1" {
	work /t/a --cold-anon 48M --rate 10
	tmo-reclaim --headroom 4M --ratio 1% -i 1s -c 8 --report /t/a \
		>"$BATS_TEST_TMPDIR/rows" 2>"$BATS_TEST_TMPDIR/report" 3>&- &
	tool=$!
	sleep 3
	kill -USR1 "$tool"
	wait "$tool"
	[ "$(grep -c '^/t/a' "$BATS_TEST_TMPDIR/report")" -eq 2 ]
	sum=$(col got_bytes <"$BATS_TEST_TMPDIR/rows" | awk '{ n += $1 } END { print n }')
	[ "$(col got_bytes <"$BATS_TEST_TMPDIR/report" | tail -n 1)" -eq "$sum" ]
	[ "$(col periods <"$BATS_TEST_TMPDIR/report" | tail -n 1)" -eq 8 ]
	want=$(col memory_bytes <"$BATS_TEST_TMPDIR/rows" | sort -n | sed -n 4p)
	[ "$(col memory_low_bytes <"$BATS_TEST_TMPDIR/report" | tail -n 1)" -eq "$want" ]
}

@test "a user reclaims in the subtree that was delegated, without root" {
	work /t/a --cold-anon 32M --rate 10
	chown nobody "$CG/t/a" "$CG/t/a/"{memory.reclaim,cgroup.procs}
	as_nobody() { setpriv --reuid nobody --clear-groups "$@"; }
	runx 0 as_nobody "$(command -v tmo-reclaim)" --headroom 4M -b 8M /t/a
	[ "$(col got_bytes <<<"$output")" -ge $((7 << 20)) ]
	runx 3 as_nobody "$(command -v tmo-reclaim)" --headroom 4M -c 1 /t/b
	one_line "cannot open memory.reclaim of '/t/b'"
}

@test "-n writes nothing and prints each write" {
	work /t/a --cold-anon 48M --rate 10
	runx 0 tmo-reclaim -n --headroom 4M -b 8M /t/a
	[ "$(awk -F"'" '/would write/ && $4 == "/t/a/memory.reclaim" { n += $2 } END { print n }' <<<"$stderr")" -eq $((8 << 20)) ]
	[ "$(steal /t/a)" -eq 0 ]
}

@test "--node reclaims from a memory node, or says that the kernel cannot" {
	work /t/a --cold-anon 32M --rate 10
	if [ -e /sys/devices/system/node/node0/reclaim ]; then
		run --separate-stderr tmo-reclaim --mem-limit 100% --io-limit 100% --node 0 -b 1M /
		[ "$status" -le 1 ]
		[[ "$(col reason <<<"$output")" =~ ^(asked|partial|floor)$ ]]
	else
		runx 3 tmo-reclaim --node 0 -b 1M /
		[ "$(col reason <<<"$output")" = unsupported ]
	fi
	runx 2 tmo-reclaim --node 0 -b 1M /t
	one_line "the only target is /"
}
