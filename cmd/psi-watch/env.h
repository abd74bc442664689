/*
 * env - the watch that systemd hands to a service in its environment
 * (systemd, docs/PRESSURE.md): a pressure file with a trigger to write, or a
 * FIFO or socket on which the service manager tells of pressure itself.
 */
#ifndef ENV_H
#define ENV_H

#include <stdbool.h>

#include "spec.h"

struct env {
	const char *path;
	bool is_fifo, is_socket;  /* or else a pressure file */
	char text[2 * SPEC_TEXT]; /* what to write into it first */
	int len;
	bool echo; /* it may come back to us */
};

/*
 * Dies when there is none.  *s is the trigger, of no stall where a manager
 * gives none.  Returns the cgroup, which cg_key() takes.
 */
char *env_open(struct env *e, struct spec *s);

/* Of a FIFO or socket: a descriptor to wait for EPOLLIN on, or -errno. */
int env_connect(struct env *e);

/* Reads all that is there: 1 an event, 0 none, -EPIPE the manager is gone. */
int env_drain(struct env *e, int fd);

#endif
