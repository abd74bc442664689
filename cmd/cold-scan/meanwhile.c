#include "meanwhile.h"

#include <signal.h>
#include <time.h>

#include "msg.h"
#include "root.h"
#include "verdict.h"

static void *look(void *arg)
{
	const struct timespec second = { .tv_sec = 1 };
	struct meanwhile *m = arg;
	int any;

	/* Nothing is held while it sleeps: there it may be ended. */
	for (;;) {
		pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &any);
		nanosleep(&second, NULL);
		pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &any);
		atomic_fetch_or(&m->found, verdict_look());
	}
	return NULL;
}

void meanwhile_start(struct meanwhile *m)
{
	sigset_t all, old;
	int err;

	if (!root_is_live())
		return;
	/* Signals are for the thread that waits for the next pass. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&m->thread, NULL, look, m);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		die(err, "cannot start a thread");
	m->looks = true;
}

void meanwhile_stop(struct meanwhile *m)
{
	if (!m->looks)
		return;
	pthread_cancel(m->thread);
	pthread_join(m->thread, NULL);
	m->looks = false;
}

unsigned int meanwhile_found(struct meanwhile *m)
{
	return atomic_exchange(&m->found, 0);
}
