#include "twice.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"
#include "io.h"
#include "msg.h"
#include "root.h"
#include "swapped.h"
#include "zram.h"

enum {
	BATCH = 1024,	   /* slots: written soon after they were found */
	WORDS_BYTES = 4000 /* the kernel takes less than a page of 4 KiB */
};

struct batch {
	struct twice *t;
	struct twice_result *r;
	enum slot want;
	uint64_t left_pages;
	uint64_t index[BATCH];
	size_t n;
};

const char *twice_lack(const struct machine *m, int i)
{
	const struct swap_area *area = m->area + i;
	const char *lack = zram_lacks_writeback(area->dev);

	if (!lack && area->file)
		lack = "set:swap"; /* on the device, not in a file on it */
	if (!lack && !swapped_has_type(m->area, m->areas, i))
		lack = "set:priority";
	return lack ? lack : slots_lack(area->dev);
}

int twice_open(struct twice *t, const struct machine *m, int i, uint64_t age_us)
{
	*t = (struct twice){ .dev = m->area[i].dev, .lack = twice_lack(m, i) };
	if (!t->lack)
		t->type = swapped_type(m->area, m->areas, i);
	if (t->type < 0)
		t->lack = t->type == -EPERM ? "run:CAP_SYS_ADMIN"
					    : "set:priority";
	return t->lack ? 0 : slots_read(&t->slots, t->dev, age_us);
}

void twice_close(struct twice *t)
{
	slots_free(&t->slots);
}

/* All of the n; one that was freed meanwhile is passed over by the kernel. */
static int write_slots(struct twice *t, const uint64_t *index, size_t n)
{
	char words[WORDS_BYTES];
	int err = 0;

	for (size_t done = 0; done < n && !err && !clock_stopped();) {
		size_t some = slots_words(index + done, n - done, t->single,
					  words, sizeof(words));

		err = zram_write_back(t->dev, words);
		if (err == -EINVAL && !t->single) {
			t->single = true; /* before 6.16 */
			err = 0;
		} else if (!err) {
			done += some;
		}
	}
	return err;
}

static int flush(struct batch *b)
{
	size_t n = slots_choose(b->index, b->n, b->left_pages);
	int err = n ? write_slots(b->t, b->index, n) : 0;
	struct zram_limit limit;

	b->left_pages -= n;
	b->n = 0;
	if (err == -EIO && !zram_read_limit(b->t->dev, &limit) && limit.on &&
	    !limit.units)
		b->r->ended = "writeback_limit";
	else if (err == -ENOSPC)
		b->r->ended = "backing_full";
	else
		return err;
	b->left_pages = 0;
	return 0;
}

static int take_entries(void *arg, uint64_t page, const uint64_t *entry,
			size_t n)
{
	struct batch *b = arg;
	struct slots *s = &b->t->slots;
	int err = 0;

	(void)page;
	for (size_t i = 0; i < n && !err; i++) {
		uint64_t index = PM_SWAP_OFFSET(entry[i]);

		if (entry[i] & PM_SWAP && !(entry[i] & PM_PFN))
			return -EPERM; /* hidden */
		if (!swapped_is_in(entry[i], b->t->type) || index >= s->n ||
		    s->slot[index] != b->want)
			continue;
		s->slot[index] = SLOT_OTHER;
		b->r->cold_pages++;
		b->index[b->n++] = index;
		if (b->n == BATCH)
			err = flush(b);
	}
	return err;
}

const char twice_most[] = "most";

int twice_cgroup(struct twice *t, const struct cg_set *set, const struct cg *cg,
		 uint64_t most_pages, struct twice_result *out)
{
	struct batch b = { .t = t, .r = out, .left_pages = most_pages };
	int err = 0;

	*out = (struct twice_result){ 0 };
	for (b.want = SLOT_COLD_HUGE; !err && b.want > SLOT_OTHER; b.want--) {
		if (b.want == SLOT_COLD_HUGE && !t->slots.huge)
			continue;
		err = swapped_cgroup(set, cg, take_entries, &b, &out->refused);
		if (!err)
			err = flush(&b);
	}
	if (!err && !out->ended && out->cold_pages > most_pages)
		out->ended = twice_most;
	if (clock_stopped())
		out->ended = "interrupted";
	return err;
}
