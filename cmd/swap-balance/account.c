#include "account.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "clock.h"
#include "compress.h"
#include "listing.h"
#include "msg.h"
#include "num.h"
#include "parts.h"
#include "tier.h"

/* What a row of the pipe tells; NUM_NONE, NULL, NAN: nothing. */
struct told {
	uint64_t age_us;
	uint64_t cold_anon, cold_shmem, cold_file;
	bool suspect_anon, suspect_file; /* by the verdict */
	uint64_t write_bytes_per_s, swappiness;
	double incompressible;
	const char *balance_reason;
	const char *reason; /* tmo-reclaim's */
};

struct account {
	const struct cg *cg;
	const struct told *told;
	const struct world *world;
	const struct mem_stat *st;
	struct binds binds;
	struct parts_in in;
	uint64_t part[PART_COUNT];
};

enum { WHY_SIZE = CG_KEY_MAX + 160 };

/* A row that goes out. */
struct entry {
	const char *key, *cause, *why, *fix;
	int64_t time_ms;
	uint64_t age_us, bytes;
};

/* ---- rows ---- */

enum { E_KEY, E_CAUSE, E_WHY, E_FIX, E_AGE, E_BYTES };

static void put_text(struct row *r, const void *sample, int arg)
{
	const struct entry *e = sample;
	const char *const text[] = { [E_KEY] = e->key,
				     [E_CAUSE] = e->cause,
				     [E_WHY] = e->why,
				     [E_FIX] = e->fix };

	row_str(r, text[arg]);
}

static void put_time(struct row *r, const void *sample, int arg)
{
	const struct entry *e = sample;

	(void)arg;
	row_milli(r, e->time_ms);
}

static void put_u64(struct row *r, const void *sample, int arg)
{
	const struct entry *e = sample;

	row_u64(r, arg == E_AGE ? e->age_us : e->bytes);
}

static void emit(struct run *run, const struct entry *e)
{
	static const struct col cols[] = {
		{ "cgroup", NULL, put_text, E_KEY },
		{ "time", NULL, put_time, 0 },
		{ "age_us", NULL, put_u64, E_AGE },
		{ "cause", NULL, put_text, E_CAUSE },
		{ "bytes", "memory that stays in for that cause", put_u64,
		  E_BYTES },
		{ "why", NULL, put_text, E_WHY },
		{ "fix", NULL, put_text, E_FIX },
	};
	static struct listing listing = {
		.cols = cols,
		.n = sizeof(cols) / sizeof(*cols),
	};

	listing_emit(&listing, &run->out, e);
}

/* ---- what holds the rest ---- */

static bool is_among(const char *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(word, words[i]))
			return true;
	return false;
}

/* tmo-reclaim(8), "Reasons": of the kind "works". */
static bool reason_works(const char *reason)
{
	static const char *const words[] = { "law",	 "cap",	    "cold",
					     "max_step", "small",   "asked",
					     "empty",	 "partial", "woken" };

	return is_among(reason, words, sizeof(words) / sizeof(*words));
}

/* Those that leave the page cache to it. */
static bool reason_is_of_anon(const char *reason)
{
	static const char *const words[] = {
		"no_swap",     "swap_full",	"zswap_full", "zram_full",
		"swap_budget", "saves_nothing", "rotational", "file_only",
	};

	return is_among(reason, words, sizeof(words) / sizeof(*words));
}

struct words {
	char why[WHY_SIZE];
	const char *fix;
};

__attribute__((format(printf, 3, 4))) static void say(struct words *w,
						      const char *fix,
						      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	w->fix = fix;
}

/* The guard that holds what could be taken, as far as the row or the machine
 * tells. */
static void say_guard(struct words *w, const struct account *a, bool anon)
{
	const struct told *t = a->told;
	const char *at_most =
		a->part[anon ? PART_TOUCHED_ANON : PART_TOUCHED_FILE] ==
				NUM_NONE
			? "at most; "
			: "";

	if (!num_known(a->part[anon ? PART_OFFLOADABLE_ANON
				    : PART_OFFLOADABLE_FILE]))
		say(w, "-", "nothing is left");
	else if (t->reason && (reason_works(t->reason) ||
			       (!anon && reason_is_of_anon(t->reason))))
		say(w, "-", "%sbeing taken (%s)", at_most, t->reason);
	else if (t->reason)
		say(w, "see the reason in tmo-reclaim(8)", "%stmo-reclaim: %s",
		    at_most, t->reason);
	else if (anon && t->swappiness == 0 && t->balance_reason)
		say(w, "see the reason in swap-balance(8)",
		    "%sswappiness 0: %s", at_most, t->balance_reason);
	else if (anon && a->world->machine.rotational && !a->in.tier_left &&
		 !(a->world->machine.zswap && a->in.zswap_left))
		say(w, "see swap-balance --check",
		    "%sswap is on a rotating disk", at_most);
	else if (anon && a->in.zswap_only && isnan(a->in.incompressible))
		say(w, "-", "%sif it compresses (not tried)", at_most);
	else
		say(w, "run tmo-reclaim", "%sno tmo-reclaim in the rows",
		    at_most);
}

/* A setting, and whose it is where that is not the cgroup. */
static const char *whose(const struct account *a, const struct bind *b,
			 char *buf, size_t size)
{
	bool own = !strcmp(b->key, a->cg->key);

	snprintf(buf, size, "%s%s%s", b->file, own ? "" : " of ",
		 own ? "" : b->key);
	return buf;
}

static void say_limit(struct words *w, const struct account *a,
		      const struct bind *b, const char *fix)
{
	char name[CG_KEY_MAX + 64], size[NUM_LEN];

	say(w, fix, "%s is %s", whose(a, b, name, sizeof(name)),
	    b->setting >= NUM_MAX ? "max" : num_human_bytes(size, b->setting));
}

static void say_touched(struct words *w, const struct account *a, bool anon)
{
	const struct told *t = a->told;
	char age[NUM_LEN];

	if (a->part[anon ? PART_TOUCHED_ANON : PART_TOUCHED_FILE] != NUM_NONE)
		say(w, "-", "in use%s%s", t->age_us < NUM_MAX ? " within " : "",
		    t->age_us < NUM_MAX ? num_human_us(age, t->age_us) : "");
	else if (anon ? t->suspect_anon : t->suspect_file)
		say(w, "see VERDICT in cold-scan(8)",
		    "not known: the verdict is suspect");
	else
		say(w, "cold-scan CGROUP | swap-balance --account",
		    "not known: no %s",
		    anon ? "cold_anon_bytes" : "cold_file_bytes");
}

static void say_incompressible(struct words *w, const struct account *a)
{
	char name[CG_KEY_MAX + 64];

	say(w, "set it to 1", "%s is 0: no disk",
	    whose(a, &a->binds.writeback, name, sizeof(name)));
}

static void say_slab(struct words *w, const struct account *a)
{
	char size[NUM_LEN];
	uint64_t can = a->st->slab_reclaimable_bytes;

	if (can == NUM_NONE)
		say(w, "-", "of the kernel");
	else
		say(w, "-", "of the kernel; %s reclaimable",
		    num_human_bytes(size, can));
}

static void say_cause(struct words *w, const struct account *a, enum part part)
{
	const char *raise = "raise it", *add = "mkswap DEV; swapon DEV";

	switch (part) {
	case PART_TOUCHED_ANON: say_touched(w, a, true); break;
	case PART_TOUCHED_FILE: say_touched(w, a, false); break;
	case PART_HUGE_PAGES:
		say(w,
		    "echo madvise >/sys/kernel/mm/transparent_hugepage/"
		    "enabled",
		    "in use; huge, so perhaps in part");
		break;
	case PART_OFFLOADABLE_ANON: say_guard(w, a, true); break;
	case PART_OFFLOADABLE_FILE: say_guard(w, a, false); break;
	case PART_NO_SWAP: say(w, add, "the machine has no swap"); break;
	case PART_TMPFS: say(w, add, "shared memory, and no swap"); break;
	case PART_SWAP_MAX: say_limit(w, a, &a->binds.swap, raise); break;
	case PART_SWAP_FULL: say(w, "add swap", "swap is full"); break;
	case PART_ZSWAP_MAX: say_limit(w, a, &a->binds.zswap, raise); break;
	case PART_ZSWAP_FULL:
		say(w, "raise zswap's max_pool_percent",
		    "zswap's pool is full");
		break;
	case PART_INCOMPRESSIBLE: say_incompressible(w, a); break;
	case PART_BUDGET:
		say(w, "raise -b", "the write budget is empty");
		break;
	case PART_DIRTY: say(w, "-", "not written back yet"); break;
	case PART_PROTECTED:
		say_limit(w, a, &a->binds.protects, "lower it");
		break;
	case PART_UNEVICTABLE: say(w, "-", "locked (mlock), or ramfs"); break;
	case PART_HUGETLB: say(w, "-", "hugetlbfs is never reclaimed"); break;
	case PART_PAGE_TABLES: say(w, "-", "of its processes"); break;
	case PART_SLAB: say_slab(w, a); break;
	case PART_KERNEL: say(w, "-", "stacks and other kernel memory"); break;
	case PART_SOCKETS: say(w, "-", "network buffers"); break;
	case PART_ZSWAP_POOL: say(w, "-", "copies of what is off"); break;
	case PART_UNKNOWN: say(w, "-", "in no counter of memory.stat"); break;
	case PART_COUNT: break;
	}
}

/* Those that each account has; of the others, what there is. */
static bool is_shown(const struct account *a, enum part part)
{
	switch (part) {
	case PART_TOUCHED_ANON:
	case PART_TOUCHED_FILE:
	case PART_OFFLOADABLE_ANON:
	case PART_OFFLOADABLE_FILE:
	case PART_UNKNOWN: return true;
	case PART_HUGETLB: return a->part[part] < NUM_MAX && a->part[part];
	default: return a->part[part];
	}
}

static void emit_all(struct run *run, const struct account *a)
{
	struct entry e = { .key = a->cg->key,
			   .time_ms = clock_unix_ms(),
			   .age_us = a->told->age_us };

	for (int i = 0; i < PART_COUNT; i++) {
		enum part part = (enum part)i;
		struct words w;

		if (!is_shown(a, part))
			continue;
		say_cause(&w, a, part);
		e.cause = part_word(part);
		e.bytes = a->part[i];
		e.why = w.why;
		e.fix = w.fix;
		emit(run, &e);
	}
}

/* ---- numbers ---- */

static uint64_t sum_known(uint64_t a, uint64_t b)
{
	return a == NUM_NONE ? b : a + num_known(b);
}

/* "kernel" is of 5.18. */
static uint64_t kernel_bytes(const struct mem_stat *st)
{
	uint64_t sum = sum_known(st->pagetables_bytes, st->slab_bytes);

	if (st->kernel_bytes != NUM_NONE)
		return st->kernel_bytes;
	return sum_known(sum_known(sum, st->kernel_stack_bytes),
			 st->percpu_bytes);
}

/*
 * What zswap would not compress, and how well it did, by all that was tried
 * since the cgroup is there: a row has no window yet, or nothing came in it.
 */
static void learn_history(struct member *ever, const struct member *m,
			  const struct machine *machine)
{
	*ever = (struct member){ .now = m->now, .then = m->now };
	ever->ratio = ever->incompressible_pct = NAN;
	ever->then.st.zswpout_pages = 0;
	ever->then.st.pgscan_pages = ever->then.st.pgsteal_pages = 0;
	ever->then.zswap_reject_pages = ever->then.anon_kept_pages = 0;
	compress_learn(ever, machine);
}

static void fill_zswap(struct parts_in *in, const struct account *a,
		       const struct member *m)
{
	const struct machine *machine = &a->world->machine;
	uint64_t left = a->binds.zswap.bytes;
	struct member ever;
	double ratio, pct;

	learn_history(&ever, m, machine);
	ratio = isnan(m->ratio) ? ever.ratio : m->ratio;
	pct = isnan(m->incompressible_pct) ? ever.incompressible_pct
					   : m->incompressible_pct;
	in->zswap_only = machine->zswap && a->binds.writeback.file;
	in->zswap_full = machine->zswap_pool == ZSWAP_POOL_FULL;
	in->zswapped = a->st->zswapped_bytes;
	in->incompressible = isnan(a->told->incompressible)
				     ? pct / 100
				     : a->told->incompressible;
	if (!left || left >= NUM_MAX)
		in->zswap_left = left;
	else /* not known before some of it has been compressed */
		in->zswap_left = isnan(ratio)
					 ? NUM_MAX
					 : (uint64_t)((double)left * ratio);
}

/* The row's own, but not that of a first row, which knows of no sharers. */
static bool is_budget_empty(const struct account *a)
{
	const struct told *t = a->told;
	const struct machine *m = &a->world->machine;
	const struct budget *b = &a->world->budget;

	if (t->balance_reason && !strcmp(t->balance_reason, "learning"))
		return false;
	if (t->write_bytes_per_s != NUM_NONE)
		return !t->write_bytes_per_s;
	return b->kept && !b->pace_bytes_per_s && (m->disk || m->rotational);
}

static void fill_swap(struct parts_in *in, const struct account *a)
{
	struct tier tier;
	struct mem_swap swap;

	tier_read(&tier);
	in->tier_left = tier.slow_nodes ? tier.left_bytes : 0;
	in->no_swap = !a->world->machine.areas;
	mem_swap_system(&swap);
	in->swap_free = swap.left_bytes;
	in->swap_left = a->binds.swap.bytes;
	in->budget_empty = is_budget_empty(a);
}

static void fill_stat(struct parts_in *in, const struct mem_stat *st)
{
	in->page_tables =
		sum_known(st->pagetables_bytes, st->sec_pagetables_bytes);
	in->zswap_pool = st->zswap_bytes;
	in->slab = st->slab_bytes;
	in->sockets = st->sock_bytes;
	in->unevictable = st->unevictable_bytes;
	in->kernel = kernel_bytes(st);
	in->anon = mem_anon_lru_bytes(st);
	in->file = mem_file_lru_bytes(st);
	in->shmem = st->shmem_bytes;
	in->anon_thp = st->anon_thp_bytes;
	in->busy_file = num_known(st->file_dirty_bytes) +
			num_known(st->file_writeback_bytes);
}

static void settle(struct run *run, const struct cg *cg,
		   const struct told *told)
{
	const struct member *m = cg->data;
	struct account a = {
		.cg = cg, .told = told, .world = &run->world, .st = &m->now.st
	};
	struct parts_in *in = &a.in;

	bind_read(&run->set, cg, num_known(m->now.memory_bytes), &a.binds);
	*in = (struct parts_in){ .current = m->now.memory_bytes,
				 .cold_anon = told->cold_anon,
				 .cold_shmem = told->cold_shmem,
				 .cold_file = told->cold_file,
				 .protected = a.binds.protects.bytes };
	fill_stat(in, a.st);
	in->hugetlb = a.st->hugetlb_bytes != NUM_NONE
			      ? a.st->hugetlb_bytes
			      : bind_hugetlb_bytes(&run->set, cg);
	fill_swap(in, &a);
	fill_zswap(in, &a, m);
	parts_split(in, a.part);
	emit_all(run, &a);
}

/* ---- where they come from ---- */

/* A row without a verdict is somebody's own word; "-" is not known. */
static void judge(struct told *t, const struct rows_in *in)
{
	int i = rows_find(in, "verdict");
	const char *verdict = rows_str(in, i);
	bool ok = i < 0 || (verdict && !strcmp(verdict, "ok"));
	bool file = verdict && !strcmp(verdict, "suspect:file");

	t->suspect_anon = !ok && !file && t->cold_anon != NUM_NONE;
	t->suspect_file = !ok && t->cold_file != NUM_NONE;
	if (t->suspect_anon)
		t->cold_anon = t->cold_shmem = NUM_NONE;
	if (t->suspect_file)
		t->cold_file = NUM_NONE;
}

static void read_told(struct told *t, const struct rows_in *in)
{
	int64_t mpct;

	*t = (struct told){
		.age_us = run_cell_u64(in, "age_us"),
		.cold_anon = run_cell_u64(in, "cold_anon_bytes"),
		.cold_shmem = run_cell_u64(in, "cold_shmem_bytes"),
		.cold_file = run_cell_u64(in, "cold_file_bytes"),
		.write_bytes_per_s = run_cell_u64(in, "swap_write_bytes_per_s"),
		.swappiness = run_cell_u64(in, "swappiness"),
		.incompressible = NAN,
		.balance_reason = rows_str(in, rows_find(in, "balance_reason")),
		.reason = rows_str(in, rows_find(in, "reason")),
	};
	if (!rows_milli(in, rows_find(in, "incompressible_pct"), &mpct))
		t->incompressible = (double)mpct / 100000;
	judge(t, in);
}

static const struct told nothing = { .age_us = NUM_NONE,
				     .cold_anon = NUM_NONE,
				     .cold_shmem = NUM_NONE,
				     .cold_file = NUM_NONE,
				     .write_bytes_per_s = NUM_NONE,
				     .swappiness = NUM_NONE,
				     .incompressible = NAN };

static int look(struct run *run, struct cg *cg)
{
	return member_look(&run->set, cg, &run->world, &run->o.cfg, NUM_NONE,
			   false);
}

/* The row is told of, whatever became of its cgroup. */
static void settle_row(struct run *run, const struct rows_in *in,
		       const struct told *told)
{
	char key[CG_KEY_MAX];
	struct cg *cg;
	int err = run_row_cg(run, in, key, &cg);
	struct entry e = { .key = in->cell[0],
			   .time_ms = clock_unix_ms(),
			   .age_us = told->age_us,
			   .cause = part_word(PART_UNKNOWN),
			   .bytes = NUM_NONE,
			   .fix = "-" };

	run_look_at_world(run);
	if (!err)
		err = look(run, cg);
	if (!err) {
		settle(run, cg, told);
		return;
	}
	e.why = reason_word(run_row_failed(run, key, err));
	emit(run, &e);
}

/* A sample is over when its first row comes again. */
static void note_sample(struct run *run, const struct rows_in *in,
			uint64_t age_us)
{
	static char first[CG_KEY_MAX];
	static uint64_t first_age_us;

	if (!strcmp(first, in->cell[0]) && first_age_us == age_us)
		rows_flush(&run->out);
	else if (*first)
		return;
	snprintf(first, sizeof(first), "%s", in->cell[0]);
	first_age_us = age_us;
}

static void account_row(struct run *run, const struct rows_in *in)
{
	struct told told;

	read_told(&told, in);
	note_sample(run, in, told.age_us);
	settle_row(run, in, &told);
}

void account_rows(struct run *run)
{
	run_rows(run, account_row);
	rows_flush(&run->out);
}

void account_all(struct run *run)
{
	run_look_at_world(run);
	for (size_t i = 0; i < run->set.n; i++) {
		struct cg *cg = run->set.v[i];
		int err = look(run, cg);

		if (err)
			run_cg_failed(run, cg, err);
		else
			settle(run, cg, &nothing);
	}
	rows_flush(&run->out);
}
