/*
 * expr - conditions over columns: parsed once, then judged sample by sample.
 * Pure: a text and numbers in, a verdict out.
 *
 *	expr = or ["for" TIME]
 *	or   = and {"or" and}
 *	and  = term {"and" term}
 *	term = COLUMN ("<" | "<=" | ">" | ">=" | "==" | "!=") VALUE
 *	     | "(" expr ")"
 */
#ifndef EXPR_H
#define EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rows.h"

enum { EXPR_NODES = 64 };
enum verdict { NO, YES, UNKNOWN };
enum expr_op { LT, LE, GT, GE, EQ, NE };

struct expr_node {
	enum { EXPR_CMP, EXPR_AND, EXPR_OR, EXPR_FOR } type;
	int left, right; /* nodes; of a FOR left is what must hold */
	int arg;	 /* of CMP: the column's */
	bool warned;	 /* the caller's */
	enum expr_op op;
	int64_t limit;	 /* thousandths for _pct and time */
	uint64_t for_us; /* of FOR, and its place in the clocks */
	size_t clock;
};

struct expr {
	struct expr_node node[EXPR_NODES];
	int top;
	size_t nodes, clocks;
	size_t at;	   /* on error: where in the text */
	const char *error; /* and what was wanted there */
};

/* 0, or -EINVAL with at and error. */
int expr_parse(struct expr *e, const char *text, const struct col *cols,
	       size_t n);

/* A column's number by its arg; false: unknown. */
typedef bool expr_value(const void *sample, int arg, int64_t *out);

/*
 * clock is e->clocks times, zero at first, the caller's to keep from sample to
 * sample: since when each "for" has held.  The sample speaks of the time from
 * from_us to now_us.  What is unknown is neither true nor false.
 */
enum verdict expr_judge(const struct expr *e, expr_value *value,
			const void *sample, uint64_t from_us, uint64_t now_us,
			uint64_t *clock);

#endif
