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

/* They turn a line round, or end it: its other cells look otherwise. */
static bool is_direction(const unsigned char *p)
{
	unsigned int code =
		(p[0] & 0xfU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU);

	return code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

bool text_is_control(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	return (n == 1 && (*p < 0x20 || *p == 0x7f)) ||
	       (n == 2 && *p == 0xc2 && p[1] < 0xa0) ||
	       (n == 3 && is_direction(p));
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

size_t text_columns(const char *s)
{
	char hex[TEXT_HEX];
	size_t n, columns = 0;

	while (*s)
		columns += text_next(&s, &n, hex, false) == hex ? n : 1;
	return columns;
}
