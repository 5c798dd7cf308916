/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_CLI_USAGE_H
#define CAPRA_CLI_USAGE_H

#include "cli.h"

/* Which commands and options there are, and what is said about them. */

/* Commands as a set of bits. */
#define OF(command) (1u << (command))

typedef struct command_row {
    const char *name, *arguments, *help;
    cli_command command;
} command_row;

extern const command_row command_rows[];
extern const int command_row_count;

/* Options that are not in the tables of options.h, whose options are all of dev and start. */
typedef enum own_id {
    OWN_PARITY,
    OWN_JSON,
    OWN_SANITIZE,
    OWN_PORT,
    OWN_HOSTNAME,
    OWN_LISTEN,
    OWN_USER,
} own_id;

typedef struct own_option {
    own_id id;
    const char *name;
    const char *kind; /* of value; NULL: it has none */
    unsigned of;      /* these commands */
    char letter;      /* 0: no short form */
    const char *help;
} own_option;

extern const own_option own_options[];
extern const int own_option_count;

/* Print help, of all commands or of one. Return the exit code. */
int usage_print(void);
int usage_print_command(const command_row *row);

/* The command, or the option without its dashes, that is spelt much like `text`; NULL: none is. */
const char *usage_guess_command(const char *text);
const char *usage_guess_option(const char *text);

#endif
