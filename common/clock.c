#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "io.h"
#include "kv.h"
#include "num.h"
#include "root.h"

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t got_hup;
static volatile sig_atomic_t got_usr1;
static volatile sig_atomic_t woken; /* by one of these, and not told yet */
static volatile sig_atomic_t guarded;
static bool hup_is_stop = true;
static uint64_t limit_us; /* 0: none */
static int reader_fd = -1;
static bool reader_gone;

static uint64_t now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* What a recording may say, so that sums in microseconds fit: 146,000 years. */
#define MOST_MS (INT64_MAX / 2000)

/* "12345.67 2345.00": the first word, in milliseconds. */
static int64_t recorded_uptime_ms(void)
{
	char buf[128];
	int64_t ms;

	if (io_read(root_fd(), "proc/uptime", buf, sizeof(buf)) <= 0)
		return 0;
	buf[strcspn(buf, " \n")] = '\0';
	return num_milli(buf, &ms) || ms < 0 || ms > MOST_MS ? 0 : ms;
}

uint64_t clock_system_us(void)
{
	return now_us(CLOCK_MONOTONIC);
}

uint64_t clock_mono_us(void)
{
	if (!root_is_live())
		return (uint64_t)recorded_uptime_ms() * 1000;
	return clock_system_us();
}

int64_t clock_unix_ms(void)
{
	char *text;
	uint64_t btime = 0;

	if (root_is_live())
		return (int64_t)(now_us(CLOCK_REALTIME) / 1000);
	if (io_read_all(root_fd(), "proc/stat", &text) >= 0) {
		kv_u64(text, "btime", &btime);
		free(text);
	}
	if (btime > MOST_MS / 1000)
		btime = 0;
	return (int64_t)btime * 1000 + recorded_uptime_ms();
}

/* Interrupts after_us from now, and again until the guard is off. */
static void interrupt(uint64_t after_us)
{
	const struct itimerval it = {
		.it_value = { .tv_sec = (time_t)(after_us / 1000000),
			      .tv_usec = (suseconds_t)(after_us % 1000000) },
		.it_interval = { .tv_usec = 50000 },
	};

	setitimer(ITIMER_REAL, &it, NULL);
}

/* A call that begins between the signal and a look at the flag ends, too. */
enum { GRACE_US = 50000 };

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		got_usr1 = woken = 1;
	else if (sig == SIGHUP && !hup_is_stop)
		got_hup = woken = 1;
	else if (sig != SIGALRM)
		stop_signal = sig;
	if (stop_signal && guarded)
		interrupt(GRACE_US);
}

static const int signals[] = { SIGINT, SIGTERM, SIGQUIT,
			       SIGHUP, SIGUSR1, SIGALRM };

void clock_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (signals[i] == SIGALRM ||
		    (!sigaction(signals[i], NULL, &old) &&
		     old.sa_handler != SIG_IGN))
			sigaction(signals[i], &sa, NULL);
	signal(SIGXFSZ, SIG_IGN); /* that write fails with EFBIG */
}

void clock_use_hup(void)
{
	hup_is_stop = false;
}

bool clock_stopped(void)
{
	return stop_signal;
}

bool clock_stopped_soon(void)
{
	const struct timespec soon = { .tv_nsec = 200000000 };

	if (!stop_signal)
		nanosleep(&soon, NULL);
	return stop_signal;
}

bool clock_take_hup(void)
{
	bool was = got_hup;

	got_hup = 0;
	return was;
}

bool clock_take_usr1(void)
{
	bool was = got_usr1;

	got_usr1 = 0;
	return was;
}

void clock_reraise(void)
{
	if (!stop_signal)
		return;
	signal(stop_signal, SIG_DFL);
	raise(stop_signal);
}

int clock_may_block(void)
{
	if (stop_signal)
		return -EINTR;
	if (limit_us && clock_system_us() >= limit_us)
		return -ETIMEDOUT;
	return 0;
}

void clock_limit(uint64_t us)
{
	limit_us = clock_system_us() + us;
}

void clock_guard(void)
{
	guarded = 1;
	if (stop_signal) {
		interrupt(GRACE_US);
	} else if (limit_us) {
		uint64_t now = clock_system_us();

		interrupt(limit_us > now ? limit_us - now : GRACE_US);
	}
}

void clock_unguard(void)
{
	const struct itimerval off = { 0 };

	guarded = 0;
	if (stop_signal || limit_us)
		setitimer(ITIMER_REAL, &off, NULL);
}

/* Signals come in the sleep only: none between a look and the sleep. */
static void hold_signals(sigset_t *theirs)
{
	sigset_t ours;

	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&ours, signals[i]);
	pthread_sigmask(SIG_BLOCK, &ours, theirs);
}

static bool take_woken(void)
{
	bool was = woken;

	woken = 0;
	return was;
}

/* The time left to due_us, for ppoll(2); NULL: for ever. */
static struct timespec *time_left(uint64_t due_us, struct timespec *left)
{
	uint64_t now = clock_system_us();
	uint64_t us = due_us > now ? due_us - now : 0;

	left->tv_sec = (time_t)(us / 1000000);
	left->tv_nsec = (long)(us % 1000000) * 1000;
	return due_us == UINT64_MAX ? NULL : left;
}

void clock_watch_reader(int fd)
{
	reader_fd = fd;
}

bool clock_reader_gone(void)
{
	return reader_gone;
}

/* Without events asked for poll(2) tells of POLLERR alone: no reader. */
static struct pollfd reader(void)
{
	return (struct pollfd){ .fd = reader_fd };
}

static bool lost_reader(const struct pollfd *p)
{
	if (p->revents & (POLLERR | POLLNVAL))
		reader_gone = true;
	return reader_gone;
}

int clock_wait_fd(int fd, short events)
{
	struct pollfd p[2] = { { .fd = fd, .events = events }, reader() };
	struct timespec left;
	sigset_t theirs;
	int err, n = 0;

	hold_signals(&theirs);
	/* Who writes goes on; who reads looks at the clock. */
	while (!(err = clock_may_block()) && !n) {
		if (events & POLLIN && take_woken()) {
			err = -EINTR;
			break;
		}
		n = ppoll(p, events & POLLIN ? 2 : 1,
			  time_left(limit_us ? limit_us : UINT64_MAX, &left),
			  &theirs);
		n = n < 0 && errno == EINTR ? 0 : n;
		if (n > 0 && events & POLLIN && lost_reader(p + 1)) {
			n = 0;
			err = -EPIPE;
			break;
		}
	}
	pthread_sigmask(SIG_SETMASK, &theirs, NULL);
	return n > 0 ? 0 : n < 0 ? -errno : err;
}

/* What an epoll tells of the reader and of its timer by: no pointers. */
static const uint64_t READER = UINT64_MAX, TIMER = UINT64_MAX - 1;

int clock_events_open(struct clock_events *e)
{
	struct epoll_event timer = { .events = EPOLLIN, .data.u64 = TIMER };
	struct epoll_event gone = { .data.u64 = READER };
	int err;

	e->n = 0;
	e->due_us = UINT64_MAX;
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	e->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (e->epoll < 0 || e->timer < 0 ||
	    epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->timer, &timer)) {
		err = -errno;
		clock_events_close(e);
		return err;
	}
	if (reader_fd >= 0)
		epoll_ctl(e->epoll, EPOLL_CTL_ADD, reader_fd, &gone);
	return 0;
}

void clock_events_close(struct clock_events *e)
{
	if (e->epoll >= 0)
		close(e->epoll);
	if (e->timer >= 0)
		close(e->timer);
	e->epoll = e->timer = -1;
}

int clock_events_add(struct clock_events *e, int fd, uint32_t events, void *ptr)
{
	struct epoll_event ev = { .events = events, .data.ptr = ptr };

	return epoll_ctl(e->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

/* Set anew it is unread again: nobody needs to read it. */
static void set_timer(struct clock_events *e, uint64_t due_us)
{
	struct itimerspec it = { 0 };

	if (due_us == e->due_us)
		return;
	if (due_us != UINT64_MAX)
		it.it_value = (struct timespec){
			.tv_sec = (time_t)(due_us / 1000000),
			.tv_nsec = (long)(due_us % 1000000) * 1000,
		};
	timerfd_settime(e->timer, TFD_TIMER_ABSTIME, &it, NULL);
	e->due_us = due_us;
}

/* Those of our own are not the waiter's. */
static void take_ours(struct clock_events *e)
{
	for (int i = 0; i < e->n; i++) {
		uint64_t tag = e->v[i].data.u64;

		reader_gone |= tag == READER;
		if (tag == READER || tag == TIMER)
			e->v[i--] = e->v[--e->n];
	}
}

/*
 * A trigger's event is gone with the poll that told of it (kernel/sched/psi.c,
 * psi_trigger_poll): the epoll is waited for itself, not polled first.
 */
static int sleep_in(struct clock_events *e, uint64_t due_us,
		    const sigset_t *mask)
{
	set_timer(e, due_us);
	e->n = epoll_pwait(e->epoll, e->v, CLOCK_EVENTS, -1, mask);
	take_ours(e);
	return e->n > 0;
}

/* As clock_wait_events(), but 0 for any other reason to look again. */
static int sleep_until(struct clock_events *e, uint64_t due_us,
		       const sigset_t *mask)
{
	struct pollfd p = reader();
	struct timespec left;

	if (take_woken()) /* in the sleep, or at work before it */
		return -EINTR;
	if (clock_system_us() >= due_us)
		return 1;
	if (e)
		return sleep_in(e, due_us, mask);
	if (ppoll(&p, 1, time_left(due_us, &left), mask) > 0)
		lost_reader(&p);
	return 0;
}

int clock_wait_events(struct clock_events *e, uint64_t due_us)
{
	sigset_t theirs;
	int result = 0;

	if (e)
		e->n = 0;
	if (!root_is_live())
		return !stop_signal && root_next() > 0;
	hold_signals(&theirs);
	while (!stop_signal && !reader_gone && !result)
		result = sleep_until(e, due_us, &theirs);
	pthread_sigmask(SIG_SETMASK, &theirs, NULL);
	return result;
}

int clock_wait(uint64_t due_us)
{
	return clock_wait_events(NULL, due_us);
}

uint64_t clock_next_tick(uint64_t start_us, uint64_t interval_us)
{
	uint64_t now = clock_mono_us();

	if (now < start_us)
		return start_us + interval_us;
	return start_us + ((now - start_us) / interval_us + 1) * interval_us;
}
