#include "pack.h"

#include <string.h>

#include "bits.h"

/* What stands for an age: 0, or the pass of its beginning, of the last so many,
 * or itself. */
enum { BIRTHS = AGE_MAX - 1 };

static uint8_t to_code(uint8_t age, uint32_t passes)
{
	return age && age <= BIRTHS ? (uint8_t)(1 + (passes % BIRTHS + BIRTHS -
						     age) % BIRTHS)
				    : age;
}

static uint8_t from_code(uint8_t code, uint32_t passes)
{
	uint32_t phase = passes % BIRTHS;

	return code && code <= BIRTHS
		       ? (uint8_t)(BIRTHS -
				   (BIRTHS - 1u + code - phase) % BIRTHS)
		       : code;
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
	struct runs r;
	size_t at = 0;

	runs_open(&r, packed, len, n);
	for (; runs_next(&r); at = r.at) {
		memset(age + at, from_code(r.code, passes), r.left);
		bits_set(swap, at, r.at, r.swap);
	}
	return at == n && (r.raw || r.p == r.end);
}

enum { PARTS, WHOLE };

void pack_begin(struct pack *p, size_t n, uint32_t passes, uint8_t *out)
{
	*p = (struct pack){ .n = n, .passes = passes, .out = out };
}

void pack_compare(struct pack *p, const uint8_t *was_age,
		  const uint64_t *was_swap, uint32_t was_passes,
		  uint8_t *differ)
{
	p->was_age = was_age;
	p->was_swap = was_swap;
	p->differ = differ;
	p->differ_len = 1; /* behind what it is */
	p->was_passes = was_passes;
}

static void set_raw(struct pack *p, size_t from, size_t to, uint8_t code,
		    bool swap)
{
	memset(p->raw + from, code, to - from);
	for (size_t i = from; swap && i < to; i++)
		p->raw[p->n + i / 8] |= (uint8_t)(1 << i % 8);
}

/* From here on a byte a frame: runs would take more. */
static void begin_raw(struct pack *p)
{
	struct runs r;
	size_t at = 0;

	p->raw = p->out + pack_most(p->n);
	memset(p->raw + p->n, 0, p->n / 8);
	runs_open(&r, p->out, p->len, p->n);
	for (; at < p->from && runs_next(&r); at = r.at)
		set_raw(p, at, r.at, r.code, r.swap);
}

/* The run that goes on ends. */
static void end_run(struct pack *p)
{
	size_t n = p->at - p->from;

	if (!n)
		return;
	if (!p->raw && p->len + 1 + NUMBER_MAX >= pack_most(p->n))
		begin_raw(p);
	if (p->raw) {
		set_raw(p, p->from, p->at, to_code(p->age, p->passes), p->swap);
		return;
	}
	p->out[p->len++] = to_code(p->age, p->passes);
	p->len += put_number(p->out + p->len, n << 1 | p->swap);
}

static void end_differ(struct pack *p)
{
	uint8_t *out = p->differ;

	p->differ_full |= p->differ_len + 1 + 2 * NUMBER_MAX > pack_most(p->n);
	if (p->differ_full || p->differ_from == p->differ_to)
		return;
	p->differ_len +=
		put_number(out + p->differ_len, p->differ_from - p->differ_end);
	p->differ_len +=
		put_number(out + p->differ_len,
			   (p->differ_to - p->differ_from) << 1 | p->swap);
	out[p->differ_len++] = to_code(p->age, p->passes);
	p->differ_end = p->differ_to;
}

/* What differs of the next so many frames, of the run that goes on. */
static void compare(struct pack *p, size_t n)
{
	const size_t end = p->at + n;
	const uint8_t code = to_code(p->age, p->passes);
	size_t to;

	for (size_t i = p->at; i < end; i = to) {
		to = bytes_alike(p->was_age, i,
				 bits_alike(p->was_swap, i, end));
		if (to_code(p->was_age[i], p->was_passes) == code &&
		    bits_has(p->was_swap, i) == p->swap)
			continue;
		if (p->differ_to != i) {
			end_differ(p);
			p->differ_from = i;
		}
		p->differ_to = to;
	}
}

void pack_run(struct pack *p, size_t n, uint8_t age, bool swap)
{
	if (age != p->age || swap != p->swap) {
		end_run(p);
		if (p->differ)
			end_differ(p);
		p->from = p->differ_from = p->differ_to = p->at;
		p->age = age;
		p->swap = swap;
	}
	if (p->differ)
		compare(p, n);
	p->at += n;
}

void pack_end(struct pack *p)
{
	end_run(p);
	if (p->raw) {
		p->len = pack_most(p->n);
		memcpy(p->out, p->raw, p->len);
	}
	if (!p->differ)
		return;
	end_differ(p);
	*p->differ = PARTS;
	if (p->differ_full || p->differ_len > p->len) {
		*p->differ = WHOLE;
		p->differ_len = p->len + 1;
		memcpy(p->differ + 1, p->out, p->len);
	} else if (!p->differ_end) {
		p->differ_len = 0;
	}
}

size_t pack_ages(const uint8_t *age, const uint64_t *swap, size_t n,
		 uint32_t passes, uint8_t *out)
{
	struct pack p;
	size_t end;

	pack_begin(&p, n, passes, out);
	for (size_t i = 0; i < n; i = end) {
		end = bytes_alike(age, i, bits_alike(swap, i, n));
		pack_run(&p, end - i, age[i], bits_has(swap, i));
	}
	pack_end(&p);
	return p.len;
}

bool pack_apply(const uint8_t *differ, size_t len, size_t n, uint32_t passes,
		uint8_t *age, uint64_t *swap)
{
	const uint8_t *p = differ, *end = differ + len;
	size_t at = 0, skip, number;

	if (!len)
		return true;
	if (*p == WHOLE)
		return pack_open(p + 1, len - 1, n, passes, age, swap);
	for (p++; p < end; at += number >> 1) {
		if (!take_number(&p, end, &skip) || skip > n - at)
			return false;
		at += skip;
		if (!take_number(&p, end, &number) || p == end ||
		    number >> 1 > n - at)
			return false;
		memset(age + at, from_code(*p++, passes), number >> 1);
		bits_set(swap, at, at + (number >> 1), number & 1);
	}
	return true;
}

bool pack_open_parts(const struct pack_part *part, size_t n_parts, size_t n,
		     uint32_t passes, uint8_t *age, uint64_t *swap)
{
	if (!part->len) {
		memset(age, AGE_NONE, n);
		memset(swap, 0, n / 8);
	} else if (!pack_open(part->at, part->len, n, passes, age, swap)) {
		return false;
	}
	for (size_t i = 1; i < n_parts; i++)
		if (!pack_apply(part[i].at, part[i].len, n, passes, age, swap))
			return false;
	return true;
}
