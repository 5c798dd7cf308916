/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_FILES_BENEATH_H
#define CAPRA_FILES_BENEATH_H

/* Opens `path`, relative to the folder `root` and with a zero byte at its end, for reading, if it
 * is below that folder when all links are followed. Where the kernel cannot see to that (before
 * Linux 5.6, other systems), no link is followed at all. `flags`: O_DIRECTORY, or 0. Returns the
 * descriptor, or -1. Never waits for the other end of a pipe. */
int beneath_open(int root, const char *path, int flags);

#endif
