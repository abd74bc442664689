# swap-balance.bash - for swap-balance*.bats, in the guest.
# shellcheck shell=bash

CG=/sys/fs/cgroup
ZSWAP=/sys/module/zswap/parameters
HOGS=()

# swap_on DISK...: zswap is off until zswap_on.
# Not rotational, as QEMU says it is.
swap_on() {
	local disk
	for disk; do
		echo 0 >"/sys/block/${disk##*/}/queue/rotational"
		mkswap "$disk" >/dev/null
		swapon "$disk"
	done
}

# rotational_on DISK: as QEMU's disks say they are.
rotational_on() {
	echo 1 >"/sys/block/${1##*/}/queue/rotational"
	mkswap "$1" >/dev/null
	swapon "$1"
}

# lz4: zstd is too slow to emulate.
zswap_on() {
	echo lz4 >"$ZSWAP/compressor"
	echo Y >"$ZSWAP/enabled"
}

# hog CGROUP OPTION...: a memhog there, ready; its pid goes to HOGS.
hog() {
	local cg=$1
	shift
	mkdir -p "$CG$cg"
	rm -f "$BATS_TEST_TMPDIR/ready"
	memhog --cgroup "$CG$cg" --ready "$BATS_TEST_TMPDIR/ready" "$@" \
		>"$BATS_TEST_TMPDIR/hog${cg//\//-}" 3>&- &
	HOGS+=($!)
	retry 240 test -e "$BATS_TEST_TMPDIR/ready"
}

# all_off: everything as at boot.
all_off() {
	local pid
	for pid in "${HOGS[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	HOGS=()
	find "$CG" -mindepth 1 -depth -type d -exec rmdir {} + 2>/dev/null || true
	swapoff -a
	umount /mnt 2>/dev/null || true
	echo N >"$ZSWAP/enabled"
	echo 60 >/proc/sys/vm/swappiness
	echo y >/sys/kernel/mm/lru_gen/enabled
}

# settings CGROUP: the three that --apply writes, where the kernel has them.
settings() {
	local file
	for file in "$CG$1"/memory.{zswap.max,zswap.writeback,swap.max}; do
		[ ! -e "$file" ] || cat "$file"
	done
}

# files_on DISK: a filesystem at /mnt.
files_on() {
	mke2fs -q -t ext2 "$1"
	mount -t ext2 "$1" /mnt
}

# reclaim CGROUP SIZE [SWAPPINESS]: part of it is enough.  A kernel that takes no
# swappiness= there has the machine's for the moment.
reclaim() {
	local was=''
	if [ -z "${3-}" ]; then
		echo "$2"
	elif takes_swappiness; then
		echo "$2 swappiness=$3"
	else
		was=$(</proc/sys/vm/swappiness)
		echo "$3" >/proc/sys/vm/swappiness
		echo "$2"
	fi >"$CG$1/memory.reclaim" 2>/dev/null || true
	[ -z "$was" ] || echo "$was" >/proc/sys/vm/swappiness
}

# null_disk US: in the guest's memory, that takes so long for each request; its
# name is in $NULL_DISK. For machines with -I (tests/vm/run), whose clock skips
# what is long for a disk of the host's.
null_disk() {
	local dir=/sys/kernel/config n=0 disk
	modprobe null_blk nr_devices=0 2>/dev/null || skip "this kernel has no null_blk"
	mountpoint -q "$dir" || mount -t configfs configfs "$dir"
	while [ -e "$dir/nullb/nullb$n" ]; do
		n=$((n + 1))
	done
	disk=$dir/nullb/nullb$n
	mkdir "$disk" || skip "this kernel's null_blk is not set up by configfs"
	echo 512 >"$disk/size"
	echo 1 >"$disk/memory_backed"
	echo 2 >"$disk/irqmode"
	echo "$1"000 >"$disk/completion_nsec"
	echo 1 >"$disk/power"
	# shellcheck disable=SC2034 # the caller wants it
	NULL_DISK=/dev/nullb$n
}

# null_disks_off: after all_off.
null_disks_off() {
	rmdir /sys/kernel/config/nullb/nullb* 2>/dev/null || true
}
