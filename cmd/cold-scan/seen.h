/*
 * seen - what an aging of lru_gen can see touched.
 *
 * It walks the page tables of a cgroup's own processes and takes from them what
 * is charged to that cgroup (mm/vmscan.c, get_pfn_folio); so what only others
 * map, and files in memory that nobody maps, stay as old as they came.  It
 * passes over mappings that are told to be read at random or in order
 * (should_skip_vma).
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "cg.h"
#include "charged.h"

struct seen {
	/* Anonymous and shared memory, not locked, to which page tables lead: a
	 * page that n processes map counts 1/n for each, so that a part of it
	 * is missing where some of them are others'. */
	uint64_t bytes;
	/* Part of them: of address spaces that may be others of the same sum,
	 * as processes can share one, and the kernel does not tell. */
	uint64_t twice_bytes;
	uint64_t by_file_bytes; /* part of them: shared memory that has a file,
				 * which read(2) and write(2) may touch */
	uint64_t by_file_huge_bytes; /* part of them: of mappings with huge
				      * pages, which read(2) marks at their
				      * start alone */
	uint64_t others_bytes;	     /* part of them: another cgroup is charged,
				      * by a sample; 0 where that is not told */
	bool untold;		     /* whose it is cannot be asked */
	uint64_t entries; /* of page tables, that an aging looks at */
	bool guest; /* one is KVM's, whose guest has page tables of its own */
};

/*
 * That of the own processes of the cgroup, which has so much such memory, each
 * address space once; entries are of those that began before since_ticks
 * (seen_now()).  0 or -errno: -EACCES where one cannot be looked at
 * (CAP_SYS_PTRACE).
 */
int seen_read(const struct cg_set *set, const struct cg *cg, uint64_t own_bytes,
	      uint64_t since_ticks, uint64_t page_bytes, struct seen *out);

/* The start of a process that begins now; that of none in a recording. */
uint64_t seen_now(void);

/* The same of one process, by the text of its smaps, which is cut up;
 * charged, or NULL, is drawn from it. */
struct seen seen_parse(char *smaps, uint64_t page_bytes,
		       struct charged *charged);

#endif
