/* SPDX-License-Identifier: MIT */
#ifndef CAPRA_TEST_HTTP_CASES_H
#define CAPRA_TEST_HTTP_CASES_H

/* Reads the cases of test/http: text as README.md describes it. */

#include "base/buffer.h"
#include "http/char.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct http_case {
    const char *file; /* the last part of its path */
    int line;         /* of its heading */
    char heading[160];
    bool has_reason;
    buffer request, expected; /* bytes, the notation undone */
    bool has_request, has_expected;
} http_case;

/* The case is lent for the call. */
typedef void (*http_case_fn)(const http_case *c, void *context);

_Noreturn static inline void case_fail(const char *file, int line, const char *why)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, why);
    exit(1);
}

/* ---- The notation of bytes ---- */

static inline int case_hex(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Undoes one escape, `at` being behind its backslash. Returns what follows it; NULL if there is no
 * such escape. */
static inline const char *case_escape(buffer *out, const char *at, const char *end)
{
    static const char names[] = "rnt\\{}*\"", bytes[] = "\r\n\t\\{}*\"";
    if (end - at >= 3 && at[0] == 'x' && http_char_is(at[1], HTTP_CHAR_HEX) &&
        http_char_is(at[2], HTTP_CHAR_HEX)) {
        char const byte = (char)(case_hex(at[1]) << 4 | case_hex(at[2]));
        buffer_append(out, &byte, 1);
        return at + 3;
    }
    const char *name = at < end && *at != '\0' ? strchr(names, *at) : NULL;
    if (name == NULL)
        return NULL;
    buffer_append(out, &bytes[name - names], 1);
    return at + 1;
}

/* Undoes `TEXT*N}`, `at` being behind the brace. Returns what follows it; NULL if it is malformed.
 */
static inline const char *case_repeat(buffer *out, const char *at, const char *end)
{
    buffer text = { 0 };
    while (at != NULL && at < end && *at != '*') {
        if (*at == '\\') {
            at = case_escape(&text, at + 1, end);
        } else {
            buffer_append(&text, at, 1);
            at++;
        }
    }
    long count = 0;
    if (at != NULL && at < end)
        for (at++; at < end && http_char_is(*at, HTTP_CHAR_DIGIT); at++)
            count = count * 10 + (*at - '0');
    bool const is_good = at != NULL && at < end && *at == '}' && count > 0;
    for (; is_good && count > 0; count--)
        buffer_append_slice(out, buffer_slice(&text));
    buffer_cleanup(&text);
    return is_good ? at + 1 : NULL;
}

/* Undoes the notation of one line and adds `line_end`, unless a backslash ends the line. False if
 * it is malformed. */
static inline bool case_decode(buffer *out, capra_slice line, const char *line_end)
{
    const char *at = line.data, *end = line.data + line.length;
    while (at != NULL && at < end) {
        if (*at == '\\' && at + 1 == end)
            return true;
        if (*at == '\\') {
            at = case_escape(out, at + 1, end);
        } else if (*at == '{') {
            at = case_repeat(out, at + 1, end);
        } else {
            buffer_append(out, at, 1);
            at++;
        }
    }
    buffer_append(out, line_end, strlen(line_end));
    return at != NULL;
}

/* ---- Files ---- */

typedef struct case_reader {
    const char *file;
    int line;
    http_case current;
    enum { CASE_TEXT, CASE_REQUEST, CASE_EXPECTED } block;
    http_case_fn each;
    void *context;
} case_reader;

static inline void case_finish(case_reader *r)
{
    http_case *c = &r->current;
    if (c->line > 0) {
        if (!c->has_reason || !c->has_request || !c->has_expected)
            case_fail(r->file, c->line, "a case needs a reason, a request and what is expected");
        r->each(c, r->context);
    }
    buffer_cleanup(&c->request);
    buffer_cleanup(&c->expected);
    *c = (http_case){ 0 };
}

static inline void case_begin(case_reader *r, capra_slice line)
{
    case_finish(r);
    r->current.file = r->file;
    r->current.line = r->line;
    snprintf(r->current.heading, sizeof r->current.heading, "%.*s", (int)line.length - 3,
             line.data + 3);
}

static inline void case_read_text(case_reader *r, capra_slice line)
{
    http_case *c = &r->current;
    if (line.length > 3 && memcmp(line.data, "## ", 3) == 0) {
        case_begin(r, line);
    } else if (line.length >= 3 && memcmp(line.data, "```", 3) == 0) {
        bool const is_request = slice_is(line, "```request");
        bool *has = is_request ? &c->has_request : &c->has_expected;
        if (c->line == 0 || *has || (!is_request && !slice_is(line, "```expect")))
            case_fail(r->file, r->line, "a block must be the `request` or the `expect` of a case");
        *has = true;
        r->block = is_request ? CASE_REQUEST : CASE_EXPECTED;
    } else if (line.length > 0) {
        c->has_reason = true;
    }
}

static inline void case_read_line(case_reader *r, capra_slice line)
{
    r->line++;
    if (r->block == CASE_TEXT) {
        case_read_text(r, line);
        return;
    }
    if (slice_is(line, "```")) {
        r->block = CASE_TEXT;
        return;
    }
    bool const is_request = r->block == CASE_REQUEST;
    buffer *out = is_request ? &r->current.request : &r->current.expected;
    if (!case_decode(out, line, is_request ? "\r\n" : "\n"))
        case_fail(r->file, r->line, "malformed notation");
}

/* Calls `each` for each case of a file. A malformed file ends the program. */
static inline void cases_read_file(const char *path, http_case_fn each, void *context)
{
    const char *slash = strrchr(path, '/');
    case_reader r = { .file = slash == NULL ? path : slash + 1, .each = each, .context = context };
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    ssize_t length;
    if (file == NULL)
        case_fail(path, 0, "cannot be read");
    while ((length = getline(&text, &room, file)) > 0)
        case_read_line(&r, slice_of(text, (size_t)length - (text[length - 1] == '\n')));
    if (r.block != CASE_TEXT)
        case_fail(r.file, r.line, "a block has no end");
    case_finish(&r);
    free(text);
    fclose(file);
}

static inline int case_is_file(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return dot != NULL && strcmp(dot, ".md") == 0 && strcmp(entry->d_name, "README.md") != 0;
}

/* Calls `each` for each case of all files in a folder, but README.md. */
static inline void cases_read_folder(const char *path, http_case_fn each, void *context)
{
    struct dirent **entries;
    int const count = scandir(path, &entries, case_is_file, alphasort);
    if (count < 0)
        case_fail(path, 0, "cannot be read");
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        cases_read_file(file, each, context);
        free(entries[i]);
    }
    free(entries);
}

#endif
