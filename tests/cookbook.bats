# The recipes of tmo-cookbook(7), taken from the page.  Only where they look and
# write is another place: the root of a recording, and a directory for /run.
load helpers

setup() {
	use_root pipe-7.3.4
	ROOT=$TMO_ROOT
	export TMO_ROOT=$ROOT/1:$ROOT/2:$ROOT/3
	RUN=$BATS_TEST_TMPDIR/run
	OFF=$RUN/tmo-reclaim.off
	mkdir "$RUN"
}

# recipe SECTION: its commands, in $RECIPE.
recipe() {
	RECIPE=$BATS_TEST_TMPDIR/recipe
	awk -v section="# $1" '
		/^# / { within = $0 == section }
		within && /^```/ { open = !open; next }
		within && open { gsub(/\\\\/, "\\"); print; n++ }
		END { exit !n }' "$TESTS/../man/tmo-cookbook.7.scd" |
		sed "s,/run/,$RUN/,g; s,/workload.slice,/w.slice,g; s,batch,quiet,g
			s,/sys/fs/cgroup,$ROOT/1&,; s,/etc/tmo,$RUN/etc,g" >"$RECIPE"
	[ -s "$RECIPE" ]
	sh -n "$RECIPE"
}

@test "every recipe is a script without a fault of syntax" {
	n=0
	while read -r section; do
		recipe "$section"
		n=$((n + 1))
	done < <(sed -n 's/^# \([A-Z, ]*\)$/\1/p' "$TESTS/../man/tmo-cookbook.7.scd" |
		grep -v 'NAME\|DESCRIPTION\|SEE ALSO')
	[ "$n" -eq 7 ]
}

@test "hours of the day" {
	recipe "HOURS OF THE DAY"
	mkdir "$BATS_TEST_TMPDIR/bin"
	for hour in 00 06 07 12 21 22 23; do
		printf '#!/bin/sh\necho %s\n' $hour >"$BATS_TEST_TMPDIR/bin/date"
		chmod +x "$BATS_TEST_TMPDIR/bin/date"
		PATH=$BATS_TEST_TMPDIR/bin:$PATH sh -e "$RECIPE"
		case $hour in
		07 | 12 | 21) [ -e "$OFF" ] ;;
		*) [ ! -e "$OFF" ] ;;
		esac
	done
}

@test "wait for quiet before a backup" {
	recipe "WAIT FOR QUIET BEFORE A BACKUP"
	sh -e "$RECIPE"
	[ -s "$RUN/backup.tar" ]
	rm "$RUN/backup.tar"
	sed -i 's/io_full_pct < 20%/io_full_pct < 0.001%/' "$RECIPE"
	runx 0 sh "$RECIPE"
	[[ $stderr == *"no quiet time"* ]]
	[ ! -e "$RUN/backup.tar" ]
}

@test "a policy for each tenant reaches the rows" {
	recipe "A POLICY FOR EACH TENANT"
	sed -i "s,swap-balance,& -S $RUN/state," "$RECIPE"
	runx 0 sh "$RECIPE"
	column=$(head -n 1 <<<"$output" | tr '\t' '\n' | grep -n '^mem_limit_pct$' | cut -d : -f 1)
	[ "$(awk -F '\t' -v c="$column" '$1 ~ /quiet/ { print $c; exit }' <<<"$output")" = 1.000 ]
	[ "$(awk -F '\t' -v c="$column" '$1 == "/w.slice/a" { print $c; exit }' <<<"$output")" = - ]
}

@test "a table from what runs is one that the tools take" {
	recipe "A TABLE FROM WHAT RUNS"
	export TMO_ROOT=$ROOT/1
	runx 0 sh -e "$RECIPE"
	grep -qP '^/w.slice/a\t64M$' "$RUN/etc/tmo.tab"
}

@test "room before a large start: status 1 is no failure" {
	recipe "MAKE ROOM BEFORE A LARGE START"
	export TMO_ROOT=$ROOT/1
	runx 0 sh "$RECIPE"
	[ "${lines[0]}" = "#cgroup	reason	got_bytes" ]
	[[ ${lines[1]} =~ ^/w.slice$'\t'[a-z_]+$'\t'[0-9]+$ ]]
}
