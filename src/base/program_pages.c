/* SPDX-License-Identifier: MIT */
#include "program_pages.h"

#ifdef __linux__

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* One mapping, as /proc/self/smaps begins with it. */
typedef struct mapping {
    uintptr_t start, end;
    bool is_read_only, is_program;
} mapping;

/* False for a line that tells more about the last mapping. */
static bool read_mapping(mapping *out, const char *line, const char *program)
{
    unsigned long start, end;
    char access[5];
    int path_at = 0;
    if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %n", &start, &end, access, &path_at) != 3)
        return false;
    size_t const length = strlen(program);
    *out = (mapping){ .start = start,
                      .end = end,
                      .is_read_only = access[1] == '-' && access[3] == 'p',
                      .is_program = path_at > 0 && strncmp(line + path_at, program, length) == 0 &&
                                    line[path_at + (int)length] == '\n' };
    return true;
}

/* The program's mappings lie together, and none after them is of interest: to tell about one costs
 * the system a walk over its pages. */
static void release_all(FILE *smaps, const char *program)
{
    char line[PATH_MAX + 128];
    unsigned long own_kib;
    bool has_begun = false;
    mapping m = { 0 };
    while (fgets(line, sizeof line, smaps) != NULL) {
        if (read_mapping(&m, line, program)) {
            if (has_begun && !m.is_program)
                return;
            has_begun = m.is_program;
        } else if (m.is_program && m.is_read_only &&
                   sscanf(line, "Anonymous: %lu kB", &own_kib) == 1 && own_kib == 0) {
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
