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

# Names that a cgroup can have, and no consumer expects: quotes, a backslash,
# escape sequences, Latin-1, half a character, a C1 control, an overlong slash.
hostile() {
	printf '#cgroup\ttime\tx_bytes\tmem_some_pct\n'
	for name in 'a"b' 'a\x2db' $'e\e[31m\e]0;pwn\a' $'b\a\b\r' $'\xe4' $'a\xe2\x82' $'\xc2\x9b31m' \
		$'\xc0\xaf' $'\xed\xa0\x80' 'æ語🙂' $'del\x7f' '{x="1"} 1' "it's # HELP"; do
		printf '/w.slice/%s\t1.000\t7\t0.500\n' "$name"
	done
}

@test "JSON is valid whatever the names, and a key is there once" {
	export TMO_ROOT=$R/1
	hostile >"$BATS_TEST_TMPDIR/rows"
	for tool in "swap-balance -S $BATS_TEST_TMPDIR/s" "tmo-reclaim -n"; do
		# shellcheck disable=SC2086 # words
		run --separate-stderr $tool -f json -o +x_bytes,x_bytes <"$BATS_TEST_TMPDIR/rows"
		[ "${#lines[@]}" -eq 13 ]
		jq -e . <<<"$output" >/dev/null
		python3 -c '
import json, sys
def once(pairs):
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)
rows = [json.loads(l, object_pairs_hook=once) for l in sys.stdin.buffer.read().decode("utf-8").splitlines()]
names = [r["cgroup"] for r in rows]
assert len(set(names)) == 13, names
assert names[2] == "/w.slice/e\x1b[31m\x1b]0;pwn\x07" and names[4] == "/w.slice/\\xe4", names
' <<<"$output"
	done
	runx 0 psi-watch -f json -o cgroup,cgroup,memory_bytes,memory_bytes /w.slice
	[[ $output =~ ^\{\"cgroup\":\"/w.slice\",\"memory_bytes\":[0-9]+\}$ ]]
}

@test "no control byte of a name reaches a terminal, in a table or in rows" {
	export TMO_ROOT=$R/1
	hostile >"$BATS_TEST_TMPDIR/rows"
	for format in table rows; do
		script -qec "stty cols 80 -onlcr; swap-balance -S $BATS_TEST_TMPDIR/s -f $format -o x_bytes - <$BATS_TEST_TMPDIR/rows 2>&1" \
			/dev/null </dev/null >"$BATS_TEST_TMPDIR/seen"
		grep -q 'x1b\[31m' "$BATS_TEST_TMPDIR/seen"
		grep -q 'æ' "$BATS_TEST_TMPDIR/seen"
		refute grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$BATS_TEST_TMPDIR/seen"
		[ "$(grep -c '^/w.slice' "$BATS_TEST_TMPDIR/seen")" -eq 13 ]
	done
}
