/* SPDX-License-Identifier: MIT */
#include "remote.h"

#include "admin/address.h"
#include "base/buffer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

bool remote_find(run_state *out, const char *directory)
{
    if (run_file_read(directory, out))
        return true;
    fprintf(stderr, "capra: %s: no server of this project runs here; `capra start` starts one\n",
            directory);
    return false;
}

/* ---- Asking ---- */

static bool send_request(int fd, const char *path)
{
    char request[256];
    int const length =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.1\r\nHost: capra\r\nConnection: close\r\n\r\n", path);
    return send(fd, request, (size_t)length, MSG_NOSIGNAL) == length;
}

/* All that comes until the server closes. */
static bool receive(int fd, buffer *answer)
{
    for (;;) {
        ssize_t const size = read(fd, buffer_room(answer, 16384), 16384);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return size == 0;
        buffer_added(answer, (size_t)size);
    }
}

static char *take_body(buffer *answer)
{
    buffer_append(answer, "", 1);
    const char *text = buffer_slice(answer).data;
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL || strncmp(text, "HTTP/1.1 200 ", 13) != 0)
        return NULL;
    return strdup(end + 4);
}

static char *fail(const run_state *server, bool is_quiet, const char *reason)
{
    if (!is_quiet)
        fprintf(stderr, "capra: the server (process %d) does not answer at %s: %s\n",
                (int)server->pid, server->admin, reason);
    return NULL;
}

char *remote_get(const run_state *server, const char *path, bool is_quiet)
{
    admin_place place;
    if (server->admin[0] == '\0') {
        if (!is_quiet)
            fprintf(stderr,
                    "capra: the server (process %d) runs with --admin off, so it tells nothing\n",
                    (int)server->pid);
        return NULL;
    }
    if (!admin_place_read(&place, server->admin))
        return fail(server, is_quiet, "this is no address");
    int const fd = admin_place_connect(&place);
    if (fd < 0)
        return fail(server, is_quiet, strerror(errno));
    struct timeval const patience = { .tv_sec = 5 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    buffer answer = { 0 };
    bool const is_whole = send_request(fd, path) && receive(fd, &answer);
    int const error = errno;
    close(fd);
    char *body = is_whole ? take_body(&answer) : NULL;
    buffer_cleanup(&answer);
    if (body == NULL)
        return fail(server, is_quiet, is_whole ? "not as expected" : strerror(error));
    return body;
}

/* ---- Signals ---- */

static bool read_name(char out[32], const char *pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return false;
    bool const is_read = fgets(out, 32, file) != NULL;
    fclose(file);
    return is_read;
}

/* A killed server leaves its file behind, and its process's number may be another's by now. */
static bool is_same_program(pid_t pid)
{
    char number[16], own[32], other[32];
    snprintf(number, sizeof number, "%d", (int)pid);
    return !read_name(own, "self") || !read_name(other, number) || strcmp(own, other) == 0;
}

bool remote_signal(const run_state *server, int signal)
{
    if (!is_same_program(server->pid)) {
        fprintf(stderr, "capra: process %d is not a server any more; it must have been killed\n",
                (int)server->pid);
        return false;
    }
    if (kill(server->pid, signal) == 0)
        return true;
    fprintf(stderr, "capra: process %d cannot be signalled: %s\n", (int)server->pid,
            strerror(errno));
    return false;
}
