#include "num.h"
#include "period.h"

void replay(struct run *run, struct cg *cg, struct record *rec,
	    struct result *r)
{
	struct period s = { .run = run, .cg = cg, .t = cg->data, .r = r };
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
		s.d = decide(&rec->policy, &rec->o, m);
		r->memory_bytes = rec->o.g.current_bytes;
		r->want_bytes = s.d.want_bytes;
		r->reason = s.d.reason;
		r->gain = s.d.gain;
		r->floor_bytes = s.d.floor_bytes;
		r->harm_mpct = s.d.harm_mpct;
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
