#include "forecasting.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"
#include "listing.h"
#include "msg.h"
#include "num.h"
#include "outlook.h"
#include "probe.h"

/* A row that goes out. */
struct entry {
	const char *key;
	int64_t time_ms;
	uint64_t age_us;
	const char *to, *in_use;
	struct outlook o;
};

/* ---- rows that go out ---- */

enum { E_KEY, E_TO, E_IN_USE, E_BLOCKED_BY, E_SOURCE };

static void put_text(struct row *r, const void *sample, int arg)
{
	const struct entry *e = sample;
	const char *const text[] = { [E_KEY] = e->key,
				     [E_TO] = e->to,
				     [E_IN_USE] = e->in_use,
				     [E_BLOCKED_BY] = e->o.blocked_by,
				     [E_SOURCE] = compression_source_word(
					     e->o.source) };

	row_str(r, text[arg]);
}

static void put_time(struct row *r, const void *sample, int arg)
{
	const struct entry *e = sample;

	(void)arg;
	row_milli(r, e->time_ms);
}

enum {
	E_AGE,
	E_BLOCKED,
	E_NOW,
	E_SAVED,
	E_LOW,
	E_HIGH,
	E_DEVICE,
	E_DEVICE_DAY,
	E_STALL_DAY
};

static void put_u64(struct row *r, const void *sample, int arg)
{
	const struct entry *e = sample;
	const uint64_t v[] = {
		[E_AGE] = e->age_us,
		[E_BLOCKED] = e->o.blocked_bytes,
		[E_NOW] = e->o.saved_now_bytes,
		[E_SAVED] = e->o.f.saved_bytes,
		[E_LOW] = e->o.f.low_bytes,
		[E_HIGH] = e->o.f.high_bytes,
		[E_DEVICE] = e->o.f.device_bytes,
		[E_DEVICE_DAY] = e->o.f.device_bytes_per_day,
		[E_STALL_DAY] = e->o.f.stall_us_per_day,
	};

	row_u64(r, v[arg]);
}

static void emit(struct run *run, const struct entry *e)
{
	static const struct col cols[] = {
		{ "cgroup", NULL, put_text, E_KEY },
		{ "time", NULL, put_time, 0 },
		{ "age_us", NULL, put_u64, E_AGE },
		{ "destination", NULL, put_text, E_TO },
		{ "blocked_bytes", "cold memory that cannot go there", put_u64,
		  E_BLOCKED },
		{ "blocked_by", NULL, put_text, E_BLOCKED_BY },
		{ "compression_source", NULL, put_text, E_SOURCE },
		{ "device_bytes", "bytes that would be written to a device",
		  put_u64, E_DEVICE },
		{ "saved_now_bytes", "memory that is saved already", put_u64,
		  E_NOW },
		{ "in_use", NULL, put_text, E_IN_USE },
		{ "saved_bytes", "memory that would be saved in addition",
		  put_u64, E_SAVED },
		{ "saved_low_bytes", "lower bound of saved_bytes", put_u64,
		  E_LOW },
		{ "saved_high_bytes", "upper bound of saved_bytes", put_u64,
		  E_HIGH },
		{ "device_bytes_per_day", "later writes to a device, at most",
		  put_u64, E_DEVICE_DAY },
		{ "stall_us_per_day",
		  "waits for memory that comes back, at most", put_u64,
		  E_STALL_DAY },
	};
	static struct listing listing = {
		.cols = cols,
		.n = sizeof(cols) / sizeof(*cols),
	};

	listing_emit(&listing, &run->out, e);
}

/* ---- a row of the pipe ---- */

static void forecast_all(struct run *run, const struct cg *cg,
			 const struct told *told, const struct told *younger)
{
	struct subject s = { .m = cg->data,
			     .machine = &run->world.machine,
			     .told = told,
			     .younger = younger };
	struct entry e = { .key = cg->key,
			   .time_ms = clock_unix_ms(),
			   .age_us = told->age_us };

	gather(run, cg, told, &s.g);
	for (int i = 0; i < TO_COUNT; i++) {
		enum destination to = (enum destination)i;

		outlook_find(&s, to, &e.o);
		e.to = destination_word(to);
		e.in_use = e.o.in_use ? "yes" : "no";
		emit(run, &e);
	}
}

/* The row before, of the same cgroup and a younger age. */
static const struct told *find_younger(const struct cg *cg,
				       const struct told *told)
{
	static uint64_t ino;
	static struct told last, before;
	bool same = cg->ino == ino && last.age_us < told->age_us;

	before = last;
	last = *told;
	ino = cg->ino;
	return same ? &before : NULL;
}

static void no_row(struct run *run, const char *key, const struct told *told,
		   const char *why)
{
	struct entry e = { .key = key,
			   .time_ms = clock_unix_ms(),
			   .age_us = told->age_us,
			   .to = "-",
			   .in_use = "-",
			   .o = { .blocked_bytes = NUM_NONE,
				  .blocked_by = why,
				  .saved_now_bytes = NUM_NONE } };

	e.o.f = forecast_nothing;
	emit(run, &e);
}

static int look(struct run *run, struct cg *cg)
{
	return member_look(&run->set, cg, &run->world, &run->o.cfg, NUM_NONE,
			   false);
}

/* ---- with a probe: all rows are read first ---- */

struct waiting {
	char *key, *balance_reason;
	struct told told;
	uint64_t anon; /* on its LRU, when its row came */
};

static struct {
	struct waiting *v;
	size_t n;
} queue;

static uint64_t anon_bytes(const struct cg *cg)
{
	const struct member *m = cg->data;

	return mem_anon_lru_bytes(&m->now.st);
}

static void enqueue(const struct cg *cg, const struct told *told)
{
	struct waiting w = { .key = xstrdup(cg->key),
			     .told = *told,
			     .anon = anon_bytes(cg) };

	if (told->balance_reason)
		w.balance_reason = xstrdup(told->balance_reason);
	w.told.balance_reason = w.balance_reason;
	w.told.reason = NULL;
	queue.v = xrealloc(queue.v, queue.n + 1, sizeof(*queue.v));
	queue.v[queue.n++] = w;
}

/* The kernel's counters are flushed every 2 s, and a little later at times. */
static void wait_for_counters(void)
{
	uint64_t start = clock_mono_us();
	int go;

	do
		go = clock_wait(
			clock_next_tick(start, LEAST_WINDOW_US * 3 / 2));
	while (go == -EINTR);
}

/* What the probe took was cold, and is there no more. */
static void take_probe_off(struct waiting *w, const struct cg *cg)
{
	uint64_t now = anon_bytes(cg);

	if (w->told.cold_anon != NUM_NONE && w->anon < NUM_MAX)
		w->told.cold_anon =
			num_less(w->told.cold_anon, num_less(w->anon, now));
}

static void forecast_waiting(struct run *run, struct waiting *w)
{
	struct cg *cg;
	int err = cg_set_get(&run->set, w->key, &cg);

	if (!err)
		err = look(run, cg);
	if (err) {
		no_row(run, w->key, &w->told,
		       reason_word(run_row_failed(run, w->key, err)));
		return;
	}
	probe_tell(cg);
	take_probe_off(w, cg);
	forecast_all(run, cg, &w->told, find_younger(cg, &w->told));
}

static void forecast_probed(struct run *run)
{
	run_probe(run, true);
	wait_for_counters();
	run_look_at_world(run);
	for (size_t i = 0; i < queue.n && !clock_stopped(); i++)
		forecast_waiting(run, queue.v + i);
	run_probe(run, false);
	for (size_t i = 0; i < queue.n; i++) {
		free(queue.v[i].key);
		free(queue.v[i].balance_reason);
	}
	free(queue.v);
}

static void forecast_row(struct run *run, const struct rows_in *in)
{
	struct told told;
	char key[CG_KEY_MAX];
	struct cg *cg;
	int err;

	told_read(&told, in);
	run_note_sample(run, in, told.age_us);
	err = run_row_cg(run, in, key, &cg);
	run_look_at_world(run);
	if (!err)
		err = look(run, cg);
	if (err)
		no_row(run, in->cell[0], &told,
		       reason_word(run_row_failed(run, key, err)));
	else if (run->o.probe_bytes)
		enqueue(cg, &told);
	else
		forecast_all(run, cg, &told, find_younger(cg, &told));
}

void forecast_rows(struct run *run)
{
	run_rows(run, forecast_row);
	if (run->o.probe_bytes && !clock_stopped())
		forecast_probed(run);
	rows_flush(&run->out);
}
