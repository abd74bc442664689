#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lines.h"
#include "msg.h"
#include "tool.h"

#define STATE_NAME "swap-balance-undo"

enum { VERSION_1 = 1, VERSION_2 };

const char *const record_file[RECORD_FILES] = { "memory.zswap.max",
						"memory.zswap.writeback",
						"memory.swap.max" };

/* Version 1 knows no "done", and of equal values that they are put back. */
static void take_line(void *record, char *line)
{
	struct record *rec = record;
	struct record_entry e = { 0 };
	char word[8];
	int at = 0;

	if (sscanf(line, "%7s %" SCNu64 " %d %31s %31s %n", word, &e.ino,
		   &e.file, e.old, e.new, &at) != 5 ||
	    !at || e.file < 0 || e.file >= RECORD_FILES ||
	    !strcmp(e.old, e.new))
		return;
	e.foreign = !strcmp(word, "foreign");
	e.done = e.foreign || !strcmp(word, "done");
	e.key = xstrdup(line + at);
	rec->v = xrealloc(rec->v, rec->n + 1, sizeof(*rec->v));
	rec->v[rec->n++] = e;
}

static void record_read(struct record *rec, const char *path)
{
	int err;

	*rec = (struct record){ 0 };
	err = lines_read(path, STATE_NAME, VERSION_2, take_line, rec);
	if (err == -EPROTO)
		err = lines_read(path, STATE_NAME, VERSION_1, take_line, rec);
	if (err)
		tool_bad_state("use the undo record", path, err);
}

static const char *entry_word(const struct record_entry *e)
{
	return e->foreign ? "foreign" : e->done ? "done" : "set";
}

static void put_lines(FILE *f, const void *record)
{
	const struct record *rec = record;

	for (size_t i = 0; i < rec->n; i++)
		fprintf(f, "%s %" PRIu64 " %d %s %s %s\n",
			entry_word(rec->v + i), rec->v[i].ino, rec->v[i].file,
			rec->v[i].old, rec->v[i].new, rec->v[i].key);
}

void record_write(const struct record *rec, const char *path)
{
	int err;

	if (!rec->n)
		err = unlink(path) && errno != ENOENT ? -errno : 0;
	else
		err = lines_write(path, STATE_NAME, VERSION_2, put_lines, rec);
	if (err)
		die(err, "cannot write the undo record '%s'", path);
}

int record_open(struct record *rec, const char *path, bool write)
{
	int lock = write ? tool_lock(path) : -1;

	if (write && lock < 0)
		die(lock, "cannot lock the undo record '%s'", path);
	record_read(rec, path);
	return lock;
}

void record_close(struct record *rec, int lock)
{
	for (size_t i = 0; i < rec->n; i++)
		free(rec->v[i].key);
	free(rec->v);
	if (lock >= 0)
		close(lock);
}

struct record_entry *record_find(struct record *rec, const struct cg *cg,
				 int file)
{
	for (size_t i = 0; i < rec->n; i++)
		if (rec->v[i].ino == cg->ino && rec->v[i].file == file &&
		    !strcmp(rec->v[i].key, cg->key))
			return rec->v + i;
	return NULL;
}

void record_drop(struct record *rec, struct record_entry *e)
{
	free(e->key);
	*e = rec->v[--rec->n];
	rec->changed = true;
}

struct record_entry *record_add(struct record *rec, const struct cg *cg,
				int file, const char *old, const char *new)
{
	struct record_entry *e;

	rec->v = xrealloc(rec->v, rec->n + 1, sizeof(*rec->v));
	e = rec->v + rec->n++;
	*e = (struct record_entry){ .ino = cg->ino, .file = file };
	e->key = xstrdup(cg->key);
	snprintf(e->old, sizeof(e->old), "%s", old);
	snprintf(e->new, sizeof(e->new), "%s", new);
	return e;
}

struct record_entry *record_resolve(struct record *rec, struct record_entry *e,
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
