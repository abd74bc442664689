#include "upkeep.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "num.h"
#include "state.h"

#define STATE_NAME "swap-balance-zram"

enum { VERSION_1 = 1 };

static void parse_line(struct upkeep_file *f, const char *line, bool same_boot)
{
	struct upkeep *u = f->v + f->n;
	int on = 0, n;

	*u = (struct upkeep){ 0 };
	n = sscanf(line, "%63s %" SCNd64 " %" SCNd64 " %" SCNu64 " %d %" SCNu64,
		   u->dev, &u->recompress_ms, &u->writeback_ms,
		   &u->operator.units, &on, &u->override_units);
	u->operator.on = on;
	u->overridden = n == 6 && same_boot;
	f->n += n >= 3 && u->recompress_ms >= 0 && u->writeback_ms >= 0;
}

int upkeep_read(struct upkeep_file *f)
{
	char boot[STATE_BOOT], now[STATE_BOOT];
	char *save = NULL;
	void *data;
	size_t len;
	bool same_boot = false;
	int err = state_read(f->path, STATE_NAME, VERSION_1, &data, &len);

	if (err)
		return err == -ENOENT ? 0 : err;
	state_boot_id(now);
	for (char *line = strtok_r(data, "\n", &save);
	     line && f->n < SWAP_AREAS_MAX;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "boot %63s", boot) == 1)
			same_boot = !strcmp(boot, now);
		else
			parse_line(f, line, same_boot);
	}
	free(data);
	return 0;
}

int upkeep_write(const struct upkeep_file *f)
{
	char boot[STATE_BOOT], buf[SWAP_AREAS_MAX * 256];
	int n;

	state_boot_id(boot);
	n = snprintf(buf, sizeof(buf), "boot %s\n", boot);
	for (int i = 0; i < f->n; i++) {
		const struct upkeep *u = f->v + i;

		n += snprintf(buf + n, sizeof(buf) - (size_t)n,
			      "%s %" PRId64 " %" PRId64, u->dev,
			      u->recompress_ms, u->writeback_ms);
		if (u->overridden)
			n += snprintf(buf + n, sizeof(buf) - (size_t)n,
				      " %" PRIu64 " %d %" PRIu64,
				      u->operator.units, u->operator.on,
				      u->override_units);
		n += snprintf(buf + n, sizeof(buf) - (size_t)n, "\n");
	}
	return state_write(f->path, STATE_NAME, VERSION_1, buf, (size_t)n);
}

struct upkeep *upkeep_find(struct upkeep_file *f, const char *dev)
{
	struct upkeep *u;

	for (int i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].dev, dev))
			return f->v + i;
	u = f->v + (f->n < SWAP_AREAS_MAX ? f->n++ : 0);
	*u = (struct upkeep){ 0 };
	snprintf(u->dev, sizeof(u->dev), "%s", dev);
	return u;
}

int upkeep_override_limit(struct upkeep_file *f, struct upkeep *u,
			  uint64_t units)
{
	int err = zram_read_limit(u->dev, &u->operator);

	if (err)
		return err;
	u->override_units = units;
	u->overridden = true;
	if ((err = upkeep_write(f))) {
		u->overridden = false;
		return err;
	}
	err = zram_write_limit(u->dev, units);
	return err ? err : zram_switch_limit(u->dev, true);
}

int upkeep_restore_limit(struct upkeep *u)
{
	struct zram_limit now;
	int err = zram_read_limit(u->dev, &now);

	u->overridden = false;
	if (err || now.units > u->override_units ||
	    (!now.on && now.units < u->override_units))
		return err;
	if (!u->operator.on)
		now.units = u->override_units; /* the operator's was off, and
						  not counted */
	err = zram_write_limit(u->dev, num_less(u->operator.units,
						u->override_units - now.units));
	if (!err && !u->operator.on)
		err = zram_switch_limit(u->dev, false);
	u->overridden = err;
	return err;
}
