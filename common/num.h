/*
 * num - numbers as operators and the kernel write them.
 *
 * All parsers take the whole string, base 10, no sign and no white space
 * unless said; they return 0, -EINVAL (not such a number) or -ERANGE (does
 * not fit), and leave *out alone on error.
 */
#ifndef NUM_H
#define NUM_H

#include <stddef.h>
#include <stdint.h>

/*
 * A quantity that the kernel does not tell, or that is not known yet; rows
 * show it as "-".  The kernel's word "max" is NUM_MAX.  Neither is reached
 * by any real counter.
 */
#define NUM_NONE UINT64_MAX
#define NUM_MAX	 (UINT64_MAX - 1)

int num_u64(const char *s, uint64_t *out);

/* 4096 64K 1.5G, always powers of 1024; suffixes K M G T P, any case. */
int num_size(const char *s, uint64_t *out_bytes);

/* 250us 250ms 5s 2m 1h 1.5d; a bare number is seconds. */
int num_time(const char *s, uint64_t *out_us);

/* 0.1% or 0.1: percent. */
int num_pct(const char *s, double *out_pct);

/* 600 or 1.5 at the beginning of *s, which is left on the first byte behind. */
int num_decimal(const char **s, double *out);

/* -12.345 as thousandths, -12345: what rows use for percent and time. */
int num_milli(const char *s, int64_t *out_thousandths);

/* now - then; NUM_NONE where either is unknown or the counter went back. */
uint64_t num_delta(uint64_t now, uint64_t then);

/* v, and 0 for what is not known. */
uint64_t num_known(uint64_t v);

/* a - b, and never below 0. */
uint64_t num_less(uint64_t a, uint64_t b);

uint64_t num_least(uint64_t a, uint64_t b);
uint64_t num_most(uint64_t a, uint64_t b);

/* part of whole as thousandths of a percent; 0 for an empty whole. */
int64_t num_mpct(uint64_t part, uint64_t whole);

/* Write without a NUL; return the length.  At most NUM_LEN bytes. */
enum { NUM_LEN = 24 };
size_t num_put_u64(char *buf, uint64_t v);
size_t num_put_milli(char *buf, int64_t thousandths);

/* For people: "1.5G", "250ms".  buf of NUM_LEN; returns buf. */
const char *num_human_bytes(char *buf, uint64_t bytes);
const char *num_human_us(char *buf, uint64_t us);

#endif
