/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 4096, HOST_MAX = 256 };

static int complain(char *why, size_t size, const char *address, const char *reason)
{
    snprintf(why, size, "cannot listen on %s: %s", address, reason);
    return -1;
}

/* Closed at the next exec; -1 and errno when it cannot be had. */
static int open_socket(const struct sockaddr *at, socklen_t length)
{
    int const on = 1;
    int const fd = socket(at->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (at->sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        /* Inherited by what is accepted: one call here instead of one for each connection. */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (bind(fd, at, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int const error = errno;
    close(fd);
    errno = error;
    return -1;
}

/* ---- Unix sockets ---- */

/* Nobody listens at it: what was left by a process that ended without a word. */
static bool is_left_over(const struct sockaddr_un *at)
{
    struct stat about;
    if (lstat(at->sun_path, &about) != 0 || !S_ISSOCK(about.st_mode))
        return false;
    int const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    int const result = connect(fd, (const struct sockaddr *)at, sizeof *at);
    bool const is_refused = result != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_refused;
}

static int listen_unix(const char *address, const char *path, char *why, size_t size)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    if (path[0] == '\0' || strlen(path) >= sizeof at.sun_path)
        return complain(why, size, address, "the path is empty, or longer than 107 bytes");
    memcpy(at.sun_path, path, strlen(path));
    if (is_left_over(&at))
        unlink(path);
    int const fd = open_socket((const struct sockaddr *)&at, sizeof at);
    return fd >= 0 ? fd : complain(why, size, address, strerror(errno));
}

/* ---- Sockets that somebody else has opened ---- */

static uint16_t port_of(int fd);

static int take_over(const char *address, const char *number, uint16_t *port, char *why,
                     size_t size)
{
    char *end;
    int listens = 0;
    socklen_t length = sizeof listens;
    long const fd = strtol(number, &end, 10);
    if (number[0] == '\0' || *end != '\0' || fd < 0 || fd > INT_MAX ||
        getsockopt((int)fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0 || listens == 0)
        return complain(why, size, address, "it is no socket that listens");
    *port = port_of((int)fd);
    return (int)fd;
}

/* ---- Hosts ---- */

/* "host:port", "[host]:port". False when it is neither. */
static bool split(const char *address, char host[HOST_MAX], const char **service)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    size_t length = (size_t)(colon - address);
    bool const is_bracketed = length >= 2 && address[0] == '[' && address[length - 1] == ']';
    const char *from = is_bracketed ? address + 1 : address;
    length -= is_bracketed ? 2 : 0;
    if (strtoul(colon + 1, NULL, 10) > UINT16_MAX || length >= HOST_MAX ||
        (!is_bracketed && memchr(from, ':', length) != NULL))
        return false;
    memcpy(host, from, length);
    host[length] = '\0';
    *service = colon + 1;
    return true;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = { .v6 = { 0 } };
    socklen_t length = sizeof at;
    if (getsockname(fd, &at.any, &length) != 0)
        return 0;
    if (at.any.sa_family == AF_INET6)
        return ntohs(at.v6.sin6_port);
    return at.any.sa_family == AF_INET ? ntohs(at.v4.sin_port) : 0;
}

static int listen_host(const char *address, uint16_t *port, char *why, size_t size)
{
    char host[HOST_MAX];
    const char *service;
    if (!split(address, host, &service))
        return complain(why, size, address,
                        "it is none of \"127.0.0.1:3000\", \"[::1]:3000\", \":3000\", "
                        "\"unix:/path\" and \"fd:3\"");
    struct addrinfo *found;
    struct addrinfo const hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    int const error = getaddrinfo(host[0] == '\0' ? NULL : host, service, &hints, &found);
    if (error != 0)
        return complain(why, size, address, gai_strerror(error));
    int const fd = open_socket(found->ai_addr, found->ai_addrlen);
    int const reason = errno;
    freeaddrinfo(found);
    if (fd < 0)
        return complain(why, size, address, strerror(reason));
    *port = port_of(fd);
    return fd;
}

int address_listen(const char *address, uint16_t *port, char *why, size_t why_size)
{
    *port = 0;
    if (strncmp(address, "unix:", 5) == 0)
        return listen_unix(address, address + 5, why, why_size);
    if (strncmp(address, "fd:", 3) == 0)
        return take_over(address, address + 3, port, why, why_size);
    return listen_host(address, port, why, why_size);
}
