#include "lrugen.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "referenced.h"
#include "root.h"
#include "walked.h"

static const char lru_gen_file[] = "sys/kernel/debug/lru_gen";
static const char full_file[] = "sys/kernel/debug/lru_gen_full";

int lrugen_probe(bool *can_age)
{
	int err = io_try(root_fd(), lru_gen_file, O_RDONLY);

	*can_age = !err && !io_try(root_fd(), lru_gen_file, O_RDWR);
	if (!err || !io_try(root_fd(), full_file, O_RDONLY))
		return 0;
	return err == -ENOENT && !mem_has_lru_gen() ? -EOPNOTSUPP : err;
}

static ssize_t read_file(char **text)
{
	ssize_t n = io_read_all(root_fd(), lru_gen_file, text), full;

	if (n >= 0)
		return n;
	full = io_read_all(root_fd(), full_file, text);
	return full < 0 ? n : full;
}

/* A line of numbers, some with a letter after them: "4103x".  None is as much
 * as the most, in pages or milliseconds. */
static const uint64_t number_most = UINT64_C(1) << 52;
enum { WORDS = 16 };
struct words {
	uint64_t number[WORDS];
	char mark[WORDS];
	size_t n;
};

static bool cut_words(const char *line, struct words *w)
{
	w->n = 0;
	while (*(line += strspn(line, " "))) {
		char *end;

		if (w->n == WORDS || !isdigit((unsigned char)*line))
			return false;
		w->number[w->n] = strtoull(line, &end, 10);
		if (w->number[w->n] >= number_most)
			return false;
		w->mark[w->n] = ' ';
		if (isalpha((unsigned char)*end))
			w->mark[w->n] = *end++;
		if (*end && *end != ' ')
			return false;
		w->n++;
		line = end;
	}
	return w->n;
}

/*
 * A generation's line has four numbers, and no mark at its own and its age; an
 * 'x' at a kind's pages tells that the kind has that generation no more.
 */
static bool is_generation(const struct words *w)
{
	return w->n == 4 && w->mark[0] == ' ' && w->mark[1] == ' ';
}

/*
 * Of a tier's line the marks begin at the second number, of walks at once.  6.1
 * prints zeros without marks for the generations between: six or seven.
 */
static bool is_statistics(const struct words *w)
{
	return w->n > 4 || (w->n > 1 && w->mark[1] != ' ');
}

static void add_generation(struct lrugen_vec *v, const struct words *w)
{
	bool gone = w->mark[2] == 'x' && w->mark[3] == 'x';

	if (v->path && !gone && v->n < sizeof(v->gen) / sizeof(*v->gen))
		v->gen[v->n++] =
			(struct lrugen_gen){ w->number[0], w->number[1],
					     w->number[2], w->number[3],
					     NUM_NONE };
}

/* Only the line of walks has a mark at its first number, 6.1's not always. */
static void add_statistics(struct lrugen_vec *v, const struct words *w)
{
	v->counts_old |= w->mark[1] == 'O' || w->mark[1] == 'o';
	if (w->mark[0] == 'T' || w->mark[0] == 'L')
		v->walked_sum = w->number[0];
	else if (v->n && (w->mark[0] == 't' || w->mark[0] == 'l'))
		v->gen[v->n - 1].walked = w->number[0];
}

static void begin_vec(struct lrugen_vec *v)
{
	v->n = 0;
	v->walked_sum = NUM_NONE;
	v->counts_old = false;
}

/* "memcg ID PATH"; *at is where the path begins. */
static bool is_header(const char *line, unsigned long *id, int *at)
{
	*at = 0;
	return sscanf(line, "memcg %lu %n", id, at) == 1 && *at;
}

struct header {
	const char *path;
	size_t len;
	unsigned long id;
};

/* By path, and then as they stand in the text. */
static int header_cmp(const void *a, const void *b)
{
	const struct header *x = a, *y = b;
	size_t len = x->len < y->len ? x->len : y->len;
	int cmp = memcmp(x->path, y->path, len);

	if (cmp || x->len != y->len)
		return cmp ? cmp : x->len < y->len ? -1 : 1;
	return x->path < y->path ? -1 : x->path > y->path;
}

/* Those of the text that have a path which a later one has: the ids. */
static size_t find_replaced(const char *text, unsigned long **ids)
{
	struct header *v = NULL;
	size_t n = 0, found = 0;
	int at;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		struct header h;

		line += *line == '\n';
		if (*line != 'm' || !is_header(line, &h.id, &at))
			continue;
		h.path = line + at;
		h.len = strcspn(h.path, "\n");
		if (n % 64 == 0)
			v = xrealloc(v, n + 64, sizeof(*v));
		v[n++] = h;
	}
	if (n)
		qsort(v, n, sizeof(*v), header_cmp);
	*ids = n ? xcalloc(n, sizeof(**ids)) : NULL;
	for (size_t i = 0; i + 1 < n; i++)
		if (v[i].len == v[i + 1].len &&
		    !memcmp(v[i].path, v[i + 1].path, v[i].len))
			(*ids)[found++] = v[i].id;
	free(v);
	return found;
}

static bool is_among(const unsigned long *ids, size_t n, unsigned long id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

int lrugen_parse(char *text, void (*each)(const struct lrugen_vec *, void *),
		 void *ctx)
{
	struct lrugen_vec v = { .path = NULL };
	char *save = NULL;
	unsigned long *replaced;
	size_t n = find_replaced(text, &replaced);
	int err = 0;

	for (char *line = strtok_r(text, "\n", &save); line && !err;
	     line = strtok_r(NULL, "\n", &save)) {
		struct words w;
		unsigned long id;
		int at, node;

		if (is_header(line, &id, &at)) {
			if (v.n)
				each(&v, ctx);
			begin_vec(&v);
			v.id = id;
			v.replaced = is_among(replaced, n, id);
			v.path = line[at] ? line + at : "/";
		} else if (sscanf(line, " node %d", &node) == 1) {
			if (v.n)
				each(&v, ctx);
			begin_vec(&v);
			v.node = node;
		} else if (!cut_words(line, &w)) {
			err = -EBADMSG;
		} else if (is_generation(&w)) {
			add_generation(&v, &w);
		} else if (is_statistics(&w)) {
			add_statistics(&v, &w);
		} else {
			err = -EBADMSG;
		}
	}
	free(replaced);
	if (v.n && !err)
		each(&v, ctx);
	return err;
}

/*
 * A lruvec begins with MAX_NR_GENS generations of one birth, the newest number
 * 3.  After 6.12 the first aging that finds a page young only marks it
 * referenced (mm/vmscan.c, folio_update_gen): hot pages stay where they came.
 */
enum { FIRST_AGING = 4 };

uint64_t lrugen_bound_us(const struct lrugen_vec *v, size_t i)
{
	const struct lrugen_gen *newest = v->gen + v->n - 1;

	if (newest->seq <= FIRST_AGING || i + 1 >= v->n ||
	    v->gen[i + 1].born_ms_ago < newest->born_ms_ago)
		return 0;
	return (v->gen[i + 1].born_ms_ago - newest->born_ms_ago) * 1000;
}

/* Agings are a little off their pace, as passes are: see age_from(). */
static int age_at(const struct lrugen_vec *v, size_t i,
		  const struct age_scale *scale)
{
	uint64_t us = lrugen_bound_us(v, i);

	return age_below(scale, us + us / 49);
}

void lrugen_tally(const struct lrugen_vec *v, const struct age_scale *scale,
		  struct tally *t)
{
	uint64_t pages = 0, stale_us = v->gen[v->n - 1].born_ms_ago * 1000;
	int known = age_at(v, 0, scale);

	for (size_t i = 0; i < v->n; i++) {
		int a = age_at(v, i, scale);

		counts_more(&t->pages[ANON], a, v->gen[i].anon_pages);
		counts_more(&t->pages[FILES], a, v->gen[i].file_pages);
		pages += v->gen[i].anon_pages + v->gen[i].file_pages;
	}
	if (!pages)
		return;
	if (known < t->known)
		t->known = known;
	if (stale_us > t->stale_us)
		t->stale_us = stale_us;
}

bool lrugen_gone(const struct lrugen_vec *v)
{
	return (!v->id || v->replaced) && v->path[1];
}

struct reading {
	struct cg_set *tree;
	const struct age_scale *scale;
	struct walked *walked;
	const struct referenced *ref;
	struct tally_set *out;
};

/* A name with a TAB is no key: that of the cgroup above it, and false. */
static bool path_key(const char *path, char key[CG_KEY_MAX])
{
	size_t tab = strcspn(path, "\t");

	snprintf(key, CG_KEY_MAX, "%.*s", (int)tab, path);
	return !path[tab] || !cg_parent(key);
}

/*
 * A removed cgroup lives on while pages are charged to it; its path may be
 * another's by now.
 */
static struct cg *owner(struct cg_set *tree, const struct lrugen_vec *v,
			bool *exact)
{
	char key[CG_KEY_MAX], path[CG_KEY_MAX];
	struct cg *cg;
	bool gone = lrugen_gone(v);

	*exact = path_key(v->path, path) && !gone;
	if (cg_key(tree, path, key))
		return NULL;
	while (gone || cg_set_get(tree, key, &cg)) {
		if (!cg_parent(key))
			return NULL;
		*exact = gone = false;
	}
	return cg;
}

static void add_anon(const struct lrugen_vec *v, uint64_t *pages)
{
	for (size_t i = 0; i < v->n; i++)
		*pages += v->gen[i].anon_pages;
}

static void take(const struct lrugen_vec *v, void *ctx)
{
	struct reading *r = ctx;
	bool exact;
	struct cg *cg = owner(r->tree, v, &exact);
	struct tally *t = tally_of(r->out, cg ? cg->ino : 0, v->node);

	t->named |= exact;
	if (exact && r->walked)
		t->walked_entries = walked_entries(r->walked, v->id, v->node);
	if (!r->ref || !referenced_knows_shmem(r->ref, v->id, v->node))
		t->unsure_shmem |= exact;
	for (size_t i = 0; i < v->n; i++)
		if (!r->ref || !referenced_knows(r->ref, v->id, v->node))
			t->unsure_pages += v->gen[i].file_pages;
	if (!r->walked || !lrugen_gone(v)) {
		/* A removed one has no processes to look at. */
		add_anon(v, exact ? &t->own_pages : &t->hidden_pages);
		lrugen_tally(v, r->scale, t);
		return;
	}
	for (size_t i = 0; i < v->n; i++) {
		counts_more(&t->pages[ANON], 0, v->gen[i].anon_pages);
		counts_more(&t->pages[FILES], 0, v->gen[i].file_pages);
	}
}

/* Of what was read: n bytes, or -errno and no text. */
static int parse_read(ssize_t n, char *text,
		      void (*each)(const struct lrugen_vec *v, void *ctx),
		      void *ctx)
{
	int err;

	if (n < 0)
		return (int)n;
	err = lrugen_parse(text, each, ctx);
	free(text);
	return err;
}

int lrugen_full(void (*each)(const struct lrugen_vec *v, void *ctx), void *ctx)
{
	char *text = NULL;
	ssize_t n = io_read_all(root_fd(), full_file, &text);

	return parse_read(n, text, each, ctx);
}

static void find_old(const struct lrugen_vec *v, void *ctx)
{
	*(bool *)ctx |= v->counts_old;
}

bool lrugen_asks_guests(void)
{
	bool old = false;

	return !lrugen_full(find_old, &old) && !old;
}

static int for_each_vec(void (*each)(const struct lrugen_vec *v, void *ctx),
			void *ctx)
{
	char *text = NULL;
	ssize_t n = read_file(&text);

	return parse_read(n, text, each, ctx);
}

static void add_agings(const struct lrugen_vec *v, void *ctx)
{
	*(uint64_t *)ctx += num_less(v->gen[v->n - 1].seq, FIRST_AGING - 1);
}

uint64_t lrugen_agings(void)
{
	uint64_t n = 0;

	return for_each_vec(add_agings, &n) ? NUM_NONE : n;
}

int lrugen_read(struct cg_set *tree, const struct age_scale *scale,
		struct walked *walked, const struct referenced *ref,
		struct tally_set *out)
{
	struct reading r = { tree, scale, walked, ref, out };

	return for_each_vec(take, &r);
}

struct watch {
	struct cg_set *tree;
	struct referenced *ref;
	struct tally_set *out;
};

static void watch_one(const struct lrugen_vec *v, void *ctx)
{
	struct watch *w = ctx;
	bool exact;
	struct cg *cg = owner(w->tree, v, &exact);
	struct tally *t = tally_of(w->out, cg ? cg->ino : 0, v->node);
	const struct referenced_vec *own;

	/* Nobody ages a removed one, whose id is that of all of them. */
	if (!exact) {
		for (size_t i = 0; i < v->n; i++)
			t->unaged_pages +=
				v->gen[i].anon_pages + v->gen[i].file_pages;
		return;
	}
	own = referenced_look(w->ref, v);
	t->agings = own->ours;
	t->moved_us = own->moved_us;
	t->named = true;
}

int lrugen_watch(struct cg_set *tree, struct referenced *ref,
		 struct tally_set *out)
{
	struct watch w = { tree, ref, out };

	return for_each_vec(watch_one, &w);
}

struct aging {
	char *const *keys;
	size_t n;
	bool below;
	struct referenced *ref;
	struct walked *walked;
	int done;
};

static void age_one(const struct lrugen_vec *v, void *ctx)
{
	struct aging *a = ctx;
	char command[96], key[CG_KEY_MAX];
	bool wanted = false;

	if (lrugen_gone(v))
		return;
	path_key(v->path, key);
	for (size_t i = 0; i < a->n && !wanted; i++)
		wanted = a->below ? cg_is_below(key, a->keys[i])
				  : !strcmp(key, a->keys[i]);
	if (!wanted || a->done < 0)
		return;
	/* can_swap 1: anonymous pages age as well where there is no swap;
	 * force 1: look at every page table, not only at likely ones. */
	snprintf(command, sizeof(command), "+ %lu %d %" PRIu64 " 1 1", v->id,
		 v->node, v->gen[v->n - 1].seq);
	if (a->ref)
		referenced_look(a->ref, v);
	int err = io_write(root_fd(), lru_gen_file, command);

	if (a->ref)
		referenced_after(a->ref, v, !err);
	if (a->walked && !err)
		walked_aged(a->walked, v);

	/* Gone, or aged by reclaim meanwhile; or, after 6.12, being aged by it
	 * (mm/vmscan.c, run_aging): nothing to do, and not ours. */
	if (!err)
		a->done++;
	else if (err != -EINVAL && err != -ERANGE && err != -EEXIST)
		a->done = err;
}

int lrugen_age_now(char *const *keys, size_t n, bool below,
		   struct referenced *ref, struct walked *walked)
{
	struct aging a = { keys, n, below, ref, walked, 0 };
	char *text;
	ssize_t len = io_read_all(root_fd(), lru_gen_file, &text);
	int err;

	if (len < 0)
		return (int)len;
	err = lrugen_parse(text, age_one, &a);
	free(text);
	return err ? err : a.done;
}
