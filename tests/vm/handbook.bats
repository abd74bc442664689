# vm: -I -p -r debian:12 -k debian:6.1 -m 1G -s 4G
# vm: -I -p -r debian:13 -k debian:6.12 -m 1G -s 4G
# kernels: debian:6.12
# make: deb
# long
# A person follows tmo(7) on a fresh Debian with its own kernel, from the package to
# its removal, and types only what the page says.
load ../helpers
load guest
# shellcheck disable=SC2034 # a machine is set up once
BATS_TEST_RETRIES=0

setup_file() {
	[ -e /run/vm-cmd ] || { echo "not inside tests/vm/run -p" >&2; return 1; }
	# What a fresh machine has, and the guest has not: a root on a disk, here for
	# the one file that a tmpfs cannot hold; a service of the user's own; and the
	# directory of node_exporter.
	mkfs.ext4 -q -E lazy_itable_init=1,nodiscard "${TMO_VM_DISKS%% *}"
	mkdir -p /disk /var/lib/prometheus/node-exporter
	mount "${TMO_VM_DISKS%% *}" /disk
	touch /disk/swapfile /swapfile
	mount --bind /disk/swapfile /swapfile
	printf '[Service]\nExecStart=sleep infinity\n' >/etc/systemd/system/example.service
}

setup() {
	PATH=${PATH//"$TMO_BUILD:"/} # the tools of the package
	EXAMPLES=$BATS_TEST_TMPDIR
	LC_ALL=C.UTF-8 # as people have it; groff then shows other characters
}

teardown() {
	[ -n "$BATS_TEST_COMPLETED" ] || journalctl -b --no-pager -u 'tmo*' | tail -n 20
}

# examples SECTION: its examples, as man shows them, a file each in $EXAMPLES.
examples() {
	local page=/usr/share/man/man7/tmo.7.gz
	[ -e "$page" ] || page=$TMO_BUILD/man/tmo.7
	gzip -cdf "$page" | sed 's/^\.nf$/.P\n@begin\n&/; s/^\.fi$/&\n.P\n@end/' >"$EXAMPLES/page"
	MANWIDTH=100 man -l "$EXAMPLES/page" | command col -bx |
		awk -v section="$1" -v out="$EXAMPLES/" '
			/^[A-Z]/ { within = $0 == section }
			/^ *@begin$/ { open = within; n += open; next }
			/^ *@end$/ { open = 0 }
			open && NF { sub(/^           /, ""); print >sprintf("%s%02d.example", out, n) }'
	ls "$EXAMPLES"/*.example >/dev/null
}

# awake CMD...: a machine that is never idle meanwhile.  Else its clock skips what
# the host's files take (-I), and a wait of systemd's is over before they are read.
awake() {
	local status=0 busy
	chrt -i 0 sh -c 'while :; do :; done' 3>&- &
	busy=$!
	"$@" || status=$?
	kill "$busy"
	wait "$busy" || :
	return "$status"
}

# type_in FILE: y is the answer to all questions of apt.  A pipeline that does not
# end is ended by Ctrl-C: after two minutes, or five where ages take two.
type_in() {
	local status=0 limit=30m
	sed 's/^/> /' "$1" >&2
	if grep -qE 'systemctl|systemd-|udevadm' "$1"; then
		awake bash -e "$1" </dev/null
		return
	fi
	if grep -q '^apt ' "$1"; then
		yes 2>/dev/null | bash -e "$1"
		return
	fi
	grep -q '| tmo-reclaim' "$1" && limit=2m
	grep -q 'cold-scan --annotate' "$1" && limit=5m
	timeout -s INT "$limit" bash -e "$1" </dev/null || status=$?
	[ "$status" -eq 0 ] || [[ $limit$status == [25]m124 ]]
}

# type_all SECTION [PATTERN]: its examples in turn, but for those that match.
type_all() {
	local example
	examples "$1"
	for example in "$EXAMPLES"/*.example; do
		grep -qE "${2-^$}" "$example" || type_in "$example"
	done
}

# type_one SECTION PATTERN: the first of its examples that matches.
type_one() {
	examples "$1"
	type_in "$(grep -lE "$2" "$EXAMPLES"/*.example | head -n 1)"
}

written() { # FILE: within the last minute
	[ -n "$(find "$1" -newermt '-60 seconds')" ]
}

@test "SETTING UP: the package" {
	cd "$TMO_BUILD"
	type_one "SETTING UP" '^apt install'
	[ "$(command -v tmo-reclaim)" = /usr/bin/tmo-reclaim ]
	[ "$(systemctl is-active tmo.service)" = inactive ]
}

@test "SETTING UP: swap behind zswap, settings and a slice to try it on" {
	# zram is the other choice
	type_all "SETTING UP" '^apt|zram0'
	swapon --show=NAME --noheadings | grep -x /swapfile
	[ "$(cat /sys/module/zswap/parameters/enabled)" = Y ]
	[[ $(cat /sys/module/zswap/parameters/zpool 2>/dev/null) == @(zsmalloc|) ]]
	[ "$(cat /sys/block/vda/queue/rotational)" = 0 ]
	cold-scan --check | grep -P '^source\tok'
	[ -d "$CG/workload.slice/example.service" ]
	retry 60 grep -qE '^[0-9]{9}' "$CG/workload.slice/try.service/memory.current"
}

@test "FIRST HOUR" {
	examples "FIRST HOUR"
	for step in "$EXAMPLES"/*.example; do
		type_in "$step" >"$step.out"
		head -n 5 "$step.out"
	done
	refute grep -hP '\tmissing\t' "$EXAMPLES"/01.example.out
	[ "$(col cold_anon_bytes <"$EXAMPLES"/04.example.out | sort -n | tail -n 1)" -gt 90000000 ]
	[ "$(col want_bytes <"$EXAMPLES"/05.example.out | sort -n | tail -n 1)" -gt 0 ]
	[ "$(col saved_bytes <"$EXAMPLES"/06.example.out | sort -n | tail -n 1)" -gt 1000000 ]
	[ "$(col saved_bytes <"$EXAMPLES"/07.example.out | sort -n | tail -n 1)" -gt 30000000 ]
}

@test "WHEN IT DOES NOTHING: only a cgroup with nothing left needs anybody" {
	type_all "WHEN IT DOES NOTHING" >"$EXAMPLES/out"
	cat "$EXAMPLES/out"
	grep -q '^#cgroup' "$EXAMPLES/out"
	refute grep -vE '^#|floor' "$EXAMPLES/out"
}

@test "TUNING PER SERVICE, RUNNING AS A SERVICE" {
	type_all "TUNING PER SERVICE"
	type_all "RUNNING AS A SERVICE"
	[ "$(systemctl is-enabled tmo.service tmo-metrics.service | sort -u)" = enabled ]
	retry 60 grep -q 'workload.slice/try' /run/tmo/tmo-reclaim.prom
	retry 60 written /run/tmo/psi-watch.prom
	journalctl -b --no-pager -u tmo.service -u tmo-metrics.service -p warning | refute grep tmo-
}

@test "WHAT TO WATCH AND ALERT ON" {
	type_all "WHAT TO WATCH AND ALERT ON" >"$EXAMPLES/out"
	refute grep prom "$EXAMPLES/out"
	grep -q try.service /var/lib/prometheus/node-exporter/tmo-reclaim.prom
	[ -s /usr/share/doc/tmo-tools/tmo.rules.yml ]
}

@test "STOPPING, AND GETTING MEMORY BACK: to the purge" {
	type_all "STOPPING, AND GETTING MEMORY BACK"
	[ "$(awk '/^VmSwap/ { print $2 }' "/proc/$(systemctl show -P MainPID try)/status")" = 0 ]
	[ ! -e /usr/bin/tmo-reclaim ]
	for left in /etc/tmo /var/lib/tmo /run/tmo; do
		[ ! -e "$left" ]
	done
	[ "$(systemctl is-active tmo.service tmo-metrics.service | sort -u)" = inactive ]
}
