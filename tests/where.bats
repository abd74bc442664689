# Odd trees and places: names that systemd escapes, several mounts, containers.
load helpers

setup() {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	TREE=$TMO_ROOT/sys/fs/cgroup
	mkdir -p "$TMO_ROOT/proc/self"
}

# mounts LINE...: the mountinfo, from "ROOT POINT TYPE" each.
mounts() {
	local root point type
	for line; do
		read -r root point type <<<"$line"
		printf '30 24 0:26 %s %s rw - %s cgroup rw\n' "$root" "$point" "$type"
	done >"$TMO_ROOT/proc/self/mountinfo"
}

row() {
	printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct\n%s\t6000000\t0.000\t0.000\n' "$1"
}

@test "a name that systemd escapes is found by a glob, a row and a table" {
	mv "$TREE/w.slice" "$TREE/sys-a\\x2db.slice"
	for glob in '/sys-a\x2db.slice' '/sys-a\x2db*' '/*\x2db.slice' '/sys-a\\x2d*'; do
		runx 0 psi-watch -H -o cgroup "$glob"
		same '/sys-a\x2db.slice'
		runx 0 psi-watch -H -o cgroup - <<<"$glob"
		same '/sys-a\x2db.slice'
	done
}

@test "the policy of a glob below an escaped name is not lost" {
	mv "$TREE/w.slice" "$TREE/svc\\x2da.slice"
	printf '#cgroup\tfloor_bytes\n/svc\\x2da.slice/*\t1073741824\n' >"$BATS_TEST_TMPDIR/table"
	runx 0 psi-watch --targets "$BATS_TEST_TMPDIR/table"
	[ "$(col floor_bytes <<<"$output" | sort -u)" = 1073741824 ]
}

@test "a name with the marks of a glob is readable again as it was printed" {
	mv "$TREE/w.slice" "$TREE/a[b]*"
	runx 0 psi-watch -r -H -o cgroup /
	grep -qxF '/a[b]*' <<<"$output"
	runx 0 psi-watch -H -o cgroup '/a[b]*'
	same '/a[b]*'
	runx 0 psi-watch -H -o cgroup '/a\[b\]\*'
	same '/a[b]*'
	runx 0 psi-watch -H -o cgroup '/a\[*'
	same '/a[b]*'
}

@test "a mount point with a blank or a backslash" {
	mv "$TREE" "$TMO_ROOT/c g"
	mounts '/ /c\040g cgroup2'
	runx 0 psi-watch -H -o cgroup /w.slice
	same /w.slice
	mv "$TMO_ROOT/c g" "$TMO_ROOT/x\\x2dy"
	mounts '/ /x\134x2dy cgroup2'
	runx 0 psi-watch -H -o cgroup /w.slice
	same /w.slice
}

@test "of several mounts: the whole tree, else the one that we are below" {
	mkdir -p "$TMO_ROOT/other" "$TMO_ROOT/bound"
	cp -a "$TREE/w.slice/." "$TMO_ROOT/bound"
	mounts '/x /other cgroup2' '/ /sys/fs/cgroup cgroup2'
	runx 0 psi-watch -H -o cgroup /w.slice
	same /w.slice
	echo 0::/w.slice/a >"$TMO_ROOT/proc/self/cgroup"
	mounts '/x /other cgroup2' '/w.slice /bound cgroup2' '/y /nowhere cgroup2'
	runx 0 psi-watch -H -o cgroup /a
	same /a
}

@test "in a bound subtree tmo-reclaim knows itself by the path below it" {
	mounts '/docker/abc /sys/fs/cgroup cgroup2'
	echo 0::/docker/abc/w.slice/a >"$TMO_ROOT/proc/self/cgroup"
	: >"$TREE/w.slice/a/memory.reclaim"
	runx 0 tmo-reclaim --ratio 1% < <(row /w.slice/a)
	[ "$(col reason <<<"$output")" = self ]
	[ ! -s "$TREE/w.slice/a/memory.reclaim" ]
	runx 2 tmo-reclaim --check /w.slice/a
	grep -q '^cgroup	missing' <<<"$output"
}

@test "the root of a container has its own pressure, sizes and limits" {
	cp "$TREE/w.slice/a"/* "$TREE"
	echo domain >"$TREE/cgroup.type"
	mounts "/docker/abc /sys/fs/cgroup cgroup2"
	echo 0::/elsewhere >"$TMO_ROOT/proc/self/cgroup"
	printf 'some avg10=7.00 avg60=7.00 avg300=7.00 total=700\nfull avg10=7.00 avg60=7.00 avg300=7.00 total=700\n' \
		>"$TREE/memory.pressure"
	runx 0 psi-watch -o cgroup,mem_some_avg10_pct /
	[ "$(col mem_some_avg10_pct <<<"$output")" = 7.000 ]
	echo max >"$TREE/memory.low"
	: >"$TREE/memory.reclaim"
	runx 0 tmo-reclaim --ratio 1% < <(row /)
	[ "$(col reason <<<"$output")" = protected ]
	[ ! -s "$TREE/memory.reclaim" ]
}

@test "in a container --from-env arms the cgroup's own file, whatever it is called by" {
	cp "$TREE/w.slice/a"/* "$TREE"
	echo domain >"$TREE/cgroup.type"
	mounts "/docker/abc /sys/fs/cgroup cgroup2"
	echo 0::/docker/abc >"$TMO_ROOT/proc/self/cgroup"
	echo 'some avg10=0.00 avg60=0.00 avg300=0.00 total=700' >"$TMO_ROOT/proc/pressure/memory"
	cp -a "$TMO_ROOT" "$BATS_TEST_TMPDIR/later"
	echo "$(($(cut -d. -f1 "$TMO_ROOT/proc/uptime") + 3)).00 0" >"$BATS_TEST_TMPDIR/later/proc/uptime"
	printf 'some avg10=7.00 avg60=7.00 avg300=7.00 total=%s\n' 99000000 >"$TREE/memory.pressure"
	printf 'some avg10=7.00 avg60=7.00 avg300=7.00 total=%s\n' 99500000 \
		>"$BATS_TEST_TMPDIR/later/sys/fs/cgroup/memory.pressure"
	MEMORY_PRESSURE_WRITE=$(printf 'some 200000 2000000\0' | base64)
	export MEMORY_PRESSURE_WRITE
	for path in /sys/fs/cgroup/memory.pressure /proc/pressure/memory; do
		MEMORY_PRESSURE_WATCH=$path TMO_ROOT=$TMO_ROOT:$BATS_TEST_TMPDIR/later \
			runx 0 psi-watch -q --from-env -H -o cgroup,stall_us
		same "/	500000"
	done
}

@test "without /proc, or without descriptors, that is the cause that is told" {
	unset TMO_ROOT
	for tool in psi-watch "tmo-reclaim -n" cold-scan "swap-balance -S $BATS_TEST_TMPDIR/s"; do
		runx 2 unshare -m sh -c "umount -l /proc; $tool /a"
		[[ $stderr == *"there is no /proc/self/mountinfo: mount -t proc"* ]]
		runx 2 sh -c "exec 3>&- 4>&- 5>&-; ulimit -n 4; $tool /a"
		[[ $stderr != *"no cgroup2 is mounted"* ]]
		[[ $stderr == *"Too many open files"* ]]
	done
}

# checked TOOL FEATURE STATE DETAIL FIX: that row of --check, by patterns.
checked() {
	run --separate-stderr ${UNDER:+"$UNDER"} "$1" --check </dev/null
	awk -F'\t' -v f="$2" -v s="$3" -v d="$4" -v x="$5" '
		$1 ~ f && $2 == s && $3 ~ d && $4 ~ x { found = 1 } END { exit !found }' <<<"$output" ||
		{ printf 'no row %s\n%s\n' "$*" "$output"; return 1; }
}

@test "--check on a hybrid host says that cgroup v1 has the memory controller" {
	printf '%s\n' '30 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw' \
		'31 24 0:27 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory' >"$TMO_ROOT/proc/self/mountinfo"
	mkdir -p "$TREE/unified/a.slice"
	echo 'cpuset io' >"$TREE/unified/cgroup.controllers"
	checked tmo-reclaim cgroup missing '^no memory controller$' '^boot with systemd.unified_cgroup_hierarchy=1, .* with cgroup_no_v1=memory: cgroup v1 has'
	checked swap-balance memory.stat missing '^no memory controller$' '^boot with systemd.unified_cgroup_hierarchy=1, .* with cgroup_no_v1=memory: cgroup v1 has'
	# another controller of v1 takes nothing away
	sed -i 's/rw,memory/rw,cpu/' "$TMO_ROOT/proc/self/mountinfo"
	checked swap-balance memory.stat missing '^no memory controller$' 'cgroup_disable'
	# booted with cgroup_no_v1=memory, one step is left
	echo 'cpuset io memory' >"$TREE/unified/cgroup.controllers"
	fix='^echo [+]memory >/sys/fs/cgroup/unified/cgroup.subtree_control; then in each cgroup down to it$'
	checked swap-balance memory.stat missing . "$fix"
	checked tmo-reclaim memory.stat missing . "$fix"
}

@test "--check where there is no cgroup yet" {
	rm -r "${TREE:?}"/*/
	checked tmo-reclaim cgroup missing '^there is no cgroup yet' '^tmo-reclaim --check CGROUP$'
}

@test "--check names what to do about swap, zswap, pressure and rivals" {
	mkdir -p "$TMO_ROOT"/sys/module/{zswap,damon_reclaim}/parameters
	echo N >"$TMO_ROOT/sys/module/zswap/parameters/enabled"
	echo Y >"$TMO_ROOT/sys/module/damon_reclaim/parameters/enabled"
	printf 'Filename Type Size Used Priority\n/dev/vda partition 1048576 0 -2\n' >"$TMO_ROOT/proc/swaps"
	echo 1 >"$TMO_ROOT/sys/class/block/vda/queue/rotational"
	checked tmo-reclaim rivals limited '^DAMON_RECLAIM is on' '^echo N >/sys/module/damon_reclaim/'
	checked tmo-reclaim zswap limited '^not enabled$' '^echo Y >/sys/module/zswap/parameters/enabled'
	checked tmo-reclaim swap limited 'rotating' \
		'^--rotational; if it is an SSD: echo 0 >/sys/class/block/vda/queue/rotational # to keep it: man 7 tmo'
	checked swap-balance swap:/dev/vda limited 'rotational disk' \
		'^if it is an SSD: echo 0 >/sys/class/block/vda/queue/rotational # to keep it: man 7 tmo'
	sed -i 's/^Swap\(Total\|Free\): .*/Swap\1: 0 kB/' "$TMO_ROOT/proc/meminfo"
	checked tmo-reclaim swap limited '^none is left' '^add swap: man 7 tmo, SETTING UP'
	find "$TREE" -name 'memory.pressure' -delete
	checked tmo-reclaim memory.pressure missing . '^boot without cgroup_disable=pressure$'
	echo 0 >"$TREE/w.slice/cgroup.pressure"
	checked tmo-reclaim memory.pressure missing . '^echo 1 >/sys/fs/cgroup/w.slice/cgroup.pressure$'
	echo 0::/w.slice >"$TMO_ROOT/proc/self/cgroup"
	checked psi-watch cgroup_pressure limited '^memory.pressure of /w.slice' '^echo 1 >/sys/fs/cgroup/w.slice/cgroup.pressure$'
	rm "$TMO_ROOT/proc/pressure/memory"
	checked psi-watch system_mem missing . '^boot with psi=1$'
	rm -r "$TMO_ROOT/proc/pressure"
	checked tmo-reclaim memory.pressure missing . '^boot with psi=1, or'
	printf 'Filename Type Size Used Priority\n/dev/zram0 partition 1048576 0 -2\n' >"$TMO_ROOT/proc/swaps"
	checked tmo-reclaim zswap ok 'zram is used' .
}

@test "--check names each disk that rotates: a partition's, and those below a volume" {
	local dev=$TMO_ROOT/sys/class/block
	mkdir -p "$dev"/{dm-0/slaves/sda1,dm-0/queue,sda1,sda/queue} "$TMO_ROOT/sys/devices/sda/queue"
	rm -r "$dev/sda1" "$dev/sda"
	mkdir -p "$TMO_ROOT/sys/devices/sda/sda1"
	: >"$TMO_ROOT/sys/devices/sda/sda1/partition"
	ln -s ../../devices/sda/sda1 "$dev/sda1"
	echo 1 | tee "$dev/dm-0/queue/rotational" >"$TMO_ROOT/sys/devices/sda/queue/rotational"
	printf 'Filename Type Size Used Priority\n/dev/sda1 partition 1048576 0 -2\n' >"$TMO_ROOT/proc/swaps"
	checked swap-balance swap:/dev/sda1 limited . ': echo 0 >/sys/class/block/sda1/../queue/rotational #'
	mkdir "$TMO_ROOT/sys/block"
	ln -s ../devices/sda "$TMO_ROOT/sys/block/sda"
	checked swap-balance swap:/dev/sda1 limited . ': echo 0 >/sys/block/sda/queue/rotational #'
	sed -i 's/sda1/dm-0/' "$TMO_ROOT/proc/swaps"
	checked swap-balance swap:/dev/dm-0 limited . \
		': echo 0 >/sys/block/sda/queue/rotational; echo 0 >/sys/class/block/dm-0/queue/rotational #'
}

@test "--check names the DAMON that runs, and where /sys or the tree is read-only" {
	local damon=$TMO_ROOT/sys/kernel/mm/damon/admin/kdamonds
	mkdir -p "$damon"/{0,1} "$TMO_ROOT/sys/kernel/mm/page_idle"
	echo off >"$damon/0/state"
	echo on >"$damon/1/state"
	echo 2 >"$damon/nr_kdamonds"
	checked cold-scan damon missing 'another DAMON' '^echo off >/sys/kernel/mm/damon/admin/kdamonds/1/state$'
	rm -r "$damon"/{0,1}
	echo 0 >"$damon/nr_kdamonds"
	: >"$TMO_ROOT/sys/kernel/mm/page_idle/bitmap"
	# shellcheck disable=SC2016 # they are of that shell
	read_only() {
		unshare -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$TMO_ROOT" "$@"
	}
	read_only true || skip "cannot mount here"
	UNDER=read_only
	for feature in damon page_idle; do
		checked cold-scan $feature missing '^/sys is read-only$' '^mount -o remount,rw /sys;.* on the host$'
	done
	checked tmo-reclaim memory.reclaim missing 'Read-only' '^mount -o remount,rw /sys/fs/cgroup; .* on the host$'
}

@test "--check on a host with cgroup v1 alone says so" {
	rm -r "$TREE"
	echo '31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu' >"$TMO_ROOT/proc/self/mountinfo"
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		checked $tool cgroup2 missing '^only cgroup v1 is mounted$' \
			'^boot with systemd.unified_cgroup_hierarchy=1, or, without systemd, with cgroup_no_v1=all$'
		[ "$status" -eq 2 ]
	done
}

@test "--check without cgroup2 names that cause, and no container" {
	rm -r "$TREE"
	mounts '/ /proc proc'
	mkdir -p "$TMO_ROOT/sys/kernel/mm/lru_gen" "$TMO_ROOT/sys/kernel/debug"
	echo 0x0007 >"$TMO_ROOT/sys/kernel/mm/lru_gen/enabled"
	: >"$TMO_ROOT/sys/kernel/debug/lru_gen"
	for tool in psi-watch swap-balance tmo-reclaim cold-scan; do
		checked $tool cgroup2 missing '^no cgroup2 is mounted$' '^mount -t cgroup2 none /sys/fs/cgroup$'
		[ "$status" -eq 2 ]
	done
	grep -qP '^source\tmissing\tauto finds no source\tsee cgroup2$' <<<"$output"
	refute grep -e container -e kpagecgroup <<<"$output"
}

@test "--check names the mount that there is" {
	mkdir -p "$TMO_ROOT/c"
	mv "$TREE" "$TMO_ROOT/c/g"
	TREE=$TMO_ROOT/c/g
	mounts '/ /c/g cgroup2'
	find "$TREE" -name 'memory.*' ! -name memory.pressure -delete
	echo memory >"$TREE/cgroup.controllers"
	checked swap-balance memory.stat missing . '^echo [+]memory >/c/g/cgroup.subtree_control;'
	checked tmo-reclaim memory.stat missing . '^echo [+]memory >/c/g/cgroup.subtree_control;'
}

# without_memory: the tree has no memory controller.
without_memory() {
	find "$TREE" -name 'memory.*' ! -name memory.pressure -delete
	echo 'cpuset cpu io' >"$TREE/cgroup.controllers"
}

# fix_is STATUS TEXT FEATURE DETAIL: what each tool's --check and its message say to do; the last two are tmo-reclaim's.
fix_is() {
	local status_is=$1
	shift
	runx 2 swap-balance -H --check
	grep -qP "^memory.stat\tmissing\tno memory controller\t$1\$" <<<"$output"
	runx 2 tmo-reclaim -H --check /w.slice
	grep -qP "^$2\tmissing\t$3\t$1\$" <<<"$output"
	[ "$(grep -c missing <<<"$output")" -eq 1 ]
	runx "$status_is" swap-balance /w.slice
	[[ $stderr == "swap-balance: no memory controller"*": ${1//\\/}" ]]
	runx "$status_is" tmo-reclaim < <(row /w.slice)
	[[ $stderr == "tmo-reclaim: no memory controller"*": ${1//\\/}" ]]
}

@test "where the memory controller is missing, each tool says what to do about that cause" {
	without_memory
	fix_is 2 'boot without cgroup_disable=memory' cgroup 'no memory controller'
	run cold-scan -H --check
	grep -qP '^kpagecgroup\tlimited\tno memory controller: only / can be scanned\tboot without cgroup_disable=memory$' <<<"$output"
	echo 'cpuset cpu io memory' >"$TREE/cgroup.controllers"
	fix_is 3 'echo \+memory >/sys/fs/cgroup/cgroup\.subtree_control; then in each cgroup down to it' memory.stat 'No such file or directory'
}
