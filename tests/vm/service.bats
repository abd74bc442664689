# vm: -p -m 1G -s 512M -t 15m
# kernels: debian:6.12
# make: deb
# The units below a real systemd, from the installation to the stop.
load ../helpers
load guest

setup_file() {
	# It installs, purges and stops services: never on a machine that is in use.
	[ -e /run/vm-cmd ] || { echo "not inside tests/vm/run -p" >&2; return 1; }
	# tests/check has made it, as to do so under emulation takes minutes
	DEB=$(find "$(realpath "$TMO_BUILD")" -maxdepth 1 -name '*.deb' -newer "$TMO_BUILD/tmo-reclaim" -newer "$TMO_BUILD/common.a")
	[ -n "$DEB" ] || DEB=$(make -s -C "$TESTS/.." B="$(realpath "$TMO_BUILD")" deb | tail -n 1)
	export DEB
	rm -f /usr/sbin/policy-rc.d # a container image forbids to start and stop services
	# without triggers: man-db would index all pages of the host, for minutes
	dpkg --no-triggers -i "$DEB" >&2
	mkdir -p /run/systemd/system/tmo{,-evidence,-metrics}.service.d
	for unit in tmo tmo-evidence tmo-metrics; do
		printf '[Service]\nRestartSec=1\n' >"/run/systemd/system/$unit.service.d/soon.conf"
	done
	echo INTERVAL=1s >/etc/tmo/tmo.conf
	echo 'COLD_SCAN_OPTIONS=-a 5s --out /run/tmo/cold-scan.prom' >>/etc/tmo/tmo.conf
	echo 'TMO_RECLAIM_OPTIONS=--grace 1s --rotational --log 5s' >>/etc/tmo/tmo.conf
	systemctl daemon-reload
	zswap_on
	systemd-run -q --slice=workload.slice --unit=victim -p Type=exec \
		"$(realpath "$TMO_BUILD")/memhog" --hot-anon 16M --cold-anon 160M --rate 200
}

teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] && return
	systemctl status --no-pager tmo tmo-evidence tmo-metrics
	journalctl -b --no-pager -u 'tmo*' | tail -n 40
}

# within SECONDS COMMAND...
within() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || { echo "not in time: $*"; return 1; }
		sleep 0.5
	done
}

stages() { # UNIT: its tools, as the journal would name them
	local pid
	while read -r pid; do
		cat "/proc/$pid/comm"
	done <"$CG/tmo.slice/$1/cgroup.procs"
}

pid_of() { # UNIT STAGE
	local pid
	while read -r pid; do
		[ "$(cat "/proc/$pid/comm")" != "$2" ] || echo "$pid"
	done <"$CG/tmo.slice/$1/cgroup.procs"
}

runs() { # UNIT STAGE...: all of them
	local unit=$1 stage
	shift
	for stage; do
		[ -n "$(pid_of "$unit" "$stage")" ] || return
	done
}

rows_of() { # KEY: the exposition is of it, and new
	[ -n "$(find /run/tmo/tmo-reclaim.prom -newermt '-5 seconds')" ] &&
		grep -qF "cgroup=\"$1\"" /run/tmo/tmo-reclaim.prom
}

restarts() {
	systemctl show -P NRestarts "$1"
}

more_restarts() { # UNIT THAN
	[ "$(restarts "$1")" -gt "$2" ]
}

@test "installed, all units are there and none is on" {
	[ "$(cat /proc/1/comm)" = systemd ]
	for unit in tmo.service tmo-evidence.service tmo-metrics.service tmo-apply.timer tmo-maintain.timer; do
		[ "$(systemctl is-enabled "$unit")" = disabled ]
		[ "$(systemctl is-active "$unit")" = inactive ]
	done
}

@test "tmo.service takes cold memory, as its own user, with two capabilities" {
	systemctl start tmo
	within 60 rows_of /workload.slice/victim.service
	for stage in psi-watch swap-balance tmo-reclaim; do
		pid=$(pid_of tmo.service "$stage")
		[ "$(stat -c %U "/proc/$pid")" = tmo ]
		# CAP_DAC_OVERRIDE and CAP_IPC_LOCK
		[ "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$pid/status")" = 0000000000004002 ]
		[ "$(cat "/proc/$pid/oom_score_adj")" = -500 ]
		[ "$(awk '$1 == "VmLck:" { print $2 }' "/proc/$pid/status")" -gt 0 ] || [ "$stage" = swap-balance ]
	done
	[ "$(cat "$CG/tmo.slice/tmo.service/memory.min")" = $((16 << 20)) ]
	[ "$(cat "$CG/tmo.slice/memory.min")" = $((64 << 20)) ]
	took() {
		awk '/^pgsteal_proactive/ && $2 > 0 { found = 1 } /^zswpout/ && $2 > 0 { found = 1 }
			END { exit !found }' "$CG/workload.slice/victim.service/memory.stat"
	}
	within 120 took
	sums() { journalctl -b --no-pager -u tmo | grep -q 'in the last .* taken, .* came back; saved now: '; }
	within 60 sums
	journalctl -b --no-pager -u tmo -p warning | refute grep -E 'cannot|denied|not permitted'
}

@test "if a stage is killed, the service ends, says which stage it was, and starts again" {
	systemctl start tmo
	for stage in psi-watch swap-balance tmo-reclaim; do
		within 30 runs tmo.service psi-watch swap-balance tmo-reclaim
		n=$(restarts tmo)
		sleep 2
		kill -9 "$(pid_of tmo.service "$stage")"
		within 30 more_restarts tmo "$n"
		within 30 runs tmo.service psi-watch swap-balance tmo-reclaim
	done
	log=$(journalctl -b --no-pager -u tmo)
	[[ $log == *"tmo-reclaim: the input ended early"* ]]
	[[ $log == *"the reader of the output has ended"* ]]
	within 60 rows_of /workload.slice/victim.service
}

@test "if a stage hangs, the watchdog of a drop-in starts all of them again" {
	printf '[Service]\nNotifyAccess=all\nWatchdogSec=10s\n' >/run/systemd/system/tmo.service.d/watchdog.conf
	systemctl daemon-reload
	systemctl restart tmo
	within 60 rows_of /workload.slice/victim.service
	n=$(restarts tmo)
	kill -STOP "$(pid_of tmo.service psi-watch)"
	within 60 more_restarts tmo "$n"
	within 60 runs tmo.service psi-watch swap-balance tmo-reclaim
	rm /run/systemd/system/tmo.service.d/watchdog.conf
	systemctl daemon-reload
	systemctl restart tmo
}

@test "reload refuses a table with an error, and takes a good one without a restart" {
	systemctl start tmo
	within 60 rows_of /workload.slice/victim.service
	cp /etc/tmo/tmo.tab /run/tab
	printf '#cgroup\tfloor_bytse\n/workload.slice/*\t1\n' >/etc/tmo/tmo.tab
	runx 1 systemctl reload tmo
	[ "$(systemctl is-active tmo)" = active ]
	journalctl -b --no-pager -u tmo | grep -q 'floor_bytse'
	sleep 2
	pid=$(pid_of tmo.service psi-watch)
	printf '#cgroup\tfloor_bytes\n/workload.slice\t1048576\n' >/etc/tmo/tmo.tab
	systemctl reload tmo
	within 30 rows_of /workload.slice
	[ "$(pid_of tmo.service psi-watch)" = "$pid" ]
	cp /run/tab /etc/tmo/tmo.tab
	systemctl reload tmo
}

@test "stop ends all stages, and leaves no limit and no failure" {
	systemctl start tmo
	within 30 runs tmo.service psi-watch swap-balance tmo-reclaim
	sleep 2
	since=$(date +%s)
	systemctl stop tmo
	[ "$(systemctl show -P Result tmo)" = success ]
	[ "$(systemctl is-active tmo)" = inactive ]
	# a stop is no loss of a stage
	journalctl -b --no-pager -u tmo --since "@$since" | refute grep -E 'ended early|has ended'
	[ ! -e "$CG/tmo.slice/tmo.service" ] || [ -z "$(cat "$CG/tmo.slice/tmo.service/cgroup.procs")" ]
	[ "$(cat "$CG/workload.slice/victim.service/memory.high")" = max ]
	[ "$(cat "$CG/workload.slice/victim.service/memory.max")" = max ]
}

@test "tmo-evidence.service replaces tmo.service, and cold-scan can read ages" {
	systemctl start tmo
	systemctl start tmo-evidence
	[ "$(systemctl is-active tmo)" != active ]
	within 60 runs tmo-evidence.service psi-watch cold-scan swap-balance tmo-reclaim
	within 60 rows_of /workload.slice/victim.service
	# it knows ages, so it could read and age through debugfs; how many are left
	# depends on what was taken before
	within 60 grep -q 'cold_anon_bytes{.*victim' /run/tmo/cold-scan.prom
	[ "$(restarts tmo-evidence)" -eq 0 ]
	journalctl -b --no-pager -u tmo-evidence -p warning | refute grep -iE 'cannot|denied|not permitted'
	# a note, without CAP_SYS_PTRACE or CAP_SYS_ADMIN: no verdict is ok then
	journalctl -b --no-pager -u tmo-evidence | refute grep 'its verdict cannot be ok'
	systemctl stop tmo-evidence
	[ "$(systemctl show -P Result tmo-evidence)" = success ]
}

@test "without CAP_SYS_PTRACE, cold-scan says that it cannot see processes" {
	mkdir -p /run/systemd/system/tmo-evidence.service.d
	cat >/run/systemd/system/tmo-evidence.service.d/caps.conf <<-'END'
		[Service]
		CapabilityBoundingSet=~CAP_SYS_PTRACE
		AmbientCapabilities=~CAP_SYS_PTRACE
	END
	systemctl daemon-reload
	systemctl start tmo-evidence
	told() { journalctl -b --no-pager -u tmo-evidence | grep -q 'page tables of its processes cannot be read.*CAP_SYS_PTRACE'; }
	within 60 told
	systemctl stop tmo-evidence
	rm -r /run/systemd/system/tmo-evidence.service.d
	systemctl daemon-reload
}

@test "metrics, and the work of the timers" {
	systemctl start tmo-metrics
	within 60 test -s /run/tmo/psi-watch.prom
	systemctl stop tmo-metrics
	for unit in tmo-apply tmo-maintain; do
		systemctl start "$unit"
		[ "$(systemctl show -P Result "$unit")" = success ]
	done
	[ -s /run/tmo/swap-balance.prom ]
	systemctl enable -q --now tmo-apply.timer tmo-maintain.timer
	[ "$(systemctl is-active tmo-apply.timer)" = active ]
	systemctl disable -q --now tmo-apply.timer tmo-maintain.timer
}

# blocks SECTION: the commands of a section of tmo(7), a file each.
blocks() {
	rm -f "$BATS_TEST_TMPDIR"/block.*
	awk -v section="# $1" -v out="$BATS_TEST_TMPDIR/block." '
		/^# / { within = $0 == section }
		within && /^```/ { open = !open; n += open; next }
		within && open { print >sprintf("%s%02d", out, n) }' "$TESTS/../man/tmo.7.scd"
	cat "$BATS_TEST_TMPDIR"/block.* >/dev/null
}

as_printed() {
	local block
	blocks "$1"
	for block in "$BATS_TEST_TMPDIR"/block.*; do
		grep -q '^apt ' "$block" && continue # the last test's
		cat "$block"
		bash -e "$block"
	done
}

@test "the commands of tmo(7) about the service run as printed" {
	mkdir -p /var/lib/prometheus/node-exporter
	as_printed "RUNNING AS A SERVICE"
	[ "$(systemctl is-active tmo)" = active ]
	[ "$(systemctl is-enabled tmo)" = enabled ]
	within 60 rows_of /workload.slice/victim.service
	systemctl start tmo-metrics
	within 60 test -s /run/tmo/psi-watch.prom
	as_printed "WHAT TO WATCH AND ALERT ON" >"$BATS_TEST_TMPDIR/out"
	refute grep '^/run' "$BATS_TEST_TMPDIR/out"
	grep -q victim /var/lib/prometheus/node-exporter/psi-watch.prom
	as_printed "STOPPING, AND GETTING MEMORY BACK"
	[ "$(systemctl is-active tmo)" = inactive ]
	[ "$(systemctl is-enabled tmo)" = disabled ]
	[ "$(cat /run/tmo-reclaim.off)" = /workload.slice/example.service ]
	rm /run/tmo-reclaim.off
	swapon "${TMO_VM_DISKS%% *}"
}

@test "as at boot and shutdown: it starts after swap is on, waits for targets, ends before swap is off" {
	systemctl stop tmo
	swapoff -a
	cat >/run/systemd/system/late-swap.service <<-END
		[Unit]
		DefaultDependencies=no
		Before=swap.target
		[Service]
		Type=oneshot
		RemainAfterExit=yes
		ExecStart=sh -c 'sleep 2; swapon ${TMO_VM_DISKS%% *}'
		ExecStop=swapoff ${TMO_VM_DISKS%% *}
	END
	# one transaction for all, as a boot is, and a shutdown
	units='tmo.service swap.target late-swap.service'
	printf '[Unit]\nWants=%s\n' "$units" >/run/systemd/system/up.target
	printf '[Unit]\nConflicts=%s\nAfter=%s\n' "$units" "$units" >/run/systemd/system/down.target
	cp /etc/tmo/tmo.tab /run/tab
	printf '#cgroup\n/later.slice/*\n' >/etc/tmo/tmo.tab
	systemctl daemon-reload
	systemctl stop swap.target
	systemctl start up.target
	swapped=$(systemctl show -P ExecMainExitTimestampMonotonic late-swap)
	[ "$swapped" -gt 0 ]
	[ "$(systemctl show -P ExecMainStartTimestampMonotonic tmo)" -gt "$swapped" ]
	n=$(restarts tmo)
	sleep 2
	[ "$(systemctl is-active tmo)" = active ]
	systemd-run -q --slice=later.slice --unit=later sleep infinity
	within 60 rows_of /later.slice/later.service
	[ "$(restarts tmo)" -eq "$n" ]
	systemctl start down.target
	swapping_off=$(systemctl show -P ActiveExitTimestampMonotonic late-swap)
	[ "$swapping_off" -gt "$swapped" ]
	[ "$(systemctl show -P InactiveEnterTimestampMonotonic tmo)" -le "$swapping_off" ]
	systemctl stop later
	cp /run/tab /etc/tmo/tmo.tab
	swapon "${TMO_VM_DISKS%% *}"
}

@test "the package is purged without a trace, and can be installed again" {
	systemctl enable -q --now tmo
	within 30 runs tmo.service psi-watch swap-balance tmo-reclaim
	dpkg --no-triggers -r tmo-tools >&2
	[ "$(systemctl is-active tmo)" != active ]
	[ -e /etc/tmo/tmo.tab ]
	dpkg --no-triggers -P tmo-tools >&2
	for left in /etc/tmo /var/lib/tmo /run/tmo /run/tmo-reclaim /usr/bin/tmo-reclaim \
		/etc/systemd/system/multi-user.target.wants/tmo.service; do
		[ ! -e "$left" ] || { echo "left: $left"; return 1; }
	done
	dpkg --no-triggers -i "$DEB" >&2
	[ "$(systemctl is-enabled tmo)" = disabled ]
	systemctl start tmo
	within 60 rows_of /workload.slice/victim.service
	dpkg --no-triggers -i "$DEB" >&2 # as an upgrade
	within 60 runs tmo.service psi-watch swap-balance tmo-reclaim
	systemctl stop tmo
}
