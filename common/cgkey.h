/*
 * cgkey - the keys of cgroups, as texts: nothing here looks at the tree.
 *
 * A key is a path below the cgroup2 mount, from "/": "/workload.slice/app".
 */
#ifndef CGKEY_H
#define CGKEY_H

#include <stdbool.h>
#include <stddef.h>

enum { CG_KEY_MAX = 4096 };

/*
 * The key that an operand names: with or without the leading '/', or with the
 * mount's path (or NULL) before it, as a shell completes it.  key is of
 * CG_KEY_MAX.  -EINVAL for "..", an empty text, a TAB or a newline;
 * -ENAMETOOLONG.
 */
int cg_key_below(const char *mount, const char *operand, char *key);
bool cg_is_glob(const char *key);

/* Is it "/"?  Which is not always the system's root: see cg_is_root(). */
bool cg_is_top(const char *key);

/* What a message or a path puts before "/FILE": the key, "" for "/". */
const char *cg_prefix(const char *key);

/* Cuts key to its parent's; false at "/". */
bool cg_parent(char *key);

/* Is key below (or the same as) top? */
bool cg_is_below(const char *key, const char *top);

/*
 * Is key what that key or glob names to an expand?  A glob matches component by
 * component.  A backslash before one of *?[]\ makes that an ordinary byte, and
 * is one itself before any other, as in the names that systemd escapes
 * (a\x2db.slice).  A glob matches the name that is spelt like it, too.
 */
bool cg_names(const char *pattern, const char *key);

/* Is key, or one above it, what that key or glob names? */
bool cg_matches(const char *key, const char *pattern);

/* Does one component match?  As cg_names(). */
bool cg_part_names(const char *pattern, const char *name);

/*
 * Does the pattern lead to key, or through it (recursive: or to one above it)?
 * *rest is what the pattern still wants.
 */
bool cg_leads_to(const char *pattern, const char *key, bool recursive,
		 const char **rest);

/*
 * The order of the tree, for qsort(3): '/' before any other byte, so a parent,
 * its children, its sisters.
 */
int cg_key_cmp(const char *x, const char *y);

size_t cg_hash(const char *key);

/* The path of the directory, to hand to openat(2) below the mount. */
const char *cg_relative(const char *key);

/* Is it so for key, or for one above it?  By their directories below dirfd. */
bool cg_any_up(int dirfd, const char *key,
	       bool (*is)(int dirfd, const char *dir));

#endif
