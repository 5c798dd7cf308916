/* SPDX-License-Identifier: MIT */

/* Listens to server-sent events on many connections and counts them:
 *
 *     listen [--cpu N] CLIENTS http://127.0.0.1:PORT/PATH
 *
 * Says {"clients":N} when every connection has heard its first event, then {"events":N}, all that
 * came so far, for each line on standard input, and ends with it. It talks to this machine only. */

#include "target.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 256, INPUT_BYTES = 65536, PATIENCE_SECONDS = 20 };

typedef struct listener {
    int fd;
    char last; /* the byte before the next ones: an event may end between two reads */
    bool has_heard;
} listener;

static int poll_fd;
static uint64_t event_count, hearing, lost;

static void fail(const char *what)
{
    fprintf(stderr, "listen: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void open_listener(listener *l, const target *to)
{
    char head[700];
    int const length = snprintf(head, sizeof head,
                                "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n",
                                to->path, to->host);
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0 || connect(l->fd, (const struct sockaddr *)&to->address, sizeof to->address) != 0)
        fail("connect");
    if (send(l->fd, head, (size_t)length, MSG_NOSIGNAL) != length)
        fail("send");
    fcntl(l->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = l };
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, l->fd, &event);
}

/* An event ends with an empty line; those of the framing and of the head have a CR before the LF.
 */
static void count(listener *l, const char *data, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\n' && l->last == '\n') {
            event_count++;
            hearing += !l->has_heard;
            l->has_heard = true;
        }
        l->last = data[i];
    }
}

static void hear(listener *l)
{
    static char input[INPUT_BYTES];
    ssize_t const got = recv(l->fd, input, sizeof input, 0);
    if (got > 0) {
        count(l, input, (size_t)got);
    } else if (got == 0 || errno != EAGAIN) {
        lost++;
        close(l->fd);
    }
}

/* True when a line has come on standard input, or its end. */
static bool turn(int wait_ms)
{
    struct epoll_event events[EVENTS];
    bool is_asked = false;
    int const ready = epoll_wait(poll_fd, events, EVENTS, wait_ms);
    for (int i = 0; i < ready; i++) {
        if (events[i].data.ptr == NULL)
            is_asked = true;
        else
            hear(events[i].data.ptr);
    }
    return is_asked;
}

static void answer_questions(void)
{
    char line[64];
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
        fail("standard input");
    for (;;) {
        if (!turn(1000))
            continue;
        if (read(STDIN_FILENO, line, sizeof line) <= 0)
            return;
        printf("{\"events\":%" PRIu64 ",\"lost\":%" PRIu64 "}\n", event_count, lost);
        fflush(stdout);
    }
}

static void prepare(unsigned clients, int cpu)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    errno = EMFILE;
    if (files.rlim_max < clients + 16u)
        fail("too many clients for the limit of open files");
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET((unsigned)cpu, &cpus);
    if (cpu >= 0 && sched_setaffinity(0, sizeof cpus, &cpus) != 0)
        fail("--cpu");
}

int main(int argc, char **argv)
{
    int cpu = -1;
    if (argc == 5 && strcmp(argv[1], "--cpu") == 0) {
        cpu = atoi(argv[2]);
        argv += 2;
        argc -= 2;
    }
    unsigned const clients = argc == 3 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    if (clients == 0 || clients > 100000) {
        fprintf(stderr, "usage: listen [--cpu N] CLIENTS http://127.0.0.1:PORT/PATH\n");
        return 2;
    }
    target const to = read_target(argv[2]);
    prepare(clients, cpu);
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    listener *listeners = calloc(clients, sizeof *listeners);
    if (listeners == NULL)
        fail("memory");
    for (unsigned i = 0; i < clients; i++)
        open_listener(&listeners[i], &to);

    time_t const latest = time(NULL) + PATIENCE_SECONDS;
    while (hearing + lost < clients && time(NULL) < latest)
        turn(100);
    printf("{\"clients\":%" PRIu64 "}\n", hearing);
    fflush(stdout);
    if (hearing == clients)
        answer_questions();
    free(listeners);
    return hearing == clients ? 0 : 1;
}
