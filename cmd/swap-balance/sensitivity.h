/*
 * sensitivity - how much a cgroup suffers from its swap-ins: the memory
 * pressure that they cause.  No I/O.
 */
#ifndef SENSITIVITY_H
#define SENSITIVITY_H

#include "balance.h"

/*
 * One window more.  *pct is the pressure that swap-ins caused of late, NAN as
 * long as there were none.
 */
void sensitivity_learn(double *pct, const struct window *w,
		       const double us[KIND_COUNT]);

#endif
