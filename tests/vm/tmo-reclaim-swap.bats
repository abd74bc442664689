# vm: -m 1G -s 128M -s 128M,iops=30
# Kinds of swap that tmo-reclaim leaves alone, and pressure of a real cause.
load ../helpers
load guest
load tmo-reclaim

setup() {
	make_cgroup /t/a
}

teardown() {
	for key in /t/a /t/b /t; do
		drop_cgroup "$key"
	done
	swapoff -a
	echo 0 >/sys/module/zswap/parameters/enabled
	[ ! -e /sys/block/zram0 ] || echo 1 >/sys/block/zram0/reset
}

# calm: one row of /t/a without pressure.
calm() {
	quiet_row /t/a
}

reason_of() {
	tmo-reclaim --headroom 4M --ratio 1% "$@" | col reason
}

# fill SIZE: swap takes what it can of that; where it refuses, the kernel goes
# on trying for long.
fill() {
	tmo-reclaim --headroom 4M --deadline 10s --alarm 1m -b "$1" /t/a || true
}

swapped() {
	cat "$CG/t/a/memory.swap.current"
}

@test "no swap: only file cache" {
	work /t/a --cold-anon 32M --rate 10
	[ "$(calm | reason_of)" = no_swap ]
}

@test "a rotating disk: only file cache, except with --rotational or zswap" {
	needs_swappiness
	work /t/a --cold-anon 32M --rate 10
	mkswap /dev/vda >/dev/null
	echo 1 >/sys/block/vda/queue/rotational
	swapon /dev/vda
	[ "$(calm | reason_of)" = rotational ]
	[ "$(swapped)" -eq 0 ]
	[ "$(calm | reason_of --rotational)" != rotational ]
	echo lz4 >/sys/module/zswap/parameters/compressor
	echo 1 >/sys/module/zswap/parameters/enabled
	[ "$(calm | reason_of)" != rotational ]
	echo 0 >/sys/module/zswap/parameters/enabled
	echo 0 >/sys/block/vda/queue/rotational
	swapoff /dev/vda
	swapon /dev/vda
	[ "$(calm | reason_of)" != rotational ]
}

@test "a full zswap pool: only file cache" {
	needs_file /t/a memory.zswap.writeback
	work /t/a --cold-anon 96M --fill lz:2 --rate 10
	mkswap /dev/vda >/dev/null
	echo 0 >/sys/block/vda/queue/rotational
	swapon /dev/vda
	echo 0 >"$CG/t/a/memory.zswap.writeback"
	echo lz4 >/sys/module/zswap/parameters/compressor
	echo 1 >/sys/module/zswap/parameters/max_pool_percent
	echo 1 >/sys/module/zswap/parameters/enabled
	fill 64M
	grep -i zswap /proc/meminfo
	[ "$(calm | reason_of)" = zswap_full ]
	echo 20 >/sys/module/zswap/parameters/max_pool_percent
	[ "$(calm | reason_of)" != zswap_full ]
}

@test "zram at its limit: only file cache" {
	needs_zram
	needs_swappiness
	work /t/a --cold-anon 96M --fill lz:2 --rate 10
	echo lz4 >/sys/block/zram0/comp_algorithm
	echo 128M >/sys/block/zram0/disksize
	echo 8M >/sys/block/zram0/mem_limit
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
	fill 20M
	cat /sys/block/zram0/mm_stat
	[ "$(calm | reason_of)" = zram_full ]
	[ "$(swap-balance -q -H -i 2s -c 1 -o swappiness,balance_reason /t/a)" = $'0\tzram_full' ]
	echo 64M >/sys/block/zram0/mem_limit
	[ "$(calm | reason_of)" != zram_full ]
}

@test "pressure of its own: memory that thrashes, a disk that is slow" {
	work /t/a --hot-anon 12M --rate 100000
	mkswap /dev/vda >/dev/null
	echo 0 >/sys/block/vda/queue/rotational
	swapon /dev/vda
	echo 8M >"$CG/t/a/memory.max"
	runx 0 tmo-reclaim --headroom 0 --io-limit 100% -i 1s -c 4 /t/a
	echo "$output"
	# Its own refaults may be what brakes most in some periods.
	col reason <<<"$output" | grep -qx mem_pressure
	[[ $(col reason <<<"$output" | tail -n 1) == @(mem_pressure|refault) ]]
	drop_cgroup /t/a
	make_cgroup /t/b
	sh -c "echo \$\$ >$CG/t/b/cgroup.procs
		exec dd if=/dev/vdb of=/dev/null bs=4k iflag=direct" 3>&- &
	runx 0 tmo-reclaim --headroom 0 --mem-limit 100% -i 1s -c 4 /t/b
	echo "$output"
	[ "$(col reason <<<"$output" | tail -n 1)" = io_pressure ]
}
