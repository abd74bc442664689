# helpers.bash - loaded by every bats file: load helpers (or ../helpers).
# shellcheck shell=bash disable=SC2154 # bats' run sets status, output, stderr
bats_require_minimum_version 1.5.0

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TMO_BUILD=${TMO_BUILD:-$TESTS/../build}
TMO_BUILD=$(cd "$TMO_BUILD" && pwd)
PATH=$TMO_BUILD:$PATH
export PATH TESTS TMO_BUILD LC_ALL=C TZ=UTC NO_COLOR=1
unset TMO_ROOT

# use_root NAME: copies the fixture and makes it the tools' root.
use_root() {
	cp -a "$TESTS/fixtures/$1" "$BATS_TEST_TMPDIR/$1"
	export TMO_ROOT="$BATS_TEST_TMPDIR/$1"
}

# runx STATUS CMD...: run, with that exact status; $output and $stderr apart.
runx() {
	local want=$1
	shift
	run --separate-stderr "$@"
	if [ "$status" -ne "$want" ]; then
		printf 'command: %s\nstatus %s, want %s\nstdout:\n%s\nstderr:\n%s\n' \
			"$*" "$status" "$want" "$output" "${stderr:-}"
		return 1
	fi
}

# same WANT: $output is exactly that text.
same() {
	[ "$output" = "$1" ] && return
	diff <(printf '%s\n' "$1") <(printf '%s\n' "$output")
}

# one_line TEXT: stderr is a single line that holds TEXT.
one_line() {
	if [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] &&
		[[ $stderr == *"$1"* ]]; then
		return
	fi
	printf 'want one line with: %s\nstderr:\n%s\n' "$1" "$stderr"
	return 1
}

# refute CMD...: succeeds where it fails; "!" does not end a test.
refute() {
	if "$@"; then
		return 1
	fi
}

# col NAME: the cells of that column from rows on stdin, a line each.
col() {
	awk -F'\t' -v name="$1" '
		/^#cgroup|^#feature/ { sub(/^#/, ""); c = 0
			for (i = 1; i <= NF; i++) if ($i == name) c = i; next }
		!/^#/ { print c ? $c : "NOCOL" }'
}

# retry SECONDS CMD...: until it succeeds; fails after that time.
retry() {
	local until=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$until" ] || return 1
		sleep 0.1
	done
}

# examples PAGE SECTION: a file for each, in $EXAMPLES, as a reader sees it.
examples() {
	EXAMPLES=$BATS_TEST_TMPDIR/examples
	rm -rf "$EXAMPLES"
	mkdir "$EXAMPLES"
	awk -v section="# $2" -v out="$EXAMPLES/" '
		/^# / { within = $0 == section }
		within && /^```/ { open = !open; n += open; next }
		within && open { gsub(/\\\\/, "\\"); print >sprintf("%s%02d", out, n) }
		END { exit !n }' "$TESTS/../man/$1.scd"
}
