#include "probes.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgkey.h"
#include "clock.h"
#include "lines.h"
#include "msg.h"

#define STATE_NAME "swap-balance-probe"

enum { VERSION_1 = 1, VERSION_2, VERSION_3, VERSION_4 };
static const uint64_t DAY_US = UINT64_C(86400) * 1000000;

void book_put(struct book *b, struct past p)
{
	b->v = xrealloc(b->v, b->n + 1, sizeof(*b->v));
	b->v[b->n++] = p;
}

void book_free(struct book *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->v[i].key);
	free(b->v);
}

/* What is a day old is forgotten. */
static int take_probe(const char *line, struct past *p)
{
	uint64_t now_us = clock_mono_us();
	int at = 0;

	if (sscanf(line, "%" SCNu64 " %" SCNu64 " %lf %lf %n", &p->ino,
		   &p->at_us, &p->ratio, &p->incompressible_pct, &at) != 4 ||
	    !at || p->at_us > now_us || now_us - p->at_us >= DAY_US ||
	    p->ratio < 0 || p->incompressible_pct < 0)
		return 0;
	return at;
}

static bool is_share(double v)
{
	return isnan(v) || (v >= 0 && v <= 1);
}

static void take_line(void *book, char *line)
{
	struct past p = { 0 };
	struct compression *c = &p.sample;
	int at = take_probe(line, &p), more = 0;

	if (!at ||
	    sscanf(line + at, "%lf %lf %lf %lf %lf %n", &c->pages, &c->unseen,
		   &c->zero, &c->kept, &c->refused, &more) != 5 ||
	    !more || !(c->pages >= 0) || isnan(c->zero + c->unseen) ||
	    !is_share(c->unseen) || !is_share(c->zero) || !is_share(c->kept) ||
	    !is_share(c->refused))
		return;
	p.key = xstrdup(line + at + more);
	book_put(book, p);
}

static void take_line_3(void *book, char *line)
{
	struct past p = { 0 };
	int at = take_probe(line, &p);

	if (!at)
		return;
	p.key = xstrdup(line + at);
	book_put(book, p);
}

/* Version 2 had Unix time, which tells no more than that it was in this boot.
 */
static void take_old_line(void *book, char *line)
{
	struct past p = { .at_us = clock_mono_us() };
	int at = 0;

	if (sscanf(line, "%" SCNu64 " %*d %lf %lf %n", &p.ino, &p.ratio,
		   &p.incompressible_pct, &at) != 3 ||
	    !at || p.ratio < 0 || p.incompressible_pct < 0)
		return;
	p.key = xstrdup(line + at);
	book_put(book, p);
}

int book_read(struct book *b, const char *path)
{
	int err = lines_read(path, STATE_NAME, VERSION_4, take_line, b);

	if (err == -EPROTO)
		err = lines_read(path, STATE_NAME, VERSION_3, take_line_3, b);
	for (unsigned int v = VERSION_2; err == -EPROTO && v >= VERSION_1; v--)
		err = lines_read(path, STATE_NAME, v, take_old_line, b);
	return err;
}

static void put_lines(FILE *f, const void *book)
{
	const struct book *b = book;

	for (size_t i = 0; i < b->n; i++) {
		const struct past *p = b->v + i;
		const struct compression *c = &p->sample;

		fprintf(f,
			"%" PRIu64 " %" PRIu64
			" %.3f %.3f %.0f %.6f %.6f %.6f %.6f %s\n",
			p->ino, p->at_us, p->ratio, p->incompressible_pct,
			c->pages, c->unseen, c->zero, c->kept, c->refused,
			p->key);
	}
}

int book_write(const struct book *b, const char *path)
{
	return lines_write(path, STATE_NAME, VERSION_4, put_lines, b);
}

struct past *book_find(const struct book *b, const struct cg *cg)
{
	for (size_t i = 0; i < b->n; i++)
		if (b->v[i].ino == cg->ino)
			return b->v + i;
	return NULL;
}

bool book_has_relative(const struct book *b, const struct cg *cg)
{
	for (size_t i = 0; i < b->n; i++)
		if (*b->v[i].key && strcmp(cg->key, b->v[i].key) != 0 &&
		    (cg_is_below(cg->key, b->v[i].key) ||
		     cg_is_below(b->v[i].key, cg->key)))
			return true;
	return false;
}
