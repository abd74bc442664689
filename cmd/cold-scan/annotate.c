#include "annotate.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "num.h"
#include "tool.h"
#include "verdict.h"

/* What is known of one cgroup; the text of its verdict is its own. */
struct fact {
	char *key;
	uint64_t ino;
	struct sample x;
	char verdict[VERDICT_LEN];
};

/* The thread makes all facts anew after each pass, then shows them. */
struct board {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the scanner, to end */
	bool stop;
	struct scan *s;
	struct fact *v;
	size_t n;
	int err;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct fact *)a)->key,
		      ((const struct fact *)b)->key);
}

static void free_facts(struct fact *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].key);
	free(v);
}

static struct fact *make_facts(const struct scan *s)
{
	struct fact *v = xcalloc(s->tree.n + 1, sizeof(*v));
	struct tally *t = xcalloc(1, sizeof(*t));
	uint64_t us = s->opts->age_us[0];

	for (size_t i = 0; i < s->tree.n; i++) {
		const struct cg *cg = s->tree.v[i];

		v[i].key = xstrdup(cg->key);
		v[i].ino = cg->ino;
		scan_sum(s, cg, false, -1, t);
		sample_clear(&v[i].x);
		view_cold(s, t, us, &v[i].x);
		v[i].x.source = source_name(s->source);
		/* A constant, or in the buffer: copied with the fact. */
		memcpy(v[i].verdict, "ok", 3);
		verdict_text(view_suspicions(s, t, us), v[i].verdict);
	}
	free(t);
	qsort(v, s->tree.n, sizeof(*v), by_key);
	return v;
}

static void show(struct board *b)
{
	struct fact *v = make_facts(b->s), *old = b->v;
	size_t n = b->n;

	pthread_mutex_lock(&b->lock);
	b->v = v;
	b->n = b->s->tree.n;
	pthread_mutex_unlock(&b->lock);
	free_facts(old, n);
}

/* Until due, or told to stop. */
static bool pause_until(struct board *b, uint64_t due_us)
{
	struct timespec ts = { .tv_sec = (time_t)(due_us / 1000000),
			       .tv_nsec = (long)(due_us % 1000000) * 1000 };
	int err = 0;

	pthread_mutex_lock(&b->lock);
	while (!b->stop && !err)
		err = pthread_cond_timedwait(&b->wake, &b->lock, &ts);
	pthread_mutex_unlock(&b->lock);
	return !b->stop;
}

static void *scanner(void *arg)
{
	struct board *b = arg;
	uint64_t start = clock_mono_us();

	do {
		int err = scan_pass(b->s);

		if (err == -EINTR)
			break;
		if (err) {
			warn(err, "cannot scan: the cold columns stay as they "
				  "are");
			b->err = err;
			break;
		}
		show(b);
	} while (pause_until(b,
			     clock_next_tick(start, b->s->opts->interval_us)));
	return NULL;
}

/* Signals are the reader's, so that they end its read. */
static void start(struct board *b, pthread_t *thread)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int err;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->wake, &attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(thread, NULL, scanner, b);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err)
		die(err, "cannot start the scanning thread");
}

static void stop(struct board *b, pthread_t thread)
{
	pthread_mutex_lock(&b->lock);
	b->stop = true;
	b->s->idle.stop = true;
	pthread_cond_signal(&b->wake);
	pthread_mutex_unlock(&b->lock);
	pthread_join(thread, NULL);
	free_facts(b->v, b->n);
}

/* The row's own columns: what is known of its cgroup, or "-". */
static void annotate_row(struct view *v, struct board *b,
			 const struct rows_in *in)
{
	struct fact wanted = { 0 }, *f = NULL;
	char key[CG_KEY_MAX];

	if (tool_row_key(&v->targets, in, key))
		memcpy(key, "-", 2);
	wanted.key = key;
	pthread_mutex_lock(&b->lock);
	if (b->n)
		f = bsearch(&wanted, b->v, b->n, sizeof(*f), by_key);
	if (f) {
		f->x.verdict = f->verdict;
		v->suspect |= *f->verdict == 's';
	} else {
		sample_clear(&wanted.x);
		wanted.x.age_us = b->s->opts->age_us[0];
	}
	row_put(&v->row, &v->cols, f ? &f->x : &wanted.x);
	pthread_mutex_unlock(&b->lock);
	rows_emit(&v->out, in, &v->cols, &v->row);
}

int annotate(struct view *v, struct scan *s)
{
	struct board b = { .s = s };
	struct rows_in in;
	pthread_t thread;
	int event = ROWS_END;

	rows_in_open(&in, STDIN_FILENO, &v->out);
	start(&b, &thread);
	while (!clock_stopped() && !v->out.err &&
	       (event = rows_next(&in)) != ROWS_END && event >= 0)
		if (event == ROWS_ROW)
			annotate_row(v, &b, &in);
	stop(&b, thread);
	rows_flush(&v->out);
	if (event < 0)
		tool_bad_input(&in, event);
	rows_in_close(&in);
	return b.err ? STATUS_PARTIAL : STATUS_OK;
}
