#include "cgkey.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a */
size_t cg_hash(const char *key)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

bool cg_is_top(const char *key)
{
	return !strcmp(key, "/");
}

const char *cg_relative(const char *key)
{
	return cg_is_top(key) ? "." : key + 1;
}

bool cg_is_glob(const char *key)
{
	return strpbrk(key, "*?[") != NULL;
}

const char *cg_prefix(const char *key)
{
	return cg_is_top(key) ? "" : key;
}

bool cg_parent(char *key)
{
	char *slash = strrchr(key, '/');

	if (cg_is_top(key))
		return false;
	slash[slash == key] = '\0';
	return true;
}

bool cg_is_below(const char *key, const char *top)
{
	size_t n = strlen(top);

	if (cg_is_top(top))
		return *key == '/'; /* what came in may be no path */
	return !strncmp(key, top, n) && (!key[n] || key[n] == '/');
}

int cg_key_below(const char *mount, const char *operand, char *key)
{
	size_t mlen = mount ? strlen(mount) : 0;
	size_t n = 0;

	if (!*operand || strpbrk(operand, "\t\n"))
		return -EINVAL;
	if (mlen && !strncmp(operand, mount, mlen) &&
	    (operand[mlen] == '/' || !operand[mlen]))
		operand += mlen;
	while (*operand) {
		size_t len = strcspn(operand, "/");

		if (len && !(len == 1 && *operand == '.')) {
			if (len == 2 && !strncmp(operand, "..", 2))
				return -EINVAL;
			if (n + 1 + len >= CG_KEY_MAX)
				return -ENAMETOOLONG;
			key[n++] = '/';
			memcpy(key + n, operand, len);
			n += len;
		}
		operand += len;
		operand += *operand == '/';
	}
	if (!n)
		key[n++] = '/';
	key[n] = '\0';
	return 0;
}

int cg_key_cmp(const char *x, const char *y)
{
	for (; *x && *x == *y; x++, y++)
		;
	if (*x == '/' && *y)
		return -1;
	if (*y == '/' && *x)
		return 1;
	return (unsigned char)*x - (unsigned char)*y;
}

/* A backslash that quotes nothing is quoted itself, for fnmatch(3). */
bool cg_part_names(const char *pattern, const char *name)
{
	char quoted[512];
	size_t n = 0;

	if (!strcmp(pattern, name))
		return true;
	if (!cg_is_glob(pattern))
		return false;
	for (; *pattern && n + 2 < sizeof(quoted); pattern++) {
		quoted[n++] = *pattern;
		if (*pattern != '\\')
			continue;
		if (pattern[1] && strchr("*?[]\\", pattern[1]))
			quoted[n++] = *++pattern;
		else
			quoted[n++] = '\\';
	}
	quoted[n] = '\0';
	return !*pattern && !fnmatch(quoted, name, FNM_PERIOD);
}

bool cg_leads_to(const char *pattern, const char *key, bool recursive,
		 const char **rest)
{
	while (*key) {
		size_t n, len;
		char part[256], name[256];

		pattern += strspn(pattern, "/");
		key += strspn(key, "/");
		if (!*pattern)
			break;
		n = strcspn(pattern, "/");
		len = strcspn(key, "/");
		if (n >= sizeof(part) || len >= sizeof(name))
			return false;
		snprintf(part, sizeof(part), "%.*s", (int)n, pattern);
		snprintf(name, sizeof(name), "%.*s", (int)len, key);
		if (!cg_part_names(part, name))
			return false;
		pattern += n;
		key += len;
	}
	*rest = pattern;
	return !*key || recursive;
}

bool cg_names(const char *pattern, const char *key)
{
	const char *rest;

	return cg_leads_to(pattern, key, false, &rest) &&
	       !rest[strspn(rest, "/")];
}

bool cg_matches(const char *key, const char *pattern)
{
	const char *rest;

	return cg_leads_to(pattern, key, true, &rest) &&
	       !rest[strspn(rest, "/")];
}

bool cg_any_up(int dirfd, const char *key,
	       bool (*is)(int dirfd, const char *dir))
{
	char level[CG_KEY_MAX];

	snprintf(level, sizeof(level), "%s", key);
	do
		if (is(dirfd, cg_relative(level)))
			return true;
	while (cg_parent(level));
	return false;
}
