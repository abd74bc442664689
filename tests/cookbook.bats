# The recipes of tmo-cookbook(7) and the examples of the other pages, taken from the
# pages.  They run over a recording, and write to a directory instead of /run and /etc.
load helpers

setup() {
	use_root pipe-7.3.4
	ROOT=$TMO_ROOT
	export TMO_ROOT=$ROOT/1:$ROOT/2:$ROOT/3
	RUN=$BATS_TEST_TMPDIR/run
	OFF=$RUN/tmo-reclaim.off
	mkdir "$RUN"
}

# moved FILE: the example, with the places and cgroups that there are here.
moved() {
	sed -i "s,/run/,$RUN/,g; s,/workload.slice,/w.slice,g; s,batch,quiet,g
		s,/sys/fs/cgroup,$ROOT/1&,; s,/etc/tmo,$RUN/etc,g" "$1"
	[ -s "$1" ]
	sh -n "$1"
}

# recipe SECTION: its commands, in $RECIPE.
recipe() {
	RECIPE=$BATS_TEST_TMPDIR/recipe
	examples tmo-cookbook.7 "$1"
	cat "$EXAMPLES"/* >"$RECIPE"
	moved "$RECIPE"
}

# run_examples PAGE SECTION STATUS...: each ends by itself with that status.
# "-" is one that is not run here.
run_examples() {
	local page=$1 section=$2 example
	shift 2
	examples "$page" "$section"
	[ "$(find "$EXAMPLES" -type f | wc -l)" -eq $# ]
	cd "$RUN" || return
	for example in "$EXAMPLES"/*; do
		if [ "$1" != - ]; then
			moved "$example"
			sed -i 's,/web.slice,/w.slice,; s,/system.slice,/w.slice,; s,^\* .* root ,,
				s,/a /b ,/w.slice/a /w.slice/b ,; '"s,/var/lib/cold,$RUN/ages,
				s,swap-balance,& -S $RUN/state," "$example"
			cat "$example"
			runx "$1" timeout 30 sh -e "$example" </dev/null
			refute grep 'cannot use' <<<"$stderr"
		fi
		shift
	done
}

@test "every recipe is a script without a fault of syntax" {
	n=0
	while read -r section; do
		recipe "$section"
		n=$((n + 1))
	done < <(sed -n 's/^# \([A-Z, ]*\)$/\1/p' "$TESTS/../man/tmo-cookbook.7.scd" |
		grep -v 'NAME\|DESCRIPTION\|SEE ALSO')
	[ "$n" -eq 8 ]
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

# redis CALLS [BOUND COUNT]...: what redis-cli answers, in turn.
redis() {
	local n
	n=$(find "$BATS_TEST_TMPDIR" -name 'answer.*' | wc -l)
	printf '%s\n' get calls "$1" histogram_usec "${@:2}" '' >"$BATS_TEST_TMPDIR/answer.$((n + 1))"
}

# program NAME LINE...: one of that name, found first.
program() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '%s\n' '#!/bin/sh' "${@:2}" >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
}

@test "the latency of an application: one GET in a hundred over the goal is 100, and stops its reclaim" {
	redis 1000 132 600 1056 995 4227 1000
	redis 3000 132 1800 1056 2965 8454 3000
	redis 3000 132 1800 1056 2965 8454 3000
	redis 100 64 100
	redis 600 64 600
	at=$BATS_TEST_TMPDIR
	program sleep "n=\$((\$(cat $at/n 2>/dev/null) + 1)); echo \$n >$at/n; cp $RUN/harm.tab $at/tab.\$n; [ -e $at/answer.\$n ]"
	program redis-cli '[ "$*" = "latency histogram get" ] || exit 1' "cat $at/answer.\$(cat $at/n)"
	program date "[ \"\$*\" = +%s ] && head -n 1 $at/now"
	PATH=$at/bin:$PATH
	# of the newest sample of the recording
	psi-watch -H -o time -r -i 5s /w.slice | sed -n '$s/\..*//p' >"$at/now"
	examples tmo-cookbook.7 "THE LATENCY OF AN APPLICATION"
	[ "$(find "$EXAMPLES" -type f | wc -l)" -eq 3 ]
	for example in "$EXAMPLES"/*; do
		moved "$example"
		sed -i "s,/w.slice/redis.service,/w.slice/a,; s,swap-balance,& -S $RUN/state," "$example"
	done
	runx 0 sh -e "$EXAMPLES/01"
	[ "$(cat "$at"/tab.* | awk -F'\t' '/^\/w.slice\/a\t/ { print $2 }' | xargs)" = "50 150 150 - 0" ]
	same "" # nor a word else

	cp "$at/tab.3" "$RUN/harm.tab"
	runx 0 sh -e "$EXAMPLES/03"
	[ "$(awk -F'\t' '$1 == "/w.slice/a" { print $NF }' <<<"$output" | tail -n 1)" = harm ]
	# who watches the application is gone
	sed -i "s/$(cat "$at/now")\$/1700000000/" "$RUN/harm.tab"
	runx 0 sh -e "$EXAMPLES/03"
	grep -q $'^/w.slice/a\t' <<<"$output"
	refute grep -q 'harm$' <<<"$output"
}

@test "the latency of nginx: the requests of the last thirty seconds count, and fewer than 500 are unknown" {
	at=$BATS_TEST_TMPDIR
	{
		echo '969.999 9.000'
		for _ in {1..495}; do echo '970.001 0.050'; done
		for _ in {1..4}; do echo '999.000 0.051'; done
		echo '1000.000 1.000'
	} >"$at/log"
	program sleep "n=\$((\$(cat $at/n 2>/dev/null) + 1)); echo \$n >$at/n; cp $RUN/harm.tab $at/tab.\$n; [ \$n = 1 ] || sed -i 2d $at/log; [ \$n -le 2 ]"
	program date "echo 1000"
	PATH=$at/bin:$PATH
	examples tmo-cookbook.7 "THE LATENCY OF AN APPLICATION"
	moved "$EXAMPLES/02"
	sed -i "s,/var/log/nginx/harm.log,$at/log," "$EXAMPLES/02"
	runx 0 sh -e "$EXAMPLES/02"
	[ "$(cat "$at"/tab.* | awk -F'\t' '/nginx/ { print $2 " " $3 }' | xargs)" = "100 1000 - 1000" ]
	same ""
}

@test "a table of all services is one that the tools take" {
	recipe "A TABLE OF ALL SERVICES"
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

# stub NAME: a program of that name that takes what it is given.
stub() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexec cat\n' >"$BATS_TEST_TMPDIR/bin/$1"
	chmod +x "$BATS_TEST_TMPDIR/bin/$1"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "the examples of psi-watch(1)" {
	stub logger
	stub backup
	# the recording is too short for a quiet minute
	run_examples psi-watch.1 EXAMPLES 0 1 0 0 0
}

@test "the examples of tmo-rows(5)" {
	run_examples tmo-rows.5 EXAMPLES 0 0
	[[ $output == *$'\t'* ]]
}

@test "the examples of swap-balance(8)" {
	# without zram there is nothing to maintain
	run_examples swap-balance.8 EXAMPLES 0 0 0 1 1 0 0
	grep -qP '^/w.slice/a\t[0-9.]+\t-\toffloadable_anon\t[1-9]' <<<"$output"
}

@test "the examples of tmo-reclaim(8)" {
	# a recorded memory.reclaim takes nothing of the 200M, and nothing there is frozen
	run_examples tmo-reclaim.8 EXAMPLES 0 0 1 0 0 - 0 0
	[ -s "$RUN/a" ]
	[ -s "$RUN/b" ]
	[ "$(cat "$OFF")" = /w.slice/db.service ]
}

@test "the examples of cold-scan(8)" {
	use_root cold-scan-page-idle-7.3.4
	ROOT=$TMO_ROOT
	mkdir "$ROOT"/{1,2,3}/sys/fs/cgroup/w.slice
	export TMO_ROOT=$ROOT/1:$ROOT/2:$ROOT/3
	run_examples cold-scan.8 EXAMPLES 0 0 0 0 - -
}

@test "FIRST HOUR, the rows that need you, and the table of tmo(7)" {
	run_examples tmo.7 "FIRST HOUR" 0 0 0 - 0 0 -
	run_examples tmo.7 "WHEN IT DOES NOTHING" 0
	mkdir "$RUN/etc"
	run_examples tmo.7 "TUNING PER SERVICE" 0
	runx 0 tmo-reclaim -q --check --targets "$RUN/etc/tmo.tab"
}
