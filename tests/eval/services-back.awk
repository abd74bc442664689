# services-back.awk - how soon what was taken came back: of the threads of the services (first
# file: name, thread) and the trace of what left memory and came (services-inside).
#
# -v who=CONTENDER

BEGIN { page_M = 4096 / 1048576 }

FNR == 1 { file++ }
file == 1 { name[$2] = $1; next }

# A folio's order holds where it is a head page: bit 6 of its flags.
function pages(order, flags) {
	return flags == "" || index("4567cdef", substr(flags, length(flags) - 1, 1)) ? 2 ^ order : 1
}

function field(i) { return substr($i, index($i, "=") + 1) }

function leave(key, step, n,    i) {
	for (i = 0; i < n; i++) left[key, at + i * step] = $2
	taken += n
}

function come(key, step, n,    i, s) {
	s = $1 in name ? name[$1] : "others"
	for (i = 0; i < n; i++)
		if ((key, at + i * step) in left) {
			if ($2 - left[key, at + i * step] <= 60) { soon[s]++; all_soon++ }
			back[s]++; all++
			delete left[key, at + i * step]
		}
}

$3 == "out:" { at = field(5); leave("swap", 1, pages(field(6), field(7))) }
$3 == "in:" { at = field(5); come("swap", 1, 1) }
$3 ~ /filemap/ {
	at = field(9)
	if ($3 ~ /delete/) leave($7, 4096, pages(field(10), ""))
	else come($7, 4096, pages(field(10), ""))
}

END {
	if (!taken) exit
	line = sprintf("%-9s %.1f of %.1f, %.1f %%; in all %.1f;", who, all_soon * page_M, taken * page_M, 100 * all_soon / taken, all * page_M)
	for (s in back) list = list sprintf(" %s %.1f of %.1f", s, soon[s] * page_M, back[s] * page_M)
	print line list
}
