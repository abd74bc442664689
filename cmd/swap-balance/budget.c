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

enum {
	VERSION_1 = 1,
	DAY_S = 86400,
	SECTOR = 512,
	SAVE_S = 60, /* nothing is lost between: spare the disk */
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

uint64_t bucket_pace(const struct bucket *b, const struct budget_cfg *cfg)
{
	if (b->level_bytes <= 0)
		return 0;
	return (uint64_t)(4 * cfg->bytes_per_s * (double)b->level_bytes /
			  (double)cfg->cap_bytes);
}

double bucket_years(const struct bucket *b, const struct budget_cfg *cfg)
{
	double s = (double)(b->updated_ms - b->since_ms) / 1000;

	if (cfg->endurance_bytes <= 0 || s < 1 || !b->total_bytes)
		return NAN;
	return cfg->endurance_bytes / ((double)b->total_bytes / s) /
	       (365.25 * DAY_S);
}

/* A name that a drive keeps when the kernel numbers them anew. */
static void identify(const struct swap_area *a, char *id, size_t size)
{
	static const char *const files[] = { "serial",	"device/serial",
					     "wwid",	"device/wwid",
					     "../wwid", "../device/wwid" };
	char path[160], serial[64];
	uint64_t part = 0;

	snprintf(id, size, "%.95s", *a->dev ? a->dev : a->path);
	for (size_t i = 0; *a->dev && i < sizeof(files) / sizeof(*files); i++) {
		snprintf(path, sizeof(path), "sys/class/block/%s/%s", a->dev,
			 files[i]);
		if (io_read(root_fd(), path, serial, sizeof(serial)) <= 0 ||
		    *serial <= ' ')
			continue;
		snprintf(path, sizeof(path), "sys/class/block/%s/partition",
			 a->dev);
		kv_read_u64(root_fd(), path, &part);
		snprintf(id, size, "%.63s:%" PRIu64, serial, part);
		break;
	}
	for (char *p = id; *p; p++)
		if (*p <= ' ')
			*p = *p == '\n' ? '\0' : '_';
}

/* Field 7 of /sys/class/block/DEV/stat: sectors written since it is there. */
static uint64_t sectors_of(const struct swap_area *a)
{
	char path[128], buf[512];
	uint64_t sectors = 0, pages = 0;

	if (!*a->dev) { /* a file shares its disk: what was swapped out */
		kv_read_key(root_fd(), "proc/vmstat", "pswpout", &pages);
		return pages * (mem_page_bytes() / SECTOR);
	}
	snprintf(path, sizeof(path), "sys/class/block/%s/stat", a->dev);
	if (io_read(root_fd(), path, buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%*u %*u %*u %*u %*u %*u %" SCNu64, &sectors) != 1)
		return 0;
	return sectors;
}

struct ledger {
	char boot[STATE_BOOT];
	struct bucket v[AREAS_MAX];
	int n;
};

static int ledger_read(struct ledger *l, const char *path)
{
	void *data;
	size_t len;
	char *save = NULL;
	int err =
		state_read(path, "swap-balance-budget", VERSION_1, &data, &len);

	memset(l, 0, sizeof(*l));
	if (err)
		return err == -ENOENT ? 0 : err;
	for (char *line = strtok_r(data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		struct bucket *b = l->v + l->n;

		if (sscanf(line, "boot %63s", l->boot) == 1 ||
		    l->n == AREAS_MAX)
			continue;
		if (sscanf(line,
			   "device %95s %" SCNd64 " %" SCNu64 " %" SCNd64
			   " %" SCNd64 " %" SCNu64 " %" SCNu64,
			   b->id, &b->level_bytes, &b->sectors, &b->since_ms,
			   &b->updated_ms, &b->updated_us,
			   &b->total_bytes) == 7)
			l->n++;
	}
	free(data);
	return 0;
}

static int ledger_write(const struct ledger *l, const char *path)
{
	char buf[AREAS_MAX * 256];
	int n = snprintf(buf, sizeof(buf), "boot %s\n", l->boot);

	for (int i = 0; i < l->n; i++) {
		const struct bucket *b = l->v + i;

		n += snprintf(buf + n, sizeof(buf) - (size_t)n,
			      "device %s %" PRId64 " %" PRIu64 " %" PRId64
			      " %" PRId64 " %" PRIu64 " %" PRIu64 "\n",
			      b->id, b->level_bytes, b->sectors, b->since_ms,
			      b->updated_ms, b->updated_us, b->total_bytes);
	}
	return state_write(path, "swap-balance-budget", VERSION_1, buf,
			   (size_t)n);
}

/*
 * The device's account.  A new one starts a quarter full, at the mean rate,
 * and owes nothing for what was written before.
 */
static struct bucket *account(struct ledger *l, const struct swap_area *a,
			      const struct budget_cfg *cfg)
{
	struct bucket *b;
	char id[96];

	identify(a, id, sizeof(id));
	for (int i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].id, id))
			return l->v + i;
	b = l->v + (l->n < AREAS_MAX ? l->n++ : AREAS_MAX - 1);
	*b = (struct bucket){ .level_bytes = cfg->cap_bytes / 4,
			      .sectors = sectors_of(a),
			      .since_ms = clock_unix_ms(),
			      .updated_ms = clock_unix_ms(),
			      .updated_us = clock_mono_us() };
	memcpy(b->id, id, sizeof(id));
	return b;
}

/* Pays what was written since the file says, in this boot or the one before. */
static void settle(struct bucket *b, const struct swap_area *a,
		   const struct budget_cfg *cfg, bool same_boot)
{
	uint64_t sectors = sectors_of(a), now_us = clock_mono_us();
	int64_t now_ms = clock_unix_ms();
	uint64_t paid = same_boot && sectors >= b->sectors ? b->sectors : 0;
	double dt_s = same_boot
			      ? (double)(int64_t)(now_us - b->updated_us) / 1e6
			      : (double)(now_ms - b->updated_ms) / 1e3;

	bucket_tick(b, cfg, dt_s, (sectors - paid) * SECTOR);
	b->sectors = sectors;
	b->updated_us = now_us;
	b->updated_ms = now_ms;
}

static void tightest(struct budget *out, const struct bucket *b,
		     const struct budget_cfg *cfg)
{
	uint64_t pace = bucket_pace(b, cfg);
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
	if (now->n != was->n || strcmp(now->boot, was->boot))
		return true;
	for (int i = 0; i < now->n; i++)
		if (now->v[i].updated_ms - was->v[i].updated_ms >
			    SAVE_S * 1000 ||
		    (now->v[i].sectors - was->v[i].sectors) * SECTOR >
			    (uint64_t)cfg->cap_bytes / 64)
			return true;
	return false;
}

int budget_look(struct budget *out, const struct budget_cfg *cfg,
		const struct machine *m, bool save)
{
	struct ledger now, was;
	char boot[STATE_BOOT];
	int lock = -1, err;

	*out = (struct budget){ .pace_bytes_per_s = NUM_NONE, .years = NAN };
	if (cfg->bytes_per_s <= 0)
		return 0;
	if (save && (lock = state_lock(cfg->path, 1)) < 0)
		return lock;
	err = ledger_read(&now, cfg->path);
	was = now;
	state_boot_id(boot);
	for (int i = 0; !err && i < m->wears; i++) {
		const struct swap_area *a = m->wear + i;
		struct bucket *b;

		b = account(&now, a, cfg);
		settle(b, a, cfg, !strcmp(boot, was.boot) || !*was.boot);
		tightest(out, b, cfg);
	}
	memcpy(now.boot, boot, sizeof(boot));
	if (!err && save && worth_saving(&now, &was, cfg))
		err = ledger_write(&now, cfg->path);
	if (lock >= 0)
		close(lock);
	out->kept = !err;
	return err;
}
