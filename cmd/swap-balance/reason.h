/*
 * reason - why a swappiness or a backend is what it is: one vocabulary, of
 * which the page lists the words.
 */
#ifndef REASON_H
#define REASON_H

/* First of the swappiness, then of the backend alone. */
enum reason {
	REASON_LEARNING,
	REASON_QUIET,
	REASON_FILE_REFAULTS,
	REASON_SWAPINS,
	REASON_BALANCED,
	REASON_HELD,
	REASON_INACCURATE,
	REASON_PRESSURE,
	REASON_BUDGET,
	REASON_ROTATIONAL,
	REASON_INCOMPRESSIBLE,
	REASON_SWAP_FAIL,
	REASON_SWAP_MAX,
	REASON_SWAP_FULL,
	REASON_ZRAM_FULL,
	REASON_SWAP_UNKNOWN,
	REASON_NO_SWAP,
	REASON_UNKNOWN_KERNEL,
	REASON_UNREADABLE,
	REASON_NO_CONTROLLER,
	REASON_GONE,
	REASON_COMPRESSIBLE,
	REASON_SENSITIVE,
	REASON_ONLY,	   /* there is nothing else */
	REASON_HUGE_PAGES, /* zswap never sees them: nothing is known */
};
const char *reason_word(enum reason reason);

#endif
