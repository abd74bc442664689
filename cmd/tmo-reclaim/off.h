/*
 * off - the kill switch: a file that stops everything, or the cgroups that it
 * names, one a line, and those below them.  Globs may be among them.
 */
#ifndef OFF_H
#define OFF_H

#include <stdbool.h>

struct off {
	bool all;
	char *list; /* of the keys, a line each; or NULL */
};

/*
 * Reads it anew (a first time from zero), below the root prefix.  A file that
 * is empty, cannot be read, or has a line that is no key stops all: when in
 * doubt, nothing is done.
 */
void off_read(struct off *o, const char *path);
void off_free(struct off *o);

bool off_is(const struct off *o, const char *key);

#endif
