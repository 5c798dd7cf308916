/* SPDX-License-Identifier: MIT */
#include "files.h"

#include "beneath.h"
#include "names.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names are read once, so that a request for a route costs a look into a table and no call to
 * the system. A file is opened when it is asked for: it may have been replaced or removed. */
struct files {
    const char *folder; /* lent */
    int root;           /* -1 when watched: the folder may come and go */
    names names;
};

/* ---- Which names are served ---- */

/* Hidden files are not, as many of them were not meant to be there: .env, .git, .DS_Store. */
static bool is_hidden(capra_slice name, bool is_at_top)
{
    return name.data[0] == '.' && !(is_at_top && slice_is(name, ".well-known")); /* RFC 8615 */
}

static bool is_served(capra_slice name)
{
    for (size_t start = 0; start <= name.length;) {
        const char *slash = memchr(name.data + start, '/', name.length - start);
        size_t const end = slash == NULL ? name.length : (size_t)(slash - name.data);
        if (end == start || is_hidden(slice_of(name.data + start, end - start), start == 0))
            return false;
        start = end + 1;
    }
    return memchr(name.data, '\0', name.length) == NULL;
}

static bool has_escaped_slash(capra_slice path)
{
    for (size_t i = 0; i < path.length; i++)
        if (path.data[i] == '%' && http_escape_byte(path, i) == '/')
            return true;
    return false;
}

/* The name that a path asks for; empty when there can be none. */
static capra_slice name_of(capra_slice path, arena *a)
{
    if (slice_is(path, "/"))
        return slice_text("index.html");
    if (memchr(path.data, '%', path.length) != NULL) {
        if (has_escaped_slash(path))
            return (capra_slice){ 0 };
        path = http_percent_decode(path, a);
    }
    return path.length > 1 && path.data[0] == '/' ? slice_from(path, 1) : (capra_slice){ 0 };
}

/* ---- Reading the folder ---- */

/* A folder on the way down; a link may lead back up to one. */
typedef struct level {
    const struct level *above;
    dev_t device;
    ino_t inode;
} level;

static bool is_below_itself(const level *here)
{
    for (const level *l = here->above; l != NULL; l = l->above)
        if (l->device == here->device && l->inode == here->inode)
            return true;
    return false;
}

static void read_folder(files *f, int fd, const char *path, const level *above);

/* A folder, a link, or something that only opening it tells. */
static void read_entry(files *f, const char *path, const level *here)
{
    struct stat about;
    int const fd = beneath_open(f->root, path, 0);
    if (fd < 0)
        return;
    bool const is_there = fstat(fd, &about) == 0;
    if (is_there && S_ISDIR(about.st_mode)) {
        read_folder(f, fd, path, here);
        return;
    }
    close(fd);
    if (is_there && S_ISREG(about.st_mode))
        names_add(&f->names, slice_text(path));
}

/* Takes the descriptor over. */
static void read_folder(files *f, int fd, const char *path, const level *above)
{
    struct stat about;
    DIR *folder = fstat(fd, &about) == 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        close(fd);
        return;
    }
    level const here = { above, about.st_dev, about.st_ino };
    const struct dirent *entry;
    while (!is_below_itself(&here) && (entry = readdir(folder)) != NULL) {
        buffer inner = { 0 };
        if (is_hidden(slice_text(entry->d_name), above == NULL))
            continue;
        buffer_append_slice(&inner, slice_text(path));
        if (above != NULL)
            buffer_append(&inner, "/", 1);
        buffer_append(&inner, entry->d_name, strlen(entry->d_name) + 1);
        if (entry->d_type == DT_REG)
            names_add(&f->names, slice_text(inner.data));
        else
            read_entry(f, inner.data, &here);
        buffer_cleanup(&inner);
    }
    closedir(folder);
}

/* ---- All of it ---- */

static int open_root(const char *folder)
{
    return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

files *files_new(const char *folder, bool is_watched)
{
    files *f = memory_take(sizeof *f);
    *f = (files){ .folder = folder, .root = -1 };
    if (is_watched)
        return f;
    f->root = open_root(folder);
    int const fd = f->root < 0 ? -1 : open_root(folder);
    if (fd >= 0)
        read_folder(f, fd, "", NULL);
    if (f->names.count == 0) {
        files_free(f);
        return NULL;
    }
    return f;
}

void files_free(files *f)
{
    if (f == NULL)
        return;
    if (f->root >= 0)
        close(f->root);
    names_cleanup(&f->names);
    free(f);
}

static int open_watched(const files *f, const char *name)
{
    int const root = open_root(f->folder);
    if (root < 0)
        return -1;
    int const fd = beneath_open(root, name, 0);
    close(root);
    return fd;
}

static int open_name(const files *f, capra_slice name, arena *a)
{
    bool const is_watched = f->root < 0;
    if (name.length == 0 || (!is_watched && !names_have(&f->names, name)) || !is_served(name))
        return -1;
    const char *path = arena_copy(a, name).data; /* with a zero byte behind it */
    return is_watched ? open_watched(f, path) : beneath_open(f->root, path, 0);
}

/* Takes the descriptor over; negative when nothing was opened. */
static bool describe(open_file *out, int fd, capra_slice name)
{
    struct stat about;
    if (fd < 0)
        return false;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        close(fd);
        return false;
    }
    *out = (open_file){
        .fd = fd,
        .size = (uint64_t)about.st_size,
        .changed_at = about.st_mtim.tv_sec,
        .changed_ms = (int64_t)about.st_mtim.tv_sec * 1000 + about.st_mtim.tv_nsec / 1000000,
        .type = file_media_type(name),
    };
    return true;
}

bool files_open(const files *f, open_file *out, capra_slice path, arena *a)
{
    if (f == NULL)
        return false;
    capra_slice const name = name_of(path, a);
    return describe(out, open_name(f, name, a), name);
}

bool file_open_below(open_file *out, const char *folder, const char *path)
{
    int const root = open_root(folder);
    if (root < 0)
        return false;
    int const fd = beneath_open(root, path, 0);
    close(root);
    return describe(out, fd, slice_text(path));
}

void file_close(open_file *f)
{
    close(f->fd);
}
