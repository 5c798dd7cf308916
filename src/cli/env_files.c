/* SPDX-License-Identifier: MIT */
#include "env_files.h"

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The grammar is that of the files, and nobody's standard: names with an optional `export`, values
 * in one of three quotes, over many lines if need be, or up to the end of the line or a `#`. Then
 * `$NAME`,
 * `${NAME}` and `${NAME:-otherwise}` in all of them, whatever quotes they stood in. */

typedef struct variable {
    capra_slice name, text; /* as it was written, references and all */
    bool is_within; /* its value is being made: a variable that is made of itself is empty */
} variable;

typedef struct variables {
    arena memory;
    variable *all;
    size_t count;
} variables;

/* ---- Bytes ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static size_t skip_blanks(capra_slice text, size_t at)
{
    while (at < text.length && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    return at;
}

static size_t skip_word(capra_slice text, size_t at, const char *also)
{
    while (at < text.length &&
           (is_word(text.data[at]) || (text.data[at] != 0 && strchr(also, text.data[at]) != NULL)))
        at++;
    return at;
}

static size_t skip_line(capra_slice text, size_t at)
{
    while (at < text.length && text.data[at] != '\n')
        at++;
    return at;
}

static capra_slice part(capra_slice text, size_t from, size_t to)
{
    return slice_of(text.data + from, to - from);
}

static bool is_at(capra_slice text, size_t at, char c)
{
    return at < text.length && text.data[at] == c;
}

/* ---- One file ---- */

/* A sign of its start, and ends of lines that are not `\n`, go. In place. */
static capra_slice simplify(char *text, size_t length)
{
    size_t const start = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    size_t to = 0;
    for (size_t at = start; at < length; at++) {
        if (text[at] == '\r' && at + 1 < length && text[at + 1] == '\n')
            continue;
        text[to++] = text[at];
        if (text[to - 1] == '\r')
            text[to - 1] = '\n';
    }
    return slice_of(text, to);
}

/* Past `NAME = ` or `NAME: `; the same place when there is none. */
static size_t read_name_at(capra_slice text, size_t at, capra_slice *name)
{
    size_t const from = skip_blanks(text, at), to = skip_word(text, from, ".-");
    size_t const behind = skip_blanks(text, to);
    *name = part(text, from, to);
    if (to == from)
        return at;
    if (is_at(text, behind, '='))
        return skip_blanks(text, behind + 1);
    size_t const value = skip_blanks(text, to + 1);
    return is_at(text, to, ':') && value > to + 1 ? value : at;
}

static size_t read_name(capra_slice text, size_t at, capra_slice *name)
{
    size_t const from = skip_blanks(text, at), to = skip_word(text, from, "");
    if (slice_is(part(text, from, to), "export") && skip_blanks(text, to) > to) {
        size_t const end = read_name_at(text, to, name);
        if (end != to)
            return end;
    }
    return read_name_at(text, at, name);
}

/* Behind a closing quote there is nothing but a comment. */
static bool ends_line(capra_slice text, size_t at)
{
    size_t const end = skip_blanks(text, at);
    return end == text.length || text.data[end] == '\n' || text.data[end] == '#';
}

/* The quote that ends the value which begins behind `open`; 0: none does. One behind a backslash
 * does only when no later one can. */
static size_t find_closing(capra_slice text, size_t open)
{
    size_t found = 0;
    for (size_t at = open + 1; at < text.length; at++) {
        if (text.data[at] != text.data[open])
            continue;
        if (ends_line(text, at + 1))
            found = at;
        if (text.data[at - 1] != '\\')
            break;
    }
    return found;
}

/* `\n` and `\r` are what they stand for. */
static capra_slice unescape(variables *v, capra_slice text)
{
    char *to = arena_take(&v->memory, text.length + 1);
    size_t length = 0;
    for (size_t at = 0; at < text.length; at++) {
        bool const is_end =
            text.data[at] == '\\' && (is_at(text, at + 1, 'n') || is_at(text, at + 1, 'r'));
        to[length++] = !is_end ? text.data[at] : text.data[at + 1] == 'n' ? '\n' : '\r';
        at += is_end;
    }
    return slice_of(to, length);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static capra_slice trim(capra_slice s)
{
    while (s.length > 0 && is_space(s.data[0]))
        s = slice_from(s, 1);
    while (s.length > 0 && is_space(s.data[s.length - 1]))
        s.length--;
    return s;
}

/* Returns where it ends. */
static size_t read_value(variables *v, capra_slice text, size_t at, capra_slice *value)
{
    bool const is_quoted = is_at(text, at, '"') || is_at(text, at, '\'') || is_at(text, at, '`');
    size_t const closing = is_quoted ? find_closing(text, at) : 0;
    size_t end = at;
    if (closing != 0) {
        capra_slice const inside = part(text, at + 1, closing);
        *value = text.data[at] == '"' ? unescape(v, inside) : inside;
        return closing + 1;
    }
    while (end < text.length && text.data[end] != '#' && text.data[end] != '\n')
        end++;
    *value = trim(part(text, at, end));
    return end;
}

static variable *find(const variables *v, capra_slice name)
{
    for (size_t i = 0; i < v->count; i++)
        if (slice_equal(v->all[i].name, name))
            return &v->all[i];
    return NULL;
}

/* Of a name that stands twice in a file the last counts, in two files the first. `own`: where this
 * file's begin. */
static void keep(variables *v, size_t own, capra_slice name, capra_slice text)
{
    variable *known = find(v, name);
    if (known == NULL) {
        v->all = memory_grow(v->all, (v->count + 1) * sizeof *v->all);
        v->all[v->count++] = (variable){ .name = name, .text = text };
    } else if (known >= v->all + own) {
        known->text = text;
    }
}

static void read_text(variables *v, capra_slice text)
{
    size_t const own = v->count;
    for (size_t at = 0; at < text.length; at = skip_line(text, at) + 1) {
        capra_slice name, value;
        size_t const behind = read_name(text, at, &name);
        if (behind == at)
            continue;
        at = read_value(v, text, behind, &value);
        keep(v, own, name, value);
    }
}

/* Nothing of one that is not there, and of a folder of that name, which is some tool's. 0, or
 * errno. */
static int read_file(variables *v, const char *folder, const char *name)
{
    char path[4096];
    buffer text = { 0 };
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return errno == ENOENT ? 0 : errno;
    for (size_t got = 1; got > 0;) {
        got = fread(buffer_room(&text, 4096), 1, 4096, file);
        buffer_added(&text, got);
    }
    int const error = ferror(file) && errno != EISDIR ? errno : 0;
    fclose(file);
    capra_slice const kept = arena_copy(&v->memory, buffer_slice(&text));
    buffer_cleanup(&text);
    read_text(v, simplify((char *)(uintptr_t)kept.data, kept.length));
    return error;
}

/* ---- References ---- */

typedef struct reference {
    size_t end;
    capra_slice name, otherwise;
} reference;

/* Where the brace is that ends what stands behind `:-`. Pairs of `${` and `}` in it belong
 * together, unless there is no brace left for the end then. 0: there is none. */
static size_t find_brace(capra_slice text, size_t at)
{
    size_t last = 0;
    while (at < text.length && text.data[at] != '}') {
        const char *inner = is_at(text, at, '$') && is_at(text, at + 1, '{')
                                ? memchr(text.data + at, '}', text.length - at)
                                : NULL;
        if (inner != NULL)
            last = (size_t)(inner - text.data);
        at = inner != NULL ? last + 1 : at + 1;
    }
    return at < text.length ? at : last;
}

/* What stands at a dollar sign; false when it is but that. */
static bool read_reference(capra_slice text, size_t at, reference *out)
{
    bool const is_braced = is_at(text, at + 1, '{');
    size_t const from = at + (is_braced ? 2 : 1), to = skip_word(text, from, "");
    if (to == from)
        return false;
    *out = (reference){ .end = to, .name = part(text, from, to) };
    if (!is_braced)
        return true;
    out->end = to + 1;
    if (is_at(text, to, '}'))
        return true;
    size_t const brace =
        is_at(text, to, ':') && is_at(text, to + 1, '-') ? find_brace(text, to + 2) : 0;
    if (brace == 0)
        return false;
    out->otherwise = part(text, to + 2, brace);
    out->end = brace + 1;
    return true;
}

static void expand(variables *v, capra_slice text, buffer *to);

/* What the environment had before us is as it is. */
static void append_value(variables *v, capra_slice name, buffer *to)
{
    const char *outer = getenv(arena_copy(&v->memory, name).data);
    variable *known = find(v, name);
    if (outer != NULL) {
        buffer_append(to, outer, strlen(outer));
    } else if (known != NULL && !known->is_within) {
        known->is_within = true;
        expand(v, known->text, to);
        known->is_within = false;
    }
}

static void expand(variables *v, capra_slice text, buffer *to)
{
    for (size_t at = 0; at < text.length;) {
        reference r;
        if (is_at(text, at, '\\') && is_at(text, at + 1, '$')) {
            buffer_append(to, "$", 1);
            at += 2;
        } else if (is_at(text, at, '$') && read_reference(text, at, &r)) {
            size_t const before = buffer_length(to);
            append_value(v, r.name, to);
            if (buffer_length(to) == before)
                expand(v, r.otherwise, to);
            at = r.end;
        } else {
            buffer_append(to, text.data + at++, 1);
        }
    }
}

/* ---- All of them ---- */

/* None is set before all are made: what one file says is not what the environment had. */
static void set_all(variables *v)
{
    const char **values = memory_take((v->count + 1) * sizeof *values);
    for (size_t i = 0; i < v->count; i++) {
        buffer value = { 0 };
        append_value(v, v->all[i].name, &value);
        values[i] = arena_copy(&v->memory, buffer_slice(&value)).data;
        buffer_cleanup(&value);
    }
    for (size_t i = 0; i < v->count; i++)
        setenv(arena_copy(&v->memory, v->all[i].name).data, values[i], 0);
    free(values);
}

int env_files_load(const char *folder, const char *mode, char *why, size_t why_size)
{
    static const char *const suffixes[][2] = {
        { ".", ".local" }, { "", ".local" }, { ".", "" }, { "", "" }
    };
    variables v = { 0 };
    int error = 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes && error == 0; i++) {
        const char *const *around = suffixes[i];
        char name[64];
        snprintf(name, sizeof name, ".env%s%s%s", around[0], around[0][0] != 0 ? mode : "",
                 around[1]);
        error = read_file(&v, folder, name);
        if (error != 0)
            snprintf(why, why_size, "%s cannot be read: %s", name, strerror(error));
    }
    if (error == 0)
        set_all(&v);
    free(v.all);
    arena_cleanup(&v.memory);
    return error == 0 ? 0 : CAPRA_E_SYSTEM;
}
