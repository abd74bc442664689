# The alert rules that are installed: promtool runs them over series.
load helpers

RULES=$TESTS/../cmd/tmo-reclaim/service/tmo.rules.yml

# reasons KIND: as -h has them, joined by |.
reasons() {
	tmo-reclaim -h | sed -n "/^columns:/q;s/^  \([a-z_]*\)  *$1  .*/\1/p" | paste -sd '|'
}

@test "the rules name the reasons of the kinds cannot and broken" {
	grep -qF "reason=~\"$(reasons cannot)\"" "$RULES"
	grep -qF "reason=~\"$(reasons broken)\"" "$RULES"
}

@test "the rules ask for metrics that the tools print" {
	use_root pipe-7.3.4
	export TMO_ROOT=$TMO_ROOT/1:$TMO_ROOT/2:$TMO_ROOT/3
	psi-watch -q -r -i 6s -f prometheus / >"$BATS_TEST_TMPDIR/printed"
	psi-watch -q -r -i 6s / | tmo-reclaim -n -q -f prometheus >>"$BATS_TEST_TMPDIR/printed" 2>/dev/null
	grep -o 'tmo_[a-z]*_[a-z_]*' "$RULES" | sort -u >"$BATS_TEST_TMPDIR/asked"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/asked")" -ge 4 ]
	while read -r metric; do
		echo "$metric"
		grep -q "^$metric{" "$BATS_TEST_TMPDIR/printed"
	done <"$BATS_TEST_TMPDIR/asked"
}

@test "each rule fires on its fault, and none on a machine that works" {
	cat >"$BATS_TEST_TMPDIR/test.yml" <<END
rule_files: [$(realpath "$RULES")]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - series: 'node_textfile_mtime_seconds{instance="stopped", file="/x/tmo-reclaim.prom"}'
        values: '0x90'
      - series: 'node_textfile_mtime_seconds{instance="runs", file="/x/tmo-reclaim.prom"}'
        values: '0+60x90'
      - series: 'tmo_reclaim_reason_info{instance="a", cgroup="/harm", reason="refault"}'
        values: '1x90'
      - series: 'tmo_reclaim_reason_info{instance="a", cgroup="/full", reason="swap_full"}'
        values: '1x90'
      - series: 'tmo_reclaim_reason_info{instance="a", cgroup="/broken", reason="denied"}'
        values: '1x90'
      - series: 'tmo_reclaim_reason_info{instance="a", cgroup="/works", reason="law"}'
        values: '1x90'
      - series: 'tmo_reclaim_got_bytes_total{instance="a", cgroup="/vain"}'
        values: '0+20000000x90'
      - series: 'tmo_reclaim_saved_bytes{instance="a", cgroup="/vain"}'
        values: '1000000x90'
      - series: 'tmo_reclaim_got_bytes_total{instance="a", cgroup="/works"}'
        values: '0+20000000x90'
      - series: 'tmo_reclaim_saved_bytes{instance="a", cgroup="/works"}'
        values: '0+10000000x90'
      - series: 'tmo_psi_watch_mem_some_seconds_total{instance="short", cgroup="/"}'
        values: '0+6x90'
      - series: 'tmo_psi_watch_mem_some_seconds_total{instance="calm", cgroup="/"}'
        values: '0+0.1x90'
    promql_expr_test:
      - expr: count by (alertname, instance, cgroup, reason) (ALERTS{alertstate="firing"})
        eval_time: 80m
        exp_samples:
          - {labels: '{alertname="TmoStopped", instance="stopped"}', value: 1}
          - {labels: '{alertname="TmoHarm", instance="a", cgroup="/harm"}', value: 1}
          - {labels: '{alertname="TmoCannot", instance="a", cgroup="/full", reason="swap_full"}', value: 1}
          - {labels: '{alertname="TmoBroken", instance="a", cgroup="/broken", reason="denied"}', value: 1}
          - {labels: '{alertname="TmoSavesNothing", instance="a", cgroup="/vain"}', value: 1}
          - {labels: '{alertname="MemoryPressure", instance="short", cgroup="/"}', value: 1}
END
	promtool check rules "$RULES"
	promtool test rules "$BATS_TEST_TMPDIR/test.yml"
}
