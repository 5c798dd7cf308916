/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_BASE_SHARED_MEMORY_H
#define CAPRA_BASE_SHARED_MEMORY_H

#include <stddef.h>

/* Memory that the supervisor and its workers share: a file without a name, which they inherit as
 * a descriptor. What stands in it, and whether another process has made the same of it, is for the
 * owner to say. */
typedef struct shared_memory {
    void *bytes; /* zeroes, when it is new */
    size_t length;
    int fd; /* to be inherited; -1 in memory that was opened */
} shared_memory;

/* New memory. `name` is what the system shows it as. 0, or CAPRA_E_SYSTEM with errno set. */
int shared_memory_new(shared_memory *out, const char *name, size_t length);

/* That of another process. The descriptor is taken over, and closed whatever comes of it.
 * CAPRA_E_INVALID when it is no file of at least `least` bytes, and CAPRA_E_SYSTEM with errno set
 * when it cannot be mapped. */
int shared_memory_open(shared_memory *out, int fd, size_t least);

/* Other processes keep theirs. */
void shared_memory_cleanup(shared_memory *m);

#endif
