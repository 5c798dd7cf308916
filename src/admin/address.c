/* SPDX-License-Identifier: MIT */
#include "address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 64, HOST_BYTES = 256 };

/* ---- Reading ---- */

static bool read_port(in_port_t *out, const char *text)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long const port = strtoul(text, &end, 10);
    *out = htons((uint16_t)port);
    return *end == '\0' && port <= 65535;
}

static bool set_host(admin_place *out, const char *host, in_port_t port)
{
    struct sockaddr_in *v4 = (void *)&out->address;
    struct sockaddr_in6 *v6 = (void *)&out->address;
    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        out->length = sizeof *v4;
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = port;
        out->length = sizeof *v6;
        return true;
    }
    return false;
}

bool admin_place_read(admin_place *out, const char *text)
{
    *out = (admin_place){ 0 };
    if (strncmp(text, "unix:", 5) == 0) {
        out->is_unix = true;
        int const length = snprintf(out->path, sizeof out->path, "%s", text + 5);
        return length > 0 && (size_t)length < sizeof out->path;
    }
    if (strncmp(text, "http://", 7) == 0)
        text += 7;
    in_port_t port;
    const char *colon = strrchr(text, ':');
    if (!read_port(&port, colon == NULL ? text : colon + 1))
        return false;
    if (colon == NULL || colon == text)
        return set_host(out, "127.0.0.1", port);

    char host[HOST_BYTES];
    bool const has_brackets = text[0] == '[' && colon[-1] == ']';
    int const length = (int)(colon - text) - (has_brackets ? 2 : 0);
    int const written = snprintf(host, sizeof host, "%.*s", length, text + has_brackets);
    /* Of "::1:80" nobody knows where the port begins. */
    if (written >= (int)sizeof host || (!has_brackets && strchr(host, ':') != NULL))
        return false;
    return set_host(out, host, port);
}

/* ---- Sockets ---- */

typedef int (*socket_call)(int fd, const struct sockaddr *address, socklen_t length);

/* From within the socket's folder any path is short enough. Whoever calls has one thread. */
static int call_inside(socket_call call, int fd, const char *path)
{
    char folder[4096];
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    int const length = slash == NULL ? 0 : (int)(slash - path);
    snprintf(folder, sizeof folder, "%.*s", length, path);
    if (strlen(name) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, name, strlen(name) + 1);

    int const here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0)
        return -1;
    int result = slash == NULL ? 0 : chdir(length == 0 ? "/" : folder);
    if (result == 0)
        result = call(fd, (const struct sockaddr *)&address, sizeof address);
    int const error = errno;
    if (fchdir(here) != 0)
        result = -1;
    close(here);
    errno = error;
    return result;
}

static int fail(int fd)
{
    int const error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int open_socket(const admin_place *place)
{
    int const fd = socket(place->is_unix ? AF_UNIX : place->address.ss_family, SOCK_STREAM, 0);
    if (fd >= 0)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
}

static int bind_unix(int fd, const char *path)
{
    struct stat found;
    if (stat(path, &found) == 0 && S_ISSOCK(found.st_mode))
        unlink(path);
    mode_t const before = umask(0177);
    int const result = call_inside(bind, fd, path);
    umask(before);
    return result;
}

int admin_place_listen(const admin_place *place)
{
    int const on = 1, fd = open_socket(place);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    int const bound = place->is_unix
                          ? bind_unix(fd, place->path)
                          : bind(fd, (const struct sockaddr *)&place->address, place->length);
    return bound == 0 && listen(fd, BACKLOG) == 0 ? fd : fail(fd);
}

int admin_place_connect(const admin_place *place)
{
    int const fd = open_socket(place);
    if (fd < 0)
        return -1;
    int const connected =
        place->is_unix ? call_inside(connect, fd, place->path)
                       : connect(fd, (const struct sockaddr *)&place->address, place->length);
    return connected == 0 ? fd : fail(fd);
}

void admin_place_print(char *out, size_t size, const admin_place *place, int socket)
{
    if (place->is_unix) {
        snprintf(out, size, "unix:%s", place->path);
        return;
    }
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } got = { .v6 = { 0 } };
    socklen_t length = sizeof got;
    char host[INET6_ADDRSTRLEN] = "";
    if (getsockname(socket, &got.any, &length) != 0) {
        snprintf(out, size, "nowhere");
        return;
    }
    if (got.any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &got.v6.sin6_addr, host, sizeof host);
        snprintf(out, size, "http://[%s]:%u", host, ntohs(got.v6.sin6_port));
    } else {
        inet_ntop(AF_INET, &got.v4.sin_addr, host, sizeof host);
        snprintf(out, size, "http://%s:%u", host, ntohs(got.v4.sin_port));
    }
}
