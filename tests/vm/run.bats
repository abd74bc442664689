#!/usr/bin/env bats
# The runner itself: what it promises in its usage, on whatever kernel it finds.
# shellcheck disable=SC2016 # what is quoted is for the guest
# shellcheck disable=SC2154 # bats sets stderr

bats_require_minimum_version 1.5.0

vm() {
	"$BATS_TEST_DIRNAME/run" "$@"
}

setup_file() {
	local missing
	missing=$("$BATS_TEST_DIRNAME/setup" --missing)
	[[ -z $missing ]] || skip "missing packages: ${missing//$'\n'/ }"
	"$BATS_TEST_DIRNAME/kernel" >/dev/null # fetched once, and with words
}

@test "returns the command's status, and its stdout and stderr apart" {
	run -7 --separate-stderr vm -- sh -c 'echo out; echo err >&2; echo kernel >/dev/kmsg; exit 7'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "hands on arguments, variables and the directory as they are" {
	cd /usr/share
	export TMO_TEST="a 'b' \"c\" \$d" OTHER=hidden
	run -0 --separate-stderr vm -e X=1 -e OTHER -- sh -c 'printf "%s|" "$PWD" "$TMO_TEST" "$X$OTHER" "$@"' sh 'two  words' '*' $'new\nline'
	[ "$output" = "/usr/share|a 'b' \"c\" \$d|1hidden|two  words|*|"$'new\nline|' ]
}

@test "runs bats, also from bats" {
	run -0 --separate-stderr vm -- bats --version
	[[ $output == Bats\ * ]]
}

@test "loses no byte of a long output" {
	run -0 bash -o pipefail -c '"$1/run" seq 300000 | cmp - <(seq 300000)' bash "$BATS_TEST_DIRNAME"
}

@test "the guest has cgroup2, PSI, debugfs and memory.reclaim, and writes nothing on the host" {
	local file=$BATS_TEST_TMPDIR/written
	run -0 vm -- bash -euc 'grep -qw memory /sys/fs/cgroup/cgroup.subtree_control
		mkdir /sys/fs/cgroup/a; [ -e /sys/fs/cgroup/a/memory.reclaim ]
		grep -q some /proc/pressure/memory
		mountpoint -q /sys/kernel/debug
		echo guest >"$0"; cat "$0"' "$file"
	[ "$output" = guest ]
	[ ! -e "$file" ]
}

@test "adds disks, as swap if asked, and shares a folder" {
	mkdir "$BATS_TEST_TMPDIR/out"
	run -0 --separate-stderr vm -S -s 64M -s 32M,iops=100 -o "$BATS_TEST_TMPDIR/out" -- bash -euc '
		echo $TMO_VM_DISKS $(wc -l </proc/swaps)
		echo shared >"$0/out/file"' "$BATS_TEST_TMPDIR"
	[ "$output" = "/dev/vda /dev/vdb 3" ]
	[ "$(<"$BATS_TEST_TMPDIR/out/file")" = shared ]
}

@test "a disk begins as a copy of an image, which stays as it was" {
	local image=$BATS_TEST_TMPDIR/image
	{
		echo of the host
		head -c 4M /dev/zero
	} >"$image"
	cp "$image" "$image.before"
	run -0 --separate-stderr vm -s "64M,from=$image" -- sh -c 'head -n 1 "$TMO_VM_DISKS" && echo of the guest | dd of="$TMO_VM_DISKS" conv=notrunc,fsync 2>/dev/null && head -n 1 "$TMO_VM_DISKS"'
	[ "$output" = $'of the host\nof the guest' ]
	cmp "$image" "$image.before"
}

# Half an hour of the guest's in a tenth of the host's: -I skips what it would wait.
@test "-I: the guest's clock skips what it waits" {
	run -0 --separate-stderr vm -I -t 180s -- sh -c 'read a _ </proc/uptime; sleep 1800; read b _ </proc/uptime; echo "$((${b%.*} - ${a%.*}))"'
	[ "$output" -ge 1800 ]
	[ "$output" -lt 1810 ]
}

@test "adds a memory node without processors" {
	run -0 --separate-stderr vm -n 256M -- bash -c 'cd /sys/devices/system/node || exit 0
		echo "$(<online) [$(<node0/cpulist)] [$(<node1/cpulist)]"'
	[[ $output == *-* ]] || skip "this kernel knows no memory nodes"
	echo "$output"
	# On a busy host a processor may come too late for the guest's patience.
	[[ $output == "0-1 [0"*"] []" ]]
}

@test "ends with 124 when the time is over, 125 when the guest dies, and leaves nothing behind" {
	export TMPDIR=$BATS_TEST_TMPDIR/tmp
	mkdir "$TMPDIR"
	run -124 --separate-stderr vm -t 6 -- sh -c 'echo started; sleep 100'
	[ "$stderr" = "vm/run: the guest was stopped after 6" ]
	run -125 --separate-stderr vm -- sh -c 'echo out; echo last words >/dev/console; busybox poweroff -f; sleep 10'
	[[ $stderr == "vm/run: the guest died before the command's end; its console said:"*"last words"* ]]
	run -143 bash -c '"$1/run" sh -c "echo started; sleep 100" >"$2" &
		until [ -s "$2" ]; do sleep 0.1; done; kill $!; wait $!' bash "$BATS_TEST_DIRNAME" "$BATS_TEST_TMPDIR/out"
	[ -z "$(ls "$TMPDIR")" ]
}

@test "ends when its stdout is read no longer" {
	run -141 bash -o pipefail -c '"$1/run" yes | head -n 1' bash "$BATS_TEST_DIRNAME"
	[ "$output" = y ]
}

@test "refuses what it cannot do with status 2 and one line" {
	local args
	while IFS= read -r args; do
		# shellcheck disable=SC2086 # several words
		run -2 --separate-stderr vm $args
		[ -z "$output" ]
		[ "${#stderr_lines[@]}" -eq 1 ]
	done <<-'END'
		-m 1X true
		-d 1X true
		-s 64M,fast true
		-k /nonexistent true
		-o /nonexistent true
		-Z true
		-c 2
	END
}
