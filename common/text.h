/*
 * text - names as others may see them: any byte but / newline and NUL can
 * stand in the name of a cgroup.  What is not UTF-8 is shown as \xNN, as
 * systemd escapes it; so is what a terminal would obey.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum { TEXT_HEX = 5 }; /* \xNN and its NUL */

/* Bytes of the character that s begins with; 0: it is not UTF-8. */
size_t text_char(const char *s);

/* Does a terminal obey it (C0, DEL, C1, bidi)?  n as text_char() has it. */
bool text_is_control(const char *s, size_t n);

/*
 * The next piece of *s to be shown, of which *s then points to the end: n
 * bytes at the result, which is in *s or in hex.  controls: those pass, too.
 */
const char *text_next(const char **s, size_t *n, char *hex, bool controls);

/*
 * Columns on a screen: of a piece, two where its character is a wide one of
 * East Asia, none where it is put over the one before; and of a text.
 */
size_t text_width(const char *piece, size_t n);
size_t text_columns(const char *s);

#endif
