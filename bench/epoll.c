/* SPDX-License-Identifier: MIT */

/* The limit that servers are measured against: one thread, one epoll loop, one recv and one
 * send per batch of requests, and an answer that never changes but for its date.
 *
 *     epoll PORT
 *
 * The answer is, byte for byte, what Capra's route in C sends.
 *
 * It reads just enough of HTTP/1.1 to be honest about it: every head is walked to its blank
 * line, pipelined requests are each answered in order, `Connection: close` and HTTP/1.0 are
 * obeyed, a client that does not read is waited for. It does not look at the method, the
 * target or a body, because a server that does less than this does not exist. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BODY "{\"message\":\"Hello from Next.js API!\"}"

enum { INPUT_BYTES = 16384, ANSWER_BYTES = 512, EVENTS = 256, BACKLOG = 4096 };

/* No request line is shorter than this one, so that `output` holds the answers to all the
 * requests that fit in `input`. */
enum { SHORTEST_LINE = sizeof("GET / HTTP/1.1") - 1 };

/* An idle connection owns no buffer: `kept` holds the beginning of a head whose end has not
 * come yet, `unsent` what the client was too slow to take. */
typedef struct connection {
    int fd;
    bool closes;
    char *kept;
    size_t kept_length;
    char *unsent;
    size_t unsent_at;
    size_t unsent_length;
} connection;

typedef struct answer {
    char text[ANSWER_BYTES];
    size_t length;
    size_t date_at;
} answer;

static answer hello;      /* the connection stays */
static answer last_hello; /* it is closed afterwards */
static char input[2 * INPUT_BYTES];
static char output[2 * INPUT_BYTES / SHORTEST_LINE * ANSWER_BYTES];

static void *grow(void *memory, size_t size)
{
    void *grown = realloc(memory, size);
    if (grown == NULL)
        abort();
    return grown;
}

static void compose(answer *out, const char *connection_lines)
{
    int date_at = snprintf(out->text, sizeof out->text,
                           "HTTP/1.1 200 OK\r\n"
                           "Content-Type: application/json; charset=utf-8\r\n"
                           "Vary: Accept-Encoding\r\n"
                           "ETag: \"3ka27970fe11\"\r\n"
                           "Content-Length: %zu\r\n"
                           "Date: ",
                           sizeof(BODY) - 1);
    int length = snprintf(out->text + date_at, sizeof out->text - (size_t)date_at,
                          "%29s\r\n%s\r\n%s", "", connection_lines, BODY);
    out->date_at = (size_t)date_at;
    out->length = (size_t)(date_at + length);
    if (out->length >= sizeof out->text)
        abort();
}

static void set_date(void)
{
    static time_t second;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == second)
        return;
    second = now.tv_sec;
    struct tm utc;
    char date[32];
    gmtime_r(&now.tv_sec, &utc);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &utc);
    memcpy(hello.text + hello.date_at, date, 29);
    memcpy(last_hello.text + last_hello.date_at, date, 29);
}

static bool asks_to_close(const char *line, size_t length)
{
    static const char name[] = "connection:";
    size_t at = sizeof name - 1;
    if (length < at || strncasecmp(line, name, at) != 0)
        return false;
    while (at < length && (line[at] == ' ' || line[at] == '\t'))
        at++;
    return length - at >= 5 && strncasecmp(line + at, "close", 5) == 0;
}

/* Walks one head. Returns its length with the blank line, 0 when that has not come yet, -1 when
 * this is no request. `closes` is whether the client wants no more than this answer. */
static ssize_t walk_head(const char *data, size_t length, bool *closes)
{
    const char *line = data;
    const char *end = data + length;
    *closes = false;
    for (;;) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        if (feed == NULL)
            return 0;
        size_t line_length = (size_t)(feed - line);
        if (line_length > 0 && line[line_length - 1] == '\r')
            line_length--;
        if (line == data && line_length < SHORTEST_LINE)
            return -1;
        if (line_length == 0)
            return feed + 1 - data;
        if (line == data)
            *closes = line[line_length - 1] == '0';
        else if (asks_to_close(line, line_length))
            *closes = true;
        line = feed + 1;
    }
}

static void close_connection(connection *conn)
{
    close(conn->fd);
    free(conn->kept);
    free(conn->unsent);
    free(conn);
}

static void watch(int poll, connection *conn, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = conn };
    epoll_ctl(poll, EPOLL_CTL_MOD, conn->fd, &event);
}

/* Sends, and keeps what did not go. Returns false when the connection is over. */
static bool send_bytes(int poll, connection *conn, const char *data, size_t length)
{
    ssize_t sent = send(conn->fd, data, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return false;
    size_t done = sent < 0 ? 0 : (size_t)sent;
    if (done == length)
        return true;
    conn->unsent = grow(NULL, length - done);
    memcpy(conn->unsent, data + done, length - done);
    conn->unsent_at = 0;
    conn->unsent_length = length - done;
    watch(poll, conn, EPOLLOUT);
    return true;
}

/* Answers every whole head in `data`. Returns false when the connection is over. */
static bool answer_heads(int poll, connection *conn, const char *data, size_t length)
{
    size_t used = 0;
    size_t ready = 0;
    while (used < length && !conn->closes) {
        bool is_last;
        ssize_t head = walk_head(data + used, length - used, &is_last);
        if (head == 0)
            break;
        conn->closes = is_last || head < 0;
        if (head < 0)
            break;
        used += (size_t)head;
        const answer *said = conn->closes ? &last_hello : &hello;
        memcpy(output + ready, said->text, said->length);
        ready += said->length;
    }
    size_t rest = length - used;
    if (rest > INPUT_BYTES)
        return false;
    if (rest > 0) {
        conn->kept = grow(conn->kept, rest);
        memcpy(conn->kept, data + used, rest);
    }
    conn->kept_length = rest;
    if (ready > 0 && !send_bytes(poll, conn, output, ready))
        return false;
    return !conn->closes || conn->unsent != NULL;
}

static bool on_readable(int poll, connection *conn)
{
    size_t kept = conn->kept_length;
    ssize_t got = recv(conn->fd, input + kept, INPUT_BYTES, 0);
    if (got <= 0)
        return got < 0 && errno == EAGAIN;
    if (kept > 0)
        memcpy(input, conn->kept, kept);
    return answer_heads(poll, conn, input, kept + (size_t)got);
}

static bool on_writable(int poll, connection *conn)
{
    ssize_t sent = send(conn->fd, conn->unsent + conn->unsent_at,
                        conn->unsent_length - conn->unsent_at, MSG_NOSIGNAL);
    if (sent < 0)
        return errno == EAGAIN;
    conn->unsent_at += (size_t)sent;
    if (conn->unsent_at < conn->unsent_length)
        return true;
    free(conn->unsent);
    conn->unsent = NULL;
    watch(poll, conn, EPOLLIN);
    return !conn->closes;
}

static void on_connections(int poll, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        connection *conn = grow(NULL, sizeof *conn);
        *conn = (connection){ .fd = fd };
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = conn };
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_on(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0) {
        fprintf(stderr, "epoll: port %u: %s\n", port, strerror(errno));
        exit(1);
    }
    return fd;
}

static void serve(int listener)
{
    int poll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS] = { { .events = EPOLLIN, .data.ptr = NULL } };
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &events[0]);
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        set_date();
        for (int i = 0; i < count; i++) {
            connection *conn = events[i].data.ptr;
            if (conn == NULL)
                on_connections(poll, listener);
            else if (!(conn->unsent != NULL ? on_writable(poll, conn) : on_readable(poll, conn)))
                close_connection(conn);
        }
    }
}

int main(int argc, char **argv)
{
    long port = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "usage: epoll PORT\n");
        return 2;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    compose(&hello, "Connection: keep-alive\r\nKeep-Alive: timeout=72\r\n");
    compose(&last_hello, "Connection: close\r\n");
    set_date();
    serve(listen_on((uint16_t)port));
    return 0;
}
