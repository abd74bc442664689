# The parsers, fed with wrecked input.
load helpers

@test "no text makes a parser read or compute what it must not" {
	runx 0 "$TESTS/fuzz/run" -runs=10000 -seed=1
	[[ $output == "Done "* ]]
}
