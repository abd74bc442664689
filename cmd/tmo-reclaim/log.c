/*
 * --log, fit for years: a line for each cgroup that cannot be reclaimed any
 * more, or again, and one with the sums of all, every so often.
 */
#include "clock.h"
#include "msg.h"
#include "num.h"
#include "period.h"

/* A kind that goes at once is no news. */
enum { LASTING_PERIODS = 10 };

/* Works and waits are one: it goes on by itself. */
static enum reason_kind news_of(enum reason reason)
{
	enum reason_kind kind = reason_kind(reason);

	return kind == REASON_WAITS ? REASON_WORKS : kind;
}

static void tell_kind(const struct cg *cg, enum reason reason)
{
	if (news_of(reason) == REASON_WORKS)
		note("'%s': reclaim goes on (%s)", cg->key,
		     reason_name(reason));
	else
		note("'%s': %s (%s): %s", cg->key, reason_name(reason),
		     reason_kind_name(reason_kind(reason)),
		     reason_remedy(reason));
}

static void follow_kind(const struct cg *cg, enum reason reason)
{
	struct target_log *l = &((struct target *)cg->data)->log;

	l->reason = reason;
	if (news_of(reason) == l->kind) {
		l->periods = 0;
	} else if (++l->periods >= LASTING_PERIODS) {
		l->kind = news_of(reason);
		l->periods = 0;
		tell_kind(cg, reason);
	}
}

static void tell_sums(struct run *run)
{
	uint64_t got = 0, back = 0;
	int64_t saved = 0;
	size_t kinds[REASON_BROKEN + 1] = { 0 };
	char age[NUM_LEN], took[NUM_LEN], came[NUM_LEN], net[NUM_LEN];

	for (size_t i = 0; i < run->set.n; i++) {
		struct target *t = run->set.v[i]->data;
		const struct yield *y = &t->sum.y;

		kinds[reason_kind(t->log.reason)]++;
		/* What is below another one is in its counts. */
		if (!cg_set_above(&run->set, run->set.v[i])) {
			got += y->got_bytes - t->log.got_bytes;
			back += y->refaulted_bytes - t->log.refaulted_bytes;
			if (t->known)
				saved += account_saved(t, &t->last, &run->host);
		}
		t->log.got_bytes = y->got_bytes;
		t->log.refaulted_bytes = y->refaulted_bytes;
	}
	note("in the last %s: %s taken, %s came back; saved now: %s%s; "
	     "cgroups: %zu, of which %zu cannot, %zu broken",
	     num_human_us(age, run->policy.log_us), num_human_bytes(took, got),
	     num_human_bytes(came, back), saved < 0 ? "-" : "",
	     num_human_bytes(net, (uint64_t)(saved < 0 ? -saved : saved)),
	     run->set.n, kinds[REASON_CANNOT], kinds[REASON_BROKEN]);
}

void log_period(struct run *run, const struct cg *cg, const struct result *r)
{
	uint64_t now_us = clock_mono_us();

	if (!run->policy.log_us)
		return;
	follow_kind(cg, r->reason);
	if (!run->logged_us)
		run->logged_us = now_us;
	if (now_us - run->logged_us < run->policy.log_us)
		return;
	run->logged_us = now_us;
	tell_sums(run);
}
