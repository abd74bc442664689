#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "input.h"
#include "modes.h"
#include "msg.h"
#include "num.h"
#include "parking.h"

/* A row for a cgroup that is not there. */
static void no_cgroup(struct result *r, const char *key, int err)
{
	*r = (struct result){
		.key = key,
		.time_ms = clock_unix_ms(),
		.reason = REASON_GONE,
	};
	if (!cg_err_is_gone(err))
		r->reason = REASON_ERROR;
}

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct cg *)a)->key, ((const struct cg *)b)->key);
}

/* The cgroups of a recording are names with a target each. */
static struct cg *recorded(struct run *run, void **tree, const char *key)
{
	struct cg probe = { .key = (char *)(uintptr_t)key }, *cg;
	void *node = tfind(&probe, tree, by_key);

	if (node)
		return *(struct cg **)node;
	cg = xcalloc(1, sizeof(*cg));
	cg->key = xstrdup(key);
	cg->fd = -1;
	cg->data = xcalloc(1, sizeof(struct target));
	target_init(cg->data, &run->set);
	if (!tsearch(cg, tree, by_key))
		die(ENOMEM, "recording");
	return cg;
}

/* Batches of rows without a cgroup after which it is forgotten. */
enum { FORGET_BATCHES = 4 };

struct filtering {
	struct run *run;
	bool came;   /* a row did */
	bool warned; /* that one names no cgroup */
	uint64_t swept_us, alive_us;
	struct rows_in in;
	struct input_map map;
	struct record_map recording; /* of --record */
	char key[CG_KEY_MAX];
	void *recorded;
};

/*
 * Rows of a sample come at once: said for the first, and then once a second.
 * When no rows come any more the watchdog barks, which is what it is for.
 */
static void end_row(struct filtering *f)
{
	uint64_t now_us = clock_mono_us();

	if (f->alive_us && now_us - f->alive_us < 1000000)
		return;
	f->alive_us = now_us;
	tell_alive();
}

/* The first row is the start: the pipe has had its own until then. */
static void begin_row(struct filtering *f)
{
	struct run *run = f->run;
	uint64_t now_us = clock_mono_us();

	if (!f->came)
		run->start_us = f->swept_us = now_us;
	f->came = true;
	if (now_us - f->swept_us < run->policy.interval_us)
		return;
	f->swept_us = now_us;
	cg_set_sweep(&run->set, FORGET_BATCHES);
}

/* A new header: which columns tell what. */
static void map(struct filtering *f)
{
	bool parks = parking_columns(&f->run->policy);
	const char *missing;

	if (record_map(&f->in, &f->recording, &missing))
		die(0,
		    "line %zu: the recording has no column %s: it is of "
		    "another version",
		    f->in.line, missing);
	if (f->recording.is && (parks || !f->run->policy.dry_run))
		die(0, "line %zu: this is a recording: replay it with -n",
		    f->in.line);
	if (f->recording.is)
		return;
	input_map(&f->in, &f->map);
	if (f->in.n > 1 && f->map.number[INPUT_MEM] < 0 && !parks)
		die(0,
		    "line %zu: no column mem_some_pct: put psi-watch before "
		    "this, or give bare paths",
		    f->in.line);
}

static void recorded_row(struct filtering *f, struct result *r)
{
	struct record rec;
	const char *bad;

	if (record_read(&f->in, &f->recording, &f->run->policy, &rec, &bad))
		die(0, "line %zu: column %s: not a value of a recording",
		    f->in.line, bad);
	replay(f->run, recorded(f->run, &f->recorded, f->key), &rec, r);
}

/* Once: the rows go on to tell of each. */
static void complain_of_row(struct filtering *f, int err)
{
	f->run->failed = true;
	if (!f->warned)
		warn(err == -ENOTDIR ? 0 : err, "'%s' is not a cgroup%s",
		     f->key, err == -ENOTDIR ? ", but a file" : "");
	f->warned = true;
}

static void one_row(struct filtering *f, struct result *r)
{
	struct run *run = f->run;
	struct row_input row;
	struct cg *cg;
	char doubt[256];
	int err;

	begin_row(f);
	err = tool_row_key(&run->set, &f->in, f->key);
	if (err) {
		run->failed = true;
		no_cgroup(r, f->in.cell[0], err);
		return;
	}
	if (f->recording.is) {
		recorded_row(f, r);
		return;
	}
	input_read(&f->in, &f->map, &row, doubt, sizeof(doubt));
	say_harm(run, "", doubt);
	if (run->recorded && row.memory_bytes != NUM_NONE) {
		period_recorded(run, recorded(run, &f->recorded, f->key), &row,
				r);
		return;
	}
	err = cg_set_get(&run->set, f->key, &cg);
	if (err) {
		no_cgroup(r, f->key, err);
		if (r->reason == REASON_ERROR)
			complain_of_row(f, err);
	} else {
		period(run, cg, &row, r);
	}
}

void filter(struct run *run, struct shown *to)
{
	struct filtering f = { .run = run };
	struct result r;
	int event = ROWS_HEADER;

	rows_in_open(&f.in, STDIN_FILENO, to->out);
	map(&f);
	while (!clock_stopped() && !to->out->err &&
	       (event = rows_next(&f.in)) > ROWS_END) {
		if (clock_take_usr1())
			report(run, -1);
		if (event == ROWS_HEADER)
			map(&f);
		if (event != ROWS_ROW)
			continue;
		tool_need_columns(&f.in, to->show);
		one_row(&f, &r);
		show(to, &f.in, &r);
		end_row(&f);
	}
	if (event == -ECONNABORTED) {
		warn(0, "the input ended early: the stage before was killed or "
			"failed");
		run->failed = true;
	} else if (event < 0 && !clock_reader_gone()) {
		tool_bad_input(&f.in, event);
	}
	if (event == ROWS_END && !f.came && !clock_stopped()) {
		warn(0, "no row came: did the stage before it start?");
		run->short_of = true;
	}
	record_unmap(&f.recording);
	rows_in_close(&f.in);
}
