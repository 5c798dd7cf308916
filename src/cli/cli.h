/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_H
#define CAPRA_CLI_H

#include "listen.h"
#include "worker.h"

#include <stdbool.h>

/* What a person sees: commands, options, help, and how a start looks. */

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

typedef enum cli_command {
    COMMAND_NONE,
    COMMAND_DEV,
    COMMAND_BUILD,
    COMMAND_START,
    COMMAND_ROUTES,
    COMMAND_CHECK,
    COMMAND_STATUS,
    COMMAND_TOP,
    COMMAND_RELOAD,
    COMMAND_STOP,
    COMMAND_WORKER, /* not for people: a worker without Node */
} cli_command;

typedef struct cli_arguments {
    cli_command command;
    char directory[4096]; /* absolute */
    const char *hostname; /* NULL: all interfaces */
    const char *parity;   /* "next", or NULL */
    bool is_json;         /* of `check` and `status` */
    bool is_sanitized;    /* of `dev` */
    uint16_t port;
    bool has_place;                       /* -p or -H was given */
    const char *places[WORKER_LISTENERS]; /* of --listen */
    uint32_t place_count;
    const char *user; /* of --user; NULL: as whoever started it */
    options options;
} cli_arguments;

/* Reads the command line. Returns -1 to go on, or the exit code with which the process is
 * done: help and version were printed, or a line says what was wrong with the usage. */
int cli_parse(cli_arguments *out, int argc, char **argv);

/* Where this installation's parts are. */
typedef struct cli_paths {
    char self[4096], worker_script[4096], compiler_script[4096];
    char node[4096]; /* empty: no Node was found */
} cli_paths;

/* Looks for them beside the program that runs, or where it was installed. */
void cli_find_paths(cli_paths *out);

/* The first lines of a start; the last one, once it serves. */
void cli_print_banner(bool is_development, const listeners *where);
void cli_print_ready(double ms, uint32_t routes);

/* `capra dev`, `capra start`, and a worker without Node. All return the exit code. */
int cli_serve(const cli_arguments *args, const cli_paths *paths);
int cli_work(void);

/* `capra reload`: the running server takes the build that is there now. Returns the exit code. */
int cli_reload(const cli_arguments *args);

/* Of the server that runs in a project: how it is, once or again and again; and `capra stop`, which
 * comes back when it has ended. All return the exit code. */
int cli_status(const cli_arguments *args);
int cli_top(const cli_arguments *args);
int cli_stop(const cli_arguments *args);

/* `capra build`, `capra routes` and `capra check`: the compiler takes the process over. Returns
 * only when it cannot. */
int cli_compile(const cli_arguments *args, const cli_paths *paths);

#endif
