/* SPDX-License-Identifier: MIT */
#include "cli.h"
#include "remote.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

/* `capra stop`: a signal, and then the time until the server has ended. */

enum { LOOK_MS = 20, GONE_MS = 2000 };

static void wait_a_little(void)
{
    struct timespec const pause = { .tv_nsec = LOOK_MS * 1000000L };
    nanosleep(&pause, NULL);
}

static bool is_gone(pid_t pid)
{
    return kill(pid, 0) != 0 && errno == ESRCH;
}

int cli_stop(const cli_arguments *args)
{
    run_state before, now;
    if (!remote_find(&before, args->directory) || !remote_signal(&before, SIGTERM))
        return EXIT_FAILED;
    /* As long as the server takes: it has a limit of its own, --shutdown-timeout. */
    while (!is_gone(before.pid) && run_file_read(args->directory, &now) && now.pid == before.pid)
        wait_a_little();
    for (int waited = 0; !is_gone(before.pid) && waited < GONE_MS; waited += LOOK_MS)
        wait_a_little();
    printf("The server has stopped (process %d).\n", (int)before.pid);
    return EXIT_OK;
}
