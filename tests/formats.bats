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
	# one that turns round what comes after it
	printf '/w.slice/\xe2\x80\xae%%001\xe2\x81\xa6\t1.000\t7\t0.500\n' >>"$BATS_TEST_TMPDIR/rows"
	for format in table rows; do
		script -qec "stty cols 80 -onlcr; swap-balance -S $BATS_TEST_TMPDIR/s -f $format -o x_bytes - <$BATS_TEST_TMPDIR/rows 2>&1" \
			/dev/null </dev/null >"$BATS_TEST_TMPDIR/seen"
		grep -q 'x0[7d]' "$BATS_TEST_TMPDIR/seen"
		grep -q 'æ' "$BATS_TEST_TMPDIR/seen"
		refute grep -aqP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80\xae|\xe2\x81\xa6' \
			"$BATS_TEST_TMPDIR/seen"
		[ "$(grep -c '^/w.slic' "$BATS_TEST_TMPDIR/seen")" -eq 14 ]
	done
}

# lint CMD...: promtool takes it whole and has nothing to say; no series twice.
lint() {
	run --separate-stderr "$@"
	printf '%s\n' "$output" >"$BATS_TEST_TMPDIR/exposition"
	[ -n "$output" ] || { echo "nothing from $*: $stderr"; return 1; }
	promtool check metrics <"$BATS_TEST_TMPDIR/exposition" >"$BATS_TEST_TMPDIR/said" 2>&1 ||
		{ echo "$*"; cat "$BATS_TEST_TMPDIR/said"; return 1; }
	[ -z "$(grep -v '^#' "$BATS_TEST_TMPDIR/exposition" | sed 's/ [^ ]*$//' | sort | uniq -d)" ]
}

@test "promtool accepts every output of every tool, whatever came in" {
	hostile >"$BATS_TEST_TMPDIR/rows"
	lint psi-watch -f prometheus -r -i 6s /w.slice
	lint psi-watch -f prometheus -r /w.slice
	lint psi-watch -f prometheus -r -i 6s --quantiles /w.slice
	lint psi-watch -f prometheus -o mem_some_pct,mem_some_pct,memory_bytes -i 6s /w.slice
	lint psi-watch -f prometheus --check
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus -i 6s -c 2 /w.slice '/w.slice/*'
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus --plan /w.slice '/w.slice/*'
	all=$(swap-balance -h | sed '1,/^columns:/d' | awk '{ printf "%s%s", s, $1; s = "," }')
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus -i 6s -c 2 -o "$all" /w.slice '/w.slice/*'
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus --check
	lint tmo-reclaim -f prometheus --check
	all=$(tmo-reclaim -h | sed '1,/^columns:/d' | awk '{ printf "%s%s", s, $1; s = "," }')
	lint tmo-reclaim -n -f prometheus -o "$all" /w.slice
	export TMO_ROOT=$R/1
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus <"$BATS_TEST_TMPDIR/rows"
	[ "$(grep -c '^tmo_swap_balance_x_bytes{' <<<"$output")" -eq 13 ]
	lint tmo-reclaim -n -f prometheus <"$BATS_TEST_TMPDIR/rows"
	# Columns that no metric may be called.
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus < <(
		printf '#cgroup\tx-y\tx_y\tX Y\tCamelCase\tæ\tx_info\tx\tw-x\ta_total\toutermost\n'
		printf '/w.slice\t1\t2\t3\t4\t5\t6\tword\tword\t7\t8\n')
	[ "$(grep -c "prometheus: column '.*' is left out" <<<"$stderr")" -eq 4 ]
	# Nothing is cut off a name, or two columns would be one.
	long=$(printf 'long%.0s' {1..100})
	lint swap-balance -S "$BATS_TEST_TMPDIR/s" -f prometheus < <(
		printf '#cgroup\t%sa_bytes\t%sb_us\n/w.slice\t1\t2000000\n' "$long" "$long")
	grep -q "^tmo_swap_balance_${long}a_bytes{.*} 1$" <<<"$output"
	grep -q "^tmo_swap_balance_${long}b_seconds{.*} 2$" <<<"$output"
	for root in cold-scan-lru-gen-7.3.4 cold-scan-page-idle-7.3.4; do
		use_root "$root"
		[ ! -d "$TMO_ROOT/1" ] || TMO_ROOT=$TMO_ROOT/1:$TMO_ROOT/2:$TMO_ROOT/3
		for view in "" --histogram "--percentiles 50,90" --promotions --recommend --coverage; do
			[[ $root != *lru* || $view == "" || $view == --hist* ]] || continue
			# shellcheck disable=SC2086 # words
			lint cold-scan -q -a 1m,2m -i 1m -c 2 -r -f prometheus $view /
		done
		lint cold-scan -q -f prometheus --check
	done
}

# hostile_tree: 13 cgroups of such names below /w.slice, each a copy of one there.
hostile_tree() {
	local i key
	for i in 1 2 3; do
		hostile | cut -f1 | while IFS= read -r key; do
			[[ $key == '#'* ]] || cp -r "$R/$i/sys/fs/cgroup/w.slice/a" "$R/$i/sys/fs/cgroup$key"
		done
	done
}

@test "each format of what watches, waits and reclaims is valid whatever its cgroups are called" {
	hostile_tree
	all=$(psi-watch -h | sed '1,/^columns:/d' | awk '{ printf "%s%s", s, $1; s = "," }')
	for tool in "psi-watch -r -i 6s -o $all" "psi-watch -r -i 6s --sort mem_some_pct" \
		"psi-watch -r -i 6s --quantiles" "psi-watch -r -i 1s --until time>1" \
		"psi-watch -r -t memory|some|1us/10ms" "psi-watch -r -t memory|some|1us/10ms --blame" \
		"swap-balance -S $BATS_TEST_TMPDIR/s -i 6s -c 2" "tmo-reclaim -n -i 6s"; do
		read -ra words <<<"$tool"
		words=("${words[@]//|/ }")
		[[ $tool == psi-watch* ]] || words+=('/w.slice/*')
		[[ $tool != psi-watch* ]] || words+=(/w.slice)
		lint "${words[@]}" -q -f prometheus
				[ "$(grep -o 'cgroup="/w.slice/[^"\\]*\(\\.[^"\\]*\)*"' <<<"$output" | sort -u | wc -l)" -ge 13 ]
		run --separate-stderr "${words[@]}" -q -f json
		jq -e . <<<"$output" >/dev/null
		python3 -c '
import json, sys
def once(pairs):
    assert len(dict(pairs)) == len(pairs), pairs
    return dict(pairs)
rows = [json.loads(l, object_pairs_hook=once) for l in sys.stdin.buffer.read().decode("utf-8").split("\n") if l]
names = {r["cgroup"] for r in rows}
assert {"/w.slice/e\x1b[31m\x1b]0;pwn\x07", "/w.slice/\\xe4", "/w.slice/a\"b"} <= names, names
assert len({tuple(r) for r in rows}) == 1
' <<<"$output"
		# as many cells in each row, none of them empty, and no header of a name
		run --separate-stderr "${words[@]}" -q -f rows
		awk -F'\t' '/^#/ { if (n++) exit 1; cells = NF } NF != cells || /\t\t|\t$/ { exit 1 }' <<<"$output"
		script -qec "stty cols 80 -onlcr; $(printf '%q ' "${words[@]}") -f table 2>&1" \
			/dev/null </dev/null >"$BATS_TEST_TMPDIR/seen"
		grep -q 'x0[7d]' "$BATS_TEST_TMPDIR/seen"
		refute grep -aqP '[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]|\x1b(?!\[[0-9]*m)' "$BATS_TEST_TMPDIR/seen"
	done
}

@test "of two columns that are one metric the first is told, and the other named once" {
	runx 0 swap-balance -S "$BATS_TEST_TMPDIR/s" -q -f rows --out "$BATS_TEST_TMPDIR/prom" < <(
		printf '#cgroup\tx-y\tx_y\tn_info\tn\tinnermost\ttime\n'
		for i in 1 2 3; do printf '/w.slice\t-\t2\t3\tword\t5\t%s\n' $((i * 10)); done)
	[ "$(grep -c 'x_y{' "$BATS_TEST_TMPDIR/prom")" -eq 0 ]
	[ "$(grep -c 'n_info{.*} 3$' "$BATS_TEST_TMPDIR/prom")" -eq 1 ]
	[ "$(grep -c 'innermost{' "$BATS_TEST_TMPDIR/prom")" -eq 1 ]
	[ "$stderr" = "swap-balance: prometheus: column 'x_y' is left out: 'x-y' already is the metric tmo_swap_balance_x_y
swap-balance: prometheus: column 'n' is left out: 'n_info' already is the metric tmo_swap_balance_n_info
swap-balance: prometheus: column 'innermost' is left out: 'innermost' already is the metric tmo_swap_balance_innermost" ]
}

@test "an exposition has each sample's last, base units, counters and places" {
	runx 0 psi-watch -f prometheus -r -i 6s -o cgroup,mem_some_pct,mem_some_total_us,window_us /w.slice
	[ "$(grep -c '^# TYPE tmo_psi_watch_mem_some_ratio gauge' <<<"$output")" -eq 1 ]
	grep -q '^# TYPE tmo_psi_watch_mem_some_seconds_total counter' <<<"$output"
	grep -q '^tmo_psi_watch_window_seconds{cgroup="/w.slice"} 22.05$' <<<"$output"
	[ "$(grep -c '^tmo_psi_watch_window_seconds{' <<<"$output")" -eq 4 ]
	grep -q '^tmo_psi_watch_outermost{cgroup="/w.slice"} 1$' <<<"$output"
	grep -q '^tmo_psi_watch_outermost{cgroup="/w.slice/a"} 0$' <<<"$output"
	grep -q '^tmo_psi_watch_innermost{cgroup="/w.slice"} 0$' <<<"$output"
	grep -q '^tmo_psi_watch_innermost{cgroup="/w.slice/a"} 1$' <<<"$output"
	runx 0 tmo-reclaim -n -f prometheus < <(psi-watch -r -i 6s /w.slice)
	grep -q '^# TYPE tmo_reclaim_got_bytes_total counter' <<<"$output"
	[ "$(grep -c '^tmo_reclaim_reason_info{' <<<"$output")" -eq 4 ]
}

@test "--out in all four: an exposition beside the rows, whole, by the umask, tried first" {
	F=$BATS_TEST_TMPDIR/m/x.prom
	mkdir "$BATS_TEST_TMPDIR/m"
	umask 027
	for tool in "psi-watch -i 6s /w.slice" "swap-balance -S $BATS_TEST_TMPDIR/s -i 6s -c 1 /w.slice" \
		"tmo-reclaim -n /w.slice" "cold-scan -q -a 1m /"; do
		[[ $tool != cold-scan* ]] || use_root cold-scan-lru-gen-7.3.4
		rm -f "$F"
		# shellcheck disable=SC2086 # words
		runx 0 $tool --out "$F"
		[[ ${lines[0]} == "#cgroup"* && ${#lines[@]} -ge 2 ]]
		promtool check metrics <"$F"
		[ "$(stat -c %a "$F")" = 640 ]
		[ "$(ls "$BATS_TEST_TMPDIR/m")" = x.prom ]
		# shellcheck disable=SC2086
		runx 2 $tool --out "$BATS_TEST_TMPDIR/none/x"
		one_line "--out: cannot replace"
		[ -z "$output" ]
	done
	ln -s x "$BATS_TEST_TMPDIR/link"
	for bad in "|No such file" "/dev/null|not supported" "$BATS_TEST_TMPDIR|Is a directory" \
		"$BATS_TEST_TMPDIR/link|symbolic links"; do
		runx 2 cold-scan -q -a 1m --out "${bad%|*}" /
		one_line "--out: cannot replace '${bad%|*}': "
		[[ $stderr == *"${bad#*|}"* ]]
	done
}

@test "--out: a run without a row leaves no metrics of an earlier one" {
	F=$BATS_TEST_TMPDIR/x.prom
	while IFS='|' read -r status tool; do
		at "$tool"
		echo 'tmo_old 1' >"$F"
		# shellcheck disable=SC2086 # words
		runx "$status" $tool --out "$F" </dev/null
		[ ! -s "$F" ]
		# what could not start has found nothing
		echo 'tmo_old 1' >"$F"
		# shellcheck disable=SC2086
		runx 2 $tool -R /none --out "$F" </dev/null
		[ "$(cat "$F")" = 'tmo_old 1' ]
	done <<-END
		3|psi-watch -i 6s /none
		3|cold-scan -q -a 1m /none
		3|swap-balance -q -S $BATS_TEST_TMPDIR/s --plan /none
		1|tmo-reclaim -n
	END
}

# hangs PID: in the write, and not in the look at the start whether it may.
hangs() {
	[ -e "$F.tmo-tmp" ] && [ "$(cut -d' ' -f3 "/proc/$1/stat")" = S ]
}

@test "--out: what a killed run leaves is gone after the next; of two at once none takes the other's" {
	F=$BATS_TEST_TMPDIR/m/x.prom
	mkdir "$BATS_TEST_TMPDIR/m"
	export LD_PRELOAD=$TMO_BUILD/faultio.so
	FAULT=x.prom:write:hang psi-watch -i 6s --out "$F" /w.slice >/dev/null 3>&- &
	retry 10 hangs $!
	kill -9 $!
	wait $! || true
	[ "$(ls "$BATS_TEST_TMPDIR/m")" = x.prom.tmo-tmp ]
	runx 0 psi-watch -i 6s --out "$F" /w.slice
	[ "$(ls "$BATS_TEST_TMPDIR/m")" = x.prom ]
	FAULT=x.prom:write:hang psi-watch -i 6s --out "$F" /w.slice >/dev/null 3>&- &
	retry 10 hangs $!
	# it waits a second, and is told what holds it up
	runx 2 psi-watch -i 6s --out "$F" /w.slice
	one_line "--out: cannot replace '$F': Device or resource busy"
	wait $!
	[ "$(ls "$BATS_TEST_TMPDIR/m")" = x.prom ]
	promtool check metrics <"$F"
}

# on COLUMNS COMMAND: what a terminal of that width shows.
on() {
	script -qec "stty cols $1 rows 40; $2" /dev/null </dev/null | tr -d '\r'
}

# recorded NAME COMMAND: as tests/fixtures/tables has it, at 60, 80 and 120.
recorded() {
	local wide want
	for wide in 60 80 120; do
		want=$TESTS/fixtures/tables/$1.$wide
		on "$wide" "$2" >"$BATS_TEST_TMPDIR/seen"
		[ -z "${RECORD-}" ] || cp "$BATS_TEST_TMPDIR/seen" "$want"
		diff "$want" "$BATS_TEST_TMPDIR/seen"
		[[ $1 == check-* ]] || [ "$(wc -L <"$want")" -le "$wide" ]
	done
}

@test "tables at 60, 80 and 120 columns are as recorded" {
	recorded psi-watch "psi-watch -r -i 6s /w.slice"
	recorded psi-watch-once "psi-watch -r /"
	recorded psi-watch-one "psi-watch -i 6s /w.slice"
	recorded psi-watch-trigger "psi-watch -q -r -t 'cpu some 10ms/1s' /w.slice"
	recorded swap-balance "swap-balance -q -S $BATS_TEST_TMPDIR/s -i 6s -c 2 /w.slice '/w.slice/*'"
	recorded tmo-reclaim "tmo-reclaim -n -q -i 6s -c 2 /w.slice '/w.slice/*'"
	recorded pipeline "psi-watch -r -i 6s /w.slice | swap-balance -q -S $BATS_TEST_TMPDIR/s2 | tmo-reclaim -q -n"
	TMO_ROOT=$R/1
	recorded check-psi-watch "psi-watch --check"
	recorded check-swap-balance "swap-balance -S /tmp/x --check"
	recorded check-tmo-reclaim "tmo-reclaim --check"
	use_root cold-scan-lru-gen-7.3.4
	recorded cold-scan "cold-scan -q -a 4s,8s -r /"
	recorded check-cold-scan "cold-scan --check"
}

@test "a later longer name does not shift a table, and loses its middle on a screen" {
	export TMO_ROOT=$R/1
	printf '#cgroup\ttime\tx_bytes\n/w.slice\t1.000\t7\n/w.slice/a\t1.000\t7\n/w.slice\t7.000\t7\n' >"$BATS_TEST_TMPDIR/rows"
	printf '/w.slice/a-name-that-is-longer-than-any-other.service\t7.000\t7\n/w.slice/b\t7.000\t7\n' >>"$BATS_TEST_TMPDIR/rows"
	on 80 "(head -n 3 $BATS_TEST_TMPDIR/rows; sleep 0.3; tail -n 3 $BATS_TEST_TMPDIR/rows) |
		swap-balance -q -S $BATS_TEST_TMPDIR/s -o x_bytes,time" >"$BATS_TEST_TMPDIR/seen"
	diff - "$BATS_TEST_TMPDIR/seen" <<'EOF'
00:00:01
CGROUP                    X
/w.slice                  7
  a                       7
00:00:07
/w.slice                  7
  a-name-t...service      7
  b                       7
EOF
	# A byte in hex is shown whole or not at all.
	printf '#cgroup\tx_bytes\n/w.slice\t7\n/w.slice/bad-\377-\377-\377-\377-\377-\377-\377\t7\n' \
		>"$BATS_TEST_TMPDIR/rows-hex"
	for wide in 24 25 26 27 28; do
		on "$wide" "swap-balance -q -S $BATS_TEST_TMPDIR/s -o x_bytes <$BATS_TEST_TMPDIR/rows-hex" >"$BATS_TEST_TMPDIR/seen"
		grep -F '..' "$BATS_TEST_TMPDIR/seen"
		[ "$(awk '{ print length }' "$BATS_TEST_TMPDIR/seen" | sort -u | wc -l)" -eq 1 ]
	done
	# Nothing is left out in a file.
	runx 0 swap-balance -q -S "$BATS_TEST_TMPDIR/s" -f table <"$BATS_TEST_TMPDIR/rows"
	[[ $output == *"  a-name-that-is-longer-than-any-other.service  "* ]]
	[[ ${lines[1]} == CGROUP*X*SWAPPINESS*BALANCE ]]
}

# What each line of a file takes on a screen.
columns() {
	python3 -c 'import sys, unicodedata as u
for line in open(sys.argv[1], encoding="utf-8"):
    print(sum(0 if u.combining(c) else 1 + (u.east_asian_width(c) in "WF") for c in line.rstrip("\n")))' "$1"
}

@test "wide characters take two columns of a table, marks none, and none is cut in halves" {
	export TMO_ROOT=$R/1 seen=$BATS_TEST_TMPDIR/seen wide
	printf '#cgroup\tx_bytes\n/w.slice\t7\n/w.slice/%s\t7\n/w.slice/%s\t7\n/w.slice/%s\t7\n' \
		数据库服务器的缓存和日志.service e$'\u0301'e$'\u0301'e$'\u0301'-name-with-marks.service \
		データ가나다ＡＢＣ >"$BATS_TEST_TMPDIR/rows"
	for wide in 24 25 26 27 28 40 60 80; do
		on "$wide" "swap-balance -q -S $BATS_TEST_TMPDIR/s -o x_bytes <$BATS_TEST_TMPDIR/rows" >"$seen"
		[ "$(columns "$seen" | sort -u | wc -l)" -eq 1 ]
		[ "$(columns "$seen" | head -n 1)" -le "$wide" ]
	done
	swap-balance -q -S "$BATS_TEST_TMPDIR/s" -o x_bytes -f table <"$BATS_TEST_TMPDIR/rows" >"$seen"
	[ "$(columns "$seen" | sort -u | wc -l)" -eq 1 ]
	grep -F 数据库服务器的缓存和日志.service "$seen"
}

@test "a row that is no path has its whole name in a table, also below /" {
	TMO_ROOT=$R/1
	runx 0 swap-balance -q -S "$BATS_TEST_TMPDIR/s" -f table -o x < <(printf '#cgroup\tx\n/\t1\napp\t2\n/app\t3\n')
	same $'CGROUP                    X\n/                         1\napp                       2\n/app                      3'
}

@test "the header comes again with a screen, and never in mid-sample" {
	export TMO_ROOT=$R/1
	for ((time = 1; time < 40; time += 6)); do
		printf '#cgroup\ttime\tx\n'
		for name in '' /a /b /c /d; do printf '/w.slice%s\t%d.000\t1\n' "$name" "$time"; done
	done >"$BATS_TEST_TMPDIR/rows"
	script -qec "stty cols 80 rows 16; swap-balance -q -S $BATS_TEST_TMPDIR/s -o time,x <$BATS_TEST_TMPDIR/rows" \
		/dev/null </dev/null | tr -d '\r' >"$BATS_TEST_TMPDIR/seen"
	# after each header, and after each time without one, five rows
	awk '/^00:/ { if (rows && rows != 5) exit 1; rows = 0; times++; next }
		/^CGROUP/ { if (rows) exit 1; headers++; next }
		{ rows++ } END { exit !(rows == 5 && times == 7 && headers > 1 && headers < 7) }' "$BATS_TEST_TMPDIR/seen"
}

@test "reasons have three colours on a terminal, and none in a file or with NO_COLOR" {
	export TMO_ROOT=$R/1
	printf '#cgroup\treason\n/a\tlaw\n/b\tgrace\n/c\tno_psi\n' >"$BATS_TEST_TMPDIR/rows"
	color() { env -u NO_COLOR TERM="${1-xterm}" script -qec "swap-balance -q -S $BATS_TEST_TMPDIR/s -f table -o reason - <$BATS_TEST_TMPDIR/rows" /dev/null </dev/null; }
	color >"$BATS_TEST_TMPDIR/seen"
	grep -q $'\e\\[32mlaw\e\\[0m' "$BATS_TEST_TMPDIR/seen"
	grep -q $'\e\\[33mgrace\e\\[0m' "$BATS_TEST_TMPDIR/seen"
	grep -q $'\e\\[31mno_psi\e\\[0m' "$BATS_TEST_TMPDIR/seen"
	color dumb >"$BATS_TEST_TMPDIR/seen"
	refute grep -q $'\e' "$BATS_TEST_TMPDIR/seen"
	on 80 "swap-balance -q -S $BATS_TEST_TMPDIR/s -o reason - <$BATS_TEST_TMPDIR/rows" >"$BATS_TEST_TMPDIR/seen"
	grep -q law "$BATS_TEST_TMPDIR/seen"
	refute grep -q $'\e' "$BATS_TEST_TMPDIR/seen"
	runx 0 env -u NO_COLOR TERM=xterm swap-balance -q -S "$BATS_TEST_TMPDIR/s" -f table -o reason - <"$BATS_TEST_TMPDIR/rows"
	[[ $output == *law* && $output != *$'\e'* ]]
}

@test "--out on a disk that fills: told once, the rows go on, the old file stays" {
	F=$BATS_TEST_TMPDIR/m/x.prom
	mkdir "$BATS_TEST_TMPDIR/m"
	runx 3 env FAULT=x.prom:write:ENOSPC:2 LD_PRELOAD="$TMO_BUILD/faultio.so" \
		psi-watch -R "$R/1:$R/2:$R/3" -i 6s --out "$F" /w.slice
	[ "$(grep -c '^/w.slice' <<<"$output")" -ge 2 ]
	one_line "--out: cannot replace '$F'; the old file stays: No space left"
	promtool check metrics <"$F"
	[ "$(ls "$BATS_TEST_TMPDIR/m")" = x.prom ]
}

@test "each reason of tmo-reclaim has the colour of its kind" {
	tmo-reclaim -h | awk '/^reason:/ { on = 1; next } on && $2 ~ /^(works|waits|cannot|broken)$/ { print $1, $2 }' \
		>"$BATS_TEST_TMPDIR/kinds"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/kinds")" -ge 40 ]
	{
		printf '#cgroup\treason\n'
		awk '{ print "/" $1 "\t" $1 }' "$BATS_TEST_TMPDIR/kinds"
	} >"$BATS_TEST_TMPDIR/rows"
	export TMO_ROOT=$R/1
	env -u NO_COLOR TERM=xterm script -qec \
		"swap-balance -q -S $BATS_TEST_TMPDIR/s -f table -o reason - <$BATS_TEST_TMPDIR/rows" /dev/null </dev/null |
		grep -o $'\e\\[3[123]m[a-z_]*' | sed $'s/\e\\[\\(3.\\)m/\\1 /' >"$BATS_TEST_TMPDIR/seen"
	awk 'BEGIN { color["works"] = 32; color["waits"] = 33; color["cannot"] = color["broken"] = 31 }
		{ print color[$2], $1 }' "$BATS_TEST_TMPDIR/kinds" | diff - "$BATS_TEST_TMPDIR/seen"
}
