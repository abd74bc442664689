/* event - the columns of a verified event: psi-watch -t. */
#ifndef EVENT_H
#define EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "alarm.h"
#include "blame.h"
#include "rows.h"
#include "spec.h"

/* What reports it; in the column source. */
enum source { BY_NONE, BY_TRIGGER, BY_POLL, BY_EVENTS, BY_MANAGER };

struct event {
	const char *key;
	const struct spec *spec;
	enum alarm_state state;
	uint8_t source;
	int64_t unix_ms;
	uint64_t window_us, stall_us;
	const struct blamed *blamed; /* or NULL */
};

/* Without --blame the first few are the default. */
enum { EVENT_PLAIN_COLS = 8, EVENT_BLAME_COLS = 15 };
extern const struct col event_cols[];
extern const size_t event_n_cols;

#endif
