# cold-scan over recorded roots: ages, views, state, refusals.
# shellcheck disable=SC2030,SC2031,SC2154,SC2016
load helpers

# Three passes about a minute apart; the key figures were computed apart from
# the program, page by page.
idle() {
	use_root cold-scan-page-idle-7.3.4
	R=$TMO_ROOT
	export TMO_ROOT=$R/1:$R/2:$R/3
}

HEADER=$'#cgroup\ttime\tsource\tverdict\tage_us\tanon_bytes\tfile_bytes\tcold_anon_bytes\tcold_file_bytes'
# Of what the first pass met it leaves three cold frames unmarked, as each pass
# does: they have no age before the second.

@test "passes over a recording tell the cold of each cgroup, descendants included" {
	idle
	runx 0 cold-scan -r -a 1m,2m -i 1m -c 2 /
	same "$HEADER
/	1795390071.390	page-idle	suspect:scanner	60000000	3555328	516096	2428928	86016
/	1795390071.390	page-idle	suspect:scanner	120000000	3555328	516096	-	-
/batch	1795390071.390	page-idle	suspect:scanner	60000000	385024	0	376832	0
/batch	1795390071.390	page-idle	suspect:scanner	120000000	385024	0	-	-
/web	1795390071.390	page-idle	suspect:scanner	60000000	3076096	0	2011136	0
/web	1795390071.390	page-idle	suspect:scanner	120000000	3076096	0	-	-
/	1795390149.510	page-idle	ok	60000000	3551232	516096	2441216	434176
/	1795390149.510	page-idle	suspect:scanner	120000000	3551232	516096	2428928	86016
/batch	1795390149.510	page-idle	ok	60000000	385024	0	385024	0
/batch	1795390149.510	page-idle	suspect:scanner	120000000	385024	0	376832	0
/web	1795390149.510	page-idle	ok	60000000	3076096	0	2015232	0
/web	1795390149.510	page-idle	suspect:scanner	120000000	3076096	0	2011136	0"
}

@test "without -i and -c there is one sample, when the oldest age can be told" {
	idle
	runx 0 cold-scan -a 1m,2m /web
	same "$HEADER
/web	1795390149.510	page-idle	ok	60000000	3076096	0	2015232	0
/web	1795390149.510	page-idle	suspect:scanner	120000000	3076096	0	2011136	0"
}

@test "a pass that takes longer than -i is told of, once" {
	local n=0 clock
	idle
	runx 0 cold-scan -a 1m -i 1m -c 2 /web
	[ -z "$stderr" ]
	# A clock that moves on by two minutes at each look.
	rm "$R"/[123]/proc/uptime
	mkfifo "$R/uptime"
	ln "$R/uptime" "$R/1/proc/uptime"
	ln "$R/uptime" "$R/2/proc/uptime"
	ln "$R/uptime" "$R/3/proc/uptime"
	while echo "$((n += 120)).00 0.00" >"$R/uptime"; do :; done 3>&- 2>/dev/null &
	clock=$!
	run --separate-stderr cold-scan -a 1m -i 1m -c 2 /web
	kill "$clock"
	[ "$status" -eq 0 ]
	[[ $stderr == *"a pass took "*"m, which is longer than -i" ]]
	one_line "which is longer than -i"
}

@test "an age that is not reached is -, not 0" {
	idle
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m /web
	same "$HEADER
/web	1795390008.320	page-idle	ok	60000000	3076096	0	-	-"
}

@test "where nothing can be known it is -, and never 0 and ok" {
	unknown() {
		runx "$1" cold-scan -a 2m --strict "${@:3}" -o cgroup,verdict,anon_bytes,cold_anon_bytes
		one_line "$2"
		[ "$(tail -n +2 <<<"$output" | cut -f1,3- | tail -n 1)" = $'/web\t-\t-' ]
		[ "$(col verdict <<<"$output" | tail -n 1)" = "suspect:$verdict" ]
	}
	local verdict=scanner,memcg
	idle
	rm "$R"/[123]/sys/fs/cgroup/web/memory.*
	unknown 3 "/web: its pages cannot be identified" /web
	for view in --promotions --recommend --histogram "--percentiles 50" --coverage; do
		# shellcheck disable=SC2086 # words
		runx 0 cold-scan -a 2m $view /web
		refute grep -qP '\tok\t|\t0(\t|$)' <<<"$output"
	done
	# In a cgroup namespace lru_gen has the path from the system's root.
	use_root cold-scan-lru-gen-7.3.4
	sed -i 's,/web,/box/web,' "$TMO_ROOT/sys/kernel/debug/lru_gen"
	verdict=memcg
	unknown 3 "/web: its pages cannot be identified" /web
	runx 0 bash -o pipefail -c '{ sleep 1; printf "#cgroup\n/web\n"; } | cold-scan --annotate -a 4s -o verdict,anon_bytes'
	[ "$(tail -n 1 <<<"$output")" = $'/web\tsuspect:memcg\t-' ]
	one_line "/web: its pages cannot be identified"
	echo 1000 >"$TMO_ROOT/sys/fs/cgroup/memory.current"
	runx 2 cold-scan --source lru-gen /
	one_line "run outside of it"
	rm -r "$R"
	idle
	verdict=sample
	unknown 3 "/web: --sample chose no page of it" --sample 1/1048576 /web
}

@test "what cannot be read is an error or -, and never 0 and ok" {
	idle
	for fault in bitmap:read:EIO:2 kpageflags:read:EIO:2 kpagecgroup:read:EIO:2; do
		runx 2 env FAULT=$fault LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 1m /web
		one_line "cannot scan: Input/output error"
	done
	for file in proc/kpageflags sys/kernel/mm/page_idle/bitmap; do
		rm -r "$R"
		idle
		: >"$R/2/$file"
		runx 2 cold-scan -a 1m /web
		one_line "cannot scan: Input/output error"
	done
	# Whose pages they are is not told of all: a thread lacks it, or it ends before them.
	rm -r "$R"
	idle
	runx 2 env FAULT=kpagecgroup:open:EMFILE:3 LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 1m --jobs 2 -r /
	one_line "cannot scan: Too many open files"
	for bytes in 0 6000; do
		rm -r "$R"
		idle
		truncate -s "$bytes" "$R/2/proc/kpagecgroup"
		runx 2 cold-scan -a 1m -r /
		one_line "cannot scan: Input/output error"
	done
	# Nothing tells whose pages they are: those of the machine are known.
	rm -r "$R"
	idle
	rm "$R"/[123]/proc/kpagecgroup
	runx 0 cold-scan -a 1m -o cgroup,anon_bytes,cold_anon_bytes / /web
	same "#cgroup	anon_bytes	cold_anon_bytes
/	3555328	2428928
/web	-	-"
	one_line "/web: its pages cannot be identified"
	# No memory, or more than a processor can address.
	for ram in 00000000-00000000 00000000-ffffffffffffffff fffffffffffff000-ffffffffffffffff; do
		rm -r "$R"
		idle
		sed -i "s/.*System RAM/$ram : System RAM/" "$R"/[123]/proc/iomem
		runx 2 cold-scan -a 1m /
		one_line "neither /proc/iomem nor /proc/zoneinfo"
	done
	# lru_gen without a list, or with numbers that cannot be.
	use_root cold-scan-lru-gen-7.3.4
	sed -i 's/16386/18446744073709551615/' "$TMO_ROOT/sys/kernel/debug/lru_gen"
	runx 2 cold-scan -a 4s /web
	one_line "cannot scan: Bad message"
	: >"$TMO_ROOT/sys/kernel/debug/lru_gen"
	runx 0 cold-scan -a 4s -o cgroup,verdict,anon_bytes /
	same "#cgroup	verdict	anon_bytes
/	suspect:memcg	-"
	# A cgroup that is gone when its processes are asked for is no lack of a right.
	rm -r "$TMO_ROOT"
	use_root cold-scan-lru-gen-7.3.4
	rm "$TMO_ROOT/sys/fs/cgroup/web/app/cgroup.procs"
	runx 0 cold-scan -a 4s -o cgroup,verdict /web
	[ "$(col verdict <<<"$output")" = suspect:file,shared ]
	[ -z "$stderr" ]
}

@test "a cgroup with a TAB in its name counts for the one above, and it is said" {
	idle
	for t in 1 2 3; do
		mkdir "$R/$t/sys/fs/cgroup/all"
		echo 4096 >"$R/$t/sys/fs/cgroup/all/memory.current"
		mv "$R/$t/sys/fs/cgroup/web" "$R/$t/sys/fs/cgroup/all/we"$'\t'b
	done
	runx 0 cold-scan -a 2m -r -o cgroup,cold_anon_bytes /
	one_line "a cgroup with a TAB in its name has no row"
	same "#cgroup	cold_anon_bytes
/	2428928
/all	2011136
/batch	376832"
	use_root cold-scan-lru-gen-7.3.4
	sed -i 's,/web/app,/web/a'$'\t''pp,' "$TMO_ROOT/sys/kernel/debug/lru_gen"
	mv "$TMO_ROOT/sys/fs/cgroup/web/app" "$TMO_ROOT/sys/fs/cgroup/web/a"$'\t'pp
	runx 0 cold-scan -a 4s -r -o cgroup,anon_bytes /web
	same "#cgroup	anon_bytes
/web	117514240"
}

@test "coverage: by node, and where no page was chosen, no row tells what is not known" {
	idle
	runx 0 cold-scan -a 1m --coverage --node -o kind,node /web
	same "#kind	node
tracked	0
new	0
migrated	0
busy	0
off_lru	0"
	runx 0 cold-scan -a 1m --coverage --sample 1/1048576 -o kind,bytes /web
	same "#kind	bytes
tracked	-
new	-
migrated	-
busy	-
off_lru	-
kernel	16384
sock	0
rest	-
current	4456448"
}

@test "--local leaves out what is below" {
	idle
	runx 0 cold-scan -a 2m --local -o cgroup,anon_bytes,cold_anon_bytes /
	same "#cgroup	anon_bytes	cold_anon_bytes
/	90112	40960"
}

@test "the histogram tells each page once" {
	idle
	runx 0 cold-scan -a 1m,2m --histogram /
	same "#cgroup	time	source	verdict	kind	age_us	bytes
/	1795390149.510	page-idle	suspect:scanner	anon	0	1110016
/	1795390149.510	page-idle	suspect:scanner	anon	60000000	4096
/	1795390149.510	page-idle	suspect:scanner	anon	120000000	2052096
/	1795390149.510	page-idle	suspect:scanner	file	0	81920
/	1795390149.510	page-idle	suspect:scanner	file	60000000	348160
/	1795390149.510	page-idle	suspect:scanner	file	120000000	86016
/	1795390149.510	page-idle	suspect:scanner	shmem	0	0
/	1795390149.510	page-idle	suspect:scanner	shmem	60000000	8192
/	1795390149.510	page-idle	suspect:scanner	shmem	120000000	376832"
}

@test "percentiles of the time idle" {
	idle
	runx 0 cold-scan -a 2m --percentiles 10,50,90 -o cgroup,kind,percentile_pct,idle_us /web
	same "#cgroup	kind	percentile_pct	idle_us
/web	anon	10.000	78120000
/web	anon	50.000	-
/web	anon	90.000	-"
	use_root cold-scan-lru-gen-7.3.4
	runx 0 cold-scan -a 4s --percentiles 50,99 -o cgroup,kind,idle_us / /web/app
	[ "$(col idle_us <<<"$output" | sort -u)" = - ]
}

@test "after 497 days, when 1/100 s no longer fit 32 bits, ages go on" {
	local shift
	for shift in 0 42949550 42949622; do
		idle
		perl -pi -e "s/^([0-9.]+)/sprintf '%.2f', \$1 + $shift/e" "$R"/[123]/proc/uptime
		runx 0 cold-scan -a 1m,2m -o age_us,cold_anon_bytes /web
		same $'#age_us\tcold_anon_bytes\n60000000\t2015232\n120000000\t2011136'
		rm -r "$R"
		idle
		perl -pi -e "s/^([0-9.]+)/sprintf '%.2f', \$1 + $shift/e" "$R"/[123]/proc/uptime
		runx 0 cold-scan -a 1m --percentiles 10 -i 1m -c 2 -o kind,idle_us /web
		[ "$(grep ^anon <<<"$output" | tail -n 1)" = $'anon\t78120000' ] || { echo "$output"; return 1; }
		rm -r "$R"
	done
}

@test "percentiles: each row is judged at the time idle that it tells" {
	idle
	runx 0 cold-scan -a 1m --percentiles 10,90 -i 1m -c 2 -o cgroup,verdict,kind,percentile_pct,idle_us /web
	# What others marked before the first pass, two minutes ago.
	[ "$(tail -n +2 <<<"$output" | grep -P '\tanon\t' | tail -n 2 | cut -f2,4)" = $'ok\t10.000\nsuspect:scanner\t90.000' ] || { echo "$output"; return 1; }
}

@test "promotions are told an interval after their age, and no age is recommended before" {
	idle
	runx 0 cold-scan -a 1m,2m -i 1m -c 9 --promotions -o cgroup,age_us,promoted_bytes_per_min /web
	same "#cgroup	age_us	promoted_bytes_per_min
/web	60000000	0
/web	120000000	-"
	rm -r "$R"
	idle # the marks are in its files
	runx 0 cold-scan -a 1m -i 1m -c 9 --recommend -o cgroup,age_us,cold_anon_bytes /web
	same "#cgroup	age_us	cold_anon_bytes
/web	63070000	2015232"
	TMO_ROOT=$R/1:$R/2 runx 0 cold-scan -a 1m -i 1m -c 9 --recommend -o cgroup,age_us,cold_anon_bytes /web
	same "#cgroup	age_us	cold_anon_bytes
/web	-	-"
}

# huge_root DIR UPTIME: 16 MiB of 2 MiB pages, all of them touched.
huge_root() {
	mkdir -p "$1/proc" "$1/sys/kernel/mm/page_idle" "$1/sys/fs/cgroup"
	echo '00000000-00ffffff : System RAM' >"$1/proc/iomem"
	echo "$2 1.00" >"$1/proc/uptime"
	printf 'btime 1795390000\n' >"$1/proc/stat"
	head -c 512 /dev/zero >"$1/sys/kernel/mm/page_idle/bitmap"
	head -c 32768 /dev/zero >"$1/proc/kpagecgroup"
	# head, and tail, of an anonymous one: KPF_LRU and so on
	perl -e 'print pack "Q*", map { $_ % 512 ? 0x410000 : 0x40d028 } 0 .. 4095' >"$1/proc/kpageflags"
}

@test "--sample: huge pages that are touched in each window are hot, in every word" {
	D=$BATS_TEST_TMPDIR
	for n in 1 2 4 8; do
		for t in 1 2 3 4; do huge_root "$D/$t" $((t * 60)); done
		TMO_ROOT=$D/1:$D/2:$D/3:$D/4 runx 0 cold-scan -a 1m -i 1m -c 3 --sample 1/$n -o cgroup,anon_bytes,cold_anon_bytes /
		echo "1/$n: $output"
		[ "$(tail -n +2 <<<"$output" | sort -u)" = $'/\t16777216\t0' ]
	done
}

# small N SCANNED FLAGS IDLE...: in $D/N, of minute N, 16 MiB of small pages; of each
# run of 2048 the flags, and whether the bitmap has them idle (0 or 1).
small() {
	local dir=$D/$1 uptime=$(($1 * 60))
	mkdir -p "$dir/proc" "$dir/sys/kernel/mm/page_idle" "$dir/sys/fs/cgroup"
	echo '00000000-00ffffff : System RAM' >"$dir/proc/iomem"
	echo "$uptime 1.00" >"$dir/proc/uptime"
	printf 'btime 1795390000\n' >"$dir/proc/stat"
	printf 'pgscan_anon %d\n' "$2" >"$dir/proc/vmstat"
	head -c 32768 /dev/zero >"$dir/proc/kpagecgroup"
	shift 2
	perl -e '$d = shift; open F, ">:raw", "$d/proc/kpageflags"; open I, ">:raw", "$d/sys/kernel/mm/page_idle/bitmap";
		while (@ARGV) { ($f, $i) = splice @ARGV, 0, 2;
			print F pack "Q*", (hex $f) x 2048; print I chr(255 * $i) x 256 }' "$dir" "$@"
}

# KPF_UPTODATE LRU MMAP ANON SWAPBACKED; the same with KPF_IDLE; of a file; free.
ANON=5828 MARKED=2005828 FILE=828 FREED=400

@test "a frame that was freed and taken anew is not promoted, up to what reclaim looked at" {
	D=$BATS_TEST_TMPDIR
	small 1 0 $ANON 0 $ANON 0
	small 2 0 $MARKED 1 $MARKED 1
	# Both are touched: of one the mark was there until then, the other lost it.
	for scanned in 0 512 9999; do
		small 3 $scanned $MARKED 0 $ANON 0
		TMO_ROOT=$D/1:$D/2:$D/3 runx 0 cold-scan -a 1m -i 1m -c 9 --promotions -o promoted_bytes_per_min /
		# 16 of 4096 were left unmarked by the first pass.
		got=$(tail -n 1 <<<"$output")
		awk -v got="$got" -v more=$scanned 'BEGIN { want = (2048 + (more < 2048 ? more : 2048)) * 4096
			print got, want; exit(got > want || got < want * .98) }'
		rm -r "$D/2"
		small 2 0 $MARKED 1 $MARKED 1
	done
	# Of files read(2) takes the mark as well.
	small 1 0 $FILE 0 $FILE 0
	small 2 0 $FILE 1 $FILE 1
	small 3 0 $FILE 0 $FILE 1
	TMO_ROOT=$D/1:$D/2:$D/3 runx 0 cold-scan -a 1m -i 1m -c 9 --promotions -o promoted_bytes_per_min /
	[ "$(tail -n 1 <<<"$output")" -gt $((8 * 1000 * 1000)) ]
}

@test "--diff: freed memory is gone, of the kind that it was, and not warm" {
	D=$BATS_TEST_TMPDIR S=$BATS_TEST_TMPDIR/state
	small 1 0 $ANON 0 $ANON 0
	small 2 0 $ANON 1 $ANON 1
	small 3 0 $ANON 0 $FREED 0
	for t in 1 2; do TMO_ROOT=$D/$t runx 0 cold-scan -q -a 1m -S "$S" /; done
	cp "$S" "$S.old"
	TMO_ROOT=$D/3 runx 0 cold-scan -q -a 1m -S "$S" /
	TMO_ROOT=$D/3 runx 0 cold-scan -a 1m -S "$S" --diff "$S.old" -o kind,before_bytes,bytes,warmed_bytes,gone_bytes
	same "#kind	before_bytes	bytes	warmed_bytes	gone_bytes
anon	16711680	0	8355840	8355840
file	0	0	0	0"
}

# sampled N PATTERN: in $D/1 and $D/2, 256 MiB of anonymous memory, of which the
# second minute finds idle: runs (long extents), chance (each page), parts (of
# other density).
sampled() {
	local t
	for t in 1 2; do
		mkdir -p "$D/$t/proc" "$D/$t/sys/kernel/mm/page_idle" "$D/$t/sys/fs/cgroup"
		echo '00000000-0fffffff : System RAM' >"$D/$t/proc/iomem"
		printf 'btime 1795390000\n' >"$D/$t/proc/stat"
		perl -e 'print pack("Q", 0x5828) x 65536' >"$D/$t/proc/kpageflags"
		head -c 524288 /dev/zero >"$D/$t/proc/kpagecgroup"
	done
	head -c 8192 /dev/zero >"$D/1.map"
	perl -e 'srand 7; $p = shift; for $w (0 .. 1023) {
			if ($p eq "runs") { if (!$left--) { $idle = !$idle; $left = 20 + int rand 200 } $part = $idle }
			elsif ($p eq "chance") { $part = .3 } elsif ($p eq "rare") { $part = $w % 400 == 7 ? 1 : 0 } else { if (!$left--) { $part = rand; $left = 8 + int rand 120 } }
			print pack "b64", join "", map { rand() < $part ? 1 : 0 } 1 .. 64 }' "$1" >"$D/2.map"
}

# run_sampled SEED N: cold bytes and their standard error of a sample of 1/N.
run_sampled() {
	local t
	for t in 1 2; do
		cp "$D/$t.map" "$D/$t/sys/kernel/mm/page_idle/bitmap"
		echo "$((t * 60)).$1 1.00" >"$D/$t/proc/uptime"
	done
	TMO_ROOT=$D/1:$D/2 cold-scan -q -H -a 59s -i 1m -c 1 --sample 1/"$2" -o cold_anon_bytes,cold_anon_se_bytes /
}

# Three words of 1024: of 128 that are drawn none is among them in two of three runs.
@test "--sample: what is too little to be drawn is within the interval all the same" {
	D=$BATS_TEST_TMPDIR
	sampled rare
	truth=$(run_sampled 10 1 | cut -f1)
	echo "truth $truth"
	# but for the frames that each pass leaves unmarked
	[ "$truth" -ge $((3 * 60 * 4096)) ] && [ "$truth" -le $((3 * 64 * 4096)) ]
	for seed in {100..119}; do run_sampled "$seed" 8; done >"$D/samples"
	cat "$D/samples"
	grep -q '^0	' "$D/samples"
	awk -v truth="$truth" '{ off = $1 - truth; if (off < 0) off = -off; within += off <= 1.96 * $2 }
		END { exit(NR != 20 || within < 19) }' "$D/samples"
}

# Of intervals that hold the truth in 95 % of runs a hundred runs have fewer than 93 once in eight times.
@test "--sample: the truth is within the 95 % interval in at least 93 of 100 runs, and that is no wider than twice its spread" {
	D=$BATS_TEST_TMPDIR
	for pattern in runs chance parts; do
		sampled $pattern
		truth=$(run_sampled 10 1 | cut -f1)
		for seed in {100..199}; do run_sampled "$seed" 8; done >"$D/samples"
		awk -v truth="$truth" -v pattern=$pattern '
			{ off = $1 - truth; if (off < 0) off = -off; within += off <= 1.96 * $2; sum += off * off; se += $2 }
			END { printf "%s: %d of %d within, spread %.0f, standard error %.0f\n", pattern, within, NR, sqrt(sum / NR), se / NR
				exit(NR != 100 || within < 93 || se / NR > 2 * sqrt(sum / NR)) }' "$D/samples"
	done
}

@test "the machine's coverage is every page frame of its RAM" {
	idle
	runx 0 cold-scan -a 2m --coverage /
	[ "$(col bytes <<<"$output" | awk '{ s += $1 } END { print s }')" -eq $((1536 * 4096)) ]
	[ "$(grep -P '\ttracked\t' <<<"$output" | cut -f6)" -eq 4055040 ]
	[ "$(grep -P '\tnew\t' <<<"$output" | cut -f6)" -eq 12288 ]
}

@test "what is marked is the complement of what was read, LRU pages only" {
	idle
	map=$R/3/sys/kernel/mm/page_idle/bitmap
	cp "$map" "$BATS_TEST_TMPDIR/before"
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m /
	# Nothing that was idle is written, so in a plain file those bits are as
	# they were only in words without a mark: count bits instead.
	perl -e '
		sub slurp { open my $f, "<:raw", $_[0] or die; local $/; <$f> }
		my ($was, $is) = (slurp($ARGV[0]), slurp($ARGV[1]));
		my @flags = unpack "Q*", slurp($ARGV[2]);
		for my $i (0 .. $#flags) {
			my $lru = $flags[$i] >> 5 & 1 && !($flags[$i] >> 16 & 1);
			my $idle = vec($was, $i, 1); my $mark = vec($is, $i, 1);
			$both++ if $mark && $idle && $is ne $was && !$lru;
			$marked++ if $mark && $lru && !$idle;
			$missed++ if !$mark && $lru && !$idle;
		}
		# One of 256 is left.
		print "marked $marked missed ", $missed // 0, "\n"; exit($missed * 128 > $marked ? 1 : 0)' \
		"$BATS_TEST_TMPDIR/before" "$map" "$R/3/proc/kpageflags"
}

@test "-S: one pass a run, and the ages are those of one run" {
	idle
	S=$BATS_TEST_TMPDIR/state
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m,2m -S "$S" /web
	[ "$(col cold_anon_bytes <<<"$output" | xargs)" = "- -" ]
	cp "$S" "$S.first"
	TMO_ROOT=$R/2 runx 0 cold-scan -a 1m,2m -S "$S" /web
	[ "$(col cold_anon_bytes <<<"$output" | xargs)" = "2011136 -" ]
	cp "$S" "$S.old"
	for at in 71.40 72.38; do
		sed -i "s/^[0-9.]*/$at/" "$R/2/proc/uptime"
		TMO_ROOT=$R/2 runx 2 cold-scan -a 1m,2m -S "$S" /web
		one_line "-S: the last pass was less than 1s ago"
		cmp "$S" "$S.old"
	done
	cp "$S" "$S.old"
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m,2m -S "$S" /web
	[ "$(col cold_anon_bytes <<<"$output" | xargs)" = "2015232 2011136" ]
	[ "$(stat -c %a "$S")" = 600 ]
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m -S "$S" --diff "$S.old"
	# Before the first pass, of which the older state has ages, others marked.
	same "#cgroup	time	verdict	kind	age_us	before_bytes	bytes	cooled_bytes	warmed_bytes	gone_bytes
/	1795390149.510	suspect:scanner	anon	60000000	2428928	2441216	12288	0	0
/	1795390149.510	suspect:scanner	file	60000000	86016	434176	348160	0	0"
	TMO_ROOT=$R/3 runx 3 cold-scan -a 1m -S "$S" --diff "$S.old" --strict
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m -S "$S" --diff "$S" --strict
	[ "$(col verdict <<<"$output" | xargs)" = "ok ok" ]
	# What an age was not reached for is not known, rather than 0.
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m,2m,1h -S "$S" --diff "$S.first" -o cgroup,kind,before_bytes,bytes,cooled_bytes,warmed_bytes
	same "#cgroup	kind	before_bytes	bytes	cooled_bytes	warmed_bytes
/	anon	-	2441216	-	-
/	file	-	434176	-	-
/	anon	-	2428928	-	-
/	file	-	86016	-	-
/	anon	-	-	-	-
/	file	-	-	-	-"
}

@test "a state that is not ours is refused; one that is damaged or of another layout starts afresh" {
	idle
	export TMO_ROOT=$R/1
	S=$BATS_TEST_TMPDIR/state
	ln -s /etc/passwd "$S"
	runx 2 cold-scan -a 1m -S "$S" /
	one_line "not trusted"
	rm "$S"
	runx 0 cold-scan -a 1m -S "$S" /
	chmod 666 "$S"
	runx 2 cold-scan -a 1m -S "$S" /
	one_line "not trusted"
	chmod 600 "$S"
	printf x | dd of="$S" bs=1 seek=$(($(stat -c %s "$S") - 20)) conv=notrunc status=none
	cp "$S" "$S.damaged"
	runx 0 cold-scan -a 1m -S "$S" /
	one_line "is damaged: ages start at 0; the file is kept as '$S.old'"
	cmp "$S.old" "$S.damaged"
	# As the machine may leave it that lost power.
	: >"$S"
	runx 0 cold-scan -a 1m -S "$S" /
	one_line "is damaged: ages start at 0; the file is kept as '$S.old'"
	sed -i '1s/cold-scan [0-9]*/cold-scan 99/' "$S"
	runx 0 cold-scan -a 1m -S "$S" /
	one_line "is of another version: ages start at 0; the file is kept as '$S.old'"
	echo "tmo-tools swap-balance 1 0 00000000" >"$S"
	runx 2 cold-scan -a 1m -S "$S" /
	one_line "not a state of cold-scan"
	rm "$S"
	runx 0 cold-scan -a 1m -S "$S" /
	echo '00000000-003fffff : System RAM' >"$R/1/proc/iomem"
	runx 0 cold-scan -a 1m -S "$S" /
	one_line "the memory layout has changed"
	mkdir -p "$R/1/proc/sys/kernel/random"
	echo 00000000-1111-2222-3333-444444444444 >"$R/1/proc/sys/kernel/random/boot_id"
	runx 0 cold-scan -a 1m -S "$S" /
	one_line "from another boot"
}

@test "--wait: a scan that meets another waits for its end, up to the time" {
	idle
	map=$R/1/sys/kernel/mm/page_idle/bitmap
	hold() {
		rm -f "$map.held"
		bash -c 'exec 9<"$0"; flock 9; echo >"$0.held"; exec sleep "$1"' "$map" "$1" 3>&- &
		holder=$!
		retry 10 test -e "$map.held"
	}
	hold 60
	TMO_ROOT=$R/1 runx 2 cold-scan -a 1m /web
	one_line "another cold-scan is scanning"
	SECONDS=0
	TMO_ROOT=$R/1 runx 2 cold-scan -a 1m --wait 1500ms /web
	[[ $stderr == *"waiting for another cold-scan"*"another cold-scan is scanning"* ]]
	[ "$SECONDS" -ge 1 ]
	# A stop ends the wait.
	TMO_ROOT=$R/1 runx 124 timeout 1 cold-scan -a 1m --wait 1h /web
	kill "$holder"
	wait "$holder" || true
	hold 0.5
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m --wait 1m /web
	[ -z "$stderr" ]
	wait "$holder"
}

# touch_all BITS MINUTE: R/1 a minute later, each frame touched (0) or not (1).
touch_all() {
	perl -e 'print pack("C", $ARGV[0] ? 255 : 0) x 8192' "$1" >"$R/1/sys/kernel/mm/page_idle/bitmap"
	echo "$((1000 + $2 * 60)).00 0.00" >"$R/1/proc/uptime"
}

# large: R/1 of 256 MiB, its kinds as chance has it, so that nothing is in runs.
large() {
	idle
	export TMO_ROOT=$R/1
	perl -e 'srand 1; $f = 1 << 5; $a = $f | 1 << 12 | 1 << 14;
		print pack("Q<", rand() < 0.5 ? $a : $f) for 1 .. 65536' >"$R/1/proc/kpageflags"
	perl -e 'print pack("Q<", 23) x 65536' >"$R/1/proc/kpagecgroup"
	echo '00000000-0fffffff : System RAM' >"$R/1/proc/iomem"
	S=$BATS_TEST_TMPDIR/state
}

@test "-S: a run writes what changed alone, until that is more than all" {
	large
	for m in 0 1 2 3; do
		touch_all $((m > 0)) "$m"
		runx 0 cold-scan -a 1m -S "$S" -o cold_anon_bytes,cold_file_bytes /
		stat -c %i "$S" >>"$S.inodes"
		stat -c %s "$S" >>"$S.sizes"
	done
	[ "$(tail -n 1 <<<"$output" | awk '{ print $1 + $2 }')" -eq $((256 << 20)) ]
	# All idle, and a pass older: that is what was to be expected.
	awk 'NR == 2 { was = $1 } NR == 1 { base = $1 } { n = $1 } END { exit !((n - was) * 15 < base) }' "$S.sizes"
	[ "$(sort -u "$S.inodes" | wc -l)" -eq 1 ]
	# What changes all is not kept for ever.
	base=$(head -n 1 "$S.sizes")
	for m in {4..16}; do
		touch_all $((m % 2)) "$m"
		runx 0 cold-scan -a 1m -S "$S" -o cold_anon_bytes,cold_file_bytes /
		[ "$(stat -c %s "$S")" -lt $((base * 7)) ]
		stat -c %i "$S" >>"$S.inodes"
		cold=$(tail -n 1 <<<"$output" | awk '{ print $1 + $2 }')
		# One frame of 256 had been left unmarked.
		[ $((cold / (250 << 20))) -eq $((m % 2)) ]
		[ $((m % 2)) -eq 1 ] || [ "$cold" -eq 0 ]
	done
	[ "$(sort -u "$S.inodes" | wc -l)" -gt 1 ]
}

@test "promotions are of the age at the pass before, however far apart the passes are" {
	# passes WANT MINUTE...: all is idle at each but the last, as the first can tell nothing.
	passes() {
		local want=$1 m n=0
		shift
		rm -rf "$R" "$S"*
		large
		for m; do
			touch_all $((n > 0 && n < $# - 1)) "$m"
			n=$((n + 1))
			runx 0 cold-scan -a 5m -S "$S" --promotions -o promoted_bytes_per_min /
		done
		[ "$(tail -n 1 <<<"$output")" = "$want" ] || { echo "$*: $output"; return 1; }
	}
	large
	# Of 5 minutes nothing was known at the minute 2; at the minute 9 it was, of page cache.
	passes - 0 1 2 12
	passes 135127040 0 1 9 10
	passes 16891904 0 1 9 17
}

@test "-S: another link of the state keeps the ages that it has" {
	idle
	S=$BATS_TEST_TMPDIR/state
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m -S "$S" /web
	ln "$S" "$S.link"
	cp "$S" "$S.copy"
	TMO_ROOT=$R/2 runx 0 cold-scan -a 1m -S "$S" /web
	[ "$(col cold_anon_bytes <<<"$output")" = 2011136 ]
	cmp "$S.link" "$S.copy"
	[ "$(stat -c %h "$S")" -eq 1 ]
	TMO_ROOT=$R/2 runx 0 cold-scan -a 1m -S "$S" --diff "$S.link" -o kind,before_bytes,bytes
	same "#kind	before_bytes	bytes
anon	-	2428928
file	-	86016"
}

@test "-S: a state that is replaced during a pass gets nothing appended" {
	command -v strace >/dev/null || skip "no strace"
	idle
	S=$BATS_TEST_TMPDIR/state
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m -S "$S" /web
	cp "$S" "$S.other"
	TMO_ROOT=$R/2 strace -o "$S.trace" -e inject=pwrite64:signal=STOP:when=1 \
		cold-scan -a 1m -S "$S" /web >/dev/null 2>&1 3>&- &
	wait_for=$!
	retry 20 grep -q "stopped by SIGSTOP" "$S.trace"
	mv "$S.other" "$S"
	inode=$(stat -c %i "$S")
	kill -CONT "$(cat "$S.lock")"
	wait "$wait_for"
	[ "$(stat -c %i "$S")" -ne "$inode" ]
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m -S "$S" /web
	[ "$(col cold_anon_bytes <<<"$output")" = 2015232 ]
}

@test "-S: a state that is cut during a pass ends the run with one line" {
	command -v strace >/dev/null || skip "no strace"
	large
	runx 0 cold-scan -a 1m -S "$S" /
	touch_all 0 1
	strace -o "$S.trace" -e inject=pwrite64:signal=STOP:when=1 \
		cold-scan -a 1m -S "$S" / >/dev/null 2>"$S.err" 3>&- &
	tracer=$!
	retry 20 grep -q "stopped by SIGSTOP" "$S.trace"
	: >"$S"
	kill -CONT "$(cat "$S.lock")"
	ended=0
	wait "$tracer" || ended=$?
	[ "$ended" -eq 2 ]
	[ "$(cat "$S.err")" = "cold-scan: -S: the state was cut short while it was read" ]
}

@test "--diff: a newer state in the place of the older one is refused" {
	local t
	idle
	S=$BATS_TEST_TMPDIR/state
	for t in 1 2 3; do
		[ "$t" -eq 1 ] || cp "$S" "$S.old"
		TMO_ROOT=$R/$t runx 0 cold-scan -a 1m -S "$S" /
	done
	runx 0 cold-scan -a 1m -S "$S" --diff "$S.old"
	runx 0 cold-scan -a 1m -S "$S" --diff "$S"
	runx 2 cold-scan -a 1m -S "$S.old" --diff "$S"
	one_line "is newer than '$S.old'"
	[ -z "$output" ]
}

@test "--diff waits for the end of a record that is being written" {
	large
	perl -e 'print pack("Q<", 1 << 5 | (rand() < 0.5 ? 5 << 12 : 0)) for 1 .. 262144' >"$R/1/proc/kpageflags"
	perl -e 'print pack("Q<", 23) x 262144' >"$R/1/proc/kpagecgroup"
	echo '00000000-3fffffff : System RAM' >"$R/1/proc/iomem"
	for m in 0 1; do
		perl -e 'print pack("C", rand 256) for 1 .. 32768' >"$R/1/sys/kernel/mm/page_idle/bitmap"
		echo "$((1000 + m * 60)).00 0.00" >"$R/1/proc/uptime"
		runx 0 cold-scan -a 1m -S "$S" /
	done
	cp "$S" "$S.before"
	perl -e 'print pack("C", rand 256) for 1 .. 32768' >"$R/1/sys/kernel/mm/page_idle/bitmap"
	echo 1120.00 0.00 >"$R/1/proc/uptime"
	FAULT=state:write:hang:3 LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 1m -S "$S" / >/dev/null 3>&- &
	retry 10 eval '[ "$(stat -c %s "$S")" -gt "$(stat -c %s "$S.before")" ]'
	runx 0 cold-scan -a 1m -S "$S" --diff "$S.before" -o kind,cooled_bytes
	[ -z "$stderr" ]
	wait
}

@test "-S: of a last record that is cut short nothing is taken" {
	large
	for m in 0 1 2; do
		touch_all 1 "$m"
		runx 0 cold-scan -a 1m -S "$S" -o cold_anon_bytes /
	done
	truncate -s -1 "$S"
	touch_all 1 3
	runx 0 cold-scan -a 1m -S "$S" -o cold_anon_bytes /
	one_line "is damaged: ages start at 0"
	[ "$(tail -n 1 <<<"$output")" = - ]
}

@test "-S: an age that the runs cannot reach as often as they are is told" {
	large
	for m in 0 1 2; do
		touch_all 1 "$m"
		runx 0 cold-scan -a 1m,4h -S "$S" /
		[ -z "$stderr" ]
	done
	touch_all 1 3
	runx 0 cold-scan -a 1m,5h -S "$S" /
	one_line "-a: with a run every 60.0s, an age of 5.00h is more than 252 runs, and never known"
}

@test "-S: a sample keeps the ages of what it draws, and no more" {
	large
	for m in 0 1; do
		touch_all 1 "$m"
		runx 0 cold-scan -a 1m -S "$S" /
		touch_all 1 "$m"
		runx 0 cold-scan -a 1m -S "$S.sample" --sample 1/64 -o anon_bytes,file_bytes,cold_anon_bytes,cold_file_bytes /
	done
	[ $(($(stat -c %s "$S.sample") * 20)) -lt "$(stat -c %s "$S")" ]
	[ "$(tail -n 1 <<<"$output" | awk '{ print $1 + $2 - $3 - $4 }')" -eq 0 ]
}

@test "-S: a pass since that the state does not have starts it afresh, be it one that could not save" {
	idle
	S=$BATS_TEST_TMPDIR/state
	for t in 1 2 3; do
		mkdir "$R/$t/run"
		echo 0 >"$R/$t/run/cold-scan.pass"
	done
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m -S "$S" /web
	[ -s "$R/1/run/cold-scan.pass" ]
	cp "$R/1/run/cold-scan.pass" "$R/2/run"
	TMO_ROOT=$R/2 runx 0 cold-scan -a 1m -S "$S" /web
	[ "$(col cold_anon_bytes <<<"$output")" = 2011136 ]
	cp "$S" "$S.2"
	# Another scan, a little later.
	sed -i 's/^[0-9]*/100/' "$R/2/proc/uptime"
	TMO_ROOT=$R/2 runx 0 cold-scan -a 1m /web
	cp "$R/2/run/cold-scan.pass" "$R/3/run"
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m -S "$S" /web
	one_line "a pass that it does not know has marked pages since"
	[ "$(col cold_anon_bytes <<<"$output")" = - ]
	# One that cannot tell others of it.
	TMO_ROOT=$R/2 runx 0 env FAULT=cold-scan.pass:open:EROFS LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 1m -i 1m -c 1 /web
	one_line "cannot write /run/cold-scan.pass: a scan with -S cannot know of this one"
	# A run that cannot write its state.
	cp "$S.2" "$S"
	cp "$R/1/run/cold-scan.pass" "$R/3/run"
	TMO_ROOT=$R/3 runx 3 env FAULT=state:write:ENOSPC LD_PRELOAD="$TMO_BUILD/faultio.so" \
		cold-scan -a 1m -S "$S" /web
	one_line "state': the next run has no ages: No space left on device"
	[ "$(col cold_anon_bytes <<<"$output")" -gt 0 ]
	cmp "$S" "$S.2"
	TMO_ROOT=$R/3 runx 0 cold-scan -a 1m -S "$S" /web
	one_line "a pass that it does not know has marked pages since"
}

# What half of the memory was touched a minute before, and the pass that saw it
# was killed: its marks stand, and its state may not.
@test "-S: killed at any open, read or write, a run leaves no state that tells a wrong age" {
	local call n t was told
	D=$BATS_TEST_TMPDIR/all
	small 1 0 $ANON 0 $ANON 0
	small 2 0 $MARKED 1 $MARKED 1
	small 3 0 $ANON 0 $MARKED 1
	small 4 0 $MARKED 1 $MARKED 1
	mkdir "$D"/{1,2,3,4}/run
	echo 0 >"$D/1/run/cold-scan.pass"
	for t in 2 3 4; do ln "$D/1/run/cold-scan.pass" "$D/$t/run/"; done
	for t in 1 2; do TMO_ROOT=$D/$t runx 0 cold-scan -a 2m -S "$D/state" /; done
	for call in open read write 'write link'; do
		status=137
		for ((n = 1; status == 137; n++)); do
			rm -rf "$D.now"
			cp -a "$D" "$D.now"
			# With another link it is written anew.
			[[ $call != *link ]] || ln "$D.now/state" "$D.now/link"
			TMO_ROOT=$D.now/3 run env FAULT="/:${call% link}:kill:$n" LD_PRELOAD="$TMO_BUILD/faultio.so" \
				cold-scan -a 2m -S "$D.now/state" /
			was=$status
			[ "$was" -eq 137 ] || [ "$was" -eq 0 ]
			cp "$D.now"/{3,4}/sys/kernel/mm/page_idle/bitmap
			TMO_ROOT=$D.now/4 runx 0 cold-scan -a 2m -S "$D.now/state" /
			status=$was
			told=$(col cold_anon_bytes <<<"$output")
			echo "$call $n: $told" >>"$BATS_TEST_TMPDIR/told"
			if [ "$told" != - ]; then
				[ "$told" -le $((2048 * 4096)) ]
				[ "$told" -ge $((2000 * 4096)) ]
			fi
		done
		# The one that nothing killed knows.
		[ "$told" != - ]
	done
	# It was killed at each, and often the ages start anew.
	cat "$BATS_TEST_TMPDIR/told"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/told")" -ge 40 ]
	grep -q -- '-$' "$BATS_TEST_TMPDIR/told"
}

@test "-S: a pass that a signal ends keeps the ages of what it marked" {
	command -v strace >/dev/null || skip "no strace"
	idle
	S=$BATS_TEST_TMPDIR/state
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m -S "$S" /web
	cp "$S" "$S.old"
	TMO_ROOT=$R/2 runx 143 strace -qq -o /dev/null -e inject=pwrite64:signal=TERM:when=1 cold-scan -a 1m -S "$S" /web
	TMO_ROOT=$R/2 runx 0 cold-scan -a 1m -S "$S" --diff "$S.old"
	[ "$(col bytes <<<"$output" | xargs)" = "2428928 86016" ]
	# Ages end with the boot: nobody waits for a disk.
	rm "$S"
	for t in 1 2; do
		TMO_ROOT=$R/$t runx 0 strace -qq -o "$S.$t" -e trace=fsync,fdatasync,sync_file_range,renameat,rename cold-scan -a 1m -S "$S" /web
		refute grep sync "$S.$t"
	done
	grep -q rename "$S.1"
	refute grep rename "$S.2"
}

@test "-S: what disturbed a pass that a signal ends is not forgotten" {
	command -v strace >/dev/null || skip "no strace"
	local t
	S=$BATS_TEST_TMPDIR/state
	# cut WHAT: it is so at the third pass, which a signal ends, and no more at the fourth.
	cut() {
		rm -rf "$R" "$S"*
		idle
		cp -a "$R/3" "$R/4"
		sed -i 's/^[0-9.]*/210.00/' "$R/4/proc/uptime"
		for t in 2 3 4; do
			mkdir -p "$R/$t/sys/kernel/debug" "$R/$t/sys/kernel/mm/damon/admin/kdamonds/0"
			printf 'memcg     1 /\n node     0\n %10d %10d %10d %10d \n' 5 0 10 10 >"$R/$t/sys/kernel/debug/lru_gen"
		done
		for t in 1 2; do TMO_ROOT=$R/$t runx 0 cold-scan --source page-idle -a 1m -S "$S" /; done
		"$@"
		TMO_ROOT=$R/3 runx 143 strace -qq -o /dev/null -e inject=pwrite64:signal=TERM:when=1 cold-scan --source page-idle -a 1m -S "$S" /
		TMO_ROOT=$R/4 runx 0 cold-scan --source page-idle -a 1m,2m -S "$S" -o cgroup,verdict /
	}
	cut true
	[ "$(col verdict <<<"$output" | xargs)" = "ok ok" ] || { echo "$output"; return 1; }
	damon() { echo on >"$R/3/sys/kernel/mm/damon/admin/kdamonds/0/state"; }
	cut damon
	[ "$(col verdict <<<"$output" | xargs)" = "suspect:damon suspect:damon" ] || { echo "$output"; return 1; }
	aged() { sed -i 's/ 5 / 6 /' "$R"/[34]/sys/kernel/debug/lru_gen; }
	cut aged
	[ "$(col verdict <<<"$output" | xargs)" = "suspect:lru_gen suspect:lru_gen" ] || { echo "$output"; return 1; }
}

@test "-S: pages that moved before a pass that a signal ends are not forgotten" {
	command -v strace >/dev/null || skip "no strace"
	large
	for m in 0 1 2; do
		touch_all $((m > 0)) "$m"
		echo "pgmigrate_success 0" >"$R/1/proc/vmstat"
		runx 0 cold-scan -a 1m,2m -S "$S" -o cgroup,verdict /
	done
	refute grep migrated <<<"$output"
	echo "pgmigrate_success 5000" >"$R/1/proc/vmstat"
	touch_all 0 3
	runx 143 strace -f -qq -o /dev/null -e inject=pwrite64:signal=TERM:when=1 cold-scan -a 1m -S "$S" /
	touch_all 1 4
	runx 0 cold-scan -a 1m,2m -S "$S" -o cgroup,verdict /
	[[ "$(col verdict <<<"$output" | tail -n 1)" == *migrated* ]] || { echo "$output"; return 1; }
}

@test "a machine without memory cgroups is scanned as a whole" {
	idle
	rm "$R"/[123]/proc/kpagecgroup
	runx 0 cold-scan -a 2m -o cgroup,cold_anon_bytes,cold_file_bytes /
	same "#cgroup	cold_anon_bytes	cold_file_bytes
/	2428928	86016"
}

@test "page frames are found by zones where iomem is not told" {
	idle
	for t in 1 2 3; do
		echo '00000000-00000000 : System RAM' >"$R/$t/proc/iomem"
		printf 'Node 0, zone DMA\n  spanned  1536\n  start_pfn: 0\nNode 0, zone Movable\n  spanned  0\n' >"$R/$t/proc/zoneinfo"
	done
	runx 0 cold-scan -a 2m -o cgroup,cold_anon_bytes /web
	same "#cgroup	cold_anon_bytes
/web	2011136"
}

@test "JSON says what rows say" {
	idle
	runx 0 cold-scan -a 2m -f json /web
	same '{"cgroup":"/web","time":1795390149.510,"source":"page-idle","verdict":"suspect:scanner","age_us":120000000,"anon_bytes":3076096,"file_bytes":0,"cold_anon_bytes":2011136,"cold_file_bytes":0}'
}

@test "prometheus: no series is there twice, what tells rows apart is a label" {
	local args
	while read -r args; do
		rm -rf "$R"
		idle
		read -ra words <<<"$args"
		runx 0 cold-scan -f prometheus "${words[@]}"
		twice=$(grep -v '^#' <<<"$output" | sed 's/ [^ ]*$//' | sort | uniq -d)
		echo "$args: $twice"
		[ -n "$output" ]
		[ -z "$twice" ]
	done <<'END'
-a 1m,2m -r /
-a 2m --histogram -r /
-a 2m --percentiles 1,2 -r /
-a 2m --coverage -r /
-a 1m,2m --node -r /
-a 2m --histogram --node -r /
END
	rm -r "$R"
	idle
	runx 0 cold-scan -a 1m,2m -f prometheus -o cgroup,age_us,cold_anon_bytes /web
	output=$(grep tmo_cold_scan_cold_anon_bytes <<<"$output")
	same '# HELP tmo_cold_scan_cold_anon_bytes cold part of anon_bytes
# TYPE tmo_cold_scan_cold_anon_bytes gauge
tmo_cold_scan_cold_anon_bytes{cgroup="/web",age_us="60000000"} 2015232
tmo_cold_scan_cold_anon_bytes{cgroup="/web",age_us="120000000"} 2011136'
}

@test "--node adds its column to each view" {
	for args in "" --histogram "--percentiles 50" --promotions --recommend --coverage; do
		rm -rf "$R"
		idle
		read -ra words <<<"$args"
		runx 0 cold-scan -a 1m --node "${words[@]}" /
		[ "$(col node <<<"$output" | sort -u)" = 0 ]
		[ "$(head -n 1 <<<"$output" | tr '\t' '\n' | grep -cx node)" -eq 1 ]
	done
}

@test "--node: nodes are numbered with holes, and one may span the memory of another" {
	# nodes ZONE...: its node, span and first frame; the bytes of each node that is told.
	nodes() {
		local t
		for t in 1 2 3; do printf 'Node %d, zone   Normal\n        spanned  %d\n  start_pfn:           %d\n' "$@" >"$R/$t/proc/zoneinfo"; done
		runx 0 cold-scan -a 1m --node / -o node,anon_bytes
		sed 1d <<<"$output" | xargs
		rm -r "$R"
		idle
	}
	blocks() {
		local t
		for t in 1 2 3; do
			mkdir -p "$R/$t/sys/devices/system/"{memory,node/node0/memory{0,1,4},node/node1/memory{2,3,5}}
			echo 100000 >"$R/$t/sys/devices/system/memory/block_size_bytes"
		done
	}
	idle
	[ "$(nodes 0 1024 0 2 512 1024)" = "0 3043328 2 512000" ]
	apart=$(nodes 0 512 0 1 512 512 0 512 1024)
	[ "$apart" = "0 1458176 1 2097152" ]
	[ "$(nodes 0 1536 0 1 512 512)" = "$apart" ]
	apart=$(nodes 0 512 0 1 512 512 0 256 1024 1 256 1280)
	[ "$(nodes 0 1280 0 1 1024 512)" != "$apart" ]
	blocks
	[ "$(nodes 0 1280 0 1 1024 512)" = "$apart" ]
}

@test "the table puts the largest cold first, with a bar" {
	idle
	runx 0 cold-scan -a 2m -r -f table -o cgroup,bar '/*'
	[ "$(sed -n 2p <<<"$output")" = "/web                  █████████████" ]
	[[ $(sed -n 3p <<<"$output") == "/batch"* ]]
}

@test "lru-gen: the oldest generations, by the next one's birth; a removed cgroup counts above" {
	use_root cold-scan-lru-gen-7.3.4
	runx 0 cold-scan -a 4s,8s -r /
	same "$HEADER
/	1795390008.320	lru-gen	suspect:file,stale	4000000	119898112	56680448	-	-
/	1795390008.320	lru-gen	suspect:file,stale	8000000	119898112	56680448	-	-
/web	1795390008.320	lru-gen	suspect:file	4000000	117514240	51957760	83918848	51957760
/web	1795390008.320	lru-gen	suspect:file,stale	8000000	117514240	51957760	-	-
/web/app	1795390008.320	lru-gen	suspect:file	4000000	16801792	50384896	16789504	50384896
/web/app	1795390008.320	lru-gen	suspect:file	8000000	16801792	50384896	16789504	50384896"
}

@test "lru-gen: where agings read no page tables, no verdict is ok" {
	use_root cold-scan-lru-gen-7.3.4
	sed -i 's/\(12301\|1108\|45\|384\) $/0 /' "$TMO_ROOT/sys/kernel/debug/lru_gen"
	for bits in 0x0007:ok 0x0003:ok 0x0001:suspect:walk 0x0005:suspect:walk; do
		echo "${bits%%:*}" >"$TMO_ROOT/sys/kernel/mm/lru_gen/enabled"
		runx 0 cold-scan -a 4s -o cgroup,verdict /web/app
		[ "$(col verdict <<<"$output")" = "${bits#*:}" ] || { echo "$bits: $output"; return 1; }
	done
	one_line "/web/app: agings of lru_gen read no page tables"
	[[ $stderr == *"echo y >/sys/kernel/mm/lru_gen/enabled"* ]]
}

@test "lru-gen: of two cgroups with one path the later is there, and the other counts above" {
	use_root cold-scan-lru-gen-7.3.4
	# One that was removed keeps its id while it has pages in swap.
	perl -0pi -e 's,(?=memcg   118 ),memcg    90 /web/app\n node     0\n          6       4112          0        5000 \n          7       4104          0           0 \n          8        116          0           0 \n,' \
		"$TMO_ROOT/sys/kernel/debug/lru_gen"
	grep -c /web/app "$TMO_ROOT/sys/kernel/debug/lru_gen" | grep -qx 2
	runx 0 cold-scan -a 4s -r -o cgroup,file_bytes /web
	same "#cgroup	file_bytes
/web	$(((12301 + 384 + 5000) * 4096))
/web/app	$((12301 * 4096))"
}

@test "MADV_FREE memory is neither page cache nor what takes swap" {
	use_root cold-scan-lru-gen-7.3.4
	# /web/app has 50384896 bytes on the LRU of files; a part of it is no cache.
	printf '%s %d\n' anon 20000000 file 30000000 shmem 4000000 swapcached 0 inactive_file 50384896 active_file 0 \
		>"$TMO_ROOT/sys/fs/cgroup/web/app/memory.stat"
	runx 0 cold-scan -a 4s -o cgroup,anon_bytes,file_bytes,lazyfree_bytes,cold_file_bytes,cold_lazyfree_bytes /web/app
	same "#cgroup	anon_bytes	file_bytes	lazyfree_bytes	cold_file_bytes	cold_lazyfree_bytes
/web/app	16801792	26001408	24383488	26001408	24383488"
	D=$BATS_TEST_TMPDIR
	# KPF_ANON without KPF_SWAPBACKED
	small 1 0 $ANON 0 1828 0
	TMO_ROOT=$D/1 runx 0 cold-scan -a 1m -o anon_bytes,file_bytes,lazyfree_bytes /
	same "#anon_bytes	file_bytes	lazyfree_bytes
8388608	0	8388608"
}

@test "--coverage: hugetlb that the mount accounts for is a row of its own" {
	idle
	for t in 1 2 3; do
		printf '%s %d\n' anon 1000 file 0 kernel 0 sock 0 hugetlb 104857600 >"$R/$t/sys/fs/cgroup/web/memory.stat"
		echo 110000000 >"$R/$t/sys/fs/cgroup/web/memory.current"
	done
	runx 0 cold-scan -a 1m --coverage -o kind,bytes /web
	[ "$(grep -P '^hugetlb\t' <<<"$output" | cut -f2)" = 104857600 ]
	[ "$(awk -F'\t' '$1 != "current" && NR > 1 { s += $2 } END { print s }' <<<"$output")" = 110000000 ]
}

@test "lru-gen: where nothing aged for the age it is stale, and the remedy is told once" {
	use_root cold-scan-lru-gen-7.3.4
	sed -i 's/\(12301\|1108\|45\|384\) $/0 /' "$TMO_ROOT/sys/kernel/debug/lru_gen"
	runx 0 cold-scan -a 4s,1m -r -o cgroup,verdict,cold_anon_bytes
	same "#cgroup	verdict	cold_anon_bytes
/	suspect:stale	-
/	suspect:stale	-
/web	ok	83918848
/web	suspect:stale	-
/web/app	ok	16789504
/web/app	suspect:stale	-"
	one_line "/: the LRU was not aged for the time of -a"
	[[ $stderr == *"--age-now"* ]]
	runx 0 cold-scan -q -a 1m /web
	[ -z "$stderr" ]
}

# full_root: under lockdown there is lru_gen_full only, with the same ages.
full_root() {
	use_root cold-scan-lru-gen-7.3.4
	perl -ne 'print; next unless /^ +\d+ +\d+ +\d+ +\d+ *$/;
		printf "%22d%s\n", $_, "          0r          0e          0p" x 2 for 0 .. 3;
		print " " x 22, "          0x          7T          0Y          3A\n";
		# as 6.1 has it for the generations between
		print " " x 21, "0", "          0 " x 6, "\n", " " x 22, "          0 " x 6, "\n"' \
		"$TMO_ROOT/sys/kernel/debug/lru_gen" |
		perl -pe 'print "          0      99999          0x         0x\n          2      20000          0x         0 \n"
			if /^ +3 +15776 /' >"$TMO_ROOT/sys/kernel/debug/lru_gen_full"
	rm "$TMO_ROOT/sys/kernel/debug/lru_gen"
}

@test "lru-gen: what was untouched for the age as of the last aging is stale, as nobody looked since" {
	use_root cold-scan-lru-gen-7.3.4
	# The same agings, three seconds ago.
	perl -pi -e 's/^( +\d+ +)(\d+)/$1 . ($2 + 3000)/e' "$TMO_ROOT/sys/kernel/debug/lru_gen"
	runx 0 cold-scan -a 4s -o cgroup,verdict,cold_anon_bytes,stale_us /web
	same "#cgroup	verdict	cold_anon_bytes	stale_us
/web	suspect:file,stale	83918848	3120000"
	one_line "/web: the LRU was not aged for the time of -a"
}

@test "lru-gen: memory that others' page tables lead to, or nobody's, is no ok" {
	use_root cold-scan-lru-gen-7.3.4
	judge() {
		runx 0 cold-scan -a 4s -o cgroup,verdict,cold_anon_bytes /web/app
		[ "$(tail -n 1 <<<"$output")" = $'/web/app\t'"$1"$'\t16789504' ] || { echo "$2: $output"; return 1; }
	}
	smaps=$TMO_ROOT/proc/102/smaps
	cp "$smaps" "$BATS_TEST_TMPDIR/smaps"
	judge suspect:file "as it is"
	while IFS='@' read -r change what; do
		perl -0pe "$change" "$BATS_TEST_TMPDIR/smaps" >"$smaps"
		judge suspect:file,shared "$what"
	done <<'END'
s/^(Rss|Pss|Anonymous): +12288/$1: 8192/mg@a process that moved away has some of it
s/^Pss: +12288/Pss: 6144/m@a forked one elsewhere shares it
s/^(Rss|Pss|Anonymous): +12288/$1: 65536/mg@its own leads to others', so others may lead to its
s,/dev/zero \(deleted\),/mnt/tmpfs/x,@shared memory of a file system that is not told apart
s/(12288.*?VmFlags: rd wr) /$1 rr /s@read at random
s/(12288.*?VmFlags: rd wr) /$1 lo /s@locked, and so no part of the generations
END
	# What has a file can be touched by read(2) and write(2), and no aging sees that.
	for file in "/dev/shm/x" "/memfd:x (deleted)"; do
		perl -pe "s,/dev/zero \\(deleted\\),$file," "$BATS_TEST_TMPDIR/smaps" >"$smaps"
		grep -qF "$file" "$smaps"
		judge suspect:file,shared "$file"
	done
	# A small part is none.
	perl -0pe 's/^(Rss|Pss|Anonymous): +12288/$1: 12100/mg' "$BATS_TEST_TMPDIR/smaps" >"$smaps"
	judge suspect:file "a hundredth"
	# The one above has it, too.
	rm "$TMO_ROOT/sys/fs/cgroup/web/app/cgroup.procs"
	runx 0 cold-scan -a 4s -o cgroup,verdict /web
	[ "$(col verdict <<<"$output")" = suspect:file,shared ]
	echo 102 >"$TMO_ROOT/sys/fs/cgroup/web/app/cgroup.procs"
	runx 0 env FAULT=102/smaps:open:EACCES LD_PRELOAD="$TMO_BUILD/faultio.so" \
		cold-scan -a 4s -o cgroup,verdict /web/app
	[ "$(col verdict <<<"$output")" = suspect:file,shared ]
	one_line "/web/app: the page tables of its processes cannot be read"
	[[ $stderr == *CAP_SYS_PTRACE* ]]
}

@test "lru-gen: pages that are charged to another cgroup are no proof, though as many as its own" {
	use_root cold-scan-lru-gen-7.3.4
	# charged FIRST SECOND REST VERDICT: the inodes of two halves of the memory, and of a huge page's tails.
	charged() {
		perl -e 'sub words { my ($path, $at, @v) = @_; open my $f, "+>>:raw", "$ENV{TMO_ROOT}/proc/$path" or die;
				close $f; open $f, "+<:raw", "$ENV{TMO_ROOT}/proc/$path" or die; seek $f, $at * 8, 0; print $f pack "Q<*", @v }
			my ($first, $second, $tail, $n) = (@ARGV, 2 * 3072);
			words "102/pagemap", 0x7f2a00000000 / 4096, map { 1 << 63 | $_ } 4096 .. 4096 + 3071;
			words "102/pagemap", 0x7f2a10000000 / 4096, map { 1 << 63 | 1 << 61 | 7168 + $_ } 0 .. 1023;
			words "kpagecgroup", 4096, map { $_ % 512 && $tail ? 0 : $_ < 1536 ? $first : $second } 0 .. 4095;
			words "kpageflags", 4096, map { $_ % 512 && $tail ? 1 << 16 : 1 << 15 } 0 .. 4095' "$1" "$2" "$3"
		runx 0 cold-scan -a 4s -o cgroup,verdict /web/app
		[ "$(col verdict <<<"$output")" = "$4" ] || { echo "$*: $output"; return 1; }
	}
	charged 23 23 "" suspect:file,shared
	charged 79 79 "" suspect:file
	charged 79 23 "" suspect:file,shared
	# Of a huge page the head alone has a cgroup.
	charged 79 79 huge suspect:file
	charged 23 23 huge suspect:file,shared
	# Nobody's, such as the page of zeros.
	charged 0 0 "" suspect:file
	rm "$TMO_ROOT/proc/kpagecgroup"
	runx 0 cold-scan -a 4s -o cgroup,verdict /web/app
	[ "$(col verdict <<<"$output")" = suspect:file ]
}

@test "lru-gen: the memory of a virtual machine is suspect where an aging does not ask KVM" {
	use_root cold-scan-lru-gen-7.3.4
	# judge VERDICT MARKS: those of the kernel's line of walks.
	judge() {
		printf 'memcg   118 /web/app\n node     0\n' >"$TMO_ROOT/sys/kernel/debug/lru_gen_full"
		# shellcheck disable=SC2086 # marks are words
		{ printf '%11d %10d %10d %10d \n%22s' 6 216 4102 12301 "" && printf ' %10d%s' $2; } \
			>>"$TMO_ROOT/sys/kernel/debug/lru_gen_full"
		runx 0 cold-scan -a 4s -o cgroup,verdict /web/app
		[ "$(col verdict <<<"$output")" = "$1" ] || { echo "$2: $output"; return 1; }
	}
	judge suspect:file "7 L 0 O 7 Y 0 N 1 F 0 A"
	cat >>"$TMO_ROOT/proc/102/smaps" <<'END'
7f4587094000-7f4587097000 rw-s 00000000 00:0e 1048                       anon_inode:kvm-vcpu:0
Rss:                   0 kB
VmFlags: rd wr sh mr mw me ms
END
	judge suspect:file,shared "7 L 0 O 7 Y 0 N 1 F 0 A"
	judge suspect:file,shared "7 t 0 o 7 y 0 n 1 f 0 a"
	judge suspect:file "7 T 7 Y 1 F 0 A"
	judge suspect:file "7 t 7 y 1 f 0 a"
	rm "$TMO_ROOT/sys/kernel/debug/lru_gen_full"
	runx 0 cold-scan -a 4s -o cgroup,verdict /web/app
	[ "$(col verdict <<<"$output")" = suspect:file,shared ]
}

@test "lru-gen: where the kernel hides whose the pages are, no verdict is ok, and a note tells it once" {
	use_root cold-scan-lru-gen-7.3.4
	hidden() {
		runx 0 "$@" cold-scan -a 4s -o cgroup,verdict /web/app /web
		[ "$(col verdict <<<"$output" | sort -u)" = suspect:file,shared ] || { echo "$output"; return 1; }
		one_line "the kernel does not show whose the pages of its processes are"
		[[ $stderr == */proc/PID/pagemap*CAP_SYS_ADMIN* ]]
	}
	runx 0 cold-scan -a 4s -o cgroup,verdict /web/app /web
	[ "$(col verdict <<<"$output" | sort -u)" = suspect:file ]
	[ -z "$stderr" ]
	# The list of cgroups cannot be read.
	hidden env FAULT=kpagecgroup:open:EACCES LD_PRELOAD="$TMO_BUILD/faultio.so"
	# Pages are present, and their frames are all 0.
	perl -e 'open my $f, ">:raw", "$ENV{TMO_ROOT}/proc/102/pagemap" or die; seek $f, 0x7f2a00000000 / 4096 * 8, 0;
		print $f pack "Q<*", (1 << 63) x 3072; seek $f, 0x7f2a10000000 / 4096 * 8, 0; print $f pack "Q<*", (1 << 63 | 1 << 61) x 1024'
	touch "$TMO_ROOT"/proc/kpage{cgroup,flags}
	hidden
}

@test "lru-gen: a note on suspect:shared names a cgroup that it is true of" {
	use_root cold-scan-lru-gen-7.3.4
	# /web/app has a guest, which nobody can help; of /web a process cannot be read.
	cat >>"$TMO_ROOT/proc/102/smaps" <<'END'
7f4587094000-7f4587097000 rw-s 00000000 00:0e 1048                       anon_inode:kvm-vcpu:0
Rss:                   0 kB
VmFlags: rd wr sh mr mw me ms
END
	runx 0 env FAULT=proc/101/smaps:open:EACCES LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 4s -o cgroup,verdict /web/app /web
	echo "$output"
	[ "$(col verdict <<<"$output" | sort -u)" = suspect:file,shared ]
	one_line "/web: the page tables of its processes cannot be read"
}

@test "lru-gen: what may be one address space of two processes hides no memory of others" {
	use_root cold-scan-lru-gen-7.3.4
	# Each has one half, and that is all: or both have the same half, and who has the other?
	perl -pi -e 's/^(Rss|Pss|Anonymous): +12288/$1: 4084/' "$TMO_ROOT/proc/102/smaps"
	cp -r "$TMO_ROOT"/proc/102 "$TMO_ROOT/proc/103"
	echo 103 >>"$TMO_ROOT/sys/fs/cgroup/web/app/cgroup.procs"
	stack() {
		echo "$1 (a) b) S 1 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 500 9 9 9 1 1 $2 0" >"$TMO_ROOT/proc/$1/stat"
	}
	# judge STACK VERDICT: 103's stack begins there; a recording has no kcmp(2).
	judge() {
		stack 102 140728
		stack 103 "$1"
		runx 0 cold-scan -a 4s -o cgroup,verdict /web/app
		[ "$(col verdict <<<"$output")" = "$2" ] || { echo "$1: $output"; return 1; }
	}
	judge 140728 suspect:file,shared
	judge 140729 suspect:file
	judge 0 suspect:file
	# One that has more is another.
	perl -pi -e 's/^(Rss|Pss|Anonymous): +4084/$1: 4088/' "$TMO_ROOT/proc/103/smaps"
	judge 140728 suspect:file
}

@test "lru-gen: a process that an aging of ours passed over makes its cgroup suspect" {
	use_root cold-scan-lru-gen-7.3.4
	# aged MARK ENTRIES VERDICT: our aging came after generation 6, and looked at so many entries.
	aged() {
		printf 'memcg   118 /web/app\n node     0\n' >"$TMO_ROOT/sys/kernel/debug/lru_gen_full"
		printf '%11d %10d %10d %10d \n%33d%s%12dy%12df%12da\n' 6 216 4102 12301 "$2" "$1" 0 0 0 7 100 0 0 0 x 0 0 0 \
			>>"$TMO_ROOT/sys/kernel/debug/lru_gen_full"
		runx 0 env FAULT=debug/lru_gen:write:done LD_PRELOAD="$TMO_BUILD/faultio.so" \
			cold-scan --source lru-gen --age-now -a 4s -o cgroup,verdict /web/app
		[ "$(col verdict <<<"$output")" = "$3" ] || { echo "$1 $2: $output"; return 1; }
	}
	# By its smaps the process has 4110.
	aged t 4110 suspect:file
	aged t 9999 suspect:file
	aged t 4000 suspect:file
	aged t 3900 suspect:file,shared
	aged t 0 suspect:file,shared
	# A sum that did not grow; and a kernel that tells none.
	aged T 4110 suspect:file,shared
	aged x 0 suspect:file
	refute grep -q 'skip page tables' <<<"$stderr"
	# A kernel that passes over what looks unused, and the bit that lets it.
	aged "l 0o" 3900 suspect:file,shared
	[[ $stderr == *"/web/app: "*"skip page tables"*"echo 3 >"* ]]
	echo 0x0003 >"$TMO_ROOT/sys/kernel/mm/lru_gen/enabled"
	aged "l 0o" 3900 suspect:file,shared
	refute grep -q 'skip page tables' <<<"$stderr"
	echo 0x0007 >"$TMO_ROOT/sys/kernel/mm/lru_gen/enabled"
	# Nobody is asked who aged otherwise.
	aged t 0 suspect:file,shared
	runx 0 cold-scan --source lru-gen -a 4s -o cgroup,verdict /web/app
	[ "$(col verdict <<<"$output")" = suspect:file ]
}

@test "lru-gen: where lockdown shuts lru_gen, lru_gen_full tells the same, and nothing ages" {
	use_root cold-scan-lru-gen-7.3.4
	runx 0 cold-scan -a 4s -r /
	want=$output
	rm -r "$TMO_ROOT"
	full_root
	runx 0 cold-scan -a 4s -r /
	same "$want"
	runx 0 cold-scan -a 4s --age-now /web
	[[ $stderr == *"--age-now: lru_gen cannot be written"*"--source damon"* ]]
	runx 2 cold-scan --source lru-gen -a 4s --age-now /web
	one_line "lru_gen cannot be written"
	runx 0 cold-scan --check
	grep -qP '^lru_gen\tlimited\tlockdown.*no --age-now' <<<"$output"
	[ "$(grep ^source <<<"$output")" = $'source\tok\tauto takes lru-gen\t-' ]
	# Both shut.
	shut() { runx 2 env FAULT=debug/lru_gen:open:EPERM LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan "$@"; }
	shut --source lru-gen -a 4s /web
	one_line "lockdown forbids debugfs"
	shut -a 4s /web
	one_line "no source of ages"
	shut -a 4s --age-now /web
	one_line "no source of ages"
	shut --check
	grep -qP '^lru_gen\tmissing\tlockdown forbids debugfs\tuse --source page-idle or damon' <<<"$output"
}

# as_service CAPABILITY CMD...: as nobody with that one.
as_service() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps="-all,+$1" --ambient-caps="-all,+$1" \
		--bounding-set="-all,+$1" "${@:2}"
}

@test "a user with CAP_DAC_OVERRIDE alone is enough for each source, and for --check" {
	as_service dac_override true 2>/dev/null || skip "capabilities cannot be given here"
	probe() {
		chmod -R go-rwx "$1"
		chmod 000 "$2"
		runx 0 as_service dac_override cold-scan --check
		grep -qP "^source\tok\tauto takes $3" <<<"$output"
		runx 0 as_service dac_override cold-scan -a 4s -o cgroup,source /
		[ "$(col source <<<"$output" | tail -n 1)" = "$3" ]
	}
	use_root cold-scan-lru-gen-7.3.4
	probe "$TMO_ROOT/sys/kernel/debug" "$TMO_ROOT/sys/kernel/debug/lru_gen" lru-gen
	rm -r "$TMO_ROOT"
	idle
	TMO_ROOT=$R/1 probe "$R/1/sys/kernel/mm/page_idle" "$R/1/sys/kernel/mm/page_idle/bitmap" page-idle
}

@test "a DAMON that runs from boot on is told with what ends it, once" {
	use_root cold-scan-lru-gen-7.3.4
	mkdir -p "$TMO_ROOT/sys/module/damon_stat/parameters"
	echo Y >"$TMO_ROOT/sys/module/damon_stat/parameters/enabled"
	runx 0 cold-scan -a 4s -o cgroup,verdict /web
	[ "$(col verdict <<<"$output")" = suspect:damon,file ]
	[ "$(grep -c 'to stop it: echo N >/sys/module/damon_stat/parameters/enabled$' <<<"$stderr")" -eq 1 ]
	run cold-scan --check
	grep -q "^damon	missing	.*	echo N >/sys/module/damon_stat/parameters/enabled$" <<<"$output"
	mkdir -p "$TMO_ROOT/sys/kernel/mm/damon/admin/kdamonds"
	echo 0 >"$TMO_ROOT/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds"
	runx 2 cold-scan --source damon /web
	one_line "echo N >/sys/module/damon_stat/parameters/enabled"
}

@test "a suspicion stays while the age reaches back over it, with -S as well" {
	idle
	mkdir -p "$R/2/sys/kernel/mm/damon/admin/kdamonds/0"
	echo on >"$R/2/sys/kernel/mm/damon/admin/kdamonds/0/state"
	runx 0 cold-scan -a 2m -o cgroup,verdict /
	[ "$(col verdict <<<"$output")" = suspect:damon,scanner ]
	S=$BATS_TEST_TMPDIR/state
	rm -r "$R"
	idle
	mkdir -p "$R/2/sys/kernel/mm/damon/admin/kdamonds/0"
	echo on >"$R/2/sys/kernel/mm/damon/admin/kdamonds/0/state"
	for t in 1 2 3; do TMO_ROOT=$R/$t runx 0 cold-scan -a 2m -S "$S" -o cgroup,verdict /; done
	[ "$(col verdict <<<"$output")" = suspect:damon,scanner ]
}

@test "page-idle with lru_gen on: another's aging makes its cgroup suspect for the age, reclaim makes all" {
	# generations SAMPLE WEB BATCH SCANNED: their newest ones, and what reclaim has looked at by then.
	generations() {
		local id=0 key seq
		mkdir -p "$R/$1/sys/kernel/debug"
		echo 0x0007 >"$R/$1/sys/kernel/mm/lru_gen/enabled"
		echo "pgscan_anon $4" >>"$R/$1/proc/vmstat"
		for key in / /web /batch; do
			seq=$2
			[ $key != /batch ] || seq=$3
			printf 'memcg %5d %s\n node     0\n' $((++id)) $key
			for gen in 3 2 1 0; do printf '%11d %10d %10d %10d \n' $((seq - gen)) $((gen * 900)) 10 10; done
		done >"$R/$1/sys/kernel/debug/lru_gen"
	}
	# judge WANT WEB BATCH SCANNED WEB BATCH SCANNED: as of the second and the third sample.
	judge() {
		idle
		generations 1 5 5 0
		generations 2 "$2" "$3" "$4"
		generations 3 "$5" "$6" "$7"
		# What others marked before the first pass is another matter.
		runx 0 cold-scan -r -a 1m -i 1m -c 2 --source page-idle -o cgroup,verdict /batch /web
		[ "$(col verdict <<<"$output" | sed 's/scanner//; s/:$/:none/' | xargs)" = "$1" ] || { echo "$*: $output"; return 1; }
		rm -r "$R"
	}
	judge "suspect:none suspect:none ok ok" 5 5 0 5 5 0
	judge "suspect:none suspect:none ok suspect:lru_gen" 5 5 0 6 5 0
	judge "suspect:none suspect:none suspect:lru_gen ok" 5 5 0 5 6 0
	judge "suspect:none suspect:lru_gen, ok ok" 6 5 0 6 5 0
	judge "suspect:none suspect:none suspect:lru_gen suspect:lru_gen" 5 5 0 5 5 9
}

@test "page-idle: an aging while lru_gen was on between two passes makes all suspect for the age, with -S as well" {
	# aged SAMPLE SEQ [STATE]: the newest generation of /web, which lru_gen keeps when it is turned off.
	aged() {
		mkdir -p "$R/$1/sys/kernel/debug"
		echo "${3-0x0000}" >"$R/$1/sys/kernel/mm/lru_gen/enabled"
		printf 'memcg     1 /web\n node     0\n %10d %10d %10d %10d \n' "$2" 0 10 10 >"$R/$1/sys/kernel/debug/lru_gen"
	}
	judge() { # WANT SEQ SEQ SEQ [STATE of the second]
		local t
		idle
		aged 1 "$2"
		aged 2 "$3" "${5-0x0000}"
		aged 3 "$4"
		# What others marked before the first pass is another matter.
		runx 0 cold-scan -a 1m,2m -i 1m -c 2 --source page-idle -o cgroup,verdict /web
		[ "$(col verdict <<<"$output" | sed 's/,*scanner//; s/:$/:none/' | xargs)" = "$1" ] || { echo "$*: $output"; return 1; }
		rm -r "$R"
		idle
		aged 1 "$2"
		aged 2 "$3" "${5-0x0000}"
		aged 3 "$4"
		for t in 1 2 3; do TMO_ROOT=$R/$t runx 0 cold-scan --source page-idle -a 1m,2m -S "$BATS_TEST_TMPDIR/state" -o cgroup,verdict /web; done
		[ "$(col verdict <<<"$output" | sed 's/,*scanner//; s/:$/:none/' | xargs)" = "$(cut -d' ' -f3- <<<"$1")" ]
		rm -r "$R" "$BATS_TEST_TMPDIR"/state*
	}
	judge "suspect:none suspect:none ok suspect:none" 5 5 5
	judge "suspect:none suspect:none suspect:lru_gen suspect:lru_gen" 5 5 6
	# A cgroup that is removed takes its agings with it.
	judge "suspect:none suspect:none ok suspect:none" 7 6 5
	judge "suspect:lru_gen suspect:lru_gen ok suspect:lru_gen" 5 6 6
	# It was on at a pass, and off at the next.
	judge "suspect:lru_gen suspect:lru_gen suspect:lru_gen suspect:lru_gen" 5 5 5 0x0007
}

@test "pages that move to frames of others make ages of more than one interval suspect" {
	# To free frames of the second sample come as many with their marks.
	to_free() {
		perl -e 'my ($dir, $left) = @ARGV;
			sub slurp { open my $f, "<:raw", "$dir/$_[0]" or die; local $/; <$f> }
			sub spill { open my $f, ">:raw", "$dir/$_[0]" or die; print $f $_[1] }
			my @was = unpack "Q*", slurp("2/proc/kpageflags"); my @is = unpack "Q*", slurp("3/proc/kpageflags");
			my $map = slurp("3/sys/kernel/mm/page_idle/bitmap");
			for (grep { !(($was[$_] | $is[$_]) & 0x10020) } 0 .. $#was) {
				last unless $left-- > 0;
				$is[$_] = 0x1020 | 1 << 25;
				vec($map, $_, 1) = 1;
			}
			spill("3/proc/kpageflags", pack "Q*", @is);
			spill("3/sys/kernel/mm/page_idle/bitmap", $map)' "$R" "$1"
	}
	judge() { # WANT MOVED [TO_FREE]: as of the third sample
		idle
		to_free "${3-0}"
		sed -i "s/^pgmigrate_success .*/pgmigrate_success $2/" "$R/3/proc/vmstat"
		runx 0 cold-scan -a 1m,2m --source page-idle -o cgroup,verdict /web
		[ "$(col verdict <<<"$output" | xargs)" = "$1" ] || { echo "$*: $output"; return 1; }
		rm -r "$R"
	}
	judge "ok suspect:scanner" 50
	judge "ok suspect:scanner,migrated" 500
	# A frame that was free has no age that could be taken for the page's.
	judge "ok suspect:scanner" 500 480
	judge "ok suspect:scanner,migrated" 500 200
}

@test "pages that move can all be a small cgroup's, and those of several intervals add up" {
	large
	perl -e 'print pack("Q<", 23) x 64536, pack("Q<", $ARGV[0]) x 1000' "$(<"$R/1/sys/fs/cgroup/batch/inode")" >"$R/1/proc/kpagecgroup"
	moved=0 m=0
	# pass MOVED WANT: so many since the last one; the rows that it makes suspect, with their ages.
	pass() {
		moved=$((moved + $1))
		echo "pgmigrate_success $moved" >"$R/1/proc/vmstat"
		touch_all $((m > 0)) "$m"
		m=$((m + 1))
		runx 0 cold-scan -r -a 1m,2m,3m -S "$S" -o cgroup,verdict,age_us /
		got=$(awk -F'\t' '$2 ~ /migrated/ { print $1 $3 / 60000000 }' <<<"$output" | xargs)
		[ "$got" = "$2" ] || { echo "pass $*: $got"; return 1; }
	}
	for _ in 1 2 3 4; do pass 0 ""; done
	pass 400 "/batch2 /batch3"
	pass 0 "/batch3"
	pass 700 "/batch2 /batch3"
	cp "$S" "$S.old"
	pass 700 "/3 /batch2 /batch3 /web3"
	runx 0 cold-scan -a 2m,3m -S "$S" --diff "$S.old" -o age_us,verdict
	[ "$(sed 1d <<<"$output" | uniq | xargs)" = "120000000 ok 180000000 suspect:migrated" ] || { echo "$output"; return 1; }
	pass 0 "/batch3"
	pass 0 ""
}

@test "a page that moves in each interval makes no small cgroup suspect" {
	large
	perl -e 'print pack("Q<", 23) x 64536, pack("Q<", $ARGV[0]) x 1000' "$(<"$R/1/sys/fs/cgroup/batch/inode")" >"$R/1/proc/kpagecgroup"
	for m in {0..7}; do
		echo "pgmigrate_success $m" >"$R/1/proc/vmstat"
		touch_all $((m > 0)) "$m"
		runx 0 cold-scan -a 6m -S "$S" -o cgroup,verdict,cold_file_bytes /batch
	done
	[ "$(col verdict <<<"$output")" = ok ]
	[ "$(col cold_file_bytes <<<"$output")" -gt 0 ]
}

@test "what takes accessed bits makes page-idle suspect, DAMON lru-gen as well" {
	disturb() {
		mkdir -p "$1/sys/kernel/mm/damon/admin/kdamonds/0" "$1/proc/sys/kernel" "$1/sys/devices/system/node"
		echo "$2" >"$1/sys/kernel/mm/damon/admin/kdamonds/0/state"
		echo "$3" >"$1/proc/sys/kernel/numa_balancing"
		echo "$4" >"$1/sys/devices/system/node/has_memory"
	}
	idle
	while read -r damon balancing nodes want; do
		disturb "$R/3" "$damon" "$balancing" "$nodes"
		TMO_ROOT=$R/3 runx 0 cold-scan -a 1m -o cgroup,verdict /
		echo "$damon $balancing $nodes: $output"
		[ "$(col verdict <<<"$output")" = "$want" ]
	done <<'END'
off 0 0-1 ok
off 1 0 ok
off 1 0-1 suspect:numa
on 0 0 suspect:damon
on 1 0,2 suspect:damon,numa
END
	use_root cold-scan-lru-gen-7.3.4
	disturb "$TMO_ROOT" on 1 0-1
	runx 0 cold-scan -a 4s -o cgroup,verdict /web
	[ "$(col verdict <<<"$output")" = suspect:damon,file ]
	disturb "$TMO_ROOT" off 0 0-1
	runx 0 cold-scan -a 4s -o cgroup,verdict /web
	[ "$(col verdict <<<"$output")" = suspect:file ]
}

@test "--strict makes a doubtful verdict status 3" {
	use_root cold-scan-lru-gen-7.3.4
	runx 3 cold-scan --strict -a 4s /web
	runx 0 cold-scan -a 4s /web
}

@test "--check names what is there, and what auto would take" {
	idle
	export TMO_ROOT=$R/1
	runx 0 cold-scan --check
	[ "$(grep ^source <<<"$output")" = $'source\tok\tauto takes page-idle\t-' ]
	[ "$(grep ^lru_gen <<<"$output" | cut -f2)" = missing ]
	rm -r "$R/1/sys/kernel/mm/page_idle"
	runx 2 cold-scan --check
	[ "$(grep ^source <<<"$output" | cut -f2)" = missing ]
	agree() {
		runx 2 cold-scan --check
		[ "$(grep ^source <<<"$output" | cut -f2)" = missing ]
		runx 2 cold-scan -a 1m /
		one_line "no source of ages"
	}
	mkdir -p "$R/1/sys/kernel/mm/damon/admin/kdamonds"
	echo 1 >"$R/1/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds"
	agree # another's DAMON
	rm "$R/1/proc/kpageflags"
	echo 0 >"$R/1/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds"
	agree
	use_root cold-scan-lru-gen-7.3.4
	echo 1 >"$TMO_ROOT/sys/fs/cgroup/memory.current"
	agree # a container's root
}

@test "what is missing is named, with the remedy, before anything is read" {
	idle
	export TMO_ROOT=$R/1
	echo 0x0007 >"$R/1/sys/kernel/mm/lru_gen/enabled"
	runx 2 cold-scan --source lru-gen /
	one_line "mount -t debugfs none /sys/kernel/debug"
	runx 2 cold-scan --source damon /
	one_line "CONFIG_DAMON_SYSFS"
	rm -r "$R/1/sys/kernel/mm/lru_gen"
	runx 2 cold-scan --source lru-gen /
	one_line "the kernel lacks CONFIG_LRU_GEN"
	run cold-scan --check
	grep -qP '^lru_gen\tmissing\tthe kernel lacks CONFIG_LRU_GEN\tuse another kernel, or --source page-idle or damon$' <<<"$output"
	rm -r "$R/1/sys/kernel/mm"
	runx 2 cold-scan --source page-idle /
	one_line "CONFIG_IDLE_PAGE_TRACKING"
	runx 2 cold-scan /
	one_line "no page_idle, no lru_gen, no DAMON"
}

@test "bad usage: status 2, one line that names it, nothing on stdout" {
	idle
	export TMO_ROOT=$R/1
	while IFS='|' read -r args want; do
		# shellcheck disable=SC2086 # words
		runx 2 cold-scan $args
		[ -z "$output" ]
		one_line "$want"
	done <<'END'
-a 0x /|-a: '0x' is not a time
-a 1m,2m,x /|-a: 'x' is not a time
-i 500ms /|under 1s, page-idle reports hot pages as cold
-i 500ms -S state /|under 1s, page-idle reports hot pages as cold
-a 1h -i 1s /|more than 252 passes
--source foo /|--source: 'foo' is not auto
--sample 64 /|--sample: '64' is not a share
--percentiles 101 /|--percentiles: '101' is more than 100
--histogram --coverage /|only one of
--ranges /|need -p PID
-p 1 --sample 1/8|cannot be used with --sample
--annotate -a 1m,2m|one -a AGE
--annotate /web|reads its targets from stdin
--annotate -r|no -r
-a 1m,60s /|an age is given twice
-p 1 /web|takes processes, not cgroups
--bound 1% /|needs --recommend
--source page-idle --age-now /|needs the source lru-gen; the source is page-idle
--source page-idle --age-lru /|needs the source lru-gen; the source is page-idle
--diff x|needs -S FILE
-o nope /|no column 'nope'
-p 0|-p: '0' is not
--jobs 0 /|--jobs: '0' is not
--source lru-gen --age-now -a 10s -i 4s /|no age can be longer than two times -i
--source lru-gen -p 1|lru-gen knows only cgroups
--source damon -p 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17|at most 16
--source lru-gen --coverage /|needs the source page-idle
../x|is not a cgroup path
-p 1,2,1|a process is given twice
-p 1 --ranges -a 1m,2m|--ranges: takes only one -a AGE
--annotate --histogram|cannot be used with another view
--annotate -p 1|cannot be used with another view
--annotate -c 3|-c: has no effect with --annotate
--annotate --local|--local: has no effect with --annotate
--annotate --node|--node: has no effect with --annotate
--annotate -S state --sample 1/8|--sample: has no effect with --annotate -S
--annotate -S state --jobs 2|--jobs: has no effect with --annotate -S
-S state -c 3 /|-c: has no effect with -S without -i
-p 1 -r|-r: has no effect with -p
-p 1 --local|--local: has no effect with -p
-p 1 --node|--node: has no effect with -p
--diff old -S state /web|CGROUP: has no effect with --diff
--diff old -S state -i 1m|-i: has no effect with --diff
--diff old -S state --sample 1/8|--sample: has no effect with --diff
--coverage --local /|--coverage: takes no --local
--source lru-gen --sample 1/8 /|--sample: needs the source page-idle
--source lru-gen --jobs 2 /|--jobs: needs the source page-idle
--source damon --wait 1m /|--wait: needs the source page-idle
--source damon --background /|--background: needs the source page-idle
END
	[ ! -e state ]
	# auto may take another source on the next machine.
	use_root cold-scan-lru-gen-7.3.4
	runx 0 cold-scan -a 4s --max-cpu 5% /web
	one_line "--max-cpu: has no effect, because the source is lru-gen"
}

@test "a named cgroup that is not there is status 3, one of a glob is nothing" {
	idle
	TMO_ROOT=$R/1 runx 3 cold-scan -a 1m /nowhere
	[[ $stderr == *"no cgroup '/nowhere'"* ]]
	TMO_ROOT=$R/1 runx 0 cold-scan -a 1m '/nowhere*'
	[ -z "$output" ]
}

@test "-p: a process that ended is told once, and without any left the run ends with status 3" {
	idle
	for t in 1 2; do
		mkdir "$R/$t/proc/42"
		echo "42 (a) b) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7777 0 0" >"$R/$t/proc/42/stat"
		echo "00000000-00001000 rw-p 00000000 00:00 0" >"$R/$t/proc/42/maps"
		head -c 8 /dev/zero >"$R/$t/proc/42/pagemap"
	done
	runx 3 cold-scan -a 1m -i 1m -p 42 -o pid,start_ticks
	same "#pid	start_ticks
42	7777"
	one_line "process 42: No such process"
	# Its number is another's, and one of two is left.
	cp -r "$R/1/proc/42" "$R/3/proc"
	for t in 1 2 3; do
		cp -r "$R/$t/proc/42" "$R/$t/proc/43"
	done
	sed -i s/7777/8888/ "$R/3/proc/42/stat"
	runx 3 cold-scan -a 1m -i 1m -p 42,43 -o pid
	[ "$(tail -n +2 <<<"$output" | xargs)" = "42 43 43" ]
	one_line "process 42: No such process"
	sed -i 's/ S / Z /' "$R"/1/proc/4[23]/stat
	runx 3 cold-scan -a 1m -i 1m -p 42,43
	[ "$(wc -l <<<"$stderr")" -eq 2 ]
}

@test "-p: what lost its mark since the pass is not cold, whosever page it is by now" {
	idle
	perl -e 'my ($dir) = @ARGV;
		sub slurp { open my $f, "<:raw", "$dir/3/$_[0]" or die; local $/; <$f> }
		my @flags = unpack "Q*", slurp("proc/kpageflags"); my $map = slurp("sys/kernel/mm/page_idle/bitmap");
		# Anonymous small pages that are idle in the last pass: half of them are touched after it.
		my @pfn = grep { vec($map, $_, 1) && ($flags[$_] & 0x19020) == 0x1020 } 0 .. $#flags;
		$flags[$pfn[$_]] = $_ % 2 ? $flags[$pfn[$_]] | 1 << 25 : $flags[$pfn[$_]] & ~(1 << 25) for 0 .. 15;
		open my $out, ">:raw", "$dir/3/proc/kpageflags" or die; print $out pack "Q*", @flags;
		for my $t (1, 2, 3) {
			mkdir "$dir/$t/proc/42";
			open my $f, ">:raw", "$dir/$t/proc/42/pagemap" or die; print $f pack "Q*", map { 1 << 63 | $_ } @pfn[0 .. 15];
			open $f, ">", "$dir/$t/proc/42/maps" or die; print $f "00000000-00010000 rw-p 00000000 00:00 0\n";
			open $f, ">", "$dir/$t/proc/42/stat" or die; print $f "42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7777 0 0\n";
		}' "$R"
	cp -r "$R" "$R.again" # a pass writes its marks
	runx 0 cold-scan -a 1m -i 1m -c 2 -p 42 -o pid,anon_bytes,cold_anon_bytes
	[ "$(tail -n 1 <<<"$output")" = $'42\t65536\t32768' ] || { echo "$output"; return 1; }
	export TMO_ROOT=$R.again/1:$R.again/2:$R.again/3
	runx 0 cold-scan -a 1m -i 1m -c 2 -p 42 --ranges
	[ "$(head -n 1 <<<"$output")" = $'#cgroup\ttime\tpid\tstart_ticks\taddr\tbytes\tkind\tage_us\tverdict' ]
	[ "$(col verdict <<<"$output" | tail -n 8 | sort -u)" = ok ]
	# Its first thread has ended, and the others have the page tables.
	runx 3 env FAULT=42/pagemap:open:ESRCH LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 1m -i 1m -c 1 -p 42
	one_line "process 42 has no page tables: it or its first thread has ended; for the other threads, use the ID of one of them (/proc/42/task)"
}

# Markers of userfaultfd(2) and MADV_GUARD_INSTALL, pages being moved, and broken ones have types that no area has.
@test "-p: swapped_bytes are of pages in an area of swap, not of other entries without a page" {
	idle
	for t in 1 2; do
		mkdir "$R/$t/proc/42"
		echo "42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7777 0 0" >"$R/$t/proc/42/stat"
		echo "00000000-00008000 rw-p 00000000 00:00 0" >"$R/$t/proc/42/maps"
		perl -e 'print pack "Q*", map { 1 << 62 | 77 << 5 | $_ } 0, 1, 21, 27 .. 31' >"$R/$t/proc/42/pagemap"
	done
	runx 0 cold-scan -a 1m -i 1m -c 1 -p 42 -o swapped_bytes
	same "#swapped_bytes
$((3 * 4096))"
}

@test "-p: page tables without page frames are told with the capability, and are no 0 bytes" {
	idle
	for t in 1 2; do
		mkdir "$R/$t/proc/42"
		echo "42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7777 0 0" >"$R/$t/proc/42/stat"
		echo "00000000-00001000 rw-p 00000000 00:00 0" >"$R/$t/proc/42/maps"
		printf '\0\0\0\0\0\0\0\200' >"$R/$t/proc/42/pagemap" # present, no more
	done
	runx 3 cold-scan -a 1m -i 1m -p 42 -o pid,anon_bytes
	[ -z "$(sed '/^#/d' <<<"$output")" ]
	one_line "the page tables of process 42 show no page frames: run as root, or add CAP_SYS_ADMIN"
}

@test "-p: what cannot be read, or ends meanwhile, is an error, and no 0 bytes" {
	local fault
	# The pages of a process, its page table and the kinds of its pages; and its end after the walk.
	for fault in 42/pagemap:read:EIO kpageflags:read:EIO:3 kpageflags:open:EMFILE:4 42/stat:open:ENOENT:3; do
		idle
		for t in 1 2; do
			mkdir "$R/$t/proc/42"
			echo "42 (a) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 7777 0 0" >"$R/$t/proc/42/stat"
			echo "00000000-00080000 rw-p 00000000 00:00 0" >"$R/$t/proc/42/maps"
			perl -e 'print pack "Q*", map { 1 << 63 | $_ } 0x100 .. 0x17f' >"$R/$t/proc/42/pagemap"
		done
		runx 3 env FAULT=$fault LD_PRELOAD="$TMO_BUILD/faultio.so" cold-scan -a 1m -i 1m -c 1 -p 42 -o pid,anon_bytes
		[ -z "$(sed '/^#/d' <<<"$output")" ] || { echo "$fault: $output"; return 1; }
		one_line "of process 42: "
		rm -r "$R"
	done
}

@test "targets come from rows on a pipe" {
	idle
	runx 0 bash -o pipefail -c 'printf "#cgroup\tx\n/web\t1\n" | cold-scan -a 2m -o cgroup,cold_anon_bytes'
	same "#cgroup	cold_anon_bytes
/web	2011136"
	runx 2 bash -o pipefail -c 'printf "/web" | cold-scan -a 2m -'
	one_line "cut short"
}

@test "an input without a row is one line and status 2; with -S no operand is /" {
	idle
	for text in "" "#cgroup\n" "# nothing\n\n"; do
		runx 2 bash -o pipefail -c 'printf "$1" | cold-scan -a 2m' - "$text"
		one_line "no row on standard input"
		[ -z "$output" ]
	done
	export TMO_ROOT=$R/1
	runx 0 bash -o pipefail -c ': | cold-scan -a 1m -o anon_bytes -S "$1"' - "$BATS_TEST_TMPDIR/state"
	same "#anon_bytes
3649536"
	runx 2 bash -o pipefail -c 'sleep 1.5 | cold-scan -a 1m'
	[[ $stderr == *"waiting for rows on standard input"*"no row on standard input"* ]]
}

# damon_root: a recording with a DAMON that is not set up; writes are appended.
damon_root() {
	local file k=$R/1/sys/kernel/mm/damon/admin/kdamonds
	local c=0/contexts/0
	for file in nr_kdamonds 0/state 0/contexts/nr_contexts $c/operations $c/monitoring_attrs/intervals/{sample,aggr,update}_us \
		$c/monitoring_attrs/nr_regions/{min,max} $c/targets/nr_targets $c/targets/0/regions/nr_regions \
		$c/targets/0/regions/0/{start,end} $c/schemes/nr_schemes $c/schemes/0/action \
		$c/schemes/0/access_pattern/{sz,nr_accesses,age}/max; do
		mkdir -p "$(dirname "$k/$file")"
		: >"$k/$file"
	done
	echo 0 >"$k/nr_kdamonds"
	echo "$k"
}

@test "damon is taken down before a cut line, or a machine without cgroups, ends the run" {
	idle
	k=$(damon_root)
	export TMO_ROOT=$R/1
	runx 2 bash -o pipefail -c 'printf /a | cold-scan --annotate --source damon'
	one_line "cut short"
	[[ $(cat "$k/0/state") == on*off ]]
	[ "$(tail -n 1 "$k/nr_kdamonds")" = 10 ]
	k=$(damon_root)
	rm -r "$R/1/sys/fs/cgroup"
	runx 2 cold-scan --source damon /
	[ ! -s "$k/0/state" ]
}

@test "annotate hands on every column and refuses a cut line" {
	use_root cold-scan-lru-gen-7.3.4
	# Whose processes are looked at is known by the first row.
	runx 0 bash -o pipefail -c '{ sleep 1; printf "#cgroup\tx\tverdict\n/web/app\t0\t?\n"; sleep 1;
		printf "/web/app\t1\t?\n/nowhere\t2\t?\n"; } | cold-scan --annotate -a 4s'
	same "#cgroup	x	verdict	source	age_us	anon_bytes	file_bytes	cold_anon_bytes	cold_file_bytes
/web/app	0	suspect:file,shared	lru-gen	4000000	16801792	50384896	16789504	50384896
/web/app	1	suspect:file	lru-gen	4000000	16801792	50384896	16789504	50384896
/nowhere	2	-	-	4000000	-	-	-	-"
	runx 2 bash -o pipefail -c 'printf "/web" | cold-scan --annotate -a 4s'
	one_line "cut short"
}

@test "annotate: after a pass that failed nothing is known, until one succeeds" {
	use_root cold-scan-lru-gen-7.3.4
	runx 3 bash -o pipefail -c '{
		sleep 1; printf "#cgroup\n/web/app\n"
		sleep .5; mv "$1" "$1.gone"; sleep 1; echo /web/app; sleep .5
		mv "$1.gone" "$1"; sleep 1; echo /web/app; } | cold-scan --annotate -a 4s -i 500ms' - "$TMO_ROOT/sys/kernel/debug/lru_gen"
	one_line "cannot scan: cold memory is unknown until a pass succeeds: No such file"
	[ "$(col cold_anon_bytes <<<"$output" | xargs)" = "16789504 - 16789504" ]
	[ "$(col verdict <<<"$output" | xargs)" = "suspect:file,shared - suspect:file" ]
}

@test "annotate: a row between two passes is as stale as it is by then" {
	use_root cold-scan-lru-gen-7.3.4
	OUT=$BATS_TEST_TMPDIR/out
	until_told() { # STALE TENTHS
		for ((n = 0; n < $2; n++)); do
			echo /web/app
			! grep -q "\s$1\$" "$OUT" || return 0
			sleep .1
		done
		return 1
	}
	{
		echo "#cgroup"
		until_told 116000 600
		# A second pass comes soon after the first one; where it comes after the jump, the next jump tells.
		for _ in 1 2 3; do
			perl -pi -e 's/^([0-9.]+)/$1 + 30/e' "$TMO_ROOT/proc/uptime"
			! until_told 30116000 100 || break
		done
	} | cold-scan --annotate -a 4s -i 1h -o stale_us >"$OUT"
	[ "$(tail -n 1 "$OUT")" = $'/web/app\t30116000' ]
}

@test "annotate --age-now: cold memory is - until agings of its own span the age" {
	use_root cold-scan-lru-gen-7.3.4
	# filter [OPTION]: rows until a pass is known; a recorded clock stands, so no time goes by.
	filter() {
		{
			echo "#cgroup"
			for ((n = 0; n < 600; n++)); do
				echo /web/app
				! grep -q 16801792 "$OUT" || break
				sleep .1
			done
		} | FAULT=debug/lru_gen:write:done LD_PRELOAD=$TMO_BUILD/faultio.so \
			cold-scan --annotate -a 4s "$@" -o anon_bytes,cold_anon_bytes,cold_file_bytes
	}
	OUT=$BATS_TEST_TMPDIR/out
	filter >"$OUT"
	[ "$(tail -n 1 "$OUT")" = $'/web/app\t16801792\t16789504\t50384896' ]
	filter --age-now >"$OUT"
	[ "$(tail -n 1 "$OUT")" = $'/web/app\t16801792\t-\t-' ]
}

@test "--age-now: a lruvec that reclaim is aging is nothing to stop for" {
	command -v strace >/dev/null || skip "no strace"
	use_root cold-scan-lru-gen-7.3.4
	runx 0 strace -qq -f -o /dev/null -P "$TMO_ROOT/sys/kernel/debug/lru_gen" -e trace=write -e inject=write:error=EEXIST \
		cold-scan --source lru-gen --age-now -a 4s -o cgroup,anon_bytes /web/app
	same "#cgroup	anon_bytes
/web/app	16801792"
}

# idle_again: as after a pass, all is idle; in a plain file marks replace words.
idle_again() { printf '\377%.0s' {1..192} >"$R/2/sys/kernel/mm/page_idle/bitmap"; }

@test "--age-now ages what a glob names, each lruvec once" {
	for operands in "/web" "-r /web" "/we*" "-r /w*" "/web /web/*"; do
		use_root cold-scan-lru-gen-7.3.4
		# In a plain file the commands are appended: no lru_gen to read then.
		read -ra words <<<"$operands"
		runx 2 cold-scan --source lru-gen --age-now -a 4s "${words[@]}"
		commands=$(grep -o '+ [1-9][0-9]*' "$TMO_ROOT/sys/kernel/debug/lru_gen" | cut -d' ' -f2 | xargs)
		echo "$operands: $commands"
		[ "$commands" = "79 118" ]
		rm -r "$TMO_ROOT"
	done
}

@test "annotate -S: what was touched since the pass is not cold, and marks nothing; a sample stands for all" {
	idle
	S=$BATS_TEST_TMPDIR/state map=$R/2/sys/kernel/mm/page_idle/bitmap
	watch='{ sleep 1; printf "#cgroup\n/\n"; } | cold-scan --annotate -a 1m -S "$1" -o anon_bytes,cold_anon_bytes'
	for t in 1 2; do TMO_ROOT=$R/$t runx 0 cold-scan -a 1m -S "$S" /; done
	idle_again
	dd if=/dev/zero of="$map" bs=64 count=1 conv=notrunc status=none
	cp "$map" "$map.before"
	TMO_ROOT=$R/2 runx 0 bash -o pipefail -c "$watch" - "$S"
	echo "$output"
	[ "$(col anon_bytes <<<"$output")" = 3555328 ]
	[ "$(col cold_anon_bytes <<<"$output")" -gt 0 ]
	[ "$(col cold_anon_bytes <<<"$output")" -lt 2441216 ]
	cmp "$map" "$map.before"
	dd if=/dev/zero of="$map" bs=192 count=1 conv=notrunc status=none
	rm "$map.before"
	TMO_ROOT=$R/2 runx 0 bash -o pipefail -c "$watch" - "$S"
	[ "$(col cold_anon_bytes <<<"$output")" = 0 ]
	# Cron changes its mind: no more than all memory is told.
	for t in 1 2; do TMO_ROOT=$R/$t runx 0 cold-scan -a 1m -S "$S" --sample 1/4 /; done
	one=$(col anon_bytes <<<"$output")
	idle_again
	TMO_ROOT=$R/2 runx 0 bash -o pipefail -c "$watch" - "$S"
	[ "$(col anon_bytes <<<"$output")" = "$one" ]
}

@test "annotate -S: what takes accessed bits since the last run makes all suspect" {
	local t
	idle
	S=$BATS_TEST_TMPDIR/state
	watch='{ sleep 1; printf "#cgroup\n/web\n"; } | cold-scan --annotate -a 1m -S "$1" -o verdict'
	mkdir -p "$R/3/sys/kernel/mm/damon/admin/kdamonds/0"
	for t in 1 2 3; do
		mkdir -p "$R/$t/sys/kernel/debug"
		printf 'memcg     1 /web\n node     0\n %10d %10d %10d %10d \n' 5 0 10 10 >"$R/$t/sys/kernel/debug/lru_gen"
		TMO_ROOT=$R/$t runx 0 cold-scan --source page-idle -a 1m -S "$S" /
	done
	judge() {
		TMO_ROOT=$R/3 runx 0 bash -o pipefail -c "$watch" - "$S"
		[ "$(tail -n 1 <<<"$output")" = $'/web\t'"$1" ] || { echo "$1: $output"; return 1; }
	}
	judge ok
	echo on >"$R/3/sys/kernel/mm/damon/admin/kdamonds/0/state"
	judge suspect:damon
	echo off >"$R/3/sys/kernel/mm/damon/admin/kdamonds/0/state"
	sed -i 's/ 5 / 6 /' "$R/3/sys/kernel/debug/lru_gen"
	judge suspect:lru_gen
}

@test "annotate -S: without a state, or with a stale one, all is -, not 0 and ok" {
	idle
	S=$BATS_TEST_TMPDIR/state
	watch='{ sleep 1; printf "#cgroup\n/web\n"; } | cold-scan --annotate -a 1m -S "$1" -o verdict,anon_bytes,cold_anon_bytes'
	TMO_ROOT=$R/2 runx 0 bash -o pipefail -c "$watch" - "$S"
	[ "$(tail -n 1 <<<"$output")" = $'/web\t-\t-\t-' ]
	for t in 1 2; do TMO_ROOT=$R/$t runx 0 cold-scan -a 1m -S "$S" /web; done
	idle_again
	TMO_ROOT=$R/2 runx 0 bash -o pipefail -c "$watch" - "$S"
	[ "$(tail -n 1 <<<"$output")" = $'/web\tsuspect:scanner\t3076096\t2011136' ]
	sed -i 's/^[0-9]*/200/' "$R/2/proc/uptime"
	TMO_ROOT=$R/2 runx 0 bash -o pipefail -c "$watch" - "$S"
	[ "$(tail -n 1 <<<"$output")" = $'/web\t-\t-\t-' ]
}

@test "a full disk is an error" {
	idle
	runx 2 bash -c 'cold-scan -a 2m / >/dev/full'
	one_line "No space left on device"
}

@test "--background: no thread is SCHED_IDLE, which would hold locks of others" {
	use_root cold-scan-lru-gen-7.3.4
	mkfifo "$BATS_TEST_TMPDIR/rows"
	cold-scan -q --background --annotate <"$BATS_TEST_TMPDIR/rows" >"$BATS_TEST_TMPDIR/out" 3>&- &
	exec 4>"$BATS_TEST_TMPDIR/rows"
	printf '#cgroup\n/web\n' >&4
	retry 5 grep -q /web "$BATS_TEST_TMPDIR/out"
	# Field 41 of stat, counted behind the name; SCHED_OTHER is 0.
	run awk '{ sub(/.*\) /, ""); print $39 }' /proc/$!/task/*/stat
	exec 4>&-
	wait $!
	same "0
0"
}
