#include "input.h"

#include <errno.h>
#include <string.h>

#include "msg.h"
#include "num.h"

void input_map(const struct rows_in *in, struct input_map *m)
{
	*m = (struct input_map){
		.mem = rows_find(in, "mem_some_pct"),
		.io = rows_find(in, "io_some_pct"),
		.window = rows_find(in, "window_us"),
		.swappiness = rows_find(in, "swappiness"),
		.backend = rows_find(in, "backend"),
		.swap_left = rows_find(in, "swap_left_bytes"),
		.swap_write = rows_find(in, "swap_write_bytes_per_s"),
		.verdict = rows_find(in, "verdict"),
		.cold_anon = rows_find(in, "cold_anon_bytes"),
		.cold_file = rows_find(in, "cold_file_bytes"),
		.age = rows_find(in, "age_us"),
		.anon = rows_find(in, "anon_bytes"),
		.file = rows_find(in, "file_bytes"),
		.memory = rows_find(in, "memory_bytes"),
		.time = rows_find(in, "time"),
		.got = rows_find(in, "got_bytes"),
		.refaulted = rows_find(in, "refaulted_bytes"),
		.mem_limit = rows_find(in, "mem_limit_pct"),
		.io_limit = rows_find(in, "io_limit_pct"),
		.floor = rows_find(in, "floor_bytes"),
		.max_step = rows_find(in, "max_step_bytes"),
	};
	harm_map(in, &m->harm);
}

static uint64_t cell_u64(const struct rows_in *in, int i)
{
	uint64_t v;

	if (rows_u64(in, i, &v))
		die(0, "line %zu: column %s: '%s' is not a whole number",
		    in->line, in->name[i], in->cell[i]);
	return v;
}

/* A quantity that was counted; the kernel's "max" is none. */
static uint64_t cell_count(const struct rows_in *in, int i)
{
	uint64_t v = cell_u64(in, i);

	return v == NUM_MAX ? NUM_NONE : v;
}

static int64_t cell_mpct(const struct rows_in *in, int i)
{
	int64_t v = -1;
	int err = rows_milli(in, i, &v);

	if (err && err != -ENOENT)
		die(0, "line %zu: column %s: '%s' is not a number", in->line,
		    in->name[i], in->cell[i]);
	if (!err && v < 0)
		die(0, "line %zu: column %s: '%s' is less than 0", in->line,
		    in->name[i], in->cell[i]);
	return v;
}

/* suspect:file condemns what is said of file cache, and that alone. */
static void judge_evidence(const char *verdict, struct row_input *out)
{
	bool known = out->cold_anon_bytes != NUM_NONE &&
		     out->cold_file_bytes != NUM_NONE;
	bool ok = verdict && !strcmp(verdict, "ok");
	bool file = verdict && strstr(verdict, "file");

	out->cold_ok =
		known && (ok || (file && !strcmp(verdict, "suspect:file")));
	if (!ok)
		out->cold_file_bytes = NUM_NONE;
}

void input_read(const struct rows_in *in, const struct input_map *m,
		struct row_input *out, char *doubt, size_t size)
{
	const char *backend = rows_str(in, m->backend);

	*out = (struct row_input){
		.piped = true,
		.has_psi = m->mem >= 0,
		.has_io = m->io >= 0,
		.mem_mpct = cell_mpct(in, m->mem),
		.io_mpct = cell_mpct(in, m->io),
		.window_us = cell_count(in, m->window),
		.swappiness = cell_u64(in, m->swappiness),
		.swap_left_bytes = cell_u64(in, m->swap_left),
		.swap_write = cell_u64(in, m->swap_write),
		.cold_anon_bytes = cell_count(in, m->cold_anon),
		.cold_file_bytes = cell_count(in, m->cold_file),
		.age_us = cell_count(in, m->age),
		.anon_bytes = cell_count(in, m->anon),
		.file_bytes = cell_count(in, m->file),
		.memory_bytes = cell_count(in, m->memory),
		.time_ms = cell_mpct(in, m->time),
		.got_bytes = cell_count(in, m->got),
		.refaulted_bytes = cell_count(in, m->refaulted),
		.mem_limit_mpct = cell_mpct(in, m->mem_limit),
		.io_limit_mpct = cell_mpct(in, m->io_limit),
		.floor_bytes = cell_u64(in, m->floor),
		.max_step_bytes = cell_u64(in, m->max_step),
		.harm = harm_read(in, &m->harm, doubt, size),
	};
	out->tier = backend && !strcmp(backend, "tier");
	judge_evidence(rows_str(in, m->verdict), out);
}
