# vm: -m 512M -a psi=0
# psi-watch on a kernel that was booted with PSI off.
load ../helpers

@test "if PSI is off, one sentence names the cause and the remedy" {
	mkdir /sys/fs/cgroup/tmo-psi
	for target in / /tmo-psi; do
		runx 2 psi-watch "$target"
		one_line "boot with psi=1"
		runx 2 psi-watch -i 100ms -c 1 "$target"
		one_line "boot with psi=1"
		runx 2 psi-watch -t 'memory some 100ms/2s' "$target"
		one_line "boot with psi=1"
		runx 2 psi-watch --until 'mem_some_pct < 1' "$target"
		one_line "boot with psi=1"
	done
	rmdir /sys/fs/cgroup/tmo-psi
	runx 2 psi-watch --check
	[ "$(awk '$1 == "system_mem" { print $2 }' <<<"$output")" = missing ]
}
