#include "budget.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ledger.h"
#include "num.h"
#include "tool.h"

enum {
	LEAST_BYTES = 4096, /* less, such as 20 for 20G, never lets a page go */
	DAY_S = 86400,
	OFF_S = 30 * DAY_S, /* a machine that was off counts so long */
};

int budget_parse(const char *text, struct budget_cfg *out)
{
	char size[64];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bytes, us = (uint64_t)DAY_S * 1000000;

	if (len >= sizeof(size))
		return -EINVAL;
	memcpy(size, text, len);
	size[len] = '\0';
	if (num_size(size, &bytes) || bytes < LEAST_BYTES ||
	    bytes > INT64_MAX / 2 ||
	    (slash && (num_time(slash + 1, &us) || !us)))
		return -EINVAL;
	out->cap_bytes = (int64_t)bytes;
	out->bytes_per_s = (double)bytes / ((double)us / 1e6);
	return 0;
}

int budget_parse_drive(const char *text, struct budget_cfg *out)
{
	double tb, years, unit, cap;

	if (num_decimal(&text, &tb))
		return -EINVAL;
	unit = *text == 'P' ? 1e15 : 1e12;
	if ((strncmp(text, "TBW/", 4) && strncmp(text, "PBW/", 4)) ||
	    (text += 4, num_decimal(&text, &years)) || strcmp(text, "y") ||
	    !(tb > 0) || !(years > 0))
		return -EINVAL;
	out->endurance_bytes = tb * unit;
	out->bytes_per_s = out->endurance_bytes / (years * 365.25 * DAY_S);
	cap = out->bytes_per_s * DAY_S;
	if (!(cap >= 1 && cap <= (double)(INT64_MAX / 2)))
		return -EINVAL;
	out->cap_bytes = (int64_t)cap;
	return 0;
}

void bucket_tick(struct bucket *b, const struct budget_cfg *cfg, double dt_s,
		 uint64_t written_bytes)
{
	double refill = fmax(0, dt_s) * cfg->bytes_per_s;
	double level = (double)b->level_bytes + refill - (double)written_bytes;
	double most = (double)(INT64_MAX / 8);

	b->level_bytes =
		(int64_t)fmax(fmin(level, (double)cfg->cap_bytes), -most);
	b->written_bytes += written_bytes;
}

uint64_t bucket_pace(const struct bucket *b, const struct budget_cfg *cfg,
		     double gap_s)
{
	double cap = (double)cfg->cap_bytes, rate = cfg->bytes_per_s;
	double level = fmin((double)b->level_bytes, cap);

	if (level <= 0)
		return 0;
	return (uint64_t)fmin(4 * rate * level / cap, level / gap_s + rate / 2);
}

double bucket_years(const struct bucket *b, const struct budget_cfg *cfg)
{
	double s = (double)(b->updated_ms - b->since_ms) / 1000;

	if (cfg->endurance_bytes <= 0 || s < 1 || !b->written_bytes ||
	    b->unknown)
		return NAN;
	return cfg->endurance_bytes / ((double)b->written_bytes / s) /
	       (365.25 * DAY_S);
}

/* Of each area that swap writes to. */
struct drives {
	char id[SWAP_AREAS_MAX][DRIVE_ID];
	int n;
};

/* What its drive is called, and the counter of its part. */
static void name_area(const struct swap_area *a, char drive[DRIVE_ID],
		      char counter[LEDGER_COUNTER_ID])
{
	char part[DRIVE_PART];

	drive_id(a, drive);
	drive_part(a, part);
	snprintf(counter, LEDGER_COUNTER_ID, "%.159s:%.129s", drive, part);
}

/* No drive takes more in that time, and a second of it. */
static uint64_t most_sectors(uint64_t us)
{
	const double most_bytes_per_s = 16 * (double)(1 << 30);

	return (uint64_t)fmin(((double)us / 1e6 + 1) * most_bytes_per_s /
				      DRIVE_SECTOR_BYTES,
			      (double)(DRIVE_SECTORS_MOST / 2));
}

/*
 * What was written since the file says, in this boot or one before.  NUM_NONE:
 * there is no count, and it is charged when there is one again.  NUM_MAX: a
 * count that went back in one boot, or beyond what a drive can take, does not
 * tell, and it is counted on from there.
 */
static uint64_t take_uncharged(struct counter *c, const struct swap_area *a,
			       const char *boot)
{
	uint64_t sectors = drive_sectors(a), was = c->sectors;
	uint64_t now_us = clock_mono_us(), since_us = c->updated_us;

	if (sectors == NUM_NONE)
		return NUM_NONE;
	if (was == NUM_NONE)
		was = sectors;
	if (strcmp(c->boot, boot))
		was = since_us = 0;
	c->sectors = sectors;
	c->updated_ms = clock_unix_ms();
	c->updated_us = now_us;
	memcpy(c->boot, boot, STATE_BOOT);
	c->rebased = sectors < was ||
		     sectors - was > most_sectors(num_less(now_us, since_us));
	return c->rebased ? NUM_MAX : (sectors - was) * DRIVE_SECTOR_BYTES;
}

/*
 * Whichever budget let it be written.  What is not known may have been all that
 * there was left, and is no debt, nor was it written.
 */
static void charge(struct ledger *l, const char *drive, uint64_t bytes)
{
	for (int i = 0; i < l->accounts; i++) {
		struct account *d = l->account + i;

		if (strcmp(d->drive, drive))
			continue;
		bucket_tick(&d->b, &d->cfg, 0, bytes < NUM_MAX ? bytes : 0);
		if (bytes == NUM_MAX && d->b.level_bytes > 0)
			d->b.level_bytes = 0;
		d->b.unknown |= bytes >= NUM_MAX;
	}
}

/* After all areas of the drive have been charged for. */
static void refill(struct account *d, const char *boot)
{
	uint64_t now_us = clock_mono_us();
	int64_t now_ms = clock_unix_ms();
	double dt_s = !strcmp(d->boot, boot)
			      ? (double)(int64_t)(now_us - d->updated_us) / 1e6
			      : (double)(now_ms - d->b.updated_ms) / 1e3;

	dt_s = fmax(0, dt_s);
	bucket_tick(&d->b, &d->cfg, dt_s, 0);
	/* A wall clock that jumps makes no years. */
	d->b.since_ms = now_ms - (d->b.updated_ms - d->b.since_ms) -
			(int64_t)(fmin(dt_s, OFF_S) * 1000);
	d->updated_us = now_us;
	d->b.updated_ms = now_ms;
	memcpy(d->boot, boot, STATE_BOOT);
}

/* They have one rate and one size: the least level makes the least pace. */
static void tightest(struct budget *out, const struct bucket *b,
		     const struct budget_cfg *cfg)
{
	double years = bucket_years(b, cfg);

	if (b->level_bytes < out->left_bytes)
		out->left_bytes = b->level_bytes > 0 ? b->level_bytes : 0;
	if (isnan(out->years) || years < out->years)
		out->years = years;
}

static bool is_at_hand(const struct drives *drives, const char *id)
{
	for (int i = 0; i < drives->n; i++)
		if (!strcmp(drives->id[i], id))
			return true;
	return false;
}

/*
 * Brings the accounts of all drives at hand up to date.  cfg, if any, has one
 * of each from here on.
 */
static void update(struct ledger *l, const struct machine *m,
		   const struct budget_cfg *cfg, struct drives *drives)
{
	char id[LEDGER_COUNTER_ID], boot[STATE_BOOT] = "";

	state_boot_id(boot);
	for (drives->n = 0; drives->n < m->endurance_areas; drives->n++) {
		const struct swap_area *a = m->endurance_area + drives->n;
		char *drive = drives->id[drives->n];
		struct counter *c;

		name_area(a, drive, id);
		c = ledger_counter(l, id, a, boot);
		if (cfg)
			ledger_account(l, drive, cfg, boot)->used_ms =
				clock_unix_ms();
		charge(l, drive, take_uncharged(c, a, boot));
	}
	for (int i = 0; i < l->accounts; i++)
		if (is_at_hand(drives, l->account[i].drive))
			refill(l->account + i, boot);
}

/* The tightest of our budget, and whether there is another of late. */
static void summarize(const struct ledger *l, const struct drives *drives,
		      const struct budget_cfg *cfg, struct budget *out)
{
	int64_t day_ago_ms = clock_unix_ms() - INT64_C(1000) * DAY_S;

	for (int i = 0; i < l->accounts; i++) {
		const struct account *d = l->account + i;

		if (!is_at_hand(drives, d->drive))
			continue;
		if (d->b.unknown)
			memcpy(out->unknown, d->drive, DRIVE_ID);
		if (budget_is_same(&d->cfg, cfg))
			tightest(out, &d->b, cfg);
		else if (d->used_ms > day_ago_ms)
			out->other_cap_bytes = d->cfg.cap_bytes;
	}
}

uint64_t budget_left_bytes(const struct budget *b)
{
	if (!b->kept)
		return NUM_MAX;
	return b->unsaved || *b->unknown ? 0 : (uint64_t)b->left_bytes;
}

uint64_t budget_pace(const struct budget *b, double gap_s)
{
	struct bucket tightest = {
		.level_bytes = (int64_t)budget_left_bytes(b),
	};

	return b->kept ? bucket_pace(&tightest, &b->cfg, gap_s) : NUM_MAX;
}

/* A disk that is full, or broken, is no fault of the operator's. */
static bool is_disk_fault(int err)
{
	return err == -ENOSPC || err == -EDQUOT || err == -EIO || err == -EROFS;
}

int budget_look(struct budget *out, const struct budget_cfg *cfg,
		const struct machine *m, bool save)
{
	struct ledger now, was;
	struct drives drives;
	int lock = -1, err;

	*out = (struct budget){ .cfg = *cfg,
				.left_bytes = cfg->cap_bytes,
				.years = NAN };
	if (cfg->bytes_per_s <= 0)
		return 0;
	if (save && (lock = tool_lock(cfg->path)) < 0 && !is_disk_fault(lock))
		return lock;
	if (save && lock < 0)
		out->unsaved = lock;
	err = ledger_read(&now, cfg->path);
	was = now;
	if (!err) {
		update(&now, m, cfg, &drives);
		summarize(&now, &drives, cfg, out);
	}
	if (!err && lock >= 0 && ledger_is_news(&now, &was))
		out->unsaved = ledger_write(&now, cfg->path);
	if (lock >= 0)
		close(lock);
	out->kept = !err && m->endurance_areas;
	return err;
}

int budget_status(const struct budget_cfg *cfg, const struct machine *m,
		  budget_told *tell, void *arg)
{
	struct ledger l;
	struct drives drives;
	int err = ledger_read(&l, cfg->path);

	if (err)
		return err;
	update(&l, m, NULL, &drives);
	for (int i = 0; i < l.accounts; i++)
		tell(arg, l.account[i].drive, &l.account[i].cfg,
		     &l.account[i].b, l.account[i].used_ms);
	return l.accounts;
}
