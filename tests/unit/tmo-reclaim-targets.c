/* The table of targets: the row that holds for a cgroup. */
#include "tap.h"
#include "tmo-reclaim/harm.c"
#include "tmo-reclaim/targets.c"

void row_input_clear(struct row_input *in)
{
	*in = (struct row_input){ 0 };
}

/* The first n of these, as the rows of a table. */
static struct targets table(size_t n)
{
	static const char *const keys[] = { "/b",   "/a",     "/w/*",
					    "/w/x", "/a",     "/w/y",
					    "/w/?", "/w/x/y", "/w/*" };
	struct targets t = { .n = n };

	t.key = xcalloc(n + 1, sizeof(*t.key));
	t.row = xcalloc(n + 1, sizeof(*t.row));
	for (size_t i = 0; i < n; i++)
		t.key[i] = xstrdup(keys[i]);
	sort(&t);
	return t;
}

int main(void)
{
	struct targets t = table(7);

	ok(targets_find(&t, "/a") == t.row + 4, "the last of two");
	ok(targets_find(&t, "/b") == t.row, "one");
	ok(targets_find(&t, "/b/c/d") == t.row, "holds below");
	ok(targets_find(&t, "/w/x") == t.row + 3, "a path before a glob");
	ok(targets_find(&t, "/w/z") == t.row + 6, "the last of two globs");
	ok(targets_find(&t, "/w/xx") == t.row + 2, "a glob alone");
	ok(targets_find(&t, "/w/xx/z") == t.row + 2, "and below");
	ok(!targets_find(&t, "/w"), "above it not");
	ok(!targets_find(&t, "/"), "nor the root");
	targets_free(&t);
	t = table(6);
	ok(targets_find(&t, "/w/x") == t.row + 3, "a path behind the glob");
	targets_free(&t);
	t = table(9);
	ok(targets_find(&t, "/w/x/y") == t.row + 7,
	   "a key is nearer than a glob above it");
	targets_free(&t);
	t = table(0);
	ok(!targets_find(&t, "/a"), "no table");
	targets_free(&t);
	return tap_done();
}
