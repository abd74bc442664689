#include "alarm.h"

const char *alarm_name(enum alarm_state state)
{
	static const char *const names[] = { "calm", "rising", "high",
					     "clearing", "gone" };

	return names[state];
}

bool alarm_over(uint64_t stalled_us, uint64_t elapsed_us, uint64_t limit_us,
		uint64_t window_us)
{
	/* A burst counts as in the kernel: over a window, not over less. */
	if (elapsed_us < window_us)
		elapsed_us = window_us;
	return (double)stalled_us * (double)window_us >=
	       (double)limit_us * (double)elapsed_us;
}

static void enter(struct alarm *a, enum alarm_state state, uint64_t now_us)
{
	a->state = state;
	a->since_us = now_us;
}

enum alarm_event alarm_step(struct alarm *a, const struct alarm_config *law,
			    uint64_t stalled_us, uint64_t from_us,
			    uint64_t now_us)
{
	uint64_t elapsed_us = now_us - from_us;
	/* Of a part of a window only "over" is known. */
	bool whole = elapsed_us >= law->window_us;
	bool over = alarm_over(stalled_us, elapsed_us, law->stall_us,
			       law->window_us);
	bool unclear = law->clear_us ? alarm_over(stalled_us, elapsed_us,
						  law->clear_us, law->window_us)
				     : stalled_us;
	bool under = whole && !over, clear = whole && !unclear;

	if (a->state == CALM && over)
		enter(a, RISING, from_us);
	else if (a->state == RISING && under)
		enter(a, CALM, now_us);
	else if (a->state == HIGH && clear)
		enter(a, CLEARING, from_us);
	else if (a->state == CLEARING && unclear)
		enter(a, HIGH, now_us);

	if (a->state == RISING && over &&
	    now_us - a->since_us >= law->sustain_us) {
		enter(a, HIGH, now_us);
		return ALARM_ENTER;
	}
	if (a->state == CLEARING && clear &&
	    now_us - a->since_us >= law->cooldown_us) {
		enter(a, CALM, now_us);
		return ALARM_LEAVE;
	}
	return ALARM_NONE;
}
