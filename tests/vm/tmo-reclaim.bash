# tmo-reclaim.bash - shared by the tests of tmo-reclaim on a real kernel.
# shellcheck shell=bash disable=SC2154

# two_cgroups: /t/a and /t/b, before a swap that compresses.
two_cgroups() {
	zswap_on
	make_cgroup /t/a /t/b
}

drop_two_cgroups() {
	local key
	for key in /t/a /t/b /t; do
		drop_cgroup "$key"
	done
}

# stat_of KEY NAME: one counter of memory.stat.
stat_of() {
	awk -v name="$2" '$1 == name { print $2 }' "$CG$1/memory.stat"
}

# steal KEY: pages that reclaim took from it, by whichever way.
steal() {
	stat_of "$1" pgsteal
}

# reasons: the reasons of the rows on stdin, each once, sorted.
reasons() {
	col reason | sort -u | tr '\n' ' '
}

# quiet: the pressure columns of a calm cgroup, as psi-watch has them.
quiet_row() {
	printf '#cgroup\twindow_us\tmem_some_pct\tio_some_pct%s\n%s\t2000000\t0.000\t0.000%s\n' \
		"${2:+\\t$2}" "$1" "${3:+\\t$3}"
}
