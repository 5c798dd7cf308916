/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

/* The command: options in, supervisor out. */
int main(int argc, char **argv)
{
    cli_arguments args;
    cli_paths paths;
    int const done = cli_parse(&args, argc, argv);
    if (done >= 0)
        return done;
    cli_find_paths(&paths);

    switch (args.command) {
    case COMMAND_BUILD:
    case COMMAND_ROUTES:
    case COMMAND_CHECK:
        return cli_compile(&args, &paths);
    case COMMAND_DEV:
    case COMMAND_START:
        return cli_serve(&args, &paths);
    case COMMAND_STATUS:
        return cli_status(&args);
    case COMMAND_TOP:
        return cli_top(&args);
    case COMMAND_RELOAD:
        return cli_reload(&args);
    case COMMAND_STOP:
        return cli_stop(&args);
    case COMMAND_WORKER:
        return cli_work();
    case COMMAND_NONE:
        break;
    }
    return EXIT_USAGE;
}
