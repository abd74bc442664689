# fish completion for psi-watch(1)
source (status dirname)/tmo-tools.fish
complete -c psi-watch -f -a '(__tmo_cgroups)'
complete -c psi-watch -s t -l trigger -x -a "'memory some 150ms/1s' 'io full 5%/2s'" -d 'a row an event'
complete -c psi-watch -l clear -x -d 'the level to fall under'
complete -c psi-watch -l sustain -x -a '2s 10s 30s' -d 'high is what lasts so long'
complete -c psi-watch -l cooldown -x -a '2s 10s 30s' -d 'over is what stays low so long'
complete -c psi-watch -l blame -d 'which child, and why'
complete -c psi-watch -l from-env -d 'the trigger of systemd'
complete -c psi-watch -l until -x -d 'wait until it is so'
complete -c psi-watch -l while -x -d 'wait while it is so'
complete -c psi-watch -l all -d 'it takes all cgroups'
complete -c psi-watch -l timeout -x -a '10s 1m 1h' -d 'end then'
complete -c psi-watch -l sort -x -a '(__tmo_columns psi-watch)' -d 'the most first'
complete -c psi-watch -l top -x -d 'the first of each sample'
complete -c psi-watch -l quantiles -d 'p50 p90 p99 and max at the end'
complete -c psi-watch -l targets -r -F -d 'rows of cgroups'
complete -c psi-watch -l out -r -F -d 'replace with each sample'
complete -c psi-watch -s R -l root -x -a '(__fish_complete_directories)' -d 'prefix of /proc and /sys'
complete -c psi-watch -s o -l output -x -a '(__tmo_column_list psi-watch)' -d columns
complete -c psi-watch -s H -l no-header -d 'leave the header out'
complete -c psi-watch -s f -l format -x -a 'rows json table prometheus' -d format
complete -c psi-watch -s i -l interval -x -a '1s 5s 6s 1m' -d 'time between samples'
complete -c psi-watch -s c -l count -x -d 'end after so many'
complete -c psi-watch -s r -l recursive -d 'all cgroups below, too'
complete -c psi-watch -s q -l quiet -d 'no notes'
complete -c psi-watch -s v -l verbose -d 'say more'
complete -c psi-watch -l check -d 'try what it would use'
complete -c psi-watch -s h -l help -d help
complete -c psi-watch -s V -l version -d version
