/*
 * bits - runs in bitmaps of words, and of bytes.
 */
#ifndef BITS_H
#define BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline bool bits_has(const uint64_t *map, size_t i)
{
	return map[i / 64] >> i % 64 & 1;
}

/* Bits from..to - 1. */
static inline void bits_set(uint64_t *map, size_t from, size_t to, bool value)
{
	for (size_t w = from / 64; w * 64 < to; w++) {
		uint64_t mask = ~UINT64_C(0);

		if (w == from / 64)
			mask <<= from % 64;
		if (to - w * 64 < 64)
			mask &= ~(~UINT64_C(0) << (to - w * 64));
		map[w] = value ? map[w] | mask : map[w] & ~mask;
	}
}

/* The end of the bits from i on, and before limit, that are as that one. */
static inline size_t bits_alike(const uint64_t *map, size_t i, size_t limit)
{
	const uint64_t flip = bits_has(map, i) ? ~UINT64_C(0) : 0;
	uint64_t others = (map[i / 64] ^ flip) >> i % 64;

	if (!others) {
		i = (i / 64 + 1) * 64;
		while (i < limit && !(others = map[i / 64] ^ flip))
			i += 64;
	}
	if (others)
		i += (size_t)__builtin_ctzll(others);
	return i < limit ? i : limit;
}

static inline size_t bytes_alike(const uint8_t *bytes, size_t i, size_t limit)
{
	const uint8_t byte = bytes[i];
	const uint64_t all = byte * UINT64_C(0x0101010101010101);
	uint64_t eight;

	for (; i + 8 <= limit; i += 8) {
		memcpy(&eight, bytes + i, 8);
		if (eight != all)
			break;
	}
	while (i < limit && bytes[i] == byte)
		i++;
	return i;
}

#endif
