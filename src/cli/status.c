/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "cli.h"
#include "remote.h"
#include "view.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* `capra status`: once. `capra top`: once a second, until somebody presses q. */

static json_t *ask(const run_state *found, bool is_quiet)
{
    char *text = remote_get(found, "/status", is_quiet);
    json_t *status = text == NULL ? NULL : json_loads(text, 0, NULL);
    if (text != NULL && status == NULL && !is_quiet)
        fprintf(stderr, "capra: what answers at %s is not a Capra server\n", found->admin);
    free(text);
    return status;
}

static void print(const view *v)
{
    buffer page = { 0 };
    view_write(v, &page);
    fwrite(buffer_slice(&page).data, 1, buffer_length(&page), stdout);
    fflush(stdout);
    buffer_cleanup(&page);
}

int cli_status(const cli_arguments *args)
{
    run_state found;
    if (!remote_find(&found, args->directory))
        return EXIT_FAILED;
    json_t *status = ask(&found, false);
    if (status == NULL)
        return EXIT_FAILED;
    if (args->is_json) {
        json_dumpf(status, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else {
        view const v = { .now = status, .is_colored = log_is_colored(STDOUT_FILENO) };
        print(&v);
    }
    json_decref(status);
    return EXIT_OK;
}

/* ---- Top ---- */

enum { INTERVAL_MS = 1000 };

static volatile sig_atomic_t is_ended;

static void on_end(int signal)
{
    (void)signal;
    is_ended = 1;
}

/* That the window has another size ends the wait for a key, and the page is drawn anew. */
static void on_resize(int signal)
{
    (void)signal;
}

static void watch_signals(void)
{
    struct sigaction const end = { .sa_handler = on_end }, resize = { .sa_handler = on_resize };
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    sigaction(SIGWINCH, &resize, NULL);
}

typedef struct screen {
    bool is_terminal, reads_keys;
    struct termios before;
} screen;

/* The other screen of the terminal, without a cursor; keys come one by one and unseen. */
static void open_screen(screen *s)
{
    s->is_terminal = isatty(STDOUT_FILENO);
    s->reads_keys = s->is_terminal && tcgetattr(STDIN_FILENO, &s->before) == 0;
    if (s->reads_keys) {
        struct termios raw = s->before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    if (s->is_terminal)
        fputs("\033[?1049h\033[?25l", stdout);
}

static void close_screen(const screen *s)
{
    if (s->is_terminal)
        fputs("\033[?25h\033[?1049l", stdout);
    fflush(stdout);
    if (s->reads_keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &s->before);
}

static void draw(const screen *s, view *v)
{
    struct winsize size = { 0 };
    if (!s->is_terminal) {
        print(v);
        putchar('\n');
        return;
    }
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    v->columns = size.ws_col;
    v->rows = size.ws_row;
    fputs("\033[H\033[2J", stdout);
    print(v);
    fputs(v->is_colored ? "\033[2mq: end\033[0m" : "q: end", stdout);
    fflush(stdout);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Until the time has come, a key was pressed, or the window changed. */
static void wait_for_key(const screen *s, double until_s)
{
    int const ms = (int)((until_s - now_s()) * 1000) + 1;
    struct pollfd keys = { .fd = s->reads_keys ? STDIN_FILENO : -1, .events = POLLIN };
    char key;
    if (ms > 0 && poll(&keys, 1, ms) > 0 &&
        (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q'))
        is_ended = 1;
}

/* Draws until it is ended. False when the server has gone. */
static bool watch_server(const screen *s, const run_state *found, json_t *first)
{
    json_t *before = json_incref(first), *now = first;
    double asked_s = now_s(), seconds = 0;
    while (!is_ended && now != NULL) {
        view v = { .now = now,
                   .before = now == before ? NULL : before,
                   .seconds = seconds,
                   .is_colored = log_is_colored(STDOUT_FILENO) };
        draw(s, &v);
        wait_for_key(s, asked_s + INTERVAL_MS / 1000.0);
        double const at_s = now_s();
        if (is_ended || at_s < asked_s + INTERVAL_MS / 1000.0)
            continue;
        json_decref(before);
        before = now;
        now = ask(found, true);
        seconds = at_s - asked_s;
        asked_s = at_s;
    }
    bool const is_there = now != NULL;
    json_decref(before);
    json_decref(now);
    return is_there;
}

int cli_top(const cli_arguments *args)
{
    run_state found;
    if (!remote_find(&found, args->directory))
        return EXIT_FAILED;
    json_t *first = ask(&found, false);
    if (first == NULL)
        return EXIT_FAILED;
    screen s;
    watch_signals();
    open_screen(&s);
    bool const is_there = watch_server(&s, &found, first);
    close_screen(&s);
    if (is_there)
        return EXIT_OK;
    fprintf(stderr, "capra: the server (process %d) has ended\n", (int)found.pid);
    return EXIT_FAILED;
}
