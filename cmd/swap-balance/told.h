/* told - what a row of the pipe tells of the cgroup that it names. */
#ifndef TOLD_H
#define TOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "rows.h"

/* NUM_NONE, NULL, NAN: nothing. */
struct told {
	uint64_t age_us;
	uint64_t cold_anon, cold_shmem, cold_file;
	uint64_t cold_anon_se, cold_file_se; /* cold-scan --sample */
	bool suspect_anon, suspect_file;     /* by the verdict */
	uint64_t write_bytes_per_s, swappiness;
	double incompressible;
	const char *balance_reason;
	const char *reason; /* tmo-reclaim's */
};

/* Of no row. */
extern const struct told told_nothing;

/* The texts are the row's; dies where a number is none. */
void told_read(struct told *t, const struct rows_in *in);

#endif
