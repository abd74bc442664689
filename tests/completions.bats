# The completions as their own shells complete: bash and zsh at a pseudo
# terminal (zpty of zsh), fish by complete -C.
load helpers

setup() {
	ROOT=$BATS_TEST_TMPDIR/root
	MOUNT='/cg roups' # not where it mostly is, and with a blank
	mkdir -p "$ROOT/proc/self"
	echo "30 23 0:26 / ${MOUNT// /\\040} rw,nosuid shared:4 - cgroup2 cgroup2 rw" >"$ROOT/proc/self/mountinfo"
	mkdir -p "$ROOT$MOUNT"/{web.slice/one.service,'dev-\x2dsda.swap'/below,'a b/in it',user@1.service/app}
	export TMO_ROOT=$ROOT TERM=dumb
	PATH=$(realpath "$TMO_BUILD"):$PATH
}

# typed SHELL TEXT: the line as it stands after a Tab, on stdout.
typed() {
	cat >"$BATS_TEST_TMPDIR/rc.bash" <<-EOF
		PS1='> '
		bind 'set enable-bracketed-paste off'
		bind 'set bell-style none'
		bind 'set completion-query-items 0'
		for tool in psi-watch cold-scan swap-balance tmo-reclaim; do . "$TESTS/../completions/bash/\$tool"; done
	EOF
	cat >"$BATS_TEST_TMPDIR/.zshrc" <<-EOF
		fpath=("$TESTS/../completions/zsh" \$fpath)
		autoload -Uz compinit && compinit -u -D
		unsetopt zle_bracketed_paste prompt_cr prompt_sp 2>/dev/null
		PS1='> '
		setopt no_beep no_list_ambiguous no_auto_remove_slash
		# what stands on the line goes to a file: a terminal wraps and redraws it
		show() { print -r -- "\$BUFFER" >"$BATS_TEST_TMPDIR/line"; BUFFER=exit; zle accept-line }
		zle -N show
		bindkey '^I' complete-word '^X' show
	EOF
	cat >"$BATS_TEST_TMPDIR/drive" <<-'EOF'
		zmodload zsh/zpty
		dir=$1 shell=$2 text=$3
		case $shell in
		bash) zpty s "bash --noprofile --rcfile ${(q)dir}/rc.bash -i" ;;
		zsh) zpty s "ZDOTDIR=${(q)dir} zsh -i" ;;
		esac
		zpty -r s out '*> ' # the prompt
		zpty -w -n s "$text"$'\t'
		sleep 1
		zpty -w -n s $'\x18'
		for n in {1..100}; do
			[[ -s $dir/line ]] && break
			sleep 0.1
		done
		zpty -d s
	EOF
	cat >>"$BATS_TEST_TMPDIR/rc.bash" <<-EOF
		show() { printf '%s\n' "\$READLINE_LINE" >"$BATS_TEST_TMPDIR/line"; exit; }
		bind -x '"\C-x": show' 2>/dev/null
	EOF
	rm -f "$BATS_TEST_TMPDIR/line"
	timeout 60 zsh -f "$BATS_TEST_TMPDIR/drive" "$BATS_TEST_TMPDIR" "$1" "$2" >/dev/null 2>&1
	cat "$BATS_TEST_TMPDIR/line"
}

# completes SHELL TEXT WANT
completes() {
	local got
	got=$(typed "$1" "$2")
	[ "${got%% }" = "$3" ] && return
	printf '%s: %s\n  got  %s\n  want %s\n' "$1" "$2" "$got" "$3"
	return 1
}

@test "bash completes keys below the mount that there is, and quotes them" {
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		completes bash "$tool /we" "$tool /web.slice/"
		completes bash "$tool /web.slice/o" "$tool /web.slice/one.service/"
		completes bash "$tool /d" "$tool /dev-\\\\x2dsda.swap/"
		completes bash "$tool /dev-\\\\x2dsda.swap/b" "$tool /dev-\\\\x2dsda.swap/below/"
		completes bash "$tool /a" "$tool /a\\ b/"
		completes bash "$tool /a\\ b/i" "$tool /a\\ b/in\\ it/"
		completes bash "$tool /user@" "$tool /user\\@1.service/"
		completes bash "$tool /user\\@1.service/" "$tool /user\\@1.service/app/"
	done
}

@test "bash completes columns after a comma and a +, and --format=" {
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		completes bash "$tool --format=js" "$tool --format=json"
		completes bash "$tool --forma" "$tool --format"
		completes bash "$tool -o cgroup,tim" "$tool -o cgroup,time"
		completes bash "$tool -o +tim" "$tool -o +time"
	done
}

@test "zsh completes keys below the mount that there is, and quotes them" {
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		completes zsh "$tool /we" "$tool /web.slice/"
		completes zsh "$tool /web.slice/o" "$tool /web.slice/one.service/"
		completes zsh "$tool /d" "$tool /dev-\\\\x2dsda.swap/"
		completes zsh "$tool /dev-\\\\x2dsda.swap/b" "$tool /dev-\\\\x2dsda.swap/below/"
		completes zsh "$tool /a" "$tool /a\\ b/"
		completes zsh "$tool /user@1.service/" "$tool /user@1.service/app/"
		completes zsh "$tool we" "$tool /web.slice/"
	done
}

@test "zsh completes columns after a comma and a +, and --format=" {
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		completes zsh "$tool --format=js" "$tool --format=json"
		completes zsh "$tool -f js" "$tool -f json"
		completes zsh "$tool -o cgroup,tim" "$tool -o cgroup,time"
		completes zsh "$tool -o +tim" "$tool -o +time"
	done
}

# fishes TEXT: what fish would offer.
fishes() {
	fish -N -c "set -p fish_complete_path $TESTS/../completions/fish; complete -C \$argv[1]" -- "$1" | cut -f1
}

@test "fish completes keys, columns after a comma and a +, and --format=" {
	command -v fish >/dev/null || skip "no fish"
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		fishes "$tool /web.slice/o" | grep -qx '/web.slice/one.service'
		fishes "$tool /dev" | grep -qxF '/dev-\x2dsda.swap'
		fishes "$tool '/a b" | grep -qx '/a b/in it'
		fishes "$tool --format=js" | grep -qE '^(--format=)?json$'
		fishes "$tool -o cgroup,tim" | grep -qx 'cgroup,time'
		fishes "$tool -o +tim" | grep -qx '+time'
		fishes "$tool --output=cgroup,tim" | grep -qE '^(--output=)?cgroup,time$'
	done
}
