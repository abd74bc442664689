# contenders.bash - what may take the memory.  Loaded by tests/eval/inside, which sets $seconds,
# $period and the array cgroups.
# shellcheck shell=bash disable=SC2154

# contend NAME: runs it for $seconds; rows on stdout.  All laws have the same period and floor.
contend() {
	case $1 in
	none) sleep "$seconds" ;;
	default) sample | swap-balance | take ;;
	evidence) sample | look | swap-balance | take ;;
	paper | senpai | oomd) sample | swap-balance | take --law "$1" ;;
	damon) damon ;;
	*) die "cannot use contender '$1'" ;;
	esac
}

sample() { psi-watch -i "${period}s" -c $((seconds / period)) "${cgroups[@]}"; }

# shellcheck disable=SC2086 # options, for trials
look() { cold-scan --annotate --age-now -a 20s ${TMO_EVAL_SCAN-}; }

# shellcheck disable=SC2086 # options, for trials
take() { tmo-reclaim --headroom 8M --grace 0s -o +refaulted_bytes,device_bytes,elapsed_us,gain "$@" ${TMO_EVAL_RECLAIM-}; }

# The kernel's own, for the whole system: takes what DAMON has not seen accessed for 30 s.  It may
# use 100 ms a second instead of 10, as an emulated processor is that much slower.
damon() {
	local at=/sys/module/damon_reclaim/parameters setting
	[[ -d $at ]] || {
		echo 'this kernel has no DAMON_RECLAIM'
		return 1
	} >&2
	for setting in min_age=30000000 quota_ms=100 wmarks_high=1000 wmarks_mid=999 wmarks_low=0 enabled=Y; do
		echo "${setting#*=}" >"$at/${setting%=*}"
	done
	sleep "$seconds"
	kdamond_ticks >"$tmp/kernel_ticks"
	echo N >"$at/enabled"
}

# The processor time of its thread, which lives in no cgroup of ours.
kdamond_ticks() { cat /proc/[0-9]*/stat 2>/dev/null | awk '/\(kdamond/ { sub(/.*\) /, ""); n += $12 + $13 } END { print n + 0 }'; }
