/* psi-watch - what the parts of the tool share: what was asked, and the run. */
#ifndef PSI_WATCH_H
#define PSI_WATCH_H

#include "sample.h"
#include "targets.h"
#include "tool.h"

struct config {
	struct common_opts common;
	const char *targets; /* --targets */
	const char *out;     /* --out */
};

struct watch {
	struct config cfg;
	struct cg_set set;
	struct targets targets;
	struct reader reader;
	struct rows_out out;
	struct col_set cols;
	struct row row;
	uint64_t interval_us; /* 0: one sample */
	bool failed;	      /* some cgroup could not be read */
};

#endif
