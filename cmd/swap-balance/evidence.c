#include "evidence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "state.h"
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

/* Another boot's clock, and what was not seen for a day, tells nothing. */
static int book_read(struct book *b, const char *path)
{
	char boot[STATE_BOOT], now[STATE_BOOT], *save = NULL;
	uint64_t now_us = clock_mono_us();
	struct entry e;
	void *data;
	size_t len;
	int err = state_read(path, STATE_NAME, VERSION_1, &data, &len);

	if (err)
		return err == -ENOENT ? 0 : err;
	state_boot_id(now);
	for (char *line = strtok_r(data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "boot %63s", boot) == 1 && strcmp(boot, now))
			break;
		if (sscanf(line, "%" SCNu64 " %d %" SCNu64 " %" SCNu64, &e.ino,
			   &e.backend, &e.since_us, &e.seen_us) == 4 &&
		    e.since_us <= e.seen_us && e.seen_us <= now_us &&
		    now_us - e.seen_us < DAY_US)
			book_put(b, e);
	}
	free(data);
	return 0;
}

static int book_write(const struct book *b, const char *path)
{
	char boot[STATE_BOOT], *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int err;

	if (!f)
		return -ENOMEM;
	state_boot_id(boot);
	fprintf(f, "boot %s\n", boot);
	for (size_t i = 0; i < b->n; i++)
		fprintf(f, "%" PRIu64 " %d %" PRIu64 " %" PRIu64 "\n",
			b->v[i].ino, b->v[i].backend, b->v[i].since_us,
			b->v[i].seen_us);
	err = fclose(f) ? -ENOMEM
			: state_write(path, STATE_NAME, VERSION_1, text, len);
	free(text);
	return err;
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
	err = book_read(&book, path);
	for (size_t i = 0; !err && i < set->n; i++) {
		const struct member *m = set->v[i]->data;

		if (m->law.known)
			add(&book, set->v[i]);
	}
	if (!err && write)
		err = book_write(&book, path);
	free(book.v);
	if (lock >= 0)
		close(lock);
	return err;
}
