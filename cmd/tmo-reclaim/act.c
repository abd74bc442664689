#include "act.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "chunk.h"
#include "clock.h"
#include "high.h"
#include "num.h"
#include "psi.h"
#include "root.h"

enum {
	WATCH_MS = 5, /* between two looks at the stall */
	NUDGE_MS = 2, /* between two signals to a worker */
	STACK_BYTES = 64 << 10,
};

struct worker {
	pthread_t thread;
	sem_t go;
	int done; /* eventfd */
	bool there, stuck;
	atomic_bool stop, quit;
	struct act_job job; /* with a descriptor of its own to write to */
};

struct act {
	struct worker worker[ACT_WORKERS];
};

void act_text(char text[ACT_TEXT], uint64_t bytes, int swappiness)
{
	int n = snprintf(text, ACT_TEXT, "%" PRIu64, bytes);

	if (swappiness == ACT_SWAPPINESS_MAX)
		snprintf(text + n, ACT_TEXT - (size_t)n, " swappiness=max");
	else if (swappiness >= 0)
		snprintf(text + n, ACT_TEXT - (size_t)n, " swappiness=%d",
			 swappiness);
}

static uint64_t stall_total_us(int psi_fd)
{
	struct psi psi;

	if (psi_fd < 0 || psi_pread(psi_fd, &psi))
		return NUM_NONE;
	return psi.line[PSI_SOME].total_us;
}

/*
 * What was added to that total since, but for what the write itself added to
 * it, where it is a memory stall of its writer.
 */
static uint64_t stalled_us(const struct act_job *job, uint64_t total_us,
			   uint64_t start_us)
{
	uint64_t us =
		num_known(num_delta(stall_total_us(job->psi_fd), total_us));

	return num_less(us, job->own ? clock_system_us() - start_us : 0);
}

/* One chunk: 0 or -errno. */
static int write_chunk(struct worker *w, uint64_t bytes, int swappiness)
{
	const struct act_job *j = &w->job;
	char text[ACT_TEXT];
	size_t len;
	ssize_t n;

	if (j->high)
		return high_poke(j->fd, j->key, bytes, j->deadline_us,
				 &w->stop);
	act_text(text, bytes, swappiness);
	len = strlen(text);
	text[len++] = '\n';
	n = write(j->fd, text, len);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

/*
 * The size of the next write, after one of bytes (0: none yet).  memory.high
 * needs a process for each and is told to stop in another way.
 */
static uint64_t next_size(const struct act_job *j, uint64_t bytes, uint64_t us)
{
	if (j->high)
		return j->chunk_bytes;
	if (!bytes)
		return chunk_first(j->trip_bytes, j->chunk_bytes);
	/* A recording takes no time. */
	return chunk_next(bytes, root_is_live() ? us : 0, j->trip_bytes,
			  j->chunk_bytes);
}

/* Chunk by chunk, until told to stop. */
static void write_parts(struct worker *w)
{
	struct act_job *j = &w->job;

	for (size_t i = 0; i < j->parts; i++) {
		uint64_t left = j->part[i].bytes;
		uint64_t size = next_size(j, 0, 0);

		while (left && !atomic_load(&w->stop)) {
			uint64_t n = left < size ? left : size;
			uint64_t start_us = clock_system_us();
			int err = write_chunk(w, n, j->part[i].swappiness);

			size = next_size(j, n, clock_system_us() - start_us);

			if (err == -EAGAIN) {
				j->end = ACT_PARTIAL;
				break; /* the other kind may have more */
			}
			if (err == -EINTR) {
				/* By whom is for the watch to say. */
				j->end = ACT_CUT_SIGNAL;
				return;
			}
			if (err) {
				j->end = ACT_FAILED;
				j->err = err;
				return;
			}
			left -= n;
		}
	}
}

static void *work(void *arg)
{
	static const uint64_t one = 1;
	struct worker *w = arg;

	for (;;) {
		while (sem_wait(&w->go))
			;
		if (atomic_load(&w->quit))
			return NULL;
		write_parts(w);
		close(w->job.fd);
		if (write(w->done, &one, sizeof(one)) < 0)
			abort(); /* an eventfd cannot fail so */
	}
}

/* Its only purpose is to end a write with EINTR. */
static void on_nudge(int sig)
{
	(void)sig;
}

static bool start(struct worker *w)
{
	size_t stack = STACK_BYTES > PTHREAD_STACK_MIN
			       ? (size_t)STACK_BYTES
			       : (size_t)PTHREAD_STACK_MIN;
	pthread_attr_t attr;
	sigset_t all, was;

	w->done = eventfd(0, EFD_CLOEXEC);
	if (w->done < 0)
		return false;
	sem_init(&w->go, 0, 0);
	/* Signals are the main thread's, but for the nudge. */
	sigfillset(&all);
	sigdelset(&all, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, stack);
	w->there = !pthread_create(&w->thread, &attr, work, w);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	if (!w->there)
		close(w->done);
	return w->there;
}

struct act *act_open(void)
{
	struct sigaction sa = { .sa_handler = on_nudge };
	struct act *a = calloc(1, sizeof(*a));

	sigaction(SIGUSR2, &sa, NULL);
	if (a && !start(&a->worker[0])) {
		free(a);
		return NULL;
	}
	return a;
}

/* Waits that long for the end of the job. */
static bool ended(struct worker *w, int wait_ms)
{
	struct pollfd p = { .fd = w->done, .events = POLLIN };
	uint64_t n;

	if (poll(&p, 1, wait_ms) <= 0)
		return false;
	return read(w->done, &n, sizeof(n)) == sizeof(n);
}

void act_close(struct act *a)
{
	for (int i = 0; i < ACT_WORKERS; i++) {
		struct worker *w = a->worker + i;

		if (w->there && w->stuck && !ended(w, 0))
			return; /* it still uses its memory: the process ends */
		if (!w->there)
			continue;
		atomic_store(&w->quit, true);
		sem_post(&w->go);
		pthread_join(w->thread, NULL);
	}
	free(a);
}

/*
 * A worker that is free; NULL when all are stuck, or one of them still is at a
 * write for the same.
 */
static struct worker *idle(struct act *a, const void *owner)
{
	struct worker *found = NULL;

	for (int i = 0; i < ACT_WORKERS; i++) {
		struct worker *w = a->worker + i;

		if (w->stuck && ended(w, 0))
			w->stuck = false;
		if (w->stuck && w->job.owner == owner)
			return NULL;
		if (w->stuck)
			pthread_kill(w->thread, SIGUSR2);
		else if (!found && (w->there || start(w)))
			found = w;
	}
	return found;
}

/* Interrupts the write, again and again: a signal before it does nothing. */
static bool cut(struct worker *w, uint64_t patience_us)
{
	uint64_t until_us = clock_system_us() + patience_us;

	atomic_store(&w->stop, true);
	while (clock_system_us() < until_us) {
		pthread_kill(w->thread, SIGUSR2);
		if (ended(w, NUDGE_MS))
			return true;
	}
	return false;
}

/* Until it ends or must be ended, and why. */
static enum act_end watch(struct worker *w, const struct act_job *job,
			  uint64_t start_us, uint64_t stall_us,
			  uint64_t *calm_us)
{
	*calm_us = start_us;
	while (!ended(w, WATCH_MS)) {
		uint64_t now = clock_system_us();

		if (clock_stopped())
			return ACT_CUT_SIGNAL;
		if (now - start_us >= job->deadline_us)
			return ACT_DEADLINE;
		if (stalled_us(job, stall_us, start_us) > job->alarm_us)
			return ACT_CUT_PSI;
		*calm_us = now;
	}
	return ACT_DONE;
}

void act_run(struct act *a, struct act_job *job)
{
	uint64_t start_us = clock_system_us(),
		 stall_us = stall_total_us(job->psi_fd);
	uint64_t calm_us, signal_us;
	struct worker *w = idle(a, job->owner);
	enum act_end why;

	job->end = ACT_STUCK;
	if (!w)
		return;
	w->job = *job;
	w->job.end = ACT_DONE;
	w->job.fd = fcntl(job->fd, F_DUPFD_CLOEXEC, 0);
	if (w->job.fd < 0) {
		job->end = ACT_FAILED;
		job->err = -errno;
		return;
	}
	atomic_store(&w->stop, false);
	sem_post(&w->go);
	why = watch(w, job, start_us, stall_us, &calm_us);
	signal_us = clock_system_us();
	if (why != ACT_DONE && !cut(w, job->patience_us)) {
		w->stuck = true;
	} else {
		job->end = why != ACT_DONE ? why : w->job.end;
		job->err = w->job.err;
	}
	job->elapsed_us = clock_system_us() - start_us;
	if (why == ACT_CUT_PSI) {
		job->seen_us = signal_us - calm_us;
		job->back_us = start_us + job->elapsed_us - signal_us;
	}
	job->stall_us = stalled_us(job, stall_us, start_us);
}

uint64_t act_cpu_us(const struct act *a)
{
	uint64_t us = 0;

	for (int i = 0; i < ACT_WORKERS; i++) {
		struct timespec ts;
		clockid_t id;

		if (!a->worker[i].there ||
		    pthread_getcpuclockid(a->worker[i].thread, &id) ||
		    clock_gettime(id, &ts))
			continue;
		us += (uint64_t)ts.tv_sec * 1000000 +
		      (uint64_t)ts.tv_nsec / 1000;
	}
	return us;
}
