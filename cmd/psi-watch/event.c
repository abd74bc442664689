#include "event.h"

#include "num.h"

enum {
	E_CGROUP,
	E_TIME,
	E_WINDOW,
	E_RESOURCE,
	E_KIND,
	E_STALL,
	E_STATE,
	E_SOURCE,
	E_BLAME,
	E_BLAME_STALL,
	E_THROTTLED,
	E_THROTTLED_US,
	E_HIGH,
	E_MAX,
	E_OOM,
	E_THRESHOLD,
};

static const char *source_name(uint8_t source)
{
	static const char *const names[] = { "-", "trigger", "poll",
					     "memory.events", "manager" };

	return names[source];
}

static void put_word(struct row *r, const void *sample, int arg)
{
	const struct event *e = sample;

	switch (arg) {
	case E_CGROUP: row_str(r, e->key); break;
	case E_RESOURCE: row_str(r, psi_res_name(e->spec->res)); break;
	case E_KIND: row_str(r, psi_kind_name(e->spec->kind)); break;
	case E_STATE: row_str(r, alarm_name(e->state)); break;
	case E_SOURCE: row_str(r, source_name(e->source)); break;
	case E_BLAME: row_str(r, e->blamed ? e->blamed->key : NULL); break;
	}
}

static void put_number(struct row *r, const void *sample, int arg)
{
	const struct event *e = sample;
	const struct blamed *b = e->blamed;

	switch (arg) {
	case E_TIME: row_milli(r, e->unix_ms); break;
	case E_WINDOW: row_u64(r, e->window_us); break;
	case E_THRESHOLD: row_u64(r, e->spec->law.stall_us); break;
	case E_STALL: row_u64(r, e->stall_us); break;
	case E_BLAME_STALL:
		row_u64(r, b && *b->key ? b->stall_us : NUM_NONE);
		break;
	case E_THROTTLED: row_u64(r, b ? b->throttled : NUM_NONE); break;
	case E_THROTTLED_US: row_u64(r, b ? b->throttled_us : NUM_NONE); break;
	case E_HIGH: row_u64(r, b ? b->high : NUM_NONE); break;
	case E_MAX: row_u64(r, b ? b->max : NUM_NONE); break;
	case E_OOM: row_u64(r, b ? b->oom : NUM_NONE); break;
	}
}

const struct col event_cols[] = {
	{ "cgroup", "whose pressure", put_word, E_CGROUP },
	{ "time", "time at which the event was verified", put_number, E_TIME },
	{ "window_us", "time over which the stall was counted", put_number,
	  E_WINDOW },
	{ "resource", "cpu mem io irq", put_word, E_RESOURCE },
	{ "kind", "some full", put_word, E_KIND },
	{ "stall_us", "stall in that time", put_number, E_STALL },
	{ "state", "calm rising high clearing", put_word, E_STATE },
	{ "source", "trigger poll memory.events manager", put_word, E_SOURCE },
	{ "blame_cgroup", "child that stalled most", put_word, E_BLAME },
	{ "blame_stall_us", "stall of that child since the last reading",
	  put_number, E_BLAME_STALL },
	{ "nr_throttled", "periods that cpu.max throttled", put_number,
	  E_THROTTLED },
	{ "throttled_us", "time that cpu.max throttled", put_number,
	  E_THROTTLED_US },
	{ "high_events", "times that the cgroup reached memory.high",
	  put_number, E_HIGH },
	{ "max_events", "times that the cgroup reached memory.max", put_number,
	  E_MAX },
	{ "oom_events", "times that the cgroup ran out of memory", put_number,
	  E_OOM },
	{ "threshold_us", "STALL of the trigger", put_number, E_THRESHOLD },
};

const size_t event_n_cols = sizeof(event_cols) / sizeof(*event_cols);
