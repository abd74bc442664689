#include "off.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cg.h"
#include "io.h"
#include "root.h"

void off_free(struct off *o)
{
	free(o->list);
	*o = (struct off){ 0 };
}

/* Are there lines, each of them a key? */
static bool are_keys(const char *list)
{
	if (!*list)
		return false;
	for (const char *p = list; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (*p != '/')
			return false;
	return true;
}

void off_read(struct off *o, const char *path)
{
	ssize_t n;

	off_free(o);
	n = io_read_all(root_fd(), path + (*path == '/'), &o->list);
	if (n < 0)
		o->list = NULL;
	o->all = n >= 0 ? !are_keys(o->list) : n != -ENOENT && n != -ENOTDIR;
}

bool off_is(const struct off *o, const char *key)
{
	if (o->all)
		return true;
	for (const char *p = o->list ? o->list : ""; *p; p += *p == '\n') {
		char name[CG_KEY_MAX];
		size_t len = strcspn(p, "\n");

		if (len >= sizeof(name))
			return true;
		memcpy(name, p, len);
		name[len] = '\0';
		if (cg_matches(key, name))
			return true;
		p += len;
	}
	return false;
}
