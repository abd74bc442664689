# summary.awk - the tables of tests/eval/report, out of the table of runs.
#
# -v plots=DIR: the mean series are there (BACKEND-GROUP-CONTENDER); frontier is left there
# -v brief=1: without the tables by workload

BEGIN {
	FS = "\t"
	while ((getline < (plots "/load")) > 0)
		load[$1] = $2
}
/^#/ { next }
{
	split($1, key, "/")
	block = key[2] "/" key[3]; who = key[4]; turn = key[5] + 0; work = $2
	b = block "/" who
	if (!(block in n_who)) order[++n_blocks] = block
	if (!(b in turns)) contender[block, ++n_who[block]] = who
	if (!((block, work) in there)) {
		there[block, work]; workload[block, ++n_work[block]] = work
		hold[block] += $4; cold_of[block] += $6
	}
	if (turn > turns[b]) turns[b] = turn
	if (!((b, turn) in memory)) {
		n_turns[b]++
		run = key[2] "/" key[3] "-" who "-" turn
		loads[b] = loads[b] (loads[b] == "" ? "" : "/") (run in load ? load[run] : "-")
	}
	if ($3 > length_s[b]) length_s[b] = $3
	# Sums by run and by workload; t is the turn, 0 all of them.
	for (t = 0; t <= turn; t += turn) {
		memory[b, t] += $4; saved[b, t] += $5; cold[b, t] += $6; out[b, t] += $7
	}
	taken[b] += $9; back[b] += $10; runs[b]++; device[b] += $16; cpu[b] += $17
	if ($14 > stall[b]) stall[b] = $14
	if ($15 > io_stall[b]) io_stall[b] = $15
	w = b "/" work
	for (t = 0; t <= turn; t += turn) {
		n_w[w, t]++; saved_w[w, t] += $5; cold_w[w, t] += $6; out_w[w, t] += $7
		taken_w[w, t] += $9; back_w[w, t] += $10; stall_w[w, t] += $14; io_w[w, t] += $15
	}
	# Of these the means of the turns.
	ops_w[w, turn] = $11
	ops_w[w, 0] += ($11 - ops_w[w, 0]) / n_w[w, 0]
	if ($12 != "-") p50_w[w, 0] += ($12 - p50_w[w, 0]) / ++n_p50[w]
	if ($13 != "-") p99_w[w, 0] += ($13 - p99_w[w, 0]) / ++n_p99[w]
	add_time(half_w, w, $18); add_time(most_w, w, $19); add_time(again_w, w, $20)
}

# The mean of times; one that was never reached makes the mean so.
function add_time(sum, w, s) { sum[w] = s == "-" || sum[w] == "-" ? "-" : sum[w] + s }
function mean_time(sum, w) { return sum[w] == "-" || !n_w[w, 0] ? "-" : sprintf("%.0f", sum[w] / n_w[w, 0]) }

function percent(part, whole) { return whole ? 100 * part / whole : 0 }
function show(value, format) { return value < 0 ? "-" : sprintf(format, value) }

# That turn's figure of the workload (0: the mean's) against that of one left alone, or -1.
function against(best, block, who, work, t,    w, base) {
	w = block "/" who "/" work; base = block "/none/" work
	return n_w[w, t] && n_w[base, 0] && best[base, 0] > 0 ? best[w, t] / best[base, 0] : -1
}

function speed(block, who, t,    j, s, sum, k) {
	for (j = 1; j <= n_work[block]; j++)
		if ((s = against(ops_w, block, who, workload[block, j], t)) >= 0) {
			sum += s; k++
		}
	return k ? 100 * sum / k : -1
}

# Half of what lies between the turns' figures: 1 saved, 2 cold, 3 speed.
function spread(block, who, what,    b, t, v, n, least, most) {
	b = block "/" who
	for (t = 1; t <= turns[b]; t++) {
		if (!((b, t) in memory))
			continue
		v = what == 1 ? percent(saved[b, t], memory[b, t]) : what == 2 ? percent(out[b, t], cold[b, t]) : speed(block, who, t)
		if (!n++ || v < least) least = v
		if (n == 1 || v > most) most = v
	}
	return n > 1 && most >= 0 ? (most - least) / 2 : -1
}

# Seconds to that share of the cold bytes, from the mean series.
function reach(block, who, pct,    file, line, f, at) {
	file = block "-" who
	gsub("/", "-", file)
	file = plots "/" file
	at = -1
	while ((getline line < file) > 0) {
		split(line, f, " ")
		if (f[3] >= pct && at < 0) at = f[1]
	}
	close(file)
	return at
}

# The extremes over the workloads of what is left of speed, and of what p99 grew to.
function extremes(block, who,    j, s, k, log_sum) {
	least = 9; worst = log_sum = k = 0
	for (j = 1; j <= n_work[block]; j++) {
		s = against(ops_w, block, who, workload[block, j], 0)
		if (s >= 0 && s < least) least = s
		s = against(p99_w, block, who, workload[block, j], 0)
		if (s > 0) {
			log_sum += log(s); k++
			if (s > worst) worst = s
		}
	}
	mean_p99 = k ? exp(log_sum / k) : -1
	least = least > 8 ? -1 : 100 * least
	worst = k ? worst : -1
}

function overview(block,    i, who, b) {
	printf "\n%s: %d workloads side by side, %.0fM, %.0fM of it never touched again, %d s\n", block, n_work[block], \
		hold[block] / 1048576, cold_of[block] / 1048576, length_s[block "/" contender[block, 1]]
	printf "%-9s %5s %6s %5s %6s %5s %6s %6s %5s %6s %5s %5s %5s %5s %5s %5s %5s %5s %5s\n", "contender", "turns", "saved", "+-", \
		"cold", "+-", "waste", "speed", "+-", "least", "p99", "worst", "mem", "io", "disk", "cpu", "50%", "90%", "load"
	printf "%-9s %5s %6s %5s %6s %5s %6s %6s %5s %6s %5s %5s %5s %5s %5s %5s %5s %5s %5s\n", "", "", "%", "", \
		"%", "", "%", "%", "", "%", "x", "x", "%", "%", "M", "%", "s", "s", ""
	for (i = 1; i <= n_who[block]; i++) {
		who = contender[block, i]
		b = block "/" who
		extremes(block, who)
		printf "%-9s %5d %6.1f %5s %6.1f %5s %6s %6s %5s %6s %5s %5s %5.2f %5.2f %5.0f %5.1f %5s %5s %5s\n", who, n_turns[b], \
			percent(saved[b, 0], memory[b, 0]), show(spread(block, who, 1), "%.1f"), \
			percent(out[b, 0], cold[b, 0]), show(spread(block, who, 2), "%.1f"), \
			show(taken[b] > 1048576 ? percent(back[b], taken[b]) : -1, "%.1f"), \
			show(speed(block, who, 0), "%.1f"), show(spread(block, who, 3), "%.1f"), show(least, "%.1f"), \
			show(mean_p99, "%.2f"), show(worst, "%.2f"), stall[b], io_stall[b], \
			device[b] / runs[b] / 1048576, cpu[b] / runs[b], \
			show(reach(block, who, 50), "%.0f"), show(reach(block, who, 90), "%.0f"), loads[b]
		if (block == "zswap/steady" && speed(block, who, 0) >= 0)
			printf "%s\t%.3f\t%.3f\t%.3f\n", who, 100 - speed(block, who, 0), percent(saved[b, 0], memory[b, 0]), \
				spread(block, who, 3) >(plots "/frontier")
	}
}

function by_workload(block,    i, j, who, work, w) {
	printf "\n%s, by workload\n", block
	printf "%-9s %-9s %6s %6s %6s %6s %6s %6s %6s %6s %5s %5s %6s\n", "workload", "contender", "saved", "cold", "waste", \
		"speed", "p50", "p99", "mem", "io", "50%", "90%", "again"
	printf "%-9s %-9s %6s %6s %6s %6s %6s %6s %6s %6s %5s %5s %6s\n", "", "", "M", "%", "%", "%", "x", "x", "%", "%", "s", "s", "s"
	for (j = 1; j <= n_work[block]; j++)
		for (i = 1; i <= n_who[block]; i++) {
			who = contender[block, i]; work = workload[block, j]
			w = block "/" who "/" work
			printf "%-9s %-9s %6.1f %6.1f %6s %6s %6s %6s %6.2f %6.2f %5s %5s %6s\n", work, who, \
				saved_w[w, 0] / n_w[w, 0] / 1048576, percent(out_w[w, 0], cold_w[w, 0]), \
				show(taken_w[w, 0] > 1048576 ? percent(back_w[w, 0], taken_w[w, 0]) : -1, "%.1f"), \
				show(100 * against(ops_w, block, who, work, 0), "%.1f"), \
				show(against(p50_w, block, who, work, 0), "%.2f"), show(against(p99_w, block, who, work, 0), "%.2f"), \
				stall_w[w, 0] / n_w[w, 0], io_w[w, 0] / n_w[w, 0], \
				mean_time(half_w, w), mean_time(most_w, w), mean_time(again_w, w)
		}
}

# What the project promises, against what was measured.
function target(text, met, figure) { printf "  %-50s %-7s %s\n", text, met < 0 ? "unknown" : met ? "met" : "MISSED", figure }
function targets(block, who,    b, at, half, paper, w, away) {
	b = block "/" who
	if (!(b in turns) || !((block "/none") in turns))
		return
	extremes(block, who)
	printf "\nTargets, %s, %s:\n", who, block
	at = reach(block, who, 95)
	target(">= 95 % of the cold bytes within 2 minutes", at >= 0 && at <= 120, \
		sprintf("%.1f %% after %d s%s", percent(out[b, 0], cold[b, 0]), length_s[b], at < 0 ? "" : sprintf("; 95 %% at %d s", at)))
	paper = block "/paper"
	half = reach(block, who, 50)
	if (paper in turns) {
		at = reach(block, "paper", 50)
		if (at < 0 && out[paper, 0] > 0) at = length_s[paper] * 50 / percent(out[paper, 0], cold[paper, 0])
		target("half of the cold bytes 20 times as fast as paper", half > 0 && at >= 20 * half, \
			half > 0 ? sprintf("%d s, paper %d s (at its mean rate): %.1f times", half, at, at / half) : "never half")
	}
	target("speed >= 98 % of none in every steady workload", least >= 98, sprintf("least %.1f %%, mean %.1f %%", least, speed(block, who, 0)))
	target("p99 <= 1.10 x none in every steady workload", worst >= 0 && worst <= 1.1, sprintf("worst %.2f, mean %.2f", worst, mean_p99))
	target("waste <= 5 %", percent(back[b], taken[b]) <= 5, sprintf("%.1f %%", percent(back[b], taken[b])))
	w = substr(block, 1, index(block, "/")) "moving/" who "/phase"
	if ((w, 0) in n_w) {
		away = percent(out_w[w, 0], cold_w[w, 0])
		target("95 % of its speed within 30 s of a change", away < 50 ? -1 : again_w[w] != "-" && again_w[w] / n_w[w, 0] <= 30, \
			(again_w[w] == "-" ? "not in this run" : sprintf("%.0f s", again_w[w] / n_w[w, 0])) \
			sprintf("; %.0f %% of the cold were away", away))
	}
}

END {
	for (i = 1; i <= n_blocks; i++)
		if (order[i] !~ /short$/) overview(order[i])
	for (i = 1; i <= n_blocks; i++)
		if (order[i] ~ /moving$/ || (!brief && order[i] !~ /short$/)) by_workload(order[i])
	for (i = 1; i <= n_blocks; i++)
		if (order[i] ~ /^zswap(-classic)?\/steady$/) {
			targets(order[i], "evidence")
			targets(order[i], "default")
		}
	print "\nsaved: of the memory, net of what compressed copies cost; cold: of the cold bytes, offloaded; waste: of"
	print "the offloaded, came back (on a slower node: hot); speed: done a second against none, mean and least of the"
	print "workloads; p50, p99: latency against none, mean and worst; all by the means of the turns; mem, io: PSI"
	print "some, the highest of the workloads; disk: written to swap; cpu: of the tools, reclaim included, of one"
	print "processor; 50%, 90%: time to that share of the cold bytes; again: time after hot and cold changed places"
	print "until 95 % of the speed of before; +-: half of what lies between two turns; load: of the host meanwhile,"
	print "by turn."
}
