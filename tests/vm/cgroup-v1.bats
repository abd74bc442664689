# vm: -m 512M -c 1
# kernels: debian:5.10 debian:6.1
# Hosts without cgroup2, and whose memory controller is that of cgroup v1.
load ../helpers
load guest

V1=$CG/memory HYBRID=$CG/unified

setup_file() {
	# a v1 hierarchy keeps its controllers while it has cgroups: none is made
	umount /sys/fs/cgroup
}

teardown_file() {
	umount "$V1" "$HYBRID" "$CG" 2>/dev/null || true
	mount -t cgroup2 none "$CG"
}

# v1: as a host with cgroup v1 alone mounts it.
v1() {
	mountpoint -q "$CG" && return
	mount -t tmpfs none "$CG"
	mkdir "$V1" "$HYBRID"
	mount -t cgroup -o memory none "$V1"
}

# all_say CAUSE FIX: each tool, and its --check in one row; without a regard to
# what else is there.
all_say() {
	local tool
	for tool in "psi-watch /" "cold-scan /" "swap-balance -S $BATS_TEST_TMPDIR/state /" "tmo-reclaim -b 1M /a"; do
		# shellcheck disable=SC2086 # words
		runx 2 $tool </dev/null
		[ -z "$output" ]
		one_line "${tool%% *}: $1: $2"
		runx 2 "${tool%% *}" --check </dev/null
		grep -qxF "cgroup2	missing	$1	$2" <<<"$output"
	done
	# cold-scan's: no container is to blame
	refute grep -e container -e kpagecgroup <<<"$output"
}

@test "without cgroup2 all four tell that, and the command that mounts it helps" {
	all_say "no cgroup2 is mounted" "mount -t cgroup2 none /sys/fs/cgroup"
	mount -t cgroup2 none /sys/fs/cgroup
	runx 0 psi-watch --check
	umount /sys/fs/cgroup
}

@test "with cgroup v1 alone all four tell that, and what to boot with" {
	v1
	all_say "only cgroup v1 is mounted" \
		"boot with systemd.unified_cgroup_hierarchy=1, or, without systemd, with cgroup_no_v1=all"
}

@test "on a hybrid host psi-watch works, and the others tell who has the memory controller" {
	v1
	mount -t cgroup2 none "$HYBRID"
	mkdir -p "$HYBRID/a"
	runx 0 psi-watch --check
	grep -qxF "cgroup2	ok	$HYBRID	-" <<<"$output"
	runx 0 psi-watch -i 200ms -c 1 /a
	[ "$(col mem_some_pct <<<"$output")" = 0.000 ]
	fix="boot with systemd.unified_cgroup_hierarchy=1, or, without systemd, with cgroup_no_v1=memory: cgroup v1 has the memory controller"
	for tool in "swap-balance -S $BATS_TEST_TMPDIR/state /" "tmo-reclaim -i 1s -c 1 /a" "tmo-reclaim -b 1M /a"; do
		# shellcheck disable=SC2086 # words
		runx 2 $tool </dev/null
		[ -z "$output" ]
		one_line "${tool%% *}: no memory controller: $fix"
	done
	runx 2 tmo-reclaim --check
	[ "$(grep -P '\t(missing|limited)\t' <<<"$output")" = "cgroup	missing	no memory controller	$fix" ]
	runx 2 swap-balance --check
	[ "$(grep -P '\tmissing\t' <<<"$output")" = "memory.stat	missing	no memory controller	$fix" ]
	runx 2 cold-scan --check
	grep -qxF "kpagecgroup	limited	no memory controller: only / can be scanned	$fix" <<<"$output"
}
