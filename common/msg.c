#include "msg.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "text.h"

static struct {
	const char *prog;
	int level;
	bool journal;
} msg = { "tmo", 0, false };

/* Standard error is the journal's (systemd.exec(5), $JOURNAL_STREAM). */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(STDERR_FILENO, &st) && st.st_dev == dev &&
	       st.st_ino == ino;
}

void msg_init(const char *argv0)
{
	const char *slash = argv0 ? strrchr(argv0, '/') : NULL;

	if (argv0)
		msg.prog = slash ? slash + 1 : argv0;
	msg.journal = is_journal();
}

const char *msg_prog(void)
{
	return msg.prog;
}

bool msg_in_journal(void)
{
	return msg.journal;
}

void msg_set_level(int level)
{
	msg.level = level;
}

/* A name in it may be anybody's; returns the length. */
static size_t quote(char *out, size_t room, const char *text)
{
	char hex[TEXT_HEX];
	size_t used = 0, n;

	while (*text) {
		const char *piece = text_next(&text, &n, hex, false);

		if (used + n > room)
			break;
		memcpy(out + used, piece, n);
		used += n;
	}
	return used;
}

/* A name may be longer than a line: it loses its middle, and not the reason. */
enum { LONGEST = 1000 };

static void shorten(char *text)
{
	size_t n = strlen(text), half = LONGEST / 2;

	if (n <= LONGEST)
		return;
	memcpy(text + half, "..", 2);
	memmove(text + half + 2, text + n - half, half + 1);
}

__attribute__((format(printf, 3, 0))) static void say(int level, int err,
						      const char *fmt,
						      va_list ap)
{
	char text[16384], line[(LONGEST + 2) * (TEXT_HEX - 1) + 32];
	int n = snprintf(text, sizeof(text), "%s: ", msg.prog);
	size_t used = n < 0 ? 0 : (size_t)n;

	n = vsnprintf(text + used, sizeof(text) - used, fmt, ap);
	used += n < 0 ? 0 : (size_t)n;
	if (err && used < sizeof(text))
		snprintf(text + used, sizeof(text) - used, ": %s",
			 strerror(err < 0 ? -err : err));
	shorten(text);
	/* One write(2) a line, so that the tools of a pipe do not mix theirs.
	 */
	n = msg.journal ? snprintf(line, sizeof(line), "<%d>", level) : 0;
	used = n < 0 ? 0 : (size_t)n;
	used += quote(line + used, sizeof(line) - used - 1, text);
	line[used++] = '\n';
	fwrite(line, 1, used, stderr);
}

void warn(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_WARNING, err, fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	if (msg.level < 0)
		return;
	va_start(ap, fmt);
	say(LOG_INFO, 0, fmt, ap);
	va_end(ap);
}

void debug(const char *fmt, ...)
{
	va_list ap;

	if (msg.level < 1)
		return;
	va_start(ap, fmt);
	say(LOG_DEBUG, 0, fmt, ap);
	va_end(ap);
}

void die(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(LOG_ERR, err, fmt, ap);
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

char *xasprintf(const char *fmt, ...)
{
	char *p;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		die(0, "out of memory");
	return p;
}
