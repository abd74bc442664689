/*
 * rows - records on a pipe, see tmo-rows(5).
 *
 * A row is made cell by cell into a struct row; rows_emit() writes it in the
 * format asked for.  A filter reads with rows_next() and emits its own cells
 * merged into the row that it read: columns it read stay, in order; its own
 * go to the right, or in place where one of that name came in.
 */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One record under construction. */
struct row {
	char *buf; /* the cells, each with its NUL */
	size_t len, room;
	size_t *at; /* where each begins */
	size_t n, at_room;
};

void row_reset(struct row *r);
void row_str(struct row *r, const char *s); /* never empty: "-" then */
void row_u64(struct row *r, uint64_t v);    /* NUM_NONE is -, NUM_MAX max */
void row_i64(struct row *r, int64_t v);
void row_milli(struct row *r, int64_t thousandths); /* 12.345 */
void row_pct(struct row *r, double pct);	    /* a NaN is - */
void row_none(struct row *r);
const char *row_cell(const struct row *r, size_t i);
void row_free(struct row *r);

/*
 * A column of a tool: its name, what it means (for -h and -f prometheus), and
 * the function that puts its cell, given the tool's sample and arg.
 */
struct col {
	const char *name;
	const char *help;
	void (*put)(struct row *r, const void *sample, int arg);
	int arg;
};

/*
 * Which columns of a table (of n) to show, in which order: spec is "a,b,c",
 * or "+d,e" for the defaults and more, or NULL for the defaults (the first
 * n_default).  The result is malloc'ed; -ENOENT with *bad the name at fault
 * (to be freed), -ENOMEM.
 */
struct col_set {
	const struct col **v;
	size_t n;
	bool only; /* of a filter: nothing else of the input goes out */
};
int col_select(const struct col *table, size_t n, size_t n_default,
	       const char *spec, struct col_set *out, char **bad);

/*
 * The same for a filter, whose spec may name columns of the input as well: a
 * name that is not in the table becomes a column without put.  "a,b" is all
 * that goes out after the key; "+d,e" leaves the input whole.
 */
int col_select_filter(const struct col *table, size_t n, size_t n_default,
		      const char *spec, struct col_set *out);

/* All cells of a sample. */
void row_put(struct row *r, const struct col_set *cols, const void *sample);

enum rows_format { ROWS_TSV, ROWS_JSON, ROWS_TABLE, ROWS_PROM };
/* "rows" "json" "table" "prometheus"; 0 or -EINVAL. */
int rows_format(const char *name, enum rows_format *out);

/* Where a cell of the output comes from. */
struct rows_source {
	bool own;  /* of the tool's cells, else of the input's */
	size_t at; /* which one */
};

struct rows_out {
	int fd;
	enum rows_format format;
	bool header; /* -H clears it */
	/*
	 * --out: an exposition, replaced whole at each flush; the rows go to
	 * fd all the same, unless the format is ROWS_PROM.  A file that cannot
	 * be replaced stays as it was and is no end: file_fails is called when
	 * that begins.
	 */
	const char *file;
	int file_err; /* of the last exposition, -errno */
	void (*file_fails)(const char *file, int err);
	/* Two columns are one metric: that one is left out of it. */
	void (*metric_is_taken)(const char *column, const char *by,
				const char *metric);
	bool keep;	  /* in an exposition a row stands until its next */
	const char *tool; /* prefix of prometheus names: "psi_watch" */
	int err;	  /* the first write error, -errno */
	/*
	 * 0: a flush waits for the reader.  Otherwise it does not; so much
	 * waits for the next one at least, and rows beyond that are dropped.
	 */
	size_t most_waiting_bytes;
	size_t dropped;

	char *buf; /* what waits for the next flush */
	size_t len, room;
	char **name;	   /* the columns as they stand */
	const char **help; /* what they mean, NULL: not told */
	size_t n;
	bool declared;		      /* since the last change of columns */
	const struct col_set *mapped; /* of which from[] was made */
	unsigned int version;	      /* and of which header of the input */
	struct rows_source *from;     /* of each column */
	const char **text;	      /* the row as it goes out */
	bool tty, color;
	bool filters;	     /* samples have no end: rows replace their last */
	struct prom *prom;   /* rows kept for the exposition */
	struct table *table; /* rows that wait for their sample's end */
};

/* stdout.  format < 0: table on a terminal, rows elsewhere. */
void rows_open(struct rows_out *o, int format, bool header, const char *tool);

/*
 * What is read.  After a header line names[] are the columns; before any,
 * the only column is "cgroup".
 */
struct rows_in {
	int fd;
	struct rows_out *flush; /* flushed before waiting for input; or NULL */
	char *buf;
	size_t start, end, room;
	bool eof;
	bool crlf;   /* so the header's line ended */
	size_t line; /* number of the current line, for messages */
	char **name;
	size_t n;
	char **cell; /* of the current row, n or fewer */
	size_t cells, cell_room;
	const char *bad;      /* after -ENODATA, -EEXIST: the column, NULL: its
				 name */
	unsigned int version; /* grows with each header: look columns up anew */
};

enum rows_event {
	ROWS_END, /* end of input */
	ROWS_ROW,
	ROWS_HEADER, /* the columns changed */
	ROWS_AGAIN,  /* a signal came: look at clock_stopped() and the like */
};

void rows_in_open(struct rows_in *in, int fd, struct rows_out *flush);
void rows_in_close(struct rows_in *in);

/* Texts of the heap and their array. */
void rows_free_names(char **name, size_t n);

/*
 * The next event, or -errno: -EBADMSG for a last line without its newline,
 * which is never acted on, and for a row with more cells than columns;
 * -EILSEQ for a NUL in a line, -EMSGSIZE for one of more than a MiB; -ENODATA
 * for an empty cell or name of a column, -EPROTO for a control byte in a name,
 * -EEXIST for a name that two columns have, -E2BIG for more than 4096 of them.
 * Comments, empty lines and a byte order mark before a line are passed over.
 * Blocks, until a signal; -ETIMEDOUT where clock_limit() ends it.
 */
int rows_next(struct rows_in *in);

/* Index of a column, or -1. */
int rows_find(const struct rows_in *in, const char *name);
/* A column chosen for a filter that the input does not have, or NULL. */
const char *rows_missing(const struct rows_in *in, const struct col_set *cols);
/* Cells by index, NULL for -1, a short row, or "-". */
const char *rows_str(const struct rows_in *in, int i);
/* NUM_NONE for those; "max" and 2^64-1 are NUM_MAX; or -EINVAL, -ERANGE. */
int rows_u64(const struct rows_in *in, int i, uint64_t *out);
/* Decimals, as percent and time; -ENOENT for unknown, -EINVAL for a word. */
int rows_milli(const struct rows_in *in, int i, int64_t *out);

/*
 * Writes own, under the names of cols, merged into the row just read (in may
 * be NULL: own is all).  Prints the header when the columns changed.  In own
 * of a source the first column must be the key.  A name goes out once: the
 * first column of that name.
 */
void rows_emit(struct rows_out *o, const struct rows_in *in,
	       const struct col_set *cols, const struct row *own);

/* Hands on what waits; a source does so at the end of each sample. */
int rows_flush(struct rows_out *o);

/* The same in mid-sample: a filter's, before it waits for input. */
int rows_hand_on(struct rows_out *o);

/* Where no row has come, --out's file is emptied: what an earlier run wrote
 * into it would be taken for this one's. */
void rows_clear_file(struct rows_out *o);

/* Flushes and closes: 0 or the first error, for the exit status. */
int rows_close(struct rows_out *o);

#endif
