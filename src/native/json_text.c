/* SPDX-License-Identifier: MIT */
#include "json_text.h"

#include "http/char.h"
#include "http/utf8.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { DEEPEST = 8, MOST_NAMES = 32, INTEGER_BYTES = 24 };

typedef struct writer {
    char *at, *end;
    const char *format;
    va_list args;
    /* Names of the objects that are open, the innermost one's last. */
    const char *names[MOST_NAMES];
    int name_count, depth;
    bool is_left; /* to jansson */
} writer;

static void leave(writer *w)
{
    w->is_left = true;
}

static void put(writer *w, const char *bytes, size_t length)
{
    if ((size_t)(w->end - w->at) < length) {
        leave(w);
        return;
    }
    memcpy(w->at, bytes, length);
    w->at += length;
}

static void put_escape(writer *w, unsigned char byte)
{
    static const char letters[] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r',
                                    ['\t'] = 't', ['"'] = '"',  ['\\'] = '\\' };
    char text[8] = { '\\', letters[byte] };
    int const length = text[1] != '\0' ? 2 : snprintf(text, sizeof text, "\\u%04X", byte);
    put(w, text, (size_t)length);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* The inside of a string that is not all plain. */
static void put_mixed(writer *w, const char *text)
{
    http_utf8 character = { 0 };
    for (const char *from = text; !w->is_left;) {
        while (is_plain((unsigned char)*text))
            text++;
        put(w, from, (size_t)(text - from));
        from = text;
        unsigned char const byte = (unsigned char)*text;
        if (byte == '\0')
            break;
        text++;
        if (byte < 0x80) {
            put_escape(w, byte);
            from = text;
            continue;
        }
        http_utf8_step step = http_utf8_read(&character, byte);
        while (step == HTTP_UTF8_MORE)
            step = http_utf8_read(&character, (unsigned char)*text++);
        if (step == HTTP_UTF8_BAD)
            leave(w);
    }
}

static void put_string(writer *w, const char *text)
{
    if (text == NULL) {
        leave(w);
        return;
    }
    const char *end = text + strlen(text);
    put(w, "\"", 1);
    if (http_skip_quotable(text, end) == end)
        put(w, text, (size_t)(end - text));
    else
        put_mixed(w, text);
    put(w, "\"", 1);
}

static void put_integer(writer *w, json_int_t value)
{
    char text[INTEGER_BYTES];
    put(w, text, (size_t)snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, value));
}

/* The next letter; separators are there for the reader. */
static char next(writer *w)
{
    for (;; w->format++) {
        switch (*w->format) {
        case ' ':
        case '\t':
        case '\n':
        case ',':
        case ':':
            break;
        default:
            return *w->format;
        }
    }
}

/* A text that ends in a zero byte, behind its letter `s`. With a mark behind it, as in `s%`, it is
 * of another kind, and not even to be looked at here: it may end without one. */
static const char *take_text(writer *w)
{
    switch (next(w)) {
    case '%':
    case '#':
    case '?':
    case '*':
    case '+':
        return NULL;
    default:
        return va_arg(w->args, const char *);
    }
}

static void put_value(writer *w);

static void put_name(writer *w, int first_name)
{
    bool const is_text = next(w) == 's';
    w->format += is_text;
    const char *name = is_text ? take_text(w) : NULL;
    if (name == NULL || w->name_count == MOST_NAMES) {
        leave(w);
        return;
    }
    for (int i = first_name; i < w->name_count; i++)
        if (strcmp(w->names[i], name) == 0)
            leave(w);
    w->names[w->name_count++] = name;
    put_string(w, name);
}

static void put_members(writer *w, char closing)
{
    int const first_name = w->name_count;
    if (++w->depth > DEEPEST)
        leave(w);
    for (bool is_first = true; !w->is_left && next(w) != closing; is_first = false) {
        if (!is_first)
            put(w, ",", 1);
        if (closing == '}') {
            put_name(w, first_name);
            put(w, ":", 1);
        }
        if (!w->is_left)
            put_value(w);
    }
    w->format++;
    w->name_count = first_name;
    w->depth--;
}

static void put_value(writer *w)
{
    char const letter = next(w);
    w->format += letter != '\0';
    switch (letter) {
    case '{':
        put(w, "{", 1);
        put_members(w, '}');
        put(w, "}", 1);
        break;
    case '[':
        put(w, "[", 1);
        put_members(w, ']');
        put(w, "]", 1);
        break;
    case 's':
        put_string(w, take_text(w));
        break;
    case 'i':
        put_integer(w, va_arg(w->args, int));
        break;
    case 'I':
        put_integer(w, va_arg(w->args, json_int_t));
        break;
    case 'b':
        if (va_arg(w->args, int))
            put(w, "true", 4);
        else
            put(w, "false", 5);
        break;
    case 'n':
        put(w, "null", 4);
        break;
    default:
        leave(w);
    }
}

long json_text_write(char *out, size_t size, const char *format, va_list args)
{
    writer w = { .at = out, .end = out + size, .format = format };
    va_copy(w.args, args);
    put_value(&w);
    if (!w.is_left && next(&w) != '\0')
        leave(&w);
    va_end(w.args);
    return w.is_left ? -1 : (long)(w.at - out);
}
