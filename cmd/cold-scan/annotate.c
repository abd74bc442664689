#include "annotate.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "num.h"
#include "tool.h"
#include "verdict.h"

/* Passes for which a cgroup is in mind after its last row. */
enum { ASKED_PASSES = 4 };

/*
 * Each cgroup is judged by its own memory, without those below, as an aging
 * takes each by itself: one whose parent is in the rows rests, too.
 *
 * One with much page cache, more than one part in FILES_SHARE of its
 * anonymous memory, is aged in courses, as aging harms what read(2) keeps warm:
 * until no more than one part in COURSE_SHARE of it is anonymous memory that is
 * cold, or nobody takes that, COURSE_AGES ages at most; then not for REST_AGES.
 */
enum { FILES_SHARE = 4, COURSE_SHARE = 100, COURSE_AGES = 6, REST_AGES = 5 };

/* What is known of one cgroup; the text of its verdict is its own. */
struct fact {
	char *key;
	uint64_t ino;
	struct sample x;
	unsigned int unknown; /* why nothing of it is */
	char verdict[VERDICT_LEN];
	bool stale;	/* nobody looked up to now */
	bool has_files; /* so many of its own that it is aged in courses */
	int asked;	/* in the rows lately: how many passes more it counts */
	uint64_t aged_us; /* when we first aged it, 0: not now */
	uint64_t rest_us; /* when its last course ended, 0: none did */
	uint64_t span_us; /* when all below were aged, 0: not now */
	uint64_t own_bytes, own_cold_bytes; /* anonymous and file; anonymous */
	uint64_t was_cold_bytes;	    /* in the pass before */
};

/* The thread makes all facts anew after each pass, then shows them. */
struct board {
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the scanner, to end or by the first row */
	bool stop, asked;
	struct scan *s;
	struct fact *v;
	size_t n;
	uint64_t made_us; /* when they were */
	char **keys;	  /* of facts, to age */
	int err;
	bool noted;
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

/* What an aging of it alone could tell. */
static void add_own(const struct scan *s, const struct cg *cg, struct tally *t,
		    struct fact *f)
{
	struct sample x;

	scan_sum(s, cg, true, -1, t);
	sample_clear(&x);
	view_cold(s, t, s->opts->age_us[0], &x);
	f->own_cold_bytes = x.cold_anon_bytes;
	f->own_bytes = t->unknown ? 0 : x.anon_bytes + x.file_bytes;
	/* The text of a program is no page cache to spare. */
	f->has_files = s->source == SOURCE_LRUGEN && f->own_bytes &&
		       x.file_bytes > x.anon_bytes / FILES_SHARE;
}

static struct fact *make_facts(const struct scan *s)
{
	struct fact *v = xcalloc(s->tree.n + 1, sizeof(*v));
	struct tally *t = xcalloc(1, sizeof(*t));
	uint64_t us = s->opts->age_us[0];

	for (size_t i = 0; i < s->tree.n; i++) {
		const struct cg *cg = s->tree.v[i];
		unsigned int suspect;

		v[i].key = xstrdup(cg->key);
		v[i].ino = cg->ino;
		v[i].was_cold_bytes = NUM_NONE;
		scan_sum(s, cg, false, -1, t);
		sample_clear(&v[i].x);
		view_cold(s, t, us, &v[i].x);
		v[i].x.source = source_name(s->source);
		/* A constant, or in the buffer: copied with the fact. */
		memcpy(v[i].verdict, "ok", 3);
		suspect = view_suspicions(s, t, us);
		verdict_text(suspect, v[i].verdict);
		v[i].unknown = t->unknown |
			       (suspect & SUSPECT_SHARED ? t->why_shared : 0);
		v[i].stale = suspect & SUSPECT_STALE;
		v[i].x.stale_us =
			s->source == SOURCE_LRUGEN ? t->stale_us : NUM_NONE;
		add_own(s, cg, t, v + i);
	}
	tally_drop(t);
	free(t);
	qsort(v, s->tree.n, sizeof(*v), by_key);
	return v;
}

static struct fact *find_fact(struct fact *v, size_t n, char *key)
{
	struct fact wanted = { .key = key };

	return n ? bsearch(&wanted, v, n, sizeof(*v), by_key) : NULL;
}

/*
 * After 6.12 the first walk that finds a page young only marks it referenced
 * (mm/vmscan.c, folio_update_gen), so that after one aging all looks cold: what
 * we age is told when our own agings span the age, up to now.
 */
static void hold_back(const struct scan *s, struct fact *f)
{
	uint64_t us = s->opts->age_us[0];

	if (!s->opts->age_now || s->source != SOURCE_LRUGEN ||
	    (f->span_us && !f->stale &&
	     clock_mono_us() >= f->span_us + us - us / 50))
		return;
	f->x.cold_anon_bytes = f->x.cold_file_bytes = NUM_NONE;
}

/* Is there nothing more that aging could tell of it for now? */
static bool course_ends(const struct scan *s, const struct fact *f)
{
	uint64_t us = s->opts->age_us[0], cold = f->own_cold_bytes;
	uint64_t all = f->own_bytes, was = f->was_cold_bytes;

	return s->opts->age_now && f->has_files && f->aged_us &&
	       clock_mono_us() >= f->aged_us + us - us / 50 &&
	       cold != NUM_NONE &&
	       (cold <= all / COURSE_SHARE ||
		(was != NUM_NONE && cold >= was - was / 8) ||
		clock_mono_us() >= f->aged_us + COURSE_AGES * us);
}

/* Those above are told by the agings of all that have memory below. */
static void span_below(struct board *b)
{
	for (size_t i = 0; i < b->n; i++)
		b->v[i].span_us = b->v[i].own_bytes ? b->v[i].aged_us : 1;
	for (size_t i = 0; i < b->n; i++) {
		uint64_t us = b->v[i].aged_us;
		char key[CG_KEY_MAX];

		snprintf(key, sizeof(key), "%s", b->v[i].key);
		while (b->v[i].own_bytes && cg_parent(key)) {
			struct fact *f = find_fact(b->v, b->n, key);

			if (f && f->span_us && (!us || us > f->span_us))
				f->span_us = us;
		}
	}
}

/* Is it in the rows, or one above it? */
static bool is_asked(const struct board *b, const char *of)
{
	char key[CG_KEY_MAX];
	const struct fact *f;

	snprintf(key, sizeof(key), "%s", of);
	do {
		f = find_fact(b->v, b->n, key);
		if (f && f->asked)
			return true;
	} while (cg_parent(key));
	return false;
}

static void show(struct board *b)
{
	uint64_t made_us = clock_mono_us();
	struct fact *v = make_facts(b->s), *old = b->v;
	size_t n = b->n;

	pthread_mutex_lock(&b->lock);
	b->v = v;
	b->n = b->s->tree.n;
	b->made_us = made_us;
	for (size_t i = 0; i < n; i++) {
		struct fact *f = find_fact(v, b->n, old[i].key);

		if (!f || f->ino != old[i].ino)
			continue; /* gone, or made anew: nobody aged it */
		if (old[i].asked)
			f->asked = old[i].asked - 1;
		f->aged_us = old[i].aged_us;
		f->rest_us = old[i].rest_us;
		f->was_cold_bytes = old[i].own_cold_bytes;
	}
	span_below(b);
	for (size_t i = 0; i < b->n; i++) {
		hold_back(b->s, v + i);
		if (course_ends(b->s, v + i))
			v[i].rest_us = clock_mono_us();
	}
	pthread_mutex_unlock(&b->lock);
	free_facts(old, n);
}

/*
 * --age-now: the cgroups of the rows and those below, but for those at rest:
 * aging moves what read(2) keeps warm to the oldest generation, where reclaim
 * takes it.
 */
static void aim(struct board *b)
{
	uint64_t now_us = clock_mono_us();
	uint64_t rest_us = REST_AGES * b->s->opts->age_us[0];
	size_t n = 0;

	b->keys = xrealloc(b->keys, b->n + 1, sizeof(*b->keys));
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n; i++) {
		struct fact *f = b->v + i;

		if (!is_asked(b, f->key) || (f->has_files && f->rest_us &&
					     now_us < f->rest_us + rest_us)) {
			f->aged_us = 0;
			continue;
		}
		b->keys[n++] = f->key;
		if (!f->aged_us)
			f->aged_us = now_us;
	}
	pthread_mutex_unlock(&b->lock);
	b->s->keys = b->keys;
	b->s->keys_alone = true;
	b->s->n_keys = n;
}

/* What was known is of a time that is gone; what is asked for stays so. */
static void forget(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n; i++) {
		sample_clear(&b->v[i].x);
		b->v[i].x.age_us = b->s->opts->age_us[0];
		memcpy(b->v[i].verdict, "-", 2);
	}
	pthread_mutex_unlock(&b->lock);
}

/* A pass that failed may succeed the next time: reported once. */
static void fail(struct board *b, int err)
{
	forget(b);
	if (err == -ENODATA)
		return;
	if (!b->err)
		warn(err, "cannot scan: cold memory is unknown until a pass "
			  "succeeds");
	b->err = err;
}

/* Nothing is aged unasked; that nothing will come then is said once. */
static void note_quiet(struct board *b)
{
	const struct scan_opts *opts = b->s->opts;
	const struct fact *quiet = NULL;

	if (b->noted || b->s->source != SOURCE_LRUGEN || opts->age_now ||
	    clock_mono_us() < b->s->first_us + opts->age_us[0])
		return;
	pthread_mutex_lock(&b->lock);
	for (size_t i = 0; i < b->n && !quiet; i++)
		if (b->v[i].asked && b->v[i].stale)
			quiet = b->v + i;
	pthread_mutex_unlock(&b->lock);
	if (!quiet)
		return;
	note(STALE_NOTE, quiet->key);
	b->noted = true;
}

/* Until due, or told to stop; a recorded clock stands, and time goes on. */
static bool pause_until(struct board *b, uint64_t due_us)
{
	uint64_t now_us = clock_mono_us();
	uint64_t left_us = due_us > now_us ? due_us - now_us : 0;
	struct timespec ts;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	left_us += (uint64_t)ts.tv_nsec / 1000;
	ts.tv_sec += (time_t)(left_us / 1000000);
	ts.tv_nsec = (long)(left_us % 1000000) * 1000;
	pthread_mutex_lock(&b->lock);
	while (!b->stop && !err)
		err = pthread_cond_timedwait(&b->wake, &b->lock, &ts);
	pthread_mutex_unlock(&b->lock);
	return !b->stop;
}

/* Until the first rows tell what to age, and a moment for the rest of them. */
static bool pause_until_asked(struct board *b)
{
	pthread_mutex_lock(&b->lock);
	while (!b->stop && !b->asked)
		pthread_cond_wait(&b->wake, &b->lock);
	pthread_mutex_unlock(&b->lock);
	return pause_until(b, clock_mono_us() + 100000);
}

/* To the next pass; of lru-gen, which ages and judges what is asked for, the
 * second is at once. */
static bool pause_between(struct board *b, uint64_t *start, bool first)
{
	if (first && b->s->source == SOURCE_LRUGEN) {
		bool more = pause_until_asked(b);

		*start = clock_mono_us();
		return more;
	}
	return pause_until(b, clock_next_tick(*start, b->s->opts->interval_us));
}

static void *scanner(void *arg)
{
	struct board *b = arg;
	uint64_t start = clock_mono_us();
	bool first = true, more = true;

	while (more) {
		int err;

		aim(b);
		err = scan_pass(b->s);
		if (err == -EINTR)
			break;
		if (err) {
			fail(b, err);
		} else {
			show(b);
			note_quiet(b);
		}
		more = pause_between(b, &start, first && !err);
		first = first && err;
	}
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
	free(b->keys);
}

/* As of now: rows go on between two passes. */
static struct sample sample_now(const struct board *b, const struct fact *f)
{
	struct sample x = f->x;

	if (x.stale_us != NUM_NONE)
		x.stale_us += num_less(clock_mono_us(), b->made_us);
	return x;
}

/* The row's own columns: what is known of its cgroup, or "-". */
static void annotate_row(struct view *v, struct board *b,
			 const struct rows_in *in)
{
	struct sample x;
	struct fact *f;
	char key[CG_KEY_MAX];
	uint64_t ino = 0;

	if (tool_row_key(&v->targets, in, key) ||
	    cg_inode(&v->targets, key, &ino))
		memcpy(key, "-", 2);
	pthread_mutex_lock(&b->lock);
	f = find_fact(b->v, b->n, key);
	if (f && f->ino != ino)
		f = NULL; /* made anew since the pass */
	if (f) {
		f->asked = ASKED_PASSES;
		if (!b->asked)
			pthread_cond_signal(&b->wake);
		b->asked = true;
		f->x.verdict = f->verdict;
		view_explain(v, f->key, f->unknown);
		v->suspect |= *f->verdict == 's';
		x = sample_now(b, f);
	} else {
		sample_clear(&x);
		x.age_us = b->s->opts->age_us[0];
	}
	row_put(&v->row, &v->cols, &x);
	pthread_mutex_unlock(&b->lock);
	rows_emit(&v->out, in, &v->cols, &v->row);
}

int annotate(struct view *v, struct scan *s)
{
	struct board b = { .s = s };
	struct rows_in in;
	pthread_t thread;
	int event = ROWS_END;
	bool missing = false;

	rows_in_open(&in, STDIN_FILENO, &v->out);
	start(&b, &thread);
	while (!clock_stopped() && !v->out.err &&
	       (event = rows_next(&in)) != ROWS_END && event >= 0) {
		missing = event == ROWS_ROW && rows_missing(&in, &v->cols);
		if (missing)
			break;
		if (event == ROWS_ROW)
			annotate_row(v, &b, &in);
	}
	stop(&b, thread);
	rows_flush(&v->out);
	if (event < 0 || missing)
		scan_close(s); /* what follows ends, and DAMON would stay */
	if (missing)
		tool_need_columns(&in, &v->cols);
	if (event < 0)
		tool_bad_input(&in, event);
	rows_in_close(&in);
	return b.err ? STATUS_PARTIAL : STATUS_OK;
}
