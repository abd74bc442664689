# What consumers take: columns that were chosen, promtool, JSON, tables.
load helpers

setup() {
	use_root pipe-7.3.4
	R=$TMO_ROOT
	export TMO_ROOT=$R/1:$R/2:$R/3
}

# at TOOL: a root that the tool can work on.
at() {
	case $1 in
	cold-scan*) use_root cold-scan-lru-gen-7.3.4 ;;
	*) TMO_ROOT=$R/1 ;;
	esac
}

@test "-o in a filter chooses over all columns, those that came in too, in its order" {
	rows='#cgroup\ttime\tx_bytes\tmem_some_pct\n/w.slice\t1.000\t7\t0.500\n'
	for tool in "swap-balance -S $BATS_TEST_TMPDIR/s|swappiness" "tmo-reclaim -n|reason" \
		"cold-scan --annotate -a 1m|verdict"; do
		at "$tool"
		own=${tool##*|}
		# shellcheck disable=SC2086 # words
		runx 0 ${tool%|*} -q -o "x_bytes,$own,cgroup,x_bytes,time" < <(printf "%b" "$rows")
		[ "${lines[0]}" = "#cgroup	x_bytes	$own	time" ]
		[[ ${lines[1]} == "/w.slice	7	"*"	1.000" ]]
		# shellcheck disable=SC2086
		runx 0 ${tool%|*} -q -o "+$own" < <(printf "%b" "$rows")
		[[ ${lines[0]} == "#cgroup	time	x_bytes	mem_some_pct	"* ]]
	done
}

@test "-o in a filter: a column that is nowhere is told before anything is done" {
	for tool in "swap-balance -S $BATS_TEST_TMPDIR/s" "tmo-reclaim" \
		"cold-scan --annotate -a 1m"; do
		at "$tool"
		# shellcheck disable=SC2086 # words
		runx 2 $tool -q -o "nope" < <(printf '#cgroup\tmem_some_pct\n/w.slice\t0.5\n')
		one_line "line 2: -o: no column 'nope'"
		[ -z "$output" ]
		# shellcheck disable=SC2086
		runx 2 $tool -q -o "nope" < <(echo /w.slice)
		one_line "line 1: -o: no column 'nope'"
	done
}
