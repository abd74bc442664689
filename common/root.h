/*
 * root - the prefix of every access to /proc and /sys.
 *
 * -R DIR (or $TMO_ROOT) puts a directory in place of /, be it a recording or
 * a container's root; several joined by ':' are samples replayed in turn.
 * The only absolute paths in the toolkit are those given by the user.
 */
#ifndef ROOT_H
#define ROOT_H

#include <stdbool.h>

/*
 * list NULL means $TMO_ROOT, and that unset means "/".  0 or -errno; the
 * directory at fault is *bad.
 */
int root_open(const char *list, const char **bad);

/* The descriptor to hand to io_*() with a path like "proc/swaps". */
int root_fd(void);

/* Is it the running system's own root? */
bool root_is_live(void);

/* Moves on to the next recording: 1, or 0 after the last, or -errno. */
int root_next(void);

/* Grows with each root_next(): what was opened before is another time's. */
unsigned int root_generation(void);

#endif
