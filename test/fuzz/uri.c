/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "check.h"
#include "http/http.h"
#include "plain-utf8.h"

/* Request targets. What http_target_parse makes of one is compared with a second implementation,
 * which follows the states of the WHATWG URL Standard one byte at a time, and with what must hold
 * for any path that a route is looked for with. */

/* ---- The second implementation ---- */

/* A path in the making: finished segments, each behind a slash, and the one that is being read. */
typedef struct plain_path {
    char *text;
    size_t length, finished;
} plain_path;

static void add_byte(plain_path *p, unsigned char byte)
{
    if (byte <= 0x20 || byte >= 0x7f || strchr("\"#<>?^`{}", byte) != NULL)
        p->length += (size_t)sprintf(p->text + p->length, "%%%02X", byte);
    else
        p->text[p->length++] = (char)byte;
}

static bool is_one_of(capra_slice s, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        if (slice_is_nocase(s, *texts))
            return true;
    return false;
}

/* The URL Standard's path state, at a slash or at the end: "shorten a URL's path", "append". */
static void end_segment(plain_path *p, bool is_slash)
{
    static const char *const single[] = { ".", "%2e", NULL };
    static const char *const twice[] = { "..", ".%2e", "%2e.", "%2e%2e", NULL };
    capra_slice const segment = slice_of(p->text + p->finished + 1, p->length - p->finished - 1);
    bool const is_double = is_one_of(segment, twice);
    if (!is_double && !is_one_of(segment, single)) {
        p->finished = p->length;
    } else {
        while (is_double && p->finished > 0 && p->text[--p->finished] != '/')
            continue;
        p->length = p->finished;
        if (!is_slash)
            p->text[p->length++] = '/';
    }
    if (is_slash) {
        p->finished = p->length;
        p->text[p->length++] = '/';
    }
}

static capra_slice plain_normalize(capra_slice origin, char *room)
{
    plain_path p = { room, 1, 0 };
    p.text[0] = '/';
    for (size_t i = 1; i < origin.length && origin.data[i] != '?' && origin.data[i] != '#'; i++) {
        if (origin.data[i] == '/' || origin.data[i] == '\\')
            end_segment(&p, true);
        else
            add_byte(&p, (unsigned char)origin.data[i]);
    }
    end_segment(&p, false);
    return slice_of(p.text, p.length);
}

/* ---- What must hold ---- */

static bool is_dot_segment(capra_slice s)
{
    static const char *const all[] = { ".", "%2e", "..", ".%2e", "%2e.", "%2e%2e", NULL };
    return is_one_of(s, all);
}

static void check_path(capra_slice path)
{
    CHECK(path.length > 0 && path.data[0] == '/');
    size_t start = 1;
    for (size_t i = 1; i <= path.length; i++) {
        if (i < path.length && path.data[i] != '/') {
            CHECK(http_is_path_byte((unsigned char)path.data[i]));
            continue;
        }
        CHECK(!is_dot_segment(slice_of(path.data + start, i - start)));
        start = i + 1;
    }
}

static void check_again(capra_slice path)
{
    arena a;
    arena_init(&a);
    http_target again;
    CHECK(http_target_parse(&again, path, &a) == 0);
    CHECK(slice_equal(again.path, path));
    CHECK(again.path.data == path.data && !again.is_path_rewritten && a.blocks == NULL);
    CHECK(again.query.data == NULL);
    arena_cleanup(&a);
}

static void check_collapse(const http_target *t, arena *a)
{
    capra_slice const location = http_target_collapse(t->origin, a);
    const char *query = memchr(location.data, '?', location.length);
    size_t const end = query == NULL ? location.length : (size_t)(query - location.data);
    CHECK(end > 0 && location.data[0] == '/');
    for (size_t i = 1; i < end; i++)
        CHECK(location.data[i] != '\\' && (location.data[i] != '/' || location.data[i - 1] != '/'));
    CHECK((query == NULL) == (t->query.data == NULL));
    CHECK(query == NULL || slice_equal(slice_from(location, end + 1), t->query));
    http_target clean;
    CHECK(http_target_parse(&clean, location, a) == 0);
    CHECK(!clean.has_empty_segment);
    CHECK(t->has_empty_segment || slice_equal(location, t->origin));
}

static void check_decode(capra_slice s, arena *a)
{
    capra_slice const decoded = http_percent_decode(s, a);
    CHECK((decoded.data != NULL) == http_is_decodable(s));
    if (decoded.data == NULL)
        return;
    CHECK(plain_is_utf8(decoded.data, decoded.length));
    size_t at = 0;
    for (size_t i = 0; i < decoded.length; i++) {
        unsigned byte;
        if (s.data[at] == '%') {
            CHECK(s.length - at >= 3);
            char const hex[3] = { s.data[at + 1], s.data[at + 2], '\0' };
            CHECK(sscanf(hex, "%2x", &byte) == 1);
            at += 3;
        } else {
            byte = (unsigned char)s.data[at++];
        }
        CHECK((unsigned char)decoded.data[i] == byte);
    }
    CHECK(at == s.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    capra_slice const target = slice_of((const char *)data, size);
    arena a;
    arena_init(&a);
    http_target t;
    int const result = http_target_parse(&t, target, &a);
    CHECK(result == 0 || result == CAPRA_E_TARGET);
    if (size > 0 && data[0] == '/')
        CHECK(result == 0 && t.authority.data == NULL);
    if (result == 0 && t.is_asterisk)
        CHECK(slice_is(target, "*"));
    if (result == 0 && !t.is_asterisk) {
        check_path(t.path);
        check_again(t.path);
        check_collapse(&t, &a);
        CHECK(memchr(t.origin.data, '#', t.origin.length) == NULL);
        char *room = malloc(3 * t.origin.length + 2);
        CHECK(slice_equal(t.path, plain_normalize(t.origin, room)));
        free(room);
    }
    CHECK(http_is_utf8(target) == plain_is_utf8(target.data, target.length));
    check_decode(target, &a);
    arena_cleanup(&a);
    return 0;
}
