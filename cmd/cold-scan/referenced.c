#include "referenced.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "idle.h"
#include "io.h"
#include "kv.h"
#include "mem.h"
#include "msg.h"
#include "num.h"
#include "root.h"

enum { RUN_PAGES = 32768 };

static bool is_file(uint64_t f)
{
	return page_has(f, PF_LRU) && !page_has(f, PF_ANON) &&
	       !page_has(f, PF_SWAPBACKED) && !page_has(f, PF_UNEVICTABLE);
}

/* Its pages are dirty from the first on, which tells nothing. */
static bool is_shmem(uint64_t f)
{
	return page_has(f, PF_LRU) && !page_has(f, PF_ANON) &&
	       page_has(f, PF_SWAPBACKED) && !page_has(f, PF_UNEVICTABLE);
}

/* write(2) sets no bit: what it touched is dirty, or being written back. */
static bool is_touched(uint64_t f)
{
	return page_has(f, PF_REFERENCED) || page_has(f, PF_DIRTY) ||
	       page_has(f, PF_WRITEBACK);
}

static uint8_t unread_after(uint64_t f, uint8_t was)
{
	if (is_shmem(f) && page_has(f, PF_REFERENCED))
		return was >= SHMEM_TOLD && page_has(f, PF_MMAP) ? SHMEM_TOLD
								 : SHMEM_TELLS;
	if (!is_file(f))
		return UNREAD_NONE;
	if (is_touched(f) || was == UNREAD_NONE || was >= SHMEM_TOLD)
		return UNREAD_FIRST;
	return was < UNREAD_MAX ? (uint8_t)(was + 1) : was;
}

void referenced_run(struct referenced_run *r, struct tally_set *out)
{
	for (size_t i = 0; i < r->pages; i++) {
		uint64_t f = r->flags[i];

		/* Of a huge page the head's state is that of all, and on older
		 * kernels the head alone has a cgroup. */
		if (!page_has(f, PF_COMPOUND_TAIL)) {
			r->head_cgroup = r->cgroup[i];
			r->head = unread_after(f, r->unread[i]);
			r->head_mapped = page_has(f, PF_MMAP);
			r->head_again = r->head == SHMEM_TOLD ||
					(r->unread[i] == SHMEM_TOLD &&
					 is_shmem(f) && r->head_mapped);
		}
		r->unread[i] = r->head;
		if (r->head_again)
			tally_of(out, r->head_cgroup, r->node)->again_pages++;
		if (r->head == UNREAD_NONE || r->head >= SHMEM_TOLD)
			continue;
		struct tally *t = tally_of(out, r->head_cgroup, r->node);

		if (r->head_mapped)
			t->mapped_pages++;
		else
			counts_more(&t->pages[FILES], r->head, 1);
	}
}

void referenced_run_after(struct referenced_run *r)
{
	for (size_t i = 0; i < r->pages; i++) {
		uint64_t f = r->flags[i];

		if (!page_has(f, PF_COMPOUND_TAIL))
			r->head_clear =
				is_shmem(f) && !page_has(f, PF_REFERENCED);
		if (r->head_clear && r->unread[i] != SHMEM_TOLD)
			r->unread[i] = SHMEM_TELLS;
	}
}

static struct referenced_vec *vec_of(const struct referenced *r,
				     unsigned long id, int node)
{
	for (size_t i = 0; i < r->n_vec; i++)
		if (r->vec[i].id == id && r->vec[i].node == node)
			return r->vec + i;
	return NULL;
}

const struct referenced_vec *referenced_look(struct referenced *r,
					     const struct lrugen_vec *v)
{
	uint64_t seq = v->gen[v->n - 1].seq;
	struct referenced_vec *own = vec_of(r, v->id, v->node);

	if (!own) {
		r->vec = xrealloc(r->vec, r->n_vec + 1, sizeof(*r->vec));
		own = r->vec + r->n_vec++;
		*own = (struct referenced_vec){ .id = v->id, .node = v->node };
	}
	if (own->seq != seq) {
		own->ours = 0;
		own->moved_us = own->met ? clock_mono_us() : 0;
	}
	own->seq = seq;
	own->met = true;
	return own;
}

void referenced_after(struct referenced *r, const struct lrugen_vec *v,
		      bool done)
{
	struct referenced_vec *own = vec_of(r, v->id, v->node);

	own->ours = done ? own->ours + 1 : 0;
	own->seq = v->gen[v->n - 1].seq + 1;
}

void referenced_reset(struct referenced *r)
{
	for (size_t i = 0; i < r->n_vec; i++)
		r->vec[i].ours = 0;
}

bool referenced_knows(const struct referenced *r, unsigned long id, int node)
{
	const struct referenced_vec *own = vec_of(r, id, node);

	/* The last is of this pass, and begins what the next one tells. */
	return own && own->ours > REFERENCED_AGINGS;
}

bool referenced_knows_shmem(const struct referenced *r, unsigned long id,
			    int node)
{
	const struct referenced_vec *own = vec_of(r, id, node);

	return own && own->ours > 2;
}

uint64_t referenced_again(const struct referenced *r, uint64_t ino, int node)
{
	const struct tally *f = tally_find(&r->files, ino, node);

	return f ? f->again_pages : 0;
}

static int watch_counters(struct referenced *r)
{
	uint64_t scanned, written;
	int err = mem_scanned_system(&scanned);

	if (!err)
		err = kv_read_key(root_fd(), "proc/vmstat", "nr_written",
				  &written);
	if (err)
		return err;
	if (scanned != r->scanned_pages)
		referenced_reset(r);
	/* An age is of two intervals at most. */
	r->unseen_pages = num_less(written, r->was_written);
	r->was_written = r->written_pages;
	r->scanned_pages = scanned;
	r->written_pages = written;
	return 0;
}

static void grow(struct referenced *r, size_t pages)
{
	if (pages <= r->pages)
		return;
	r->unread = xrealloc(r->unread, pages, 1);
	memset(r->unread + r->pages, UNREAD_NONE, pages - r->pages);
	r->pages = pages;
}

static int scan_range(struct referenced *r, int flags, int cgroup,
		      const struct pfn_range *range)
{
	static uint64_t flag[RUN_PAGES], ino[RUN_PAGES];
	struct referenced_run run = { .flags = flag,
				      .cgroup = ino,
				      .node = range->node };

	grow(r, range->end);
	for (uint64_t pfn = range->pfn; pfn < range->end; pfn += run.pages) {
		size_t left = range->end - pfn;
		ssize_t got;

		run.pages = left < RUN_PAGES ? left : RUN_PAGES;
		run.unread = r->unread + pfn;
		got = idle_read_words(flags, pfn, flag, run.pages);
		if (got >= 0)
			got = idle_read_words(cgroup, pfn, ino, run.pages);
		if (got < 0)
			return (int)got;
		referenced_run(&run, &r->files);
	}
	return 0;
}

int referenced_scan(struct referenced *r, uint64_t page_bytes)
{
	struct pfn_range *ram = NULL;
	int flags = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	int cgroup = io_open(root_fd(), "proc/kpagecgroup", O_RDONLY);
	int err = flags < 0 ? flags : cgroup < 0 ? cgroup : 0;
	size_t n = 0;

	tally_free(&r->files);
	if (!err)
		err = idle_ram(page_bytes, &ram, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = scan_range(r, flags, cgroup, ram + i);
	free(ram);
	if (flags >= 0)
		close(flags);
	if (cgroup >= 0)
		close(cgroup);
	if (!err)
		err = watch_counters(r);
	memmove(r->aged_us + 1, r->aged_us,
		sizeof(r->aged_us) - sizeof(*r->aged_us));
	r->aged_us[0] = clock_mono_us();
	return err;
}

static int scan_range_after(struct referenced *r, int flags,
			    const struct pfn_range *range)
{
	static uint64_t flag[RUN_PAGES];
	struct referenced_run run = { .flags = flag };
	uint64_t end = range->end < r->pages ? range->end : r->pages;

	for (uint64_t pfn = range->pfn; pfn < end; pfn += run.pages) {
		ssize_t got;

		run.pages = end - pfn < RUN_PAGES ? end - pfn : RUN_PAGES;
		run.unread = r->unread + pfn;
		got = idle_read_words(flags, pfn, flag, run.pages);
		if (got < 0)
			return (int)got;
		referenced_run_after(&run);
	}
	return 0;
}

void referenced_scan_after(struct referenced *r, uint64_t page_bytes)
{
	struct pfn_range *ram = NULL;
	int flags = io_open(root_fd(), "proc/kpageflags", O_RDONLY);
	int err = flags < 0 ? flags : 0;
	size_t n = 0;

	if (!err)
		err = idle_ram(page_bytes, &ram, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = scan_range_after(r, flags, ram + i);
	free(ram);
	if (flags >= 0)
		close(flags);
	if (err)
		referenced_reset(r);
}

/* Found unread so many times: since the aging before the first of them. */
static int age_of(const struct referenced *r, const struct age_scale *scale,
		  uint64_t now_us, int unread)
{
	uint64_t us;

	if (unread <= UNREAD_FIRST)
		return 0;
	us = num_less(now_us, r->aged_us[unread - UNREAD_FIRST]);
	/* A pass that came a little early is on time. */
	return age_below(scale, us + us / 49);
}

void referenced_take(const struct referenced *r, const struct age_scale *scale,
		     uint64_t now_us, struct tally *t)
{
	const struct tally *f = tally_find(&r->files, t->ino, t->node);
	struct counts *files = &t->pages[FILES];
	uint64_t left = f ? f->mapped_pages : 0;

	t->unsure_pages = left;
	for (int a = files->n - 1; a >= 0; a--) {
		uint64_t n = files->pages[a] < left ? files->pages[a] : left;

		files->pages[a] = n;
		left -= n;
	}
	for (int u = 0; f && u < f->pages[FILES].n; u++)
		counts_more(files, age_of(r, scale, now_us, u),
			    f->pages[FILES].pages[u]);
}

void referenced_close(struct referenced *r)
{
	tally_free(&r->files);
	free(r->unread);
	free(r->vec);
}
