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
#include <sys/epoll.h>

uint64_t clock_mono_us(void);
int64_t clock_unix_ms(void);
uint64_t clock_system_us(void); /* CLOCK_MONOTONIC, in a replay as well */

/*
 * SIGINT, SIGTERM, SIGQUIT and SIGHUP ask to stop; SIGUSR1 is noted.  One that
 * was ignored at the start (nohup(1), a shell's "&") stays ignored.  No handler
 * restarts a system call, so that a sleep or a write to memory.reclaim ends at
 * once.
 */
void clock_catch_signals(void);
void clock_use_hup(void); /* SIGHUP is noted, too: of a tool with a table */
bool clock_stopped(void); /* was a stop asked for? */
/*
 * The same within a fifth of a second: who stops a pipeline asks its stages one
 * after the other, and one sees its neighbour's end before its own signal.
 */
bool clock_stopped_soon(void);
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

/*
 * The same with descriptors beside the time: 1 also as soon as some of them
 * have events, which are v then, of number n.  Due at UINT64_MAX is never.
 *
 * The signals are let in by epoll_pwait(2)'s mask: a signalfd(2) wants them
 * blocked, and a blocked signal ends no write to memory.reclaim or to a pipe.
 */
enum { CLOCK_EVENTS = 256 };
struct clock_events {
	int epoll, timer, n; /* the timer is a timerfd, in the epoll */
	uint64_t due_us;     /* that it is set to */
	struct epoll_event v[CLOCK_EVENTS];
};
int clock_events_open(struct clock_events *e); /* 0 or -errno */
void clock_events_close(struct clock_events *e);

/* From now on fd's events are told by ptr, until fd is closed. */
int clock_events_add(struct clock_events *e, int fd, uint32_t events,
		     void *ptr);
int clock_wait_events(struct clock_events *e, uint64_t due_us);

/*
 * What may block for ever (a pipe that nobody empties, a lock) stands between
 * clock_guard() and clock_unguard(): there a stop, also one that came just
 * before, makes it fail with EINTR, and so does the end of the limit.  Then
 * clock_may_block() tells whether to try again: 0, -EINTR after a stop,
 * -ETIMEDOUT after the limit.
 */
void clock_guard(void);
void clock_unguard(void);
int clock_may_block(void);

/* The limit: so long from now, by the running system's clock. */
void clock_limit(uint64_t us);

/*
 * Waits for poll(2)'s events on fd: 0 when there are some, -EINTR after a
 * signal, -ETIMEDOUT.
 */
int clock_wait_fd(int fd, short events);

/*
 * Every wait ends as soon as nobody reads fd, a pipe, any more: clock_wait()
 * and clock_wait_events() with 0, clock_wait_fd() for POLLIN with -EPIPE.
 */
void clock_watch_reader(int fd);
bool clock_reader_gone(void);

/* The tick after now on the raster start + n * interval: no drift, no burst. */
uint64_t clock_next_tick(uint64_t start_us, uint64_t interval_us);

#endif
