/* account - --account: why the memory of a cgroup is not off, a row a cause. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "run.h"

/* Of each row of the pipe, by its columns, to the end. */
void account_rows(struct run *run);

/* Of the members of the set: nothing is known of what is cold. */
void account_all(struct run *run);

#endif
