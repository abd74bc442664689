# vm: -m 1G -s 512M
# The table of tmo(7), SECURITY: each tool and mode as a user that has the
# capabilities named there and no others, and what is said without them.
load ../helpers
load guest

setup() {
	ROTATES=/sys/block/$(basename "${TMO_VM_DISKS%% *}")/queue/rotational
	echo 0 >"$ROTATES"
	zswap_on
	make_cgroup /t/a
	install -d -o 65534 /run/service
}

teardown() {
	[ -z "${GENERATIONS-}" ] || echo "$GENERATIONS" >/sys/kernel/mm/lru_gen/enabled
	rm -r /run/service
	drop_cgroup /t/a
	drop_cgroup /t
	# as other files of this boot expect it
	swapoff -a
	echo 0 >/sys/module/zswap/parameters/enabled
	echo 1 >"$ROTATES"
}

# as CAPABILITIES CMD...: a user that owns nothing.
as() {
	local caps=-all${1:+,+${1// /,+}}
	shift
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		--inh-caps="$caps" --ambient-caps="$caps" --bounding-set="$caps" "$@"
}

@test "psi-watch: no capability for samples, CAP_DAC_OVERRIDE for triggers, CAP_SYS_RESOURCE for short windows" {
	runx 0 as '' psi-watch -i 200ms -c 2 /t/a
	[ "$(col mem_some_pct <<<"$output" | tail -n 1)" = 0.000 ]
	[ -z "$stderr" ]
	# status 1: no stall came
	runx 1 as dac_override psi-watch -t 'memory some 100ms/2s' --timeout 300ms /t/a
	[ -z "$stderr" ]
	runx 1 as dac_override psi-watch -t 'memory some 50ms/500ms' --timeout 300ms /t/a
	one_line "without CAP_SYS_RESOURCE"
	runx 1 as 'dac_override sys_resource' psi-watch -t 'memory some 50ms/500ms' --timeout 300ms /t/a
	[ -z "$stderr" ]
	runx 1 as '' psi-watch -t 'memory some 100ms/2s' --timeout 300ms /t/a
	one_line "woken by memory.events"
}

@test "swap-balance: no capability for rows, CAP_DAC_OVERRIDE for --apply and --undo" {
	work /t/a --cold-anon 40M --fill random
	runx 0 as '' swap-balance -i 500ms -c 2 -S /run/service/state /t/a
	[ -z "$stderr" ]
	needs_swappiness # of --probe
	runx 3 as '' swap-balance -S /run/service/state -i 1s -q -H --probe 8M --apply --dwell 0s /t/a
	one_line "cannot probe '/t/a': Permission denied"
	runx 0 as dac_override swap-balance -S /run/service/state -i 1s -q -H --probe 8M --apply --dwell 0s /t/a
	same $'/t/a\tmemory.zswap.max\tmax\t0\tdone\tincompressible'
	runx 3 as '' swap-balance -S /run/service/state -q -H --undo
	[ "$(<"$CG/t/a/memory.zswap.max")" = 0 ]
	runx 0 as dac_override swap-balance -S /run/service/state -q -H --undo
	[ "$(<"$CG/t/a/memory.zswap.max")" = max ]
}

@test "tmo-reclaim: CAP_DAC_OVERRIDE is enough, for memory.reclaim and for memory.high" {
	work /t/a --cold-anon 64M --rate 10
	runx 3 as '' tmo-reclaim --headroom 4M -b 8M /t/a
	one_line "cannot open memory.reclaim of '/t/a': Permission denied"
	[ "$(col reason <<<"$output")" = denied ]
	runx 0 as dac_override tmo-reclaim --headroom 4M -b 8M /t/a
	[ "$(col got_bytes <<<"$output")" -ge $((8 << 20)) ]
	runx 0 as dac_override tmo-reclaim --headroom 4M --ratio 1% -i 500ms -c 6 -r /t
	[ -z "$stderr" ]
	[ "$(col got_bytes <<<"$output" | sort -n | tail -n 1)" -gt 0 ]
	runx 3 as dac_override tmo-reclaim --memory-high --headroom 4M -b 8M /t/a
	one_line "with a record in /run or \$XDG_RUNTIME_DIR"
	runx 0 as dac_override env XDG_RUNTIME_DIR=/run/service tmo-reclaim --memory-high --headroom 4M -b 8M /t/a
	[ "$(col got_bytes <<<"$output")" -ge $((7 << 20)) ]
	[ "$(<"$CG/t/a/memory.high")" = max ]
}

@test "tmo-reclaim --ranges: needs both CAP_SYS_NICE and CAP_SYS_PTRACE" {
	work /t/a --cold-anon 16M --rate 10
	ticks=$(awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$work/stat")
	bytes=0 # its largest mapping
	while IFS='- ' read -r from to rights _; do
		[ "$rights" = rw ] && [ $((0x$to - 0x$from)) -gt "$bytes" ] || continue
		bytes=$((0x$to - 0x$from)) addr=$((0x$from))
	done <"/proc/$work/maps"
	rows() {
		printf '#cgroup\ttime\tpid\tstart_ticks\taddr\tbytes\tkind\tage_us\n'
		printf '/t/a\t1.000\t%s\t%s\t%s\t8388608\tanon\t60000000\n' "$work" "$ticks" "$addr"
	}
	for caps in '' sys_nice sys_ptrace; do
		runx 3 as "$caps" tmo-reclaim --ranges < <(rows)
		[ "$(col reason <<<"$output")" = denied ]
		one_line "cannot page out of process $work"
	done
	[ "$(<"$CG/t/a/memory.swap.current")" -eq 0 ]
	runx 0 as 'sys_nice sys_ptrace' tmo-reclaim --ranges < <(rows)
	[ "$(<"$CG/t/a/memory.swap.current")" -ge $((7 << 20)) ]
}

@test "tmo-reclaim --park: CAP_DAC_OVERRIDE and CAP_SYS_PTRACE; --wake is refused without them" {
	needs_file /t/a memory.reclaim
	work /t/a --cold-anon 16M --rate 10
	park() { as "$1" tmo-reclaim -q "$2" --park-dir /run/service /t/a; }
	for caps in '' dac_override sys_ptrace; do
		runx 3 park "$caps" --park
		[ "$(col reason <<<"$output")" = denied ]
		[ -z "$(ls /run/service)" ]
	done
	[ "$(<"$CG/t/a/memory.swap.current")" -eq 0 ]
	run park 'dac_override sys_ptrace' --park
	[ "$(col parked_bytes <<<"$output")" -ge $((8 << 20)) ]
	for caps in '' sys_nice sys_ptrace; do
		runx 3 park "$caps" --wake
		[ "$(col reason <<<"$output")" = denied ]
		one_line "cannot wake process $work"
		[ -n "$(ls /run/service)" ]
	done
}

@test "cold-scan: each source with CAP_DAC_OVERRIDE, a verdict ok of lru-gen with CAP_SYS_PTRACE and CAP_SYS_ADMIN" {
	needs_cold_source
	work /t/a --cold-anon 16M --rate 10
	runx 2 as '' cold-scan -q -a 1s -i 1s -c 1 /t/a
	for source in page-idle lru-gen damon; do
		as dac_override cold-scan --check | grep -qP "^${source/page-idle/page_idle}\tok" ||
			[ "$source" = lru-gen ] || continue
		runx 0 as dac_override cold-scan -q --source $source -a 1s -i 1s -c 1 -o cgroup,source,anon_bytes /t/a
		[ "$(col source <<<"$output")" = $source ]
		[ "$(col anon_bytes <<<"$output")" -ge $((16 << 20)) ]
	done
	runx 0 as 'dac_override sys_ptrace sys_admin' cold-scan -q --source lru-gen -a 2s -i 2s -c 3 --age-now /t/a
	echo "$output"
	[ "$(col verdict <<<"$output" | tail -n 1)" = ok ]
	for caps in dac_override 'dac_override sys_ptrace'; do
		runx 0 as "$caps" cold-scan --source lru-gen -a 2s -i 2s -c 2 --age-now /t/a
		echo "$output"
		[ "$(col verdict <<<"$output" | tail -n 1)" = suspect:shared ]
		missing=$([ "$caps" = dac_override ] && echo CAP_SYS_PTRACE || echo CAP_SYS_ADMIN)
		[ "$(grep -c "^cold-scan: /t/a: .* cannot be ok: run as root, or add $missing$" <<<"$stderr")" -eq 1 ]
		as "$caps" cold-scan --check | grep -qP "^processes\tlimited\t.*$missing$"
	done
	as 'dac_override sys_ptrace sys_admin' cold-scan --check | grep -qP '^processes\tok'
}

@test "cold-scan -p: CAP_SYS_ADMIN and CAP_SYS_PTRACE as well" {
	[ -e /sys/kernel/mm/page_idle/bitmap ] || skip "this kernel has no page_idle"
	work /t/a --cold-anon 16M --rate 10
	runx 3 as dac_override cold-scan -q --source page-idle -a 1s -i 1s -c 1 -p "$work"
	one_line "cannot read the page tables of process $work"
	runx 3 as 'dac_override sys_ptrace' cold-scan -q --source page-idle -a 1s -i 1s -c 1 -p "$work"
	one_line "show no page frames: run as root, or add CAP_SYS_ADMIN"
	runx 0 as 'dac_override sys_ptrace sys_admin' cold-scan -q --source page-idle -a 1s -i 1s -c 1 -p "$work" --ranges
	# what is touched meanwhile parts a range
	[ "$(col bytes <<<"$output" | awk '{ sum += $1 } END { print sum }')" -ge $((15 << 20)) ]
}
