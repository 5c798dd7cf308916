/* SPDX-License-Identifier: MIT */
#include "encoding.h"

#include "response.h"

#include <stdlib.h>

/* ---- Types ---- */

/* In order, for a binary search. */
static const char *const compressible[] = {
    "application/dart",
    "application/ecmascript",
    "application/javascript",
    "application/json",
    "application/postscript",
    "application/raml+yaml",
    "application/rtf",
    "application/tar",
    "application/toml",
    "application/vnd.dart",
    "application/vnd.ms-fontobject",
    "application/vnd.ms-opentype",
    "application/wasm",
    "application/x-httpd-php",
    "application/x-javascript",
    "application/x-ns-proxy-autoconfig",
    "application/x-sh",
    "application/x-tar",
    "application/x-virtualbox-hdd",
    "application/x-virtualbox-ova",
    "application/x-virtualbox-ovf",
    "application/x-virtualbox-vbox",
    "application/x-virtualbox-vdi",
    "application/x-virtualbox-vhd",
    "application/x-virtualbox-vmdk",
    "application/x-www-form-urlencoded",
    "application/xml",
    "application/xml-dtd",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/vnd.adobe.photoshop",
    "image/x-icon",
    "image/x-ms-bmp",
    "message/rfc822",
    "model/gltf-binary",
    "x-shader/x-fragment",
    "x-shader/x-vertex",
};

enum { TYPE_MAX = 64 }; /* longer than any in the table */

static int compare_types(const void *key, const void *entry)
{
    return strcmp(key, *(const char *const *)entry);
}

/* "text/html; charset=utf-8" without its parameters. */
static capra_slice bare_type(capra_slice type)
{
    const char *semicolon = type.length == 0 ? NULL : memchr(type.data, ';', type.length);
    if (semicolon != NULL)
        type.length = (size_t)(semicolon - type.data);
    return slice_trim(type);
}

static bool starts_with(capra_slice s, const char *text)
{
    size_t const length = strlen(text);
    return s.length >= length && slice_is_nocase(slice_of(s.data, length), text);
}

static bool ends_with(capra_slice s, const char *text)
{
    size_t const length = strlen(text);
    return s.length >= length && slice_is_nocase(slice_from(s, s.length - length), text);
}

bool encoding_is_compressible(capra_slice type)
{
    capra_slice const bare = bare_type(type);
    if (slice_is(bare, "application/json")) /* as most are */
        return true;
    if (starts_with(bare, "text/") || ends_with(bare, "+json") || ends_with(bare, "+text") ||
        ends_with(bare, "+xml"))
        return true;
    char lower[TYPE_MAX];
    if (bare.length >= TYPE_MAX)
        return false;
    for (size_t i = 0; i < bare.length; i++)
        lower[i] = ascii_lower(bare.data[i]);
    lower[bare.length] = '\0';
    return bsearch(lower, compressible, sizeof compressible / sizeof *compressible,
                   sizeof *compressible, compare_types) != NULL;
}

/* ---- The client's choice ---- */

/* What a client says of a coding that it may not have named. */
static http_coding_wish wish_for(const http_codings *accepted, http_coding coding)
{
    return accepted->of[coding].weight >= 0 ? accepted->of[coding] : accepted->any;
}

/* The cheapest first. For 50 KB of JSON, in µs of one core and bytes, with the levels of
 * compress.c: zstd 112 and 12405, br 257 and 12786, gzip 444 and 12377 (at 6, zlib's default: 1188
 * and 11387). Text that is made for one request is compressed for one request. */
static const http_coding by_cost[] = { HTTP_ZSTD, HTTP_BR, HTTP_GZIP, HTTP_DEFLATE };

/* `*` stands for gzip and deflate, which whoever writes that can be expected to know. And of these
 * gzip is taken wherever it will do: some take deflate for a stream without zlib's frame. */
static int weight_of(const http_codings *accepted, http_coding coding)
{
    if (coding == HTTP_BR || coding == HTTP_ZSTD)
        return accepted->of[coding].weight;
    if (coding == HTTP_DEFLATE && wish_for(accepted, HTTP_GZIP).weight > 0)
        return 0;
    return wish_for(accepted, coding).weight;
}

static http_coding choose(const http_codings *accepted)
{
    http_coding best = HTTP_IDENTITY;
    int weight = 0;
    for (size_t i = 0; i < sizeof by_cost / sizeof *by_cost; i++) {
        int const own = weight_of(accepted, by_cost[i]);
        if (own > weight) {
            best = by_cost[i];
            weight = own;
        }
    }
    return accepted->of[HTTP_IDENTITY].weight > weight ? HTTP_IDENTITY : best;
}

/* What nobody named is as good as the worst that was named, and comes last. */
static http_coding_wish wish_for_identity(const http_codings *accepted)
{
    http_coding_wish const wish = wish_for(accepted, HTTP_IDENTITY);
    if (wish.weight >= 0)
        return wish;
    return (http_coding_wish){ .weight = accepted->least, .place = accepted->count };
}

static bool is_better(http_coding_wish a, bool a_is_named, http_coding_wish b, bool b_is_named)
{
    if (a.weight != b.weight)
        return a.weight > b.weight;
    if (a_is_named != b_is_named)
        return a_is_named;
    return a.place < b.place;
}

/* Of equals the one that was named first; and gzip instead of deflate wherever it will do. */
static http_coding choose_as_next(const http_codings *accepted)
{
    static const http_coding known[] = { HTTP_GZIP, HTTP_DEFLATE, HTTP_IDENTITY };
    http_coding best = HTTP_IDENTITY;
    http_coding_wish best_wish = { .weight = 0 };
    bool best_is_named = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        http_coding const coding = known[i];
        http_coding_wish const wish =
            coding == HTTP_IDENTITY ? wish_for_identity(accepted) : wish_for(accepted, coding);
        bool const is_named = accepted->of[coding].weight >= 0 ||
                              (coding == HTTP_IDENTITY && accepted->any.weight < 0);
        if (wish.weight > 0 && is_better(wish, is_named, best_wish, best_is_named)) {
            best = coding;
            best_wish = wish;
            best_is_named = is_named;
        }
    }
    return best == HTTP_DEFLATE && wish_for(accepted, HTTP_GZIP).weight > 0 ? HTTP_GZIP : best;
}

http_coding encoding_choose(const http_codings *accepted, bool as_next)
{
    return as_next ? choose_as_next(accepted) : choose(accepted);
}

static http_coding ask(const http_head *head, const char *data, bool as_next)
{
    http_codings accepted;
    http_codings_init(&accepted);
    for (unsigned i = head->first[HTTP_FIELD_ACCEPT_ENCODING]; i > 0 && i <= head->field_count; i++)
        if (head->fields[i - 1].id == HTTP_FIELD_ACCEPT_ENCODING)
            http_codings_read(&accepted, slice_of(data + head->fields[i - 1].value,
                                                  head->fields[i - 1].value_length));
    return encoding_choose(&accepted, as_next);
}

/* ---- The response's own lines ---- */

/* What header lines say that matters here. */
typedef struct said {
    capra_slice type;
    size_t vary_end;              /* where a Vary ends, before its CR LF; 0: there is none */
    bool vary_is_empty, varies;   /* `varies`: by Accept-Encoding already, or by everything */
    bool is_coded, forbids;       /* Content-Encoding; no-transform */
    size_t identity_at, identity; /* a line that says `Content-Encoding: identity` */
} said;

static void hear(said *s, capra_slice lines, size_t start, size_t end)
{
    const char *line = lines.data + start;
    const char *colon = memchr(line, ':', end - start);
    if (colon == NULL)
        return;
    capra_slice const name = slice_of(line, (size_t)(colon - line));
    capra_slice const value =
        slice_trim(slice_of(colon + 1, (size_t)(lines.data + end - 2 - (colon + 1))));
    if (slice_is_nocase(name, "content-type")) {
        s->type = value;
    } else if (slice_is_nocase(name, "vary")) {
        s->vary_end = end - 2;
        s->vary_is_empty = value.length == 0;
        s->varies =
            s->varies || http_list_has(value, "accept-encoding") || http_list_has(value, "*");
    } else if (slice_is_nocase(name, "cache-control")) {
        s->forbids = s->forbids || http_list_has(value, "no-transform");
    } else if (slice_is_nocase(name, "content-encoding")) {
        if (slice_is_nocase(value, "identity")) {
            s->identity_at = start;
            s->identity = end - start;
        } else {
            s->is_coded = true;
        }
    }
}

/* Each line ends with CR LF. */
static said hear_all(capra_slice lines)
{
    said s = { 0 };
    for (size_t start = 0; start < lines.length;) {
        const char *newline = memchr(lines.data + start, '\n', lines.length - start);
        if (newline == NULL)
            break;
        size_t const end = (size_t)(newline - lines.data) + 1;
        if (end - start > 2)
            hear(&s, lines, start, end);
        start = end;
    }
    return s;
}

static void add_vary(encoding *out, const said *s, size_t length)
{
    if (s->varies)
        return;
    out->insert_at = s->vary_end > 0 ? s->vary_end : length;
    out->insert = s->vary_end == 0   ? "Vary: Accept-Encoding\r\n"
                  : s->vary_is_empty ? "Accept-Encoding"
                                     : ", Accept-Encoding";
}

static bool is_json_alone(capra_slice lines)
{
    return slice_is(lines, RESPONSE_JSON_LINE);
}

void encoding_decide(encoding *out, capra_slice lines, int status, int64_t length,
                     const http_head *head, const char *data, bool as_next)
{
    *out = (encoding){ .coding = HTTP_IDENTITY };
    if (lines.length == 0)
        return;
    said s = { 0 };
    if (!is_json_alone(lines)) {
        s = hear_all(lines);
        bool const is_event_stream = slice_is_nocase(bare_type(s.type), "text/event-stream");
        if (s.forbids || (is_event_stream && !as_next) || !encoding_is_compressible(s.type))
            return;
    }
    add_vary(out, &s, lines.length);
    if (head == NULL || head->first[HTTP_FIELD_ACCEPT_ENCODING] == 0 || s.is_coded ||
        (length >= 0 && length < ENCODING_LEAST_BYTES) || head->method == HTTP_HEAD ||
        http_status_is_bodyless(status) || status == 206)
        return;
    out->coding = ask(head, data, as_next);
    if (out->coding != HTTP_IDENTITY) {
        out->drop_at = s.identity_at;
        out->drop = s.identity;
    }
}

/* ---- Writing them ---- */

static char *put(char *at, capra_slice s)
{
    if (s.length > 0)
        memcpy(at, s.data, s.length);
    return at + s.length;
}

/* Bytes `from` to `to` of the lines, without what is dropped. */
static char *put_part(char *at, capra_slice lines, size_t from, size_t to, const encoding *e)
{
    if (lines.length == 0)
        return at;
    if (e->drop > 0 && e->drop_at >= from && e->drop_at < to) {
        at = put(at, slice_of(lines.data + from, e->drop_at - from));
        from = e->drop_at + e->drop;
    }
    return put(at, slice_of(lines.data + from, to - from));
}

char *encoding_put_lines(char *at, capra_slice lines, const encoding *e)
{
    if (e->insert == NULL)
        return put_part(at, lines, 0, lines.length, e);
    at = put_part(at, lines, 0, e->insert_at, e);
    at = put(at, slice_text(e->insert));
    return put_part(at, lines, e->insert_at, lines.length, e);
}
