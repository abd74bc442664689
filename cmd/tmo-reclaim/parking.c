#include "parking.h"

#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "modes.h"
#include "msg.h"
#include "num.h"

const char *parking_columns(const struct policy *p)
{
	if (p->park)
		return "parked_bytes,left_bytes,reason";
	if (p->wake)
		return "woken_bytes,missing_bytes,changed_processes,elapsed_us,"
		       "reason";
	return NULL;
}

static void one(struct run *run, struct cg *cg, uint64_t swap_write,
		struct result *r)
{
	*r = (struct result){
		.key = cg->key,
		.time_ms = clock_unix_ms(),
		.memory_bytes = NUM_NONE,
		.floor_bytes = NUM_NONE,
		.reason = REASON_LAW,
	};
	if (run->policy.park)
		park(run, cg, swap_write, r);
	else
		wake(run, cg, r);
}

static void rows(struct run *run, struct shown *to)
{
	char key[CG_KEY_MAX];
	struct rows_in in;
	int event = ROWS_HEADER;

	rows_in_open(&in, STDIN_FILENO, to->out);
	while (!clock_stopped() && !to->out->err &&
	       (event = rows_next(&in)) > ROWS_END) {
		struct result r = { .time_ms = clock_unix_ms() };
		uint64_t swap_write = NUM_NONE;
		struct cg *cg;

		if (event != ROWS_ROW)
			continue;
		tool_need_columns(&in, to->show);
		r.reason = REASON_GONE;
		if (tool_row_key(&run->set, &in, key) ||
		    rows_u64(&in, rows_find(&in, "swap_write_bytes_per_s"),
			     &swap_write)) {
			run->failed = true;
			r.reason = REASON_ERROR;
		} else if (!cg_set_get(&run->set, key, &cg)) {
			one(run, cg, swap_write, &r);
		}
		row_put(&to->own, to->show, &r);
		rows_emit(to->out, &in, to->show, &to->own);
	}
	if (event < 0)
		tool_bad_input(&in, event);
	rows_in_close(&in);
}

static void operands(struct run *run, const struct common_opts *c,
		     char *const *keys, size_t n, struct shown *to)
{
	const char *missing;
	size_t tabs = 0, longs = 0;
	struct result r;
	int err = cg_set_expand(&run->set, keys, n, c->recursive, &missing);

	if (err)
		warn(err, "cannot read the cgroup tree");
	if (missing)
		warn(0, "no cgroup '%s'", missing);
	run->failed |= err || missing;
	tool_warn_skipped(&run->set, &tabs, &longs);
	for (size_t i = 0; i < run->set.n && !clock_stopped(); i++) {
		one(run, run->set.v[i], NUM_NONE, &r);
		row_put(&to->own, to->show, &r);
		rows_emit(to->out, NULL, to->show, &to->own);
	}
	rows_flush(to->out);
}

void parking(struct run *run, const struct common_opts *c, char *const *keys,
	     size_t n, struct shown *to)
{
	if (keys)
		operands(run, c, keys, n, to);
	else
		rows(run, to);
}
