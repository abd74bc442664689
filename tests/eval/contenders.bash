# contenders.bash - what may take the memory.  Loaded by tests/eval/inside, which sets $seconds,
# $period and the array cgroups.
# shellcheck shell=bash disable=SC2154

# contend NAME: runs it for $seconds; rows on stdout.  All laws have the same period and floor.
contend() {
	case $1 in
	none) sleep "$seconds" ;;
	default) pipeline ;;
	evidence) pipeline '' "$cold_age" ;;
	paper | senpai | oomd) pipeline "$1" ;;
	damon) damon ;;
	blind) blind ;;
	esac
}

# pipeline [LAW [AGE]]
pipeline() {
	local law=(--headroom 8M --grace 0s) aging=''
	[[ -z ${1-} ]] || law+=(--law "$1")
	# shellcheck disable=SC2086 # options, for trials
	if [[ -n ${2-} ]]; then
		# Where the kernel keeps generations, they are as old as somebody begins them.
		if [[ $(cat /sys/kernel/mm/lru_gen/enabled) != 0x0000 ]]; then
			cold-scan --age-now -a "$2" -i 11s "${cgroups[@]}" >/dev/null &
			aging=$!
		fi
		sample | cold-scan --annotate -a "$2" -i 11s ${TMO_EVAL_SCAN-} | swap-balance | tmo-reclaim "${law[@]}" ${TMO_EVAL_RECLAIM-}
		[[ -z $aging ]] || kill "$aging"
	else
		sample | swap-balance | tmo-reclaim "${law[@]}" ${TMO_EVAL_RECLAIM-}
	fi
}

sample() { psi-watch -i "${period}s" -c $((seconds / period)) "${cgroups[@]}"; }

# The kernel's own, for the whole system: takes what DAMON has not seen accessed for 30 s.  It may
# use 100 ms a second instead of 10, as an emulated processor is that much slower.
damon() {
	local at=/sys/module/damon_reclaim/parameters setting
	for setting in min_age=30000000 quota_ms=100 wmarks_high=1000 wmarks_mid=999 wmarks_low=0 enabled=Y; do
		echo "${setting#*=}" >"$at/${setting%=*}"
	done
	sleep "$seconds"
	kdamond_ticks >"$tmp/kernel_ticks"
	echo N >"$at/enabled"
}

# The processor time of its thread, which lives in no cgroup of ours.
kdamond_ticks() { cat /proc/[0-9]*/stat 2>/dev/null | awk '/\(kdamond/ { sub(/.*\) /, ""); n += $12 + $13 } END { print n + 0 }'; }

blind() {
	local i cgroup
	for ((i = 0; i < seconds / period; i++)); do
		for cgroup in "${cgroups[@]}"; do echo 4M >"$cg$cgroup/memory.reclaim" || :; done
		sleep "$period"
	done 2>/dev/null
}
