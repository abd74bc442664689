# figures.awk - the figures of one workload in one run, as a row, out of the samples (first file)
# and the workload's own rows (second file).
#
# -v run=KEY -v name= -v cgroup= -v cold=BYTES -v device=BYTES -v cpu=US
# -v change=UNIX_SECONDS, when hot and cold change places (0: never)
# -v header=1: only the header

BEGIN {
	FS = OFS = "\t"
	OFMT = CONVFMT = "%.14g"
	if (header) {
		print "#run", "workload", "seconds", "memory_bytes", "saved_bytes", "cold_bytes", "cold_out_bytes", \
			"hot_out_bytes", "taken_bytes", "back_bytes", "ops_per_s", "p50_us", "p99_us", \
			"mem_some_pct", "io_some_pct", "device_bytes", "tools_cpu_pct", "half_s", "most_s", "recover_s"
		exit
	}
	half = most = recover = "-"
}

FNR == 1 { files++ }
/^#/ { next }

files == 1 && $1 == cgroup {
	if (!rows++) {
		from = $2; memory = $4; file0 = $6; mem0 = $13; io0 = $14
	}
	# From then on the other part is the cold one.
	if (change && $2 > change) $9 = out
	to = $2; saved = $12; swap = $7; file = $6; cold_out = $9; hot_out = $10; back = $11; mem = $13; io = $14
	out = cold_out > cold ? cold : cold_out
	if (half == "-" && out >= cold / 2) half = sprintf("%.0f", $3)
	if (most == "-" && out >= cold * 0.9) most = sprintf("%.0f", $3)
}

files == 2 && $1 == "total" { p50 = $4; p99 = $5 }
files == 2 && $1 ~ /^[0-9]/ && $1 > from && $1 <= to { time[++n] = $1; ops[n] = $3; sum += $3 }

# Seconds from the change until three in a row make 95 % of what was done before it; "-": not in
# this run.
function recovery(    i, base) {
	for (i = 1; i <= n && time[i] < change; i++)
		base += ops[i]
	if (i < 2)
		return "-"
	base = base / (i - 1) * 0.95
	# The first second after it is half of before.
	for (i++; i + 2 <= n; i++)
		if (ops[i] + ops[i + 1] + ops[i + 2] >= 3 * base)
			return sprintf("%.0f", time[i] - 1 > change ? time[i] - 1 - change : 0)
	return "-"
}

END {
	if (header || !rows || to <= from)
		exit
	taken = swap + (file0 > file ? file0 - file : 0)
	# On the slower node what is hot is still there: it is in swap, see sample.awk.
	if (run !~ "^/node/")
		taken += back
	if (change)
		recover = recovery()
	print run "/" name, name, sprintf("%.0f", to - from), memory, saved, cold, out, hot_out, taken, back, \
		sprintf("%.0f", n ? sum / n : 0), p50 == "" ? "-" : p50, p99 == "" ? "-" : p99, \
		sprintf("%.3f", (mem - mem0) / (to - from) / 1e4), sprintf("%.3f", (io - io0) / (to - from) / 1e4), \
		device, sprintf("%.2f", cpu / (to - from) / 1e4), half, most, recover
}
