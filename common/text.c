#include "text.h"

#include <stdio.h>

/* RFC 3629: no overlong form, no surrogate, nothing over U+10FFFF. */
size_t text_char(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned char least = 0x80, most = 0xbf;
	size_t n = *p < 0x80   ? 1
		   : *p < 0xc2 ? 0
		   : *p < 0xe0 ? 2
		   : *p < 0xf0 ? 3
		   : *p < 0xf5 ? 4
			       : 0;

	switch (*p) {
	case 0xe0: least = 0xa0; break;
	case 0xed: most = 0x9f; break;
	case 0xf0: least = 0x90; break;
	case 0xf4: most = 0x8f; break;
	}
	for (size_t i = 1; i < n; i++) {
		if (p[i] < least || p[i] > most)
			return 0;
		least = 0x80;
		most = 0xbf;
	}
	return n;
}

/* Of a character of n bytes. */
static unsigned int code_point(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	unsigned int code = n > 1 ? *p & (0x7fU >> n) : *p;

	while (--n)
		code = code << 6 | (*++p & 0x3fU);
	return code;
}

/* They turn a line round, or end it: its other cells look otherwise. */
static bool is_direction(unsigned int code)
{
	return code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

bool text_is_control(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	return (n == 1 && (*p < 0x20 || *p == 0x7f)) ||
	       (n == 2 && *p == 0xc2 && p[1] < 0xa0) ||
	       (n == 3 && is_direction(code_point(s, n)));
}

const char *text_next(const char **s, size_t *n, char *hex, bool controls)
{
	const char *at = *s;
	size_t len = text_char(at);

	if (len && (controls || !text_is_control(at, len))) {
		*s += *n = len;
		return at;
	}
	*n = (size_t)snprintf(hex, TEXT_HEX, "\\x%02x", (unsigned char)*at);
	*s += 1;
	return hex;
}

/*
 * wcwidth() knows them in a locale of UTF-8 alone, and not for a name that the
 * locale does not fit.
 */
size_t text_width(const char *piece, size_t n)
{
	static const struct {
		unsigned int first, last;
		size_t columns;
	} odd[] = {
		{ 0x300, 0x36f, 0 },	 /* combining marks */
		{ 0x1100, 0x115f, 2 },	 /* Hangul */
		{ 0x200b, 0x200d, 0 },	 /* of no width */
		{ 0x20d0, 0x20f0, 0 },	 /* combining marks */
		{ 0x2e80, 0x303e, 2 },	 /* radicals, CJK punctuation */
		{ 0x3041, 0x3098, 2 },	 /* Hiragana */
		{ 0x3099, 0x309a, 0 },	 /* its marks */
		{ 0x309b, 0xa4cf, 2 },	 /* Katakana, CJK, Yi */
		{ 0xa960, 0xa97f, 2 },	 /* Hangul */
		{ 0xac00, 0xd7a3, 2 },	 /* Hangul */
		{ 0xf900, 0xfaff, 2 },	 /* CJK */
		{ 0xfe00, 0xfe0f, 0 },	 /* variants */
		{ 0xfe10, 0xfe19, 2 },	 /* vertical forms */
		{ 0xfe20, 0xfe2f, 0 },	 /* combining marks */
		{ 0xfe30, 0xfe6f, 2 },	 /* vertical, small forms */
		{ 0xff01, 0xff60, 2 },	 /* full width */
		{ 0xffe0, 0xffe6, 2 },	 /* full width */
		{ 0x16fe0, 0x18dff, 2 }, /* Tangut */
		{ 0x1aff0, 0x1b2ff, 2 }, /* Kana */
		{ 0x1f300, 0x1f64f, 2 }, /* pictures */
		{ 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 },
		{ 0x20000, 0x3fffd, 2 }, /* CJK */
	};
	unsigned int code;

	if ((unsigned char)*piece < 0x80)
		return n;
	code = code_point(piece, n);
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++)
		if (code >= odd[i].first && code <= odd[i].last)
			return odd[i].columns;
	return 1;
}

size_t text_columns(const char *s)
{
	char hex[TEXT_HEX];
	size_t n, columns = 0;

	while (*s) {
		const char *piece = text_next(&s, &n, hex, false);

		columns += text_width(piece, n);
	}
	return columns;
}
