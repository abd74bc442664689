/*
 * psi - pressure stall information, see Documentation/accounting/psi.rst.
 *
 * total counts microseconds exactly; the averages are updated every 2 s and
 * smeared over 10 s and more, so policy uses differences of total.
 */
#ifndef PSI_H
#define PSI_H

#include <stdbool.h>
#include <stdint.h>

enum psi_res { PSI_CPU, PSI_MEM, PSI_IO, PSI_IRQ, PSI_RES_COUNT };
enum psi_kind { PSI_SOME, PSI_FULL, PSI_KIND_COUNT };

struct psi_line {
	bool seen;
	uint64_t total_us;
	int64_t avg10_mpct; /* thousandths of a percent, as all mpct */
	int64_t avg60_mpct;
	int64_t avg300_mpct;
};

struct psi {
	struct psi_line line[PSI_KIND_COUNT];
};

/* "cpu" "mem" "io" "irq": as in column names, and as operators type them. */
const char *psi_res_name(enum psi_res res);
const char *psi_kind_name(enum psi_kind kind);

/*
 * The file of a resource: below a cgroup "memory.pressure", for the whole
 * system (relative to root_fd()) "proc/pressure/memory".
 */
const char *psi_cgroup_file(enum psi_res res);
const char *psi_system_file(enum psi_res res);

/*
 * 0 or -EBADMSG: a line without total= is refused, since it would look like
 * no pressure at all (kernels and vendors that lack it exist).  irq has no
 * some line, cpu no full line on old kernels: seen tells.
 */
int psi_parse(const char *text, struct psi *out);

/* The same without the averages, which are most of the work: they stay 0. */
int psi_parse_totals(const char *text, struct psi *out);

/* psi_parse of a held descriptor; -errno of the read, too. */
int psi_pread(int fd, struct psi *out);

/*
 * The stall between two readings of a total that were window_us apart; NUM_NONE
 * where one is unknown, the counter went back, or grew by more than there was
 * time to stall in: kernels are known whose counters jump.  A little more is
 * the time between the counter and our clock.
 */
uint64_t psi_stall_us(uint64_t now_us, uint64_t then_us, uint64_t window_us);

#endif
