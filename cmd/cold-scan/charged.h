/*
 * charged - to which cgroup the pages are charged that page tables lead to.
 *
 * A process that moves to another cgroup leaves the charge of its memory
 * behind.  Where as much comes as goes, the sizes are right, and whose the
 * pages are tells only /proc/kpagecgroup: of some, drawn at random.
 */
#ifndef CHARGED_H
#define CHARGED_H

#include <stdbool.h>
#include <stdint.h>

struct charged {
	uint64_t ino, page_bytes;
	uint64_t step_bytes; /* one page is drawn of so much */
	uint64_t done_bytes; /* of the step that is under way */
	uint64_t seed;
	int pagemap, cgroup, flags;
	unsigned int tried; /* also those without a page, or of no cgroup */
	unsigned int drawn, others; /* pages whose cgroup is told; another's */
	bool untold; /* a page was met, and the kernel hides which one it is */
};

/* Of a cgroup that has so much. */
void charged_open(struct charged *c, uint64_t ino, uint64_t own_bytes,
		  uint64_t page_bytes);
void charged_close(struct charged *c);

/* Whose mappings are drawn from. */
void charged_process(struct charged *c, uint64_t pid);

/*
 * A mapping, and how much of it counts: all of its pages, or its anonymous
 * ones.
 */
void charged_draw(struct charged *c, uint64_t start, uint64_t end, bool all,
		  uint64_t bytes);

/* How much of so much is another cgroup's, as drawn. */
uint64_t charged_others(const struct charged *c, uint64_t bytes);

#endif
