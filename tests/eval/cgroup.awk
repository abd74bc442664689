# cgroup.awk - how the samplers read the files of cgroups and /proc: awk -f cgroup.awk -f SAMPLER.

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

# Sleeps to the end of so many intervals since start.
function pace(start, intervals, interval,    rest) {
	fflush()
	rest = start + intervals * interval - uptime()
	system("sleep " (rest > 0 ? rest : 0))
}
