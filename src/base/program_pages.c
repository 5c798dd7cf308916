/* SPDX-License-Identifier: MIT */
#include "program_pages.h"

#ifdef __linux__

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One mapping, as /proc/self/smaps begins with it. */
typedef struct mapping {
    uintptr_t start, end;
    bool is_read_only, is_program;
} mapping;

/* "5581c0400000-5581c0600000 r-xp 00000000 fe:00 4711    /usr/bin/node". False for a line that
 * tells more about the last mapping. */
static bool read_mapping(mapping *out, const char *line, const char *program)
{
    char *at;
    uintptr_t const start = strtoul(line, &at, 16);
    if (at == line || *at != '-')
        return false;
    uintptr_t const end = strtoul(at + 1, &at, 16);
    const char *path = strchr(at, '/');
    size_t const length = strlen(program);
    *out = (mapping){ .start = start,
                      .end = end,
                      .is_read_only = strncmp(at, " r--p", 5) == 0 || strncmp(at, " r-xp", 5) == 0,
                      .is_program = path != NULL && strncmp(path, program, length) == 0 &&
                                    path[length] == '\n' };
    return true;
}

/* Whether a line says that nothing has written to the last mapping. */
static bool is_unwritten(const char *line)
{
    static const char name[] = "Anonymous:";
    return strncmp(line, name, sizeof name - 1) == 0 &&
           strtoul(line + sizeof name - 1, NULL, 10) == 0;
}

/* The program's mappings lie together, and none after them is of interest: to tell about one costs
 * the system a walk over its pages. */
static void release_all(FILE *smaps, const char *program)
{
    char line[PATH_MAX + 128];
    bool has_begun = false;
    mapping m = { 0 };
    while (fgets(line, sizeof line, smaps) != NULL) {
        if (read_mapping(&m, line, program)) {
            if (has_begun && !m.is_program)
                return;
            has_begun = m.is_program;
        } else if (m.is_program && m.is_read_only && is_unwritten(line)) {
            madvise((void *)m.start, m.end - m.start, MADV_DONTNEED);
        }
    }
}

void program_pages_release(void)
{
    char program[PATH_MAX];
    ssize_t const length = readlink("/proc/self/exe", program, sizeof program - 1);
    FILE *smaps = length <= 0 ? NULL : fopen("/proc/self/smaps", "re");
    if (smaps == NULL)
        return;
    program[length] = '\0';
    setvbuf(smaps, NULL, _IOFBF, 4096); /* no more of it is asked for than is used */
    release_all(smaps, program);
    fclose(smaps);
}

#else

void program_pages_release(void)
{
}

#endif
