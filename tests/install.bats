# make: install, uninstall, static binaries.
load helpers

@test "install puts binaries, pages and completions below DESTDIR, uninstall takes them all" {
	dest=$BATS_TEST_TMPDIR/dest
	args=(-s -C "$TESTS/.." B="$TMO_BUILD" DESTDIR="$dest" PREFIX=/usr)
	(umask 077 && make "${args[@]}" install)
	[ -z "$(find "$dest/usr" -type f ! -perm -444)" ]
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		"$dest/usr/bin/$tool" -V
		[ -s "$dest/usr/share/bash-completion/completions/$tool" ]
		[ -s "$dest/usr/share/zsh/site-functions/_$tool" ]
		[ -s "$dest/usr/share/fish/vendor_completions.d/$tool.fish" ]
	done
	for page in man1/psi-watch.1 man8/cold-scan.8 man8/swap-balance.8 \
		man8/tmo-reclaim.8 man7/tmo.7 man7/tmo-cookbook.7 man5/tmo-rows.5; do
		[ -s "$dest/usr/share/man/$page" ]
	done
	for unit in tmo.service tmo-evidence.service tmo.slice tmo-metrics.service \
		tmo-apply.service tmo-apply.timer tmo-maintain.service tmo-maintain.timer; do
		[ -s "$dest/usr/lib/systemd/system/$unit" ]
		refute grep '@BINDIR' "$dest/usr/lib/systemd/system/$unit"
	done
	# nothing is enabled, and what was changed is left alone
	[ -z "$(find "$dest" -type l)" ]
	echo '#cgroup' >"$dest/etc/tmo/tmo.tab"
	make "${args[@]}" install
	[ "$(cat "$dest/etc/tmo/tmo.tab")" = '#cgroup' ]
	make "${args[@]}" uninstall
	[ "$(find "$dest" -type f -printf '%P ')" = "etc/tmo/tmo.tab etc/tmo/tmo.conf " ] ||
		[ "$(find "$dest" -type f -printf '%P ')" = "etc/tmo/tmo.conf etc/tmo/tmo.tab " ]
}

@test "binaries are position independent, with full RELRO and no executable stack" {
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		readelf -hW "$TMO_BUILD/$tool" | grep -q 'Type: *DYN'
		readelf -dW "$TMO_BUILD/$tool" | grep -q 'BIND_NOW\|FLAGS.*NOW'
		readelf -lW "$TMO_BUILD/$tool" | grep -q 'GNU_RELRO'
		readelf -lW "$TMO_BUILD/$tool" | grep -q 'GNU_STACK.*RW '
		ldd "$TMO_BUILD/$tool" | refute grep -vE 'linux-vdso|libc\.|libm\.|ld-linux'
	done
}

@test "STATIC=1 makes binaries that need no library" {
	make -s -C "$TESTS/.." B="$BATS_TEST_TMPDIR/static" STATIC=1 all
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		readelf -dW "$BATS_TEST_TMPDIR/static/$tool" | refute grep NEEDED
		"$BATS_TEST_TMPDIR/static/$tool" -V
	done
}

@test "install without scdoc says so and goes on, or takes the pages of a tarball" {
	dest=$BATS_TEST_TMPDIR/dest
	cp -a "$TMO_BUILD" "$BATS_TEST_TMPDIR/b"
	rm -rf "$BATS_TEST_TMPDIR/b/man"
	args=(-s -C "$TESTS/.." B="$BATS_TEST_TMPDIR/b" DESTDIR="$dest" PREFIX=/usr SCDOC=/nowhere/scdoc)
	runx 0 make "${args[@]}" install
	[[ $stderr == *"no scdoc: tmo.7 is not installed"* ]]
	[ -x "$dest/usr/bin/psi-watch" ]
	[ ! -e "$dest/usr/share/man" ]
}

@test "a page whose build failed is not left behind" {
	printf '#!/bin/sh\necho half\nexit 1\n' >"$BATS_TEST_TMPDIR/scdoc"
	chmod +x "$BATS_TEST_TMPDIR/scdoc"
	runx 2 make -s -C "$TESTS/.." B="$BATS_TEST_TMPDIR/b" SCDOC="$BATS_TEST_TMPDIR/scdoc" man
	[ -z "$(find "$BATS_TEST_TMPDIR/b" -name '*.7' -o -name '*.8' -o -name '*.1')" ]
}

@test "no word of a page is hyphenated at a line's end" {
	for page in psi-watch.1 cold-scan.8 swap-balance.8 tmo-reclaim.8 tmo.7 tmo-cookbook.7 \
		tmo-rows.5; do
		MANWIDTH=78 man -l "$TMO_BUILD/man/$page" >"$BATS_TEST_TMPDIR/page"
		MANWIDTH=900 man -l "$TMO_BUILD/man/$page" >"$BATS_TEST_TMPDIR/wide"
		while read -r word; do
			grep -qF -- "$word" "$BATS_TEST_TMPDIR/wide" ||
				{ echo "$page: $word"; return 1; }
		done < <(awk 'half { print half $1; half = "" } /[a-z]-$/ { half = $NF }' "$BATS_TEST_TMPDIR/page")
	done
}

# units DIR: as installed, but with the tools where they were built.
units() {
	for unit in "$TESTS"/../cmd/*/service/*.{service,timer,slice}; do
		sed "s,@BINDIR@,$(realpath "$TMO_BUILD"),g" "$unit" >"$1/${unit##*/}"
	done
}

@test "systemd finds no fault in a unit, and little that it could do" {
	command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
	units "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	runx 0 systemd-analyze verify --man=no ./*.service ./*.timer ./*.slice
	[ -z "$output$stderr" ]
	for unit in *.service; do
		most=15
		# page frames of other processes need CAP_SYS_ADMIN
		[ "$unit" != tmo-evidence.service ] || most=18
		systemd-analyze security --offline=yes --no-pager --threshold=$most "./$unit" >report ||
			{ tail -n 1 report; return 1; }
	done
}

@test "the table and the options that are installed are good" {
	tmo-reclaim --check --targets "$TESTS/../cmd/tmo-reclaim/service/tmo.tab"
	# each line that is commented out, too
	sed -n 's/^#\([A-Z_]*=\)/\1/p' "$TESTS/../cmd/tmo-reclaim/service/tmo.conf" >"$BATS_TEST_TMPDIR/conf"
	sed 's,^#/,/,' "$TESTS/../cmd/tmo-reclaim/service/tmo.tab" >"$BATS_TEST_TMPDIR/tab"
	runx 0 tmo-reclaim --check --targets "$BATS_TEST_TMPDIR/tab"
	[[ $output == *"2 rows"* ]]
	for option in cold-scan:COLD_SCAN swap-balance:SWAP_BALANCE tmo-reclaim:TMO_RECLAIM; do
		words=$(sed -n "s/^${option#*:}_OPTIONS=//p" "$BATS_TEST_TMPDIR/conf")
		[ -n "$words" ]
		# shellcheck disable=SC2086 # words, as in the unit
		run "${option%:*}" $words --no-such-option
		[[ $output == *"'--no-such-option'"* ]]
	done
}

@test "make deb makes a package that lintian finds no fault in" {
	command -v dpkg-deb >/dev/null || skip "no dpkg-deb"
	cp -a "$TMO_BUILD" "$BATS_TEST_TMPDIR/b"
	deb=$(make -s -C "$TESTS/.." B="$BATS_TEST_TMPDIR/b" deb | tail -n 1)
	dpkg-deb -c "$deb" >"$BATS_TEST_TMPDIR/list"
	for file in usr/bin/tmo-reclaim usr/share/man/man7/tmo.7.gz lib/systemd/system/tmo.service etc/tmo/tmo.tab; do
		grep -q "$file\$" "$BATS_TEST_TMPDIR/list"
	done
	[ "$(dpkg-deb -I "$deb" conffiles)" = $'/etc/tmo/tmo.conf\n/etc/tmo/tmo.tab' ]
	awk '{ print $2 }' "$BATS_TEST_TMPDIR/list" | refute grep -v '^root/root$'
	command -v lintian >/dev/null || skip "no lintian"
	runx 0 lintian --allow-root --fail-on error,warning "$deb"
	[ -z "$output" ]
}

@test "make dist makes a tarball that builds and installs without scdoc" {
	git -C "$TESTS/.." rev-parse >/dev/null 2>&1 || skip "not a clone of git"
	cp -a "$TMO_BUILD" "$BATS_TEST_TMPDIR/b"
	make -s -C "$TESTS/.." B="$BATS_TEST_TMPDIR/b" dist
	cd "$BATS_TEST_TMPDIR"
	tar xzf b/tmo-tools-*.tar.gz
	make -s -C tmo-tools-*/ CFLAGS=-O0 SCDOC=/nowhere/scdoc DESTDIR="$PWD/dest" PREFIX=/usr install 2>err
	refute grep 'no scdoc' err
	[ -s dest/usr/share/man/man7/tmo.7 ]
	dest/usr/bin/psi-watch -V
}
