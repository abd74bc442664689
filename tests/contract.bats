# What all four tools promise alike: tmo(7), "COMMON OPTIONS", "EXIT STATUS".
load helpers

TOOLS=(psi-watch cold-scan swap-balance tmo-reclaim)

# each FUNCTION: for every tool; the failing one is named last.
each() {
	local tool
	for tool in "${TOOLS[@]}"; do
		echo "tool: $tool"
		"$1" "$tool"
	done
}

each_filter() {
	local TOOLS=(cold-scan swap-balance tmo-reclaim)
	each "$1"
}

prints_help() {
	runx 0 "$1" -h
	[[ $output == "usage: $1 "* ]]
	[ -z "$stderr" ]
	long=$output
	runx 0 "$1" --help
	same "$long"
}
@test "-h and --help print the usage on stdout, status 0" { each prints_help; }

prints_version() {
	runx 0 "$1" -V
	[[ $output =~ ^$1\ \(tmo-tools\)\ [0-9.]+$ ]]
}
@test "-V prints name and version" { each prints_version; }

refuses() {
	local args=$2 want=$3 tool=$1
	# shellcheck disable=SC2086 # a list of words
	runx 2 "$tool" $args </dev/null
	[ -z "$output" ]
	one_line "$want"
}

bad_options() {
	local list
	refuses "$1" -Z "unknown option '-Z'"
	refuses "$1" --no-such "unknown option '--no-such'"
	refuses "$1" -o "option '-o' needs a value"
	refuses "$1" "-o no_such_column /" "no column 'no_such_column'"
	for list in '+' ',' '+,' 'mem,' ',mem' 'mem,,x' '+mem,,x'; do
		refuses "$1" "-o $list /" "-o: '$list' has an empty column name"
	done
	refuses "$1" "--output= /" "-o: '' has an empty column name"
	refuses "$1" "-f yaml /" "-f: 'yaml'"
	refuses "$1" "-i 5x /" "-i: '5x'"
	refuses "$1" "-i 0 /" "-i: '0'"
	refuses "$1" "-c 0 /" "-c: '0'"
	refuses "$1" "-c -1 /" "-c: '-1'"
	refuses "$1" "-c 18446744073709551616 /" "-c: '18446744073709551616'"
	refuses "$1" "-R /no/such /" "cannot open the root '/no/such'"
	refuses "$1" "-R $BATS_TEST_TMPDIR/file /" "cannot open the root"
	# the replay of what comes before it would be taken for the whole
	refuses "$1" "-R /:/no/such /" "cannot open the root '/no/such'"
}
@test "a bad option is one line that names it, status 2, nothing on stdout" {
	: >"$BATS_TEST_TMPDIR/file"
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	each bad_options
}

bad_target() {
	refuses "$1" "-c 1 -i 6s /w.slice/../x" "is not a cgroup path"
}
@test "a target with .. is refused" {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	each bad_target
}

v1_only() {
	refuses "$1" "-c 1 -i 6s /a" "cgroup v1"
}
@test "cgroup v1 only is told apart, with the remedy" {
	mkdir -p "$BATS_TEST_TMPDIR/r/proc/self" "$BATS_TEST_TMPDIR/r/proc/pressure"
	echo '31 30 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu' \
		>"$BATS_TEST_TMPDIR/r/proc/self/mountinfo"
	export TMO_ROOT=$BATS_TEST_TMPDIR/r
	each v1_only
}

# runs TOOL ARG...: rows of a replay, from a source or a filter.
runs() {
	local tool=$1
	shift
	case $tool in
	cold-scan) cold-scan --check "$@" ;;
	tmo-reclaim) tmo-reclaim -q -n -i 6s "$@" /w.slice/a ;;
	*) "$tool" -i 6s "$@" /w.slice/a ;;
	esac
}

replay() {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1:$TMO_ROOT/2:$TMO_ROOT/3
}

full() {
	runs "$1" >/dev/full
}
under_limit() {
	(ulimit -f 0; runs "$@" 2>&1 >"$BATS_TEST_TMPDIR/limited" | cat)
}
under_limit_of_out() {
	(ulimit -f 0; runs "$@" 2>&1 | cat)
}
file_limit() {
	run under_limit "$1"
	[ "$output" = "$1: cannot write to standard output: File too large" ]
	run under_limit_of_out "$1" --out "$BATS_TEST_TMPDIR/m/x.prom"
	[[ $output == *"--out: cannot replace '$BATS_TEST_TMPDIR/m/x.prom'; the old file stays: File too large"* ]]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/m")" ]
}
@test "a limit on the size of files is an error, and no signal that leaves half of one" {
	replay
	mkdir "$BATS_TEST_TMPDIR/m"
	each file_limit
}

full_disk() {
	run --separate-stderr full "$1"
	[ "$status" -eq 2 ]
	[[ $stderr == *"cannot write to standard output"* ]]
}
@test "a write error on stdout ends with status 2" {
	replay
	each full_disk
}

json_is_rows() {
	[ "$1" = cold-scan ] && return 0
	local json rows
	rows=$(runs "$1" -f rows)
	json=$(runs "$1" -f json | jq -r '
		([keys_unsorted[]] | join("\t")) as $head | ([.[] |
			if . == null then "-" else . end] | join("\t")) as $row |
		"#" + $head, $row' | awk '!/^#/ || !seen[$0]++')
	# A number is the same number, however it is written.
	diff <(normal <<<"$rows") <(normal <<<"$json")
}
normal() {
	awk -F'\t' '{ for (i = 1; i <= NF; i++)
		printf "%s%s", $i ~ /^-?[0-9]+\.[0-9]+$/ ? $i + 0 : $i, i < NF ? "\t" : "\n" }' \
		CONVFMT=%.10g OFMT=%.10g
}
@test "json has the names and values of rows" {
	replay
	each json_is_rows
}

one_header() {
	[ "$1" = cold-scan ] && return 0
	local out
	out=$(runs "$1")
	[ "$(grep -c '^#' <<<"$out")" -eq 1 ]
	[[ $out == "#cgroup"$'\t'* ]]
	[ "$(awk -F'\t' '{ print NF }' <<<"$out" | sort -u | wc -l)" -eq 1 ]
	refute grep -qP '\t\t|\t$|^\t' <<<"$out"
	diff <(tail -n +2 <<<"$out") <(runs "$1" -H)
}
@test "rows have one header, no empty cell, the same number of cells; -H has none" {
	replay
	each one_header
}

prom_is_valid() {
	[ "$1" = cold-scan ] && return 0
	runs "$1" -f prometheus | awk '
		/^# HELP [a-z0-9_]+ ./ { next }
		/^# TYPE [a-zA-Z_][a-zA-Z0-9_]* (gauge|counter)$/ { next }
		/^[a-zA-Z_][a-zA-Z0-9_]*\{cgroup="[^"]*"(,[a-z_0-9]+="[^"]*")?\} (-?[0-9.e-]+|\+Inf)$/ { n++; next }
		{ print "bad line: " $0; bad = 1 }
		END { exit bad || !n }'
}
@test "prometheus output is valid exposition text" {
	replay
	each prom_is_valid
}

checks() {
	run --separate-stderr "$1" --check
	[ "$status" -eq 0 ] || [ "$status" -eq 2 ]
	[[ $output == "#feature"$'\t'"state"$'\t'"detail"$'\t'"fix"* ]]
	refute grep -vP '^#|^[^\t]+\t(ok|limited|missing)\t[^\t]+\t[^\t]+$' <<<"$output"
	refute grep -P '\tmissing\t.*\t-$' <<<"$output"
}
@test "--check prints a row a feature, with a fix for what is missing" {
	each checks
	# only the mount is there
	mkdir -p "$BATS_TEST_TMPDIR/bare/sys/fs/cgroup/w.slice"
	TMO_ROOT=$BATS_TEST_TMPDIR/bare each checks
}

stdin_closed() {
	run --separate-stderr runs "$1" <&-
	[ "$status" -le 3 ]
}
@test "a closed stdin is no crash" {
	replay
	each stdin_closed
}

filters_pass() {
	[ "$1" = swap-balance ] || [ "$1" = tmo-reclaim ] || return 0
	local args
	[ "$1" = tmo-reclaim ] && args=-n
	runx 0 "$1" $args - < <(printf '#cgroup\ttime\tmine\tmem_some_pct\tio_some_pct\n/w.slice/a\t1.000\tx y\xc3\xa9\t0.000\t0.000\n')
	[[ $(head -n 1 <<<"$output") == "#cgroup"$'\t'"time"$'\t'"mine"$'\t'"mem_some_pct"$'\t'"io_some_pct"$'\t'* ]]
	[[ $(tail -n 1 <<<"$output") == "/w.slice/a"$'\t'"1.000"$'\t'"x yé"$'\t'"0.000"$'\t'* ]]
}
@test "a filter hands on every column that it read, in order" {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	each filters_pass
}

cut_line() {
	[ "$1" = swap-balance ] || [ "$1" = tmo-reclaim ] || return 0
	run --separate-stderr "$1" - < <(printf '#cgroup\tmem_some_pct\n/w.slice/a\t0.0')
	[ "$status" -eq 2 ]
	one_line "without a newline"
	[ ! -s "$TMO_ROOT/sys/fs/cgroup/w.slice/a/memory.reclaim" ]
}
@test "a cut last line is refused and nothing is written" {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	each cut_line
}

no_text() {
	local args=-
	[ "$1" = cold-scan ] && args='--annotate --source lru-gen'
	# shellcheck disable=SC2086 # a list of words
	runx 2 "$1" $args < <(printf '#cgroup\tmem_some_pct\tio_some_pct\n/w.slice\t0.0\0001\t0.000\n')
	one_line "line 2: a NUL byte"
	# shellcheck disable=SC2086
	runx 2 "$1" $args < <(head -c 3M /dev/zero | tr '\0' x)
	one_line "line 1: longer than a MiB"
}
@test "a NUL byte and an endless line are refused, with the line's number" {
	use_root cold-scan-lru-gen-7.3.4
	each no_text
}

# ends_by SIGNAL IN OUT CMD...: the tool, with those files, ends by it.
ends_by() {
	local signal=$1 in=$2 out=$3
	shift 3
	# shellcheck disable=SC2016 # the inner shell's
	runx $((128 + $(kill -l "$signal"))) bash -c '
		exec timeout -k 4 -s "$0" --preserve-status 0.4 "${@:3}" <"$1" >"$2"' \
		"$signal" "$in" "$out" "$@"
}

# as_filter TOOL: the words that make it one.
as_filter() {
	case $1 in
	cold-scan) echo cold-scan -q --annotate --source lru-gen ;;
	tmo-reclaim) echo tmo-reclaim -n -q - ;;
	*) echo "$1" -q - ;;
	esac
}

empty_cells() {
	local args bad head='#cgroup\tmem_some_pct\tio_some_pct\n'
	read -ra args <<<"$(as_filter "$1")"
	for bad in '/w.slice\t\t7' '/w.slice\t7\t' '\t1\t2'; do
		runx 2 "${args[@]}" < <(printf %b "$head$bad\n")
		[[ $stderr == *": line 2: column '"*"': an empty cell"* ]]
		[[ $output != *$'\t\t'* ]]
	done
	for bad in '#cgroup\ta\t\tb' '#cgroup\ta\t'; do
		runx 2 "${args[@]}" < <(printf %b "$head$bad\n")
		one_line "line 2: a column without a name"
	done
	runx 2 "${args[@]}" < <(printf '#cgroup\ta\033[31m\n')
	one_line "line 1: a control byte in the name of a column"
}
@test "an empty cell, and a name of a column that is none, are refused" {
	use_root cold-scan-lru-gen-7.3.4
	each empty_cells
}

twice() {
	local args
	read -ra args <<<"$(as_filter "$1")"
	runx 2 "${args[@]}" < <(printf '#cgroup\tmem_some_pct\tx\tx\n/w.slice\t0.0\t1\t2\n')
	one_line "line 1: column 'x': the header has it twice"
	runx 2 "${args[@]}" < <(printf '#cgroup\tmem_some_pct\n# b\n#cgroup\tmem_some_pct\tcgroup\n')
	one_line "line 3: column 'cgroup': the header has it twice"
}
# columns N: a header of so many.
columns() {
	printf '#cgroup\tmem_some_pct'
	seq -s '' -f $'\tc%.0f' $(($1 - 2))
	printf '\n'
}

many() {
	local args
	read -ra args <<<"$(as_filter "$1")"
	runx 2 "${args[@]}" < <(columns 4097)
	one_line "line 1: more than 4096 columns"
}

@test "a header of more columns than can be compared with each other is refused" {
	use_root cold-scan-lru-gen-7.3.4
	each many
	run swap-balance < <(columns 4096)
	[[ $output != *'more than'* ]]
}

@test "a column that is there twice is refused: which one counts?" {
	use_root cold-scan-lru-gen-7.3.4
	each twice
	printf '#cgroup\tfloor_bytes\ttime\tfloor_bytes\n/w.slice\t1G\t-\t2G\n' >"$BATS_TEST_TMPDIR/tab"
	for tool in "psi-watch --targets" "tmo-reclaim -n -i 6s --targets"; do
		# shellcheck disable=SC2086 # words
		runx 2 $tool "$BATS_TEST_TMPDIR/tab"
		[[ $stderr == *"$BATS_TEST_TMPDIR/tab"* ]]
		one_line ": line 1: column 'floor_bytes': the header has it twice"
	done
}

marked() {
	local args key=w.slice
	export TMO_ROOT=$BATS_TEST_TMPDIR/pipe-7.3.4/1
	[ "$1" != cold-scan ] || key=web TMO_ROOT=$BATS_TEST_TMPDIR/cold-scan-lru-gen-7.3.4
	read -ra args <<<"$(as_filter "$1")"
	runx 0 "${args[@]}" < <(printf '\xef\xbb\xbf#cgroup\tmem_some_pct\tio_some_pct\n/%s\t0.0\t0.0\n' "$key")
	[[ ${lines[0]} == $'#cgroup\tmem_some_pct\tio_some_pct\t'* ]]
	[[ ${lines[1]} == /$key$'\t0.0\t0.0\t'* ]]
	# cat a b, of bare paths as well
	runx 0 "${args[@]}" < <(printf '\xef\xbb\xbf# paths\n\xef\xbb\xbf/%s\n' "$key")
	[[ ${lines[1]} == /$key$'\t'* ]]
}
@test "the byte order mark of an editor is passed over" {
	use_root pipe-7.3.4
	use_root cold-scan-lru-gen-7.3.4
	each marked
}

@test "a limit or a pressure below 0 is refused" {
	local tool column
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1
	for column in "tmo-reclaim mem_limit_pct" "tmo-reclaim io_limit_pct" "tmo-reclaim io_some_pct" \
		"tmo-reclaim floor_bytes" "tmo-reclaim max_step_bytes" \
		"psi-watch mem_limit_pct" "psi-watch io_limit_pct" "psi-watch floor_bytes" \
		"psi-watch max_step_bytes" "psi-watch swap_write_limit_bytes_per_s" \
		"swap-balance swap_write_limit_bytes_per_s"; do
		read -r tool column <<<"$column"
		read -ra args <<<"$(as_filter "$tool")"
		runx 2 "${args[@]}" < <(printf '#cgroup\tmem_some_pct\t%s\n/w.slice\t0.0\t-1\n' "$column")
		one_line "line 2: column"
		[[ $stderr == *"$column"*"'-1' is "* ]]
	done
	runx 2 tmo-reclaim -n < <(printf '#cgroup\tmem_some_pct\n/w.slice\t-1\n')
	one_line "line 2: column mem_some_pct: '-1' is less than 0"
	for column in 'mem_some_pct < -1' 'mem_some_us > -1' 'mem_some_pct -1' 'mem_some_pct > -1%'; do
		runx 2 psi-watch --until "$column" /w.slice
		one_line "--until: '$column': expected"
	done
}

reads_open() {
	local args signal
	read -ra args <<<"$(as_filter "$1")"
	for signal in TERM INT HUP; do
		ends_by "$signal" "$BATS_TEST_TMPDIR/fifo" /dev/null "${args[@]}"
	done
}
@test "a read of a pipe that stays open ends at a signal" {
	use_root cold-scan-lru-gen-7.3.4
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	each reads_open
}

writes_stalled() {
	local args signal
	read -ra args <<<"$(as_filter "$1")"
	for signal in TERM INT; do
		ends_by "$signal" "$BATS_TEST_TMPDIR/rows" "$BATS_TEST_TMPDIR/fifo" "${args[@]}"
	done
}
@test "a write that nobody reads ends at a signal" {
	use_root cold-scan-lru-gen-7.3.4
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	{ printf '#cgroup\tmem_some_pct\tio_some_pct\tx\n'; yes "/w$(printf '\t0\t0\t%099d' 0)" | head -n 9000; } >"$BATS_TEST_TMPDIR/rows"
	# psi-watch, a source, has a row for each cgroup
	(cd "$TMO_ROOT/sys/fs/cgroup" && seq -f "%0200.0f" 600 | xargs mkdir)
	for signal in TERM INT; do
		ends_by "$signal" /dev/null "$BATS_TEST_TMPDIR/fifo" psi-watch -q -r -o cgroup,time /
	done
	each_filter writes_stalled
}

# nonblocking CMD...: with O_NONBLOCK set for its stdin and stdout; in a subshell,
# which becomes CMD.
nonblocking() {
	exec python3 -c 'import os, sys
for fd in 0, 1:
    os.set_blocking(fd, False)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

waits_nonblocking() {
	local args
	read -ra args <<<"$(as_filter "$1")"
	# 30,000 rows are more than any pipe holds
	(sleep 0.7; yes /no | head -n 30000) | nonblocking "${args[@]}" |
		(sleep 1; cat) >"$BATS_TEST_TMPDIR/out"
	[ "${PIPESTATUS[*]}" = "0 0 0" ] || [ "${PIPESTATUS[*]}" = "0 3 0" ]
	[ "$(grep -c ^/no "$BATS_TEST_TMPDIR/out")" -eq 30000 ]
}
@test "pipes in O_NONBLOCK mode are waited for" {
	use_root cold-scan-lru-gen-7.3.4
	each_filter waits_nonblocking
}

@test "a pipe in O_NONBLOCK mode is no spin" {
	use_root cold-scan-lru-gen-7.3.4
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	nonblocking swap-balance -q - <"$BATS_TEST_TMPDIR/fifo" >/dev/null 3>&- &
	pid=$!
	sleep 1
	ticks=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	echo "ticks: $ticks"
	kill "$pid"
	wait "$pid" || true
	[ "$ticks" -le 20 ]
}

ignores_hup() {
	local args
	read -ra args <<<"$(as_filter "$1")"
	# shellcheck disable=SC2016 # the inner shell's
	runx 143 bash -c 'trap "" HUP; "${@:2}" <"$1" >/dev/null &
		sleep 0.4; kill -HUP $!; sleep 0.1; kill -TERM $!; wait $!' \
		bash "$BATS_TEST_TMPDIR/fifo" "${args[@]}"
}
@test "a signal that was ignored at the start stays so" {
	use_root cold-scan-lru-gen-7.3.4
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	exec 7<>"$BATS_TEST_TMPDIR/fifo"
	each ignores_hup
}

closed_is_null() {
	local file=$BATS_TEST_TMPDIR/file
	printf '#cgroup\ttime\n' >"$file"
	(runs "$1" >&- <>"$file") || [ "$1" = cold-scan ]
	[ "$(wc -l <"$file")" -eq 1 ]
	runx 0 "$1" -V <&-
	[ -n "$output" ]
}
@test "a closed stdout is /dev/null, and not the input" {
	replay
	each closed_is_null
}

hostile() {
	# shellcheck disable=SC2016 # the inner shell's
	run --separate-stderr "$1" -q -c 1 -i 6s $'/no\e]0;such\a\xc2\x9bm'
	[[ $stderr == *'/no\x1b]0;such\x07\xc2\x9bm'* ]]
	refute grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2\x9b' <<<"$stderr"
}
@test "no control byte of a name reaches the terminal in a message" {
	use_root cold-scan-lru-gen-7.3.4
	each hostile
}

long_name() {
	run --separate-stderr "$1" -q -c 1 -i 6s "/$(printf 'x%.0s' {1..3000})/../y"
	[ "$status" -eq 2 ]
	[[ $stderr == "$1: '/xxx"*"xx..xx"*"/../y' is not a cgroup path below the mount" ]]
	# each byte of it is four there
	run --separate-stderr "$1" -q -c 1 -i 6s "/$(printf '\e%.0s' {1..3000})/../y"
	[[ $stderr == *"/../y' is not a cgroup path below the mount" ]]
}
@test "a long name in a message loses its middle, and not the reason" {
	use_root cold-scan-lru-gen-7.3.4
	each long_name
}

has_levels() {
	local err=$BATS_TEST_TMPDIR/err stream
	: >"$err"
	stream=$(stat -c %d:%i "$err")
	JOURNAL_STREAM=$stream "$1" --no-such 2>"$err" || [ $? -eq 2 ]
	[[ $(<"$err") == "<3>$1: unknown option"* ]]
	JOURNAL_STREAM=1:1 "$1" --no-such 2>"$err" || [ $? -eq 2 ]
	[[ $(<"$err") == "$1: unknown option"* ]]
}
@test "a message has its level where the journal takes it" {
	each has_levels
	use_root cold-scan-lru-gen-7.3.4
	stream=$(stat -c %d:%i "$BATS_TEST_TMPDIR/err")
	JOURNAL_STREAM=$stream tmo-reclaim </dev/null 2>"$BATS_TEST_TMPDIR/err" || [ $? -eq 1 ]
	[[ $(<"$BATS_TEST_TMPDIR/err") == "<4>tmo-reclaim: no row came"* ]]
}
