/* SPDX-License-Identifier: MIT */
#include "shared_memory.h"

#include "error.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_file(const char *name, size_t length)
{
#ifdef __linux__
    int const fd = memfd_create(name, MFD_CLOEXEC);
#else
    char path[] = "/tmp/capra-shared-XXXXXX";
    int const fd = mkstemp(path);
    (void)name;
    if (fd >= 0)
        unlink(path);
#endif
    if (fd >= 0 && ftruncate(fd, (off_t)length) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int map(shared_memory *out, int fd, size_t length)
{
    void *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return CAPRA_E_SYSTEM;
    *out = (shared_memory){ .bytes = bytes, .length = length, .fd = fd };
    return 0;
}

int shared_memory_new(shared_memory *out, const char *name, size_t length)
{
    int const fd = make_file(name, length);
    if (fd < 0)
        return CAPRA_E_SYSTEM;
    int const error = map(out, fd, length);
    if (error != 0)
        close(fd);
    return error;
}

int shared_memory_open(shared_memory *out, int fd, size_t least)
{
    struct stat file;
    int const error =
        fstat(fd, &file) != 0 || !S_ISREG(file.st_mode) || (size_t)file.st_size < least
            ? CAPRA_E_INVALID
            : map(out, fd, (size_t)file.st_size);
    close(fd); /* the mapping stays */
    if (error == 0)
        out->fd = -1;
    return error;
}

void shared_memory_cleanup(shared_memory *m)
{
    munmap(m->bytes, m->length);
    if (m->fd >= 0)
        close(m->fd);
}
