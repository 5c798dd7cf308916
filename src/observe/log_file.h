/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_OBSERVE_LOG_FILE_H
#define CAPRA_OBSERVE_LOG_FILE_H

#include "base/slice.h"

#include <stdint.h>

/* Lines on their way to a file, a pipe, a socket or a terminal. They wait in memory and go out
 * many at a time; writing never waits for a reader. When one is so slow that there is no room left,
 * lines are dropped and counted, and requests go on.
 *
 * Lines of several workers may meet in one pipe. What is written there at once is at most
 * PIPE_BUF bytes of whole lines, which the system does not mix (POSIX, write). */
typedef struct log_file log_file;

/* What one line may need. */
enum { LOG_LINE_BYTES = 32 * 1024 };

/* "-" is standard output; any other name is a file that is appended to, made with mode 0640, and
 * opened anew when another one has its name, so that it can be rotated by renaming. `is_prompt`:
 * lines go out in the turn they were made in. 0, or CAPRA_E_SYSTEM with errno set. */
int log_file_open(log_file **out, const char *path, bool is_prompt);

/* Writes what waits, as far as it goes within a second. Takes NULL. */
void log_file_close(log_file *f);

/* Where the next line goes: LOG_LINE_BYTES. NULL when there is no room; the line is counted as
 * dropped. */
char *log_file_room(log_file *f);

/* A line of `size` bytes, its line end included, is in the room. */
void log_file_added(log_file *f, size_t size);

/* Writes when it is time to. `now_ns`: on a clock that only goes forward. Returns in how many
 * milliseconds it wants to be called again; 0: not before there is another line. */
uint32_t log_file_turn(log_file *f, int64_t now_ns);

/* Writes what waits, as far as it goes at once. */
void log_file_flush(log_file *f);

/* Lines that were dropped since the last call. */
uint64_t log_file_take_dropped(log_file *f);

/* Whether something waits that could not be written. */
bool log_file_is_stuck(const log_file *f);

#endif
