# The C unit tests, each one TAP of its own.
load helpers

@test "every unit test binary passes, and there is one for each source" {
	for src in "$TESTS"/unit/*.c; do
		name=$(basename "$src" .c)
		run "$TMO_BUILD/unit/$name"
		if [ "$status" -ne 0 ] || ! grep -q '^1\.\.[1-9]' <<<"$output"; then
			echo "unit/$name: status $status"
			grep -v '^ok' <<<"$output"
			return 1
		fi
	done
}
