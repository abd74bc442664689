# services-figures.awk - the figures of a run: its samples (first file), and each client's rows.
#
# -v who=CONTENDER
#
# memory_M   at the start; saved_pct the mean of the last third of the run less than that
# thp_pct    of the anonymous memory at the start, in huge pages
# back_a, back_f  M that came back, anonymous and file
# oracle1    % of the memory at the start whose values nobody asked for within a minute, on average
# all        the sum of the services, and what MemAvailable gained

BEGIN {
	FS = OFS = "\t"
	print "#run", "service", "memory_M", "saved_pct", "thp_pct", "back_a_M", "back_f_M", "mem_pct", "io_pct", \
		"p50_us", "p99_us", "p999_us", "worst_s_us", "rate_pct", "oracle1_pct", "oracle5_pct"
	M = 1048576
}

FNR == 1 {
	file++
	client = FILENAME
	sub(/.*\//, "", client)
	sub(/\.client$/, "", client)
}
/^#/ { next }

file == 1 {
	if (!($1 in from)) {
		names[++count] = $1
		from[$1] = $3; anon[$1] = $4; thp[$1] = $6
		anon0[$1] = $9; file0[$1] = $10; mem0[$1] = $11; io0[$1] = $12; at0[$1] = $2
		if (count == 1) available0 = $13
	}
	samples[$1]++
	held[$1, samples[$1]] = $3
	anon1[$1] = $9; file1[$1] = $10; mem1[$1] = $11; io1[$1] = $12; at1[$1] = $2
	if ($1 == names[1]) available[samples[$1]] = $13
	next
}

{ p50[client] = $3; p99[client] = $4; p999[client] = $5; worst[client] = $7; rate[client] = $2; c1[client] = $9; c5[client] = $10 }

function told(figure) { return figure == "" ? "-" : figure }

END {
	for (i = 1; i <= count; i++) {
		s = names[i]
		sum = n = 0
		for (k = int(samples[s] * 2 / 3) + 1; k <= samples[s]; k++) {
			sum += held[s, k]; n++
		}
		took = at1[s] - at0[s]
		if (took <= 0) took = 1
		now = n ? sum / n : from[s]
		all += from[s]; all_now += now; all_a += anon1[s] - anon0[s]; all_f += file1[s] - file0[s]
		all1 += c1[s]; all5 += c5[s]
		print who, s, sprintf("%.0f", from[s] / M), sprintf("%.1f", 100 * (from[s] - now) / from[s]), \
			sprintf("%.0f", anon[s] ? 100 * thp[s] / anon[s] : 0), sprintf("%.1f", (anon1[s] - anon0[s]) / M), \
			sprintf("%.1f", (file1[s] - file0[s]) / M), sprintf("%.3f", (mem1[s] - mem0[s]) / took / 1e4), \
			sprintf("%.3f", (io1[s] - io0[s]) / took / 1e4), told(p50[s]), told(p99[s]), told(p999[s]), told(worst[s]), told(rate[s]), \
			s in p50 ? sprintf("%.1f", 100 * c1[s] / from[s]) : "-", s in p50 ? sprintf("%.1f", 100 * c5[s] / from[s]) : "-"
	}
	sum = n = 0
	s = names[1]
	for (k = int(samples[s] * 2 / 3) + 1; k <= samples[s]; k++) {
		sum += available[k]; n++
	}
	print who, "all", sprintf("%.0f", all / M), sprintf("%.1f", 100 * (all - all_now) / all), "-", sprintf("%.1f", all_a / M), \
		sprintf("%.1f", all_f / M), "-", "-", "-", "-", "-", "-", "-", sprintf("%.1f", 100 * all1 / all), sprintf("%.1f", 100 * all5 / all)
	print who, "available", sprintf("%.0f", available0 / M), sprintf("%.1f", n ? 100 * (sum / n - available0) / all : 0), \
		"-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-", "-"
}
