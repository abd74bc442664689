# The swap areas, as swap-balance and tmo-reclaim both find them.

# shellcheck disable=SC2030,SC2031 # each test sets its own root
load helpers

setup() {
	use_root swap-balance-7.3.4
	ROOTS=("$TMO_ROOT/1" "$TMO_ROOT/2")
	for root in "${ROOTS[@]}"; do
		echo N >"$root/sys/module/zswap/parameters/enabled"
		: >"$root/sys/fs/cgroup/w.slice/idle/memory.reclaim"
		: >"$root/proc/diskstats"
	done
}

# area PATH TYPE USED PRIO: one more.
area() {
	for root in "${ROOTS[@]}"; do
		printf '%s %s 524284 %s %s\n' "$@" >>"$root/proc/swaps"
	done
}

no_areas() {
	for root in "${ROOTS[@]}"; do
		sed -i 2,\$d "$root/proc/swaps"
	done
}

# disk NAME ROTATIONAL [SLAVE...]
disk() {
	local root dir slave
	for root in "${ROOTS[@]}"; do
		dir=$root/sys/class/block/$1
		mkdir -p "$dir/queue" "$dir/slaves"
		echo "$2" >"$dir/queue/rotational"
		for slave in "${@:3}"; do
			ln -s "../../$slave" "$dir/slaves/$slave"
		done
	done
}

# partition DISK N
partition() {
	local root
	for root in "${ROOTS[@]}"; do
		mkdir -p "$root/sys/devices/$1"
		[ -L "$root/sys/class/block/$1" ] ||
			mv -T "$root/sys/class/block/$1" "$root/sys/devices/$1"
		ln -sfn "../../devices/$1" "$root/sys/class/block/$1"
		mkdir "$root/sys/devices/$1/$1$2"
		echo "$2" >"$root/sys/devices/$1/$1$2/partition"
		ln -s "../../devices/$1/$1$2" "$root/sys/class/block/$1$2"
	done
}

# Does the next page go to a rotating disk?  What each of the two says.
says() {
	TMO_ROOT=${ROOTS[0]}:${ROOTS[1]} swap-balance -S "$BATS_TEST_TMPDIR/state" -i 6s \
		-H -o swappiness,backend,swapin_cost_us /w.slice/idle
	printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct\n/w.slice/idle\t6000000\t0.000\t0.000\n' |
		TMO_ROOT=${ROOTS[0]} tmo-reclaim --law paper --headroom 0 --ratio 1% |
		col reason
}

rotating=$'0\tnone\t10000.000\nrotational'
fast=$'60\tdisk\t100.000\nlaw'

@test "a swap file is on the disk of its file system, whatever its name" {
	for name in swap 'a b' 'back\slash' 'three\040s'; do
		no_areas
		escaped=${name//\\/\\134}
		area "/${escaped// /\\040}" file 0 -2
		for root in "${ROOTS[@]}"; do
			: >"$root/$name"
			queue=$root/sys/dev/block/$(stat -c '%Hd:%Ld' "$root/$name")/queue
			mkdir -p "$queue"
			echo 1 >"$queue/rotational"
		done
		run says
		same "$rotating"
		for root in "${ROOTS[@]}"; do
			echo 0 >"$root/sys/dev/block/$(stat -c '%Hd:%Ld' "$root/$name")/queue/rotational"
		done
		run says
		same "$fast"
	done
	TMO_ROOT=${ROOTS[0]} runx 0 swap-balance --check -H
	grep -qF 'swap:/three\040s' <<<"$output"
}

@test "a swap file on btrfs is on the disk that mountinfo tells, and one out of sight on none" {
	disk sda 1
	partition sda 2
	no_areas
	area /home/a/swap file 0 -2
	# mounts LINE...: beside those of the recording; /hom is no directory above it.
	mounts() {
		local root
		for root in "${ROOTS[@]}"; do
			cp "$BATS_TEST_TMPDIR/mountinfo" "$root/proc/self/mountinfo"
			printf '%s\n' '30 1 0:31 /@ / rw - btrfs /dev/vda rw' "$@" \
				'33 30 0:33 / /hom rw - btrfs /dev/vda rw' >>"$root/proc/self/mountinfo"
		done
	}
	cp "${ROOTS[0]}/proc/self/mountinfo" "$BATS_TEST_TMPDIR/mountinfo"
	home='31 30 0:32 /@home /home rw - btrfs /dev/sda2 rw'
	mounts "$home"
	# As in a service with ProtectHome=yes.
	run says
	same "$fast"
	TMO_ROOT=${ROOTS[0]} runx 0 swap-balance --check -H -S "$BATS_TEST_TMPDIR/state"
	grep -qF 'its disk is not found: it may rotate' <<<"$output"
	for root in "${ROOTS[@]}"; do
		mkdir -p "$root/home/a"
		: >"$root/home/a/swap"
	done
	run says
	same "$rotating"
	# What is mounted above it, and what a server has, count.
	mounts "$home" '32 31 0:40 / /home/a rw - nfs4 server:/a rw'
	run says
	same "$fast"
	mounts
	run says
	same "$fast"
	mounts "$home" '32 31 0:40 /swap /home/a/swap rw - btrfs /dev/vda rw'
	run says
	same "$fast"
	# A name that no device of /sys has.
	mounts '31 30 0:32 /@home /home rw - btrfs /dev/mapper/home rw'
	TMO_ROOT=${ROOTS[0]} runx 0 swap-balance --check -H -S "$BATS_TEST_TMPDIR/state"
	grep -qF 'its disk is not found: it may rotate' <<<"$output"
}

@test "a volume rotates as a disk below it does, however deep" {
	disk sda 1
	partition sda 2
	disk sdb 0
	disk dm-0 0 sdb
	disk dm-1 0 sda2 sdb
	disk dm-2 0 dm-1
	no_areas
	area /dev/dm-0 partition 0 -2
	run says
	same "$fast"
	for dev in sda2 dm-1 dm-2; do
		no_areas
		area "/dev/$dev" partition 0 -2
		run says
		same "$rotating"
	done
}

@test "areas of one priority take turns, and one without room takes none" {
	disk vdb 1
	no_areas
	area /dev/vda partition 0 5
	area /dev/vdb partition 0 5
	run says
	same "$rotating"
	no_areas
	area /dev/vdb partition 524000 10
	area /dev/vda partition 0 5
	run says
	same "$fast"
}

@test "volumes that stand upon each other in a ring come to an end" {
	disk dm-0 0 dm-1
	disk dm-1 0 dm-0
	no_areas
	area /dev/dm-0 partition 0 -2
	run says
	same "$fast"
}

@test "a cgroup that zswap is shut for, itself or from above, swaps to the disk" {
	disk vda 1
	for root in "${ROOTS[@]}"; do
		echo Y >"$root/sys/module/zswap/parameters/enabled"
	done
	run says
	[ "${lines[1]}" = law ]
	for level in w.slice/idle w.slice; do
		for root in "${ROOTS[@]}"; do
			echo max >"$root/sys/fs/cgroup/w.slice/idle/memory.zswap.max"
			echo 0 >"$root/sys/fs/cgroup/$level/memory.zswap.max"
		done
		run says
		same "$rotating"
	done
}

@test "a named cgroup without memory.stat is told of, once" {
	rm "${ROOTS[@]/%//sys/fs/cgroup/w.slice/idle/memory.stat}"
	export TMO_ROOT=${ROOTS[0]}:${ROOTS[1]}
	runx 3 swap-balance -S "$BATS_TEST_TMPDIR/state" -i 6s /w.slice/idle
	one_line "no memory controller in '/w.slice/idle'"
}

@test "a path of thousands of characters is an area all the same" {
	export TMO_ROOT=${ROOTS[0]}
	no_areas
	area "/$(printf '%03000d' 0)" file 0 -1
	runx 0 swap-balance --check -H -S "$BATS_TEST_TMPDIR/state"
	[[ $output != *"no swap: only file cache"* ]]
	[[ $output == *$'\nswap:/000'* ]]
}

@test "rows by - go with no other operand" {
	local tool
	export TMO_ROOT=${ROOTS[0]}
	for tool in cold-scan swap-balance tmo-reclaim; do
		runx 2 "$tool" - /w.slice/idle <<</w.slice/idle
		one_line "'-' reads rows: give no other CGROUP with it"
		runx 2 "$tool" /w.slice/idle - <<</w.slice/idle
		one_line "'-' reads rows: give no other CGROUP with it"
	done
}
