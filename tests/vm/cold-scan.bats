# vm: -m 1G -s 256M -s 256M
# What cold-scan says against what memhog is known to hold.
# shellcheck disable=SC2154,SC2086,SC2016,SC2030,SC2031
load ../helpers
load guest

setup_file() {
	export D=$BATS_FILE_TMPDIR/disk
	read -ra disks <<<"$TMO_VM_DISKS"
	mkfs.ext4 -q -F "${disks[1]}"
	mkdir -p "$D"
	mount "${disks[1]}" "$D"
	lru_gen n
	ends_damon_stat
	make_cgroup /cold/a /cold/b /cold/c /cold/d
	work /cold/a --hot-anon 32M --cold-anon 64M --rate 20000 --pattern seq
	echo "$work" >"$BATS_FILE_TMPDIR/a.pid"
	work /cold/b --hot-file 4M --cold-file 48M --dir "$D" --rate 2000 --pattern seq
	work /cold/c --mmap-file --hot-file 16M --cold-file 32M --cold-anon 16M --hot-shmem 8M \
		--cold-shmem 24M --mlock 8M --dir "$D" --rate 12000 --pattern seq
	work /cold/d --thp --hot-anon 8M --cold-anon 32M --rate 5000 --pattern seq
}

teardown_file() {
	for c in a b c d e f g h m p/f p/g p; do drop_cgroup /cold/$c; done
	drop_cgroup /cold
	retry 10 umount "$D"
}

setup() {
	case $BATS_TEST_DESCRIPTION in
	damon*) [ -e /sys/kernel/mm/damon ] || skip "this kernel has no DAMON in sysfs" ;;
	lru-gen* | 'annotate --age-now'*) ;; # need none
	*) [ -e /sys/kernel/mm/page_idle/bitmap ] || skip "this kernel has no page_idle" ;;
	esac
	lru_gen n
}

# What a failed test left mounted would hide why it failed.
teardown() { umount "$BATS_TEST_TMPDIR/shm" 2>/dev/null || true; }

lru_gen() { echo "$1" >/sys/kernel/mm/lru_gen/enabled; }

# newest_generation CGROUP: its number. A removed one of that name has the id 0.
newest_generation() {
	awk -v key="$1" '$1 == "memcg" { here = $2 && $3 == key } here && $1 ~ /^[0-9]/ { n = $1 } END { print n }' \
		/sys/kernel/debug/lru_gen
}

# near GOT MIB [PCT]: GOT bytes are so many MiB, within PCT percent (2).
near() {
	awk -v got="$1" -v want="$2" -v pct="${3-2}" 'BEGIN {
		want *= 1048576; off = got - want; if (off < 0) off = -off
		if (got == "-" || off * 100 > want * pct) {
			printf "got %s, want %s within %s %%\n", got, want, pct; exit 1 } }'
}

# cell CGROUP COLUMN [KIND]: of the last such row in $output.
cell() {
	awk -F'\t' -v key="$1" -v name="$2" -v kind="${3-}" '
		/^#cgroup/ { sub(/^#/, ""); for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == key && (kind == "" || $at["kind"] == kind) { v = $at[name] }
		END { print v }' <<<"$output"
}

@test "page-idle finds the cold memory within 2 %: anon, read files, mapped files, shmem, huge pages" {
	runx 0 cold-scan -q -r -a 4s -i 2s -c 1 -o +cold_shmem_bytes,cold_unevictable_bytes /cold
	for c in a b c d; do
		[ "$(cell /cold/$c verdict)" = ok ]
		[ "$(cell /cold/$c source)" = page-idle ]
	done
	near "$(cell /cold/a cold_anon_bytes)" 64
	near "$(cell /cold/a anon_bytes)" 96
	near "$(cell /cold/b cold_file_bytes)" 48
	near "$(cell /cold/b file_bytes)" 52
	near "$(cell /cold/c cold_file_bytes)" 32
	near "$(cell /cold/c cold_anon_bytes)" 40
	near "$(cell /cold/c cold_shmem_bytes)" 24
	near "$(cell /cold/c cold_unevictable_bytes)" 8
	near "$(cell /cold/d cold_anon_bytes)" 32
	near "$(cell /cold/d anon_bytes)" 40
	near "$(cell /cold cold_anon_bytes)" 136
	near "$(cell /cold cold_file_bytes)" 80
}

@test "one touched byte makes a huge page hot, with its size" {
	make_cgroup /cold/e
	work /cold/e --thp --hot-anon 16M --rate 20 --pattern seq
	runx 0 cold-scan -q -a 3s -i 3s -c 1 /cold/e
	cold=$(cell /cold/e cold_anon_bytes)
	[ "$cold" -ge $((11 << 20)) ]
	[ "$cold" -lt $(((14 << 20) + 200000)) ]
	drop_cgroup /cold/e
}

@test "the coverage account adds up to memory.current within 1 %" {
	runx 0 cold-scan -q -r -a 2s -i 2s -c 1 --coverage /cold
	for c in /cold /cold/a /cold/b /cold/c /cold/d; do
		sum=0
		for kind in tracked new migrated busy off_lru kernel sock; do
			sum=$((sum + $(cell $c bytes $kind)))
		done
		current=$(cell $c bytes current)
		[ $((sum + $(cell $c bytes rest))) -eq "$current" ]
		near "$sum" "$(awk -v b="$current" 'BEGIN { print b / 1048576 }')" 1
	done
}

@test "the coverage rows of the machine add up to all page frames" {
	runx 0 cold-scan -q -a 1s -i 1s -c 1 --coverage /
	sum=$(col bytes <<<"$output" | awk '{ s += $1 } END { print s }')
	near "$sum" 1024 1
}

@test "the histogram rows of a kind add up to the size of that kind" {
	runx 0 cold-scan -q -a 2s,4s -i 2s -c 4 --histogram /cold/a
	rows=$(grep $'\tanon\t' <<<"$output" | tail -n 3)
	[ "$(cut -f6 <<<"$rows" | xargs)" = "0 2000000 4000000" ]
	near "$(awk -F'\t' '{ s += $7 } END { print s }' <<<"$rows")" 96
	near "$(tail -n 1 <<<"$rows" | cut -f7)" 64
}

@test "ages add up over runs with -S, and nobody else can read the state" {
	S=$BATS_TEST_TMPDIR/state
	runx 0 cold-scan -q -a 4s -S "$S" /cold/a
	[ "$(cell /cold/a cold_anon_bytes)" = - ]
	cp "$S" "$S.1"
	sleep 2.1
	runx 0 cold-scan -q -a 4s -S "$S" /cold/a
	cp "$S" "$S.2"
	sleep 2.1
	runx 0 cold-scan -q -a 4s -S "$S" /cold/a
	near "$(cell /cold/a cold_anon_bytes)" 64
	[ "$(stat -c %a "$S")" = 600 ]
	# 300 KiB for a GiB
	[ "$(stat -c %s "$S")" -le 307200 ]
	runx 0 cold-scan -q -a 4s -S "$S" --diff "$S.1"
	[ "$(cell / before_bytes anon)" = - ]
	[ "$(cell / bytes anon)" -ge $((64 << 20)) ]
	runx 0 cold-scan -q -a 2s -S "$S" --diff "$S.2"
	[ "$(cell / before_bytes anon)" -ge $((64 << 20)) ]
	[ "$(cell / cooled_bytes anon)" -lt $((64 << 20)) ]
}

@test "-S: with --wait, a run right after another one waits until 1 s has passed" {
	S=$BATS_TEST_TMPDIR/state
	for _ in 1 2 3; do
		runx 0 cold-scan -q -a 1s --wait 30s -S "$S" /cold/a
	done
	[ "$(cell /cold/a cold_anon_bytes)" != - ]
}

@test "-S: after another scan or a killed run, all ages start again with a note" {
	S=$BATS_TEST_TMPDIR/state
	make_cgroup /cold/i
	work /cold/i --cold-anon 16M
	for other in 'cold-scan -q -a 1s -i 1s -c 1 /' \
		"strace -qq -o /dev/null -e inject=pwrite64:signal=KILL:when=1 cold-scan -q -a 1s -S $S /"; do
		for want in - 16; do
			sleep 1.1
			runx 0 cold-scan -a 1s -S "$S" /cold/i
			[ $want = - ] || near "$(cell /cold/i cold_anon_bytes)" $want 5
		done
		[[ $stderr != *"marked pages since"* ]]
		sleep 1.1
		$other >/dev/null || [ $? -eq 137 ]
		sleep 1.1
		runx 0 cold-scan -a 1s -S "$S" /cold/i
		[[ $stderr == *"a pass that it does not know has marked pages since"* ]]
		[ "$(cell /cold/i cold_anon_bytes)" = - ]
	done
	drop_cgroup /cold/i
}

@test "-p counts each page once, swapped pages apart, and --ranges prints the cold ranges" {
	pid=$(cat "$BATS_FILE_TMPDIR/a.pid")
	runx 0 cold-scan -q -a 4s -i 2s -c 1 -p "$pid"
	near "$(cell /cold/a cold_anon_bytes)" 64
	near "$(cell /cold/a anon_bytes)" 96
	[ "$(cell /cold/a pid)" = "$pid" ]
	runx 0 cold-scan -q -a 4s -i 2s -c 1 -p "$pid" --ranges
	[ "$(head -n 1 <<<"$output")" = $'#cgroup\ttime\tpid\tstart_ticks\taddr\tbytes\tkind\tage_us\tverdict' ]
	[ "$(cell /cold/a start_ticks)" = "$(cut -d' ' -f22 "/proc/$pid/stat")" ]
	near "$(grep $'\tanon\t' <<<"$output" | awk -F'\t' '{ s += $6 } END { print s }')" 64
	runx 3 cold-scan -q -a 1s -i 1s -c 1 -p 999999
	one_line "cannot read the page tables of process 999999"
}

@test "swapped pages are counted apart from page frames" {
	read -ra disks <<<"$TMO_VM_DISKS"
	mkswap "${disks[0]}" >/dev/null
	swapon "${disks[0]}"
	make_cgroup /cold/e
	work /cold/e --cold-anon 32M
	echo 16M >$CG/cold/e/memory.reclaim || true
	runx 0 cold-scan -q -a 1s -i 1s -c 1 -p "$work"
	swap=$(cat $CG/cold/e/memory.swap.current)
	[ "$swap" -ge $((12 << 20)) ]
	near "$(cell /cold/e swapped_bytes)" "$(awk -v b="$swap" 'BEGIN { print b / 1048576 }')"
	near "$(($(cell /cold/e swapped_bytes) + $(cell /cold/e anon_bytes)))" 32 3
	drop_cgroup /cold/e
	swapoff "${disks[0]}"
}

@test "PAGEMAP_SCAN gives the same result for a sparse process of 8 GiB, with fewer reads" {
	perl -e '$a = syscall(9, 0, 8 << 30, 3, 0x4022, -1, 0);
		for $at (0, 1 << 20, 3 << 30, 7 << 30) {
			syscall(28, $a + $at, 4 << 20, 15);
			pipe(R, W); syswrite(W, "x" x 4096); syscall(0, fileno(R), $a + $at, 4096) == 4096 or die }
		open F, ">$ARGV[0]"; printf F "%d\n", $a; close F; sleep 1000' "$BATS_TEST_TMPDIR/at" 3>&- &
	pid=$!
	retry 20 test -s "$BATS_TEST_TMPDIR/at"
	base=$(cat "$BATS_TEST_TMPDIR/at")
	kill -STOP "$pid"
	for way in scan entries; do
		no=()
		[ $way = scan ] || no=(-e inject=ioctl:error=ENOTTY)
		strace -y -o "$BATS_TEST_TMPDIR/$way.trace" -e trace=ioctl,pread64 "${no[@]}" \
			cold-scan -q -a 1s -i 1s -c 1 -p "$pid" --ranges -o addr,bytes,kind |
			awk -v base="$base" '$1 >= base && $1 < base + 8 * 2 ^ 30' >"$BATS_TEST_TMPDIR/$way"
	done
	kill -KILL "$pid"
	cmp "$BATS_TEST_TMPDIR/scan" "$BATS_TEST_TMPDIR/entries"
	for at in 0 $((1 << 20)) $((3 << 30)) $((7 << 30)); do
		grep -qx "$((base + at))"$'\t4096\tanon' "$BATS_TEST_TMPDIR/scan"
	done
	reads=$(grep -c '^pread64([0-9]*</proc/[0-9]*/pagemap>' "$BATS_TEST_TMPDIR/scan.trace")
	all=$(grep -c '^pread64([0-9]*</proc/[0-9]*/pagemap>' "$BATS_TEST_TMPDIR/entries.trace")
	echo "$reads of $all"
	# of 256 parts of 32 MiB; 256 of 295 were spared on 7.3.4
	[ $((all - reads)) -ge 192 ]
	[ $((reads * 4)) -lt "$all" ]
}

@test "pages that several processes map count once, with --mappings for each mapping" {
	pids=()
	for _ in 1 2 3 4 5 6 7 8; do
		# at the same addresses: the kernel maps what is cached around a fault
		setarch -R sleep 100 3>&- &
		pids+=($!)
	done
	# until then, it maps bash
	for pid in "${pids[@]}"; do
		retry 20 grep -qx sleep "/proc/$pid/comm"
	done
	list=$(IFS=,; echo "${pids[*]}")
	runx 0 cold-scan -q -a 1s -i 1s -c 1 -p "$list" -o cgroup,file_bytes
	once=$(col file_bytes <<<"$output" | awk '{ s += $1 } END { print s }')
	runx 0 cold-scan -q -a 1s -i 1s -c 1 -p "${pids[0]}" -o cgroup,file_bytes
	one=$(cell "$(sed -n s/^0:://p /proc/$$/cgroup)" file_bytes)
	runx 0 cold-scan -q -a 1s -i 1s -c 1 -p "$list" --mappings -o cgroup,file_bytes
	each=$(col file_bytes <<<"$output" | awk '{ s += $1 } END { print s }')
	kill "${pids[@]}"
	echo "once $once one $one each $each"
	[ "$once" -le $((one + one / 16)) ]
	[ "$each" -ge $((one * 7)) ]
}

@test "cold memory that is touched again counts as promoted, and --recommend avoids that age" {
	make_cgroup /cold/f
	work /cold/f --hot-anon 8M --cold-anon 24M --rate 20000 --pattern seq --phase 16s
	runx 0 cold-scan -q -a 2s,4s -i 2s -c 12 --promotions /cold/f
	# The rate times the interval, summed up: each page is promoted once.  The
	# time of a row is when it was written, which a busy host delays.
	all=$(awk -F'\t' '$5 == 4000000 && $6 != "-" { s += $6 * 2 / 60 } END { printf "%.0f", s }' <<<"$output")
	near "$all" 24 15
	runx 0 cold-scan -q -a 2s -i 2s -c 2 --recommend /cold/f
	[ "$(cell /cold/f age_us)" != - ]
	drop_cgroup /cold/f
}

@test "memory of an ended process that another one gets is not a promotion" {
	S=$BATS_TEST_TMPDIR/state
	make_cgroup /cold/f /cold/g
	work /cold/f --cold-anon 96M
	for _ in 1 2; do
		sleep 1.1
		runx 0 cold-scan -q -a 1s -S "$S" --promotions /cold/g
	done
	drop_cgroup /cold/f
	work /cold/g --cold-anon 96M
	runx 0 cold-scan -q -a 1s -S "$S" --promotions -o +cpu_us /cold/g
	echo "$output"
	# 96M in two seconds were 2880M a minute.
	[ "$(cell /cold/g promoted_bytes_per_min)" -lt $((150 << 20)) ]
	drop_cgroup /cold/g
}

@test "a second scan is refused until the first one has ended" {
	cold-scan -q -a 2s -i 2s -c 1000 / >/dev/null 3>&- &
	first=$!
	sleep 1
	for wait in '' '--wait 1s'; do
		runx 2 cold-scan -q -a 2s $wait /
		one_line "another cold-scan is scanning"
	done
	(sleep 3 && kill $first) 3>&- &
	kill -0 $first
	runx 0 cold-scan -q --wait 1m -a 1s -i 1s -c 1 /
	wait $first || [ $? -eq 143 ]
}

@test "marks of another scanner are detected: suspect:scanner, status 3 with --strict" {
	S=$BATS_TEST_TMPDIR/state
	runx 0 cold-scan -q -a 1s -S "$S" /
	make_cgroup /cold/e
	work /cold/e --cold-anon 32M
	tr '\0' '\377' </dev/zero | dd of=/sys/kernel/mm/page_idle/bitmap bs=4096 count=8 iflag=fullblock status=none || true
	sleep 1 # since the first run: with -S less is refused
	runx 3 cold-scan -q --strict -a 1s -S "$S" /
	[ "$(cell / verdict)" = suspect:scanner ]
	drop_cgroup /cold/e
	make_cgroup /cold/g
	work /cold/g --hot-anon 64M --rate 40000 --pattern seq
	# Memory that is steady is all marked by us, but for what is left unmarked.
	while sleep .3; do
		tr '\0' '\377' </dev/zero | dd of=/sys/kernel/mm/page_idle/bitmap bs=4096 count=8 iflag=fullblock status=none || true
	done 3>&- &
	runx 3 cold-scan -q --strict -a 2s -i 2s -c 3 -r /cold
	kill $!
	echo "$output"
	grep -q '^/cold/a.*suspect:scanner' <<<"$output"
	# All of it is in use, and much has the other's mark whenever it is looked at.
	[ "$(grep -c '^/cold/g.*suspect:scanner' <<<"$output")" -eq 3 ]
	# What is ok is true: all was touched again since the other's last marks.
	while IFS=$'\t' read -r key _ _ verdict _ _ _ got _; do
		[ "$key $verdict" != '/cold/a ok' ] || near "$got" 64
	done <<<"$output"
	drop_cgroup /cold/g
}

@test "with lru_gen on, auto takes lru-gen; page-idle is suspect with -S and with -p" {
	lru_gen y
	runx 0 cold-scan -q --source page-idle -a 2s -S "$BATS_TEST_TMPDIR/state" /cold/a
	[ "$(cell /cold/a verdict)" = suspect:lru_gen ]
	runx 0 cold-scan -q -a 2s -i 2s -c 1 -p "$(cat "$BATS_FILE_TMPDIR/a.pid")"
	[ "$(cell /cold/a verdict)" = suspect:lru_gen ]
	runx 0 cold-scan -q -a 2s /cold/a
	[ "$(cell /cold/a source)" = lru-gen ]
	runx 0 cold-scan -q --source lru-gen -a 4s -i 4s -c 2 -r --age-now /cold
	lru_gen n
	near "$(cell /cold/a cold_anon_bytes)" 64
	echo "$output"
	[ "$(cell /cold/a verdict)" = ok ]
	[ "$(cell /cold/b verdict)" = suspect:file ]
}

@test "lru_gen that is on for two seconds between two passes makes page-idle suspect" {
	(sleep 2; lru_gen y; sleep 2; lru_gen n) 3>&- &
	runx 0 cold-scan -q --source page-idle -a 6s -i 6s -c 2 /cold/a
	wait $!
	echo "$output"
	grep -q suspect:lru_gen <<<"$output"
}

@test "annotate --age-now ages the cgroups of the rows; without it, a note explains the missing ages" {
	make_cgroup /cold/k /cold/l
	mkdir $CG/cold/k/gone "$BATS_TEST_TMPDIR/shm"
	mount -t tmpfs none "$BATS_TEST_TMPDIR/shm"
	bash -c 'echo $$ >"$1" && head -c 1M /dev/zero >"$2"' - $CG/cold/k/gone/cgroup.procs "$BATS_TEST_TMPDIR/shm/x"
	retry 5 rmdir $CG/cold/k/gone
	work /cold/k --hot-anon 24M --cold-anon 40M --rate 12000 --pattern seq
	work /cold/p/f --hot-file 4M --cold-file 12M --dir "$D" --rate 2000 --pattern seq
	work /cold/p/g --cold-anon 80M
	lru_gen y
	psi-watch -i 1s -c 4 /cold/k | cold-scan --annotate -a 1s >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	grep -c . "$BATS_TEST_TMPDIR/err" | grep -qx 1
	grep -q '/cold/k: the LRU was not aged .* --age-now' "$BATS_TEST_TMPDIR/err"
	before=$(newest_generation /cold/l) files=$(newest_generation /cold/p/f)
	[ -n "$before" ]
	[ -n "$files" ]
	psi-watch -i 2s -c 14 /cold/k /cold/p /cold/p/f | cold-scan --annotate --age-now -a 8s >"$BATS_TEST_TMPDIR/out" 3>&- &
	filter=$!
	sleep 18
	# Page cache that is read is aged until its anonymous memory is known, then spared,
	# the rows of its parent notwithstanding.
	rest=$(newest_generation /cold/p/f)
	[ "$rest" -gt "$files" ]
	wait $filter
	[ "$(newest_generation /cold/p/f)" = "$rest" ]
	[ "$(newest_generation /cold/l)" = "$before" ]
	lru_gen n
	output=$(cat "$BATS_TEST_TMPDIR/out")
	echo "$output"
	[[ $(cell /cold/p/f verdict) == suspect:*file* ]]
	for c in /cold/p /cold/p/f; do [ "$(cell $c cold_anon_bytes)" = - ]; done
	grep -v '^/cold/k' <<<"$output" | col cold_anon_bytes | grep -q '[0-9]'
	output=$(grep -v ^/cold/p <<<"$output")
	[ "$(cell /cold/k source)" = lru-gen ]
	[ "$(col verdict <<<"$output" | tail -n +2 | sort -u)" = ok ]
	# Never more than is cold, and unknown at first.
	[ "$(col cold_anon_bytes <<<"$output" | head -n 1)" = - ]
	for got in $(col cold_anon_bytes <<<"$output" | grep -v -x -- -); do
		near "$got" 40 5
	done
	near "$(cell /cold/k cold_anon_bytes)" 40 5
	drop_cgroup /cold/k
	drop_cgroup /cold/l
	for c in p/f p/g p; do drop_cgroup /cold/$c; done
}

@test "lru-gen is refused while it is off, with the remedy" {
	runx 2 cold-scan --source lru-gen /
	one_line "echo y >/sys/kernel/mm/lru_gen/enabled"
}

@test "damon estimates, and leaves nothing behind, also after a signal" {
	nr=/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds
	runx 0 cold-scan -q --source damon -a 4s -i 4s -c 4 -r /cold
	[ "$(cell /cold/a verdict)" = suspect:region ]
	near "$(cell /cold/a cold_anon_bytes)" 64 30
	[ "$(cat $nr)" = 0 ]
	cold-scan -q --source damon -a 20s / >/dev/null 3>&- &
	retry 5 grep -q 1 $nr
	runx 2 cold-scan --source damon /
	one_line "another program has set DAMON up"
	kill $!
	wait $! || [ $? -eq 143 ]
	[ "$(cat $nr)" = 0 ]
}

@test "annotate keeps the order of the rows and makes no row wait for a pass" {
	(
		printf '#cgroup\tmem_some_pct\n/cold/a\t0.1\n'
		sleep 7
		printf '/cold/a\t0.2\n/nowhere\t0.3\n'
	) | cold-scan --annotate -q -a 2s -i 1s >"$BATS_TEST_TMPDIR/out"
	output=$(cat "$BATS_TEST_TMPDIR/out")
	[ "$(sed -n 1p <<<"$output")" = $'#cgroup\tmem_some_pct\tsource\tverdict\tage_us\tanon_bytes\tfile_bytes\tcold_anon_bytes\tcold_file_bytes' ]
	[[ $(sed -n 2p <<<"$output") == $'/cold/a\t0.1\t'*$'\t-' ]]
	near "$(cell /cold/a cold_anon_bytes)" 64
	[ "$(sed -n 4p <<<"$output")" = $'/nowhere\t0.3\t-\t-\t2000000\t-\t-\t-\t-' ]
}

@test "annotate: a cgroup that was created again does not inherit the old ages" {
	work /cold/i --cold-anon 16M
	mkfifo "$BATS_TEST_TMPDIR/rows"
	cold-scan --annotate -q -a 2s -i 2s <"$BATS_TEST_TMPDIR/rows" >"$BATS_TEST_TMPDIR/out" 3>&- &
	filter=$!
	exec 7>"$BATS_TEST_TMPDIR/rows"
	printf '#cgroup\n' >&7
	sleep 7
	echo /cold/i >&7
	retry 5 grep -q ^/cold/i "$BATS_TEST_TMPDIR/out"
	drop_cgroup /cold/i
	make_cgroup /cold/i
	echo /cold/i >&7
	exec 7>&-
	wait $filter
	output=$(cat "$BATS_TEST_TMPDIR/out")
	echo "$output"
	near "$(col cold_anon_bytes <<<"$output" | head -n 1)" 16 5
	# Unknown, or nothing where a pass has seen it already.
	[[ $(cell /cold/i cold_anon_bytes) == [-0] ]]
	drop_cgroup /cold/i
}

@test "annotate -S uses the ages that cron keeps, and does not scan" {
	S=$BATS_TEST_TMPDIR/state
	for _ in 1 2; do
		cold-scan -q -a 3s -S "$S" / >/dev/null
		sleep 3.1
	done
	cold-scan -q -a 3s -S "$S" / >/dev/null
	runx 0 bash -o pipefail -c '{ sleep 2; printf "#cgroup\n/cold/a\n"; } | cold-scan --annotate -q -a 3s -S "$1"' - "$S"
	near "$(cell /cold/a cold_anon_bytes)" 64
	[ "$(cell /cold/a source)" = page-idle ]
}

@test "an access between the read of the bitmap and the mark is not lost" {
	S=$BATS_TEST_TMPDIR/state
	make_cgroup /cold/g
	# 16 MiB, touched at a signal.
	bash -c 'echo $$ >"$1"; shift; exec "$@"' - $CG/cold/g/cgroup.procs perl -e '
		open Z, "/dev/zero";
		my $at = syscall(9, 0, 16 << 20, 3, 0x22, -1, 0);
		my $touch = sub { syscall(0, fileno Z, $at, 16 << 20) == 16 << 20 or die };
		$SIG{USR1} = sub { &$touch; open F, ">$ARGV[0].2" };
		&$touch;
		open F, ">$ARGV[0]"; sleep 1 while 1' "$BATS_TEST_TMPDIR/hog" 3>&- &
	pid=$!
	retry 20 test -e "$BATS_TEST_TMPDIR/hog"
	runx 0 cold-scan -q -a 1s -S "$S" /cold/g
	sleep 1.1
	# A thread for each section: all of them wait at once before they mark.
	: >"$BATS_TEST_TMPDIR/trace"
	strace -f -ttt -T -o "$BATS_TEST_TMPDIR/trace" -e trace=pwrite64 -e inject=pwrite64:delay_enter=6s \
		cold-scan -q --jobs 16 -a 1s -S "$S" /cold/g >"$BATS_TEST_TMPDIR/out" 3>&- &
	scan=$!
	retry 20 grep -q pwrite64 "$BATS_TEST_TMPDIR/trace"
	sleep 2.5
	from=$(date +%s.%N)
	kill -USR1 $pid
	retry 20 test -e "$BATS_TEST_TMPDIR/hog.2"
	to=$(date +%s.%N)
	wait $scan
	cat "$BATS_TEST_TMPDIR/trace"
	# Every mark was waited for before the touches, and made after them.
	awk -v from="$from" -v to="$to" '/pwrite64\(/ { n++; if ($2 > from || $2 + 6 < to) exit 1 } END { exit !n }' \
		"$BATS_TEST_TMPDIR/trace"
	output=$(cat "$BATS_TEST_TMPDIR/out")
	[ "$(cell /cold/g cold_anon_bytes)" -ge $((16 << 20)) ]
	sleep 1.1
	runx 0 cold-scan -q -a 1s -S "$S" /cold/g
	[ "$(cell /cold/g cold_anon_bytes)" -lt $((8 << 20)) ]
	drop_cgroup /cold/g
}

@test "memory that eight processes share counts once, and is hot if one of them touches it" {
	make_cgroup /cold/h
	bash -c 'echo $$ >"$1"; shift; exec "$@"' - $CG/cold/h/cgroup.procs perl -e '
		open Z, "/dev/zero";
		my $at = syscall(9, 0, 64 << 20, 3, 0x22, -1, 0);
		syscall(0, fileno Z, $at, 64 << 20) == 64 << 20 or die;
		for (1 .. 7) { last if !fork }
		open F, ">$ARGV[0].$$"; close F;
		while (1) {
			if (-e "$ARGV[0].hot.$$") {
				for my $i (0 .. 8191) { my $c = unpack "P1", pack "Q", $at + $i * 4096 } }
			select undef, undef, undef, .2 }' "$BATS_TEST_TMPDIR/hog" 3>&- &
	retry 20 bash -c '[ "$(find "$1".* | wc -l)" -eq 8 ]' - "$BATS_TEST_TMPDIR/hog"
	mapfile -t pids <$CG/cold/h/cgroup.procs
	# The fifth of them reads the first half.
	: >"$BATS_TEST_TMPDIR/hog.hot.${pids[4]}"
	sleep 1
	runx 0 cold-scan -q -a 4s -i 2s -c 1 /cold/h
	echo "$output"
	[ "$(cell /cold/h verdict)" = ok ]
	# What perl itself holds is some MiB a process.
	near "$(cell /cold/h cold_anon_bytes)" 32 30
	near "$(cell /cold/h anon_bytes)" 64 30
	list=$(IFS=,; echo "${pids[*]}")
	runx 0 cold-scan -q -a 1s -i 1s -c 1 -p "$list" -o cgroup,anon_bytes
	near "$(awk '{ s += $2 } END { print s }' <<<"$output")" 64 30
	runx 0 cold-scan -q -a 1s -i 1s -c 1 -p "$list" --mappings -o cgroup,anon_bytes
	[ "$(awk '{ s += $2 } END { printf "%.0f", s }' <<<"$output")" -ge $((8 * 64 << 20)) ]
	drop_cgroup /cold/h
}

@test "a scan obeys --max-cpu and shows its progress on a terminal" {
	runx 0 script -qec "cold-scan -H --max-cpu 30% -a 8s -i 8s -c 1 -f rows -o pass_us,cpu_us /" /dev/null
	echo "$output"
	[[ $output == *$'\r'"pass 1: "*" %, "*" left"* ]]
	[[ $output == *"the ages are known in "* ]]
	read -r pass cpu < <(tr -d '\r' <<<"$output" | sed 's/\x1b\[K//g' | grep -oE '[0-9]+'$'\t''[0-9]+$')
	# What is opened before is no section's share.
	[ $((pass * 10)) -ge $((cpu * 25)) ]
}

@test "lru-gen finds cold anonymous memory within 2 %, huge pages too, and page cache is suspect" {
	lru_gen y
	runx 0 cold-scan -q --source lru-gen -a 4s -i 4s -c 3 -r --age-now /cold
	lru_gen n
	echo "$output"
	near "$(cell /cold/a cold_anon_bytes)" 64
	near "$(cell /cold/a anon_bytes)" 96
	near "$(cell /cold/d cold_anon_bytes)" 32
	[ "$(cell /cold/a verdict)" = ok ]
	[ "$(cell /cold/d verdict)" = ok ]
	for c in b c; do
		[ "$(cell /cold/$c verdict)" = suspect:file ]
	done
	# Never less than the truth: an upper bound.
	[ "$(cell /cold/b cold_file_bytes)" -ge $((47 << 20)) ]
}

@test "lru-gen and page-idle: MADV_FREE memory is neither in anon_bytes nor in file_bytes" {
	make_cgroup /cold/m
	perl -e 'open P, ">$ARGV[0]"; syswrite P, $$; close P; $n = 32 << 20;
		$a = syscall(9, 0, $n, 3, 0x22, -1, 0); pipe(R, W);
		for ($o = 0; $o < $n; $o += 4096) { syswrite(W, "x"); syscall(0, fileno(R), $a + $o, 1) == 1 or die }
		syscall(28, $a, $n, 8) == 0 or die; open F, ">$ARGV[1]"; close F; sleep 1000' \
		$CG/cold/m/cgroup.procs "$BATS_TEST_TMPDIR/ready" 3>&- &
	retry 60 test -e "$BATS_TEST_TMPDIR/ready"
	echo 1 >/proc/sys/vm/stat_refresh
	lru_gen y
	runx 0 cold-scan -q --source lru-gen -a 1s -o cgroup,anon_bytes,file_bytes,lazyfree_bytes /cold/m
	echo "$output"
	lru_gen n
	near "$(cell /cold/m lazyfree_bytes)" 32 5
	[ "$(cell /cold/m file_bytes)" -lt $((3 << 20)) ]
	[ "$(cell /cold/m anon_bytes)" -lt $((3 << 20)) ]
	if [ -e /sys/kernel/mm/page_idle/bitmap ]; then
		runx 0 cold-scan -q -a 1s -S "$BATS_TEST_TMPDIR/state" -o cgroup,anon_bytes,file_bytes,lazyfree_bytes /cold/m
		near "$(cell /cold/m lazyfree_bytes)" 32 5
		[ "$(cell /cold/m anon_bytes)" -lt $((3 << 20)) ]
	fi
	drop_cgroup /cold/m
}

@test "lru-gen: with agings of its own, cold-scan finds files by read(2) within 2 %, but not mapped ones" {
	[ -r /proc/kpageflags ] || skip "this kernel has no kpageflags"
	make_cgroup /cold/e
	work /cold/e --cold-file 32M --dir "$D"
	lru_gen y
	runx 0 cold-scan -q --source lru-gen -a 2s -i 2s -c 7 -r --age-now /cold
	echo "$output"
	near "$(cell /cold/b cold_file_bytes)" 48
	near "$(cell /cold/b file_bytes)" 52
	[ "$(cell /cold/b verdict)" = ok ]
	near "$(cell /cold/e cold_file_bytes)" 32
	[ "$(cell /cold/e verdict)" = ok ]
	[ "$(cell /cold/c verdict)" = suspect:file ]
	[ "$(cell /cold verdict)" = suspect:file ]
	# Another's agings, one an interval: never proven.
	(while sleep 1; do
		id=$(awk '$1 == "memcg" && $2 && $3 == "/cold/b" { print $2 }' /sys/kernel/debug/lru_gen)
		echo "+ $id 0 $(newest_generation /cold/b) 1 1" >/sys/kernel/debug/lru_gen
	done) 3>&- &
	other=$!
	runx 0 cold-scan -q --source lru-gen -a 2s -i 2s -c 6 --age-now /cold/b
	kill $other
	lru_gen n
	[ "$(cell /cold/b verdict)" = suspect:file ]
	drop_cgroup /cold/e
}

@test "lru-gen: ages are unknown after one aging, and known after two" {
	lru_gen y
	make_cgroup /cold/e
	work /cold/e --hot-anon 24M --cold-anon 16M --rate 20000 --pattern seq
	id=$(awk '$1 == "memcg" && $2 && $3 == "/cold/e" { print $2 }' /sys/kernel/debug/lru_gen)
	for want in - 16; do
		sleep 3
		echo "+ $id 0 $(newest_generation /cold/e) 1 1" >/sys/kernel/debug/lru_gen
		runx 0 cold-scan -q --source lru-gen -a 2s /cold/e
		echo "$output"
		if [ $want = - ]; then
			[ "$(cell /cold/e cold_anon_bytes)" = - ]
		else
			near "$(cell /cold/e cold_anon_bytes)" $want 5
		fi
	done
	lru_gen n
	drop_cgroup /cold/e
}

@test "lru-gen: memory touched since the last aging is not reported as cold with the verdict ok" {
	lru_gen y
	make_cgroup /cold/e
	work /cold/e --hot-anon 32M --rate 40000 --pattern seq
	kill -STOP "$work"
	id=$(awk '$1 == "memcg" && $2 && $3 == "/cold/e" { print $2 }' /sys/kernel/debug/lru_gen)
	for _ in 1 2 3 4; do
		sleep 3
		echo "+ $id 0 $(newest_generation /cold/e) 1 1" >/sys/kernel/debug/lru_gen
	done
	kill -CONT "$work"
	sleep 4
	runx 0 cold-scan --source lru-gen -a 6s -o +stale_us /cold/e
	lru_gen n
	[ "$(cell /cold/e cold_anon_bytes)" -ge $((28 << 20)) ]
	[ "$(cell /cold/e verdict)" = suspect:stale ]
	one_line "/cold/e: the LRU was not aged for the time of -a, or not recently"
	drop_cgroup /cold/e
}

@test "lru-gen: hot memory that only page tables of other cgroups lead to has no verdict ok" {
	lru_gen y
	make_cgroup /cold/e /cold/f /cold/g /cold/h /cold/m
	# Allocated in e, and used from f.
	work /cold/e --hot-anon 32M --rate 20000 --pattern seq
	echo "$work" >$CG/cold/f/cgroup.procs
	# Two that changed places: each has as much as its process leads to.
	work /cold/h --hot-anon 16M --rate 8000 --pattern seq
	other=$work
	work /cold/m --hot-anon 16M --rate 8000 --pattern seq
	echo "$work" >$CG/cold/h/cgroup.procs
	echo "$other" >$CG/cold/m/cgroup.procs
	# Two processes, and one address space.
	work /cold/g --hot-anon 16M --cold-anon 16M --rate 20000 --pattern seq --share
	[ "$(wc -l <$CG/cold/g/cgroup.procs)" -ge 2 ]
	runx 0 cold-scan -q --source lru-gen -a 4s -i 4s -c 3 -r --age-now /cold/e /cold/f /cold/g /cold/h /cold/m
	lru_gen n
	echo "$output"
	if [ -e /proc/kpagecgroup ]; then
		[ "$(cell /cold/h verdict)" = suspect:shared ]
		[ "$(cell /cold/m verdict)" = suspect:shared ]
	fi
	[ "$(cell /cold/e anon_bytes)" -ge $((31 << 20)) ]
	[ "$(cell /cold/e verdict)" = suspect:shared ]
	[ "$(cell /cold/g verdict)" = ok ]
	near "$(cell /cold/g cold_anon_bytes)" 16
	for c in e f g h m; do drop_cgroup /cold/$c; done
}

@test "damon looks at single processes, and leaves nothing behind, also after a signal" {
	nr=/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds
	pid=$(cat "$BATS_FILE_TMPDIR/a.pid")
	runx 0 cold-scan -q --source damon -a 4s -i 4s -c 3 -p "$pid"
	echo "$output"
	[ "$(cell /cold/a source)" = damon ]
	[ "$(cell /cold/a verdict)" = suspect:region ]
	near "$(cell /cold/a anon_bytes)" 96
	near "$(cell /cold/a cold_anon_bytes)" 64 30
	[ "$(cat $nr)" = 0 ]
	runx 3 cold-scan -q --source damon -a 1s -i 1s -c 1 -p "$pid,999999"
	one_line "cannot read the page tables of process 999999"
	[ "$(cell /cold/a pid)" = "$pid" ]
	cold-scan -q --source damon -a 20s -p "$pid,$$" >/dev/null 3>&- &
	retry 5 grep -q 2 $nr
	runx 2 cold-scan --source damon -p "$pid"
	one_line "another program has set DAMON up"
	kill $!
	wait $! || [ $? -eq 143 ]
	[ "$(cat $nr)" = 0 ]
}

@test "few descriptors are enough for many cgroups, and a child with a TAB in its name counts for its parent" {
	make_cgroup /cold/j
	mkdir $CG/cold/j/{1..300}
	runx 0 prlimit --nofile=512:512 cold-scan -q -r -a 1s -i 1s -c 1 -o cgroup,anon_bytes /cold/j
	[ -z "$stderr" ]
	[ "$(wc -l <<<"$output")" -eq 302 ]
	rmdir $CG/cold/j/{1..300}
	mkdir "$CG/cold/j/a"$'\t'b
	bash -c 'echo $$ >"$1"; shift; exec "$@"' - "$CG/cold/j/a"$'\t'b/cgroup.procs \
		memhog --ready "$BATS_TEST_TMPDIR/ready" --cold-anon 16M >"$BATS_TEST_TMPDIR/work" 3>&- &
	retry 60 test -e "$BATS_TEST_TMPDIR/ready"
	runx 0 cold-scan -q -r -a 1s -i 1s -c 1 /cold/j
	one_line "a cgroup with a TAB in its name has no row"
	[ "$(cell /cold/j anon_bytes)" -ge $((15 << 20)) ]
	drop_cgroup "/cold/j/a"$'\t'b
	drop_cgroup /cold/j
}

@test "several threads find the same as one" {
	runx 0 cold-scan -q -a 2s -i 2s -c 1 --jobs 2 /cold/a
	near "$(cell /cold/a cold_anon_bytes)" 64
}

@test "--sample: the true number is within the reported error" {
	runx 0 cold-scan -q -a 2s -i 2s -c 1 --sample 1/8 -o +cold_anon_se_bytes /cold/a
	got=$(cell /cold/a cold_anon_bytes) se=$(cell /cold/a cold_anon_se_bytes)
	[ "$se" -gt 0 ]
	off=$((got - (64 << 20)))
	[ "${off#-}" -le $((4 * se)) ]
}
