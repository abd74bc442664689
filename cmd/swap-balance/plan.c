#include "plan.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "msg.h"
#include "record.h"
#include "setting.h"
#include "tool.h"

enum {
	PUT_BACK = 60, /* times the dwell: what helped is no longer seen */
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

/* The cgroup of an entry; -ENOENT too where it was made anew. */
static int entry_cg(struct cg_set *set, const struct record_entry *e,
		    struct cg **cg)
{
	int err = cg_set_get(set, e->key, cg);

	return !err && (*cg)->ino != e->ino ? -ENOENT : err;
}

static int read_setting(const struct cg_set *set, const struct cg *cg, int file,
			char *text)
{
	char buf[256];
	ssize_t n = cg_read(set, cg, record_file[file], buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	buf[strcspn(buf, "\n")] = '\0';
	if (strlen(buf) >= RECORD_TEXT)
		return -EBADMSG;
	memcpy(text, buf, strlen(buf) + 1);
	return 0;
}

/* Drops what is gone; resolves also where there is nothing to apply. */
static void record_review(struct record *rec, struct cg_set *set)
{
	char now[RECORD_TEXT];
	struct cg *cg;

	for (size_t i = rec->n; i-- > 0;) {
		struct record_entry *e = rec->v + i;
		int err = entry_cg(set, e, &cg);

		if (cg_err_is_gone(err))
			record_drop(rec, e);
		else if (!err && !read_setting(set, cg, e->file, now))
			record_resolve(rec, e, now);
	}
}

/* One write, told and, unless it is only planned, done. */
static int change(const struct plan *plan, const struct cg_set *set,
		  const struct cg *cg, struct change *c)
{
	char line[RECORD_TEXT + 1];
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

static bool is_foreign(const struct record_entry *e, const char *now)
{
	return e->foreign || strcmp(now, e->new);
}

static int refuse(const struct plan *plan, const struct cg *cg,
		  struct record *rec, struct record_entry *e, const char *now,
		  const char *want)
{
	struct change c = { cg->key,   record_file[e->file], now, want,
			    "refused", "changed_by_other" };

	emit(plan, &c);
	if (strcmp(now, e->new))
		warn(0,
		     "'%s' of '%s' is %s, not %s as it was written: left alone",
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
 * in between leaves no change unknown, and none that seems another process's.
 */
static int change_kept(const struct plan *plan, const struct cg_set *set,
		       const struct cg *cg, struct change *c,
		       struct record *rec, struct record_entry *e)
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
static bool has_stood(const struct plan *plan, const struct cg_set *set,
		      const struct cg *cg, const struct record_entry *e,
		      const char *new)
{
	const struct member *m = cg->data;
	bool back = e && !strcmp(new, e->old);

	if (back && setting_does_harm(set, cg, e->file))
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

/* settled: else nothing new is written, and only what does harm is restored. */
static int apply_file(const struct plan *plan, const struct cg_set *set,
		      const struct cg *cg, int file, struct record *rec,
		      bool settled)
{
	const struct member *m = cg->data;
	struct record_entry *e;
	char now[RECORD_TEXT];
	const char *want;
	struct change c = { .file = record_file[file], .old = now };
	int err;

	if (read_setting(set, cg, file, now))
		return STATUS_OK; /* this kernel, or the root, has none */
	e = record_find(rec, cg, file);
	if (e)
		e = record_resolve(rec, e, now);
	if (!settled &&
	    !(e && !strcmp(now, "0") && setting_does_harm(set, cg, file)))
		return STATUS_OK;
	want = settled ? setting_wanted(set, cg, file, e ? e->old : now) : NULL;
	c.new = want ? want : e ? e->old : now;
	c.why = reason_word(m->backend.now.why);
	if (!strcmp(now, c.new))
		return STATUS_OK;
	if (e && is_foreign(e, now))
		return refuse(plan, cg, rec, e, now, c.new);
	if (!has_stood(plan, set, cg, e, c.new))
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

	return record_find(rec, cg, RECORD_ZSWAP_MAX) && isnan(m->ratio);
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
	int status = STATUS_OK,
	    lock = record_open(&rec, plan->path, plan->write);

	for (size_t i = 0; i < set->n; i++) {
		const struct cg *cg = set->v[i];
		const struct member *m = cg->data;
		bool below = plan_has_below(set, i);
		bool settled =
			!below && setting_is_settled(m) && !is_closed(&rec, cg);

		if (!m->looked) /* nothing is known of it, and that was told */
			continue;
		if (below)
			note("'%s': left alone, because the cgroups below it "
			     "are handled",
			     cg->key);
		else if (!settled)
			note("'%s': nothing to set: %s", cg->key,
			     reason_word(m->backend.now.why));
		for (int f = 0; f < RECORD_FILES; f++)
			status |= apply_file(plan, set, cg, f, &rec, settled);
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
		warn(0, "the undo record has nothing for '%s'", keys[i]);
		status = STATUS_NO;
	}
	return status;
}

static int undo_entry(const struct plan *plan, struct cg_set *set,
		      struct record *rec, struct record_entry *e)
{
	char now[RECORD_TEXT];
	struct cg *cg;
	struct change c = { .file = record_file[e->file],
			    .old = now,
			    .new = e->old,
			    .why = "undo" };
	int err = entry_cg(set, e, &cg);

	if (!err)
		err = read_setting(set, cg, e->file, now);
	if (cg_err_is_gone(err) || (!err && !strcmp(now, e->old))) {
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
	int lock = record_open(&rec, plan->path, plan->write);
	int status = check_keys(&rec, keys, n);

	for (size_t i = rec.n; i-- > 0;)
		if (is_chosen(rec.v[i].key, keys, n))
			status |= undo_entry(plan, set, &rec, rec.v + i);
	if (plan->write)
		record_write(&rec, plan->path);
	record_close(&rec, lock);
	return status;
}
