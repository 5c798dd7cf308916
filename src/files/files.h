/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_FILES_H
#define CAPRA_FILES_H

#include "base/arena.h"
#include "response/response.h"

/* The files of `public/`: which paths name one, and the answers that carry them. */
typedef struct files files;

/* Reads which files there are below `folder`. `is_watched`: files that come later are found too,
 * and the system is asked about every path. NULL when there is nothing to serve. */
files *files_new(const char *folder, bool is_watched);

/* Takes NULL. */
void files_free(files *f);

/* A file that is open, and what the system says of it. */
typedef struct open_file {
    int fd;
    uint64_t size;
    int64_t changed_at; /* seconds since 1970 */
    int64_t changed_ms; /* the same in milliseconds */
    capra_slice type;   /* its Content-Type; lent for ever */
} open_file;

/* Opens the file that a normalised path names (see http_target_parse); `/` is index.html. Its
 * escapes are decoded once, and what comes of that must name something below the folder: no slash
 * that was escaped, no zero byte, and no name that begins with a dot, but for /.well-known. A link
 * may point to anything below the folder, and to nothing else. False when it names no file. `f`
 * may be NULL. */
bool files_open(const files *f, open_file *out, capra_slice path, arena *a);

/* Opens what `path` names below `folder`, when all links are followed; never anything else. False
 * when there is no such file. */
bool file_open_below(open_file *out, const char *folder, const char *path);

/* For one that is not answered with. */
void file_close(open_file *f);

/* Answers with the file: conditions and ranges included, for GET and HEAD; with the lines that the
 * response has already, which win over equal names. Closes the file in the end. */
void file_answer(open_file *f, capra_response *res);

/* The Content-Type for a file's name. Lent for ever. */
capra_slice file_media_type(capra_slice name);

#endif
