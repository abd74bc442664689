/*
 * lines - a state file of text lines, which is void after a boot: then the
 * cgroups are others.
 */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>

/*
 * Hands over each line of this boot; the text is the caller's to change.  0,
 * also for no file, or -errno as of state_read().
 */
typedef void lines_take(void *arg, char *line);
int lines_read(const char *path, const char *name, unsigned int version,
	       lines_take *take, void *arg);

/* The lines are what put prints.  0 or -errno. */
typedef void lines_put(FILE *f, const void *arg);
int lines_write(const char *path, const char *name, unsigned int version,
		lines_put *put, const void *arg);

#endif
