/* SPDX-License-Identifier: MIT */
#include "cli.h"

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

typedef struct command_row {
    const char *name, *arguments, *help;
    cli_command command;
} command_row;

static const command_row commands[] = {
    { "dev", "[DIR] [-p PORT] [-H HOST]", "build, serve, and build again at each change",
      COMMAND_DEV },
    { "build", "[DIR]", "compile the routes into DIR/.capra", COMMAND_BUILD },
    { "start", "[DIR] [-p PORT] [-H HOST]", "serve what was built", COMMAND_START },
    { "reload", "[DIR]", "let the running server take the new build", COMMAND_RELOAD },
    { "stop", "[DIR]", "let the running server finish, and end", COMMAND_STOP },
    { "status", "[DIR] [--json]", "tell how the running server is", COMMAND_STATUS },
    { "top", "[DIR]", "the same, again every second", COMMAND_TOP },
    { "routes", "[DIR]", "print the routes", COMMAND_ROUTES },
    { "check", "[DIR] [--json]", "tell what differs from Next, and what is a trap", COMMAND_CHECK },
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("capra: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n       See `capra --help`.\n", stderr);
    va_end(args);
    return EXIT_USAGE;
}

static void print_options(void)
{
    printf("\nOptions of dev, build and check:\n"
           "      --parity next             do what Next does, also where Capra would rather not\n"
           "\nOption of check and status:\n"
           "      --json                    for machines\n");
    printf("\nOption of dev:\n"
           "      --sanitize                compile routes in C with AddressSanitizer and UBSan\n");
    printf("\nOptions of dev and start:\n"
           "  -p, --port PORT               where to listen (3000, or $PORT; 0: any free port)\n"
           "  -H, --hostname HOST           on which address (all)\n"
           "      --listen ADDRESS          where else: 8080, 127.0.0.1:8080, [::1]:8080, or\n"
           "                                unix:/run/app.sock,mode=660; may be said again\n"
           "      --user NAME[:GROUP]       who to be once the sockets are open (for root)\n");
    for (size_t i = 0; i < option_row_count; i++) {
        static const char *const kinds[] = { "TIME", "SIZE", "N", "N|auto", "N", "N|auto" };
        const option_row *row = &option_rows[i];
        char flag[64], value[32];
        snprintf(flag, sizeof flag, "--%s %s", row->flag, kinds[row->unit]);
        options_print(value, sizeof value, row->unit, row->value);
        printf("      %-25s %s (%s)\n", flag, row->help, value);
    }
    for (size_t i = 0; i < text_option_row_count; i++) {
        const text_option_row *row = &text_option_rows[i];
        char flag[64];
        snprintf(flag, sizeof flag, "--%s %s", row->flag, row->kind);
        if (row->value[0] == '\0')
            printf("      %-25s %s\n", flag, row->help);
        else
            printf("      %-25s %s (%s)\n", flag, row->help, row->value);
    }
    printf("\nTIME is 500ms, 10s, 2m or 1h; SIZE is 16384, 16kb or 2mb.\n");
}

static int print_help(void)
{
    printf(
        "Capra serves Next.js-style API routes from C.\n\nUsage: capra COMMAND [DIR] [OPTIONS]\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++)
        printf("  capra %-6s %-27s %s\n", commands[i].name, commands[i].arguments,
               commands[i].help);
    printf("  capra --help, --version\n");
    print_options();
    printf("\nTo get going: put `export default (req, res) => res.json({ ok: true })` into\n"
           "pages/api/hello.js, run `capra dev`, and open http://localhost:3000/api/hello.\n");
    return EXIT_OK;
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

static int set_option(cli_arguments *out, const char *name, const char *value)
{
    if (strcmp(name, "port") == 0) {
        if (!read_port(&out->port, value))
            return complain("--port: found `%s`, expected a number from 0 to 65535", value);
        out->has_place = true;
        return -1;
    }
    if (strcmp(name, "hostname") == 0) {
        out->hostname = value;
        out->has_place = true;
        return -1;
    }
    if (strcmp(name, "listen") == 0) {
        if (out->place_count == WORKER_LISTENERS)
            return complain("--listen: there can be no more than %d", WORKER_LISTENERS);
        out->places[out->place_count++] = value;
        return -1;
    }
    if (strcmp(name, "user") == 0) {
        out->user = value;
        return -1;
    }
    if (strcmp(name, "parity") == 0) {
        out->parity = value;
        return strcmp(value, "next") == 0
                   ? -1
                   : complain("--parity: found `%s`, expected `next`", value);
    }
    if (strcmp(name, "trust-proxy") == 0 && check_trust(value) >= 0)
        return EXIT_USAGE;
    for (size_t i = 0; i < option_row_count; i++) {
        const char *expected;
        if (strcmp(option_rows[i].flag, name) != 0)
            continue;
        if (!options_set(&out->options, &option_rows[i], value, &expected))
            return complain("--%s: found `%s`, expected %s", name, value, expected);
        return -1;
    }
    for (size_t i = 0; i < text_option_row_count; i++) {
        const char *expected;
        if (strcmp(text_option_rows[i].flag, name) != 0)
            continue;
        if (!options_set_text(&out->options, &text_option_rows[i], value, &expected))
            return complain("--%s: found `%s`, expected %s", name, value, expected);
        return -1;
    }
    return complain("there is no option --%s", name);
}

static bool has_option(const char *name)
{
    static const char *const own[] = { "port", "hostname", "listen", "user", "parity" };
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(own[i], name) == 0)
            return true;
    for (size_t i = 0; i < option_row_count; i++)
        if (strcmp(option_rows[i].flag, name) == 0)
            return true;
    for (size_t i = 0; i < text_option_row_count; i++)
        if (strcmp(text_option_rows[i].flag, name) == 0)
            return true;
    return false;
}

/* One option, its value behind `=` or in the next argument. Moves `*index` over what it used. */
static int read_option(cli_arguments *out, int argc, char **argv, int *index)
{
    const char *text = argv[*index];
    char name[64];
    const char *value = NULL;
    if (text[1] != '-') {
        const char *long_name = text[1] == 'p' ? "port" : text[1] == 'H' ? "hostname" : NULL;
        if (long_name == NULL)
            return complain("there is no option %s", text);
        snprintf(name, sizeof name, "%s", long_name);
        value = text[2] != '\0' ? text + 2 : NULL;
    } else {
        size_t const length = strcspn(text + 2, "=");
        snprintf(name, sizeof name, "%.*s", (int)length, text + 2);
        value = text[2 + length] == '=' ? text + 2 + length + 1 : NULL;
    }
    if (strcmp(text, "--json") == 0) {
        out->is_json = true;
        return -1;
    }
    if (strcmp(text, "--sanitize") == 0) {
        out->is_sanitized = true;
        return -1;
    }
    if (!has_option(name))
        return complain("there is no option %s", text);
    if (value == NULL) {
        if (*index + 1 >= argc)
            return complain("--%s wants a value", name);
        value = argv[++*index];
    }
    return set_option(out, name, value);
}

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

static int read_command(cli_arguments *out, const char *text)
{
    if (strcmp(text, "worker") == 0 && getenv(WORKER_VARIABLE) != NULL) {
        out->command = COMMAND_WORKER;
        return -1;
    }
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, text) == 0) {
            out->command = commands[i].command;
            return -1;
        }
    }
    return complain("there is no command `%s`; there are dev, build, start, reload, stop, status, "
                    "top, routes and check",
                    text);
}

/* ---- All of it ---- */

static int read_argument(cli_arguments *out, int argc, char **argv, int *index, bool *has_directory)
{
    const char *text = argv[*index];
    if (strcmp(text, "-h") == 0 || strcmp(text, "--help") == 0)
        return print_help();
    if (strcmp(text, "-v") == 0 || strcmp(text, "--version") == 0) {
        printf("capra %s\n", CAPRA_VERSION);
        return EXIT_OK;
    }
    if (text[0] == '-' && text[1] != '\0')
        return read_option(out, argc, argv, index);
    if (out->command == COMMAND_NONE)
        return read_command(out, text);
    if (*has_directory)
        return complain("one folder is enough; found `%s` as well", text);
    *has_directory = true;
    return set_directory(out, text);
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

int cli_parse(cli_arguments *out, int argc, char **argv)
{
    bool has_directory = false;
    *out = (cli_arguments){ .port = 3000 };
    options_init(&out->options);

    int done = read_environment(out);
    for (int i = 1; i < argc && done < 0; i++)
        done = read_argument(out, argc, argv, &i, &has_directory);
    if (done >= 0)
        return done;
    if (out->command == COMMAND_NONE)
        return argc < 2 ? (print_help(), EXIT_USAGE) : complain("a command is missing");
    if (strcmp(out->options.proxy_protocol, "on") == 0 && out->options.trust_proxy[0] == '\0')
        return complain("--proxy-protocol on: of whom is it believed? Say so with --trust-proxy");
    if (out->is_json && out->command != COMMAND_CHECK && out->command != COMMAND_STATUS)
        return complain("--json is an option of check and status");
    if (out->is_sanitized && out->command != COMMAND_DEV)
        return complain("--sanitize is an option of dev");
    int const refused = check_isolation(out);
    if (refused >= 0)
        return refused;
    return has_directory ? -1 : set_directory(out, ".");
}
