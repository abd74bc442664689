/* Decided again without a kernel: rows of a pipe, and those of --record. */
#include "num.h"
#include "period.h"

void period_recorded(struct run *run, struct cg *cg, const struct row_input *in,
		     struct result *r)
{
	struct period s = {
		.run = run, .cg = cg, .t = cg->data, .in = in, .r = r
	};
	struct target *t = s.t;

	*r = (struct result){
		.key = cg->key,
		.time_ms = in->time_ms,
		.sum = &t->sum,
		.memory_bytes = in->memory_bytes,
		.accounted = true,
	};
	observe_recording(&s);
	settle(&s, &run->policy);
	say_writes(&s);
	t->memory.current_bytes = in->memory_bytes;
	t->memory.known = t->known = true;
	t->read_us = s.now_us;
}

void replay(struct run *run, struct cg *cg, struct record *rec,
	    struct result *r)
{
	struct period s = {
		.run = run, .cg = cg, .t = cg->data, .r = r, .o = rec->o
	};
	struct memory *m = &s.t->memory;

	*r = (struct result){
		.key = cg->key,
		.time_ms = rec->time_ms,
		.memory_bytes = NUM_NONE,
		.floor_bytes = NUM_NONE,
		.reason = rec->reason,
	};
	if (rec->first)
		*m = (struct memory){ 0 };
	if (rec->decided) {
		settle(&s, &rec->policy);
		r->memory_bytes = rec->o.g.current_bytes;
		r->accounted = true;
		say_writes(&s);
	}
	if (rec->learned) {
		r->y = rec->outcome.y;
		r->y.got_bytes = r->y.got_anon_bytes + r->y.got_file_bytes;
		r->y.refaulted_bytes =
			r->y.refaulted_anon_bytes + r->y.refaulted_file_bytes;
		memory_learn(m, &rec->outcome);
		r->overshoot_bytes = memory_overshoot(m);
	}
	rec->key = cg->key;
	rec->want_bytes = r->want_bytes;
	rec->reason = r->reason;
	if (run->recorder)
		record_put(run->recorder, rec);
}
