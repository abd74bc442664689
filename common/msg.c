#include "msg.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const char *prog;
	int level;
} msg = { "tmo", 0 };

void msg_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (argv0)
		msg.prog = slash ? slash + 1 : argv0;
}

const char *msg_prog(void)
{
	return msg.prog;
}

void msg_set_level(int level)
{
	msg.level = level;
}

__attribute__((format(printf, 2, 0))) static void say(int err, const char *fmt,
						      va_list ap)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s: ", msg.prog);
	size_t used = n < 0 ? 0 : (size_t)n;

	/* One write(2) a line, so that the tools of a pipe do not mix theirs.
	 */
	n = vsnprintf(line + used, sizeof(line) - used, fmt, ap);
	used += n < 0 ? 0 : (size_t)n;
	if (err && used < sizeof(line)) {
		n = snprintf(line + used, sizeof(line) - used, ": %s",
			     strerror(err < 0 ? -err : err));
		used += n < 0 ? 0 : (size_t)n;
	}
	if (used > sizeof(line) - 2)
		used = sizeof(line) - 2;
	line[used++] = '\n';
	fwrite(line, 1, used, stderr);
}

void warn(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(err, fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	if (msg.level < 0)
		return;
	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
}

void debug(const char *fmt, ...)
{
	va_list ap;

	if (msg.level < 1)
		return;
	va_start(ap, fmt);
	say(0, fmt, ap);
	va_end(ap);
}

void die(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(err, fmt, ap);
	va_end(ap);
	exit(STATUS_FATAL);
}

void *xrealloc(void *p, unsigned long n, unsigned long size)
{
	p = reallocarray(p, n ? n : 1, size ? size : 1);
	if (!p)
		die(0, "out of memory");
	return p;
}

void *xcalloc(unsigned long n, unsigned long size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		die(0, "out of memory");
	return p;
}

char *xstrdup(const char *s)
{
	char *p = strdup(s);

	if (!p)
		die(0, "out of memory");
	return p;
}
