#include "evidence.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "lines.h"
#include "msg.h"
#include "tool.h"

#define STATE_NAME "swap-balance-evidence"

enum { VERSION_1 = 1 };
static const uint64_t DAY_US = UINT64_C(86400) * 1000000;

/* By clock_mono_us(), which no jump of the wall clock moves. */
struct entry {
	uint64_t ino;
	int backend;
	uint64_t since_us, seen_us;
};

struct book {
	struct entry *v;
	size_t n;
};

static struct entry *book_put(struct book *b, struct entry e)
{
	b->v = xrealloc(b->v, b->n + 1, sizeof(*b->v));
	b->v[b->n] = e;
	return b->v + b->n++;
}

/* What was not seen for a day tells nothing. */
static void take_line(void *book, char *line)
{
	uint64_t now_us = clock_mono_us();
	struct entry e;

	if (sscanf(line, "%" SCNu64 " %d %" SCNu64 " %" SCNu64, &e.ino,
		   &e.backend, &e.since_us, &e.seen_us) == 4 &&
	    e.since_us <= e.seen_us && e.seen_us <= now_us &&
	    now_us - e.seen_us < DAY_US)
		book_put(book, e);
}

static void put_lines(FILE *f, const void *book)
{
	const struct book *b = book;

	for (size_t i = 0; i < b->n; i++)
		fprintf(f, "%" PRIu64 " %d %" PRIu64 " %" PRIu64 "\n",
			b->v[i].ino, b->v[i].backend, b->v[i].since_us,
			b->v[i].seen_us);
}

static struct entry *book_find(const struct book *b, uint64_t ino)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].ino == ino)
			return b->v + i;
	return NULL;
}

/* One window has been seen of it. */
static void add(struct book *b, const struct cg *cg)
{
	struct member *m = cg->data;
	int backend = (int)m->backend.now.backend;
	uint64_t now_us = m->now.at_us;
	struct entry *e = book_find(b, cg->ino);

	if (!e)
		e = book_put(b, (struct entry){ .ino = cg->ino,
						.backend = BACKEND_UNKNOWN });
	if (e->backend != backend)
		e->since_us = now_us - (uint64_t)(m->window.s * 1e6);
	e->backend = backend;
	e->seen_us = now_us;
	m->stood_s = (double)(now_us - e->since_us) / 1e6;
}

int evidence_add(const char *path, struct cg_set *set, bool write)
{
	struct book book = { 0 };
	int lock = write ? tool_lock(path) : -1, err;

	if (write && lock < 0)
		return lock;
	err = lines_read(path, STATE_NAME, VERSION_1, take_line, &book);
	for (size_t i = 0; !err && i < set->n; i++) {
		const struct member *m = set->v[i]->data;

		if (m->law.known)
			add(&book, set->v[i]);
	}
	if (!err && write)
		err = lines_write(path, STATE_NAME, VERSION_1, put_lines,
				  &book);
	free(book.v);
	if (lock >= 0)
		close(lock);
	return err;
}
