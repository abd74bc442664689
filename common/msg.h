/*
 * msg - what a tool says on stderr, and with which status it ends.
 *
 * One line a message: "psi-watch: cannot read '/a/memory.pressure': No such
 * device".  In the journal it begins with its level, as sd-daemon(3) has it:
 * <3> die, <4> warn, <6> note, <7> debug.  What a terminal would obey is \xNN
 * there.  This is the only module that prints; the rest of common/ returns 0 or
 * -errno and leaves the words to the tool.
 */
#ifndef MSG_H
#define MSG_H

#include <stdbool.h>

/* The exit statuses of every tool, see tmo(7). */
enum {
	STATUS_OK = 0,	    /* done, or yes */
	STATUS_NO = 1,	    /* the answer is no */
	STATUS_FATAL = 2,   /* could not start or go on */
	STATUS_PARTIAL = 3, /* ran to the end, some targets failed */
};

/* Remembers the last component of argv0 as the program's name. */
void msg_init(const char *argv0);
const char *msg_prog(void);

bool msg_in_journal(void); /* is standard error the journal's? */

/* -q is -1: warnings stay, notes go.  -v is +1 each: debug() speaks. */
void msg_set_level(int level);

/*
 * err is 0 or a (positive or negative) errno whose text is put at the end.
 * warn: something failed.  note: for the operator to know, silenced by -q.
 * debug: only with -v.  die: warn and exit with STATUS_FATAL.
 */
void warn(int err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void die(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

/* realloc, strdup and asprintf that die when memory is out. */
void *xrealloc(void *p, unsigned long n, unsigned long size)
	__attribute__((warn_unused_result));
void *xcalloc(unsigned long n, unsigned long size)
	__attribute__((warn_unused_result));
char *xstrdup(const char *s) __attribute__((warn_unused_result));
char *xasprintf(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), warn_unused_result));

#endif
