/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include "base/networks.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CAPRA_VERSION
#define CAPRA_VERSION "0.0.0"
#endif

enum { COMMANDS = COMMAND_WORKER + 1 };

/* The command line as far as it has been read. */
typedef struct reading {
    cli_arguments *out;
    int argc;
    char **argv;
    int at;
    bool has_directory;
    /* For each command the first option that it does not have, and who has it. */
    const char *misplaced[COMMANDS];
    unsigned belongs[COMMANDS];
} reading;

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("capra: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return EXIT_USAGE;
}

/* ---- Values ---- */

static bool read_port(uint16_t *out, const char *text)
{
    char *end;
    errno = 0;
    unsigned long const port = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || port > 65535)
        return false;
    *out = (uint16_t)port;
    return true;
}

/* The table of options knows texts; this one has a grammar. */
static int check_trust(const char *value)
{
    char why[512];
    networks *trusted;
    if (networks_parse(&trusted, slice_text(value), why, sizeof why) != 0)
        return complain("--trust-proxy: %s", why);
    networks_free(trusted);
    return -1;
}

static int set_own(cli_arguments *out, const own_option *row, const char *value)
{
    switch (row->id) {
    case OWN_PARITY:
        out->parity = value;
        return strcmp(value, "next") == 0
                   ? -1
                   : complain("--parity: found `%s`, expected `next`", value);
    case OWN_JSON:
        out->is_json = true;
        return -1;
    case OWN_SANITIZE:
        out->is_sanitized = true;
        return -1;
    case OWN_PORT:
        out->has_place = true;
        return read_port(&out->port, value)
                   ? -1
                   : complain("--port: found `%s`, expected a number from 0 to 65535", value);
    case OWN_HOSTNAME:
        out->hostname = value;
        out->has_place = true;
        return -1;
    case OWN_LISTEN:
        if (out->place_count == WORKER_LISTENERS)
            return complain("--listen: there can be no more than %d", WORKER_LISTENERS);
        out->places[out->place_count++] = value;
        return -1;
    case OWN_USER:
        out->user = value;
        return -1;
    }
    return -1;
}

/* ---- Options ---- */

/* The option that an argument names: one of the three. */
typedef struct found {
    const own_option *own;
    const option_row *row;
    const text_option_row *text;
} found;

static bool find_option(found *out, const char *name, char letter)
{
    *out = (found){ 0 };
    for (int i = 0; i < own_option_count; i++)
        if (letter != 0 ? own_options[i].letter == letter : strcmp(own_options[i].name, name) == 0)
            out->own = &own_options[i];
    for (size_t i = 0; letter == 0 && i < option_row_count; i++)
        if (strcmp(option_rows[i].flag, name) == 0)
            out->row = &option_rows[i];
    for (size_t i = 0; letter == 0 && i < text_option_row_count; i++)
        if (strcmp(text_option_rows[i].flag, name) == 0)
            out->text = &text_option_rows[i];
    return out->own != NULL || out->row != NULL || out->text != NULL;
}

static int set_option(cli_arguments *out, const found *option, const char *value)
{
    const char *expected, *flag;
    if (option->own != NULL)
        return set_own(out, option->own, value);
    if (option->row != NULL) {
        flag = option->row->flag;
        if (options_set(&out->options, option->row, value, &expected))
            return -1;
    } else {
        flag = option->text->flag;
        if (strcmp(flag, "trust-proxy") == 0 && check_trust(value) >= 0)
            return EXIT_USAGE;
        if (options_set_text(&out->options, option->text, value, &expected))
            return -1;
    }
    return complain("--%s: found `%s`, expected %s", flag, value, expected);
}

/* The command may still come. */
static void note_owner(reading *r, const found *option)
{
    unsigned const of = option->own != NULL ? option->own->of : OF(COMMAND_DEV) | OF(COMMAND_START);
    for (int command = 0; command < COMMANDS; command++) {
        if ((of & OF(command)) == 0 && r->misplaced[command] == NULL) {
            r->misplaced[command] = option->own != NULL   ? option->own->name
                                    : option->row != NULL ? option->row->flag
                                                          : option->text->flag;
            r->belongs[command] = of;
        }
    }
}

static int complain_of_option(const char *text, const char *name)
{
    const char *meant = usage_guess_option(name);
    return meant == NULL ? complain("there is no option %s", text)
                         : complain("there is no option %s; did you mean --%s?", text, meant);
}

/* One option, its value behind `=` or in the next argument. */
static int read_option(reading *r)
{
    const char *text = r->argv[r->at], *value = NULL;
    bool const is_short = text[1] != '-';
    char name[64];
    found option;
    if (is_short) {
        snprintf(name, sizeof name, "%c", text[1]);
        value = text[2] != '\0' ? text + 2 : NULL;
    } else {
        size_t const length = strcspn(text + 2, "=");
        snprintf(name, sizeof name, "%.*s", (int)length, text + 2);
        value = text[2 + length] == '=' ? text + 2 + length + 1 : NULL;
    }
    if (!find_option(&option, name, is_short ? text[1] : 0))
        return complain_of_option(text, name);
    note_owner(r, &option);
    bool const takes_value = option.own == NULL || option.own->kind != NULL;
    if (!takes_value && value != NULL)
        return complain("--%s takes no value", option.own->name);
    if (takes_value && value == NULL) {
        if (r->at + 1 >= r->argc)
            return complain("%s wants a value", text);
        value = r->argv[++r->at];
    }
    return set_option(r->out, &option, value);
}

/* "dev, build and check". */
static void list_commands(char *out, size_t size, unsigned of)
{
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; i < command_row_count && length < size; i++) {
        unsigned const bit = OF(command_rows[i].command);
        if ((of & bit) == 0)
            continue;
        of &= ~bit;
        const char *between = length == 0 ? "" : of == 0 ? " and " : ", ";
        length +=
            (size_t)snprintf(out + length, size - length, "%s%s", between, command_rows[i].name);
    }
}

static int check_owners(const reading *r)
{
    cli_command const command = r->out->command;
    char owners[128];
    if (r->misplaced[command] == NULL || command == COMMAND_WORKER)
        return -1;
    list_commands(owners, sizeof owners, r->belongs[command]);
    return complain("--%s is an option of %s", r->misplaced[command], owners);
}

/* ---- The rest ---- */

static int set_directory(cli_arguments *out, const char *text)
{
    char resolved[PATH_MAX];
    if (realpath(text, resolved) == NULL || strlen(resolved) >= sizeof out->directory)
        return complain("the folder `%s` cannot be used: %s", text, strerror(errno));
    memcpy(out->directory, resolved, strlen(resolved) + 1);
    return -1;
}

static int read_environment(cli_arguments *out)
{
    const char *port = getenv("PORT");
    if (port != NULL && port[0] != '\0' && !read_port(&out->port, port))
        return complain("the variable PORT: found `%s`, expected a number from 0 to 65535", port);
    return -1;
}

static const command_row *find_command(const char *name)
{
    for (int i = 0; i < command_row_count; i++)
        if (strcmp(command_rows[i].name, name) == 0)
            return &command_rows[i];
    return NULL;
}

static const command_row *command_of(const cli_arguments *out)
{
    for (int i = 0; i < command_row_count; i++)
        if (command_rows[i].command == out->command)
            return &command_rows[i];
    return NULL;
}

static int complain_of_command(const char *text)
{
    const char *meant = usage_guess_command(text);
    char all[128];
    list_commands(all, sizeof all, (OF(COMMAND_WORKER) - 1) & ~OF(COMMAND_NONE));
    return meant != NULL ? complain("there is no command `%s`; did you mean `%s`?", text, meant)
                         : complain("there is no command `%s`; there are %s", text, all);
}

static int print_help(const cli_arguments *out)
{
    const command_row *row = command_of(out);
    return row == NULL ? usage_print() : usage_print_command(row);
}

static int print_version(void)
{
    printf("capra %s\n", CAPRA_VERSION);
    return EXIT_OK;
}

static int read_command(reading *r, const char *text)
{
    const command_row *row = find_command(text);
    const char *next = r->at + 1 < r->argc ? r->argv[r->at + 1] : "";
    if (row != NULL) {
        r->out->command = row->command;
        return -1;
    }
    if (strcmp(text, "worker") == 0 && getenv(WORKER_VARIABLE) != NULL) {
        r->out->command = COMMAND_WORKER;
        return -1;
    }
    if (strcmp(text, "version") == 0)
        return print_version();
    if (strcmp(text, "help") != 0)
        return complain_of_command(text);
    row = find_command(next);
    return row == NULL ? usage_print() : usage_print_command(row);
}

static int read_argument(reading *r)
{
    const char *text = r->argv[r->at];
    if (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0)
        return print_help(r->out);
    if (strcmp(text, "-v") == 0 || strcmp(text, "--version") == 0)
        return print_version();
    if (text[0] == '-' && text[1] != '\0')
        return read_option(r);
    if (r->out->command == COMMAND_NONE)
        return read_command(r, text);
    if (r->has_directory)
        return complain("one folder is enough; found `%s` as well", text);
    r->has_directory = true;
    return set_directory(r->out, text);
}

/* In development a crash costs the one who works nothing, and a route changes its kind at any time.
 */
static int check_isolation(const cli_arguments *args)
{
    bool const is_isolated = options_isolate(&args->options);
    if (is_isolated && args->command == COMMAND_DEV)
        return complain("--native-isolation is an option of start: `capra dev` has one worker");
    if (!is_isolated && args->options.native_workers != OPTION_UNSET)
        return complain("--native-workers wants --native-isolation process: without it, routes in "
                        "C have no workers of their own");
    return -1;
}

static int check_whole(reading *r)
{
    cli_arguments *out = r->out;
    if (out->command == COMMAND_NONE)
        return complain("a command is missing");
    if (strcmp(out->options.proxy_protocol, "on") == 0 && out->options.trust_proxy[0] == '\0')
        return complain("--proxy-protocol on: of whom is it believed? Say so with --trust-proxy");
    int done = check_owners(r);
    if (done < 0)
        done = check_isolation(out);
    if (done >= 0)
        return done;
    return r->has_directory ? -1 : set_directory(out, ".");
}

int cli_parse(cli_arguments *out, int argc, char **argv)
{
    reading r = { .out = out, .argc = argc, .argv = argv };
    *out = (cli_arguments){ .port = 3000 };
    options_init(&out->options);
    if (argc < 2) {
        usage_print();
        return EXIT_USAGE;
    }
    int done = read_environment(out);
    for (r.at = 1; r.at < argc && done < 0; r.at++)
        done = read_argument(&r);
    if (done < 0)
        done = check_whole(&r);
    if (done == EXIT_USAGE) {
        const command_row *row = command_of(out);
        fprintf(stderr, "       See `capra %s%s--help`.\n", row != NULL ? row->name : "",
                row != NULL ? " " : "");
    }
    return done;
}
