#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "modes.h"
#include "msg.h"
#include "targets.h"

struct looping {
	struct run *run;
	const struct common_opts *common;
	char **keys; /* of the operands, then of the table */
	size_t n_operands, n;
	size_t tabs, longs; /* of the set, as told */
	struct targets table;
};

/* Operands and table as one list of keys. */
static void join(struct looping *l, char *const *operands)
{
	l->n = l->n_operands + l->table.n;
	l->keys = xrealloc(l->keys, l->n + 1, sizeof(*l->keys));
	for (size_t i = 0; i < l->n_operands; i++)
		l->keys[i] = operands[i];
	for (size_t i = 0; i < l->table.n; i++)
		l->keys[l->n_operands + i] = l->table.key[i];
}

static int load(struct looping *l, struct targets_fault *f)
{
	const char *path = l->run->policy.targets;
	char where[256];
	int err;

	*f = (struct targets_fault){ 0 };
	err = targets_load(&l->run->set, path, &l->table, f);
	snprintf(where, sizeof(where), "%s: ", path);
	if (!err)
		say_harm(l->run, where, l->table.doubt);
	return err;
}

/* A bad table at the start is fatal; later the old one stays in force. */
static void reload(struct looping *l, char *const *operands)
{
	const char *path = l->run->policy.targets;
	bool hup = clock_take_hup();
	struct targets_fault f;

	if (!path || !(hup || targets_changed(path, &l->table)))
		return;
	if (load(l, &f)) {
		warn(0, "%s: %s; the old table stays in force", path, f.reason);
		return;
	}
	note("%s: %zu targets", path, l->table.n);
	join(l, operands);
}

/* An operand that is missing is an end, unless it is waited for. */
static bool is_end(const struct looping *l, const char *missing)
{
	for (size_t i = 0; i < l->n_operands; i++)
		if (l->keys[i] == missing)
			return !l->run->policy.wait;
	return false;
}

/* False: a named cgroup is missing. */
static bool sample(struct looping *l, struct shown *to)
{
	struct run *run = l->run;
	struct row_input nothing;
	const char *missing;
	struct result r;
	int err = cg_set_expand(&run->set, l->keys, l->n, l->common->recursive,
				&missing);

	if (err)
		warn(err, "cannot read the cgroup tree");
	if (missing && !run->missing)
		warn(0, "no cgroup '%s'", missing);
	run->missing = missing;
	run->failed |= missing && !run->policy.wait;
	tool_warn_skipped(&run->set, &l->tabs, &l->longs);
	row_input_clear(&nothing);
	for (size_t i = 0; i < run->set.n && !clock_stopped(); i++) {
		struct cg *cg = run->set.v[i];
		const struct row_input *in = targets_find(&l->table, cg->key);

		period(run, cg, in ? in : &nothing, &r);
		show(to, NULL, &r);
	}
	rows_flush(to->out);
	tell_alive();
	return !is_end(l, missing);
}

void loop(struct run *run, const struct common_opts *c, char *const *keys,
	  size_t n, struct shown *to)
{
	struct looping l = { .run = run, .common = c, .n_operands = n };
	uint64_t start = clock_mono_us(), ticks = 0;
	struct targets_fault f;
	int go = 1;

	if (run->policy.targets && load(&l, &f))
		die(0, "--targets: '%s': %s", run->policy.targets, f.reason);
	join(&l, keys);
	if (c->count != 1 && run->policy.law != LAW_ONCE)
		cg_set_follow(&run->set); /* or walk each time */
	while (go && !to->out->err) {
		if (!sample(&l, to))
			break;
		if (++ticks == c->count || run->policy.law == LAW_ONCE)
			break;
		do {
			go = clock_wait(clock_next_tick(
				start, run->policy.interval_us));
			if (clock_take_usr1())
				report(run, -1);
			reload(&l, keys);
		} while (go == -EINTR);
	}
	targets_free(&l.table);
	free(l.keys);
}
