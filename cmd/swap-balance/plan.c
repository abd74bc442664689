#include "plan.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listing.h"
#include "msg.h"
#include "num.h"
#include "state.h"
#include "tool.h"

enum {
	VERSION_1 = 1,
	VERSION_2,
	FILES = 3,
	TEXT_MAX = 32,
	INCOMPRESSIBLE_PCT = 5,
	PUT_BACK = 60, /* times the dwell: what helped is no longer seen */
};

static const char *const files[FILES] = { "memory.zswap.max",
					  "memory.zswap.writeback",
					  "memory.swap.max" };

/*
 * One setting that was changed: what it was, and what we made it.  Not done
 * while its file is about to be written: then it holds either, and after a
 * kill that tells which.  Foreign once another process has changed the file:
 * what it holds from then on is that process's, also where it is what we had
 * written.
 */
struct entry {
	uint64_t ino;
	int file;
	bool done, foreign;
	char old[TEXT_MAX], new[TEXT_MAX];
	char *key;
};

struct record {
	struct entry *v;
	size_t n;
	bool changed; /* since it was read, without a write of its own */
};

/* A row: one write. */
struct change {
	const char *key, *file, *old, *new, *state, *why;
};

static void put_text(struct row *r, const void *sample, int arg)
{
	const struct change *c = sample;
	const char *const text[] = { c->key, c->file,  c->old,
				     c->new, c->state, c->why };

	row_str(r, text[arg]);
}

static void emit(const struct plan *plan, const struct change *c)
{
	static const struct col cols[] = {
		{ "cgroup", NULL, put_text, 0 }, { "file", NULL, put_text, 1 },
		{ "old", NULL, put_text, 2 },	 { "new", NULL, put_text, 3 },
		{ "state", NULL, put_text, 4 },	 { "why", NULL, put_text, 5 },
	};
	static struct listing listing = {
		.cols = cols,
		.n = sizeof(cols) / sizeof(*cols),
	};

	listing_emit(&listing, plan->out, c);
}

/* Version 1 knows no "done", and of equal values that they are put back. */
static void parse_entry(struct record *rec, const char *line)
{
	struct entry e = { 0 };
	char word[8];
	int at = 0;

	if (sscanf(line, "%7s %" SCNu64 " %d %31s %31s %n", word, &e.ino,
		   &e.file, e.old, e.new, &at) != 5 ||
	    !at || e.file < 0 || e.file >= FILES || !strcmp(e.old, e.new))
		return;
	e.foreign = !strcmp(word, "foreign");
	e.done = e.foreign || !strcmp(word, "done");
	e.key = xstrdup(line + at);
	rec->v = xrealloc(rec->v, rec->n + 1, sizeof(*rec->v));
	rec->v[rec->n++] = e;
}

/* Another boot's record is void: its cgroups, and their settings, are gone. */
static void record_read(struct record *rec, const char *path)
{
	char boot[STATE_BOOT], now[STATE_BOOT];
	char *save = NULL;
	void *data;
	size_t len;
	int err = state_read(path, "swap-balance-undo", VERSION_2, &data, &len);

	if (err == -EPROTO)
		err = state_read(path, "swap-balance-undo", VERSION_1, &data,
				 &len);
	*rec = (struct record){ 0 };
	if (err == -ENOENT)
		return;
	if (err)
		die(err, "cannot use the undo record '%s'", path);
	state_boot_id(now);
	for (char *line = strtok_r(data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "boot %63s", boot) != 1)
			parse_entry(rec, line);
		else if (strcmp(boot, now))
			break;
	}
	free(data);
}

static const char *entry_word(const struct entry *e)
{
	return e->foreign ? "foreign" : e->done ? "done" : "set";
}

static void record_write(const struct record *rec, const char *path)
{
	char boot[STATE_BOOT];
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int err;

	if (!f)
		die(ENOMEM, "cannot keep the undo record");
	state_boot_id(boot);
	fprintf(f, "boot %s\n", boot);
	for (size_t i = 0; i < rec->n; i++)
		fprintf(f, "%s %" PRIu64 " %d %s %s %s\n",
			entry_word(rec->v + i), rec->v[i].ino, rec->v[i].file,
			rec->v[i].old, rec->v[i].new, rec->v[i].key);
	if (fclose(f))
		die(ENOMEM, "cannot keep the undo record");
	if (!rec->n)
		err = unlink(path) && errno != ENOENT ? -errno : 0;
	else
		err = state_write(path, "swap-balance-undo", VERSION_2, text,
				  len);
	if (err)
		die(err, "cannot write the undo record '%s'", path);
	free(text);
}

/* The record, held for us alone where it may be written: the lock, or -1. */
static int record_open(struct record *rec, const struct plan *plan)
{
	int lock = plan->write ? tool_lock(plan->path) : -1;

	if (plan->write && lock < 0)
		die(lock, "cannot lock the undo record '%s'", plan->path);
	record_read(rec, plan->path);
	return lock;
}

static void record_close(struct record *rec, int lock)
{
	for (size_t i = 0; i < rec->n; i++)
		free(rec->v[i].key);
	free(rec->v);
	if (lock >= 0)
		close(lock);
}

static struct entry *record_find(struct record *rec, const struct cg *cg,
				 int file)
{
	for (size_t i = 0; i < rec->n; i++)
		if (rec->v[i].ino == cg->ino && rec->v[i].file == file &&
		    !strcmp(rec->v[i].key, cg->key))
			return rec->v + i;
	return NULL;
}

static void record_drop(struct record *rec, struct entry *e)
{
	free(e->key);
	*e = rec->v[--rec->n];
	rec->changed = true;
}

static struct entry *record_add(struct record *rec, const struct cg *cg,
				int file, const char *old, const char *new)
{
	struct entry *e;

	rec->v = xrealloc(rec->v, rec->n + 1, sizeof(*rec->v));
	e = rec->v + rec->n++;
	*e = (struct entry){ .ino = cg->ino, .file = file };
	e->key = xstrdup(cg->key);
	snprintf(e->old, sizeof(e->old), "%s", old);
	snprintf(e->new, sizeof(e->new), "%s", new);
	return e;
}

static bool is_gone(int err)
{
	return err == -ENOENT || err == -ENODEV;
}

/* The cgroup of an entry; -ENOENT too where it was made anew. */
static int entry_cg(struct cg_set *set, const struct entry *e, struct cg **cg)
{
	int err = cg_set_get(set, e->key, cg);

	return !err && (*cg)->ino != e->ino ? -ENOENT : err;
}

static int read_setting(const struct cg_set *set, const struct cg *cg, int file,
			char *text)
{
	char buf[256];
	ssize_t n = cg_read(set, cg, files[file], buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	buf[strcspn(buf, "\n")] = '\0';
	if (strlen(buf) >= TEXT_MAX)
		return -EBADMSG;
	memcpy(text, buf, strlen(buf) + 1);
	return 0;
}

/* What a kill had left open is told by the file; NULL: it was not written. */
static struct entry *settle(struct record *rec, struct entry *e,
			    const char *now)
{
	if (e->done)
		return e;
	if (!strcmp(now, e->old)) {
		record_drop(rec, e);
		return NULL;
	}
	e->done = !strcmp(now, e->new);
	rec->changed |= e->done;
	return e;
}

/* Drops what is gone; settles also where there is nothing to apply. */
static void record_review(struct record *rec, struct cg_set *set)
{
	char now[TEXT_MAX];
	struct cg *cg;

	for (size_t i = rec->n; i-- > 0;) {
		struct entry *e = rec->v + i;
		int err = entry_cg(set, e, &cg);

		if (is_gone(err))
			record_drop(rec, e);
		else if (!err && !read_setting(set, cg, e->file, now))
			settle(rec, e, now);
	}
}

/*
 * With writeback shut, a page that zswap does not take is not swapped at all
 * (mm/page_io.c, swap_writeout()): where that could be many, reclaim finds
 * nothing and a cgroup at its limit is killed.
 */
static bool may_shut_writeback(const struct member *m)
{
	return m->zswap_has_room && m->ratio > 1 &&
	       m->incompressible_pct < INCOMPRESSIBLE_PCT;
}

/*
 * What a file should hold for a member's backend, where the operator has base;
 * NULL is what he has.  Only the kernel's default is ever replaced: anything
 * else is somebody's will.  memory.swap.max is never written, as it stops the
 * kernel's own swapping, too, which keeps a cgroup at its limit alive; an entry
 * of it in an old record is put back.
 */
static const char *wanted(const struct member *m, int file, const char *base)
{
	enum backend backend = m->backend.now.backend;

	switch (file) {
	case 0: /* with writeback shut as well, there would be no swap left */
		return backend == BACKEND_DISK && !strcmp(base, "max") &&
				       m->now.writeback != 0
			       ? "0"
			       : NULL;
	case 1:
		return backend == BACKEND_ZSWAP_NOWB && !strcmp(base, "1") &&
				       may_shut_writeback(m)
			       ? "0"
			       : NULL;
	default: return NULL;
	}
}

/* Only lasting reasons, and what is soon taken back, are written down. */
static bool is_settled(const struct member *m)
{
	switch (m->backend.now.why) {
	case WHY_SENSITIVE:
	case WHY_BUDGET:
	case WHY_COMPRESSIBLE:
	case WHY_INCOMPRESSIBLE:
	case WHY_ROTATIONAL: break;
	default: return false;
	}
	return m->law.known && m->law.reason != REASON_UNKNOWN_KERNEL;
}

/* One write, told and, unless it is only planned, done. */
static int change(const struct plan *plan, const struct cg_set *set,
		  const struct cg *cg, struct change *c)
{
	char line[TEXT_MAX + 1];
	int err = 0;

	c->key = cg->key;
	if (plan->write) {
		snprintf(line, sizeof(line), "%s\n", c->new);
		err = cg_write(set, cg, c->file, line);
	}
	c->state = err ? "failed" : plan->write ? "done" : "planned";
	emit(plan, c);
	if (err)
		warn(err, "cannot write '%s%s/%s'", set->mount,
		     cg_prefix(cg->key), c->file);
	return err;
}

static bool is_foreign(const struct entry *e, const char *now)
{
	return e->foreign || strcmp(now, e->new);
}

static int refuse(const struct plan *plan, const struct cg *cg,
		  struct record *rec, struct entry *e, const char *now,
		  const char *want)
{
	struct change c = { cg->key, files[e->file], now,
			    want,    "refused",	     "changed_by_other" };

	emit(plan, &c);
	if (strcmp(now, e->new))
		warn(0,
		     "'%s' of '%s' is %s, not %s as written before: left alone",
		     c.file, cg->key, now, e->new);
	else
		warn(0,
		     "'%s' of '%s' was changed by another process since it was "
		     "written: left alone",
		     c.file, cg->key);
	rec->changed |= !e->foreign;
	e->foreign = true;
	return STATUS_PARTIAL;
}

/*
 * The record is written first, and again when the file has its value: a kill
 * in between leaves no change unknown, and none that seems another hand's.
 */
static int change_kept(const struct plan *plan, const struct cg_set *set,
		       const struct cg *cg, struct change *c,
		       struct record *rec, struct entry *e)
{
	bool restores = !strcmp(c->new, e->old);
	int err;

	e->done = false;
	record_write(rec, plan->path);
	err = change(plan, set, cg, c);
	if (restores == !err) /* the old value is there */
		record_drop(rec, e);
	else
		e->done = true;
	record_write(rec, plan->path);
	return err;
}

/*
 * Has the choice stood for long enough?  A setting that helped removes what it
 * was made for, so to put it back takes longer; but not where it could do harm.
 */
static bool has_stood(const struct plan *plan, const struct member *m,
		      const struct entry *e, const char *new)
{
	bool back = e && !strcmp(new, e->old);

	if (back && e->file == 1 && !may_shut_writeback(m))
		return true;
	return m->stood_s >= plan->dwell_s * (back ? PUT_BACK : 1);
}

static int hold(const struct plan *plan, const struct cg *cg, struct change *c)
{
	c->key = cg->key;
	c->state = "held";
	emit(plan, c);
	return STATUS_OK;
}

static int apply_file(const struct plan *plan, const struct cg_set *set,
		      const struct cg *cg, int file, struct record *rec)
{
	const struct member *m = cg->data;
	struct entry *e;
	char now[TEXT_MAX];
	const char *want;
	struct change c = { .file = files[file], .old = now };
	int err;

	if (read_setting(set, cg, file, now))
		return STATUS_OK; /* this kernel, or the root, has none */
	e = record_find(rec, cg, file);
	if (e)
		e = settle(rec, e, now);
	want = wanted(m, file, e ? e->old : now);
	c.new = want ? want : e ? e->old : now;
	c.why = backend_why_word(m->backend.now.why);
	if (!strcmp(now, c.new))
		return STATUS_OK;
	if (e && is_foreign(e, now))
		return refuse(plan, cg, rec, e, now, c.new);
	if (!has_stood(plan, m, e, c.new))
		return hold(plan, cg, &c);
	if (plan->write && !e)
		e = record_add(rec, cg, file, now, c.new);
	err = plan->write ? change_kept(plan, set, cg, &c, rec, e)
			  : change(plan, set, cg, &c);
	return err ? STATUS_PARTIAL : STATUS_OK;
}

/*
 * Where we shut zswap there is no new evidence of compression: what was set by
 * the old evidence stays until --undo.
 */
static bool is_closed(struct record *rec, const struct cg *cg)
{
	const struct member *m = cg->data;

	return record_find(rec, cg, 0) && isnan(m->ratio);
}

bool plan_has_below(const struct cg_set *set, size_t i)
{
	const char *top = set->v[i]->key;

	while (++i < set->n && cg_is_below(set->v[i]->key, top)) {
		const struct member *m = set->v[i]->data;

		if (m->looked)
			return true;
	}
	return false;
}

int plan_apply(const struct plan *plan, struct cg_set *set)
{
	struct record rec;
	int status = STATUS_OK, lock = record_open(&rec, plan);

	for (size_t i = 0; i < set->n; i++) {
		const struct cg *cg = set->v[i];
		const struct member *m = cg->data;

		if (plan_has_below(set, i)) {
			note("'%s': left to those below", cg->key);
			continue;
		}
		if (!is_settled(m) || is_closed(&rec, cg)) {
			note("'%s': nothing to set: %s", cg->key,
			     backend_why_word(m->backend.now.why));
			continue;
		}
		for (int f = 0; f < FILES; f++)
			status |= apply_file(plan, set, cg, f, &rec);
	}
	/* Last: it makes members of cgroups that were not asked for. */
	record_review(&rec, set);
	if (plan->write && rec.changed)
		record_write(&rec, plan->path);
	record_close(&rec, lock);
	return status;
}

static bool is_chosen(const char *key, char *const *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (cg_matches(key, keys[i]))
			return true;
	return !n;
}

/* Tells of the keys that choose no entry. */
static int check_keys(const struct record *rec, char *const *keys, size_t n)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < n; i++) {
		size_t e = 0;

		while (e < rec->n && !cg_matches(rec->v[e].key, keys[i]))
			e++;
		if (e < rec->n)
			continue;
		warn(0, "nothing of '%s' is in the undo record", keys[i]);
		status = STATUS_NO;
	}
	return status;
}

static int undo_entry(const struct plan *plan, struct cg_set *set,
		      struct record *rec, struct entry *e)
{
	char now[TEXT_MAX];
	struct cg *cg;
	struct change c = {
		.file = files[e->file], .old = now, .new = e->old, .why = "undo"
	};
	int err = entry_cg(set, e, &cg);

	if (!err)
		err = read_setting(set, cg, e->file, now);
	if (is_gone(err) || (!err && !strcmp(now, e->old))) {
		record_drop(rec, e); /* gone, or as it was */
		return STATUS_OK;
	}
	if (err) {
		warn(err, "cannot read '%s' of '%s': it stays in the record",
		     c.file, e->key);
		return STATUS_PARTIAL;
	}
	if (is_foreign(e, now))
		return refuse(plan, cg, rec, e, now, e->old);
	err = plan->write ? change_kept(plan, set, cg, &c, rec, e)
			  : change(plan, set, cg, &c);
	return err ? STATUS_PARTIAL : STATUS_OK;
}

int plan_undo(const struct plan *plan, struct cg_set *set, char *const *keys,
	      size_t n)
{
	struct record rec;
	int lock = record_open(&rec, plan);
	int status = check_keys(&rec, keys, n);

	for (size_t i = rec.n; i-- > 0;)
		if (is_chosen(rec.v[i].key, keys, n))
			status |= undo_entry(plan, set, &rec, rec.v + i);
	if (plan->write)
		record_write(&rec, plan->path);
	record_close(&rec, lock);
	return status;
}
