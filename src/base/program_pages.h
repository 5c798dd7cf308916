/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_PROGRAM_PAGES_H
#define CAPRA_BASE_PROGRAM_PAGES_H

/* Takes the pages of the running program's own file out of this process: code and constants, of
 * which a start reads many that are never read again. What is needed once more is mapped anew, from
 * the same pages of the system's cache. Pages that something has written to, such as a debugger,
 * stay. Does nothing where the system does not tell about mappings (only Linux does). */
void program_pages_release(void);

#endif
