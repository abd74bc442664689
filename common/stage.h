/*
 * stage - how the stages of a pipeline learn that another one was lost.
 *
 * End of input looks the same whether a writer was done or was killed.  A tool
 * that writes into an anonymous pipe (pipe(7)) sets the sticky bit of the
 * pipe's inode, and clears it where it ends in order: a bit that is still set
 * at the end of the input tells its reader that the writer was lost.  No row
 * changes, and neither a file nor a named pipe is touched.
 */
#ifndef STAGE_H
#define STAGE_H

#include <stdbool.h>

void stage_begin(int fd);
void stage_end(int fd);
bool stage_lost(int fd);

/* Is it a pipe, of whose reader clock_watch_reader() can tell? */
bool stage_is_pipe(int fd);

#endif
