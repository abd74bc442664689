#include "period.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv.h"
#include "num.h"
#include "root.h"

/* Of those below that come in turn, the most. */
static void tell_harm(struct target *up, const struct period *s)
{
	int64_t mpct = s->o.row.harm.mpct;
	uint64_t turn_us = (uint64_t)period_most_ms(s) * 1000 / 4;

	if (mpct < 0)
		return;
	if (decide_within(s->now_us, up->below_harm_us, turn_us) &&
	    mpct < up->below_harm_mpct)
		return;
	up->below_harm_mpct = mpct;
	up->below_harm_us = s->now_us;
}

int64_t harm_below(const struct period *s)
{
	uint64_t most_us = (uint64_t)period_most_ms(s) * 1000;

	return decide_within(s->now_us, s->t->below_harm_us, most_us)
		       ? s->t->below_harm_mpct
		       : -1;
}

void meet_parents(const struct period *s)
{
	char key[CG_KEY_MAX];

	snprintf(key, sizeof(key), "%s", s->cg->key);
	while (cg_parent(key)) {
		struct cg *up = cg_set_find(&s->run->set, key);
		struct target *t = up ? up->data : NULL;

		if (!t)
			continue;
		t->below_seen_us = s->now_us;
		tell_harm(t, s);
		if (t->acted_us > s->t->above_acted_us)
			s->t->above_acted_us = t->acted_us;
	}
}

void tell_parents(const struct period *s)
{
	char key[CG_KEY_MAX];

	s->t->acted_us = s->now_us;
	snprintf(key, sizeof(key), "%s", s->cg->key);
	while (cg_parent(key)) {
		struct cg *up = cg_set_find(&s->run->set, key);

		if (up)
			((struct target *)up->data)->below_acted_us = s->now_us;
	}
}

static uint64_t value(int dir, const char *name, const char *file)
{
	char path[NAME_MAX + 32];
	uint64_t v;

	snprintf(path, sizeof(path), "%s/%s", name, file);
	return kv_read_u64(dir, path, &v) ? 0 : v;
}

static uint64_t protected_of(int dir, const char *name)
{
	uint64_t most = num_most(value(dir, name, "memory.min"),
				 value(dir, name, "memory.low"));

	return most ? num_least(most, value(dir, name, "memory.current")) : 0;
}

static uint64_t protected_of_children(const struct period *s)
{
	int fd = cg_open_file(&s->run->set, s->cg, ".", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	uint64_t sum = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && strcmp(e->d_name, ".") &&
		    strcmp(e->d_name, ".."))
			sum += protected_of(fd, e->d_name);
	closedir(dir);
	return sum;
}

uint64_t protected_below(const struct period *s)
{
	struct target *t = s->t;

	if (!root_is_live() ||
	    !decide_within(s->now_us, t->below_read_us, 60000000)) {
		t->below_bytes = protected_of_children(s);
		t->below_read_us = s->now_us;
	}
	return t->below_bytes;
}
