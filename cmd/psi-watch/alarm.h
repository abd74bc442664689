/*
 * alarm - when pressure counts as high, and when as over: a pure state machine
 * of readings of a total, so that one burst is one alarm.
 *
 *	calm     -> rising    a window at or over the threshold
 *	rising   -> high      that for all of the sustain time: ENTER
 *	rising   -> calm      a window under it
 *	high     -> clearing  a window under the clear level
 *	clearing -> high      a window not under it
 *	clearing -> calm      under it for all of the cooldown: LEAVE
 *
 * A time of zero passes its state at once.  Of a reading over less than the
 * window only "over" is believed: what is under may still come over.
 *
 * GONE is no state of the machine: what was high cannot be measured any more.
 */
#ifndef ALARM_H
#define ALARM_H

#include <stdbool.h>
#include <stdint.h>

enum alarm_state { CALM, RISING, HIGH, CLEARING, GONE };

struct alarm_config {
	uint64_t stall_us, window_us; /* the threshold: so much in so much */
	uint64_t clear_us;	      /* of a window, as stall_us */
	uint64_t sustain_us, cooldown_us;
};

struct alarm {
	enum alarm_state state;
	uint64_t since_us; /* it has been in it */
};

enum alarm_event { ALARM_NONE, ALARM_ENTER, ALARM_LEAVE };

const char *alarm_name(enum alarm_state state);

/* Is so much stall in that time at or over so much in a window? */
bool alarm_over(uint64_t stalled_us, uint64_t elapsed_us, uint64_t limit_us,
		uint64_t window_us);

/* The reading: stalled_us from from_us to now_us. */
enum alarm_event alarm_step(struct alarm *a, const struct alarm_config *law,
			    uint64_t stalled_us, uint64_t from_us,
			    uint64_t now_us);

#endif
