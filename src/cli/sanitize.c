/* SPDX-License-Identifier: MIT */
#include "sanitize.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* gcc's name of its runtime, and clang's. */
static const char *const names[] = {
    "libasan.so",
    "libclang_rt.asan-$(uname -m).so",
};

/* A compiler that does not know a file prints its name as it was asked for. */
static bool ask_compiler(char out[PATH_MAX], const char *name)
{
    char command[256], answer[PATH_MAX];
    snprintf(command, sizeof command, "${CC:-cc} -print-file-name=%s 2>/dev/null", name);
    /* What is run is what a person has put into CC, as `make` would run it. */
    FILE *from = popen(command, "r"); /* NOLINT(cert-env33-c) */
    if (from == NULL)
        return false;
    bool const is_read = fgets(answer, sizeof answer, from) != NULL;
    pclose(from);
    if (!is_read)
        return false;
    answer[strcspn(answer, "\n")] = '\0';
    return strchr(answer, '/') != NULL && realpath(answer, out) != NULL;
}

/* A person's own options come behind ours, and are believed. */
static void set_options(const char *name, const char *ours)
{
    const char *theirs = getenv(name);
    char both[4096];
    snprintf(both, sizeof both, "%s:%s", ours, theirs != NULL ? theirs : "");
    setenv(name, both, true);
}

bool sanitize_prepare(const char **preload)
{
    static char line[PATH_MAX + 64];
    char runtime[PATH_MAX];
    bool is_found = false;
    for (size_t i = 0; i < sizeof names / sizeof *names && !is_found; i++)
        is_found = ask_compiler(runtime, names[i]);
    if (!is_found) {
        fprintf(stderr,
                "capra: --sanitize: the C compiler (%s) has no AddressSanitizer; on Debian "
                "it comes with gcc\n",
                getenv("CC") != NULL ? getenv("CC") : "cc");
        return false;
    }
    snprintf(line, sizeof line, "LD_PRELOAD=%s", runtime);
    *preload = line;
    setenv(SANITIZE_VARIABLE, "address,undefined", true);
    /* Leaks are looked for at the end of a process, and Node does not clean up for that. The end by
     * SIGABRT is the one after which the worker still answers its clients. */
    set_options("ASAN_OPTIONS", "detect_leaks=0:abort_on_error=1:handle_segv=2");
    set_options("UBSAN_OPTIONS", "print_stacktrace=1");
    return true;
}
