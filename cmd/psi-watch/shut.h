/* shut - many descriptors closed side by side. */
#ifndef SHUT_H
#define SHUT_H

#include <stddef.h>

/*
 * The close of an armed trigger waits for a grace period of RCU, some 10 ms
 * (kernel/sched/psi.c, psi_trigger_destroy): one after the other thousands take
 * half a minute, together they share the periods.
 */
void shut_all(const int *fd, size_t n);

#endif
