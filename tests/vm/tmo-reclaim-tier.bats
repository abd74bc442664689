# vm: -m 512M -n 384M -s 256M
# kernels: 7.3.4 debian:6.12
# tmo-reclaim where reclaim demotes to a slower memory node.
load ../helpers
load guest
load tmo-reclaim

setup() {
	local tiers=(/sys/devices/virtual/memory_tiering/memory_tier*)
	[ -e /sys/kernel/mm/numa/demotion_enabled ] || skip "this kernel has no demotion"
	[ "${#tiers[@]}" -ge 2 ] || skip "this kernel puts both nodes in one memory tier"
	make_cgroup /t/a
	echo 1 >/sys/kernel/mm/numa/demotion_enabled
	work /t/a --cold-anon 96M --rate 10
}

teardown() {
	drop_cgroup /t/a
	drop_cgroup /t
	swapoff -a
	echo 0 >/sys/kernel/mm/numa/demotion_enabled
}

# slow KEY: anonymous bytes on the slower node.
slow() {
	sed -n 's/^anon .*N1=//p' "$CG$1/memory.numa_stat"
}

# once SIZE OPTIONS...: one step of 24M, with what was demoted.
once() {
	tmo-reclaim --headroom 8M -o +demoted_bytes -b 24M "$@" /t/a
}

# cell NAME: of the one row of the last run.
cell() {
	col "$1" <<<"$output"
}

@test "without swap anonymous memory is demoted, and that is not freed" {
	before=$(<"$CG/t/a/memory.current")
	runx 0 once
	echo "$output"
	[ "$(cell reason)" = asked ]
	# the kernel's counts may lack some pages a CPU
	[ "$(cell demoted_bytes)" -ge $((22 << 20)) ]
	[ "$(cell got_anon_bytes)" -eq 0 ]
	[ "$(cell got_bytes)" -le $((2 << 20)) ]
	[ "$(cell saved_bytes)" -le $((2 << 20)) ]
	[ "$(slow /t/a)" -ge $((22 << 20)) ]
	# it moved within the cgroup
	[ "$(<"$CG/t/a/memory.current")" -ge $((before - (3 << 20))) ]
	echo 0 >/sys/kernel/mm/numa/demotion_enabled
	runx 1 once
	[ "$(cell reason)" = no_swap ]
}

@test "memory that is already on the slower node is not taken again" {
	runx 1 tmo-reclaim --headroom 0 -o +demoted_bytes -b 200M /t/a
	echo "$output"
	[[ "$(cell reason)" =~ ^(partial|no_swap|floor|small)$ ]]
	[ "$(slow /t/a)" -ge $((88 << 20)) ]
	# -n reads the same guards
	runx 1 tmo-reclaim -n -q --headroom 0 -b 24M /t/a
	[ "$(cell want_bytes)" -lt $((16 << 20)) ]
}

@test "demotion with a rotating disk: nothing while pages could be swapped there" {
	mkswap /dev/vda
	echo 1 >/sys/block/vda/queue/rotational
	swapon /dev/vda
	runx 1 once
	[ "$(cell reason)" = rotational ]
	[ "$(slow /t/a)" -lt $((1 << 20)) ]
	echo 0 >"$CG/t/a/memory.swap.max"
	runx 0 once
	[ "$(cell reason)" = asked ]
	[ "$(slow /t/a)" -ge $((22 << 20)) ]
	[ "$(<"$CG/t/a/memory.swap.current")" -eq 0 ]
}

@test "swap-balance names the tier, and tmo-reclaim acts on it" {
	# it learns in the first rows
	runx 0 sh -c 'psi-watch -i 2s -c 4 /t/a | swap-balance |
		tmo-reclaim --headroom 8M --ratio 1% --mem-limit 50% -o +demoted_bytes'
	echo "$output"
	output=$(sed -n "1p;\$p" <<<"$output")
	[ "$(cell backend)" = tier ]
	[ "$(cell swappiness)" = 0 ]
	[ "$(cell demoted_bytes)" -ge $((512 << 10)) ]
	[ "$(cell got_anon_bytes)" -eq 0 ]
}

@test "--check names the slower node" {
	runx 0 tmo-reclaim --check /t/a
	grep '^demotion	ok	' <<<"$output"
	echo 0 >/sys/kernel/mm/numa/demotion_enabled
	runx 0 tmo-reclaim --check /t/a
	grep '^demotion	limited	' <<<"$output"
}
