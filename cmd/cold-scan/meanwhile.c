#include "meanwhile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "msg.h"
#include "root.h"
#include "verdict.h"

enum { SECOND_MS = 1000 };

static void *look(void *arg)
{
	struct meanwhile *m = arg;
	struct pollfd end = { .fd = m->end[0] }; /* POLLHUP: it is closed */

	while (poll(&end, 1, SECOND_MS) <= 0)
		atomic_fetch_or(&m->found, verdict_look());
	return NULL;
}

void meanwhile_start(struct meanwhile *m)
{
	sigset_t all, old;
	int err;

	if (!root_is_live())
		return;
	if (pipe2(m->end, O_CLOEXEC))
		die(-errno, "cannot create a pipe");
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
	close(m->end[1]);
	pthread_join(m->thread, NULL);
	close(m->end[0]);
	m->looks = false;
}

unsigned int meanwhile_found(struct meanwhile *m)
{
	return atomic_exchange(&m->found, 0);
}
