# psi-watch on this machine's own pressure files, and on recordings.
load helpers

setup() {
	# A cgroup2 of our own to break, with PSI; "" where there is none.
	MOUNT=$(awk '{ for (i = 6; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' /proc/self/mountinfo)
	KEY=/tmo-test.$BASHPID
	if [ -n "$MOUNT" ] && mkdir "$MOUNT$KEY" 2>/dev/null && [ -e "$MOUNT$KEY/cpu.pressure" ]; then
		CG=$MOUNT$KEY
	fi
}

teardown() {
	[ -n "${CG-}" ] || return 0
	local procs
	while read -r procs; do kill -9 "$procs" 2>/dev/null || true; done \
		< <(find "$CG" -name cgroup.procs -exec cat {} + 2>/dev/null)
	retry 5 remove_all
}

remove_all() {
	[ ! -d "$CG" ] || find "$CG" -depth -type d -exec rmdir {} + 2>/dev/null
}

live() {
	[ -n "${CG-}" ] || skip "no writable cgroup2 with PSI here"
}

# stall CGROUP SECONDS: more busy loops than CPUs, that is cpu pressure.
stall() {
	local i
	for ((i = 0; i < 2 * $(nproc) + 1; i++)); do
		sh -c 'echo 0 >"$0/cgroup.procs"; exec timeout "$1" sh -c "while :; do :; done"' \
			"$1" "$2" 3>&- &
	done
}

field() { # FILE KIND KEY: of a pressure file
	sed -n "s/^$2 .*$3=\([0-9.]*\).*/\1/p" "$1"
}

# waits PID: the voluntary switches of a process, its wake-ups.
waits() {
	awk '/^voluntary/ { print $2 }' "/proc/$1/status"
}

# alone CMD...: in the test's cgroup, and its namespace: cgroups that others make
# on this machine wake nobody there.  Its key is "/".
alone() {
	mkdir -p "$BATS_TEST_TMPDIR/alone"
	# shellcheck disable=SC2016 # of the inner shells
	exec sh -c 'echo $$ >"$0/cgroup.procs" && exec unshare -m -C sh -c '\''
			mount -t cgroup2 none "$0" && exec "$@"'\'' "$@"' \
		"$CG" "$BATS_TEST_TMPDIR/alone" "$@"
}

# asleep PID SECONDS: it did not wake for so long.  To be tried again: a process
# waits, too, for a grace period of RCU after it has closed a trigger.
asleep() {
	local before
	before=$(waits "$1")
	sleep "$2"
	[ "$(waits "$1")" -eq "$before" ]
}

# started PID: it catches SIGUSR1, which would have been its end before.
started() {
	[ $((0x$(awk '/^SigCgt/ { print $2 }' "/proc/$1/status") & 1 << 9)) -ne 0 ]
}

# ---- samples ----

@test "without an interval it prints the kernel's averages, once" {
	one 09
	runx 0 psi-watch /batch
	want=$'#cgroup\ttime\tcpu_some_avg10_pct\tmem_some_avg10_pct\tmem_full_avg10_pct\tio_some_avg10_pct\tio_full_avg10_pct\n'
	want+=$(printf '/batch\t%s\t%s0\t%s0\t%s0\t%s0\t%s0' \
		"$(awk -v b="$(cut -d' ' -f2 "$TMO_ROOT/proc/stat")" '{ printf "%.3f", b + $1 }' "$TMO_ROOT/proc/uptime")" \
		"$(field "$TMO_ROOT/sys/fs/cgroup/batch/cpu.pressure" some avg10)" \
		"$(field "$TMO_ROOT/sys/fs/cgroup/batch/memory.pressure" some avg10)" \
		"$(field "$TMO_ROOT/sys/fs/cgroup/batch/memory.pressure" full avg10)" \
		"$(field "$TMO_ROOT/sys/fs/cgroup/batch/io.pressure" some avg10)" \
		"$(field "$TMO_ROOT/sys/fs/cgroup/batch/io.pressure" full avg10)")
	same "$want"
}

# one N: a copy of that recording, as TMO_ROOT.
one() {
	cp -a "$TESTS/fixtures/psi-storm-6.18/$1" "$BATS_TEST_TMPDIR/root"
	export TMO_ROOT=$BATS_TEST_TMPDIR/root
}

# replay FROM TO: the recordings in turn, as TMO_ROOT.
replay() {
	local i all=
	for ((i = $1; i <= $2; i++)); do
		all+=${all:+:}$TESTS/fixtures/psi-storm-6.18/$(printf %02d "$i")
	done
	export TMO_ROOT=$all
}

@test "memory of the system is unknown where more is said to be free than there is" {
	use_root swap-balance-7.3.4
	runx 0 psi-watch -R "$TMO_ROOT/1" -H -o memory_bytes /
	[ "$output" = 141250560 ]
	sed -i 's/^MemFree.*/MemFree: 1019285 kB/' "$TMO_ROOT/1/proc/meminfo"
	runx 0 psi-watch -R "$TMO_ROOT/1" -H -o memory_bytes /
	[ "$output" = - ]
}

@test "every cell of a window can be computed from the files beside it" {
	replay 7 9
	runx 0 psi-watch -i 1s -o cgroup,window_us,cpu_some_us,cpu_some_pct,cpu_some_total_us /batch
	want=$'#cgroup\twindow_us\tcpu_some_us\tcpu_some_pct\tcpu_some_total_us'
	for i in 8 9; do
		new=$TESTS/fixtures/psi-storm-6.18/0$i old=$TESTS/fixtures/psi-storm-6.18/0$((i - 1))
		want+=$'\n'$(awk -v a="$(cut -d' ' -f1 "$old/proc/uptime")" -v b="$(cut -d' ' -f1 "$new/proc/uptime")" \
			-v x="$(field "$old/sys/fs/cgroup/batch/cpu.pressure" some total)" \
			-v y="$(field "$new/sys/fs/cgroup/batch/cpu.pressure" some total)" 'BEGIN {
			w = int((b - a) * 1000000 + 0.5)
			printf "/batch\t%d\t%d\t%.3f\t%d", w, y - x, int((y - x) * 100000 / w) / 1000, y }')
	done
	same "$want"
}

@test "a counter that goes back and a cgroup made anew begin afresh" {
	cp -a "$TESTS/fixtures/psi-storm-6.18" "$BATS_TEST_TMPDIR/r"
	cd "$BATS_TEST_TMPDIR/r"
	sed -i 's/total=[0-9]*/total=5/' 08/sys/fs/cgroup/batch/cpu.pressure
	sed -i "s/total=[0-9]*/total=100005/" 09/sys/fs/cgroup/batch/cpu.pressure
	echo 1 >07/sys/fs/cgroup/web/inode
	echo 2 >08/sys/fs/cgroup/web/inode
	echo 2 >09/sys/fs/cgroup/web/inode
	runx 0 psi-watch -R 07:08:09 -i 1s -o cgroup,cpu_some_us -r /
	[ "$(awk '$1 == "/batch"' <<<"$output" | cut -f2 | head -n 1)" = - ]
	[ "$(awk '$1 == "/batch"' <<<"$output" | cut -f2 | tail -n 1)" -gt 5 ]
	[ "$(grep -c '^/web' <<<"$output")" -eq 1 ]
}

@test "recordings that are not in order have no window between them" {
	replay 7 8
	TMO_ROOT=${TMO_ROOT#*:}:$TMO_ROOT
	runx 0 psi-watch -i 1s -H -o window_us,mem_some_us /batch
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[ "$(cut -f1 <<<"$output")" -lt 10000000 ]
}

@test "cpu full of the whole system is -, and of a cgroup a number" {
	replay 7 8
	runx 0 psi-watch -i 1s -o cgroup,cpu_full_pct,cpu_full_total_us -r /
	[ "$(grep -P '^/\t' <<<"$output")" = $'/\t-\t-' ]
	[[ "$(grep '^/batch' <<<"$output")" =~ ^/batch$'\t'[0-9.]+$'\t'[0-9]+$ ]]
}

@test "a share is never over 100 %, the microseconds are as counted" {
	cp -a "$TESTS/fixtures/psi-storm-6.18" "$BATS_TEST_TMPDIR/r"
	cd "$BATS_TEST_TMPDIR/r"
	echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0' >07/sys/fs/cgroup/web/cpu.pressure
	echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=1060000' >08/sys/fs/cgroup/web/cpu.pressure
	runx 0 psi-watch -R 07:08 -i 1s -H -o cgroup,cpu_some_pct,cpu_some_us /web
	same $'/web\t100.000\t1060000'
	# more than there was time for is a counter that jumped (2^32 ns)
	echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=4294967' >08/sys/fs/cgroup/web/cpu.pressure
	runx 0 psi-watch -R 07:08 -i 1s -H -o cgroup,cpu_some_pct,cpu_some_us,cpu_some_total_us /web
	same $'/web\t-\t-\t4294967'
	runx 1 psi-watch -R 07:08:09 -t 'cpu some 50%/900ms' /web
}

@test "a pressure file without total= is refused, not taken for no pressure" {
	one 08
	echo 'some avg10=0.00 avg60=0.00 avg300=0.00' >"$TMO_ROOT/sys/fs/cgroup/web/memory.pressure"
	runx 2 psi-watch -o cgroup,mem_some_avg10_pct /web
	one_line "no total="
	cp "$TMO_ROOT/sys/fs/cgroup/web/memory.pressure" "$TMO_ROOT/proc/pressure/memory"
	runx 2 psi-watch --check
	grep -q '^system_mem	missing	no total=	' <<<"$output"
}

@test "live windows are measured, and the first row comes after one interval" {
	live
	start=$(date +%s%N)
	runx 0 psi-watch -i 300ms -c 2 -o cgroup,time,window_us,cpu_some_us "$KEY"
	took=$((($(date +%s%N) - start) / 1000000))
	[ "$took" -ge 600 ]
	[ "$(wc -l <<<"$output")" -eq 3 ]
	# however late the machine is, a window is the time between two readings
	awk -F'\t' '/^[^#]/ { if (before) { off = ($2 - before) * 1000000 - $3
			exit !(off < 3000 && off > -3000) } before = $2 }' <<<"$output"
}

@test "a late wake-up is measured: the window is the true one, and the share of it" {
	live
	psi-watch -i 200ms -H -o cgroup,time,window_us,cpu_some_us,cpu_some_pct "$KEY" \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	rows() { [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -ge "$1" ]; }
	retry 5 rows 1
	stall "$CG" 2
	kill -STOP "$pid"
	sleep 1.5
	before=$(wc -l <"$BATS_TEST_TMPDIR/out")
	kill -CONT "$pid"
	retry 5 rows $((before + 3))
	kill "$pid"
	cat "$BATS_TEST_TMPDIR/out"
	awk -F'\t' '
		function abs(x) { return x < 0 ? -x : x }
		time { if (abs(($2 - time) * 1000000 - $3) > 3000) bad = 1 }
		{ time = $2; if (abs($4 * 100 / $3 - $5) > 0.002) bad = 1 }
		$3 > longest { longest = $3; stall = $4 }
		END { exit bad || longest < 1400000 || stall < 100000 }' "$BATS_TEST_TMPDIR/out"
}

@test "live stall of a cgroup is what its counter says" {
	live
	stall "$CG" 30
	stalls() { [ "$(field "$CG/cpu.pressure" some total)" -gt 100000 ]; }
	retry 20 stalls
	before=$(field "$CG/cpu.pressure" some total)
	runx 0 psi-watch -i 700ms -c 1 -H -o cgroup,cpu_some_us,cpu_some_total_us "$KEY"
	after=$(field "$CG/cpu.pressure" some total)
	us=$(cut -f2 <<<"$output")
	[ "$us" -gt 50000 ]
	[ "$us" -le $((after - before)) ]
	total=$(cut -f3 <<<"$output")
	[ "$total" -gt "$before" ] && [ "$total" -le "$after" ]
}

@test "cgroups made later join in, removed ones leave without a word, remade ones begin afresh" {
	live
	mkdir "$CG/old"
	(sleep 0.7; mkdir -p "$CG/new/below"; rmdir "$CG/old"; sleep 0.6; rmdir "$CG/new/below"; mkdir "$CG/old") 3>&- &
	runx 0 psi-watch -r -i 250ms -c 9 -o cgroup,window_us "$KEY"
	wait "$!"
	echo "$output"
	[ -z "$stderr" ]
	for c in "$KEY" "$KEY/old" "$KEY/new" "$KEY/new/below"; do
		grep -qP "^\Q$c\E\t[0-9]+$" <<<"$output"
	done
	[ "$(grep -c "^$KEY"$'\t' <<<"$output")" -eq 9 ]
	[ "$(grep -c "^$KEY/old" <<<"$output")" -lt 8 ]
}

@test "a glob is looked at anew, and odd names are names" {
	live
	mkdir "$CG/a b" "$CG/c\\x2dd" "$CG/ü"
	(sleep 0.5; mkdir "$CG/a late") 3>&- &
	runx 0 psi-watch -i 300ms -c 4 -H -o cgroup,cpu_some_us "$KEY/*"
	wait "$!"
	[ "$(cut -f1 <<<"$output" | sort -u)" = "$KEY/a b
$KEY/a late
$KEY/c\\x2dd
$KEY/ü" ]
}

@test "a name with a TAB is passed over with a warning" {
	live
	mkdir "$CG/a"$'\t'"b"
	runx 0 psi-watch -r -H -o cgroup,cpu_some_total_us "$KEY"
	[ "$(cut -f1 <<<"$output")" = "$KEY" ]
	one_line "TAB"
}

@test "a path too long is passed over with a warning" {
	one 08
	python3 - "$TMO_ROOT/sys/fs/cgroup/web" <<-'EOF'
		import os, sys
		os.chdir(sys.argv[1])
		for i in range(20):
		    os.mkdir('x' * 250)
		    os.chdir('x' * 250)
	EOF
	runx 0 psi-watch -q -r -H -o cgroup,time /web
	[ "$(wc -l <<<"$output")" -eq 17 ]
	one_line "a path of more than 4095 bytes"
}

@test "a cgroup that was named and is gone is status 3 and one line" {
	live
	mkdir "$CG/job"
	(sleep 0.5; rmdir "$CG/job") 3>&- &
	runx 3 psi-watch -i 200ms -o cgroup,cpu_some_us "$KEY/job"
	one_line "there is no cgroup '$KEY/job'"
	runx 3 psi-watch -o cgroup,cpu_some_avg10_pct "$KEY" "$KEY/nope"
	[ "$(wc -l <<<"$output")" -eq 2 ]
	one_line "there is no cgroup '$KEY/nope'"
}

@test "with too few descriptors every cgroup is still read, and it is said" {
	live
	for i in $(seq 150); do mkdir "$CG/$i"; done
	# shellcheck disable=SC2016 # the inner shell's
	runx 0 bash -c 'ulimit -n 300; exec psi-watch -r -i 300ms -c 1 -H "$1"' bash "$KEY"
	[ "$(wc -l <<<"$output")" -eq 151 ]
	one_line "RLIMIT_NOFILE is too low"
}

@test "descriptors of cgroups that went serve those that found none" {
	live
	for i in $(seq 10 39); do mkdir "$CG/$i"; done
	err=$BATS_TEST_TMPDIR/err
	(ulimit -n 60; exec psi-watch -r -i 100ms -H -o cpu_some_us,mem_some_us "$KEY" >"$BATS_TEST_TMPDIR/out" 2>"$err" 3>&-) &
	pid=$!
	retry 10 grep -q "RLIMIT_NOFILE is too low" "$err"
	rmdir "$CG"/1? "$CG"/2?
	# the ten that are left and the one above them
	all_held() { [ "$(find "/proc/$pid/fd" -lname "$CG/*.pressure" | wc -l)" -eq 22 ]; }
	retry 10 all_held
	kill "$pid"
	[ "$(wc -l <"$err")" -eq 1 ]
}

@test "with too few descriptors every cgroup has a trigger or is polled, and later ones join in" {
	live
	for i in $(seq 60); do mkdir "$CG/$i"; done
	out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err
	(ulimit -n 60; exec psi-watch -r -t 'cpu some 10%/500ms' -H -o cgroup "$KEY" >"$out" 2>"$err" 3>&-) &
	pid=$!
	retry 10 grep -q "RLIMIT_NOFILE is too low for all triggers: some cgroups are polled every 500ms" "$err"
	mkdir "$CG/late"
	stall "$CG/late" 20
	stall "$CG/60" 20
	retry 15 grep -qx "$KEY/late" "$out"
	retry 15 grep -qx "$KEY/60" "$out"
	# Where others went, their descriptors become triggers: none is polled.
	echo 1 >"$CG/60/cgroup.kill"
	echo 1 >"$CG/late/cgroup.kill"
	rmdir "$CG"/? "$CG"/[1-4]?
	all_armed() { [ "$(cat "/proc/$pid/fdinfo/"* | grep -c '^tfd:.* events: *1a ')" -eq 13 ]; }
	retry 15 all_armed
	: >"$out"
	stall "$CG/late" 20
	retry 15 grep -qx "$KEY/late" "$out"
	kill "$pid"
	refute grep -q "Too many" "$err"
}

@test "hundreds of triggers are closed side by side" {
	live
	for i in $(seq 300); do mkdir "$CG/$i"; done
	start=$(date +%s%N)
	runx 1 psi-watch -q -r -t 'memory some 1s/2s' --timeout 1s "$KEY"
	took=$((($(date +%s%N) - start) / 1000000))
	echo "took $took ms"
	[ "$took" -lt 3000 ]
}

@test "while nothing is made or removed the tree is not walked" {
	live
	command -v strace >/dev/null || skip "no strace"
	mkdir -p "$CG/a/b" "$CG/c"
	runx 0 strace -qq -o "$BATS_TEST_TMPDIR/trace" psi-watch -r -i 50ms -c 20 -o cgroup,cpu_some_us "$KEY"
	[ "$(wc -l <<<"$output")" -eq 81 ]
	[ "$(grep -c '^pread64' "$BATS_TEST_TMPDIR/trace")" -ge 80 ]
	[ "$(grep -Ec '^(getdents64|openat2?|newfstatat)\(' "$BATS_TEST_TMPDIR/trace")" -lt 60 ]
}

# ---- input ----

@test "columns of a table pass through, and speak for the cgroups below" {
	replay 8 8
	printf '#cgroup\tfloor_bytes\tmem_limit_pct\n/\t5\t0.1\n/batch\t-\t2\n' >"$BATS_TEST_TMPDIR/tab"
	runx 0 psi-watch -r -i 1s -o cgroup,cpu_full_total_us - <"$BATS_TEST_TMPDIR/tab"
	same "#cgroup	floor_bytes	mem_limit_pct	cpu_full_total_us
/	5	0.1	-
/batch	-	2	$(field "$TESTS/fixtures/psi-storm-6.18/08/sys/fs/cgroup/batch/cpu.pressure" full total)
/web	5	0.1	$(field "$TESTS/fixtures/psi-storm-6.18/08/sys/fs/cgroup/web/cpu.pressure" full total)"
}

@test "tables with other columns are joined, and a later row of a key counts" {
	one 08
	printf '#cgroup\ta\n/web\t1\n/batch\t2\n#cgroup\tb\ta\n/web\t3\t4\n' >"$BATS_TEST_TMPDIR/tab"
	runx 0 psi-watch -o cgroup,mem_some_total_us - <"$BATS_TEST_TMPDIR/tab"
	same "#cgroup	a	b	mem_some_total_us
/batch	2	-	0
/web	4	3	0"
}

@test "a cut last line, an empty input and a bad path are refused" {
	one 08
	runx 2 psi-watch - < <(printf '/web\n/bat')
	[ -z "$output" ]
	one_line "ends without a newline"
	runx 2 psi-watch - </dev/null
	one_line "no cgroup came from standard input"
	runx 2 psi-watch ../etc
	one_line "'../etc' is not a cgroup path"
}

@test "without a cgroup a pipe or file gives the rows, /dev/null is the system" {
	one 08
	printf '/web\n' >"$BATS_TEST_TMPDIR/tab"
	runx 0 psi-watch -H -o cgroup </dev/null
	same /
	runx 0 psi-watch -H -o cgroup <"$BATS_TEST_TMPDIR/tab"
	same /web
	runx 0 psi-watch -H -o cgroup < <(cat "$BATS_TEST_TMPDIR/tab")
	same /web
	# nothing found is not everything
	runx 2 psi-watch -H -o cgroup < <(:)
	one_line "give / for the whole system"
}

@test "a bad table is refused with file, line, column and reason" {
	one 08
	tab=$BATS_TEST_TMPDIR/tab
	bad() { # TEXT TABLE
		printf %b "$2" >"$tab"
		runx 2 psi-watch --targets "$tab"
		one_line "$tab: line $1"
	}
	bad "1: column 'floor_byte': is floor_bytes meant?" '#cgroup\tfloor_byte\n/\t1\n'
	bad "1: column 'mem_limit': is mem_limit_pct meant?" '#cgroup\tmem_limit\n/\t1\n'
	bad "2: column 'floor_bytes': '1GG' is not a size" '#cgroup\tfloor_bytes\n/\t1GG\n'
	bad "2: column 'x': an empty cell" '#cgroup\tx\ty\n/\t\t1\n'
	bad "2: '/../x' is not a cgroup path" '/web\n/../x\n'
	bad "3: the input ends without a newline" '/web\n/batch\n/web'
	: >"$TMO_ROOT/sys/fs/cgroup/cgroup.procs"
	bad "2: '/cgroup.procs' is a file, not a cgroup" '/web\n/cgroup.procs\n'
	runx 2 psi-watch --targets "$tab.no"
	one_line "cannot read '$tab.no': No such file"
}

@test "policy may be written as on the command line, and goes out as rows have it" {
	one 08
	runx 0 psi-watch -H -o cgroup - < <(printf '#cgroup\tfloor_bytes\tmem_limit_pct\r\n/web\t1.5G\t0.1%%\r\n')
	same $'/web\t1610612736\t0.100'
	runx 0 psi-watch -H -o cgroup - < <(printf '#cgroup\tfloor_bytes\tmem_limit_pct\n/web\tmax\t0.1\n')
	same $'/web\tmax\t0.1'
	# 2^64-1 is no limit in other programs; what is no number to the next stage is none here
	runx 0 psi-watch -H -o cgroup - < <(printf '#cgroup\tfloor_bytes\n/web\t18446744073709551615\n')
	same $'/web\tmax'
	runx 2 psi-watch -H -o cgroup - < <(printf '#cgroup\tmem_limit_pct\n/web\t18446744073709551615%%\n')
	one_line "is not a percentage"
}

@test "a row that is wrong is told and passed over while it runs" {
	live
	tab=$BATS_TEST_TMPDIR/tab err=$BATS_TEST_TMPDIR/err out=$BATS_TEST_TMPDIR/out
	printf '%s\n' "$KEY" >"$tab"
	psi-watch --targets "$tab" -i 200ms -H -o cgroup,window_us >"$out" 2>"$err" 3>&- &
	watcher=$!
	psi-watch --targets "$tab" -t 'cpu full 500ms/2s' 2>"$err.t" 3>&- &
	trigger=$!
	retry 10 grep -q . "$out"
	retry 5 started "$trigger"
	printf '%s\n/\n%s/cgroup.procs\n' "$KEY" "$KEY" >"$tab"
	retry 10 grep -q '^/	' "$out"
	retry 10 grep -q "cpu full of the whole system" "$err.t"
	kill "$watcher" "$trigger"
	grep -q "$tab: line 3: '$KEY/cgroup.procs' is a file, not a cgroup" "$err"
	[ "$(wc -l <"$err")" -eq 1 ]
}

@test "--timeout ends a read of rows that do not end, and a write that nobody reads" {
	one 08
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	runx 2 timeout 5 psi-watch --timeout 300ms - <"$BATS_TEST_TMPDIR/fifo"
	one_line "standard input did not end in time"
	(cd "$TMO_ROOT/sys/fs/cgroup" && seq -f "%0200.0f" 600 | xargs mkdir)
	# shellcheck disable=SC2016 # the inner shell's
	runx 2 bash -c 'exec timeout 5 psi-watch -q -r -o cgroup,time --timeout 300ms / >"$0"' \
		"$BATS_TEST_TMPDIR/fifo"
	one_line "standard output was not read in time"
}

longer() { [ "$(wc -l <"$1")" -gt "$2" ]; }
@test "a file of targets is read again when it changes; a bad one leaves it" {
	live
	mkdir "$CG/a" "$CG/b"
	tab=$BATS_TEST_TMPDIR/tab out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err
	printf '#cgroup\tx\n%s/a\t1\n' "$KEY" >"$tab"
	psi-watch --targets "$tab" -i 300ms -H -o cgroup,window_us >"$out" 2>"$err" 3>&- &
	watcher=$!
	retry 20 grep -q "^$KEY/a" "$out"
	printf '#cgroup\tx\n%s/b\t2\n' "$KEY" >"$tab.new"
	mv "$tab.new" "$tab"
	retry 20 grep -q "^$KEY/b" "$out"
	printf '%s/a' "$KEY" >"$tab.new"
	mv "$tab.new" "$tab"
	retry 20 grep -q "the old table stays in force" "$err"
	had=$(wc -l <"$out")
	retry 20 longer "$out" "$had"
	kill "$watcher"
	wait "$watcher" || true
	[ "$(cut -f1,2 "$out" | uniq)" = "$KEY/a	1
$KEY/b	2" ]
	[ "$(wc -l <"$err")" -eq 1 ]
}

# ---- waiting ----

@test "targets of a pipe are read once, and no FIFO in the place of the file stops the watch" {
	live
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	runx 2 timeout 10 psi-watch --targets "$BATS_TEST_TMPDIR/fifo" -i 200ms --timeout 500ms
	one_line "cannot read '$BATS_TEST_TMPDIR/fifo': "
	tab=$BATS_TEST_TMPDIR/tab out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err
	echo "$KEY" >"$tab"
	psi-watch --targets "$tab" -i 200ms -H -o cgroup >"$out" 2>"$err" 3>&- &
	watcher=$!
	psi-watch --targets <(echo "$KEY") -i 200ms -H -o cgroup >"$out.pipe" 2>"$err.pipe" 3>&- &
	piped=$!
	retry 10 grep -q . "$out" && retry 10 grep -q . "$out.pipe"
	mv "$BATS_TEST_TMPDIR/fifo" "$tab"
	kill -HUP "$piped"
	retry 10 grep -q "is not a regular file; the old table stays in force" "$err"
	retry 10 grep -q "is not a regular file; the old table stays in force" "$err.pipe"
	: >"$out" && : >"$out.pipe"
	retry 10 grep -qx "$KEY" "$out"
	retry 10 grep -qx "$KEY" "$out.pipe"
	kill "$watcher" "$piped"
}

@test "-r with cpu full waits where / is all there is, and ends not without a word" {
	cp -a "$TESTS/fixtures/psi-storm-6.18/01" "$BATS_TEST_TMPDIR/r"
	rm -r "$BATS_TEST_TMPDIR"/r/sys/fs/cgroup/*/
	runx 1 psi-watch -R "$BATS_TEST_TMPDIR/r" -r -t 'cpu full 10%/500ms'
	runx 2 psi-watch -R "$BATS_TEST_TMPDIR/r" -t 'cpu full 10%/500ms'
	one_line "cpu full of the whole system is undefined"
}

@test "SIGHUP has the file of targets read at once, also between samples" {
	live
	tab=$BATS_TEST_TMPDIR/tab out=$BATS_TEST_TMPDIR/out err=$BATS_TEST_TMPDIR/err
	printf '#cgroup\n%s\n' "$KEY" >"$tab"
	psi-watch -i 1h -H -o cgroup,cpu_some_total_us --targets "$tab" >"$out" 2>"$err" 3>&- &
	pid=$!
	retry 10 grep -q "^$KEY" "$out"
	printf '%s/none\n' "$KEY" >>"$tab"
	kill -HUP "$pid"
	retry 10 grep -q "there is no cgroup '$KEY/none'" "$err"
	kill "$pid"
	[ "$(wc -l <"$out")" -eq 1 ]
}

@test "a wait ends with the answer, and the row that gave it" {
	replay 1 18
	runx 0 psi-watch -i 1s -o cgroup,cpu_some_pct --until 'cpu_some_pct > 30% for 3s' /batch /web
	grep -q '^/batch' <<<"$output"
	runx 1 psi-watch -i 1s --until 'cpu_some_pct > 100%' -r /
	[ -z "$output" ]
	[ -z "$stderr" ]
}

@test "of several cgroups one is enough, with --all it takes each" {
	replay 1 18
	runx 0 psi-watch -i 1s -H -o cgroup --until 'cpu_some_pct > 30%' /web /batch
	same /batch
	runx 1 psi-watch -i 1s --all --until 'cpu_some_pct > 30%' /web /batch
	runx 0 psi-watch -i 1s -H -o cgroup --all --until 'cpu_some_pct < 1%' /web /batch
	same $'/batch\n/web'
	runx 0 psi-watch -i 1s -H -o cgroup --all --while 'cpu_some_pct < 30%' /web /batch
	same /batch
	runx 1 psi-watch -i 1s --while 'cpu_some_pct < 30%' /web /batch
}

@test "a live wait times out with status 1, at its time" {
	live
	start=$SECONDS
	runx 1 psi-watch --until 'cpu_some_pct > 99%' --timeout 1500ms "$KEY"
	[ $((SECONDS - start)) -le 3 ]
}

@test "a wait for a cgroup that goes is status 3" {
	live
	mkdir "$CG/job"
	(sleep 0.4; rmdir "$CG/job") 3>&- &
	runx 3 psi-watch -i 200ms --until 'cpu_some_pct > 99%' "$KEY/job"
	one_line "there is no cgroup '$KEY/job'"
}

@test "a bad condition is told with its place" {
	runx 2 psi-watch --until 'mem_some_pct <> 1' /
	one_line "expected a value in the column's unit at '> 1'"
	# 1 is a microsecond: 1.5 is no second and a half
	runx 2 psi-watch --until 'mem_some_us > 1.5' /
	one_line "expected a value in the column's unit at '1.5'"
	# thousandths of it are no number
	runx 2 psi-watch --until 'mem_some_pct < 18446744073709551615%' /
	one_line "expected a value in the column's unit at '18446744073709551615%'"
	runx 2 psi-watch --until 'nope < 1' /
	one_line "expected a column"
	runx 2 psi-watch --until 'mem_some_pct < 1 for 3s or io_some_pct < 1' /
	one_line "parentheses limit it"
}

@test "a condition that can never be decided is refused or told" {
	replay 1 18
	runx 2 psi-watch -i 1s --until 'trend > 1' /
	one_line "'trend' is not a number"
	runx 1 psi-watch -i 1s --until 'cpu_full_pct > 1%' /
	one_line "cpu_full_pct of '/' is not known: a condition that needs it can never be decided"
	# A window of no time decides nothing, and the next one does.
	cp -a "$TESTS/fixtures/psi-storm-6.18/01" "$BATS_TEST_TMPDIR/again"
	TMO_ROOT=$BATS_TEST_TMPDIR/again:$TMO_ROOT
	runx 1 psi-watch -i 1s --until 'mem_some_pct > 100%' /
	[ -z "$stderr" ]
}

@test "--while on a glob ends with its last cgroup" {
	live
	mkdir "$CG/a" "$CG/b"
	(sleep 0.6; rmdir "$CG/a"; sleep 0.3; rmdir "$CG/b") 3>&- &
	runx 0 timeout 10 psi-watch -i 200ms --while 'cpu_some_pct < 101%' "$KEY/*"
	[ -z "$stderr" ]
}

@test "a cgroup that a glob found and that goes before it is read is no error" {
	one 08
	for f in "$TMO_ROOT"/sys/fs/cgroup/*/; do rm "$f"*.pressure; done
	runx 2 psi-watch '/w*'
	live
	unset TMO_ROOT
	mkdir "$CG/a"
	(sleep 1; rmdir "$CG/a") 3>&- &
	# held still between the walk and the read
	runx 0 faulty pressure:open:hang psi-watch -o cgroup,cpu_some_avg10_pct "$KEY/*"
	[ -z "$stderr" ]
}

@test "a wait or trigger at an empty or silent pipe is of the whole system" {
	one 08
	runx 0 psi-watch -H -o cgroup,time --until 'mem_some_avg10_pct >= 0' < <(:)
	[[ $output == /$'\t'* ]]
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	runx 0 timeout 5 psi-watch -H -o cgroup,time --until 'mem_some_avg10_pct >= 0' <"$BATS_TEST_TMPDIR/fifo"
	[[ $output == /$'\t'* ]]
	one_line "no rows came on standard input within 1 s"
	runx 0 psi-watch -H -o cgroup,time --until 'mem_some_avg10_pct >= 0' < <(echo /web)
	[[ $output == /web$'\t'* ]]
}

# limited BYTES CMD...: with that RLIMIT_MEMLOCK, without CAP_IPC_LOCK.
limited() {
	local limit=$1
	shift
	exec prlimit --memlock="$limit:$limit" setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock "$@"
}

@test "its memory is locked as far as it may be, and never at malloc's cost" {
	live
	command -v setpriv prlimit >/dev/null || skip "no setpriv, or no prlimit"
	[ -z "${ASAN_OPTIONS-}" ] || skip "this build locks nothing: a sanitizer's"
	locked() { awk '/^VmLck/ { exit !($2 > 0) }' "/proc/$1/status"; }
	psi-watch -i 1s "$KEY" >/dev/null 3>&- &
	retry 5 locked "$!"
	kill "$!"
	limited 6291456 psi-watch -i 1s "$KEY" >/dev/null 3>&- &
	retry 5 locked "$!"
	kill "$!"
	# refused, it carries on; too little for what comes is left alone
	runx 0 limited 65536 psi-watch -v -i 100ms -c 1 -H "$KEY"
	grep -q "memory is not locked: that needs CAP_IPC_LOCK" <<<"$stderr"
	runx 0 limited 65536 psi-watch -i 100ms -c 1 -H "$KEY"
	[ -z "$stderr" ]
	# more memory than may be locked is asked for after the locking
	awk -v k="$KEY" 'BEGIN { print "#cgroup\tx"; for (; i < 60000; i++) printf "%s\t%0300d\n", k, i }' >"$BATS_TEST_TMPDIR/more"
	printf '%s\n' "$KEY" >"$BATS_TEST_TMPDIR/tab"
	(sleep 0.6; mv "$BATS_TEST_TMPDIR/more" "$BATS_TEST_TMPDIR/tab") 3>&- &
	runx 0 limited 6291456 psi-watch --targets "$BATS_TEST_TMPDIR/tab" -i 300ms -c 6 -H -o cgroup,window_us
	wait
	[ "$(tail -n 1 <<<"$output" | cut -f 2)" = "$(printf '%0300d' 59999)" ]
	[ -z "$stderr" ]
}

# ---- triggers ----

@test "an alarm goes through every state, with a row in and a row out" {
	replay 1 18
	# calm, rising, calm; rising, high; clearing, high; clearing, calm
	runx 0 psi-watch -t 'cpu some 60%/900ms' --clear 40% --sustain 3s --cooldown 3s \
		-o cgroup,time,resource,kind,state,source /batch
	same "#cgroup	time	resource	kind	state	source
/batch	1795390981.200	cpu	some	high	poll
/batch	1795390990.190	cpu	some	calm	poll"
	# without the times each loud window is a row, the short burst as well
	runx 0 psi-watch -t 'cpu some 60%/900ms' -H -o time,state /batch
	same "1795390979.190	high
1795390980.190	high
1795390981.200	high
1795390982.260	high
1795390985.210	high
1795390986.420	high"
}

@test "an unprivileged trigger is widened, fires, and its event is verified" {
	live
	[ "$(psi-watch --check | awk '$1 == "trigger" { print $2 }')" = limited ] || skip "with CAP_SYS_RESOURCE"
	(sleep 1; stall "$CG" 3; wait) 3>&- &
	runx 0 psi-watch -t 'cpu some 10%/500ms' -c 1 --timeout 10s -o cgroup,resource,kind,stall_us,source "$KEY"
	wait
	[ "$(tail -n 1 <<<"$output" | cut -f1-3,5)" = "$KEY	cpu	some	trigger" ]
	[ "$(col stall_us <<<"$output")" -ge 200000 ]
	one_line "50.0ms/500ms is replaced by 200ms/2.00s"
}

@test "the kernel's false first event is dropped" {
	live
	# A history of stall, then a small one under a threshold far above it.
	stall "$CG" 2
	sleep 2.5
	(sleep 1; stall "$CG" 0.1; wait) 3>&- &
	runx 1 psi-watch -v -t 'cpu some 1.9s/2s' --timeout 5s "$KEY"
	wait
	[ -z "$output" ]
	if ! grep -q 'dropped an event' <<<"$stderr"; then
		skip "this kernel does not fire at the first stall"
	fi
}

@test "a trigger is written with its NUL: /proc eats the last byte" {
	live
	command -v strace >/dev/null || skip "no strace"
	runx 1 strace -qq -e trace=write -o "$BATS_TEST_TMPDIR/trace" \
		psi-watch -t 'memory some 1900ms/2s' --timeout 100ms /
	# without it the window would be 200 ms: refused, or another one
	[ "$(grep -Ec '"some 1900000 2000000\\0", 21\) += 21$' "$BATS_TEST_TMPDIR/trace")" -eq 1 ]
	[ "$(grep -c . "$BATS_TEST_TMPDIR/trace")" -eq 1 ]
	[ -z "$stderr" ]
}

@test "each trigger has a descriptor of its own: two on one file are both armed" {
	live
	psi-watch -t 'memory some 500ms/2s' -t 'memory some 1900ms/2s' "$KEY" \
		3>&- 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	armed() { [ "$(find "/proc/$pid/fd" -lname "$CG/memory.pressure" | wc -l)" -eq 2 ]; }
	retry 5 armed
	sleep 0.3
	armed
	kill "$pid"
	# a second one on the same descriptor would be EBUSY
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}

@test "an armed trigger is asked for POLLPRI only, and wakes nobody while quiet" {
	live
	alone psi-watch -v -t 'memory some 500ms/2s' --timeout 5s / 3>&- 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	# tfd: FD events: MASK, where POLLIN (1), which is always ready, is not set
	events() {
		local fd
		fd=$(find "/proc/$pid/fd" -lname '*/memory.pressure' -printf '%f\n')
		[ -n "$fd" ] && cat "/proc/$pid/fdinfo"/* 2>/dev/null |
			awk -v fd="$fd" '$1 == "tfd:" && $2 == fd { print $4 }'
	}
	retry 5 events >"$BATS_TEST_TMPDIR/mask"
	mask=$((0x$(tail -n 1 "$BATS_TEST_TMPDIR/mask")))
	[ $((mask & 1)) -eq 0 ]
	[ $((mask & 2)) -eq 2 ]
	wait "$pid" || true
	[ "$(cat "$BATS_TEST_TMPDIR/err")" = "psi-watch: 0 events, 1 wake-ups" ]
}

@test "it sleeps without a wake-up while nothing happens" {
	live
	alone psi-watch -q -t 'memory some 500ms/2s' -t 'io full 500ms/2s' / 3>&- &
	pid=$!
	# however late it begins; each of its own paces is shorter
	retry 60 asleep "$pid" 4
	kill "$pid"
	wait "$pid" && status=0 || status=$?
	[ "$status" -eq 143 ]
}

@test "500 watched cgroups removed at once cost few wake-ups, and no spin" {
	live
	for i in $(seq 500); do mkdir "$CG/$i"; done
	psi-watch -q -r -t 'memory some 500ms/2s' "$KEY" 3>&- &
	pid=$!
	retry 10 asleep "$pid" 1
	before=$(waits "$pid")
	rmdir "$CG"/[0-9]*
	retry 10 asleep "$pid" 1
	after=$(waits "$pid")
	echo "wake-ups: $((after - before))"
	[ $((after - before)) -le 1500 ]
	[ "$(find "/proc/$pid/fd" -mindepth 1 | wc -l)" -lt 15 ]
	# and its time was short: ticks of 10 ms
	[ "$(awk '{ print $14 + $15 }' "/proc/$pid/stat")" -lt 100 ]
	kill "$pid"
}

@test "pressure between one and two thresholds is sustained; what is gone while high is told" {
	live
	mkdir "$CG/a" "$CG/b"
	out=$BATS_TEST_TMPDIR/out
	psi-watch -q -r -t 'cpu some 60%/1s' --clear 30% --sustain 2s --cooldown 1m -H \
		-o cgroup,state,stall_us "$KEY/*" >"$out" 3>&- &
	pid=$!
	stall "$CG/a" 30
	stall "$CG/b" 30
	retry 15 grep -qx "$KEY/a	high	[0-9]*" "$out"
	retry 15 grep -qx "$KEY/b	high	[0-9]*" "$out"
	xargs kill -9 <"$CG/a/cgroup.procs"
	retry 5 rmdir "$CG/a"
	retry 5 grep -qx "$KEY/a	gone	-" "$out"
	if [ -e "$CG/b/cgroup.pressure" ]; then
		echo 0 >"$CG/b/cgroup.pressure"
		retry 5 grep -qx "$KEY/b	gone	-" "$out"
	fi
	kill "$pid"
	cut -f1,2 "$out"
	[ "$(grep -c high "$out")" -eq 2 ]
}

@test "a high is taken back where the watch ends, by count, time or signal" {
	replay 1 13
	runx 0 psi-watch -t 'cpu some 60%/900ms' --clear 40% --sustain 3s -c 1 -H -o state,stall_us /batch
	[[ ${lines[0]} == "high	"[0-9]* ]]
	same "${lines[0]}
gone	-"
	# of what was calm again, or is no alarm, nothing is said
	replay 1 18
	runx 0 psi-watch -t 'cpu some 60%/900ms' --clear 40% --sustain 3s -c 2 -H -o state /batch
	same $'high\ncalm'
	runx 0 psi-watch -t 'cpu some 60%/900ms' -c 1 -H -o state /batch
	same high
}

@test "a cgroup made later is armed when it appears" {
	live
	(sleep 0.7; mkdir "$CG/late"; sleep 0.2; stall "$CG/late" 4; wait) 3>&- &
	runx 0 psi-watch -q -t 'cpu some 10%/2s' -c 1 --timeout 10s -H -o cgroup,source "$KEY/*"
	wait
	same "$KEY/late	trigger"
}

@test "a sleeping watch sees its file of targets change, and SIGHUP" {
	live
	mkdir "$CG/a" "$CG/b" "$CG/c"
	tab=$BATS_TEST_TMPDIR/tab
	printf '%s/a\n' "$KEY" >"$tab"
	psi-watch -q --targets "$tab" -t 'memory some 500ms/2s' 3>&- &
	pid=$!
	armed() {
		[ "$(find "/proc/$pid/fd" -lname '*/memory.pressure' -printf '%l\n' |
			sed "s|^$CG/||" | sort | tr '\n' ' ')" = "$1" ]
	}
	retry 5 armed 'a/memory.pressure '
	printf '%s/a\n%s/b\n' "$KEY" "$KEY" >"$tab.new"
	mv "$tab.new" "$tab"
	retry 3 armed 'a/memory.pressure b/memory.pressure '
	printf '%s/b\n' "$KEY" >"$tab" # in place
	retry 3 armed 'b/memory.pressure '
	retry 10 asleep "$pid" 1
	# a change that nothing tells of: behind a symlink, the old file stays
	mkdir "$BATS_TEST_TMPDIR/d"
	printf '%s/c\n' "$KEY" >"$BATS_TEST_TMPDIR/d/tab"
	ln "$BATS_TEST_TMPDIR/d/tab" "$BATS_TEST_TMPDIR/d/old"
	ln -s "$BATS_TEST_TMPDIR/d/tab" "$tab.link"
	kill "$pid"
	wait "$pid" || true
	psi-watch -q --targets "$tab.link" -t 'memory some 500ms/2s' 3>&- &
	pid=$!
	retry 5 armed 'c/memory.pressure '
	printf '%s/a\n' "$KEY" >"$BATS_TEST_TMPDIR/d/tab.new"
	mv "$BATS_TEST_TMPDIR/d/tab.new" "$BATS_TEST_TMPDIR/d/tab"
	sleep 0.5
	armed 'c/memory.pressure '
	kill -HUP "$pid"
	retry 3 armed 'a/memory.pressure '
	kill "$pid"
}

@test "cgroup.pressure 0 kills triggers without a spin, and is told with its remedy" {
	live
	[ -e "$CG/cgroup.pressure" ] || skip "no cgroup.pressure here"
	psi-watch -t 'memory some 500ms/2s' "$KEY" 3>&- 2>"$BATS_TEST_TMPDIR/err" &
	pid=$!
	armed() { find "/proc/$pid/fd" -lname "$CG/memory.pressure" | grep -q .; }
	retry 5 armed
	echo 0 >"$CG/cgroup.pressure"
	sleep 1
	before=$(waits "$pid")
	sleep 2
	[ $(($(waits "$pid") - before)) -le 1 ]
	echo 1 >"$CG/cgroup.pressure"
	retry 5 armed
	echo 0 >"$CG/cgroup.pressure"
	kill "$pid"
	grep -q "pressure accounting of '$KEY' is off: write 1 to its cgroup.pressure" "$BATS_TEST_TMPDIR/err"
	runx 2 psi-watch "$KEY"
	one_line "write 1 to its cgroup.pressure"
}

@test "a sample across cgroup.pressure 0 is a restart" {
	live
	[ -e "$CG/cgroup.pressure" ] || skip "no cgroup.pressure here"
	out=$BATS_TEST_TMPDIR/out
	psi-watch -i 200ms -H -o cgroup,window_us,cpu_some_us "$KEY" >"$out" 2>"$out.err" 3>&- &
	pid=$!
	rows() { [ "$(wc -l <"$out")" -ge "$1" ]; }
	retry 20 rows 2
	echo 0 >"$CG/cgroup.pressure"
	retry 20 grep -q cgroup.pressure "$out.err"
	sleep 1
	before=$(wc -l <"$out")
	echo 1 >"$CG/cgroup.pressure"
	retry 20 rows $((before + 2))
	kill "$pid"
	# no window spans the gap of a second
	[ "$(tail -n +"$((before + 1))" "$out" | awk '$2 > 1000000')" = "" ]
	[ "$(wc -l <"$out.err")" -eq 1 ]
}

@test "--blame names the child that stalls" {
	live
	mkdir "$CG/good" "$CG/bad"
	(sleep 0.5; stall "$CG/bad" 4; wait) 3>&- &
	runx 0 psi-watch -q -t 'cpu some 10%/2s' --blame -c 1 --timeout 10s -H -o blame_cgroup "$KEY"
	wait
	same "$KEY/bad"
}

@test "--blame of a child with a TAB in its name makes no cells" {
	cp -a "$TESTS/fixtures/psi-storm-6.18" "$BATS_TEST_TMPDIR/r"
	cd "$BATS_TEST_TMPDIR/r"
	for i in 07 08 09; do
		mkdir "$i/sys/fs/cgroup/batch/x"$'\t'"y"
		cp "$i/sys/fs/cgroup/batch/cpu.pressure" "$i/sys/fs/cgroup/batch/x"$'\t'"y"
	done
	runx 0 psi-watch -R 07:08:09 -t 'cpu some 60%/900ms' --blame -H -c 1 -o blame_cgroup,state /batch
	same $'-\thigh'
}

@test "--blame counts from the reading before: throttling is a limit, not contention" {
	cp -a "$TESTS/fixtures/psi-storm-6.18" "$BATS_TEST_TMPDIR/r"
	cd "$BATS_TEST_TMPDIR/r"
	for i in 07:10:5000 08:10:5000 09:12:45000; do
		IFS=: read -r dir n us <<<"$i"
		printf 'usage_usec 1\nnr_periods 99\nnr_throttled %s\nthrottled_usec %s\n' "$n" "$us" \
			>"$dir/sys/fs/cgroup/batch/cpu.stat"
	done
	runx 0 psi-watch -R 07:08:09 -t 'cpu some 60%/900ms' --blame -H -o nr_throttled,throttled_us /batch
	same $'0\t0\n2\t40000'
	rm 0?/sys/fs/cgroup/batch/cpu.stat
	runx 0 psi-watch -R 07:08:09 -t 'cpu some 60%/900ms' --blame -H -o nr_throttled,throttled_us /batch
	same $'-\t-\n-\t-'
}

@test "--from-env arms what systemd hands over" {
	live
	export MEMORY_PRESSURE_WATCH=$CG/memory.pressure
	MEMORY_PRESSURE_WRITE=$(printf 'some 200000 2000000\0' | base64)
	export MEMORY_PRESSURE_WRITE
	runx 1 psi-watch --from-env --timeout 300ms
	MEMORY_PRESSURE_WATCH=/dev/null runx 2 psi-watch --from-env
	one_line "turned the watch off"
	MEMORY_PRESSURE_WRITE=x runx 2 psi-watch --from-env
	one_line "contains no trigger"
	# neither of these can ever be true, or false
	for bad in "some 0 1000000" "some 18446744073709551615 18446744073709551615"; do
		MEMORY_PRESSURE_WRITE=$(printf '%s' "$bad" | base64 -w0) runx 2 psi-watch --from-env
		one_line "contains no trigger"
	done
	runx 2 psi-watch --from-env /
	one_line "--from-env takes its cgroup from the environment"
	unset MEMORY_PRESSURE_WATCH
	runx 2 psi-watch --from-env
	one_line "MEMORY_PRESSURE_WATCH is not set"
}

# told N: rows of FILE, without the header.
told() {
	[ "$(grep -vc '^#' "$BATS_TEST_TMPDIR/told")" -eq "$1" ]
}

# listen SOCKET: a service manager. Keeps what it is told, then tells of
# pressure twice, and hangs up.
listen() {
	command -v perl >/dev/null || skip "no perl"
	perl -MSocket -e '
		alarm 30; socket my $s, AF_UNIX, SOCK_STREAM, 0; bind $s, sockaddr_un $ARGV[0]; listen $s, 1;
		accept my $c, $s; sysread $c, my $got, 100; print $got;
		for (1, 2) { select undef, undef, undef, 0.5; syswrite $c, "x" }' "$1" \
		>"$BATS_TEST_TMPDIR/got" 3>&- &
	retry 5 test -S "$1"
}

# tell TEXT: by the FIFO; its open waits for a reader, but not for ever.
tell() {
	# shellcheck disable=SC2016 # of the inner shell
	timeout 20 sh -c 'printf %s "$1" >"$2"' sh "$1" "$BATS_TEST_TMPDIR/fifo"
}

@test "--from-env takes the word of a FIFO, a row for what it can read at once" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	MEMORY_PRESSURE_WATCH=$BATS_TEST_TMPDIR/fifo psi-watch --from-env -c 2 -o state,source \
		>"$BATS_TEST_TMPDIR/told" 3>&- &
	pid=$!
	# opened without a writer and kept when one goes, with no spin
	tell many
	retry 5 told 1
	retry 10 asleep "$pid" 1
	tell x
	wait "$pid"
	runx 0 cat "$BATS_TEST_TMPDIR/told"
	same $'#state\tsource\nhigh\tmanager\nhigh\tmanager'
}

@test "--from-env verifies a manager's event where it gives a threshold" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	export MEMORY_PRESSURE_WATCH=$BATS_TEST_TMPDIR/fifo
	MEMORY_PRESSURE_WRITE=$(printf 'some 2000000 2000000\0' | base64)
	export MEMORY_PRESSURE_WRITE
	(sleep 0.7; tell x) 3>&- &
	# its own text comes back from the FIFO, and is no event
	runx 1 psi-watch -v --from-env --timeout 1500ms
	wait
	[ -z "$output" ]
	[ "$(grep -c 'dropped an event' <<<"$stderr")" -eq 1 ]
	unset MEMORY_PRESSURE_WRITE
	runx 2 psi-watch --from-env --clear 0
	one_line "need the trigger in MEMORY_PRESSURE_WRITE"
	MEMORY_PRESSURE_WATCH=/nowhere runx 2 psi-watch --from-env
	one_line "cannot watch '/nowhere'"
}

@test "--from-env writes to a socket what it was given, and outlives the manager" {
	listen "$BATS_TEST_TMPDIR/sock"
	MEMORY_PRESSURE_WATCH=$BATS_TEST_TMPDIR/sock MEMORY_PRESSURE_WRITE=$(printf hello | base64) \
		runx 0 psi-watch -v --from-env --timeout 2500ms -H -o state,source
	wait
	same $'high\tmanager\nhigh\tmanager'
	[ "$(cat "$BATS_TEST_TMPDIR/got")" = hello ]
	grep -q "hung up; trying it again" <<<"$stderr"
	[ "$(sed -n 's/.* \([0-9]*\) wake-ups/\1/p' <<<"$stderr")" -le 5 ]
}

@test "a bad trigger is refused with the reason" {
	runx 2 psi-watch -t 'disk some 1s/2s' /
	one_line "the resource is cpu, memory, io or irq"
	runx 2 psi-watch -t 'memory some 3s/2s' /
	one_line "at most the window"
	runx 2 psi-watch -t 'memory some 1s' /
	one_line "expected RESOURCE"
	runx 2 psi-watch -t 'memory some 100ms/1s' --clear 50% /
	one_line "--clear: '50%'"
	runx 2 psi-watch -t 'cpu full 100ms/2s' /
	one_line "undefined: use cpu some"
	runx 2 psi-watch --clear 5% /
	one_line "need -t"
}

# ---- who, and what is normal ----

@test "--sort and --top put the most first" {
	replay 7 8
	runx 0 psi-watch -r -i 1s -H -o cgroup --sort cpu_some_pct --top 2 /
	[ "$(wc -l <<<"$output")" -eq 2 ]
	[ "$(sort <<<"$output")" = $'/\n/batch' ]
	runx 2 psi-watch --sort nope /
	one_line "--sort: no column 'nope'"
	runx 2 psi-watch --sort trend -i 1s /
	one_line "--sort: column 'trend' is not a number"
	runx 2 psi-watch --top 2 /
	one_line "--top needs --sort"
}

@test "--quantiles of a recording are those of its windows" {
	replay 1 18
	psi-watch -i 1s -H -o cpu_some_us /batch | sort -n >"$BATS_TEST_TMPDIR/all"
	runx 0 psi-watch -i 1s --quantiles -o cpu_some_us /batch
	[ "$(col samples <<<"$output")" -eq 17 ]
	[ "$(col cpu_some_max_us <<<"$output")" = "$(tail -n 1 "$BATS_TEST_TMPDIR/all")" ]
	for q in 50:9 90:16 99:17; do
		want=$(sed -n "${q#*:}p" "$BATS_TEST_TMPDIR/all")
		got=$(col "cpu_some_p${q%:*}_us" <<<"$output")
		echo "p${q%:*}: $got, of $want"
		[ $((got * 31)) -le $((want * 32)) ] && [ $((want * 31)) -le $((got * 32)) ]
	done
}

@test "--quantiles tells bytes apart beyond 4 GiB" {
	cp -a "$TESTS/fixtures/psi-storm-6.18" "$BATS_TEST_TMPDIR/r"
	cd "$BATS_TEST_TMPDIR/r"
	for i in 1 2 3 4; do
		echo $((i << 33)) >"0$i/sys/fs/cgroup/web/memory.current"
	done
	runx 0 psi-watch -R 01:02:03:04 -i 1s --quantiles -o memory_bytes /web
	[ "$(col memory_max_bytes <<<"$output")" -eq $((4 << 33)) ]
	got=$(col memory_p50_bytes <<<"$output")
	# of four samples, or of the three that end a window
	[ $((got >> 30)) -ge 15 ] && [ $((got >> 30)) -le 25 ]
}

@test "--quantiles speaks at SIGUSR1, of a cgroup that goes, and at a signal" {
	live
	mkdir "$CG/job"
	psi-watch -r -i 100ms --quantiles -H -o cpu_some_pct "$KEY" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	retry 5 started "$pid"
	asked() { # to be tried again: there is nothing to tell before two samples
		kill -USR1 "$pid"
		retry 2 grep -q "^$KEY"$'\t' "$BATS_TEST_TMPDIR/out"
	}
	retry 10 asked
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 2 ]
	rmdir "$CG/job"
	jobs_are() { [ "$(grep -c /job "$BATS_TEST_TMPDIR/out")" -eq "$1" ]; }
	retry 3 jobs_are 2
	kill -TERM "$pid"
	wait "$pid" && status=0 || status=$?
	[ "$status" -eq 143 ]
	jobs_are 2
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -eq 4 ]
}

# ---- formats ----

@test "prometheus text is replaced whole, counters are counters" {
	one 08
	echo old >"$BATS_TEST_TMPDIR/psi.prom"
	runx 0 psi-watch --out "$BATS_TEST_TMPDIR/psi.prom" -f prometheus -r -o cgroup,mem_some_total_us,cpu_full_avg10_pct /
	[ -z "$output" ]
	runx 0 grep -e mem_some -e cpu_full "$BATS_TEST_TMPDIR/psi.prom"
	avg() { awk -v pct="$(field "$TMO_ROOT/sys/fs/cgroup/$1/cpu.pressure" full avg10)" 'BEGIN { print pct / 100 }'; }
	same '# HELP tmo_psi_watch_mem_some_seconds_total stalled time since boot or creation
# TYPE tmo_psi_watch_mem_some_seconds_total counter
tmo_psi_watch_mem_some_seconds_total{cgroup="/"} 0
tmo_psi_watch_mem_some_seconds_total{cgroup="/batch"} 0
tmo_psi_watch_mem_some_seconds_total{cgroup="/web"} 0
# HELP tmo_psi_watch_cpu_full_avg10_ratio the kernel'"'"'s average over 10 s
# TYPE tmo_psi_watch_cpu_full_avg10_ratio gauge
tmo_psi_watch_cpu_full_avg10_ratio{cgroup="/batch"} '"$(avg batch)"'
tmo_psi_watch_cpu_full_avg10_ratio{cgroup="/web"} '"$(avg web)"
	[ "$(find "$BATS_TEST_TMPDIR" -name 'psi.prom*' | wc -l)" -eq 1 ]
}

@test "--out exports no cgroup that is gone, be it the last" {
	cp -a "$TESTS/fixtures/psi-storm-6.18" "$BATS_TEST_TMPDIR/r"
	cd "$BATS_TEST_TMPDIR/r"
	runx 0 psi-watch -R 07:08 -i 1s --out psi.prom -o cgroup,cpu_some_us '/w*'
	grep -q '{cgroup="/web"}' psi.prom
	rm -r 09/sys/fs/cgroup/web
	runx 0 psi-watch -R 07:08:09 -i 1s --out psi.prom -o cgroup,cpu_some_us '/w*'
	refute grep -q web psi.prom
}

@test "json has numbers as numbers and null for the unknown" {
	one 08
	runx 0 psi-watch -f json -o cgroup,mem_some_total_us,cpu_full_avg10_pct /
	same '{"cgroup":"/","mem_some_total_us":0,"cpu_full_avg10_pct":null}'
}

@test "a wide terminal shows a picture of the last samples, a pipe does not" {
	live
	command -v script >/dev/null || skip "no script(1)"
	run script -qec "stty cols 160; LC_ALL=C.UTF-8 psi-watch -i 50ms -c 5 $KEY" /dev/null
	[[ "${lines[0]}" == *TREND* ]]
	[[ "${lines[5]}" == *·····* ]]
	run script -qec "stty cols 80; psi-watch -i 50ms -c 2 $KEY" /dev/null
	[[ "${lines[0]}" == CGROUP*IO_FULL* && ${lines[0]} != *TREND* ]]
	runx 0 psi-watch -f table -i 50ms -c 2 "$KEY"
	[[ $output == CGROUP*IO_FULL* && $output != *TREND* ]]
}

# ---- where PSI is off ----

@test "PSI off is told apart: no files, cgroups without, each with its remedy" {
	one 08
	rm "$TMO_ROOT"/sys/fs/cgroup/web/*.pressure
	runx 2 psi-watch /web
	one_line "cgroup_disable=pressure"
	rm -r "$TMO_ROOT/proc/pressure"
	runx 2 psi-watch /web
	one_line "boot with psi=1, or one built with CONFIG_PSI"
	runx 2 psi-watch /
	one_line "boot with psi=1"
	runx 2 psi-watch --check
	[ "$(awk '$1 == "system_mem" { print $2 }' <<<"$output")" = missing ]
}

# faulty FAULT CMD...: with system calls that fail, see tests/faultio.c.
faulty() {
	local fault=$1
	shift
	FAULT=$fault LD_PRELOAD=$TMO_BUILD/faultio.so "$@"
}

@test "EOPNOTSUPP says that pressure accounting is disabled" {
	one 08
	runx 2 faulty pressure:read:EOPNOTSUPP psi-watch /web
	one_line "pressure accounting is disabled: boot with psi=1"
}

@test "where the kernel takes no trigger it polls, and says so once" {
	live
	mkdir "$CG/a" "$CG/b"
	stall "$CG/a" 3
	runx 0 faulty pressure:write:EINVAL psi-watch -r -t 'cpu some 10%/500ms' -c 1 --timeout 5s \
		-H -o source "$KEY"
	same poll
	one_line "(Invalid argument): polling every 500ms"
}

@test "jobs that exclude each other, and counts without an interval, are refused" {
	runx 2 psi-watch -t 'memory some 1s/2s' --until 'mem_some_pct < 1' /
	one_line "exclude each other"
	runx 2 psi-watch -c 2 /
	one_line "needs -i"
	runx 2 psi-watch -o cgroup,mem_some_pct /
	one_line "need two readings: give -i"
	runx 2 psi-watch --all /
	one_line "--all needs"
}

@test "a full disk ends it with status 2" {
	[ -c /dev/full ] || skip "no /dev/full"
	one 08
	runx 2 bash -c 'exec psi-watch / >/dev/full'
	one_line "cannot write to standard output"
}
