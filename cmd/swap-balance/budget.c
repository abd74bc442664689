#include "budget.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "kv.h"
#include "num.h"
#include "root.h"
#include "state.h"

#define STATE_NAME "swap-balance-budget"

enum {
	VERSION_1 = 1,
	VERSION_2,
	ID_MAX = 160,
	PART_MAX = 130, /* DM_NAME_LEN, a newline and NUL */
	COUNTER_MAX = ID_MAX + PART_MAX,
	DAY_S = 86400,
	SECTOR = 512,
	OFF_S = 30 * DAY_S, /* a machine that was off counts so long */
	SAVE_S = 60,	    /* nothing is lost between: spare the disk */
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
	if (num_size(size, &bytes) || !bytes || bytes > INT64_MAX / 2 ||
	    (slash && (num_time(slash + 1, &us) || !us)))
		return -EINVAL;
	out->cap_bytes = (int64_t)bytes;
	out->bytes_per_s = (double)bytes / ((double)us / 1e6);
	return 0;
}

int budget_parse_drive(const char *text, struct budget_cfg *out)
{
	double tb, years;
	char unit[4], end;

	if (sscanf(text, "%lf%3[TPBW]/%lf%c", &tb, unit, &years, &end) != 4 ||
	    (strcmp(unit, "TBW") && strcmp(unit, "PBW")) || end != 'y' ||
	    strchr(text, 'y')[1] || !(tb > 0) || !(years > 0))
		return -EINVAL;
	out->endurance_bytes = tb * (*unit == 'T' ? 1e12 : 1e15);
	out->bytes_per_s = out->endurance_bytes / (years * 365.25 * DAY_S);
	out->cap_bytes = (int64_t)(out->bytes_per_s * DAY_S);
	return isfinite(out->bytes_per_s) && out->cap_bytes > 0 ? 0 : -EINVAL;
}

void bucket_tick(struct bucket *b, const struct budget_cfg *cfg, double dt_s,
		 uint64_t written_bytes)
{
	double income = fmax(0, dt_s) * cfg->bytes_per_s;
	double level = (double)b->level_bytes + income - (double)written_bytes;

	b->level_bytes = (int64_t)fmin(level, (double)cfg->cap_bytes);
	b->total_bytes += written_bytes;
}

uint64_t bucket_pace(const struct bucket *b, const struct budget_cfg *cfg,
		     double gap_s)
{
	double level = (double)b->level_bytes, rate = cfg->bytes_per_s;

	if (level <= 0)
		return 0;
	return (uint64_t)fmin(4 * rate * level / (double)cfg->cap_bytes,
			      level / gap_s + rate / 2);
}

double bucket_years(const struct bucket *b, const struct budget_cfg *cfg)
{
	double s = (double)(b->updated_ms - b->since_ms) / 1000;

	if (cfg->endurance_bytes <= 0 || s < 1 || !b->total_bytes)
		return NAN;
	return cfg->endurance_bytes / ((double)b->total_bytes / s) /
	       (365.25 * DAY_S);
}

/* A name that a drive keeps when the kernel numbers them anew; else that. */
static void name_drive(const char *dir, char *id)
{
	static const char *const files[] = { "serial", "device/serial", "wwid",
					     "device/wwid" };
	char path[160], text[IO_BUF];

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *name = text;

		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (io_read(root_fd(), path, text, sizeof(text)) <= 0)
			continue;
		name += strspn(name, " \n");
		if (!*name)
			continue;
		snprintf(id, ID_MAX, "%.159s", name);
		return;
	}
	snprintf(path, sizeof(path), "%s/uevent", dir);
	if (io_read(root_fd(), path, text, sizeof(text)) > 0) {
		const char *name = strstr(text, "DEVNAME=");

		if (name)
			sscanf(name, "DEVNAME=%159s", id);
	}
}

static void make_word(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (char *p = text; *p; p++)
		if (*p <= ' ')
			*p = '_';
}

/* The drive's name in id[ID_MAX]: partitions and volumes on it share it. */
static void identify(const struct swap_area *a, char *id)
{
	char dir[128];

	snprintf(id, ID_MAX, "%.159s", *a->dev ? a->dev : a->path);
	if (swap_drive(a, dir, sizeof(dir)))
		name_drive(dir, id);
	make_word(id);
}

/*
 * The part of the drive that the area is: the partition's number, or 0; a
 * volume's own name, as that of its device may change at boot.  Files are
 * counted together.
 */
static void name_part(const struct swap_area *a, char *part, size_t size)
{
	char path[128];
	uint64_t number = 0;

	if (a->file) {
		snprintf(part, size, "files");
		return;
	}
	snprintf(path, sizeof(path), "%s/dm/name", a->dir);
	if (io_read(root_fd(), path, part, size) <= 0) {
		snprintf(path, sizeof(path), "%s/partition", a->dir);
		kv_read_u64(root_fd(), path, &number);
		snprintf(part, size, "%" PRIu64, number);
	}
	make_word(part);
}

/* Field 7 of /sys/class/block/DEV/stat: sectors written since it is there. */
static uint64_t sectors_of(const struct swap_area *a)
{
	char path[128], buf[512];
	uint64_t sectors = 0, pages = 0;

	if (a->file) { /* it shares its disk: what was swapped out */
		kv_read_key(root_fd(), "proc/vmstat", "pswpout", &pages);
		return pages * (mem_page_bytes() / SECTOR);
	}
	snprintf(path, sizeof(path), "%s/stat", a->dir);
	if (io_read(root_fd(), path, buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%*u %*u %*u %*u %*u %*u %" SCNu64, &sectors) != 1)
		return 0;
	return sectors;
}

/* A drive's account. */
struct account {
	char id[ID_MAX], boot[STATE_BOOT];
	struct bucket b;
	uint64_t updated_us; /* clock_mono_us(), of that boot */
};

/* What has been paid for of the sectors of an area, of that boot. */
struct counter {
	char id[COUNTER_MAX], boot[STATE_BOOT];
	uint64_t sectors;
	int64_t updated_ms;
};

struct ledger {
	struct account drive[SWAP_AREAS_MAX];
	struct counter part[SWAP_AREAS_MAX];
	int drives, parts;
};

/*
 * Version 1 had an account for each area, named DRIVE:PART or by the kernel's
 * name alone, and one boot for all.
 */
static void parse_v1(struct ledger *l, const char *line, const char *boot)
{
	struct account *d = l->drive + l->drives;
	struct counter *c = l->part + l->parts;
	char *colon;

	if (sscanf(line,
		   "device %95s %" SCNd64 " %" SCNu64 " %" SCNd64 " %" SCNd64
		   " %" SCNu64 " %" SCNu64,
		   d->id, &d->b.level_bytes, &c->sectors, &d->b.since_ms,
		   &d->b.updated_ms, &d->updated_us, &d->b.total_bytes) != 7)
		return;
	colon = strrchr(d->id, ':');
	snprintf(c->id, sizeof(c->id), "%s%s", d->id, colon ? "" : ":0");
	if (colon)
		*colon = '\0';
	snprintf(d->boot, sizeof(d->boot), "%s", boot);
	snprintf(c->boot, sizeof(c->boot), "%s", boot);
	c->updated_ms = d->b.updated_ms;
	l->parts++;
	for (int i = 0; i < l->drives; i++)
		if (!strcmp(l->drive[i].id, d->id))
			return; /* another part of it */
	l->drives++;
}

static void parse_line(struct ledger *l, const char *line, char *boot)
{
	struct account *d = l->drive + l->drives;
	struct counter *c = l->part + l->parts;

	if (sscanf(line, "boot %63s", boot) == 1 ||
	    l->drives == SWAP_AREAS_MAX || l->parts == SWAP_AREAS_MAX)
		return;
	if (sscanf(line,
		   "drive %159s %63s %" SCNd64 " %" SCNd64 " %" SCNd64
		   " %" SCNu64 " %" SCNu64,
		   d->id, d->boot, &d->b.level_bytes, &d->b.since_ms,
		   &d->b.updated_ms, &d->updated_us, &d->b.total_bytes) == 7)
		l->drives++;
	else if (sscanf(line, "part %289s %63s %" SCNu64 " %" SCNd64, c->id,
			c->boot, &c->sectors, &c->updated_ms) == 4)
		l->parts++;
	else
		parse_v1(l, line, boot);
}

static int ledger_read(struct ledger *l, const char *path)
{
	char boot[STATE_BOOT] = "-";
	void *data;
	size_t len;
	char *save = NULL;
	int err = state_read(path, STATE_NAME, VERSION_2, &data, &len);

	memset(l, 0, sizeof(*l));
	if (err == -EPROTO)
		err = state_read(path, STATE_NAME, VERSION_1, &data, &len);
	if (err)
		return err == -ENOENT ? 0 : err;
	for (char *line = strtok_r(data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		parse_line(l, line, boot);
	free(data);
	return 0;
}

static int ledger_write(const struct ledger *l, const char *path)
{
	char buf[SWAP_AREAS_MAX * 768];
	int n = 0;

	for (int i = 0; i < l->drives; i++) {
		const struct account *d = l->drive + i;

		n += snprintf(buf + n, sizeof(buf) - (size_t)n,
			      "drive %s %s %" PRId64 " %" PRId64 " %" PRId64
			      " %" PRIu64 " %" PRIu64 "\n",
			      d->id, d->boot, d->b.level_bytes, d->b.since_ms,
			      d->b.updated_ms, d->updated_us, d->b.total_bytes);
	}
	for (int i = 0; i < l->parts; i++) {
		const struct counter *c = l->part + i;

		n += snprintf(buf + n, sizeof(buf) - (size_t)n,
			      "part %s %s %" PRIu64 " %" PRId64 "\n", c->id,
			      c->boot, c->sectors, c->updated_ms);
	}
	return state_write(path, STATE_NAME, VERSION_2, buf, (size_t)n);
}

/*
 * The drive's account.  A new one starts a quarter full, at the mean rate.
 * Where there is no more room it replaces the one not seen for longest.
 */
static struct account *account(struct ledger *l, const char *id,
			       const struct budget_cfg *cfg, const char *boot)
{
	struct account *d = l->drive;

	for (int i = 0; i < l->drives; i++) {
		if (!strcmp(l->drive[i].id, id))
			return l->drive + i;
		if (l->drive[i].b.updated_ms < d->b.updated_ms)
			d = l->drive + i;
	}
	if (l->drives < SWAP_AREAS_MAX)
		d = l->drive + l->drives++;
	*d = (struct account){ .b = { .level_bytes = cfg->cap_bytes / 4,
				      .since_ms = clock_unix_ms(),
				      .updated_ms = clock_unix_ms() },
			       .updated_us = clock_mono_us() };
	memcpy(d->id, id, ID_MAX);
	memcpy(d->boot, boot, STATE_BOOT);
	return d;
}

/* The area's counter, likewise.  A new one owes nothing for what was before. */
static struct counter *counter(struct ledger *l, const char *id,
			       const struct swap_area *a, const char *boot)
{
	struct counter *c = l->part;

	for (int i = 0; i < l->parts; i++) {
		if (!strcmp(l->part[i].id, id))
			return l->part + i;
		if (l->part[i].updated_ms < c->updated_ms)
			c = l->part + i;
	}
	if (l->parts < SWAP_AREAS_MAX)
		c = l->part + l->parts++;
	*c = (struct counter){ .sectors = sectors_of(a) };
	memcpy(c->id, id, COUNTER_MAX);
	memcpy(c->boot, boot, STATE_BOOT);
	return c;
}

/* Pays what was written since the file says, in this boot or one before. */
static void pay(struct account *d, struct counter *c, const struct swap_area *a,
		const struct budget_cfg *cfg, const char *boot)
{
	uint64_t sectors = sectors_of(a);
	bool goes_on = !strcmp(c->boot, boot) && sectors >= c->sectors;

	bucket_tick(&d->b, cfg, 0,
		    (sectors - (goes_on ? c->sectors : 0)) * SECTOR);
	c->sectors = sectors;
	c->updated_ms = clock_unix_ms();
	memcpy(c->boot, boot, STATE_BOOT);
}

/* After all areas of the drive have been paid for. */
static void earn(struct account *d, const struct budget_cfg *cfg,
		 const char *boot)
{
	uint64_t now_us = clock_mono_us();
	int64_t now_ms = clock_unix_ms();
	double dt_s = !strcmp(d->boot, boot)
			      ? (double)(int64_t)(now_us - d->updated_us) / 1e6
			      : (double)(now_ms - d->b.updated_ms) / 1e3;

	dt_s = fmax(0, dt_s);
	bucket_tick(&d->b, cfg, dt_s, 0);
	/* A wall clock that jumps makes no years. */
	d->b.since_ms = now_ms - (d->b.updated_ms - d->b.since_ms) -
			(int64_t)(fmin(dt_s, OFF_S) * 1000);
	d->updated_us = now_us;
	d->b.updated_ms = now_ms;
	memcpy(d->boot, boot, STATE_BOOT);
}

static void tightest(struct budget *out, const struct bucket *b,
		     const struct budget_cfg *cfg, double gap_s)
{
	uint64_t pace = bucket_pace(b, cfg, gap_s);
	double years = bucket_years(b, cfg);

	if (pace < out->pace_bytes_per_s || out->pace_bytes_per_s == NUM_NONE) {
		out->pace_bytes_per_s = pace;
		out->left_bytes = b->level_bytes > 0 ? b->level_bytes : 0;
	}
	if (isnan(out->years) || years < out->years)
		out->years = years;
}

static bool worth_saving(const struct ledger *now, const struct ledger *was,
			 const struct budget_cfg *cfg)
{
	if (now->drives != was->drives || now->parts != was->parts)
		return true;
	for (int i = 0; i < now->drives; i++) {
		const struct account *d = now->drive + i, *old = was->drive + i;

		if (strcmp(d->id, old->id) || strcmp(d->boot, old->boot) ||
		    d->b.updated_ms - old->b.updated_ms > SAVE_S * 1000 ||
		    d->b.total_bytes - old->b.total_bytes >
			    (uint64_t)cfg->cap_bytes / 64)
			return true;
	}
	for (int i = 0; i < now->parts; i++)
		if (strcmp(now->part[i].id, was->part[i].id) ||
		    strcmp(now->part[i].boot, was->part[i].boot))
			return true;
	return false;
}

/* Brings the accounts up to date and finds the tightest. */
static void settle(struct ledger *l, const struct machine *m,
		   const struct budget_cfg *cfg, double gap_s,
		   struct budget *out)
{
	char id[COUNTER_MAX] = "", boot[STATE_BOOT] = "";
	struct account *d[SWAP_AREAS_MAX];

	state_boot_id(boot);
	for (int i = 0; i < m->wears; i++) {
		const struct swap_area *a = m->wear + i;
		char part[PART_MAX];
		size_t len;

		identify(a, id);
		name_part(a, part, sizeof(part));
		d[i] = account(l, id, cfg, boot);
		len = strlen(id);
		snprintf(id + len, sizeof(id) - len, ":%s", part);
		pay(d[i], counter(l, id, a, boot), a, cfg, boot);
	}
	for (int i = 0; i < m->wears; i++) {
		earn(d[i], cfg, boot);
		tightest(out, &d[i]->b, cfg, gap_s);
	}
}

int budget_look(struct budget *out, const struct budget_cfg *cfg,
		const struct machine *m, double gap_s, bool save)
{
	struct ledger now, was;
	int lock = -1, err;

	*out = (struct budget){ .pace_bytes_per_s = NUM_NONE, .years = NAN };
	if (cfg->bytes_per_s <= 0)
		return 0;
	if (save && (lock = state_lock(cfg->path, 1)) < 0)
		return lock;
	err = ledger_read(&now, cfg->path);
	was = now;
	if (!err)
		settle(&now, m, cfg, gap_s, out);
	if (!err && save && worth_saving(&now, &was, cfg))
		out->unsaved = ledger_write(&now, cfg->path);
	if (out->unsaved) /* what is written now might never be paid */
		out->pace_bytes_per_s = 0;
	if (lock >= 0)
		close(lock);
	out->kept = !err && m->wears;
	return err;
}
