# workloads.bash - what the contenders work on: groups of cgroups that run side by side, as
# containers on a server do.  Loaded by tests/eval/inside, which sets $dir (files) and $seconds.
# shellcheck shell=bash disable=SC2034

declare -A GROUP=(
	[steady]='anon35 anon19 anon62 file mixed sidecar'
	[moving]='redis phase growth'
	[files]='file mixed' [short]='paced'
)

# The cold bytes of each in MiB, and what comes later.  A paced load touches each hot page every
# two seconds or so, and what it does not do in time is lost; phase goes as fast as it can.
declare -A COLD=([anon35]=45 [paced]=45 [anon19]=24 [anon62]=79 [file]=80 [mixed]=56 [sidecar]=16
	[phase]=48 [growth]=32 [redis]=54)
declare -A GROWN=([growth]=40)

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
	local mid=$((seconds / 2))
	case $1 in
	anon35 | paced) set -- "$2" --hot-anon 83M --cold-anon 45M --rate 10000 ;;
	anon19) set -- "$2" --hot-anon 104M --cold-anon 24M --rate 12000 ;;
	anon62) set -- "$2" --hot-anon 49M --cold-anon 79M --rate 6000 ;;
	file) set -- "$2" --hot-anon 8M --hot-file 40M --cold-file 80M --dir "$dir" --rate 6000 ;;
	mixed) set -- "$2" --hot-anon 48M --cold-anon 32M --hot-file 24M --cold-file 24M --dir "$dir" --rate 9000 ;;
	sidecar) set -- "$2" --hot-anon 8M --cold-anon 16M --rate 1000 ;;
	phase) set -- "$2" --hot-anon 80M --cold-anon 48M --phase "$((seconds * 2 / 3))s" ;;
	growth) set -- "$2" --hot-anon 64M --cold-anon 32M --grow "${GROWN[growth]}M@${mid}s" --rate 8000 ;;
	redis)
		start_redis "$2"
		return
		;;
	esac
	runs memhog "${@:2}" --report 1s --ready "$1" &
	worker=$! client=$!
}

# 80,000 values of 1 KiB, of which 30,000 are asked for again.
start_redis() {
	local socket=$tmp/redis.sock
	runs redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --dir "$tmp" >"$tmp/redis.log" &
	worker=$!
	until [[ -S $socket ]]; do
		kill -0 "$worker" 2>/dev/null || return
		sleep 0.2
	done
	runs redisload "$socket" 80000 1024 30000 500 "$1" &
	client=$!
}
