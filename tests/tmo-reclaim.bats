# tmo-reclaim over recordings: what it decides, and the bytes that it writes.
load helpers

setup() {
	use_root pipe-7.3.4
	R=$TMO_ROOT
	export TMO_ROOT=$R/1
	A=$R/1/sys/fs/cgroup/w.slice/a
	: >"$A/memory.reclaim"
	# the classic LRU: it heeds the swappiness of a write
	echo 0x0000 >"$R/1/sys/kernel/mm/lru_gen/enabled"
}

# calm [COLUMNS VALUES]: one row of /w.slice/a without pressure.
calm() {
	printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct'
	[ $# -lt 2 ] || printf '\t%s' "$1"
	printf '\n/w.slice/a\t6000000\t0.000\t0.000'
	[ $# -lt 2 ] || printf '\t%s' "$2"
	printf '\n'
}

# written FILE: the sums of its writes, one line a kind.
written() {
	awk '!($2 in n) { kind[++k] = $2 } { n[$2] += $1 }
		END { for (i = 1; i <= k; i++) print n[kind[i]] (kind[i] ? " " kind[i] : "") }' "$1"
}

# reason OPTIONS...: of one row on stdin.
reason() {
	tmo-reclaim --headroom 0 --ratio 1% "$@" | col reason
}

@test "the step of a calm row is base times ratio, written to the byte" {
	lru=$(awk '/^(in)?active_(anon|file) / { n += $2 } END { print n }' "$A/memory.stat")
	runx 0 tmo-reclaim --headroom 0 --ratio 0.5% < <(calm)
	want=$((lru / 200 / 4096 * 4096))
	[ "$(col want_bytes <<<"$output")" -eq "$want" ]
	[ "$(col reason <<<"$output")" = law ]
	[ "$(written "$A/memory.reclaim")" = "$want" ]
}

@test "what refaults while a write goes on stops the next step" {
	awk '$1 == "workingset_refault_anon" { $2 += 1280 } { print }' "$A/memory.stat" >"$A/memory.stat.later"
	{ calm && calm | tail -n 1; } >"$BATS_TEST_TMPDIR/rows"
	# read before the write; after it; and before the next
	runx 0 env FAULT=w.slice/a/memory.stat:read:later:2 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 0 --ratio 1% -o reason,refaulted_bytes <"$BATS_TEST_TMPDIR/rows"
	[ "$(col reason <<<"$output" | xargs)" = "law refault" ]
}

@test "the base is what can be reclaimed, not what the cgroup uses" {
	lru=$(awk '/^(in)?active_(anon|file) / { n += $2 } END { print n }' "$A/memory.stat")
	echo $((50 << 30)) >"$A/memory.current"
	runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(calm)
	[ "$(col want_bytes <<<"$output")" -eq $((lru / 100 / 4096 * 4096)) ]
	lru_1pct=$((lru / 100))
	# the others are as their authors wrote them
	runx 0 tmo-reclaim -n --law paper --headroom 0 --ratio 0.5% < <(calm)
	[ "$(col want_bytes <<<"$output")" -gt "$lru_1pct" ]
}

@test "a counter that went below 0 is unknown, and no step comes of it" {
	sed -i -E 's/^((in)?active_(anon|file)) .*/\1 18446744073709547520/' "$A/memory.stat"
	runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(calm)
	[ "$(col want_bytes <<<"$output")" -eq 0 ]
	[ ! -s "$A/memory.reclaim" ]
}

@test "swappiness of the row goes into the write, and chunks split it" {
	runx 0 tmo-reclaim --headroom 0 --ratio 1% --chunk 512K < <(calm swappiness 60)
	want=$(col want_bytes <<<"$output")
	# a small one first; twice as much, as none takes long; what is left
	[ "$(<"$A/memory.reclaim")" = "262144 swappiness=60
524288 swappiness=60
$((want - 786432)) swappiness=60" ]
}

@test "on lru_gen, once file cache refaults, swappiness is a share of two writes" {
	echo 0x0007 >"$R/1/sys/kernel/mm/lru_gen/enabled"
	B=$R/1/sys/fs/cgroup/w.slice/b
	: >"$B/memory.reclaim"
	runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(
		row() { calm swappiness 60 | sed s,/w.slice/a,/w.slice/b,; }
		row
		sleep 0.5
		awk '$1 == "workingset_refault_file" { $2 += 32 } { print }' "$B/memory.stat" >"$B/new"
		cat "$B/new" >"$B/memory.stat"
		row
		sleep 0.5
		row
	)
	want=$(col want_bytes <<<"$output" | tail -n 1)
	# 60 of 200 for each anonymous page, 140 of 200 for each of the cache; of that
	# all came back, for which 2 % stand
	anon=$(awk -v want="$want" '
		/^(in)?active_anon / { anon += $2 }
		/^(in)?active_file / { file += $2 }
		END { share = 60 * anon / (60 * anon + 140 * 0.02 * file)
			print int(want * share / 4096) * 4096 }' "$B/memory.stat")
	[ "$anon" -gt 0 ]
	# the first two steps by the kernel's choice, the third split
	sums=$(awk '{ n[$2] += $1 } END { for (s in n) print s, n[s] }' "$B/memory.reclaim" | sort | xargs)
	[ "$sums" = "swappiness=0 $((want - anon)) swappiness=60 $((2 * want)) swappiness=max $anon" ]
}

@test "file cache alone is swappiness=0 of the file LRU" {
	file=$(awk '/^(in)?active_file / { n += $2 } END { print n }' "$A/memory.stat")
	dirty=$(awk '/^file_(dirty|writeback) / { n += $2 } END { print n }' "$A/memory.stat")
	runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(calm swap_write_bytes_per_s 0)
	[ "$(col reason <<<"$output")" = swap_budget ]
	want=$(((file - dirty) / 100 / 4096 * 4096))
	[ "$want" -ge 131072 ] || want=0
	[ "$(col want_bytes <<<"$output")" -eq "$want" ]
	[ "$want" -eq 0 ] || [ "$(<"$A/memory.reclaim")" = "$want swappiness=0" ]
}

@test "evidence: each kind apart, no more than is cold" {
	cols='verdict	anon_bytes	file_bytes	cold_anon_bytes	cold_file_bytes'
	B=$R/1/sys/fs/cgroup/w.slice/b
	: >"$B/memory.reclaim"
	runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(calm "$cols" 'ok	8000000	-	524288	262144' | sed 's|/a|/b|')
	[ "$(col reason <<<"$output")" = cold ]
	[ "$(written "$B/memory.reclaim")" = '524288 swappiness=max
262144 swappiness=0' ]
	[ "$(calm "$cols" 'suspect:lru_gen	8	2	4	2' | reason)" = law ]
	[ "$(calm "$cols" 'ok	8	2	-	-' | reason)" = law ]
	: >"$A/memory.reclaim"
	[ "$(calm "$cols" 'ok	8	2	0	0' | reason)" = small ]
	[ ! -s "$A/memory.reclaim" ]

	# The scan saw 262144 bytes more than there are: so much is gone of what was cold.
	anon=$(awk '/^(in)?active_anon / { n += $2 } END { print n }' "$A/memory.stat")
	calm "$cols" "ok	$((anon + 262144))	-	524288	0" | reason
	[ "$(written "$A/memory.reclaim")" = '262144 swappiness=max' ]

	# suspect:file is said of file cache; with more, or nothing else cold, it is no evidence.
	: >"$A/memory.reclaim"
	[ "$(calm "$cols" 'suspect:file	80000000	-	262144	99999999' | reason)" = cold ]
	[ "$(written "$A/memory.reclaim")" = '262144 swappiness=max' ]
	[ "$(calm "$cols" 'suspect:file,stale	80000000	-	262144	0' | reason)" = law ]
	[ "$(calm "$cols" 'suspect:file	80000000	-	4096	99999999' | reason)" = small ]

	# What evidence does not tell of is taken blindly after it: 1 % of the file LRU.
	: >"$B/memory.reclaim"
	[ "$(calm "$cols" 'suspect:file	8000000	-	262144	99999999' | sed 's|/a|/b|' | reason)" = cold ]
	[ "$(calm "$cols" 'suspect:file	8000000	-	4096	99999999' | sed 's|/a|/b|' | reason)" = law ]
	file=$(awk '/^(in)?active_file / { n += $2 } /^file_(dirty|writeback) / { n -= $2 } END { print n }' "$B/memory.stat")
	[ "$(written "$B/memory.reclaim")" = "262144 swappiness=max
$((file / 100 / 4096 * 4096)) swappiness=0" ]
	# The other laws have no use for it.
	: >"$B/memory.reclaim"
	calm "$cols" 'suspect:file	8000000	-	262144	99999999' | sed 's|/a|/b|' | reason --law paper
	refute grep -q swappiness "$B/memory.reclaim"
}

@test "evidence that cannot be is none, and no part is more than the step" {
	cols='verdict	anon_bytes	file_bytes	cold_anon_bytes	cold_file_bytes	max_step_bytes'
	for cells in 'ok	max	max	max	262144' 'ok	-	-	max	max' 'ok	-	-	524288	18446744073709551613' \
		'ok	-	-	18446744073709551613	524288' 'ok	4096	-	524288	0' \
		'ok	999999999999	-	500000000000	0'; do
		: >"$A/memory.reclaim"
		echo "$cells"
		runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(calm "$cols" "$cells	1048576")
		[ "$(col reason <<<"$output")" = max_step ]
		[ "$(col want_bytes <<<"$output")" -eq 1048576 ]
		[ "$(written "$A/memory.reclaim")" = 1048576 ]
	done
	# no more of a kind than there is
	: >"$A/memory.reclaim"
	anon=$(awk '/^(in)?active_anon / { n += $2 } END { print n }' "$A/memory.stat")
	runx 0 tmo-reclaim --headroom 0 --ratio 100% --io-limit 9% < <(calm "$cols" "ok	-	-	$(<"$A/memory.current")	0	-")
	[ "$(written "$A/memory.reclaim")" = "$anon swappiness=max" ]
}

@test "evidence that is to come is not waited for" {
	cols='memory_bytes	time	source	verdict	age_us	cold_anon_bytes	cold_file_bytes'
	row() { calm "$cols" "117964800	$1.000	lru-gen	$2	20000000	$3	$3" | tail -n 1; }
	rows() {
		calm "$cols" x | head -n 1
		row 1000 suspect:stale -
		row 1020 ok -
		row 1039 ok -
		row 1041 ok -
	}
	[ "$(rows | tmo-reclaim -n -q --headroom 0 --ratio 1% | col reason | tr '\n' ' ')" = 'law cap cap cap ' ]
}

@test "evidence that is seen no more keeps blind steps from anonymous memory, for ten ages" {
	cols='memory_bytes	time	source	verdict	age_us	cold_anon_bytes	cold_file_bytes'
	row() { calm "$cols" "117964800	$1.000	lru-gen	suspect:file$2	20000000	$3	$3" | tail -n 1 | sed 's|/a|/b|'; }
	rows() {
		calm "$cols" x | head -n 1
		row 1000 '' 4096
		row 1020 ,stale -
		row 1190 '' -
		row 1210 '' -
		row 1220 '' 4096
		row 1230 ,stale -
	}
	# The rows do not tell how much file cache there is: small is nothing.
	[ "$(rows | tmo-reclaim -n -q --headroom 0 --ratio 1% | col reason | tr '\n' ' ')" = 'small small small law small small ' ]
}

@test "policy columns override options" {
	[ "$(calm | sed 's/\t0\.000\t/\t0.500\t/' | reason)" = mem_pressure ]
	[ "$(calm mem_limit_pct 50.0 | sed 's/\t0\.000\t/\t0.500\t/' | reason)" = law ]
	[ "$(calm | sed 's/0\.000$/2.000/' | reason)" = io_pressure ]
	[ "$(calm io_limit_pct 50.0 | sed 's/\t0\.000\t50/\t2.000\t50/' | reason)" = law ]
	[ "$(calm floor_bytes 999999999999 | reason)" = row_floor ]
	[ "$(calm max_step_bytes 4096 | reason)" = max_step ]
	[ "$(calm floor_bytes - | reason --floor 1T)" = row_floor ]
}

@test "no pressure reading is not no pressure" {
	[ "$(calm | sed 's/\t0\.000\t/\t-\t/' | reason)" = no_psi ]
	[ "$(calm | sed 's/0\.000$/-/' | reason)" = no_psi ]
	rm "$A/memory.pressure"
	[ "$(printf '/w.slice/a\n' | reason)" = no_psi ]
	printf 'some avg10=0.00 avg60=0.00 avg300=0.00\n' >"$A/memory.pressure"
	[ "$(printf '/w.slice/a\n' | reason)" = no_psi ]
	[ ! -s "$A/memory.reclaim" ]
}

@test "a kernel that cannot take file cache alone: said once, and no longer than its cause" {
	runx 0 tmo-reclaim --memory-high -n -q --headroom 0 --ratio 1% < <(
		calm swap_write_bytes_per_s 0
		calm swap_write_bytes_per_s 0 | tail -n 1
		calm swap_write_bytes_per_s 99999999 | tail -n 1
	)
	[ "$(col reason <<<"$output" | tr '\n' ' ')" = "no_swappiness no_swappiness law " ]
	one_line "'/w.slice/a': swap_budget permits only file cache"
}

@test "where a row tells both pressures, the cgroup's own are not read as well" {
	# faultio: each read takes two seconds
	slow() {
		runx "$1" timeout -s KILL 1.5 env FAULT=.pressure:read:hang \
			LD_PRELOAD="$TMO_BUILD/faultio.so" tmo-reclaim -n -q "${@:2}"
	}
	slow 0 < <(calm)
	slow 137 --law oomd < <(calm)
	slow 137 --record "$BATS_TEST_TMPDIR/rec" < <(calm)
	slow 137 < <(calm | cut -f 1-3)
	slow 137 -c 1 /w.slice/a
}

@test "rows without mem_some_pct are refused before any write" {
	runx 2 tmo-reclaim < <(printf '#cgroup\ttime\n/w.slice/a\t1.000\n')
	one_line "no column mem_some_pct"
	[ -z "$output" ]
	runx 2 tmo-reclaim < <(calm | sed 's/\t0\.000\t/\tlow\t/')
	one_line "column mem_some_pct: 'low' is not a number"
	[ ! -s "$A/memory.reclaim" ]
}

@test "frozen, empty, protected and the kill switch, from the files" {
	cp "$A/cgroup.events" "$BATS_TEST_TMPDIR/events"
	printf 'populated 1\nfrozen 1\n' >"$A/cgroup.events"
	[ "$(calm | reason)" = frozen ]
	printf 'populated 0\nfrozen 0\n' >"$A/cgroup.events"
	[ "$(calm | reason)" = empty ]
	printf 'frozen 0\npopulated' >"$A/cgroup.events" # cut
	[ "$(calm | reason)" = law ]
	cp "$BATS_TEST_TMPDIR/events" "$A/cgroup.events"
	echo max >"$A/memory.low"
	[ "$(calm | reason)" = protected ]
	echo 0 >"$A/memory.low"
	mkdir -p "$TMO_ROOT/run"
	: >"$TMO_ROOT/run/tmo-reclaim.off"
	[ "$(calm | reason)" = off ]
	[ "$(calm | reason --kill-switch /run/other)" = law ]
	# of some cgroups: each line one, and those below it
	printf '/other\n/w.slice\n' >"$TMO_ROOT/run/tmo-reclaim.off"
	[ "$(calm | reason)" = off ]
	printf '/w*/[b-z]\n/w.slice/ab\n/w.slice/a/b' >"$TMO_ROOT/run/tmo-reclaim.off"
	[ "$(calm | reason)" = law ]
	printf '/w*/?\n' >"$TMO_ROOT/run/tmo-reclaim.off"
	[ "$(calm | reason)" = off ]
	# what is not a cgroup stops all
	printf '/other\nincident 12\n' >"$TMO_ROOT/run/tmo-reclaim.off"
	[ "$(calm | reason)" = off ]
	rm "$TMO_ROOT/run/tmo-reclaim.off"
	# a dry run needs no lock; a recording is decided without these files
	exec 9>>"$A/memory.reclaim"
	flock 9
	[ "$(calm | reason)" = locked ]
	runx 0 tmo-reclaim -n -q --headroom 0 --ratio 1% -c 1 /w.slice/a
	[ "$(col reason <<<"$output")" != locked ]
	exec 9>&-
	printf 'populated 1\nfrozen 1\n' >"$A/cgroup.events"
	[ "$(calm memory_bytes 117964800 | reason -n -q)" = law ]
}

@test "anonymous memory does not go to a swap file on a rotating disk" {
	printf 'Filename\tType\tSize\tUsed\tPriority\n/swapfile file 524284 0 -1\n' >"$TMO_ROOT/proc/swaps"
	echo N >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	: >"$TMO_ROOT/swapfile"
	disk=$TMO_ROOT/sys/dev/block/$(stat -c '%Hd:%Ld' "$TMO_ROOT/swapfile")/queue
	mkdir -p "$disk"
	echo 0 >"$disk/rotational"
	[ "$(calm | reason)" = law ]
	echo 1 >"$disk/rotational"
	[ "$(calm | reason)" = rotational ]
	[ "$(calm | reason --rotational)" = law ]
}

@test "the pace of the budget bounds a step whose pages reach the drive" {
	printf 'Filename\tType\tSize\tUsed\tPriority\n/swapfile file 524284 0 -1\n' >"$TMO_ROOT/proc/swaps"
	row() { calm swap_write_bytes_per_s "$1" | tmo-reclaim --headroom 0 --ratio 1% | tail -n 1 | cut -f 7,13; }
	echo N >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	[ "$(row 50000)" = "$((50000 * 6 / 4096 * 4096))	swap_budget" ]
	[ "$(row 20000)" = "0	swap_budget" ] # less than a write is saved up for
	[ "$(row 9999999 | cut -f 2)" = law ]
	echo Y >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	[ "$(row 50000 | cut -f 2)" = law ]
}

@test "a full disk ends it, and rows with a table of targets are refused" {
	got=0
	(calm; while calm | tail -n 1; do :; done) 2>/dev/null |
		timeout 20 tmo-reclaim --headroom 0 >/dev/full || got=$?
	[ "$got" -eq 2 ]
	printf '#cgroup\n/\n' >"$BATS_TEST_TMPDIR/tab"
	runx 2 tmo-reclaim --targets "$BATS_TEST_TMPDIR/tab" - < <(calm)
	one_line "rows have the policy in their own columns"
}

@test "growth holds the very period that shows it" {
	row() { calm memory_bytes,time "$1	$2" | sed 's/memory_bytes,time/memory_bytes\ttime/'; }
	rows() {
		row 100000000 1000.000
		row 400000000 1006.000 | tail -n 1
		row 400000000 1030.000 | tail -n 1
	}
	[ "$(rows | reason -n -q | tr '\n' ' ')" = 'law growth cap ' ]
}

@test "a workload that allocates and frees, or grows on and on, is not held for ever" {
	row() { calm memory_bytes,time "$1	$2" | sed 's/memory_bytes,time/memory_bytes\ttime/' | tail -n +"$3"; }
	churn() { for i in {0..19}; do row $((300000000 + i % 2 * 60000000)) $((1000 + i * 6)).000 $((i ? 2 : 1)); done; }
	grow() { for i in {0..39}; do row $((b = ${b:-300000000} * 109 / 100)) $((1000 + i * 6)).000 $((i ? 2 : 1)); done; }
	[ "$(churn | reason -n -q | grep -c growth)" -eq 3 ]
	n=$(grow | reason -n -q | grep -c growth)
	[ "$n" -ge 10 ] && [ "$n" -le 24 ]
}

@test "a parent's step is of what no memory.low below it protects" {
	up=$R/1/sys/fs/cgroup/w.slice
	current=$(<"$up/memory.current")
	of_parent() { calm | sed 's|^/w.slice/a|/w.slice|' | tmo-reclaim -n -q --headroom 0 --ratio 1%; }
	echo $((current - 50000000)) >"$A/memory.current"
	echo $((current * 2)) >"$A/memory.low" # protects what it uses
	[ "$(of_parent | col want_bytes)" -eq $((50000000 / 100 / 4096 * 4096)) ]
	echo "$current" >"$A/memory.current"
	[ "$(of_parent | col reason)" = protected ]
}

@test "swap that is said to be left beyond all there is: file cache alone" {
	sed -i 's/^SwapFree.*/SwapFree: 99999999999 kB/' "$R"/?/proc/meminfo
	[ "$(calm | reason)" = no_swap ]
	runx 0 tmo-reclaim --check /w.slice/a
	grep -q '^swap	limited	/proc/meminfo does not tell' <<<"$output"
}

# Both tools ask the same function: where one says full, so does the other.
@test "the pool of zswap is full from nine tenths of its bound on, whatever accept_threshold_percent" {
	p=$R/1/sys/module/zswap/parameters
	mkdir -p "$p"
	echo Y >"$p/enabled"
	echo 20 >"$p/max_pool_percent"
	total=$(awk '/^MemTotal/ { print $2 }' "$R/1/proc/meminfo")
	while read -r accept kb want; do
		rm -f "$p/accept_threshold_percent"
		[ "$accept" = - ] || echo "$accept" >"$p/accept_threshold_percent"
		sed -i -e /^Zswap/d -e "1a Zswap: $kb kB" "$R/1/proc/meminfo"
		[ "$(calm | reason)" = "$want" ]
	done <<-END
		- $((total * 17 / 100)) law
		- $((total * 181 / 1000)) zswap_full
		90 $((total * 181 / 1000)) zswap_full
		50 $((total * 11 / 100)) law
		50 $((total * 181 / 1000)) zswap_full
		0 $((total * 11 / 100)) law
		0 $((total * 181 / 1000)) zswap_full
		100 $((total * 181 / 1000)) zswap_full
		90 $((total + 1)) law
	END
}

@test "a parent's memory.low counts by its share" {
	current=$(<"$A/memory.current")
	up=$R/1/sys/fs/cgroup/w.slice
	echo $((current * 2)) >"$up/memory.current"
	echo $((current * 2)) >"$up/memory.low"
	[ "$(calm | reason)" = protected ]
	echo 4096 >"$up/memory.low"
	[ "$(calm | reason)" = law ]
	# and its memory.zswap.max, which the kernel looks at all the way up
	echo 1000000 >"$up/memory.zswap.max"
	echo 950000 >"$up/memory.zswap.current"
	[ "$(calm | reason)" = zswap_full ]
	# 0 shuts it: the pages go to the disk, which is said to rotate
	echo 0 >"$up/memory.zswap.max"
	[ "$(calm | reason)" = rotational ]
	[ "$(calm | reason --rotational)" = law ]
	# where zswap is off its limits bound nothing, whatever it still holds
	echo 1000000 >"$up/memory.zswap.max"
	echo N >"$R/1/sys/module/zswap/parameters/enabled"
	[ "$(calm | reason --rotational)" = law ]
}

@test "where it cannot be read what protects a cgroup nothing is taken" {
	for file in a/memory.min a/memory.low w.slice/memory.low; do
		runx 3 env FAULT="$file:read:EIO" LD_PRELOAD="$TMO_BUILD/faultio.so" \
			tmo-reclaim --headroom 0 --ratio 1% < <(calm)
		[ "$(col reason <<<"$output")" = error ]
		one_line "cannot read what protects '/w.slice/a': Input/output error"
		[ ! -s "$A/memory.reclaim" ]
	done
	# of those below, each as far as it is filled
	mkdir "$A/in"
	cp "$A/memory.current" "$A/memory.min" "$A/memory.low" "$A/in"
	[ "$(calm | reason)" = law ]
	[ "$(calm | FAULT=in/memory.low:read:EIO LD_PRELOAD="$TMO_BUILD/faultio.so" reason)" = protected ]
}

@test "a limit on swap or zswap that cannot be read is not taken for none" {
	p=$R/1/sys/module/zswap/parameters
	mkdir -p "$p"
	echo Y >"$p/enabled"
	echo 100000000 | tee "$A/memory.swap.max" "$A/memory.zswap.max" >"${A%/a}/memory.swap.max"
	echo 0 | tee "$A/memory.swap.current" "$A/memory.zswap.current" >"${A%/a}/memory.swap.current"
	[ "$(calm | reason)" = law ]
	while read -r file want; do
		[ "$(calm | FAULT="$file:read:EIO" LD_PRELOAD="$TMO_BUILD/faultio.so" reason)" = "$want" ]
	done <<-END
		a/memory.swap.max no_swap
		w.slice/memory.swap.max no_swap
		w.slice/memory.swap.current no_swap
		a/memory.zswap.max zswap_full
		a/memory.zswap.current zswap_full
	END
}

@test "a cgroup without memory.reclaim is no kernel without it, once that was seen" {
	cp -a "$A" "${A%/a}/c"
	rm "${A%/a}/c/memory.reclaim"
	runx 3 tmo-reclaim --headroom 0 --ratio 1% < <(calm; printf '/w.slice/%s\t6000000\t0.000\t0.000\n' c b)
	[ "$(col reason <<<"$output" | paste -s)" = "law	unsupported	law" ]
	one_line "no memory controller in '/w.slice/c'"
}

@test "write errors are told apart" {
	rm "$A/memory.reclaim"
	ln -s /dev/full "$A/memory.reclaim"
	runx 3 tmo-reclaim --headroom 0 --ratio 1% < <(calm)
	[ "$(col reason <<<"$output")" = error ]
	rm "$A/memory.reclaim" "$A/memory.high"
	runx 3 tmo-reclaim --headroom 0 --ratio 1% < <(calm)
	[ "$(col reason <<<"$output")" = unsupported ]
	one_line "no memory controller in '/w.slice/a': echo +memory >/sys/fs/cgroup/cgroup.subtree_control; then in each cgroup down to it"
	runx 0 tmo-reclaim < <(calm | sed 's|/w.slice/a|/w.slice/none|')
	[ "$(col reason <<<"$output")" = gone ]
}

@test "each errno of the write has its reason; what lasts is said once, status 3" {
	while read -r err want reason text; do
		echo "$err"
		runx "$want" env FAULT="memory.reclaim:write:$err" LD_PRELOAD="$TMO_BUILD/faultio.so" \
			tmo-reclaim --headroom 0 --ratio 1% < <(calm; calm | tail -n 1)
		[ "$(col reason <<<"$output")" = "$reason
$reason" ]
		[ ! -s "$A/memory.reclaim" ]
		if [ "$want" -eq 3 ]; then
			one_line "cannot write memory.reclaim of '/w.slice/a': $text"
		else
			[ -z "$stderr" ]
		fi
	done <<-'END'
		EAGAIN 0 partial
		EBUSY 0 busy
		ENODEV 0 gone
		EINTR 0 cut_signal
		EROFS 3 denied Read-only file system
		EACCES 3 denied Permission denied
		EINVAL 3 unsupported Invalid argument
		EIO 3 error Input/output error
	END
}

@test "a write that does not come back from a signal is left behind" {
	: >"${A%/a}/b/memory.reclaim"
	runx 0 env FAULT=a/memory.reclaim:write:hang LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 0 --ratio 1% --deadline 300ms -i 5s -o +elapsed_us < <(
		calm
		calm | tail -n 1 | sed s,/w.slice/a,/w.slice/b,
		calm | tail -n 1
		sleep 2.5
		calm | tail -n 1
	)
	echo "$output"
	# it is waited for; the second time it is there still; then it has ended
	[ "$(col reason <<<"$output" | tr '\n' ' ')" = "stuck law stuck stuck " ]
	us=$(col elapsed_us <<<"$output" | tr '\n' ' ')
	[[ $us =~ ^[0-9]+\ [0-9]+\ 0\ [1-9][0-9]+\ $ ]]
	[ -s "${A%/a}/b/memory.reclaim" ]
}

@test "the alarm of / is the pressure of the whole system" {
	raise_pressure() {
		sleep 0.3
		printf 'some avg10=0.00 avg60=0.00 avg300=0.00 total=50000\n' >"$R/1/proc/pressure/memory"
	}
	raise_pressure 3>&- &
	runx 0 env FAULT=cgroup/memory.reclaim:write:hang LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 0 --ratio 1% --deadline 20s -i 5s -o +elapsed_us \
		< <(calm | sed s,/w.slice/a,/,)
	# cut, though the write heeds no signal: it is left behind
	[ "$(cut -f 1 <<<"$output" | tail -n 1)" = / ]
	[ "$(col reason <<<"$output")" = stuck ]
	[ "$(col stall_us <<<"$output")" -eq 50000 ]
	[ "$(col elapsed_us <<<"$output")" -lt 2000000 ]
}

@test "half of a write is an error" {
	runx 3 env FAULT=memory.reclaim:write:short LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 0 --ratio 1% < <(calm)
	[ "$(col reason <<<"$output")" = error ]
}

@test "a write that fails at the second chunk ends the period there" {
	runx 3 env FAULT=memory.reclaim:write:EIO:2 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 0 --ratio 1% --chunk 512K < <(calm)
	[ "$(<"$A/memory.reclaim")" = 262144 ]
}

@test "three writes that succeed and take nothing are no_yield" {
	# a recording's counters stand still whatever is written
	runx 0 tmo-reclaim --headroom 0 --ratio 1% < <(calm; for _ in 1 2 3; do calm | tail -n 1; done)
	[ "$(col reason <<<"$output" | tr '\n' ' ')" = "law cap no_yield no_yield " ]
	one_line "'/w.slice/a': three writes succeeded and took nothing"
}

@test "where all reclaim is one count (before 6.15) it is flushed for a write, not for a look" {
	sed -i '/_proactive/d' "$A/memory.stat"
	rm "$A/cpu.stat"
	mkfifo "$A/cpu.stat" # who reads it waits
	runx 0 timeout 10 tmo-reclaim -n -q --headroom 0 --ratio 1% < <(calm; calm | tail -n 1)
	runx 0 timeout 10 tmo-reclaim --floor 1G --ratio 1% < <(calm)
	[ "$(col reason <<<"$output")" = row_floor ]
	runx 137 timeout -s KILL 1 tmo-reclaim --headroom 0 --ratio 1% < <(calm)
}

@test "counters that cannot be read after a write are an error, and no cgroup that is gone" {
	runx 3 env FAULT=memory.stat:read:EIO:2 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim --headroom 0 --ratio 1% < <(calm)
	[ "$(col reason <<<"$output")" = error ]
	one_line "cannot read the counters of '/w.slice/a'"
}

@test "a cgroup that dies between two periods is gone" {
	runx 0 env FAULT=memory.current:read:ENODEV:2 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		tmo-reclaim -n -q --headroom 0 < <(calm; calm | tail -n 1)
	[ "$(col reason <<<"$output" | tail -n 1)" = gone ]
}

@test "SIGHUP reads --targets again at once; a bad table stays out" {
	unset TMO_ROOT
	tab=$BATS_TEST_TMPDIR/tab err=$BATS_TEST_TMPDIR/err
	printf '#cgroup\tfloor_bytes\n/\t-\n' >"$tab"
	tmo-reclaim --wait -n -i 1h --targets "$tab" >/dev/null 2>"$err" 3>&- &
	tool=$!
	retry 10 test -s "$err" # the first period: the root has no memory.reclaim
	printf '#cgroup\tfloor_bytes\n/\t-\n/x*\t-\n' >"$tab"
	kill -HUP "$tool"
	retry 10 grep -q "$tab: 2 targets" "$err"
	printf '#cgroup\tfloor_bytes\n/\tmuch\n' >"$tab"
	kill -HUP "$tool"
	retry 10 grep -q "$tab: line 2: .*; the old table stays in force" "$err"
	kill -USR1 "$tool" # wakes it: the bad table is told once
	sleep 0.3
	[ "$(grep -c 'stays in force' "$err")" -eq 1 ]
	kill "$tool"
	got=0
	wait "$tool" || got=$?
	[ "$got" -eq 143 ]
}

@test "targets of a pipe are read once, and no FIFO in the place of the file stops the tool" {
	unset TMO_ROOT
	tab=$BATS_TEST_TMPDIR/tab err=$BATS_TEST_TMPDIR/err
	printf '#cgroup\tfloor_bytes\n/\t1G\n' >"$tab"
	tmo-reclaim --wait -n -i 200ms -H --targets "$tab" >"$tab.out" 2>"$err" 3>&- &
	tool=$!
	tmo-reclaim --wait -n -i 200ms -H --targets <(cat "$tab") >"$tab.pipe" 2>"$err.pipe" 3>&- &
	piped=$!
	retry 10 test -s "$tab.out" && retry 10 test -s "$tab.pipe"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	mv "$BATS_TEST_TMPDIR/fifo" "$tab"
	kill -HUP "$piped"
	for e in "$err" "$err.pipe"; do
		retry 10 grep -q ": it is not a regular file; the old table stays in force" "$e"
	done
	: >"$tab.out" && : >"$tab.pipe"
	retry 10 grep -qa '/	' "$tab.out"
	retry 10 grep -qa '/	' "$tab.pipe"
	refute grep -q "0 targets" "$err.pipe"
	kill "$tool" "$piped"
	# a stop ends the wait for the FIFO's writer, without a word
	runx 143 timeout --preserve-status 1 tmo-reclaim --wait -n --targets "$tab"
	[ -z "$stderr" ]
}

@test "-b asks in chunks, of a size or a share" {
	# five writes succeed and nothing is gone: no_yield, and not the 9M
	runx 1 tmo-reclaim --headroom 0 -b 9M --chunk 4M /w.slice/a
	step='262144
524288
1048576
2097152
262144'
	[ "$(<"$A/memory.reclaim")" = "$step
$step
262144
524288
262144" ]
	[ "$(col want_bytes <<<"$output")" -eq $((9 << 20)) ]
	: >"$A/memory.reclaim"
	runx 0 tmo-reclaim --headroom 0 -b 5% --chunk 1G /w.slice/a
	[ "$(written "$A/memory.reclaim")" -eq $(($(<"$A/memory.current") / 20 / 4096 * 4096)) ]
}

@test "-b of less than a page asks for one" {
	for size in 1000 0.001%; do
		: >"$A/memory.reclaim"
		runx 0 tmo-reclaim --headroom 0 -b "$size" /w.slice/a
		[ "$(<"$A/memory.reclaim")" = 4096 ]
	done
}

@test "the headroom of a small service is a tenth of it" {
	current=$(<"$A/memory.current")
	runx 0 tmo-reclaim -n -q -o bound_bytes < <(calm)
	awk '/^(in)?active_(anon|file) / { lru += $2 } END { print lru }' "$A/memory.stat" >"$BATS_TEST_TMPDIR/lru"
	[ "$(col bound_bytes <<<"$output")" -eq $((current - $(<"$BATS_TEST_TMPDIR/lru") + current / 10)) ]
}

@test "-b that a guard ends is status 1" {
	runx 1 tmo-reclaim --headroom 1T -b 9M /w.slice/a
	[ "$(col reason <<<"$output")" = floor ]
	[ ! -s "$A/memory.reclaim" ]
}

@test "-n writes nothing and prints each write" {
	runx 0 tmo-reclaim -n --headroom 0 -b 5M --chunk 4M /w.slice/a
	# shellcheck disable=SC2001 # a line each
	said=$(sed "s|^tmo-reclaim: would write '\(.*\)' to '/w.slice/a/memory.reclaim'$|\1|" <<<"$stderr")
	[ ! -s "$A/memory.reclaim" ]
	runx 0 tmo-reclaim --headroom 0 -b 5M --chunk 4M /w.slice/a
	[ "$(<"$A/memory.reclaim")" = "$said" ]
	[ "$(wc -l <<<"$said")" -eq 8 ]
}

# trace: a recorded run of a cgroup that is nowhere, twelve seconds of it.
trace() {
	printf '#cgroup\ttime\twindow_us\tmem_some_pct\tio_some_pct\tmemory_bytes\n'
	printf '/x\t0.000\t6000000\t0.000\t0.000\t1048576000\n'
	printf '/x\t6.000\t6000000\t0.050\t0.000\t1048576000\n'
	printf '/x\t12.000\t6000000\t0.900\t0.000\t1048576000\n'
}

# replay LAW: the steps that it would take, no kernel near.
replay() {
	TMO_ROOT=$BATS_TEST_TMPDIR tmo-reclaim -n -q --headroom 1M --law "$1" < <(trace) |
		tail -n +2 | awk -F'\t' '{ printf "%s:%s ", $7, $NF }'
}

@test "a recording is replayed without a kernel, by any law" {
	# 1000 MiB * 0.0005 = 524288; half of that at half the limit
	[ "$(replay paper)" = "524288:law 262144:law 0:mem_pressure " ]
	# 1 % of what stands above 1 MiB; then it waits six periods
	[ "$(replay oomd)" = "10473472:law 0:interval 0:interval " ]
	# 3 of 10 ms of stall: 1 % * (10 / 3 / 10)^2 = 0.111 %, in pages
	[ "$(replay senpai)" = "0:interval 1167360:law 0:mem_pressure " ]
	[[ "$(replay default)" =~ ^524288:law\ 9[0-9]{5}:law\ 0:mem_pressure\ $ ]]
}

@test "a run that --record wrote down is decided again, row by row" {
	rec=$BATS_TEST_TMPDIR/rec
	rows() {
		printf '#cgroup\ttime\twindow_us\tmem_some_pct\tio_some_pct\tswappiness\tmax_step_bytes\n'
		for step in 0.001 0.020 0.070 - 0.003; do
			printf '/w.slice/%s\t-\t200000\t%s\t0.000\t60\t-\n' a "$step" b "$step" gone "$step"
			sleep 0.15
		done
		printf '/w.slice/a\t-\t200000\t0.001\t0.000\t60\t1048576\n'
	}
	runx 0 tmo-reclaim --headroom 0 --ratio 1% --record "$rec" < <(rows)
	# of the run: all but the cgroup that is not there
	[ "$(tail -n +2 "$rec" | wc -l)" -eq 11 ]
	[ "$(col want_bytes <"$rec" | xargs)" = \
		"$(grep -v /gone <<<"$output" | col want_bytes | xargs)" ]
	[ "$(col reported_reason <"$rec" | xargs)" = \
		"$(grep -v /gone <<<"$output" | col reason | xargs)" ]
	[[ " $(col reason <"$rec" | xargs) " == *" law "*" no_psi "*" max_step " ]]
	# and again, without a kernel and without the options of the run
	mkdir "$BATS_TEST_TMPDIR/none"
	TMO_ROOT=$BATS_TEST_TMPDIR/none
	runx 0 tmo-reclaim -n -q -o want_bytes,reason <"$rec"
	same "$(cut -f1,6,7 "$rec")"
	# an option goes before what was recorded
	runx 0 tmo-reclaim -n -q --law oomd -o want_bytes,reason <"$rec"
	[[ " $(col reason <<<"$output" | xargs) " == *" interval "* ]]
	TMO_ROOT=$R/1
	# and it is a recording for -n alone
	runx 2 tmo-reclaim <"$rec"
	one_line "line 1: this is a recording"
	runx 2 tmo-reclaim -n < <(cut -f1-40 "$rec")
	one_line "the recording has no column"
	runx 2 tmo-reclaim -n < <(sed '2s/\tdefault\t/\tdefaults\t/' "$rec")
	one_line "line 2: column policy_law"
}

# Made by tests/vm/stock-line -k DIR: with a swap file, with evidence, and with
# an SSD, where the first write takes a hot huge page.  A change of the law is
# seen here first; with one that is meant they are made anew.
@test "recordings of the README's line on a stock kernel are decided as they were" {
	mkdir "$BATS_TEST_TMPDIR/none"
	for rec in "$BATS_TEST_DIRNAME"/fixtures/recordings/*; do
		tmo-reclaim -R "$BATS_TEST_TMPDIR/none" -n -q --record "$BATS_TEST_TMPDIR/again" <"$rec" >/dev/null
		cmp "$rec" "$BATS_TEST_TMPDIR/again"
		[ "$(wc -l <"$rec")" -gt 80 ]
		[[ "$(col reason <"$rec" | sort -u | xargs)" == *cap*small* ]]
	done
}

@test "a recording that cannot be written is said, and the run goes on" {
	runx 3 tmo-reclaim --headroom 0 --ratio 1% --record /dev/full < <(calm)
	one_line "--record: '/dev/full' is incomplete"
	[ "$(col want_bytes <<<"$output")" -gt 0 ]
	runx 2 tmo-reclaim --record /nowhere/at/all < <(calm)
	one_line "--record: cannot write '/nowhere/at/all'"
}

@test "each column of a recording is explained on the page" {
	runx 0 tmo-reclaim --record "$BATS_TEST_TMPDIR/rec" < <(calm)
	fail=
	for column in $(head -n 1 "$BATS_TEST_TMPDIR/rec" | tr -d '#'); do
		sed 's/\\//g' "$TESTS/../man/tmo-reclaim.8.scd" | grep -q "\b$column\b" || fail+=" $column"
	done
	[ -z "$fail" ] || { echo "not on the page:$fail" && false; }
}

@test "--targets: policy of a table, for the cgroups below, too" {
	printf '#cgroup\tfloor_bytes\n/w.slice\t-\n/w.slice/a\t999999999999\n' >"$BATS_TEST_TMPDIR/tab"
	runx 0 tmo-reclaim -n -q -r -c 1 --headroom 0 --ratio 1% --targets "$BATS_TEST_TMPDIR/tab"
	[ "$(awk -F'\t' '$1 == "/w.slice/a" { print $NF }' <<<"$output")" = row_floor ]
	refute grep -q '^/w.slice/b.*row_floor' <<<"$output"
	printf '#cgroup\tfloor_bytes\n/w.slice/a\tmuch\n' >"$BATS_TEST_TMPDIR/tab"
	runx 2 tmo-reclaim -c 1 --targets "$BATS_TEST_TMPDIR/tab"
	one_line "tab': line 2"
	runx 2 tmo-reclaim -c 1 --targets /no/such
	one_line "--targets: '/no/such'"
}

@test "where descriptors run out the files are opened by path, the locks held" {
	for i in {1..40}; do
		cp -a "$A" "${A%/a}/c$i"
	done
	tmo-reclaim -n -q -r -c 1 --headroom 0 --ratio 1% /w.slice >"$BATS_TEST_TMPDIR/want"
	runx 0 prlimit --nofile=200:200 tmo-reclaim -n -q -r -c 1 --headroom 0 --ratio 1% /w.slice
	same "$(<"$BATS_TEST_TMPDIR/want")"
	[ "$(grep -c '^/w.slice/c' <<<"$output")" -eq 40 ]
	# fewer than it takes: said of each, and the others are served
	run --separate-stderr prlimit --nofile=80:80 tmo-reclaim -n -r -c 1 /w.slice
	[ "$status" -eq 3 ]
	[[ $stderr == *"cannot open memory.reclaim of '/w.slice/c"*": Too many open files"* ]]
	[ "$(wc -l <<<"$output")" -eq 45 ]
	# and served again in the next period
	rows() { printf '/w.slice/c%d\t6000000\t0.000\t0.000\n' {1..40}; }
	run --separate-stderr prlimit --nofile=120:120 tmo-reclaim -n -q --headroom 0 --ratio 1% \
		< <(calm | head -n 1; rows; rows)
	[ "$status" -eq 3 ]
	served=$(col reason <<<"$output" | head -n 40 | grep -cx law)
	[ "$served" -ge 8 ]
	[ "$(col reason <<<"$output" | tail -n 40 | grep -cx cap)" -ge "$served" ]
}

# harmed OPTIONS...: want and reason of a calm row with harm_pct $harm.
harmed() {
	calm harm_pct "$harm" | tmo-reclaim -n -q --headroom 0 --ratio 1% -H -o want_bytes,reason "$@" | cut -f 2-
}

@test "harm_pct brakes as pressure does, and at 100 the guard harm holds" {
	harm=- full=$(harmed | cut -f 1) last=$full
	[ "$full" -gt 1000000 ]
	while read -r harm reason; do
		read -r want why < <(harmed)
		echo "$harm: $want $why"
		[ "$why" = "$reason" ]
		[ "$want" -le "$last" ]
		last=$want
	done <<-'END'
		0 law
		25.000 law
		50.000 law
		51 harm
		75.5 harm
		99.999 small
		100 harm
		100000.000 harm
	END
	# linearly, as the law's shape is
	harm=40
	want=$(harmed | cut -f 1)
	[ "$want" -ge $((full * 6 / 10 - 4096)) ]
	[ "$want" -le $((full * 6 / 10 + 4096)) ]
	harm=100
	for law in default paper senpai oomd; do
		[ "$(harmed --law "$law")" = "0	harm" ]
	done
	runx 1 tmo-reclaim -H -b 1M -o want_bytes,reason,reason_kind < <(calm harm_pct 100)
	same "/w.slice/a	0	harm	waits"
	[ ! -s "$A/memory.reclaim" ]
}

@test "the law begins anew after harm: the gain is 1 again" {
	runx 0 tmo-reclaim -n -q --headroom 0 -o gain,reason < <(
		for harm in - 0 10 100 0 - 60; do calm harm_pct $harm; done)
	[ "$(col gain <<<"$output" | xargs)" = "1.000 2.000 4.000 1.000 2.000 4.000 4.000" ]
	[ "$(col reason <<<"$output" | sed -n 4p)" = harm ]
}

@test "an unknown harm_pct is no brake, and what is no number is told once" {
	harm=- want=$(harmed)
	for harm in max -1 -0.001 x 1e3 nan 99999999999999999999; do
		echo "$harm"
		[ "$(harmed)" = "$want" ]
		runx 0 tmo-reclaim -n -q --headroom 0 --ratio 1% -o harm_pct < <(
			calm harm_pct "$harm"
			calm harm_pct "$harm")
		[ "$(col harm_pct <<<"$output" | xargs)" = "- -" ]
		one_line "line 2: column harm_pct: '$harm' is not a number from 0 up: the harm is unknown"
	done
	[ "$(calm | tmo-reclaim -n -q --headroom 0 --ratio 1% -H -o want_bytes,reason | cut -f 2-)" = "$want" ]
}

@test "a harm_pct that was measured more than two windows ago is unknown" {
	row() { calm "time	harm_pct	harm_time" "1700000100.000	100.000	$1"; }
	for when in 1700000100 1700000088 1700000112; do
		[ "$(row $when | reason -n -q)" = harm ]
	done
	# of a time to come the clock is another; of an unknown one nobody can tell
	for when in 1700000087.999 1700000112.001 0 - max; do
		[ "$(row "$when" | reason -n -q)" = law ]
	done
	runx 0 tmo-reclaim -n -q --headroom 0 --ratio 1% -o reason < <(row soon)
	one_line "line 2: column harm_time: 'soon' is not a number from 0 up"

	# and in a table by the clock, here the recording's
	tab=$BATS_TEST_TMPDIR/tab now=$(tmo-reclaim -n -q -c 1 -H -o time /w.slice/a | cut -d . -f 1)
	printf '#cgroup\tharm_pct\tharm_time\n/w.slice\t150%%\t%s\n' "$now" >"$tab"
	runx 0 tmo-reclaim -n -q -c 1 -i 10s -H -o reason,harm_pct --targets "$tab" /w.slice/a
	[ "${lines[0]}" = "harm	150.000" ]
	printf '#cgroup\tharm_pct\tharm_time\n/w.slice\t150%%\t%s\n' $((now - 20)) >"$tab"
	runx 0 tmo-reclaim -n -q -c 1 -i 10s -H -o harm_pct --targets "$tab" /w.slice/a
	[ "${lines[0]}" = "-" ]
}

@test "harm_pct in a table: not without harm_time, and no cell of it spoils the table" {
	tab=$BATS_TEST_TMPDIR/tab
	printf '#cgroup\tharm_pct\n/w.slice/a\t1\n' >"$tab"
	runx 2 tmo-reclaim -n -c 1 --targets "$tab"
	one_line "tab': line 1: column 'harm_pct': needs the column harm_time, the time of the measurement"
	runx 2 psi-watch -c 1 -i 1s --targets "$tab"
	one_line "line 1: column 'harm_pct': needs the column harm_time"
	printf '#cgroup\tharm\tharm_time\n/w.slice/a\t1\t2\n' >"$tab"
	runx 2 tmo-reclaim -n -c 1 --targets "$tab"
	one_line "column 'harm': is harm_pct meant?"

	printf '#cgroup\tfloor_bytes\tharm_pct\tharm_time\n/w.slice/a\t1T\tmuch\t1\n/w.slice/b\t-\t-7\t1\n' >"$tab"
	runx 0 tmo-reclaim -n -q -c 1 --headroom 0 --ratio 1% -H -o reason,harm_pct --targets "$tab"
	same "row_floor	-
law	-"
	one_line "tab: line 2: column harm_pct: 'much' is not a number from 0 up: the harm is unknown"
	runx 0 tmo-reclaim --check --targets "$tab"
	[[ ${lines[1]} == "targets	limited	line 2: column harm_pct: 'much' is not a number"* ]]
	# psi-watch hands it on as it is, or in base units
	printf '#cgroup\tharm_pct\tharm_time\n/w.slice/a\t85%%\t1\n/w.slice/b\tmuch\tsoon\n' >"$tab"
	export TMO_ROOT=$R/1:$R/2
	runx 0 psi-watch -i 1s --targets "$tab"
	[ "$(col harm_pct <<<"$output" | tail -n 2 | xargs)" = "85.000 much" ]
	[ "$(col harm_time <<<"$output" | tail -n 2 | xargs)" = "1 soon" ]
}

@test "the harm of a cgroup counts for those above it" {
	rows() {
		printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct\tharm_pct\n'
		printf '%s\t6000000\t0.000\t0.000\t%s\n' "$@"
	}
	runx 0 tmo-reclaim -n -q --headroom 0 --ratio 1% -H -o harm_pct < <(
		rows /w.slice - /w.slice/a 120.000 /w.slice/b 30.000 /w.slice -)
	same "/w.slice	-
/w.slice/a	120.000
/w.slice/b	30.000
/w.slice	120.000"
	rows /w.slice 0 /w.slice/a 120 /w.slice 0 | tmo-reclaim -n -q --headroom 0 -H -o reason | tail -n 1 | grep -q 'harm$'
}

@test "--record has the harm that was decided by, and from it the same is decided" {
	rec=$BATS_TEST_TMPDIR/rec
	printf '#cgroup\ttime\twindow_us\tmem_some_pct\tio_some_pct\tharm_pct\tharm_time\n' >"$BATS_TEST_TMPDIR/in"
	while read -r harm time; do
		printf '/w.slice/a\t1700000100.000\t6000000\t0.000\t0.000\t%s\t%s\n' "$harm" "$time"
	done >>"$BATS_TEST_TMPDIR/in" <<-'END'
		12.345 1700000100
		99.5 1700000100
		77.777 1700000000
		250.001 1700000100
		- 1700000100
		55.5 1700000100
	END
	runx 0 tmo-reclaim -n -q --headroom 0 --ratio 1% --record "$rec" <"$BATS_TEST_TMPDIR/in"
	[ "$(col row_harm_pct <"$rec" | xargs)" = "12.345 99.500 - 250.001 - 55.500" ]
	runx 0 tmo-reclaim -n -q --record "$rec.2" <"$rec"
	cmp "$rec" "$rec.2"
	[ "$(col reason <"$rec" | grep -cx harm)" -ge 1 ]
	# it is decided, not copied
	sed 's/\t12\.345\t/\t100.000\t/' "$rec" | tmo-reclaim -n -q -H -o reason | head -n 1 | grep -q 'harm$'
}

@test "--check: what is missing is status 2" {
	runx 0 tmo-reclaim --check /w.slice/a
	[ "$(grep -c missing <<<"$output")" -eq 0 ]
	rm "$A/memory.pressure"
	runx 2 tmo-reclaim --check /w.slice/a
	grep -q '^memory.pressure	missing	' <<<"$output"
}

@test "bad options are refused, each by name" {
	while IFS='|' read -r args want; do
		echo "$args"
		# shellcheck disable=SC2086 # a list of words
		runx 2 tmo-reclaim $args </dev/null
		one_line "$want"
	done <<-'END'
		-b 0 /w.slice/a|-b: '0' is nothing
		-b 101% /w.slice/a|-b: '101%'
		-b x /w.slice/a|-b: 'x' is not a size
		--law meta /w.slice/a|--law: 'meta'
		--chunk 4K /w.slice/a|--chunk: '4K'
		--mem-limit x /w.slice/a|--mem-limit: 'x'
		--node 0 /w.slice|--node: the only target is /
		--ranges /w.slice|--ranges reads rows
		--park --wake /w.slice/a|--park: cannot be used with --wake
		--park -b 1M /w.slice/a|--park: cannot be used with -b
		--wake --record x /w.slice/a|--wake: cannot be used with --record
		--park /w.slice/a|--park: cannot be used with -R
		--wake /w.slice/a|--wake: cannot be used with -R
		--wake --within 0 /w.slice/a|--within: '0'
	END
}

@test "the page has each reason of -h, of the same kind and in the same order" {
	of_help=$(tmo-reclaim -h | sed -n '/^reason:/,/^columns:/s/^  \([a-z_][a-z_]*\)  *\([a-z]*\)  .*/\1 \2/p')
	[ "$(wc -l <<<"$of_help")" -ge 48 ]
	of_page=$(awk '/^[|]  [*][a-z_]*[*]$/ { name = $2; gsub(/[*]/, "", name); getline
		if ($2 ~ /^(works|waits|cannot|broken)$/) print name, $2 }' \
		"$TESTS/../man/tmo-reclaim.8.scd")
	diff <(echo "$of_help") <(echo "$of_page")
}

@test "what cannot work or broke has a remedy, and the row says which it is" {
	tmo-reclaim -h | awk '/^reason:/ { on = 1; next } /^columns:/ { on = 0 } !on { next }
		want && $1 != "-" { print "no remedy: " name; bad = 1 }
		{ want = $2 == "cannot" || $2 == "broken"; name = $1 } END { exit bad }'
	runx 0 tmo-reclaim --headroom 0 --ratio 1% -o +reason_kind < <(calm max_step_bytes 0)
	[ "$(col reason <<<"$output"; col reason_kind <<<"$output")" = "max_step
works" ]
}

@test "--ranges refuses what is not from cold-scan" {
	runx 2 tmo-reclaim --ranges < <(printf '/w.slice/a\n')
	one_line "needs the header of cold-scan --ranges"
	runx 2 tmo-reclaim --ranges < <(printf '#cgroup\tpid\n/w.slice/a\t1\n')
	one_line "no columns pid start_ticks addr bytes kind"
}

@test "--ranges: pages of a kind that is not known need swap" {
	mkdir "$TMO_ROOT/proc/$$"
	cp "/proc/$$/stat" "$TMO_ROOT/proc/$$"
	ticks=$(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 20)
	sed -i '/^Swap/d' "$TMO_ROOT/proc/meminfo"
	ranges() {
		printf '#cgroup\tpid\tstart_ticks\taddr\tbytes\tkind\n'
		printf '/w.slice/a\t%d\t%d\t4096\t4096\t%s\n' $$ "$ticks" file $$ "$ticks" anon $$ "$ticks" -
	}
	runx 0 tmo-reclaim -n -q --ranges < <(ranges)
	[ "$(col reason <<<"$output" | paste -s)" = "cold	no_swap	no_swap" ]
}

@test "--ranges skips what a verdict does not prove cold, and says so once" {
	mkdir "$TMO_ROOT/proc/$$"
	cp "/proc/$$/stat" "$TMO_ROOT/proc/$$"
	ticks=$(sed 's/.*) //' "/proc/$$/stat" | cut -d ' ' -f 20)
	ranges() {
		printf '#cgroup\tpid\tstart_ticks\taddr\tbytes\tkind\tverdict\n'
		for verdict; do
			printf '/w.slice/a\t%d\t%d\t4096\t4096\tanon\t%s\n' $$ "$ticks" "$verdict"
		done
	}
	runx 0 tmo-reclaim -n --ranges < <(ranges ok suspect:lru_gen,migrated suspect:region - suspect:scanner,region)
	[ "$(col reason <<<"$output" | paste -s)" = "cold	suspect	cold	suspect	suspect" ]
	[ "$(col want_bytes <<<"$output" | paste -s)" = "4096	0	4096	0	0" ]
	[ "$(grep -c 'skipped' <<<"$stderr")" -eq 1 ]
	[[ $stderr == *"line 3: the verdict is suspect:lru_gen,migrated, not ok: such ranges are skipped"* ]]
	# -n says what it would do: of the two alone
	[ "$(grep -c 'would page out' <<<"$stderr")" -eq 2 ]
}

@test "a reader that stands still does not hold up the control" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	# more than a pipe and what waits before it hold
	{
		printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct\tx\n'
		yes "/none	6000000	0.000	0.000	$(printf '%0500d' 0)" | head -n 9000
	} >"$BATS_TEST_TMPDIR/rows"
	calm | tail -n 1 >>"$BATS_TEST_TMPDIR/rows"
	tmo-reclaim --headroom 0 --ratio 1% <"$BATS_TEST_TMPDIR/rows" >"$BATS_TEST_TMPDIR/fifo" \
		2>"$BATS_TEST_TMPDIR/err" 3>&- 7>&- &
	tool=$!
	retry 10 test -s "$A/memory.reclaim"
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = "tmo-reclaim: standard output is not read: rows are dropped, reclaim continues" ]
	# what waits is whole rows, and comes when it is read
	(timeout 10 cat <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out" 3>&- 7>&-) &
	reader=$!
	exec 7>&-
	wait "$tool" || [ $? -eq 3 ]
	wait "$reader"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -gt 5000 ]
	[ "$(awk -F'\t' '{ print NF }' "$BATS_TEST_TMPDIR/out" | sort -u | wc -l)" -eq 1 ]
}

@test "--targets: sizes and percentages as on the command line, faults by line and column" {
	tab=$BATS_TEST_TMPDIR/tab
	printf '#cgroup\tfloor_bytes\tmem_limit_pct\n/w.slice\t1T\t0.5%%\n' >"$tab"
	runx 0 tmo-reclaim -n -q -r -c 1 --headroom 0 --ratio 1% --targets "$tab"
	[ "$(awk -F'\t' '$1 == "/w.slice/a" { print $NF }' <<<"$output")" = row_floor ]
	printf '#cgroup\tfloor_bytes\n/w.slice\t-\n/w.slice/a\t1.5X\n' >"$tab"
	runx 2 tmo-reclaim -c 1 --targets "$tab"
	one_line "tab': line 3: column 'floor_bytes': '1.5X' is not a size"
	printf '#cgroup\tflor_bytes\n/w.slice\t1\n' >"$tab"
	runx 2 tmo-reclaim -c 1 --targets "$tab"
	one_line "line 1: column 'flor_bytes': is floor_bytes meant?"
	printf '#cgroup\tspeed\n/w.slice\t1\n' >"$tab"
	runx 2 tmo-reclaim -c 1 --targets "$tab"
	one_line "line 1: column 'speed' is not a policy column"
}

@test "--check --targets tells every fault of the table" {
	tab=$BATS_TEST_TMPDIR/tab
	printf '#cgroup\tfloor_bytes\tio_limit_pct\n/w.slice\tmuch\t1%%\n/w.slice/a\t1G\t-\n/w.slice/b\t-1\tx\n' >"$tab"
	runx 2 tmo-reclaim --check --targets "$tab"
	same "#feature	state	detail	fix
targets	missing	line 2: column 'floor_bytes': 'much' is not a size such as 4096, 64K or 1.5G	edit $tab: man 5 tmo-rows
targets	missing	line 4: column 'floor_bytes': '-1' is not a size such as 4096, 64K or 1.5G	edit $tab: man 5 tmo-rows
targets	missing	line 4: column 'io_limit_pct': 'x' is not a percentage such as 0.1%	edit $tab: man 5 tmo-rows"
	sed -i 's/much/1M/; s/-1	x$/-	2%/' "$tab"
	runx 0 tmo-reclaim --check --targets "$tab"
	[[ $output == *"targets	ok	$tab: 3 rows	-" ]]
	printf '#cgroup\tflor_bytes\tcolour\tharm_pct\n' >"$tab"
	runx 2 tmo-reclaim --check --targets "$tab"
	[ "$(sed -n "s/^targets.missing.line 1: column '\([a-z_]*\)'.*/\1/p" <<<"$output" | tr '\n' ,)" = flor_bytes,harm_pct,colour, ]
	echo '#cgroup' >"$tab"
	runx 0 tmo-reclaim --check --targets "$tab"
	[[ $output == *"targets	limited	$tab names no cgroup	add a row "* ]]
	# an editor's blanks for a TAB
	for row in '/w.slice/*  0.05' '/w.slice 1G' '/w.slice  -  -'; do
		printf '#cgroup\tfloor_bytes\n%s\n' "$row" >"$tab"
		runx 2 tmo-reclaim --check --targets "$tab"
		[[ $output == *"	line 2: '$row': a TAB separates columns, not a blank	"* ]]
	done
	printf '#cgroup\tfloor_bytes\n/w.slice/a b\n/w.slice/a 5\t-\n' >"$tab"
	runx 0 tmo-reclaim --check --targets "$tab"
}

@test "a named cgroup that is missing is an end, unless it is waited for" {
	runx 3 timeout 10 tmo-reclaim -n -q -i 100ms /w.slice/none /w.slice/a
	one_line "no cgroup '/w.slice/none'"
	unset TMO_ROOT
	tmo-reclaim -n -q --wait -i 100ms /none >/dev/null 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	tool=$!
	retry 10 grep -q "no cgroup '/none'" "$BATS_TEST_TMPDIR/err"
	sleep 0.3
	[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -eq 1 ]
	kill "$tool"
	got=0
	wait "$tool" || got=$?
	[ "$got" -eq 143 ]
}

@test "a row that names a file is told, once, and is no success" {
	runx 3 tmo-reclaim -n -q <<<$'#cgroup\twindow_us\tmem_some_pct\tio_some_pct\n/w.slice/memory.swap.max\t6000000\t0.000\t0.000\n/w.slice/memory.swap.max\t6000000\t0.000\t0.000'
	[ "$(col reason <<<"$output" | tr '\n' ' ')" = "error error " ]
	[ "$stderr" = "tmo-reclaim: '/w.slice/memory.swap.max' is not a cgroup, but a file" ]
}

@test "an input without a row is said, and is no success" {
	runx 1 tmo-reclaim </dev/null
	one_line "no row came"
	runx 1 tmo-reclaim < <(calm | head -n 1)
	one_line "no row came"
}

# stat_add NAME N: to a counter of /w.slice/a.
stat_add() {
	awk -v name="$1" -v n="$2" '$1 == name { $2 += n } { print }' "$A/memory.stat" >"$BATS_TEST_TMPDIR/stat"
	cat "$BATS_TEST_TMPDIR/stat" >"$A/memory.stat"
}

has_lines() { [ "$(wc -l <"$2")" -ge "$1" ]; }

@test "file cache that is full again is not saved" {
	out=$BATS_TEST_TMPDIR/out
	stat_add file 20480000
	mkfifo "$BATS_TEST_TMPDIR/rows"
	tmo-reclaim --headroom 0 --ratio 1% <"$BATS_TEST_TMPDIR/rows" >"$out" 3>&- &
	exec 7>"$BATS_TEST_TMPDIR/rows"
	calm >&7
	retry 10 grep -q ^/w "$out"
	# a log writer: what was taken does not come back, and is replaced
	stat_add pgsteal_proactive 1000
	calm | tail -n 1 >&7
	retry 10 has_lines 3 "$out"
	# taken again, and half of it is away
	stat_add pgsteal_proactive 1000
	stat_add file -2048000
	calm | tail -n 1 >&7
	exec 7>&-
	wait $!
	[ "$(col got_file_bytes <"$out" | tr '\n' ' ')" = "0 4096000 4096000 " ]
	[ "$(col saved_bytes <"$out" | tr '\n' ' ')" = "0 0 2048000 " ]
}

@test "what another process reclaims is not booked as ours" {
	out=$BATS_TEST_TMPDIR/out
	mkfifo "$BATS_TEST_TMPDIR/rows"
	for got in 262144 0; do
		# ours counted apart, and (before 6.15) in one count with theirs
		[ "$got" -gt 0 ] || sed -i '/_proactive/d' "$A/memory.stat"
		tmo-reclaim --headroom 0 --ratio 1% <"$BATS_TEST_TMPDIR/rows" >"$out" 3>&- &
		exec 7>"$BATS_TEST_TMPDIR/rows"
		calm >&7
		retry 10 grep -q ^/w "$out"
		# memory.high was lowered by 128M; of our own there is 256K to come
		stat_add pgsteal_direct 32768
		stat_add pgsteal 32832
		stat_add pgsteal_proactive 64
		calm | tail -n 1 >&7
		exec 7>&-
		wait $!
		[ "$(col got_bytes <"$out" | tr '\n' ' ')" = "0 $got " ]
		[ "$(col want_bytes <"$out" | tail -n 1)" -gt 0 ]
	done
}

# listens SOCKET: prints what comes there in three datagrams.
listens() {
	python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(sys.argv[1].replace("@", "\0", 1))
print("bound", flush=True)
for i in range(3):
    print(s.recv(100).decode().replace("\n", " "), flush=True)' "$1"
}

@test "the service manager is told: ready, and alive each period" {
	unset TMO_ROOT
	for socket in "$BATS_TEST_TMPDIR/socket" "@tmo-test-$$"; do
		# a file each: the last one's "bound" would be taken for this one's
		told=$BATS_TEST_TMPDIR/told-$(basename "$socket")
		listens "$socket" >"$told" 3>&- &
		listener=$!
		retry 10 grep -q bound "$told"
		NOTIFY_SOCKET=$socket timeout 10 tmo-reclaim -n -q --wait -i 100ms -c 3 /none || [ $? -eq 3 ]
		wait "$listener"
		[ "$(tail -n +2 "$told" | tr '\n' ,)" = "READY=1 WATCHDOG=1,WATCHDOG=1,WATCHDOG=1," ]
	done
	# nobody there: no harm
	NOTIFY_SOCKET=/no/such runx 0 tmo-reclaim -n -q --wait -i 100ms -c 1 /none
	NOTIFY_SOCKET=@none runx 1 tmo-reclaim --wait </dev/null
}

@test "--log: sums now and then, and one line for a cgroup that cannot, or can again" {
	local n roots=
	base=$TMO_ROOT
	for n in {1..24}; do
		cp -a "$base" "$BATS_TEST_TMPDIR/r$n"
		echo "$((1000 + 6 * n)).00 0" >"$BATS_TEST_TMPDIR/r$n/proc/uptime"
		roots=$roots:$BATS_TEST_TMPDIR/r$n
		mkdir -p "$BATS_TEST_TMPDIR/r$n/run"
		# two at the start are no news
		case $n in 1 | 2 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14) : >"$BATS_TEST_TMPDIR/r$n/run/tmo-reclaim.off" ;; esac
	done
	TMO_ROOT=${roots#:} runx 0 tmo-reclaim -n --grace 0 --log 1m -i 6s -H -o cgroup /w.slice/a
	grep -v 'would write' <<<"$stderr" >"$BATS_TEST_TMPDIR/log"
	cat "$BATS_TEST_TMPDIR/log"
	[ "$(grep -c "'/w.slice/a': off (cannot): " "$BATS_TEST_TMPDIR/log")" -eq 1 ]
	[ "$(grep -c "'/w.slice/a': reclaim goes on (" "$BATS_TEST_TMPDIR/log")" -eq 1 ]
	[ "$(grep -c 'in the last 60.0s: .* taken, .* came back; saved now: .*; cgroups: 1, of which . cannot, 0 broken$' "$BATS_TEST_TMPDIR/log")" -eq 2 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/log")" -eq 4 ]
}
