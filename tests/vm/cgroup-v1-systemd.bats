# vm: -p -m 512M -c 1 -a systemd.unified_cgroup_hierarchy=0
# vm: -p -m 512M -c 1 -a systemd.unified_cgroup_hierarchy=0 -a systemd.unified_cgroup_hierarchy=1
# kernels: debian:6.1
# systemd's hybrid hierarchy, and the kernel command line that --check names; the
# second machine is booted with it, as the last word on the matter.
load ../helpers
load guest

@test "--check on systemd's hybrid hierarchy, and after its remedy" {
	[ -e /run/vm-cmd ]
	runx 0 psi-watch --check
	runx 0 psi-watch -H -i 200ms -c 1 -o cgroup /system.slice </dev/null
	same /system.slice
	if grep -q 'hierarchy=1' /proc/cmdline; then
		[ "$(stat -f -c %T "$CG")" = cgroup2fs ]
		runx 0 tmo-reclaim --check /system.slice
		runx 0 swap-balance --check
		return
	fi
	mountpoint -q "$CG/unified"
	fix="boot with systemd.unified_cgroup_hierarchy=1, or, without systemd, with cgroup_no_v1=memory: cgroup v1 has the memory controller"
	runx 2 tmo-reclaim --check
	[ "$(grep -P '\t(missing|limited)\t' <<<"$output")" = "cgroup	missing	no memory controller	$fix" ]
	runx 2 tmo-reclaim -b 1M /system.slice </dev/null
	one_line "no memory controller: $fix"
	runx 2 swap-balance -S "$BATS_TEST_TMPDIR/state" /system.slice </dev/null
	one_line "no memory controller: $fix"
}
