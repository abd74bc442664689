#include "clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "io.h"
#include "kv.h"
#include "num.h"
#include "root.h"

static volatile sig_atomic_t stop_signal;
static volatile sig_atomic_t got_hup;
static volatile sig_atomic_t got_usr1;
static volatile sig_atomic_t woken; /* by one of these, and not told yet */

static uint64_t now_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* "12345.67 2345.00": the first word, in milliseconds. */
static int64_t recorded_uptime_ms(void)
{
	char buf[128];
	int64_t ms = 0;

	if (io_read(root_fd(), "proc/uptime", buf, sizeof(buf)) <= 0)
		return 0;
	buf[strcspn(buf, " \n")] = '\0';
	return num_milli(buf, &ms) ? 0 : ms;
}

uint64_t clock_mono_us(void)
{
	if (!root_is_live())
		return (uint64_t)recorded_uptime_ms() * 1000;
	return now_us(CLOCK_MONOTONIC);
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
	return (int64_t)btime * 1000 + recorded_uptime_ms();
}

static void on_signal(int sig)
{
	if (sig == SIGHUP)
		got_hup = woken = 1;
	else if (sig == SIGUSR1)
		got_usr1 = woken = 1;
	else
		stop_signal = sig;
}

static const int signals[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGUSR1 };

void clock_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal };

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &sa, NULL);
}

bool clock_stopped(void)
{
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

/* As clock_wait(), but 0 for any other reason to look again. */
static int sleep_until(uint64_t due_us, const sigset_t *mask)
{
	uint64_t now = now_us(CLOCK_MONOTONIC);
	struct timespec left;

	if (woken) { /* in the sleep, or at work before it */
		woken = 0;
		return -EINTR;
	}
	if (now >= due_us)
		return 1;
	left.tv_sec = (time_t)((due_us - now) / 1000000);
	left.tv_nsec = (long)((due_us - now) % 1000000) * 1000;
	ppoll(NULL, 0, &left, mask);
	return 0;
}

int clock_wait(uint64_t due_us)
{
	sigset_t ours, theirs;
	int result = 0;

	if (!root_is_live())
		return !stop_signal && root_next() > 0;
	/* Open in the sleep only: none comes between a look and the sleep. */
	sigemptyset(&ours);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaddset(&ours, signals[i]);
	pthread_sigmask(SIG_BLOCK, &ours, &theirs);
	while (!stop_signal && !result)
		result = sleep_until(due_us, &theirs);
	pthread_sigmask(SIG_SETMASK, &theirs, NULL);
	return result;
}

uint64_t clock_next_tick(uint64_t start_us, uint64_t interval_us)
{
	uint64_t now = clock_mono_us();

	if (now < start_us)
		return start_us + interval_us;
	return start_us + ((now - start_us) / interval_us + 1) * interval_us;
}
