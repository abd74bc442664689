# summary.awk - the tables of tests/eval/report, out of the runs (read twice).
# -v plots=DIR: the series are there; frontier is left there.  -v brief=1: the first block only.

BEGIN { FS = "\t" }
FNR == 1 { pass++ }
/^#/ { next }
{
	split($1, key, "/")
	backend = key[2]; group = key[3]; who = key[4]; turn = key[5]; work = $2
	block = backend "/" group
	b = block "/" who
}

# First the baselines: what the workload did in the same boot, left alone.
pass == 1 {
	if (who == "none") {
		base_n[block, work]++; base_ops[block, work] += $11; base_p99[block, work] += $13
		base_back[block, work] += $10
	}
	next
}

{
	if (!(block in blocks)) {
		blocks[block]; order[++n_blocks] = block
	}
	if (!(b in seen)) {
		seen[b]; contender[block, ++n_who[block]] = who
	}
	if (!((block, work) in there)) {
		there[block, work]; workload[block, ++n_work[block]] = work
		hold[block] += $4; cold_of[block] += $6
	}
	if (turn > turns[b]) turns[b] = turn
	n[b]++
	memory[b] += $4; saved[b] += $5; cold[b] += $6; out[b] += $7; taken[b] += $9; back[b] += $10
	if ($14 > stall[b]) stall[b] = $14
	device[b] += $16; cpu[b] += $17; runs[b]++
	w = b "/" work
	n_w[w]++; saved_w[w] += $5; cold_w[w] += $6; out_w[w] += $7; ops_w[w] += $11; p99_w[w] += $13; recover_w[w] = $20 == "-" || recover_w[w] == "-" ? "-" : recover_w[w] + $20
	stall_w[w] += $14
	work_of[block] = work
}

# The workload's figure against its baseline, or "-".
function speed(block, who, work,    w) {
	w = block "/" who "/" work
	return base_n[block, work] && base_ops[block, work] && n_w[w] ? \
		(ops_w[w] / n_w[w]) / (base_ops[block, work] / base_n[block, work]) : -1
}
function mean_speed(block, who,    j, s, sum, k) {
	for (j = 1; j <= n_work[block]; j++) {
		s = speed(block, who, workload[block, j])
		if (s >= 0) { sum += s; k++ }
	}
	return k ? sum / k : -1
}
function slow(block, who, work,    w) {
	w = block "/" who "/" work
	return base_n[block, work] && base_p99[block, work] && n_w[w] ? \
		(p99_w[w] / n_w[w]) / (base_p99[block, work] / base_n[block, work]) : -1
}
function show(value, format) { return value < 0 ? "-" : sprintf(format, value) }

# Seconds to that share of the cold bytes, from the mean series.
function reach(file, pct,    line, f, at) {
	at = -1
	while ((getline line < file) > 0) {
		split(line, f, " ")
		if (f[3] >= pct && at < 0) at = f[1]
	}
	close(file)
	return at
}

function steady(block,    i, j, who, b, s, p, lowest, geo, k, worst, file, name) {
	name = block
	gsub("/", "-", name)
	printf "\n%s: %d workloads side by side, %.0fM, %.0fM of it never touched again\n\n", \
		block, n_work[block], hold[block] / 1048576, cold_of[block] / 1048576
	printf "%-10s %4s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %5s %5s\n", "contender", "runs", "saved", "cold", "waste", \
		"speed", "least", "p99", "worst", "stall", "disk", "cpu", "50%", "90%"
	printf "%-10s %4s %6s %6s %6s %6s %6s %6s %6s %6s %6s %6s %5s %5s\n", "", "", "%", "%", "%", "%", "%", "x", "x", "%", "M", "%", "s", "s"
	for (i = 1; i <= n_who[block]; i++) {
		who = contender[block, i]
		b = block "/" who
		lowest = 9; geo = worst = k = 0
		for (j = 1; j <= n_work[block]; j++) {
			s = speed(block, who, workload[block, j])
			if (s >= 0 && s < lowest) lowest = s
			p = slow(block, who, workload[block, j])
			if (p > 0) { geo += log(p); k++; if (p > worst) worst = p }
		}
		s = mean_speed(block, who)
		file = plots "/" name "-" who
		printf "%-10s %4d %6.1f %6.1f %6s %6s %6s %6s %6s %6.2f %6.0f %6.2f %5s %5s\n", who, turns[b], \
			memory[b] ? 100 * saved[b] / memory[b] : 0, cold[b] ? 100 * out[b] / cold[b] : 0, \
			show(1048576 < taken[b] ? 100 * back[b] / taken[b] : -1, "%.1f"), \
			show(s < 0 ? s : 100 * s, "%.1f"), show(lowest > 8 ? -1 : 100 * lowest, "%.1f"), \
			show(k ? exp(geo / k) : -1, "%.2f"), show(k ? worst : -1, "%.2f"), stall[b], \
			device[b] / runs[b] / 1048576, cpu[b] / runs[b], \
			show(reach(file, 50), "%.0f"), show(reach(file, 90), "%.0f")
		if (block == "zswap/steady" && s >= 0)
			printf "%s %.3f %.3f\n", who, 100 - 100 * s, memory[b] ? 100 * saved[b] / memory[b] : 0 >(plots "/frontier")
	}
}

function moving(block,    i, j, who, work, w) {
	printf "\n%s: workloads in motion: growth by 40M, a change of hot and cold, a real server\n\n", block
	printf "%-10s %-10s %6s %6s %6s %6s %6s %10s\n", "workload", "contender", "saved", "cold", "speed", "p99", "stall", "95% again"
	printf "%-10s %-10s %6s %6s %6s %6s %6s %10s\n", "", "", "M", "%", "%", "x", "%", "s"
	for (j = 1; j <= n_work[block]; j++)
		for (i = 1; i <= n_who[block]; i++) {
			who = contender[block, i]; work = workload[block, j]
			w = block "/" who "/" work
			printf "%-10s %-10s %6.1f %6.1f %6s %6s %6.2f %10s\n", work, who, saved_w[w] / n_w[w] / 1048576, \
				cold_w[w] ? 100 * out_w[w] / cold_w[w] : 0, show(100 * speed(block, who, work), "%.1f"), \
				show(slow(block, who, work), "%.2f"), stall_w[w] / n_w[w], \
				work != "phase" || recover_w[w] == "-" ? "-" : sprintf("%.0f", recover_w[w] / n_w[w])
		}
}

END {
	for (i = 1; i <= (brief ? 1 : n_blocks); i++)
		if (order[i] ~ /moving$/) moving(order[i])
		else if (order[i] !~ /short$/) steady(order[i])
	print "\nsaved: net of what the compressed copies cost; cold: share of the truly cold bytes offloaded; waste:"
	print "share of the offloaded that came back; speed: touches done against none, mean and least of the"
	print "workloads; p99: mean and worst of the workloads against none; stall: most memory"
	print "PSI, some; disk: written to swap; cpu: of one processor, reclaim included; 50%, 90%: of the cold."
}
