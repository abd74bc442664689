# sample.awk - what the cgroups of a run hold, every few seconds, as rows on stdout.
#
# -v list=FILE: a line each: cgroup, pid (0: all of its swap counts as cold), the path of its
# cold file or "-", that file's bytes, bytes that come later and when, in Unix seconds.
# -v interval=SECONDS -v epoch=UNIX_SECONDS (at boot) -v zram=NAME or empty

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

# Swapped out: of mappings marked cold (VmFlags dd), and of the others.
function swapped(pid,    path, line, word, here) {
	cold = hot = 0
	path = "/proc/" pid "/smaps"
	while ((getline line < path) > 0) {
		if (line ~ /^Swap:/) {
			split(line, word, " ")
			here = word[2] * 1024
		} else if (line ~ /^VmFlags:/) {
			if (line ~ / dd/) cold += here
			else hot += here
		}
	}
	close(path)
}

function uptime(    line) {
	getline line < "/proc/uptime"
	close("/proc/uptime")
	return line + 0
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
			if (pid[i]) {
				swapped(pid[i])
			} else {
				cold = swap[i]; hot = 0
			}
			if (file[i] != "-") {
				there = bytes[i]
				command = "fincore -nbo res " file[i] " 2>/dev/null"
				command | getline there
				close(command)
				cold += bytes[i] - there
			}
			back = (stat["workingset_refault_anon"] + stat["workingset_refault_file"]) * 4096
			# Compressed memory is the cgroup's with zswap; zram's is nobody's, and shared out here.
			held = current + (swap_sum ? cost * swap[i] / swap_sum : 0)
			if (!(i in held0)) {
				held0[i] = held; back0[i] = back
			}
			more = grown_at[i] > epoch + start && epoch + now >= grown_at[i] ? grown[i] : 0
			print cgroup[i], sprintf("%.3f", epoch + now), sprintf("%.3f", now - start), current, stat["anon"], \
				stat["file"], swap[i], stat["zswap"] + 0, cold, hot, back - back0[i], \
				sprintf("%.0f", held0[i] + more - held), stall(at "/memory.pressure"), \
				stall(at "/io.pressure"), cpu["usage_usec"]
		}
		fflush()
		rest = start + ++round * interval - uptime()
		system("sleep " (rest > 0 ? rest : 0))
	}
}
