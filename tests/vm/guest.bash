# guest.bash - what the tests inside the virtual machine have in common.
# shellcheck shell=bash disable=SC2154,SC2034

CG=/sys/fs/cgroup

# A kernel under emulation, beside whatever else runs on the host, can miss any
# moment that a test waits for: once more, and it is said.
BATS_TEST_RETRIES=1
if [ "${BATS_TEST_TRY_NUMBER:-1}" -gt 1 ]; then
	echo "# again: $BATS_TEST_NAME" >&3
fi

# zswap_on [COMPRESSOR]: swap on the first disk, compressed copies in front.
zswap_on() {
	local disk=${TMO_VM_DISKS%% *}
	grep -q "^$disk " /proc/swaps && return
	mkswap "$disk" >/dev/null
	swapon "$disk"
	echo "${1:-lz4}" >/sys/module/zswap/parameters/compressor
	echo 1 >/sys/module/zswap/parameters/enabled
}

# takes_swappiness: memory.reclaim knows swappiness= since Linux 6.11.
takes_swappiness() {
	local probe=$CG/needs said
	mkdir -p "$probe"
	said=$( (echo '4K swappiness=0' >"$probe/memory.reclaim") 2>&1) || true
	rmdir "$probe"
	[[ $said != *'Invalid argument'* ]]
}

# needs_swappiness: without it file cache alone cannot be asked for, nor
# anonymous memory alone.
needs_swappiness() {
	takes_swappiness || skip "this kernel takes no swappiness= in memory.reclaim"
}

# needs_cold_source: lru_gen is on then; how it was is in $GENERATIONS.
needs_cold_source() {
	ends_damon_stat
	GENERATIONS=$(cat /sys/kernel/mm/lru_gen/enabled 2>/dev/null) || true
	[ -z "$GENERATIONS" ] || echo y >/sys/kernel/mm/lru_gen/enabled
	cold-scan --check | grep -qP '^source\tok' ||
		skip "this kernel has no page_idle, no lru_gen and no DAMON in sysfs"
}

# ends_damon_stat: a kernel can start damon_stat at boot; by the command that
# --check names for it, so that is tried too.
ends_damon_stat() {
	local fix
	fix=$(cold-scan --check | awk -F'\t' '$1 == "damon" && $4 ~ "^echo N >/sys/module/damon_stat/" { print $4 }')
	[ -z "$fix" ] || eval "$fix"
}

# needs_file KEY NAME: a file of that cgroup that not each kernel has.
needs_file() {
	[ -e "$CG$1/$2" ] || skip "this kernel has no $2"
}

# needs_zram: a stock kernel has it as a module, without a device until asked.
needs_zram() {
	modprobe zram 2>/dev/null || true
	[ -e /sys/block/zram0 ] || skip "this kernel has no zram"
}

# make_cgroup KEY...: with the memory, io and cpu controllers, which its parents
# must hand down.
make_cgroup() {
	local key path
	for key; do
		path=$CG
		for part in ${key//\// }; do
			echo '+memory +io +cpu' >"$path/cgroup.subtree_control" 2>/dev/null || true
			path=$path/$part
			mkdir -p "$path"
		done
	done
}

# work KEY ARG...: memhog in that cgroup, in the background, all touched once;
# its pid is in $work.
work() {
	local key=$1 ready
	ready=$BATS_TEST_TMPDIR/ready.${key//\//.}
	shift
	rm -f "$ready"
	make_cgroup "$key"
	memhog --cgroup "$key" --ready "$ready" "$@" >"$BATS_TEST_TMPDIR/work${key//\//.}" 3>&- &
	work=$!
	retry 60 test -e "$ready"
}

# drop_cgroup KEY: kills what lives there and removes it.
drop_cgroup() {
	[ -d "$CG$1" ] || return 0
	echo 1 >"$CG$1/cgroup.kill"
	retry 10 rmdir "$CG$1"
}
