#include "kv.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "io.h"
#include "num.h"

/*
 * A number or "max", ended by white space; *end is set behind it.  The kernel
 * counts in signed words: what is above that is a count that went below 0.
 */
static int value(const char *s, uint64_t *out, const char **end)
{
	uint64_t v = 0;
	const char *p = s;

	if (s[0] == 'm' && s[1] == 'a' && s[2] == 'x') {
		v = NUM_MAX;
		p = s + 3;
	} else {
		for (; *p >= '0' && *p <= '9' && v <= INT64_MAX / 10; p++)
			v = v * 10 + (uint64_t)(*p - '0');
		if (v > INT64_MAX)
			return -EBADMSG;
	}
	if (p == s || (*p && *p != ' ' && *p != '\t' && *p != '\n'))
		return -EBADMSG;
	*out = v;
	*end = p;
	return 0;
}

/* Nearly always behind a number, at the end of its line. */
static inline const char *next_line(const char *p)
{
	if (*p != '\n')
		p = strchr(p, '\n');
	return p ? p + 1 : NULL;
}

int kv_u64(const char *text, const char *key, uint64_t *out)
{
	size_t len = strlen(key);
	const char *end;

	for (const char *p = text; p && *p; p = next_line(p))
		if (!strncmp(p, key, len) && p[len] == ' ')
			return value(p + len + 1, out, &end);
	return -ENOENT;
}

int kv_nested_u64(const char *text, const char *name, const char *key,
		  uint64_t *out)
{
	size_t nlen = strlen(name), klen = strlen(key);
	const char *end;

	for (const char *p = text; p && *p; p = next_line(p)) {
		if (strncmp(p, name, nlen) || p[nlen] != ' ')
			continue;
		for (p += nlen; *p == ' '; p += strcspn(p, " \n")) {
			p++;
			if (!strncmp(p, key, klen) && p[klen] == '=')
				return value(p + klen + 1, out, &end);
		}
		return -ENOENT;
	}
	return -ENOENT;
}

int kv_single(const char *text, uint64_t *out)
{
	const char *end;

	return value(text, out, &end);
}

int kv_read_u64(int dirfd, const char *path, uint64_t *out)
{
	char buf[256];
	ssize_t n = io_read(dirfd, path, buf, sizeof(buf));

	return n < 0 ? (int)n : kv_single(buf, out);
}

static int read_in(int dirfd, const char *dir, const char *file, uint64_t *out)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return kv_read_u64(dirfd, path, out);
}

uint64_t kv_value(int dirfd, const char *dir, const char *file,
		  uint64_t without)
{
	uint64_t v;

	return read_in(dirfd, dir, file, &v) ? without : v;
}

int kv_limit(int dirfd, const char *dir, const char *file, uint64_t *out)
{
	int err = read_in(dirfd, dir, file, out);

	return err == -ENOENT ? 0 : err;
}

int kv_read_key(int dirfd, const char *path, const char *key, uint64_t *out)
{
	char buf[IO_BUF];
	ssize_t n = io_read(dirfd, path, buf, sizeof(buf));

	return n < 0 ? (int)n : kv_u64(buf, key, out);
}

static uint64_t *field_at(void *out, size_t off)
{
	return (uint64_t *)(void *)((char *)out + off);
}

/* What stands behind the key and a space; NULL: another key. */
static const char *behind(const char *line, const struct kv_field *f)
{
	return !strncmp(line, f->key, f->len) && line[f->len] == ' '
		       ? line + f->len + 1
		       : NULL;
}

/* The field that a line is of, looked for from the one at on, and its text. */
static const char *find_field(const struct kv_field *fields, size_t n,
			      size_t *at, const char *line)
{
	for (size_t tried = 0; tried < n; tried++) {
		size_t i = *at + tried < n ? *at + tried : *at + tried - n;
		const char *text = behind(line, &fields[i]);

		if (!text)
			continue;
		*at = i;
		return text;
	}
	return NULL;
}

void kv_fill(const char *text, const struct kv_field *fields, size_t n,
	     void *out)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		if (fields[i].off != KV_PASSED)
			*field_at(out, fields[i].off) = NUM_NONE;
	for (const char *p = text; p && *p; p = next_line(p)) {
		const char *found = find_field(fields, n, &at, p);

		if (!found)
			continue;
		p = found;
		if (fields[at].off != KV_PASSED)
			value(found, field_at(out, fields[at].off), &p);
		at++;
	}
}
