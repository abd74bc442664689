#include "account.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "gather.h"
#include "listing.h"
#include "msg.h"
#include "num.h"

struct account {
	const struct cg *cg;
	const struct told *told;
	const struct world *world;
	const struct mem_stat *st;
	struct gathered g;
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
		{ "bytes", "memory that this cause keeps from being offloaded",
		  put_u64, E_BYTES },
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
		say(w, "-", "%stmo-reclaim takes it (%s)", at_most, t->reason);
	else if (t->reason)
		say(w, "see the reason in tmo-reclaim(8)", "%stmo-reclaim: %s",
		    at_most, t->reason);
	else if (anon && t->swappiness == 0 && t->balance_reason)
		say(w, "see the reason in swap-balance(8)",
		    "%sswappiness 0: %s", at_most, t->balance_reason);
	else if (anon && a->world->machine.rotational && !a->g.in.tier_left &&
		 !(a->world->machine.zswap && a->g.in.zswap_left))
		say(w, "see swap-balance --check",
		    "%sswap is on a rotating disk", at_most);
	else if (anon && a->g.in.zswap_only && isnan(a->g.in.incompressible))
		say(w, "-", "%sif it compresses (not tried)", at_most);
	else
		say(w, "run tmo-reclaim", "%sthe rows have no reason", at_most);
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
		    "not known: the verdict is not ok");
	else
		say(w, "cold-scan CGROUP | swap-balance --account",
		    "not known: no %s",
		    anon ? "cold_anon_bytes" : "cold_file_bytes");
}

static void say_incompressible(struct words *w, const struct account *a)
{
	char name[CG_KEY_MAX + 64];

	say(w, "set it to 1", "%s is 0: no disk",
	    whose(a, &a->g.binds.writeback, name, sizeof(name)));
}

static void say_slab(struct words *w, const struct account *a)
{
	char size[NUM_LEN];
	uint64_t can = a->st->slab_reclaimable_bytes;

	if (can == NUM_NONE)
		say(w, "-", "kernel memory");
	else
		say(w, "-", "kernel memory; %s reclaimable",
		    num_human_bytes(size, can));
}

static void say_cause(struct words *w, const struct account *a, enum part part)
{
	const char *raise = "raise it", *add = CHECK_ADD_SWAP;

	switch (part) {
	case PART_TOUCHED_ANON: say_touched(w, a, true); break;
	case PART_TOUCHED_FILE: say_touched(w, a, false); break;
	case PART_HUGE_PAGES:
		say(w,
		    "echo madvise >/sys/kernel/mm/transparent_hugepage/"
		    "enabled",
		    "in use, but in huge pages: a part may be cold");
		break;
	case PART_OFFLOADABLE_ANON: say_guard(w, a, true); break;
	case PART_OFFLOADABLE_FILE: say_guard(w, a, false); break;
	case PART_NO_SWAP: say(w, add, "the machine has no swap"); break;
	case PART_TMPFS: say(w, add, "shared memory, and no swap"); break;
	case PART_SWAP_MAX: say_limit(w, a, &a->g.binds.swap, raise); break;
	case PART_SWAP_FULL: say(w, add, "swap is full"); break;
	case PART_SWAP_UNKNOWN:
		say(w, "-",
		    "/proc/meminfo does not tell how much swap is free");
		break;
	case PART_ZSWAP_MAX: say_limit(w, a, &a->g.binds.zswap, raise); break;
	case PART_ZSWAP_FULL:
		say(w, "raise /sys/module/zswap/parameters/max_pool_percent",
		    "zswap's pool is full");
		break;
	case PART_INCOMPRESSIBLE: say_incompressible(w, a); break;
	case PART_BUDGET:
		say(w, "raise -b", "the write budget is empty");
		break;
	case PART_DIRTY: say(w, "-", "not written back yet"); break;
	case PART_PROTECTED:
		say_limit(w, a, &a->g.binds.protects, "lower it");
		break;
	case PART_UNEVICTABLE: say(w, "-", "locked (mlock), or ramfs"); break;
	case PART_HUGETLB: say(w, "-", "hugetlbfs is never reclaimed"); break;
	case PART_PAGE_TABLES:
		say(w, "-", "page tables of its processes");
		break;
	case PART_SLAB: say_slab(w, a); break;
	case PART_KERNEL: say(w, "-", "stacks and other kernel memory"); break;
	case PART_SOCKETS: say(w, "-", "network buffers"); break;
	case PART_ZSWAP_POOL:
		say(w, "-", "compressed copies of offloaded memory");
		break;
	case PART_UNKNOWN:
		say(w, "-", "not in any counter of memory.stat");
		break;
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

static void settle(struct run *run, const struct cg *cg,
		   const struct told *told)
{
	const struct member *m = cg->data;
	struct account a = {
		.cg = cg, .told = told, .world = &run->world, .st = &m->now.st
	};

	gather(run, cg, told, &a.g);
	parts_split(&a.g.in, a.part);
	emit_all(run, &a);
}

/* ---- where they come from ---- */

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

static void account_row(struct run *run, const struct rows_in *in)
{
	struct told told;

	told_read(&told, in);
	run_note_sample(run, in, told.age_us);
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
			settle(run, cg, &told_nothing);
	}
	rows_flush(&run->out);
}
