#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "msg.h"
#include "num.h"

enum { MOST_WAITING_BYTES = 4 << 20, FLUSH_BYTES = 1 << 16 };

enum type { FLAG, U64, UINT, REAL, LAW, REASON, MILLI, MPCT };

/* Of which rows: all, those that were decided, those that taught something. */
enum part { HEAD, SEEN, TAUGHT };

#define IN(type, part, member) type, part, offsetof(struct record, member)

static const struct field {
	const char *name;
	enum type type;
	enum part part;
	size_t at;
} fields[] = {
	{ "time", IN(MILLI, HEAD, time_ms) },
	{ "first", IN(FLAG, HEAD, first) },
	{ "decided", IN(FLAG, HEAD, decided) },
	{ "learned", IN(FLAG, HEAD, learned) },
	{ "want_bytes", IN(U64, HEAD, want_bytes) },
	{ "reason", IN(REASON, HEAD, reason) },
	{ "reported_reason", IN(REASON, HEAD, reported) },

	{ "policy_law", IN(LAW, SEEN, policy.law) },
	{ "policy_mem_limit_pct", IN(REAL, SEEN, policy.mem_limit_pct) },
	{ "policy_io_limit_pct", IN(REAL, SEEN, policy.io_limit_pct) },
	{ "policy_ratio", IN(REAL, SEEN, policy.ratio) },
	{ "policy_headroom_bytes", IN(U64, SEEN, policy.headroom_bytes) },
	{ "policy_floor_bytes", IN(U64, SEEN, policy.floor_bytes) },
	{ "policy_max_step_bytes", IN(U64, SEEN, policy.max_step_bytes) },
	{ "policy_chunk_bytes", IN(U64, SEEN, policy.chunk_bytes) },
	{ "policy_grace_us", IN(U64, SEEN, policy.grace_us) },
	{ "policy_interval_us", IN(U64, SEEN, policy.interval_us) },
	{ "policy_swap_limit_pct", IN(MPCT, SEEN, policy.swap_limit_mpct) },
	{ "policy_rotational", IN(FLAG, SEEN, policy.rotational) },

	{ "now_us", IN(U64, SEEN, o.now_us) },
	{ "since_us", IN(U64, SEEN, o.elapsed_us) },
	{ "start_us", IN(U64, SEEN, o.start_us) },
	{ "first_us", IN(U64, SEEN, o.first_us) },
	{ "off", IN(FLAG, SEEN, o.off) },
	{ "self", IN(FLAG, SEEN, o.self) },
	{ "frozen", IN(FLAG, SEEN, o.frozen) },
	{ "empty", IN(FLAG, SEEN, o.empty) },
	{ "slept", IN(FLAG, SEEN, o.slept) },
	{ "psi_known", IN(FLAG, SEEN, o.psi.known) },
	{ "psi_window_us", IN(U64, SEEN, o.psi.window_us) },
	{ "psi_mem_pct", IN(REAL, SEEN, o.psi.mem_pct) },
	{ "psi_io_pct", IN(REAL, SEEN, o.psi.io_pct) },
	{ "psi_mem_avg_pct", IN(REAL, SEEN, o.psi.mem_avg_pct) },
	{ "psi_io_avg_pct", IN(REAL, SEEN, o.psi.io_avg_pct) },
	{ "current_bytes", IN(U64, SEEN, o.g.current_bytes) },
	{ "anon_lru_bytes", IN(U64, SEEN, o.g.anon_lru_bytes) },
	{ "file_lru_bytes", IN(U64, SEEN, o.g.file_lru_bytes) },
	{ "busy_file_bytes", IN(U64, SEEN, o.g.busy_file_bytes) },
	{ "swapped_bytes", IN(U64, SEEN, o.g.swapped_bytes) },
	{ "min_bytes", IN(U64, SEEN, o.g.min_bytes) },
	{ "low_bytes", IN(U64, SEEN, o.g.low_bytes) },
	{ "protected_below_bytes", IN(U64, SEEN, o.g.below_bytes) },
	{ "demotable_bytes", IN(U64, SEEN, o.g.demotable_bytes) },
	{ "slow_anon_bytes", IN(U64, SEEN, o.g.slow_anon_bytes) },
	{ "free_swap_bytes", IN(U64, SEEN, o.g.swap_left_bytes) },
	{ "used_swap_pct", IN(MPCT, SEEN, o.g.swap_used_mpct) },
	{ "swap_rotational", IN(FLAG, SEEN, o.g.rotational) },
	{ "zswap_full", IN(FLAG, SEEN, o.g.zswap_full) },
	{ "zram_full", IN(FLAG, SEEN, o.g.zram_full) },
	{ "thp_size_bytes", IN(U64, SEEN, o.huge_page_bytes) },
	{ "all_anon_bytes", IN(U64, SEEN, o.anon_bytes) },
	{ "thp_anon_bytes", IN(U64, SEEN, o.anon_thp_bytes) },
	{ "lru_gen", IN(FLAG, SEEN, o.lru_gen) },
	{ "zswap", IN(FLAG, SEEN, o.zswap) },
	{ "next_swap_is_drive", IN(FLAG, SEEN, o.next_device) },
	{ "no_swappiness", IN(FLAG, SEEN, o.cannot_tell_kinds) },
	{ "no_swappiness_max", IN(FLAG, SEEN, o.cannot_tell_max) },
	{ "back_bytes", IN(U64, SEEN, o.refaulted_bytes) },
	{ "once_left_bytes", IN(U64, SEEN, o.left_bytes) },
	{ "others_known", IN(FLAG, SEEN, o.others_known) },
	{ "others_steal_bytes", IN(U64, SEEN, o.others_steal_bytes) },
	{ "high_bytes", IN(U64, SEEN, o.high_bytes) },
	{ "above_acted_us", IN(U64, SEEN, o.above_acted_us) },
	{ "below_acted_us", IN(U64, SEEN, o.below_acted_us) },
	{ "below_seen_us", IN(U64, SEEN, o.below_seen_us) },
	{ "below_harm_pct", IN(MPCT, SEEN, o.below_harm_mpct) },

	{ "row_swappiness", IN(U64, SEEN, o.row.swappiness) },
	{ "row_swap_left_bytes", IN(U64, SEEN, o.row.swap_left_bytes) },
	{ "row_swap_write_bytes_per_s", IN(U64, SEEN, o.row.swap_write) },
	{ "row_tier", IN(FLAG, SEEN, o.row.tier) },
	{ "row_cold_ok", IN(FLAG, SEEN, o.row.cold_ok) },
	{ "row_cold_anon_bytes", IN(U64, SEEN, o.row.cold_anon_bytes) },
	{ "row_cold_file_bytes", IN(U64, SEEN, o.row.cold_file_bytes) },
	{ "row_age_us", IN(U64, SEEN, o.row.age_us) },
	{ "row_anon_bytes", IN(U64, SEEN, o.row.anon_bytes) },
	{ "row_file_bytes", IN(U64, SEEN, o.row.file_bytes) },
	{ "row_mem_limit_pct", IN(MPCT, SEEN, o.row.mem_limit_mpct) },
	{ "row_io_limit_pct", IN(MPCT, SEEN, o.row.io_limit_mpct) },
	{ "row_floor_bytes", IN(U64, SEEN, o.row.floor_bytes) },
	{ "row_max_step_bytes", IN(U64, SEEN, o.row.max_step_bytes) },
	{ "row_harm_pct", IN(MPCT, SEEN, o.row.harm.mpct) },

	{ "then_window_us", IN(U64, TAUGHT, outcome.window_us) },
	{ "then_us", IN(U64, TAUGHT, outcome.now_us) },
	{ "then_wanted_bytes", IN(U64, TAUGHT, outcome.wanted_bytes) },
	{ "then_alone", IN(FLAG, TAUGHT, outcome.alone) },
	{ "then_current_bytes", IN(U64, TAUGHT, outcome.current_bytes) },
	{ "then_got_anon_bytes", IN(U64, TAUGHT, outcome.y.got_anon_bytes) },
	{ "then_got_file_bytes", IN(U64, TAUGHT, outcome.y.got_file_bytes) },
	{ "then_demoted_bytes", IN(U64, TAUGHT, outcome.y.demoted_bytes) },
	{ "then_scanned_bytes", IN(U64, TAUGHT, outcome.y.scanned_bytes) },
	{ "then_back_anon_bytes",
	  IN(U64, TAUGHT, outcome.y.refaulted_anon_bytes) },
	{ "then_back_file_bytes",
	  IN(U64, TAUGHT, outcome.y.refaulted_file_bytes) },
	{ "then_written_bytes", IN(U64, TAUGHT, outcome.written_bytes) },
	{ "then_stored_bytes", IN(U64, TAUGHT, outcome.stored_bytes) },
	{ "then_cost_bytes", IN(U64, TAUGHT, outcome.cost_bytes) },
	{ "then_cpus", IN(UINT, TAUGHT, outcome.cpus) },
	{ "then_partial", IN(FLAG, TAUGHT, outcome.partial) },
	{ "then_late", IN(FLAG, TAUGHT, outcome.late) },
};

enum { N_FIELDS = sizeof(fields) / sizeof(*fields) };

static bool has_part(const struct record *rec, enum part part)
{
	return part == HEAD || (part == SEEN && rec->decided) ||
	       (part == TAUGHT && rec->learned);
}

/* ---- to rows ---- */

/* The fewest digits that are read as the same number. */
static void put_real(struct row *r, double v)
{
	char text[40];
	int digits = 6;

	do
		snprintf(text, sizeof(text), "%.*g", digits, v);
	while (strtod(text, NULL) != v && ++digits <= 17);
	row_str(r, text);
}

static void put_mpct(struct row *r, int64_t mpct)
{
	if (mpct < 0)
		row_none(r);
	else
		row_milli(r, mpct);
}

static void put_field(struct row *r, const void *sample, int arg)
{
	const struct record *rec = sample;
	const struct field *f = &fields[arg];
	const void *v = (const char *)sample + f->at;

	if (!has_part(rec, f->part)) {
		row_none(r);
		return;
	}
	switch (f->type) {
	case FLAG: row_u64(r, *(const bool *)v); break;
	case U64: row_u64(r, *(const uint64_t *)v); break;
	case UINT: row_u64(r, *(const unsigned int *)v); break;
	case REAL: put_real(r, *(const double *)v); break;
	case MILLI: row_milli(r, *(const int64_t *)v); break;
	case MPCT: put_mpct(r, *(const int64_t *)v); break;
	case LAW: row_str(r, law_name(*(const enum law *)v)); break;
	case REASON: row_str(r, reason_name(*(const enum reason *)v)); break;
	}
}

static void put_key(struct row *r, const void *sample, int arg)
{
	(void)arg;
	row_str(r, ((const struct record *)sample)->key);
}

struct recorder {
	struct rows_out out;
	struct row row;
	struct col col[N_FIELDS + 1];
	const struct col *shown[N_FIELDS + 1];
	struct col_set set;
	uint64_t flushed_us;
};

struct recorder *record_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct recorder *w;

	if (fd < 0)
		return NULL;
	w = xcalloc(1, sizeof(*w));
	rows_open(&w->out, ROWS_TSV, true, "tmo_reclaim");
	w->out.fd = fd;
	w->out.most_waiting_bytes = MOST_WAITING_BYTES;
	w->col[0] = (struct col){ "cgroup", "", put_key, 0 };
	for (int i = 0; i < N_FIELDS; i++)
		w->col[i + 1] =
			(struct col){ fields[i].name, "", put_field, i };
	for (int i = 0; i <= N_FIELDS; i++)
		w->shown[i] = &w->col[i];
	w->set = (struct col_set){ .v = w->shown, .n = N_FIELDS + 1 };
	return w;
}

void record_put(struct recorder *w, const struct record *rec)
{
	uint64_t now_us = clock_mono_us();

	row_put(&w->row, &w->set, rec);
	rows_emit(&w->out, NULL, &w->set, &w->row);
	if (w->out.len < FLUSH_BYTES && now_us - w->flushed_us < 1000000)
		return;
	w->flushed_us = now_us;
	rows_flush(&w->out);
}

int record_close(struct recorder *w)
{
	int err = rows_close(&w->out);

	if (!err && w->out.dropped)
		err = -ENOBUFS;
	row_free(&w->row);
	free(w);
	return err;
}

/* ---- and back ---- */

int record_map(const struct rows_in *in, struct record_map *m,
	       const char **missing)
{
	record_unmap(m);
	if (rows_find(in, "decided") < 0)
		return 0;
	m->is = true;
	m->at = xcalloc(N_FIELDS, sizeof(*m->at));
	for (int i = 0; i < N_FIELDS; i++) {
		m->at[i] = rows_find(in, fields[i].name);
		*missing = fields[i].name;
		if (m->at[i] < 0)
			return -ENOENT;
	}
	return 0;
}

void record_unmap(struct record_map *m)
{
	free(m->at);
	*m = (struct record_map){ 0 };
}

static int read_number(const struct field *f, uint64_t n, void *to)
{
	switch (f->type) {
	case FLAG: *(bool *)to = n; return n > 1 ? -EINVAL : 0;
	case UINT:
		*(unsigned int *)to = (unsigned int)n;
		return n > UINT32_MAX ? -EINVAL : 0;
	default: *(uint64_t *)to = n; return 0;
	}
}

static int read_text(const struct field *f, const char *text, void *to)
{
	char *end;

	if (!text || !*text)
		return -EINVAL;
	if (f->type == LAW)
		return law_of_name(text, to);
	if (f->type == REASON)
		return reason_find(text, to);
	/* As a recording has it: strtod(3) alone takes 0x10, +1 and blanks. */
	if (text[strspn(text, "0123456789.e+-")] || *text == '+')
		return -EINVAL;
	*(double *)to = strtod(text, &end);
	return *end || !isfinite(*(double *)to) ? -EINVAL : 0;
}

static int read_mpct(const struct rows_in *in, int at, int64_t *out)
{
	*out = -1;
	return rows_milli(in, at, out) == -EINVAL ? -EINVAL : 0;
}

static int read_field(const struct rows_in *in, int at, const struct field *f,
		      void *to)
{
	uint64_t n;

	switch (f->type) {
	case FLAG:
	case U64:
	case UINT:
		return rows_u64(in, at, &n) ? -EINVAL : read_number(f, n, to);
	case MILLI: return rows_milli(in, at, to);
	case MPCT: return read_mpct(in, at, to);
	default: return read_text(f, rows_str(in, at), to);
	}
}

/* What the operator says of the policy goes before what was recorded. */
static void overrule(const struct policy *run, struct policy *p)
{
	const size_t base = offsetof(struct record, policy);

	for (int i = 0; i < N_FIELDS; i++) {
		const struct field *f = &fields[i];
		size_t size = f->type == FLAG  ? sizeof(bool)
			      : f->type == LAW ? sizeof(enum law)
					       : sizeof(uint64_t);

		if (f->at >= base && f->at < base + sizeof(*p) &&
		    options_given(run, f->at - base))
			memcpy((char *)p + (f->at - base),
			       (const char *)run + (f->at - base), size);
	}
}

int record_read(const struct rows_in *in, const struct record_map *m,
		const struct policy *run, struct record *out, const char **bad)
{
	*out = (struct record){ .policy = *run };
	row_input_clear(&out->o.row);
	for (int i = 0; i < N_FIELDS; i++) {
		const struct field *f = &fields[i];

		if (!has_part(out, f->part))
			continue;
		*bad = f->name;
		if (read_field(in, m->at[i], f, (char *)out + f->at))
			return -EINVAL;
	}
	overrule(run, &out->policy);
	return 0;
}
