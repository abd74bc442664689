/*
 * clock - now, the pace of the samples, and the wish to stop.
 *
 * Windows are measured with CLOCK_MONOTONIC, which stands still while the
 * machine sleeps: idleness over a suspend is not coldness.  In a replay the
 * clock is the recording's /proc/uptime and /proc/stat btime, so that times
 * in the output are part of the recording.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

uint64_t clock_mono_us(void);
int64_t clock_unix_ms(void);

/*
 * SIGINT, SIGTERM and SIGQUIT ask to stop; SIGHUP and SIGUSR1 are noted.  No
 * handler restarts a system call, so that a sleep or a write to memory.reclaim
 * ends at once.
 */
void clock_catch_signals(void);
bool clock_stopped(void);  /* was a stop asked for? */
bool clock_take_hup(void); /* was there a SIGHUP since the last call? */
bool clock_take_usr1(void);

/*
 * Ends as the caught signal would have, so that a shell sees 128+n; returns
 * where there was none.  The last call of a main().
 */
void clock_reraise(void);

/*
 * Waits until clock_mono_us() is at least due, or moves to the next recording.
 * 1: go on; 0: a stop was asked for, or the replay is over; -EINTR: there was a
 * SIGHUP or SIGUSR1, in the wait or since the last, call again.
 */
int clock_wait(uint64_t due_us);

/* The tick after now on the raster start + n * interval: no drift, no burst. */
uint64_t clock_next_tick(uint64_t start_us, uint64_t interval_us);

#endif
