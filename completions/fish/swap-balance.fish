# fish completion for swap-balance(8)

function __swap_balance_columns
    swap-balance -h | sed -n '/^columns:/,$s/^  \([a-z0-9_]*\)  *\(.*\)/\1\t\2/p'
end
function __swap_balance_cgroups
    set -l root (string split -m 1 : -- "$TMO_ROOT")[1]
    set -l mount (awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' $root/proc/self/mountinfo 2>/dev/null)
    test -n "$mount"; or return
    set mount (printf %b $mount)
    find $root$mount -type d -printf '/%P\n' 2>/dev/null
end
# Of a list "a,b" or "+a,b" the next name.
function __swap_balance_column_list
    set -l before (string replace -r '^--?[a-z]+=' '' -- (commandline -ct) | string replace -r '[^,+]*$' '')
    for column in (__swap_balance_columns)
        echo "$before$column"
    end
end

complete -c swap-balance -f -a '(__swap_balance_cgroups)'
complete -c swap-balance -s b -l budget -x -d 'bytes that each swap device may be written, a day'
complete -c swap-balance -l endurance -x -d 'the same from a rated endurance: 600TBW/5y'
complete -c swap-balance -l drive -x -d 'old name of --endurance, for one release'
complete -c swap-balance -s S -l state -rF -d 'state of the budget'
complete -c swap-balance -l swap-write-limit -x -d 'bytes that a cgroup may have written, a second'
complete -c swap-balance -l budget-status -d 'show the budgets of all drives, and what is left'
complete -c swap-balance -l plan -d 'show what --apply would write, and why'
complete -c swap-balance -l apply -d 'set the backend of the cgroups'
complete -c swap-balance -l undo -d 'put back what --apply has changed'
complete -c swap-balance -l dwell -x -d 'a backend must stand so long to replace another'
complete -c swap-balance -l probe -x -d 'take at most so much where the compression is unknown'
complete -c swap-balance -l maintain -d 'zram: write back and recompress what is idle'
complete -c swap-balance -l writeback-after -x -d 'idleness for writeback'
complete -c swap-balance -l recompress-after -x -d 'idleness for recompression'
complete -c swap-balance -l swap-limit -x -d 'no swap where so much is used'
complete -c swap-balance -l pressure-limit -x -d 'memory pressure at which swap-ins are harm'
complete -c swap-balance -l smooth -x -d 'time constant of the rates'
complete -c swap-balance -l min-ratio -x -d 'compression that pays'
complete -c swap-balance -l price -x -d 'prices of a GiB, DRAM:DISK'
complete -c swap-balance -s R -l root -x -a '(__fish_complete_directories)' -d 'prefix of /proc and /sys'
complete -c swap-balance -s o -l output -x -a '(__swap_balance_column_list)' -d 'columns to show'
complete -c swap-balance -s H -l no-header -d 'leave the header out'
complete -c swap-balance -s f -l format -x -a 'rows json table prometheus' -d 'format of the output'
complete -c swap-balance -s i -l interval -x -d 'length of the window'
complete -c swap-balance -s c -l count -x -d 'end after so many windows'
complete -c swap-balance -s n -l dry-run -d 'change nothing'
complete -c swap-balance -s r -l recursive -d 'all cgroups below, too'
complete -c swap-balance -s q -l quiet -d 'no notes on stderr'
complete -c swap-balance -s v -l verbose -d 'say more on stderr'
complete -c swap-balance -l check -d 'try what this tool needs, and end'
complete -c swap-balance -l out -r -F -d 'replace with each sample (prometheus)'
complete -c swap-balance -s h -l help -d 'print help'
complete -c swap-balance -s V -l version -d 'print the version'
