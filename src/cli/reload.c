/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "remote.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum {
    LOOK_MS = 20,
    LONGEST_MS = 60000, /* a worker has half of it to start */
};

static int complain(const char *directory, const char *what)
{
    fprintf(stderr, "capra: %s: %s\n", directory, what);
    return EXIT_FAILED;
}

/* The server says in its file what came of it. */
static int await_outcome(const char *directory, const run_state *before)
{
    struct timespec const pause = { .tv_nsec = LOOK_MS * 1000000L };
    for (int waited = 0; waited < LONGEST_MS; waited += LOOK_MS) {
        run_state now;
        if (!run_file_read(directory, &now) || now.pid != before->pid)
            return complain(directory, "the server ended before it served the new build");
        if (now.refused != before->refused)
            return complain(directory, "the new build does not start, and the old one is still "
                                       "served; the server's log says why");
        if (now.generation != before->generation) {
            printf("The new build is served.\n");
            return EXIT_OK;
        }
        nanosleep(&pause, NULL);
    }
    return complain(directory, "the new build is not served yet; see the server's log");
}

int cli_reload(const cli_arguments *args)
{
    run_state before;
    if (!remote_find(&before, args->directory) || !remote_signal(&before, SIGHUP))
        return EXIT_FAILED;
    return await_outcome(args->directory, &before);
}
