/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

static int complain(const char *hostname, uint16_t port, const char *reason)
{
    fprintf(stderr, "capra: cannot listen on %s port %u: %s\n",
            hostname == NULL ? "any address," : hostname, port, reason);
    return -1;
}

static const char *explain(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "it is in use; stop who uses it, or choose another with --port";
    case EACCES:
        return "ports below 1024 need a privilege; choose another with --port";
    case EADDRNOTAVAIL:
        return "this machine does not have that address; see --hostname";
    default:
        return strerror(error);
    }
}

/* One address: a socket for both families where it can be. */
static int open_socket(const struct sockaddr *address, socklen_t length)
{
    int const on = 1, off = 0;
    int const fd = socket(address->sa_family, SOCK_STREAM, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Inherited by what is accepted: one call here instead of one for each connection. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (bind(fd, address, length) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int const error = errno;
    close(fd);
    errno = error;
    return -1;
}

static uint16_t port_of(int fd)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .v6 = { 0 } };
    socklen_t length = sizeof address;
    if (getsockname(fd, &address.any, &length) != 0)
        return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

static int listen_everywhere(uint16_t port)
{
    struct sockaddr_in6 const all6 = { .sin6_family = AF_INET6,
                                       .sin6_port = htons(port),
                                       .sin6_addr = in6addr_any };
    struct sockaddr_in const all4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    int const fd = open_socket((const struct sockaddr *)&all6, sizeof all6);
    if (fd >= 0 || errno != EAFNOSUPPORT)
        return fd;
    return open_socket((const struct sockaddr *)&all4, sizeof all4);
}

int cli_listen(const char *hostname, uint16_t *port)
{
    int fd = -1;
    if (hostname == NULL) {
        fd = listen_everywhere(*port);
    } else {
        char service[8];
        struct addrinfo *found;
        struct addrinfo const hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
        snprintf(service, sizeof service, "%u", *port);
        int const error = getaddrinfo(hostname, service, &hints, &found);
        if (error != 0)
            return complain(hostname, *port, gai_strerror(error));
        fd = open_socket(found->ai_addr, found->ai_addrlen);
        int const reason = errno;
        freeaddrinfo(found);
        errno = reason;
    }
    if (fd < 0)
        return complain(hostname, *port, explain(errno));
    *port = port_of(fd);
    return fd;
}
