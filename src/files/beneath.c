/* SPDX-License-Identifier: MIT */
#include "beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

enum { ALWAYS = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY };

/* Name by name, so that no link is followed at any of them. */
static int open_by_name(int root, const char *path, int flags)
{
    int folder = root;
    for (;;) {
        char name[NAME_MAX + 1];
        size_t const length = strcspn(path, "/");
        bool const is_last = path[length] == '\0';
        int fd = -1;
        if (length > 0 && length <= NAME_MAX) {
            memcpy(name, path, length);
            name[length] = '\0';
            if (strcmp(name, "..") != 0)
                fd = openat(folder, name, ALWAYS | O_NOFOLLOW | (is_last ? flags : O_DIRECTORY));
        }
        if (folder != root)
            close(folder);
        if (fd < 0 || is_last)
            return fd;
        folder = fd;
        path += length + 1;
    }
}

int beneath_open(int root, const char *path, int flags)
{
#ifdef SYS_openat2
    enum { TRIES = 4 };
    struct open_how const how = {
        .flags = (unsigned)(ALWAYS | flags),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    for (int i = 0; i < TRIES; i++) {
        long const fd = syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0)
            return (int)fd;
        if (errno == ENOSYS || errno == EPERM) /* an older kernel, or a sandbox that is older */
            return open_by_name(root, path, flags);
        if (errno != EAGAIN) /* something was renamed meanwhile */
            return -1;
    }
    return -1;
#else
    return open_by_name(root, path, flags);
#endif
}
