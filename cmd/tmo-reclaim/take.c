#include "period.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "chunk.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "root.h"

void probe(struct run *run, int fd)
{
	static const char plain[] = "0 swappiness=60\n";
	static const char max[] = "0 swappiness=max\n";

	if (run->probed)
		return;
	run->swappiness = run->swappiness_max = !run->high;
	if (root_is_live() && !run->high) {
		run->swappiness = write(fd, plain, sizeof(plain) - 1) > 0;
		if (!run->swappiness && errno != EINVAL)
			return; /* it is gone: the next one tells */
		run->swappiness_max = write(fd, max, sizeof(max) - 1) > 0;
	}
	run->probed = true;
}

/*
 * Writes may take half of the time there is, and one of them half of what is
 * left of that: no slow cgroup delays the others by more than a share, and none
 * is left without its own.
 */
static uint64_t time_for_write(struct run *run, uint64_t now_us)
{
	uint64_t most = run->policy.interval_us / 2;
	uint64_t share = most / 2 / (run->set.n + 1);

	if (!root_is_live() || run->policy.law == LAW_ONCE)
		return run->policy.deadline_us;
	run->wait_us += (now_us - run->waited_at_us) / 2;
	run->wait_us = num_least(run->wait_us, most);
	run->waited_at_us = now_us;
	share = num_most(share, run->wait_us / 2 + 20000);
	return num_least(run->policy.deadline_us, share);
}

/* For a write to come back, at the cost of the others' pace. */
static uint64_t patience(const struct run *run)
{
	static const uint64_t most = 500000;

	return run->policy.law == LAW_ONCE
		       ? most
		       : num_least(most, run->policy.interval_us / 10);
}

static void say_write(const struct period *s, uint64_t bytes, int swappiness)
{
	const char *key = cg_prefix(s->cg->key);
	char text[ACT_TEXT];

	act_text(text, bytes, swappiness);
	if (s->run->policy.node >= 0)
		note("would write '%s' to the reclaim file of node %d", text,
		     s->run->policy.node);
	else if (s->run->high)
		note("would lower '%s/memory.high' by %s and restore it", key,
		     text);
	else
		note("would write '%s' to '%s/memory.reclaim'", text, key);
}

/* As they are when each is fast. */
void say_writes(const struct period *s)
{
	for (size_t i = 0; i < s->d.parts; i++) {
		uint64_t left = s->d.part[i].bytes;
		uint64_t most = s->run->policy.chunk_bytes;
		uint64_t trip = s->d.trip_bytes;
		uint64_t size = s->run->high ? most : chunk_first(trip, most);

		while (left) {
			uint64_t n = num_least(left, size);

			say_write(s, n, s->d.part[i].swappiness);
			left -= n;
			size = chunk_next(size, 0, trip, most);
		}
	}
}

static enum reason of_end(struct period *s, const struct act_job *j)
{
	static const enum reason ends[] = {
		[ACT_PARTIAL] = REASON_PARTIAL,
		[ACT_CUT_PSI] = REASON_CUT_PSI,
		[ACT_CUT_SIGNAL] = REASON_CUT_SIGNAL,
		[ACT_DEADLINE] = REASON_DEADLINE,
		[ACT_STUCK] = REASON_STUCK,
	};
	enum reason why;

	if (j->end == ACT_DONE)
		return s->r->reason;
	if (j->end != ACT_FAILED)
		return ends[j->end];
	why = reason_of_errno(j->err);
	if (why != REASON_GONE && why != REASON_BUSY)
		complain(s, j->err,
			 s->run->high ? "cannot lower memory.high, with a "
					"record in /run or $XDG_RUNTIME_DIR, of"
				      : "cannot write memory.reclaim of");
	return why;
}

void take(struct period *s)
{
	struct run *run = s->run;
	struct reading before;
	struct act_job j = {
		.fd = s->t->reclaim_fd,
		.psi_fd = s->t->psi_fd,
		.high = run->high,
		.own = node_reclaim_stalls(run),
		.key = s->cg->key,
		.parts = s->d.parts,
		.chunk_bytes = run->policy.chunk_bytes,
		.trip_bytes = s->d.trip_bytes,
		.deadline_us = time_for_write(run, s->now_us),
		.alarm_us = run->policy.alarm_us,
		.patience_us = patience(run),
		.owner = s->t,
	};

	memcpy(j.part, s->d.part, sizeof(j.part));
	if (!s->before.apart && !look_beside_write(s, &before))
		s->before = before;
	tell_parents(s);
	if (run->high)
		j.fd = cg_open_file(&run->set, s->cg, ".",
				    O_RDONLY | O_DIRECTORY);
	if (j.fd < 0) {
		j.end = ACT_FAILED;
		j.err = j.fd;
	} else {
		act_run(run->act, &j);
	}
	if (run->high && j.fd >= 0)
		close(j.fd);
	s->r->stall_us = j.stall_us;
	s->r->elapsed_us = j.elapsed_us;
	s->r->reason = of_end(s, &j);
	if (j.seen_us)
		debug("'%s': alarm seen within %" PRIu64
		      " us, write back %" PRIu64 " us later",
		      s->cg->key, j.seen_us, j.back_us);
	run->own_us += j.elapsed_us;
	run->wait_us = num_less(run->wait_us, j.elapsed_us);
	s->partial = j.end != ACT_DONE;
	/* Of huge pages a write isolates tens: no fault of what it waits for.
	 */
	s->t->left_behind = j.end == ACT_STUCK;
	s->late = j.end == ACT_DEADLINE ||
		  (s->t->left_behind &&
		   s->d.trip_bytes > mem_reclaim_least_bytes());
}
