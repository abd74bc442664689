/*
 * sample - one cgroup's pressure over the window just past: what is read, what
 * is kept of it until the next time, and the columns that show it.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "cg.h"
#include "psi.h"
#include "rows.h"

enum { AVG10, AVG60, AVG300, AVG_COUNT };
enum { TREND = 12 }; /* samples in the picture of the last ones */

enum what {
	W_PCT,
	W_US,
	W_TOTAL_US,
	W_AVG_PCT,
	W_TIME,
	W_WINDOW_US,
	W_MEMORY_BYTES,
	W_SWAP_BYTES,
	W_CGROUP,
	W_TREND,
};

/* What a column is of. */
struct sample_field {
	enum what what;
	enum psi_res res; /* of pressure, as the kind */
	enum psi_kind kind;
	int avg; /* of W_AVG_PCT: which */
};

/* A column's arg is its place in both. */
extern const struct col sample_cols[];
extern const struct sample_field sample_fields[];
extern const size_t sample_n_cols;
extern const char sample_defaults[];	  /* of the window */
extern const char sample_defaults_once[]; /* of the kernel's averages */

/* What a set of columns makes us read. */
struct need {
	bool res[PSI_RES_COUNT];
	bool window;   /* some column wants two readings */
	bool averages; /* and some column the kernel's */
	bool memory, swap;
};
void need_col(struct need *need, int arg);

struct sample {
	const char *key;
	int64_t unix_ms;
	uint64_t mono_us;
	uint64_t window_us; /* of the first resource; NUM_NONE at first */
	uint64_t res_window_us[PSI_RES_COUNT];
	uint64_t total_us[PSI_RES_COUNT][PSI_KIND_COUNT];
	uint64_t stall_us[PSI_RES_COUNT][PSI_KIND_COUNT];
	int32_t avg_mpct[PSI_RES_COUNT][PSI_KIND_COUNT][AVG_COUNT];
	uint64_t memory_bytes, swap_bytes;
	const char *trend; /* see show.c */
};

/* Can a column be compared? */
bool sample_is_number(int arg);

/* A column's number: thousandths of _pct and time, else whole; or unknown. */
bool sample_value(const struct sample *s, int arg, int64_t *out);

/* What reads a set's members. */
struct reader {
	struct cg_set *set;
	struct need need;
	bool fd_short; /* some pressure file found no descriptor to hold */
	int64_t unix_less_mono_ms;
	void *watch; /* the tool's own */
};
void reader_open(struct reader *r, struct cg_set *set);

/*
 * Kept between samples, in cg->data.  An fd is -1 for none; at_us 0 is no
 * reading yet.
 */
struct sample_state {
	int fd[PSI_RES_COUNT];
	uint32_t row; /* of the targets' table, see targets.h */
	uint32_t rows_version;
	uint64_t at_us[PSI_RES_COUNT];
	uint64_t total_us[PSI_RES_COUNT][PSI_KIND_COUNT];
	struct reader *reader;
	void *histogram;      /* see histogram.h */
	uint8_t trend[TREND]; /* one more than the level; 0 is none */
	bool warned;	      /* why it cannot be read was told */
	bool undecided;	      /* a condition on it was, and that was told */
	uint64_t since_us[];  /* of the expression's fors */
};

/*
 * Takes a sample of cg.  0, also where some file could not be read: what it
 * tells is unknown then.  -errno where none could, see reader_why().
 */
int reader_sample(struct reader *r, struct cg *cg, struct sample *out);

/* Of a member that is new: cg_set's added(). */
void sample_state_open(struct cg_set *set, struct cg *cg);

/* Lets go of the descriptors: of a member that goes. */
void sample_state_close(struct sample_state *state);

/* The file of a resource of cg, opened; descriptor or -errno. */
int reader_open_file(const struct reader *r, const struct cg *cg,
		     enum psi_res res, int flags);

/* Was it removed since the set last looked? */
bool reader_is_gone(const struct reader *r, const struct cg *cg);

enum { WHY_MAX = CG_KEY_MAX + 256 };

/* Why a pressure file cannot be read, and the remedy, in one sentence. */
void reader_why(const struct reader *r, const struct cg *cg, int err, char *buf,
		size_t size);

#endif
