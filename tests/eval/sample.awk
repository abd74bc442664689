# sample.awk - what the cgroups of a run hold, every few seconds, as rows on stdout.
#
# -v list=FILE: a line each: cgroup, pid (0: all of its swap counts as cold), the path of its
# cold file or "-", that file's bytes, bytes that come later and when, in Unix seconds.
# -v interval=SECONDS -v epoch=UNIX_SECONDS (at boot) -v zram=NAME or empty
# -v slower=1: what is on memory node 1 counts as away.  Which of the file pages there are the
# cold file's no kernel tells: as many as it has, so that this is an upper bound.

# Bytes of that kind on node 1.
function on_slower(path, kind,    line, bytes) {
	bytes = 0
	while ((getline line < path) > 0)
		if (index(line, kind " ") == 1 && match(line, / N1=[0-9]+/))
			bytes = substr(line, RSTART + 4, RLENGTH - 4)
	close(path)
	return bytes + 0
}

# Away, of mappings marked cold (VmFlags dd) and of the others: swapped out, or on node 1.
function away(pid,    path, line, word, here, start, there) {
	cold = hot = 0
	path = "/proc/" pid "/numa_maps"
	while (slower && (getline line < path) > 0)
		if (line ~ / anon=/ && match(line, / N1=[0-9]+/)) {
			here = substr(line, RSTART + 4, RLENGTH - 4)
			split(line, word, " ")
			there[word[1]] = here * 4096
		}
	close(path)
	path = "/proc/" pid "/smaps"
	while ((getline line < path) > 0) {
		if (line ~ /^[0-9a-f]+-[0-9a-f]+ /) {
			split(line, word, "-")
			start = word[1]
		} else if (line ~ /^Swap:/) {
			split(line, word, " ")
			here = word[2] * 1024
		} else if (line ~ /^VmFlags:/) {
			if (line ~ / dd/) cold += here + there[start]
			else hot += here + there[start]
		}
	}
	close(path)
}

BEGIN {
	OFS = "\t"
	OFMT = CONVFMT = "%.14g"
	base = "/sys/fs/cgroup"
	while ((getline line < list) > 0) {
		n++
		split(line, field, "\t")
		cgroup[n] = field[1]; pid[n] = field[2]; file[n] = field[3]; bytes[n] = field[4]
		grown[n] = field[5]; grown_at[n] = field[6]
	}
	print "#cgroup", "time", "at_s", "memory_bytes", "anon_bytes", "file_bytes", "swap_bytes", "zswap_bytes", \
		"cold_out_bytes", "hot_out_bytes", "back_bytes", "saved_bytes", "mem_some_us", "io_some_us", "cpu_us"
	for (start = uptime();; ) {
		now = uptime()
		swap_sum = 0
		for (i = 1; i <= n; i++)
			swap_sum += swap[i] = value(base cgroup[i] "/memory.swap.current")
		cost = 0
		if (zram != "" && (getline line < ("/sys/block/" zram "/mm_stat")) > 0) {
			split(line, field, " ")
			cost = field[3]
			close("/sys/block/" zram "/mm_stat")
		}
		for (i = 1; i <= n; i++) {
			at = base cgroup[i]
			current = value(at "/memory.current")
			table(at "/memory.stat", stat)
			table(at "/cpu.stat", cpu)
			slow_anon = slower ? on_slower(at "/memory.numa_stat", "anon") : 0
			slow_file = slower ? on_slower(at "/memory.numa_stat", "file") : 0
			if (pid[i]) {
				away(pid[i])
			} else {
				cold = swap[i] + slow_anon; hot = 0
			}
			if (file[i] != "-") {
				there = bytes[i]
				command = "fincore -nbo res " file[i] " 2>/dev/null"
				command | getline there
				close(command)
				cold += bytes[i] - there + (slow_file < there ? slow_file : there)
			}
			# Nothing brings pages back from the slower node: there, the hot ones are the waste.
			back = slower ? hot : (stat["workingset_refault_anon"] + stat["workingset_refault_file"]) * 4096
			# Compressed memory is the cgroup's with zswap; zram's is nobody's, and shared out here.
			held = current - slow_anon - slow_file + (swap_sum ? cost * swap[i] / swap_sum : 0)
			if (!(i in held0)) {
				held0[i] = held; back0[i] = back
			}
			more = grown_at[i] > epoch + start && epoch + now >= grown_at[i] ? grown[i] : 0
			print cgroup[i], sprintf("%.3f", epoch + now), sprintf("%.3f", now - start), current, stat["anon"] - slow_anon, \
				stat["file"] - slow_file, swap[i] + slow_anon, stat["zswap"] + 0, cold, hot, back - back0[i], \
				sprintf("%.0f", held0[i] + more - held), stall(at "/memory.pressure"), \
				stall(at "/io.pressure"), cpu["usage_usec"]
		}
		pace(start, ++round, interval)
	}
}
