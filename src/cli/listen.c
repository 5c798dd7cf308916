/* SPDX-License-Identifier: MIT */
#include "listen.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 4096, /* the kernel lowers it to net.core.somaxconn */
    FIRST_INHERITED = 3,
};

static bool complain(const char *where, const char *reason)
{
    fprintf(stderr, "capra: cannot listen on %s: %s\n", where, reason);
    return false;
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

static listener *add(listeners *l, int fd)
{
    listener *one = &l->all[l->count];
    *one = (listener){ .fd = fd };
    l->fds[l->count++] = fd;
    return one;
}

static bool has_room(const listeners *l, const char *where)
{
    char reason[64];
    snprintf(reason, sizeof reason, "there can be no more than %d sockets", WORKER_LISTENERS);
    return l->count < WORKER_LISTENERS || complain(where, reason);
}

/* ---- TCP ---- */

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

/* -1 with `*reason` where errno does not tell. */
static int listen_on_host(const char *hostname, uint16_t port, const char **reason)
{
    char service[8];
    struct addrinfo *found;
    struct addrinfo const hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    snprintf(service, sizeof service, "%u", port);
    int const error = getaddrinfo(hostname, service, &hints, &found);
    if (error != 0) {
        *reason = gai_strerror(error);
        return -1;
    }
    int const fd = open_socket(found->ai_addr, found->ai_addrlen);
    int const code = errno;
    freeaddrinfo(found);
    *reason = explain(code);
    return fd;
}

bool listen_tcp(listeners *out, const char *hostname, uint16_t port)
{
    char where[320];
    const char *reason = NULL;
    snprintf(where, sizeof where, "%s port %u", hostname == NULL ? "any address," : hostname, port);
    if (!has_room(out, where))
        return false;
    int const fd =
        hostname == NULL ? listen_everywhere(port) : listen_on_host(hostname, port, &reason);
    if (fd < 0)
        return complain(where, reason != NULL ? reason : explain(errno));
    listener *one = add(out, fd);
    one->port = port_of(fd);
    one->is_everywhere = hostname == NULL;
    snprintf(one->name, sizeof one->name, "%s", hostname == NULL ? "" : hostname);
    return true;
}

/* ---- Unix sockets ---- */

/* A server that was killed leaves its path behind, and nobody listens there. */
static bool is_stale(const struct sockaddr_un *address)
{
    struct stat file;
    if (lstat(address->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
        return false;
    int const fd = socket(AF_UNIX, SOCK_STREAM, 0);
    bool const is_refused = fd >= 0 &&
                            connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
                            errno == ECONNREFUSED;
    if (fd >= 0)
        close(fd);
    return is_refused;
}

static bool bind_path(int fd, const struct sockaddr_un *address, mode_t mode)
{
    /* The path appears with its mode; a change afterwards would come too late for some. */
    mode_t const before = umask(~mode & 0777);
    int result = bind(fd, (const struct sockaddr *)address, sizeof *address);
    if (result != 0 && errno == EADDRINUSE && is_stale(address) && unlink(address->sun_path) == 0)
        result = bind(fd, (const struct sockaddr *)address, sizeof *address);
    int const error = errno;
    umask(before);
    errno = error;
    return result == 0 && listen(fd, BACKLOG) == 0;
}

static const char *explain_path(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "another process listens there, or the path is no socket";
    case ENOENT:
        return "the folder is not there";
    case EACCES:
        return "this user may not write in that folder";
    default:
        return strerror(error);
    }
}

static bool listen_unix(listeners *out, const char *path, mode_t mode, const char *where)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct stat file;
    if (path[0] != '/')
        return complain(where, "the path of a socket begins with a slash: unix:/run/app.sock");
    if (strlen(path) >= sizeof address.sun_path)
        return complain(where, "the path of a socket has at most 107 bytes");
    memcpy(address.sun_path, path, strlen(path) + 1);

    int const fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0)
        return complain(where, strerror(errno));
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    if (!bind_path(fd, &address, mode) || stat(path, &file) != 0) {
        int const error = errno;
        close(fd);
        return complain(where, explain_path(error));
    }
    listener *one = add(out, fd);
    one->is_unix = one->is_ours = true;
    one->device = file.st_dev;
    one->inode = file.st_ino;
    snprintf(one->name, sizeof one->name, "%s", path);
    return true;
}

/* `/run/app.sock,mode=660`; without a mode everybody may connect, as with TCP. */
static bool listen_at_path(listeners *out, const char *text, const char *where)
{
    char path[256];
    unsigned long mode = 0666;
    const char *options = strstr(text, ",mode=");
    size_t const length = options == NULL ? strlen(text) : (size_t)(options - text);
    if (options != NULL) {
        char *end;
        const char *digits = options + strlen(",mode=");
        mode = strtoul(digits, &end, 8);
        if (end == digits || *end != '\0' || mode > 0777)
            return complain(where,
                            "expected a mode in octal digits, such as unix:/run/app.sock,mode=660");
    }
    snprintf(path, sizeof path, "%.*s", (int)length, text);
    return listen_unix(out, path, (mode_t)mode, where);
}

/* ---- Addresses as they are written ---- */

static bool read_port(uint16_t *out, const char *text)
{
    char *end;
    unsigned long const port = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || port > 65535)
        return false;
    *out = (uint16_t)port;
    return true;
}

bool listen_at(listeners *out, const char *address)
{
    char host[256];
    uint16_t port;
    if (!has_room(out, address))
        return false;
    if (strncmp(address, "unix:", 5) == 0)
        return listen_at_path(out, address + 5, address);
    const char *colon = strrchr(address, ':');
    if (!read_port(&port, colon == NULL ? address : colon + 1))
        return complain(address, "expected a port (8080), an address with one (127.0.0.1:8080, "
                                 "[::1]:8080) or a path (unix:/run/app.sock)");
    if (colon == NULL || colon == address)
        return listen_tcp(out, NULL, port);

    bool const is_bracketed = address[0] == '[' && colon[-1] == ']';
    const char *start = address + is_bracketed;
    size_t const length = (size_t)(colon - start) - is_bracketed;
    if (length >= sizeof host || (!is_bracketed && memchr(start, ':', length) != NULL))
        return complain(address, "an IPv6 address stands in brackets: [::1]:8080");
    memcpy(host, start, length);
    host[length] = '\0';
    return listen_tcp(out, host, port);
}

/* ---- systemd ---- */

static long read_number(const char *variable)
{
    const char *text = getenv(variable);
    return text == NULL ? 0 : strtol(text, NULL, 10);
}

static bool does_listen(int fd)
{
    int listens = 0, type = 0;
    socklen_t length = sizeof listens;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) != 0)
        return false;
    length = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && listens != 0 &&
           type == SOCK_STREAM;
}

static void describe(listener *one)
{
    union {
        struct sockaddr any;
        struct sockaddr_un un;
        struct sockaddr_in6 v6;
        struct sockaddr_storage room;
    } address = { .room = { 0 } };
    socklen_t length = sizeof address;
    if (getsockname(one->fd, &address.any, &length) != 0)
        return;
    one->is_unix = address.any.sa_family == AF_UNIX;
    if (one->is_unix) {
        snprintf(one->name, sizeof one->name, "%.*s", (int)sizeof address.un.sun_path,
                 address.un.sun_path);
        return;
    }
    one->port = port_of(one->fd);
    one->is_everywhere =
        address.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&address.v6.sin6_addr);
    getnameinfo(&address.any, length, one->name, sizeof one->name, NULL, 0, NI_NUMERICHOST);
}

bool listen_inherited(listeners *out)
{
    long const count = read_number("LISTEN_PID") == getpid() ? read_number("LISTEN_FDS") : 0;
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    for (int fd = FIRST_INHERITED; fd < FIRST_INHERITED + count; fd++) {
        char where[64];
        int const on = 1;
        snprintf(where, sizeof where, "descriptor %d, which systemd has handed over", fd);
        if (!has_room(out, where))
            return false;
        if (!does_listen(fd))
            return complain(where, "it is no stream socket that listens; in the .socket unit there "
                                   "should be ListenStream= and Accept=no");
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        describe(add(out, fd));
    }
    return true;
}

/* ---- What becomes of the paths ---- */

bool listen_give(const listeners *l, uid_t user, gid_t group)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (l->all[i].is_ours && lchown(l->all[i].name, user, group) != 0)
            return complain(l->all[i].name, strerror(errno));
    return true;
}

/* Unless somebody has put another one there since. */
void listen_cleanup(const listeners *l)
{
    for (uint32_t i = 0; i < l->count; i++) {
        const listener *one = &l->all[i];
        struct stat file;
        if (one->is_ours && lstat(one->name, &file) == 0 && file.st_dev == one->device &&
            file.st_ino == one->inode)
            unlink(one->name);
    }
}
