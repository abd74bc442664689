/*
 * unused - options that what was asked for would pass over without a word.
 */
#ifndef UNUSED_H
#define UNUSED_H

/* Options that were given; operands as well. */
enum unused {
	UNUSED_OPERANDS = 1,
	UNUSED_INTERVAL = 2,
	UNUSED_COUNT = 4,
	UNUSED_RECURSIVE = 8,
	UNUSED_SOURCE = 16,
	UNUSED_AGE_NOW = 32,
	UNUSED_LOCAL = 64,
	UNUSED_NODE = 128,
	UNUSED_SAMPLE = 256,
	UNUSED_MAX_CPU = 512,
	UNUSED_JOBS = 1024,
	UNUSED_BACKGROUND = 2048,
	UNUSED_WAIT = 4096,
	UNUSED_STRICT = 8192,
	UNUSED_ALL = 16383,
	/* How page-idle scans. */
	UNUSED_PASS = UNUSED_SAMPLE | UNUSED_MAX_CPU | UNUSED_JOBS |
		      UNUSED_BACKGROUND | UNUSED_WAIT
};

/* The name of the first of them, or NULL. */
const char *unused_name(unsigned int options);

/* Dies if one of these was given: it has no effect with what was asked for. */
void unused_refuse(unsigned int given, unsigned int unused, const char *with);

#endif
