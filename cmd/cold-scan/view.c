#include "view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generations.h"
#include "io.h"
#include "kv.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "tool.h"
#include "verdict.h"

#define AT(field) (int)offsetof(struct sample, field)

static const void *at(const void *sample, int off)
{
	return (const char *)sample + off;
}

static void put_text(struct row *r, const void *x, int off)
{
	row_str(r, *(const char *const *)at(x, off));
}

static void put_u64(struct row *r, const void *x, int off)
{
	row_u64(r, *(const uint64_t *)at(x, off));
}

static void put_time(struct row *r, const void *x, int off)
{
	row_milli(r, *(const int64_t *)at(x, off));
}

static void put_pct(struct row *r, const void *x, int off)
{
	row_pct(r, *(const double *)at(x, off));
}

static void put_bytes(struct row *r, const void *x, int off)
{
	uint64_t bytes = *(const uint64_t *)at(x, off);

	if (((const struct sample *)x)->negative)
		row_i64(r, -(int64_t)bytes);
	else
		row_u64(r, bytes);
}

#define U64(name, help)                        \
	{                                      \
#name, help, put_u64, AT(name) \
	}

const struct col view_cols[VIEW_COLS] = {
	{ "cgroup", "path below the cgroup2 mount", put_text, AT(cgroup) },
	{ "time", "when the pass ended", put_time, AT(time_ms) },
	{ "source", "page-idle, lru-gen or damon", put_text, AT(source) },
	{ "verdict", "ok, or suspect: and the cause", put_text, AT(verdict) },
	U64(age_us, "age of this row: time without a touch"),
	U64(anon_bytes, "anonymous and shared memory, which can go to swap"),
	U64(file_bytes, "page cache of files"),
	U64(cold_anon_bytes, "cold part of anon_bytes"),
	U64(cold_file_bytes, "cold part of file_bytes"),
	U64(shmem_bytes, "shared memory and tmpfs, part of anon_bytes"),
	U64(dirty_bytes, "page cache not written back yet, part of file_bytes"),
	U64(unevictable_bytes,
	    "locked memory, in neither anon_bytes nor file_bytes"),
	U64(cold_shmem_bytes, "cold part of shmem_bytes"),
	U64(cold_dirty_bytes, "cold part of dirty_bytes"),
	U64(cold_unevictable_bytes, "cold part of unevictable_bytes"),
	U64(cold_anon_se_bytes, "standard error of cold_anon_bytes (--sample)"),
	U64(cold_file_se_bytes, "standard error of cold_file_bytes (--sample)"),
	U64(node, "memory node (--node)"),
	U64(stale_us, "time since the last aging (lru-gen)"),
	U64(pass_us, "time that the pass took"),
	U64(cpu_us, "CPU time of the pass"),
	{ "kind", "kind of memory; --coverage: age known, or why not", put_text,
	  AT(kind) },
	{ "bytes", "size of that memory; --diff: memory cold now", put_bytes,
	  AT(bytes) },
	{ "percentile_pct",
	  "share of the memory that was used last (--percentiles)", put_pct,
	  AT(percentile_pct) },
	U64(idle_us, "longest idle time in that share"),
	U64(promoted_bytes_per_min,
	    "memory that was idle for age_us, then touched"),
	{ "promoted_pct_per_min", "the same, as a share of the working set",
	  put_pct, AT(promoted_pct_per_min) },
	U64(working_set_bytes, "memory touched within the youngest age"),
	U64(pid, "process (-p)"),
	U64(start_ticks, "start time of the process, as in /proc/PID/stat"),
	U64(addr, "first address of a range (--ranges)"),
	U64(swapped_bytes, "memory of the process that is in swap (-p)"),
	U64(before_bytes, "memory that was cold in the older state (--diff)"),
	U64(cooled_bytes,
	    "memory that is cold only in the newer state (--diff)"),
	U64(warmed_bytes,
	    "memory that was cold and was touched since (--diff)"),
	U64(lazyfree_bytes,
	    "memory given up with MADV_FREE, not in anon or file"),
	U64(cold_lazyfree_bytes, "cold part of lazyfree_bytes"),
	U64(gone_bytes, "memory that was cold and was freed since (--diff)"),
	{ "bar", "size of the row compared with the largest", put_text,
	  AT(bar) },
};

static const char *default_spec(const struct view *v)
{
	static const char *const specs[] = {
		[VIEW_HISTOGRAM] =
			"cgroup,time,source,verdict,kind,age_us,bytes",
		[VIEW_PERCENTILES] = "cgroup,time,source,verdict,kind,"
				     "percentile_pct,idle_us",
		[VIEW_PROMOTIONS] =
			"cgroup,time,source,verdict,age_us,"
			"promoted_bytes_per_min,promoted_pct_per_min,"
			"working_set_bytes",
		[VIEW_RECOMMEND] =
			"cgroup,time,source,verdict,age_us,cold_anon_bytes,"
			"cold_file_bytes,promoted_pct_per_min,"
			"working_set_bytes",
		[VIEW_COVERAGE] = "cgroup,time,source,verdict,kind,bytes",
		[VIEW_PROCESS] = "cgroup,time,source,verdict,age_us,anon_bytes,"
				 "file_bytes,cold_anon_bytes,cold_file_bytes,"
				 "pid,start_ticks,swapped_bytes",
		[VIEW_RANGES] =
			"cgroup,time,pid,start_ticks,addr,bytes,kind,age_us,"
			"verdict",
		[VIEW_DIFF] =
			"cgroup,time,verdict,kind,age_us,before_bytes,bytes,"
			"cooled_bytes,warmed_bytes,gone_bytes",
	};

	return v->type < sizeof(specs) / sizeof(*specs) ? specs[v->type] : NULL;
}

static void choose(struct view *v, const char *normal, const char *spec)
{
	const struct tool t = { .cols = view_cols, .n_cols = VIEW_COLS };
	char text[1024];

	if (!normal || (spec && *spec != '+')) {
		tool_columns(&t, VIEW_DEFAULT, spec, &v->cols);
		return;
	}
	snprintf(text, sizeof(text), "%s%s%s", normal, spec ? "," : "",
		 spec ? spec + 1 : "");
	tool_columns(&t, 0, text, &v->cols);
}

void view_columns(struct view *v, const char *spec)
{
	const char *normal = default_spec(v);
	bool bars = v->out.format == ROWS_TABLE &&
		    (v->type == VIEW_COLD || v->type == VIEW_HISTOGRAM);
	bool nodes = v->by_node && v->type < VIEW_PROCESS;
	char text[512];

	if (nodes || bars) {
		snprintf(text, sizeof(text), "%s%s%s",
			 normal ? normal
				: "cgroup,time,source,verdict,age_us,"
				  "anon_bytes,file_bytes,cold_anon_bytes,"
				  "cold_file_bytes",
			 nodes ? ",node" : "", bars ? ",bar" : "");
		normal = text;
	}
	choose(v, normal, spec);
}

void view_annotation(struct view *v, const char *spec)
{
	static const char normal[] = "+source,verdict,age_us,anon_bytes,"
				     "file_bytes,cold_anon_bytes,"
				     "cold_file_bytes";
	enum { KEYS = 2 }; /* cgroup and time are the input's */
	const struct tool t = { .cols = view_cols + KEYS,
				.n_cols = VIEW_COLS - KEYS };
	bool more = spec && *spec == '+';
	char text[1024];

	snprintf(text, sizeof(text), "%s%s%s", normal, more ? "," : "",
		 more ? spec + 1 : "");
	tool_filter_columns(&t, 0, spec && !more ? spec : text, &v->cols);
}

void sample_clear(struct sample *x)
{
	for (size_t i = 0; i < VIEW_COLS; i++)
		if (view_cols[i].put == put_u64 ||
		    view_cols[i].put == put_bytes)
			*(uint64_t *)(void *)((char *)x + view_cols[i].arg) =
				NUM_NONE;
	x->cgroup = x->source = x->verdict = x->kind = x->bar = NULL;
	x->percentile_pct = x->promoted_pct_per_min = NAN;
	x->negative = false;
	x->time_ms = 0;
}

void view_put(struct view *v, const struct sample *x)
{
	v->suspect |= x->verdict && *x->verdict == 's';
	row_put(&v->row, &v->cols, x);
	rows_emit(&v->out, NULL, &v->cols, &v->row);
}

/* Pages that were seen, as bytes of all. */
static uint64_t all_bytes(const struct scan *s, uint64_t pages)
{
	return pages == NUM_NONE ? NUM_NONE
				 : pages * s->unit_pages * s->page_bytes;
}

static uint64_t cold(const struct scan *s, const struct tally *t, enum kind k,
		     int age)
{
	return all_bytes(s, age_cold(&t->pages[k], age));
}

static uint64_t both(uint64_t a, uint64_t b)
{
	return a == NUM_NONE || b == NUM_NONE ? NUM_NONE : a + b;
}

/*
 * One word is drawn of each stratum, so that none tells of its own spread: that
 * of neighbours stands for it, by second differences, a sixth of their mean
 * square (Wolter, Introduction to Variance Estimation, 8.2).  Where strata
 * differ more than their words it is too large, on the safe side.
 *
 * Few pages may all lie in words that were not drawn.  So it is that of one
 * full word at least; and where no word differs, three are within the interval:
 * with that many of a kind for each that is drawn, none is met once in 20
 * samples.
 */
static uint64_t error_bytes(const struct scan *s, const struct tally *t,
			    int file, uint64_t cold_bytes, int age)
{
	double n = (double)s->units, of = (double)s->unit_pages, var = 0;
	double word = of * 64; /* the pages that one stands for */

	if (s->units < 3 || cold_bytes == NUM_NONE || age >= AGES)
		return NUM_NONE;
	if (age < t->n_spread)
		var = n * of * of / (n - 2) *
		      (double)t->spread[age].square[file] / 6;
	var = var > 0 ? fmax(var, word * word) : pow(3 / 1.96 * word, 2);
	return (uint64_t)(sqrt((1 - 1 / of) * var) * (double)s->page_bytes);
}

/* The least age that stands for so long, as far as this cgroup's goes. */
static int age_of(const struct scan *s, const struct tally *t, uint64_t us)
{
	int age = age_from(&s->scale, us);

	return age > t->known ? AGES : age;
}

void view_cold(const struct scan *s, const struct tally *t, uint64_t age_us,
	       struct sample *x)
{
	int age = age_of(s, t, age_us);
	bool knows_kinds = s->source != SOURCE_LRUGEN;

	x->age_us = age_us;
	if (t->unknown)
		return;
	x->anon_bytes = cold(s, t, ANON, 0) + cold(s, t, SHMEM, 0);
	x->file_bytes = cold(s, t, FILES, 0) + cold(s, t, DIRTY, 0);
	x->cold_anon_bytes =
		both(cold(s, t, ANON, age), cold(s, t, SHMEM, age));
	x->cold_file_bytes =
		both(cold(s, t, FILES, age), cold(s, t, DIRTY, age));
	x->cold_anon_se_bytes = error_bytes(s, t, 0, x->cold_anon_bytes, age);
	x->cold_file_se_bytes = error_bytes(s, t, 1, x->cold_file_bytes, age);
	x->lazyfree_bytes = cold(s, t, LAZYFREE, 0);
	x->cold_lazyfree_bytes = cold(s, t, LAZYFREE, age);
	if (!knows_kinds)
		return;
	x->shmem_bytes = cold(s, t, SHMEM, 0);
	x->dirty_bytes = cold(s, t, DIRTY, 0);
	x->unevictable_bytes = cold(s, t, UNEVICTABLE, 0);
	x->cold_shmem_bytes = cold(s, t, SHMEM, age);
	x->cold_dirty_bytes = cold(s, t, DIRTY, age);
	x->cold_unevictable_bytes = cold(s, t, UNEVICTABLE, age);
}

/*
 * Under lru_gen a file page begins old, and what read(2) touches stays so until
 * it would be evicted; mapped ones were seen not to grow young either (7.3).
 * Where referenced tells the rest, pages written back meanwhile may have been
 * written to.
 */
static bool has_unsure_files(const struct scan *s, const struct tally *t)
{
	uint64_t files = age_cold(&t->pages[FILES], 0);
	uint64_t unsure = t->unsure_pages + s->ref.unseen_pages;

	if (unsure > files)
		unsure = files;
	return unsure * 100 > files + age_cold(&t->pages[ANON], 0);
}

/* So much that the age of all is off by more than 2 %, and a batch. */
static bool is_shared(const struct tally *t)
{
	enum { BATCH_PAGES = 64 };

	return t->hidden_pages >
	       age_cold(&t->pages[ANON], 0) / 50 + BATCH_PAGES;
}

unsigned int view_suspicions(const struct scan *s, const struct tally *t,
			     uint64_t age_us)
{
	unsigned int found = s->suspect | t->unknown;

	if (s->source == SOURCE_IDLE)
		found |= idle_suspicions(&s->idle, &s->scale, age_us,
					 t->cover[TRACKED] * s->unit_pages);
	if (s->generations)
		found |= generations_suspicions(s, t, age_us);
	if (s->source != SOURCE_LRUGEN)
		return found;
	if (t->unknown)
		return found;
	if (scan_is_stale(s, t, age_us) ||
	    /* Nobody aged it, nor was asked to: no age spans that long. */
	    (!s->opts->age_now && age_of(s, t, age_us) == AGES))
		found |= SUSPECT_STALE;
	if (has_unsure_files(s, t))
		found |= SUSPECT_FILE;
	if (is_shared(t))
		found |= SUSPECT_SHARED;
	return found;
}

/* "█████     ": 20 columns for all. */
static const char *bar(char buf[64], uint64_t part, uint64_t whole)
{
	uint64_t n =
		whole && part != NUM_NONE ? (part * 20 + whole / 2) / whole : 0;

	*buf = '\0';
	for (uint64_t i = 0; i < n && i < 20; i++)
		memcpy(buf + i * 3, "█", 4);
	return buf;
}

static void emit_ages(struct view *v, const struct scan *s,
		      const struct tally *t, struct sample *x)
{
	char text[VERDICT_LEN], blocks[64];

	for (size_t i = 0; i < s->opts->n_ages; i++) {
		uint64_t us = s->opts->age_us[i];

		x->verdict = verdict_text(view_suspicions(s, t, us), text);
		view_cold(s, t, us, x);
		x->bar = bar(blocks,
			     both(x->cold_anon_bytes, x->cold_file_bytes),
			     both(x->anon_bytes, x->file_bytes));
		view_put(v, x);
	}
}

/* A row for the pages between each age asked for and the next. */
static void emit_histogram(struct view *v, const struct scan *s,
			   const struct tally *t, struct sample *x)
{
	char blocks[64];

	for (int k = 0; k < KINDS; k++) {
		uint64_t all = cold(s, t, (enum kind)k, 0), left = all;

		x->kind = kind_name((enum kind)k);
		for (size_t i = 0; i <= s->opts->n_ages && all; i++) {
			int next = i < s->opts->n_ages
					   ? age_of(s, t, s->opts->age_us[i])
					   : AGES;
			uint64_t older = cold(s, t, (enum kind)k, next);

			/* Older than can be told yet: with the last told. */
			if (older == NUM_NONE)
				older = 0;
			x->age_us = i ? s->opts->age_us[i - 1] : 0;
			x->bytes = i && age_of(s, t, x->age_us) == AGES
					   ? NUM_NONE
					   : left - older;
			x->bar = bar(blocks, x->bytes, all);
			left = older;
			view_put(v, x);
		}
	}
}

/* Of a row with an age of its own; NUM_NONE: of all that are known. */
static const char *verdict_at(const struct scan *s, const struct tally *t,
			      uint64_t age_us, char text[VERDICT_LEN])
{
	uint64_t oldest_us = s->opts->age_us[s->opts->n_ages - 1];

	if (age_us == NUM_NONE)
		age_us = s->scale.us[s->scale.known];
	if (age_us < oldest_us)
		age_us = oldest_us;
	if (s->source == SOURCE_LRUGEN)
		age_us = s->opts->age_us[0];
	return verdict_text(view_suspicions(s, t, age_us), text);
}

static void emit_percentiles(struct view *v, const struct scan *s,
			     const struct tally *t, struct sample *x)
{
	char text[VERDICT_LEN];
	int known = t->known < s->scale.known ? t->known : s->scale.known;

	for (int k = 0; k < KINDS; k++) {
		if (!age_cold(&t->pages[k], 0))
			continue;
		x->kind = kind_name((enum kind)k);
		for (size_t i = 0; i < v->n_percentiles; i++) {
			x->percentile_pct = v->percentile_pct[i];
			x->idle_us = age_percentile(&t->pages[k], &s->scale,
						    known, x->percentile_pct);
			x->verdict = verdict_at(s, t, x->idle_us, text);
			view_put(v, x);
		}
	}
}

/* Touched since the youngest age asked for began. */
static uint64_t working_set(const struct scan *s, const struct tally *t)
{
	int age = age_of(s, t, s->opts->age_us[0]);
	uint64_t pages = 0;

	if (age >= AGES)
		return NUM_NONE;
	for (int k = 0; k < KINDS; k++)
		pages +=
			age_cold(&t->pages[k], 0) - age_cold(&t->pages[k], age);
	return pages;
}

/* What was of that age, on the scale of the pass before, and is touched now. */
static void promotions(const struct scan *s, const struct tally *t, int age,
		       struct sample *x)
{
	uint64_t set = working_set(s, t), pages;
	double minutes = (double)s->window_us / 60e6, per_min;

	pages = t->unknown ? NUM_NONE : age_cold(&t->promoted, age);
	x->working_set_bytes = all_bytes(s, set);
	x->promoted_bytes_per_min = NUM_NONE;
	x->promoted_pct_per_min = NAN;
	if (pages == NUM_NONE || set == NUM_NONE || minutes <= 0)
		return;
	per_min = (double)pages / minutes;
	x->promoted_bytes_per_min = all_bytes(s, (uint64_t)(per_min + 0.5));
	if (set)
		x->promoted_pct_per_min = per_min * 100 / (double)set;
}

static void emit_promotions(struct view *v, const struct scan *s,
			    const struct tally *t, struct sample *x)
{
	for (size_t i = 0; i < s->opts->n_ages; i++) {
		x->age_us = s->opts->age_us[i];
		promotions(s, t, age_from(&s->was_scale, x->age_us), x);
		view_put(v, x);
	}
}

static void emit_recommend(struct view *v, const struct scan *s,
			   const struct tally *t, struct sample *x)
{
	uint64_t set = working_set(s, t);
	char text[VERDICT_LEN];
	int age = AGES;

	if (set != NUM_NONE && s->window_us)
		age = age_recommend(&t->promoted, set, s->window_us,
				    v->bound_pct, s->was_scale.known);
	view_cold(s, t, age < AGES ? s->was_scale.us[age] : NUM_MAX, x);
	promotions(s, t, age, x);
	if (age >= AGES)
		x->age_us = NUM_NONE;
	x->verdict = verdict_at(s, t, x->age_us, text);
	view_put(v, x);
}

static void put_kind(struct view *v, struct sample *x, const char *kind,
		     uint64_t value)
{
	x->kind = kind;
	x->bytes = value;
	view_put(v, x);
}

static uint64_t covered(const struct scan *s, const struct tally *t, int cover)
{
	return t->unknown ? NUM_NONE : all_bytes(s, t->cover[cover]);
}

/*
 * What memory.current is made of. Pages of the kernel are charged in bytes
 * and by objects, so they are the kernel's own sum, not counted frames.
 */
static void emit_charged(struct view *v, const struct scan *s,
			 const struct cg *cg, const struct tally *t,
			 struct sample *x)
{
	uint64_t current, sum = 0, sock, hugetlb, rest;
	struct mem_stat st;
	char text[IO_BUF];

	if (mem_current(&v->targets, cg, &current) ||
	    cg_read(&v->targets, cg, "memory.stat", text, sizeof(text)) < 0 ||
	    mem_stat_parse(text, &st))
		return;
	for (int c = TRACKED; c <= OFF_LRU; c++) {
		put_kind(v, x, cover_name((enum cover)c), covered(s, t, c));
		sum += x->bytes;
	}
	/* The rest is told of all nodes together. */
	if (x->node != NUM_NONE)
		return;
	put_kind(v, x, "kernel", st.kernel_bytes);
	sum += st.kernel_bytes == NUM_NONE ? 0 : st.kernel_bytes;
	if (kv_u64(text, "sock", &sock))
		sock = 0;
	put_kind(v, x, "sock", sock);
	sum += sock;
	/* Told where it is part of memory.current: with the mount option
	 * memory_hugetlb_accounting, by kernels that have the counter. */
	if (!kv_u64(text, "hugetlb", &hugetlb)) {
		put_kind(v, x, cover_name(HUGETLB), hugetlb);
		sum += hugetlb;
	}
	x->negative = sum > current;
	rest = x->negative ? sum - current : current - sum;
	if (t->unknown) {
		x->negative = false;
		rest = NUM_NONE;
	}
	put_kind(v, x, "rest", rest);
	x->negative = false;
	put_kind(v, x, "current", current);
}

static void emit_coverage(struct view *v, const struct scan *s,
			  const struct cg *cg, const struct tally *t,
			  struct sample *x)
{
	if (!cg_is_root(cg)) {
		emit_charged(v, s, cg, t, x);
		return;
	}
	for (int c = 0; c < HOLE; c++)
		put_kind(v, x, cover_name((enum cover)c), covered(s, t, c));
}

void view_explain(struct view *v, const char *key, unsigned int why)
{
	const unsigned int first = why & ~v->explained;

	v->explained |= why;
	if (first & SUSPECT_MEMCG)
		note("%s: its pages cannot be identified: it has no memory "
		     "controller (echo +memory >cgroup.subtree_control above "
		     "it), cgroup v1 has that controller, a cgroup "
		     "namespace hides its path (run outside), or "
		     "/proc/kpagecgroup cannot be read",
		     key);
	if (first & SUSPECT_STALE)
		note(STALE_NOTE, key);
	if (first & WHY_UNSEEN)
		note("%s: the page tables of its processes cannot be read, so "
		     "its verdict cannot be ok: run as root, or add "
		     "CAP_SYS_PTRACE",
		     key);
	if (first & WHY_UNTOLD)
		note("%s: the kernel does not show whose the pages of its "
		     "processes are (/proc/PID/pagemap, /proc/kpagecgroup), so "
		     "its verdict cannot be ok: run as root, or add "
		     "CAP_SYS_ADMIN",
		     key);
	if (first & WHY_SKIPPED)
		note("%s: on this kernel, agings of lru_gen skip page tables "
		     "that look unused, so the verdict of cold memory is not "
		     "ok: echo 3 >/sys/kernel/mm/lru_gen/enabled",
		     key);
	if (first & SUSPECT_WALK)
		note("%s: agings of lru_gen read no page tables, so memory in "
		     "use looks cold: echo y >/sys/kernel/mm/lru_gen/enabled; "
		     "if that changes nothing, the processor sets no accessed "
		     "bits: use another --source",
		     key);
	if (first & SUSPECT_SAMPLE)
		note("%s: --sample chose no page of it: use a larger share",
		     key);
}

/* The suspicions that the operator can do something about. */
static unsigned int why_silent(const struct scan *s, const struct tally *t)
{
	unsigned int found = t->unknown | (s->suspect & SUSPECT_WALK);

	if (is_shared(t))
		found |= t->why_shared;
	for (size_t i = 0; i < s->opts->n_ages && !s->opts->age_now; i++)
		found |= view_suspicions(s, t, s->opts->age_us[i]) &
			 SUSPECT_STALE;
	return found;
}

static void emit_one(struct view *v, const struct scan *s, const struct cg *cg,
		     int node)
{
	/* The rows of a view that is of all ages are as good as the oldest. */
	size_t judged = s->source == SOURCE_IDLE ? s->opts->n_ages - 1 : 0;
	static struct tally t; /* keeps its memory */
	char text[VERDICT_LEN];
	struct sample x;

	scan_sum(s, cg, v->local, node, &t);
	view_explain(v, cg->key, why_silent(s, &t));
	sample_clear(&x);
	x.cgroup = cg->key;
	x.time_ms = s->time_ms;
	x.source = source_name(s->source);
	x.verdict = verdict_text(
		view_suspicions(s, &t, s->opts->age_us[judged]), text);
	x.node = node < 0 ? NUM_NONE : (uint64_t)node;
	x.stale_us = s->source == SOURCE_LRUGEN ? t.stale_us : NUM_NONE;
	if (s->source == SOURCE_IDLE) {
		x.pass_us = s->idle.end_us - s->idle.start_us;
		x.cpu_us = s->idle.cpu_us;
	}
	switch (v->type) {
	case VIEW_HISTOGRAM: emit_histogram(v, s, &t, &x); break;
	case VIEW_PERCENTILES: emit_percentiles(v, s, &t, &x); break;
	case VIEW_PROMOTIONS: emit_promotions(v, s, &t, &x); break;
	case VIEW_RECOMMEND: emit_recommend(v, s, &t, &x); break;
	case VIEW_COVERAGE: emit_coverage(v, s, cg, &t, &x); break;
	default: emit_ages(v, s, &t, &x);
	}
}

/* For people the largest cold comes first. */
struct rank {
	struct cg *cg;
	uint64_t cold_bytes;
};

static int by_cold(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	return x->cold_bytes < y->cold_bytes   ? 1
	       : x->cold_bytes > y->cold_bytes ? -1
					       : 0;
}

static struct rank *order(const struct view *v, const struct scan *s)
{
	struct rank *ranks = xcalloc(v->targets.n, sizeof(*ranks));
	static struct tally t;
	struct sample x;

	for (size_t i = 0; i < v->targets.n; i++) {
		ranks[i].cg = v->targets.v[i];
		if (v->out.format != ROWS_TABLE)
			continue;
		scan_sum(s, ranks[i].cg, v->local, -1, &t);
		sample_clear(&x);
		view_cold(s, &t, s->opts->age_us[0], &x);
		ranks[i].cold_bytes =
			both(x.cold_anon_bytes, x.cold_file_bytes);
		if (ranks[i].cold_bytes == NUM_NONE)
			ranks[i].cold_bytes = 0;
	}
	if (v->out.format == ROWS_TABLE)
		qsort(ranks, v->targets.n, sizeof(*ranks), by_cold);
	return ranks;
}

void view_emit(struct view *v, const struct scan *s)
{
	struct rank *ranks = order(v, s);
	bool *has_node = xcalloc((size_t)s->nodes + 1, sizeof(*has_node));

	for (int n = 0; v->by_node && n < s->nodes; n++)
		has_node[n] = scan_has_node(s, n);
	for (size_t i = 0; i < v->targets.n; i++) {
		if (!v->by_node)
			emit_one(v, s, ranks[i].cg, -1);
		for (int n = 0; n < s->nodes; n++)
			if (has_node[n])
				emit_one(v, s, ranks[i].cg, n);
	}
	free(has_node);
	free(ranks);
	rows_flush(&v->out);
}
