# services-sample.awk - what the services hold, every few seconds, as rows on stdout.
#
# -v names="NAME..." -v interval=SECONDS

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
		pace(start, ++round, interval)
	}
}
