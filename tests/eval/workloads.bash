# workloads.bash - what the contenders work on: groups of cgroups that run side by side, as
# containers on a server do.  Loaded by tests/eval/inside, which sets $dir (files), $tmp and $seconds.
# shellcheck shell=bash disable=SC2034

declare -A GROUP=(
	[steady]='anon35 anon19 anon62 file mixed sidecar'
	[moving]='redis sqlite phase growth'
	[files]='file mixed sqlite'
	[short]='paced'
)

# The cold MiB of each, and what comes later.  A load touches each hot page every two seconds or
# so, and what it does not do in time is lost.  After two thirds of a run, when what is cold is
# away, phase and growth change.  What of redis is cold is in no place of its own: all of it that
# is in swap counts.
declare -A COLD_ANON=([anon35]=45 [paced]=45 [anon19]=24 [anon62]=79 [mixed]=32 [sidecar]=16
	[phase]=48 [growth]=32 [redis]=74)
declare -A COLD_FILE=([file]=80 [mixed]=24 [sqlite]=64)
declare -A GROWN=([growth]=40)

# cold_bytes NAME BACKEND: those that the backend has a place for.
cold_bytes() {
	local anon=${COLD_ANON[$1]-0}
	[[ $2 != none ]] || anon=0
	echo $(((anon + ${COLD_FILE[$1]-0}) << 20))
}

# local_copy PROGRAM...: copies of them and of their libraries in $place.  The guest's root is a
# network of sorts: program text that reclaim took would come back slower than from any disk.
local_copy() {
	local program libraries
	mkdir -p "$place"
	for program; do
		program=$(command -v "$program") || continue
		mapfile -t libraries < <(ldd "$program" | grep -o '/[^ ]*')
		cp -L "$program" "${libraries[@]}" "$place"
	done
	sync
}

# runs PROGRAM ARG...: of those copies.
runs() { exec "$place"/ld-linux*.so.* --library-path "$place" "$place/$1" "${@:2}"; }

# start NAME READY: the workload's processes, in the background, its rows on stdout.  They are in
# the cgroup already; $worker is the process whose memory counts, $client the one that measures.
start() {
	local change=$((seconds * 2 / 3))
	case $1 in
	anon35 | paced) set -- "$2" --hot-anon 83M --cold-anon 45M --rate 10000 ;;
	anon19) set -- "$2" --hot-anon 104M --cold-anon 24M --rate 12000 ;;
	anon62) set -- "$2" --hot-anon 49M --cold-anon 79M --rate 6000 ;;
	file) set -- "$2" --hot-anon 8M --hot-file 40M --cold-file 80M --dir "$dir" --rate 6000 ;;
	mixed) set -- "$2" --hot-anon 48M --cold-anon 32M --hot-file 24M --cold-file 24M --dir "$dir" --rate 9000 ;;
	sidecar) set -- "$2" --hot-anon 8M --cold-anon 16M --rate 1000 ;;
	phase) set -- "$2" --hot-anon 80M --cold-anon 48M --phase "${change}s" --rate 12000 ;;
	growth) set -- "$2" --hot-anon 64M --cold-anon 32M --grow "${GROWN[growth]}M@${change}s" --rate 8000 ;;
	redis | sqlite)
		"start_$1" "$2"
		return
		;;
	esac
	runs memhog "${@:2}" --report 1s --ready "$1" &
	worker=$! client=$!
}

# 80,000 values of 1 KiB, of which 20,000 are asked for again, each every six seconds.
start_redis() {
	local socket=$tmp/redis.sock
	runs redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$tmp" >"$tmp/redis.log" &
	worker=$!
	until [[ -S $socket ]]; do
		kill -0 "$worker" 2>/dev/null || return
		sleep 0.2
	done
	runs askload redis "$socket" 1024 80000 20000 16 200 "$1" &
	client=$!
}

# A table of 24M, of which 128 rows in 32 pages are summed 40 times a second, and its archive of
# 64M, which a report read once, at the start.
start_sqlite() {
	local at=$tmp/sqlite sum='SELECT sum(length(v)) FROM'
	rm -rf "$at"
	mkdir "$at"
	mkfifo "$at/ask" "$at/answer"
	runs sqlite3 -batch -cmd '.output /dev/null' -cmd "ATTACH '$dir/archive.db' AS archive" \
		-cmd "$sum archive.t; $sum t" -cmd '.output stdout' "$dir/table.db" <"$at/ask" >"$at/answer" &
	worker=$!
	runs askload sqlite "$at" "$sum t WHERE id BETWEEN" 24576 128 40 "$1" &
	client=$!
}

# make_tables: once, as they are only read, and in nobody's cache.
make_tables() {
	local name
	for name in table=24576 archive=65536; do
		sqlite3 "$dir/${name%=*}.db" "PRAGMA page_size = 4096; PRAGMA journal_mode = off; PRAGMA synchronous = off;
			CREATE TABLE t (id INTEGER PRIMARY KEY, v BLOB);
			WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${name#*=})
			INSERT INTO t SELECT i, randomblob(960) FROM n" >/dev/null
		chmod "$([[ $name == archive* ]] && echo 400 || echo 600)" "$dir/${name%=*}.db"
	done
	sync
	echo 3 >/proc/sys/vm/drop_caches
}
