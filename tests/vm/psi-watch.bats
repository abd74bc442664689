# vm: -m 512M
# psi-watch with privileges: the kernel's own triggers, memory, limits.
load ../helpers

CG=/sys/fs/cgroup/tmo-psi

setup() {
	mkdir "$CG"
}

teardown() {
	umount -l "$CG" "$BATS_TEST_TMPDIR/rw" 2>/dev/null || true
	echo max >"$CG/memory.high"
	echo 1 >"$CG/cgroup.kill"
	retry 60 rmdir "$CG" 2>/dev/null
}

# thrash DIR HIGH SECONDS: more memory in use than is allowed, that is pressure.
thrash() {
	echo "$2" >"$1/memory.high"
	sh -c 'echo 0 >"$0/cgroup.procs"; exec timeout "$1" memhog --hot-anon 48M --rate 200' \
		"$1" "$3" >/dev/null 2>&1 3>&- &
}

@test "with CAP_SYS_RESOURCE, the kernel takes the trigger as asked, and it fires" {
	runx 0 psi-watch --check
	[ "$(awk '$1 == "trigger" { print $2 }' <<<"$output")" = ok ]
	(sleep 2; thrash "$CG" 16M 20; wait) 3>&- &
	runx 0 psi-watch -t 'memory some 50ms/500ms' -c 1 --timeout 40s --blame \
		-o cgroup,resource,kind,state,source,stall_us,high_events /tmo-psi
	echo "$output"
	[ -z "$stderr" ]
	[ "$(tail -n 1 <<<"$output" | cut -f1-5)" = "/tmo-psi	mem	some	high	trigger" ]
	[ "$(col stall_us <<<"$output")" -ge 50000 ]
	[ "$(col high_events <<<"$output")" -ge 1 ]
}

@test "without the capability, the kernel refuses the same window, and psi-watch widens it" {
	runx 1 setpriv --bounding-set -sys_resource --inh-caps -sys_resource \
		psi-watch -t 'memory some 50ms/500ms' --timeout 1s /tmo-psi
	one_line "50.0ms/500ms is replaced by 200ms/2.00s"
}

@test "if the pressure files are read-only, psi-watch uses memory.events and says so" {
	# the tree writable elsewhere, to press it by
	mkdir "$BATS_TEST_TMPDIR/rw"
	mount --bind /sys/fs/cgroup "$BATS_TEST_TMPDIR/rw"
	mount --bind "$CG" "$CG"
	mount -o remount,bind,ro "$CG"
	(sleep 2; thrash "$BATS_TEST_TMPDIR/rw/tmo-psi" 16M 20; wait) 3>&- &
	runx 0 psi-watch -t 'memory some 50ms/500ms' -c 1 --timeout 40s -H \
		-o cgroup,source /tmo-psi
	same "/tmo-psi	memory.events"
	one_line "pressure files are read-only: woken by memory.events"
}

# busy DIR N SECONDS: loops in it.
busy() {
	local i
	for ((i = 0; i < $2; i++)); do
		sh -c 'echo 0 >"$0/cgroup.procs"; exec timeout "$1" sh -c "while :; do :; done"' \
			"$1" "$3" 3>&- &
	done
}

@test "--blame distinguishes a limit on CPU time from a shortage of CPUs" {
	[ -e "$CG/cpu.max" ] || skip "this kernel has no CFS_BANDWIDTH"
	told() {
		runx 0 psi-watch -t 'cpu some 20%/1s' -c 1 --timeout 20s --blame /tmo-psi
		echo "$output"
	}
	# one task with CPUs to spare, but a fifth of one is all it may use
	echo "20000 100000" >"$CG/cpu.max"
	busy "$CG" 1 4
	told
	[ "$(col nr_throttled <<<"$output")" -ge 2 ]
	[ "$(col throttled_us <<<"$output")" -ge 100000 ]
	wait
	# no limit, and more tasks than CPUs
	echo max >"$CG/cpu.max"
	busy "$CG" $((2 * $(nproc) + 1)) 4
	told
	[ "$(col nr_throttled <<<"$output")" -eq 0 ]
	[ "$(col throttled_us <<<"$output")" -eq 0 ]
	wait
}

@test "memory_bytes and swap_bytes, of a cgroup and of the system" {
	thrash "$CG" 100M 20
	retry 20 grep -qx '[1-9][0-9]\{7,\}' "$CG/memory.current"
	runx 0 psi-watch -H -o cgroup,memory_bytes,swap_bytes / /tmo-psi
	[ "$(awk '$1 == "/tmo-psi" { print ($2 >= 10000000) }' <<<"$output")" -eq 1 ]
	[ "$(awk '$1 == "/" { print ($2 > 10000000) " " $3 }' <<<"$output")" = "1 0" ]
}

@test "10,000 cgroups are watched" {
	ulimit -n 60000
	seq -f "$CG/%.0f" 10000 | xargs mkdir
	runx 0 psi-watch -r -i 3s -c 1 -H -o cgroup,mem_some_us,io_some_us,cpu_some_us /tmo-psi
	[ "$(wc -l <<<"$output")" -eq 10001 ]
	[ -z "$stderr" ]
	seq -f "$CG/%.0f" 10000 | xargs rmdir
}
