/* SPDX-License-Identifier: MIT */
#include "log_file.h"

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum sink_kind {
    SINK_FILE,   /* takes all at once */
    SINK_PIPE,   /* or a terminal: a descriptor of our own that does not block */
    SINK_SHARED, /* the same where we could not get one of our own: asked before each write */
    SINK_SOCKET,
    SINK_GONE, /* nobody will ever read: lines are dropped */
} sink_kind;

struct log_file {
    const char *path; /* NULL: standard output */
    int fd;
    sink_kind kind;
    bool is_prompt, is_stuck;
    dev_t device;
    ino_t inode;
    int64_t written_ns, checked_ns;
    uint64_t dropped;
    size_t start, end; /* of what waits in `data` */
    char data[96 * 1024];
};

enum {
    FULL_BYTES = 16 * 1024, /* with as much, writing does not wait any longer */
    WAIT_MS = 50,           /* at most, until a line goes out */
    CHECK_MS = 1000,        /* between two looks at whether the file has been rotated */
    CLOSE_MS = 1000,
};

/* ---- Where lines go ---- */

/* A pipe's and a terminal's flags belong to everyone who has it; made non-blocking, the shell that
 * started us would suffer. Opened once more it has flags of its own. */
static void open_stdout(log_file *f)
{
    struct stat found;
    f->fd = STDOUT_FILENO;
    if (fstat(f->fd, &found) != 0) {
        f->kind = SINK_GONE;
    } else if (S_ISREG(found.st_mode)) {
        f->kind = SINK_FILE;
    } else if (S_ISSOCK(found.st_mode)) {
        f->kind = SINK_SOCKET;
    } else {
        int const own = open("/dev/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        f->kind = own >= 0 ? SINK_PIPE : SINK_SHARED;
        if (own >= 0)
            f->fd = own;
    }
}

static int open_path(log_file *f)
{
    struct stat found;
    int const fd =
        open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
    if (fd < 0)
        return CAPRA_E_SYSTEM;
    if (fstat(fd, &found) != 0) {
        close(fd);
        return CAPRA_E_SYSTEM;
    }
    f->fd = fd;
    f->kind = S_ISREG(found.st_mode) ? SINK_FILE : SINK_PIPE;
    f->device = found.st_dev;
    f->inode = found.st_ino;
    return 0;
}

int log_file_open(log_file **out, const char *path, bool is_prompt)
{
    log_file *f = memory_take(sizeof *f);
    memset(f, 0, offsetof(log_file, data));
    f->is_prompt = is_prompt;
    f->written_ns = f->checked_ns = INT64_MIN / 2;
    if (strcmp(path, "-") == 0) {
        open_stdout(f);
    } else {
        f->path = path;
        if (open_path(f) != 0) {
            free(f);
            return CAPRA_E_SYSTEM;
        }
    }
    *out = f;
    return 0;
}

/* Whoever rotates logs renames the file; the name then means another one, or none. */
static void check_rotation(log_file *f, int64_t now_ns)
{
    struct stat found;
    if (f->path == NULL || now_ns - f->checked_ns < (int64_t)CHECK_MS * 1000000)
        return;
    f->checked_ns = now_ns;
    if (stat(f->path, &found) == 0 && found.st_dev == f->device && found.st_ino == f->inode)
        return;
    int const old = f->fd;
    if (open_path(f) == 0)
        close(old);
    else
        log_line(LOG_WARN, "%s cannot be opened again: %s", f->path, strerror(errno));
}

/* ---- Writing ---- */

/* Whole lines of at most PIPE_BUF bytes; a longer line alone. */
static size_t measure_piece(const log_file *f)
{
    const char *at = f->data + f->start;
    size_t const waiting = f->end - f->start;
    if (f->kind == SINK_FILE || waiting <= PIPE_BUF)
        return waiting;
    const char *last = memrchr(at, '\n', PIPE_BUF);
    if (last == NULL)
        last = memchr(at, '\n', waiting);
    return last == NULL ? waiting : (size_t)(last - at) + 1;
}

static ssize_t write_piece(log_file *f, size_t size)
{
    const char *at = f->data + f->start;
    if (f->kind == SINK_SOCKET)
        return send(f->fd, at, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (f->kind == SINK_SHARED) {
        struct pollfd asked = { .fd = f->fd, .events = POLLOUT };
        if (poll(&asked, 1, 0) < 1) {
            errno = EAGAIN;
            return -1;
        }
    }
    return write(f->fd, at, size);
}

static uint64_t count_lines(const log_file *f)
{
    uint64_t count = 0;
    for (size_t i = f->start; i < f->end; i++)
        count += f->data[i] == '\n';
    return count;
}

/* A full disk may have room later; a closed pipe has nobody at its other end any more. */
static void give_up(log_file *f, int error)
{
    f->dropped += count_lines(f);
    f->start = f->end = 0;
    if (error == EPIPE || error == ECONNRESET || error == EBADF)
        f->kind = SINK_GONE;
    if (!f->is_stuck)
        log_line(LOG_WARN, "the access log cannot be written: %s", strerror(error));
}

/* All that goes now. */
static void write_waiting(log_file *f)
{
    bool is_stuck = false;
    while (f->start < f->end && !is_stuck) {
        ssize_t const written = write_piece(f, measure_piece(f));
        if (written >= 0) {
            f->start += (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            is_stuck = true;
        } else if (errno != EINTR) {
            give_up(f, errno);
            is_stuck = true;
        }
    }
    f->is_stuck = is_stuck;
    if (f->start == f->end)
        f->start = f->end = 0;
}

char *log_file_room(log_file *f)
{
    if (f->kind == SINK_GONE) {
        f->dropped++;
        return NULL;
    }
    if (sizeof f->data - f->end < LOG_LINE_BYTES && f->start > 0) {
        memmove(f->data, f->data + f->start, f->end - f->start);
        f->end -= f->start;
        f->start = 0;
    }
    if (sizeof f->data - f->end < LOG_LINE_BYTES && !f->is_stuck)
        write_waiting(f);
    if (sizeof f->data - f->end < LOG_LINE_BYTES) {
        f->dropped++;
        return NULL;
    }
    return f->data + f->end;
}

void log_file_added(log_file *f, size_t size)
{
    f->end += size;
}

uint32_t log_file_turn(log_file *f, int64_t now_ns)
{
    size_t const waiting = f->end - f->start;
    if (waiting == 0)
        return 0;
    bool const is_due = now_ns - f->written_ns >= (int64_t)WAIT_MS * 1000000;
    if (!is_due && (f->is_stuck || (!f->is_prompt && waiting < FULL_BYTES)))
        return WAIT_MS;
    f->written_ns = now_ns;
    check_rotation(f, now_ns);
    write_waiting(f);
    return f->end > f->start ? WAIT_MS : 0;
}

void log_file_flush(log_file *f)
{
    if (f->end > f->start && f->kind != SINK_GONE)
        write_waiting(f);
}

uint64_t log_file_take_dropped(log_file *f)
{
    uint64_t const dropped = f->dropped;
    f->dropped = 0;
    return dropped;
}

bool log_file_is_stuck(const log_file *f)
{
    return f->is_stuck;
}

void log_file_close(log_file *f)
{
    if (f == NULL)
        return;
    for (int tries = 0; f->end > f->start && f->kind != SINK_GONE && tries < CLOSE_MS / WAIT_MS;
         tries++) {
        struct pollfd asked = { .fd = f->fd, .events = POLLOUT };
        if (tries > 0)
            poll(&asked, 1, WAIT_MS);
        write_waiting(f);
    }
    if (f->fd != STDOUT_FILENO)
        close(f->fd);
    free(f);
}
