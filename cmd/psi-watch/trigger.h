/*
 * trigger - a row an event: the kernel's triggers, verified, with alarms on
 * top; polling where the kernel takes none.
 */
#ifndef TRIGGER_H
#define TRIGGER_H

#include <stddef.h>

struct watch;
struct tool;

/*
 * Dies when a trigger is none; returns the bytes that a cgroup needs, and makes
 * triggers the job.  With --from-env the cgroup is *env.
 */
size_t trigger_open(struct watch *w, const struct tool *tool, char **env);

#endif
