#include "told.h"

#include <math.h>
#include <string.h>

#include "num.h"
#include "run.h"

const struct told told_nothing = { .age_us = NUM_NONE,
				   .cold_anon = NUM_NONE,
				   .cold_shmem = NUM_NONE,
				   .cold_file = NUM_NONE,
				   .cold_anon_se = NUM_NONE,
				   .cold_file_se = NUM_NONE,
				   .write_bytes_per_s = NUM_NONE,
				   .swappiness = NUM_NONE,
				   .incompressible = NAN };

/* A row without a verdict is somebody's own word; "-" is not known. */
static void judge(struct told *t, const struct rows_in *in)
{
	int i = rows_find(in, "verdict");
	const char *verdict = rows_str(in, i);
	bool ok = i < 0 || (verdict && !strcmp(verdict, "ok"));
	bool file = verdict && !strcmp(verdict, "suspect:file");

	t->suspect_anon = !ok && !file && t->cold_anon != NUM_NONE;
	t->suspect_file = !ok && t->cold_file != NUM_NONE;
	if (t->suspect_anon)
		t->cold_anon = t->cold_shmem = NUM_NONE;
	if (t->suspect_file)
		t->cold_file = NUM_NONE;
}

void told_read(struct told *t, const struct rows_in *in)
{
	int64_t mpct;

	*t = (struct told){
		.age_us = run_cell_u64(in, "age_us"),
		.cold_anon = run_cell_u64(in, "cold_anon_bytes"),
		.cold_shmem = run_cell_u64(in, "cold_shmem_bytes"),
		.cold_file = run_cell_u64(in, "cold_file_bytes"),
		.cold_anon_se = run_cell_u64(in, "cold_anon_se_bytes"),
		.cold_file_se = run_cell_u64(in, "cold_file_se_bytes"),
		.write_bytes_per_s = run_cell_u64(in, "swap_write_bytes_per_s"),
		.swappiness = run_cell_u64(in, "swappiness"),
		.incompressible = NAN,
		.balance_reason = rows_str(in, rows_find(in, "balance_reason")),
		.reason = rows_str(in, rows_find(in, "reason")),
	};
	if (!rows_milli(in, rows_find(in, "incompressible_pct"), &mpct))
		t->incompressible = (double)mpct / 100000;
	judge(t, in);
}
