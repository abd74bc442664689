/*
 * act - the write to memory.reclaim, in chunks, with an end.
 *
 * The kernel reclaims in the context of the writer, and asked for more than
 * is cheap it goes on to warm pages for long (mm/vmscan.c,
 * user_proactive_reclaim).  So the writes are a worker's, and the caller
 * watches: when the target's own stall rises, at the deadline, or at a signal
 * it interrupts the worker, whose write then ends with EINTR.  A worker that
 * does not even come back from that (a disk that hangs) is left behind, and
 * the next target gets another one; its own target waits for it.
 *
 * The watch reads the total of the PSI file every 5 ms while a write runs,
 * and costs nothing else.  A kernel trigger would tell later (psi.c looks ten
 * times a window, at best every 50 ms), costs a kernel thread for each cgroup,
 * and has a 2 s window for the unprivileged.
 */
#ifndef ACT_H
#define ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ACT_SWAPPINESS_NONE = -1, /* the plain form */
	ACT_SWAPPINESS_MAX = 201,
	ACT_WORKERS = 8,
	ACT_TEXT = 64,
};

struct act_part {
	uint64_t bytes;
	int swappiness;
};

enum act_end {
	ACT_DONE,
	ACT_PARTIAL, /* EAGAIN: the kernel found no more */
	ACT_CUT_PSI,
	ACT_CUT_SIGNAL,
	ACT_DEADLINE,
	ACT_FAILED, /* err tells */
	ACT_STUCK,  /* the write has not returned */
};

struct act_job {
	int fd;	    /* memory.reclaim, for writing; its directory where high */
	int psi_fd; /* the target's memory pressure, or -1 */
	bool high;  /* by memory.high */
	bool own;   /* the write itself is part of that pressure */
	const char *key;
	struct act_part part[2];
	size_t parts;
	uint64_t chunk_bytes;
	uint64_t trip_bytes;  /* what a write brings at least */
	uint64_t deadline_us; /* for the whole of it, from now */
	uint64_t alarm_us;    /* stall added that cuts it short */
	uint64_t patience_us; /* for a write that is cut to come back */
	const void *owner;    /* has one write at a time */

	enum act_end end;
	int err;
	uint64_t elapsed_us, stall_us;
	/* Of a cut: from the last look without alarm to the signal, and on. */
	uint64_t seen_us, back_us;
};

struct act;

/* NULL: no memory, or no thread. */
struct act *act_open(void);
void act_close(struct act *a);

/* Runs the job to its end, which is never much behind its deadline. */
void act_run(struct act *a, struct act_job *job);

/* CPU time of the workers: the kernel's reclaim, and little else. */
uint64_t act_cpu_us(const struct act *a);

/* What a write says: "1048576 swappiness=60". */
void act_text(char text[ACT_TEXT], uint64_t bytes, int swappiness);

#endif
