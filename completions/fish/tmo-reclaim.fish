# fish completion for tmo-reclaim(8)
function __tmo_reclaim_columns
    tmo-reclaim -h 2>/dev/null | sed -n '/^columns:/,$s/^  \([a-z0-9_]*\) .*/\1/p'
end
function __tmo_reclaim_cgroups
    set -l root (string split -m 1 : -- "$TMO_ROOT")[1]
    set -l mount (awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' $root/proc/self/mountinfo 2>/dev/null)
    test -n "$mount"; or return
    set mount (printf %b $mount)
    find $root$mount -type d -printf '/%P\n' 2>/dev/null
end
# Of a list "a,b" or "+a,b" the next name.
function __tmo_reclaim_column_list
    set -l before (string replace -r '^--?[a-z]+=' '' -- (commandline -ct) | string replace -r '[^,+]*$' '')
    for column in (__tmo_reclaim_columns)
        echo "$before$column"
    end
end
complete -c tmo-reclaim -f -a '(__tmo_reclaim_cgroups)'
complete -c tmo-reclaim -s b -l bytes -x -a '64M 200M 1G 5%' -d 'take that much, once, and end'
complete -c tmo-reclaim -l law -x -a 'default paper senpai oomd' -d 'by which formula'
complete -c tmo-reclaim -l mem-limit -x -a '0.1%' -d 'memory pressure that stops it'
complete -c tmo-reclaim -l io-limit -x -a '1%' -d 'IO pressure that stops it'
complete -c tmo-reclaim -l ratio -x -a '0.05%' -d 'share taken in a period'
complete -c tmo-reclaim -l headroom -x -a '16M 100M' -d 'kept above what cannot be reclaimed'
complete -c tmo-reclaim -l floor -x -d 'never go below this size'
complete -c tmo-reclaim -l max-step -x -d 'most to take in a period'
complete -c tmo-reclaim -l chunk -x -a '4M' -d 'most to ask for in one write'
complete -c tmo-reclaim -l deadline -x -a '1s' -d 'end of a period\'s writes'
complete -c tmo-reclaim -l alarm -x -a '40ms' -d 'stall that cuts a write short'
complete -c tmo-reclaim -l grace -x -a '30s' -d 'leave new cgroups alone'
complete -c tmo-reclaim -l swap-limit -x -a '80%' -d 'swap used that ends swapping'
complete -c tmo-reclaim -l rotational -d 'swap to a rotating disk, too'
complete -c tmo-reclaim -l wait -d 'wait for a named cgroup that is missing'
complete -c tmo-reclaim -l kill-switch -r -F -d 'leave alone all, or what it names'
complete -c tmo-reclaim -l memory-high -d 'by memory.high even where memory.reclaim is'
complete -c tmo-reclaim -l targets -r -F -d 'cgroups and their policy, as rows'
complete -c tmo-reclaim -l node -x -a '0 1' -d 'of that memory node'
complete -c tmo-reclaim -l ranges -d 'page out the ranges of cold-scan'
complete -c tmo-reclaim -l record -r -F -d 'what periods are decided from, for -n'
complete -c tmo-reclaim -l report -d 'totals and sizes at the end'
complete -c tmo-reclaim -s R -l root -x -a '(__fish_complete_directories)' -d 'prefix of /proc and /sys'
complete -c tmo-reclaim -s o -l output -x -a '(__tmo_reclaim_column_list)' -d 'columns'
complete -c tmo-reclaim -s H -l no-header -d 'leave the header out'
complete -c tmo-reclaim -s f -l format -x -a 'rows json table prometheus' -d 'format'
complete -c tmo-reclaim -s i -l interval -x -a '6s 30s 1m' -d 'time between periods'
complete -c tmo-reclaim -s c -l count -x -d 'end after so many'
complete -c tmo-reclaim -s n -l dry-run -d 'write nothing, show what would be written'
complete -c tmo-reclaim -s r -l recursive -d 'all cgroups below, too'
complete -c tmo-reclaim -s q -l quiet -d 'no notes'
complete -c tmo-reclaim -s v -l verbose -d 'say more'
complete -c tmo-reclaim -l check -d 'try what this tool needs'
complete -c tmo-reclaim -l out -r -F -d 'replace with each sample (prometheus)'
complete -c tmo-reclaim -s h -l help -d 'print the help'
complete -c tmo-reclaim -s V -l version -d 'print the version'
