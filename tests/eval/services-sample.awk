# services-sample.awk - what the services hold, every few seconds, as rows on stdout.
#
# -v names="NAME..." -v interval=SECONDS

function value(path,    line) {
	line = 0
	if ((getline line < path) <= 0)
		line = 0
	close(path)
	return line + 0
}

function table(path, into,    line, word) {
	split("", into)
	while ((getline line < path) > 0) {
		split(line, word, " ")
		into[word[1]] = word[2]
	}
	close(path)
}

function stall(path,    line, us) {
	us = 0
	if ((getline line < path) > 0) {
		sub(/.*total=/, "", line)
		us = line + 0
	}
	close(path)
	return us
}

function uptime(    line) {
	getline line < "/proc/uptime"
	close("/proc/uptime")
	return line + 0
}

BEGIN {
	OFS = "\t"
	OFMT = CONVFMT = "%.14g"
	n = split(names, name, " ")
	print "#name", "at_s", "memory_bytes", "anon_bytes", "file_bytes", "thp_bytes", "swap_bytes", "zswap_bytes", \
		"refault_anon_bytes", "refault_file_bytes", "mem_some_us", "io_some_us", "available_bytes"
	for (start = uptime();; ) {
		now = uptime()
		table("/proc/meminfo", info)
		for (i = 1; i <= n; i++) {
			at = "/sys/fs/cgroup/w.slice/" name[i]
			table(at "/memory.stat", stat)
			print name[i], sprintf("%.1f", now - start), value(at "/memory.current"), stat["anon"] + 0, stat["file"] + 0, \
				stat["anon_thp"] + 0, value(at "/memory.swap.current"), stat["zswap"] + 0, \
				stat["workingset_refault_anon"] * 4096, stat["workingset_refault_file"] * 4096, \
				stall(at "/memory.pressure"), stall(at "/io.pressure"), info["MemAvailable:"] * 1024
		}
		fflush()
		rest = start + ++round * interval - uptime()
		system("sleep " (rest > 0 ? rest : 0))
	}
}
