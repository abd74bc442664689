#include "num.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads digits; *s is left on the first byte that is none. */
static int digits(const char **s, uint64_t *out)
{
	uint64_t v = 0;
	const char *p = *s;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	*s = p;
	*out = v;
	return 0;
}

/* Digits behind a '.', as billionths; more than nine are cut off. */
static int fraction(const char **s, uint64_t *out_billionths)
{
	uint64_t unit = 100000000;

	*out_billionths = 0;
	if (**s != '.')
		return 0;
	(*s)++;
	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++, unit /= 10)
		*out_billionths += (uint64_t)(**s - '0') * unit;
	return 0;
}

/* Digits, with a fraction or without. */
static int decimal(const char **s, uint64_t *out_whole,
		   uint64_t *out_billionths)
{
	int err = digits(s, out_whole);

	return err ? err : fraction(s, out_billionths);
}

int num_u64(const char *s, uint64_t *out)
{
	uint64_t v;
	int err = digits(&s, &v);

	if (err)
		return err;
	if (*s)
		return -EINVAL;
	*out = v;
	return 0;
}

/* whole.fraction of unit, checked. */
static int scale(uint64_t whole, uint64_t billionths, uint64_t unit,
		 uint64_t *out)
{
	uint64_t part =
		(uint64_t)((double)billionths / 1e9 * (double)unit + 0.5);
	uint64_t v;

	if (__builtin_mul_overflow(whole, unit, &v) ||
	    __builtin_add_overflow(v, part, &v) || v >= NUM_MAX)
		return -ERANGE;
	*out = v;
	return 0;
}

int num_size(const char *s, uint64_t *out_bytes)
{
	static const char suffixes[] = "KMGTP";
	uint64_t whole, frac, unit = 1;
	int err = decimal(&s, &whole, &frac);

	if (err)
		return err;
	if (*s) {
		char up = *s >= 'a' && *s <= 'z' ? (char)(*s - 32) : *s;
		const char *k = strchr(suffixes, up);

		if (!k || s[1])
			return -EINVAL;
		unit = UINT64_C(1) << (10 * (k - suffixes + 1));
	}
	if (unit == 1 && frac)
		return -EINVAL;
	return scale(whole, frac, unit, out_bytes);
}

int num_time(const char *s, uint64_t *out_us)
{
	static const struct {
		const char *name;
		uint64_t us;
	} units[] = {
		{ "", 1000000 },     { "us", 1 },	   { "ms", 1000 },
		{ "s", 1000000 },    { "m", 60000000 },	   { "min", 60000000 },
		{ "h", 3600000000 }, { "d", 86400000000 },
	};
	uint64_t whole, frac;
	int err = decimal(&s, &whole, &frac);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(s, units[i].name))
			return scale(whole, frac, units[i].us, out_us);
	return -EINVAL;
}

int num_decimal(const char **s, double *out)
{
	uint64_t whole, frac;
	int err = decimal(s, &whole, &frac);

	if (!err)
		*out = (double)whole + (double)frac / 1e9;
	return err;
}

int num_pct(const char *s, double *out_pct)
{
	double pct;
	int err = num_decimal(&s, &pct);

	if (err)
		return err;
	if (strcmp(s, "") && strcmp(s, "%"))
		return -EINVAL;
	*out_pct = pct;
	return 0;
}

int num_milli(const char *s, int64_t *out_thousandths)
{
	bool minus = *s == '-';
	uint64_t whole, frac, v;
	int err;

	s += minus;
	err = decimal(&s, &whole, &frac);
	if (err)
		return err;
	if (*s)
		return -EINVAL;
	if (scale(whole, frac, 1000, &v) || v > INT64_MAX)
		return -ERANGE;
	*out_thousandths = minus ? -(int64_t)v : (int64_t)v;
	return 0;
}

uint64_t num_delta(uint64_t now, uint64_t then)
{
	if (now >= NUM_MAX || then >= NUM_MAX || now < then)
		return NUM_NONE;
	return now - then;
}

uint64_t num_known(uint64_t v)
{
	return v == NUM_NONE ? 0 : v;
}

uint64_t num_less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t num_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t num_most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int64_t num_mpct(uint64_t part, uint64_t whole)
{
	if (!whole)
		return 0;
	if (part > UINT64_MAX / 100000) /* years, or hundreds of terabytes */
		return (int64_t)((double)part / (double)whole * 1e5);
	return (int64_t)(part * 100000 / whole);
}

size_t num_put_u64(char *buf, uint64_t v)
{
	size_t n = 1;

	for (uint64_t rest = v / 10; rest; rest /= 10)
		n++;
	for (size_t i = n; i--; v /= 10)
		buf[i] = (char)('0' + v % 10);
	return n;
}

size_t num_put_milli(char *buf, int64_t thousandths)
{
	uint64_t v = thousandths < 0 ? -(uint64_t)thousandths
				     : (uint64_t)thousandths;
	unsigned int frac = (unsigned int)(v % 1000);
	size_t n = 0;

	if (thousandths < 0)
		buf[n++] = '-';
	n += num_put_u64(buf + n, v / 1000);
	buf[n++] = '.';
	buf[n++] = (char)('0' + frac / 100);
	buf[n++] = (char)('0' + frac / 10 % 10);
	buf[n++] = (char)('0' + frac % 10);
	return n;
}

/* Three significant digits at most: 999, 1.50K, 15.0K, 150K. */
static const char *human(char *buf, double v, const char *unit)
{
	int digits_after = v < 10 ? 2 : v < 100 ? 1 : 0;

	snprintf(buf, NUM_LEN, "%.*f%s", digits_after, v, unit);
	return buf;
}

const char *num_human_bytes(char *buf, uint64_t bytes)
{
	static const char *const units[] = { "K", "M", "G", "T", "P" };
	double v = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		snprintf(buf, NUM_LEN, "%u", (unsigned int)bytes);
		return buf;
	}
	for (; v >= 1023.5 && i + 1 < sizeof(units) / sizeof(*units); i++)
		v /= 1024;
	return human(buf, v, units[i]);
}

const char *num_human_us(char *buf, uint64_t us)
{
	if (us < 1000) {
		snprintf(buf, NUM_LEN, "%uus", (unsigned int)us);
		return buf;
	}
	if (us < 1000000)
		return human(buf, (double)us / 1e3, "ms");
	if (us < 120 * UINT64_C(1000000))
		return human(buf, (double)us / 1e6, "s");
	if (us < 7200 * UINT64_C(1000000))
		return human(buf, (double)us / 60e6, "m");
	return human(buf, (double)us / 3600e6, "h");
}
