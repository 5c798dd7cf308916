/* SPDX-License-Identifier: MIT */

/* The load for the benchmarks: keep-alive connections on one thread, a fixed number of requests
 * outstanding on each, every answer checked for its status and its length, every latency counted.
 *
 *     load [options] http://127.0.0.1:PORT/PATH
 *
 * A connection sends a batch of `--pipeline` requests in one write, waits for all the answers and
 * sends the next batch. It stops after `--requests` or `--seconds`, whichever is first. With
 * `--hold` each connection asks once and then idles until a line arrives on standard input; then
 * each asks once more, which shows that it was still served.
 *
 * With `--rate` requests are due at fixed times, whether or not the server keeps up, each on a
 * connection that is free; its latency counts from when it was due, so that waiting for a free
 * connection is part of it. Beside the percentiles of all of them the report then has the middle
 * one of the 99th percentiles of each tenth of a second: a machine that takes the CPU away for
 * some milliseconds, now and then, does not show in it.
 *
 * It talks to this machine only (127.0.0.0/8). The report is one line of JSON; the exit code is 1
 * when any answer was wrong or missing. */

#include "target.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAD_LIMIT = 16384,
    INPUT_BYTES = 262144,
    EVENTS = 256,
    PATIENCE_MS = 5000,
    FAULT_LIMIT = 1000,
    HISTOGRAM_STEPS = 128,
    HISTOGRAM_BUCKETS = 58 * HISTOGRAM_STEPS,
    SLOT_NS = 100000000,
};

/* What can be wrong with an answer, and how the report calls it. */
#define FAULTS(FAULT)               \
    FAULT(STATUS, "status")         \
    FAULT(LENGTH, "length")         \
    FAULT(MALFORMED, "malformed")   \
    FAULT(CLOSED, "closed")         \
    FAULT(UNANSWERED, "unanswered") \
    FAULT(CONNECT, "connect")

#define FAULT_ENUM(name, text) FAULT_##name,
#define FAULT_TEXT(name, text) [FAULT_##name] = text,
enum { FAULTS(FAULT_ENUM) FAULT_KINDS };
static const char *const fault_texts[FAULT_KINDS] = { FAULTS(FAULT_TEXT) };

typedef struct options {
    target server;
    const char *method;
    char *headers; /* lines that end in CRLF; NULL: none */
    const char *body;
    size_t body_bytes;
    unsigned connections;
    unsigned pipeline;
    uint64_t requests; /* 0: until the time is over */
    double seconds;
    double rate; /* requests a second; 0: as fast as they are answered */
    int cpu;     /* -1: any */
    int expected_status;
    int64_t expected_length; /* -1: that of the first answer */
    bool holds;
} options;

typedef enum part { IN_HEAD, IN_BODY, IN_CHUNK_SIZE, IN_CHUNK, IN_TRAILERS } part;

typedef struct connection {
    int fd; /* -1: closed */
    unsigned awaited;
    bool ends; /* the server said that it closes after this answer */
    size_t unsent_at;
    size_t unsent_end; /* 0: everything was sent */
    uint64_t sent_at_ns;
    part part;
    int status;
    uint64_t left; /* bytes of the body or chunk still to come */
    uint64_t length;
    char *kept; /* the beginning of a head or line whose end has not come yet */
    size_t kept_length;
} connection;

static options options_given = {
    .method = "GET",
    .body = "",
    .connections = 64,
    .pipeline = 1,
    .cpu = -1,
    .expected_status = 200,
    .expected_length = -1,
};

static int poll_fd;
static char *batch; /* the request, `pipeline` times */
static size_t request_bytes;
static char input[HEAD_LIMIT + INPUT_BYTES];

static uint64_t issued, answered, received_bytes, reopened, dropped;
static uint64_t faults[FAULT_KINDS];
static unsigned open_connections;
static connection **idle; /* with a rate: connections that have nothing to do */
static unsigned idle_count;
static bool has_stopped; /* no further requests are begun */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *allocate(void *memory, size_t size)
{
    void *result = realloc(memory, size);
    if (result == NULL)
        abort();
    return result;
}

/* ---- Latency: buckets that are each less than 1 % wide ---- */

typedef struct latencies {
    uint64_t count, sum_ns, slowest_ns;
    uint64_t histogram[HISTOGRAM_BUCKETS];
} latencies;

static latencies all, slot; /* `slot`: of the tenth of a second that is running, not yet in `all` */
static double *slot_p99s;
static size_t slot_count;

static void count_latency(uint64_t ns)
{
    unsigned shift = ns < 2 * HISTOGRAM_STEPS ? 0 : 56u - (unsigned)__builtin_clzll(ns);
    uint64_t bucket = shift * HISTOGRAM_STEPS + (ns >> shift);
    assert(bucket < HISTOGRAM_BUCKETS);
    slot.histogram[bucket]++;
    slot.count++;
    slot.sum_ns += ns;
    if (ns > slot.slowest_ns)
        slot.slowest_ns = ns;
}

static double percentile_us(const latencies *of, double share)
{
    uint64_t wanted = (uint64_t)((double)of->count * share);
    uint64_t seen = 0;
    for (uint64_t bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        seen += of->histogram[bucket];
        if (seen <= wanted)
            continue;
        uint64_t shift = bucket < 2 * HISTOGRAM_STEPS ? 0 : bucket / HISTOGRAM_STEPS - 1;
        uint64_t low = (bucket - shift * HISTOGRAM_STEPS) << shift;
        double middle = (double)low + (double)(1ull << shift) / 2;
        return (middle < (double)of->slowest_ns ? middle : (double)of->slowest_ns) / 1000;
    }
    return (double)of->slowest_ns / 1000;
}

static void end_slot(void)
{
    if (slot.count > 0) {
        slot_p99s = allocate(slot_p99s, (slot_count + 1) * sizeof *slot_p99s);
        slot_p99s[slot_count++] = percentile_us(&slot, 0.99);
    }
    for (int bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++)
        all.histogram[bucket] += slot.histogram[bucket];
    all.count += slot.count;
    all.sum_ns += slot.sum_ns;
    if (slot.slowest_ns > all.slowest_ns)
        all.slowest_ns = slot.slowest_ns;
    memset(&slot, 0, sizeof slot);
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double middle_slot_p99(void)
{
    if (slot_count == 0)
        return 0;
    qsort(slot_p99s, slot_count, sizeof *slot_p99s, compare);
    return slot_p99s[slot_count / 2];
}

/* ---- Connections ---- */

static uint64_t fault_count(void)
{
    uint64_t count = 0;
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        count += faults[kind];
    return count;
}

static void add_fault(int kind, uint64_t count)
{
    faults[kind] += count;
    if (fault_count() > FAULT_LIMIT)
        has_stopped = true;
}

static void watch(connection *conn, int operation, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = conn };
    epoll_ctl(poll_fd, operation, conn->fd, &event);
}

/* Opens a connection; a loopback connect waits only while the server's queue is full. */
static bool open_connection(connection *conn)
{
    *conn = (connection){ .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
    struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
    setsockopt(conn->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    const struct sockaddr_in *address = &options_given.server.address;
    if (conn->fd < 0 || connect(conn->fd, (const struct sockaddr *)address, sizeof *address) != 0) {
        if (conn->fd >= 0)
            close(conn->fd);
        conn->fd = -1;
        add_fault(FAULT_CONNECT, 1);
        return false;
    }
    open_connections++;
    fcntl(conn->fd, F_SETFL, O_NONBLOCK);
    watch(conn, EPOLL_CTL_ADD, EPOLLIN);
    return true;
}

static void close_connection(connection *conn)
{
    for (unsigned i = 0; i < idle_count; i++)
        if (idle[i] == conn)
            idle[i--] = idle[--idle_count];
    open_connections--;
    close(conn->fd);
    free(conn->kept);
    *conn = (connection){ .fd = -1 };
}

/* The connection is of no more use: what it still owed is a fault of `kind`. */
static void lose_connection(connection *conn, int kind)
{
    if (conn->awaited > 0)
        add_fault(kind, conn->awaited);
    else
        dropped++;
    close_connection(conn);
}

static bool send_rest(connection *conn)
{
    ssize_t sent =
        send(conn->fd, batch + conn->unsent_at, conn->unsent_end - conn->unsent_at, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        return false;
    bool was_waiting = conn->unsent_at > 0;
    conn->unsent_at += sent < 0 ? 0 : (size_t)sent;
    if (conn->unsent_at < conn->unsent_end) {
        watch(conn, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
        return true;
    }
    conn->unsent_end = 0;
    if (was_waiting)
        watch(conn, EPOLL_CTL_MOD, EPOLLIN);
    return true;
}

/* Begins the next batch, if there is anything left to ask. */
static void send_batch(connection *conn)
{
    uint64_t count = options_given.pipeline;
    if (options_given.requests > 0 && options_given.requests - issued < count)
        count = options_given.requests - issued;
    if (has_stopped || count == 0)
        return;
    issued += count;
    conn->awaited = (unsigned)count;
    conn->unsent_at = 0;
    conn->unsent_end = request_bytes * count;
    conn->sent_at_ns = now_ns();
    if (!send_rest(conn))
        lose_connection(conn, FAULT_CLOSED);
}

/* Everything that was asked on it has been answered. */
static void go_on(connection *conn)
{
    if (options_given.rate > 0)
        idle[idle_count++] = conn;
    else if (!options_given.holds)
        send_batch(conn);
}

/* Puts a new connection in the place of one that ended, while there is something to ask. */
static void restart(connection *conn)
{
    if (has_stopped || options_given.holds ||
        (options_given.requests > 0 && issued == options_given.requests))
        return;
    reopened++;
    if (open_connection(conn))
        go_on(conn);
}

/* ---- Answers ---- */

static bool line_is(const char *line, size_t length, const char *name, const char **value)
{
    size_t name_length = strlen(name);
    if (length <= name_length || line[name_length] != ':' ||
        strncasecmp(line, name, name_length) != 0)
        return false;
    const char *at = line + name_length + 1;
    while (at < line + length && (*at == ' ' || *at == '\t'))
        at++;
    *value = at;
    return true;
}

/* Reads a head of `length` bytes, the blank line included, and sets what follows it. */
static bool read_head(connection *conn, const char *head, size_t length)
{
    if (length < 17 || memcmp(head, "HTTP/1.", 7) != 0)
        return false;
    conn->status = (int)strtol(head + 9, NULL, 10);
    bool is_chunked = false;
    int64_t body = -1;
    const char *end = head + length - 2;
    for (const char *line = (const char *)memchr(head, '\n', length) + 1; line < end;) {
        const char *feed = memchr(line, '\n', (size_t)(end - line));
        const char *value;
        size_t line_length = (size_t)(feed - line);
        if (line_is(line, line_length, "content-length", &value))
            body = strtoll(value, NULL, 10);
        else if (line_is(line, line_length, "transfer-encoding", &value))
            is_chunked = strncasecmp(value, "chunked", 7) == 0;
        else if (line_is(line, line_length, "connection", &value))
            conn->ends = strncasecmp(value, "close", 5) == 0;
        line = feed + 1;
    }
    conn->length = 0;
    if (conn->status < 200 || conn->status == 204 || conn->status == 304 ||
        strcmp(options_given.method, "HEAD") == 0)
        body = 0;
    else if (is_chunked)
        conn->part = IN_CHUNK_SIZE;
    else if (body < 0)
        return false; /* a body that ends with the connection: nothing to keep alive */
    if (conn->part == IN_HEAD)
        conn->part = IN_BODY;
    conn->left = body > 0 ? (uint64_t)body : 0;
    return true;
}

static void check_answer(connection *conn, uint64_t now)
{
    conn->part = IN_HEAD;
    if (conn->status < 200)
        return;
    if (options_given.expected_length < 0)
        options_given.expected_length = (int64_t)conn->length;
    if (conn->status != options_given.expected_status)
        add_fault(FAULT_STATUS, 1);
    else if ((int64_t)conn->length != options_given.expected_length)
        add_fault(FAULT_LENGTH, 1);
    conn->awaited--;
    answered++;
    count_latency(now - conn->sent_at_ns);
}

/* Reads one line. Returns its length with CRLF, or 0 when it has not ended yet. */
static size_t line_length(const char *data, size_t length)
{
    const char *feed = memchr(data, '\n', length);
    return feed == NULL ? 0 : (size_t)(feed + 1 - data);
}

/* Takes the next piece of an answer from `data`. Returns how much that was, 0 when more bytes are
 * needed first, -1 when it is malformed. */
static ssize_t take_piece(connection *conn, const char *data, size_t length, uint64_t now)
{
    size_t used = 0;
    switch (conn->part) {
    case IN_HEAD: {
        const char *blank = memmem(data, length, "\r\n\r\n", 4);
        if (blank == NULL)
            return length > HEAD_LIMIT ? -1 : 0;
        used = (size_t)(blank - data) + 4;
        if (!read_head(conn, data, used))
            return -1;
        if (conn->part == IN_BODY && conn->left == 0)
            check_answer(conn, now);
        return (ssize_t)used;
    }
    case IN_BODY:
    case IN_CHUNK:
        used = conn->left < length ? (size_t)conn->left : length;
        conn->left -= used;
        if (conn->part == IN_BODY)
            conn->length += used;
        if (conn->left == 0 && conn->part == IN_CHUNK)
            conn->part = IN_CHUNK_SIZE;
        else if (conn->left == 0)
            check_answer(conn, now);
        return (ssize_t)used;
    case IN_CHUNK_SIZE: {
        used = line_length(data, length);
        if (used == 0)
            return length > HEAD_LIMIT ? -1 : 0;
        if (!isxdigit((unsigned char)data[0]))
            return -1;
        uint64_t size = strtoull(data, NULL, 16);
        conn->length += size;
        conn->left = size + 2; /* with the CRLF behind the chunk */
        conn->part = size == 0 ? IN_TRAILERS : IN_CHUNK;
        return (ssize_t)used;
    }
    case IN_TRAILERS:
        used = line_length(data, length);
        if (used == 0)
            return length > HEAD_LIMIT ? -1 : 0;
        if (used <= 2)
            check_answer(conn, now);
        return (ssize_t)used;
    }
    return -1;
}

/* Takes everything that can be taken, and keeps the rest. Returns false when it is malformed. */
static bool take_answers(connection *conn, const char *data, size_t length)
{
    uint64_t now = now_ns();
    size_t used = 0;
    while (used < length) {
        if (conn->awaited == 0)
            return false; /* bytes that nobody asked for */
        ssize_t piece = take_piece(conn, data + used, length - used, now);
        if (piece < 0)
            return false;
        if (piece == 0)
            break;
        used += (size_t)piece;
    }
    conn->kept_length = length - used;
    if (conn->kept_length > HEAD_LIMIT)
        return false;
    if (conn->kept_length > 0) {
        conn->kept = allocate(conn->kept, HEAD_LIMIT);
        memcpy(conn->kept, data + used, conn->kept_length);
    }
    return true;
}

static void on_readable(connection *conn)
{
    size_t kept = conn->kept_length;
    ssize_t got = recv(conn->fd, input + kept, INPUT_BYTES, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        lose_connection(conn, FAULT_CLOSED);
        restart(conn);
        return;
    }
    received_bytes += (uint64_t)got;
    memcpy(input, conn->kept != NULL ? conn->kept : input, kept);
    if (!take_answers(conn, input, kept + (size_t)got)) {
        lose_connection(conn, FAULT_MALFORMED);
        restart(conn);
    } else if (conn->awaited == 0 && conn->ends) {
        close_connection(conn);
        restart(conn);
    } else if (conn->awaited == 0) {
        go_on(conn);
    }
}

/* ---- The run ---- */

/* Handles what has happened, after at most `wait_ms`. */
static void turn(int wait_ms)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(poll_fd, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        connection *conn = events[i].data.ptr;
        if (conn == NULL || conn->fd < 0)
            continue;
        if (conn->unsent_end > 0 && (events[i].events & EPOLLOUT) && !send_rest(conn)) {
            lose_connection(conn, FAULT_CLOSED);
            restart(conn);
        } else if (events[i].events & ~(uint32_t)EPOLLOUT) {
            on_readable(conn);
        }
    }
}

static uint64_t outstanding(const connection *connections)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < options_given.connections; i++)
        count += connections[i].awaited;
    return count;
}

/* Waits for what was asked and not answered; what does not come in time is a fault. */
static void settle(connection *connections)
{
    uint64_t deadline = now_ns() + (uint64_t)PATIENCE_MS * 1000000u;
    while (outstanding(connections) > 0 && now_ns() < deadline)
        turn(50);
    uint64_t missing = outstanding(connections);
    if (missing > 0)
        add_fault(FAULT_UNANSWERED, missing);
}

/* Asks what is due by now. */
static void keep_rate(uint64_t begin)
{
    double const period_ns = 1e9 / options_given.rate;
    while (idle_count > 0 && !has_stopped) {
        uint64_t const due_ns = begin + (uint64_t)((double)issued * period_ns);
        if (due_ns > now_ns())
            return;
        connection *conn = idle[--idle_count];
        send_batch(conn);
        conn->sent_at_ns = due_ns;
    }
}

static void run_load(connection *connections)
{
    uint64_t begin = now_ns();
    uint64_t deadline = begin + (uint64_t)(options_given.seconds * 1e9);
    idle = allocate(NULL, options_given.connections * sizeof *idle);
    for (unsigned i = 0; i < options_given.connections; i++)
        open_connection(&connections[i]);
    for (unsigned i = 0; i < options_given.connections; i++)
        if (connections[i].fd >= 0)
            go_on(&connections[i]);
    if (options_given.rate > 0)
        begin = now_ns();
    uint64_t slot_end = begin + SLOT_NS;
    for (uint64_t now = begin;
         !has_stopped && open_connections > 0 && now < deadline &&
         (options_given.requests == 0 || answered + fault_count() < options_given.requests);
         now = now_ns()) {
        if (now >= slot_end) {
            end_slot();
            slot_end = now + SLOT_NS;
        }
        if (options_given.rate > 0)
            keep_rate(begin);
        turn(options_given.rate > 0 ? 0 : 50); /* it has a CPU of its own */
    }
    has_stopped = true;
    settle(connections);
    free(idle);
}

/* One question and its answer. */
static void ask(connection *conn)
{
    uint64_t deadline = now_ns() + (uint64_t)PATIENCE_MS * 1000000u;
    send_batch(conn);
    while (conn->fd >= 0 && conn->awaited > 0 && now_ns() < deadline)
        turn(50);
    if (conn->fd >= 0 && conn->awaited > 0)
        lose_connection(conn, FAULT_UNANSWERED);
}

static void wait_for_line(void)
{
    uint64_t deadline = now_ns() + (uint64_t)(options_given.seconds * 1e9);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    char line[64];
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
        return; /* a file or /dev/null: nothing to wait for */
    while (now_ns() < deadline) {
        turn(100);
        if (read(STDIN_FILENO, line, sizeof line) >= 0)
            break;
    }
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, STDIN_FILENO, NULL);
}

/* Each asks as soon as it is open: servers have little patience with a new connection. */
static void hold(connection *connections)
{
    for (unsigned i = 0; i < options_given.connections && !has_stopped; i++)
        if (open_connection(&connections[i]))
            ask(&connections[i]);
    printf("{\"held\":%" PRIu64 "}\n", answered);
    fflush(stdout);
    wait_for_line();
    for (unsigned i = 0; i < options_given.connections && !has_stopped; i++)
        if (connections[i].fd >= 0)
            ask(&connections[i]);
}

static void report(double seconds)
{
    end_slot();
    printf("{\"requests\":%" PRIu64 ",\"seconds\":%.6f,\"bytes\":%" PRIu64 ",\"reopened\":%" PRIu64
           ",\"dropped\":%" PRIu64 ",\"length\":%" PRId64 ",\"errors\":%" PRIu64 ",\"faults\":{",
           answered, seconds, received_bytes, reopened, dropped, options_given.expected_length,
           fault_count());
    for (int kind = 0; kind < FAULT_KINDS; kind++)
        printf("%s\"%s\":%" PRIu64, kind > 0 ? "," : "", fault_texts[kind], faults[kind]);
    printf("},\"latencyUs\":{\"mean\":%.1f,\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f,"
           "\"slotP99\":%.1f}}\n",
           all.count > 0 ? (double)all.sum_ns / (double)all.count / 1000 : 0,
           percentile_us(&all, 0.5), percentile_us(&all, 0.99), percentile_us(&all, 0.999),
           (double)all.slowest_ns / 1000, middle_slot_p99());
}

/* ---- Options ---- */

static void refuse(const char *what, const char *value)
{
    fprintf(stderr, "load: %s: %s\n", what, value);
    exit(2);
}

static double number(const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least && value <= most))
        refuse("not a number in range", text);
    return value;
}

static void add_header(const char *line)
{
    size_t before = options_given.headers != NULL ? strlen(options_given.headers) : 0;
    options_given.headers = allocate(options_given.headers, before + strlen(line) + 3);
    sprintf(options_given.headers + before, "%s\r\n", line);
}

static void read_body_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t size = 0;
    size_t got;
    char *body = allocate(NULL, 65536);
    if (file == NULL)
        refuse(path, strerror(errno));
    while ((got = fread(body + size, 1, 65536, file)) > 0)
        body = allocate(body, (size += got) + 65536);
    fclose(file);
    options_given.body = body;
    options_given.body_bytes = size;
}

static void set_option(int letter, char *value)
{
    switch (letter) {
    case 'c':
        options_given.connections = (unsigned)number(value, 1, 100000);
        break;
    case 'p':
        options_given.pipeline = (unsigned)number(value, 1, 1024);
        break;
    case 'n':
        options_given.requests = (uint64_t)number(value, 1, 1e9);
        break;
    case 's':
        options_given.seconds = number(value, 0.001, 3600);
        break;
    case 'r':
        options_given.rate = number(value, 1, 1e7);
        break;
    case 'm':
        options_given.method = value;
        break;
    case 'H':
        add_header(value);
        break;
    case 'b':
        options_given.body = value;
        options_given.body_bytes = strlen(value);
        break;
    case 'B':
        read_body_file(value);
        break;
    case 'C':
        options_given.cpu = (int)number(value, 0, CPU_SETSIZE - 1);
        break;
    case 'S':
        options_given.expected_status = (int)number(value, 200, 599);
        break;
    case 'L':
        options_given.expected_length = (int64_t)number(value, 0, 1e12);
        break;
    case 'k':
        options_given.holds = true;
        break;
    default:
        exit(2);
    }
}

static void read_options(int argc, char **argv)
{
    static const struct option table[] = {
        { "connections", required_argument, NULL, 'c' },
        { "pipeline", required_argument, NULL, 'p' },
        { "requests", required_argument, NULL, 'n' },
        { "seconds", required_argument, NULL, 's' },
        { "rate", required_argument, NULL, 'r' },
        { "method", required_argument, NULL, 'm' },
        { "header", required_argument, NULL, 'H' },
        { "body", required_argument, NULL, 'b' },
        { "body-file", required_argument, NULL, 'B' },
        { "cpu", required_argument, NULL, 'C' },
        { "status", required_argument, NULL, 'S' },
        { "length", required_argument, NULL, 'L' },
        { "hold", no_argument, NULL, 'k' },
        { NULL, 0, NULL, 0 },
    };
    int letter;
    while ((letter = getopt_long(argc, argv, "c:p:n:s:r:m:H:b:B:", table, NULL)) != -1)
        set_option(letter, optarg);
    if (optind + 1 != argc) {
        fprintf(stderr,
                "usage: load [options] http://127.0.0.1:PORT/PATH\n"
                "  -c, --connections N   keep-alive connections (64)\n"
                "  -p, --pipeline N      requests outstanding on each (1)\n"
                "  -n, --requests N      stop after N requests\n"
                "  -s, --seconds S       stop after S seconds (60 when only -n is given)\n"
                "  -r, --rate R          so many requests a second, due at fixed times\n"
                "  -m, --method M        -H, --header LINE   -b, --body TEXT   -B, --body-file F\n"
                "      --status N        the status that every answer must have (200)\n"
                "      --length N        the body length that it must have (as the first)\n"
                "      --hold            ask once on each, idle until a line on standard input\n"
                "      --cpu N           run on this CPU\n");
        exit(2);
    }
    options_given.server = read_target(argv[optind]);
    if (options_given.seconds == 0 && options_given.requests == 0 && !options_given.holds)
        refuse("give a bound", "--requests, --seconds or both");
    if (options_given.rate > 0 && (options_given.pipeline > 1 || options_given.holds))
        refuse("--rate", "goes with neither --pipeline nor --hold");
    if (options_given.seconds == 0)
        options_given.seconds = 60;
}

static void compose_batch(void)
{
    const options *given = &options_given;
    char length[64] = "";
    char *head;
    if (given->body_bytes > 0)
        snprintf(length, sizeof length, "Content-Length: %zu\r\n", given->body_bytes);
    int head_bytes =
        asprintf(&head, "%s %s HTTP/1.1\r\nHost: %s\r\n%s%s\r\n", given->method, given->server.path,
                 given->server.host, given->headers != NULL ? given->headers : "", length);
    if (head_bytes < 0)
        abort();
    request_bytes = (size_t)head_bytes + given->body_bytes;
    batch = allocate(NULL, request_bytes * given->pipeline);
    for (unsigned i = 0; i < given->pipeline; i++) {
        char *request = batch + i * request_bytes;
        memcpy(request, head, (size_t)head_bytes);
        memcpy(request + head_bytes, given->body, given->body_bytes);
    }
    free(head);
}

static void prepare_process(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < options_given.connections + 16u)
        refuse("too many connections for the limit of open files (ulimit -Hn)", "raise it");
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (options_given.cpu >= 0) {
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET((unsigned)options_given.cpu, &cpus);
        if (sched_setaffinity(0, sizeof cpus, &cpus) != 0)
            refuse("--cpu", strerror(errno));
    }
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    prepare_process();
    compose_batch();
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    connection *connections = calloc(options_given.connections, sizeof *connections);
    if (connections == NULL || poll_fd < 0)
        abort();
    uint64_t begin = now_ns();
    if (options_given.holds)
        hold(connections);
    else
        run_load(connections);
    report((double)(now_ns() - begin) / 1e9);
    for (unsigned i = 0; i < options_given.connections; i++)
        if (connections[i].fd >= 0)
            close_connection(&connections[i]);
    free(connections);
    free(slot_p99s);
    free(batch);
    free(options_given.headers);
    return fault_count() > 0;
}
