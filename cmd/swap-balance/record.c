#include "record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "msg.h"
#include "state.h"
#include "tool.h"

enum { VERSION_1 = 1, VERSION_2 };

const char *const record_file[RECORD_FILES] = { "memory.zswap.max",
						"memory.zswap.writeback",
						"memory.swap.max" };

/* Version 1 knows no "done", and of equal values that they are put back. */
static void parse_entry(struct record *rec, const char *line)
{
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

static const char *entry_word(const struct record_entry *e)
{
	return e->foreign ? "foreign" : e->done ? "done" : "set";
}

void record_write(const struct record *rec, const char *path)
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
