#include "pack.h"

#include <string.h>

#include "age.h"
#include "bits.h"

/* What stands for an age: 0, or the pass of its beginning, of the last so many,
 * or itself. */
enum { BIRTHS = AGE_MAX - 1 };

static void fill_codes(uint32_t passes, uint8_t code[AGES])
{
	for (int a = 0; a < AGES; a++)
		code[a] = (uint8_t)a;
	for (uint32_t a = 1; a <= BIRTHS; a++)
		code[a] =
			(uint8_t)(1 + (passes % BIRTHS + BIRTHS - a) % BIRTHS);
}

static void fill_ages(uint32_t passes, uint8_t age[AGES])
{
	uint8_t code[AGES];

	fill_codes(passes, code);
	for (int a = 0; a < AGES; a++)
		age[code[a]] = (uint8_t)a;
}

static size_t put_number(uint8_t *out, size_t n)
{
	size_t len = 0;

	for (; n > 127; n >>= 7)
		out[len++] = (uint8_t)(n | 128);
	out[len++] = (uint8_t)n;
	return len;
}

enum { NUMBER_MAX = 10 };

/* False: there is none. */
static bool take_number(const uint8_t **p, const uint8_t *end, size_t *n)
{
	*n = 0;
	for (int shift = 0; *p < end && shift < 63; shift += 7) {
		uint8_t byte = *(*p)++;

		*n |= (size_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

static size_t put_raw(const uint8_t *age, const uint64_t *swap, size_t n,
		      const uint8_t code[AGES], uint8_t *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = code[age[i]];
	for (size_t i = 0; i < n; i += 8)
		out[n + i / 8] = (uint8_t)(swap[i / 64] >> i % 64);
	return pack_most(n);
}

size_t pack_ages(const uint8_t *age, const uint64_t *swap, size_t n,
		 uint32_t passes, uint8_t *out)
{
	uint8_t code[AGES];
	size_t len = 0, end;

	fill_codes(passes, code);
	for (size_t i = 0; i < n; i = end) {
		if (len + 1 + NUMBER_MAX >= pack_most(n))
			return put_raw(age, swap, n, code, out);
		end = bytes_alike(age, i, bits_alike(swap, i, n));
		out[len++] = code[age[i]];
		len += put_number(out + len,
				  (end - i) << 1 | bits_has(swap, i));
	}
	return len;
}

/* Goes through packed ages: the run that it stands in, so many frames more. */
struct runs {
	const uint8_t *p, *end;
	const uint8_t *raw; /* a byte a frame; NULL: runs */
	size_t n, at, left;
	uint8_t code;
	bool swap;
};

static void runs_open(struct runs *r, const uint8_t *packed, size_t len,
		      size_t n)
{
	*r = (struct runs){ .p = packed, .end = packed + len, .n = n };
	if (len == pack_most(n))
		r->raw = packed;
}

static bool raw_swap(const struct runs *r, size_t i)
{
	return r->raw[r->n + i / 8] >> i % 8 & 1;
}

/* False: at the end, or it is none. */
static bool runs_next(struct runs *r)
{
	size_t number, i = r->at;

	if (i >= r->n)
		return false;
	if (r->raw) {
		r->code = r->raw[i];
		r->swap = raw_swap(r, i);
		while (i < r->n && r->raw[i] == r->code &&
		       raw_swap(r, i) == r->swap)
			i++;
		r->left = i - r->at;
	} else {
		if (r->p == r->end)
			return false;
		r->code = *r->p++;
		if (!take_number(&r->p, r->end, &number))
			return false;
		r->swap = number & 1;
		r->left = number >> 1;
	}
	if (!r->left || r->left > r->n - r->at)
		return false;
	r->at += r->left;
	return true;
}

bool pack_open(const uint8_t *packed, size_t len, size_t n, uint32_t passes,
	       uint8_t *age, uint64_t *swap)
{
	uint8_t ages[AGES];
	struct runs r;
	size_t at = 0;

	fill_ages(passes, ages);
	runs_open(&r, packed, len, n);
	for (; runs_next(&r); at = r.at) {
		memset(age + at, ages[r.code], r.left);
		bits_set(swap, at, r.at, r.swap);
	}
	return at == n && (r.raw || r.p == r.end);
}

/* Runs that differ, put one after the other, as far as there is room. */
struct differ {
	uint8_t *out;
	size_t len, most;
	size_t end;	 /* of the last one put */
	size_t from, to; /* the next one */
	uint8_t code;
	bool swap, full;
};

static void put_run(struct differ *d)
{
	d->full |= d->len + 1 + 2 * NUMBER_MAX > d->most;
	if (d->full || d->from == d->to)
		return;
	d->len += put_number(d->out + d->len, d->from - d->end);
	d->len += put_number(d->out + d->len, (d->to - d->from) << 1 | d->swap);
	d->out[d->len++] = d->code;
	d->end = d->to;
}

static void add_run(struct differ *d, size_t at, size_t n,
		    const struct runs *is)
{
	if (d->to != at || d->code != is->code || d->swap != is->swap) {
		put_run(d);
		d->from = at;
		d->code = is->code;
		d->swap = is->swap;
	}
	d->to = at + n;
}

enum { PARTS, WHOLE };

size_t pack_differ(const uint8_t *was, size_t was_len, const uint8_t *is,
		   size_t is_len, size_t n, uint8_t *out)
{
	struct differ d = { .out = out + 1, .most = is_len };
	struct runs a, b;

	if (was_len == is_len && !memcmp(was, is, is_len))
		return 0;
	runs_open(&a, was, was_len, n);
	runs_open(&b, is, is_len, n);
	for (size_t at = 0, step; at < n && !d.full; at += step) {
		/* Where there are no ages yet, all differs. */
		d.full |= (!a.left && !runs_next(&a)) ||
			  (!b.left && !runs_next(&b));
		step = a.left < b.left ? a.left : b.left;
		if (a.code != b.code || a.swap != b.swap)
			add_run(&d, at, step, &b);
		a.left -= step;
		b.left -= step;
	}
	put_run(&d);
	if (!d.full) {
		*out = PARTS;
		return d.len + 1;
	}
	*out = WHOLE;
	memcpy(out + 1, is, is_len);
	return is_len + 1;
}

bool pack_apply(const uint8_t *differ, size_t len, size_t n, uint32_t passes,
		uint8_t *age, uint64_t *swap)
{
	const uint8_t *p = differ, *end = differ + len;
	uint8_t ages[AGES];
	size_t at = 0, skip, number;

	if (!len)
		return true;
	if (*p == WHOLE)
		return pack_open(p + 1, len - 1, n, passes, age, swap);
	fill_ages(passes, ages);
	for (p++; p < end; at += number >> 1) {
		if (!take_number(&p, end, &skip) || skip > n - at)
			return false;
		at += skip;
		if (!take_number(&p, end, &number) || p == end ||
		    number >> 1 > n - at)
			return false;
		memset(age + at, ages[*p++], number >> 1);
		bits_set(swap, at, at + (number >> 1), number & 1);
	}
	return true;
}
