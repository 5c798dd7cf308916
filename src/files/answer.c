/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "files.h"
#include "response/encoding.h"
#include "response/preset.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* One file as an answer: its head, the conditions under which it is sent, and its bytes, read when
 * the client has taken those before them. */

/* ---- What the file is called from outside ---- */

enum { TAG_MAX = 64, DATE_MAX = HTTP_DATE_LENGTH + 1 };

/* As Next makes it: size and time of the last change, both in base 16. */
static capra_slice make_tag(char out[TAG_MAX], const open_file *f)
{
    int const length =
        snprintf(out, TAG_MAX, "W/\"%" PRIx64 "-%" PRIx64 "\"", f->size, (uint64_t)f->changed_ms);
    return slice_of(out, (size_t)length);
}

/* A file from before 1970 has no date that HTTP could carry. */
static int64_t date_of(const open_file *f)
{
    return f->changed_at < 0 ? 0 : f->changed_at;
}

/* ---- What the client wants ---- */

static capra_slice field(const capra_response *res, http_field_id id)
{
    return http_head_known(res->head, res->data, id);
}

/* `W/` makes no difference (RFC 9110, 13.1.2). */
static capra_slice opaque(capra_slice tag)
{
    return tag.length > 2 && tag.data[0] == 'W' && tag.data[1] == '/' ? slice_from(tag, 2) : tag;
}

static bool has_tag(capra_slice list, capra_slice tag)
{
    capra_slice item;
    if (slice_is(slice_trim(list), "*"))
        return true;
    while (http_list_next(&list, &item))
        if (slice_equal(opaque(item), opaque(tag)))
            return true;
    return false;
}

static bool is_unchanged_since(const open_file *f, capra_slice date)
{
    int64_t since;
    return http_date_parse(&since, date) && date_of(f) <= since;
}

/* Whether the client has it already (RFC 9110, 13.2.2); not when it asks for it all the same, as
 * browsers do at a reload. */
static bool is_fresh(const open_file *f, const capra_response *res, capra_slice tag)
{
    if (res->head->method != HTTP_GET && res->head->method != HTTP_HEAD)
        return false;
    if (http_list_has(field(res, HTTP_FIELD_CACHE_CONTROL), "no-cache"))
        return false;
    capra_slice const tags = field(res, HTTP_FIELD_IF_NONE_MATCH);
    if (tags.data != NULL)
        return has_tag(tags, tag);
    return is_unchanged_since(f, field(res, HTTP_FIELD_IF_MODIFIED_SINCE));
}

/* Whether If-Range lets a part be sent. A tag never does: ours are weak (RFC 9110, 13.1.5). A date
 * does, unless the part would come from other bytes than the client has, the compressed ones. */
static bool may_be_part(const open_file *f, const capra_response *res, capra_slice lines)
{
    encoding e;
    int64_t date;
    capra_slice const condition = http_head_field(res->head, res->data, slice_text("if-range"));
    if (condition.data == NULL)
        return true;
    if (res->settings != NULL && res->settings->compressor != NULL) {
        encoding_decide(&e, lines, 200, (int64_t)f->size, res->head, res->data,
                        res->settings->as_next);
        if (e.coding != HTTP_IDENTITY)
            return false;
    }
    return http_date_parse(&date, condition) && date == date_of(f);
}

/* ---- Its bytes ---- */

typedef struct part {
    response_source source;
    open_file file;
    uint64_t at, end;
} part;

static int pull(response_source *source, capra_response *res)
{
    char bytes[RESPONSE_PIECE_BYTES];
    part *p = (part *)source;
    uint64_t const left = p->end - p->at;
    size_t const wanted = left < sizeof bytes ? (size_t)left : sizeof bytes;
    ssize_t got = 0;
    if (wanted > 0) {
        do
            got = pread(p->file.fd, bytes, wanted, (off_t)p->at);
        while (got < 0 && errno == EINTR);
        if (got <= 0)
            return CAPRA_E_SYSTEM; /* it has become shorter, or cannot be read */
    }
    response_write(res, slice_of(bytes, (size_t)got));
    p->at += (uint64_t)got;
    if (p->at == p->end)
        response_end(res, (capra_slice){ 0 });
    return 0;
}

static void free_part(response_source *source)
{
    file_close(&((part *)source)->file);
    free(source);
}

/* What a handler has set comes with it, and wins. */
static capra_slice add_own_lines(buffer *all, const capra_response *res, capra_slice lines)
{
    if (buffer_length(&res->lines) == 0)
        return lines;
    return preset_merge(all, lines, buffer_slice(&res->lines));
}

static void send_part(const open_file *f, capra_response *res, int status, capra_slice lines,
                      uint64_t start, uint64_t end)
{
    buffer all = { 0 };
    part *p = memory_take(sizeof *p);
    *p = (part){ { pull, free_part }, *f, start, end };
    response_head const head = { .status = status, .lines = add_own_lines(&all, res, lines) };
    response_begin(res, &head, (int64_t)(end - start));
    response_set_source(res, &p->source);
    buffer_cleanup(&all);
}

/* ---- The answer ---- */

enum { LINES_MAX = 512 };

static void send_not_modified(capra_response *res, capra_slice type, const char *validators)
{
    char lines[LINES_MAX];
    bool const varies = res->settings != NULL && res->settings->compressor != NULL &&
                        encoding_is_compressible(type);
    int const length = snprintf(lines, sizeof lines, "%s%s", validators,
                                varies ? "Vary: Accept-Encoding\r\n" : "");
    buffer all = { 0 };
    response_head const head = { .status = 304,
                                 .lines =
                                     add_own_lines(&all, res, slice_of(lines, (size_t)length)) };
    response_send(res, &head, (capra_slice){ 0 });
    buffer_cleanup(&all);
}

static void send_outside(capra_response *res, uint64_t size)
{
    char lines[LINES_MAX];
    int const length = snprintf(lines, sizeof lines,
                                "Content-Range: bytes */%" PRIu64 "\r\n"
                                "Content-Type: text/plain; charset=utf-8\r\n",
                                size);
    response_head const head = { .status = 416, .lines = slice_of(lines, (size_t)length) };
    response_send(res, &head, slice_text("Range Not Satisfiable\n"));
}

/* False when all of it is wanted. */
static bool answer_range(open_file *f, capra_response *res, capra_slice lines)
{
    http_range range;
    capra_slice const wanted = field(res, HTTP_FIELD_RANGE);
    if (wanted.data == NULL || res->head->method != HTTP_GET || !may_be_part(f, res, lines))
        return false;
    switch (http_range_parse(&range, wanted, f->size)) {
    case HTTP_RANGE_WHOLE:
        return false;
    case HTTP_RANGE_OUTSIDE:
        send_outside(res, f->size);
        file_close(f);
        return true;
    case HTTP_RANGE_PART:
        break;
    }
    char all[LINES_MAX + 128];
    int const length = snprintf(all, sizeof all,
                                "%.*sContent-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n",
                                (int)lines.length, lines.data, range.first, range.last, f->size);
    send_part(f, res, 206, slice_of(all, (size_t)length), range.first, range.last + 1);
    return true;
}

void file_answer(open_file *f, capra_response *res)
{
    char tag_bytes[TAG_MAX], date[DATE_MAX] = "", lines[LINES_MAX];
    capra_slice const tag = make_tag(tag_bytes, f);
    http_date_write(date, date_of(f));
    int length = snprintf(lines, sizeof lines,
                          "Accept-Ranges: bytes\r\nCache-Control: public, max-age=0\r\n"
                          "Last-Modified: %s\r\nETag: %s\r\n",
                          date, tag_bytes);
    if (is_fresh(f, res, tag)) {
        send_not_modified(res, f->type, lines);
        file_close(f);
        return;
    }
    length += snprintf(lines + length, sizeof lines - (size_t)length, "Content-Type: %.*s\r\n",
                       (int)f->type.length, f->type.data);
    capra_slice const all = slice_of(lines, (size_t)length);
    if (answer_range(f, res, all))
        return;
    send_part(f, res, 200, all, 0, f->size);
}
