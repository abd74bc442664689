# Every default column of the pipeline, worked out by hand from the kernel files
# of a recording: tests/fixtures/pipe-7.3.4.
load helpers

setup() {
	use_root pipe-7.3.4
	R=$TMO_ROOT
	export TMO_ROOT=$R/1:$R/2:$R/3
	S=$BATS_TEST_TMPDIR/rows
}

# value SAMPLE CGROUP FILE [KEY]: what the recording says.
value() {
	local file=$R/$1/sys/fs/cgroup$2/$3
	if [ $# -eq 3 ]; then
		cat "$file"
	else
		awk -v key="$4" '$1 == key { print $2 }' "$file"
	fi
}

# grew SAMPLE CGROUP KEY: by how much a counter of memory.stat did since the
# sample before.
grew() {
	echo $(($(value "$1" "$2" memory.stat "$3") - $(value $(($1 - 1)) "$2" memory.stat "$3")))
}

# stall SAMPLE CGROUP RESOURCE KIND: total of a pressure file.
stall() {
	sed -n "s/^$4 .*total=//p" "$R/$1/sys/fs/cgroup$2/$3.pressure"
}

# cell SAMPLE CGROUP COLUMN: of the rows in $S, by the sample's time.
cell() {
	awk -F'\t' -v key="$2" -v time="$(unix "$1")" -v name="$3" '
		/^#/ { sub(/^#/, ""); for (i = 1; i <= NF; i++) at[$i] = i; next }
		$1 == key && $at["time"] == time { print $at[name] }' "$S"
}
uptime_of() {
	cut -d' ' -f1 "$R/$1/proc/uptime"
}
unix() {
	awk -v up="$(uptime_of "$1")" '$1 == "btime" { printf "%.3f\n", $2 + up }' "$R/$1/proc/stat"
}
window_us() {
	awk -v a="$(uptime_of $(($1 - 1)))" -v b="$(uptime_of "$1")" \
		'BEGIN { printf "%d\n", (b - a) * 1e6 + 0.5 }'
}

# is SAMPLE CGROUP COLUMN WANT
is() {
	local got
	got=$(cell "$1" "$2" "$3")
	[ "$got" = "$4" ] && return
	echo "sample $1, $2: $3 is '$got', by hand '$4'"
	return 1
}

@test "psi-watch: window and stalls are the differences of uptime and total" {
	psi-watch -r -i 6s /w.slice >"$S"
	[ "$(grep -vc '^#' "$S")" -eq 8 ]
	for n in 2 3; do
		for key in /w.slice /w.slice/{a,b,quiet}; do
			is "$n" "$key" window_us "$(window_us "$n")"
			for column in cpu_some mem_some mem_full io_some io_full; do
				res=${column%_*}
				[ "$res" = mem ] && res=memory
				us=$(($(stall "$n" "$key" "$res" "${column#*_}") - \
					$(stall $((n - 1)) "$key" "$res" "${column#*_}")))
				is "$n" "$key" "${column}_pct" "$(awk -v us="$us" -v w="$(window_us "$n")" \
					'BEGIN { v = int(us * 100000 / w); printf "%d.%03d", v / 1000, v % 1000 }')"
			done
		done
	done
}

@test "swap-balance: what is left of swap, and what it counts, are the kernel's" {
	swap-balance -r -i 6s -o +zswap_in_pages,anon_refault_pages,file_refault_pages,steal_pages,compression_ratio,r,window_us /w.slice >"$S"
	for n in 2 3; do
		left=$(awk '$1 == "SwapFree:" { print $2 * 1024 }' "$R/$n/proc/meminfo")
		for key in /w.slice /w.slice/{a,b,quiet}; do
			is "$n" "$key" swap_left_bytes "$left"
			is "$n" "$key" window_us "$(window_us "$n")"
			is "$n" "$key" zswap_in_pages "$(grew "$n" "$key" zswpin)"
			is "$n" "$key" anon_refault_pages "$(grew "$n" "$key" workingset_refault_anon)"
			is "$n" "$key" file_refault_pages "$(grew "$n" "$key" workingset_refault_file)"
			is "$n" "$key" steal_pages "$(grew "$n" "$key" pgsteal)"
		done
		is "$n" /w.slice/a compression_ratio "$(awk -v a="$(value "$n" /w.slice/a memory.stat zswapped)" \
			-v b="$(value "$n" /w.slice/a memory.stat zswap)" 'BEGIN { printf "%.3f", a / b }')"
	done
	# s = 200 r / (1 + r), where neither a guard nor the smoothing holds it
	r=$(cell 2 /w.slice/b r)
	is 2 /w.slice/b balance_reason quiet
	is 2 /w.slice/b swappiness "$(awk -v r="$r" 'BEGIN { printf "%.0f", 200 * r / (1 + r) }')"
}

@test "tmo-reclaim: sizes, yield and net saving are the kernel's, the step is the paper's" {
	tmo-reclaim -q -n -r -i 6s --law paper --ratio 0.8% --mem-limit 50% --io-limit 50% \
		--headroom 8M -o +refaulted_bytes,offloaded_bytes,scanned_bytes /w.slice/a /w.slice/b >"$S"
	for n in 2 3; do
		for key in /w.slice/{a,b}; do
			now=$(value "$n" "$key" memory.current)
			steal=$(($(grew "$n" "$key" pgsteal_proactive) * 4096))
			out=$(($(grew "$n" "$key" zswpout) * 4096))
			is "$n" "$key" memory_bytes "$now"
			is "$n" "$key" got_bytes "$steal"
			is "$n" "$key" got_anon_bytes "$((out < steal ? out : steal))"
			is "$n" "$key" got_file_bytes "$((out < steal ? steal - out : 0))"
			is "$n" "$key" scanned_bytes "$(($(grew "$n" "$key" pgscan_proactive) * 4096))"
			is "$n" "$key" refaulted_bytes "$((($(grew "$n" "$key" workingset_refault_anon) + \
				$(grew "$n" "$key" workingset_refault_file)) * 4096))"
			is "$n" "$key" stall_us 0

			# the law: current * ratio * (1 - psi / limit), in whole pages;
			# /w.slice/a had pressure, which its own window tells
			us=$(($(stall "$n" "$key" memory some) - $(stall $((n - 1)) "$key" memory some)))
			want=$(awk -v cur="$now" -v us="$us" -v w="$(window_us "$n")" '
				BEGIN { go = 1 - us / w * 100 / 50; print int(cur * 0.008 * go / 4096) }')
			got=$(($(cell "$n" "$key" want_bytes) / 4096))
			# what the step before left below a page is carried over
			[ "$got" -eq "$want" ] || [ "$got" -eq $((want + 1)) ]
			is "$n" "$key" reason law
		done
	done
	# net: swapped and not in memory as well, and file pages that did not come
	# back, less the compressed copies
	out_of() {
		echo $(($(value "$1" /w.slice/a memory.swap.current) - \
			$(value "$1" /w.slice/a memory.stat swapcached)))
	}
	offloaded=$(($(out_of 3) - $(out_of 1)))
	is 3 /w.slice/a offloaded_bytes "$offloaded"
	zswap=$(($(value 3 /w.slice/a memory.stat zswap) - $(value 1 /w.slice/a memory.stat zswap)))
	file=$(($(cell 2 /w.slice/a got_file_bytes) + $(cell 3 /w.slice/a got_file_bytes)))
	is 3 /w.slice/a saved_bytes "$((offloaded + file - zswap))"
}

# killed STAGE: the plain line under sh, which has no pipefail, of which STAGE
# (1, 2 or 3) is killed: its status in $status, its messages in $stderr, and how
# many seconds it lasted since in $took.
killed() {
	local out=$BATS_TEST_TMPDIR pid
	cat >"$out/line" <<-'EOF'
		sh -c 'echo $$ >"$OUT/1"; exec psi-watch -q -i 1h /' |
		sh -c 'echo $$ >"$OUT/2"; exec swap-balance -q' |
		sh -c 'echo $$ >"$OUT/3"; exec tmo-reclaim -q -n'
	EOF
	rm -f "$out"/[123]
	TMO_ROOT='' OUT=$out sh "$out/line" >/dev/null 2>"$out/err" 3>&- &
	pid=$!
	for n in 1 2 3; do
		wait_for test -s "$out/$n"
		wait_for grep -qE '^(psi-watch|swap-balance|tmo-reclaim)$' "/proc/$(cat "$out/$n")/comm"
	done
	sleep 0.5
	kill -9 "$(cat "$out/$1")"
	SECONDS=0
	status=0
	wait "$pid" || status=$?
	took=$SECONDS
	stderr=$(cat "$out/err")
}

wait_for() {
	for ((i = 0; i < 100; i++)); do
		"$@" 2>/dev/null && return
		sleep 0.1
	done
	return 1
}

@test "a pipeline that loses a stage ends at once, non-zero also under plain sh" {
	[ -e /proc/pressure/memory ] || skip "this kernel has no PSI"
	for stage in 1 2 3; do
		killed "$stage"
		echo "stage $stage: status $status after $took s: $stderr"
		[ "$status" -ne 0 ]
		[ "$took" -lt 600 ] # of an hour
		case $stage in
		1) [[ $stderr == *"swap-balance: cannot read the input: it ended early"* ]] ;&
		2) [[ $stderr == *"tmo-reclaim: the input ended early"* ]] ;;
		esac
	done
}

@test "a source that ends as it was told to is no lost stage, and one that failed is" {
	[ -e /proc/pressure/memory ] || skip "this kernel has no PSI"
	export TMO_ROOT=
	sh -c 'psi-watch -i 100ms -c 2 / | swap-balance | cat | swap-balance' >"$S" 2>"$S.err"
	refute grep 'ended early' "$S.err"
	run sh -c '{ psi-watch -i 1h /no/such/cgroup / & sleep 0.5; kill -9 $!; } | swap-balance'
	[ "$status" -eq 2 ]
	# an own filter between does not know of the mark
	run sh -c 'printf "/no/such\n" | cat | tmo-reclaim -n'
	[[ $output != *"ended early"* ]]
}

# policy_by TOOL: mem_limit_pct as a tool takes it from the table, a row a cgroup.
policy_by() {
	case $1 in
	psi-watch) psi-watch -i 1s -c 1 --targets "$tab" ;;
	tmo-reclaim) tmo-reclaim -n -q -i 1s -c 1 --targets "$tab" --record /dev/fd/3 3>&1 >/dev/null ;;
	esac | awk -F '\t' '/^#/ { for (i = 1; i <= NF; i++) if ($i ~ /mem_limit_pct$/ && $i !~ /policy/) c = i; next }
		{ print $1, $c + 0 }'
}

@test "a table means the same to psi-watch and tmo-reclaim: a path before a glob, the last of two" {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1:$TMO_ROOT/2
	tab=$BATS_TEST_TMPDIR/tab
	for rows in '/w.slice/a 1 /w.slice/* 2 /w.slice/? 3' '/w.slice/? 9 /w.slice/* 2 /w.slice/a 1 /w.slice/b 3'; do
		# shellcheck disable=SC2086 # globs of the tools, not of the shell
		(set -f; printf '%s\t%s\n' '#cgroup' mem_limit_pct $rows) >"$tab"
		for tool in psi-watch tmo-reclaim; do
			echo "$tool $rows"
			output=$(policy_by $tool)
			same $'/w.slice/a 1\n/w.slice/b 3\n/w.slice/quiet 2'
		done
	done
}
