# fish completion for cold-scan(8)
function __cold_scan_columns
    cold-scan -h 2>/dev/null | sed -n '/^columns:/,$s/^  \([a-z0-9_]*\) .*/\1/p'
end
function __cold_scan_cgroups
    set -l root (string split -m 1 : -- "$TMO_ROOT")[1]
    set -l mount (awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' $root/proc/self/mountinfo 2>/dev/null)
    test -n "$mount"; or return
    set mount (printf %b $mount)
    find $root$mount -type d -printf '/%P\n' 2>/dev/null
end
# Of a list "a,b" or "+a,b" the next name.
function __cold_scan_column_list
    set -l before (string replace -r '^--?[a-z]+=' '' -- (commandline -ct) | string replace -r '[^,+]*$' '')
    for column in (__cold_scan_columns)
        echo "$before$column"
    end
end
complete -c cold-scan -f -a '(__cold_scan_cgroups)'
complete -c cold-scan -s a -l age -x -a '30s 1m 2m 5m 15m' -d 'ages to tell the cold by'
complete -c cold-scan -s p -l pid -x -a '(__fish_complete_pids)' -d 'processes instead of cgroups'
complete -c cold-scan -s S -l state -r -F -d 'keep the ages there'
complete -c cold-scan -l source -x -a 'auto page-idle lru-gen damon' -d 'where from'
complete -c cold-scan -l age-lru -d 'the same as --age-now'
complete -c cold-scan -l age-now -d 'lru-gen: begin a generation at each pass'
complete -c cold-scan -l local -d 'without the cgroups below'
complete -c cold-scan -l node -d 'a row for each memory node'
complete -c cold-scan -l histogram -d 'a row for each kind and age'
complete -c cold-scan -l percentiles -x -a '50,75,90' -d 'of the time idle'
complete -c cold-scan -l promotions -d 'pages idle for an age, then touched'
complete -c cold-scan -l recommend -d 'least age with promotions under --bound'
complete -c cold-scan -l bound -x -a '0.2%' -d 'of the working set a minute'
complete -c cold-scan -l coverage -d 'what was seen, and what could not be'
complete -c cold-scan -l ranges -d 'with -p: the cold addresses'
complete -c cold-scan -l mappings -d 'with -p: count a page once for each mapping'
complete -c cold-scan -l diff -r -F -d 'compare with an older state'
complete -c cold-scan -l sample -x -a '1/8 1/64' -d 'look at so many pages only'
complete -c cold-scan -l max-cpu -x -a '1%' -d 'of one processor'
complete -c cold-scan -l jobs -x -d 'threads to scan with'
complete -c cold-scan -l background -d 'the same as --max-cpu 10%'
complete -c cold-scan -l strict -d 'status 3 where a verdict is not ok'
complete -c cold-scan -l annotate -d 'append to rows read from stdin'
complete -c cold-scan -s R -l root -x -a '(__fish_complete_directories)' -d 'prefix of /proc and /sys'
complete -c cold-scan -s o -l output -x -a '(__cold_scan_column_list)' -d 'columns to show'
complete -c cold-scan -s H -l no-header -d 'leave the header out'
complete -c cold-scan -s f -l format -x -a 'rows json table prometheus' -d 'how rows look'
complete -c cold-scan -s i -l interval -x -a '10s 30s 1m 2m' -d 'time between passes'
complete -c cold-scan -s c -l count -x -d 'end after so many samples'
complete -c cold-scan -s r -l recursive -d 'all cgroups below the targets, too'
complete -c cold-scan -s q -l quiet -d 'no notes on stderr'
complete -c cold-scan -s v -l verbose -d 'say more on stderr'
complete -c cold-scan -l check -d 'try what this tool needs, and end'
complete -c cold-scan -l out -r -F -d 'replace with each sample (prometheus)'
complete -c cold-scan -s h -l help -d 'print the help'
complete -c cold-scan -s V -l version -d 'print the version'
