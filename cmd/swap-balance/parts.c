#include "parts.h"

#include <math.h>

#include "num.h"

const char *part_word(enum part part)
{
	static const char *const words[PART_COUNT] = {
		[PART_TOUCHED_ANON] = "touched_anon",
		[PART_HUGE_PAGES] = "huge_pages",
		[PART_TOUCHED_FILE] = "touched_file",
		[PART_OFFLOADABLE_ANON] = "offloadable_anon",
		[PART_OFFLOADABLE_FILE] = "offloadable_file",
		[PART_NO_SWAP] = "no_swap",
		[PART_TMPFS] = "tmpfs",
		[PART_SWAP_MAX] = "swap_max",
		[PART_SWAP_FULL] = "swap_full",
		[PART_SWAP_UNKNOWN] = "swap_unknown",
		[PART_ZSWAP_MAX] = "zswap_max",
		[PART_ZSWAP_FULL] = "zswap_full",
		[PART_INCOMPRESSIBLE] = "incompressible",
		[PART_BUDGET] = "budget",
		[PART_DIRTY] = "dirty",
		[PART_PROTECTED] = "protected",
		[PART_UNEVICTABLE] = "unevictable",
		[PART_HUGETLB] = "hugetlb",
		[PART_PAGE_TABLES] = "page_tables",
		[PART_SLAB] = "slab",
		[PART_KERNEL] = "kernel",
		[PART_SOCKETS] = "sockets",
		[PART_ZSWAP_POOL] = "zswap_pool",
		[PART_UNKNOWN] = "unknown",
	};

	return words[part];
}

/* Up to bytes of what is left. */
static uint64_t take(uint64_t *left, uint64_t bytes)
{
	uint64_t got = num_least(*left, bytes);

	*left -= got;
	return got;
}

/* A counter's, of which more than the whole makes no sense. */
static uint64_t take_counted(uint64_t *left, uint64_t whole, uint64_t bytes)
{
	return bytes > whole ? NUM_NONE : take(left, bytes);
}

/* What does not fit into any of the room. */
static uint64_t take_beyond(uint64_t *left, uint64_t room)
{
	return take(left, num_less(*left, room));
}

/* What is on no LRU, or stays there; the kernel's rest is what is left of it.
 */
static void split_fixed(const struct parts_in *in, uint64_t *left, uint64_t *b)
{
	uint64_t all = in->current, rest = in->kernel;

	b[PART_HUGETLB] = take_counted(left, all, in->hugetlb);
	b[PART_PAGE_TABLES] = take_counted(left, all, in->page_tables);
	b[PART_ZSWAP_POOL] = take_counted(left, all, in->zswap_pool);
	b[PART_SLAB] = take_counted(left, all, in->slab);
	if (rest <= all)
		rest = num_less(rest, num_known(b[PART_PAGE_TABLES]) +
					      num_known(b[PART_ZSWAP_POOL]) +
					      num_known(b[PART_SLAB]));
	b[PART_KERNEL] = take_counted(left, all, rest);
	b[PART_SOCKETS] = take_counted(left, all, in->sockets);
	b[PART_UNEVICTABLE] = take_counted(left, all, in->unevictable);
}

/* What of its LRU, of which left is on it, is not cold. */
static uint64_t take_touched(uint64_t *left, uint64_t whole, uint64_t cold)
{
	return cold > whole ? NUM_NONE : take_beyond(left, cold);
}

/*
 * One touch makes a huge page touched as a whole.  Some of them may be among
 * the cold ones; as many as surely are not.
 */
static void split_touched_anon(const struct parts_in *in, uint64_t *left,
			       uint64_t *b)
{
	uint64_t huge = in->anon_thp > in->current ? 0 : in->anon_thp;

	b[PART_TOUCHED_ANON] = take_touched(left, in->current, in->cold_anon);
	if (b[PART_TOUCHED_ANON] != NUM_NONE)
		b[PART_HUGE_PAGES] = take(&b[PART_TOUCHED_ANON],
					  num_less(huge, in->cold_anon));
}

static void split_no_swap(const struct parts_in *in, uint64_t *left,
			  uint64_t *b)
{
	uint64_t shmem =
		in->cold_shmem != NUM_NONE ? in->cold_shmem : in->shmem;

	if (shmem <= in->current)
		b[PART_TMPFS] = take(left, shmem);
	b[PART_NO_SWAP] = take(left, *left);
}

/* The bound that is the lower one stops it. */
static void split_swap_room(const struct parts_in *in, uint64_t *left,
			    uint64_t *b)
{
	enum part by =
		in->swap_left <= in->swap_free ? PART_SWAP_MAX : PART_SWAP_FULL;

	if (in->swap_free == NUM_NONE) {
		b[PART_SWAP_UNKNOWN] = take(left, *left);
		return;
	}
	b[by] = take_beyond(left, num_least(in->swap_left, in->swap_free));
}

/*
 * Where zswap may pass nothing on.  What did not compress so far stays here,
 * and what did is away: so what is left has more of it than what was offered.
 */
static void split_zswap_only(const struct parts_in *in, uint64_t *left,
			     uint64_t *b)
{
	double offered = (double)*left + (double)num_known(in->zswapped);

	if (in->zswap_full)
		b[PART_ZSWAP_FULL] = take(left, *left);
	b[PART_ZSWAP_MAX] = take_beyond(left, in->zswap_left);
	if (in->incompressible > 0)
		b[PART_INCOMPRESSIBLE] =
			take(left, (uint64_t)fmin(in->incompressible * offered,
						  (double)*left));
}

static void split_anon(const struct parts_in *in, uint64_t left, uint64_t *b)
{
	uint64_t open;

	split_touched_anon(in, &left, b);
	open = take(&left, num_known(in->tier_left));
	if (in->no_swap)
		split_no_swap(in, &left, b);
	else
		split_swap_room(in, &left, b);
	if (in->zswap_only)
		split_zswap_only(in, &left, b);
	else if (in->budget_empty)
		b[PART_BUDGET] = take(&left, left);
	b[PART_OFFLOADABLE_ANON] = open + left;
}

/* The touched part is likely what is dirty. */
static void split_file(const struct parts_in *in, uint64_t left, uint64_t *b)
{
	uint64_t busy = in->busy_file > in->current ? 0 : in->busy_file;

	b[PART_TOUCHED_FILE] = take_touched(&left, in->current, in->cold_file);
	b[PART_DIRTY] =
		take(&left, num_less(busy, num_known(b[PART_TOUCHED_FILE])));
	b[PART_OFFLOADABLE_FILE] = left;
}

static void split_protected(const struct parts_in *in, uint64_t *b)
{
	uint64_t *anon = &b[PART_OFFLOADABLE_ANON],
		 *file = &b[PART_OFFLOADABLE_FILE];
	uint64_t kept =
		num_less(num_known(*anon) + num_known(*file),
			 num_less(in->current, num_known(in->protected)));

	if (*anon != NUM_NONE)
		b[PART_PROTECTED] = take(anon, kept);
	if (*file != NUM_NONE)
		b[PART_PROTECTED] += take(file, kept - b[PART_PROTECTED]);
}

void parts_split(const struct parts_in *in, uint64_t bytes[PART_COUNT])
{
	uint64_t left = in->current, anon, file;
	bool known = in->current < NUM_MAX;

	for (int i = 0; i < PART_COUNT; i++)
		bytes[i] = known ? 0 : NUM_NONE;
	if (!known)
		return;
	split_fixed(in, &left, bytes);
	anon = take_counted(&left, in->current, in->anon);
	file = take_counted(&left, in->current, in->file);
	bytes[PART_UNKNOWN] = left;
	bytes[PART_TOUCHED_ANON] = bytes[PART_OFFLOADABLE_ANON] = NUM_NONE;
	bytes[PART_TOUCHED_FILE] = bytes[PART_OFFLOADABLE_FILE] = NUM_NONE;
	if (anon != NUM_NONE)
		split_anon(in, anon, bytes);
	if (file != NUM_NONE)
		split_file(in, file, bytes);
	split_protected(in, bytes);
}
