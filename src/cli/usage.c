/* SPDX-License-Identifier: MIT */
#include "usage.h"

#include <stdio.h>
#include <string.h>

enum {
    SERVERS = OF(COMMAND_DEV) | OF(COMMAND_START),
    /* `start` says what it expects of the build. */
    COMPILERS = SERVERS | OF(COMMAND_BUILD) | OF(COMMAND_CHECK) | OF(COMMAND_ROUTES),
    REPORTERS = OF(COMMAND_CHECK) | OF(COMMAND_STATUS),
};

const command_row command_rows[] = {
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
const int command_row_count = sizeof command_rows / sizeof *command_rows;

const own_option own_options[] = {
    { OWN_PARITY, "parity", "next", COMPILERS, 0,
      "do what Next does, also where Capra would rather not" },
    { OWN_JSON, "json", NULL, REPORTERS, 0, "for machines" },
    { OWN_SANITIZE, "sanitize", NULL, OF(COMMAND_DEV), 0,
      "compile routes in C with AddressSanitizer and UBSan" },
    { OWN_PORT, "port", "PORT", SERVERS, 'p',
      "where to listen (3000, or $PORT; 0: any free port)" },
    { OWN_HOSTNAME, "hostname", "HOST", SERVERS, 'H', "on which address (all)" },
    { OWN_LISTEN, "listen", "ADDRESS", SERVERS, 0,
      "where else: 8080, 127.0.0.1:8080, [::1]:8080, or unix:/run/app.sock,mode=660; may be said "
      "again" },
    { OWN_USER, "user", "NAME[:GROUP]", SERVERS, 0,
      "who to be once the sockets are open (for root)" },
};
const int own_option_count = sizeof own_options / sizeof *own_options;

/* ---- Help ---- */

enum { HELP_AT = 41, HELP_WIDTH = 58 };

/* Words, in lines of HELP_WIDTH; all but the first one begin below it. */
static void print_wrapped(const char *text)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t const length = strcspn(text, " ");
        if (column > 0 && column + 1 + length > HELP_WIDTH) {
            printf("\n%*s", HELP_AT, "");
            column = 0;
        }
        column += (size_t)printf("%s%.*s", column > 0 ? " " : "", (int)length, text);
        text += length + strspn(text + length, " ");
    }
    putchar('\n');
}

static void print_option(char letter, const char *name, const char *kind, const char *help,
                         const char *value)
{
    char flag[64], text[512], dash[8] = "    ";
    if (letter != 0)
        snprintf(dash, sizeof dash, "-%c, ", letter);
    snprintf(flag, sizeof flag, "--%s%s%s", name, kind != NULL ? " " : "",
             kind != NULL ? kind : "");
    snprintf(text, sizeof text, value[0] != '\0' ? "%s (%s)" : "%s", help, value);
    printf("  %s%-*s ", dash, HELP_AT - 7, flag);
    print_wrapped(text);
}

static void print_server_options(void)
{
    for (size_t i = 0; i < option_row_count; i++) {
        static const char *const kinds[] = { "TIME", "SIZE", "N", "N|auto", "N", "N|auto" };
        const option_row *row = &option_rows[i];
        char value[32];
        options_print(value, sizeof value, row->unit, row->value);
        print_option(0, row->flag, kinds[row->unit], row->help, value);
    }
    for (size_t i = 0; i < text_option_row_count; i++) {
        const text_option_row *row = &text_option_rows[i];
        print_option(0, row->flag, row->kind, row->help, row->value);
    }
    printf("\nTIME is 500ms, 10s, 2m or 1h; SIZE is 16384, 16kb or 2mb.\n");
}

static void print_own(const own_option *row)
{
    print_option(row->letter, row->name, row->kind, row->help, "");
}

static void print_group(const char *heading, unsigned of)
{
    printf("\n%s:\n", heading);
    for (int i = 0; i < own_option_count; i++)
        if (own_options[i].of == of)
            print_own(&own_options[i]);
}

int usage_print_command(const command_row *row)
{
    printf("capra %s: %s.\n\nUsage: capra %s %s\n\n", row->name, row->help, row->name,
           row->arguments);
    printf("  %-*s %s\n", HELP_AT - 3, "DIR",
           "the project, with pages/api in it (the current folder)");
    for (int i = 0; i < own_option_count; i++)
        if ((own_options[i].of & OF(row->command)) != 0)
            print_own(&own_options[i]);
    if ((SERVERS & OF(row->command)) != 0)
        print_server_options();
    return EXIT_OK;
}

int usage_print(void)
{
    printf(
        "Capra serves Next.js-style API routes from C.\n\nUsage: capra COMMAND [DIR] [OPTIONS]\n\n");
    for (int i = 0; i < command_row_count; i++)
        printf("  capra %-6s %-27s %s\n", command_rows[i].name, command_rows[i].arguments,
               command_rows[i].help);
    printf("  capra COMMAND --help, capra --version\n");
    print_group("Options of dev, build, start, routes and check", COMPILERS);
    print_group("Options of check and status", REPORTERS);
    print_group("Options of dev", OF(COMMAND_DEV));
    print_group("Options of dev and start", SERVERS);
    print_server_options();
    printf("\nTo get going: put `export default (req, res) => res.json({ ok: true })` into\n"
           "pages/api/hello.js, run `capra dev`, and open http://localhost:3000/api/hello.\n");
    return EXIT_OK;
}

/* ---- What was meant ---- */

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t const smaller = a < b ? a : b;
    return smaller < c ? smaller : c;
}

/* How many letters are to be put in, taken out or exchanged to make one word of the other. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1];
    size_t const width = strlen(b);
    if (width > WORD_MAX || strlen(a) > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= width; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            size_t const above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[width];
}

typedef struct guess {
    const char *text, *best;
    size_t distance;
} guess;

/* A third of the letters may be wrong; else it was another word that was meant. */
static guess guess_for(const char *text)
{
    return (guess){ .text = text, .distance = strlen(text) / 3 + 1 };
}

static void offer(guess *g, const char *word)
{
    size_t const here = distance(g->text, word);
    if (here < g->distance || (here == g->distance && g->best == NULL)) {
        g->best = word;
        g->distance = here;
    }
}

const char *usage_guess_command(const char *text)
{
    guess g = guess_for(text);
    for (int i = 0; i < command_row_count; i++)
        offer(&g, command_rows[i].name);
    return g.best;
}

const char *usage_guess_option(const char *text)
{
    guess g = guess_for(text);
    for (int i = 0; i < own_option_count; i++)
        offer(&g, own_options[i].name);
    for (size_t i = 0; i < option_row_count; i++)
        offer(&g, option_rows[i].flag);
    for (size_t i = 0; i < text_option_row_count; i++)
        offer(&g, text_option_rows[i].flag);
    return g.best;
}
