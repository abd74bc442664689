# make: install, uninstall, static binaries.
load helpers

@test "install puts binaries, pages and completions below DESTDIR, uninstall takes them all" {
	dest=$BATS_TEST_TMPDIR/dest
	args=(-s -C "$TESTS/.." B="$TMO_BUILD" DESTDIR="$dest" PREFIX=/usr)
	make "${args[@]}" install
	for tool in psi-watch cold-scan swap-balance tmo-reclaim; do
		"$dest/usr/bin/$tool" -V
		[ -s "$dest/usr/share/bash-completion/completions/$tool" ]
		[ -s "$dest/usr/share/zsh/site-functions/_$tool" ]
		[ -s "$dest/usr/share/fish/vendor_completions.d/$tool.fish" ]
	done
	for page in man1/psi-watch.1 man8/cold-scan.8 man8/swap-balance.8 \
		man8/tmo-reclaim.8 man7/tmo.7 man5/tmo-rows.5; do
		[ -s "$dest/usr/share/man/$page" ]
	done
	make "${args[@]}" uninstall
	[ -z "$(find "$dest" -type f)" ]
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
