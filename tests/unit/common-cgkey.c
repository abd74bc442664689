/* What common/cgkey.c makes of a key's text. */
#include <errno.h>

#include "cgkey.h"

#include "tap.h"

static void test_key(void)
{
	static const char mount[] = "/sys/fs/cgroup";
	char key[CG_KEY_MAX], out[CG_KEY_MAX];

	ok(!cg_key_below(mount, "a/b/", key) && !strcmp(key, "/a/b"), "a/b/");
	ok(!cg_key_below(mount, "/sys/fs/cgroup/a", key) && !strcmp(key, "/a"),
	   "the mount's path before it");
	ok(!cg_key_below(mount, "/sys/fs/cgroup", key) && !strcmp(key, "/"),
	   "the mount itself");
	ok(!cg_key_below(mount, "//a/./b", key) && !strcmp(key, "/a/b"),
	   "//a/./b");
	ok(cg_key_below(mount, "/a/../b", key) == -EINVAL, ".. is refused");
	ok(cg_key_below(mount, "", key) == -EINVAL, "empty is refused");
	ok(cg_key_below(mount, "/a\tb", key) == -EINVAL, "a TAB is refused");
	ok(!cg_key_below(NULL, "/sys", key) && !strcmp(key, "/sys"),
	   "without a mount");
	memset(key, 'a', sizeof(key));
	key[sizeof(key) - 1] = '\0';
	ok(cg_key_below(mount, key, out) == -ENAMETOOLONG,
	   "a key that does not fit");
}

static void test_parents(void)
{
	char key[CG_KEY_MAX];

	ok(cg_is_below("/a/b", "/a") && cg_is_below("/a", "/a") &&
		   cg_is_below("/a", "/") && !cg_is_below("/ab", "/a"),
	   "below or the same");
	strcpy(key, "/a/b");
	ok(cg_parent(key) && !strcmp(key, "/a"), "parent of /a/b");
	ok(cg_parent(key) && !strcmp(key, "/"), "parent of /a");
	ok(!cg_parent(key), "/ has none");
	is_str(cg_prefix("/"), "", "before /FILE: / is nothing");
	is_str(cg_prefix("/a"), "/a", "before /FILE: a key");
	is_str(cg_relative("/"), ".", "below the mount: /");
	is_str(cg_relative("/a/b"), "a/b", "below the mount: a key");
}

static void test_match(void)
{
	const char *rest;

	ok(cg_names("/a/*", "/a/b") && !cg_names("/a/*", "/a/b/c") &&
		   !cg_names("/a/*", "/a"),
	   "a glob is of one component");
	ok(cg_names("/a\\x2db/*", "/a\\x2db/c"),
	   "a backslash before another byte is one itself");
	ok(cg_names("/a\\*b*", "/a*bc") && !cg_names("/a\\*b*", "/axbc"),
	   "one before a star quotes it");
	ok(cg_names("/a[b]", "/a[b]") && cg_names("/a[b]", "/ab"),
	   "a glob names what is spelt like it, too");
	ok(!cg_names("/*", "/.a"), "a leading dot is written");
	ok(cg_matches("/a/b/c", "/a/*") && !cg_matches("/a", "/a/*"),
	   "one above it is named");
	ok(cg_leads_to("/a/*/c", "/a/b", false, &rest), "leads to");
	is_str(rest, "/c", "and what it still wants");
	ok(!cg_leads_to("/a", "/a/b", false, &rest) &&
		   cg_leads_to("/a", "/a/b", true, &rest),
	   "below what it names: recursive alone");
}

static void test_order(void)
{
	ok(cg_key_cmp("/a", "/a/b") < 0 && cg_key_cmp("/a/b", "/a-b") < 0 &&
		   cg_key_cmp("/a-b", "/a/b") > 0 &&
		   !cg_key_cmp("/a/b", "/a/b"),
	   "a parent, its children, its sisters");
}

int main(void)
{
	test_key();
	test_parents();
	test_match();
	test_order();
	return tap_done();
}
