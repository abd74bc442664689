#include "ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

#define STATE_NAME "swap-balance-budget"

enum {
	VERSION_1 = 1,
	VERSION_2,
	VERSION_3,
	SAVE_MS = 60000, /* nothing is lost between: spare the disk */
	LINE_BYTES = 640,
};

bool budget_is_same(const struct budget_cfg *a, const struct budget_cfg *b)
{
	return a->cap_bytes == b->cap_bytes &&
	       fabs(a->bytes_per_s - b->bytes_per_s) <=
		       1e-6 * (1 + b->bytes_per_s);
}

/* What no run has written makes no sums that overflow. */
static bool is_sane(const struct account *a)
{
	const int64_t most = INT64_MAX / 4, most_ms = most / 1000;
	const struct bucket *b = &a->b;

	/* Before 1970 where a clock starts there: only a difference counts. */
	return b->since_ms > -most_ms && b->since_ms < most_ms &&
	       b->updated_ms >= 0 && b->updated_ms < most_ms &&
	       b->level_bytes > -most && b->level_bytes < most &&
	       a->used_ms >= 0 && a->used_ms < most_ms &&
	       a->cfg.cap_bytes >= 0 && a->cfg.cap_bytes < most * 2 &&
	       a->cfg.bytes_per_s >= 0 && a->cfg.bytes_per_s < (double)most &&
	       isfinite(a->cfg.endurance_bytes);
}

/*
 * Version 1 had an account for each area, named DRIVE:PART or by the kernel's
 * name alone, and one boot for all.
 */
static void parse_v1(struct ledger *l, const char *line, const char *boot)
{
	struct account *d = l->account + l->accounts;
	struct counter *c = l->counter + l->counters;
	char *colon;

	if (sscanf(line,
		   "device %95s %" SCNd64 " %" SCNu64 " %" SCNd64 " %" SCNd64
		   " %" SCNu64 " %" SCNu64,
		   d->drive, &d->b.level_bytes, &c->sectors, &d->b.since_ms,
		   &d->b.updated_ms, &d->updated_us,
		   &d->b.written_bytes) != 7 ||
	    !is_sane(d))
		return;
	colon = strrchr(d->drive, ':');
	snprintf(c->id, sizeof(c->id), "%s%s", d->drive, colon ? "" : ":0");
	if (colon)
		*colon = '\0';
	snprintf(d->boot, sizeof(d->boot), "%s", boot);
	snprintf(c->boot, sizeof(c->boot), "%s", boot);
	c->updated_ms = d->b.updated_ms;
	l->counters++;
	for (int i = 0; i < l->accounts; i++)
		if (!strcmp(l->account[i].drive, d->drive))
			return; /* another part of it */
	l->accounts++;
}

/* Version 2 does not tell of which budget a drive's account is. */
static bool parse_account(struct account *d, const char *line)
{
	int at = 0;

	if (sscanf(line,
		   "drive %159s %63s %" SCNd64 " %" SCNd64 " %" SCNd64
		   " %" SCNu64 " %" SCNu64 "%n",
		   d->drive, d->boot, &d->b.level_bytes, &d->b.since_ms,
		   &d->b.updated_ms, &d->updated_us, &d->b.written_bytes,
		   &at) != 7)
		return false;
	sscanf(line + at, "%" SCNd64 " %lf %lf %" SCNd64, &d->cfg.cap_bytes,
	       &d->cfg.bytes_per_s, &d->cfg.endurance_bytes, &d->used_ms);
	return is_sane(d);
}

static void parse_line(struct ledger *l, const char *line, char *boot)
{
	struct account *d = l->account + l->accounts;
	struct counter *c = l->counter + l->counters;

	if (sscanf(line, "boot %63s", boot) == 1)
		return;
	if (!strncmp(line, "part ", 5)) {
		if (l->counters < SWAP_AREAS_MAX &&
		    sscanf(line + 5,
			   "%289s %63s %" SCNu64 " %" SCNd64 " %" SCNu64, c->id,
			   c->boot, &c->sectors, &c->updated_ms,
			   &c->updated_us) >= 4)
			l->counters++;
		return;
	}
	if (l->accounts == LEDGER_ACCOUNTS_MAX)
		return;
	*d = (struct account){ 0 };
	if (parse_account(d, line))
		l->accounts++;
	else if (l->counters < SWAP_AREAS_MAX)
		parse_v1(l, line, boot);
}

int ledger_read(struct ledger *l, const char *path)
{
	char boot[STATE_BOOT] = "-";
	void *data;
	size_t len;
	char *save = NULL;
	int err = -EPROTO;

	memset(l, 0, sizeof(*l));
	for (unsigned int v = VERSION_3; err == -EPROTO && v >= VERSION_1; v--)
		err = state_read(path, STATE_NAME, v, &data, &len);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (char *line = strtok_r(data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		parse_line(l, line, boot);
	free(data);
	return 0;
}

int ledger_write(const struct ledger *l, const char *path)
{
	size_t size = LINE_BYTES * (LEDGER_ACCOUNTS_MAX + SWAP_AREAS_MAX);
	char *buf = malloc(size);
	size_t n = 0;
	int err;

	if (!buf)
		return -ENOMEM;
	for (int i = 0; i < l->accounts; i++) {
		const struct account *d = l->account + i;

		n += (size_t)snprintf(buf + n, size - n,
				      "drive %s %s %" PRId64 " %" PRId64
				      " %" PRId64 " %" PRIu64 " %" PRIu64
				      " %" PRId64 " %.9g %.9g %" PRId64 "\n",
				      d->drive, d->boot, d->b.level_bytes,
				      d->b.since_ms, d->b.updated_ms,
				      d->updated_us, d->b.written_bytes,
				      d->cfg.cap_bytes, d->cfg.bytes_per_s,
				      d->cfg.endurance_bytes, d->used_ms);
	}
	for (int i = 0; i < l->counters; i++) {
		const struct counter *c = l->counter + i;

		n += (size_t)snprintf(buf + n, size - n,
				      "part %s %s %" PRIu64 " %" PRId64
				      " %" PRIu64 "\n",
				      c->id, c->boot, c->sectors, c->updated_ms,
				      c->updated_us);
	}
	err = state_write(path, STATE_NAME, VERSION_3, buf, n);
	free(buf);
	return err;
}

struct account *ledger_account(struct ledger *l, const char *drive,
			       const struct budget_cfg *cfg, const char *boot)
{
	struct account *oldest = l->account, *d;
	const struct account *last = NULL;
	int64_t level = cfg->cap_bytes / 4;

	for (d = l->account; d < l->account + l->accounts; d++) {
		bool is_its = !strcmp(d->drive, drive);

		if (is_its && !d->cfg.cap_bytes) {
			d->cfg = *cfg;
			if (d->b.level_bytes > cfg->cap_bytes)
				d->b.level_bytes = cfg->cap_bytes;
		}
		if (is_its && budget_is_same(&d->cfg, cfg))
			return d;
		if (is_its && (!last || d->used_ms > last->used_ms))
			last = d;
		if (d->used_ms < oldest->used_ms)
			oldest = d;
	}
	if (last && last->b.level_bytes < level)
		level = last->b.level_bytes;
	d = l->accounts < LEDGER_ACCOUNTS_MAX ? l->account + l->accounts++
					      : oldest;
	*d = (struct account){ .cfg = *cfg,
			       .b = { .level_bytes = level,
				      .since_ms = clock_unix_ms(),
				      .updated_ms = clock_unix_ms() },
			       .updated_us = clock_mono_us() };
	memcpy(d->drive, drive, DRIVE_ID);
	memcpy(d->boot, boot, STATE_BOOT);
	return d;
}

struct counter *ledger_counter(struct ledger *l, const char *id,
			       const struct swap_area *a, const char *boot)
{
	struct counter *c = l->counter;

	for (int i = 0; i < l->counters; i++) {
		if (!strcmp(l->counter[i].id, id))
			return l->counter + i;
		if (l->counter[i].updated_ms < c->updated_ms)
			c = l->counter + i;
	}
	if (l->counters < SWAP_AREAS_MAX)
		c = l->counter + l->counters++;
	*c = (struct counter){ .sectors = drive_sectors(a),
			       .updated_us = clock_mono_us() };
	memcpy(c->id, id, LEDGER_COUNTER_ID);
	memcpy(c->boot, boot, STATE_BOOT);
	return c;
}

bool ledger_is_news(const struct ledger *now, const struct ledger *was)
{
	if (now->accounts != was->accounts || now->counters != was->counters)
		return true;
	for (int i = 0; i < now->accounts; i++) {
		const struct account *d = now->account + i;
		const struct account *old = was->account + i;

		if (strcmp(d->drive, old->drive) ||
		    strcmp(d->boot, old->boot) ||
		    !budget_is_same(&d->cfg, &old->cfg) ||
		    d->b.updated_ms - old->b.updated_ms > SAVE_MS ||
		    d->used_ms - old->used_ms > SAVE_MS ||
		    d->b.written_bytes - old->b.written_bytes >
			    (uint64_t)d->cfg.cap_bytes / 64)
			return true;
	}
	for (int i = 0; i < now->counters; i++)
		if (now->counter[i].rebased ||
		    strcmp(now->counter[i].id, was->counter[i].id) ||
		    strcmp(now->counter[i].boot, was->counter[i].boot))
			return true;
	return false;
}
