# fish completion: what the four tools share; each sources this file.
function __tmo_cgroups
    set -l root (string split -m 1 : -- "$TMO_ROOT")[1]
    set -l mount (awk '{ for (i = 7; i < NF; i++) if ($i == "-" && $(i + 1) == "cgroup2") { print $5; exit } }' $root/proc/self/mountinfo 2>/dev/null)
    test -n "$mount"; or return
    set mount (printf %b $mount)
    find $root$mount -type d -printf '/%P\n' 2>/dev/null
end
function __tmo_columns
    $argv[1] -h 2>/dev/null | sed -n '/^columns:/,$s/^  \([a-z0-9_]*\)  *\(.*\)/\1\t\2/p'
end
# Of a list "a,b" or "+a,b" the next name.
function __tmo_column_list
    set -l before (string replace -r '^--?[a-z]+=' '' -- (commandline -ct) | string replace -r '[^,+]*$' '')
    for column in (__tmo_columns $argv[1])
        echo "$before$column"
    end
end
