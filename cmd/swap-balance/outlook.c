#include "outlook.h"

#include <math.h>

#include "compression.h"
#include "num.h"

/* ---- destinations ---- */

static bool takes_zswap(const struct subject *s)
{
	const struct machine *m = s->machine;

	return m->areas &&
	       (look_is_kept(&s->m->now, m) || look_fits_zswap(&s->m->now, m));
}

/* Where its next page would go. */
static bool is_in_use(const struct subject *s, enum destination to)
{
	const struct machine *m = s->machine;

	if (to == TO_FILE)
		return true;
	if (!m->areas || (to == TO_ZSWAP) != takes_zswap(s))
		return false;
	return to == TO_ZSWAP || m->zram == (to == TO_ZRAM);
}

/* As though it were set up, with the limits of the cgroup as they are. */
static void suppose(const struct subject *s, enum destination to,
		    struct parts_in *in)
{
	*in = s->g.in;
	in->tier_left = 0; /* that frees no memory */
	if (is_in_use(s, to))
		return;
	in->no_swap = in->budget_empty = in->zswap_full = false;
	in->swap_free = NUM_MAX;
	in->zswap_only = to == TO_ZSWAP && s->g.binds.writeback.file;
}

struct movable {
	uint64_t bytes, blocked_bytes;
	const char *blocked_by;
};

static void block(struct movable *m, const uint64_t *part, int first, int last)
{
	uint64_t most = 0;

	for (int i = first; i <= last; i++)
		if (part[i] < NUM_MAX && part[i] > most) {
			most = part[i];
			m->blocked_by = part_word((enum part)i);
		}
}

/* What of the cold memory can go, by the same account as --account's. */
static void find_movable(const struct subject *s, enum destination to,
			 struct movable *m)
{
	uint64_t part[PART_COUNT], cold;
	bool file = to == TO_FILE, no_room_known;
	struct parts_in in;

	suppose(s, to, &in);
	no_room_known = !file && !in.no_swap && in.swap_free == NUM_NONE;
	if (no_room_known)
		in.swap_free = NUM_MAX;
	parts_split(&in, part);
	m->bytes = part[file ? PART_OFFLOADABLE_FILE : PART_OFFLOADABLE_ANON];
	m->blocked_bytes = NUM_NONE;
	m->blocked_by = "-";
	cold = file ? num_least(in.cold_file, in.file)
		    : num_least(in.cold_anon, in.anon);
	if (no_room_known ||
	    part[file ? PART_TOUCHED_FILE : PART_TOUCHED_ANON] == NUM_NONE)
		return;
	m->blocked_bytes = num_less(cold, m->bytes);
	if (m->blocked_bytes)
		block(m, part, file ? PART_DIRTY : PART_NO_SWAP,
		      PART_PROTECTED);
}

/* ---- numbers ---- */

/*
 * Shares of what can go that are in huge pages: all may be, or as few as fit.
 * One that is split, for lack of room in one piece of swap, goes to zswap: that
 * none will be is said only where some went, and none was split.
 */
static void find_huge(const struct subject *s, uint64_t bytes,
		      struct forecast_in *in)
{
	const struct mem_stat *st = &s->m->now.st;
	double all = (double)num_known(s->g.in.anon), some = (double)bytes;
	double huge = fmin((double)num_known(st->anon_thp_bytes), all);

	if (!s->machine->zswap_lacks_huge_pages || all <= 0 || some <= 0)
		return;
	in->huge = huge / all;
	in->huge_high = fmin(huge / some, 1);
	if (num_known(st->thp_swpout) && st->thp_swpout_fallback == 0)
		in->huge_low = fmax(some - (all - huge), 0) / some;
}

/* Where it is zswap or nothing, they stay. */
static void block_huge(struct movable *m, struct forecast_in *in)
{
	uint64_t bytes = (uint64_t)(in->huge * (double)m->bytes);

	in->huge = in->huge_low = in->huge_high = 0;
	if (!bytes)
		return;
	m->bytes -= bytes;
	m->blocked_by = part_word(PART_HUGE_PAGES);
	if (m->blocked_bytes != NUM_NONE)
		m->blocked_bytes += bytes;
}

/* Of the kind: what is older than the row's age. */
static double find_back(const struct subject *s, enum destination to,
			uint64_t bytes)
{
	const struct told *t = s->told, *y = s->younger;
	bool file = to == TO_FILE;
	uint64_t cold = file ? t->cold_file : t->cold_anon, younger;
	double back;

	if (!y)
		return NAN;
	younger = file ? y->cold_file : y->cold_anon;
	if (younger > s->g.in.current) /* more than there is */
		return NAN;
	back = forecast_back(y->age_us, younger, t->age_us, cold);
	return cold ? back * fmin((double)bytes / (double)cold, 1) : back;
}

static double cost_us(const struct subject *s, enum kind kind)
{
	const struct cost *c = &s->m->law.cost[kind];

	return c->us > 0 ? c->us : s->machine->default_us[kind];
}

/* A page's way back, from memory and from a disk: of one that there is not, the
 * default of an SSD, which is that of a file's. */
static void find_costs(const struct subject *s, enum destination to,
		       struct forecast_in *in)
{
	const struct machine *m = s->machine;
	bool is_disk = m->disk || m->rotational;

	in->memory_us = cost_us(s, to == TO_FILE ? KIND_FILE : KIND_ZSWAP);
	in->device_us =
		is_disk ? cost_us(s, KIND_DEVICE) : m->default_us[KIND_FILE];
}

static void find_error(const struct subject *s, enum destination to,
		       struct forecast_in *in)
{
	uint64_t se =
		to == TO_FILE ? s->told->cold_file_se : s->told->cold_anon_se;

	in->se = num_known(se);
}

static enum compression_source fill(const struct subject *s,
				    enum destination to, struct movable *m,
				    struct forecast_in *in)
{
	enum compression_source by = BY_NOTHING;

	*in = (struct forecast_in){ .to = to,
				    .at_most = m->blocked_bytes == NUM_NONE,
				    .no_device = to == TO_ZSWAP &&
						 s->g.binds.writeback.file };
	if (to != TO_FILE)
		by = compression_find(s->m, &s->g, s->machine, to, &in->c);
	if (to == TO_ZSWAP)
		find_huge(s, m->bytes, in);
	if (in->no_device)
		block_huge(m, in);
	in->offloadable = m->bytes;
	find_error(s, to, in);
	in->back_bytes_per_s = find_back(s, to, m->bytes);
	find_costs(s, to, in);
	return by;
}

/* Of memory in zram, what zram takes for it. */
static double zram_kept(const struct machine *m)
{
	struct compression c;

	return compression_of_zram(m, &c) ? c.kept : NAN;
}

/* Anonymous memory that is off, net of its copies.  The areas hold shares of it
 * as they do of all. */
static uint64_t saved_now(const struct subject *s)
{
	const struct look *l = &s->m->now;
	double in_zswap = (double)num_less(num_known(l->st.zswapped_bytes),
					   num_known(l->st.zswap_bytes));
	double off = (double)look_device_bytes(l), zram = 0, all = 0;

	if (l->swap_bytes == NUM_NONE)
		return NUM_NONE;
	for (int i = 0; i < s->machine->areas; i++) {
		double used = (double)s->machine->area[i].used_bytes;

		all += used;
		zram += s->machine->area[i].kind == SWAP_ZRAM ? used : 0;
	}
	if (off > 0 && zram > 0)
		off -= off * zram / all * zram_kept(s->machine);
	return isnan(off) ? NUM_NONE : (uint64_t)(in_zswap + off);
}

void outlook_find(const struct subject *s, enum destination to,
		  struct outlook *out)
{
	bool in_use = is_in_use(s, to);
	struct forecast_in in;
	struct movable m;

	find_movable(s, to, &m);
	*out = (struct outlook){ .in_use = in_use,
				 .source = fill(s, to, &m, &in) };
	out->blocked_bytes = m.blocked_bytes;
	out->blocked_by = m.blocked_by;
	out->saved_now_bytes =
		in_use && to != TO_FILE ? saved_now(s) : NUM_NONE;
	forecast_make(&in, &out->f);
}
