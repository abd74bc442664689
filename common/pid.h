/*
 * pid - a process by its number: its files, and when it started, which tells
 * it from a later one of that number.  proc(5)
 */
#ifndef PID_H
#define PID_H

#include <stdint.h>
#include <sys/types.h>

/* "proc/PID/FILE" in path, below root_fd(). */
enum { PID_PATH = 64 };
const char *pid_file(char path[PID_PATH], uint64_t pid, const char *file);

/*
 * Field 22 of /proc/PID/stat.  0 or -errno; -ESRCH also of one that has ended
 * and nobody has waited for.
 */
int pid_started(uint64_t pid, uint64_t *ticks);

#endif
