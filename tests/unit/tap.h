/* tap - the few lines that a unit test needs: TAP on stdout. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_n, tap_failed;

#define ok(cond, ...) tap_ok((cond), __FILE__, __LINE__, #cond, __VA_ARGS__)
#define is_u64(got, want, ...)                                       \
	do {                                                         \
		unsigned long long g_ = (got), w_ = (want);          \
		if (!ok(g_ == w_, __VA_ARGS__))                      \
			printf("#   got %llu, want %llu\n", g_, w_); \
	} while (0)
#define is_str(got, want, ...)                                       \
	do {                                                         \
		const char *g_ = (got), *w_ = (want);                \
		if (!ok(!strcmp(g_, w_), __VA_ARGS__))               \
			printf("#   got '%s', want '%s'\n", g_, w_); \
	} while (0)

__attribute__((format(printf, 5, 6), unused)) static bool tap_ok(
	bool cond, const char *file, int line, const char *text,
	const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", cond ? "" : "not ", ++tap_n);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!cond) {
		printf("# %s:%d: %s\n", file, line, text);
		tap_failed++;
	}
	return cond;
}

/* The last line of main: the plan, and the status. */
__attribute__((unused)) static int tap_done(void)
{
	printf("1..%d\n", tap_n);
	return tap_failed != 0;
}

#endif
