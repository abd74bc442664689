/*
 * record - each period as a row: all that it was decided from, what was
 * decided, and what the period taught.  From these rows the same is decided
 * again, to the bit.  The columns are in tmo-reclaim(8), THE RECORDING.
 */
#ifndef RECORD_H
#define RECORD_H

#include "decide.h"
#include "rows.h"

struct record {
	const char *key;
	int64_t time_ms;
	bool first; /* nothing is remembered of the cgroup */
	/* False: not decided, by reason, and no more is known of it. */
	bool decided;
	uint64_t want_bytes;
	enum reason reason;
	enum reason reported; /* once the write had ended */
	struct policy policy;
	struct observation o;
	bool learned; /* False: there is no outcome. */
	struct outcome outcome;
};

struct recorder;

/* To a new file: NULL with errno. */
struct recorder *record_open(const char *path);
void record_put(struct recorder *w, const struct record *rec);
int record_close(struct recorder *w); /* 0; -errno; -ENOBUFS: rows were lost */

/* The columns of a recording in the rows that are read. */
struct record_map {
	bool is; /* there are such */
	int *at;
};

/* 0, or -ENOENT where it is one without the column *missing. */
int record_map(const struct rows_in *in, struct record_map *m,
	       const char **missing);
void record_unmap(struct record_map *m);

/*
 * The row just read; the policy is run's where an option was given.  0, or
 * -EINVAL for a cell that is none, of the column *bad.
 */
int record_read(const struct rows_in *in, const struct record_map *m,
		const struct policy *run, struct record *out, const char **bad);

#endif
