#include "parkfile.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgkey.h"
#include "msg.h"
#include "num.h"

/* Page numbers are below this: no sum of two overflows. */
static const uint64_t PAGE_MAX = UINT64_C(1) << 52;

static void *room_for(void *v, size_t n, size_t *room, size_t size)
{
	if (n < *room)
		return v;
	*room = *room * 2 + 16;
	return xrealloc(v, *room, size);
}

void parkfile_process(struct parkfile *f, const struct park_process *p)
{
	f->process = room_for(f->process, f->processes, &f->process_room,
			      sizeof(*p));
	f->process[f->processes] = *p;
	f->process[f->processes].first = f->maps;
	f->process[f->processes++].n = 0;
}

void parkfile_map(struct parkfile *f, const struct park_map *m)
{
	f->map = room_for(f->map, f->maps, &f->map_room, sizeof(*m));
	f->map[f->maps] = *m;
	f->map[f->maps].first = f->runs;
	f->map[f->maps++].n = 0;
	f->process[f->processes - 1].n++;
}

void parkfile_run(struct parkfile *f, uint64_t page, uint64_t pages)
{
	struct park_map *m = f->map + f->maps - 1;
	struct park_run *last = m->n ? f->run + f->runs - 1 : NULL;

	if (last && last->page + last->pages == page) {
		last->pages += pages;
		return;
	}
	f->run = room_for(f->run, f->runs, &f->run_room, sizeof(*f->run));
	f->run[f->runs++] = (struct park_run){ page, pages };
	m->n++;
}

void parkfile_free(struct parkfile *f)
{
	free(f->key);
	free(f->process);
	free(f->map);
	free(f->run);
	*f = (struct parkfile){ 0 };
}

uint64_t parkfile_pages(const struct parkfile *f, const struct park_process *p)
{
	const struct park_map *m = f->map + p->first;
	uint64_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		for (size_t k = 0; k < m[i].n; k++)
			n += f->run[m[i].first + k].pages;
	return n;
}

bool parkfile_same(const struct park_process *a, const struct park_process *b)
{
	bool known = a->exe_ino && b->exe_ino;

	return a->pid == b->pid && a->start_ticks == b->start_ticks &&
	       (!known ||
		(a->exe_ino == b->exe_ino && a->exe_dev == b->exe_dev));
}

/* Does an address mean the same in both? */
static bool agree(const struct park_map *a, const struct park_map *b)
{
	return a->ino == b->ino && a->dev == b->dev &&
	       (!a->ino ||
		a->page - a->offset_pages == b->page - b->offset_pages);
}

void parkfile_common(const struct parkfile *was, const struct park_process *p,
		     size_t *at, const struct park_map *m,
		     void (*each)(void *arg, uint64_t page, uint64_t pages),
		     void *arg)
{
	size_t end = p->first + p->n;

	while (*at < end && was->map[*at].page + was->map[*at].pages <= m->page)
		++*at;
	for (size_t i = *at; i < end && was->map[i].page < m->page + m->pages;
	     i++) {
		const struct park_map *w = was->map + i;

		for (size_t k = 0; k < w->n && agree(w, m); k++) {
			const struct park_run *r = was->run + w->first + k;
			uint64_t from = num_most(r->page, m->page);
			uint64_t to = num_least(r->page + r->pages,
						m->page + m->pages);

			if (from < to)
				each(arg, from, to - from);
		}
	}
}

/* ---- two records as one ---- */

static void add_run(void *arg, uint64_t page, uint64_t pages)
{
	parkfile_run(arg, page, pages);
}

static int by_page(const void *a, const void *b)
{
	const struct park_run *x = a, *y = b;

	return (x->page > y->page) - (x->page < y->page);
}

/* The last map's runs, which may overlap: by address, each page once. */
static void unite_runs(struct parkfile *f)
{
	struct park_map *m = f->map + f->maps - 1;
	struct park_run *v = f->run + m->first;
	size_t n = 0;

	if (!m->n)
		return;
	qsort(v, m->n, sizeof(*v), by_page);
	for (size_t i = 1; i < m->n; i++) {
		uint64_t end = v[n].page + v[n].pages;

		if (v[i].page > end)
			v[++n] = v[i];
		else if (v[i].page + v[i].pages > end)
			v[n].pages = v[i].page + v[i].pages - v[n].page;
	}
	m->n = n + 1;
	f->runs = m->first + m->n;
}

static const struct park_process *find(const struct parkfile *f,
				       const struct park_process *p)
{
	for (size_t i = 0; i < f->processes; i++)
		if (parkfile_same(f->process + i, p))
			return f->process + i;
	return NULL;
}

void parkfile_merge(struct parkfile *f, const struct parkfile *was)
{
	struct parkfile now = *f;

	f->process = NULL;
	f->map = NULL;
	f->run = NULL;
	f->processes = f->maps = f->runs = 0;
	f->process_room = f->map_room = f->run_room = 0;
	for (size_t i = 0; i < now.processes; i++) {
		const struct park_process *p = now.process + i;
		const struct park_process *old = find(was, p);
		size_t at = old ? old->first : 0;

		parkfile_process(f, p);
		for (size_t k = 0; k < p->n; k++) {
			const struct park_map *m = now.map + p->first + k;

			parkfile_map(f, m);
			for (size_t r = 0; r < m->n; r++)
				parkfile_run(f, now.run[m->first + r].page,
					     now.run[m->first + r].pages);
			if (old)
				parkfile_common(was, old, &at, m, add_run, f);
			unite_runs(f);
		}
	}
	now.key = NULL;
	parkfile_free(&now);
}

/* ---- the text ---- */

static void put_map(FILE *to, const struct parkfile *f,
		    const struct park_map *m)
{
	uint64_t at = m->page;

	if (!m->n)
		return;
	fprintf(to,
		"map %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		"\n",
		m->page, m->pages, m->offset_pages, m->dev, m->ino);
	for (size_t i = 0; i < m->n; i++) {
		const struct park_run *r = f->run + m->first + i;

		fprintf(to, "%" PRIu64 " %" PRIu64 "\n", r->page - at,
			r->pages);
		at = r->page + r->pages;
	}
}

char *parkfile_text(const struct parkfile *f, size_t *len)
{
	char *text;
	FILE *to = open_memstream(&text, len);
	int err;

	if (!to)
		die(errno, "record of '%s'", f->key);
	fprintf(to, "boot %s\ncgroup %" PRIu64 " %s\n", f->boot, f->ino,
		f->key);
	for (size_t i = 0; i < f->processes; i++) {
		const struct park_process *p = f->process + i;

		fprintf(to,
			"process %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
			"\n",
			p->pid, p->start_ticks, p->exe_dev, p->exe_ino);
		for (size_t k = 0; k < p->n; k++)
			put_map(to, f, f->map + p->first + k);
	}
	fputs("end\n", to);
	err = ferror(to);
	if (fclose(to) || err)
		die(ENOMEM, "record of '%s'", f->key);
	return text;
}

/* The text not yet read, of which a parse ends with the first thing wrong. */
struct reader {
	const char *at, *end;
	bool bad;
};

/* Is the next thing this word?  Then it is read. */
static bool word(struct reader *in, const char *text)
{
	size_t n = strlen(text);

	if (in->bad || (size_t)(in->end - in->at) < n ||
	    memcmp(in->at, text, n))
		return false;
	in->at += n;
	return true;
}

/* A number, and the byte that must be behind it. */
static uint64_t number(struct reader *in, char behind)
{
	uint64_t v = 0;
	const char *p = in->at;

	while (!in->bad && p < in->end && *p >= '0' && *p <= '9') {
		uint64_t digit = (uint64_t)(*p++ - '0');

		if (v > (INT64_MAX - digit) / 10)
			break;
		v = v * 10 + digit;
	}
	if (p == in->at || p >= in->end || *p != behind) {
		in->bad = true;
		return 0;
	}
	in->at = p + 1;
	return v;
}

/* The rest of the line, malloc'ed; it has no NUL in it and fits in max. */
static char *rest(struct reader *in, size_t max)
{
	const char *nl =
		in->bad ? NULL
			: memchr(in->at, '\n', (size_t)(in->end - in->at));
	size_t n = nl ? (size_t)(nl - in->at) : 0;
	char *text;

	if (!n || n >= max || memchr(in->at, '\0', n)) {
		in->bad = true;
		return NULL;
	}
	text = xcalloc(1, n + 1);
	memcpy(text, in->at, n);
	in->at = nl + 1;
	return text;
}

static void read_process(struct reader *in, struct parkfile *f)
{
	struct park_process p = { 0 };

	p.pid = number(in, ' ');
	p.start_ticks = number(in, ' ');
	p.exe_dev = number(in, ' ');
	p.exe_ino = number(in, '\n');
	in->bad |= !p.pid || p.pid > INT_MAX;
	if (!in->bad)
		parkfile_process(f, &p);
}

/* By address, none over another. */
static void read_map(struct reader *in, struct parkfile *f)
{
	const struct park_process *p =
		f->processes ? f->process + f->processes - 1 : NULL;
	const struct park_map *last = p && p->n ? f->map + f->maps - 1 : NULL;
	struct park_map m = { .readable = false };

	m.page = number(in, ' ');
	m.pages = number(in, ' ');
	m.offset_pages = number(in, ' ');
	m.dev = number(in, ' ');
	m.ino = number(in, '\n');
	in->bad |= !p || m.page >= PAGE_MAX || m.pages >= PAGE_MAX ||
		   (last && m.page < last->page + last->pages);
	if (!in->bad)
		parkfile_map(f, &m);
}

static void read_run(struct reader *in, struct parkfile *f)
{
	bool in_map = f->processes && f->process[f->processes - 1].n;
	const struct park_map *m = in_map ? f->map + f->maps - 1 : NULL;
	uint64_t gap = number(in, ' '), pages = number(in, '\n'), at;

	in->bad |= !m || gap >= PAGE_MAX || !pages || pages >= PAGE_MAX;
	if (in->bad)
		return;
	at = m->n ? f->run[f->runs - 1].page + f->run[f->runs - 1].pages
		  : m->page;
	in->bad = at + gap + pages > m->page + m->pages;
	if (!in->bad)
		parkfile_run(f, at + gap, pages);
}

static void read_head(struct reader *in, struct parkfile *f)
{
	char *boot = word(in, "boot ") ? rest(in, sizeof(f->boot)) : NULL;

	if (boot)
		snprintf(f->boot, sizeof(f->boot), "%s", boot);
	in->bad |= !boot || !word(in, "cgroup ");
	free(boot);
	f->ino = number(in, ' ');
	f->key = rest(in, CG_KEY_MAX);
	in->bad |= !f->key || *f->key != '/';
}

int parkfile_parse(const char *text, size_t len, struct parkfile *f)
{
	struct reader in = { .at = text, .end = text + len };

	*f = (struct parkfile){ 0 };
	read_head(&in, f);
	while (!in.bad && !word(&in, "end\n")) {
		if (word(&in, "process "))
			read_process(&in, f);
		else if (word(&in, "map "))
			read_map(&in, f);
		else
			read_run(&in, f);
	}
	if (!in.bad && in.at == in.end)
		return 0;
	parkfile_free(f);
	return -EBADMSG;
}
