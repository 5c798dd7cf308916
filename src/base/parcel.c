/* SPDX-License-Identifier: MIT */
#include "parcel.h"

#include "arena.h"
#include "error.h"
#include "shared_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* A message is a label, and behind it the bytes of all slices; or, when there are many, a second
 * descriptor, of a file without a name that has them. So no parcel is too large for the socket. */

#ifdef __linux__
enum { TAKE_FLAGS = MSG_DONTWAIT | MSG_CMSG_CLOEXEC };
#else
enum { TAKE_FLAGS = MSG_DONTWAIT };
#endif

enum {
    LABEL_VERSION = 1,
    INLINE_BYTES = 32 * 1024,        /* more of them go into a file */
    MOST_BYTES = 1024 * 1024 * 1024, /* of any parcel */
    PARTS = 4,
    IS_RETURNED = 1, /* flags */
    IS_IN_FILE = 2,
};

/* Changes come with another version: an update of Capra may stand at either end. */
typedef struct label {
    uint32_t version, flags;
    uint64_t since_ns; /* somebody waits, on the system's monotonic clock */
    uint64_t lengths[PARTS];
} label;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int parcel_pair(int out[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, out) == 0
               ? 0
               : CAPRA_E_SYSTEM;
}

/* ---- There ---- */

/* The descriptor of a file that has all parts; negative when there can be none. */
static int write_file(const struct iovec parts[PARTS], size_t length)
{
    shared_memory file;
    if (shared_memory_new(&file, "capra-parcel", length) != 0)
        return -1;
    char *at = file.bytes;
    for (int i = 0; i < PARTS; i++) {
        if (parts[i].iov_len > 0)
            memcpy(at, parts[i].iov_base, parts[i].iov_len);
        at += parts[i].iov_len;
    }
    int const fd = fcntl(file.fd, F_DUPFD_CLOEXEC, 0);
    shared_memory_cleanup(&file);
    return fd;
}

/* How much of an answer it is that the message did not go. */
static int judge_failure(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK ? CAPRA_E_BUSY : CAPRA_E_SYSTEM;
}

static int send_message(int socket, struct iovec *parts, int count, const int *fds, int fd_count)
{
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr aligned;
    } control = { 0 };
    struct msghdr message = { .msg_iov = parts,
                              .msg_iovlen = (size_t)count,
                              .msg_control = control.bytes,
                              .msg_controllen = CMSG_SPACE((size_t)fd_count * sizeof(int)) };
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN((size_t)fd_count * sizeof(int));
    memcpy(CMSG_DATA(rights), fds, (size_t)fd_count * sizeof(int));
    ssize_t sent;
    do
        sent = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? judge_failure() : 0;
}

int parcel_send(int socket, const parcel *p)
{
    const capra_slice slices[PARTS] = { p->peer, p->note, p->head, p->rest };
    struct iovec parts[1 + PARTS];
    label l = { .version = LABEL_VERSION,
                .flags = p->is_returned ? IS_RETURNED : 0,
                .since_ns = now_ns() - (uint64_t)p->age_ms * 1000000 };
    int fds[2] = { p->fd, -1 };
    size_t length = 0;
    parts[0] = (struct iovec){ &l, sizeof l };
    for (int i = 0; i < PARTS; i++) {
        parts[1 + i] = (struct iovec){ (void *)(uintptr_t)slices[i].data, slices[i].length };
        l.lengths[i] = slices[i].length;
        length += slices[i].length;
    }
    if (length <= INLINE_BYTES)
        return send_message(socket, parts, 1 + PARTS, fds, 1);
    fds[1] = write_file(parts + 1, length);
    if (fds[1] < 0)
        return CAPRA_E_SYSTEM;
    l.flags |= IS_IN_FILE;
    int const error = send_message(socket, parts, 1, fds, 2);
    int const reason = errno;
    close(fds[1]);
    errno = reason;
    return error;
}

/* ---- And here ---- */

/* Those that have come with the message, -1 for others. */
static void take_descriptors(struct msghdr *message, int fds[2])
{
    fds[0] = fds[1] = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t const bytes = c->cmsg_len - CMSG_LEN(0);
        memcpy(fds, CMSG_DATA(c), bytes < 2 * sizeof(int) ? bytes : 2 * sizeof(int));
    }
#ifndef __linux__
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            fcntl(fds[i], F_SETFD, FD_CLOEXEC);
#endif
}

static void close_all(const int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* Read and not mapped: who has made the file could still cut it short. */
static bool read_file(buffer *room, int fd, size_t length)
{
    while (length > 0) {
        char *to = buffer_room(room, length);
        ssize_t const got = pread(fd, to, length, (off_t)buffer_length(room));
        if (got <= 0)
            return false;
        buffer_added(room, (size_t)got);
        length -= (size_t)got;
    }
    return true;
}

/* Of all parts together; false for what cannot be a parcel's label. */
static bool read_label(const label *l, size_t *length)
{
    *length = 0;
    for (int i = 0; i < PARTS; i++) {
        if (l->lengths[i] > MOST_BYTES)
            return false;
        *length += l->lengths[i];
    }
    return l->version == LABEL_VERSION;
}

/* What has come says of itself what it is. A process that is out of its mind may have sent it. */
static bool gather(buffer *room, const label *l, const int fds[2])
{
    size_t length;
    struct stat client, file;
    if (!read_label(l, &length) || fstat(fds[0], &client) != 0 || !S_ISSOCK(client.st_mode))
        return false;
    if ((l->flags & IS_IN_FILE) == 0)
        return buffer_length(room) == length;
    return buffer_length(room) == 0 && fstat(fds[1], &file) == 0 && S_ISREG(file.st_mode) &&
           (size_t)file.st_size == length && read_file(room, fds[1], length);
}

static capra_slice cut(capra_slice *all, size_t length)
{
    capra_slice const part = slice_of(all->data, length);
    *all = slice_from(*all, length);
    return part;
}

static int receive(int socket, label *l, buffer *room, int fds[2])
{
    union {
        char bytes[CMSG_SPACE(2 * sizeof(int))];
        struct cmsghdr aligned;
    } control;
    buffer_used(room, buffer_length(room));
    struct iovec parts[2] = { { l, sizeof *l }, { buffer_room(room, INLINE_BYTES), INLINE_BYTES } };
    struct msghdr message = { .msg_iov = parts,
                              .msg_iovlen = 2,
                              .msg_control = control.bytes,
                              .msg_controllen = sizeof control.bytes };
    ssize_t const got = recvmsg(socket, &message, TAKE_FLAGS);
    if (got <= 0) /* a message has a label at least */
        return got < 0 ? CAPRA_E_GONE : CAPRA_E_SYSTEM;
    take_descriptors(&message, fds);
    if ((size_t)got < sizeof *l || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
        return CAPRA_E_INVALID;
    buffer_added(room, (size_t)got - sizeof *l);
    return 0;
}

static int64_t age_of(const label *l)
{
    uint64_t const now = now_ns();
    return l->since_ns > now ? 0 : (int64_t)((now - l->since_ns) / 1000000);
}

int parcel_take(parcel *out, int socket, buffer *room)
{
    label l;
    int fds[2] = { -1, -1 };
    int error = receive(socket, &l, room, fds);
    if (error == 0 && !gather(room, &l, fds))
        error = CAPRA_E_INVALID;
    if (error != 0) {
        close_all(fds);
        return error;
    }
    if (fds[1] >= 0)
        close(fds[1]);
    capra_slice all = buffer_slice(room);
    *out =
        (parcel){ .fd = fds[0], .age_ms = age_of(&l), .is_returned = (l.flags & IS_RETURNED) != 0 };
    out->peer = cut(&all, l.lengths[0]);
    out->note = cut(&all, l.lengths[1]);
    out->head = all;
    out->rest = slice_of(all.data + all.length, 0);
    return 0;
}

int64_t parcel_age_ms(int socket)
{
    label l = { 0 };
    struct iovec part = { &l, sizeof l };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t const got = recvmsg(socket, &message, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 ? -1 : age_of(&l);
}
