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
