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

/*
 * Field 28: where its stack began, by chance at each execve(2); a fork's is
 * the same.  0 without the right (CAP_SYS_PTRACE).  0 or -errno.
 */
int pid_stack(uint64_t pid, uint64_t *addr);

/*
 * Are their address spaces one (CLONE_VM, vfork(2))?  0: they are; 1: a's
 * comes first, or 2: b's, in an order of all; -errno: -ENOSYS in a recording,
 * and without CONFIG_KCMP; -EPERM without the right.  kcmp(2)
 */
int pid_order_memory(uint64_t a, uint64_t b);

#endif
