# vm: -m 1G -a lockdown=integrity
# kernels: debian:own debian:6.1 debian:6.12 debian:newest
# cold-scan under lockdown, as Secure Boot brings it: debugfs files that could
# be written cannot be opened at all.
load ../helpers
load guest

setup() {
	(: <$DEBUG/lru_gen) 2>/dev/null && skip "this kernel knows no lockdown=integrity"
	[ -e $DEBUG/lru_gen_full ] || skip "this kernel has no lru_gen"
	echo y >/sys/kernel/mm/lru_gen/enabled
	ends_damon_stat
}

DEBUG=/sys/kernel/debug

@test "under lockdown, ages come from lru_gen_full, and --age-now is reported as impossible" {
	runx 0 cold-scan --check
	grep -qP '^lru_gen\tlimited\tlockdown' <<<"$output"
	grep -qP '^source\tok\tauto takes lru-gen' <<<"$output"
	work /cold/a --cold-anon 48M
	runx 0 cold-scan -q -a 1s -o cgroup,source,anon_bytes,cold_anon_bytes /cold/a
	echo "$output"
	[ "$(col source <<<"$output")" = lru-gen ]
	[ "$(col anon_bytes <<<"$output")" -ge $((48 << 20)) ]
	[ "$(col cold_anon_bytes <<<"$output")" = - ]
	runx 2 cold-scan --source lru-gen --age-now -a 1s /cold/a
	one_line "lru_gen cannot be written (lockdown"
	drop_cgroup /cold/a
}

@test "under lockdown DAMON estimates" {
	[ -e /sys/kernel/mm/damon/admin ] || skip "this kernel has no DAMON in sysfs"
	work /cold/c --cold-anon 64M
	runx 0 cold-scan -q --source damon -a 4s -i 4s -c 2 -o cgroup,source,verdict,cold_anon_bytes /cold/c
	[ "$(col verdict <<<"$output" | tail -n 1)" = suspect:region ]
	[ "$(col cold_anon_bytes <<<"$output" | tail -n 1)" -gt $((32 << 20)) ]
	drop_cgroup /cold/c
}

@test "under lockdown a service user with CAP_DAC_OVERRIDE alone has the same source" {
	runx 0 setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all,+dac_override \
		--ambient-caps=-all,+dac_override --bounding-set=-all,+dac_override cold-scan -q -a 1s -o cgroup,source /
	[ "$(col source <<<"$output" | tail -n 1)" = lru-gen ]
}
