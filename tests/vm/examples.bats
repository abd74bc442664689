# vm: -I -m 1G -s 512M
# kernels: debian:own debian:6.1 debian:6.12 debian:newest
# The examples of the pages as printed, on a kernel as it comes: with lru_gen on,
# and off.  Those of tmo(7) are in handbook.bats and service.bats.  Not run:
# - the cron line of cold-scan(8): -S needs page_idle, which none of them has
# - zram-generator.conf of tmo(7), as that is a package; zram itself is used here
# shellcheck disable=SC2154
load ../helpers
load guest

setup_file() {
	zswap_on
	mkdir -p "$BATS_FILE_TMPDIR/bin" /var/lib/cold
	# what is not of this package: a log and a backup
	printf '#!/bin/sh\nexec cat\n' | tee "$BATS_FILE_TMPDIR/bin/logger" >"$BATS_FILE_TMPDIR/bin/backup"
	chmod +x "$BATS_FILE_TMPDIR"/bin/*
	work /workload.slice/a --hot-anon 8M --cold-anon 64M --rate 100
	work /system.slice/b --hot-anon 8M --cold-anon 32M --rate 100
	work /web.slice --cold-anon 16M --rate 10
	work /a --cold-anon 16M --rate 10
	work /b --cold-anon 16M --rate 10
}

teardown_file() {
	for key in /workload.slice/{a,p} /workload.slice /system.slice/b /system.slice /web.slice /a /b; do
		drop_cgroup "$key"
	done
}

setup() {
	PATH=$BATS_FILE_TMPDIR/bin:$PATH
	cd "$BATS_TEST_TMPDIR" || return
	rm -f /run/tmo-reclaim.off
}

lru_gen() { # y|n
	[ -e /sys/kernel/mm/lru_gen/enabled ] || [ "$1" = n ] || skip "this kernel has no lru_gen"
	[ ! -e /sys/kernel/mm/lru_gen/enabled ] || echo "$1" >/sys/kernel/mm/lru_gen/enabled
	ends_damon_stat
}

# typed WANT FILE: as a person types it.  WANT is the status, several with |, or a
# time, after which Ctrl-C ends it: there are rows then.
typed() {
	local want=$1 status=0
	sed 's/^/> /' "$2"
	if [[ $want == *s ]]; then
		timeout -s INT "$want" sh -e "$2" </dev/null >out 2>err || status=$?
		head -n 3 out
		[ "$status" -eq 124 ] && { [ -s out ] || grep -q '>/dev/null' "$2"; }
	else
		timeout -s INT 20m sh -e "$2" </dev/null >out 2>err || status=$?
		[[ "|$want|" == *"|$status|"* ]]
	fi || { printf 'status %s, want %s\n' "$status" "$want"; cat out err; return 1; }
	refute grep -E '(unknown|bad) option|usage:' err
}

# commands FILE: a file for each that ends at its line's end.
commands() {
	awk -v out="$1." '!n || !open { n++ } { print >sprintf("%s%02d", out, n); open = /[|\\]$/ }' "$1"
	rm "$1"
}

# all_typed PAGE SECTION WANT...: "-" is not run.
all_typed() {
	local page=$1 section=$2 example
	shift 2
	examples "$page" "$section"
	sed -i 's/^\* \* \* \* \* root //' "$EXAMPLES"/*
	for example in "$EXAMPLES"/*; do
		! grep -qE '^psi-watch -i 1s|--record' "$example" || commands "$example"
	done
	[ "$(find "$EXAMPLES" -type f | wc -l)" -eq $# ]
	for example in "$EXAMPLES"/*; do
		[ "$1" = - ] || typed "$1" "$example"
		shift
	done
}

# pressed KEY: stalls on its memory, until $hog is killed.
pressed() {
	echo 8M >"$CG$1/memory.high"
	memhog --cgroup "$1" --hot-anon 48M --rate 5000 >hog 3>&- &
	hog=$!
}

@test "psi-watch(1) and tmo-rows(5)" {
	all_typed psi-watch.1 EXAMPLES 5s 15s '0|1' - 15s 20s
	all_typed tmo-rows.5 EXAMPLES 0 0
}

@test "psi-watch(1): a service under pressure is in the log, and the end of it" {
	examples psi-watch.1 EXAMPLES
	sh -e "$EXAMPLES/03" >log 3>&- &
	pid=$!
	sleep 5
	pressed /web.slice
	retry 120 grep -q high log
	kill -9 $hog
	echo max >"$CG/web.slice/memory.high"
	retry 120 grep -q calm log
	pkill -P $pid # SIGINT is ignored by what is begun with &
	wait $pid || :
}

with_ages() { # what reads them is refused where the kernel has no source
	cold-scan --check | grep -qP '^source\tok' && echo 0 || echo 2
}

@test "swap-balance(8)" {
	for y in y n; do
		lru_gen $y
		all_typed swap-balance.8 EXAMPLES 20s 15s 0 1 1 - "$(with_ages)"
	done
	needs_zram
	echo 64M >/sys/block/zram0/disksize
	mkswap /dev/zram0
	swapon -p 9 /dev/zram0
	all_typed swap-balance.8 EXAMPLES - - - 0 0 - -
	swapoff /dev/zram0
	echo 1 >/sys/block/zram0/reset
}

@test "tmo-reclaim(8)" {
	work /sandbox/7 --cold-anon 16M
	echo 1 >"$CG/sandbox/7/cgroup.freeze"
	for y in y n; do
		lru_gen $y
		# the 200 ms may end before all is back
		all_typed tmo-reclaim.8 EXAMPLES 20s 15s '0|1' 30s 0 0 '0|1' 0 0
		[ "$(grep -c '^/workload.slice' a)" -ge 3 ]
		rm /run/tmo-reclaim.off
	done
	drop_cgroup /sandbox/7
}

@test "tmo-cookbook(7)" {
	recipes=(0 0 '0|1' - 20s '- - 20s' 0 0) # without redis and nginx
	printf '#cgroup\tharm_pct\tharm_time\n/workload.slice/a\t0\t%s\n' "$(date +%s)" >/run/harm.tab
	while read -r section; do
		read -ra wants <<<"${recipes[0]}"
		all_typed tmo-cookbook.7 "$section" "${wants[@]}"
		recipes=("${recipes[@]:1}")
		rm -f /run/tmo-reclaim.off
	done < <(sed -n 's/^# \([A-Z, ]*\)$/\1/p' "$TESTS/../man/tmo-cookbook.7.scd" |
		grep -v 'NAME\|DESCRIPTION\|SEE ALSO')
	[ "${#recipes[@]}" -eq 0 ]
}

@test "tmo-cookbook(7): at high pressure all reclaim stops, and goes on afterwards" {
	make_cgroup /workload.slice/p
	examples tmo-cookbook.7 "STOP AT HIGH PRESSURE"
	sh -e "$EXAMPLES/01" 3>&- &
	pid=$!
	sleep 5
	pressed /workload.slice/p
	retry 120 test -e /run/tmo-reclaim.off
	kill -9 $hog
	retry 120 test ! -e /run/tmo-reclaim.off
	pkill -P $pid # SIGINT is ignored by what is begun with &
	wait $pid || :
}

with_bitmap() { # what needs page_idle is refused without it
	[ -e /sys/kernel/mm/page_idle/bitmap ] && echo 150s || echo 2
}

@test "cold-scan(8) with lru_gen on" {
	lru_gen y
	all_typed cold-scan.8 EXAMPLES 0 150s - "$(with_bitmap)" 0 150s
}

@test "cold-scan(8) with lru_gen off" {
	lru_gen n
	cold-scan --check | grep -qP '^source\tok' || skip "this kernel has no source of ages"
	# the one about lru_gen is refused
	all_typed cold-scan.8 EXAMPLES 0 150s - "$(with_bitmap)" 2 150s
}
