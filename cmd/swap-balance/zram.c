#include "zram.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "kv.h"
#include "msg.h"
#include "num.h"
#include "root.h"
#include "state.h"

enum {
	VERSION_1 = 1,
	ROUND_LEAST = 5 << 20,
	ROUND_MOST = 300 << 20,
	LIMIT_UNIT = 4096, /* of writeback_limit, whatever the page size */
};

/* A row: one action on one device. */
struct action {
	const char *dev, *what, *state;
	uint64_t age_us, before_bytes, after_bytes, written_bytes;
	const char *why;
};

/* A device's writeback_limit, which the kernel counts down where it is on. */
struct limit {
	uint64_t units;
	bool on;
};

/* When a device was last tended, Unix time; and while its limit is ours. */
struct tended {
	char dev[64];
	int64_t recompress_ms, writeback_ms;
	bool lent;
	struct limit own; /* the operator's, to be put back */
	uint64_t our_units;
};

struct round {
	const struct zram_cfg *cfg;
	uint64_t left_bytes; /* of the budget: all devices share it */
	struct rows_out *out;
	struct tended v[SWAP_AREAS_MAX];
	int n;
	int status;
};

static void put_text(struct row *r, const void *sample, int arg)
{
	const struct action *a = sample;
	const char *const text[] = { a->dev, a->what, a->state, a->why };

	row_str(r, text[arg]);
}

static void put_u64(struct row *r, const void *sample, int arg)
{
	const struct action *a = sample;
	const uint64_t v[] = { a->age_us, a->before_bytes, a->after_bytes,
			       a->written_bytes };

	row_u64(r, v[arg]);
}

static void emit(struct rows_out *out, const struct action *a)
{
	static const struct col cols[] = {
		{ "device", NULL, put_text, 0 },
		{ "action", NULL, put_text, 1 },
		{ "state", NULL, put_text, 2 },
		{ "age_us", NULL, put_u64, 0 },
		{ "before_bytes", NULL, put_u64, 1 },
		{ "after_bytes", NULL, put_u64, 2 },
		{ "written_bytes", NULL, put_u64, 3 },
		{ "why", NULL, put_text, 3 },
	};
	static struct col_set all;
	struct row r = { 0 };
	char *bad;

	if (!all.n && col_select(cols, 8, 8, NULL, &all, &bad))
		die(ENOMEM, "cannot print");
	row_put(&r, &all, a);
	rows_emit(out, NULL, &all, &r);
	row_free(&r);
}

uint64_t zram_round_bytes(uint64_t used_bytes, uint64_t disk_bytes,
			  uint64_t budget_bytes)
{
	double full = disk_bytes ? (double)used_bytes / (double)disk_bytes : 0;
	uint64_t most = ROUND_LEAST + (uint64_t)((ROUND_MOST - ROUND_LEAST) *
						 (full < 1 ? full : 1));

	return most < budget_bytes ? most : budget_bytes;
}

static ssize_t read_attr(const char *dev, const char *attr, char *buf,
			 size_t size)
{
	char path[160];

	snprintf(path, sizeof(path), "sys/block/%s/%s", dev, attr);
	return io_read(root_fd(), path, buf, size);
}

static int write_attr(const char *dev, const char *attr, const char *text)
{
	char path[160];
	int err;

	snprintf(path, sizeof(path), "sys/block/%s/%s", dev, attr);
	err = io_write(root_fd(), path, text);
	debug("'%s' > /%s: %s", text, path, err ? strerror(-err) : "done");
	return err;
}

/* mm_stat: orig_data_size compr_data_size mem_used_total ... in bytes. */
static uint64_t memory_used(const char *dev)
{
	char buf[512];
	uint64_t used;

	if (read_attr(dev, "mm_stat", buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%*u %*u %" SCNu64, &used) != 1)
		return NUM_NONE;
	return used;
}

/* bd_stat: bd_count bd_reads bd_writes, in units of 4 KiB. */
static uint64_t written_back(const char *dev)
{
	char buf[512];
	uint64_t units;

	if (read_attr(dev, "bd_stat", buf, sizeof(buf)) <= 0 ||
	    sscanf(buf, "%*u %*u %" SCNu64, &units) != 1)
		return NUM_NONE;
	return units * LIMIT_UNIT;
}

/*
 * Marks what has not been touched for that long.  Ages need
 * CONFIG_ZRAM_TRACK_ENTRY_ACTIME; without it the kernel says EINVAL.
 */
static int mark_idle(const char *dev, uint64_t age_us)
{
	char text[NUM_LEN + 1];
	size_t n = num_put_u64(text, age_us / 1000000);

	text[n] = '\0';
	return write_attr(dev, "idle", text);
}

/* Names what is missing for an action; NULL: nothing is. */
static const char *lacks_recompress(const char *dev)
{
	char buf[512];

	if (read_attr(dev, "recomp_algorithm", buf, sizeof(buf)) < 0)
		return "kernel:CONFIG_ZRAM_MULTI_COMP";
	return strchr(buf, '[') ? NULL : "set:recomp_algorithm";
}

static const char *lacks_writeback(const char *dev)
{
	char buf[512];

	if (read_attr(dev, "backing_dev", buf, sizeof(buf)) < 0)
		return "kernel:CONFIG_ZRAM_WRITEBACK";
	return *buf == '/' ? NULL : "set:backing_dev";
}

static int read_limit(const char *dev, struct limit *out)
{
	char buf[64], enable[64];

	if (read_attr(dev, "writeback_limit", buf, sizeof(buf)) < 0 ||
	    read_attr(dev, "writeback_limit_enable", enable, sizeof(enable)) <
		    0 ||
	    sscanf(buf, "%" SCNu64, &out->units) != 1)
		return -ENOENT;
	out->on = *enable == '1';
	return 0;
}

static int write_limit(const char *dev, uint64_t units)
{
	char text[NUM_LEN + 1];

	text[num_put_u64(text, units)] = '\0';
	return write_attr(dev, "writeback_limit", text);
}

static void parse_tended(struct round *round, const char *line, bool same_boot)
{
	struct tended *t = round->v + round->n;
	int on = 0, n;

	*t = (struct tended){ 0 };
	n = sscanf(line, "%63s %" SCNd64 " %" SCNd64 " %" SCNu64 " %d %" SCNu64,
		   t->dev, &t->recompress_ms, &t->writeback_ms, &t->own.units,
		   &on, &t->our_units);
	t->own.on = on;
	t->lent = n == 6 && same_boot;
	round->n += n >= 3;
}

static int load(struct round *round)
{
	char boot[STATE_BOOT], now[STATE_BOOT];
	char *save = NULL;
	void *data;
	size_t len;
	bool same_boot = false;
	int err = state_read(round->cfg->path, "swap-balance-zram", VERSION_1,
			     &data, &len);

	if (err)
		return err == -ENOENT ? 0 : err;
	state_boot_id(now);
	for (char *line = strtok_r(data, "\n", &save);
	     line && round->n < SWAP_AREAS_MAX;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "boot %63s", boot) == 1)
			same_boot = !strcmp(boot, now);
		else
			parse_tended(round, line, same_boot);
	}
	free(data);
	return 0;
}

static int store(const struct round *round)
{
	char boot[STATE_BOOT], buf[SWAP_AREAS_MAX * 256];
	int n;

	state_boot_id(boot);
	n = snprintf(buf, sizeof(buf), "boot %s\n", boot);
	for (int i = 0; i < round->n; i++) {
		const struct tended *t = round->v + i;

		n += snprintf(buf + n, sizeof(buf) - (size_t)n,
			      "%s %" PRId64 " %" PRId64, t->dev,
			      t->recompress_ms, t->writeback_ms);
		if (t->lent)
			n += snprintf(buf + n, sizeof(buf) - (size_t)n,
				      " %" PRIu64 " %d %" PRIu64, t->own.units,
				      t->own.on, t->our_units);
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "\n");
	}
	return state_write(round->cfg->path, "swap-balance-zram", VERSION_1,
			   buf, (size_t)n);
}

static struct tended *tended(struct round *round, const char *dev)
{
	struct tended *t;

	for (int i = 0; i < round->n; i++)
		if (!strcmp(round->v[i].dev, dev))
			return round->v + i;
	t = round->v + (round->n < SWAP_AREAS_MAX ? round->n++ : 0);
	*t = (struct tended){ 0 };
	snprintf(t->dev, sizeof(t->dev), "%s", dev);
	return t;
}

/* Idle pages do not come faster than they age: a quarter of that between. */
static bool too_soon(int64_t last_ms, uint64_t age_us)
{
	int64_t since_ms = clock_unix_ms() - last_ms;

	return last_ms && since_ms >= 0 &&
	       (uint64_t)since_ms * 1000 < age_us / 4;
}

static int recompress(const char *dev, uint64_t age_us)
{
	int err = mark_idle(dev, age_us);

	if (!err)
		err = write_attr(dev, "recompress", "type=idle");
	if (!err)
		err = write_attr(dev, "recompress", "type=huge");
	return err;
}

/*
 * Puts the operator's limit back, less what was used of it.  What is there and
 * cannot have become of ours is another hand's: that stays.
 */
static int give_back(struct tended *t)
{
	struct limit now;
	int err = read_limit(t->dev, &now);

	t->lent = false;
	if (err || now.units > t->our_units ||
	    (!now.on && now.units < t->our_units))
		return err;
	if (!t->own.on)
		now.units = t->our_units; /* his was not counted */
	err = write_limit(t->dev, t->own.units - (t->our_units - now.units));
	if (!err && !t->own.on)
		err = write_attr(t->dev, "writeback_limit_enable", "0");
	t->lent = err;
	return err;
}

/* The operator's limit is on disk while ours stands: the next round finds it.
 */
static int write_back(struct round *round, struct tended *t, uint64_t age_us,
		      uint64_t most_bytes)
{
	int err = mark_idle(t->dev, age_us), undo;

	if (!err)
		err = read_limit(t->dev, &t->own);
	if (err)
		return err;
	t->our_units = most_bytes / LIMIT_UNIT;
	t->lent = true;
	if ((err = store(round))) {
		t->lent = false;
		return err;
	}
	err = write_limit(t->dev, t->our_units);
	if (!err)
		err = write_attr(t->dev, "writeback_limit_enable", "1");
	if (!err)
		err = write_attr(t->dev, "writeback", "huge_idle");
	if (!err || err == -EIO)
		err = write_attr(t->dev, "writeback", "idle");
	undo = give_back(t);
	if (!undo)
		undo = store(round);
	/* EIO: the limit was met, or the backing device is full. */
	return err && err != -EIO ? err : undo;
}

static void finish(struct round *round, struct action *a, int err)
{
	a->state = err == -EINVAL ? "missing" : err ? "failed" : "done";
	if (err == -EINVAL)
		a->why = "kernel:CONFIG_ZRAM_TRACK_ENTRY_ACTIME";
	if (err && err != -EINVAL)
		warn(err, "cannot %s '%s'", a->what, a->dev);
	if (err)
		round->status = STATUS_PARTIAL;
	a->after_bytes = memory_used(a->dev);
}

/* What says that nothing is to be done: the state for the row, or NULL. */
static const char *held(struct action *a, const char *lack, bool soon,
			const char *empty)
{
	if (lack)
		a->why = lack;
	else if (soon)
		a->why = "backoff";
	else if (empty)
		a->why = empty;
	else
		return NULL;
	return lack ? "missing" : "held";
}

static void spend(struct round *round, uint64_t bytes)
{
	if (round->left_bytes < NUM_MAX)
		round->left_bytes -= num_least(round->left_bytes, bytes);
}

static void tend_writeback(struct round *round, const struct swap_area *area)
{
	const struct zram_cfg *cfg = round->cfg;
	struct tended *t = tended(round, area->dev);
	struct action a = {
		.dev = area->dev,
		.what = "writeback",
		.age_us = cfg->writeback_us,
		.before_bytes = memory_used(area->dev),
		.after_bytes = NUM_NONE,
		.written_bytes = 0,
		.why = "idle",
	};
	uint64_t most = zram_round_bytes(area->used_bytes, area->size_bytes,
					 round->left_bytes);
	uint64_t before = written_back(area->dev);
	const char *empty = most < LIMIT_UNIT ? "budget" : NULL;
	struct limit own;

	if (!read_limit(area->dev, &own) && own.on && !empty) {
		most = LIMIT_UNIT * num_least(most / LIMIT_UNIT, own.units);
		empty = most < LIMIT_UNIT ? "writeback_limit" : NULL;
	}
	a.state = held(&a, lacks_writeback(area->dev),
		       too_soon(t->writeback_ms, cfg->writeback_us), empty);
	if (!a.state && cfg->write) {
		finish(round, &a,
		       write_back(round, t, cfg->writeback_us, most));
		a.written_bytes = num_delta(written_back(area->dev), before);
		t->writeback_ms = clock_unix_ms();
		spend(round, num_least(a.written_bytes, most));
	} else if (!a.state) {
		a.state = "planned";
		spend(round, most);
	}
	emit(round->out, &a);
}

static void tend_recompress(struct round *round, const struct swap_area *area)
{
	const struct zram_cfg *cfg = round->cfg;
	struct tended *t = tended(round, area->dev);
	struct action a = {
		.dev = area->dev,
		.what = "recompress",
		.age_us = cfg->recompress_us,
		.before_bytes = memory_used(area->dev),
		.after_bytes = NUM_NONE,
		.written_bytes = 0,
		.why = "idle",
	};

	a.state = held(&a, lacks_recompress(area->dev),
		       too_soon(t->recompress_ms, cfg->recompress_us), NULL);
	if (!a.state && cfg->write) {
		finish(round, &a, recompress(area->dev, cfg->recompress_us));
		t->recompress_ms = clock_unix_ms();
	} else if (!a.state) {
		a.state = "planned";
	}
	emit(round->out, &a);
}

int zram_maintain(const struct zram_cfg *cfg, const struct machine *m,
		  const struct budget *budget, struct rows_out *out)
{
	struct round round = {
		.cfg = cfg,
		.left_bytes =
			budget->kept ? (uint64_t)budget->left_bytes : NUM_MAX,
		.out = out,
	};
	int lock = -1, err;

	if (!m->any_zram)
		return STATUS_NO;
	if (cfg->write)
		lock = state_lock(cfg->path, 0);
	if (lock == -EWOULDBLOCK)
		die(0, "another --maintain holds '%s'", cfg->path);
	if (cfg->write && lock < 0)
		die(lock, "cannot lock '%s'", cfg->path);
	if ((err = load(&round)))
		die(err, "cannot use the state '%s'", cfg->path);
	for (int i = 0; cfg->write && i < round.n; i++)
		if (round.v[i].lent && (err = give_back(round.v + i)))
			warn(err, "cannot put back writeback_limit of '%s'",
			     round.v[i].dev);
	for (int i = 0; i < m->areas; i++) {
		if (m->area[i].kind != SWAP_ZRAM)
			continue;
		/* The older first: both use the same mark. */
		tend_writeback(&round, m->area + i);
		tend_recompress(&round, m->area + i);
	}
	if (cfg->write && (err = store(&round)))
		die(err, "cannot write the state '%s'", cfg->path);
	if (lock >= 0)
		close(lock);
	return round.status;
}
