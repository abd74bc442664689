#include "expr.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "num.h"

struct parser {
	struct expr *e;
	const char *text, *p;
	const struct col *cols;
	size_t n;
	int depth;
};

/* Deeper parentheses than anybody writes would only exhaust the stack. */
enum { DEPTH_MAX = 16 };

/* Its thousandths are still exact; no share comes near. */
#define PCT_MOST 1e12

static int parse_expr(struct parser *ps);

static int fail(struct parser *ps, const char *wanted)
{
	if (!ps->e->error) {
		ps->e->error = wanted;
		ps->e->at = (size_t)(ps->p - ps->text);
	}
	return -1;
}

static int new_node(struct parser *ps, struct expr_node node)
{
	if (ps->e->nodes == EXPR_NODES)
		return fail(ps, "a shorter expression");
	ps->e->node[ps->e->nodes] = node;
	return (int)ps->e->nodes++;
}

static void skip_space(struct parser *ps)
{
	ps->p += strspn(ps->p, " \t\n");
}

/* Takes a word that stands alone: "or", not the start of "orange". */
static bool take_word(struct parser *ps, const char *word)
{
	size_t n = strlen(word);

	skip_space(ps);
	if (strncmp(ps->p, word, n) ||
	    (ps->p[n] && !strchr(" \t\n()", ps->p[n])))
		return false;
	ps->p += n;
	return true;
}

static bool take_char(struct parser *ps, char c)
{
	skip_space(ps);
	if (*ps->p != c)
		return false;
	ps->p++;
	return true;
}

static bool has_unit(const char *name, const char *unit)
{
	size_t n = strlen(name), m = strlen(unit);

	return n > m && !strcmp(name + n - m, unit);
}

/* A value in its column's unit: 1% or 1, 150ms or 150000, 1.5G, 12. */
static int limit_of(const char *column, const char *word, int64_t *out)
{
	uint64_t v;
	double pct;

	if (has_unit(column, "_pct")) {
		if (num_pct(word, &pct) || pct > PCT_MOST)
			return -EINVAL;
		*out = (int64_t)(pct * 1000 + 0.5);
		return 0;
	}
	if (!strcmp(column, "time"))
		return num_milli(word, out);
	/* 1 is a microsecond, so that 1.5 must not be a second and a half. */
	if (num_u64(word, &v) &&
	    (!isalpha((unsigned char)word[strlen(word) - 1]) ||
	     ((!has_unit(column, "_us") || num_time(word, &v)) &&
	      (!has_unit(column, "_bytes") || num_size(word, &v)))))
		return -EINVAL;
	if (v > INT64_MAX)
		return -EINVAL;
	*out = (int64_t)v;
	return 0;
}

/* The next word of a value or a time; false where there is none. */
static bool take_value(struct parser *ps, char *buf, size_t size)
{
	size_t n;

	skip_space(ps);
	n = strcspn(ps->p, " \t\n()");
	if (!n || n >= size)
		return false;
	memcpy(buf, ps->p, n);
	buf[n] = '\0';
	return true;
}

static const struct col *take_column(struct parser *ps)
{
	size_t len;

	skip_space(ps);
	len = strspn(ps->p, "abcdefghijklmnopqrstuvwxyz_0123456789");
	for (size_t i = 0; len && i < ps->n; i++)
		if (!strncmp(ps->cols[i].name, ps->p, len) &&
		    !ps->cols[i].name[len]) {
			ps->p += len;
			return ps->cols + i;
		}
	return NULL;
}

static bool take_op(struct parser *ps, struct expr_node *node)
{
	static const char *const ops[] = { "<=", ">=", "==", "!=", "<", ">" };
	static const enum expr_op is[] = { LE, GE, EQ, NE, LT, GT };

	skip_space(ps);
	for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++)
		if (!strncmp(ps->p, ops[i], strlen(ops[i]))) {
			ps->p += strlen(ops[i]);
			node->op = is[i];
			return true;
		}
	return false;
}

static int parse_compare(struct parser *ps)
{
	struct expr_node node = { .type = EXPR_CMP };
	const struct col *col = take_column(ps);
	char word[64];

	if (!col)
		return fail(ps, "a column (-h lists them)");
	if (!take_op(ps, &node))
		return fail(ps, "one of < <= > >= == !=");
	if (!take_value(ps, word, sizeof(word)) ||
	    limit_of(col->name, word, &node.limit))
		return fail(ps, "a value in the column's unit");
	ps->p += strlen(word);
	node.arg = col->arg;
	return new_node(ps, node);
}

static int parse_term(struct parser *ps)
{
	int inner;

	if (!take_char(ps, '('))
		return parse_compare(ps);
	if (++ps->depth > DEPTH_MAX)
		return fail(ps, "fewer parentheses");
	inner = parse_expr(ps);
	ps->depth--;
	if (inner < 0)
		return inner;
	if (!take_char(ps, ')'))
		return fail(ps, "')'");
	return inner;
}

/* A chain of one operator, "and" inside of "or". */
static int parse_chain(struct parser *ps, bool is_or)
{
	int left = is_or ? parse_chain(ps, false) : parse_term(ps);

	while (left >= 0 && take_word(ps, is_or ? "or" : "and")) {
		struct expr_node node = { .type = is_or ? EXPR_OR : EXPR_AND,
					  .left = left };

		node.right = is_or ? parse_chain(ps, false) : parse_term(ps);
		if (node.right < 0)
			return node.right;
		left = new_node(ps, node);
	}
	return left;
}

static int parse_expr(struct parser *ps)
{
	struct expr_node node = { .type = EXPR_FOR };
	char word[64];

	node.left = parse_chain(ps, true);
	if (node.left < 0 || !take_word(ps, "for"))
		return node.left;
	if (!take_value(ps, word, sizeof(word)) || num_time(word, &node.for_us))
		return fail(ps, "a time such as 30s");
	ps->p += strlen(word);
	node.clock = ps->e->clocks++;
	return new_node(ps, node);
}

int expr_parse(struct expr *e, const char *text, const struct col *cols,
	       size_t n)
{
	struct parser ps = {
		.e = e, .text = text, .p = text, .cols = cols, .n = n
	};

	memset(e, 0, sizeof(*e));
	e->top = parse_expr(&ps);
	skip_space(&ps);
	if (e->top >= 0 && *ps.p)
		fail(&ps, e->node[e->top].type == EXPR_FOR
				  ? "the end ('for' applies to all before "
				    "it; parentheses limit it)"
				  : "'and', 'or', 'for' or the end");
	return e->error ? -EINVAL : 0;
}

struct judging {
	const struct expr *e;
	expr_value *value;
	const void *sample;
	uint64_t from_us, now_us;
	uint64_t *clock;
};

static enum verdict compare(const struct judging *j,
			    const struct expr_node *node)
{
	int64_t v;

	if (!j->value(j->sample, node->arg, &v))
		return UNKNOWN;
	switch (node->op) {
	case LT: return v < node->limit;
	case LE: return v <= node->limit;
	case GT: return v > node->limit;
	case GE: return v >= node->limit;
	case EQ: return v == node->limit;
	case NE: return v != node->limit;
	}
	return UNKNOWN;
}

/* Since the beginning of the first window in which it held, plus one. */
static enum verdict held_for(const struct judging *j,
			     const struct expr_node *node, enum verdict inner)
{
	uint64_t *since = &j->clock[node->clock];

	if (inner != YES) {
		*since = 0;
		return inner;
	}
	if (!*since)
		*since = j->from_us + 1;
	return j->now_us - (*since - 1) >= node->for_us;
}

/* Both sides are always judged: each "for" below has a clock to keep. */
static enum verdict judge(const struct judging *j, int i)
{
	const struct expr_node *node = &j->e->node[i];
	enum verdict a, b;

	if (node->type == EXPR_CMP)
		return compare(j, node);
	a = judge(j, node->left);
	if (node->type == EXPR_FOR)
		return held_for(j, node, a);
	b = judge(j, node->right);
	if (node->type == EXPR_AND)
		return a == NO || b == NO     ? NO
		       : a == YES && b == YES ? YES
					      : UNKNOWN;
	return a == YES || b == YES ? YES : a == NO && b == NO ? NO : UNKNOWN;
}

enum verdict expr_judge(const struct expr *e, expr_value *value,
			const void *sample, uint64_t from_us, uint64_t now_us,
			uint64_t *clock)
{
	const struct judging j = { e, value, sample, from_us, now_us, clock };

	return judge(&j, e->top);
}
