#include "input.h"

#include <errno.h>
#include <string.h>

#include "msg.h"
#include "num.h"

/* COUNT: a quantity that was counted; the kernel's "max" is none. */
enum type { COUNT, LIMIT, MILLI };

#define INTO(member) offsetof(struct row_input, member)

static const struct {
	const char *column;
	enum type type;
	size_t at;
} numbers[INPUT_NUMBERS] = {
	[INPUT_MEM] = { "mem_some_pct", MILLI, INTO(mem_mpct) },
	[INPUT_IO] = { "io_some_pct", MILLI, INTO(io_mpct) },
	{ "window_us", COUNT, INTO(window_us) },
	{ "swappiness", LIMIT, INTO(swappiness) },
	{ "swap_left_bytes", LIMIT, INTO(swap_left_bytes) },
	{ "swap_write_bytes_per_s", LIMIT, INTO(swap_write) },
	{ "cold_anon_bytes", COUNT, INTO(cold_anon_bytes) },
	{ "cold_file_bytes", COUNT, INTO(cold_file_bytes) },
	{ "age_us", COUNT, INTO(age_us) },
	{ "anon_bytes", COUNT, INTO(anon_bytes) },
	{ "file_bytes", COUNT, INTO(file_bytes) },
	{ "memory_bytes", COUNT, INTO(memory_bytes) },
	{ "time", MILLI, INTO(time_ms) },
	{ "got_bytes", COUNT, INTO(got_bytes) },
	{ "refaulted_bytes", COUNT, INTO(refaulted_bytes) },
	{ "mem_limit_pct", MILLI, INTO(mem_limit_mpct) },
	{ "io_limit_pct", MILLI, INTO(io_limit_mpct) },
	{ "floor_bytes", LIMIT, INTO(floor_bytes) },
	{ "max_step_bytes", LIMIT, INTO(max_step_bytes) },
};

void input_map(const struct rows_in *in, struct input_map *m)
{
	for (int i = 0; i < INPUT_NUMBERS; i++)
		m->number[i] = rows_find(in, numbers[i].column);
	m->backend = rows_find(in, "backend");
	m->verdict = rows_find(in, "verdict");
	harm_map(in, &m->harm);
}

static uint64_t cell_u64(const struct rows_in *in, int i, bool counted)
{
	uint64_t v;

	if (rows_u64(in, i, &v))
		die(0, "line %zu: column %s: '%s' is not a whole number",
		    in->line, in->name[i], in->cell[i]);
	return counted && v == NUM_MAX ? NUM_NONE : v;
}

static int64_t cell_milli(const struct rows_in *in, int i)
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

	row_input_clear(out);
	out->piped = true;
	out->has_psi = m->number[INPUT_MEM] >= 0;
	out->has_io = m->number[INPUT_IO] >= 0;
	for (int i = 0; i < INPUT_NUMBERS; i++) {
		void *to = (char *)out + numbers[i].at;
		int at = m->number[i];

		if (numbers[i].type == MILLI)
			*(int64_t *)to = cell_milli(in, at);
		else
			*(uint64_t *)to =
				cell_u64(in, at, numbers[i].type == COUNT);
	}
	out->harm = harm_read(in, &m->harm, doubt, size);
	out->tier = backend && !strcmp(backend, "tier");
	judge_evidence(rows_str(in, m->verdict), out);
}
