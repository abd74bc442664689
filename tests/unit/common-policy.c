/* Which row of a table rules a cgroup. */
#include "policy.h"

#include "tap.h"

/* The first n of these, as the rows of a table. */
static struct policy_rows table(size_t n)
{
	static char text[][8] = { "/b",	  "/a",	  "/w/*",   "/w/x", "/a",
				  "/w/y", "/w/?", "/w/x/y", "/w/*" };
	static char *key[sizeof(text) / sizeof(*text)];
	struct policy_rows t;

	for (size_t i = 0; i < n; i++)
		key[i] = text[i];
	policy_rows_index(&t, key, n);
	return t;
}

int main(void)
{
	struct policy_rows t = table(7);

	ok(policy_rows_find(&t, "/a") == 4, "the last of two");
	ok(policy_rows_find(&t, "/b") == 0, "one");
	ok(policy_rows_find(&t, "/b/c/d") == 0, "holds below");
	ok(policy_rows_find(&t, "/w/x") == 3, "a path before a glob");
	ok(policy_rows_find(&t, "/w/z") == 6, "the last of two globs");
	ok(policy_rows_find(&t, "/w/xx") == 2, "a glob alone");
	ok(policy_rows_find(&t, "/w/xx/z") == 2, "and below");
	ok(policy_rows_find(&t, "/w") == t.n, "above it not");
	ok(policy_rows_find(&t, "/") == t.n, "nor the root");
	policy_rows_free(&t);
	t = table(6);
	ok(policy_rows_find(&t, "/w/x") == 3, "a path behind the glob");
	policy_rows_free(&t);
	t = table(9);
	ok(policy_rows_find(&t, "/w/x/y") == 7,
	   "a key is nearer than a glob above it");
	policy_rows_free(&t);
	t = table(0);
	ok(policy_rows_find(&t, "/a") == t.n, "no table");
	policy_rows_free(&t);
	return tap_done();
}
