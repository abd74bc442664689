#!/usr/bin/env bats
# vm: -m 1G -s 256M
#
# swap-balance --account on a real kernel: each cause planted, and found.

load ../helpers
load guest
load swap-balance

setup() {
	STATE=$BATS_TEST_TMPDIR/state
	read -r DISK <<<"$TMO_VM_DISKS"
	THP=$(sed 's/.*\[\(.*\)\].*/\1/' /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null) || true
	[ -z "$THP" ] || echo never >/sys/kernel/mm/transparent_hugepage/enabled
}

teardown() {
	[ -z "$THP" ] || echo "$THP" >/sys/kernel/mm/transparent_hugepage/enabled
	all_off
	! mountpoint -q "$BATS_TEST_TMPDIR/t" || umount -l "$BATS_TEST_TMPDIR/t"
}

# accounts CGROUP COLD_ANON COLD_FILE OPTION...: of a row that names so much as
# cold; its rows are in $output.  They add up to memory.current.
accounts() {
	local cg=$1 row
	row=$(printf '%s\t%d\t%d' "$cg" "$2" "$3")
	shift 3
	runx 0 swap-balance --account -S "$STATE" "$@" <<<"#cgroup	cold_anon_bytes	cold_file_bytes
$row"
	echo "$output"
	adds_up "$cg"
}

# adds_up CGROUP: within 1 %; unknown is no more than CPUs charge in advance, 64
# pages each.
adds_up() {
	awk -F'\t' -v now="$(cat "$CG$1/memory.current")" '
		!/^#/ && $5 != "-" { sum += $5 }
		$4 == "unknown" { unknown = $5 }
		END { print "sum", sum, "unknown", unknown, "memory.current", now
			exit !(sum >= now * 0.99 && sum <= now * 1.01 && unknown <= 1048576) }' <<<"$output"
}

# is_part CAUSE BYTES: within 5 %.
is_part() {
	awk -F'\t' -v cause="$1" -v want="$2" '
		$4 == cause { got = $5 }
		END { print cause, "is", got + 0, "and should be", want
			exit !(got >= want * 0.95 && got <= want * 1.05) }' <<<"$output"
}

# no_part CAUSE...: they are not among the rows, or 0.
no_part() {
	local cause
	for cause; do
		refute grep -P "\t$cause\t[1-9]" <<<"$output"
	done
}

MIB=$((1 << 20))

@test "no swap: anonymous memory, shared memory and what is locked are apart" {
	hog /a --cold-anon 24M --cold-shmem 12M --mlock 10M
	accounts /a $((36 * MIB)) 0
	is_part no_swap $((24 * MIB))
	is_part tmpfs $((12 * MIB))
	is_part unevictable $((10 * MIB))
	no_part offloadable_anon swap_full
}

@test "limits up the tree, memory.min, and what is left to take" {
	swap_on "$DISK"
	make_cgroup /p/a
	hog /p/a --cold-anon 32M
	accounts /p/a $((32 * MIB)) 0
	is_part offloadable_anon $((32 * MIB))
	echo 8M >"$CG/p/memory.swap.max"
	accounts /p/a $((32 * MIB)) 0
	is_part swap_max $((24 * MIB))
	is_part offloadable_anon $((8 * MIB))
	grep -P '\tswap_max\t.*\tmemory.swap.max of /p is 8.00M\t' <<<"$output"
	echo max >"$CG/p/memory.swap.max"
	echo 20M >"$CG/p/a/memory.min"
	accounts /p/a $((32 * MIB)) 0
	is_part protected $((20 * MIB))
	accounts /p/a $((20 * MIB)) 0
	is_part touched_anon $((12 * MIB))
	is_part protected $((8 * MIB)) # the touched ones are among the 20
}

@test "with zswap's writeback off: memory.zswap.max, and what does not compress" {
	mkdir -p "$CG/z"
	needs_file /z memory.zswap.writeback
	hog /z --cold-anon 20M
	hog /r --cold-anon 20M --fill random
	hog /m --cold-anon 20M --fill random
	memhog --cgroup "$CG/m" --ready "$BATS_TEST_TMPDIR/more" --cold-anon 12M --fill lz:4 >/dev/null 3>&- &
	HOGS+=($!)
	retry 240 test -e "$BATS_TEST_TMPDIR/more"
	swap_on "$DISK"
	zswap_on
	for cg in z r m; do
		echo 0 >"$CG/$cg/memory.zswap.writeback"
	done
	echo 0 >"$CG/z/memory.zswap.max"
	reclaim /r 20M 200
	reclaim /m 32M 200
	accounts /z $((20 * MIB)) 0
	is_part zswap_max $((20 * MIB))
	accounts /r $((20 * MIB)) 0
	is_part incompressible $((20 * MIB))
	no_part zswap_max
	cat "$CG/m/memory.stat" /sys/kernel/debug/zswap/*
	accounts /m $((20 * MIB)) 0
	is_part incompressible $((20 * MIB))
	is_part zswap_pool "$(sed -n 's/^zswap //p' "$CG/m/memory.stat")"
}

@test "an empty write budget holds what would go to the drive" {
	swap_on "$DISK"
	hog /a --cold-anon 32M
	needs_file /a memory.reclaim
	balance=(swap-balance -q -H -S "$STATE" -b 1M)
	"${balance[@]}" -i 2s -c 1 /a
	reclaim /a 8M 200
	sync
	"${balance[@]}" -i 2s -c 1 /a
	cold=$(awk '/^(in)?active_anon / { sum += $2 } END { print sum }' "$CG/a/memory.stat")
	before=$(cat "$STATE")
	accounts /a "$cold" 0 -b 1M
	is_part budget "$cold"
	no_part offloadable_anon
	[ "$(cat "$STATE")" = "$before" ]
}

@test "page tables, slab and huge pages of hugetlbfs" {
	mkdir -p "$CG/k" "$BATS_TEST_TMPDIR/t"
	mount -t tmpfs none "$BATS_TEST_TMPDIR/t"
	# a page read in each 2 MiB is the zero page: only its table takes memory
	# shellcheck disable=SC2016 # perl's
	bash -c 'echo $$ >"$1/cgroup.procs"; exec perl -e '\''
		$files = 20000;
		for ($i = 0; $i < $files; $i++) { open $f, ">", "$ARGV[0]/$i"; close $f }
		$tables = 4096;
		$at = syscall(9, 0, $tables << 21, 1, 0x4022, -1, 0);
		for ($i = 0; $i < $tables; $i++) { $x = unpack "P1", pack "J", $at + ($i << 21) }
		open $f, ">", "$ARGV[1]"; close $f;
		sleep 600'\'' "$2/t" "$2/ready"' - "$CG/k" "$BATS_TEST_TMPDIR" 3>&- &
	HOGS+=($!)
	retry 120 test -e "$BATS_TEST_TMPDIR/ready"
	grep -E '^(dentry|shmem_inode_cache|lsm_inode_cache) ' /proc/slabinfo
	file=$(awk '$1 ~ /^(dentry|shmem_inode_cache)$/ { sum += $4 } END { print sum }' /proc/slabinfo)
	hugetlb_on /k
	cat "$CG/k/memory.stat"
	accounts /k 0 0
	is_part page_tables $((4096 * 4096))
	is_part slab $((20000 * file))
	[ -z "$HUGE" ] || is_part hugetlb $((16 * MIB))
	hugetlb_off
	umount "$BATS_TEST_TMPDIR/t"
}

# hugetlb_on CGROUP: 16 MiB there; $HUGE is empty where memory.current would not
# have them.
hugetlb_on() {
	HUGE=
	mount -o remount,memory_hugetlb_accounting "$CG" 2>/dev/null || return 0
	HUGE=$BATS_TEST_TMPDIR/huge
	! grep -qw hugetlb "$CG/cgroup.controllers" || echo +hugetlb >"$CG/cgroup.subtree_control"
	mkdir "$HUGE"
	echo 8 >/proc/sys/vm/nr_hugepages
	mount -t hugetlbfs none "$HUGE"
	bash -c 'echo $$ >"$1/cgroup.procs"; exec fallocate -l 16M "$2/file"' - "$CG$1" "$HUGE"
}

hugetlb_off() {
	[ -n "$HUGE" ] || return 0
	umount "$HUGE"
	echo 0 >/proc/sys/vm/nr_hugepages
}

@test "huge pages that are touched, as far as they cannot be the cold ones" {
	[ -n "$THP" ] || skip "this kernel has no huge pages"
	swap_on "$DISK"
	echo madvise >/sys/kernel/mm/transparent_hugepage/enabled
	hog /h --cold-anon 32M --thp
	huge=$(sed -n 's/^anon_thp //p' "$CG/h/memory.stat")
	[ "$huge" -ge $((30 * MIB)) ] || skip "this kernel gave no huge pages: $huge"
	accounts /h $((8 * MIB)) 0
	is_part huge_pages $((huge - 8 * MIB))
	is_part offloadable_anon $((8 * MIB))
}

@test "cold-scan, tmo-reclaim and the account in one pipe: the guard is named" {
	needs_cold_source
	swap_on "$DISK"
	off=$BATS_TEST_TMPDIR/off
	: >"$off"
	hog /w --cold-anon 40M --hot-anon 8M --rate 4000
	psi-watch -i 4s -c 6 /w | cold-scan --annotate --age-now -a 4s |
		tmo-reclaim -n --kill-switch "$off" |
		swap-balance --account -S "$STATE" >"$BATS_TEST_TMPDIR/all"
	# the last sample
	output=$(tac "$BATS_TEST_TMPDIR/all" | awk -F'\t' '{ print } $4 == "touched_anon" { exit }')
	echo "$output"
	adds_up /w
	is_part offloadable_anon $((40 * MIB))
	is_part touched_anon $((8 * MIB))
	grep -P '\toffloadable_anon\t.*\ttmo-reclaim: off\t' <<<"$output"
}
