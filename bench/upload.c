/* SPDX-License-Identifier: MIT */

/* Sends one request with a large body, as fast as the server takes it:
 *
 *     upload BYTES http://127.0.0.1:PORT/PATH
 *
 * It stops when the answer begins. A server that refuses may answer and close while the body is
 * still on its way, so an answer is also looked for after a write has failed. The result is one
 * line of JSON: the status (0: no answer), the bytes of the body that were sent, the time. */

#include "target.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE_BYTES = 65536, PATIENCE_MS = 30000 };

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int open_connection(const target *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (const struct sockaddr *)&to->address, sizeof to->address) != 0) {
        fprintf(stderr, "upload: %s: %s\n", to->host, strerror(errno));
        exit(1);
    }
    return fd;
}

static bool send_head(int fd, const target *to, uint64_t bytes)
{
    char head[1024];
    int length = snprintf(head, sizeof head,
                          "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/plain\r\n"
                          "Content-Length: %llu\r\n\r\n",
                          to->path, to->host, (unsigned long long)bytes);
    return send(fd, head, (size_t)length, MSG_NOSIGNAL) == length;
}

/* Returns how much of the body went before an answer, a failure or a server that stood still. */
static uint64_t send_body(int fd, uint64_t bytes)
{
    static char piece[PIECE_BYTES];
    struct pollfd ready = { .fd = fd, .events = POLLIN | POLLOUT };
    uint64_t sent = 0;
    memset(piece, 'a', sizeof piece);
    while (sent < bytes && poll(&ready, 1, PATIENCE_MS) == 1 && !(ready.revents & POLLIN)) {
        size_t length = bytes - sent < sizeof piece ? (size_t)(bytes - sent) : sizeof piece;
        ssize_t went = send(fd, piece, length, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (went < 0 && errno != EAGAIN)
            break;
        sent += went > 0 ? (uint64_t)went : 0;
    }
    return sent;
}

static int read_status(int fd)
{
    char head[64] = "";
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    if (poll(&readable, 1, PATIENCE_MS) != 1 || recv(fd, head, sizeof head - 1, 0) < 12 ||
        memcmp(head, "HTTP/1.1 ", 9) != 0)
        return 0;
    return atoi(head + 9);
}

int main(int argc, char **argv)
{
    uint64_t bytes = argc == 3 ? strtoull(argv[1], NULL, 10) : 0;
    if (bytes == 0) {
        fprintf(stderr, "usage: upload BYTES http://127.0.0.1:PORT/PATH\n");
        return 2;
    }
    target to = read_target(argv[2]);
    double begin = now_seconds();
    int fd = open_connection(&to);
    uint64_t sent = send_head(fd, &to, bytes) ? send_body(fd, bytes) : 0;
    int status = read_status(fd);
    printf("{\"status\":%d,\"sent\":%llu,\"seconds\":%.6f}\n", status, (unsigned long long)sent,
           now_seconds() - begin);
    close(fd);
    return 0;
}
