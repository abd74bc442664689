/* Rows as they come in: lines, their cells, and what a header calls them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "io.h"
#include "msg.h"
#include "num.h"
#include "rows.h"
#include "stage.h"
#include "text.h"

/* A key is at most CG_KEY_MAX, a cell of another tool's hardly more. */
enum { LINE_MAX_BYTES = 1 << 20 };

void rows_in_open(struct rows_in *in, int fd, struct rows_out *flush)
{
	memset(in, 0, sizeof(*in));
	in->fd = fd;
	in->flush = flush;
	in->name = xcalloc(1, sizeof(*in->name));
	in->name[0] = xstrdup("cgroup");
	in->n = 1;
}

void rows_in_close(struct rows_in *in)
{
	rows_free_names(in->name, in->n);
	free(in->cell);
	free(in->buf);
}

/* More input into the buffer: 1, 0 at the end, -errno. */
static int fill(struct rows_in *in)
{
	ssize_t n;

	if (in->start) {
		memmove(in->buf, in->buf + in->start, in->end - in->start);
		in->end -= in->start;
		in->start = 0;
	}
	if (in->end + 4096 > in->room) {
		in->room = in->room ? in->room * 2 : 65536;
		in->buf = xrealloc(in->buf, in->room, 1);
	}
	if (in->flush)
		rows_hand_on(in->flush);
	n = io_stream_read(in->fd, in->buf + in->end, in->room - in->end);
	if (n < 0)
		return (int)n;
	in->end += (size_t)n;
	return n > 0;
}

/* The next line, its newline made a NUL; 1, 0 at the end, -errno. */
static int next_line(struct rows_in *in, char **line)
{
	size_t looked = 0;

	for (;;) {
		size_t len = in->end - in->start;
		char *nl = len > looked ? memchr(in->buf + in->start + looked,
						 '\n', len - looked)
					: NULL;
		int more;

		if (nl) {
			*nl = '\0';
			*line = in->buf + in->start;
			in->start = (size_t)(nl - in->buf) + 1;
			in->line++;
			return *line + strlen(*line) == nl ? 1 : -EILSEQ;
		}
		looked = len;
		if (looked > LINE_MAX_BYTES)
			return -EMSGSIZE;
		more = fill(in);
		if (more < 0)
			return more;
		if (!more) {
			in->eof = true;
			in->line += looked > 0;
			if (stage_lost(in->fd) && !clock_stopped_soon())
				return -ECONNABORTED;
			return looked ? -EBADMSG : 0;
		}
	}
}

static void split(struct rows_in *in, char *line)
{
	in->cells = 0;
	do {
		if (in->cells == in->cell_room) {
			in->cell_room = in->cell_room ? in->cell_room * 2 : 32;
			in->cell = xrealloc(in->cell, in->cell_room,
					    sizeof(*in->cell));
		}
		in->cell[in->cells++] = strsep(&line, "\t");
	} while (line);
}

/* Editors of other systems mark a text as UTF-8 by a U+FEFF before it. */
static char *skip_mark(char *line)
{
	return line + (strncmp(line, "\xef\xbb\xbf", 3) ? 0 : 3);
}

/*
 * A table with the line ends of another system has them from its header on;
 * otherwise a return is part of a name.
 */
static void cut_return(struct rows_in *in, char *line)
{
	size_t n = strlen(line);
	bool ends = n && line[n - 1] == '\r';

	if (!strncmp(line, "#cgroup", 7) && strchr("\t\r", line[7]))
		in->crlf = ends;
	if (ends && in->crlf)
		line[n - 1] = '\0';
}

/* What is handed on is read by others: no cell is empty, no name has lines. */
static int check_cells(struct rows_in *in)
{
	if (in->cells > in->n)
		return -EBADMSG;
	for (size_t i = 0; i < in->cells; i++)
		if (!*in->cell[i]) {
			in->bad = in->name[i];
			return -ENODATA;
		}
	return 0;
}

static bool is_twice(const struct rows_in *in, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(in->cell[k], in->cell[i]))
			return true;
	return false;
}

/* Names are compared with each other. */
enum { COLUMNS_MAX = 4096 };

static int check_names(struct rows_in *in)
{
	in->bad = NULL;
	if (in->cells > COLUMNS_MAX)
		return -E2BIG;
	for (size_t i = 0; i < in->cells; i++) {
		if (!*in->cell[i])
			return -ENODATA;
		for (const char *s = in->cell[i]; *s; s++)
			if (text_is_control(s, text_char(s)))
				return -EPROTO;
		if (is_twice(in, i)) {
			in->bad = in->cell[i];
			return -EEXIST;
		}
	}
	return 0;
}

static void take_header(struct rows_in *in)
{
	rows_free_names(in->name, in->n);
	in->name = xcalloc(in->cells, sizeof(*in->name));
	in->n = in->cells;
	for (size_t i = 0; i < in->cells; i++)
		in->name[i] = xstrdup(in->cell[i]);
	in->version++;
}

int rows_next(struct rows_in *in)
{
	for (;;) {
		char *line;
		int n = next_line(in, &line);

		if (n == -EINTR)
			return ROWS_AGAIN;
		if (n <= 0)
			return n ? n : ROWS_END;
		line = skip_mark(line);
		cut_return(in, line);
		if (!strncmp(line, "#cgroup", 7) &&
		    (!line[7] || line[7] == '\t')) {
			split(in, line + 1);
			n = check_names(in);
			if (n)
				return n;
			take_header(in);
			return ROWS_HEADER;
		}
		if (!*line || *line == '#')
			continue;
		split(in, line);
		n = check_cells(in);
		return n ? n : ROWS_ROW;
	}
}

int rows_find(const struct rows_in *in, const char *name)
{
	for (size_t i = 0; i < in->n; i++)
		if (!strcmp(in->name[i], name))
			return (int)i;
	return -1;
}

const char *rows_missing(const struct rows_in *in, const struct col_set *cols)
{
	for (size_t i = 0; i < cols->n; i++)
		if (!cols->v[i]->put && rows_find(in, cols->v[i]->name) < 0)
			return cols->v[i]->name;
	return NULL;
}

const char *rows_str(const struct rows_in *in, int i)
{
	if (i < 0 || (size_t)i >= in->cells || !strcmp(in->cell[i], "-"))
		return NULL;
	return in->cell[i];
}

int rows_u64(const struct rows_in *in, int i, uint64_t *out)
{
	const char *s = rows_str(in, i);
	int err;

	*out = NUM_NONE;
	if (!s)
		return 0;
	if (!strcmp(s, "max")) {
		*out = NUM_MAX;
		return 0;
	}
	if ((err = num_u64(s, out)))
		return err;
	if (*out > NUM_MAX) /* so other programs write "max", not "-" */
		*out = NUM_MAX;
	return 0;
}

int rows_milli(const struct rows_in *in, int i, int64_t *out)
{
	const char *s = rows_str(in, i);

	return s ? num_milli(s, out) : -ENOENT;
}
