# -h, the man page and the three completions name the same options.
load helpers

TOOLS=(psi-watch cold-scan swap-balance tmo-reclaim)

page() {
	echo "$TESTS"/../man/"$1".[18].scd
}

# The long options, and the columns, as -h lists them.
longs() {
	"$1" -h | sed -n '/^options:/,/^columns:/s/^ \{2,6\}\(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\2/p'
}
columns() {
	"$1" -h | sed -n '/^columns:/,$s/^  \([a-z0-9_]*\) .*/\1/p'
}

@test "every option of -h is in the man page" {
	for tool in "${TOOLS[@]}"; do
		[ "$(longs "$tool" | wc -l)" -ge 8 ]
		for option in $(longs "$tool"); do
			echo "$tool --$option"
			grep -q -- "\*--$option\*" "$(page "$tool")"
		done
	done
}

# The options that begin an entry of the page's OPTIONS.
entries() {
	sed -n '/^# OPTIONS/,/^# [A-NP-Z]/s/^\*-.*--\([a-z-]*\)\*.*/\1/p' "$(page "$1")"
}

@test "every option in the man page is in -h" {
	for tool in "${TOOLS[@]}"; do
		[ "$(entries "$tool" | wc -l)" -ge 5 ]
		while read -r option; do
			echo "$tool --$option"
			longs "$tool" | grep -qx -- "$option"
		done < <(entries "$tool")
	done
}

@test "every option is in the three completions" {
	for tool in "${TOOLS[@]}"; do
		for file in bash/$tool zsh/_$tool fish/$tool.fish; do
			for option in $(longs "$tool"); do
				echo "completions/$file --$option"
				grep -q -- "\b$option\b" "$TESTS/../completions/$file"
			done
		done
	done
}

@test "every column of -h is in the man page" {
	for tool in "${TOOLS[@]}"; do
		[ "$(columns "$tool" | wc -l)" -ge 5 ]
		for column in $(columns "$tool"); do
			echo "$tool $column"
			sed 's/\\//g' "$(page "$tool")" | grep -q "\b$column\b"
		done
	done
}

@test "completions load in their shells" {
	for tool in "${TOOLS[@]}"; do
		bash -n "$TESTS/../completions/bash/$tool"
		zsh -n "$TESTS/../completions/zsh/_$tool"
		fish -n "$TESTS/../completions/fish/$tool.fish"
	done
}

# reasons: what -h says of each, "NAME KIND", sorted.
reasons() {
	tmo-reclaim -h | sed -n '/^columns:/q;s/^  \([a-z_]*\)  *\(works\|waits\|cannot\|broken\)  .*/\1 \2/p' |
		sort
}

# told PAGE: the reasons that tmo(7) has below a heading of each kind.
told() {
	awk '/^# / { on = $0 == "# WHEN IT DOES NOTHING" }
		on && /^## It / { kind = $NF }
		on && /^\|  [a-z]/ { gsub(/\\/, ""); print $2, kind }' "$1" | sort
}

@test "tmo(7) has each reason once, under the heading of its kind" {
	[ "$(reasons | wc -l)" -ge 40 ]
	diff <(reasons) <(told "$TESTS"/../man/tmo.7.scd)
}

@test "tmo-reclaim(8) has each reason once, with its kind" {
	diff <(reasons) <(awk '/^# / { on = $2 == "DESCRIPTION" }
		on && /^\|  \*[a-z_]*\*$/ { gsub(/[\\*]/, ""); name = $2; next }
		on && name && /^:  / { print name, $2; name = "" }' \
		"$TESTS"/../man/tmo-reclaim.8.scd | sort)
}

# Of a page as a terminal of 80 columns shows it.
@test "no page is wider than 78 columns, and no name is hyphenated" {
	export LC_ALL=C.UTF-8
	for page in "$TESTS"/../man/*.scd; do
		page=$TMO_BUILD/man/$(basename "$page" .scd)
		MANWIDTH=78 man -l "$page" 2>/dev/null | command col -bx >"$BATS_TEST_TMPDIR/text"
		echo "$page"
		grep -q '^SEE ALSO' "$BATS_TEST_TMPDIR/text"
		refute grep -n '^.\{79\}' "$BATS_TEST_TMPDIR/text"
		refute grep -n '[a-z][-‐]$' "$BATS_TEST_TMPDIR/text"
	done
}

# Where groff shows a bare ' or - as another character, it cannot be pasted.
@test "in an example, quotes and hyphens are those of ASCII in each locale" {
	for page in "$TESTS"/../man/*.scd; do
		sed -n '/^\.nf$/,/^\.fi$/{/^\./d;p}' "$TMO_BUILD/man/$(basename "$page" .scd)" >"$BATS_TEST_TMPDIR/text"
		echo "$page"
		[ -s "$BATS_TEST_TMPDIR/text" ]
		refute grep -nE "(^|[^\\\\])['^\`~-]|\\\\&'" "$BATS_TEST_TMPDIR/text"
	done
}

@test "at 60 columns every table fits" {
	export LC_ALL=C.UTF-8
	for page in "$TESTS"/../man/*.scd; do
		page=$TMO_BUILD/man/$(basename "$page" .scd)
		echo "$page"
		# an example, whose lines are as they must be typed, is no table
		sed '/^\.nf$/,/^\.fi$/d' "$page" >"$BATS_TEST_TMPDIR/page"
		MANWIDTH=60 man -l "$BATS_TEST_TMPDIR/page" 2>/dev/null | command col -bx >"$BATS_TEST_TMPDIR/text"
		grep -q '^SEE ALSO' "$BATS_TEST_TMPDIR/text"
		refute grep -n '^.\{61\}' "$BATS_TEST_TMPDIR/text"
	done
}
