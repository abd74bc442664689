# vm: -m 512M -d 256M
# Memory that is plugged in and out while cold-scan looks at it.
# shellcheck disable=SC2154,SC2016
load ../helpers
load guest

ALL=512 MODULE=256

setup() {
	echo n >/sys/kernel/mm/lru_gen/enabled
	[ -e /sys/kernel/mm/page_idle/bitmap ] || skip "this kernel has no page_idle"
	[ -e /sys/firmware/acpi/hotplug/memory ] || skip "this kernel has no ACPI memory hotplug"
	# What users take goes there first, what the kernel takes never: so it can go again.
	echo online_movable >/sys/devices/system/memory/auto_online_blocks
	total=$(mem_total)
}

# A retry has to begin without it.
teardown() {
	drop_cgroup /new
	plug out
	drop_cgroup /old
}

mem_total() { awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo; }

is_total() { [ "$(mem_total)" -eq "$1" ]; }

# plug in|out: waits until it is so; out is nothing where it isn't in.
plug() {
	if [ "$1" = in ]; then
		echo 'device_add pc-dimm,id=dimm,memdev=module' >/dev/monitor
		retry 20 is_total $((total + MODULE))
	elif [ "$(mem_total)" -ne "$total" ]; then
		echo 'device_del dimm' >/dev/monitor
		retry 20 is_total "$total"
		sleep 1 # until QEMU has heard of it
	fi
}

# passes N: waits until the scan in the background told of so many more.
passes() {
	local want
	want=$(($(grep -c "$1" "$BATS_TEST_TMPDIR/all" || true) + $2))
	retry 60 bash -c '[ "$(grep -c "$1" "$2")" -ge "$3" ]' - "$1" "$BATS_TEST_TMPDIR/all" "$want"
}

# near GOT MIB [PCT]
near() {
	echo "got $1, want $2 MiB"
	[[ $1 =~ ^[0-9]+$ ]] && [ $((($1 - ($2 << 20)) * 100)) -le $((($2 << 20) * ${3-2})) ] &&
		[ $(((($2 << 20) - $1) * 100)) -le $((($2 << 20) * ${3-2})) ]
}

# machine_bytes: all kinds of the last pass.
machine_bytes() {
	awk -F'\t' '$1 == "/" { if ($5 == "tracked") sum = 0; sum += $6 } END { printf "%.0f\n", sum }' \
		"$BATS_TEST_TMPDIR/all"
}

@test "memory that is plugged in is new, then tracked; plugged out it is gone; nothing else becomes cold" {
	work /old --hot-anon 16M --cold-anon 64M --rate 10000 --pattern seq
	make_cgroup /new
	cold-scan -q -a 2s -i 2s -c 1000 --coverage / /new >"$BATS_TEST_TMPDIR/all" 3>&- &
	scan=$!
	passes '^/[^n].*tracked' 2
	near "$(machine_bytes)" $ALL 1
	plug in
	work /new --hot-anon 16M --cold-anon 64M --rate 10000 --pattern seq
	passes '^/[^n].*tracked' 3
	near "$(machine_bytes)" $((ALL + MODULE)) 1
	# that it lies there
	used=$(awk '/zone +Movable/ { here = 1 } here && $1 == "free" { free = $3 ? $3 : $2 }
		here && $1 == "nr_free_pages" { free = $2 } here && $1 == "present" { sum += $2 - free; here = 0 }
		END { print sum / 256 }' /proc/zoneinfo)
	echo "$used MiB of the module are used"
	[ "${used%.*}" -ge 78 ]
	tail -n 40 "$BATS_TEST_TMPDIR/all"
	grep -qP '^/new\t.*\tnew\t[0-9]{8}' "$BATS_TEST_TMPDIR/all"
	near "$(awk -F'\t' '$1 == "/new" && $5 == "tracked" { v = $6 } END { print v }' "$BATS_TEST_TMPDIR/all")" 80
	drop_cgroup /new
	plug out
	passes '^/[^n].*tracked' 2
	refute grep -q suspect "$BATS_TEST_TMPDIR/all"
	# Kernels after 6.12 tell no hole from a page without flags: then it is kernel's.
	free=$(grep -P '\tfree\t' "$BATS_TEST_TMPDIR/all" | cut -f6)
	near "$(tail -n 1 <<<"$free")" $(($(head -n 1 <<<"$free") >> 20)) 5
	kill $scan
	wait $scan || [ $? -eq 143 ]
}

@test "ages continue across a hole in memory, and pages behind it have their own ages" {
	work /old --hot-anon 16M --cold-anon 64M --rate 10000 --pattern seq
	make_cgroup /new
	cold-scan -q -a 4s -i 2s -c 1000 /old /new >"$BATS_TEST_TMPDIR/all" 3>&- &
	scan=$!
	passes ^/old 2
	plug in
	passes ^/old 1
	work /new --hot-anon 16M --cold-anon 48M --rate 10000 --pattern seq
	passes ^/old 4
	grep ^/new "$BATS_TEST_TMPDIR/all"
	near "$(grep ^/new "$BATS_TEST_TMPDIR/all" | tail -n 1 | cut -f8)" 48
	near "$(grep ^/new "$BATS_TEST_TMPDIR/all" | tail -n 1 | cut -f6)" 64
	drop_cgroup /new
	plug out
	passes ^/old 3
	kill $scan
	wait $scan || [ $? -eq 143 ]
	grep ^/old "$BATS_TEST_TMPDIR/all"
	[ "$(cut -f4 "$BATS_TEST_TMPDIR/all" | sort -u | xargs)" = "ok verdict" ]
	while read -r cold; do
		near "$cold" 64
	done < <(grep ^/old "$BATS_TEST_TMPDIR/all" | cut -f8)
}

@test "-S: if the memory layout changes, all ages start again with a note, also for --annotate" {
	S=$BATS_TEST_TMPDIR/state
	work /old --hot-anon 16M --cold-anon 64M --rate 10000 --pattern seq
	runx 0 cold-scan -a 3s -S "$S" /old
	mkfifo "$BATS_TEST_TMPDIR/rows"
	cold-scan --annotate -q -a 3s -i 1s -S "$S" <"$BATS_TEST_TMPDIR/rows" >"$BATS_TEST_TMPDIR/all" 3>&- &
	filter=$!
	exec 7>"$BATS_TEST_TMPDIR/rows"
	printf '#cgroup\n/old\n' >&7
	retry 10 grep -q ^/old "$BATS_TEST_TMPDIR/all"
	for way in in out; do
		plug $way
		runx 0 cold-scan -H -a 3s -S "$S" /old
		[[ $stderr == *"the memory layout has changed: ages start at 0"* ]]
		[ "$(cut -f8 <<<"$output")" = - ]
		for _ in 1 2; do
			sleep 2
			runx 0 cold-scan -H -a 3s -S "$S" /old
			[ -z "$stderr" ]
		done
		near "$(cut -f8 <<<"$output")" 64
		sleep 2
		echo /old >&7
		sleep 1
		cat "$BATS_TEST_TMPDIR/all"
		near "$(tail -n 1 "$BATS_TEST_TMPDIR/all" | cut -f7)" 64
	done
	exec 7>&-
	wait $filter
}
